//! A network with what it needs beside its weights, and the path of a window of music through it.

use croon::audio::stft::Stft;
use croon::separate::segment::Grid;
use tch::{Device, Kind, TchError, Tensor};

use crate::gate::Gate;
use crate::layers::Mode;
use crate::mask::{self, BINS};
use crate::network::Network;
use crate::take::{HOP, N_FFT, SPECTRUM_BINS};

/// The cut of songs, shared with the player.
pub const GRID: Grid = Grid::STANDARD;
pub const WINDOW: usize = GRID.window;
/// Frames of a window's spectrum.
const SPECTRUM_FRAMES: usize = WINDOW / HOP + 1;
/// Frames of a window that a network sees. The spectrum's last one, half outside and far from the core,
/// is left out for a number that halves often.
pub const WINDOW_FRAMES: usize = WINDOW / HOP;

#[derive(Debug)]
pub struct Model {
    pub network: Network,
    /// Mean magnitude of music per bin: what is divided out of every input.
    pub whitening: Tensor,
    /// What closes where hardly anything passes the mask.
    pub gate: Option<Gate>,
    pub device: Device,
}

impl Model {
    /// The same tensors under another owner, for another thread: a tensor may be sent but not lent.
    pub fn share(&self) -> Self {
        Self {
            network: self.network.share(),
            whitening: self.whitening.shallow_clone(),
            gate: self.gate,
            device: self.device,
        }
    }

    /// Masks `[batch, 2, frames, 2048]` for mixture spectra of the same size.
    /// The network computes in `kind`.
    pub fn masks(&self, re: &Tensor, im: &Tensor, mode: Mode, kind: Kind) -> Result<Tensor, TchError> {
        let input = tch::no_grad(|| {
            let magnitude = mask::magnitude(re, im)?;
            let level = match self.network.design.level_reach() {
                Some(reach) => mask::moving_level(&magnitude, reach)?,
                None => mask::level(&magnitude)?,
            };
            mask::features(re, im, &level, &self.whitening)
        })?;
        mask::unfold(&self.network.forward(&input, mode, kind)?)
    }

    /// The vocals of each window, interleaved stereo of [`WINDOW`] frames in and out. Digital silence
    /// gives exact zeros and costs nothing.
    pub fn separate(
        &self,
        stft: &mut Stft,
        windows: &[&[f32]],
        mode: Mode,
    ) -> Result<Vec<Vec<f32>>, TchError> {
        let heard: Vec<usize> = (0..windows.len())
            .filter(|&i| windows[i].iter().any(|x| *x != 0.0))
            .collect();
        let mut out: Vec<Vec<f32>> = windows.iter().map(|window| vec![0.0; window.len()]).collect();
        if heard.is_empty() {
            return Ok(out);
        }
        let size = SPECTRUM_FRAMES * SPECTRUM_BINS;
        let mut re = vec![0.0_f32; heard.len() * 2 * size];
        let mut im = re.clone();
        let mut channel = vec![0.0; WINDOW];
        let planes = re.chunks_exact_mut(size).zip(im.chunks_exact_mut(size));
        for ((re, im), (window, side)) in
            planes.zip(heard.iter().flat_map(|&window| [(window, 0), (window, 1)]))
        {
            for (x, frame) in channel.iter_mut().zip(windows[window].chunks_exact(2)) {
                *x = frame[side];
            }
            stft.forward(&channel, re, im);
        }
        let masks = tch::no_grad(|| {
            let masks = self.masks(&self.spectrum(&re)?, &self.spectrum(&im)?, mode, Kind::Float)?;
            masks.f_to_device(Device::Cpu)?.f_contiguous()
        })?;
        let mut mask = vec![0.0_f32; heard.len() * 2 * WINDOW_FRAMES * BINS as usize];
        let values = mask.len();
        masks.f_view([-1])?.f_copy_data(&mut mask, values)?;
        let spectra = re.chunks_exact_mut(2 * size).zip(im.chunks_exact_mut(2 * size));
        for ((re, im), mask) in spectra.zip(mask.chunks_exact(2 * WINDOW_FRAMES * BINS as usize)) {
            apply(re, im, mask, self.gate.as_ref());
        }
        let planes = re.chunks_exact(size).zip(im.chunks_exact(size));
        for ((re, im), (window, side)) in
            planes.zip(heard.iter().flat_map(|&window| [(window, 0), (window, 1)]))
        {
            stft.inverse(re, im, &mut channel);
            for (x, frame) in channel.iter().zip(out[window].chunks_exact_mut(2)) {
                frame[side] = *x;
            }
        }
        Ok(out)
    }

    /// `[batch, 2, frames, 2048]` on the model's device from planes with all bins.
    fn spectrum(&self, plane: &[f32]) -> Result<Tensor, TchError> {
        spectrum(plane, SPECTRUM_FRAMES, self.device)?.f_narrow(2, 0, WINDOW_FRAMES as i64)
    }
}

/// Multiplies a window's spectrum `[channel][frame][bin]` by its mask, frame by frame, and by the gate's
/// gain for that frame. The bin at 22.05 kHz and the last frame, which the network did not see, go with
/// their neighbours.
fn apply(re: &mut [f32], im: &mut [f32], mask: &[f32], gate: Option<&Gate>) {
    let mut passed = vec![0.0_f64; SPECTRUM_FRAMES];
    let mut mixture = passed.clone();
    let size = SPECTRUM_FRAMES * SPECTRUM_BINS;
    let channels = re.chunks_exact_mut(size).zip(im.chunks_exact_mut(size));
    for ((re, im), mask) in channels.zip(mask.chunks_exact(WINDOW_FRAMES * BINS as usize)) {
        let frames = re
            .chunks_exact_mut(SPECTRUM_BINS)
            .zip(im.chunks_exact_mut(SPECTRUM_BINS));
        let masks = mask.chunks_exact(BINS as usize);
        let last = masks.clone().next_back();
        for (frame, ((re, im), mask)) in frames.zip(masks.chain(last)).enumerate() {
            let last = mask.last().copied().unwrap_or(0.0);
            let (mut before, mut after) = (0.0_f32, 0.0_f32);
            for ((re, im), m) in re.iter_mut().zip(im).zip(mask.iter().chain([&last])) {
                let power = *re * *re + *im * *im;
                before += power;
                after += power * m * m;
                *re *= m;
                *im *= m;
            }
            mixture[frame] += f64::from(before);
            passed[frame] += f64::from(after);
        }
    }
    let Some(gate) = gate else { return };
    let gains = gate.gains(&passed, &mixture);
    for plane in [re, im] {
        let frames = plane.chunks_exact_mut(SPECTRUM_BINS);
        for (frame, gain) in frames.zip(gains.iter().cycle()) {
            frame.iter_mut().for_each(|x| *x *= gain);
        }
    }
}

/// `[batch, 2, frames, 2048]` from planes `[batch][channel][frame][2049]`.
pub fn spectrum(plane: &[f32], frames: usize, device: Device) -> Result<Tensor, TchError> {
    let bytes: &[u8] = bytes_of(plane);
    let size = [-1, 2, frames as i64, SPECTRUM_BINS as i64];
    let whole = Tensor::f_from_data_size(bytes, &[plane.len() as i64], Kind::Float)?.f_reshape(size)?;
    whole.f_to_device(device)?.f_narrow(3, 0, BINS)
}

/// The memory of a slice of floats, for tch's constructor that reports errors instead of panicking.
fn bytes_of(values: &[f32]) -> &[u8] {
    // SAFETY: f32 has no padding and any byte is a valid u8; the length covers exactly the slice.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The transform all models use.
pub fn stft() -> Stft {
    Stft::new(N_FFT, HOP)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::network::Design;
    use crate::rng::Rng;
    use crate::unet;

    fn model() -> Model {
        tch::set_num_threads(1);
        let shape = unet::Shape {
            encoder: vec![6, 6, 8, 8, 8, 8],
            top: 4,
            ..unet::Shape::classic()
        };
        let network = Network::new(Design::UnetMask(shape), 11);
        let whitening = Tensor::rand([BINS], (Kind::Float, Device::Cpu)) + 0.1;
        let network = tch::no_grad(|| network.folded()).unwrap();
        Model {
            network,
            whitening,
            gate: None,
            device: Device::Cpu,
        }
    }

    fn window(seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        (0..2 * WINDOW).map(|_| rng.normal(0.0, 0.1)).collect()
    }

    fn worst(a: &[f32], b: &[f32], scale: f32) -> f32 {
        let peak = b.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        a.iter()
            .zip(b)
            .map(|(a, b)| (a / scale - b).abs())
            .fold(0.0, f32::max)
            / peak
    }

    #[test]
    fn the_level_of_a_song_scales_its_vocals_and_nothing_else() {
        let (model, mut stft, song) = (model(), stft(), window(1));
        let one = model
            .separate(&mut stft, &[&song], Mode::Folded)
            .unwrap()
            .remove(0);
        for gain in [1e-3, 0.1, 10.0] {
            let scaled: Vec<f32> = song.iter().map(|x| x * gain).collect();
            let out = model
                .separate(&mut stft, &[&scaled], Mode::Folded)
                .unwrap()
                .remove(0);
            assert!(
                worst(&out, &one, gain) < 1e-4,
                "gain {gain}: {}",
                worst(&out, &one, gain)
            );
        }
    }

    #[test]
    fn silence_stays_silence_and_neighbours_in_a_batch_do_not_matter() {
        let (model, mut stft) = (model(), stft());
        let (one, two, silent) = (window(1), window(2), vec![0.0; 2 * WINDOW]);
        let together = model
            .separate(&mut stft, &[&one, &silent, &two], Mode::Folded)
            .unwrap();
        assert!(together[1].iter().all(|x| *x == 0.0));
        let alone = model
            .separate(&mut stft, &[&two], Mode::Folded)
            .unwrap()
            .remove(0);
        assert!(worst(&together[2], &alone, 1.0) < 1e-4);
        assert!(alone.iter().any(|x| *x != 0.0));
    }
}
