//! The songs that wait, the newest file first, and the one that runs.

use std::path::{Path, PathBuf};

use crate::jobs::Listing;
use crate::track::{Track, TrackId};

#[derive(Debug, Default)]
pub(super) struct WatchQueue {
    /// The oldest file first: the last one is next.
    waiting: Vec<Track>,
    /// To be separated again with a better model once nothing waits, and when they were sung last: the last
    /// one is next.
    again: Vec<(i64, Track)>,
    /// Whole already; another model may make some of them wait.
    whole: Vec<Track>,
    running: Option<Track>,
    /// Of the running song, as told last.
    pub speed: f32,
}

impl WatchQueue {
    pub(super) fn add(&mut self, track: Track) {
        self.remove(&track.path.clone());
        let at = self
            .waiting
            .partition_point(|other| other.stamp.modified_ns <= track.stamp.modified_ns);
        self.waiting.insert(at, track);
    }

    /// Sorts found songs by what is stored of them. `last_sung` is asked of those that a better model is in use
    /// for; without it they stay as they are.
    pub(super) fn sort_in(
        &mut self,
        tracks: Vec<Track>,
        stored: &Listing,
        last_sung: Option<&dyn Fn(TrackId) -> i64>,
    ) {
        for track in tracks {
            if self.running() == Some(&track.path) {
                continue;
            }
            let Some(id) = track.id.filter(|id| stored.ready.contains(id)) else {
                self.add(track);
                continue;
            };
            self.remove(&track.path);
            match last_sung.filter(|_| stored.older.contains_key(&id)) {
                Some(last_sung) => {
                    let at = last_sung(id);
                    let place = self.again.partition_point(|(other, _)| *other <= at);
                    self.again.insert(place, (at, track));
                }
                None => self.whole.push(track),
            }
        }
    }

    /// Every song that is whole or only separated again, to be sorted in anew.
    pub(super) fn take_whole(&mut self) -> Vec<Track> {
        let again = self.again.drain(..).map(|(_, track)| track);
        again.chain(self.whole.drain(..)).collect()
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.waiting.retain(|track| track.path != path);
        self.again.retain(|(_, track)| track.path != path);
        self.whole.retain(|track| track.path != path);
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        let again = self.again.iter_mut().map(|(_, track)| track);
        let all = self.waiting.iter_mut().chain(again).chain(&mut self.whole);
        for track in all.filter(|track| track.path == from) {
            track.path = to.to_owned();
        }
    }

    /// The song that [`Self::begin`] takes.
    pub(super) fn next(&self) -> Option<&Track> {
        let again = || self.again.last().map(|(_, track)| track);
        self.waiting.last().or_else(again)
    }

    pub(super) fn begin(&mut self) -> Option<&Track> {
        self.speed = 0.0;
        let again = || self.again.pop().map(|(_, track)| track);
        self.running = self.waiting.pop().or_else(again);
        self.running.as_ref()
    }

    pub(super) fn identify(&mut self, id: TrackId) -> Option<&Track> {
        let track = self.running.as_mut()?;
        track.id = Some(id);
        Some(track)
    }

    pub(super) fn end(&mut self) {
        self.running = None;
    }

    pub(super) fn running(&self) -> Option<&PathBuf> {
        self.running.as_ref().map(|track| &track.path)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.again.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.again.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{FileStamp, Tags};

    fn track(name: &str, modified_ns: i64) -> Track {
        Track {
            path: name.into(),
            stamp: FileStamp { size: 1, modified_ns },
            id: None,
            tags: Tags::default(),
            duration: None,
            rate: 44_100,
            channels: 2,
        }
    }

    #[test]
    fn songs_of_an_older_model_come_last_and_the_last_sung_first() {
        let id = |n: u8| TrackId([n; 16]);
        let known = |name: &str, n: u8| Track {
            id: Some(id(n)),
            ..track(name, 1)
        };
        let tracks = || vec![known("a", 1), known("b", 2), known("c", 3), known("new", 4)];
        let older = [1, 2].map(|n| (id(n), "light".to_owned())).into();
        let stored = Listing {
            ready: [1, 2, 3].map(id).into(),
            older,
        };
        let sung = |id: TrackId| i64::from(id.0[0]);
        let order = |last_sung: Option<&dyn Fn(TrackId) -> i64>| {
            let mut queue = WatchQueue::default();
            queue.sort_in(tracks(), &stored, last_sung);
            let whole = queue.take_whole();
            queue.sort_in(whole, &stored, last_sung);
            std::iter::from_fn(|| queue.begin().map(|track| track.path.display().to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(order(Some(&sung)), ["new", "b", "a"]);
        assert_eq!(order(None), ["new"], "nothing is separated again unasked");
    }

    #[test]
    fn the_newest_file_is_next_and_each_waits_once() {
        let mut queue = WatchQueue::default();
        for (name, time) in [("b", 2), ("c", 3), ("a", 1), ("c", 0)] {
            queue.add(track(name, time));
        }
        queue.rename(Path::new("a"), Path::new("z"));
        let mut order = Vec::new();
        while let Some(track) = queue.begin() {
            order.push(track.path.display().to_string());
            queue.end();
        }
        assert_eq!(order, ["b", "z", "c"]);
    }
}
