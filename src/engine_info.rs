//! What the player knows of the separation engine that runs: said by the jobs, shown on the screens.

/// The running separation engine. All texts are free of control characters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EngineInfo {
    /// The device that computes, such as `cpu` or `cuda:0`.
    pub device: String,
    /// Why the engine chose this device.
    pub why: String,
    /// Name of the model.
    pub model: String,
    /// Why the engine chose this model; empty if it does not say.
    pub model_why: String,
    /// Separation speed in times real time; 0 while unknown.
    pub speed: f64,
    /// The key under which the store keeps this model's vocals.
    pub model_key: String,
}
