//! Asks the terminal whether it can draw text larger than a cell (kitty's text sizing protocol, OSC 66):
//! by where its cursor stands after such text, as the protocol wants it. Nothing is believed of names.

use std::io::{self, Write, stdin};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Where the cursor is; a blank two cells wide; where it is; a blank of double size; where it is. All of
/// it in the upper left, and wiped away.
const QUESTION: &str = "\x1b[H\x1b[6n\x1b]66;w=2; \x07\x1b[6n\x1b]66;s=2; \x07\x1b[6n\x1b[2J\x1b[H";
const ANSWERS: usize = 3;
/// Of bytes; more than that is no answer.
const MOST: usize = 4096;

/// True where the terminal says so within this time. Before anybody else reads keys: those typed
/// meanwhile are lost.
pub(super) fn sized_text(mut terminal: impl Write, patience: Duration) -> io::Result<bool> {
    terminal.write_all(QUESTION.as_bytes())?;
    terminal.flush()?;
    let end = Instant::now() + patience;
    let keys = stdin();
    let mut said = Vec::new();
    while places(&said).len() < ANSWERS && said.len() < MOST {
        let left = end.saturating_duration_since(Instant::now());
        let wait = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut readable = [PollFd::new(&keys, PollFlags::IN)];
        if left.is_zero() || poll(&mut readable, Some(&wait))? == 0 {
            break;
        }
        let mut bytes = [0; 256];
        match rustix::io::read(&keys, &mut bytes)? {
            0 => break,
            count => said.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(verdict(&places(&said)))
}

/// Every step moved the cursor by the two cells it is wide: a terminal that shows the code as letters
/// moves further, one that knows nothing of it stands still.
fn verdict(places: &[(u16, u16)]) -> bool {
    matches!(places, [(row, first), (second_row, second), (third_row, third), ..]
        if row == second_row && row == third_row && second.checked_sub(*first) == Some(2)
            && third.checked_sub(*second) == Some(2))
}

/// The places in cursor position reports, `ESC [ row ; column R`, among whatever else was typed.
fn places(said: &[u8]) -> Vec<(u16, u16)> {
    let text = String::from_utf8_lossy(said);
    let report = |part: &str| {
        let (place, _) = part.split_once('R')?;
        let (row, column) = place.split_once(';')?;
        Some((row.parse().ok()?, column.parse().ok()?))
    };
    text.split("\x1b[").skip(1).filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cursor_that_moves_by_two_and_two_means_yes() {
        let said = |text: &str| verdict(&places(text.as_bytes()));
        assert!(said("\x1b[1;1R\x1b[1;3R\x1b[1;5R"));
        assert!(said("j\x1b[1;1Rk\x1b[A\x1b[1;3R\x1b[1;5Rq"), "keys between");
        assert!(!said("\x1b[1;1R\x1b[1;1R\x1b[1;1R"), "swallowed");
        assert!(!said("\x1b[1;1R\x1b[1;3R\x1b[1;3R"), "widths without sizes");
        assert!(!said("\x1b[1;1R\x1b[1;9R\x1b[1;17R"), "shown as letters");
        assert!(!said("\x1b[1;1R\x1b[1;3R") && !said("") && !said("\x1b[99999999;x;R"));
    }
}
