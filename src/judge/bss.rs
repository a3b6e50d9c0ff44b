//! BSS Eval v4 (Stöter, Liutkus and Ito 2018; Vincent and others 2006), in the definition of museval
//! 0.4: SDR, ISR, SIR and SAR by windows of a second, with distortion filters of 512 taps that are
//! estimated once on the whole song.
//!
//! An estimate is split into the true stem, what filtering the stem alone can explain beyond that
//! (spatial distortion), what filtering all stems can explain beyond that (interference), and the
//! rest (artefacts). All of it happens on spectra of the zero-padded window: by Parseval's theorem
//! the energies are the same there, and no inverse transform is needed.

use std::ops::Range;

use realfft::num_complex::Complex;
use serde::Serialize;

use super::RATE;
use super::correlate::{Channel, Transform, correlations};
use super::sdr::{self, finite};
use super::toeplitz::{Block, Inverse};

/// Longest delay a filter reaches, plus one.
const TAPS: usize = 512;

/// One window's ratios in dB; `None` where silence, or a perfect estimate, leaves none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct BssWindow {
    pub sdr: Option<f64>,
    pub isr: Option<f64>,
    pub sir: Option<f64>,
    pub sar: Option<f64>,
}

/// Two stems that make up a song, ready to judge any number of estimates of them.
pub struct References<'a> {
    stems: [&'a [f32]; 2],
    /// What both stems together explain; `None` where one of them is silent throughout.
    both: Option<Inverse<4>>,
    own: [Option<Inverse<2>>; 2],
}

impl<'a> References<'a> {
    /// Interleaved stereo at [`RATE`], of the same length.
    pub fn new(stems: [&'a [f32]; 2]) -> Self {
        let mut references = Self {
            stems,
            both: None,
            own: [None, None],
        };
        // BSS Eval refuses a reference that is silent throughout.
        if stems.iter().any(|stem| sdr::silent(stem)) {
            return references;
        }
        let channels = stems.map(Channel::both).concat();
        let found = correlations(&channels, &channels, TAPS);
        let column: Vec<Block<4>> = (0..TAPS)
            .map(|lag| std::array::from_fn(|p| std::array::from_fn(|q| found[p][q][lag])))
            .collect();
        references.own = [0, 2].map(|at| {
            let block =
                |all: &Block<4>| std::array::from_fn(|p| std::array::from_fn(|q| all[at + p][at + q]));
            Inverse::new(column.iter().map(block).collect())
        });
        references.both = Inverse::new(column);
        references
    }

    /// The windows of both stems' estimates, which must be as long as the references. An estimate
    /// that is silent throughout, which BSS Eval refuses, gets the SDR of the windows in which both
    /// references sound: that ratio needs no filter.
    pub fn judge(&self, estimates: [&[f32]; 2]) -> [Vec<BssWindow>; 2] {
        let mut judged = [Vec::new(), Vec::new()];
        let refused = estimates.iter().any(|estimate| sdr::silent(estimate));
        let mut scorer = (!refused).then(|| self.scorer(estimates)).flatten();
        for range in sdr::seconds(self.stems[0].len() / 2, RATE as usize) {
            let sounds = |stems: [&[f32]; 2]| stems.iter().all(|stem| !sdr::silent(sdr::part(stem, &range)));
            let counts = sounds(self.stems) && (refused || sounds(estimates));
            for (stem, judged) in judged.iter_mut().enumerate() {
                let mut window = BssWindow::default();
                if counts {
                    let [reference, estimate] = [self.stems, estimates].map(|x| sdr::part(x[stem], &range));
                    window.sdr = finite(sdr::ratio(reference, estimate));
                }
                judged.push(window);
            }
            if let Some(scorer) = scorer.as_mut().filter(|_| counts) {
                scorer.load(&range);
                for (stem, judged) in judged.iter_mut().enumerate() {
                    if let Some(window) = judged.last_mut() {
                        scorer.score(stem, window);
                    }
                }
            }
        }
        judged
    }

    /// With the distortion filters of these estimates.
    fn scorer(&self, estimates: [&'a [f32]; 2]) -> Option<Scorer<'a>> {
        let references = self.stems.map(Channel::both).concat();
        let estimated = estimates.map(Channel::both).concat();
        let found = correlations(&references, &estimated, TAPS);
        let frames = references[0].frames().min(RATE as usize) + TAPS - 1;
        let mut transform = Transform::new(smooth(frames));
        let filters = (0..estimated.len())
            .map(|channel| {
                let wanted: Vec<&[f64]> = found.iter().map(|of| &of[channel][..]).collect();
                self.filters(channel / 2, &wanted, &mut transform)
            })
            .collect::<Option<_>>()?;
        Some(Scorer {
            time: vec![0.0; transform.len()],
            spectra: vec![vec![Complex::default(); transform.bins()]; 8],
            channels: [references, estimated].concat(),
            filters,
            transform,
        })
    }

    /// Those of one estimated channel, by its correlations with the references' channels.
    fn filters(&self, stem: usize, wanted: &[&[f64]], transform: &mut Transform) -> Option<Filters> {
        let own = &wanted[2 * stem..2 * stem + 2];
        Some(Filters {
            both: spectra(solution(self.both.as_ref()?, wanted), transform),
            own: spectra(solution(self.own[stem].as_ref()?, own), transform),
        })
    }
}

/// Taps per input channel of the filter that comes closest to an estimated channel.
fn solution<const M: usize>(inverse: &Inverse<M>, wanted: &[&[f64]]) -> Vec<Vec<f64>> {
    let wanted: Vec<[f64; M]> = (0..TAPS)
        .map(|lag| std::array::from_fn(|p| wanted[p][lag]))
        .collect();
    let solved = inverse.solve(&wanted);
    (0..M)
        .map(|p| solved.iter().map(|tap| tap[p]).collect())
        .collect()
}

fn spectra(filters: Vec<Vec<f64>>, transform: &mut Transform) -> Vec<BssSpectrum> {
    let mut spectrum = |mut taps: Vec<f64>| {
        taps.resize(transform.len(), 0.0);
        let mut spectrum = vec![Complex::default(); transform.bins()];
        transform.run(&mut taps, &mut spectrum);
        spectrum
    };
    filters.into_iter().map(&mut spectrum).collect()
}

type BssSpectrum = Vec<Complex<f64>>;

/// What makes an estimate's channel out of the references' channels.
struct Filters {
    /// Out of all four.
    both: Vec<BssSpectrum>,
    /// Out of the stem's own two.
    own: Vec<BssSpectrum>,
}

/// Scores window after window of one pair of estimates.
struct Scorer<'a> {
    /// Left and right of both references, then of both estimates.
    channels: Vec<Channel<'a>>,
    /// Of each estimated channel.
    filters: Vec<Filters>,
    transform: Transform,
    /// Of the window, as `channels`.
    spectra: Vec<BssSpectrum>,
    time: Vec<f64>,
}

impl Scorer<'_> {
    /// Takes up a window.
    fn load(&mut self, range: &Range<usize>) {
        for (channel, spectrum) in self.channels.iter().zip(&mut self.spectra) {
            channel.copy(range.start, &mut self.time[..range.len()]);
            self.time[range.len()..].fill(0.0);
            self.transform.run(&mut self.time, spectrum);
        }
    }

    fn score(&self, stem: usize, window: &mut BssWindow) {
        let (references, estimates) = self.spectra.split_at(4);
        let mut energies = Energies::default();
        for channel in 2 * stem..2 * stem + 2 {
            let filters = &self.filters[channel];
            for bin in 0..self.transform.bins() {
                let filtered = |filters: &[BssSpectrum], from: usize| -> Complex<f64> {
                    let signals = &references[from..];
                    filters.iter().zip(signals).map(|(f, s)| f[bin] * s[bin]).sum()
                };
                let truth = references[channel][bin];
                let own = filtered(&filters.own, 2 * stem);
                let both = filtered(&filters.both, 0);
                // All bins but the first and the last stand for two.
                let weight = if bin == 0 || bin + 1 == self.transform.bins() {
                    1.0
                } else {
                    2.0
                };
                energies.truth += weight * truth.norm_sqr();
                energies.spatial += weight * (own - truth).norm_sqr();
                energies.own += weight * own.norm_sqr();
                energies.interference += weight * (both - own).norm_sqr();
                energies.both += weight * both.norm_sqr();
                energies.artefacts += weight * (estimates[channel][bin] - both).norm_sqr();
            }
        }
        let ratio = |signal: f64, rest: f64| finite(10.0 * (signal / rest).log10());
        window.isr = ratio(energies.truth, energies.spatial);
        window.sir = ratio(energies.own, energies.interference);
        window.sar = ratio(energies.both, energies.artefacts);
    }
}

#[derive(Default)]
struct Energies {
    truth: f64,
    spatial: f64,
    /// The stem as its own filter gives it.
    own: f64,
    interference: f64,
    /// All that filtered stems explain.
    both: f64,
    artefacts: f64,
}

/// The next even length that a fast transform takes well: no prime factor above 5.
fn smooth(least: usize) -> usize {
    let is_smooth = |n: &usize| {
        let mut rest = *n;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    let even = least.next_multiple_of(2).max(2);
    (even..).step_by(2).find(is_smooth).unwrap_or(even)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = RATE as usize;

    fn noise(seed: u64, frames: usize) -> Vec<f32> {
        let mut state = seed;
        (0..2 * frames)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as f32 / (1_u64 << 31) as f32 - 0.5
            })
            .collect()
    }

    /// `parts` added up, each with its gain and delayed by its number of frames.
    fn blend(parts: &[(&[f32], f32, usize)]) -> Vec<f32> {
        let mut sum = vec![0.0; parts[0].0.len()];
        for (pcm, gain, delay) in parts {
            for (sum, x) in sum[2 * delay..].iter_mut().zip(*pcm) {
                *sum += gain * x;
            }
        }
        sum
    }

    fn near(found: Option<f64>, wanted: f64, bound: f64) {
        assert!((found.unwrap() - wanted).abs() < bound, "{found:?}, not {wanted}");
    }

    #[test]
    fn an_estimate_made_of_known_parts_is_taken_apart_into_them() {
        let frames = 3 * SECOND;
        let (a, b, hiss) = (noise(1, frames), noise(2, frames), noise(3, frames));
        let references = References::new([&a, &b]);
        // The stem with an echo, a tenth of the other one late, and a hundredth of hiss.
        let estimate = blend(&[(&a, 1.0, 0), (&a, 0.2, 300), (&b, 0.1, 40), (&hiss, 0.01, 0)]);
        let louder: Vec<f32> = estimate.iter().map(|x| 2.0 * x).collect();
        let judged = references.judge([&estimate, &louder]);
        assert_eq!([judged[0].len(), judged[1].len()], [3, 3]);
        for (at, window) in judged[0].iter().enumerate() {
            // Echo, leak and hiss against the stem.
            near(window.sdr, -10.0 * (0.04_f64 + 0.01 + 1e-4).log10(), 0.1);
            near(window.isr, -10.0 * 0.04_f64.log10(), 0.1);
            near(window.sir, 10.0 * (1.04_f64 / 0.01).log10(), 0.1);
            // What is late comes from before the window and ends behind it, where no filter of the
            // window's own sound can explain it. Nothing comes from before the first.
            let late = (300.0 * 0.04 + 40.0 * 0.01) / SECOND as f64;
            let edges = if at == 0 { late } else { 2.0 * late };
            near(window.sar, 10.0 * (1.05 / (1e-4 + edges)).log10(), 0.3);
        }
        // As an estimate of the other stem, twice as loud: nearly all of it is the wrong stem. What is
        // right comes late, so the stem itself is missing and the late one is too much. A thousand
        // taps explain their share of any noise, here of the wrong stem.
        let wrong = 4.0 * 1.04;
        let chance = wrong * (2 * TAPS) as f64 / frames as f64;
        for window in &judged[1] {
            near(window.isr, -10.0 * (1.04_f64 + chance).log10(), 0.1);
            near(
                window.sir,
                10.0 * ((0.04 + chance) / (wrong - chance)).log10(),
                0.3,
            );
        }
    }

    #[test]
    fn a_window_with_a_silent_stem_counts_for_nobody() {
        let frames = 3 * SECOND + 99;
        let (mut a, b) = (noise(1, frames), noise(2, frames));
        // Sides that cancel are silence by this rule.
        for frame in a[..2 * SECOND].chunks_exact_mut(2) {
            frame[1] = -frame[0];
        }
        let mut estimate = blend(&[(&a, 1.0, 0), (&b, 0.1, 0)]);
        estimate[4 * SECOND..6 * SECOND].fill(0.0);
        let references = References::new([&a, &b]);
        let judged = references.judge([&estimate, &b]);
        for windows in &judged {
            assert_eq!(windows.len(), 3);
            assert_eq!([windows[0], windows[2]], [BssWindow::default(); 2]);
        }
        assert!(judged[0][1].sdr.is_some() && judged[0][1].sar.is_some());
        // A perfect estimate has no finite ratio to the reference.
        assert_eq!(judged[1][1].sdr, None);

        let nothing = vec![0.0; a.len()];
        let judged = references.judge([&nothing, &b]);
        near(judged[0][2].sdr, 0.0, 1e-9);
        assert_eq!((judged[0][0].sdr, judged[0][2].sir), (None, None));
        let unheard = References::new([&nothing, &b]).judge([&a, &b]);
        assert_eq!(unheard[0], [BssWindow::default(); 3]);
    }

    #[test]
    fn a_mono_stem_and_a_clip_below_a_second_are_judged_too() {
        let frames = SECOND / 2;
        let (mut a, b) = (noise(1, frames), noise(2, frames));
        for frame in a.chunks_exact_mut(2) {
            frame[1] = frame[0];
        }
        let estimate = blend(&[(&a, 1.0, 0), (&b, 0.1, 0)]);
        let judged = References::new([&a, &b]).judge([&estimate, &b]);
        assert_eq!(judged[0].len(), 1);
        near(judged[0][0].sdr, 20.0, 0.2);
        near(judged[0][0].sir, 20.0, 0.2);
        assert!(judged[0][0].sar.unwrap() > 50.0);
    }

    #[test]
    fn lengths_suit_the_transform() {
        assert_eq!([1, 17, 44_611].map(smooth), [2, 18, 45_000]);
    }
}
