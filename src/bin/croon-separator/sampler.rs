//! Draws training examples: which voice meets which accompaniment, how loud, how altered. Mixing is
//! linear, so each voice and each accompaniment is transformed once and used in two mixtures.

use crate::augment::{self, RoomReverb, Routing, decibels};
use crate::dataset::Dataset;
use crate::dataset_song::DatasetSong;
use crate::mask::BINS;
use crate::recipe::Recipe;
use crate::recording::{HOP, N_FFT, RATE, Recording, RecordingPiece, SPECTRUM_BINS, Spectrum, rms, silence};
use crate::rng::Rng;
use croon::audio::dsp::stft::Stft;

/// Mixtures and their vocals, `[example][channel][frame][bin]` with all 2049 bins, and the weight of
/// each of the network's bins in the loss.
#[derive(Debug, Default)]
pub struct Batch {
    pub mixture: Spectrum,
    pub vocals: Spectrum,
    pub weights: Vec<f32>,
    pub examples: usize,
}

/// One side of a mixture, ready to be paired.
struct MixtureSide {
    spectrum: Spectrum,
    rms: f32,
    band: f32,
}

pub struct Sampler<'a> {
    data: &'a Dataset,
    stft: Stft,
    len: usize,
}

impl<'a> Sampler<'a> {
    /// For patches of `frames` STFT frames.
    pub fn new(data: &'a Dataset, frames: usize) -> Self {
        Self {
            data,
            stft: Stft::new(N_FFT, HOP),
            len: (frames - 1) * HOP,
        }
    }

    /// `2 * voices` examples: voice `i` over accompaniment `i` and over accompaniment `i + 1`.
    pub fn batch(&mut self, voices: usize, recipe: &Recipe, rng: &mut Rng) -> Batch {
        let mut sides = Vec::with_capacity(voices);
        for _ in 0..voices {
            // A voice meets its own song in one of its two mixtures.
            let coherent = rng.chance((2.0 * recipe.coherent).min(1.0));
            let song = if coherent { self.song(recipe, rng) } else { None };
            sides.push(match song {
                Some(song) => self.coherent(song, recipe, rng),
                None => (self.voice(recipe, rng), self.accompaniment(recipe, rng), false),
            });
        }
        let mut batch = Batch::default();
        for shift in 0..2_usize.min(voices.max(1)) {
            for index in 0..voices {
                let (voice, _, coherent) = &sides[index];
                let (_, accompaniment, _) = &sides[(index + shift) % voices];
                pair(
                    &mut batch,
                    voice,
                    accompaniment,
                    *coherent && shift == 0,
                    recipe,
                    rng,
                );
            }
        }
        batch
    }

    fn song(&self, recipe: &Recipe, rng: &mut Rng) -> Option<&'a DatasetSong> {
        let Dataset {
            songs, pairs, taught, ..
        } = self.data;
        let labelled = if songs.is_empty() { pairs } else { songs };
        // Drawn only where there is a choice: a run without a teacher sees what it always saw.
        let by_teacher = !taught.is_empty() && (labelled.is_empty() || rng.chance(recipe.taught));
        let songs = if by_teacher { taught } else { labelled };
        (!songs.is_empty()).then(|| &songs[rng.below(songs.len())])
    }

    fn coherent(
        &mut self,
        song: &DatasetSong,
        recipe: &Recipe,
        rng: &mut Rng,
    ) -> (MixtureSide, MixtureSide, bool) {
        let start = rng.below(song.vocals.frames().saturating_sub(self.len) + 1);
        let (mut voice, mut rest) = (silence(self.len), silence(self.len));
        song.vocals.add_to(&mut voice, start, 1.0);
        song.parts
            .iter()
            .for_each(|part| part.add_to(&mut rest, start, 1.0));
        let band = song
            .parts
            .iter()
            .chain([&song.vocals])
            .map(|take| take.band)
            .fold(f32::MAX, f32::min);
        let bands = rng.chance(recipe.equaliser).then(|| augment::draw_bands(rng));
        (self.side(voice, band, bands), self.side(rest, band, bands), true)
    }

    fn voice(&mut self, recipe: &Recipe, rng: &mut Rng) -> MixtureSide {
        let mut piece = silence(self.len);
        let mut band = self.sung(&mut piece, 1.0, recipe, rng);
        if rng.chance(recipe.second_voice) {
            let gain = decibels(rng.between(-9.0, 0.0));
            band = band.min(self.sung(&mut piece, gain, recipe, rng));
        }
        let bands = rng.chance(recipe.equaliser).then(|| augment::draw_bands(rng));
        self.side(piece, band, bands)
    }

    /// Adds a voice that is heard, at a level of its own, and gives its band.
    fn sung(&self, piece: &mut RecordingPiece, gain: f32, recipe: &Recipe, rng: &mut Rng) -> f32 {
        let of_songs =
            |songs: &'a [DatasetSong], rng: &mut Rng| pick(songs.iter().map(|song| &song.vocals), rng);
        for attempt in 0..5 {
            let data = self.data;
            let group = choose(
                recipe.voices,
                [
                    data.songs.is_empty(),
                    data.pairs.is_empty(),
                    data.voices.is_empty(),
                    data.taught.is_empty(),
                ],
                rng,
            );
            let take = match group {
                Some(0) => of_songs(&data.songs, rng),
                Some(1) => of_songs(&data.pairs, rng),
                Some(3) => of_songs(&data.taught, rng),
                Some(_) => pick(data.voices.iter(), rng),
                None => return f32::MAX,
            };
            let Some(take) = take else { return f32::MAX };
            let mut heard = silence(self.len);
            take.add_to(
                &mut heard,
                rng.below(take.frames().saturating_sub(self.len) + 1),
                1.0,
            );
            // Songs bring their own room.
            if group == Some(2) && rng.chance(recipe.reverb) {
                RoomReverb::draw(rng).resound(&mut heard);
            }
            let level = rms(&heard);
            if level > decibels(-45.0) || attempt == 4 {
                let gain = gain * 0.1 / level.max(decibels(-45.0));
                for (out, x) in piece.iter_mut().flatten().zip(heard.iter().flatten()) {
                    *out += gain * x;
                }
                return take.band;
            }
        }
        f32::MAX
    }

    fn accompaniment(&mut self, recipe: &Recipe, rng: &mut Rng) -> MixtureSide {
        let mut piece = silence(self.len);
        let mut band = f32::MAX;
        let data = self.data;
        let empty = [
            data.songs.is_empty(),
            data.pairs.is_empty(),
            data.accompaniments.is_empty(),
            data.taught.is_empty(),
        ];
        let start = |take: &Recording, rng: &mut Rng| rng.below(take.frames().saturating_sub(self.len) + 1);
        let group = choose(recipe.accompaniments, empty, rng);
        match group {
            Some(0) => {
                let shuffled = rng.chance(recipe.shuffled_parts);
                let mut song = &data.songs[rng.below(data.songs.len())];
                let mut from = start(&song.vocals, rng);
                for part in 0..song.parts.len() {
                    let mut gain = 1.0;
                    if shuffled {
                        song = &data.songs[rng.below(data.songs.len())];
                        from = start(&song.vocals, rng);
                        gain = decibels(rng.normal(0.0, 3.0));
                    }
                    if let Some(part) = song.parts.get(part) {
                        part.add_to(&mut piece, from, gain);
                        band = band.min(part.band);
                    }
                }
            }
            Some(1 | 3) => {
                let songs = if group == Some(1) {
                    &data.pairs
                } else {
                    &data.taught
                };
                let song = &songs[rng.below(songs.len())];
                let from = start(&song.vocals, rng);
                song.parts
                    .iter()
                    .for_each(|part| part.add_to(&mut piece, from, 1.0));
                band = song.parts.iter().map(|part| part.band).fold(band, f32::min);
            }
            Some(_) => {
                if let Some(take) = pick(data.accompaniments.iter(), rng) {
                    take.add_to(&mut piece, start(take, rng), 1.0);
                    band = take.band;
                }
            }
            None => {}
        }
        let bands = rng.chance(recipe.equaliser).then(|| augment::draw_bands(rng));
        self.side(piece, band, bands)
    }

    fn side(&mut self, piece: RecordingPiece, band: f32, bands: Option<[f32; 7]>) -> MixtureSide {
        let mut spectrum = Spectrum::of(&mut self.stft, &piece);
        if let Some(bands) = bands {
            let gains = augment::equaliser(&bands, SPECTRUM_BINS, RATE as f32);
            augment::gain_per_bin(&mut spectrum.re, &gains);
            augment::gain_per_bin(&mut spectrum.im, &gains);
        }
        MixtureSide {
            spectrum,
            rms: rms(&piece),
            band,
        }
    }
}

/// One of the groups by weight, empty ones left out; falls back to any that is not empty.
fn choose(mut weights: [f32; 4], empty: [bool; 4], rng: &mut Rng) -> Option<usize> {
    for (weight, empty) in weights.iter_mut().zip(empty) {
        if empty {
            *weight = 0.0;
        }
    }
    if weights.iter().all(|w| *w == 0.0) {
        weights = empty.map(|empty| if empty { 0.0 } else { 1.0 });
    }
    rng.weighted(&weights)
}

/// A take, the longer the likelier.
fn pick<'t>(takes: impl Iterator<Item = &'t Recording> + Clone, rng: &mut Rng) -> Option<&'t Recording> {
    let weights: Vec<f32> = takes.clone().map(|take| take.frames() as f32).collect();
    let index = rng.weighted(&weights)?;
    takes.into_iter().nth(index)
}

/// Appends one mixture of a voice and an accompaniment to the batch.
fn pair(
    batch: &mut Batch,
    voice: &MixtureSide,
    rest: &MixtureSide,
    coherent: bool,
    recipe: &Recipe,
    rng: &mut Rng,
) {
    let (mut gain, voice_routing, rest_routing);
    if coherent {
        gain = decibels(rng.normal(0.0, 1.5));
        voice_routing = augment::draw_routing(rng, 0.0, 0.0);
        rest_routing = voice_routing;
    } else {
        let level = decibels(rng.normal(recipe.voice_level.0, recipe.voice_level.1));
        gain = if voice.rms > 1e-6 && rest.rms > 1e-6 {
            (level * rest.rms / voice.rms).min(100.0)
        } else {
            1.0
        };
        voice_routing = augment::draw_routing(rng, 0.3, 0.1);
        rest_routing = augment::draw_routing(rng, 0.1, 0.05);
    }
    if rng.chance(recipe.no_voice) {
        gain = 0.0;
    }
    let voice_routing = voice_routing.gain(gain);
    let from = batch.mixture.re.len();
    let parts = [
        (
            &voice.spectrum.re,
            &rest.spectrum.re,
            &mut batch.vocals.re,
            &mut batch.mixture.re,
        ),
        (
            &voice.spectrum.im,
            &rest.spectrum.im,
            &mut batch.vocals.im,
            &mut batch.mixture.im,
        ),
    ];
    for (voice, rest, vocals, mixture) in parts {
        route(voice, voice_routing, vocals);
        route(rest, rest_routing, mixture);
        for (mixture, vocals) in mixture[from..].iter_mut().zip(&vocals[from..]) {
            *mixture += vocals;
        }
    }
    master(batch, from, recipe, rng);
    let nyquist = RATE as f32 / 2.0;
    let heard = (voice.band.min(rest.band) / nyquist * BINS as f32).min(BINS as f32) as usize;
    batch
        .weights
        .extend((0..BINS as usize).map(|bin| if bin < heard { 1.0 } else { 0.0 }));
    batch.examples += 1;
}

/// What becomes of the example that begins at `from` after the mix. Vocals and mixture are treated
/// alike, so that the mask between them stays what it was.
fn master(batch: &mut Batch, from: usize, recipe: &Recipe, rng: &mut Rng) {
    let low_pass = rng
        .chance(recipe.low_pass)
        .then(|| rng.between(11_000.0, 16_000.0));
    let threshold = rng.chance(recipe.limiter).then(|| rng.between(-6.0, 1.0));
    let gains = low_pass.map(|cutoff| augment::low_pass(cutoff, SPECTRUM_BINS, RATE as f32));
    let curve = threshold.map(|threshold| {
        let (re, im) = (&batch.mixture.re[from..], &batch.mixture.im[from..]);
        augment::limiter(re, im, re.len() / (2 * SPECTRUM_BINS), threshold)
    });
    for spectrum in [&mut batch.mixture, &mut batch.vocals] {
        for plane in [&mut spectrum.re[from..], &mut spectrum.im[from..]] {
            if let Some(gains) = &gains {
                augment::gain_per_bin(plane, gains);
            }
            if let Some(curve) = &curve {
                augment::gain_per_frame(plane, curve);
            }
        }
    }
}

fn route(from: &[f32], Routing(gains): Routing, out: &mut Vec<f32>) {
    let (left, right) = from.split_at(from.len() / 2);
    for [of_left, of_right] in gains {
        out.extend(left.iter().zip(right).map(|(l, r)| of_left * l + of_right * r));
    }
}

#[cfg(test)]
#[path = "sampler_tests.rs"]
mod tests;
