//! Vocals that become known while the song plays, and loops: what comes out of feeder and mixer,
//! sample by sample.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use super::*;

mod loops;

const RATE: u32 = 44_100;
/// Of the vocals' cross-fade.
const FADE: usize = 8820;

/// Known before a frame and from another one on.
#[derive(Clone, Default)]
struct Known {
    until: Arc<AtomicU64>,
    from: Arc<AtomicU64>,
}

impl Known {
    fn parts(until: u64, from: u64) -> Self {
        let known = Self::default();
        known.until.store(until, SeqCst);
        known.from.store(from, SeqCst);
        known
    }
}

impl Vocals for Known {
    fn rate(&self) -> u32 {
        RATE
    }
    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        let (until, from) = (self.until.load(SeqCst), self.from.load(SeqCst));
        let mut all = true;
        for (i, frame) in out.chunks_mut(2).enumerate() {
            let at = start + i as u64;
            let known = at < until || at >= from;
            all &= known;
            frame.fill(if known { sung(at) } else { 0.0 });
        }
        all
    }
}

/// A song with a singer in it.
fn sung_wav(folder: &Path, name: &str, rate: u32, frames: u64) -> PathBuf {
    let path = folder.join(format!("{name}.wav"));
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for frame in 0..frames {
        let band = band(frame);
        (0..2).for_each(|_| writer.write_sample(band + sung(frame)).unwrap());
    }
    writer.finalize().unwrap();
    path
}

fn band(frame: u64) -> f32 {
    let t = frame as f64;
    ((t * 0.01).sin() * 0.2 + (t * 0.0007).cos() * 0.1) as f32
}

fn load(rig: &mut Rig, path: PathBuf, vocals: Known, start: f64, key_tempo: KeyTempo) {
    rig.feeder.apply(PlayerCommand::Load(
        PlayerSong {
            play_id: 1,
            path,
            vocals: Box::new(vocals),
            start,
            gain: 1.0,
            crossfade: 0.0,
            key_tempo,
        },
        true,
    ));
}

/// The largest second difference: a click is one, music of low tones is not.
fn sharpest(heard: &[[f32; 2]]) -> f32 {
    heard
        .windows(3)
        .map(|w| (w[0][0] - 2.0 * w[1][0] + w[2][0]).abs())
        .fold(0.0, f32::max)
}

/// How much of the singer is left in each frame, the first of which is at `at`.
fn singer_left(heard: &[[f32; 2]], at: u64) -> Vec<f32> {
    let mut left = Vec::new();
    for (i, frame) in heard.iter().enumerate() {
        let at = at + i as u64;
        // Near its zeros the singer cannot be told.
        if sung(at).abs() > 0.1 {
            left.push((frame[0] - band(at)) / sung(at));
        }
    }
    left
}

#[test]
fn vocals_that_arrive_are_gone_within_the_fade_though_the_ring_was_full() {
    let mut rig = rig(RATE);
    rig.shared.set_level(0.0);
    let known = Known::parts(0, u64::MAX);
    let path = sung_wav(&rig.folder, "sung", RATE, 100_000);
    load(&mut rig, path, known.clone(), 0.0, KeyTempo::default());
    let before = rig.hear(20_480);
    assert!((0..20_480).all(|at| before[at][0] == band(at as u64) + sung(at as u64)));
    known.until.store(u64::MAX, SeqCst);
    rig.feeder.apply(PlayerCommand::Vocals);
    let after = rig.hear(40_960);
    let left = singer_left(&after, 20_480);
    let share = left.len() as f32 / after.len() as f32;
    let in_frames = |at: usize| (at as f32 / share) as usize;
    let begins = in_frames(left.iter().position(|l| *l < 0.99).unwrap());
    let gone = in_frames(left.iter().position(|l| l.abs() < 1e-4).unwrap());
    assert!(begins < 4_000, "it begins after {begins} frames");
    assert!(
        (gone - begins).abs_diff(FADE) < 700,
        "the fade takes {} frames",
        gone - begins
    );
    assert!(left.windows(2).all(|w| w[1] <= w[0] + 1e-3), "it goes up again");
    let (sharp, usual) = (sharpest(&after), sharpest(&before));
    assert!(sharp < usual * 1.05, "a click: {sharp} where {usual} is usual");
    assert_eq!(rig.shared.underruns(), 0);
    // Not one frame was lost or played twice.
    let position = (rig.shared.position().seconds * f64::from(RATE)).round() as u64;
    let next = rig.hear(64)[0];
    assert!((next[0] - band(position)).abs() < 1e-6);
    assert!(position.abs_diff(61_440) <= 64, "{position}");
}

#[test]
fn the_singer_comes_back_within_the_fade_where_the_known_part_ends() {
    let mut rig = rig(RATE);
    rig.shared.set_level(0.0);
    let path = sung_wav(&rig.folder, "sung", RATE, 140_000);
    load(
        &mut rig,
        path,
        Known::parts(40_960, 81_920),
        0.0,
        KeyTempo::default(),
    );
    let heard = rig.hear(120_000);
    let gone = |range: std::ops::Range<usize>| {
        range
            .into_iter()
            .all(|at| (heard[at][0] - band(at as u64)).abs() < 1e-6)
    };
    let whole =
        |mut range: std::ops::Range<usize>| range.all(|at| heard[at][0] == band(at as u64) + sung(at as u64));
    assert!(gone(0..40_960 - FADE) && whole(40_960..81_920) && gone(81_920 + FADE..120_000));
    let usual = sharpest(&heard[45_000..80_000]);
    assert!(sharpest(&heard) < usual * 1.05, "a click");
}

#[test]
fn a_seek_into_a_part_not_known_plays_the_original_until_it_is() {
    let mut rig = rig(RATE);
    rig.shared.set_level(0.0);
    let known = Known::parts(60_000, u64::MAX);
    let path = sung_wav(&rig.folder, "sung", RATE, 400_000);
    load(&mut rig, path, known.clone(), 0.0, KeyTempo::default());
    rig.hear(8_192);
    rig.feeder.apply(PlayerCommand::Seek(5.0));
    rig.hear(4_416);
    let at = |rig: &Rig| (rig.shared.position().seconds * f64::from(RATE)).round() as u64;
    let here = at(&rig);
    let first = rig.hear(64)[0];
    assert!(
        (first[0] - band(here) - sung(here)).abs() < 1e-6,
        "not the original"
    );
    known.until.store(u64::MAX, SeqCst);
    rig.feeder.apply(PlayerCommand::Vocals);
    let from = at(&rig);
    let heard = rig.hear(16_384);
    let last = from + 16_383;
    assert!((heard[16_383][0] - band(last)).abs() < 1e-4, "the singer stayed");
    let limit = 2.0 * (0.2 * 0.01f32.powi(2) + 0.2 * 0.021f32.powi(2));
    assert!(sharpest(&heard) < limit, "a click");
}

#[test]
fn vocals_that_arrive_in_another_key_and_tempo_do_not_click() {
    let mut rig = rig(RATE);
    rig.shared.set_level(0.0);
    let known = Known::parts(0, u64::MAX);
    let path = sung_wav(&rig.folder, "sung", RATE, 200_000);
    let slow = KeyTempo::default().transposed(true).hastened(false);
    load(&mut rig, path, known.clone(), 0.0, slow);
    let before = rig.hear(40_960);
    known.until.store(u64::MAX, SeqCst);
    rig.feeder.apply(PlayerCommand::Vocals);
    let after = rig.hear(40_960);
    let (sharp, usual) = (sharpest(&after), sharpest(&before[4_096..]));
    assert!(sharp < usual * 1.3, "a click: {sharp} where {usual} is usual");
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn vocals_that_arrive_again_and_again_or_while_it_is_paused_lose_no_frame() {
    let mut rig = rig(RATE);
    let path = sung_wav(&rig.folder, "sung", RATE, 200_000);
    load(
        &mut rig,
        path,
        Known::parts(0, u64::MAX),
        0.0,
        KeyTempo::default(),
    );
    let mut heard = Vec::new();
    for round in 0..60 {
        rig.feeder.apply(PlayerCommand::Vocals);
        if round % 20 == 10 {
            rig.shared.set_playing(false);
            rig.hear(2_048);
            rig.feeder.apply(PlayerCommand::Vocals);
            while rig.feeder.step() != Next::Idle {}
            rig.shared.set_playing(true);
            heard.clear();
        }
        heard.extend(rig.hear(1_777));
    }
    let end = heard.len() - 128;
    let last = (rig.shared.position().seconds * f64::from(RATE)).round() as usize;
    let first = (0..).find(|first| {
        let at = |i: usize| (first + i) as u64;
        (1_000..1_100).all(|i| heard[i][0] == band(at(i)) + sung(at(i)))
    });
    let first = first.filter(|first| *first < last).expect("no place of the song");
    for (i, frame) in heard.iter().enumerate().take(end).skip(1_000) {
        let at = (first + i) as u64;
        assert_eq!(frame[0], band(at) + sung(at), "frame {i}");
    }
}

#[test]
fn songs_without_frames_and_with_one_come_to_their_end() {
    let mut rig = rig(RATE);
    for (play_id, frames) in [(1, 0), (2, 1), (3, 2)] {
        let song = rig.song(play_id, RATE, frames, 0.0);
        rig.feeder.apply(PlayerCommand::Load(song, true));
        let heard = rig.hear(4_096);
        let loud = heard.iter().filter(|frame| **frame != [0.0; 2]).count();
        assert!(loud <= frames as usize, "{loud} frames of a song of {frames}");
        let told = rig.events();
        assert!(
            told.iter()
                .any(|event| matches!(event, PlayerEvent::Ended { play_id: t } if *t == play_id)),
            "a song of {frames} frames: {told:?}"
        );
    }
    let song = rig.song(4, RATE, 1, 0.0);
    rig.feeder.apply(PlayerCommand::Load(song, true));
    rig.feeder.apply(PlayerCommand::Loop(Some((0.0, 5.0))));
    rig.hear(4_096);
    assert!(matches!(
        rig.events().last(),
        Some(PlayerEvent::Ended { play_id: 4 })
    ));
}

#[test]
fn a_seek_past_the_end_is_the_end() {
    let mut rig = rig(RATE);
    let (first, second) = (rig.song(1, RATE, 50_000, 0.0), rig.song(2, RATE, 20_000, 0.0));
    rig.feeder.apply(PlayerCommand::Load(first, true));
    rig.feeder.apply(PlayerCommand::Queue(Some(second)));
    rig.hear(4_096);
    for seconds in [f64::MAX, f64::NAN, f64::INFINITY, 1e9] {
        rig.feeder.apply(PlayerCommand::Seek(seconds));
    }
    rig.hear(8_192);
    assert_eq!(rig.shared.position().play_id, 2);
    let told = rig.events();
    assert!(told.contains(&PlayerEvent::Ended { play_id: 1 }), "{told:?}");
}
