//! TODO

use std::path::PathBuf;

use crate::jobs::model;
use crate::jobs::stored::Listing;
use crate::separate::protocol::Hello;
use crate::track::TrackId;
use crate::waveform::Peaks;

/// Who separates, for the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineInfo {
    pub device: String,
    pub why: String,
    pub model: String,
    /// Why this model; empty where the engine does not say.
    pub model_why: String,
    /// As the engine measured it, in times real time.
    pub times_real_time: Option<f64>,
    /// Under which the store keeps this model's vocals.
    pub model_key: String,
    pub version: String,
}

impl EngineInfo {
    pub(crate) fn of(hello: &Hello) -> Self {
        let clean = crate::text::printable;
        Self {
            device: clean(&hello.device),
            why: clean(&hello.why),
            model: clean(&hello.model),
            model_why: clean(&hello.model_why),
            times_real_time: hello
                .times_real_time
                .filter(|speed| speed.is_finite() && *speed > 0.0),
            model_key: model::key_of(hello),
            version: clean(&hello.version),
        }
    }
}

/// What happened. A job begun is answered by `Started` and later by exactly one of `Finished`,
/// `Failed` and `Cancelled`.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEvent {
    EngineUp(EngineInfo),
    /// The engine has another model than the one that was in use: whose vocals are whole now.
    ModelChanged(Listing),
    /// The engine was lost and is back; the song goes on.
    EngineRestarted {
        reason: String,
    },
    /// No engine can be had; comes before the `Failed` it causes.
    EngineDown {
        reason: String,
    },
    /// It had nothing to do for long and was ended.
    EngineAsleep,
    Started {
        path: PathBuf,
    },
    Identified {
        path: PathBuf,
        id: TrackId,
    },
    Progress {
        path: PathBuf,
        done: u32,
        /// An estimate until the end of the song was seen.
        total: u32,
        /// Times real time; 0 while unknown.
        speed: f32,
    },
    SegmentStored {
        path: PathBuf,
        segment: u32,
        peaks: Peaks,
    },
    Finished {
        path: PathBuf,
        id: TrackId,
        /// Everything was stored before: nothing was separated.
        already: bool,
    },
    Failed {
        path: PathBuf,
        reason: String,
        /// Not this song's fault: the engine or the store would fail the next one as well.
        house: bool,
    },
    Cancelled {
        path: PathBuf,
    },
    /// Stems that come with the song are not of this recording: it is separated instead.
    StemsUnfit {
        path: PathBuf,
        reason: String,
    },
    /// To stay within the cap of the cache, the vocals of these songs were removed; comes before the
    /// `Finished` that caused it. Empty where only incomplete vocals, or those of another model, had to go.
    Evicted(Vec<TrackId>),
}
