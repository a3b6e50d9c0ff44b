//! What was done in the editor, to be taken back and done again.

use crate::app::state::editor::sheet::{Sheet, SheetPosition, SheetRow};

/// Changes that can be undone: more than the taps of one session.
const MOST_STEPS: usize = 20_000;

/// A change: the rows that were replaced, and where the hand was.
#[derive(Debug, Clone, PartialEq)]
struct EditStep {
    first: usize,
    before: Vec<SheetRow>,
    after: Vec<SheetRow>,
    from: SheetPosition,
    to: SheetPosition,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct EditHistory {
    done: Vec<EditStep>,
    undone: Vec<EditStep>,
}

impl EditHistory {
    /// Notes what became of a sheet; true where anything did.
    pub fn note(
        &mut self,
        before: &[SheetRow],
        after: &[SheetRow],
        from: SheetPosition,
        to: SheetPosition,
    ) -> bool {
        let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let rest = before.len().min(after.len()) - same;
        let behind = before.iter().rev().zip(after.iter().rev());
        let behind = behind.take(rest).take_while(|(a, b)| a == b).count();
        let (old, new) = (
            &before[same..before.len() - behind],
            &after[same..after.len() - behind],
        );
        if old.is_empty() && new.is_empty() {
            return false;
        }
        if self.done.len() == MOST_STEPS {
            self.done.remove(0);
        }
        self.done.push(EditStep {
            first: same,
            before: old.to_vec(),
            after: new.to_vec(),
            from,
            to,
        });
        self.undone.clear();
        true
    }

    /// Takes the last change back; where the hand was before it.
    pub fn undo(&mut self, sheet: &mut Sheet) -> Option<SheetPosition> {
        let step = self.done.pop()?;
        let rows = step.first..step.first + step.after.len();
        sheet.rows.splice(rows, step.before.iter().cloned());
        let place = step.from;
        self.undone.push(step);
        Some(place)
    }

    /// Does it again; where the hand was after it.
    pub fn redo(&mut self, sheet: &mut Sheet) -> Option<SheetPosition> {
        let step = self.undone.pop()?;
        let rows = step.first..step.first + step.before.len();
        sheet.rows.splice(rows, step.after.iter().cloned());
        let place = step.to;
        self.done.push(step);
        Some(place)
    }
}
