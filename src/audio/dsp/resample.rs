//! Sample-rate conversion of a stream of stereo frames, aligned: output frame 0 is input frame 0,
//! and the length is the input's length in the new rate, rounded.

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Fft, FixedSync, Indexing, ResampleError as RubatoError, Resampler as _, ResamplerConstructionError,
    WindowFunction, audioadapter_buffers,
};

/// Frames taken at a time, about: long enough for a steep filter, short enough to answer a seek.
const CHUNK: usize = 1024;

/// Why rates cannot be converted.
#[derive(Debug, thiserror::Error)]
pub enum ResampleError {
    #[error("{from} Hz cannot be converted to {to} Hz: {source}. Choose another output rate")]
    Rates {
        from: u32,
        to: u32,
        source: ResamplerConstructionError,
    },
    #[error("sample-rate conversion failed: {0}")]
    Process(#[from] RubatoError),
}

/// Converts one stream. Equal rates pass untouched, bit for bit.
pub struct Resampler {
    from: u32,
    to: u32,
    engine: Option<ResampleEngine>,
}

struct ResampleEngine {
    fft: Fft<f32>,
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Output frames still to be dropped: the filter's delay.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    pub fn new(from: u32, to: u32) -> Result<Self, ResampleError> {
        if from == to && from > 0 {
            return Ok(Self {
                from,
                to,
                engine: None,
            });
        }
        let unit = (from / gcd(from, to).max(1)).max(1) as usize;
        // An even number of units: the filter's centre then lies on a frame, not between two.
        let chunk = CHUNK.div_ceil(unit).next_multiple_of(2) * unit;
        let fft = Fft::new_custom(
            from as usize,
            to as usize,
            chunk,
            1,
            2,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|source| ResampleError::Rates { from, to, source })?;
        let block = vec![0.0; fft.output_frames_max() * 2];
        let delay = fft.output_delay();
        Ok(Self {
            from,
            to,
            engine: Some(ResampleEngine {
                fft,
                pending: Vec::new(),
                block,
                delay,
                taken: 0,
                given: 0,
            }),
        })
    }

    pub fn rates(&self) -> (u32, u32) {
        (self.from, self.to)
    }

    /// Where a stream of `frames` ends in the new rate.
    pub fn output_len(&self, frames: u64) -> u64 {
        convert(frames, self.from, self.to)
    }

    /// Input frames that one output must have behind and before it to be free of the stream's
    /// edges, as a multiple of the shortest piece that is whole in both rates.
    pub fn run_up(&self) -> u64 {
        self.engine
            .as_ref()
            .map_or(0, |engine| engine.fft.input_frames_max() as u64 * 2)
    }

    /// The shortest pieces of input and output that last equally long.
    pub fn units(&self) -> (u64, u64) {
        let gcd = gcd(self.from, self.to).max(1);
        (u64::from(self.from / gcd), u64::from(self.to / gcd))
    }

    /// Takes frames and appends what they make ready.
    pub fn push(&mut self, pcm: &[f32], out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let Some(engine) = &mut self.engine else {
            out.extend_from_slice(pcm);
            return Ok(());
        };
        engine.taken += pcm.len() as u64 / 2;
        engine.pending.extend_from_slice(pcm);
        engine.work(out)
    }

    /// The stream is over: appends the rest. Then [`reset`](Self::reset) before the next stream.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let (from, to) = (self.from, self.to);
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let end = convert(engine.taken, from, to);
        let start = out.len();
        let before = engine.given;
        while engine.given < end {
            let chunk = engine.fft.input_frames_next();
            let frames = engine.pending.len() / 2;
            engine
                .pending
                .resize(frames.next_multiple_of(chunk).max(chunk) * 2, 0.0);
            engine.work(out)?;
        }
        out.truncate(start + (end - before.min(end)) as usize * 2);
        Ok(())
    }

    /// Forgets the stream.
    pub fn reset(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.fft.reset();
            engine.pending.clear();
            engine.delay = engine.fft.output_delay();
            engine.taken = 0;
            engine.given = 0;
        }
    }
}

impl ResampleEngine {
    fn work(&mut self, out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let mut used = 0;
        let frames = self.pending.len() / 2;
        while frames - used >= self.fft.input_frames_next() {
            let room = self.block.len() / 2;
            let (input, mut output) = match (
                InterleavedSlice::new(&self.pending, 2, frames),
                InterleavedSlice::new_mut(&mut self.block, 2, room),
            ) {
                (Ok(input), Ok(output)) => (input, output),
                // Both lengths were taken from the buffers themselves.
                _ => break,
            };
            let (taken, made) = self.fft.process_into_buffer(
                &input,
                &mut output,
                Some(&Indexing::new().input_offset(used)),
            )?;
            used += taken;
            let skip = made.min(self.delay);
            self.delay -= skip;
            out.extend_from_slice(&self.block[skip * 2..made * 2]);
            self.given += (made - skip) as u64;
        }
        self.pending.drain(..used * 2);
        Ok(())
    }
}

/// `frames` at one rate as frames at another, rounded to the nearest.
pub fn convert(frames: u64, from: u32, to: u32) -> u64 {
    let from = u128::from(from.max(1));
    ((u128::from(frames) * u128::from(to) * 2 + from) / (from * 2)) as u64
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert_all(from: u32, to: u32, pcm: &[f32], piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        for part in pcm.chunks(piece * 2) {
            resampler.push(part, &mut out).unwrap();
        }
        resampler.finish(&mut out).unwrap();
        out
    }

    fn sine(rate: u32, frames: usize) -> Vec<f32> {
        (0..frames)
            .flat_map(|i| {
                let t = i as f64 / f64::from(rate);
                [
                    (t * 997.0 * std::f64::consts::TAU).sin() as f32,
                    (t * 3001.0 * std::f64::consts::TAU).cos() as f32,
                ]
            })
            .collect()
    }

    #[test]
    fn equal_rates_pass_untouched() {
        let pcm = sine(44_100, 3000);
        assert_eq!(convert_all(44_100, 44_100, &pcm, 700), pcm);
    }

    #[test]
    fn a_sine_keeps_phase_level_and_length() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 44_100),
            (8_000, 48_000),
            (96_000, 44_100),
            (22_050, 44_100),
            (44_100, 192_000),
        ] {
            let frames = from as usize / 2 + 77;
            let out = convert_all(from, to, &sine(from, frames), 1000);
            assert_eq!(
                out.len() as u64 / 2,
                convert(frames as u64, from, to),
                "{from} to {to}"
            );
            let expected = sine(to, out.len() / 2);
            let edge = to as usize / 20;
            let worst = out
                .iter()
                .zip(&expected)
                .skip(edge * 2)
                .take(out.len() - edge * 4)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 2e-4, "{from} to {to}: off by {worst}");
        }
    }

    #[test]
    fn an_impulse_stays_where_it_was() {
        let mut pcm = vec![0.0; 2 * 20_000];
        pcm[2 * 14_700] = 1.0;
        let out = convert_all(44_100, 48_000, &pcm, 4096);
        let peak = (0..out.len() / 2)
            .max_by(|&a, &b| out[a * 2].total_cmp(&out[b * 2]))
            .unwrap();
        assert_eq!(peak, 16_000);
    }

    #[test]
    fn pieces_do_not_matter_and_reset_forgets() {
        let pcm = sine(44_100, 9000);
        let whole = convert_all(44_100, 48_000, &pcm, 9000);
        assert_eq!(convert_all(44_100, 48_000, &pcm, 1), whole);
        let mut resampler = Resampler::new(44_100, 48_000).unwrap();
        let mut out = Vec::new();
        resampler.push(&sine(48_000, 5000), &mut out).unwrap();
        resampler.reset();
        out.clear();
        resampler.push(&pcm, &mut out).unwrap();
        resampler.finish(&mut out).unwrap();
        assert_eq!(out, whole);
    }

    #[test]
    fn a_single_frame_and_nothing_at_all_are_fine() {
        assert_eq!(convert_all(44_100, 48_000, &[0.5, 0.5], 1).len(), 2);
        assert!(convert_all(44_100, 48_000, &[], 1).is_empty());
        assert!(Resampler::new(0, 48_000).is_err());
    }
}
