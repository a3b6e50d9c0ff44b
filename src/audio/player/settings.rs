//! TODO

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerSettings {
    /// Part of a device's name; `None` is the system's default.
    pub device: Option<String>,
    /// The device the listener chose by hand; goes before the other.
    pub chosen: Option<String>,
    /// Frames of the device's buffer, see `config.toml`; `None` is a small one of our choice.
    pub buffer_frames: Option<u32>,
    /// `false` never opens a device.
    pub output: bool,
}

impl Default for PlayerSettings {
    fn default() -> Self {
        Self {
            device: None,
            chosen: None,
            buffer_frames: None,
            output: true,
        }
    }
}
