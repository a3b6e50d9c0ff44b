//! A recording held in memory for training, and the spectrum of a piece of it.

use croon::audio::dsp::stft::Stft;

/// The rate everything is trained and separated at.
pub const RATE: u32 = 44_100;
pub const N_FFT: usize = 4096;
pub const HOP: usize = 1024;
pub const SPECTRUM_BINS: usize = N_FFT / 2 + 1;

/// A recording at [`RATE`], one or two channels, 16 bits: an hour of mono is 300 MB less than as
/// stereo floats would be.
#[derive(Debug, Clone)]
pub struct Recording {
    pub channels: usize,
    pub pcm: Vec<i16>,
    /// Nothing is recorded above this frequency: files of a low rate.
    pub band: f32,
}

/// Part of a recording: the samples of the left and the right channel.
pub type RecordingPiece = [Vec<f32>; 2];

impl Recording {
    /// From interleaved stereo; equal channels (`mono`) are kept once.
    pub fn from_stereo(pcm: &[f32], mono: bool, band: f32) -> Self {
        let sample = |x: f32| (x.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
        let step = if mono { 2 } else { 1 };
        let pcm = pcm.iter().step_by(step).map(|&x| sample(x)).collect();
        Self {
            channels: if mono { 1 } else { 2 },
            pcm,
            band,
        }
    }

    /// What is left of this without `other`, which has the same frames, channels and band. The few samples that a
    /// limited master puts beyond full scale are clipped.
    pub fn less(&self, other: &Self) -> Self {
        let pcm = self.pcm.iter().zip(&other.pcm);
        Self {
            pcm: pcm.map(|(a, b)| a.saturating_sub(*b)).collect(),
            ..*self
        }
    }

    pub fn frames(&self) -> usize {
        self.pcm.len() / self.channels
    }

    /// Adds `len` frames from `start`, times `gain`, to `out`; zeros past the end.
    pub fn add_to(&self, out: &mut RecordingPiece, start: usize, gain: f32) {
        let gain = gain / 32_767.0;
        let from = self.pcm.get(start * self.channels..).unwrap_or(&[]);
        let [left, right] = out;
        for ((frame, left), right) in from.chunks_exact(self.channels).zip(left).zip(right) {
            *left += f32::from(frame[0]) * gain;
            *right += f32::from(frame[self.channels - 1]) * gain;
        }
    }
}

pub fn silence(len: usize) -> RecordingPiece {
    [vec![0.0; len], vec![0.0; len]]
}

/// Root mean square over both channels.
pub fn rms(piece: &RecordingPiece) -> f32 {
    let sum: f32 = piece.iter().flatten().map(|x| x * x).sum();
    (sum / (2 * piece[0].len()).max(1) as f32).sqrt()
}

/// Complex spectrum of two channels, `[channel][frame][bin]`, real and imaginary parts apart.
#[derive(Debug, Clone, Default)]
pub struct Spectrum {
    pub re: Vec<f32>,
    pub im: Vec<f32>,
}

impl Spectrum {
    pub fn of(stft: &mut Stft, piece: &RecordingPiece) -> Self {
        let size = stft.frames(piece[0].len()) * stft.bins();
        let mut spectrum = Self {
            re: vec![0.0; 2 * size],
            im: vec![0.0; 2 * size],
        };
        for (channel, signal) in piece.iter().enumerate() {
            let range = channel * size..(channel + 1) * size;
            stft.forward(signal, &mut spectrum.re[range.clone()], &mut spectrum.im[range]);
        }
        spectrum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mono_take_sounds_on_both_sides() {
        let take = Recording::from_stereo(&[0.5, 0.5, -1.0, -1.0], true, 22_050.0);
        assert_eq!((take.frames(), take.channels), (2, 1));
        let mut piece = silence(3);
        take.add_to(&mut piece, 1, 0.5);
        assert_eq!(piece, [vec![-0.5, 0.0, 0.0], vec![-0.5, 0.0, 0.0]]);
    }

    #[test]
    fn a_piece_past_the_end_is_silent() {
        let take = Recording::from_stereo(&[0.5; 8], false, 22_050.0);
        let mut piece = silence(2);
        take.add_to(&mut piece, 9, 1.0);
        assert_eq!(rms(&piece), 0.0);
        take.add_to(&mut piece, 3, 1.0);
        assert!((piece[1][0] - 0.5).abs() < 1e-4 && piece[1][1] == 0.0);
    }
}
