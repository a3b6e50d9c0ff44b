//! The queue: what is sung next, by whom, in which order. A list in the order of singing: whatever is
//! done to it, singers with a name take fair turns afterwards, so what the screen shows is what comes.

pub(crate) mod entry;
pub(crate) mod rotation;
mod undo;

pub use crate::app::state::queue::entry::{DequeuedEntry, EntryId, QueueEntry, tidy_name};
pub use crate::app::state::queue::rotation::Rotation;
pub use crate::request::Repeat;

use std::collections::HashSet;
use std::path::Path;

use crate::app::state::cursor::Cursor;
use crate::app::state::queue::undo::{Undo, UndoStack};
use crate::app::state::song_key::SongKey;

#[derive(Debug)]
pub struct Queue {
    entries: Vec<QueueEntry>,
    pub cursor: Cursor,
    repeat: Repeat,
    /// While shuffled: all places in the order without.
    unshuffled: Option<Vec<EntryId>>,
    rotation: Rotation,
    undos: UndoStack,
    last_id: EntryId,
    random: fastrand::Rng,
    changes: u64,
}

impl Queue {
    /// `seed` decides how it is shuffled.
    pub fn new(seed: u64) -> Self {
        Self {
            entries: Vec::new(),
            cursor: Cursor::default(),
            repeat: Repeat::Off,
            unshuffled: None,
            rotation: Rotation::default(),
            undos: UndoStack::default(),
            last_id: 0,
            random: fastrand::Rng::with_seed(seed),
            changes: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn entries(&self) -> &[QueueEntry] {
        &self.entries
    }

    /// The songs that are there, in their order.
    pub fn songs(&self) -> impl Iterator<Item = SongKey> {
        self.entries.iter().filter_map(|entry| entry.key)
    }

    pub fn selected(&self) -> Option<&QueueEntry> {
        self.entries.get(self.cursor.at)
    }

    /// What is sung next.
    pub fn first(&self) -> Option<&QueueEntry> {
        self.entries.iter().find(|entry| entry.is_playable())
    }

    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    pub fn is_shuffled(&self) -> bool {
        self.unshuffled.is_some()
    }

    pub fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    /// The singers who wait, in the order of their next songs.
    pub fn singers(&self) -> Vec<&str> {
        Rotation::waiting(&self.entries)
    }

    /// Places in the order without shuffling, for the disk.
    pub fn unshuffled(&self) -> Option<Vec<usize>> {
        let before = self.unshuffled.as_ref()?;
        let at = |place: &EntryId| self.entries.iter().position(|entry| entry.id == *place);
        Some(before.iter().filter_map(at).collect())
    }

    /// Grows with every change that is worth writing down.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Adds a song at the end, or `first`; while shuffled, anywhere. Where it stands now.
    pub fn add(&mut self, mut entry: QueueEntry, first: bool) -> usize {
        let place = self.new_id();
        entry.id = place;
        let at = match (first, self.is_shuffled()) {
            (true, _) => 0,
            (false, false) => self.entries.len(),
            (false, true) => self.random_below(self.entries.len() + 1),
        };
        if let Some(before) = &mut self.unshuffled {
            before.insert(if first { 0 } else { before.len() }, place);
        }
        if at <= self.cursor.at && !self.is_empty() {
            self.cursor.at += 1;
        }
        self.entries.insert(at, entry);
        self.sort_by_rotation();
        self.position(place).unwrap_or(at)
    }

    /// Remembers the queue before a change, so that the change can be taken back.
    fn remember(&mut self, removed: HashSet<EntryId>, text: String) {
        let undo = Undo::new(&self.entries, self.unshuffled.as_ref(), removed, text);
        self.undos.push(undo);
    }

    /// Takes the last change back and returns what that did, in words. Songs that were sung or added
    /// since the change stay so.
    pub fn undo(&mut self) -> Option<String> {
        let undo = self.undos.pop()?;
        (self.entries, self.unshuffled) = undo.revert(std::mem::take(&mut self.entries));
        if let Some(turns) = undo.turns.filter(|_| self.rotation == Rotation::default()) {
            self.rotation = turns;
        }
        self.sort_by_rotation();
        Some(undo.text)
    }

    /// Adds the songs of a list at the end, in its order.
    pub fn append(&mut self, entries: Vec<QueueEntry>) {
        self.remember(HashSet::new(), "the songs of the list are out again".into());
        self.extend(entries);
    }

    /// The songs of a list instead of all that wait, in one change; the turns begin anew.
    pub fn replace(&mut self, entries: Vec<QueueEntry>) {
        let removed = self.entries.iter().map(|entry| entry.id).collect();
        self.remember(removed, "the queue is as before the list".into());
        self.undos.note_turns(&self.rotation);
        self.empty();
        self.extend(entries);
    }

    fn extend(&mut self, entries: Vec<QueueEntry>) {
        for mut entry in entries {
            entry.id = self.new_id();
            self.undos.note_added(entry.id);
            if let Some(before) = &mut self.unshuffled {
                before.push(entry.id);
            }
            self.entries.push(entry);
        }
        self.sort_by_rotation();
    }

    /// A song that was sung waits again, behind all others.
    pub fn send_to_end(&mut self, mut entry: QueueEntry) {
        entry.id = self.new_id();
        if let Some(before) = &mut self.unshuffled {
            before.push(entry.id);
        }
        self.entries.push(entry);
        self.sort_by_rotation();
    }

    fn new_id(&mut self) -> EntryId {
        self.last_id += 1;
        self.last_id
    }

    fn position(&self, place: EntryId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == place)
    }

    /// Brings the list into the order of singing; the cursor stays on its song.
    fn sort_by_rotation(&mut self) {
        let selected = self.selected().map(|entry| entry.id);
        let order = self.rotation.order(&self.entries);
        if order.iter().enumerate().any(|(at, from)| at != *from) {
            self.entries = order
                .into_iter()
                .filter_map(|at| self.entries.get(at).cloned())
                .collect();
        }
        if let Some(at) = selected.and_then(|place| self.position(place)) {
            self.cursor.at = at;
        }
        self.cursor.clamp(self.entries.len());
        self.changes += 1;
    }

    /// Moves the selected song one line; false where it stays, at an end or because the turns say so.
    pub fn shift(&mut self, down: bool) -> bool {
        let at = self.cursor.at;
        let other = at.checked_add_signed(if down { 1 } else { -1 });
        let Some(other) = other.filter(|other| (*other).max(at) < self.entries.len()) else {
            return false;
        };
        let before: Vec<EntryId> = self.entries.iter().map(|entry| entry.id).collect();
        self.remember(HashSet::new(), "the song is moved back".into());
        self.entries.swap(at, other);
        self.cursor.at = other;
        self.sort_by_rotation();
        let moved = !self.entries.iter().map(|entry| entry.id).eq(before);
        if !moved {
            self.undos.pop();
        }
        moved
    }

    /// Takes the selected song out.
    pub fn remove(&mut self) -> Option<QueueEntry> {
        let place = self.selected()?.id;
        let words = format!("{} is back in the queue", self.entries[self.cursor.at].name);
        self.remember(HashSet::from([place]), words);
        let entry = self.entries.remove(self.cursor.at);
        self.cursor.clamp(self.entries.len());
        self.sort_by_rotation();
        Some(entry)
    }

    /// Takes all songs out and begins the turns anew; how many there were.
    pub fn clear(&mut self) -> usize {
        let all = self.entries.len();
        if all > 0 {
            let removed = self.entries.iter().map(|entry| entry.id).collect();
            self.remember(removed, "the queue is back".into());
            self.undos.note_turns(&self.rotation);
        }
        self.empty();
        self.sort_by_rotation();
        all
    }

    fn empty(&mut self) {
        self.entries.clear();
        self.rotation.clear();
        self.unshuffled = self.unshuffled.as_ref().map(|_| Vec::new());
        self.cursor = Cursor::default();
    }

    /// Says who sings the selected song; nobody for an empty name.
    pub fn set_singer(&mut self, name: &str) -> bool {
        let singer = Some(tidy_name(name)).filter(|name| !name.is_empty());
        let at = self.cursor.at;
        if self.entries.get(at).is_none_or(|entry| entry.singer == singer) {
            return false;
        }
        self.remember(HashSet::new(), "who sings is as before".into());
        self.entries[at].singer = singer;
        self.sort_by_rotation();
        true
    }

    /// Mixes the queue, or brings back the order of before; true if it is shuffled now.
    pub fn shuffle(&mut self) -> bool {
        self.remember(HashSet::new(), "the order is as before".into());
        match self.unshuffled.take() {
            Some(before) => {
                let rank = |entry: &QueueEntry| before.iter().position(|place| *place == entry.id);
                self.entries
                    .sort_by_cached_key(|entry| rank(entry).unwrap_or(usize::MAX));
            }
            None => {
                self.unshuffled = Some(self.entries.iter().map(|entry| entry.id).collect());
                for last in (1..self.entries.len()).rev() {
                    let other = self.random_below(last + 1);
                    self.entries.swap(last, other);
                }
            }
        }
        self.sort_by_rotation();
        self.is_shuffled()
    }

    /// off, one, all, off
    pub fn next_repeat(&mut self) -> Repeat {
        self.set_repeat(self.repeat.next());
        self.repeat
    }

    pub fn set_repeat(&mut self, repeat: Repeat) {
        self.changes += u64::from(repeat != self.repeat);
        self.repeat = repeat;
    }

    /// A song leaves for the deck, and its singer's turn begins.
    pub fn take(&mut self, place: EntryId) -> Option<DequeuedEntry> {
        let at = self.position(place)?;
        let entry = self.entries.remove(at);
        if at < self.cursor.at {
            self.cursor.at -= 1;
        }
        let turn_before = entry.singer.as_deref().and_then(|name| self.rotation.begin(name));
        self.sort_by_rotation();
        Some(DequeuedEntry {
            entry,
            at,
            turn_before,
        })
    }

    /// A song that could not begin comes back, and its singer's turn with it.
    pub fn put_back(&mut self, taken: DequeuedEntry) {
        let DequeuedEntry {
            entry,
            at,
            turn_before,
        } = taken;
        if let Some(name) = &entry.singer {
            self.rotation.give_back(name, turn_before);
        }
        let at = at.min(self.entries.len());
        if at <= self.cursor.at && !self.is_empty() {
            self.cursor.at += 1;
        }
        self.entries.insert(at, entry);
        self.sort_by_rotation();
    }

    /// Looks again for which entries there are songs: `song` says the library's, and whether it could
    /// not be played.
    pub fn resolve(&mut self, song: impl Fn(&Path) -> Option<(SongKey, bool)>) {
        let mut changed = false;
        let undone = self.undos.entries_mut();
        for (entry, listed) in undone
            .map(|e| (e, false))
            .chain(self.entries.iter_mut().map(|e| (e, true)))
        {
            let found = song(&entry.path);
            let (key, broken) = found.map_or((None, false), |(key, broken)| (Some(key), broken));
            changed |= listed && (key, broken) != (entry.key, entry.broken);
            (entry.key, entry.broken) = (key, broken);
        }
        if changed {
            self.sort_by_rotation();
        }
    }

    /// A file got another name.
    pub fn rename(&mut self, from: &Path, to: &Path) {
        let undone = self.undos.entries_mut();
        for entry in undone.chain(&mut self.entries).filter(|entry| entry.path == from) {
            entry.path = to.to_owned();
            self.changes += 1;
        }
    }

    /// The queue of an earlier session; `unshuffled` are positions in `entries`.
    pub fn restore(
        &mut self,
        entries: Vec<QueueEntry>,
        unshuffled: Option<Vec<usize>>,
        turns: Rotation,
        repeat: Repeat,
    ) {
        self.rotation = turns;
        self.repeat = repeat;
        for mut entry in entries {
            entry.id = self.new_id();
            self.entries.push(entry);
        }
        let place = |at: usize| self.entries.get(at).map(|entry| entry.id);
        self.unshuffled = unshuffled.map(|order| order.into_iter().filter_map(place).collect());
        self.sort_by_rotation();
    }

    /// A number from 0 to `n` - 1.
    fn random_below(&mut self, n: usize) -> usize {
        self.random.usize(..n.max(1))
    }
}

#[cfg(test)]
mod tests;
