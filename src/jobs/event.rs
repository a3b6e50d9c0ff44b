//! What the separating worker reports.

use std::path::PathBuf;

use crate::engine_info::EngineInfo;
use crate::jobs::model;
use crate::jobs::stored::Listing;
use crate::separate::protocol::Hello;
use crate::text::printable;
use crate::track::TrackId;
use crate::waveform::Peaks;

/// The engine's description of itself, free of control characters.
pub(crate) fn engine_info(hello: &Hello) -> EngineInfo {
    let measured = hello.times_real_time;
    EngineInfo {
        device: printable(&hello.device),
        why: printable(&hello.why),
        model: printable(&hello.model),
        model_why: printable(&hello.model_why),
        speed: measured
            .filter(|speed| speed.is_finite() && *speed > 0.0)
            .unwrap_or_default(),
        model_key: model::key_of(hello),
    }
}

/// An event of the separating worker. Each job leads to `Started` and later to exactly one of
/// `Finished`, `Failed` and `Cancelled`.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEvent {
    /// An engine is running.
    EngineUp(EngineInfo),
    /// The engine has another model than before; lists the songs that this model has separated completely.
    ModelChanged(Listing),
    /// The engine died and was started again; the job goes on.
    EngineRestarted {
        reason: String,
    },
    /// No engine can be started; comes before the `Failed` that it causes.
    EngineDown {
        reason: String,
    },
    /// The engine was idle for a long time and was stopped.
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
        /// An estimate until the end of the song has been decoded.
        total: u32,
        /// In times real time; 0 while unknown.
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
        /// All vocals were stored already, so nothing was separated.
        already: bool,
    },
    Failed {
        path: PathBuf,
        reason: String,
        /// The engine or the store failed rather than this song, so the next job would fail as well.
        house: bool,
    },
    Cancelled {
        path: PathBuf,
    },
    /// The stems beside the song belong to another recording, so the song is separated.
    StemsUnfit {
        path: PathBuf,
        reason: String,
    },
    /// To stay within the cap of the cache, the vocals of these songs were removed; comes before the
    /// `Finished` that caused it. Empty if only incomplete vocals, or those of another model, had to go.
    Evicted(Vec<TrackId>),
}
