//! Lyrics as an LRC file, with a stamp before each word where words have times.

use std::fmt::Write as _;

use crate::lyrics::model::{Lyrics, Millis, Singers, SubLineKind};

/// The lyrics `later_ms` later than they are; a reader of LRC gives the same lines back.
pub fn lrc(lyrics: &Lyrics, later_ms: Millis) -> String {
    let mut out = String::new();
    let headers = [
        ("ti", &lyrics.title),
        ("ar", &lyrics.artist),
        ("la", &lyrics.language),
    ];
    for (key, value) in headers {
        if let Some(value) = value {
            // writing to a String does not fail
            let _ = writeln!(out, "[{key}:{value}]");
        }
    }
    let at = |ms: Millis| stamp(ms.saturating_add(later_ms));
    let mut singers = Singers::default();
    for (number, line) in lyrics.lines.iter().enumerate() {
        if !lyrics.is_timed() {
            let before = if line.stanza { "\n" } else { "" };
            let _ = writeln!(out, "{before}{}", line.text);
            continue;
        }
        let _ = write!(out, "[{}]", at(line.start_ms));
        if line.singers != singers {
            singers = line.singers;
            let voice = match singers {
                Singers::SECOND => "v2:",
                together if together.is_together() => "D:",
                _ => "v1:",
            };
            out.push_str(voice);
        }
        let mut done = 0;
        for word in &line.words {
            out.push_str(&line.text[done..word.from]);
            let _ = write!(out, "<{}>{}", at(word.start_ms), &line.text[word.from..word.to]);
            done = word.to;
        }
        out.push_str(&line.text[done..]);
        if let Some(last) = line.words.last() {
            let _ = write!(out, "<{}>", at(last.end_ms));
        }
        out.push('\n');
        for under in &line.under {
            let _ = match under.kind {
                SubLineKind::Translation => writeln!(out, "[{}]{}", at(line.start_ms), under.text),
                SubLineKind::Backing => writeln!(out, "[bg:{}]", under.text),
            };
        }
        let next = lyrics.lines.get(number + 1).map(|next| next.start_ms);
        if let Some(end) = line
            .end_ms
            .filter(|end| next.is_none_or(|next| *end < next) && line.words.is_empty())
        {
            let _ = writeln!(out, "[{}]", at(end));
        }
    }
    out
}

/// `01:02.345`
fn stamp(ms: Millis) -> String {
    let ms = ms.max(0);
    format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::lyrics::model::Format;
    use crate::lyrics::read;

    fn back(lyrics: &Lyrics, later: Millis) -> Lyrics {
        read(lrc(lyrics, later).as_bytes(), Path::new("x.lrc"))
            .unwrap()
            .lyrics
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = "[ti:Lanterns]\n[00:01.00]<00:01.00>Paper <00:01.50>lanterns<00:02.25>\n[00:01.00]Papierlaternen\n[00:05.00]v2:on the water\n[00:07.00]\n[00:09.00]D:all\n";
        let song = read(text.as_bytes(), Path::new("x.lrc")).unwrap().lyrics;
        assert_eq!(back(&song, 0), song);
        let later = back(&song, 150);
        assert_eq!(
            (later.lines[0].start_ms, later.lines[0].words[1].start_ms),
            (1150, 1650)
        );
        let early = back(&song, -3000);
        assert_eq!(early.lines[0].start_ms, 0);
    }

    #[test]
    fn syllables_of_other_formats_become_word_stamps() {
        let text = b"#TITLE:x\n#ARTIST:y\n#BPM:300\n: 0 2 0 Pa\n: 2 2 0 per\n: 6 4 0  lan\n: 10 2 0 terns\n- 20\n: 30 2 0 la\nE\n";
        let song = read(text, Path::new("x.txt")).unwrap().lyrics;
        let back = back(&song, 0);
        assert_eq!(back.format, Format::EnhancedLrc);
        let times = |song: &Lyrics| {
            song.lines
                .iter()
                .flat_map(|l| l.words.iter().map(|w| w.start_ms))
                .collect::<Vec<_>>()
        };
        assert_eq!((back.text(), times(&back)), (song.text(), times(&song)));
    }
}
