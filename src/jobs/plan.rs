//! In which order the segments of one song are asked: from where the listener is to the end, then
//! the rest from the start, and last those that failed, for what failed them may pass.

use std::collections::{BTreeMap, BTreeSet};

/// How often a segment is tried in all.
const TRIES: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct SegmentPlan {
    cursor: u32,
    /// How many segments the song has, once its end was seen.
    end: Option<u32>,
    asked: BTreeSet<u32>,
    failures: BTreeMap<u32, u32>,
}

impl SegmentPlan {
    pub(super) fn from(cursor: u32) -> Self {
        Self {
            cursor,
            ..Self::default()
        }
    }

    pub(super) fn focus(&mut self, segment: u32) {
        self.cursor = segment;
    }

    pub(super) fn ends_at(&mut self, segments: u32) {
        self.end = Some(segments);
    }

    pub(super) fn end(&self) -> Option<u32> {
        self.end
    }

    /// The next segment to ask for. While the end is unknown there is always one.
    pub(super) fn next(&self, stored: impl Fn(u32) -> bool) -> Option<u32> {
        let end = self.end.unwrap_or(u32::MAX);
        let open = |k: &u32| !self.asked.contains(k) && !stored(*k);
        let fresh = |k: &u32| !self.failures.contains_key(k) && open(k);
        let again = |(k, times): (&u32, &u32)| (*times < TRIES && *k < end && open(k)).then_some(*k);
        (self.cursor..end)
            .find(fresh)
            .or_else(|| (0..self.cursor.min(end)).find(fresh))
            .or_else(|| self.failures.iter().find_map(again))
    }

    pub(super) fn asked(&mut self, segment: u32) {
        self.asked.insert(segment);
    }

    pub(super) fn waits_for(&self, segment: u32) -> bool {
        self.asked.contains(&segment)
    }

    pub(super) fn answered(&mut self, segment: u32) {
        self.asked.remove(&segment);
        self.failures.remove(&segment);
    }

    /// A segment that could not be separated; `false` when it was tried often enough.
    pub(super) fn failed(&mut self, segment: u32) -> bool {
        self.asked.remove(&segment);
        let times = self.failures.entry(segment).or_default();
        *times += 1;
        *times < TRIES
    }

    pub(super) fn idle(&self) -> bool {
        self.asked.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(plan: &mut SegmentPlan, stored: &[u32]) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(k) = plan.next(|k| stored.contains(&k) || order.contains(&k)) {
            order.push(k);
        }
        order
    }

    #[test]
    fn from_the_listener_to_the_end_then_the_rest() {
        let mut plan = SegmentPlan::from(3);
        plan.ends_at(6);
        assert_eq!(order(&mut plan, &[]), [3, 4, 5, 0, 1, 2]);
        assert_eq!(order(&mut plan, &[0, 4]), [3, 5, 1, 2]);
        plan.focus(1);
        assert_eq!(order(&mut plan, &[]), [1, 2, 3, 4, 5, 0]);
    }

    #[test]
    fn a_place_behind_the_end_begins_at_the_start() {
        let mut plan = SegmentPlan::from(40);
        assert_eq!(plan.next(|_| false), Some(40));
        plan.ends_at(2);
        assert_eq!(order(&mut plan, &[]), [0, 1]);
    }

    #[test]
    fn what_is_asked_is_not_asked_again_until_it_fails_and_then_last() {
        let mut plan = SegmentPlan::default();
        plan.ends_at(3);
        plan.asked(0);
        assert_eq!(plan.next(|_| false), Some(1));
        assert!(plan.failed(0));
        assert_eq!(plan.next(|_| false), Some(1));
        assert_eq!(plan.next(|k| k > 0), Some(0));
        assert!(plan.failed(0) && !plan.failed(0));
        assert_eq!(plan.next(|k| k > 0), None);
    }

    /// What may happen while a song is separated; numbers choose among what is possible.
    #[derive(Debug, Clone)]
    enum Happening {
        Seek(u32),
        Ask,
        Answer(usize),
        Fail(usize),
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            2 => (0u32..60).prop_map(Happening::Seek),
            6 => Just(Happening::Ask),
            6 => any::<usize>().prop_map(Happening::Answer),
            1 => any::<usize>().prop_map(Happening::Fail),
        ]
    }

    proptest! {
        /// However the listener jumps and in whatever order the engine answers: no segment is asked
        /// while it is stored or on its way, the one under the playhead goes first, and in the end
        /// all are stored but those that failed three times.
        #[test]
        fn every_segment_is_asked_once_until_it_is_stored(
            segments in 1u32..40,
            start in 0u32..50,
            in_flight in 1usize..4,
            mut happenings in proptest::collection::vec(happening(), 0..150),
        ) {
            let mut plan = SegmentPlan::from(start);
            let (mut stored, mut out) = (BTreeSet::new(), Vec::new());
            let mut cursor = start;
            let mut asked: BTreeMap<u32, u32> = BTreeMap::new();
            let mut failed: BTreeMap<u32, u32> = BTreeMap::new();
            // Then the rest without a fault.
            let rest = (0..segments * 8).flat_map(|_| [Happening::Ask, Happening::Answer(0)]);
            happenings.extend(rest);
            for happening in happenings {
                match happening {
                    Happening::Seek(to) => {
                        plan.focus(to);
                        cursor = to;
                    }
                    Happening::Ask if out.len() < in_flight => {
                        let Some(k) = plan.next(|k| stored.contains(&k)) else { continue };
                        if k >= segments {
                            // What the reading of the song finds.
                            plan.ends_at(segments);
                            continue;
                        }
                        prop_assert!(!stored.contains(&k) && !out.contains(&k));
                        let wanted = cursor < segments
                            && !stored.contains(&cursor)
                            && !out.contains(&cursor)
                            && !failed.contains_key(&cursor);
                        prop_assert!(!wanted || k == cursor, "{k} before {cursor}");
                        *asked.entry(k).or_default() += 1;
                        plan.asked(k);
                        out.push(k);
                    }
                    Happening::Answer(which) if !out.is_empty() => {
                        let k = out.remove(which % out.len());
                        plan.answered(k);
                        stored.insert(k);
                    }
                    Happening::Fail(which) if !out.is_empty() => {
                        let k = out.remove(which % out.len());
                        let times = failed.entry(k).or_default();
                        *times += 1;
                        prop_assert_eq!(plan.failed(k), *times < TRIES);
                    }
                    _ => {}
                }
            }
            for k in 0..segments {
                let times = failed.get(&k).copied().unwrap_or(0);
                let there = stored.contains(&k);
                prop_assert_eq!(there, times < TRIES);
                prop_assert_eq!(asked[&k], times + u32::from(there));
            }
            prop_assert!(plan.idle() && plan.next(|k| stored.contains(&k)).is_none());
        }
    }
}
