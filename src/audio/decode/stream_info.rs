//! The format and the length of an audio stream, as its header states them.

/// The format of an audio stream, as the header of its file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Sample rate in Hz.
    pub rate: u32,
    /// Channels in the file. The decoder always returns stereo.
    pub channels: u16,
    /// Length in frames as the container states it; `None` if it does not. It is an estimate for an MP3
    /// without a length in its header, and too long for a truncated file.
    pub frames: Option<u64>,
    /// Name of the codec, such as `flac`.
    pub codec: String,
}

impl StreamInfo {
    /// Length in seconds; `None` if the container does not state one.
    pub fn duration(&self) -> Option<f64> {
        self.frames
            .map(|frames| frames as f64 / f64::from(self.rate.max(1)))
    }
}
