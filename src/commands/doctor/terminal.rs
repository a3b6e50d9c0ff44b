//! The terminal, as far as it can be told without drawing.

use std::env;
use std::io::{self, IsTerminal};

use super::check::Check;
use crate::commands::Context;

pub(super) fn terminal(context: &Context) -> Check {
    let size = rustix::termios::tcgetwinsize(io::stdout())
        .ok()
        .filter(|size| size.ws_col > 0);
    let size = size.map(|size| (size.ws_col, size.ws_row));
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    judge(
        terminal,
        size,
        |name| env::var(name).ok().filter(|value| !value.is_empty()),
        context,
    )
}

fn judge(
    terminal: bool,
    size: Option<(u16, u16)>,
    variable: impl Fn(&str) -> Option<String>,
    context: &Context,
) -> Check {
    if !terminal {
        return Check::note(
            "none here: commands work, the screen does not",
            "run `croon` in a terminal to sing",
        );
    }
    let kind = variable("TERM").unwrap_or_default();
    let (columns, rows) = size.unwrap_or((80, 24));
    let over = match (variable("SSH_CONNECTION"), variable("TMUX")) {
        (Some(_), _) => ", over SSH (sound plays on that machine, not on yours)",
        (_, Some(_)) => ", in tmux",
        _ => "",
    };
    let what = format!("{columns}x{rows}, TERM={kind}{over}");
    if kind == "dumb" {
        return Check::note(
            what,
            "this terminal cannot move its cursor, so croon tells everything in lines; for the screen set TERM to what it really is",
        );
    }
    if kind.is_empty() {
        return Check::bad(
            what,
            "this terminal cannot move its cursor; set TERM to what it really is, such as xterm-256color",
        );
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| variable(name))
        .unwrap_or_default();
    let utf8 = locale.to_lowercase().replace('-', "").contains("utf8");
    let check = if !utf8 && !context.config.screen.ascii {
        Check::note(
            format!(
                "{what}, and the locale ({}) is not UTF-8",
                if locale.is_empty() { "none" } else { &locale }
            ),
            "set LANG=C.UTF-8 if the terminal shows it, or use croon --ascii",
        )
    } else if columns < 40 || rows < 10 {
        Check::note(
            what,
            "croon shows less below 80x24, and only the essentials below 40x10",
        )
    } else {
        Check::good(what)
    };
    check.fact(match (context.color, variable("NO_COLOR")) {
        (true, _) => "colours: on".to_owned(),
        (false, Some(_)) => "colours: off, because NO_COLOR is set".to_owned(),
        (false, None) => "colours: off".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;
    use crate::commands::Options;
    use crate::paths::Paths;

    fn state(pairs: &'static [(&str, &str)], size: (u16, u16)) -> State {
        let paths = Paths::resolve(|_| None, Some("/nowhere".into())).unwrap();
        let context = Context::new(&Options::default(), paths, false).unwrap();
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        judge(true, Some(size), find, &context).state
    }

    #[test]
    fn what_is_odd_is_named() {
        assert_eq!(
            state(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")], (80, 24)),
            State::Good
        );
        assert_eq!(
            state(&[("TERM", "xterm"), ("LANG", "C.utf8")], (20, 3)),
            State::Note
        );
        assert_eq!(
            state(
                &[("TERM", "xterm"), ("LANG", "C.utf8"), ("LC_ALL", "C")],
                (80, 24)
            ),
            State::Note
        );
        assert_eq!(
            state(&[("TERM", "dumb"), ("LANG", "C.utf8")], (80, 24)),
            State::Note
        );
        assert_eq!(state(&[("LANG", "C.utf8")], (80, 24)), State::Bad);
    }
}
