//! What can be configured, section by section, as plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub library: LibraryConfig,
    pub lyrics: LyricsConfig,
    pub separation: SeparationConfig,
    pub cache: CacheConfig,
    pub playback: PlaybackConfig,
    pub screen: ScreenConfig,
    pub remote: RemoteConfig,
    /// Colours by meaning, as written; the theme reads them.
    pub colors: BTreeMap<String, String>,
    pub log: LogConfig,
    /// Overrides of the default keys, as written; the keymap gives them a meaning.
    pub keys: BTreeMap<String, String>,
}

/// `[library]`: where the songs are.
#[derive(Debug, Clone, PartialEq)]
pub struct LibraryConfig {
    /// As written, `~` not yet expanded; empty means the system's music folder.
    pub folders: Vec<PathBuf>,
    /// Glob patterns of paths to leave out.
    pub exclude: Vec<String>,
    pub watch: bool,
    /// Between two looks at a folder that reports no changes of its own (NFS, SMB, FUSE).
    pub poll_seconds: u64,
    /// Separate every song found, unasked.
    pub auto_separate: bool,
}

/// `[lyrics]`: the words to sing.
#[derive(Debug, Clone, PartialEq)]
pub struct LyricsConfig {
    /// As written; where lyrics are kept apart from the songs.
    pub folder: Option<PathBuf>,
    /// Ask a server for lyrics that are not here.
    pub lrclib: bool,
    /// Its address.
    pub lrclib_server: String,
}

/// `[separation]`: the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct SeparationConfig {
    /// Program and arguments; empty means the bundled `croon-separator serve`.
    pub command: Vec<String>,
    /// Name of the model; "auto", or empty, leaves it to the engine.
    pub model: String,
    pub device: Device,
    /// Niceness of the engine, 0 to 19.
    pub nice: u8,
    /// Threads of the engine; 0 means one per core.
    pub threads: u32,
}

/// Where the network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// CUDA when it works, else the CPU.
    Auto,
    Cpu,
    Cuda,
}

/// `[cache]`: the separated vocals.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheConfig {
    /// As written; `None` means the system's cache folder.
    pub folder: Option<PathBuf>,
    /// Above this the songs sung longest ago go.
    pub size_gb: f64,
}

/// `[playback]`: sound.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybackConfig {
    /// Name of the output device; empty means the system's default.
    pub device: String,
    pub buffer_frames: u32,
    /// The singer's level in percent for songs whose fader was never moved.
    pub vocals_level: u8,
    /// Master volume in percent at the first start.
    pub volume: u8,
    pub loudness: LoudnessChoice,
    /// dB on top of the loudness gain.
    pub preamp_db: f64,
    /// Over which one song goes into the next; 0: none.
    pub crossfade_seconds: f64,
    pub on_unplug: OnUnplug,
    pub seek_seconds: f64,
}

/// Whether songs are brought to the same loudness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoudnessChoice {
    /// By their tags, else as measured.
    Auto,
    Off,
}

/// What becomes of a song whose device goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnplug {
    /// It waits, and goes on where it was as soon as there is a device.
    Resume,
    /// It waits for a key.
    Pause,
}

/// `[screen]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreenConfig {
    pub color: ColorChoice,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Frames per second at most, while something moves.
    pub fps: u32,
    pub reduce_motion: bool,
    /// Take the terminal's mouse.
    pub mouse: bool,
    pub big_text: BigText,
}

/// How the line being sung is drawn where there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BigText {
    /// Large letters of the terminal's own, else out of blocks.
    Auto,
    Blocks,
    Off,
}

/// `[remote]`: control from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteConfig {
    /// `croon ctl`, and songs from a second croon.
    pub socket: bool,
    /// Media keys and desktops, over D-Bus.
    pub mpris: bool,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorChoice {
    /// Where a terminal is and `NO_COLOR` is not.
    Auto,
    Always,
    Never,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    pub level: LogLevel,
}

/// How much goes into the log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Config {
    /// Nothing at all: what the default configuration is read into, which sets every key.
    pub(super) fn empty() -> Self {
        Self {
            library: LibraryConfig {
                folders: Vec::new(),
                exclude: Vec::new(),
                watch: false,
                poll_seconds: 0,
                auto_separate: false,
            },
            lyrics: LyricsConfig {
                folder: None,
                lrclib: false,
                lrclib_server: String::new(),
            },
            separation: SeparationConfig {
                command: Vec::new(),
                model: String::new(),
                device: Device::Auto,
                nice: 0,
                threads: 0,
            },
            cache: CacheConfig {
                folder: None,
                size_gb: 0.0,
            },
            playback: PlaybackConfig {
                device: String::new(),
                buffer_frames: 0,
                vocals_level: 0,
                volume: 0,
                loudness: LoudnessChoice::Off,
                preamp_db: 0.0,
                crossfade_seconds: 0.0,
                on_unplug: OnUnplug::Pause,
                seek_seconds: 0.0,
            },
            screen: ScreenConfig {
                color: ColorChoice::Never,
                ascii: false,
                fps: 0,
                reduce_motion: false,
                mouse: false,
                big_text: BigText::Off,
            },
            remote: RemoteConfig {
                socket: false,
                mpris: false,
            },
            colors: BTreeMap::new(),
            log: LogConfig { level: LogLevel::Off },
            keys: BTreeMap::new(),
        }
    }

    /// The cap of the cache in bytes.
    pub fn cache_bytes(&self) -> u64 {
        (self.cache.size_gb * 1e9) as u64
    }
}

impl Device {
    /// The word the engine's command line takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

impl LogLevel {
    /// As a filter directive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
