//! The whole state of the player: its parts, and the helpers that every rule uses.

use crate::action::Screen;
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::state::autosave::Autosave;
use crate::app::state::deck::Deck;
use crate::app::state::editor::{self, Editor};
use crate::app::state::job_queue::JobQueue;
use crate::app::state::levels::Levels;
use crate::app::state::lyrics_view::LyricsView;
use crate::app::state::outputs::Outputs;
use crate::app::state::queue::Queue;
use crate::app::state::scan_progress::ScanProgress;
use crate::app::state::separation::Separation;
use crate::app::state::session::{SessionSettings, SessionState};
use crate::app::state::settings::Settings;
use crate::app::state::song_key::SongKey;
use crate::app::state::sung_list::SungList;
use crate::app::state::toasts::{Severity, Toasts};
use crate::app::state::tracks::Tracks;
use crate::app::state::view::View;
use crate::keymap::Keymap;

/// Rows of a screen besides its list: tabs, heading, two status lines, hints.
pub const CHROME_ROWS: u16 = 6;

/// Interval of position reports while a song plays.
const POSITION_MS: u64 = 100;

/// Changed settings are written when nothing has changed for this long.
pub(crate) const AUTOSAVE_DELAY_MS: u64 = 1_000;

/// The whole state of the player.
#[derive(Debug)]
pub struct App {
    pub settings: Settings,
    pub keymap: Keymap,
    pub view: View,
    pub overlay: Overlay,
    pub tracks: Tracks,
    pub queue: Queue,
    pub history: SungList,
    pub session: SessionState,
    pub deck: Deck,
    /// The lyrics that are being timed; the Editor screen shows them.
    pub editor: Option<Editor>,
    pub lyrics_view: LyricsView,
    pub levels: Levels,
    pub jobs: JobQueue,
    pub separation: Separation,
    pub outputs: Outputs,
    pub scan: ScanProgress,
    pub toasts: Toasts,
    pub(crate) autosave: Autosave,
    /// The time of the last `Event::Tick`.
    pub(crate) now_ms: u64,
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
            session: SessionState::new(queue.changes()),
            outputs: Outputs::new(settings.outputs.clone()),
            settings,
            keymap,
            view: View::default(),
            overlay: Overlay::None,
            tracks: Tracks::sorted(sort),
            queue,
            history: SungList::default(),
            deck: Deck::default(),
            editor: None,
            lyrics_view: LyricsView {
                shows_romanization: readings,
                ..LyricsView::default()
            },
            levels: Levels::new(level, volume),
            jobs: JobQueue::default(),
            separation: Separation::default(),
            scan: ScanProgress {
                running: true,
                files: 0,
            },
            toasts: Toasts::default(),
            autosave: Autosave::default(),
            now_ms: 0,
        }
    }

    /// Effects that configure the services before the first event.
    pub fn initial_effects(&self) -> Vec<Effect> {
        vec![
            Effect::SetVolume(self.levels.volume_gain()),
            Effect::SetLevel(self.levels.fader.gain()),
            Effect::ReadCacheStats,
        ]
    }

    /// Returns `true` if something on the screen changed since [`App::frame_drawn`].
    pub fn needs_frame(&self) -> bool {
        self.view.dirty
    }

    pub fn frame_drawn(&mut self) {
        self.view.dirty = false;
    }

    /// When the next `Position` (while a song plays) and then `Tick` are needed, on the clock of
    /// `Tick`. `None` while nothing moves: then wait for the next event.
    pub fn next_wake(&self) -> Option<u64> {
        let wait = self.lyrics_wake().unwrap_or(POSITION_MS).min(POSITION_MS);
        let playing = self.deck.is_moving().then_some(self.now_ms + wait);
        let saves = [self.autosave.song_changed_ms, self.autosave.settings_changed_ms]
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
        let moves = self.view.screen == Screen::Editor && self.deck.is_moving();
        let frame = moves.then_some(self.now_ms + editor::FRAME_MS);
        let draft = self.editor.as_ref().and_then(|editor| editor.draft_due);
        [frame, draft].into_iter().flatten().min()
    }

    /// The time of the last `Event::Tick`, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Seconds since the Unix epoch at the last `Event::Tick`.
    pub fn now_unix(&self) -> i64 {
        self.settings.began_unix + (self.now_ms / 1000) as i64
    }

    /// About how many lines a list shows.
    pub(crate) fn list_rows(&self) -> usize {
        usize::from(self.view.rows.saturating_sub(CHROME_ROWS)).max(1)
    }

    /// Says that the song has no lyrics, and how to find out why.
    pub(crate) fn toast_no_lyrics(&mut self) {
        self.toast("this song has no lyrics croon knows of; `croon lyrics show SONG` says where it looks");
    }

    pub(crate) fn toast(&mut self, text: impl Into<String>) {
        self.toasts.show(self.now_ms, Severity::Info, text);
    }

    pub(crate) fn toast_problem(&mut self, text: impl Into<String>) {
        self.toasts.show(self.now_ms, Severity::Problem, text);
    }

    /// Shows a problem that also stays on the Jobs screen, where it can be read in full.
    pub(crate) fn add_notice(&mut self, text: String) {
        self.toast_problem(text.clone());
        self.jobs.add_notice(text);
    }

    pub(crate) fn show_screen(&mut self, screen: Screen, effects: &mut Vec<Effect>) {
        if screen == self.view.screen {
            return;
        }
        self.view.previous_screen = self.view.screen;
        self.view.screen = screen;
        self.view.pending_keys.clear();
        if screen == Screen::Jobs {
            effects.push(Effect::ReadCacheStats);
        }
    }

    /// The title of a song, or `(gone)` if it left the library.
    pub fn title(&self, key: SongKey) -> String {
        self.tracks
            .get(key)
            .map_or_else(|| "(gone)".into(), |entry| entry.track.title())
    }

    /// The song of the selected line of the current screen.
    pub fn selected(&self) -> Option<SongKey> {
        match self.view.screen {
            Screen::Library => self.tracks.selected(),
            Screen::Queue if self.history.shown => {
                let sung = self.history.songs.get(self.history.cursor.at)?;
                self.tracks.key(&sung.path)
            }
            Screen::Queue => self.queue.selected()?.key,
            Screen::Jobs => self.jobs.selected().and_then(|line| self.jobs.song(line)),
            Screen::Sing | Screen::Editor => None,
        }
    }
}
