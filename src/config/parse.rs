//! Reads a configuration text over the defaults: which keys there are, of which kind, in which
//! range.

use std::path::Path;
use std::sync::LazyLock;

use toml::de::DeTable;

use super::DEFAULT_TOML;
use super::model::{BigText, ColorChoice, Config, Device, LogLevel, LoudnessChoice, OnUnplug};
use super::problem::ConfigProblem;
use super::reader::ConfigReader;
use super::table::Table;

const DEVICES: &[(&str, Device)] = &[
    ("auto", Device::Auto),
    ("cpu", Device::Cpu),
    ("cuda", Device::Cuda),
];
const COLORS: &[(&str, ColorChoice)] = &[
    ("auto", ColorChoice::Auto),
    ("always", ColorChoice::Always),
    ("never", ColorChoice::Never),
];
const LOUDNESS: &[(&str, LoudnessChoice)] = &[("auto", LoudnessChoice::Auto), ("off", LoudnessChoice::Off)];
const ON_UNPLUG: &[(&str, OnUnplug)] = &[("resume", OnUnplug::Resume), ("pause", OnUnplug::Pause)];
const BIG_TEXTS: &[(&str, BigText)] = &[
    ("auto", BigText::Auto),
    ("blocks", BigText::Blocks),
    ("off", BigText::Off),
];
const LEVELS: &[(&str, LogLevel)] = &[
    ("off", LogLevel::Off),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// What [`DEFAULT_TOML`] says.
static DEFAULT: LazyLock<Config> =
    LazyLock::new(|| read(DEFAULT_TOML, Path::new("config.toml"), Config::empty).0);

impl Default for Config {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl Config {
    /// The defaults with what `text` says laid over them. Whatever is wrong becomes a problem and
    /// its default stays, so that one bad line does not cost the rest; `file` only names the place.
    pub fn parse(text: &str, file: &Path) -> (Self, Vec<ConfigProblem>) {
        read(text, file, Self::default)
    }

    /// Every key there is, as (section, key); section names stand under the empty section.
    pub fn known_keys() -> Vec<(&'static str, &'static str)> {
        let mut reader = ConfigReader::new("", Path::new(""));
        fill(&mut reader, &DeTable::new(), Self::empty());
        reader.asked
    }
}

fn read(text: &str, file: &Path, start: fn() -> Config) -> (Config, Vec<ConfigProblem>) {
    let (root, faults) = DeTable::parse_recoverable(text);
    let mut reader = ConfigReader::new(text, file);
    if !faults.is_empty() {
        for fault in faults {
            reader.not_toml(&fault);
        }
        return (start(), reader.problems);
    }
    let config = fill(&mut reader, root.get_ref(), start());
    reader.problems.sort_by_key(|problem| problem.place);
    (config, reader.problems)
}

/// What `root` says, laid over `config`.
fn fill(reader: &mut ConfigReader<'_>, root: &DeTable<'_>, mut config: Config) -> Config {
    let mut root = Table::root(root, reader);
    root.section("library", |t| {
        let c = &mut config.library;
        t.paths("folders", &mut c.folders);
        t.globs("exclude", &mut c.exclude);
        t.flag("watch", &mut c.watch);
        t.whole("poll_seconds", 1..=86_400, &mut c.poll_seconds);
        t.flag("auto_separate", &mut c.auto_separate);
    });
    root.section("lyrics", |t| {
        let c = &mut config.lyrics;
        t.optional_path("folder", &mut c.folder);
        t.flag("lrclib", &mut c.lrclib);
        t.text("lrclib_server", &mut c.lrclib_server);
    });
    root.section("separation", |t| {
        let c = &mut config.separation;
        t.texts("command", &mut c.command);
        t.text("model", &mut c.model);
        t.choice("device", DEVICES, &mut c.device);
        t.whole("nice", 0..=19, &mut c.nice);
        t.whole("threads", 0..=256, &mut c.threads);
    });
    root.section("cache", |t| {
        let c = &mut config.cache;
        t.optional_path("folder", &mut c.folder);
        t.number("size_gb", 0.1..=1_000_000.0, &mut c.size_gb);
    });
    root.section("playback", |t| {
        let c = &mut config.playback;
        t.text("device", &mut c.device);
        t.whole("buffer_frames", 64..=16_384, &mut c.buffer_frames);
        t.whole("vocals_level", 0..=200, &mut c.vocals_level);
        t.whole("volume", 0..=100, &mut c.volume);
        t.choice("loudness", LOUDNESS, &mut c.loudness);
        t.number("preamp_db", -12.0..=12.0, &mut c.preamp_db);
        t.number("crossfade_seconds", 0.0..=12.0, &mut c.crossfade_seconds);
        t.choice("on_unplug", ON_UNPLUG, &mut c.on_unplug);
        t.number("seek_seconds", 0.1..=600.0, &mut c.seek_seconds);
    });
    root.section("screen", |t| {
        let c = &mut config.screen;
        t.choice("color", COLORS, &mut c.color);
        t.flag("ascii", &mut c.ascii);
        t.whole("fps", 1..=120, &mut c.fps);
        t.flag("reduce_motion", &mut c.reduce_motion);
        t.flag("mouse", &mut c.mouse);
        t.choice("big_text", BIG_TEXTS, &mut c.big_text);
    });
    root.section("remote", |t| {
        let c = &mut config.remote;
        t.flag("socket", &mut c.socket);
        t.flag("mpris", &mut c.mpris);
    });
    root.section("colors", |t| t.any_texts(&mut config.colors));
    root.section("log", |t| t.choice("level", LEVELS, &mut config.log.level));
    root.section("keys", |t| t.any_texts(&mut config.keys));
    root.finish();
    config
}
