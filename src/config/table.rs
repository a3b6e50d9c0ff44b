//! One table of a configuration file, asked for its keys one by one. Walked by hand instead of
//! derived, because serde stops at the first fault and knows neither ranges nor the nearest name.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::nearest;
use super::reader::ConfigReader;

/// One table of the file, which learns the right names from the questions it is asked.
pub(super) struct Table<'a, 'b, 'r> {
    entries: &'b DeTable<'a>,
    name: &'static str,
    known: Vec<&'static str>,
    /// Any name is right here.
    open: bool,
    reader: &'b mut ConfigReader<'r>,
}

impl<'a, 'b, 'r> Table<'a, 'b, 'r> {
    pub(super) fn root(entries: &'b DeTable<'a>, reader: &'b mut ConfigReader<'r>) -> Self {
        Self {
            entries,
            name: "",
            known: Vec::new(),
            open: false,
            reader,
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'b Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.reader.asked.push((self.name, key));
        let entries = self.entries;
        entries
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    pub(super) fn section(&mut self, name: &'static str, fill: impl FnOnce(&mut Table<'a, '_, 'r>)) {
        let nothing = DeTable::new();
        let entries = match self.take(name).map(|value| (value, value.get_ref().as_table())) {
            Some((_, Some(table))) => table,
            Some((value, None)) => {
                let what = format!(
                    "`{name}` is {}; it wants to be a section, written [{name}]. It is ignored.",
                    kind(value.get_ref())
                );
                self.reader.problem(&value.span(), what);
                &nothing
            }
            None => &nothing,
        };
        let mut table = Table {
            entries,
            name,
            known: Vec::new(),
            open: false,
            reader: &mut *self.reader,
        };
        fill(&mut table);
        table.finish();
    }

    /// Names that nobody asked for.
    pub(super) fn finish(self) {
        let unknown = |key: &str| !self.open && !self.known.contains(&key);
        for (key, _) in self.entries.iter().filter(|(key, _)| unknown(key.get_ref())) {
            let place = if self.name.is_empty() {
                String::new()
            } else {
                format!(" in [{}]", self.name)
            };
            let advice = match nearest(key.get_ref(), self.known.iter().copied()) {
                Some(right) => format!("did you mean `{right}`?"),
                None => format!("known are: {}.", self.known.join(", ")),
            };
            let thing = if self.name.is_empty() { "section" } else { "key" };
            let shown = crate::text::printable(key.get_ref());
            self.reader.problem(
                &key.span(),
                format!("unknown {thing} `{shown}`{place}; {advice} It is ignored."),
            );
        }
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wants: &str, kept: impl Debug) {
        let section = self.name;
        let what = format!(
            "`{section}.{key}` is {}; it wants {wants}. {kept:?} is used.",
            kind(value.get_ref())
        );
        self.reader.problem(&value.span(), what);
    }

    pub(super) fn flag(&mut self, key: &'static str, into: &mut bool) {
        let Some(value) = self.take(key) else { return };
        match value.get_ref().as_bool() {
            Some(flag) => *into = flag,
            None => self.wrong(key, value, "true or false", *into),
        }
    }

    pub(super) fn whole<T>(&mut self, key: &'static str, range: RangeInclusive<T>, into: &mut T)
    where
        T: TryFrom<i64> + PartialOrd + Display + Debug,
    {
        let Some(value) = self.take(key) else { return };
        let read = value
            .get_ref()
            .as_integer()
            .and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        match read
            .and_then(|n| T::try_from(n).ok())
            .filter(|n| range.contains(n))
        {
            Some(n) => *into = n,
            None => {
                let wants = format!("a whole number from {} to {}", range.start(), range.end());
                self.wrong(key, value, &wants, into);
            }
        }
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<f64>, into: &mut f64) {
        let Some(value) = self.take(key) else { return };
        let read = match value.get_ref() {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| n as f64),
            DeValue::Float(x) => f64::from_str(x.as_str()).ok(),
            _ => None,
        };
        match read.filter(|x| range.contains(x)) {
            Some(x) => *into = x,
            None => self.wrong(
                key,
                value,
                &format!("a number from {} to {}", range.start(), range.end()),
                *into,
            ),
        }
    }

    pub(super) fn text(&mut self, key: &'static str, into: &mut String) {
        let Some(value) = self.take(key) else { return };
        match value.get_ref().as_str() {
            Some(text) => *into = text.to_owned(),
            None => self.wrong(key, value, "a text in quotes", &*into),
        }
    }

    pub(super) fn optional_path(&mut self, key: &'static str, into: &mut Option<PathBuf>) {
        let mut text = String::new();
        self.text(key, &mut text);
        if !text.is_empty() {
            *into = Some(PathBuf::from(text));
        }
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)], into: &mut T) {
        let Some(value) = self.take(key) else { return };
        let wanted = value.get_ref().as_str();
        if let Some((_, choice)) = choices.iter().find(|(name, _)| Some(*name) == wanted) {
            *into = *choice;
            return;
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        // three letters are near to too much ("gpu" is no misspelt "cpu")
        let guess = wanted
            .filter(|wrong| wrong.len() > 3)
            .and_then(|wrong| nearest(wrong, names.iter().copied()));
        let guess = guess.map_or(String::new(), |right| format!(" (did you mean \"{right}\"?)"));
        let section = self.name;
        let what = format!(
            "`{section}.{key}` is {}; it wants one of \"{}\"{guess}. The default is used.",
            kind(value.get_ref()),
            names.join("\", \"")
        );
        self.reader.problem(&value.span(), what);
    }

    pub(super) fn texts(&mut self, key: &'static str, into: &mut Vec<String>) {
        let Some(value) = self.take(key) else { return };
        let texts = value.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        match texts {
            Some(texts) => *into = texts,
            None => self.wrong(key, value, "a list of texts, such as [\"one\", \"two\"]", &*into),
        }
    }

    pub(super) fn paths(&mut self, key: &'static str, into: &mut Vec<PathBuf>) {
        let mut texts: Vec<String> = Vec::new();
        self.texts(key, &mut texts);
        into.extend(
            texts
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(PathBuf::from),
        );
    }

    /// Glob patterns; a pattern that cannot be one is named and left out.
    pub(super) fn globs(&mut self, key: &'static str, into: &mut Vec<String>) {
        self.texts(key, into);
        let span = self
            .entries
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value.span());
        into.retain(|pattern| match globset::Glob::new(pattern) {
            Ok(_) => true,
            Err(error) => {
                let what = format!("`{}.{key}`: {error}. That pattern is left out.", self.name);
                self.reader.problem(&span.clone().unwrap_or(0..0), what);
                false
            }
        });
    }

    /// A section whose keys are the user's own words.
    pub(super) fn any_texts(&mut self, into: &mut BTreeMap<String, String>) {
        let entries = self.entries;
        for (key, value) in entries {
            match value.get_ref().as_str() {
                Some(text) => {
                    into.insert(key.get_ref().to_string(), text.to_owned());
                }
                None => {
                    let shown = crate::text::printable(key.get_ref());
                    let what = format!(
                        "`{}.{shown}` is {}; it wants a text in quotes. It is ignored.",
                        self.name,
                        kind(value.get_ref())
                    );
                    self.reader.problem(&value.span(), what);
                }
            }
        }
        self.open = true;
    }
}

/// What a value is, in words, short enough for a message.
fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => {
            let shown: String = crate::text::printable(text).chars().take(40).collect();
            format!("the text \"{shown}\"")
        }
        DeValue::Integer(n) => format!("the number {n}"),
        DeValue::Float(x) => format!("the number {x}"),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list that does not fit".into(),
        DeValue::Table(_) => "a section".into(),
    }
}
