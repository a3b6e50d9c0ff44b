//! The path of windows of music through a graphics card: the samples go there once, everything from the
//! transform to the overlap-add of the vocals is computed there for several windows together, and the
//! vocals come back. Nothing here asks what the device is but the memory that lies between: it runs on a
//! processor too, which its tests compare it with.

use tch::{Device, Kind, TchError, Tensor};

use crate::layers::Mode;
use crate::mask::BINS;
use crate::model::{Model, WINDOW, WINDOW_FRAMES};
use crate::output_region::OutputRegion;
use crate::recording::{HOP, N_FFT, SPECTRUM_BINS};
use crate::wiener;

const FFT: i64 = N_FFT as i64;
const STEP: i64 = HOP as i64;
/// Windows of the transform over each sample.
const LAYERS: i64 = FFT / STEP;

/// A model on a device with its transform and the memory between the device and the host.
pub struct Gpu {
    model: Model,
    mode: Mode,
    kind: Kind,
    region: OutputRegion,
    /// Periodic Hann.
    hann: Tensor,
    /// What the frames' windows add up to at each sample put out, inverted.
    levelling: Tensor,
    host: Host,
}

/// Memory of the host for the windows of a pass. A card reads and writes it on its own where it is pinned.
struct Host {
    /// `[windows, samples, 2]`
    mixtures: Tensor,
    vocals: Tensor,
}

impl Gpu {
    /// `model` is brought to the device; its network computes in `kind`.
    pub fn new(
        model: &Model,
        device: Device,
        kind: Kind,
        mode: Mode,
        region: OutputRegion,
    ) -> Result<Self, TchError> {
        let options = (Kind::Float, device);
        let hann = Tensor::f_hann_window_periodic(FFT, true, options)?;
        let frames = region.frames.len() as i64;
        let square = (&hann * &hann).f_reshape([1, 1, FFT])?;
        let overlap = add_up(&square.f_expand([1, frames, FFT], false)?, &region)?;
        Ok(Self {
            model: model.on(device, kind)?,
            mode,
            kind,
            hann,
            levelling: overlap.f_reciprocal()?,
            host: Host::new(0, &region, device)?,
            region,
        })
    }

    /// The vocals of each window, interleaved stereo, in one pass.
    pub fn separate(&mut self, windows: &[&[f32]]) -> Result<Vec<Vec<f32>>, TchError> {
        let count = windows.len() as i64;
        if self.host.mixtures.size()[0] < count {
            self.host = Host::new(count, &self.region, self.model.device)?;
        }
        self.host.take(windows)?;
        tch::no_grad(|| {
            let mixtures = self.host.mixtures.f_narrow(0, 0, count)?;
            let mixtures = mixtures.f_to_device_(self.model.device, Kind::Float, true, false)?;
            let vocals = self.vocals(&mixtures)?;
            self.host.vocals.f_narrow(0, 0, count)?.f_copy_(&vocals)
        })?;
        self.host.give(windows, &self.region)
    }

    /// `[windows, samples of the extent, 2]` from `[windows, WINDOW, 2]`.
    fn vocals(&self, mixtures: &Tensor) -> Result<Tensor, TchError> {
        let spectrum = self.spectrum(mixtures)?;
        let seen = spectrum
            .f_narrow(2, 0, WINDOW_FRAMES as i64)?
            .f_narrow(3, 0, BINS)?;
        let masks = self.region.masks();
        let range = masks.start as i64..masks.end as i64;
        let masks = self.model.masks_within(
            &seen.f_real()?,
            &seen.f_imag()?,
            self.mode,
            self.kind,
            range.clone(),
        )?;
        let heard = &self.region.heard;
        let masks = grow(&masks, 3, SPECTRUM_BINS as i64)?;
        let masks = grow(&masks, 2, heard.len() as i64)?;
        let mixture = spectrum.f_narrow(2, heard.start as i64, heard.len() as i64)?;
        let passed = if self.model.network.design.is_filtered() {
            wiener::filtered(&mixture, &masks)?
        } else {
            &mixture * masks
        };
        let frames = &self.region.frames;
        let (first, count) = ((frames.start - heard.start) as i64, frames.len() as i64);
        let parts = passed
            .f_narrow(2, first, count)?
            .f_fft_irfft(FFT, -1, "backward")?
            .f_mul_(&self.hann)?;
        let parts = match self.model.gate {
            Some(gate) => {
                let gains = gate.gains_of(&power(&passed)?, &power(&mixture)?)?;
                let gains = gains.f_narrow(1, first, count)?;
                parts * gains.f_unsqueeze(1)?.f_unsqueeze(3)?
            }
            None => parts,
        };
        let parts = parts.f_reshape([-1, count, FFT])?;
        let sound = add_up(&parts, &self.region)?.f_mul_(&self.levelling)?;
        let samples = self.region.samples.len() as i64;
        sound.f_reshape([-1, 2, samples])?.f_transpose(1, 2)
    }

    /// Complex spectrum `[windows, 2, 385, 2049]`: centred frames, the edges reflected.
    fn spectrum(&self, mixtures: &Tensor) -> Result<Tensor, TchError> {
        let channels = mixtures.f_transpose(1, 2)?.f_contiguous()?;
        let padded = channels.f_reflection_pad1d([FFT / 2, FFT / 2])?;
        let frames = padded.f_unfold(2, FFT, STEP)? * &self.hann;
        frames.f_fft_rfft(FFT, -1, "backward")
    }
}

impl Host {
    fn new(windows: i64, region: &OutputRegion, device: Device) -> Result<Self, TchError> {
        let memory = |samples: usize| {
            let memory = Tensor::f_zeros([windows, samples as i64, 2], (Kind::Float, Device::Cpu))?;
            if device.is_cuda() && windows > 0 {
                memory.f_pin_memory(device)
            } else {
                Ok(memory)
            }
        };
        Ok(Self {
            mixtures: memory(WINDOW)?,
            vocals: memory(region.samples.len())?,
        })
    }

    fn take(&mut self, windows: &[&[f32]]) -> Result<(), TchError> {
        for (place, window) in windows.iter().enumerate() {
            if window.len() != 2 * WINDOW {
                return Err(TchError::Shape(format!("a window of {} samples", window.len())));
            }
            let to = self.mixtures.f_get(place as i64)?.data_ptr().cast::<f32>();
            // SAFETY: row `place` of this contiguous tensor of floats in the host's memory has exactly as
            // many as the window; copies of the last pass are over, since its vocals were waited for.
            unsafe { to.copy_from_nonoverlapping(window.as_ptr(), window.len()) };
        }
        Ok(())
    }

    /// The vocals at their place in a window, silence beside them.
    fn give(&self, windows: &[&[f32]], region: &OutputRegion) -> Result<Vec<Vec<f32>>, TchError> {
        let range = 2 * region.samples.start..2 * region.samples.end;
        (0..windows.len())
            .map(|place| {
                let mut out = vec![0.0_f32; 2 * WINDOW];
                let row = self.vocals.f_get(place as i64)?;
                row.f_reshape([-1])?
                    .f_copy_data(&mut out[range.clone()], range.len())?;
                Ok(out)
            })
            .collect()
    }
}

/// Overlap-add: `[channels, samples of the extent]` from windowed frames `[channels, frames, 4096]`.
fn add_up(frames: &Tensor, region: &OutputRegion) -> Result<Tensor, TchError> {
    let (channels, count) = (frames.size()[0], frames.size()[1]);
    let options = (Kind::Float, frames.device());
    let sums = Tensor::f_zeros([channels, count + LAYERS - 1, STEP], options)?;
    let parts = frames.f_reshape([channels, count, LAYERS, STEP])?;
    for layer in 0..LAYERS {
        let _ = sums
            .f_narrow(1, layer, count)?
            .f_add_(&parts.f_select(2, layer)?)?;
    }
    // The first frame begins half a transform before its middle.
    let first = region.samples.start + N_FFT / 2 - region.frames.start * HOP;
    sums.f_reshape([channels, -1])?
        .f_narrow(1, first as i64, region.samples.len() as i64)
}

/// Repeats the last value along a dimension until it has `size` of them: what lies just beyond what the
/// network sees goes with its neighbour.
fn grow(x: &Tensor, dimension: i64, size: i64) -> Result<Tensor, TchError> {
    let has = x.size()[dimension as usize];
    let last = x.f_narrow(dimension, has - 1, 1)?;
    let mut parts = vec![x.shallow_clone()];
    parts.extend((has..size).map(|_| last.shallow_clone()));
    Tensor::f_cat(&parts, dimension)
}

/// Power of each frame over both channels, `[windows, frames]`.
fn power(spectrum: &Tensor) -> Result<Tensor, TchError> {
    let values = spectrum.f_view_as_real()?;
    (&values * &values).f_sum_dim_intlist([1_i64, 3, 4].as_slice(), false, Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SPECTRUM_FRAMES;
    use croon::audio::dsp::stft::Stft;

    #[test]
    fn the_transform_is_the_one_of_the_processor() {
        tch::set_num_threads(1);
        let model = crate::separator::tests::model(None);
        let card = Gpu::new(
            &model,
            Device::Cpu,
            Kind::Float,
            Mode::Folded,
            OutputRegion::whole(),
        )
        .unwrap();
        let song = crate::separator::tests::window(3);
        let mixture = Tensor::from_slice(&song).reshape([1, -1, 2]);
        let spectrum = card.spectrum(&mixture).unwrap().get(0);
        let mut stft = Stft::new(N_FFT, HOP);
        let size = SPECTRUM_FRAMES * SPECTRUM_BINS;
        for channel in 0..2 {
            let signal: Vec<f32> = song.iter().skip(channel).step_by(2).copied().collect();
            let (mut re, mut im) = (vec![0.0; size], vec![0.0; size]);
            stft.forward(&signal, &mut re, &mut im);
            let wanted = Tensor::complex(&Tensor::from_slice(&re), &Tensor::from_slice(&im));
            let found = spectrum.get(channel as i64).reshape([-1]);
            let peak = wanted.abs().max().double_value(&[]);
            let off = (found - wanted).abs().max().double_value(&[]) / peak;
            assert!(off < 1e-5, "{off}");
        }
    }
}
