//! Where a song is damaged, found out bit by bit as reading comes by: each frame counts once, however
//! often it is read.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;

/// More places than this no listener wants to hear of; what is damaged beyond them still counts.
const MOST: usize = 1024;

/// A stretch of a song that could not be read. Silence of the same length stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// The first frame.
    pub at: u64,
    pub frames: u64,
}

#[derive(Debug)]
pub(super) struct Damage {
    rate: u32,
    /// All places, in their order and apart.
    known: Vec<Range<u64>>,
    frames: u64,
    /// The place reading is in, or has just left.
    open: Option<Range<u64>>,
    news: VecDeque<Damaged>,
    logged: bool,
}

impl Damage {
    /// Of a song of so many frames a second.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            known: Vec::new(),
            frames: 0,
            open: None,
            news: VecDeque::new(),
            logged: false,
        }
    }

    /// Frames met so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    /// Damaged frames nearer to each other than a tenth of a second are one place.
    fn near(&self) -> u64 {
        u64::from(self.rate / 10)
    }

    /// Silence stands here.
    pub fn meet(&mut self, place: Range<u64>) {
        let near = self.near();
        let fresh = self.unknown(&place);
        if fresh == 0 {
            return;
        }
        self.frames += fresh;
        if self.known.len() < MOST {
            self.learn(place.clone());
        }
        match &mut self.open {
            Some(open) if (open.start..=open.end + near).contains(&place.start) => {
                open.end = open.end.max(place.end);
            }
            _ => {
                self.close();
                self.open = Some(place);
            }
        }
    }

    /// The next place that reading is done with, now that it is at `position`; all of them `at_end`.
    pub fn take(&mut self, position: u64, at_end: bool) -> Option<Damaged> {
        let near = self.near();
        let left = |open: &Range<u64>| at_end || !(open.start..=open.end + near).contains(&position);
        if self.open.as_ref().is_some_and(left) {
            self.close();
        }
        self.news.pop_front()
    }

    /// One line in the log for all of it, once.
    pub fn log(&mut self, path: &Path) {
        if self.frames > 0 && !std::mem::replace(&mut self.logged, true) {
            let seconds = self.seconds();
            tracing::warn!(path = %path.display(), "{seconds:.2} s were damaged and are silent");
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take()
            && self.news.len() < MOST
        {
            self.news.push_back(Damaged {
                at: open.start,
                frames: open.end - open.start,
            });
        }
    }

    fn unknown(&self, place: &Range<u64>) -> u64 {
        let first = self.known.partition_point(|known| known.end <= place.start);
        let common = |known: &Range<u64>| known.end.min(place.end) - known.start.max(place.start);
        let met = self.known[first..]
            .iter()
            .take_while(|known| known.start < place.end);
        place.end.saturating_sub(place.start) - met.map(common).sum::<u64>()
    }

    fn learn(&mut self, mut place: Range<u64>) {
        let first = self.known.partition_point(|known| known.end < place.start);
        let last = self.known.partition_point(|known| known.start <= place.end);
        if let Some(touched) = self.known.get(first..last).filter(|touched| !touched.is_empty()) {
            place.start = place.start.min(touched[0].start);
            place.end = place.end.max(touched[touched.len() - 1].end);
        }
        self.known.splice(first..last, [place]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_place_is_told_once_when_reading_has_left_it() {
        let mut damage = Damage::new(200);
        damage.meet(100..150);
        damage.meet(160..200);
        assert_eq!(damage.take(210, false), None, "more of it may follow");
        assert_eq!(damage.take(221, false), Some(Damaged { at: 100, frames: 100 }));
        assert_eq!(damage.frames(), 90);
        // Round and round in a loop over it, and once more from the start.
        for _ in 0..3 {
            damage.meet(100..150);
            damage.meet(160..200);
            assert_eq!(damage.take(0, false), None);
        }
        assert_eq!(damage.frames(), 90);
        damage.meet(190..260);
        damage.meet(5_000..5_001);
        assert_eq!(damage.take(5_001, false), Some(Damaged { at: 190, frames: 70 }));
        assert_eq!(damage.take(5_001, false), None);
        assert_eq!(damage.take(5_001, true), Some(Damaged { at: 5_000, frames: 1 }));
        assert_eq!(damage.frames(), 151);
    }

    proptest! {
        #[test]
        fn every_frame_counts_once(places in prop::collection::vec((0u64..300, 0u64..40), 0..60)) {
            let mut damage = Damage::new(200);
            let mut met = std::collections::HashSet::new();
            let mut told = 0;
            for (at, frames) in places {
                damage.meet(at..at + frames);
                met.extend(at..at + frames);
                prop_assert_eq!(damage.frames(), met.len() as u64);
                let apart = damage.known.windows(2).all(|two| two[0].end < two[1].start);
                prop_assert!(apart, "{:?}", damage.known);
                told += std::iter::from_fn(|| damage.take(at + frames, false)).count();
            }
            told += std::iter::from_fn(|| damage.take(0, true)).count();
            prop_assert!(told <= 60 && (told > 0) != met.is_empty());
        }
    }
}
