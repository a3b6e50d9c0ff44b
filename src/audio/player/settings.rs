//! Which output the player opens, and with what buffer.

/// Settings of the sound output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerSettings {
    /// Part of a device's name; `None` is the system's default.
    pub device: Option<String>,
    /// The output the user chose in the player; takes precedence over `device`.
    pub chosen: Option<String>,
    /// Size of the device's buffer in frames, see `config.toml`; `None` is croon's default.
    pub buffer_frames: Option<u32>,
    /// If `false`, no device is ever opened.
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
