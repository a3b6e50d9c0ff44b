//! What a running croon says of itself.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::request::Repeat;

/// Whether there is music.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Playback {
    Playing,
    Paused,
    /// No song on the deck, or it has been heard to its end.
    #[default]
    Stopped,
}

/// The whole of it, at one moment. Fields that belong to a song are null where none is on the deck.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    pub pid: u32,
    pub version: String,
    pub state: Playback,
    pub playing: bool,
    /// Grows with every song that is put on the deck.
    pub track: Option<u64>,
    pub title: Option<String>,
    pub artist: Option<String>,
    pub album: Option<String>,
    /// Bytes that are no UTF-8 shown by the replacement character.
    pub path: Option<String>,
    /// The path exactly.
    pub uri: Option<String>,
    /// Microseconds into the song, as heard.
    pub position_us: u64,
    /// Microseconds; null while unknown.
    pub duration_us: Option<u64>,
    /// The singer's level, percent.
    pub vocals: u8,
    /// Semitones against the recording.
    pub key: i8,
    /// Percent of the recording's tempo.
    pub tempo: u8,
    /// Percent.
    pub volume: u8,
    pub muted: bool,
    /// Songs that wait in the queue.
    pub queue: usize,
    /// What happens at the end of a song.
    pub repeat: Repeat,
    pub shuffle: bool,
    /// Parts of the song whose singer can be taken out, of how many; 0 of 0 while unknown.
    pub segments_ready: usize,
    pub segments: usize,
    /// The whole song can be sung.
    pub separated: bool,
    pub engine: EngineStatus,
    /// What would do something now; for whoever draws buttons.
    pub can: Capabilities,
}

/// The engine, as far as it is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineStatus {
    /// `asleep` until it is needed, `up`, or `down`.
    pub state: String,
    /// `cpu`, `cuda:0`.
    pub device: Option<String>,
    pub model: Option<String>,
    /// Times real time, measured; null while unknown.
    pub speed: Option<f32>,
    /// Why this device, or why there is no engine.
    pub why: Option<String>,
}

/// Which requests would do something now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    pub play: bool,
    pub pause: bool,
    pub next: bool,
    pub previous: bool,
    pub seek: bool,
}

impl Status {
    /// Whether a reader has something new to see: the position counts by whole seconds.
    pub fn shows_more_than(&self, before: &Self) -> bool {
        let whole = |status: &Self| Self {
            position_us: status.position_us / 1_000_000,
            ..status.clone()
        };
        whole(self) != whole(before)
    }

    /// One line for a status bar.
    pub fn line(&self) -> String {
        let state = match self.state {
            Playback::Playing => "playing",
            Playback::Paused => "paused",
            Playback::Stopped => "stopped",
        };
        let Some(title) = &self.title else {
            return format!("{state}  volume {}", self.loudness());
        };
        let name = match self.artist.as_deref() {
            Some(artist) if !artist.is_empty() => format!("{artist} - {title}"),
            _ => title.clone(),
        };
        let of = self
            .duration_us
            .map_or(String::new(), |us| format!("/{}", clock(us)));
        format!(
            "{state}  {name}  {}{of}  singer {} %  key {:+}  tempo {} %  volume {}",
            clock(self.position_us),
            self.vocals,
            self.key,
            self.tempo,
            self.loudness()
        )
    }

    /// Several lines for a person.
    pub fn page(&self) -> String {
        let mut lines = vec![self.line()];
        if let Some(path) = &self.path {
            lines.push(format!("file     {path}"));
        }
        if self.title.is_some() {
            lines.push(match (self.separated, self.segments) {
                (true, _) => "singer   ready in the whole song".into(),
                (false, 0) => "singer   not looked for yet".into(),
                (false, all) => format!("singer   ready in {} of {all} parts", self.segments_ready),
            });
        }
        lines.push(format!("queue    {}", counted(self.queue, "song")));
        lines.push(format!("engine   {}", self.engine.words()));
        lines.push(format!("croon    {}, process {}", self.version, self.pid));
        // as they come from a socket
        let lines = lines.iter().map(|line| crate::text::printable(line) + "\n");
        lines.collect()
    }

    fn loudness(&self) -> String {
        if self.muted {
            "muted".into()
        } else {
            format!("{} %", self.volume)
        }
    }
}

impl EngineStatus {
    fn words(&self) -> String {
        let mut words = vec![self.state.clone()];
        words.extend(self.device.as_ref().map(|device| format!("on {device}")));
        words.extend(self.model.as_ref().map(|model| format!("model {model}")));
        words.extend(self.speed.map(|speed| format!("{speed:.1} times real time")));
        words.extend(self.why.as_ref().map(|why| format!("({why})")));
        words.join(", ").replace(", (", " (")
    }
}

/// The path as `path` and `uri` tell it.
pub fn places(path: &Path) -> (String, String) {
    (path.to_string_lossy().into_owned(), super::uri::of_path(path))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn clock(us: u64) -> String {
    let seconds = us / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sung() -> Status {
        Status {
            pid: 7,
            version: "0.1.0".into(),
            state: Playback::Playing,
            playing: true,
            title: Some("Moth".into()),
            artist: Some("Ana".into()),
            position_us: 67_123_456,
            duration_us: Some(3_721_000_000),
            vocals: 20,
            key: -2,
            tempo: 90,
            volume: 100,
            segments: 9,
            segments_ready: 4,
            ..Status::default()
        }
    }

    #[test]
    fn a_status_bar_gets_one_line() {
        assert_eq!(
            sung().line(),
            "playing  Ana - Moth  1:07/1:02:01  singer 20 %  key -2  tempo 90 %  volume 100 %"
        );
        let none = Status {
            muted: true,
            ..Status::default()
        };
        assert_eq!(none.line(), "stopped  volume muted");
    }

    #[test]
    fn a_line_is_due_once_a_second_and_at_every_change() {
        let before = sung();
        let mut after = sung();
        after.position_us = 67_999_999;
        assert!(!after.shows_more_than(&before));
        after.position_us = 68_000_000;
        assert!(after.shows_more_than(&before));
        let louder = Status { vocals: 21, ..sung() };
        assert!(louder.shows_more_than(&before));
    }

    #[test]
    fn a_page_carries_no_escape() {
        let odd = Status {
            title: Some("\u{1b}[2JMoth".into()),
            path: Some("/m/\u{1b}]0;x\u{7}".into()),
            ..sung()
        };
        let page = odd.page();
        assert!(
            !page.contains('\u{1b}') && page.contains("4 of 9 parts"),
            "{page}"
        );
    }
}
