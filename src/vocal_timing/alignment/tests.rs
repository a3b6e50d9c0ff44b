use proptest::prelude::*;

use super::*;

fn field(seconds: f64, sung: &[(f64, f64)]) -> Field {
    let points = (seconds * 20.0) as usize;
    let on = |point: usize| {
        let at = point as f64 / 20.0;
        sung.iter().any(|(from, to)| (*from..*to).contains(&at))
    };
    let activity = (0..points)
        .map(|point| if on(point) { 0.95 } else { 0.05 })
        .collect();
    let begins = (0..points).map(|point| f32::from(u8::from(on(point) && (point == 0 || !on(point - 1)))));
    Field {
        step_ms: 50.0,
        activity,
        begins: begins.collect(),
    }
}

fn want(syllables: f32) -> Want {
    Want {
        syllables,
        stanza: false,
    }
}

fn seconds(places: &[(Millis, Millis)]) -> Vec<f64> {
    places.iter().map(|(from, _)| *from as f64 / 1000.0).collect()
}

#[test]
fn lines_lie_where_somebody_sings_whatever_their_lengths() {
    let sung = [(4.0, 6.0), (6.5, 8.0), (12.0, 16.0), (16.4, 17.4)];
    let places = lay(
        &[want(8.0), want(6.0), want(14.0), want(4.0)],
        &field(25.0, &sung),
    )
    .unwrap();
    assert_eq!(seconds(&places), [4.0, 6.5, 12.0, 16.4]);
    assert!((places[2].1 - 16_000).abs() <= 100, "{places:?}");
}

#[test]
fn a_long_note_before_and_a_call_between_are_left_to_nobody() {
    // a call of a third of a second, as nobody would write it down
    let sung = [(2.0, 2.3), (5.0, 7.0), (8.0, 10.0), (14.0, 14.4), (18.0, 20.0)];
    let places = lay(&[want(8.0), want(8.0), want(8.0)], &field(25.0, &sung)).unwrap();
    assert_eq!(seconds(&places), [5.0, 8.0, 18.0]);
}

#[test]
fn a_stanza_begins_after_the_pause() {
    let sung = [(2.0, 4.0), (4.5, 6.5), (9.0, 11.0)];
    let mut wants = [want(8.0), want(4.0), want(4.0)];
    wants[1].syllables = 8.0;
    wants[2] = Want {
        syllables: 8.0,
        stanza: true,
    };
    assert_eq!(
        seconds(&lay(&wants, &field(14.0, &sung)).unwrap()),
        [2.0, 4.5, 9.0]
    );
}

#[test]
fn more_lines_than_room_are_not_laid() {
    assert_eq!(lay(&[want(1.0); 300], &field(20.0, &[])), None);
    assert_eq!(lay(&[], &field(20.0, &[])), None);
    let many = lay(&[want(5.0); 200], &field(700.0, &[(0.0, 700.0)])).unwrap();
    assert_eq!(many.len(), 200);
}

proptest! {
    #[test]
    fn lines_stay_in_order_and_within_the_song(
        wants in prop::collection::vec((0.0_f32..40.0, any::<bool>()), 1..20),
        activity in prop::collection::vec(0.0_f32..=1.0, 0..400),
    ) {
        let wants: Vec<Want> = wants.into_iter().map(|(syllables, stanza)| Want { syllables, stanza }).collect();
        let field = Field { step_ms: 50.0, begins: activity.clone(), activity };
        if let Some(places) = lay(&wants, &field) {
            prop_assert_eq!(places.len(), wants.len());
            prop_assert!(places.iter().all(|(from, to)| from < to));
            prop_assert!(places.windows(2).all(|pair| pair[0].1 <= pair[1].0));
            prop_assert!(places[0].0 >= 0);
            prop_assert!(places.last().unwrap().1 as f64 <= field.activity.len() as f64 * 50.0 + 50.0);
        }
    }
}
