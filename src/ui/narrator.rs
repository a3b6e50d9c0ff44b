//! The screen in words, for those who listen to it and for terminals that cannot move their cursor: a
//! line for each thing that happened, the newest last. It looks at the same state as the drawn screens.

use crate::action::{Action, Screen};
use crate::app::state::deck::Stage;
use crate::app::state::job_queue::JobLine;
use crate::app::state::song_key::SongKey;
use crate::app::state::song_lyrics;
use crate::app::state::toasts::Severity;
use crate::app::{App, Overlay, PromptKind, queries};
use crate::output_state::OutputState;
use crate::track::StemState;
use crate::ui::help::lines as help_lines;
use crate::ui::{editor, position, text};

/// A place further on or back than this since the last look is a jump.
const JUMP_SECONDS: f64 = 2.5;

/// What was told already.
#[derive(Debug, Default)]
pub struct Narrator {
    begun: bool,
    screen: Option<Screen>,
    overlay: String,
    selected: Option<String>,
    songs: usize,
    song: Option<NarratedSong>,
    job: Option<SongKey>,
    done: usize,
    failed: usize,
    output: Option<OutputState>,
    toast: Option<String>,
    volume: Option<String>,
    singer: Option<String>,
}

/// What was told of the song.
#[derive(Debug)]
struct NarratedSong {
    play_id: u64,
    playing: bool,
    over: bool,
    seconds: f64,
    line: Option<usize>,
    moved: String,
    lyrics: Option<String>,
}

impl Narrator {
    /// What happened since the last look, in lines.
    pub fn tell(&mut self, app: &App) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.begun {
            self.begun = true;
            let help = key(app, Action::Help).map(|key| format!("; {key} tells the keys"));
            lines.push(format!("croon{}", help.unwrap_or_default()));
        }
        self.song(app, &mut lines);
        self.levels(app, &mut lines);
        self.jobs(app, &mut lines);
        if app.outputs.current != self.output {
            self.output.clone_from(&app.outputs.current);
            lines.extend(app.outputs.current.as_ref().map(output));
        }
        let toast = app.toasts.shown();
        let words = toast.map(|toast| match toast.severity {
            Severity::Info => toast.text.clone(),
            Severity::Problem => format!("problem: {}", toast.text),
        });
        if words != self.toast {
            // the singer's line says as much
            lines.extend(words.clone());
            self.toast = words;
        }
        self.place(app, &mut lines);
        lines.iter().map(|line| crate::text::printable(line)).collect()
    }

    /// The screen, what lies over it, and the selected line.
    fn place(&mut self, app: &App, lines: &mut Vec<String>) {
        let came = self.screen != Some(app.view.screen);
        let songs = app.tracks.shown().len();
        if came || (app.view.screen == Screen::Library && songs != self.songs && !app.scan.running) {
            self.screen = Some(app.view.screen);
            self.songs = songs;
            lines.push(screen(app));
        }
        let overlay = overlay(app);
        let words = overlay.join("\n");
        if words != self.overlay {
            lines.extend(overlay);
            self.overlay = words;
        }
        let selected = selected(app);
        if selected.is_some() && (came || selected != self.selected) {
            lines.extend(selected.clone());
        }
        self.selected = selected;
    }

    fn song(&mut self, app: &App, lines: &mut Vec<String>) {
        let Some(song) = &app.deck.song else {
            self.song = None;
            return;
        };
        let known = self.song.take().filter(|told| told.play_id == song.play_id);
        let mut told = known.unwrap_or_else(|| {
            let length = app
                .deck
                .duration()
                .map(|seconds| format!(", {}", text::time(seconds)));
            lines.push(format!(
                "song: {}{}{}",
                name(&song.title, &song.artist),
                length.unwrap_or_default(),
                song.singer
                    .as_ref()
                    .map(|name| format!(", sung by {name}"))
                    .unwrap_or_default()
            ));
            NarratedSong {
                play_id: song.play_id,
                playing: true,
                over: false,
                seconds: app.deck.seconds,
                line: None,
                moved: String::new(),
                lyrics: None,
            }
        });
        let over = song.stage == Stage::Over;
        if over != told.over {
            told.over = over;
            lines.extend(over.then(|| "the song is over".to_owned()));
        } else if app.deck.playing != told.playing && !over {
            let word = if app.deck.playing { "goes on" } else { "paused" };
            lines.push(format!("{word} at {}", text::time(app.deck.seconds)));
        } else if !(-0.5..JUMP_SECONDS).contains(&(app.deck.seconds - told.seconds)) {
            lines.push(format!("at {}", text::time(app.deck.seconds)));
        }
        (told.playing, told.seconds) = (app.deck.playing, app.deck.seconds);
        let (pitch, tempo) = (song.key_tempo.key(), song.key_tempo.tempo());
        let moved = if song.key_tempo.is_recording() {
            String::new()
        } else {
            format!("key {}, tempo {tempo} %", text::signed(pitch))
        };
        if moved != told.moved {
            let as_recorded = "key and tempo as recorded".to_owned();
            lines.push(if moved.is_empty() {
                as_recorded
            } else {
                moved.clone()
            });
            told.moved = moved;
        }
        lyrics(app, &mut told, lines);
        self.song = Some(told);
    }

    fn levels(&mut self, app: &App, lines: &mut Vec<String>) {
        let singer = match app.levels.fader.solo() {
            true => "the singer alone".to_owned(),
            false => format!("vocals {} %", app.levels.fader.level()),
        };
        tell_change(&mut self.singer, singer, lines);
        let volume = match app.levels.muted {
            true => "muted".to_owned(),
            false => format!("volume {} %", app.levels.volume),
        };
        tell_change(&mut self.volume, volume, lines);
    }

    /// Each song that is done; that one began only of the song being sung.
    fn jobs(&mut self, app: &App, lines: &mut Vec<String>) {
        let job = app.jobs.running.as_ref().map(|running| running.key);
        let before = std::mem::replace(&mut self.job, job);
        if job != before {
            let done = before.filter(|_| app.jobs.done > self.done);
            lines.extend(done.map(|key| format!("separated: {}", app.title(key))));
            let sung = job.filter(|key| app.deck.plays(*key));
            lines.extend(sung.map(|key| format!("separating: {}", app.title(key))));
        }
        self.done = app.jobs.done;
        for failed in app.jobs.failed.iter().skip(self.failed) {
            let title = app.title(failed.key);
            lines.push(format!("not separated: {title}: {}", failed.reason));
        }
        self.failed = app.jobs.failed.len();
    }
}

/// The line to sing, as soon as the one before is over; only where one sings.
fn lyrics(app: &App, told: &mut NarratedSong, lines: &mut Vec<String>) {
    let (Screen::Sing, Some(song)) = (app.view.screen, &app.deck.song) else {
        return;
    };
    let source = song
        .lyrics
        .shown()
        .map(|lyrics| format!("lyrics: {}, {}", lyrics.source.name(), lyrics.timing.name()));
    if source != told.lyrics {
        lines.extend(source.clone());
        told.lyrics = source;
        told.line = None;
    }
    let (Some(lyrics), Some(moment)) = (song.lyrics.shown(), app.lyrics_moment()) else {
        return;
    };
    let at = app.browsed_line().unwrap_or(moment.line);
    let Some(line) = lyrics.lines.get(at).filter(|_| told.line != Some(at)) else {
        return;
    };
    told.line = Some(at);
    let wait = moment.countdown.filter(|_| at == moment.line);
    let wait = wait.map(|seconds| format!("in {:.0} s: ", seconds.ceil()));
    let looked = (at != moment.line).then_some("looking at: ");
    lines.push(format!(
        "{}{}{}",
        wait.unwrap_or_default(),
        looked.unwrap_or_default(),
        line.text
    ));
    let shown = app.lyrics_view.shows_romanization;
    if let Some(pieces) = song.lyrics.romanization(at).filter(|_| shown) {
        let said: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        lines.push(said.join(" "));
    }
}

/// Tells a word when it changed, but for the first time.
fn tell_change(told: &mut Option<String>, now: String, lines: &mut Vec<String>) {
    if told.as_ref().is_some_and(|told| *told != now) {
        lines.push(now.clone());
    }
    *told = Some(now);
}

fn key(app: &App, action: Action) -> Option<String> {
    app.keymap.key_name(app.view.screen, action)
}

fn name(title: &str, artist: &str) -> String {
    match artist {
        "" => title.to_owned(),
        artist => format!("{title} - {artist}"),
    }
}

fn output(output: &OutputState) -> String {
    match output {
        OutputState::Device { name, .. } => format!("sound: {name}"),
        OutputState::Lost { name, reason } => format!("{name} went away: {reason}"),
        OutputState::Silent { reason } => format!("no sound, trying again: {reason}"),
    }
}

fn screen(app: &App) -> String {
    match app.view.screen {
        Screen::Library if app.tracks.is_filtered() => {
            format!(
                "Library: {} match {}",
                text::songs(app.tracks.shown().len()),
                app.tracks.filter
            )
        }
        Screen::Library => format!("Library: {}", text::songs(app.tracks.shown().len())),
        Screen::Queue if app.history.shown => {
            format!("Queue: sung, {}", text::songs(app.history.songs.len()))
        }
        Screen::Queue => format!("Queue: {}", text::songs(app.queue.len())),
        Screen::Jobs => format!("Jobs: {} waiting", text::count(app.jobs.waiting().len())),
        Screen::Sing if app.deck.song.is_none() => "Sing: nothing plays".into(),
        Screen::Sing => "Sing".into(),
        Screen::Editor => "Editor of times".into(),
    }
}

/// The selected line of a list: `2 of 5: Title - Artist, 3:20, ready`.
fn selected(app: &App) -> Option<String> {
    let (at, of, words) = match app.view.screen {
        Screen::Sing => return None,
        Screen::Editor => {
            let editor = app.editor.as_ref()?;
            (editor.row(), editor.sheet.rows.len(), editor::told(editor)?)
        }
        Screen::Queue if app.history.shown => {
            let (at, songs) = (app.history.cursor.at, &app.history.songs);
            (at, songs.len(), songs.get(at)?.name.clone())
        }
        Screen::Queue => {
            let entry = app.queue.selected()?;
            let singer = entry.singer.as_ref().map(|name| format!(", {name}"));
            let words = entry.name.clone() + &singer.unwrap_or_default();
            (app.queue.cursor.at, app.queue.len(), words)
        }
        Screen::Library => {
            let words = song(app, app.tracks.selected()?);
            (app.tracks.cursor.at, app.tracks.shown().len(), words)
        }
        Screen::Jobs => {
            let line = app.jobs.selected()?;
            let title = app.jobs.song(line).map(|key| app.title(key)).unwrap_or_default();
            let words = match line {
                JobLine::Running => format!("running: {title}"),
                JobLine::Waiting(_) => format!("waiting: {title}"),
                JobLine::Failed(at) => {
                    let reason = app.jobs.failed.get(at).map(|failed| failed.reason.as_str());
                    format!("failed: {title}: {}", reason.unwrap_or_default())
                }
                JobLine::Notice(at) => app.jobs.notices.get(at).cloned().unwrap_or_default(),
            };
            (app.jobs.cursor.at, app.jobs.len(), words)
        }
    };
    Some(format!("{} of {}: {words}", text::count(at + 1), text::count(of)))
}

fn song(app: &App, key: SongKey) -> String {
    let Some(entry) = app.tracks.get(key) else {
        return app.title(key);
    };
    let mut words = name(&entry.track.title(), entry.track.artist());
    if let Some(seconds) = entry.track.duration {
        words += &format!(", {}", text::time(seconds));
    }
    words += match &entry.stems {
        StemState::Ready => ", ready",
        StemState::Queued => ", waits to be separated",
        StemState::Separating(_) => ", being separated",
        StemState::New => "",
        StemState::Failed(_) => ", not separated: failed",
    };
    if let Some(model) = &entry.older {
        words += &position::older_words(app, model);
    }
    words
}

/// What lies over the screen, in lines.
fn overlay(app: &App) -> Vec<String> {
    match &app.overlay {
        Overlay::None => Vec::new(),
        Overlay::Help => {
            let lines = help_lines(app).into_iter();
            let lines = lines.filter(|(keys, words)| !(keys.is_empty() && words.is_empty()));
            let mut said: Vec<String> = lines
                .map(|(keys, words)| {
                    if keys.is_empty() {
                        words
                    } else {
                        format!("{keys}: {words}")
                    }
                })
                .collect();
            said.push("any key closes".into());
            said
        }
        Overlay::FullText { heading, text: words } => vec![format!("{heading}: {words}")],
        Overlay::SaveLyrics(wish) => editor::saving_words(wish),
        Overlay::Confirm { question: words, .. } => vec![format!("{words} y: yes, any other key: no")],
        Overlay::Outputs => {
            let lines = app.outputs.lines();
            let name = lines
                .get(app.outputs.cursor.at)
                .and_then(|line| line.name.clone());
            let name = name.unwrap_or_else(|| "the system's default".into());
            vec![format!(
                "outputs: {name}; Up Down choose, Enter uses it, Esc closes"
            )]
        }
        Overlay::LyricsPicker(cursor) => {
            let words = match queries::lyrics_choices(app).get(cursor.at) {
                Some(song_lyrics::LyricsChoice::Offer(offer)) => {
                    format!("{}, {}", offer.pick.source.name(), offer.format)
                }
                Some(song_lyrics::LyricsChoice::Ask(_)) => "ask LRCLIB".into(),
                Some(song_lyrics::LyricsChoice::Auto) | None => "the best there is".into(),
            };
            vec![format!(
                "lyrics: {words}; Up Down choose, Enter uses them, Esc closes"
            )]
        }
        Overlay::Prompt(prompt) => {
            let word = match prompt.kind {
                PromptKind::Find => "find",
                PromptKind::Filter => "filter",
                PromptKind::Singer => "who sings",
                PromptKind::SaveList => "write the queue into",
                PromptKind::LoadList => "add the songs of",
            };
            vec![format!("{word}: {}", prompt.input.value())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_told_when_it_changes() {
        let (mut told, mut lines) = (None, Vec::new());
        for now in ["a", "a", "b"] {
            tell_change(&mut told, now.into(), &mut lines);
        }
        assert_eq!(lines, ["b"]);
    }
}
