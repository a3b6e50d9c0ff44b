//! Which part of a window's vocals is wanted, and what has to be computed for it.

use std::ops::Range;

use crate::model::{GRID, SPECTRUM_FRAMES, WINDOW, WINDOW_FRAMES};
use crate::recording::{HOP, N_FFT};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRegion {
    /// Samples that are put out; those beside them stay silent.
    pub samples: Range<usize>,
    /// Frames of the spectrum whose sound reaches into them.
    pub frames: Range<usize>,
    /// Frames that the gate looks at for those.
    pub heard: Range<usize>,
}

impl OutputRegion {
    /// Everything, for who has no more than one window.
    pub fn whole() -> Self {
        Self::of(0..WINDOW, 0)
    }

    /// The part of a window that a player takes: the core and half a fade on both sides of it.
    pub fn taken(gate_reach: usize) -> Self {
        let start = GRID.context() - GRID.fade / 2;
        Self::of(start..start + GRID.contribution(), gate_reach)
    }

    fn of(samples: Range<usize>, gate_reach: usize) -> Self {
        let half = N_FFT / 2;
        // The window of a frame begins with a zero, half its length before its middle.
        let first = (samples.start + HOP).saturating_sub(half) / HOP;
        let last = (samples.end + half - 2) / HOP;
        let frames = first..(last + 1).min(SPECTRUM_FRAMES);
        let heard = frames.start.saturating_sub(gate_reach)..(frames.end + gate_reach).min(SPECTRUM_FRAMES);
        Self {
            samples,
            frames,
            heard,
        }
    }

    /// Frames whose masks are needed. The network does not see a window's last frame: it takes the mask of
    /// the one before.
    pub fn masks(&self) -> Range<usize> {
        self.heard.start..self.heard.end.min(WINDOW_FRAMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_window_takes_every_frame() {
        let whole = OutputRegion::whole();
        assert_eq!((whole.frames, whole.heard), (0..385, 0..385));
        assert_eq!(OutputRegion::whole().masks(), 0..384);
    }

    #[test]
    fn the_taken_part_takes_the_frames_that_reach_into_it() {
        // Samples from frame 62 to frame 322, at which a window's zeros begin and end.
        let taken = OutputRegion::taken(16);
        assert_eq!(taken.samples, 62 * 1024..322 * 1024);
        assert_eq!(taken.frames, 61..324);
        assert_eq!((taken.heard.clone(), taken.masks()), (45..340, 45..340));
    }
}
