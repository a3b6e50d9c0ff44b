//! From the sheet to a file: the path is shown and asked for, and no file of the user's is written over
//! without a yes.

use std::path::{Path, PathBuf};

use crate::action::Action;
use crate::app::app::App;
use crate::app::message::Effect;
use crate::app::overlay::{Overlay, SaveLyricsRequest};
use crate::app::queries;
use crate::app::update::find_lyrics;
use crate::keymap::{Code, Key};
use crate::lyrics::{own_name, write};
use crate::song_settings::Change;
use crate::text::printable;

/// `s`
pub(super) fn open(app: &mut App) {
    let Some(editor) = app.editor.as_ref() else { return };
    let (lines, all) = editor.sheet.timed();
    if lines == 0 {
        return app.toast("no line has a time yet, so there is nothing to save; the draft is kept anyway");
    }
    let song = app.deck.song.as_ref();
    let own = song.and_then(|song| {
        let name = own_name(song.id?, &song.artist, &song.title, "lrc");
        Some(app.settings.lyrics_folder.join(name))
    });
    app.overlay = Overlay::SaveLyrics(SaveLyricsRequest {
        own,
        beside: editor.path.with_extension("lrc"),
        lines,
        left_out: all - lines,
    });
}

/// Handles the key that answers: `y` saves into croon's own folder, `b` beside the song, any other
/// key saves nothing. Returns the action that the key means besides.
pub(in crate::app) fn handle_key(app: &mut App, key: Key, effects: &mut Vec<Effect>) -> Option<Action> {
    let Overlay::SaveLyrics(wish) = std::mem::take(&mut app.overlay) else {
        return None;
    };
    match (key.code, key.ctrl) {
        (Code::Char('y' | 'Y'), false) => match wish.own {
            Some(own) => write(app, own, None, true, effects),
            None => {
                app.toast("this song is not known well enough yet for croon's own folder; b writes beside it")
            }
        },
        (Code::Char('b' | 'B'), false) => write(app, wish.beside, wish.own, false, effects),
        (Code::Char('c'), true) => return Some(Action::Quit),
        _ => app.toast("nothing was written"),
    }
    None
}

/// Croon's own file of the song may be written over: it holds what was saved here before. Beside the
/// song, an `own` one that is there becomes the same, for it goes before all others.
fn write(app: &mut App, file: PathBuf, own: Option<PathBuf>, over: bool, effects: &mut Vec<Effect>) {
    let Some(editor) = app.editor.as_ref() else { return };
    let mut lyrics = editor.sheet.lyrics();
    queries::set_lyrics_tags(&mut lyrics, app);
    effects.push(Effect::WriteLyrics {
        song: editor.path.clone(),
        file,
        own,
        text: write::lrc(&lyrics, 0),
        over,
    });
}

/// Somebody's file is there already.
pub(in crate::app) fn exists(app: &mut App, refused: Effect) {
    if let Effect::WriteLyrics {
        song,
        file,
        own,
        text,
        ..
    } = refused
    {
        app.overlay = Overlay::Confirm {
            question: format!(
                "{} is there already. Write over it?",
                printable(&file.to_string_lossy())
            ),
            yes: Box::new(Effect::WriteLyrics {
                song,
                file,
                own,
                text,
                over: true,
            }),
        };
    }
}

/// The file is there: it is looked for again and shown, without any offset; the draft has done its
/// work where every line is in the file.
pub(in crate::app) fn written(app: &mut App, song: &Path, file: &Path, effects: &mut Vec<Effect>) {
    app.toast(format!("lyrics saved: {}", printable(&file.to_string_lossy())));
    let key = app.tracks.key(song);
    let Some(on_deck) = app.deck.song.as_ref().filter(|on_deck| Some(on_deck.key) == key) else {
        return;
    };
    if on_deck.memory.lyrics_offset_ms != 0 {
        app.remember(Change::LyricsOffset(0));
    }
    if let Some(editor) = app.editor.as_mut() {
        let (timed, all) = editor.sheet.timed();
        editor.changed = timed < all;
        if !editor.changed {
            editor.draft_due = None;
            effects.push(Effect::SaveDraft {
                song: song.to_owned(),
                draft: None,
            });
        }
    }
    // the best there are: these
    if app
        .deck
        .song
        .as_ref()
        .is_some_and(|song| song.memory.lyrics_from.is_some())
    {
        app.remember(Change::LyricsFrom(None));
    }
    effects.extend(find_lyrics::request(app, true));
}
