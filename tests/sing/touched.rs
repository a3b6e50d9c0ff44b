//! The mouse, and looking at other lines.

use super::*;

fn touch(hand: &mut Hand, at: (u16, u16), gesture: Gesture) -> Vec<Effect> {
    let (spot, share) = ui::spot_at(&hand.app, &Theme::default(), SIZE, at).expect("something lies there");
    hand.event(Event::Touched(Touch { spot, share, gesture }))
}

#[test]
fn a_click_on_a_line_sings_from_it() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 13.0);
    for (text, start) in [
        ("carry every name", 15.0),
        ("Paper lanterns", 12.0),
        ("we set them down", 10.0),
    ] {
        let there = place(&hand, SIZE, text);
        assert_eq!(
            seek(&touch(&mut hand, there, Gesture::Press)),
            Some(start - 0.2),
            "{text}"
        );
        hand.at(token, 13.0);
    }
    let there = place(&hand, SIZE, "carry every name");
    assert_eq!(seek(&touch(&mut hand, there, Gesture::Drag)), None);
}

#[test]
fn the_wheel_and_page_keys_look_ahead_enter_sings_and_time_brings_back() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 13.0);
    let there = place(&hand, SIZE, "Paper lanterns");
    touch(&mut hand, there, Gesture::WheelDown);
    touch(&mut hand, there, Gesture::WheelDown);
    assert_eq!(hand.app.looked_at(), Some(3));
    assert_eq!(
        place(&hand, SIZE, "out beyond").1,
        there.1,
        "in the middle, where one sings"
    );
    assert!(
        draw(&hand, &Theme::default(), 80, 24)
            .to_string()
            .contains("Enter sings from here")
    );
    hand.keys("PageUp");
    assert_eq!(hand.app.looked_at(), Some(2));
    assert!(hand.app.next_wake().is_some());
    hand.app.frame_drawn();
    hand.tick(5_001);
    assert!(
        hand.app.looked_at().is_none() && hand.app.needs_frame(),
        "back by itself"
    );
    hand.keys("PageDown PageDown");
    assert_eq!(seek(&hand.keys("Enter")), Some(17.8));
    assert_eq!(hand.app.looked_at(), None);
    hand.keys("PageDown");
    hand.keys("g .");
    assert_eq!(hand.app.looked_at(), None);
    hand.keys("PageDown Esc");
    assert!(hand.app.looked_at().is_none());
    assert_eq!(hand.app.screen, Screen::Sing, "the first Esc only looks back");
    assert_eq!(seek(&hand.keys("Enter")), None, "nothing is looked at");
    for _ in 0..20 {
        hand.keys("PageDown");
    }
    assert_eq!(hand.app.looked_at(), Some(4), "no further than the last line");
}

#[test]
fn the_bar_the_fader_the_tabs_and_the_lists_answer_to_the_mouse() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 13.0);
    let bar = place(&hand, SIZE, "●");
    let far = (SIZE.0 - 7, bar.1);
    let sought = seek(&touch(&mut hand, far, Gesture::Press)).unwrap();
    assert!((190.0..=199.5).contains(&sought), "{sought}");
    let sought = seek(&touch(&mut hand, (SIZE.0 / 2, bar.1), Gesture::Drag)).unwrap();
    assert!((90.0..110.0).contains(&sought), "{sought}");
    let before = hand.app.deck.seconds;
    assert_eq!(seek(&touch(&mut hand, bar, Gesture::WheelUp)), Some(before + 5.0));
    let (x, y) = place(&hand, SIZE, " SINGER ");
    touch(&mut hand, (x + 8, y), Gesture::Press);
    assert_eq!(hand.app.fader.level(), 0);
    touch(&mut hand, (x + 40, y), Gesture::WheelUp);
    assert_eq!(hand.app.fader.level(), 5);
    let tab = place(&hand, SIZE, "1 Library");
    touch(&mut hand, tab, Gesture::Press);
    assert_eq!(hand.app.screen, Screen::Library);
    let row = place(&hand, SIZE, "Tideline");
    assert!(touch(&mut hand, row, Gesture::Press).is_empty());
    assert_eq!(hand.selected(), "Tideline");
    let effects = touch(&mut hand, row, Gesture::Press);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Load { .. })),
        "{effects:?}"
    );
    hand.keys("1 ?");
    assert_eq!(
        ui::spot_at(&hand.app, &Theme::default(), SIZE, (40, 10)),
        None,
        "help has no spots"
    );
}
