use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use super::*;
use crate::audio::Vocals;
use crate::audio::player::mixer::{Mixer, mixer};
use crate::output_state::OutputState;

mod crossfade;
mod key_tempo;
mod streaming;
mod trouble;

fn sample(song: u64, frame: u64) -> [f32; 2] {
    let t = frame as f64 * (1.0 + song as f64 * 0.1);
    [(t * t * 1e-6).sin() as f32 * 0.4, (t * 0.05).cos() as f32 * 0.4]
}

fn sung(frame: u64) -> f32 {
    (frame as f64 * 0.021).sin() as f32 * 0.2
}

struct Sung(u32);

impl Vocals for Sung {
    fn rate(&self) -> u32 {
        self.0
    }
    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        for (i, frame) in out.chunks_mut(2).enumerate() {
            frame.fill(sung(start + i as u64));
        }
        true
    }
}

fn wav(folder: &Path, song: u64, rate: u32, frames: u64) -> PathBuf {
    let path = folder.join(format!("{song}-{rate}.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..frames)
        .flat_map(|frame| sample(song, frame))
        .for_each(|s| writer.write_sample(s).unwrap());
    writer.finalize().unwrap();
    path
}

struct Rig {
    feeder: Feeder,
    mixer: Mixer,
    shared: Arc<Shared>,
    events: mpsc::Receiver<PlayerEvent>,
    _folder: tempfile::TempDir,
    folder: PathBuf,
}

fn rig(rate: u32) -> Rig {
    let shared = Arc::new(Shared::default());
    let (tell, events) = mpsc::channel();
    let mut feeder = Feeder::new(shared.clone(), move |event| tell.send(event).unwrap());
    let (ring, mixer) = mixer(NonZero::new(rate).unwrap(), shared.clone());
    feeder.apply(PlayerCommand::Attach {
        ring,
        rate,
        latency: 0,
        state: OutputState::Silent {
            reason: "a test".into(),
        },
    });
    events.recv().unwrap();
    let folder = tempfile::tempdir().unwrap();
    Rig {
        feeder,
        mixer,
        shared,
        events,
        folder: folder.path().to_owned(),
        _folder: folder,
    }
}

impl Rig {
    fn song(&self, play_id: u64, rate: u32, frames: u64, start: f64) -> PlayerSong {
        PlayerSong {
            play_id,
            path: wav(&self.folder, play_id, rate, frames),
            vocals: Box::new(Sung(rate)),
            start,
            gain: 1.0,
            crossfade: 0.0,
            key_tempo: KeyTempo::default(),
        }
    }

    /// What a listener hears, the feeder working in between as its thread would.
    fn hear(&mut self, frames: usize) -> Vec<[f32; 2]> {
        let mut heard = Vec::new();
        while heard.len() < frames {
            self.feeder.step();
            let some = 512.min(frames - heard.len());
            heard.extend((0..some).map(|_| [self.mixer.next().unwrap(), self.mixer.next().unwrap()]));
        }
        self.feeder.step();
        heard
    }

    fn events(&self) -> Vec<PlayerEvent> {
        self.events.try_iter().collect()
    }
}

#[test]
fn a_song_comes_out_sample_for_sample_and_its_end_is_told() {
    let mut rig = rig(44_100);
    let song = rig.song(5, 44_100, 30_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    assert_eq!(
        rig.events(),
        [PlayerEvent::Started {
            play_id: 5,
            duration: Some(30_000.0 / 44_100.0)
        }]
    );
    let heard = rig.hear(31_000);
    assert!(
        heard[..30_000]
            .iter()
            .enumerate()
            .all(|(i, frame)| *frame == sample(5, i as u64))
    );
    assert!(heard[30_000..].iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.events(), [PlayerEvent::Ended { play_id: 5 }]);
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn the_next_song_follows_without_a_gap_and_the_position_changes_songs_with_it() {
    let mut rig = rig(44_100);
    let (first, second) = (rig.song(1, 44_100, 20_001, 0.0), rig.song(2, 44_100, 20_000, 0.0));
    rig.feeder.apply(PlayerCommand::Load(first, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(second)));
    let heard = rig.hear(19_968);
    assert_eq!(rig.shared.position().play_id, 1);
    let heard = [heard, rig.hear(6_000)].concat();
    assert!(
        heard[..20_001]
            .iter()
            .enumerate()
            .all(|(i, frame)| *frame == sample(1, i as u64))
    );
    assert!(
        heard[20_001..]
            .iter()
            .enumerate()
            .all(|(i, frame)| *frame == sample(2, i as u64)),
        "there is a gap"
    );
    assert_eq!(rig.shared.position().play_id, 2);
    let told = rig.events();
    assert!(
        matches!(
            told[..],
            [
                PlayerEvent::Started { play_id: 1, .. },
                PlayerEvent::Ended { play_id: 1 },
                PlayerEvent::Started { play_id: 2, .. }
            ]
        ),
        "{told:?}"
    );
}

#[test]
fn a_seek_lands_on_the_sample_and_the_old_place_falls_silent_soon() {
    let mut rig = rig(44_100);
    let song = rig.song(3, 44_100, 200_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(10_048);
    rig.feeder.apply(PlayerCommand::Seek(3.0));
    assert_eq!(rig.shared.position().seconds, 3.0);
    // Whole blocks of the mixer, so that the position is that of the very next sample.
    rig.hear(4_416);
    let next = (rig.shared.position().seconds * 44_100.0).round() as u64;
    assert!(
        (132_300 + 2_000..132_300 + 4_416).contains(&next),
        "after 100 ms it is at {next}"
    );
    assert_eq!(rig.hear(64)[0], sample(3, next));
}

#[test]
fn level_zero_takes_the_vocals_out_even_when_all_rates_differ() {
    let mut rig = rig(48_000);
    let path = rig.folder.join("sung.wav");
    // The song is the vocals alone: at level 0 nothing may be left.
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    (0..88_200u64).for_each(|i| (0..2).for_each(|_| writer.write_sample(sung(i)).unwrap()));
    writer.finalize().unwrap();
    rig.shared.set_level(0.0);
    for start in [0.0, 0.777] {
        rig.feeder.apply(PlayerCommand::Load(
            PlayerSong {
                play_id: 9,
                path: path.clone(),
                vocals: Box::new(Sung(44_100)),
                start,
                gain: 1.0,
                crossfade: 0.0,
                key_tempo: KeyTempo::default(),
            },
            true,
        ));
        let heard = rig.hear(20_000);
        let loudest = heard[1500..].iter().flatten().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(loudest < 1e-5, "from {start}: {loudest} is left");
    }
}

#[test]
fn a_resampled_seek_gives_what_reading_through_gives() {
    let mut rig = rig(48_000);
    let song = rig.song(4, 44_100, 100_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    let whole = rig.hear(90_048);
    let song = rig.song(4, 44_100, 100_000, 1.2345);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(4_800);
    let at = (rig.shared.position().seconds * 48_000.0).round() as usize;
    let worst = rig
        .hear(2000)
        .iter()
        .zip(&whole[at..])
        .map(|(a, b)| (a[0] - b[0]).abs())
        .fold(0.0, f32::max);
    assert!(worst < 2e-6, "off by {worst}");
}

#[test]
fn a_new_device_goes_on_where_the_old_one_was_lost() {
    let mut rig = rig(44_100);
    let song = rig.song(6, 44_100, 200_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(44_100);
    let before = rig.shared.position();
    let (ring, mixer) = mixer(NonZero::new(48_000).unwrap(), rig.shared.clone());
    rig.mixer = mixer;
    rig.feeder.apply(PlayerCommand::Attach {
        ring,
        rate: 48_000,
        latency: 0,
        state: OutputState::Device {
            name: "new".into(),
            rate: 48_000,
            instead_of: None,
        },
    });
    let after = rig.shared.position();
    assert_eq!(after.play_id, 6);
    assert!(
        (after.seconds - before.seconds).abs() < 1e-4,
        "{before:?} {after:?}"
    );
    rig.hear(9_600);
    assert!((rig.shared.position().seconds - before.seconds - 0.2).abs() < 0.01);
}

#[test]
fn what_cannot_be_played_says_so_and_the_next_song_plays() {
    let mut rig = rig(44_100);
    let bad = rig.folder.join("text.mp3");
    std::fs::write(&bad, "no music here, only words. ".repeat(100)).unwrap();
    rig.feeder.apply(PlayerCommand::Load(
        PlayerSong {
            play_id: 1,
            path: bad,
            vocals: Box::new(Sung(44_100)),
            start: 0.0,
            gain: 1.0,
            crossfade: 0.0,
            key_tempo: KeyTempo::default(),
        },
        true,
    ));
    assert!(
        matches!(&rig.events()[..], [PlayerEvent::Failed { play_id: 1, reason }] if reason.contains("no audio format"))
    );
    assert!(rig.hear(1024).iter().all(|frame| *frame == [0.0; 2]));
    let song = rig.song(2, 44_100, 5_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    assert_eq!(rig.hear(100)[50], sample(2, 50));
}

#[test]
fn seeking_back_over_a_change_of_songs_keeps_the_song_that_is_heard() {
    let mut rig = rig(44_100);
    let (first, second) = (rig.song(1, 44_100, 30_000, 0.0), rig.song(2, 44_100, 20_000, 0.0));
    rig.feeder.apply(PlayerCommand::Load(first, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(second)));
    // The ring already holds the beginning of the second song.
    rig.hear(29_000);
    rig.feeder.apply(PlayerCommand::Seek(0.1));
    rig.hear(2_000);
    assert_eq!(rig.shared.position().play_id, 1);
    rig.hear(26_000);
    rig.hear(4_000);
    assert_eq!(rig.shared.position().play_id, 2);
    let told = rig.events();
    assert!(
        matches!(
            told[..],
            [
                PlayerEvent::Started { play_id: 1, .. },
                PlayerEvent::Ended { play_id: 1 },
                PlayerEvent::Started { play_id: 2, .. }
            ]
        ),
        "{told:?}"
    );
}

#[test]
fn paused_it_waits_and_holds_still() {
    let mut rig = rig(44_100);
    let song = rig.song(1, 44_100, 100_000, 1.0);
    rig.feeder.apply(PlayerCommand::Load(song, false));
    while rig.feeder.step() != Next::Idle {}
    assert!(rig.hear(3_000).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.shared.position().seconds, 1.0);
    rig.shared.set_playing(true);
    rig.hear(4_410);
    assert!((rig.shared.position().seconds - 1.1).abs() < 0.01);
}

#[test]
fn a_song_queued_after_the_end_starts_by_itself() {
    let mut rig = rig(44_100);
    let song = rig.song(1, 44_100, 1_000, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.hear(3_000);
    let song = rig.song(2, 44_100, 1_000, 0.0);
    rig.feeder.apply(PlayerCommand::Queue(Some(song)));
    rig.hear(3_000);
    let told = rig.events();
    assert!(
        matches!(
            told[1..],
            [
                PlayerEvent::Ended { play_id: 1 },
                PlayerEvent::Started { play_id: 2, .. },
                PlayerEvent::Ended { play_id: 2 }
            ]
        ),
        "{told:?}"
    );
}
