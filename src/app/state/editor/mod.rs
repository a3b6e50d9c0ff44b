//! The editor of times: the song plays, at any tempo, and a key stamps the next line or word. What is
//! done can be taken back, outlives a crash as a draft, and becomes a file only when the user says so.

pub(crate) mod draft;
mod history;
pub(crate) mod sheet;
mod tap_units;

pub use crate::app::overlay::SaveLyricsRequest;
pub use crate::app::state::editor::draft::Draft;
pub use crate::app::state::editor::sheet::{Sheet, SheetPart, SheetPosition, SheetRow};

use std::path::PathBuf;

use crate::app::state::editor::history::EditHistory;
use crate::app::state::song_key::SongKey;
use crate::lyrics::Millis;

/// Back so far with the last stamp, to hear how it comes.
pub(crate) const PRE_ROLL_MS: Millis = 2_000;
/// A line is heard again from so far before it.
pub(crate) const RUN_UP_MS: Millis = 1_000;
/// Drafts are written when the hand has rested for so long.
pub(crate) const DRAFT_MS: u64 = 1_000;
/// The editor's screen is drawn this often while the song plays, in milliseconds.
pub(crate) const FRAME_MS: u64 = 50;
/// Rows of a sheet.
pub(crate) const MOST_ROWS: usize = 20_000;

/// One song's words being timed.
#[derive(Debug, Clone, PartialEq)]
pub struct Editor {
    pub song: SongKey,
    pub path: PathBuf,
    pub sheet: Sheet,
    /// What the next tap stamps.
    pub cursor: SheetPosition,
    /// Every word is tapped, not only where lines begin.
    pub by_words: bool,
    history: EditHistory,
    /// Since it was last written into a file.
    pub(crate) changed: bool,
    /// When the draft was last made different.
    pub(crate) draft_due: Option<u64>,
}

impl Editor {
    pub fn new(song: SongKey, path: PathBuf, sheet: Sheet) -> Self {
        let mut editor = Self {
            song,
            path,
            by_words: true,
            cursor: SheetPosition::default(),
            sheet,
            history: EditHistory::default(),
            changed: false,
            draft_due: None,
        };
        editor.cursor = editor.first_open();
        editor
    }

    /// Something is not in a file yet.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The first word without a time; the first of all where every row has one.
    fn first_open(&self) -> SheetPosition {
        let open = |row: &SheetRow| row.start().is_none();
        let row = self.sheet.rows.iter().position(open).unwrap_or(0);
        SheetPosition { row, part: 0 }
    }

    /// The stamp that nudges and the back-step are about: under the hand, else the last before it.
    pub fn held(&self) -> Option<SheetPosition> {
        match self.sheet.stamp(self.cursor) {
            Some(_) => Some(self.cursor),
            None => self.sheet.stamped_before(self.cursor),
        }
    }

    /// The row to look at: under the hand, the last one where everything is tapped.
    pub fn row(&self) -> usize {
        self.cursor.row.min(self.sheet.rows.len().saturating_sub(1))
    }

    /// Does something that may change the sheet, so that it can be taken back.
    pub fn change(&mut self, act: impl FnOnce(&mut Sheet, &mut SheetPosition)) -> bool {
        let before = self.sheet.rows.clone();
        let from = self.cursor;
        act(&mut self.sheet, &mut self.cursor);
        self.clamp();
        let changed = self.history.note(&before, &self.sheet.rows, from, self.cursor);
        self.changed |= changed;
        changed
    }

    /// Stamps what is under the hand and goes on to the next.
    pub fn tap(&mut self, ms: Millis) -> bool {
        let by_words = self.by_words;
        self.change(|sheet, cursor| {
            sheet.tap(*cursor, ms);
            *cursor = sheet.next(*cursor, by_words);
        })
    }

    /// The row being tapped is over; the hand goes to the next. Behind a whole row it is that one.
    pub fn end_row(&mut self, ms: Millis) -> bool {
        self.change(|sheet, cursor| {
            let begun = sheet
                .rows
                .get(cursor.row)
                .is_some_and(|row| row.start().is_some());
            let over = if cursor.part == 0 && !begun {
                cursor.row.checked_sub(1)
            } else {
                Some(cursor.row)
            };
            let Some(over) = over else { return };
            sheet.end(over, ms);
            *cursor = SheetPosition {
                row: over + 1,
                part: 0,
            };
        })
    }

    /// Takes the last stamp before the hand away, and the hand with it; when it was.
    pub fn step_back(&mut self) -> Option<Millis> {
        let back = self.sheet.stamped_before(self.cursor)?;
        let at = self.sheet.stamp(back);
        self.change(|sheet, cursor| {
            sheet.clear(back);
            *cursor = back;
        });
        at
    }

    /// Moves the held stamp; where it stands then.
    pub fn nudge(&mut self, by: Millis) -> Option<Millis> {
        let held = self.held()?;
        self.change(|sheet, _| {
            sheet.nudge(held, by);
        });
        self.sheet.stamp(held)
    }

    /// Takes the stamp under the hand away.
    pub fn clear(&mut self) -> bool {
        self.change(|sheet, cursor| sheet.clear(*cursor))
    }

    pub fn delete_row(&mut self) -> bool {
        self.change(|sheet, cursor| {
            if cursor.row < sheet.rows.len() {
                sheet.rows.remove(cursor.row);
                cursor.part = 0;
            }
        })
    }

    /// Rows in front of the one under the hand.
    pub fn insert(&mut self, rows: Vec<SheetRow>) -> bool {
        self.change(|sheet, cursor| {
            let at = cursor.row.min(sheet.rows.len());
            sheet.rows.splice(at..at, rows);
            *cursor = SheetPosition { row: at, part: 0 };
        })
    }

    /// Everything else instead.
    pub fn replace(&mut self, sheet: Sheet) -> bool {
        self.change(|now, cursor| {
            *now = sheet;
            *cursor = SheetPosition::default();
        })
    }

    /// Takes the last change back; false where nothing was changed.
    pub fn undo(&mut self) -> bool {
        let place = self.history.undo(&mut self.sheet);
        self.went(place)
    }

    pub fn redo(&mut self) -> bool {
        let place = self.history.redo(&mut self.sheet);
        self.went(place)
    }

    fn went(&mut self, place: Option<SheetPosition>) -> bool {
        if let Some(place) = place {
            self.cursor = place;
            self.changed = true;
            self.clamp();
        }
        place.is_some()
    }

    fn clamp(&mut self) {
        if self.sheet.part(self.cursor).is_none() {
            self.cursor = match self.sheet.rows.get(self.cursor.row) {
                Some(_) => SheetPosition {
                    part: 0,
                    ..self.cursor
                },
                None => self.sheet.behind(),
            };
        }
    }

    /// To another row or word.
    pub fn go(&mut self, by_words: bool, forward: bool) {
        let to = if forward {
            self.sheet.next(self.cursor, by_words)
        } else {
            self.sheet.previous(self.cursor, by_words).unwrap_or_default()
        };
        self.cursor = to;
    }
}

#[cfg(test)]
mod tests;
