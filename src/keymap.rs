//! Which key means what, where. The defaults stand in one table; the user's `[keys]` go over it,
//! and help and hints are written from the map that results, so they are never stale.

pub mod defaults;
pub mod key;
pub mod reference;

use std::collections::BTreeMap;

pub use defaults::{Group, KeymapRow, TABLE, row};
pub use key::{Code, Key, KeyParseError, parse_keys, show_keys};

use crate::action::{Action, Screen};

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyScope(u8);

impl KeyScope {
    pub const EVERYWHERE: Self = Self(0b1111);
    pub const LISTS: Self = Self(0b1011);
    pub const LIBRARY: Self = Self(0b0001);
    pub const LIBRARY_AND_QUEUE: Self = Self(0b0011);
    pub const QUEUE: Self = Self(0b0010);
    pub const SING: Self = Self(0b0100);
    pub const LIBRARY_AND_SING: Self = Self(0b0101);
    pub const JOBS: Self = Self(0b1000);
    pub const QUEUE_AND_JOBS: Self = Self(0b1010);
    pub const EDITOR: Self = Self(0b1_0000);
    /// Everywhere, while words are timed too.
    pub const ALWAYS: Self = Self(0b1_1111);

    pub fn has(self, screen: Screen) -> bool {
        self.0 & (1 << screen.index()) != 0
    }

    fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One key, or one run of keys, and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub keys: Vec<Key>,
    pub action: Action,
    pub scope: KeyScope,
    pub by_user: bool,
}

/// What the keys pressed so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Action(Action),
    /// The beginning of something longer.
    Unfinished,
    Nothing,
}

/// The live map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
    /// Keys the user took away, as written.
    unbound: Vec<String>,
}

/// A line of `[keys]` that can't be used; the rest of the map stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("[keys] {0}; the line is ignored")]
    Key(#[from] KeyParseError),
    #[error(
        "[keys] `{key}`: there is no action `{written}`{}; the line is ignored",
        nearest.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default()
    )]
    Action {
        key: String,
        written: String,
        nearest: Option<String>,
    },
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = TABLE
            .iter()
            .flat_map(|row| {
                row.keys.iter().filter_map(|(keys, scope)| {
                    // a test reads every key of the table
                    let keys = parse_keys(keys).ok()?;
                    Some(Binding {
                        keys,
                        action: row.action,
                        scope: *scope,
                        by_user: false,
                    })
                })
            })
            .collect();
        Self {
            bindings,
            unbound: Vec::new(),
        }
    }
}

impl Keymap {
    /// The defaults with the user's `"key" = "action"` lines over them. A line replaces what its
    /// key meant wherever the action works; `none` takes the key away.
    pub fn with_overrides(lines: &BTreeMap<String, String>) -> (Self, Vec<KeymapError>) {
        let mut map = Self::default();
        let mut errors = Vec::new();
        for (key, action) in lines {
            if let Err(error) = map.change(key, action) {
                errors.push(error);
            }
        }
        (map, errors)
    }

    fn change(&mut self, key: &str, action: &str) -> Result<(), KeymapError> {
        let keys = parse_keys(key)?;
        if matches!(action, "none" | "noop" | "") {
            self.bindings.retain(|b| b.keys != keys);
            self.unbound.push(show_keys(&keys));
            return Ok(());
        }
        let row = TABLE
            .iter()
            .find(|row| row.name == action)
            .ok_or_else(|| KeymapError::Action {
                key: key.to_owned(),
                written: action.to_owned(),
                nearest: TABLE
                    .iter()
                    .map(|row| (strsim::damerau_levenshtein(action, row.name), row.name))
                    .min()
                    .filter(|(distance, name)| *distance <= 2.max(name.len() / 2))
                    .map(|(_, name)| name.to_owned()),
            })?;
        // a longer run that begins with these keys could never be finished, nor these keys if
        // they are the longer ones
        self.bindings.retain(|b| {
            !(b.scope.overlaps(row.scope) && (b.keys.starts_with(&keys) || keys.starts_with(&b.keys)))
        });
        self.bindings.push(Binding {
            keys,
            action: row.action,
            scope: row.scope,
            by_user: true,
        });
        Ok(())
    }

    pub fn look_up(&self, screen: Screen, pressed: &[Key]) -> Lookup {
        let mut here = self
            .bindings
            .iter()
            .filter(|b| b.scope.has(screen) && b.keys.starts_with(pressed));
        match here.next() {
            None => Lookup::Nothing,
            Some(binding) if binding.keys.len() == pressed.len() => Lookup::Action(binding.action),
            Some(_) => Lookup::Unfinished,
        }
    }

    /// The keys that mean `action` on this screen, in the order of the table.
    pub fn keys_for(&self, screen: Screen, action: Action) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |b| b.action == action && b.scope.has(screen))
    }

    /// The first key that means `action` on this screen, as printed.
    pub fn key_name(&self, screen: Screen, action: Action) -> Option<String> {
        self.keys_for(screen, action).next().map(|b| show_keys(&b.keys))
    }

    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What the user changed, as lines for the help.
    pub fn changes(&self) -> Vec<String> {
        let bound = self.bindings.iter().filter(|b| b.by_user);
        let bound = bound.map(|b| format!("{} -> {}", show_keys(&b.keys), row(b.action).name));
        bound
            .chain(self.unbound.iter().map(|k| format!("{k} -> none")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &[(&str, &str)]) -> (Keymap, Vec<KeymapError>) {
        let lines = lines
            .iter()
            .map(|(k, a)| ((*k).to_owned(), (*a).to_owned()))
            .collect();
        Keymap::with_overrides(&lines)
    }

    fn meaning(map: &Keymap, screen: Screen, keys: &str) -> Lookup {
        map.look_up(screen, &parse_keys(keys).unwrap())
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        let map = Keymap::default();
        for screen in Screen::ALL.into_iter().chain([Screen::Editor]) {
            let here: Vec<_> = map.bindings().iter().filter(|b| b.scope.has(screen)).collect();
            for (i, a) in here.iter().enumerate() {
                for b in &here[i + 1..] {
                    assert!(
                        !a.keys.starts_with(&b.keys) && !b.keys.starts_with(&a.keys),
                        "{} means {:?} and {:?} on {screen:?}",
                        show_keys(&a.keys),
                        a.action,
                        b.action
                    );
                }
            }
        }
    }

    #[test]
    fn runs_of_keys_wait_for_their_end() {
        let map = Keymap::default();
        assert_eq!(meaning(&map, Screen::Library, "g"), Lookup::Unfinished);
        assert_eq!(meaning(&map, Screen::Library, "g g"), Lookup::Action(Action::Top));
        assert_eq!(meaning(&map, Screen::Library, "g x"), Lookup::Nothing);
        assert_eq!(meaning(&map, Screen::Sing, "g g"), Lookup::Nothing);
    }

    #[test]
    fn a_user_line_replaces_only_its_own_key() {
        let (map, errors) = with(&[("x", "play-pause"), ("m", "none"), ("g", "vocals-toggle")]);
        assert_eq!(errors, []);
        assert_eq!(
            meaning(&map, Screen::Jobs, "x"),
            Lookup::Action(Action::PlayPause)
        );
        assert_eq!(
            meaning(&map, Screen::Jobs, "Space"),
            Lookup::Action(Action::PlayPause)
        );
        assert_eq!(meaning(&map, Screen::Sing, "m"), Lookup::Nothing);
        assert_eq!(
            meaning(&map, Screen::Library, "g"),
            Lookup::Action(Action::VocalsToggle)
        );
        assert_eq!(
            map.changes(),
            ["g -> vocals-toggle", "x -> play-pause", "m -> none"]
        );
    }

    #[test]
    fn a_wrong_line_is_named_and_the_rest_stands() {
        let (map, errors) = with(&[("q", "quti"), ("Spcae", "quit"), ("Z", "quit")]);
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "[keys] `Spcae` is no key; did you mean `Space`?; the line is ignored",
                "[keys] `q`: there is no action `quti`, did you mean `quit`?; the line is ignored"
            ]
        );
        assert_eq!(meaning(&map, Screen::Sing, "Z"), Lookup::Action(Action::Quit));
    }
}
