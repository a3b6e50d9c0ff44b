use proptest::prelude::*;

use super::*;
use crate::lyrics::model::{Lyrics, Singers};
use crate::lyrics::ultrastar::song;

const HEAD: &str = "#TITLE:Lanterns\n#ARTIST:Ana\n#BPM:300\n#GAP:1000\n";

fn song(body: &str) -> Lyrics {
    read(format!("{HEAD}{body}E\n").as_bytes()).unwrap().lyrics
}

fn words(lyrics: &Lyrics, line: usize) -> Vec<String> {
    let line = &lyrics.lines[line];
    let words = line.words.iter();
    words
        .map(|w| format!("{} {}-{}", &line.text[w.from..w.to], w.start_ms, w.end_ms))
        .collect()
}

#[test]
fn beats_become_milliseconds() {
    // a beat of 300 BPM is 50 ms
    let song = song(": 0 8 14 Pa\n: 10 4 12 per\n* 16 4 12  lan\nR 20 2 0 terns\n- 24\nF 30 2 0 la\n");
    assert_eq!(song.lines[0].text, "Paper lanterns");
    assert_eq!(
        words(&song, 0),
        [
            "Pa 1000-1400",
            "per 1500-1700",
            " lan 1800-2000",
            "terns 2000-2100"
        ]
    );
    let manners: Vec<NoteKind> = song.lines[0].words.iter().map(|word| word.manner).collect();
    assert_eq!(
        manners,
        [NoteKind::Sung, NoteKind::Sung, NoteKind::Golden, NoteKind::Rap]
    );
    assert_eq!((song.lines[1].start_ms, song.lines[1].end_ms), (2500, Some(2600)));
    assert_eq!(song.title.as_deref(), Some("Lanterns"));
}

#[test]
fn a_tilde_holds_the_syllable_before() {
    let song = song(": 0 2 0 cof\n: 2 2 0 ~\n: 4 2 0 ~fee\n: 6 2 0 ~ \n: 8 2 0 now\n");
    assert_eq!(song.lines[0].text, "coffee now");
    assert_eq!(
        words(&song, 0),
        ["cof 1000-1200", "fee  1200-1400", "now 1400-1500"]
    );
}

#[test]
fn relative_beats_begin_anew_at_each_phrase() {
    let relative = read(
        format!("#RELATIVE:YES\n{HEAD}: 0 4 0 one\n- 8 20\n: 0 4 0 two\n- 4 10\n: 0 1 0 three\nE\n")
            .as_bytes(),
    );
    let starts: Vec<i64> = relative
        .unwrap()
        .lyrics
        .lines
        .iter()
        .map(|line| line.start_ms)
        .collect();
    assert_eq!(starts, [1000, 2000, 2500]);
}

#[test]
fn a_duet_has_sides() {
    let duet = read(format!("#P1:Ana\n#P2:Ben\n{HEAD}P1\n: 0 4 0 one\n- 5\n: 20 4 0 three\nP2\n: 10 4 0 two\nP3\n: 30 4 0 all\nE\n").as_bytes());
    let duet = duet.unwrap().lyrics;
    let said: Vec<(&str, u16)> = duet
        .lines
        .iter()
        .map(|line| (line.text.as_str(), line.singers.0))
        .collect();
    assert_eq!(said, [("one", 1), ("two", 2), ("three", 1), ("all", 3)]);
    assert_eq!(duet.voices, ["Ana", "Ben"]);
    let versioned = read(format!("#VERSION:1.1.0\n{HEAD}P3\n: 0 4 0 x\nE\n").as_bytes()).unwrap();
    assert_eq!(versioned.lyrics.lines[0].singers, Singers(4));
}

#[test]
fn gap_start_and_end_are_honoured() {
    let cut = read(
        format!("{HEAD}#START:1,6\n#END:2600\n: 0 2 0 gone\n- 3\n: 16 2 0 here\n- 20\n: 40 2 0 gone\nE\n")
            .as_bytes(),
    );
    assert_eq!(cut.unwrap().lyrics.text(), "here");
    let second =
        read(format!("{HEAD}#VERSION:2.0.0\n#START:1600\n: 0 2 0 gone\n- 3\n: 16 2 0 here\nE\n").as_bytes());
    assert_eq!(second.unwrap().lyrics.text(), "here");
}

#[test]
fn every_flaw_is_named_with_its_row() {
    let text = "#TITLE:x\n#BPM:300\n#MP3:../../etc/passwd\n#GAP:soon\n: 0 2 0 a\n: zero\nX 4 2 0 b\n: 999999999 9999999 0 c\n";
    let read = read(text.as_bytes()).unwrap();
    let flaws: Vec<String> = read
        .flaws
        .iter()
        .map(|flaw| format!("{} {}", flaw.line, flaw.what))
        .collect();
    let told = flaws.join("\n");
    for part in [
        "0 the header #ARTIST",
        "3 #MP3 leads out",
        "4 #GAP is no",
        "6 the row is",
        "7 a note of an unknown",
        "8 a beat or",
        "0 the closing E",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert_eq!(read.lyrics.lines[0].text, "abc");
    assert!(song::read(b"#TITLE:x\n#BPM:0\n: 0 1 0 a\n").is_err());
}

#[test]
fn paths_out_of_the_folder_are_refused() {
    for bad in [
        "../a.mp3",
        "/etc/passwd",
        "a/../../b",
        "C:\\a.mp3",
        "..\\a.mp3",
        "",
        "a\0b",
        "./../b",
    ] {
        assert_eq!(inside(bad), None, "{bad}");
    }
    assert_eq!(inside(" audio.ogg "), Some(Path::new("audio.ogg")));
    assert_eq!(inside("stems/v.ogg"), Some(Path::new("stems/v.ogg")));
    assert_eq!(
        UltraStarFile::parse(b"#MP3:old.mp3\n#AUDIO:new.ogg\n").audio(),
        Some(Path::new("new.ogg"))
    );
}

#[test]
fn a_changed_header_changes_nothing_else() {
    let bytes = b"\xef\xbb\xbf#TITLE: x \r\n#GAP:1000\r\n#MADEUP: kept\r\n: 0 1 0 a \r\n\r\njunk\r\nE";
    let mut file = UltraStarFile::parse(bytes);
    assert_eq!(file.export(), bytes);
    file.set_header("GAP", "1150");
    let text = String::from_utf8(file.export()).unwrap();
    assert_eq!(
        text,
        String::from_utf8_lossy(bytes).replace("GAP:1000", "GAP:1150")
    );
    file.set_header("NEW", "y");
    assert!(
        String::from_utf8(file.export())
            .unwrap()
            .contains("kept\r\n#NEW:y\r\n: 0")
    );
}

#[test]
fn old_encodings_are_read_and_written_back() {
    let bytes = b"#TITLE:\xdcber\n#ARTIST:x\n#ENCODING:CP1252\n#BPM:300\n: 0 1 0 \xfcber\nE\n";
    let read = read(bytes).unwrap();
    assert_eq!(
        (read.lyrics.title.as_deref(), read.encoding),
        (Some("Über"), "windows-1252")
    );
    let mut file = UltraStarFile::parse(bytes);
    assert_eq!(file.export(), bytes);
    file.set_header("TITLE", "Überall");
    assert!(file.export().starts_with(b"#TITLE:\xdcberall\n"));
    let polish = b"#TITLE:x\n#ENCODING:CP1250\n#BPM:300\n: 0 1 0 \xbf\nE\n";
    assert_eq!(song::read(polish).unwrap().lyrics.text(), "ż");
}

#[test]
fn an_endless_file_keeps_to_the_limits() {
    let bytes = [HEAD.as_bytes(), &b"\n".repeat(3 << 20)].concat();
    assert_eq!(UltraStarFile::parse(&bytes).export(), bytes);
    assert!(UltraStarFile::parse(&bytes).rows.len() <= MOST_ROWS + 1);
}

proptest! {
    #[test]
    fn any_bytes_go_back_as_they_came(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(UltraStarFile::parse(&bytes).export(), bytes);
    }

    #[test]
    fn notes_of_any_kind_are_read_and_go_back_as_they_came(
        body in "((:|\\*|F|R|G|X|-|P[0-9]|#START:|#RELATIVE:yes)( -?[0-9]{1,12}){0,4}( [a-z~ ]{0,6})?\r?\n){0,40}E?"
    ) {
        let text = format!("{HEAD}{body}");
        prop_assert_eq!(UltraStarFile::parse(text.as_bytes()).export(), text.as_bytes());
        if let Ok(read) = read(text.as_bytes()) {
            crate::lyrics::tests::holds(&read.lyrics);
        }
    }
}
