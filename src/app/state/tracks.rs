//! The songs: all of them in order, and the ones shown.

pub(crate) mod entry;

pub use crate::app::state::tracks::entry::TrackEntry;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::app::state::cursor::Cursor;
use crate::app::state::damage::TrackDamage;
use crate::app::state::search_index::{SearchIndex, SearchScores};
use crate::app::state::search_query::{FuzzyQuery, needles};
use crate::app::state::song_history::SongHistory;
use crate::app::state::song_key::SongKey;
use crate::app::state::sort_order::Sort;
use crate::track::{StemState, Track};

/// All songs. Lists hold keys, so that a list of 100,000 costs 400 KB and moves quickly.
#[derive(Debug, Default)]
pub struct Tracks {
    entries: Vec<Option<TrackEntry>>,
    by_path: HashMap<PathBuf, SongKey>,
    /// By artist, then title.
    order: Vec<SongKey>,
    /// Their words.
    haystack: SearchIndex,
    sort: Sort,
    /// `order` as `sort` wants it; None where that is the same.
    sorted: Option<Vec<SongKey>>,
    /// What the filter leaves of it, best first; None without a filter.
    filtered: Option<Vec<SongKey>>,
    pub filter: String,
    pub cursor: Cursor,
}

/// What [`Tracks::add`] took in.
#[derive(Debug, Default)]
pub struct AddedSongs {
    pub new: Vec<SongKey>,
    /// Files that hold something else than before.
    pub changed: Vec<SongKey>,
}

fn search_text(track: &Track) -> Box<str> {
    let album = track.tags.album.as_deref().unwrap_or("");
    // U+1 keeps artist, title and album apart, below every letter
    format!("{}\u{1}{}\u{1}{album}", track.artist(), track.title())
        .to_lowercase()
        .into()
}

impl Tracks {
    pub fn get(&self, key: SongKey) -> Option<&TrackEntry> {
        self.entries.get(key.0 as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, key: SongKey) -> Option<&mut TrackEntry> {
        self.entries.get_mut(key.0 as usize)?.as_mut()
    }

    pub fn key(&self, path: &Path) -> Option<SongKey> {
        self.by_path.get(path).copied()
    }

    pub fn find(&mut self, path: &Path) -> Option<&mut TrackEntry> {
        let key = self.key(path)?;
        self.get_mut(key)
    }

    /// All songs.
    pub fn all(&self) -> &[SongKey] {
        &self.order
    }

    /// The songs of the list on the screen.
    pub fn shown(&self) -> &[SongKey] {
        let sorted = self.sorted.as_deref().unwrap_or(&self.order);
        self.filtered.as_deref().unwrap_or(sorted)
    }

    pub fn is_filtered(&self) -> bool {
        self.filtered.is_some()
    }

    pub fn selected(&self) -> Option<SongKey> {
        self.shown().get(self.cursor.at).copied()
    }

    /// Puts the cursor on a song, if it is shown.
    pub fn select(&mut self, key: SongKey) -> bool {
        let at = self.shown().iter().position(|k| *k == key);
        if let Some(at) = at {
            self.cursor.at = at;
        }
        at.is_some()
    }

    /// Takes songs in, new or changed.
    pub fn add(&mut self, found: impl IntoIterator<Item = FoundSong>) -> AddedSongs {
        let selected = self.selected();
        let mut new = Vec::new();
        let mut added = AddedSongs::default();
        for FoundSong {
            mut track,
            ready,
            older,
            past,
        } in found
        {
            let known = self
                .key(&track.path)
                .and_then(|key| Some((key, self.get_mut(key)?)));
            let Some((key, entry)) = known else {
                let key = SongKey(self.entries.len() as u32);
                let stems = if ready { StemState::Ready } else { StemState::New };
                self.by_path.insert(track.path.clone(), key);
                let words = search_text(&track);
                self.haystack.set(key, &words);
                self.entries.push(Some(TrackEntry {
                    track,
                    stems,
                    older,
                    unplayable: false,
                    damage: TrackDamage::default(),
                    history: past,
                    search_text: words,
                }));
                new.push(key);
                added.new.push(key);
                continue;
            };
            if entry.track.stamp == track.stamp {
                // the same file: the catalogue's word about it, or a second scan
                track.id = track.id.or(entry.track.id);
                if ready {
                    entry.stems = StemState::Ready;
                    entry.older = older;
                }
            } else {
                entry.unplayable = false;
                entry.damage = TrackDamage::default();
                entry.stems = if ready { StemState::Ready } else { StemState::New };
                entry.older = older;
                added.changed.push(key);
            }
            if past != SongHistory::default() {
                entry.history = past;
            }
            let words = search_text(&track);
            let moved = entry.search_text != words;
            entry.track = track;
            if moved {
                self.order.retain(|k| *k != key);
                self.set_words(key, words);
                new.push(key);
            }
        }
        self.merge(new);
        self.resort();
        self.refresh(selected);
        added
    }

    fn set_words(&mut self, key: SongKey, words: Box<str>) {
        self.haystack.set(key, &words);
        if let Some(entry) = self.get_mut(key) {
            entry.search_text = words;
        }
    }

    fn rank(&self, key: SongKey) -> (&str, &Path) {
        self.get(key)
            .map_or(("", Path::new("")), |e| (&e.search_text, &e.track.path))
    }

    /// Sorts new songs into the order; one pass, however many there are already.
    fn merge(&mut self, mut new: Vec<SongKey>) {
        if new.is_empty() {
            return;
        }
        new.sort_by(|a, b| self.rank(*a).cmp(&self.rank(*b)));
        new.dedup();
        let old = std::mem::take(&mut self.order);
        let mut merged = Vec::with_capacity(old.len() + new.len());
        let mut taken = 0;
        for key in new {
            // few comparisons: the text of 100,000 songs is not read for each batch of 200
            let upto = taken + old[taken..].partition_point(|o| self.rank(*o) <= self.rank(key));
            merged.extend_from_slice(&old[taken..upto]);
            merged.push(key);
            taken = upto;
        }
        merged.extend_from_slice(&old[taken..]);
        self.order = merged;
    }

    pub fn remove(&mut self, paths: &[PathBuf]) -> Vec<SongKey> {
        let selected = self.selected();
        let gone: Vec<SongKey> = paths
            .iter()
            .filter_map(|path| self.by_path.remove(path))
            .collect();
        if gone.is_empty() {
            return gone;
        }
        for key in &gone {
            self.entries[key.0 as usize] = None;
            self.haystack.forget(*key);
        }
        let entries = &self.entries;
        let alive = |key: &SongKey| entries[key.0 as usize].is_some();
        self.order.retain(alive);
        for list in [&mut self.filtered, &mut self.sorted].into_iter().flatten() {
            list.retain(alive);
        }
        match selected {
            Some(key) if self.select(key) => {}
            _ => self.cursor.clamp(self.shown().len()),
        }
        gone
    }

    /// A file got another name. What was at the new one is replaced and returned.
    pub fn rename(&mut self, from: &Path, to: &Path) -> Option<SongKey> {
        let key = self.key(from).filter(|_| from != to)?;
        let replaced = self.remove(&[to.to_owned()]).first().copied();
        let selected = self.selected();
        self.by_path.remove(from);
        self.by_path.insert(to.to_owned(), key);
        if let Some(entry) = self.get_mut(key) {
            entry.track.path = to.to_owned();
            let words = search_text(&entry.track);
            self.set_words(key, words);
            self.order.retain(|k| *k != key);
            self.merge(vec![key]);
            self.resort();
            self.refresh(selected);
        }
        replaced
    }

    pub fn sorted(sort: Sort) -> Self {
        Self {
            sort,
            ..Self::default()
        }
    }

    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// Orders the list anew; the cursor stays on its song.
    pub fn set_sort(&mut self, sort: Sort) {
        let selected = self.selected();
        self.sort = sort;
        self.resort();
        self.refresh(selected);
    }

    fn resort(&mut self) {
        let sort = self.sort;
        self.sorted = (sort != Sort::Artist).then(|| {
            let mut all = self.order.clone();
            // stable: what is equal stays by artist and title
            all.sort_by(|a, b| match (self.get(*a), self.get(*b)) {
                (Some(a), Some(b)) => sort.compare(a, b),
                _ => std::cmp::Ordering::Equal,
            });
            all
        });
    }

    /// Narrows the list to what matches; an empty text shows all again.
    pub fn set_filter(&mut self, text: &str) {
        let selected = self.selected();
        self.filter = text.to_owned();
        self.refresh(selected);
        if !text.is_empty() {
            self.cursor = Cursor::default();
        }
    }

    fn refresh(&mut self, selected: Option<SongKey>) {
        let mut filtered = self.holding(&self.filter).map(|marks| self.best_first(&marks));
        if filtered.as_ref().is_some_and(Vec::is_empty)
            && let Some(mut query) = FuzzyQuery::fuzzy(&self.filter)
        {
            // nothing holds the words as they stand: mistyped, or initials
            let marks = self.haystack.answering(&mut query, self.all_sorted());
            filtered = Some(self.best_first(&marks));
        }
        self.filtered = filtered;
        let kept = selected.is_some_and(|key| self.select(key));
        if !kept {
            self.cursor.clamp(self.shown().len());
        }
    }

    /// All songs in the order of the list.
    fn all_sorted(&self) -> &[SongKey] {
        self.sorted.as_deref().unwrap_or(&self.order)
    }

    /// How well each song answers to words as they stand; None for none.
    fn holding(&self, text: &str) -> Option<SearchScores> {
        let needles = needles(text);
        let original = |key| self.get(key).map_or("", |entry| &*entry.search_text);
        (!needles.is_empty()).then(|| self.haystack.holding(&needles, original))
    }

    /// The songs that answer, the best first, equals in the order of the list.
    fn best_first(&self, marks: &SearchScores) -> Vec<SongKey> {
        let mark = |key: &SongKey| marks.get(key.0 as usize).copied().unwrap_or(0);
        let all = self.all_sorted().iter().copied();
        let marked = all.map(|key| (mark(&key), key));
        let mut found: Vec<(u16, SongKey)> = marked.filter(|(mark, _)| *mark > 0).collect();
        found.sort_by_key(|(mark, _)| std::cmp::Reverse(*mark));
        found.into_iter().map(|(_, key)| key).collect()
    }

    /// The next line, from the cursor on and around the end, that holds all words of `text`.
    pub fn match_from(&self, text: &str, start: usize, backwards: bool) -> Option<usize> {
        let marks = self.holding(text)?;
        let shown = self.shown();
        let len = shown.len();
        (0..len)
            .map(|i| {
                if backwards {
                    (start + len - i) % len
                } else {
                    (start + i) % len
                }
            })
            .find(|at| marks.get(shown[*at].0 as usize).is_some_and(|mark| *mark > 0))
    }

    pub fn first_playable(&self) -> Option<SongKey> {
        let playable = |key: &SongKey| self.get(*key).is_some_and(|entry| !entry.unplayable);
        self.shown().iter().copied().find(playable)
    }

    /// The song after this one in an order that is as good as random and the same for one `seed`;
    /// the last one is followed by the first, if it goes `round`.
    pub fn neighbour_mixed(&self, key: SongKey, seed: u64, round: bool) -> Option<SongKey> {
        let rank = |key: SongKey| fastrand::Rng::with_seed(seed ^ u64::from(key.0)).u64(..);
        let others = || {
            let shown = self.shown().iter().copied().filter(move |other| *other != key);
            shown.filter(|other| self.get(*other).is_some_and(|entry| !entry.unplayable))
        };
        let here = rank(key);
        let after = others()
            .filter(|other| rank(*other) > here)
            .min_by_key(|other| rank(*other));
        after.or_else(|| others().filter(|_| round).min_by_key(|other| rank(*other)))
    }

    /// The song after (or before) this one on the screen, else in the whole library.
    pub fn neighbour(&self, key: SongKey, step: isize) -> Option<SongKey> {
        let list = [self.shown(), self.all()]
            .into_iter()
            .find_map(|list| Some((list, list.iter().position(|k| *k == key)?)));
        let (list, mut at) = list?;
        loop {
            at = at.checked_add_signed(step)?;
            let key = *list.get(at)?;
            if self.get(key).is_some_and(|entry| !entry.unplayable) {
                return Some(key);
            }
        }
    }
}

/// One song of `Event::SongsFound`.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSong {
    pub track: Track,
    /// Its vocals are whole in the cache.
    pub ready: bool,
    /// The model they are of, where they should be made again with a better one.
    pub older: Option<String>,
    pub past: SongHistory,
}
