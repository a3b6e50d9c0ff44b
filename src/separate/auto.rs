//! What the model `auto` stands for: the best bundled model that is fast enough on the engine's machine. The engine
//! times the models; this decides from the figures.

use super::model_candidate::ModelCandidate;
use super::models;
use super::speeds::{FAST_ENOUGH, Speed};

/// What became of timing a model.
#[derive(Debug, Clone, PartialEq)]
pub enum TimingResult {
    Speed(Speed),
    /// There was no time left for it.
    NoTime,
    /// It cannot be used at all.
    Unusable,
}

/// The model that was chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its place among the candidates.
    pub place: usize,
    pub why: String,
    pub times_real_time: Option<f64>,
}

/// The first candidate that is fast enough. `time` is asked for the speed of one candidate after the other
/// until one is. Where none is, [`models::LIGHT`] is chosen, or the last candidate that can be used. `None`
/// without any candidate.
pub fn choose(
    candidates: &[ModelCandidate],
    mut time: impl FnMut(&ModelCandidate) -> TimingResult,
) -> Option<Chosen> {
    let mut slower: Vec<(usize, Option<f64>)> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        match time(candidate) {
            TimingResult::Speed(speed) if speed.times_real_time >= FAST_ENOUGH => {
                let better = slower.iter().any(|(_, speed)| speed.is_none());
                let why = if better {
                    format!(
                        "{} times real time here; better models are not timed yet",
                        shown(speed.times_real_time)
                    )
                } else {
                    format!(
                        "{} times real time here, the best that reaches {FAST_ENOUGH}",
                        shown(speed.times_real_time)
                    )
                };
                return Some(Chosen {
                    place,
                    why,
                    times_real_time: Some(speed.times_real_time),
                });
            }
            TimingResult::Speed(speed) => slower.push((place, Some(speed.times_real_time))),
            TimingResult::NoTime => slower.push((place, None)),
            TimingResult::Unusable => {}
        }
    }
    let light = slower
        .iter()
        .find(|(place, _)| candidates[*place].name == models::LIGHT);
    let (place, speed) = *light.or(slower.last())?;
    let all_timed = slower.iter().all(|(_, speed)| speed.is_some());
    let why = match speed {
        Some(speed) if all_timed => {
            format!(
                "{} times real time here; no model reaches {FAST_ENOUGH}",
                shown(speed)
            )
        }
        Some(speed) => format!(
            "{} times real time here; better models are not timed yet",
            shown(speed)
        ),
        None => "the models are not timed yet".to_owned(),
    };
    Some(Chosen {
        place,
        why,
        times_real_time: speed,
    })
}

/// A speed for people: `38` or `4.2`, never rounded up to what it does not reach.
fn shown(times_real_time: f64) -> String {
    if times_real_time >= 10.0 {
        format!("{:.0}", times_real_time.floor())
    } else {
        format!("{:.1}", (times_real_time * 10.0).floor() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates of these names, the best first.
    fn models(names: &[&str]) -> Vec<ModelCandidate> {
        let candidate = |name: &&str| ModelCandidate {
            name: (*name).to_owned(),
            manifest: format!("{name}.toml").into(),
            fingerprint: format!("of {name}"),
            vocals_sdr: None,
        };
        names.iter().map(candidate).collect()
    }

    fn speed(times_real_time: f64) -> TimingResult {
        TimingResult::Speed(Speed {
            times_real_time,
            provisional: false,
        })
    }

    #[test]
    fn the_best_that_is_fast_enough_is_chosen_and_no_more_is_timed() {
        let all = models(&["spleeter", "full", "light"]);
        let mut asked = Vec::new();
        let chosen = choose(&all, |candidate| {
            asked.push(candidate.name.clone());
            speed(if candidate.name == "spleeter" { 5.99 } else { 12.7 })
        });
        let chosen = chosen.unwrap();
        assert_eq!(asked, ["spleeter", "full"]);
        assert_eq!((chosen.place, chosen.times_real_time), (1, Some(12.7)));
        assert_eq!(chosen.why, "12 times real time here, the best that reaches 6");
    }

    #[test]
    fn light_it_is_where_nothing_is_fast_enough_or_there_was_no_time() {
        let all = models(&["full", "light"]);
        let of = |full: TimingResult, light: TimingResult| {
            let chosen = choose(&all, |candidate| match candidate.name.as_str() {
                "full" => full.clone(),
                _ => light.clone(),
            });
            let chosen = chosen.unwrap();
            (all[chosen.place].name.as_str(), chosen.why)
        };
        assert_eq!(
            of(speed(2.0), speed(4.29)),
            ("light", "4.2 times real time here; no model reaches 6".to_owned())
        );
        let (name, why) = of(TimingResult::NoTime, TimingResult::NoTime);
        assert!(name == "light" && why.contains("not timed yet"), "{why}");
        let (name, why) = of(TimingResult::NoTime, speed(30.0));
        assert!(name == "light" && why.contains("not timed yet"), "{why}");
        assert_eq!(of(speed(3.0), TimingResult::Unusable).0, "full");
        assert_eq!(choose(&all, |_| TimingResult::Unusable), None);
        assert_eq!(choose(&[], |_| speed(9.0)), None);
    }
}
