//! What is done to a take before it is mixed: level, place between the speakers, tone, channels,
//! polarity, a room; and what is done to mixture and vocals alike: low-pass, limiter. All but the room
//! works on spectra, where a voice transformed once can meet several accompaniments.

use crate::recording::{RATE, RecordingPiece};
use crate::rng::Rng;

/// Gains of left and right into left and right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Routing(pub [[f32; 2]; 2]);

impl Routing {
    pub const STRAIGHT: Self = Self([[1.0, 0.0], [0.0, 1.0]]);

    pub fn gain(self, gain: f32) -> Self {
        Self(self.0.map(|row| row.map(|g| g * gain)))
    }

    /// Left becomes right.
    pub fn swapped(self) -> Self {
        Self([self.0[1], self.0[0]])
    }

    pub fn inverted(self) -> Self {
        self.gain(-1.0)
    }

    /// Balance from -1 (left) to 1 (right), the middle untouched, the sum of powers kept.
    pub fn panned(self, balance: f32) -> Self {
        let angle = (balance.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
        let (right, left) = angle.sin_cos();
        let by = [left * std::f32::consts::SQRT_2, right * std::f32::consts::SQRT_2];
        Self([self.0[0].map(|g| g * by[0]), self.0[1].map(|g| g * by[1])])
    }

    /// Both sides become their middle.
    pub fn mono(self) -> Self {
        let middle = [0, 1].map(|i| 0.5 * (self.0[0][i] + self.0[1][i]));
        Self([middle, middle])
    }
}

/// Linear gain for decibels.
pub fn decibels(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// Centres of the equaliser's bands in hertz, an octave and a bit apart.
const EQ_CENTRES: [f32; 7] = [80.0, 200.0, 500.0, 1200.0, 3000.0, 7000.0, 14_000.0];

/// Gain per bin of a seven-band equaliser: the bands' decibels joined by straight lines over the
/// logarithm of frequency.
pub fn equaliser(bands_db: &[f32; 7], bins: usize, rate: f32) -> Vec<f32> {
    let per_bin = rate / 2.0 / (bins - 1) as f32;
    let octave = |hz: f32| hz.max(1.0).log2();
    (0..bins)
        .map(|bin| {
            let at = octave(bin as f32 * per_bin);
            let upper = EQ_CENTRES.iter().position(|&centre| octave(centre) >= at);
            let db = match upper {
                Some(0) => bands_db[0],
                None => bands_db[6],
                Some(i) => {
                    let (low, high) = (octave(EQ_CENTRES[i - 1]), octave(EQ_CENTRES[i]));
                    bands_db[i - 1] + (bands_db[i] - bands_db[i - 1]) * (at - low) / (high - low)
                }
            };
            decibels(db)
        })
        .collect()
}

/// Hertz in which a low-pass goes from all to nothing.
const LOW_PASS_SLOPE: f32 = 500.0;

/// Gain per bin of a low-pass: half of the amplitude is left at `cutoff` hertz, by a raised cosine as
/// steep as that of a lossy coder.
pub fn low_pass(cutoff: f32, bins: usize, rate: f32) -> Vec<f32> {
    let per_bin = rate / 2.0 / (bins - 1) as f32;
    (0..bins)
        .map(|bin| {
            let at = (bin as f32 * per_bin - cutoff) / LOW_PASS_SLOPE + 0.5;
            0.5 * (1.0 + (std::f32::consts::PI * at.clamp(0.0, 1.0)).cos())
        })
        .collect()
}

/// Multiplies every frame of a plane by a gain per bin.
pub fn gain_per_bin(plane: &mut [f32], gains: &[f32]) {
    for frame in plane.chunks_exact_mut(gains.len()) {
        frame.iter_mut().zip(gains).for_each(|(x, gain)| *x *= gain);
    }
}

/// Multiplies frame `n` of each of two channels by gain `n`.
pub fn gain_per_frame(plane: &mut [f32], gains: &[f32]) {
    let bins = plane.len() / (2 * gains.len()).max(1);
    for (frame, gain) in plane.chunks_exact_mut(bins.max(1)).zip(gains.iter().cycle()) {
        frame.iter_mut().for_each(|x| *x *= gain);
    }
}

/// Decibels that are left of each one above a limiter's threshold.
const LIMITER_SLOPE: f32 = 0.1;
/// Share of the reduction that is left a frame later, once the signal is quiet: 100 ms to a fifth.
const LIMITER_RELEASE: f32 = 0.7;

/// Gain per frame of a limiter (10:1, feed-forward, both channels as one) for a mixture
/// `[channel][frame][bin]` of two channels. The threshold is in dB against the mixture's mean power. A
/// frame takes hold at once and lets go slowly, and the level it goes by is that of the frame, so this is
/// the slow gain of a mastering limiter and none of its clipping.
pub fn limiter(re: &[f32], im: &[f32], frames: usize, threshold_db: f32) -> Vec<f32> {
    let bins = re.len() / (2 * frames).max(1);
    let mut power = vec![0.0_f32; frames];
    let rows = re.chunks_exact(bins.max(1)).zip(im.chunks_exact(bins.max(1)));
    for (row, (re, im)) in rows.enumerate() {
        power[row % frames] += re.iter().chain(im).map(|x| x * x).sum::<f32>();
    }
    let mean = power.iter().sum::<f32>() / frames.max(1) as f32;
    let mut reduction = 0.0_f32;
    power
        .iter()
        .map(|power| {
            let level = 10.0 * (power / mean.max(1e-20)).max(1e-10).log10();
            let wanted = (1.0 - LIMITER_SLOPE) * (level - threshold_db).max(0.0);
            reduction = wanted.max(LIMITER_RELEASE * reduction);
            decibels(-reduction)
        })
        .collect()
}

/// Impulses a second of a room's response, enough to be heard as noise.
const ROOM_DENSITY: f32 = 1000.0;

/// A room: an exponentially decaying noise for either side, added to the dry sound. The noise is
/// sparse, impulses of either sign at random distances ("velvet noise", Karjalainen and Järveläinen,
/// AES 30th Conference, 2007), which makes the convolution cheap without a transform.
#[derive(Debug, Clone)]
pub struct RoomReverb {
    /// Delay in frames and gain of each impulse, left and right.
    taps: [Vec<(usize, f32)>; 2],
}

impl RoomReverb {
    /// A room that falls by 60 dB in `seconds` (RT60), begins after `delay` seconds, and whose
    /// response has `wet_db` of the energy of the direct sound.
    pub fn new(seconds: f32, delay: f32, wet_db: f32, rng: &mut Rng) -> Self {
        let mut side = || {
            let count = (seconds * ROOM_DENSITY).max(1.0) as usize;
            let mut taps: Vec<(usize, f32)> = (0..count)
                .map(|tap| {
                    let at = (tap as f32 + rng.unit()) / ROOM_DENSITY;
                    let sign = if rng.chance(0.5) { 1.0 } else { -1.0 };
                    let frame = ((delay + at) * RATE as f32) as usize;
                    (frame, sign * decibels(-60.0 * at / seconds))
                })
                .collect();
            let energy: f32 = taps.iter().map(|(_, gain)| gain * gain).sum();
            let scale = decibels(wet_db) / energy.sqrt().max(1e-9);
            taps.iter_mut().for_each(|(_, gain)| *gain *= scale);
            taps
        };
        Self {
            taps: [side(), side()],
        }
    }

    /// From a small dry room to a hall, the singer close to the microphone.
    pub fn draw(rng: &mut Rng) -> Self {
        let (seconds, delay, wet) = (
            rng.between(0.2, 0.9),
            rng.between(0.003, 0.03),
            rng.between(-15.0, -4.0),
        );
        Self::new(seconds, delay, wet, rng)
    }

    /// Adds the response to the piece, as far as the piece reaches.
    pub fn resound(&self, piece: &mut RecordingPiece) {
        for (signal, taps) in piece.iter_mut().zip(&self.taps) {
            let dry = signal.clone();
            for &(frame, gain) in taps {
                let late = signal.get_mut(frame..).unwrap_or_default();
                late.iter_mut().zip(&dry).for_each(|(out, x)| *out += gain * x);
            }
        }
    }
}

/// A routing as training draws it: channels swapped and polarity turned half of the time, sometimes
/// off-centre, sometimes mono.
pub fn draw_routing(rng: &mut Rng, pan_probability: f32, mono_probability: f32) -> Routing {
    let mut routing = Routing::STRAIGHT;
    if rng.chance(mono_probability) {
        routing = routing.mono();
    }
    if rng.chance(pan_probability) {
        routing = routing.panned(rng.between(-0.35, 0.35));
    }
    if rng.chance(0.5) {
        routing = routing.swapped();
    }
    if rng.chance(0.5) {
        routing = routing.inverted();
    }
    routing
}

/// Seven band gains within 9 dB.
pub fn draw_bands(rng: &mut Rng) -> [f32; 7] {
    std::array::from_fn(|_| rng.between(-9.0, 9.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_means_what_it_says() {
        assert_eq!(Routing::STRAIGHT.swapped().0, [[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(Routing::STRAIGHT.inverted().0, [[-1.0, -0.0], [-0.0, -1.0]]);
        assert_eq!(Routing::STRAIGHT.mono().0, [[0.5, 0.5], [0.5, 0.5]]);
        let left = Routing::STRAIGHT.panned(-1.0).0;
        assert!(left[1][1].abs() < 1e-6 && (left[0][0] - 2_f32.sqrt()).abs() < 1e-6);
        let middle = Routing::STRAIGHT.panned(0.0).0;
        assert!((middle[0][0] - 1.0).abs() < 1e-6 && (middle[1][1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_flat_equaliser_is_a_gain_and_a_band_moves_its_own_bins() {
        let flat = equaliser(&[6.0; 7], 2049, 44_100.0);
        assert!(flat.iter().all(|g| (g - decibels(6.0)).abs() < 1e-4));
        let mut bands = [0.0; 7];
        bands[3] = 9.0;
        let gains = equaliser(&bands, 2049, 44_100.0);
        let at = |hz: f32| gains[(hz / 22_050.0 * 2048.0).round() as usize];
        assert!((at(1200.0) - decibels(9.0)).abs() < 0.05);
        assert!((at(500.0) - 1.0).abs() < 0.05 && (at(3000.0) - 1.0).abs() < 0.05);
        assert!((gains[0] - 1.0).abs() < 1e-6 && (gains[2048] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_equaliser_scales_both_parts_of_every_frame() {
        let mut plane = vec![2.0; 12];
        gain_per_bin(&mut plane, &[1.0, 2.0, 3.0]);
        assert_eq!(plane, [2.0, 4.0, 6.0].repeat(4));
    }

    #[test]
    fn a_low_pass_keeps_what_is_below_and_nothing_above() {
        let gains = low_pass(12_000.0, 2049, 44_100.0);
        let at = |hz: f32| gains[(hz / 22_050.0 * 2048.0).round() as usize];
        assert_eq!((gains[0], at(11_700.0)), (1.0, 1.0));
        assert!((at(12_000.0) - 0.5).abs() < 0.03, "{}", at(12_000.0));
        assert!(at(12_300.0) < 1e-6 && gains[2048] < 1e-6);
    }

    #[test]
    fn a_limiter_holds_the_loud_frames_and_lets_go_of_the_rest_slowly() {
        // Two channels of 40 frames of 3 bins; frame 10 is 20 dB louder.
        let mut re = vec![1.0; 240];
        for channel in [0, 120] {
            re[channel + 30..channel + 33].fill(10.0);
        }
        let im = vec![0.0; 240];
        // The mean power is 139 / 40 of a quiet frame's.
        let quiet = -10.0 * (139.0_f32 / 40.0).log10();
        let gains = limiter(&re, &im, 40, quiet + 5.0);
        assert!(gains[..10].iter().all(|gain| *gain == 1.0), "{gains:?}");
        assert!((gains[10] - decibels(-0.9 * 15.0)).abs() < 1e-3, "{}", gains[10]);
        assert!(
            gains[10..].is_sorted() && gains[11] < 0.5 && gains[39] > 0.99,
            "{gains:?}"
        );
        gain_per_frame(&mut re, &gains);
        for channel in [0, 120] {
            let frame = channel + 30..channel + 33;
            assert!(re[frame].iter().all(|x| (x - 10.0 * gains[10]).abs() < 1e-6));
            assert_eq!(re[channel], 1.0);
        }
    }

    #[test]
    fn silence_passes_a_limiter() {
        let gains = limiter(&[0.0; 24], &[0.0; 24], 4, 0.0);
        assert_eq!(gains, [1.0; 4]);
    }

    #[test]
    fn a_room_keeps_the_direct_sound_and_decays_by_sixty_decibels() {
        let room = RoomReverb::new(0.4, 0.01, -6.0, &mut Rng::new(4));
        let mut piece = [vec![0.0; RATE as usize], vec![0.0; RATE as usize]];
        piece.iter_mut().for_each(|side| side[0] = 1.0);
        room.resound(&mut piece);
        let energy = |side: &[f32]| side.iter().map(|x| x * x).sum::<f32>();
        let ms = |n: usize| n * RATE as usize / 1000;
        for side in &piece {
            assert_eq!(side[0], 1.0);
            assert!(side[1..ms(10)].iter().all(|x| *x == 0.0));
            let wet = 10.0 * energy(&side[1..]).log10();
            assert!((wet + 6.0).abs() < 0.1, "{wet}");
            // 100 ms are a quarter of the time to -60 dB.
            let fall = 10.0 * (energy(&side[ms(10)..ms(110)]) / energy(&side[ms(110)..ms(210)])).log10();
            assert!((fall - 15.0).abs() < 2.0, "{fall}");
            assert!(side[ms(411)..].iter().all(|x| *x == 0.0));
        }
        assert_ne!(piece[0], piece[1], "the sides of a room differ");
    }

    #[test]
    fn drawn_routings_keep_the_power_of_a_middle_voice_within_reach() {
        let mut rng = Rng::new(3);
        for _ in 0..100 {
            let r = draw_routing(&mut rng, 0.5, 0.1).0;
            let power: f32 = r.iter().map(|row| (row[0] + row[1]).powi(2)).sum();
            assert!((1.0..4.1).contains(&power), "{power}");
        }
    }
}
