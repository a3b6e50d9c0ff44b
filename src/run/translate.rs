//! Translates the events of the services into events of the app; the only place that knows both.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{Event, FoundLyrics, LoadedSong};
use crate::audio::player::event::PlayerEvent;
use crate::jobs::JobEvent;
use crate::jobs::load::OpenedSong;
use crate::jobs::lyrics::LyricsSearchResult;
use crate::jobs::romanization::RomanizationRequest;
use crate::library::{LibraryEvent, WatchedBy};
use crate::lyrics::romanization::Readings;
use crate::{text, track};

/// Everything but `Found`, which needs the store's word on what is separated already.
pub fn of_library(event: LibraryEvent) -> Option<Event> {
    Some(match event {
        LibraryEvent::Found(_) => return None,
        LibraryEvent::Gone(paths) => Event::SongsGone(paths),
        LibraryEvent::Moved { from, to } => Event::SongMoved { from, to },
        LibraryEvent::Progress { files } => Event::Scanning { files },
        LibraryEvent::ScanDone { files, .. } => Event::ScanDone { files },
        LibraryEvent::Watching { root, how } => match how {
            WatchedBy::Inotify | WatchedBy::Nobody => return None,
            WatchedBy::Poll { reason } => Event::Toast(format!(
                "{} is looked through now and then: {reason}",
                shown(&root)
            )),
        },
        LibraryEvent::Trouble { path, reason } => Event::Notice(format!("{}: {reason}", shown(&path))),
    })
}

pub fn of_job(event: JobEvent) -> Event {
    match event {
        JobEvent::EngineUp(info) => Event::EngineUp(info),
        JobEvent::ModelChanged(listing) => Event::ModelChanged {
            ready: listing.ready,
            older: listing.older,
        },
        JobEvent::EngineRestarted { reason } => {
            Event::Toast(format!("the engine was started again: {reason}"))
        }
        JobEvent::EngineAsleep => Event::EngineAsleep,
        JobEvent::EngineDown { reason } => Event::EngineDown { reason },
        JobEvent::Started { path } => Event::JobStarted { path },
        JobEvent::Identified { path, id } => Event::Identified { path, id },
        JobEvent::Progress {
            path,
            done,
            total,
            speed,
        } => Event::JobProgress {
            path,
            done,
            total,
            speed,
        },
        JobEvent::SegmentStored { path, segment, peaks } => Event::SegmentStored {
            path,
            segment,
            peaks: Some(peaks),
        },
        JobEvent::Finished { path, already, .. } => Event::JobFinished { path, already },
        JobEvent::Failed { path, reason, .. } => Event::JobFailed { path, reason },
        JobEvent::Cancelled { path } => Event::JobCancelled { path },
        JobEvent::Evicted(ids) => Event::Evicted(ids),
        JobEvent::StemsUnfit { path, reason } => Event::Toast(unfit(&path, &reason)),
    }
}

fn unfit(path: &std::path::Path, reason: &str) -> String {
    format!("{} is separated: {reason}", track::file_title(path))
}

pub fn of_player(event: PlayerEvent) -> Event {
    match event {
        PlayerEvent::Started { play_id, duration } => Event::PlayerStarted { play_id, duration },
        PlayerEvent::Ended { play_id } => Event::PlayerEnded { play_id },
        PlayerEvent::Failed { play_id, reason } => Event::PlayerFailed { play_id, reason },
        PlayerEvent::Damaged { play_id, at, seconds } => Event::PlayerDamaged { play_id, at, seconds },
        PlayerEvent::Output(state) => Event::Output(state),
        PlayerEvent::Outputs(names) => Event::Outputs(names),
    }
}

pub fn of_opened(opened: &OpenedSong) -> Event {
    Event::Loaded(Box::new(LoadedSong {
        path: opened.path.clone(),
        id: Some(opened.id),
        memory: opened.memory.clone(),
        duration: opened.duration,
        segment_seconds: opened.segment_seconds,
        segments: opened.segments.clone(),
        complete: opened.complete,
        older: opened.older.clone(),
        begins: opened.span.start,
        ends: opened.span.end,
    }))
}

pub fn of_lyrics(path: PathBuf, found: LyricsSearchResult) -> Event {
    let refused = found
        .refused
        .first()
        .map(|(file, reason)| format!("{} is not used for lyrics: {reason}", shown(file)));
    Event::Lyrics(Box::new(FoundLyrics {
        path,
        lyrics: found.lyrics.map(Arc::new),
        graphics: found.graphics.map(Arc::new),
        offers: found.offers,
        chosen: found.chosen,
        online: found.online,
        refused,
    }))
}

pub fn of_readings(wish: RomanizationRequest, readings: Result<Readings, impl ToString>) -> Event {
    Event::Romanized {
        path: wish.path,
        lyrics: wish.lyrics,
        readings: readings.map(Arc::new).map_err(|error| error.to_string()),
    }
}

fn shown(path: &std::path::Path) -> String {
    text::printable(&path.to_string_lossy())
}
