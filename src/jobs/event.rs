//! What the separating worker reports.

use std::path::PathBuf;

use crate::engine_info::EngineInfo;
use crate::jobs::model;
use crate::jobs::stored::Listing;
use crate::separate::protocol::Hello;
use crate::text::printable;
use crate::track::TrackId;
use crate::waveform::Peaks;

/// What an engine says of itself when it starts, made safe to show.
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
