//! The judge against museval 0.4.1, on two stereo stems of five seconds of which one is silent for a
//! second: every ratio of every window of both stems, and the whole-song figures.

use crate::support::skip::shared;
use croon::audio::decode::read_all;
use croon::judge::bss::{BssWindow, References};
use croon::judge::sdr;

const BOUND: f64 = 0.01;

struct Golden {
    references: [Vec<f32>; 2],
    estimates: [Vec<f32>; 2],
    /// As museval wrote them, which is JSON but for its NaN.
    figures: serde_json::Value,
}

fn golden() -> Option<Golden> {
    let folder = shared("fixtures")?;
    let text = std::fs::read_to_string(folder.join("museval_golden.json")).unwrap();
    let read = |name: String| read_all(&folder.join(name)).unwrap().1;
    Some(Golden {
        references: [0, 1].map(|i| read(format!("ref{i}.wav"))),
        estimates: [0, 1].map(|i| read(format!("est{i}.wav"))),
        figures: serde_json::from_str(&text.replace("NaN", "null")).unwrap(),
    })
}

#[test]
fn every_window_agrees() {
    let Some(golden) = golden() else { return };
    let [a, b] = &golden.references;
    let judged = References::new([a, b]).judge([&golden.estimates[0], &golden.estimates[1]]);
    type Pick = fn(&BssWindow) -> Option<f64>;
    let ratios: [(&str, Pick); 4] = [
        ("SDR", |window| window.sdr),
        ("ISR", |window| window.isr),
        ("SIR", |window| window.sir),
        ("SAR", |window| window.sar),
    ];
    let mut silent = 0;
    let mut worst = 0.0_f64;
    for (name, pick) in ratios {
        for (stem, windows) in judged.iter().enumerate() {
            let wanted = golden.figures[name][stem].as_array().unwrap();
            assert_eq!(windows.len(), wanted.len());
            for (at, (window, wanted)) in windows.iter().zip(wanted).enumerate() {
                let found = pick(window);
                assert_eq!(
                    found.is_some(),
                    wanted.is_f64(),
                    "{name} of stem {stem}, window {at}"
                );
                if let Some(wanted) = wanted.as_f64() {
                    let error = (found.unwrap() - wanted).abs();
                    assert!(
                        error < BOUND,
                        "{name} of stem {stem}, window {at}: {found:?}, {wanted}"
                    );
                    worst = worst.max(error);
                } else {
                    silent += 1;
                }
            }
        }
    }
    println!("largest difference {worst:.1e} dB");
    assert_eq!(silent, 8, "the fixture has one silent second");
}

#[test]
fn whole_song_figures_agree() {
    let Some(golden) = golden() else { return };
    for stem in 0..2 {
        let (reference, estimate) = (&golden.references[stem], &golden.estimates[stem]);
        let of = |name: &str| golden.figures[name][stem].as_f64().unwrap();
        let whole = sdr::whole(reference, estimate);
        assert!((whole - of("mdx_global_SDR_delta1e7")).abs() < BOUND, "{whole}");
        let invariant = sdr::scale_invariant(reference, estimate).unwrap();
        assert!(
            (invariant - of("si_sdr_whole_signal_joint_channels")).abs() < BOUND,
            "{invariant}"
        );
        let windows = sdr::windows(reference, estimate, 44_100);
        let other = sdr::windows(&golden.references[1 - stem], &golden.estimates[1 - stem], 44_100);
        let both = windows
            .into_iter()
            .zip(other)
            .filter_map(|(a, b)| a.filter(|_| b.is_some()));
        let median = sdr::median(both).unwrap();
        assert!((median - of("median_SDR")).abs() < BOUND, "{median}");
    }
}
