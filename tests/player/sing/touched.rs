//! The mouse, and looking at other lines.

use super::*;

fn touch(harness: &mut Harness, at: (u16, u16), gesture: Gesture) -> Vec<Effect> {
    let (spot, share) = ui::spot_at(&harness.app, &Theme::default(), SIZE, at).expect("something lies there");
    harness.event(Event::Pointer(PointerEvent {
        target: spot,
        share,
        gesture,
    }))
}

#[test]
fn a_click_on_a_line_sings_from_it() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 13.0);
    for (text, start) in [
        ("carry every name", 15.0),
        ("Paper lanterns", 12.0),
        ("we set them down", 10.0),
    ] {
        let there = place(&harness, SIZE, text);
        assert_eq!(
            seek(&touch(&mut harness, there, Gesture::Press)),
            Some(start - 0.2),
            "{text}"
        );
        harness.at(play_id, 13.0);
    }
    let there = place(&harness, SIZE, "carry every name");
    assert_eq!(seek(&touch(&mut harness, there, Gesture::Drag)), None);
}

#[test]
fn the_wheel_and_page_keys_look_ahead_enter_sings_and_time_brings_back() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 13.0);
    let there = place(&harness, SIZE, "Paper lanterns");
    touch(&mut harness, there, Gesture::WheelDown);
    touch(&mut harness, there, Gesture::WheelDown);
    assert_eq!(harness.app.browsed_line(), Some(3));
    assert_eq!(
        place(&harness, SIZE, "out beyond").1,
        there.1,
        "in the middle, where one sings"
    );
    assert!(
        draw(&harness, &Theme::default(), 80, 24)
            .to_string()
            .contains("Enter sings from here")
    );
    harness.keys("PageUp");
    assert_eq!(harness.app.browsed_line(), Some(2));
    assert!(harness.app.next_wake().is_some());
    harness.app.frame_drawn();
    harness.tick(5_001);
    assert!(
        harness.app.browsed_line().is_none() && harness.app.needs_frame(),
        "back by itself"
    );
    harness.keys("PageDown PageDown");
    assert_eq!(seek(&harness.keys("Enter")), Some(17.8));
    assert_eq!(harness.app.browsed_line(), None);
    harness.keys("PageDown");
    harness.keys("g .");
    assert_eq!(harness.app.browsed_line(), None);
    harness.keys("PageDown Esc");
    assert!(harness.app.browsed_line().is_none());
    assert_eq!(
        harness.app.view.screen,
        Screen::Sing,
        "the first Esc only looks back"
    );
    assert_eq!(seek(&harness.keys("Enter")), None, "nothing is looked at");
    for _ in 0..20 {
        harness.keys("PageDown");
    }
    assert_eq!(
        harness.app.browsed_line(),
        Some(4),
        "no further than the last line"
    );
}

#[test]
fn the_bar_the_fader_the_tabs_and_the_lists_answer_to_the_mouse() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 13.0);
    let bar = place(&harness, SIZE, "●");
    let far = (SIZE.0 - 7, bar.1);
    let sought = seek(&touch(&mut harness, far, Gesture::Press)).unwrap();
    assert!((190.0..=199.5).contains(&sought), "{sought}");
    let sought = seek(&touch(&mut harness, (SIZE.0 / 2, bar.1), Gesture::Drag)).unwrap();
    assert!((90.0..110.0).contains(&sought), "{sought}");
    let before = harness.app.deck.seconds;
    assert_eq!(
        seek(&touch(&mut harness, bar, Gesture::WheelUp)),
        Some(before + 5.0)
    );
    let (x, y) = place(&harness, SIZE, " SINGER ");
    touch(&mut harness, (x + 8, y), Gesture::Press);
    assert_eq!(harness.app.levels.fader.level(), 0);
    touch(&mut harness, (x + 40, y), Gesture::WheelUp);
    assert_eq!(harness.app.levels.fader.level(), 5);
    let tab = place(&harness, SIZE, "1 Library");
    touch(&mut harness, tab, Gesture::Press);
    assert_eq!(harness.app.view.screen, Screen::Library);
    let row = place(&harness, SIZE, "Tideline");
    assert!(touch(&mut harness, row, Gesture::Press).is_empty());
    assert_eq!(harness.selected(), "Tideline");
    let effects = touch(&mut harness, row, Gesture::Press);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    harness.keys("1 ?");
    assert_eq!(
        ui::spot_at(&harness.app, &Theme::default(), SIZE, (40, 10)),
        None,
        "help has no spots"
    );
}
