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
    shared.raise_floor(1);
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
    [(t * 0.031).sin() * 0.6, (t * 0.017).cos() * 0.6]
}

fn vocals(at: u32) -> [f32; 2] {
    let t = at as f32;
    [(t * 0.011).sin() * 0.3, (t * 0.013).sin() * 0.3]
}

impl Rig {
    fn feed(&mut self, stretch: u32, frames: usize) {
        for _ in 0..frames {
            let at = self.at;
            self.ring
                .push(Frame {
                    mixture: mixture(at),
                    vocals: vocals(at),
                    stretch,
                    at,
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
    fn hear_on(&mut self, stretch: u32, frames: usize) -> Vec<[f32; 2]> {
        (0..frames / BLOCK)
            .flat_map(|_| {
                let room = self.ring.slots();
                self.feed(stretch, room.min(BLOCK * 8));
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
    assert_eq!((position.token, position.seconds), (7, 6400.0 / f64::from(RATE)));
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
    rig.shared.raise_floor(2);
    let position = rig.shared.position();
    assert_eq!(
        (position.token, position.seconds),
        (8, 100_000.0 / f64::from(RATE)),
        "the goal shows at once"
    );
    rig.at = 100_000;
    rig.feed(2, 3000);
    let heard = rig.hear(1280);
    assert!(largest_step(&heard) < 0.05, "a click at the seek");
    assert_eq!(rig.shared.heard_stretch(), 2);
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
