use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::app::state::lyrics_moment::SYLLABLE_MS;
use crate::app::state::vocal_fallback::estimate_times;
use crate::app::state::vocal_map::VocalMap;
use crate::lyrics::{Lyrics, Timing, read};
use crate::waveform::{Peaks, WAVE_POINTS};

fn lyrics(text: &str) -> Lyrics {
    read(text.as_bytes(), Path::new("x.lrc")).unwrap().lyrics
}

/// Vocals in these seconds, silence elsewhere, for 32 s in segments of 4.
fn voice(sung: &[(f64, f64)]) -> VocalMap {
    let point = |segment: usize, i: usize| {
        let at = (segment * WAVE_POINTS + i) as f64 / 16.0;
        if sung.iter().any(|(from, to)| (*from..*to).contains(&at)) {
            90
        } else {
            4
        }
    };
    let segments = (0..8).map(|segment| {
        Some(Peaks {
            vocals: std::array::from_fn(|i| point(segment, i)),
            instrumental: [50; WAVE_POINTS],
        })
    });
    VocalMap {
        segment_seconds: 4.0,
        segments: segments.collect(),
        complete: true,
    }
}

fn at(lyrics: &Lyrics, voice: &VocalMap, ms: Millis) -> (usize, i64, Option<i64>) {
    let moment = moment(lyrics, voice, ms).unwrap();
    (
        moment.line,
        moment.sung as i64,
        moment.countdown.map(|s| s.ceil() as i64),
    )
}

#[test]
fn words_with_times_are_wiped_by_them_and_gaps_are_counted_down() {
    let song = lyrics(
        "[00:10.00]<00:10.00>Paper <00:11.00>lanterns<00:12.00>\n[00:20.00]<00:20.00>on<00:21.00>\n[00:22.00]<00:22.00>water<00:23.00>\n",
    );
    let none = VocalMap::default();
    assert_eq!(at(&song, &none, 0), (0, 0, Some(10)));
    assert_eq!(at(&song, &none, 9_500), (0, 0, Some(1)));
    assert_eq!(at(&song, &none, 10_500), (0, 3, None));
    assert_eq!(at(&song, &none, 11_500), (0, 10, None));
    assert_eq!(at(&song, &none, 12_400), (0, 14, None));
    assert_eq!(
        at(&song, &none, 13_000),
        (1, 0, Some(7)),
        "the next line, with its countdown"
    );
    assert_eq!(at(&song, &none, 21_300), (1, 2, None));
    assert_eq!(
        at(&song, &none, 21_600),
        (2, 0, None),
        "a short gap is not counted"
    );
    assert_eq!(at(&song, &none, 99_000), (2, 5, None));
}

#[test]
fn a_line_without_words_stops_where_the_vocals_fall_silent() {
    let song = lyrics("[00:02.00]la la la la\n[00:20.00]la\n");
    let voice = voice(&[(2.0, 4.0), (6.0, 8.0), (20.0, 21.0)]);
    assert_eq!(at(&song, &voice, 1_999).1, 0);
    assert_eq!(
        at(&song, &voice, 4_000).1,
        5,
        "half of what is sung, half of the line"
    );
    assert_eq!(at(&song, &voice, 5_900).1, 5, "nobody sings, nothing moves");
    assert_eq!(at(&song, &voice, 8_000).1, 11);
    assert_eq!(
        at(&song, &voice, 9_000),
        (1, 0, Some(11)),
        "not where the next line begins"
    );
}

#[test]
fn without_vocals_to_go_by_a_line_takes_the_time_of_its_syllables() {
    let song = lyrics("[00:02.00]la la la la\n[00:20.00]la\n");
    let none = VocalMap::default();
    let end = 2_000 + (4.06 * SYLLABLE_MS * 1.4) as Millis + 500;
    assert_eq!(at(&song, &none, end).1, 11);
    assert!(at(&song, &none, end - 1_000).1 < 8);
    assert_eq!(at(&song, &none, end + 700).0, 1);
}

#[test]
fn plain_text_is_laid_where_somebody_sings() {
    let song = lyrics("one two\nthree four\nfive six\n");
    let laid = estimate_times(&song, &voice(&[(4.0, 10.0), (20.0, 24.0)]), None).unwrap();
    assert_eq!(laid.timing, Timing::Guessed);
    let starts: Vec<Millis> = laid.lines.iter().map(|line| line.start_ms).collect();
    assert!(
        (4_000..4_100).contains(&starts[0]) && (7_500..7_800).contains(&starts[1]),
        "{starts:?}"
    );
    assert!((20_000..20_500).contains(&starts[2]), "{starts:?}");
    assert!(laid.lines[1].end_ms.unwrap() <= starts[2]);
    assert_eq!(estimate_times(&song, &VocalMap::default(), None), None);
    let even = estimate_times(&song, &VocalMap::default(), Some(30.0)).unwrap();
    assert!((9_000..11_500).contains(&even.lines[1].start_ms));
}

#[test]
fn offsets_are_said_in_words() {
    assert_eq!(offset_text(150).as_deref(), Some("lyrics 150 ms later"));
    assert_eq!(offset_text(-50).as_deref(), Some("lyrics 50 ms sooner"));
    assert_eq!(offset_text(0), None);
}

proptest! {
    #[test]
    fn no_voice_and_no_moment_breaks_it(
        vocals in prop::collection::vec(prop::option::of(any::<u8>()), 0..6),
        segment_seconds in prop_oneof![Just(4.0), Just(0.0), Just(f64::NAN), any::<f64>()],
        duration in prop::option::of(0.0..1e7),
        moments in prop::collection::vec(any::<i32>(), 0..8),
        text in "(\\[00:[0-9]{2}.[0-9]{2}\\])?[a-z ]{1,9}(\n(\\[0[0-9]:[0-9]{2}.[0-9]{2}\\])?[a-zの ]{1,9}){0,8}",
    ) {
        let segments = vocals.iter().map(|v| v.map(|v| Peaks { vocals: [v; WAVE_POINTS], instrumental: [1; WAVE_POINTS] }));
        let voice = VocalMap { segment_seconds, segments: segments.collect(), complete: false };
        if let Ok(read) = read(text.as_bytes(), Path::new("x.lrc")) {
            let laid = estimate_times(&read.lyrics, &voice, duration);
            for lyrics in laid.iter().chain([&read.lyrics]).filter(|lyrics| lyrics.is_timed()) {
                prop_assert!(lyrics.lines.windows(2).all(|pair| pair[0].start_ms <= pair[1].start_ms));
                for ms in &moments {
                    let moment = moment(lyrics, &voice, Millis::from(*ms)).unwrap();
                    let line = &lyrics.lines[moment.line];
                    prop_assert!((0.0..=line.graphemes() as f64 + 1e-6).contains(&moment.sung));
                }
            }
        }
    }
}
