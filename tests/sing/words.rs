//! What the keys do to the words, and the words to the song.

use super::*;

#[test]
fn a_song_is_asked_for_its_words_once_and_shows_them() {
    let mut hand = Hand::new();
    hand.find_songs();
    let asks = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::FindLyrics { .. }))
            .count()
    };
    hand.sing(SONG);
    let effects = hand.event(Event::Loaded(Box::new(hand::loaded(SONG, None, true))));
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
    assert_eq!(hand.app.lyrics_moment(), None);
    give(&mut hand, Some(lyrics("a.lrc", VERSE)));
    assert_eq!(hand.app.lyrics_moment().unwrap().line, 0);
    give(&mut hand, None);
    assert_eq!(hand.app.lyrics_moment(), None);
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
        offer(Source::Beside, "a.lrc"),
        offer(Source::Tags, "text 1"),
        offer(Source::Folder, "b.lrc"),
    ];
    let found = |chosen: usize| {
        Event::Lyrics(Box::new(WordsFound {
            path: path(SONG),
            lyrics: Some(Arc::new(lyrics("a.lrc", VERSE))),
            offers: offers.clone(),
            chosen,
            ..WordsFound::default()
        }))
    };
    let wish = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::FindLyrics(wanted) => Some(wanted.pick.clone()),
            _ => None,
        })
    };
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 11.0);
    assert!(wish(&hand.keys("L Enter")).is_none(), "nothing to choose from");
    hand.app.toasts = Toasts::default();
    hand.event(found(0));
    let screen = draw(&hand, &Theme::default(), 100, 30).to_string();
    assert!(screen.contains("L: 2 more"), "{screen}");
    hand.keys("L j j");
    insta::assert_snapshot!("lyrics_sources_80x24", draw(&hand, &Theme::default(), 80, 24));
    let picked = Some(offers[1].pick.clone());
    assert_eq!(wish(&hand.keys("Enter")), Some(picked.clone()));
    let kept = |effects: &[Effect], pick: &Option<Pick>| {
        effects.iter().any(|effect| matches!(effect, Effect::Remember { changes, .. } if *changes == [Change::LyricsFrom(pick.clone())]))
    };
    assert!(kept(&hand.tick(5_000), &picked));
    hand.event(found(1));
    // the cursor stands on what is in force; the first line goes back to the best there is
    hand.keys("L");
    assert_eq!(wish(&hand.keys("Enter")), Some(picked));
    assert_eq!(wish(&hand.keys("L k k Enter")), Some(None));
    assert!(kept(&hand.tick(10_000), &None));
    // Esc leaves everything
    let effects = hand.keys("L j Esc");
    assert!(wish(&effects).is_none() && !kept(&hand.tick(15_000), &None));
}

#[test]
fn a_song_goes_from_where_its_text_says_to_where_it_says() {
    let mut hand = Hand::new();
    hand.find_songs();
    hand.sing(SONG);
    let mut loaded = hand::loaded(SONG, None, true);
    (loaded.begins, loaded.ends) = (12.5, Some(90.0));
    let effects = hand.event(Event::Loaded(Box::new(loaded)));
    let play = effects.iter().find_map(|effect| match effect {
        Effect::Play { token, start, .. } => Some((*token, *start)),
        _ => None,
    });
    let (token, start) = play.unwrap();
    assert_eq!((start, hand.app.deck.seconds), (12.5, 12.5));
    let goes_on = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load { path: next, .. } if *next != path(SONG)))
    };
    // whoever jumps behind the end hears what is there
    assert!(!goes_on(&hand.position(token, 89.9)));
    assert!(!goes_on(&hand.keys("Right")));
    assert!(!goes_on(&hand.position(token, 95.0)));
    hand.keys("Left");
    assert!(!goes_on(&hand.position(token, 89.95)));
    assert!(goes_on(&hand.position(token, 90.05)));
    assert!(hand.app.deck.playing);
}

#[test]
fn j_and_k_go_from_line_to_line() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 2.0);
    for start in [10.0, 12.0, 15.0, 18.0, 30.0] {
        assert_eq!(seek(&hand.keys("j")), Some(start - 0.2));
    }
    assert_eq!(seek(&hand.keys("j")), None, "the last line has no next");
    assert_eq!(seek(&hand.keys("k")), Some(17.8));
    hand.at(token, 20.5);
    assert_eq!(
        seek(&hand.keys("k")),
        Some(17.8),
        "late in a line, to its own beginning"
    );
    assert_eq!(seek(&hand.keys("k")), Some(14.8));
    let mut none = Hand::new();
    none.find_songs();
    none.play(SONG, None, true);
    assert_eq!(seek(&none.keys("j")), None);
    assert!(none.app.toasts.shown().unwrap().text.contains("no lyrics"));
}

#[test]
fn r_goes_round_the_line_and_again_goes_on() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 13.0);
    let looped = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::SetLoop(looped) => Some(*looped),
            _ => None,
        })
    };
    let effects = hand.keys("r");
    let (from, to) = looped(&effects).unwrap().unwrap();
    assert!(
        (from - 11.8).abs() < 1e-9 && (to - 14.8).abs() < 1e-9,
        "{from} to {to}"
    );
    assert_eq!(seek(&effects), Some(from));
    hand.at(token, 13.0);
    assert_eq!(looped(&hand.keys("r")), Some(None));
    hand.at(token, 13.0);
    hand.keys("Z Z");
    let (later, _) = looped(&hand.keys("r")).unwrap().unwrap();
    assert!((later - 11.9).abs() < 1e-9, "the offset moves it along");
}

#[test]
fn the_offset_is_told_in_words_kept_with_the_song_and_moves_the_steps() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.at(token, 2.0);
    hand.keys("Z Z Z");
    assert_eq!(hand.app.toasts.shown().unwrap().text, "lyrics 150 ms later");
    assert_eq!(seek(&hand.keys("j")), Some(9.95));
    let saved = hand.tick(2_000);
    let offset = |effect: &Effect| matches!(effect, Effect::Remember { changes, .. } if *changes == [Change::LyricsOffset(150)]);
    assert!(saved.iter().any(offset), "{saved:?}");
    hand.at(token, 10.5);
    let before = hand.app.lyrics_moment().unwrap().sung as usize;
    hand.keys("z z z z z z");
    assert_eq!(hand.app.toasts.shown().unwrap().text, "lyrics 150 ms sooner");
    assert!(hand.app.lyrics_moment().unwrap().sung as usize > before);
    let mut loaded = hand::loaded(SONG, None, true);
    loaded.memory.lyrics_offset_ms = -200;
    let mut again = Hand::new();
    again.find_songs();
    again.sing(SONG);
    again.event(Event::Loaded(Box::new(loaded)));
    give(&mut again, Some(lyrics("a.lrc", VERSE)));
    again.at(token, 9.9);
    assert!(
        again.app.lyrics_moment().unwrap().sung >= 0.5,
        "from the memory of the song"
    );
}

#[test]
fn between_two_positions_the_clock_carries_on_at_the_tempo_and_not_for_long() {
    let (mut hand, token) = singing(lyrics("a.lrc", VERSE), true);
    hand.keys("[ [ [ [ [ [ [ [ [ [");
    assert_eq!(hand.app.deck.song.as_ref().unwrap().key_tempo.tempo(), 50);
    hand.position(token, 10.0);
    hand.tick(100);
    let now = |hand: &Hand, ms: u64| hand.app.deck.heard(100 + ms);
    assert_eq!(now(&hand, 0), 10.0);
    assert!((now(&hand, 100) - 10.05).abs() < 1e-9);
    assert!(
        (now(&hand, 60_000) - 10.125).abs() < 1e-9,
        "a player that says nothing stands still"
    );
    hand.keys("Space");
    assert_eq!(now(&hand, 100), 10.0);
}

#[test]
fn plain_text_becomes_a_guess_when_the_vocals_are_known() {
    let (mut hand, token) = singing(
        lyrics("a.txt", "one two three\nfour five six\nseven eight\n"),
        true,
    );
    hand.at(token, 60.0);
    let song = hand.app.deck.song.as_ref().unwrap();
    assert_eq!(song.words.shown().unwrap().timing, Timing::Guessed);
    let screen = draw(&hand, &Theme::default(), 80, 24).to_string();
    assert!(screen.contains("times guessed"), "{screen}");
}
