//! The whole state of the player: its parts, and the helpers that every rule uses.

use std::path::PathBuf;

use tui_input::Input;

use crate::action::Screen;
use crate::app::message::Effect;
use crate::app::overlay::{Overlay, Prompt, PromptKind};
use crate::app::state::cursor::Cursor;
use crate::app::state::deck::Deck;
use crate::app::state::editor::{self, Editor};
use crate::app::state::fader::Fader;
use crate::app::state::job_queue::JobQueue;
use crate::app::state::lyrics_moment;
use crate::app::state::machines::{CacheStats, EngineInfo, Output};
use crate::app::state::outputs::Outputs;
use crate::app::state::queue::Queue;
use crate::app::state::session::{OutputSettings, ResumePoint, SessionSettings, SungSong};
use crate::app::state::song_key::SongKey;
use crate::app::state::sort_order::Sort;
use crate::app::state::toasts::{Severity, Toasts};
use crate::app::state::tracks::Tracks;
use crate::keymap::{Key, Keymap};
use crate::song_settings;

/// A prompt that leaves the screen as it is.
pub(super) fn open_prompt_with(app: &mut App, ask: PromptKind, text: String) {
    app.overlay = Overlay::Prompt(Prompt {
        kind: ask,
        input: Input::new(text.clone()),
        previous_cursor: app.tracks.cursor,
        previous_text: text,
    });
}

/// The line looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LyricsBrowsing {
    pub(crate) line: usize,
    /// Of the song it belongs to.
    pub(crate) play_id: u64,
    pub(crate) until_ms: u64,
}

pub(super) fn toast_no_lyrics(app: &mut App) {
    app.toast("this song has no lyrics croon knows of; `croon lyrics show SONG` says where it looks");
}

/// What the configuration decides for the mind.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Separate every song unasked.
    pub auto_separate: bool,
    /// Separate songs again, unasked, whose vocals are of a model not as good as the one in use.
    pub redo: bool,
    pub seek_seconds: f64,
    pub seek_far_seconds: f64,
    /// Over which one song goes into the next; 0: the next begins where the last ended.
    pub crossfade_seconds: f64,
    /// Vocal level and volume of last time.
    pub saved: SessionSettings,
    /// Output and delays of last time.
    pub outputs: OutputSettings,
    /// The output the configuration names.
    pub device: Option<String>,
    /// A song whose output went away goes on by itself on the next one.
    pub resume_after_unplug: bool,
    /// The music folders, for the welcome screen.
    pub folders: Vec<PathBuf>,
    /// Where the user's configuration lies or would lie, for the welcome screen.
    pub config_file: PathBuf,
    /// What moves only to please is left out.
    pub reduce_motion: bool,
    /// Where lyrics go that are made here.
    pub lyrics_folder: PathBuf,
    /// Decides how songs are shuffled.
    pub seed: u64,
    /// Seconds since the Unix epoch at the zero of `Event::Tick`'s clock.
    pub began_unix: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_separate: true,
            redo: true,
            seek_seconds: 5.0,
            seek_far_seconds: 30.0,
            crossfade_seconds: 0.0,
            saved: SessionSettings {
                level: 20,
                volume: 100,
                sort: Sort::default(),
                readings: false,
            },
            outputs: OutputSettings::default(),
            device: None,
            resume_after_unplug: true,
            folders: Vec::new(),
            config_file: PathBuf::new(),
            reduce_motion: false,
            lyrics_folder: PathBuf::new(),
            seed: 1,
            began_unix: 0,
        }
    }
}

/// What computes the separation, as far as we know.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum EngineState {
    /// Not needed yet.
    #[default]
    Asleep,
    Up(EngineInfo),
    Down(String),
}

/// The look through the folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanProgress {
    pub running: bool,
    pub files: usize,
}

/// Rows of a screen that are not list: tabs, heading, two lines of status, hints.
pub const CHROME_ROWS: u16 = 6;

/// How often the position is asked for while a song plays.
const POSITION_MS: u64 = 100;

/// The volume and what is remembered of a song are saved when the hand has rested for so long.
pub(crate) const AUTOSAVE_DELAY_MS: u64 = 1_000;

/// The whole state.
#[derive(Debug)]
pub struct App {
    pub settings: Settings,
    pub keymap: Keymap,
    pub screen: Screen,
    /// Where `w` and Esc lead back to.
    pub(crate) before: Screen,
    pub overlay: Overlay,
    /// Keys of a run that is not finished.
    pub pending: Vec<Key>,
    pub tracks: Tracks,
    pub queue: Queue,
    /// What was sung, the newest first.
    pub history: Vec<SungSong>,
    /// The Queue screen shows it instead of what comes.
    pub shows_sung: bool,
    pub sung_cursor: Cursor,
    /// Where the last evening ended, until something plays.
    pub resume: Option<ResumePoint>,
    /// The list named last, for the next prompt.
    pub(crate) list_name: String,
    pub(crate) queue_saved: u64,
    pub(crate) now_saved: Option<ResumePoint>,
    pub(crate) playing_saved: bool,
    pub deck: Deck,
    /// Words being timed; the Editor screen shows them.
    pub editor: Option<Editor>,
    pub fader: Fader,
    /// The singer alone is what is heard now.
    pub solo_heard: bool,
    /// Level of songs that have none of their own, percent: the last one set by hand.
    pub(crate) level: u8,
    /// Master volume, percent.
    pub volume: u8,
    pub muted: bool,
    /// Lines in other scripts have their readings under them.
    pub readings: bool,
    pub jobs: JobQueue,
    pub engine: EngineState,
    pub output: Option<Output>,
    pub outputs: Outputs,
    pub cache: Option<CacheStats>,
    /// Songs had to leave the full cache: from now on only what is asked for is separated.
    pub(crate) pushed_out: bool,
    /// The songs of the queue as the jobs were last ordered after them.
    pub(crate) queued: Vec<SongKey>,
    /// An engine was asked for ahead of need.
    pub(crate) warming: bool,
    /// That the engine is slower than the music has been said.
    pub(crate) told_slow: bool,
    pub scan: ScanProgress,
    pub toasts: Toasts,
    /// What `n` and `N` look for.
    pub find: String,
    pub help_scroll: usize,
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) now_ms: u64,
    pub(crate) memory_changed: Option<u64>,
    /// What the last frame shows of the lyrics.
    pub(crate) lyrics_shown: Option<lyrics_moment::LyricsFrame>,
    pub(crate) looking: Option<LyricsBrowsing>,
    pub(crate) state_changed: Option<u64>,
    pub(crate) dirty: bool,
}

impl App {
    pub fn new(settings: Settings, keymap: Keymap) -> Self {
        let SessionSettings {
            level,
            volume,
            sort,
            readings,
        } = settings.saved;
        let queue = Queue::new(settings.seed);
        Self {
            queue_saved: queue.changes(),
            outputs: Outputs::new(settings.outputs.clone()),
            settings,
            keymap,
            screen: Screen::Library,
            before: Screen::Library,
            overlay: Overlay::None,
            pending: Vec::new(),
            tracks: Tracks::sorted(sort),
            queue,
            history: Vec::new(),
            shows_sung: false,
            sung_cursor: Cursor::default(),
            resume: None,
            list_name: String::new(),
            now_saved: None,
            playing_saved: false,
            deck: Deck::default(),
            editor: None,
            fader: Fader::new(level),
            solo_heard: false,
            level: level.min(song_settings::LOUDEST_LEVEL),
            volume: volume.min(100),
            muted: false,
            readings,
            jobs: JobQueue::default(),
            engine: EngineState::Asleep,
            output: None,
            cache: None,
            pushed_out: false,
            queued: Vec::new(),
            warming: false,
            told_slow: false,
            scan: ScanProgress {
                running: true,
                files: 0,
            },
            toasts: Toasts::default(),
            find: String::new(),
            help_scroll: 0,
            columns: 80,
            rows: 24,
            now_ms: 0,
            memory_changed: None,
            lyrics_shown: None,
            looking: None,
            state_changed: None,
            dirty: true,
        }
    }

    /// What the machines have to know before the first event.
    pub fn initial_effects(&self) -> Vec<Effect> {
        vec![
            Effect::SetVolume(self.volume_gain()),
            Effect::SetLevel(self.fader.gain()),
            Effect::ReadCacheStats,
        ]
    }

    /// Something on the screen changed since [`App::frame_drawn`].
    pub fn needs_frame(&self) -> bool {
        self.dirty
    }

    pub fn frame_drawn(&mut self) {
        self.dirty = false;
    }

    /// When the next `Position` (while a song plays) and then `Tick` are wanted, on the clock of
    /// `Tick`; None while nothing moves: then wait for the next event, however long.
    pub fn next_wake(&self) -> Option<u64> {
        let wait = self.lyrics_wake().unwrap_or(POSITION_MS).min(POSITION_MS);
        let playing = self.deck.is_moving().then_some(self.now_ms + wait);
        let saves = [self.memory_changed, self.state_changed]
            .into_iter()
            .flatten()
            .map(|at| at + AUTOSAVE_DELAY_MS)
            .min();
        [
            playing,
            saves,
            self.editor_wake(),
            self.toasts.next_change(),
            self.browsing_wake(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When the editor needs the next `Tick`.
    fn editor_wake(&self) -> Option<u64> {
        let moves = self.screen == Screen::Editor && self.deck.is_moving();
        let frame = moves.then_some(self.now_ms + editor::FRAME_MS);
        let draft = self.editor.as_ref().and_then(|editor| editor.draft_due);
        [frame, draft].into_iter().flatten().min()
    }

    /// Volume as the mixer wants it.
    pub(crate) fn volume_gain(&self) -> f32 {
        if self.muted {
            0.0
        } else {
            f32::from(self.volume) / 100.0
        }
    }

    /// The clock of `Event::Tick`.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Seconds since the Unix epoch, as far as the clock of `Event::Tick` tells.
    pub fn now_unix(&self) -> i64 {
        self.settings.began_unix + (self.now_ms / 1000) as i64
    }

    /// Lines a list shows, about.
    pub(crate) fn list_rows(&self) -> usize {
        usize::from(self.rows.saturating_sub(CHROME_ROWS)).max(1)
    }

    pub(crate) fn toast(&mut self, text: impl Into<String>) {
        self.toasts.show(self.now_ms, Severity::Info, text);
    }

    pub(crate) fn toast_problem(&mut self, text: impl Into<String>) {
        self.toasts.show(self.now_ms, Severity::Problem, text);
    }

    /// A message that also stays on the Jobs screen, where all of it can be read.
    pub(crate) fn add_notice(&mut self, text: String) {
        self.toast_problem(text.clone());
        self.jobs.add_notice(text);
    }

    pub(crate) fn show_screen(&mut self, screen: Screen, effects: &mut Vec<Effect>) {
        if screen == self.screen {
            return;
        }
        self.before = self.screen;
        self.screen = screen;
        self.pending.clear();
        if screen == Screen::Jobs {
            effects.push(Effect::ReadCacheStats);
        }
    }

    /// The title of a song, also of one that is no more.
    pub fn title(&self, key: SongKey) -> String {
        self.tracks
            .get(key)
            .map_or_else(|| "(gone)".into(), |entry| entry.track.title())
    }

    /// The song of the selected line, whatever the list.
    pub fn selected(&self) -> Option<SongKey> {
        match self.screen {
            Screen::Library => self.tracks.selected(),
            Screen::Queue if self.shows_sung => {
                let sung = self.history.get(self.sung_cursor.at)?;
                self.tracks.key(&sung.path)
            }
            Screen::Queue => self.queue.selected()?.key,
            Screen::Jobs => self.jobs.selected().and_then(|line| self.jobs.song(line)),
            Screen::Sing | Screen::Editor => None,
        }
    }
}
