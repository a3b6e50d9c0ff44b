//! What a separator must be compared with: doing nothing, the tricks that need no network, and the
//! ceilings that masks with the mixture's phase cannot pass.

use realfft::num_complex::Complex;

use crate::audio::dsp::stft::Stft;
use crate::judge::RATE;
use crate::judge::reference::Stems;

const N_FFT: usize = 4096;
const HOP: usize = 1024;
/// Frames that are transformed at a time, so that memory does not grow with the song; beside them a
/// window of context on either side, with which they come out as of the whole song.
const BLOCK: usize = 256 * HOP;
const CONTEXT: usize = N_FFT;

/// Where the tricks look for the voice, in Hz.
const VOICE: std::ops::RangeInclusive<f32> = 120.0..=12_000.0;
/// Share of what is alike on both sides that the centre mask takes for voice.
const CENTRE: f32 = 0.4;

/// An estimate that needs no separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    MixtureAsVocals,
    NothingAsVocals,
    /// The middle of the voice's band as vocals; what is left there is left minus right.
    LeftMinusRight,
    /// A mask of the fourth power of how alike both sides are.
    CentreMask,
    /// Ceiling: the mask `|V| / (|V| + |A|)`, made from the true stems.
    IdealMagnitude,
    /// Ceiling: `|V|² / (|V|² + |A|²)`.
    IdealPower,
    /// Ceiling: `Re(V / X)` cut to 0 to 1, the best that a mask of that range can do.
    IdealPhase,
}

type Pair = [Complex<f32>; 2];

impl Baseline {
    pub const ALL: [Self; 7] = [
        Self::MixtureAsVocals,
        Self::NothingAsVocals,
        Self::LeftMinusRight,
        Self::CentreMask,
        Self::IdealMagnitude,
        Self::IdealPower,
        Self::IdealPhase,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::MixtureAsVocals => "mixture as vocals",
            Self::NothingAsVocals => "nothing as vocals",
            Self::LeftMinusRight => "L-R",
            Self::CentreMask => "centre mask",
            Self::IdealMagnitude => "ideal mask, magnitude",
            Self::IdealPower => "ideal mask, power",
            Self::IdealPhase => "ideal mask, phase-sensitive",
        }
    }

    /// The vocals it takes from a song, interleaved stereo of the song's length.
    pub fn vocals(self, song: &Stems) -> Vec<f32> {
        match self {
            Self::MixtureAsVocals => song.mixture.to_vec(),
            Self::NothingAsVocals => vec![0.0; song.mixture.len()],
            _ => self.masked(song),
        }
    }

    /// Applies [`Self::bin`] to the song's spectrogram, block by block.
    fn masked(self, song: &Stems) -> Vec<f32> {
        let mut stft = Stft::new(N_FFT, HOP);
        let frames = song.mixture.len() / 2;
        let mut out = vec![0.0; song.mixture.len()];
        for from in (0..frames).step_by(BLOCK) {
            let (begin, end) = (from.saturating_sub(CONTEXT), (from + BLOCK + CONTEXT).min(frames));
            let mut planes = [&song.vocals, &song.accompaniment, &*song.mixture]
                .map(|pcm| Plane::of(&mut stft, pcm, begin..end));
            let [vocals, rest, mixture] = &mut planes;
            let bins = stft.bins();
            for at in 0..mixture.len() {
                let hz = (at % bins) as f32 * RATE as f32 / N_FFT as f32;
                mixture.put(at, self.bin(hz, vocals.at(at), rest.at(at), mixture.at(at)));
            }
            let kept = from..(from + BLOCK).min(frames);
            mixture.write(&mut stft, begin..end, kept, &mut out);
        }
        out
    }

    /// The vocals of one bin, left and right, out of vocals, accompaniment and mixture.
    fn bin(self, hz: f32, vocals: Pair, rest: Pair, mixture: Pair) -> Pair {
        let share = |of: f32, all: f32| if all > 0.0 { of / all } else { 0.0 };
        let [left, right] = mixture;
        let mask = |value: fn(Complex<f32>) -> f32| {
            [0, 1].map(|side| {
                let voice = value(vocals[side]);
                mixture[side] * share(voice, voice + value(rest[side]))
            })
        };
        match self {
            Self::MixtureAsVocals => mixture,
            Self::NothingAsVocals => Pair::default(),
            Self::LeftMinusRight | Self::CentreMask if !VOICE.contains(&hz) => Pair::default(),
            Self::LeftMinusRight => [(left + right) * 0.5; 2],
            Self::CentreMask => {
                // 1 where both sides are the same, 0 where they share nothing or cancel.
                let common = 2.0 * (left * right.conj()).re;
                let alike = share(common.max(0.0), left.norm_sqr() + right.norm_sqr());
                mixture.map(|side| side * (CENTRE * alike.powi(4)))
            }
            Self::IdealMagnitude => mask(|x| x.norm()),
            Self::IdealPower => mask(|x| x.norm_sqr()),
            Self::IdealPhase => [0, 1].map(|side| {
                let (x, v) = (mixture[side], vocals[side]);
                x * share((v * x.conj()).re, x.norm_sqr()).clamp(0.0, 1.0)
            }),
        }
    }
}

/// Spectra of both sides of a stretch of music.
struct Plane([(Vec<f32>, Vec<f32>); 2]);

impl Plane {
    fn of(stft: &mut Stft, pcm: &[f32], frames: std::ops::Range<usize>) -> Self {
        let size = stft.frames(frames.len()) * stft.bins();
        let stretch = &pcm[2 * frames.start..2 * frames.end];
        Self([0, 1].map(|side| {
            let channel: Vec<f32> = stretch.chunks_exact(2).map(|frame| frame[side]).collect();
            let (mut re, mut im) = (vec![0.0; size], vec![0.0; size]);
            stft.forward(&channel, &mut re, &mut im);
            (re, im)
        }))
    }

    fn len(&self) -> usize {
        self.0[0].0.len()
    }

    fn at(&self, bin: usize) -> Pair {
        [0, 1].map(|side| Complex::new(self.0[side].0[bin], self.0[side].1[bin]))
    }

    fn put(&mut self, bin: usize, value: Pair) {
        for ((re, im), value) in self.0.iter_mut().zip(value) {
            (re[bin], im[bin]) = (value.re, value.im);
        }
    }

    /// The sound of this stretch, of which `kept` goes to its place in `out`.
    fn write(
        &self,
        stft: &mut Stft,
        stretch: std::ops::Range<usize>,
        kept: std::ops::Range<usize>,
        out: &mut [f32],
    ) {
        let mut channel = vec![0.0; stretch.len()];
        for (side, (re, im)) in self.0.iter().enumerate() {
            stft.inverse(re, im, &mut channel);
            let sound = &channel[kept.start - stretch.start..kept.end - stretch.start];
            let frames = out[2 * kept.start..2 * kept.end].chunks_exact_mut(2);
            for (frame, x) in frames.zip(sound) {
                frame[side] = *x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::scores::Estimate;
    use crate::judge::scores::Judge;
    use crate::judge::sdr;

    fn noise(seed: u64, len: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| random.f32() - 0.5).collect()
    }

    fn worst(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn blocks_come_out_as_the_whole() {
        // A mask of one everywhere: the voice alone.
        let vocals = noise(1, 2 * (BLOCK + 3 * HOP + 77));
        let song = Stems::mixed(vocals.clone(), vec![0.0; vocals.len()]);
        for ceiling in [
            Baseline::IdealMagnitude,
            Baseline::IdealPower,
            Baseline::IdealPhase,
        ] {
            assert!(worst(&ceiling.vocals(&song), &vocals) < 1e-5, "{ceiling:?}");
        }
    }

    #[test]
    fn the_tricks_take_what_is_in_the_middle_of_the_voices_band() {
        let tone = |hz: f32, sides: [f32; 2]| -> Vec<f32> {
            (0..RATE as usize)
                .flat_map(|i| {
                    sides.map(|gain| gain * (std::f32::consts::TAU * hz * i as f32 / RATE as f32).cos())
                })
                .collect()
        };
        let silence = vec![0.0; 2 * RATE as usize];
        let level = |trick: Baseline, pcm: Vec<f32>| {
            let out = trick.vocals(&Stems::mixed(silence.clone(), pcm.clone()));
            let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
            (energy(&out) / energy(&pcm)).sqrt()
        };
        for (trick, middle) in [(Baseline::LeftMinusRight, 1.0), (Baseline::CentreMask, CENTRE)] {
            assert!((level(trick, tone(1000.0, [0.5, 0.5])) - middle).abs() < 0.01);
            assert!(level(trick, tone(1000.0, [0.5, -0.5])) < 0.01);
            assert!(level(trick, tone(40.0, [0.5, 0.5])) < 0.01);
            assert!(level(trick, tone(15_000.0, [0.5, 0.5])) < 0.01);
        }
    }

    #[test]
    fn the_baselines_score_what_they_must() {
        let len = 2 * RATE as usize * 2;
        let song = Stems::mixed(noise(1, len), noise(2, len));
        let judge = Judge::new(&song);
        let of = |baseline: Baseline| {
            judge
                .judge(&Estimate::of(&song, baseline.vocals(&song), None))
                .scores
        };
        let nothing = of(Baseline::NothingAsVocals);
        assert!(nothing.vocals.sdr.unwrap().abs() < 1e-9 && nothing.accompaniment.sdr.unwrap().abs() < 0.1);
        assert_eq!((nothing.vocals.sir, nothing.vocals.si_sdr), (None, None));
        let everything = of(Baseline::MixtureAsVocals);
        assert!(everything.vocals.sdr.unwrap().abs() < 0.1);
        assert!(everything.accompaniment.sdr.unwrap().abs() < 1e-6);
    }

    #[test]
    fn each_ceiling_is_above_the_one_before() {
        let len = 2 * RATE as usize;
        let song = Stems::mixed(noise(1, len), noise(2, len));
        let ceilings = [
            Baseline::IdealMagnitude,
            Baseline::IdealPower,
            Baseline::IdealPhase,
        ];
        let ratios = ceilings.map(|ceiling| sdr::whole(&song.vocals, &ceiling.vocals(&song)));
        assert!(ratios.is_sorted() && ratios[0] > 3.0, "{ratios:?}");
    }
}
