//! Where somebody sings, from the waveform of the vocals: how far a line without word times is sung,
//! and a place in the song for text without any.

use crate::app::state::vocal_map::VocalMap;
use crate::lyrics::{LATEST_MS, Line, Lyrics, Millis, Timing, syllables};
use crate::waveform::WAVE_POINTS;

/// Vocals quieter than this share of the loudest around are what leaks from the band.
const LEAK: f64 = 0.15;
/// And whatever is below this of 255 is silence.
const SILENCE: u8 = 5;

/// Where the vocals sound in a stretch of a song.
pub(crate) struct VocalSpan {
    /// Of the first point.
    start: f64,
    /// Milliseconds of a point.
    step: f64,
    on: Vec<bool>,
}

impl VocalSpan {
    /// None where the vocals are not known for all of it, or silent for all of it.
    pub fn between(voice: &VocalMap, from: Millis, to: Millis) -> Option<Self> {
        let step = point_ms(voice)?;
        // a line of more than a minute is none
        if from < 0 || to <= from || to - from >= 60_000 {
            return None;
        }
        let first = (from as f64 / step) as usize;
        let last = (to as f64 / step).ceil() as usize;
        let peaks: Option<Vec<u8>> = (first..last.max(first + 1))
            .map(|point| peak(voice, point))
            .collect();
        let peaks = peaks?;
        let loudest = peaks.iter().copied().max().unwrap_or(0);
        let floor = threshold(loudest);
        let on: Vec<bool> = peaks.iter().map(|peak| *peak >= floor).collect();
        on.contains(&true).then_some(Self {
            start: first as f64 * step,
            step,
            on,
        })
    }

    /// Milliseconds with vocals before a moment.
    pub fn before(&self, ms: Millis) -> f64 {
        let at = (ms as f64 - self.start) / self.step;
        let heard = |(point, on): (usize, &bool)| {
            if *on {
                (at - point as f64).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        self.on.iter().enumerate().map(heard).sum::<f64>() * self.step
    }

    /// When the vocals fall silent for good.
    pub fn last(&self) -> Millis {
        let last = self.on.iter().rposition(|on| *on).map_or(0, |point| point + 1);
        (self.start + last as f64 * self.step) as Millis
    }
}

/// Milliseconds of a point of the waveform; None where nothing is known of it.
fn point_ms(voice: &VocalMap) -> Option<f64> {
    let step = voice.segment_seconds * 1000.0 / WAVE_POINTS as f64;
    (1.0..10_000.0).contains(&step).then_some(step)
}

fn peak(voice: &VocalMap, point: usize) -> Option<u8> {
    let peaks = voice.segments.get(point / WAVE_POINTS)?.as_ref()?;
    Some(peaks.vocals[point % WAVE_POINTS])
}

fn threshold(loudest: u8) -> u8 {
    ((f64::from(loudest) * LEAK) as u8).max(SILENCE)
}

/// Lays lines along the stretches with vocals by their syllables, as far as those are known: a guess
/// that will do until the whole song is. None where the length of the song is unknown.
pub(crate) fn estimate_times(lyrics: &Lyrics, voice: &VocalMap, duration: Option<f64>) -> Option<Lyrics> {
    let by_segments = voice.segment_seconds * voice.segments.len() as f64;
    let seconds = duration.or((by_segments > 0.0).then_some(by_segments))?;
    let most = LATEST_MS as f64 / 1000.0;
    // a point of a tenth of a second where nothing is known yet
    let step = point_ms(voice).unwrap_or(100.0);
    let points = ((seconds.min(most) * 1000.0 / step) as usize).max(1);
    let known = (0..points).filter_map(|point| peak(voice, point));
    let loudest = known.max().unwrap_or(0);
    let floor = threshold(loudest);
    // what is not separated yet may hold vocals
    let mut on: Vec<bool> = (0..points)
        .map(|point| peak(voice, point).is_none_or(|p| p >= floor))
        .collect();
    if !on.contains(&true) {
        on.fill(true);
    }
    let total = on.iter().filter(|on| **on).count() as f64;
    let weight = |line: &Line| f64::from(syllables::total(&line.text)) + 1.0;
    let all: f64 = lyrics.lines.iter().map(weight).sum();
    let mut laid = lyrics.clone();
    laid.timing = Timing::Guessed;
    let (mut point, mut passed, mut done) = (0, 0.0, 0.0);
    for line in &mut laid.lines {
        // the first point with vocals that no earlier line has
        while point < points && (!on[point] || passed + 1.0 <= done / all * total) {
            passed += f64::from(u8::from(on[point]));
            point += 1;
        }
        line.start_ms = (point as f64 * step) as Millis;
        done += weight(line);
        let (mut end, mut until) = (point, passed);
        while end < points && until + 1.0 <= done / all * total {
            until += f64::from(u8::from(on[end]));
            end += 1;
        }
        line.end_ms = Some(((end.max(point + 1)) as f64 * step) as Millis);
    }
    Some(laid)
}
