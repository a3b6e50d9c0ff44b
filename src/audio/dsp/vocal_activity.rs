//! Listens through a song and notes, every ten milliseconds, how loud it is where voices are, and how
//! much sound begins: a rise in many bands at once, as a syllable has it and a held vowel has not.

use std::f32::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::vocal_timing::{MOST_POINTS, Of, Trace};

/// Points in a second.
const POINTS: u64 = 100;
/// Seconds of sound that a point looks at, about.
const WINDOW: f32 = 0.023;
/// Hertz: below are drums that leaked, above mostly their cymbals.
const LOWEST: f32 = 120.0;
const HIGHEST: f32 = 8_000.0;
const BANDS: usize = 20;
/// A rise is against so many points before: one window apart.
const BACK: usize = 2;

/// Takes a song in, piece by piece.
pub struct VocalActivityMeter {
    of: Of,
    rate: u64,
    forward: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// First bin of each band, and the end of the last.
    edges: [usize; BANDS + 1],
    time: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Mono samples not done with, and where in the song the first of them is; half a window of
    /// silence goes before the song.
    waiting: Vec<f32>,
    start: u64,
    levels: Vec<f32>,
    onsets: Vec<f32>,
    before: [[f32; BANDS]; BACK],
}

impl VocalActivityMeter {
    /// `rate` in frames per second.
    pub fn new(of: Of, rate: u32) -> Self {
        let rate = rate.clamp(1_000, 768_000);
        let size = ((rate as f32 * WINDOW) as usize).next_power_of_two().max(32);
        let forward = RealFftPlanner::new().plan_fft_forward(size);
        let ratio = (HIGHEST / LOWEST).powf(1.0 / BANDS as f32);
        let mut edges = [0; BANDS + 1];
        for (band, edge) in edges.iter_mut().enumerate() {
            let hertz = LOWEST * ratio.powi(band as i32);
            *edge = ((hertz * size as f32 / rate as f32) as usize).min(size / 2);
        }
        for band in 0..BANDS {
            // low bands have at least one bin of their own
            edges[band + 1] = edges[band + 1].max(edges[band] + 1).min(size / 2 + 1);
        }
        Self {
            of,
            rate: rate.into(),
            window: (0..size)
                .map(|i| 0.5 - 0.5 * (TAU * i as f32 / size as f32).cos())
                .collect(),
            edges,
            time: vec![0.0; size],
            spectrum: forward.make_output_vec(),
            scratch: forward.make_scratch_vec(),
            forward,
            waiting: vec![0.0; size / 2],
            start: 0,
            levels: Vec::new(),
            onsets: Vec::new(),
            before: [[0.0; BANDS]; BACK],
        }
    }

    /// The song is longer than is listened to; the rest need not come.
    pub fn is_full(&self) -> bool {
        self.levels.len() >= MOST_POINTS
    }

    /// The next frames, interleaved stereo.
    pub fn add(&mut self, stereo: &[f32]) {
        let mono = |frame: &[f32]| {
            let sample = (frame[0] + frame[1]) / 2.0;
            if sample.is_finite() { sample } else { 0.0 }
        };
        self.waiting.extend(stereo.chunks_exact(2).map(mono));
        self.listen();
    }

    /// Points whose window is there, whole.
    fn listen(&mut self) {
        let size = self.window.len();
        loop {
            // from the song's start; the window is centred on it by the silence in front
            let at = self.levels.len() as u64 * self.rate / POINTS;
            let from = (at - self.start) as usize;
            if self.is_full() || from + size > self.waiting.len() {
                break;
            }
            for ((time, x), w) in self.time.iter_mut().zip(&self.waiting[from..]).zip(&self.window) {
                *time = x * w;
            }
            // the lengths are ours, so the only error realfft knows cannot happen
            let done =
                self.forward
                    .process_with_scratch(&mut self.time, &mut self.spectrum, &mut self.scratch);
            debug_assert!(done.is_ok());
            self.point();
        }
        let at = self.levels.len() as u64 * self.rate / POINTS;
        let over = ((at - self.start) as usize).min(self.waiting.len());
        // moved now and then, not sample by sample
        if over > 1 << 15 {
            self.waiting.drain(..over);
            self.start += over as u64;
        }
    }

    fn point(&mut self) {
        let mut bands = [0.0_f32; BANDS];
        for (band, power) in bands.iter_mut().enumerate() {
            let bins = &self.spectrum[self.edges[band]..self.edges[band + 1]];
            *power = bins.iter().map(|bin| bin.norm_sqr()).sum();
        }
        // a full-scale sine gives a quarter of the squared window length
        let scale = 4.0 / (self.window.len() as f32 / 2.0).powi(2) / 2.0;
        let power = bands.iter().sum::<f32>() * scale;
        self.levels.push(10.0 * (power + 1e-10).log10());
        // loudness as it is felt, so that a whisper's beginning counts little and a shout's not all
        for power in &mut bands {
            *power = (*power * scale).powf(0.25);
        }
        let rise = bands
            .iter()
            .zip(&self.before[0])
            .map(|(now, then)| (now - then).max(0.0));
        self.onsets.push(rise.sum());
        self.before.rotate_left(1);
        self.before[BACK - 1] = bands;
    }

    /// The trace of all that came.
    pub fn finish(mut self) -> Trace {
        let half = self.window.len() / 2;
        self.waiting.extend(std::iter::repeat_n(0.0, half));
        self.listen();
        Trace::new(self.of, &self.levels, &self.onsets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of silence with tones in these stretches.
    fn tones(rate: u32, seconds: f32, sung: &[(f32, f32)]) -> Vec<f32> {
        let frames = (seconds * rate as f32) as usize;
        (0..frames)
            .flat_map(|i| {
                let t = i as f32 / rate as f32;
                let on = sung.iter().any(|(from, to)| (*from..*to).contains(&t));
                let wave: f32 = (1..8)
                    .map(|h| (TAU * 220.0 * h as f32 * t).sin() / h as f32)
                    .sum();
                let sample = if on { wave * 0.2 } else { 0.0 };
                [sample, sample]
            })
            .collect()
    }

    fn trace(rate: u32, pcm: &[f32], piece: usize) -> Trace {
        let mut maker = VocalActivityMeter::new(Of::Vocals, rate);
        pcm.chunks(2 * piece).for_each(|piece| maker.add(piece));
        maker.finish()
    }

    #[test]
    fn beginnings_lie_where_sound_begins_at_every_rate() {
        for rate in [22_050, 44_100, 48_000, 96_000] {
            let pcm = tones(rate, 4.0, &[(1.0, 1.5), (2.25, 3.0)]);
            let trace = trace(rate, &pcm, 1_000);
            assert!((399..=401).contains(&trace.len()), "{}", trace.len());
            let onsets = trace.onsets();
            for begin in [100_usize, 225] {
                let near = begin - 20..begin + 20;
                let top = near.max_by(|a, b| onsets[*a].total_cmp(&onsets[*b])).unwrap();
                assert!(top.abs_diff(begin) <= 2, "{rate} Hz: {top} for {begin}");
            }
            let activity = trace.activity();
            for (at, sings) in [(50, false), (120, true), (190, false), (260, true), (350, false)] {
                assert_eq!(activity[at] > 0.5, sings, "{rate} Hz at {at}");
            }
            assert!(trace.loudness(1_100, 1_200).unwrap() > 0.9);
            assert_eq!(trace.loudness(500, 600), Some(0.0));
            assert_eq!(trace.loudness(90_000, 90_100), None);
        }
    }

    #[test]
    fn how_the_song_is_cut_into_pieces_changes_nothing() {
        let pcm = tones(44_100, 3.0, &[(0.5, 2.0)]);
        let whole = trace(44_100, &pcm, 200_000);
        for piece in [1, 441, 4_099] {
            assert_eq!(trace(44_100, &pcm, piece), whole);
        }
    }

    #[test]
    fn silence_nonsense_and_nothing_give_a_trace_without_anybody() {
        for pcm in [vec![], vec![0.0; 88_200], vec![f32::NAN; 88_200]] {
            let trace = trace(44_100, &pcm, 512);
            assert!(trace.activity().iter().all(|a| *a < 0.1));
            assert!(trace.onsets().iter().all(|o| *o < 0.1));
        }
    }
}
