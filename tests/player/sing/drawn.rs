//! What the screen shows, and when a frame is wanted.

use super::*;

#[test]
fn a_frame_is_wanted_where_a_character_is_lit_and_at_no_other_time() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 12.01);
    harness.app.frame_drawn();
    // "Paper " takes 500 ms for six characters
    let wake = harness.app.next_wake().unwrap();
    harness.at(play_id, 12.05);
    assert!(!harness.app.needs_frame(), "the same character");
    harness.at(play_id, 12.09);
    assert!(harness.app.needs_frame());
    assert!((1..=80).contains(&(wake - 10)), "{wake}");
    harness.app.frame_drawn();
    harness.keys("Space");
    harness.app.frame_drawn();
    assert!(
        harness.app.next_wake().is_none_or(|wake| wake > 200),
        "paused, nothing moves"
    );
    harness.tick(500);
    assert!(!harness.app.needs_frame());
    harness.keys("Space 1");
    harness.app.frame_drawn();
    harness.at(play_id, 12.17);
    assert!(!harness.app.needs_frame(), "on another screen no letter is lit");
}

#[test]
fn with_reduced_motion_words_are_lit_whole() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.app.settings.reduce_motion = true;
    let sung = |harness: &mut Harness, seconds: f64| {
        harness.at(play_id, seconds);
        harness.app.lyrics_moment().unwrap().sung
    };
    assert_eq!(
        [12.0, 12.01, 12.45, 12.6].map(|s| sung(&mut harness, s)),
        [0.0, 6.0, 6.0, 9.0]
    );
    harness.at(play_id, 12.6);
    harness.app.frame_drawn();
    harness.at(play_id, 12.7);
    assert!(!harness.app.needs_frame(), "nothing moves within a word");
    assert_eq!(
        sung(&mut harness, 15.4),
        29.0,
        "a line without times of its words"
    );
}

#[test]
fn big_letters_are_wiped_in_quarters() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.event(Event::Resize {
        columns: 200,
        rows: 60,
    });
    harness.at(play_id, 12.01);
    harness.app.frame_drawn();
    let wake = harness.app.next_wake().unwrap();
    assert!(wake <= 10 + 25, "{wake}");
    harness.at(play_id, 12.03);
    assert!(harness.app.needs_frame(), "a quarter of the first letter");
}

/// One verse each: Latin, kanji and kana with its translation, Arabic, Devanagari with emoji.
fn scripts() -> [(&'static str, String); 4] {
    let words = "[00:12.00]<00:12.00>紙の<00:12.60>灯籠を<00:13.40>水に<00:14.00>流す<00:14.60>\n[00:12.00]Paper lanterns on the water\n";
    let before = "[00:10.00]岸辺に置いて\n[00:10.00]We set them by the reeds\n";
    let after = "[00:15.00]名前をひとつずつ\n[00:15.00]every name we gave them\n";
    [
        ("latin", VERSE.to_owned()),
        ("japanese", format!("{before}{words}{after}")),
        (
            "arabic",
            "[00:10.00]على ضفة النهر\n[00:12.00]<00:12.00>فوانيس <00:12.80>من <00:13.20>ورق <00:13.70>على <00:14.00>الماء<00:14.60>\n[00:15.00]تحمل كل الأسماء\n".to_owned(),
        ),
        (
            "devanagari",
            "[00:10.00]किनारे पर रखे\n[00:12.00]<00:12.00>काग़ज़ <00:12.60>के <00:12.90>दीपक 🏮 <00:13.60>पानी <00:14.00>पर<00:14.60>\n[00:15.00]हर नाम के साथ 👩‍👩‍👧\n".to_owned(),
        ),
    ]
}

#[test]
fn the_sing_screen_in_four_scripts_at_five_sizes() {
    for (script, text) in scripts() {
        let (mut harness, play_id) = singing(lyrics("a.lrc", &text), true);
        harness.at(play_id, 13.3);
        for (columns, rows) in [(20, 3), (40, 10), (80, 24), (140, 45), (200, 60)] {
            let name = format!("words_{script}_{columns}x{rows}");
            insta::assert_snapshot!(name, draw(&harness, &Theme::default(), columns, rows));
        }
    }
}

#[test]
fn a_gap_a_duet_and_a_small_screen() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 26.4);
    insta::assert_snapshot!("words_gap_80x24", draw(&harness, &Theme::default(), 80, 24));
    insta::assert_snapshot!("words_gap_20x1", draw(&harness, &Theme::default(), 20, 1));
    let duet = "#TITLE:x\n#ARTIST:y\n#P1:Ana\n#P2:Ben\n#BPM:300\nP1\n: 200 40 0 Paper\n: 240 60 0  lanterns\nP2\n: 250 20 0 on\n: 270 40 0  the water\nE\n";
    let (mut harness, play_id) = singing(lyrics("a.txt", duet), true);
    harness.at(play_id, 14.0);
    insta::assert_snapshot!("words_duet_80x24", draw(&harness, &Theme::default(), 80, 24));
}

/// The row of the line being sung, and where it changes its style.
fn lit(screen: &TestBackend, text: &str) -> (u16, usize) {
    let buffer = screen.buffer();
    let row = |y: u16| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    let y = (0..buffer.area.height)
        .find(|y| row(*y).contains(text))
        .expect("the line is on the screen");
    let start = row(y).find(text).unwrap() as u16;
    let cells = (start..start + text.len() as u16).map(|x| &buffer[(x, y)]);
    let cells: Vec<_> = cells.collect();
    let reversed = cells
        .iter()
        .take_while(|cell| cell.modifier.contains(Modifier::REVERSED))
        .count();
    (y, reversed)
}

#[test]
fn without_colour_what_is_sung_is_reversed_and_stays_at_its_height() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    let mut rows = Vec::new();
    for (seconds, text) in [
        (10.9, "we set them down"),
        (13.0, "Paper lanterns on the water"),
        (16.0, "carry every name we gave them"),
    ] {
        harness.at(play_id, seconds);
        let screen = draw(&harness, &Theme::new(false, true), 80, 24);
        assert!(screen.to_string().is_ascii());
        assert!(
            screen
                .buffer()
                .content()
                .iter()
                .all(|cell| cell.fg == Color::Reset)
        );
        let (row, lit) = lit(&screen, text);
        rows.push(row);
        assert!(lit > 0 && lit < text.len(), "{lit} of {text}");
    }
    assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{rows:?}");
}

#[test]
fn a_narrator_tells_each_thing_once() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    let mut narrator = ui::Narrator::default();
    let first = narrator.tell(&harness.app).join("\n");
    assert!(
        first.starts_with("croon; ? tells the keys\nsong: Paper Lanterns - Harbour Lights, 3:20"),
        "{first}"
    );
    assert!(
        first.contains("\nlyrics: file, word-timed\nin 10 s: we set them down\n")
            && first.ends_with("\nSing"),
        "{first}"
    );
    assert_eq!(narrator.tell(&harness.app), [""; 0], "nothing happened");
    let mut tell = |harness: &mut Harness, seconds: f64| {
        harness.at(play_id, seconds);
        narrator.tell(&harness.app)
    };
    assert_eq!(
        tell(&mut harness, 12.1),
        ["at 0:12", "Paper lanterns on the water"]
    );
    assert_eq!(tell(&mut harness, 13.0), [""; 0], "the same line");
    harness.keys("Up } Space");
    assert_eq!(
        tell(&mut harness, 13.0),
        ["paused at 0:13", "key +1, tempo 100 %", "vocals 25 %"]
    );
    harness.keys("Space 1");
    let told = tell(&mut harness, 13.1);
    assert_eq!(told[..2], ["goes on at 0:13", "Library: 5 songs"], "{told:?}");
    assert!(
        told[2].starts_with("2 of 5: Paper Lanterns - Harbour Lights, 3:20"),
        "{told:?}"
    );
    harness.keys("?");
    let told = tell(&mut harness, 13.2);
    assert!(told.contains(&"Space: play or pause".to_owned()), "{told:?}");
    harness.keys("x f");
    harness.type_text("tide");
    let told = tell(&mut harness, 13.3);
    assert!(told.contains(&"filter: tide".to_owned()), "{told:?}");
}

#[test]
fn readings_are_asked_for_once_remembered_and_stand_under_their_words() {
    let text = "[00:10.00]岸辺に\n[00:12.00]水に流す\n";
    let (mut harness, play_id) = singing(lyrics("a.lrc", text), true);
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Romanize { lyrics, kind, .. } => Some((lyrics.clone(), *kind)),
            _ => None,
        })
    };
    harness.at(play_id, 13.0);
    let (of, kind) = asked(&harness.keys("f")).expect("they are asked for");
    assert_eq!(kind, Kind::Romaji);
    assert_eq!(harness.app.toasts.shown().unwrap().text, "readings: romaji");
    assert_eq!(asked(&harness.tick(10)), None, "once");
    let piece = |from, to, text: &str| RomanizedPiece {
        from,
        to,
        text: text.into(),
    };
    let readings = Readings {
        kind,
        lines: vec![
            Vec::new(),
            vec![piece(0, 3, "mizu"), piece(3, 6, "ni"), piece(6, 12, "nagasu")],
        ],
    };
    let answer = |of: &Arc<Lyrics>| Event::Romanized {
        path: path(SONG),
        lyrics: of.clone(),
        readings: Ok(Arc::new(readings.clone())),
    };
    harness.event(answer(&Arc::new(Lyrics::clone(&of))));
    let screen = |harness: &Harness| draw(harness, &Theme::default(), 80, 24).to_string();
    assert!(!screen(&harness).contains("mizu"), "of other lyrics");
    harness.event(answer(&of));
    let line = place(&harness, SIZE, "水");
    let (_, row) = place(&harness, SIZE, "mizu ni nagasu");
    assert_eq!(row, line.1 + 1);
    let saved = harness.tick(2_000);
    let kept = |effect: &Effect| matches!(effect, Effect::SaveState(saved) if saved.readings);
    assert!(saved.iter().any(kept), "{saved:?}");
    harness.keys("f");
    assert!(!screen(&harness).contains("mizu"));
    harness.keys("f");
    give(&mut harness, Some(lyrics("a.lrc", "[00:10.00]paper lanterns\n")));
    assert_eq!(asked(&harness.tick(10)), None, "none are needed");
}
