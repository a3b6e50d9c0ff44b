//! TODO

/// One frame on its way to the ear.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Frame {
    pub mixture: [f32; 2],
    pub vocals: [f32; 2],
    /// What is heard of the song before, where this one comes in over it.
    pub tail: Tail,
    /// The generation it belongs to, see [`Shared`].
    pub generation: u32,
    /// Its place in the song, in frames at the device's rate.
    pub at: u32,
}

/// A frame of the song before, under one of the next song: a cross-fade by equal power, in which both
/// songs keep their own level of the vocals and their own loudness.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tail {
    pub mixture: [f32; 2],
    pub vocals: [f32; 2],
    /// What the song before is multiplied by, from 1 down to 0; the next one by the root of what is left
    /// of the power. 0: there is none, and the next song is heard as it is.
    pub share: f32,
}

/// Whether generation `a` came before `b`; the numbers may wrap around.
pub(in crate::audio) fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
