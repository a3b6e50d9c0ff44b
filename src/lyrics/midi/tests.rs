use proptest::prelude::*;

use super::*;

/// Delta as MIDI writes it.
fn delta(mut ticks: u32) -> Vec<u8> {
    let mut bytes = vec![(ticks & 0x7f) as u8];
    while ticks > 0x7f {
        ticks >>= 7;
        bytes.insert(0, (ticks & 0x7f) as u8 | 0x80);
    }
    bytes
}

/// A file of one track with 480 ticks a quarter; kind 1 is text, 5 lyric, 0x51 tempo.
fn midi(events: &[(u32, u8, &[u8])]) -> Vec<u8> {
    let mut track = Vec::new();
    for (ticks, kind, data) in events {
        track.extend(delta(*ticks));
        track.extend([0xff, *kind, data.len() as u8]);
        track.extend_from_slice(data);
    }
    track.extend([0, 0xff, 0x2f, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

#[test]
fn syllables_of_a_kar_file_follow_the_tempo() {
    let file = midi(&[
        (0, 1, b"@KMIDI KARAOKE FILE"),
        (0, 1, b"@LENGL"),
        (0, 1, b"@TLanterns"),
        (0, 1, b"@TAna"),
        (480, 1, b"\\Pa"),
        (240, 1, b"per "),
        (240, 0x51, &[0x0f, 0x42, 0x40]),
        (0, 1, b"lights"),
        (480, 1, b"/on"),
        (480, 1, b" water"),
    ]);
    let read = read(&file).unwrap();
    let song = read.lyrics;
    assert_eq!(song.text(), "Paper lights\non water");
    // 120 BPM, then 60
    let starts: Vec<Millis> = song
        .lines
        .iter()
        .flat_map(|line| line.words.iter().map(|w| w.start_ms))
        .collect();
    assert_eq!(starts, [500, 750, 1000, 2000, 3000]);
    assert_eq!(song.lines[1].end_ms, Some(4500));
    assert_eq!(
        (
            song.title.as_deref(),
            song.artist.as_deref(),
            song.language.as_deref()
        ),
        (Some("Lanterns"), Some("Ana"), Some("ENGL"))
    );
    assert_eq!((song.format, song.timing), (Format::Midi, Timing::Words));
}

#[test]
fn lyric_events_are_read_where_there_are_no_marks() {
    let song = read(&midi(&[(480, 5, b"Pa"), (240, 5, b"per\r"), (480, 5, b"w\xe9")])).unwrap();
    assert_eq!(
        (song.lyrics.text().as_str(), song.encoding),
        ("Paper\nwé", "windows-1252")
    );
    assert_eq!(song.lyrics.format, Format::Midi);
}

#[test]
fn a_file_without_words_is_refused() {
    assert_eq!(read(&midi(&[])), Err(LyricsError::Empty));
    assert!(matches!(read(b"MThd"), Err(LyricsError::Broken { .. })));
}

#[test]
fn a_rate_of_frames_that_cannot_be_is_refused() {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x01\x80\0MTrk\0\0\0\x04\0\xff\x2f\0".to_vec();
    assert!(matches!(read(&bytes), Err(LyricsError::Broken { .. })));
    bytes[12] = 0xe7;
    assert_eq!(read(&bytes), Err(LyricsError::Empty));
}

proptest! {
    #[test]
    fn any_bytes_after_the_head_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), whole: bool) {
        let mut file = midi(&[(480, 1, b"\\Pa"), (240, 1, b"per ")]);
        if !whole {
            file.truncate(18);
        }
        file.extend(bytes);
        if let Ok(read) = read(&file) {
            crate::lyrics::tests::holds(&read.lyrics);
        }
    }

    #[test]
    fn any_events_are_read_or_refused(events in prop::collection::vec((0..0x0fff_ffff_u32, prop::sample::select(vec![1_u8, 5, 0x51]), prop::collection::vec(any::<u8>(), 3..4)), 0..40)) {
        let events: Vec<(u32, u8, &[u8])> = events.iter().map(|(ticks, kind, data)| (*ticks, *kind, data.as_slice())).collect();
        if let Ok(read) = read(&midi(&events)) {
            crate::lyrics::tests::holds(&read.lyrics);
        }
    }
}
