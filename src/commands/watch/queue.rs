//! The songs that wait, the newest file first, and the one that runs.

use std::path::{Path, PathBuf};

use crate::track::{Track, TrackId};

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The oldest file first: the last one is next.
    waiting: Vec<Track>,
    running: Option<Track>,
    /// Of the running song, as told last.
    pub speed: f32,
}

impl Queue {
    pub(super) fn add(&mut self, track: Track) {
        self.remove(&track.path.clone());
        let at = self
            .waiting
            .partition_point(|other| other.stamp.modified_ns <= track.stamp.modified_ns);
        self.waiting.insert(at, track);
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.waiting.retain(|track| track.path != path);
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        for track in self.waiting.iter_mut().filter(|track| track.path == from) {
            track.path = to.to_owned();
        }
    }

    pub(super) fn begin(&mut self) -> Option<&Track> {
        self.speed = 0.0;
        self.running = self.waiting.pop();
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
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
    fn the_newest_file_is_next_and_each_waits_once() {
        let mut queue = Queue::default();
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
