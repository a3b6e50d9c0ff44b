//! How a change of the queue is taken back. Works on plain lists of entries and does not know the queue.

use std::collections::HashSet;

use crate::app::state::queue::entry::{EntryId, QueueEntry};
use crate::app::state::queue::rotation::Rotation;

/// What the queue was before a change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undo {
    before: Vec<QueueEntry>,
    /// Entries that the change removed.
    removed: HashSet<EntryId>,
    /// Entries that the change added.
    added: HashSet<EntryId>,
    unshuffled: Option<Vec<EntryId>>,
    /// The turns of the singers, if the change cleared them.
    pub(super) turns: Option<Rotation>,
    /// What the user is told when the change is taken back.
    pub(super) text: String,
}

impl Undo {
    /// Of a change that is about to remove `removed` from `entries`.
    pub(super) fn new(
        entries: &[QueueEntry],
        unshuffled: Option<&Vec<EntryId>>,
        removed: HashSet<EntryId>,
        text: String,
    ) -> Self {
        Self {
            before: entries.to_vec(),
            removed,
            added: HashSet::new(),
            unshuffled: unshuffled.cloned(),
            turns: None,
            text,
        }
    }

    /// The entries and the order without shuffling once the change is taken back. `now` are the
    /// entries of today: those that were sung since stay out, those that were added since stay in.
    pub(super) fn revert(&self, now: Vec<QueueEntry>) -> (Vec<QueueEntry>, Option<Vec<EntryId>>) {
        let present: HashSet<EntryId> = now.iter().map(|entry| entry.id).collect();
        let known: HashSet<EntryId> = self.before.iter().map(|entry| entry.id).collect();
        let returns = |place: &EntryId| present.contains(place) || self.removed.contains(place);
        let mut entries: Vec<QueueEntry> = self.before.clone();
        entries.retain(|entry| returns(&entry.id));
        let mut added_since = Vec::new();
        let mut after = None;
        for entry in now {
            let place = entry.id;
            if self.added.contains(&place) {
                continue;
            }
            if !known.contains(&place) {
                added_since.push(place);
                let position = |place| entries.iter().position(|entry| entry.id == place);
                let at = after.and_then(position).map_or(0, |at| at + 1);
                entries.insert(at, entry);
            }
            after = Some(place);
        }
        let mut unshuffled = self.unshuffled.clone();
        if let Some(order) = &mut unshuffled {
            order.extend(added_since);
        }
        (entries, unshuffled)
    }
}

/// The changes that can be taken back, the newest last.
#[derive(Debug, Default)]
pub(super) struct UndoStack(Vec<Undo>);

impl UndoStack {
    const MAX_CHANGES: usize = 50;

    pub(super) fn push(&mut self, undo: Undo) {
        if self.0.len() == Self::MAX_CHANGES {
            self.0.remove(0);
        }
        self.0.push(undo);
    }

    pub(super) fn pop(&mut self) -> Option<Undo> {
        self.0.pop()
    }

    /// Notes that the newest change added an entry.
    pub(super) fn note_added(&mut self, place: EntryId) {
        if let Some(undo) = self.0.last_mut() {
            undo.added.insert(place);
        }
    }

    /// Notes the turns that the newest change is about to clear.
    pub(super) fn note_turns(&mut self, turns: &Rotation) {
        if let Some(undo) = self.0.last_mut() {
            undo.turns = Some(turns.clone());
        }
    }

    /// All entries that an undo can bring back.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut QueueEntry> {
        self.0.iter_mut().flat_map(|undo| &mut undo.before)
    }
}
