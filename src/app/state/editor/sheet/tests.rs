use super::*;

fn sheet(rows: &[&str]) -> Sheet {
    Sheet {
        rows: rows.iter().map(|row| SheetRow::new(row)).collect(),
    }
}

fn at(row: usize, part: usize) -> SheetPosition {
    SheetPosition { row, part }
}

#[test]
fn a_tap_keeps_the_order_and_what_it_overtakes_is_tapped_again() {
    let mut sheet = sheet(&["one two", "three"]);
    sheet.tap(at(0, 0), 1_000);
    sheet.tap(at(0, 1), 1_500);
    sheet.tap(at(1, 0), 3_000);
    sheet.end(0, 2_000);
    sheet.tap(at(0, 1), 500);
    assert_eq!(sheet.stamp(at(0, 1)), Some(1_000), "not before the word before");
    sheet.tap(at(0, 0), 5_000);
    assert_eq!((sheet.stamp(at(0, 1)), sheet.stamp(at(1, 0))), (None, None));
    assert_eq!(sheet.rows[0].end, Some(5_000));
    sheet.tap(at(1, 0), 5_000);
    assert_eq!(sheet.stamp(at(1, 0)), Some(5_010), "no two rows begin together");
}

#[test]
fn a_nudge_stops_at_its_neighbours() {
    let mut sheet = sheet(&["one two", "three"]);
    for (place, ms) in [(at(0, 0), 1_000), (at(0, 1), 1_030), (at(1, 0), 1_040)] {
        sheet.tap(place, ms);
    }
    assert!(
        !sheet.nudge(at(0, 1), 50),
        "the next row begins ten milliseconds behind it"
    );
    assert_eq!(sheet.stamp(at(0, 1)), Some(1_030));
    assert!(sheet.nudge(at(0, 1), -50));
    assert_eq!(sheet.stamp(at(0, 1)), Some(1_000));
}

#[test]
fn voices_of_a_duet_may_overlap() {
    let mut sheet = sheet(&["one two", "three four"]);
    sheet.rows[0].singers = Singers::FIRST;
    sheet.rows[1].singers = Singers::SECOND;
    sheet.tap(at(0, 0), 1_000);
    sheet.tap(at(0, 1), 3_000);
    sheet.tap(at(1, 0), 2_000);
    assert_eq!(sheet.stamp(at(1, 0)), Some(2_000));
    assert_eq!(sheet.stamp(at(0, 1)), Some(3_000));
}
