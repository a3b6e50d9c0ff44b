//! What the keys do to the words, and the words to the song.

use super::*;

#[test]
fn a_song_is_asked_for_its_words_once_and_shows_them() {
    let mut harness = Harness::new();
    harness.find_songs();
    let asks = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::FindLyrics { .. }))
            .count()
    };
    harness.sing(SONG);
    let effects = harness.event(Event::Loaded(Box::new(crate::harness::loaded(SONG, None, true))));
    assert_eq!(asks(&effects), 1);
    let wanted = effects.iter().find_map(|effect| match effect {
        Effect::FindLyrics(wanted) => Some(wanted),
        _ => None,
    });
    let wanted = wanted.unwrap();
    assert_eq!(
        (wanted.path.clone(), wanted.artist.as_str(), wanted.title.as_str()),
        (path(SONG), "Harbour Lights", SONG)
    );
    assert_eq!((wanted.id, &wanted.pick), (Some(TrackId([7; 16])), &None));
    assert_eq!(harness.app.lyrics_moment(), None);
    give(&mut harness, Some(lyrics("a.lrc", VERSE)));
    assert_eq!(harness.app.lyrics_moment().unwrap().line, 0);
    give(&mut harness, None);
    assert_eq!(harness.app.lyrics_moment(), None);
}

#[test]
fn capital_l_chooses_other_lyrics_and_the_song_remembers_them() {
    let offer = |source, name: &str| Offer {
        pick: Pick {
            source,
            name: name.into(),
        },
        format: Format::Lrc,
        timing: Timing::Lines,
    };
    let offers = vec![
        offer(LyricsSource::Beside, "a.lrc"),
        offer(LyricsSource::Tags, "text 1"),
        offer(LyricsSource::Folder, "b.lrc"),
    ];
    let found = |chosen: usize| {
        Event::Lyrics(Box::new(FoundLyrics {
            path: path(SONG),
            lyrics: Some(Arc::new(lyrics("a.lrc", VERSE))),
            offers: offers.clone(),
            chosen,
            ..FoundLyrics::default()
        }))
    };
    let wish = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::FindLyrics(wanted) => Some(wanted.pick.clone()),
            _ => None,
        })
    };
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 11.0);
    assert!(wish(&harness.keys("L Enter")).is_none(), "nothing to choose from");
    harness.app.toasts = Toasts::default();
    harness.event(found(0));
    let screen = draw(&harness, &Theme::default(), 100, 30).to_string();
    assert!(screen.contains("L: 2 more"), "{screen}");
    harness.keys("L j j");
    insta::assert_snapshot!("lyrics_sources_80x24", draw(&harness, &Theme::default(), 80, 24));
    let picked = Some(offers[1].pick.clone());
    assert_eq!(wish(&harness.keys("Enter")), Some(picked.clone()));
    let kept = |effects: &[Effect], pick: &Option<Pick>| {
        effects.iter().any(|effect| matches!(effect, Effect::SaveSongSettings { changes, .. } if *changes == [Change::LyricsFrom(pick.clone())]))
    };
    assert!(kept(&harness.tick(5_000), &picked));
    harness.event(found(1));
    // the cursor stands on what is in force; the first line goes back to the best there is
    harness.keys("L");
    assert_eq!(wish(&harness.keys("Enter")), Some(picked));
    assert_eq!(wish(&harness.keys("L k k Enter")), Some(None));
    assert!(kept(&harness.tick(10_000), &None));
    // Esc leaves everything
    let effects = harness.keys("L j Esc");
    assert!(wish(&effects).is_none() && !kept(&harness.tick(15_000), &None));
}

#[test]
fn a_song_goes_from_where_its_text_says_to_where_it_says() {
    let mut harness = Harness::new();
    harness.find_songs();
    harness.sing(SONG);
    let mut loaded = crate::harness::loaded(SONG, None, true);
    (loaded.begins, loaded.ends) = (12.5, Some(90.0));
    let effects = harness.event(Event::Loaded(Box::new(loaded)));
    let play = effects.iter().find_map(|effect| match effect {
        Effect::Play { play_id, start, .. } => Some((*play_id, *start)),
        _ => None,
    });
    let (play_id, start) = play.unwrap();
    assert_eq!((start, harness.app.deck.seconds), (12.5, 12.5));
    let goes_on = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { path: next, .. } if *next != path(SONG)))
    };
    // whoever jumps behind the end hears what is there
    assert!(!goes_on(&harness.position(play_id, 89.9)));
    assert!(!goes_on(&harness.keys("Right")));
    assert!(!goes_on(&harness.position(play_id, 95.0)));
    harness.keys("Left");
    assert!(!goes_on(&harness.position(play_id, 89.95)));
    assert!(goes_on(&harness.position(play_id, 90.05)));
    assert!(harness.app.deck.playing);
}

#[test]
fn j_and_k_go_from_line_to_line() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 2.0);
    for start in [10.0, 12.0, 15.0, 18.0, 30.0] {
        assert_eq!(seek(&harness.keys("j")), Some(start - 0.2));
    }
    assert_eq!(seek(&harness.keys("j")), None, "the last line has no next");
    assert_eq!(seek(&harness.keys("k")), Some(17.8));
    harness.at(play_id, 20.5);
    assert_eq!(
        seek(&harness.keys("k")),
        Some(17.8),
        "late in a line, to its own beginning"
    );
    assert_eq!(seek(&harness.keys("k")), Some(14.8));
    let mut none = Harness::new();
    none.find_songs();
    none.play(SONG, None, true);
    assert_eq!(seek(&none.keys("j")), None);
    assert!(none.app.toasts.shown().unwrap().text.contains("no lyrics"));
}

#[test]
fn r_goes_round_the_line_and_again_goes_on() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 13.0);
    let looped = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::SetLoop(looped) => Some(*looped),
            _ => None,
        })
    };
    let effects = harness.keys("r");
    let (from, to) = looped(&effects).unwrap().unwrap();
    assert!(
        (from - 11.8).abs() < 1e-9 && (to - 14.8).abs() < 1e-9,
        "{from} to {to}"
    );
    assert_eq!(seek(&effects), Some(from));
    harness.at(play_id, 13.0);
    assert_eq!(looped(&harness.keys("r")), Some(None));
    harness.at(play_id, 13.0);
    harness.keys("Z Z");
    let (later, _) = looped(&harness.keys("r")).unwrap().unwrap();
    assert!((later - 11.9).abs() < 1e-9, "the offset moves it along");
}

#[test]
fn the_offset_is_told_in_words_kept_with_the_song_and_moves_the_steps() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.at(play_id, 2.0);
    harness.keys("Z Z Z");
    assert_eq!(harness.app.toasts.shown().unwrap().text, "lyrics 150 ms later");
    assert_eq!(seek(&harness.keys("j")), Some(9.95));
    let saved = harness.tick(2_000);
    let offset = |effect: &Effect| matches!(effect, Effect::SaveSongSettings { changes, .. } if *changes == [Change::LyricsOffset(150)]);
    assert!(saved.iter().any(offset), "{saved:?}");
    harness.at(play_id, 10.5);
    let before = harness.app.lyrics_moment().unwrap().sung as usize;
    harness.keys("z z z z z z");
    assert_eq!(harness.app.toasts.shown().unwrap().text, "lyrics 150 ms sooner");
    assert!(harness.app.lyrics_moment().unwrap().sung as usize > before);
    let mut loaded = crate::harness::loaded(SONG, None, true);
    loaded.memory.lyrics_offset_ms = -200;
    let mut again = Harness::new();
    again.find_songs();
    again.sing(SONG);
    again.event(Event::Loaded(Box::new(loaded)));
    give(&mut again, Some(lyrics("a.lrc", VERSE)));
    again.at(play_id, 9.9);
    assert!(
        again.app.lyrics_moment().unwrap().sung >= 0.5,
        "from the memory of the song"
    );
}

#[test]
fn between_two_positions_the_clock_carries_on_at_the_tempo_and_not_for_long() {
    let (mut harness, play_id) = singing(lyrics("a.lrc", VERSE), true);
    harness.keys("[ [ [ [ [ [ [ [ [ [");
    assert_eq!(harness.app.deck.song.as_ref().unwrap().key_tempo.tempo(), 50);
    harness.position(play_id, 10.0);
    harness.tick(100);
    let now = |harness: &Harness, ms: u64| harness.app.deck.position_at(100 + ms);
    assert_eq!(now(&harness, 0), 10.0);
    assert!((now(&harness, 100) - 10.05).abs() < 1e-9);
    assert!(
        (now(&harness, 60_000) - 10.125).abs() < 1e-9,
        "a player that says nothing stands still"
    );
    harness.keys("Space");
    assert_eq!(now(&harness, 100), 10.0);
}

#[test]
fn plain_text_becomes_a_guess_when_the_vocals_are_known() {
    let (mut harness, play_id) = singing(
        lyrics("a.txt", "one two three\nfour five six\nseven eight\n"),
        true,
    );
    harness.at(play_id, 60.0);
    let song = harness.app.deck.song.as_ref().unwrap();
    assert_eq!(song.lyrics.shown().unwrap().timing, Timing::Guessed);
    let screen = draw(&harness, &Theme::default(), 80, 24).to_string();
    assert!(screen.contains("times guessed"), "{screen}");
}
