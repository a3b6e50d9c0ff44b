//! In which order the segments of one song are asked: from where the listener is to the end, then
//! the rest from the start.

use std::collections::{BTreeMap, BTreeSet};

/// How often a segment is tried in all.
const TRIES: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Plan {
    cursor: u32,
    /// How many segments the song has, once its end was seen.
    end: Option<u32>,
    asked: BTreeSet<u32>,
    failures: BTreeMap<u32, u32>,
}

impl Plan {
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
        (self.cursor..end)
            .find(open)
            .or_else(|| (0..self.cursor.min(end)).find(open))
    }

    pub(super) fn asked(&mut self, segment: u32) {
        self.asked.insert(segment);
    }

    pub(super) fn waits_for(&self, segment: u32) -> bool {
        self.asked.contains(&segment)
    }

    pub(super) fn answered(&mut self, segment: u32) {
        self.asked.remove(&segment);
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn order(plan: &mut Plan, stored: &[u32]) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(k) = plan.next(|k| stored.contains(&k) || order.contains(&k)) {
            order.push(k);
        }
        order
    }

    #[test]
    fn from_the_listener_to_the_end_then_the_rest() {
        let mut plan = Plan::from(3);
        plan.ends_at(6);
        assert_eq!(order(&mut plan, &[]), [3, 4, 5, 0, 1, 2]);
        assert_eq!(order(&mut plan, &[0, 4]), [3, 5, 1, 2]);
        plan.focus(1);
        assert_eq!(order(&mut plan, &[]), [1, 2, 3, 4, 5, 0]);
    }

    #[test]
    fn a_place_behind_the_end_begins_at_the_start() {
        let mut plan = Plan::from(40);
        assert_eq!(plan.next(|_| false), Some(40));
        plan.ends_at(2);
        assert_eq!(order(&mut plan, &[]), [0, 1]);
    }

    #[test]
    fn what_is_asked_is_not_asked_again_until_it_fails() {
        let mut plan = Plan::default();
        plan.ends_at(2);
        plan.asked(0);
        assert_eq!(plan.next(|_| false), Some(1));
        assert!(plan.failed(0));
        assert_eq!(plan.next(|_| false), Some(0));
        assert!(plan.failed(0) && !plan.failed(0));
    }
}
