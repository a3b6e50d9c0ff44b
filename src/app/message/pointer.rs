//! What the mouse points at, in terms of the app instead of cells.

use crate::action::{Gesture, Screen};

/// Something on the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerTarget {
    /// The name of a screen.
    Tab(Screen),
    /// A line of the list that is open.
    Row(usize),
    /// The area around the lyrics.
    Lyrics,
    /// A line of the lyrics.
    Line(usize),
    /// The position bar of the song.
    Position,
    /// The fader of the vocal level.
    Fader,
}

/// The mouse was used on something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointerEvent {
    pub target: PointerTarget,
    /// How far along the target, from 0 to 1.
    pub share: f64,
    pub gesture: Gesture,
}
