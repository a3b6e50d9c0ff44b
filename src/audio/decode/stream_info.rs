//! TODO

/// What a file holds, as far as its head tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Frames per second.
    pub rate: u32,
    /// Channels in the file; what is read is always stereo.
    pub channels: u16,
    /// The container's word for the length. For an MP3 without a length in its head it is an
    /// estimate, and a cut-off file holds less: only reading tells.
    pub frames: Option<u64>,
    pub codec: String,
}

impl StreamInfo {
    /// Length in seconds, where the container says one.
    pub fn duration(&self) -> Option<f64> {
        self.frames
            .map(|frames| frames as f64 / f64::from(self.rate.max(1)))
    }
}
