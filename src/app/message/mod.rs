//! The two languages of the mind: an [`Event`] is what happened, an [`Effect`] is what is wanted of
//! a machine. Plain data only; the shell in `run.rs` translates from and to the machines.

pub(crate) mod payload;
pub mod pointer;

pub use crate::app::message::payload::{LoadedSong, NextUp};
pub use crate::app::state::machines::{CacheStats, EngineInfo, Output};
pub use crate::app::state::tracks::FoundSong;
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
use crate::lyrics::{Lyrics, Wanted};
use crate::m3u::Item;
use crate::request::Request;
use crate::song_settings::Change;
use crate::track::TrackId;
use crate::vocal_timing::Trace;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    // the hand
    Key(Key),
    /// The mouse, on something that can be pointed at.
    Pointer(PointerEvent),
    /// Text pasted into the terminal.
    Paste(String),
    /// The screen has this many cells now; also the wish to draw all of it again.
    Resize {
        columns: u16,
        rows: u16,
    },
    /// The screen came back from a suspension: everything has to be drawn again.
    Resumed,
    /// Time passes. Milliseconds of any clock that only goes forward; see `App::next_wake`. Also sent
    /// before the first other event after a wait, or messages would be timed from long ago.
    Tick {
        now_ms: u64,
    },
    /// A signal asks us to end.
    Quit,
    /// Somebody outside wants something; answered by one `Effect::Answer`.
    Request(Request),

    // the library
    /// Songs found, or read again after a change; those of the catalogue come first, at the start.
    SongsFound(Vec<FoundSong>),
    SongsGone(Vec<PathBuf>),
    SongMoved {
        from: PathBuf,
        to: PathBuf,
    },
    /// So many files have been looked at in this scan.
    Scanning {
        files: usize,
    },
    ScanDone {
        files: usize,
    },
    /// Something of the house is wrong, in one sentence that says what to do: an unreadable folder,
    /// a mistake in the configuration, a cache that can't be written.
    Notice(String),
    /// Something worth one toast.
    Toast(String),

    // the queue
    /// What the last evening left, at the start.
    SessionRestored(Box<Session>),
    /// The answer to `Effect::ReadList`.
    ListRead {
        items: Vec<Item>,
        /// Lines that name no file.
        left_out: usize,
        instead: bool,
    },
    /// `Effect::WriteList` found a file there.
    ListExists {
        path: PathBuf,
    },
    /// A file of the queue is known by another path: its real one.
    QueuedAs {
        from: PathBuf,
        to: PathBuf,
    },
    /// The answer to `Effect::Sung`.
    Sung(SungSong),

    // separation
    EngineUp(EngineInfo),
    /// The engine has another model than was thought: whose vocals are whole, and of which model those are
    /// that should be made again.
    ModelChanged {
        ready: HashSet<TrackId>,
        older: HashMap<TrackId, String>,
    },
    /// No engine can be had, so no job can run; comes before the `JobFailed` it causes.
    EngineDown {
        reason: String,
    },
    JobStarted {
        path: PathBuf,
    },
    /// The packets have been read: the track has a name that stays.
    Identified {
        path: PathBuf,
        id: TrackId,
    },
    /// Segments done out of all; `speed` in times real time, 0 while unknown.
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
    /// Stored vocals did not read back: this segment is not there any more.
    SegmentLost {
        path: PathBuf,
        segment: u32,
    },
    /// The engine had nothing to do for long and was ended.
    EngineAsleep,
    /// The song is whole in the cache; `already`: it was so before, nothing had to be done.
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
    /// The song can't be opened at all.
    LoadFailed {
        path: PathBuf,
        reason: String,
    },
    /// The answer to `Effect::FindLyrics`.
    Lyrics(Box<FoundLyrics>),
    /// The answer to `Effect::ReadLyrics`; the error in a sentence.
    Romanized {
        path: PathBuf,
        lyrics: Arc<Lyrics>,
        readings: Result<Arc<Readings>, String>,
    },
    /// The answer to `Effect::OpenDraft`; None where nothing was left.
    Draft {
        song: PathBuf,
        draft: Option<Box<Draft>>,
    },
    /// The answer to `Effect::WriteLyrics`.
    LyricsWritten {
        song: PathBuf,
        file: PathBuf,
    },
    /// This `Effect::WriteLyrics` found a file there.
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
    /// So much of it could not be read, and is silent from second `at` on.
    PlayerDamaged {
        play_id: u64,
        at: f64,
        seconds: f64,
    },
    Position {
        play_id: u64,
        seconds: f64,
    },
    Output(Output),
    /// The outputs that can be chosen, by name; the answer to `Effect::ListOutputs`.
    Outputs(Vec<String>),

    // the cache
    CacheStats(CacheStats),
    /// The cap of the cache took the stems of these songs.
    Evicted(Vec<TrackId>),
}

/// What is wanted of the machines. None of them may block.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    // playback
    /// Find out what `Loaded` says and open the song's stems, so that `Play` or `QueueNext` can use
    /// them at once. Stems of songs that are neither playing nor next may be let go.
    Load {
        path: PathBuf,
        id: Option<TrackId>,
    },
    /// Find the words of this song, by its names; answered by `Lyrics`.
    FindLyrics(Wanted),
    /// Write down how these lyrics of a song are said; answered by `Readings`.
    Romanize {
        path: PathBuf,
        lyrics: Arc<Lyrics>,
        kind: Kind,
    },
    /// Look for work on this song's words that was not saved; answered by `Draft`.
    OpenDraft {
        song: PathBuf,
    },
    /// Keep this work on a song's words; None: it is in a file.
    SaveDraft {
        song: PathBuf,
        draft: Option<Draft>,
    },
    /// Write lyrics made here into a file; where one is already, only `over` it. If `own` is there it
    /// is made the same. Answered by `LyricsWritten`, `LyricsExist` or `Trouble`.
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
    /// Let this song follow without a gap; None takes the wish back.
    QueueNext(Option<NextUp>),
    Resume,
    Pause,
    Stop,
    Seek {
        seconds: f64,
    },
    /// The playing song goes round between these seconds from now on; a place behind them becomes their
    /// start. None: it goes on to its end.
    SetLoop(Option<(f64, f64)>),
    /// Vocals became known where the playing song is heard.
    RefreshVocals,
    /// Vocal level, 0 to 2.
    SetLevel(f32),
    /// Only the vocals are to be heard.
    SetSolo(bool),
    /// Of the playing song, at once.
    SetKeyTempo(KeyTempo),
    /// Master volume, 0 to 1; 0 while muted.
    SetVolume(f32),
    /// The sound goes to this output from now on, the song where it is; None: as configured, or the
    /// system's default.
    ChooseOutput(Option<String>),
    ListOutputs,
    /// Of the output that is heard, in milliseconds: positions are told so much earlier.
    SetOutputDelay(u32),

    // separation; at most one job runs
    /// Separate this song, the segments from `from_seconds` on first. Answered by `JobStarted`,
    /// then exactly one of `JobFinished`, `JobFailed`, `JobCancelled`.
    StartJob {
        path: PathBuf,
        id: Option<TrackId>,
        from_seconds: f64,
    },
    /// An engine will be wanted soon. Not answered where none can be had.
    WarmUpEngine,
    /// Stop the running job; what is stored stays stored.
    CancelJob,
    /// The listener is here: these segments of the running job first.
    FocusJob {
        seconds: f64,
    },

    // memory
    /// Note these changes to a song, level, key and tempo for this singer. They go over what is stored
    /// by then, so that nothing else is written back.
    SaveSongSettings {
        id: TrackId,
        singer: Option<String>,
        changes: Vec<Change>,
    },
    /// Keep the vocals of this song whatever comes, or no longer.
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
    /// Safe from a crash within moments.
    SaveQueue(Box<SessionQueue>),
    /// Where the music stands; None where it came to rest.
    SaveResumePoint(Option<ResumePoint>),

    // lists
    /// Read a song list, `instead` of the queue or to its end; `~` stands for the home.
    ReadList {
        path: PathBuf,
        instead: bool,
    },
    /// Write a song list. Where a file is already, only `over` it.
    WriteList {
        path: PathBuf,
        items: Vec<Item>,
        over: bool,
    },
    /// These files are not in the library: those that are there become songs by `Found`.
    FindFiles(Vec<PathBuf>),

    SaveState(SessionSettings),
    SaveOutputs(OutputSettings),
    /// Wanted at the start, after each job and for the Jobs screen; answered by `Cache`.
    ReadCacheStats,
    /// Look through all folders again.
    Rescan,

    // the terminal
    Suspend,
    /// Forget what is on the screen and draw every cell.
    Redraw,
    Quit,

    /// What the one who made the request is told: what was done, or why it was not.
    Reply(self::RequestResult),
}

/// What was done, or why it was not.
pub type RequestResult = Result<String, String>;
