//! Collects what is wrong while a configuration text is read, and which keys were asked for.

use std::ops::Range;
use std::path::Path;

use super::place::SourcePosition;
use super::problem::ConfigProblem;

/// The faults found so far, and what was asked for.
pub(super) struct ConfigReader<'a> {
    text: &'a str,
    file: &'a Path,
    pub(super) problems: Vec<ConfigProblem>,
    pub(super) asked: Vec<(&'static str, &'static str)>,
}

impl<'a> ConfigReader<'a> {
    pub(super) fn new(text: &'a str, file: &'a Path) -> Self {
        Self {
            text,
            file,
            problems: Vec::new(),
            asked: Vec::new(),
        }
    }

    pub(super) fn problem(&mut self, span: &Range<usize>, what: String) {
        let place = SourcePosition::of(span, self.text);
        self.problems.push(ConfigProblem {
            file: self.file.into(),
            place,
            what,
            fatal: false,
        });
    }

    pub(super) fn not_toml(&mut self, fault: &toml::de::Error) {
        let place = SourcePosition::of(&fault.span().unwrap_or(0..0), self.text);
        let what = format!(
            "this is not TOML: {}. The file cannot be used until it is mended; `croon config print-default` shows a whole right one.",
            fault.message().trim_end_matches('.')
        );
        self.problems.push(ConfigProblem {
            file: self.file.into(),
            place,
            what,
            fatal: true,
        });
    }
}
