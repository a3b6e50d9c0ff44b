//! What a check found, and how it is shown.

use crate::text::printable;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    /// Works, with something to know.
    Note,
    /// Keeps croon from its whole job.
    Bad,
}

#[derive(Debug, Clone)]
pub(super) struct Check {
    pub state: State,
    pub what: String,
    /// Further facts, one line each.
    pub facts: Vec<String>,
    pub mend: Option<String>,
}

impl Check {
    pub fn good(what: impl Into<String>) -> Self {
        Self {
            state: State::Good,
            what: what.into(),
            facts: Vec::new(),
            mend: None,
        }
    }

    pub fn note(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            mend: Some(mend.into()),
            ..Self::good(what)
        }
    }

    pub fn bad(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            state: State::Bad,
            mend: Some(mend.into()),
            ..Self::good(what)
        }
    }

    pub fn fact(mut self, fact: impl Into<String>) -> Self {
        self.facts.push(fact.into());
        self
    }

    /// Words first, colour only on top: the state reads the same without.
    pub fn lines(&self, name: &str, color: bool) -> String {
        let (word, code) = match self.state {
            State::Good => ("ok", "32"),
            State::Note => ("note", "33"),
            State::Bad => ("BAD", "1;31"),
        };
        let word = format!("{word:<5}");
        let word = if color {
            format!("\x1b[{code}m{word}\x1b[0m")
        } else {
            word
        };
        let mut text = format!("{word} {name:<9} {}\n", printable(&self.what));
        for fact in &self.facts {
            text += &format!("{:16}{}\n", "", printable(fact));
        }
        if let Some(mend) = &self.mend {
            text += &format!("{:16}-> {}\n", "", printable(mend));
        }
        text
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        let state = match self.state {
            State::Good => "ok",
            State::Note => "note",
            State::Bad => "bad",
        };
        serde_json::json!({
            "name": name,
            "state": state,
            "what": self.what,
            "facts": self.facts,
            "mend": self.mend,
        })
    }
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_shows_its_mend_and_nothing_that_moves_the_cursor() {
        let check = Check::bad("no \x1b[2Jdevice", "plug one in").fact("tried: default");
        assert_eq!(
            check.lines("sound", false),
            "BAD   sound     no [2Jdevice\n                tried: default\n                -> plug one in\n"
        );
        assert!(
            check
                .lines("sound", true)
                .starts_with("\x1b[1;31mBAD  \x1b[0m sound")
        );
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(
            [0, 1_500, 2_000_000, 20_000_000_000].map(size),
            ["0 kB", "2 kB", "2 MB", "20.0 GB"]
        );
    }
}
