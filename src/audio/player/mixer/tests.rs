//! The mixer's arithmetic, ramps and hand-overs, sample by sample.

use super::*;

const RATE: u32 = 48_000;

struct Rig {
    shared: Arc<Shared>,
    ring: Producer<Frame>,
    mixer: Mixer,
    at: u32,
}

fn rig() -> Rig {
    let shared = Arc::new(Shared::default());
    let (ring, mixer) = mixer(NonZero::new(RATE).unwrap(), shared.clone());
    shared.announce(1, 7, RATE, 0, 1.0);
    shared.set_min_generation(1);
    shared.set_playing(true);
    Rig {
        shared,
        ring,
        mixer,
        at: 0,
    }
}

fn mixture(at: u32) -> [f32; 2] {
    let t = at as f32;
    [(t * 0.031).sin() * 0.5, (t * 0.017).cos() * 0.5]
}

fn vocals(at: u32) -> [f32; 2] {
    let t = at as f32;
    [(t * 0.011).sin() * 0.3, (t * 0.013).sin() * 0.3]
}

impl Rig {
    fn feed(&mut self, generation: u32, frames: usize) {
        for _ in 0..frames {
            let at = self.at;
            self.ring
                .push(Frame {
                    mixture: mixture(at),
                    vocals: vocals(at),
                    generation,
                    at,
                    ..Frame::default()
                })
                .unwrap();
            self.at += 1;
        }
    }

    fn hear(&mut self, frames: usize) -> Vec<[f32; 2]> {
        (0..frames)
            .map(|_| [self.mixer.next().unwrap(), self.mixer.next().unwrap()])
            .collect()
    }

    /// Keeps the ring filled while listening.
    fn hear_on(&mut self, generation: u32, frames: usize) -> Vec<[f32; 2]> {
        (0..frames / BLOCK)
            .flat_map(|_| {
                let room = self.ring.slots();
                self.feed(generation, room.min(BLOCK * 8));
                self.hear(BLOCK)
            })
            .collect()
    }
}

fn largest_step(heard: &[[f32; 2]]) -> f32 {
    heard
        .windows(2)
        .flat_map(|w| [(w[1][0] - w[0][0]).abs(), (w[1][1] - w[0][1]).abs()])
        .fold(0.0, f32::max)
}

#[test]
fn the_full_level_is_the_original_bit_for_bit_from_the_first_frame() {
    let mut rig = rig();
    rig.feed(1, 8000);
    let heard = rig.hear(6400);
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(at, frame)| *frame == mixture(at as u32))
    );
    let position = rig.shared.position();
    assert_eq!(
        (position.play_id, position.seconds),
        (7, 6400.0 / f64::from(RATE))
    );
}

#[test]
fn the_zero_level_is_mixture_minus_vocals() {
    let mut rig = rig();
    rig.shared.set_level(0.0);
    rig.feed(1, 4000);
    for (at, frame) in rig.hear(3200).iter().enumerate() {
        let (m, v) = (mixture(at as u32), vocals(at as u32));
        assert_eq!(*frame, [m[0] - v[0], m[1] - v[1]], "frame {at}");
    }
}

#[test]
fn gains_move_without_clicks_and_arrive_exactly() {
    let mut rig = rig();
    let calm = largest_step(&rig.hear_on(1, 6400));
    for (level, volume) in [
        (0.0, 1.0),
        (1.0, 0.5),
        (0.35, 0.0),
        (1.0, 1.0),
        (0.0, 0.2),
        (1.0, 1.0),
    ] {
        rig.shared.set_level(level);
        rig.shared.set_volume(volume);
        let heard = rig.hear_on(1, 1600);
        // Over 15 ms a gain moves by at most 1/720 a frame, times samples of at most 0.9.
        assert!(
            largest_step(&heard) < calm * 1.5 + 0.003,
            "a click going to {level}, {volume}"
        );
        let at = rig.at as usize - rig.ring.buffer().capacity() + rig.ring.slots();
        let exact = rig.hear(1)[0];
        let (m, v) = (mixture(at as u32), vocals(at as u32));
        assert_eq!(exact[0], (m[0] + (level - 1.0) * v[0]) * volume);
        rig.hear(BLOCK - 1);
    }
}

#[test]
fn pausing_fades_stops_the_count_and_resumes_where_it_was() {
    let mut rig = rig();
    let calm = largest_step(&rig.hear_on(1, 6400));
    rig.shared.set_playing(false);
    let fading = rig.hear_on(1, 640);
    assert!(largest_step(&fading) < calm * 1.5 + 0.006, "a click at the pause");
    let paused_at = rig.shared.position().seconds;
    assert!(rig.hear(4800).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.shared.position().seconds, paused_at);
    rig.shared.set_playing(true);
    let back = rig.hear_on(1, 640);
    assert!(
        back[0][0].abs() < 0.01 && largest_step(&back) < calm * 1.5 + 0.006,
        "a click at the resume"
    );
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn a_new_stretch_silences_the_old_within_the_fade() {
    let mut rig = rig();
    rig.feed(1, 10_000);
    rig.hear(6400);
    rig.shared.announce(2, 8, RATE, 100_000, 1.0);
    rig.shared.set_min_generation(2);
    let position = rig.shared.position();
    assert_eq!(
        (position.play_id, position.seconds),
        (8, 100_000.0 / f64::from(RATE)),
        "the goal shows at once"
    );
    rig.at = 100_000;
    rig.feed(2, 3000);
    let heard = rig.hear(1280);
    assert!(largest_step(&heard) < 0.05, "a click at the seek");
    assert_eq!(rig.shared.heard_generation(), 2);
    let exact = rig.hear(1)[0];
    let at = (rig.shared.position().seconds * f64::from(RATE)).round() as u32 - BLOCK as u32;
    assert_eq!(exact, mixture(at));
    assert!((100_000..101_300).contains(&at), "{at}");
}

#[test]
fn a_dry_ring_is_counted_fades_and_recovers() {
    let mut rig = rig();
    rig.feed(1, 3000);
    let heard = rig.hear(4000);
    assert_eq!(rig.shared.underruns(), 1);
    // The last block fades over what there is of it.
    assert!(largest_step(&heard) < 0.1, "{}", largest_step(&heard));
    assert!(heard[3000..].iter().all(|frame| *frame == [0.0; 2]));
    rig.feed(1, 100);
    assert!(
        rig.hear(640).iter().all(|frame| *frame == [0.0; 2]),
        "it started on a handful of frames"
    );
    rig.feed(1, 4000);
    assert!(rig.hear(1280).iter().any(|frame| frame[0].abs() > 0.3));
}

#[test]
fn a_song_waits_for_all_that_the_device_asks_for_in_one_go() {
    const ASKED: usize = 8_192;
    let mut rig = rig();
    rig.mixer = rig.mixer.asked_for(ASKED as u32);
    rig.feed(1, ASKED - 100);
    assert!(rig.hear(ASKED).iter().all(|frame| *frame == [0.0; 2]));
    rig.feed(1, 100);
    let heard = rig.hear(ASKED);
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(at, frame)| *frame == mixture(at as u32))
    );
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn no_song_waits_for_more_than_the_ring_is_given() {
    let mut rig = rig();
    rig.mixer = rig.mixer.asked_for(u32::MAX);
    rig.feed(1, RATE as usize / 5);
    assert_eq!(rig.hear(1)[0], mixture(0));
}

#[test]
fn the_end_of_a_song_is_played_to_its_last_frame_and_is_no_underrun() {
    let mut rig = rig();
    rig.feed(1, 1000);
    rig.shared.set_complete(true);
    let heard = rig.hear(1280);
    assert!(
        heard[..1000]
            .iter()
            .enumerate()
            .all(|(at, frame)| *frame == mixture(at as u32))
    );
    assert!(heard[1000..].iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(rig.shared.underruns(), 0);
}

#[test]
fn twice_the_vocals_and_a_soft_song_made_louder_come_out_as_asked() {
    let mut rig = rig();
    rig.shared.set_level(2.0);
    rig.shared.set_gain(1, 0.5);
    rig.feed(1, 4000);
    for (at, frame) in rig.hear(3200).iter().enumerate() {
        let (m, v) = (mixture(at as u32), vocals(at as u32));
        assert_eq!(*frame, [(m[0] + v[0]) * 0.5, (m[1] + v[1]) * 0.5], "frame {at}");
    }
}

#[test]
fn what_the_gains_push_over_the_ceiling_is_held_and_only_that() {
    let mut rig = rig();
    rig.shared.set_level(2.0);
    rig.shared.set_gain(1, 2.0);
    let heard = rig.hear_on(1, 48_000);
    let loudest = heard.iter().flatten().fold(0.0f32, |a, b| a.max(b.abs()));
    // But for the last bit of a product.
    assert!(
        loudest <= crate::audio::player::mixer::limiter::CEILING * 1.000_001 && loudest > 0.85,
        "{loudest}"
    );
    // Held, not cut: the curve stays as smooth as the signal times the gain is.
    let steepest = largest_step(&heard[640..]);
    assert!(steepest < 0.1, "{steepest}");
    rig.shared.set_level(1.0);
    rig.shared.announce(2, 8, RATE, 0, 1.0);
    rig.shared.set_min_generation(2);
    rig.at = 0;
    rig.hear_on(2, 640);
    let heard = rig.hear_on(2, 64_000);
    let last = *heard.last().unwrap();
    let at = (rig.shared.position().seconds * f64::from(RATE)).round() as u32 - 1;
    assert_eq!(last, mixture(at), "the limiter never let go");
}

#[test]
fn the_next_song_takes_its_own_gain_in_a_ramp() {
    let mut rig = rig();
    rig.shared.set_gain(1, 0.25);
    rig.feed(1, 3200);
    rig.shared.announce(2, 8, RATE, 0, 1.0);
    rig.shared.set_gain(2, 1.0);
    let calm = largest_step(&(0..3200).map(mixture).collect::<Vec<_>>());
    let first = rig.hear(2000);
    assert_eq!(
        first[100][0],
        mixture(100)[0] * 0.25,
        "not there at the first sample"
    );
    // Without a gap the curve of the test goes on, as two songs recorded in one go would.
    rig.feed(2, 4800);
    let over = rig.hear(4480);
    assert!(
        largest_step(&over) < calm * 1.5 + 0.003,
        "a click between two songs: {}",
        largest_step(&over)
    );
    assert_eq!(over.last().copied(), Some(mixture(6479)));
}

#[test]
fn the_singer_alone_is_the_vocals_and_nothing_else() {
    let mut rig = rig();
    rig.shared.set_level(0.2);
    rig.feed(1, 16_000);
    rig.hear(3200);
    rig.shared.set_solo(true);
    let calm = largest_step(&(0..3200).map(mixture).collect::<Vec<_>>());
    let heard = rig.hear(1600);
    assert!(largest_step(&heard) < calm * 1.5 + 0.003, "a click");
    assert_eq!(heard.last().copied(), Some(vocals(4799)));
    rig.shared.set_solo(false);
    rig.shared.set_level(1.0);
    assert_eq!(rig.hear(1600).last().copied(), Some(mixture(6399)));
}

#[test]
fn a_level_that_is_no_number_leaves_the_recording() {
    let shared = Shared::default();
    shared.set_level(f32::NAN);
    assert_eq!(shared.level(), 1.0);
}

#[test]
fn a_device_of_one_channel_gets_the_mean_and_a_large_one_the_front_pair() {
    for channels in [1usize, 2, 6] {
        let shared = Arc::new(Shared::default());
        let rate = NonZero::new(RATE).unwrap();
        let (mut ring, mut mixer) = mixer_for(rate, NonZero::new(channels as u16).unwrap(), shared.clone());
        shared.announce(1, 7, RATE, 0, 1.0);
        shared.set_min_generation(1);
        shared.set_playing(true);
        for at in 0..4000 {
            let frame = Frame {
                mixture: mixture(at),
                vocals: vocals(at),
                generation: 1,
                at,
                ..Frame::default()
            };
            ring.push(frame).unwrap();
        }
        let heard: Vec<f32> = mixer.by_ref().take(3200 * channels).collect();
        for (at, frame) in heard.chunks(channels).enumerate() {
            let [left, right] = mixture(at as u32);
            match channels {
                1 => assert_eq!(frame, [0.5 * (left + right)]),
                2 => assert_eq!(frame, [left, right]),
                _ => assert_eq!(frame, [left, right, 0.0, 0.0, 0.0, 0.0]),
            }
        }
        // The count is in frames whatever a frame is.
        assert_eq!(shared.position().seconds, 3200.0 / f64::from(RATE));
    }
}

#[test]
fn a_delay_of_the_device_moves_the_position_and_nothing_else() {
    let mut rig = rig();
    rig.feed(1, 16_000);
    rig.hear(9600);
    assert_eq!(rig.shared.position().seconds, 0.2);
    rig.shared.set_latency(960);
    rig.shared.set_delay_ms(150);
    assert!((rig.shared.position().seconds - 0.03).abs() < 1e-9);
    assert_eq!(rig.shared.next_position().seconds, 0.2);
    rig.shared.set_delay_ms(5000);
    assert_eq!(rig.shared.position().seconds, 0.0, "not before the beginning");
    assert_eq!(rig.hear(64)[63], mixture(9663));
}
