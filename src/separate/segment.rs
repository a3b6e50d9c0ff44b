//! The absolute grid a song is cut into for separation, and how the pieces add up again.
//!
//! Segment `k` owns the core `[k*core, (k+1)*core)`. The engine sees a longer window around it and
//! what is kept, the segment's *contribution*, reaches half a fade over both ends of the core under
//! ramps that add up to one with the neighbours'. Nothing depends on the order of computation, so a
//! song can be resumed, started in the middle or filled at random and gives the same samples.

use std::ops::Range;

/// The cut of a song. All lengths in frames at `rate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    pub rate: u32,
    /// What the engine is given: the core with its context on both sides.
    pub window: usize,
    /// What a segment owns.
    pub core: usize,
    /// Length of the ramp between two neighbours, centred on the border of their cores.
    pub fade: usize,
}

impl Grid {
    /// The grid of the bundled models: 8.9 s windows every 5.9 s. In the transform's hops of 1024 frames
    /// that is a core of 256 and a context of 64 on both sides; windows begin at multiples of 64 hops, so
    /// that a network that halves its frames up to six times sees the same music in the same phase.
    pub const STANDARD: Self = Self {
        rate: 44_100,
        window: 393_216,
        core: 262_144,
        fade: 4096,
    };

    /// A grid whose numbers fit together, or a sentence that says which do not.
    pub fn new(rate: u32, window: usize, core: usize, fade: usize) -> Result<Self, String> {
        let wrong = if !(8_000..=768_000).contains(&rate) {
            format!("a rate of {rate} Hz")
        } else if window > 1 << 23 {
            format!("a window of {window} frames, more than a message can carry")
        } else if core == 0 || !fade.is_multiple_of(2) || fade > core {
            format!("a core of {core} frames with a fade of {fade}")
        } else if window < core + fade || !(window - core).is_multiple_of(2) {
            format!("a window of {window} frames around a core of {core} with a fade of {fade}")
        } else {
            return Ok(Self {
                rate,
                window,
                core,
                fade,
            });
        };
        Err(wrong)
    }

    /// Frames of the window before the core, and after it.
    pub fn context(&self) -> usize {
        (self.window - self.core) / 2
    }

    /// Frames of a contribution.
    pub fn contribution(&self) -> usize {
        self.core + self.fade
    }

    /// How many segments a song of `frames` has; none when it has no frames.
    pub fn segments(&self, frames: u64) -> u32 {
        u32::try_from(frames.div_ceil(self.core as u64)).unwrap_or(u32::MAX)
    }

    /// The segment whose core holds `frame`.
    pub fn segment_at(&self, frame: u64) -> u32 {
        u32::try_from(frame / self.core as u64).unwrap_or(u32::MAX)
    }

    /// First frame of the core.
    pub fn core_start(&self, segment: u32) -> u64 {
        u64::from(segment) * self.core as u64
    }

    /// First frame of the window: before the song for the first segments.
    pub fn window_start(&self, segment: u32) -> i64 {
        self.core_start(segment) as i64 - self.context() as i64
    }

    /// First frame of the contribution: before the song for segment 0.
    pub fn contribution_start(&self, segment: u32) -> i64 {
        self.core_start(segment) as i64 - (self.fade / 2) as i64
    }

    /// The segments whose contributions reach into `[start, start + frames)`.
    pub fn touching(&self, start: u64, frames: usize) -> Range<u32> {
        if frames == 0 {
            return 0..0;
        }
        let half = (self.fade / 2) as u64;
        let first = self.segment_at(start.saturating_sub(half));
        let last = self.segment_at(start + frames as u64 - 1 + half);
        first..last.saturating_add(1)
    }

    /// Gain of a segment at frame `at` of its contribution. The outer edges of the song are not
    /// faded: `last` says that nothing follows.
    pub fn gain(&self, segment: u32, last: bool, at: usize) -> f32 {
        let ramp = |i: usize| (i as f32 + 0.5) / self.fade as f32;
        if at < self.fade && segment > 0 {
            ramp(at)
        } else if at >= self.core && !last {
            // The complement of the neighbour's rising ramp, so that both add up to one.
            1.0 - ramp(at - self.core)
        } else {
            1.0
        }
    }

    /// The contribution of a segment, cut out of what the engine made of its window. `song` is the
    /// song's length where it is known; a song that ends beyond this window may leave it out.
    /// What lies outside the song is silent. `vocals` must be a whole stereo window.
    pub fn cut(&self, segment: u32, vocals: &[f32], song: Option<u64>) -> Vec<f32> {
        let last = song.is_some_and(|frames| self.core_start(segment) + self.core as u64 >= frames);
        let begin = self.contribution_start(segment);
        let end = song.map_or(i64::MAX, |frames| i64::try_from(frames).unwrap_or(i64::MAX));
        let from = 2 * (self.context() - self.fade / 2);
        let mut piece = vec![0.0; 2 * self.contribution()];
        let frames = piece
            .chunks_exact_mut(2)
            .zip(vocals[from..].chunks_exact(2))
            .enumerate();
        for (at, (out, frame)) in frames {
            if (0..end).contains(&(begin + at as i64)) {
                let gain = self.gain(segment, last, at);
                out[0] = frame[0] * gain;
                out[1] = frame[1] * gain;
            }
        }
        piece
    }

    /// Adds the part of a contribution that falls into `out`, stereo frames of the song from `start`.
    pub fn add(&self, segment: u32, contribution: &[f32], start: u64, out: &mut [f32]) {
        let offset = self.contribution_start(segment) - start as i64;
        let (skip, at) = if offset < 0 {
            (offset.unsigned_abs() as usize, 0)
        } else {
            (0, offset as usize)
        };
        let Some(out) = out.get_mut(2 * at..) else { return };
        let Some(piece) = contribution.get(2 * skip..) else {
            return;
        };
        for (sum, sample) in out.iter_mut().zip(piece) {
            *sum += sample;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Grid = Grid {
        rate: 8_000,
        window: 160,
        core: 100,
        fade: 20,
    };

    #[test]
    fn the_standard_grid_fits_together() {
        let Grid {
            rate,
            window,
            core,
            fade,
        } = Grid::STANDARD;
        assert_eq!(Grid::new(rate, window, core, fade), Ok(Grid::STANDARD));
        assert_eq!(Grid::STANDARD.context(), 65_536);
        assert_eq!(Grid::STANDARD.contribution(), 65 * 4096);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        for (rate, window, core, fade) in [
            (0, 160, 100, 20),
            (8_000, 110, 100, 20),
            (8_000, 160, 0, 0),
            (8_000, 161, 100, 20),
            (8_000, 160, 100, 7),
        ] {
            assert!(
                Grid::new(rate, window, core, fade).is_err(),
                "{rate} {window} {core} {fade}"
            );
        }
    }

    #[test]
    fn neighbouring_ramps_add_up_to_one() {
        for at in 0..SMALL.fade {
            let sum = SMALL.gain(0, false, SMALL.core + at) + SMALL.gain(1, false, at);
            assert!((sum - 1.0).abs() < 1e-7, "{sum}");
        }
    }

    #[test]
    fn outer_edges_are_not_faded() {
        assert_eq!(SMALL.gain(0, true, 0), 1.0);
        assert_eq!(SMALL.gain(3, true, SMALL.contribution() - 1), 1.0);
        assert!(SMALL.gain(3, true, 0) < 0.1);
    }

    #[test]
    fn touching_finds_every_contribution_and_no_other() {
        for start in 0..350u64 {
            for frames in [1usize, 2, 19, 20, 100, 130] {
                let hit = SMALL.touching(start, frames);
                for k in 0..6u32 {
                    let from = SMALL.contribution_start(k);
                    let to = from + SMALL.contribution() as i64;
                    let overlaps = from < (start + frames as u64) as i64 && to > start as i64;
                    assert_eq!(hit.contains(&k), overlaps, "{start}+{frames}: {k}");
                }
            }
        }
        assert!(SMALL.touching(5, 0).is_empty());
    }
}
