//! Lays lines without times along a song. Each line wants a stretch with vocals about as long as its
//! syllables take, pauses want to lie between lines, and a line wants to begin where the voice does.
//! The cheapest way to give every line its place, in order, is found over all places at once.

use crate::lyrics::{Line, Lyrics, Millis, Timing, syllables};
use crate::vocal_timing::curve::{Sums, smoothed};
use crate::vocal_timing::{Of, STEP_MS, Trace};

/// A line to be placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    pub syllables: f32,
    /// A blank row stands before it: most likely a longer pause.
    pub stanza: bool,
}

/// What is known of the voice, on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Milliseconds of a point.
    pub step_ms: f64,
    /// From 0 to 1, how likely somebody sings at a point; a half where nothing is known.
    pub activity: Vec<f32>,
    /// From 0 to 1, how well a line would begin at a point.
    pub begins: Vec<f32>,
}

/// Milliseconds of a point of the grid; a guess need not be finer.
const GRID_MS: Millis = 50;
/// So many steps of work at most, so that nothing stands still for it.
const MOST_WORK: f64 = 6e7;
/// A line is sung no longer than this.
const LONGEST_MS: f64 = 14_000.0;

/// What each kind of misfit costs.
struct Costs {
    /// A second of silence within a line.
    silent_within: f32,
    /// A second of vocals between lines, and the most that one gap costs: choirs and calls that nobody
    /// wrote down may last.
    sung_between: f32,
    most_between: f32,
    /// A line of twice or half the length it should have.
    odd_length: f32,
    /// What a clear beginning is worth.
    beginning: f32,
    /// A stanza that begins without a pause.
    no_pause: f32,
    /// What a line takes besides its syllables, in syllables: its last one is held.
    held: f32,
}

const COSTS: Costs = Costs {
    silent_within: 1.4,
    sung_between: 0.85,
    most_between: 1.05,
    odd_length: 2.8,
    beginning: 1.5,
    no_pause: 0.6,
    held: 0.3,
};

impl Field {
    /// Of a trace.
    pub fn of(trace: &Trace) -> Self {
        let every = (GRID_MS / STEP_MS) as usize;
        let activity = trace.activity();
        let sums = Sums::of(&activity);
        let onsets = smoothed(&trace.onsets(), 1);
        let points = activity.len() / every;
        let begin = |point: usize| {
            let at = (point * every) as i64;
            let rise = (sums.mean(at, at + 40) - sums.mean(at - 40, at)).max(0.0);
            let onset = onsets[point * every..(point + 1) * every]
                .iter()
                .copied()
                .fold(0.0, f32::max);
            (0.7 * rise + 0.5 * onset).min(1.0)
        };
        Self {
            step_ms: GRID_MS as f64,
            activity: (0..points)
                .map(|point| sums.mean((point * every) as i64, ((point + 1) * every) as i64))
                .collect(),
            begins: (0..points).map(begin).collect(),
        }
    }

    /// On a grid so coarse that so many lines are laid in good time.
    fn for_lines(&self, lines: usize) -> Self {
        let work = |every: f64| {
            let points = self.activity.len() as f64 / every;
            points * lines as f64 * (LONGEST_MS / self.step_ms / every).max(1.0)
        };
        let mut every = 1;
        while work(every as f64) > MOST_WORK && every < 64 {
            every += 1;
        }
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        let top = |part: &[f32]| part.iter().copied().fold(0.0, f32::max);
        Self {
            step_ms: self.step_ms * every as f64,
            activity: self.activity.chunks(every).map(mean).collect(),
            begins: self.begins.chunks(every).map(top).collect(),
        }
    }
}

/// Lyrics without times where the trace of the vocals has room for them: a guess, and marked as one.
/// None where the trace is of the whole music, or the song has no room.
pub fn laid(lyrics: &Lyrics, trace: &Trace) -> Option<Lyrics> {
    if trace.of() != Of::Vocals {
        return None;
    }
    let want = |line: &Line| Want {
        syllables: syllables::total(&line.text),
        stanza: line.stanza,
    };
    let wants: Vec<Want> = lyrics.lines.iter().map(want).collect();
    let places = lay(&wants, &Field::of(trace))?;
    let mut laid = lyrics.clone();
    laid.timing = Timing::Guessed;
    for (line, (start, end)) in laid.lines.iter_mut().zip(places) {
        (line.start_ms, line.end_ms) = (start, Some(end));
    }
    Some(laid)
}

/// Start and end of each line in milliseconds, in order and none overlapping; None where the song has
/// no room for them.
pub fn lay(wants: &[Want], field: &Field) -> Option<Vec<(Millis, Millis)>> {
    let valid =
        field.step_ms.is_finite() && field.step_ms >= 1.0 && field.begins.len() == field.activity.len();
    if wants.is_empty() || !valid || field.activity.len() < 2 * wants.len() {
        return None;
    }
    let field = field.for_lines(wants.len());
    if field.activity.len() < 2 * wants.len() {
        return None;
    }
    // how long a syllable takes: at first as if everything sung were these lines, then as it came out
    let sung = field
        .activity
        .iter()
        .map(|a| if *a > 0.5 { 1.0 } else { 0.0 })
        .sum::<f32>();
    let weight = |want: &Want| want.syllables.max(0.5) + COSTS.held;
    let weights: f32 = wants.iter().map(weight).sum();
    let seconds = (field.step_ms / 1000.0) as f32;
    let mut syllable = (sung * seconds / weights).clamp(0.12, 0.8);
    let mut places = Vec::new();
    for _ in 0..2 {
        places = Way::of(wants, &field, syllable).cheapest()?;
        let mut paces: Vec<f32> = places
            .iter()
            .zip(wants)
            .map(|((from, to), want)| (to - from) as f32 * seconds / weight(want))
            .collect();
        paces.sort_by(f32::total_cmp);
        syllable = paces[paces.len() / 2].clamp(0.1, 1.0);
    }
    let ms = |point: usize| (point as f64 * field.step_ms).round() as Millis;
    Some(places.into_iter().map(|(from, to)| (ms(from), ms(to))).collect())
}

/// The search for the cheapest way.
struct Way<'a> {
    wants: &'a [Want],
    field: &'a Field,
    /// Seconds.
    syllable: f32,
    /// Cost of being within a line, and between lines, up to each point.
    within: Vec<f32>,
    between: Vec<f32>,
    longest: usize,
}

impl<'a> Way<'a> {
    fn of(wants: &'a [Want], field: &'a Field, syllable: f32) -> Self {
        let step = (field.step_ms / 1000.0) as f32;
        let summed = |cost: &dyn Fn(f32) -> f32| {
            let mut sum = 0.0;
            let mut sums = vec![0.0];
            for activity in &field.activity {
                sum += cost(*activity) * step;
                sums.push(sum);
            }
            sums
        };
        Self {
            within: summed(&|activity| (1.0 - activity) * COSTS.silent_within),
            between: summed(&|activity| activity * COSTS.sung_between),
            longest: ((LONGEST_MS / field.step_ms) as usize).max(1),
            wants,
            field,
            syllable,
        }
    }

    /// First and last point of every line.
    fn cheapest(&self) -> Option<Vec<(usize, usize)>> {
        let points = self.field.activity.len();
        // cost of everything up to the end of the line before, if it ends at a point
        let mut ended: Vec<f32> = self.between.iter().map(|_| f32::INFINITY).collect();
        ended[0] = 0.0;
        let mut steps = Vec::with_capacity(self.wants.len());
        for (number, want) in self.wants.iter().enumerate() {
            let (starts, from) = self.starts(&ended, want, number == 0);
            let (ends, length) = self.ends(&starts, want);
            steps.push((from, length));
            ended = ends;
        }
        let after = |end: usize| (self.between[points] - self.between[end]).min(COSTS.most_between);
        let cost = |end: usize| ended[end] + after(end);
        let mut end = (0..=points).min_by(|a, b| cost(*a).total_cmp(&cost(*b)))?;
        if !cost(end).is_finite() {
            return None;
        }
        let mut places = Vec::with_capacity(self.wants.len());
        for (from, length) in steps.iter().rev() {
            let start = end - length[end] as usize;
            places.push((start, end));
            end = from[start] as usize;
        }
        places.reverse();
        Some(places)
    }

    /// For each point the least cost with this line beginning there, and where the line before ends.
    fn starts(&self, ended: &[f32], want: &Want, first: bool) -> (Vec<f32>, Vec<u32>) {
        let points = self.field.activity.len();
        let mut costs = vec![f32::INFINITY; points + 1];
        let mut from = vec![0; points + 1];
        let pause = (1_000.0 / self.field.step_ms).ceil() as usize;
        let (mut best, mut best_at) = (f32::INFINITY, 0);
        let (mut any, mut any_at) = (f32::INFINITY, 0);
        let (mut near, mut near_at): (f32, usize);
        for at in 0..points {
            let wants_pause = want.stanza && !first;
            if wants_pause {
                // ends a pause or more before cost nothing; nearer ones some
                if let Some(end) = at.checked_sub(pause) {
                    let cost = ended[end] - self.between[end];
                    if cost < best {
                        (best, best_at) = (cost, end);
                    }
                }
                (near, near_at) = (f32::INFINITY, at);
                let from = at.saturating_sub(pause.saturating_sub(1));
                let ends = ended
                    .iter()
                    .zip(&self.between)
                    .enumerate()
                    .take(at + 1)
                    .skip(from);
                for (end, (ended, between)) in ends {
                    let missing = 1.0 - (at - end) as f32 / pause as f32;
                    let cost = ended - between + COSTS.no_pause * missing;
                    if cost < near {
                        (near, near_at) = (cost, end);
                    }
                }
            } else {
                let cost = ended[at] - self.between[at];
                if cost < best {
                    (best, best_at) = (cost, at);
                }
                (near, near_at) = (best, best_at);
            }
            let (cost, end) = if near < best {
                (near, near_at)
            } else {
                (best, best_at)
            };
            let (mut cost, mut end) = (cost + self.between[at], end);
            // a long call between, or before the first line, costs no more than this
            if ended[at] < any {
                (any, any_at) = (ended[at], at);
            }
            if any + COSTS.most_between < cost {
                (cost, end) = (any + COSTS.most_between, any_at);
            }
            costs[at] = cost - COSTS.beginning * self.field.begins[at];
            from[at] = end as u32;
        }
        (costs, from)
    }

    /// For each point the least cost with this line ending there, and its length in points.
    fn ends(&self, starts: &[f32], want: &Want) -> (Vec<f32>, Vec<u32>) {
        let points = self.field.activity.len();
        let step = (self.field.step_ms / 1000.0) as f32;
        let expected = self.syllable * (want.syllables.max(0.5) + COSTS.held);
        let most = ((expected * 4.0 / step).ceil() as usize).clamp(2, self.longest);
        let odd: Vec<f32> = (0..=most)
            .map(|length| {
                let ratio = (length.max(1) as f32 * step / expected).log2();
                COSTS.odd_length * ratio * ratio
            })
            .collect();
        let mut costs = vec![f32::INFINITY; points + 1];
        let mut lengths = vec![1; points + 1];
        for end in 1..=points {
            let first = end.saturating_sub(most);
            let (mut best, mut best_length) = (f32::INFINITY, 1);
            for start in first..end {
                let cost = starts[start] - self.within[start] + odd[end - start];
                if cost < best {
                    (best, best_length) = (cost, end - start);
                }
            }
            costs[end] = best + self.within[end];
            lengths[end] = best_length as u32;
        }
        (costs, lengths)
    }
}

#[cfg(test)]
mod tests;
