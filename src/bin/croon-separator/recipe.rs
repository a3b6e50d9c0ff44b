//! What a training draws how often: the shares of its material and of its alterations. The numbers
//! are those a trial on the same material found good.

/// What is drawn how often.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Shares of songs, pairs, loose recordings and songs labelled by a teacher among the voices. A teacher leaves a
    /// trace of the band in its voices, which is right in the song itself only, so few of them meet another band.
    pub voices: [f32; 4],
    pub accompaniments: [f32; 4],
    /// An accompaniment of songs takes drums, bass and other from three of them.
    pub shuffled_parts: f32,
    /// Voice and accompaniment are of one song and moment. Half of a batch can be coherent at most.
    pub coherent: f32,
    /// Share of the songs labelled by a teacher among those coherent ones, where there are others too.
    pub taught: f32,
    /// The voice's level against the accompaniment in dB: mean and deviation.
    pub voice_level: (f32, f32),
    pub no_voice: f32,
    pub second_voice: f32,
    pub equaliser: f32,
    /// A loose recording of a voice sounds in a room: most are dry.
    pub reverb: f32,
    /// The mixture ends at a frequency, as lossy files do.
    pub low_pass: f32,
    /// The mixture went through a limiter, as most masters did.
    pub limiter: f32,
}

impl Recipe {
    pub const BROAD: Self = Self {
        voices: [0.6, 0.1, 0.3, 0.1],
        accompaniments: [0.65, 0.1, 0.25, 0.1],
        shuffled_parts: 0.5,
        coherent: 0.2,
        taught: 0.6,
        voice_level: (-4.5, 3.5),
        no_voice: 0.12,
        second_voice: 0.08,
        equaliser: 0.25,
        reverb: 0.3,
        low_pass: 0.05,
        limiter: 0.1,
    };

    /// The last part of a training: whole songs only, more of them as they are.
    pub const POLISH: Self = Self {
        voices: [1.0, 0.0, 0.0, 0.0],
        accompaniments: [1.0, 0.0, 0.0, 0.0],
        shuffled_parts: 0.25,
        coherent: 0.4,
        taught: 0.3,
        voice_level: (-4.5, 3.5),
        no_voice: 0.1,
        second_voice: 0.04,
        equaliser: 0.1,
        reverb: 0.0,
        low_pass: 0.05,
        limiter: 0.1,
    };
}
