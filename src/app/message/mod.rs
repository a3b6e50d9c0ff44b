//! The messages of the app: an [`Event`] is what happened, an [`Effect`] is what a service has to do.
//! Both are plain data; `run/` translates them from and to the services.

pub(crate) mod payload;
pub mod pointer;

pub use crate::app::message::payload::{LoadedSong, NextUp};
use crate::app::state::cache_stats::CacheStats;
pub use crate::app::state::tracks::FoundSong;
use crate::engine_info::EngineInfo;
use crate::output_state::OutputState;
pub use crate::waveform::{Peaks, WAVE_POINTS};

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::pointer::PointerEvent;
use crate::app::state::editor::draft::Draft;
use crate::app::state::session::{
    OutputSettings, ResumePoint, Session, SessionQueue, SessionSettings, SungSong,
};
use crate::app::state::song_lyrics::FoundLyrics;
use crate::key_tempo::KeyTempo;
use crate::keymap::Key;
use crate::lyrics::romanization::{Kind, Readings};
use crate::lyrics::{Lyrics, LyricsRequest};
use crate::m3u::ListItem;
use crate::request::Request;
use crate::song_settings::Change;
use crate::track::TrackId;
use crate::vocal_timing::Trace;

/// Something that happened: input, time, or a report of a service.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    // input
    Key(Key),
    /// The mouse was used on something that can be pointed at.
    Pointer(PointerEvent),
    /// Text was pasted into the terminal.
    Paste(String),
    /// The terminal has this size now, in cells. All of it is drawn again.
    Resize {
        columns: u16,
        rows: u16,
    },
    /// The program was resumed after a suspension, so everything is drawn again.
    Resumed,
    /// Time passed: milliseconds on a monotonic clock; see `App::next_wake`. Also sent before the first
    /// other event after a wait, so that toasts are timed from now.
    Tick {
        now_ms: u64,
    },
    /// A signal asks croon to quit.
    Quit,
    /// Somebody outside wants something; answered by one `Effect::Answer`.
    Request(Request),

    // the library
    /// Songs that are new or were read again after a change. The catalogue's songs come first, at the
    /// start.
    SongsFound(Vec<FoundSong>),
    SongsGone(Vec<PathBuf>),
    SongMoved {
        from: PathBuf,
        to: PathBuf,
    },
    /// The scan goes on and has read this many files.
    Scanning {
        files: usize,
    },
    ScanDone {
        files: usize,
    },
    /// A problem that concerns no single song, in one sentence that says what to do: an unreadable
    /// folder, a mistake in the configuration, a cache that can't be written.
    Notice(String),
    /// A message to show for a few seconds.
    Toast(String),

    // the queue
    /// The state saved by the last session; sent once, at the start.
    SessionRestored(Box<Session>),
    /// The answer to `Effect::ReadList`.
    ListRead {
        items: Vec<ListItem>,
        /// Number of lines that name no file.
        left_out: usize,
        instead: bool,
    },
    /// `Effect::WriteList` was not carried out because the file exists.
    ListExists {
        path: PathBuf,
    },
    /// A file of the queue is known by its real path from now on.
    QueuedAs {
        from: PathBuf,
        to: PathBuf,
    },
    /// The answer to `Effect::Sung`.
    Sung(SungSong),

    // separation
    EngineUp(EngineInfo),
    /// The engine has another model than expected. `ready`: the songs whose vocals are complete;
    /// `older`: the model of those that should be separated again.
    ModelChanged {
        ready: HashSet<TrackId>,
        older: HashMap<TrackId, String>,
    },
    /// No engine is available, so no job can run; comes before the `JobFailed` that it causes.
    EngineDown {
        reason: String,
    },
    JobStarted {
        path: PathBuf,
    },
    /// The audio packets have been read, so the track has its lasting id.
    Identified {
        path: PathBuf,
        id: TrackId,
    },
    /// Number of segments done out of `total`; `speed` as a multiple of real time, 0 while unknown.
    JobProgress {
        path: PathBuf,
        done: u32,
        total: u32,
        speed: f32,
    },
    SegmentStored {
        path: PathBuf,
        segment: u32,
        peaks: Option<Peaks>,
    },
    /// The stored vocals of this segment could not be read and were dropped.
    SegmentLost {
        path: PathBuf,
        segment: u32,
    },
    /// The engine was idle for long and was stopped.
    EngineAsleep,
    /// All of the song is in the cache; `already`: it was there before, so nothing was done.
    JobFinished {
        path: PathBuf,
        already: bool,
    },
    JobFailed {
        path: PathBuf,
        reason: String,
    },
    JobCancelled {
        path: PathBuf,
    },

    // playback
    /// The answer to `Effect::Load`.
    Loaded(Box<LoadedSong>),
    /// The song can't be opened.
    LoadFailed {
        path: PathBuf,
        reason: String,
    },
    /// The answer to `Effect::FindLyrics`.
    Lyrics(Box<FoundLyrics>),
    /// The answer to `Effect::ReadLyrics`; the error is one sentence.
    Romanized {
        path: PathBuf,
        lyrics: Arc<Lyrics>,
        readings: Result<Arc<Readings>, String>,
    },
    /// The answer to `Effect::OpenDraft`; `None` if there is no draft.
    Draft {
        song: PathBuf,
        draft: Option<Box<Draft>>,
    },
    /// The answer to `Effect::WriteLyrics`.
    LyricsWritten {
        song: PathBuf,
        file: PathBuf,
    },
    /// This `Effect::WriteLyrics` was not carried out because the file exists.
    LyricsExist(Box<Effect>),
    /// The answer to `Effect::Listen`; None where nothing could be heard.
    VocalsAnalysed {
        path: PathBuf,
        trace: Option<Arc<Trace>>,
    },
    PlayerStarted {
        play_id: u64,
        duration: Option<f64>,
    },
    PlayerEnded {
        play_id: u64,
    },
    PlayerFailed {
        play_id: u64,
        reason: String,
    },
    /// A part of the song could not be decoded: it is silent for `seconds` from second `at` on.
    PlayerDamaged {
        play_id: u64,
        at: f64,
        seconds: f64,
    },
    Position {
        play_id: u64,
        seconds: f64,
    },
    Output(OutputState),
    /// The names of the outputs that can be chosen; the answer to `Effect::ListOutputs`.
    Outputs(Vec<String>),

    // the cache
    CacheStats(CacheStats),
    /// The stems of these songs were dropped because the cache is full.
    Evicted(Vec<TrackId>),
}

/// A task for a service. Carrying it out may not block.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    // playback
    /// Read what `LoadedSong` holds and open the song's stems, so that `Play` or `QueueNext` can use
    /// them at once. Stems of songs that are neither playing nor next may be closed.
    Load {
        path: PathBuf,
        id: Option<TrackId>,
    },
    /// Find the lyrics of this song by its artist and title; answered by `Lyrics`.
    FindLyrics(LyricsRequest),
    /// Write down how these lyrics of a song are said; answered by `Readings`.
    Romanize {
        path: PathBuf,
        lyrics: Arc<Lyrics>,
        kind: Kind,
    },
    /// Look for an unsaved draft of this song's lyrics; answered by `Draft`.
    OpenDraft {
        song: PathBuf,
    },
    /// Store the draft of a song's lyrics; `None` deletes it.
    SaveDraft {
        song: PathBuf,
        draft: Option<Draft>,
    },
    /// Write lyrics into a file; an existing one is replaced only if `over`. If the file `own` exists,
    /// it gets the same text. Answered by `LyricsWritten`, `LyricsExist` or `Trouble`.
    WriteLyrics {
        song: PathBuf,
        file: PathBuf,
        own: Option<PathBuf>,
        text: String,
        over: bool,
    },
    /// Listen through this song for its trace: its vocals where they are whole, else the mixture
    /// if that will do; answered by `Traced`, unless a newer wish comes before.
    AnalyseVocals {
        path: PathBuf,
        id: Option<TrackId>,
        or_mixture: bool,
    },
    /// Play this song now, from `start` seconds. Always after its `Loaded` or `LoadFailed`.
    Play {
        play_id: u64,
        path: PathBuf,
        start: f64,
        key_tempo: KeyTempo,
    },
    /// Let this song follow without a gap; `None` cancels that.
    QueueNext(Option<NextUp>),
    Resume,
    Pause,
    Stop,
    Seek {
        seconds: f64,
    },
    /// Loop the playing song between these seconds; a position behind them becomes their start. `None`
    /// ends the loop.
    SetLoop(Option<(f64, f64)>),
    /// Read the vocals again: they are now stored at the position that is played.
    RefreshVocals,
    /// Vocal level, 0 to 2.
    SetLevel(f32),
    /// Play only the vocals.
    SetSolo(bool),
    /// Change the key and tempo of the playing song at once.
    SetKeyTempo(KeyTempo),
    /// Master volume, 0 to 1; 0 while muted.
    SetVolume(f32),
    /// Play on this output from now on, without moving the song; `None`: the configured output, or the
    /// system's default.
    ChooseOutput(Option<String>),
    ListOutputs,
    /// Delay of the current output in milliseconds: positions are reported this much earlier.
    SetOutputDelay(u32),

    // separation; at most one job runs
    /// Separate this song, the segments from `from_seconds` on first. Answered by `JobStarted`,
    /// then exactly one of `JobFinished`, `JobFailed`, `JobCancelled`.
    StartJob {
        path: PathBuf,
        id: Option<TrackId>,
        from_seconds: f64,
    },
    /// Start the engine because it will be needed soon. Not answered if none is available.
    WarmUpEngine,
    /// Stop the running job. Segments that are stored stay stored.
    CancelJob,
    /// Separate the segments from here on first, because the listener is here.
    FocusJob {
        seconds: f64,
    },

    // memory
    /// Store these changes to a song's settings; level, key and tempo are stored for this singer. They
    /// are applied to what is stored by then, so nothing else is written back.
    SaveSongSettings {
        id: TrackId,
        singer: Option<String>,
        changes: Vec<Change>,
    },
    /// Never evict the vocals of this song, or allow it again.
    Pin {
        path: PathBuf,
        id: Option<TrackId>,
        pinned: bool,
    },
    /// The song was sung, not only begun: count it and write it into the history, with the time of
    /// day; answered by `Sung`.
    Sung {
        id: Option<TrackId>,
        path: PathBuf,
        /// `Artist - Title`.
        name: String,
        singer: Option<String>,
    },
    /// Store the queue soon enough that a crash loses nothing.
    SaveQueue(Box<SessionQueue>),
    /// Store the current position; `None` if nothing plays any more.
    SaveResumePoint(Option<ResumePoint>),

    // lists
    /// Read a song list that replaces the queue (`instead`) or is added to its end; `~` is the home
    /// folder.
    ReadList {
        path: PathBuf,
        instead: bool,
    },
    /// Write a song list; an existing file is replaced only if `over`.
    WriteList {
        path: PathBuf,
        items: Vec<ListItem>,
        over: bool,
    },
    /// These files are not in the library: those that are there become songs by `Found`.
    FindFiles(Vec<PathBuf>),

    SaveState(SessionSettings),
    SaveOutputs(OutputSettings),
    /// Sent at the start, after each job and for the Jobs screen; answered by `Cache`.
    ReadCacheStats,
    /// Scan all folders again.
    Rescan,

    // the terminal
    Suspend,
    /// Draw every cell again.
    Redraw,
    Quit,

    /// Tells whoever made the request what was done, or why it was not.
    Reply(self::RequestResult),
}

/// The reply to a request: what was done, or why it was not.
pub type RequestResult = Result<String, String>;
