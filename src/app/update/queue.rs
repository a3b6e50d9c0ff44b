//! What the hand does with the queue: add, move, take out and back, mix, name who sings, lists as
//! files, and what was sung before.

use std::path::PathBuf;

use crate::action::{Action, Screen};
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::{Overlay, Prompt, PromptKind};
use crate::app::state::cursor::Cursor;
use crate::app::state::queue::entry::{self, QueueEntry, name, tidy_name};
use crate::app::state::song_key::SongKey;
use crate::app::update::next_up;
use crate::app::update::session::look_for_missing;
use crate::m3u::ListItem;
use crate::request::Repeat;
use crate::text::printable;

pub(crate) fn entry(app: &App, key: SongKey) -> Option<QueueEntry> {
    let track = &app.tracks.get(key)?.track;
    Some(QueueEntry {
        id: 0,
        path: track.path.clone(),
        key: Some(key),
        broken: false,
        name: name(track.artist(), &track.title()),
        seconds: track.duration,
        singer: None,
    })
}

/// Adds a song of the library; where it stands now.
pub(super) fn add(app: &mut App, key: SongKey, first: bool) -> usize {
    // asked for by hand: it may have been mended
    if let Some(entry) = app.tracks.get_mut(key) {
        entry.unplayable = false;
    }
    next_up::refresh(app);
    entry(app, key).map_or(0, |entry| app.queue.add(entry, first))
}

/// `a` and `A`.
pub(super) fn enqueue(app: &mut App, first: bool) {
    let Some(key) = app.selected() else { return };
    let at = add(app, key, first);
    let title = app.title(key);
    app.toast(if first && at == 0 {
        format!("{title} is next")
    } else {
        format!("{title} is number {} of the queue", at + 1)
    });
    if app.view.screen == Screen::Library {
        app.tracks.cursor.step(1, app.tracks.shown().len());
    }
}

fn undo_key(app: &App) -> String {
    let key = app.keymap.key_name(Screen::Queue, Action::Undo);
    key.map(|key| format!("; {key} takes it back"))
        .unwrap_or_default()
}

pub(super) fn remove(app: &mut App) {
    if app.history.shown {
        return app.toast("what was sung was sung: only what comes can be taken out");
    }
    if let Some(entry) = app.queue.remove() {
        let words = format!("{} is out of the queue{}", entry.name, undo_key(app));
        app.toast(words);
    }
}

pub(super) fn clear(app: &mut App) {
    let songs = app.queue.clear();
    if songs > 0 {
        let plural = if songs == 1 { "song is" } else { "songs are" };
        app.toast(format!("{songs} {plural} out of the queue{}", undo_key(app)));
    }
}

pub(super) fn undo(app: &mut App) {
    match app.queue.undo() {
        Some(words) => {
            next_up::refresh(app);
            app.toast(words);
        }
        None => app.toast("nothing to take back"),
    }
}

pub(super) fn shuffle(app: &mut App) {
    let shuffled = app.queue.shuffle();
    app.toast(shuffle_text(shuffled));
}

pub(super) fn shuffle_text(shuffled: bool) -> &'static str {
    if shuffled {
        "shuffled, and so is what follows the queue"
    } else {
        "in order again"
    }
}

pub(super) fn repeat(app: &mut App) {
    let repeat = app.queue.next_repeat();
    app.toast(repeat_text(repeat));
}

pub(super) fn repeat_text(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Off => "nothing is repeated",
        Repeat::One => "this song again and again",
        Repeat::All => "all again: a song sung goes to the end of the queue",
    }
}

/// `J` and `K` on the Queue screen.
pub(super) fn shift(app: &mut App, down: bool) {
    let at = app.queue.cursor.at;
    let end = if down { at + 1 >= app.queue.len() } else { at == 0 };
    if !app.history.shown && !app.queue.shift(down) && !end {
        app.toast("singers take turns: whoever sang longest ago comes first");
    }
}

/// `h`: what was sung, or what comes.
pub(super) fn show_sung(app: &mut App) {
    app.history.shown = !app.history.shown;
    app.history.cursor = Cursor::default();
}

// prompts

pub(super) fn ask_singer(app: &mut App) {
    if app.history.shown {
        return;
    }
    if let Some(entry) = app.queue.selected() {
        let text = entry.singer.clone().unwrap_or_default();
        app.overlay = Overlay::Prompt(Prompt::new(PromptKind::Singer, text, app.tracks.cursor));
    }
}

pub(super) fn ask_list(app: &mut App, ask: PromptKind) {
    if ask == PromptKind::SaveList && app.queue.is_empty() {
        return app.toast("the queue is empty: there is nothing to write");
    }
    let text = app.session.list_name.clone();
    app.overlay = Overlay::Prompt(Prompt::new(ask, text, app.tracks.cursor));
}

/// Up and Down in the prompt for a singer: the names that are known.
pub(super) fn other_singer(app: &App, text: &str, forwards: bool) -> Option<String> {
    let mut names: Vec<String> = app.queue.singers().into_iter().map(str::to_owned).collect();
    for sung in app.history.songs.iter().filter_map(|sung| sung.singer.as_ref()) {
        if !names.contains(sung) {
            names.push(sung.clone());
        }
    }
    let at = names.iter().position(|name| name == text);
    let len = names.len();
    let other = match (at, forwards) {
        (None, true) => 0,
        (None, false) => len.checked_sub(1)?,
        (Some(at), true) => (at + 1) % len,
        (Some(at), false) => (at + len - 1) % len,
    };
    names.get(other).cloned()
}

/// Enter in a prompt of this screen.
pub(super) fn prompt_entered(app: &mut App, ask: PromptKind, text: &str, effects: &mut Vec<Effect>) {
    match ask {
        PromptKind::Singer => {
            let singer = tidy_name(text);
            if app.queue.set_singer(text) && !singer.is_empty() {
                let at = app.queue.cursor.at + 1;
                app.toast(format!("{singer} sings, as number {at}"));
            }
        }
        PromptKind::SaveList | PromptKind::LoadList if text.trim().is_empty() => {}
        PromptKind::SaveList => {
            let path = list_path(text);
            app.session.list_name = text.trim().to_owned();
            effects.push(Effect::WriteList {
                path,
                items: app.queue.entries().iter().map(entry::item).collect(),
                over: false,
            });
        }
        PromptKind::LoadList => {
            app.session.list_name = text.trim().to_owned();
            effects.push(Effect::ReadList {
                path: list_path(text),
                instead: false,
            });
        }
        PromptKind::Find | PromptKind::Filter => {}
    }
}

/// What was typed as a file's name: a list has its ending.
fn list_path(text: &str) -> PathBuf {
    let path = PathBuf::from(text.trim());
    if crate::m3u::is_list(&path) {
        path
    } else {
        let mut name = path.into_os_string();
        name.push(".m3u8");
        name.into()
    }
}

/// The file is there already, and nobody said that it may be written over.
pub(super) fn list_exists(app: &mut App, path: PathBuf) {
    let shown = printable(&path.to_string_lossy());
    app.overlay = Overlay::Confirm {
        question: format!("{shown} is there already. Write the queue over it?"),
        yes: Box::new(Effect::WriteList {
            path,
            items: app.queue.entries().iter().map(entry::item).collect(),
            over: true,
        }),
    };
}

/// A list was read; `instead` of what is queued, or after it.
pub(super) fn list_read(
    app: &mut App,
    items: Vec<ListItem>,
    left_out: usize,
    instead: bool,
    effects: &mut Vec<Effect>,
) {
    let songs = items.len();
    let entries = items.into_iter().map(entry::queued).collect();
    if instead {
        app.queue.replace(entries);
        // never from under the hand of somebody who is typing
        if matches!(app.overlay, Overlay::None) {
            app.view.screen = Screen::Queue;
            app.history.shown = false;
        }
    } else {
        app.queue.append(entries);
    }
    let mut words = format!(
        "{songs} {} in the queue from the list",
        if songs == 1 { "song is" } else { "songs are" }
    );
    if left_out > 0 {
        words += &format!("; {left_out} addresses that are no files were left out");
    }
    if instead || songs > 0 {
        words += &undo_key(app);
    }
    app.toast(words);
    look_for_missing(app, effects);
}
