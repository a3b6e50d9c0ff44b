//! The words against the sound: a song whose every sample says which frame it is goes through the real
//! feeder, mixer and mind; a made device records what comes out of it, and what is drawn at each
//! millisecond must be what belongs to a moment that the ear hears within 20 ms.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;

use crate::harness::{Harness, path};
use croon::app::{Event, FoundLyrics};
use croon::audio::Vocals;
use croon::audio::player::command::PlayerCommand;
use croon::audio::player::controls::Shared;
use croon::audio::player::feeder::Feeder;
use croon::audio::player::mixer::{Mixer, mixer};
use croon::audio::player::song::PlayerSong;
use croon::key_tempo::KeyTempo;
use croon::lyrics::{Lyrics, Millis, read};
use croon::output_state::OutputState;
use croon::ui::{self, Theme};

const SONG: &str = "Paper Lanterns";
const RATE: u32 = 44_100;
const SECONDS: u64 = 24;
/// A frame's number as a sample: exact in 24 bits, and far from full scale.
const UNIT: f32 = 1.0 / (1 << 22) as f32;
/// Between two frames on the screen, at 60 of them a second.
const FRAME_MS: u64 = 17;

struct Silence;

impl Vocals for Silence {
    fn rate(&self) -> u32 {
        RATE
    }
    fn read(&mut self, _: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        true
    }
}

/// A song of numbered frames.
fn song(folder: &Path) -> PathBuf {
    let path = folder.join("song.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..SECONDS * u64::from(RATE) {
        (0..2).for_each(|_| writer.write_sample((frame + 1) as f32 * UNIT).unwrap());
    }
    writer.finalize().unwrap();
    path
}

/// Lines of uneven lengths, close together, some with times for words.
fn lyrics() -> Lyrics {
    let mut text = String::new();
    let mut at = 1_013;
    for line in 0..18_i64 {
        let stamp = |ms: i64| format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000);
        let mut word_at = at;
        text += &format!("[{}]", stamp(at));
        for word in 0..4 + line % 3 {
            text += &format!("<{}>w{line}x{word} ", stamp(word_at));
            word_at += 90 + (line * 37 + word * 61) % 210;
        }
        text += &format!("<{}>\n", stamp(word_at));
        at = word_at + line * 53 % 190;
    }
    read(text.as_bytes(), Path::new("a.lrc")).unwrap().lyrics
}

/// A device that plays one buffer while it asks for the next.
struct Device {
    mixer: Mixer,
    buffer: u64,
    asked: u64,
    /// All that came out of it, left.
    recorded: Vec<f32>,
}

impl Device {
    /// Until a moment, in milliseconds of the clock.
    fn run(&mut self, until_ms: u64, feeder: &mut Feeder) {
        while self.asked * self.buffer * 1000 <= until_ms * u64::from(RATE) {
            feeder.step();
            let samples = self.mixer.by_ref().take(2 * self.buffer as usize);
            self.recorded.extend(samples.step_by(2));
            self.asked += 1;
        }
    }

    /// The moment of the song that is heard, in milliseconds; None while nothing sounds.
    fn heard(&self, now_ms: u64) -> Option<f64> {
        // what was asked for first sounds when the next is asked for
        let frame = (now_ms * u64::from(RATE) / 1000).checked_sub(self.buffer)?;
        let sample = self.recorded.get(frame as usize)?;
        let number = (sample / UNIT).round();
        (number >= 1.0).then(|| f64::from(number - 1.0) / f64::from(RATE) * 1000.0)
    }
}

/// Line and lit characters on the screen.
fn drawn(harness: &Harness, lyrics: &Lyrics) -> Option<(usize, usize)> {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| ui::draw(&harness.app, &Theme::new(false, true), frame))
        .unwrap();
    let buffer = terminal.backend().buffer().clone();
    let row = |y: u16| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    let shown: Vec<String> = (0..buffer.area.height).map(row).collect();
    lyrics.lines.iter().enumerate().find_map(|(number, line)| {
        let y = shown.iter().position(|row| row.trim() == line.text)?;
        let start = shown[y].find(&line.text)? as u16;
        let cells = (start..start + line.text.len() as u16).map(|x| &buffer[(x, y as u16)]);
        // the current line alone is bold or reversed
        let modifiers: Vec<Modifier> = cells.map(|cell| cell.modifier).collect();
        let current = modifiers
            .iter()
            .all(|m| m.intersects(Modifier::BOLD | Modifier::REVERSED));
        let lit = modifiers
            .iter()
            .filter(|m| m.contains(Modifier::REVERSED))
            .count();
        current.then_some((number, lit))
    })
}

/// How many milliseconds what is drawn is away from what is heard.
fn error(line: usize, lit: usize, heard: f64, lyrics: &Lyrics) -> i64 {
    let fits = |ms: f64| {
        let ms = ms as Millis;
        let sung = lyrics.lines[line].sung_at(ms) as usize;
        // between two lines either may be shown: one all lit, the next not at all
        let all = lyrics.lines[line].graphemes();
        sung == lit
            && (lit > 0 && lit < all
                || (lit == 0 && (line == 0 || ms >= lyrics.lines[line - 1].end_ms.unwrap()) || lit == all))
    };
    (0..400)
        .find(|off| fits(heard - *off as f64) || fits(heard + *off as f64))
        .unwrap_or(400)
}

#[test]
fn what_is_lit_is_what_is_heard_within_twenty_milliseconds() {
    let folder = tempfile::tempdir().unwrap();
    let path_of_song = song(folder.path());
    for buffer in [256, 1024, 2048] {
        let shared = Arc::new(Shared::default());
        let mut feeder = Feeder::new(shared.clone(), |_| {});
        let (ring, mixer) = mixer(NonZero::new(RATE).unwrap(), shared.clone());
        feeder.apply(PlayerCommand::Attach {
            ring,
            rate: RATE,
            latency: 2 * buffer as u32,
            state: OutputState::Silent {
                reason: "made".into(),
            },
        });
        let mut harness = Harness::new();
        harness.find_songs();
        let play_id = harness.play(SONG, None, false);
        harness.event(Event::Lyrics(Box::new(FoundLyrics {
            path: path(SONG),
            lyrics: Some(Arc::new(lyrics())),
            ..FoundLyrics::default()
        })));
        feeder.apply(PlayerCommand::Load(
            PlayerSong {
                play_id,
                path: path_of_song.clone(),
                vocals: Box::new(Silence),
                start: 0.0,
                gain: 1.0,
                key_tempo: KeyTempo::default(),
                crossfade: 0.0,
            },
            true,
        ));
        let mut device = Device {
            mixer,
            buffer,
            asked: 0,
            recorded: Vec::new(),
        };
        let words = lyrics();
        let (mut now, mut due, mut wake) = (0_u64, 0_u64, 0_u64);
        let mut screen: Option<(usize, usize)> = None;
        let (mut late, mut looked) = (Vec::new(), 0);
        let mut lines = std::collections::BTreeMap::new();
        while now < (SECONDS - 2) * 1000 {
            device.run(now, &mut feeder);
            // as the main loop does it: the position, the clock, a frame where one is due
            let ready = harness.app.needs_frame() && now >= due;
            if now >= wake || ready {
                let at = shared.position();
                harness.event(Event::Position {
                    play_id: at.play_id,
                    seconds: at.seconds,
                });
                harness.event(Event::Tick { now_ms: now });
                wake = harness.app.next_wake().unwrap_or(now + 100).max(now + 1);
                if harness.app.needs_frame() && now >= due {
                    screen = drawn(&harness, &words);
                    harness.app.frame_drawn();
                    due = now + FRAME_MS;
                }
            }
            // the first second is the clock's to settle in
            if let (Some((line, lit)), Some(heard)) =
                (screen, device.heard(now).filter(|heard| *heard > 1_000.0))
            {
                late.push(error(line, lit, heard, &words));
                looked += 1;
                if lit > 0 {
                    lines
                        .entry(line)
                        .or_insert(heard - words.lines[line].start_ms as f64);
                }
            }
            now += 1;
        }
        assert!(looked > 15_000, "{looked} moments were looked at");
        late.sort_unstable();
        let worst = late[late.len() - 1];
        // a line is lit with its first character, a share of its first word after its start
        let firsts: Vec<String> = lines.values().map(|ms| format!("{ms:.0}")).collect();
        println!(
            "buffer {buffer}: drawn and heard are {} ms apart in the middle, {} ms at the 99th of 100, {worst} ms at most; first character lit after {} ms",
            late[late.len() / 2],
            late[late.len() * 99 / 100],
            firsts.join(" "),
        );
        assert!(worst <= 20, "{worst} ms");
        assert_eq!(
            lines.len(),
            words.lines.len(),
            "every line was on the screen in its time"
        );
    }
}
