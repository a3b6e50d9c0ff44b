//! How well the times of lyrics are mended and guessed on whole songs, timed by hand. It needs the
//! songs beside the checkout and their separated vocals: `scripts/prove_lyrics` makes these and runs it.
//! The figures are printed; below the goals it fails.

use std::path::{Path, PathBuf};

use croon::jobs::vocal_activity::of_vocals_file;
use croon::lyrics::{Format, Line, Lyrics, Millis, Timing, read};
use croon::vocal_timing::{Trace, alignment, offset};

struct Song {
    name: String,
    lyrics: Lyrics,
    trace: Trace,
}

/// The songs whose vocals are there.
fn songs() -> Vec<Song> {
    let vocals = std::env::var_os("CROON_VOCALS").map(PathBuf::from);
    let vocals =
        vocals.expect("CROON_VOCALS names the folder of separated vocals; scripts/prove_lyrics makes one");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/songs");
    let mut songs = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let found = std::fs::read_dir(vocals.join(&name))
            .into_iter()
            .flatten()
            .flatten();
        let stem = found.map(|file| file.path()).find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().contains("vocals"))
        });
        let (Ok(text), Some(stem)) = (std::fs::read(folder.join("song.txt")), stem) else {
            continue;
        };
        songs.push(Song {
            lyrics: read(&text, Path::new("song.txt")).unwrap().lyrics,
            trace: of_vocals_file(&stem).unwrap(),
            name,
        });
    }
    songs.sort_by(|a, b| a.name.cmp(&b.name));
    songs
}

fn shifted(lyrics: &Lyrics, by: Millis) -> Lyrics {
    let mut lyrics = lyrics.clone();
    for line in &mut lyrics.lines {
        line.start_ms += by;
        line.end_ms = line.end_ms.map(|end| end + by);
        for word in &mut line.words {
            word.start_ms += by;
            word.end_ms += by;
        }
    }
    lyrics
}

fn lines_only(lyrics: &Lyrics) -> Lyrics {
    let line = |line: &Line| Line {
        words: Vec::new(),
        end_ms: None,
        ..line.clone()
    };
    Lyrics {
        timing: Timing::Lines,
        lines: lyrics.lines.iter().map(line).collect(),
        ..lyrics.clone()
    }
}

const SHIFTS: [Millis; 12] = [
    -2_000, -1_630, -1_210, -840, -470, -190, 130, 510, 890, 1_240, 1_580, 2_000,
];

#[test]
#[ignore = "needs separated vocals: scripts/prove_lyrics makes them and runs this"]
fn the_offset_finds_artificial_shifts() {
    let songs = songs();
    let (mut all, mut hits, mut true_hits, mut offered) = (0, 0, 0, 0);
    for song in &songs {
        for (how, lyrics) in [
            ("words", song.lyrics.clone()),
            ("lines", lines_only(&song.lyrics)),
        ] {
            let base = offset::find(&lyrics, &song.trace).unwrap();
            let found: Vec<_> = SHIFTS
                .iter()
                .map(|shift| offset::find(&shifted(&lyrics, *shift), &song.trace).unwrap())
                .collect();
            let near = |of: Millis| {
                let pairs = found.iter().zip(&SHIFTS);
                pairs
                    .filter(|(found, shift)| (found.later_ms + **shift - of).abs() <= 80)
                    .count()
            };
            let would = found.iter().filter(|found| found.is_worth_offering()).count();
            println!(
                "offset by {how}: {:36} unshifted {:5} ms (sure {:.2}); within 80 ms of it {:2} of {}, of the file's own times {:2}; offered {would}",
                song.name,
                base.later_ms,
                base.confidence,
                near(base.later_ms),
                SHIFTS.len(),
                near(0),
            );
            all += SHIFTS.len();
            hits += near(base.later_ms);
            true_hits += near(0);
            offered += would;
        }
    }
    println!(
        "offset: {hits} of {all} against the unshifted answer, {true_hits} against the file, {offered} offered"
    );
    assert!(hits * 10 >= all * 9);
}

#[test]
#[ignore = "needs separated vocals: scripts/prove_lyrics makes them and runs this"]
fn words_of_another_song_are_not_moved() {
    let songs = songs();
    let mut wrong = 0;
    for song in &songs {
        for other in songs.iter().filter(|other| other.name != song.name) {
            for lyrics in [other.lyrics.clone(), lines_only(&other.lyrics)] {
                let found = offset::find(&lyrics, &song.trace).unwrap();
                if found.is_worth_offering() {
                    println!("the words of {} on {}: {found:?}", other.name, song.name);
                    wrong += 1;
                }
            }
        }
    }
    println!(
        "offered for words of another song: {wrong} of {}",
        songs.len() * songs.len().saturating_sub(1) * 2
    );
    assert!(wrong * 10 <= songs.len() * songs.len() * 2, "{wrong}");
}

#[test]
#[ignore = "needs separated vocals: scripts/prove_lyrics makes them and runs this"]
fn text_without_times_is_laid_where_it_is_sung() {
    let songs = songs();
    let (mut all, mut near) = (0, 0);
    for song in &songs {
        let plain = Lyrics {
            timing: Timing::None,
            format: Format::Plain,
            lines: song
                .lyrics
                .lines
                .iter()
                .map(|line| Line {
                    text: line.text.clone(),
                    ..Line::default()
                })
                .collect(),
            ..Lyrics::default()
        };
        let laid = alignment::laid(&plain, &song.trace).unwrap();
        let off = laid
            .lines
            .iter()
            .zip(&song.lyrics.lines)
            .map(|(laid, line)| laid.start_ms - line.start_ms);
        let off: Vec<Millis> = off.collect();
        let here = off.iter().filter(|off| off.abs() <= 1_500).count();
        let mut sizes: Vec<Millis> = off.iter().map(|off| off.abs()).collect();
        sizes.sort_unstable();
        println!(
            "guess: {:36} {here:2} of {:2} lines within 1.5 s ({:.0} %), median {} ms off",
            song.name,
            off.len(),
            100.0 * here as f64 / off.len() as f64,
            sizes[sizes.len() / 2],
        );
        if std::env::var_os("CROON_TELL").is_some() {
            for (line, off) in song.lyrics.lines.iter().zip(&off) {
                println!("    {:7} {off:6}  {}", line.start_ms, line.text);
            }
        }
        all += off.len();
        near += here;
    }
    println!("guess: {near} of {all} lines within 1.5 s");
    assert!(near * 100 >= all * 60, "{near} of {all}");
}
