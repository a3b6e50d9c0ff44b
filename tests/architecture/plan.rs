//! The plan that the code is held to: layers, owners of libraries, and the limits of files.

pub const MODEL: &[&str] = &[
    "action",
    "config",
    "engine_info",
    "key_tempo",
    "keymap",
    "lyrics",
    "m3u",
    "output_state",
    "request",
    "vocal_timing",
    "waveform",
    "song_settings",
    "text",
    "track",
];

/// A module and what it may import besides itself and the model.
pub const MAY_IMPORT: &[(&str, &[&str])] = &[
    // model
    ("action", &[]),
    ("config", &[]),
    ("engine_info", &[]),
    ("key_tempo", &[]),
    ("keymap", &[]),
    ("lyrics", &[]),
    ("m3u", &[]),
    ("output_state", &[]),
    ("request", &[]),
    ("vocal_timing", &[]),
    ("waveform", &[]),
    ("song_settings", &[]),
    ("text", &[]),
    ("track", &[]),
    // services
    ("audio", &["files"]),
    ("files", &[]),
    ("logging", &[]),
    ("lrclib", &[]),
    ("paths", &[]),
    ("separate", &["audio", "files"]),
    ("judge", &["audio"]),
    ("store", &["audio"]),
    ("library", &["audio", "files"]),
    ("romanization", &[]),
    (
        "jobs",
        &[
            "audio",
            "files",
            "separate",
            "store",
            "library",
            "lrclib",
            "paths",
            "romanization",
        ],
    ),
    ("remote", &[]),
    // app
    ("app", &[]),
    // ui
    ("ui", &["app"]),
    ("terminal", &[]),
    // shell
    (
        "commands",
        &[
            "audio", "files", "jobs", "judge", "library", "logging", "lrclib", "paths", "remote", "separate",
            "store",
        ],
    ),
    ("cli", &["commands"]),
    (
        "run",
        &[
            "app", "audio", "commands", "files", "jobs", "library", "logging", "lrclib", "paths", "remote",
            "separate", "store", "terminal", "ui",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli", "commands", "logging", "paths", "run"]),
    // the engine, a program of its own
    (
        "bin",
        &["audio", "files", "judge", "library", "paths", "separate"],
    ),
];

/// A library and the only places that may name it.
pub const ONE_OWNER: &[(&str, &[&str])] = &[
    ("sled", &["store/"]),
    ("symphonia", &["audio/"]),
    ("opus", &["audio/decode/"]),
    ("rodio", &["audio/"]),
    ("cpal", &["audio/"]),
    ("pulseaudio", &["audio/player/pulse_backend.rs"]),
    ("futures", &["audio/player/pulse_backend.rs"]),
    ("rtrb", &["audio/"]),
    ("rubato", &["audio/"]),
    ("realfft", &["audio/", "judge/"]),
    ("rustfft", &["audio/"]),
    ("ssstretch", &["audio/dsp/time_stretch.rs"]),
    ("ebur128", &["audio/dsp/loudness.rs"]),
    ("flacenc", &["audio/"]),
    ("hound", &["audio/"]),
    ("notify", &["library/"]),
    ("lofty", &["library/"]),
    ("ureq", &["lrclib.rs"]),
    ("zip", &["audio/mp3g_zip.rs"]),
    ("tempfile", &["audio/mp3g_zip.rs", "files.rs"]),
    ("font8x8", &["ui/sing/"]),
    ("encoding_rs", &["lyrics/"]),
    ("chardetng", &["lyrics/"]),
    ("midly", &["lyrics/"]),
    ("serde_saphyr", &["lyrics/"]),
    ("vibrato", &["romanization/"]),
    ("wana_kana", &["romanization/"]),
    ("pinyin", &["romanization/"]),
    ("flate2", &["romanization/"]),
    (
        "zbus",
        &[
            "remote/mpris.rs",
            "remote/mpris/",
            "audio/player/priority.rs",
            "audio/player/priority/",
        ],
    ),
    ("percent_encoding", &["remote/"]),
    ("walkdir", &["library/", "judge/"]),
    ("ratatui", &["ui/", "terminal.rs", "terminal/", "run/"]),
    ("crossterm", &["ui/", "terminal.rs", "terminal/", "run/"]),
    (
        "clap",
        &["cli.rs", "commands/", "main.rs", "bin/croon-separator/"],
    ),
    ("toml", &["config/", "jobs/", "bin/croon-separator/", "separate/"]),
    ("tracing_subscriber", &["logging.rs", "bin/croon-separator/"]),
    ("tracing_appender", &["logging.rs"]),
    ("tch", &["bin/croon-separator/"]),
    ("torch_sys", &["bin/croon-separator/"]),
    (
        "libc",
        &[
            "bin/croon-separator/",
            "audio/player/priority.rs",
            "store/malloc_trim.rs",
        ],
    ),
    ("plotters", &["bin/croon-separator/"]),
    ("crc32c", &["bin/croon-separator/"]),
];

pub const LONGEST_FILE: usize = 400;
pub const MEANINGLESS: &[&str] = &["util", "utils", "common", "helpers", "helper", "shared", "misc"];
