//! What the mouse points at, in terms of the app instead of cells.

use crate::action::{Gesture, Screen};

/// A thing on the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerTarget {
    /// The name of a screen.
    Tab(Screen),
    /// A line of the list that is open.
    Row(usize),
    /// Around the lines to sing.
    Lyrics,
    /// A line to sing.
    Line(usize),
    /// The bar from the song's begin to its end.
    Position,
    /// The singer's level.
    Fader,
}

/// Something was pointed at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointerEvent {
    pub target: PointerTarget,
    /// How far along it, 0 to 1.
    pub share: f64,
    pub gesture: Gesture,
}
