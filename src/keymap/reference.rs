//! The table of default keys in `docs/manual.md`, as Markdown.

use crate::action::Screen;
use crate::keymap::{Group, KeyScope, TABLE};

/// A table for each group of actions: the name in `[keys]`, the default keys with the screens they work on, and what
/// they do.
pub fn markdown(seek_seconds: f64) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        text.push_str(&format!(
            "### {}\n\n| name | keys | |\n|---|---|---|\n",
            title_case(group.title())
        ));
        for row in TABLE.iter().filter(|row| row.group == group) {
            let keys: Vec<String> = row
                .keys
                .iter()
                .map(|(keys, scope)| format!("{}{}", code(keys), screens(*scope)))
                .collect();
            text.push_str(&format!(
                "| `{}` | {} | {} |\n",
                row.name,
                keys.join(" · "),
                escaped(&row.help_text(seek_seconds))
            ));
        }
        text.push('\n');
    }
    text
}

/// `PLAYBACK` as `Playback`.
fn title_case(title: &str) -> String {
    let lower = title.to_lowercase();
    let mut letters = lower.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Keys as code; a backtick needs two around it.
fn code(keys: &str) -> String {
    let keys = escaped(keys);
    if keys.contains('`') {
        format!("`` {keys} ``")
    } else {
        format!("`{keys}`")
    }
}

/// A bar would end the cell of the table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// ` on Sing`, or nothing where the key works on every screen with a player.
fn screens(scope: KeyScope) -> String {
    if Screen::ALL.iter().all(|screen| scope.has(*screen)) {
        return String::new();
    }
    let names: Vec<&str> = Screen::ALL
        .into_iter()
        .chain([Screen::Editor])
        .filter(|screen| scope.has(*screen))
        .map(Screen::name)
        .collect();
    format!(" on {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_manual_shows_the_default_keys() {
        let manual = include_str!("../../docs/manual.md");
        let begin = manual.find("<!-- keys: begin -->\n").unwrap() + "<!-- keys: begin -->\n".len();
        let end = manual.find("<!-- keys: end -->").unwrap();
        let table = markdown(Config::default().playback.seek_seconds);
        assert!(
            manual[begin..end] == table,
            "docs/manual.md is stale: put there what `croon config print-keys` prints"
        );
    }
}
