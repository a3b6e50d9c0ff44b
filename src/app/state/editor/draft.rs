//! Work in the editor that is not saved, as it outlives a crash: every word with its stamp or none.

use serde::{Deserialize, Serialize};

use crate::app::state::editor::sheet::{Sheet, SheetPart, SheetRow};
use crate::lyrics::{LATEST_MS, Millis, Singers, SubLine, SubLineKind};
use crate::text::printable;

/// The shape written here; a newer one is not read.
const VERSION: u32 = 1;
/// Rows and bytes of a row beyond which a draft is none of ours.
const MOST_ROWS: usize = 20_000;
const LONGEST_ROW: usize = 4_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    version: u32,
    rows: Vec<DraftRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DraftRow {
    text: String,
    /// From, to in bytes of the text, and the stamp in milliseconds.
    parts: Vec<(usize, usize, Option<Millis>)>,
    #[serde(default)]
    end: Option<Millis>,
    #[serde(default)]
    singers: u16,
    #[serde(default)]
    translations: Vec<String>,
    #[serde(default)]
    backing: Vec<String>,
    #[serde(default)]
    stanza: bool,
}

impl Draft {
    pub fn of(sheet: &Sheet) -> Self {
        let under = |row: &SheetRow, kind: SubLineKind| {
            let texts = row.under.iter().filter(|under| under.kind == kind);
            texts.map(|under| under.text.clone()).collect()
        };
        let row = |row: &SheetRow| DraftRow {
            text: row.text.clone(),
            parts: row
                .parts
                .iter()
                .map(|part| (part.at.start, part.at.end, part.stamp))
                .collect(),
            end: row.end,
            singers: row.singers.0,
            translations: under(row, SubLineKind::Translation),
            backing: under(row, SubLineKind::Backing),
            stanza: row.stanza,
        };
        Self {
            version: VERSION,
            rows: sheet.rows.iter().map(row).collect(),
        }
    }

    /// None where it was written by a newer croon or by nobody: the file may have been touched.
    pub fn sheet(&self) -> Option<Sheet> {
        if self.version != VERSION || self.rows.len() > MOST_ROWS {
            return None;
        }
        let rows: Option<Vec<SheetRow>> = self.rows.iter().map(DraftRow::row).collect();
        Some(Sheet::ordered(rows?))
    }
}

impl DraftRow {
    fn row(&self) -> Option<SheetRow> {
        if self.text.len() > LONGEST_ROW || printable(&self.text) != self.text || self.text.is_empty() {
            return None;
        }
        let mut before = 0;
        let mut parts = Vec::with_capacity(self.parts.len());
        for (from, to, stamp) in &self.parts {
            if *from < before || from >= to || self.text.get(*from..*to).is_none() {
                return None;
            }
            before = *to;
            parts.push(SheetPart {
                at: *from..*to,
                stamp: stamp.map(|ms| ms.clamp(0, LATEST_MS)),
            });
        }
        let under = |texts: &[String], kind: SubLineKind| {
            let texts: Vec<SubLine> = texts
                .iter()
                .take(4)
                .map(|text| SubLine {
                    kind,
                    text: printable(text),
                })
                .collect();
            texts
        };
        let mut all = under(&self.translations, SubLineKind::Translation);
        all.extend(under(&self.backing, SubLineKind::Backing));
        (!parts.is_empty()).then(|| SheetRow {
            text: self.text.clone(),
            parts,
            end: self.end.map(|ms| ms.clamp(0, LATEST_MS)),
            singers: Singers(self.singers),
            under: all,
            stanza: self.stanza,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::editor::sheet::SheetPosition;

    #[test]
    fn a_draft_comes_back_as_it_was_and_a_broken_one_does_not() {
        let mut sheet = Sheet::ordered(vec![SheetRow::new("we set"), SheetRow::new("紙の灯籠")]);
        sheet.rows[1].under.push(SubLine {
            kind: SubLineKind::Translation,
            text: "Paper lanterns".into(),
        });
        sheet.tap(SheetPosition { row: 0, part: 0 }, 1_000);
        sheet.tap(SheetPosition { row: 1, part: 0 }, 2_000);
        sheet.end(1, 2_500);
        let text = serde_json::to_string(&Draft::of(&sheet)).unwrap();
        let back: Draft = serde_json::from_str(&text).unwrap();
        assert_eq!(back.sheet(), Some(sheet));
        for (from, to) in [
            ("[0,2,", "[0,90,"),
            ("[0,3,", "[0,2,"),
            ("we set", "we \\u001bset"),
            ("\"version\":1", "\"version\":2"),
        ] {
            let broken = text.replacen(from, to, 1);
            assert_ne!(broken, text);
            let back: Draft = serde_json::from_str(&broken).unwrap();
            assert_eq!(back.sheet(), None, "{broken}");
        }
        let backwards = text.replacen("1000", "9000", 1);
        let back: Draft = serde_json::from_str(&backwards).unwrap();
        let sheet = back.sheet().unwrap();
        assert!(sheet.rows[1].start() > sheet.rows[0].start());
    }
}
