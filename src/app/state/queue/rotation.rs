//! Whose turn it is: singers with a name take turns, whoever sang longest ago first.

use std::collections::BTreeMap;

use crate::app::state::queue::entry::QueueEntry;
use crate::song_settings::singer_key;

/// When each singer last sang, counted in turns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rotation {
    last: BTreeMap<String, u64>,
    so_far: u64,
}

impl Rotation {
    /// The last turn of a singer, 0 where they have not sung yet.
    fn last(&self, key: &str) -> u64 {
        self.last.get(key).copied().unwrap_or(0)
    }

    /// It is this singer's turn now; returns what [`Rotation::give_back`] needs.
    pub(super) fn begin(&mut self, singer: &str) -> Option<u64> {
        self.so_far += 1;
        self.last.insert(singer_key(singer), self.so_far)
    }

    /// The turn came to nothing.
    pub(super) fn give_back(&mut self, singer: &str, before: Option<u64>) {
        match before {
            Some(turn) => self.last.insert(singer_key(singer), turn),
            None => self.last.remove(&singer_key(singer)),
        };
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Singers by their last turns, for the disk.
    pub fn to_list(&self) -> Vec<(String, u64)> {
        self.last.iter().map(|(who, turn)| (who.clone(), *turn)).collect()
    }

    pub fn from_list(list: impl IntoIterator<Item = (String, u64)>) -> Self {
        // a turn that nobody can reach any more must not end the counting
        let last: BTreeMap<String, u64> = list
            .into_iter()
            .map(|(who, turn)| (singer_key(&who), turn.min(u64::MAX / 2)))
            .collect();
        let so_far = last.values().copied().max().unwrap_or(0);
        Self { last, so_far }
    }

    /// The order in which the entries are sung. Entries without a singer, and those that cannot play,
    /// stay where they are. The others share the places that are left: each goes to the first song of
    /// whoever sang longest ago; of those who have not sung at all, to whose song stands first.
    pub(super) fn order(&self, entries: &[QueueEntry]) -> Vec<usize> {
        let takes_turns = |entry: &QueueEntry| {
            let singer = entry.singer.as_deref().filter(|_| entry.is_playable())?;
            Some(singer_key(singer))
        };
        let mut waiting: BTreeMap<String, std::collections::VecDeque<usize>> = BTreeMap::new();
        let mut places = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(key) = takes_turns(entry) {
                waiting.entry(key).or_default().push_back(at);
                places.push(at);
            }
        }
        let mut last: BTreeMap<&String, u64> = waiting.keys().map(|key| (key, self.last(key))).collect();
        let mut now = self.so_far;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        let mut next_of: BTreeMap<&String, usize> = waiting.keys().map(|key| (key, 0)).collect();
        for place in places {
            let next = waiting
                .iter()
                .filter_map(|(key, songs)| {
                    let at = *songs.get(*next_of.get(key)?)?;
                    Some((last.get(key).copied()?, at, key))
                })
                .min();
            let Some((_, at, key)) = next else { break };
            order[place] = at;
            now += 1;
            last.insert(key, now);
            *next_of.entry(key).or_default() += 1;
        }
        order
    }

    /// The singers who wait, in the order of their next songs.
    pub(super) fn waiting(entries: &[QueueEntry]) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in entries.iter().filter_map(|entry| entry.singer.as_deref()) {
            if !names.iter().any(|known| singer_key(known) == singer_key(name)) {
                names.push(name);
            }
        }
        names
    }
}
