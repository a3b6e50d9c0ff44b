//! The frames that the feeder puts into the ring and the mixer takes out of it.

/// One stereo frame of the song: mixture and vocals as `[left, right]`, full scale is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Frame {
    pub mixture: [f32; 2],
    pub vocals: [f32; 2],
    /// The frame of the previous song during a cross-fade.
    pub tail: OutgoingFrame,
    /// The generation it belongs to, see [`Shared`](crate::audio::player::controls::Shared).
    pub generation: u32,
    /// Position in the song, in frames at the device's rate.
    pub at: u32,
}

/// A frame of the previous song, mixed under a frame of the next one. The cross-fade has equal power,
/// and each song keeps its own level of vocals and its own loudness gain.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OutgoingFrame {
    pub mixture: [f32; 2],
    pub vocals: [f32; 2],
    /// Gain of the previous song, `g`, which falls from 1 to 0; the next song has the gain
    /// `sqrt(1 - g * g)`. 0 means that there is no cross-fade.
    pub share: f32,
}

/// Whether generation `a` came before `b`; the numbers may wrap around.
pub(in crate::audio) fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
