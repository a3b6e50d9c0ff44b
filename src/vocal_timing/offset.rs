//! By how much lyrics come too soon or too late for the singer: their beginnings are moved along the
//! trace of the vocals, and where most of them meet a beginning of the voice, there they belong.

use crate::lyrics::{Lyrics, Millis, Timing};
use crate::vocal_timing::curve::{Sums, smoothed, standard};
use crate::vocal_timing::{Of, STEP_MS, Trace};

/// Looked for so far either way.
const FARTHEST_MS: Millis = 5_000;
/// Fewer beginnings than this say nothing.
const FEWEST: usize = 12;
/// Parts of the song that are asked apart.
const PARTS: usize = 6;
/// What the parts find counts as the same this close together.
const SAME_MS: Millis = 80;
/// Less than this nobody minds, and it lies within what the ear takes for together.
const LEAST_MS: Millis = 100;
/// Lyrics further off than this are those of another recording.
const MOST_MS: Millis = 4_000;
/// Nothing is offered below this.
pub const SURE: f32 = 0.5;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OffsetEstimate {
    /// So much later the lyrics would fit; negative: sooner.
    pub later_ms: Millis,
    /// From 0 to 1: how clearly, and in how many parts of the song alike.
    pub confidence: f32,
}

impl OffsetEstimate {
    /// Sure enough and far enough off to be worth a word.
    pub fn is_worth_offering(&self) -> bool {
        self.confidence >= SURE && (LEAST_MS..=MOST_MS).contains(&self.later_ms.abs())
    }
}

/// When words or lines begin, in order, and the stretches that are sung.
struct Beginnings {
    starts: Vec<Millis>,
    spans: Vec<(Millis, Millis)>,
}

impl Beginnings {
    fn of(lyrics: &Lyrics) -> Self {
        let mut starts = Vec::new();
        let mut spans = Vec::new();
        for line in &lyrics.lines {
            if line.words.is_empty() {
                starts.push(line.start_ms);
                continue;
            }
            for word in &line.words {
                starts.push(word.start_ms);
                spans.push((word.start_ms, word.end_ms));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        Self { starts, spans }
    }
}

/// None where there is too little to go by: few lines, no times, no vocals.
pub fn find(lyrics: &Lyrics, trace: &Trace) -> Option<OffsetEstimate> {
    if trace.of() != Of::Vocals || !matches!(lyrics.timing, Timing::Words | Timing::Lines) {
        return None;
    }
    let beginnings = Beginnings::of(lyrics);
    if beginnings.starts.len() < FEWEST || trace.len() < 1_000 {
        return None;
    }
    let worded = !beginnings.spans.is_empty();
    let ground = Ground::of(trace, worded);
    let mut whole = ground.curve(&beginnings.starts);
    standard(&mut whole);
    if worded {
        let mut covered = ground.covered(&beginnings.spans);
        standard(&mut covered);
        whole
            .iter_mut()
            .zip(&covered)
            .for_each(|(sum, more)| *sum += more);
    }
    let best = highest(&whole)?;
    let rival = |at: usize| at.abs_diff(best) as Millis * STEP_MS > 2 * SAME_MS;
    let second = (0..whole.len())
        .filter(|at| rival(*at))
        .map(|at| whole[at])
        .fold(f32::NEG_INFINITY, f32::max);
    // curves have a spread of 1: how far the peak stands out of the rest
    let clear = ((whole[best] - second.max(0.0)) / whole[best].max(1e-3)).clamp(0.0, 1.0);
    let part = beginnings.starts.len().div_ceil(PARTS);
    let parts: Vec<&[Millis]> = beginnings.starts.chunks(part.max(2)).collect();
    let agree = parts.iter().filter(|starts| ground.agrees(starts, best)).count();
    let agree = agree as f32 / parts.len().max(1) as f32;
    Some(OffsetEstimate {
        later_ms: shift(best),
        confidence: (0.5 * (clear * 3.0).min(1.0) + 0.5 * agree).clamp(0.0, 1.0),
    })
}

/// The shift of a point of a curve.
fn shift(at: usize) -> Millis {
    at as Millis * STEP_MS - FARTHEST_MS
}

fn highest(curve: &[f32]) -> Option<usize> {
    (0..curve.len()).max_by(|a, b| curve[*a].total_cmp(&curve[*b]))
}

/// The trace, made ready to be asked.
struct Ground {
    /// At each point how well a beginning would lie there.
    fit: Vec<f32>,
    activity: Sums,
    points: i64,
}

impl Ground {
    fn of(trace: &Trace, worded: bool) -> Self {
        let activity = trace.activity();
        let sums = Sums::of(&activity);
        let mut onset = smoothed(&trace.onsets(), 2);
        standard(&mut onset);
        // silence before and a voice after
        let rise = |at: i64| sums.mean(at, at + 25) - sums.mean(at - 25, at);
        let mut rises: Vec<f32> = (0..activity.len() as i64).map(rise).collect();
        standard(&mut rises);
        // a line begins after a pause more often than a syllable
        let weight = if worded { 0.5 } else { 1.0 };
        let fit = onset
            .iter()
            .zip(&rises)
            .map(|(onset, rise)| onset + weight * rise);
        Self {
            fit: fit.collect(),
            points: activity.len() as i64,
            activity: sums,
        }
    }

    /// For each shift the mean fit of these beginnings.
    fn curve(&self, starts: &[Millis]) -> Vec<f32> {
        let points = 2 * FARTHEST_MS / STEP_MS + 1;
        let mean = |at: Millis| {
            let moved = starts
                .iter()
                .filter_map(|start| usize::try_from((start + shift(at as usize)) / STEP_MS).ok());
            let fits = moved.filter_map(|point| self.fit.get(point));
            fits.sum::<f32>() / starts.len().max(1) as f32
        };
        (0..points).map(mean).collect()
    }

    /// For each shift how much more the voice sounds in these stretches than in all of the song.
    fn covered(&self, spans: &[(Millis, Millis)]) -> Vec<f32> {
        let points = 2 * FARTHEST_MS / STEP_MS + 1;
        let length: Millis = spans.iter().map(|(from, to)| (to - from) / STEP_MS).sum();
        let share = |at: Millis| {
            let moved = shift(at as usize);
            let inside: f64 = spans
                .iter()
                .map(|(from, to)| {
                    self.activity
                        .between((from + moved) / STEP_MS, (to + moved) / STEP_MS)
                })
                .sum();
            let outside = self.activity.between(0, self.points) - inside;
            let rest = (self.points - length).max(1) as f64;
            (inside / length.max(1) as f64 - outside / rest) as f32
        };
        (0..points).map(share).collect()
    }

    /// A part of the song by itself finds the same shift, or one near enough to be no other.
    fn agrees(&self, starts: &[Millis], best: usize) -> bool {
        let curve = self.curve(starts);
        let near = SAME_MS / STEP_MS;
        let from = best.saturating_sub(near as usize);
        let here = curve[from..(best + near as usize + 1).min(curve.len())]
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max);
        let top = curve.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        top > 0.0 && here >= 0.85 * top
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lyrics::Line;
    use crate::lyrics::Word;

    /// Lines every few seconds, each of some words, at uneven distances.
    fn song(lines: usize, worded: bool) -> Lyrics {
        let mut random = fastrand::Rng::with_seed(7);
        let mut next = |most: u32| Millis::from(random.u32(..most));
        let mut at = 3_000;
        let mut lyrics = Lyrics {
            timing: if worded { Timing::Words } else { Timing::Lines },
            ..Lyrics::default()
        };
        for _ in 0..lines {
            let mut line = Line {
                start_ms: at,
                text: "a b c d".into(),
                ..Line::default()
            };
            for word in 0..4 {
                let end = at + 150 + next(350);
                line.words.push(Word {
                    from: 2 * word,
                    to: 2 * word + 1,
                    start_ms: at,
                    end_ms: end,
                    manner: Default::default(),
                });
                at = end + next(60);
            }
            at += 400 + next(2_500);
            line.end_ms = line.words.last().map(|word| word.end_ms);
            if !worded {
                line.words.clear();
            }
            lyrics.lines.push(line);
        }
        lyrics
    }

    /// The voice of a song: loud in its words, an onset where each begins.
    fn voice(lyrics: &Lyrics, later: Millis) -> Trace {
        let last = lyrics.lines.last().unwrap().start_ms + 8_000;
        let points = (last / STEP_MS) as usize;
        let (mut levels, mut onsets) = (vec![-70.0; points], vec![0.05; points]);
        for word in lyrics.lines.iter().flat_map(|line| &line.words) {
            let from = ((word.start_ms + later) / STEP_MS).max(0) as usize;
            let to = ((word.end_ms + later) / STEP_MS).max(0) as usize;
            (from..to.min(points)).for_each(|at| levels[at] = -12.0);
            if let Some(onset) = onsets.get_mut(from) {
                *onset = 1.0;
            }
        }
        Trace::new(Of::Vocals, &levels, &onsets)
    }

    #[test]
    fn lyrics_that_are_off_are_found_to_be_with_and_without_words() {
        let sung = song(40, true);
        for later in [-1_950, -730, 0, 340, 2_000] {
            let trace = voice(&sung, later);
            for lyrics in [&sung, &song(40, false)] {
                let found = find(lyrics, &trace).unwrap();
                assert!((found.later_ms - later).abs() <= 20, "{found:?} for {later}");
                assert_eq!(found.is_worth_offering(), later.abs() >= LEAST_MS, "{found:?}");
            }
        }
    }

    #[test]
    fn lyrics_of_another_song_are_not_offered() {
        let sung = song(60, true);
        let mut other = song(40, true);
        // the same beat, other places
        for (at, line) in other.lines.iter_mut().enumerate() {
            let moved = (at as Millis * 7_919) % 3_001;
            line.start_ms += moved;
            line.words
                .iter_mut()
                .for_each(|word| (word.start_ms, word.end_ms) = (word.start_ms + moved, word.end_ms + moved));
        }
        let found = find(&other, &voice(&sung, 0)).unwrap();
        assert!(!found.is_worth_offering(), "{found:?}");
    }

    #[test]
    fn too_little_to_go_by_gives_nothing() {
        let sung = song(40, true);
        let trace = voice(&sung, 0);
        assert_eq!(find(&song(2, true), &trace), None);
        let guessed = Lyrics {
            timing: Timing::Guessed,
            ..sung.clone()
        };
        assert_eq!(find(&guessed, &trace), None);
        let mixture = Trace::new(Of::Mixture, &[-20.0; 5_000], &[0.1; 5_000]);
        assert_eq!(find(&sung, &mixture), None);
        let silent = Trace::new(Of::Vocals, &[-96.0; 5_000], &[0.0; 5_000]);
        assert!(find(&sung, &silent).is_none_or(|found| !found.is_worth_offering()));
    }

    proptest! {
        #[test]
        fn no_times_and_no_trace_break_it(
            starts in prop::collection::vec(any::<i32>(), 0..40),
            levels in prop::collection::vec(any::<f32>(), 0..3_000),
        ) {
            let lines = starts.iter().map(|start| Line { start_ms: Millis::from(*start), text: "x".into(), ..Line::default() });
            let lyrics = Lyrics { timing: Timing::Lines, lines: lines.collect(), ..Lyrics::default() };
            if let Some(found) = find(&lyrics, &Trace::new(Of::Vocals, &levels, &levels)) {
                prop_assert!((0.0..=1.0).contains(&found.confidence));
            }
        }
    }
}
