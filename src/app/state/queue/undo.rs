//! Changes of the queue that can be taken back.

use std::collections::HashSet;

use crate::app::state::queue::Queue;
use crate::app::state::queue::entry::{Place, Queued};
use crate::app::state::queue::rotation::Turns;

/// How a change is taken back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    pub(super) before: Vec<Queued>,
    /// Places that the change itself took out.
    pub(super) removed: HashSet<Place>,
    /// Places that the change itself brought.
    pub(super) brought: HashSet<Place>,
    pub(super) unshuffled: Option<Vec<Place>>,
    pub(super) turns: Option<Turns>,
    pub(super) words: String,
}

/// Changes that can be taken back.
const UNDOS: usize = 50;

impl Queue {
    pub(super) fn remember(&mut self, removed: HashSet<Place>, words: String) {
        if self.undos.len() == UNDOS {
            self.undos.remove(0);
        }
        self.undos.push(Undo {
            before: self.entries.clone(),
            removed,
            brought: HashSet::new(),
            unshuffled: self.unshuffled.clone(),
            turns: None,
            words,
        });
    }

    /// Takes the last change back; says what that did. What has been sung or added since stays so.
    pub fn undo(&mut self) -> Option<String> {
        let undo = self.undos.pop()?;
        let now = std::mem::take(&mut self.entries);
        let here: HashSet<Place> = now.iter().map(|entry| entry.place).collect();
        let known: HashSet<Place> = undo.before.iter().map(|entry| entry.place).collect();
        self.entries = undo
            .before
            .into_iter()
            .filter(|entry| here.contains(&entry.place) || undo.removed.contains(&entry.place))
            .collect();
        let mut added = Vec::new();
        let mut after = None;
        for entry in now {
            let place = entry.place;
            if undo.brought.contains(&place) {
                continue;
            }
            if !known.contains(&place) {
                added.push(place);
                let at = after
                    .and_then(|place| self.position(place))
                    .map_or(0, |at| at + 1);
                self.entries.insert(at, entry);
            }
            after = Some(place);
        }
        self.unshuffled = undo.unshuffled.map(|mut before| {
            before.extend(added);
            before
        });
        if let Some(turns) = undo.turns.filter(|_| self.turns == Turns::default()) {
            self.turns = turns;
        }
        self.settle();
        Some(undo.words)
    }
}
