//! Reads a configuration text over the defaults: which keys there are, of which kind, in which
//! range.

use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::table::Table;
use super::{BigText, ColorChoice, Config, ConfigProblem, Device, LogLevel, LoudnessChoice, OnUnplug, Place};

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

/// Every key the reader asks for, as (section, key).
pub(super) fn known_keys() -> Vec<(&'static str, &'static str)> {
    let mut reader = Reader {
        text: "",
        file: Path::new(""),
        problems: Vec::new(),
        asked: Vec::new(),
    };
    reader.fill(&DeTable::new());
    reader.asked
}

pub(super) fn read(text: &str, file: &Path) -> (Config, Vec<ConfigProblem>) {
    let (root, faults) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        file,
        problems: Vec::new(),
        asked: Vec::new(),
    };
    if !faults.is_empty() {
        for fault in faults {
            reader.not_toml(&fault);
        }
        return (Config::default(), reader.problems);
    }
    let config = reader.fill(root.get_ref());
    reader.problems.sort_by_key(|problem| problem.place);
    (config, reader.problems)
}

/// The faults found so far, and what was asked for.
pub(super) struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    problems: Vec<ConfigProblem>,
    pub(super) asked: Vec<(&'static str, &'static str)>,
}

impl<'a> Reader<'a> {
    fn fill(&mut self, root: &DeTable<'_>) -> Config {
        let mut config = Config::default();
        let mut root = Table::root(root, self);
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

    pub(super) fn problem(&mut self, span: &Range<usize>, what: String) {
        let place = Place::of(span, self.text);
        self.problems.push(ConfigProblem {
            file: self.file.into(),
            place,
            what,
            fatal: false,
        });
    }

    fn not_toml(&mut self, fault: &toml::de::Error) {
        let place = Place::of(&fault.span().unwrap_or(0..0), self.text);
        let what = format!(
            "this is not TOML: {}. The file cannot be used until it is mended; `croon config print-default` shows a whole right one.",
            fault.message().trim_end_matches('.')
        );
        self.problems.push(ConfigProblem {
            file: self.file.into(),
            place,
            what,
            fatal: true,
        });
    }
}
