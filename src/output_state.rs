//! Where the sound goes: said by the player, shown on the screens.

/// The state of the sound output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputState {
    /// An output device plays the sound.
    Device {
        name: String,
        /// Sample rate of the device in Hz.
        rate: u32,
        /// The output that was asked for, if it is missing; the player switches to it when it appears.
        instead_of: Option<String>,
    },
    /// The device went away while it was open. The player has paused and goes on, after the next
    /// `play`, on the device that it reports next.
    Lost { name: String, reason: String },
    /// No device is open. A silent clock keeps the position moving, and the player keeps trying to open
    /// a device.
    Silent { reason: String },
}
