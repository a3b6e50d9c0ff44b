//! What an MP4's demuxer leaves out: how much of the first samples is encoder priming and where the
//! music ends, by the edit list or the text iTunes writes instead; and whether the sample durations
//! can be trusted to the frame.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Deepest and widest a sane file goes; a made-up one must not keep us busy.
const MOST_BOXES: usize = 4096;
const MOST_EDITS: u32 = 64;
const MOST_DURATIONS: u64 = 1 << 16;

/// One track's timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EditTiming {
    /// The media time, in the track's own units, at which its first edit begins.
    pub(super) first: Option<u64>,
    /// At most so much of the media is played, in the track's units; an edit's length is told in
    /// the movie's units, so this may be up to one of them too long.
    pub(super) played: Option<u64>,
    /// Every sample but the last lasts as long as the first.
    pub(super) even: bool,
    /// The samples are told in fragments, and nothing here knows their number.
    pub(super) fragmented: bool,
}

/// A box: where its body begins and where it stops.
type BoxBody = (u64, u64);

pub(super) fn timing(file: &File, track_id: u32) -> Option<EditTiming> {
    let end = file.metadata().ok()?.len();
    let moov = find(file, (0, end), b"moov")?;
    let mut at = moov.0;
    while let Some((kind, body, stop)) = header(file, at, moov.1) {
        let trak = (body, stop);
        if &kind == b"trak" && id_of(file, trak) == Some(track_id) {
            let edit = find(file, trak, b"edts")
                .and_then(|edts| find(file, edts, b"elst"))
                .and_then(|elst| only_edit(file, elst));
            let movie = find(file, moov, b"mvhd").and_then(|head| timescale(file, head));
            let mdia = find(file, trak, b"mdia");
            let media = mdia
                .and_then(|mdia| find(file, mdia, b"mdhd"))
                .and_then(|head| timescale(file, head));
            return Some(EditTiming {
                first: edit.map(|edit| edit.first),
                played: edit.and_then(|edit| edit.played(movie?, media?)),
                even: mdia.is_none_or(|mdia| is_even(file, mdia).unwrap_or(true)),
                fragmented: find(file, moov, b"mvex").is_some(),
            });
        }
        at = stop;
    }
    None
}

/// Delay and true length from the `iTunSMPB` tag: ` 00000000 00000840 000001CA 00000000003F31F6 ...`.
pub(super) fn itunes_gapless(text: &str) -> Option<(u64, u64)> {
    let mut words = text
        .split_whitespace()
        .skip(1)
        .map(|word| u64::from_str_radix(word, 16).ok());
    let (delay, _padding, frames) = (words.next()??, words.next()??, words.next()??);
    (frames > 0 && delay < 1 << 20 && frames < 1 << 48).then_some((delay, frames))
}

#[derive(Clone, Copy)]
struct Edit {
    first: u64,
    /// In the movie's units, where this is the only edit.
    length: Option<u64>,
}

impl Edit {
    fn played(self, movie: u32, media: u32) -> Option<u64> {
        let length = self.length.filter(|&length| length > 0)?;
        let frames = (u128::from(length) + 1) * u128::from(media) / u128::from(movie.max(1));
        u64::try_from(frames).ok()
    }
}

fn only_edit(file: &File, (body, stop): BoxBody) -> Option<Edit> {
    let long = bytes::<1>(file, body)?[0] == 1;
    let count = u32::from_be_bytes(bytes(file, body + 4)?);
    let size = if long { 20 } else { 12 };
    let mut found: Option<Edit> = None;
    for entry in 0..u64::from(count.min(MOST_EDITS)) {
        let at = body + 8 + entry * size;
        if at + size > stop {
            break;
        }
        let (length, time) = if long {
            let length = u64::from_be_bytes(bytes(file, at)?);
            (length, i64::from_be_bytes(bytes(file, at + 8)?))
        } else {
            let length = u32::from_be_bytes(bytes(file, at)?);
            let time = i32::from_be_bytes(bytes(file, at + 4)?);
            (u64::from(length), i64::from(time))
        };
        match (u64::try_from(time), &mut found) {
            // -1 is an empty edit: a pause before the track, which croon does not play.
            (Err(_), _) => {}
            (Ok(first), None) => {
                found = Some(Edit {
                    first,
                    length: Some(length),
                });
            }
            // Several: only where the first begins is followed.
            (Ok(_), Some(edit)) => edit.length = None,
        }
    }
    found
}

/// Whether all samples but the last last equally long.
fn is_even(file: &File, mdia: BoxBody) -> Option<bool> {
    let stbl = find(file, find(file, mdia, b"minf")?, b"stbl")?;
    let (body, stop) = find(file, stbl, b"stts")?;
    let count = u64::from(u32::from_be_bytes(bytes(file, body + 4)?));
    let mut table = vec![0; ((stop - body).min(8 + 8 * count.min(MOST_DURATIONS))) as usize];
    file.read_exact_at(&mut table, body).ok()?;
    let entries: Vec<(u32, u32)> = table[8.min(table.len())..]
        .chunks_exact(8)
        .map(|e| {
            let number = |at: usize| u32::from_be_bytes([e[at], e[at + 1], e[at + 2], e[at + 3]]);
            (number(0), number(4))
        })
        .collect();
    let first = entries.first()?.1;
    let last = entries.len() - 1;
    let even = |(nth, &(samples, length)): (usize, &(u32, u32))| {
        length == first || nth == last && samples == 1 && length < first
    };
    Some(count <= MOST_DURATIONS && entries.iter().enumerate().all(even))
}

/// Units in a second, of an `mvhd` or `mdhd`.
fn timescale(file: &File, (head, _): BoxBody) -> Option<u32> {
    let long = bytes::<1>(file, head)?[0] == 1;
    Some(u32::from_be_bytes(bytes(
        file,
        head + if long { 20 } else { 12 },
    )?))
}

fn id_of(file: &File, trak: BoxBody) -> Option<u32> {
    // A track head has its id where the other heads have their timescale.
    timescale(file, find(file, trak, b"tkhd")?)
}

fn find(file: &File, (mut at, end): BoxBody, wanted: &[u8; 4]) -> Option<BoxBody> {
    for _ in 0..MOST_BOXES {
        let (kind, body, stop) = header(file, at, end)?;
        if &kind == wanted {
            return Some((body, stop));
        }
        at = stop;
    }
    None
}

/// Kind of the box at `at`, where its body begins and where it stops.
fn header(file: &File, at: u64, end: u64) -> Option<([u8; 4], u64, u64)> {
    if at.checked_add(8)? > end {
        return None;
    }
    let head: [u8; 8] = bytes(file, at)?;
    let [a, b, c, d, kind @ ..] = head;
    let (body, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (at + 8, end - at),
        1 => (at + 16, u64::from_be_bytes(bytes(file, at + 8)?)),
        size => (at + 8, u64::from(size)),
    };
    let stop = at.checked_add(size)?.min(end);
    (stop >= body && stop > at).then_some((kind, body, stop))
}

fn bytes<const N: usize>(file: &File, at: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn itunes_text_gives_delay_and_length() {
        let text = " 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        assert_eq!(itunes_gapless(text), Some((2112, 4_141_558)));
        assert_eq!(itunes_gapless("garbage"), None);
        assert_eq!(itunes_gapless(""), None);
    }

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    fn read(elst: &[u32], stts: &[u32]) -> EditTiming {
        let stbl = boxed(b"stbl", &boxed(b"stts", &numbers(stts)));
        let mdia = [
            boxed(b"mdhd", &numbers(&[0, 0, 0, 44_100, 0])),
            boxed(b"minf", &stbl),
        ]
        .concat();
        let trak = [
            boxed(b"tkhd", &numbers(&[0, 0, 0, 7, 0])),
            boxed(b"edts", &boxed(b"elst", &numbers(elst))),
            boxed(b"mdia", &mdia),
        ]
        .concat();
        let moov = [
            boxed(b"mvhd", &numbers(&[0, 0, 0, 1000, 0])),
            boxed(b"trak", &trak),
        ]
        .concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.mp4");
        std::fs::write(&path, [boxed(b"ftyp", b"M4A "), boxed(b"moov", &moov)].concat()).unwrap();
        timing(&File::open(path).unwrap(), 7).unwrap()
    }

    #[test]
    fn an_edit_list_tells_where_the_music_begins_and_ends() {
        // a pause of 500 ms, then 2000 ms from media time 1024 on
        let found = read(
            &[0, 2, 500, u32::MAX, 1 << 16, 2000, 1024, 1 << 16],
            &[0, 2, 87, 1024, 1, 100],
        );
        assert_eq!(found.first, Some(1024));
        assert_eq!(found.played, Some(2001 * 44_100 / 1000));
        assert!(found.even && !found.fragmented);
        let several = read(&[0, 2, 10, 0, 1 << 16, 20, 9000, 1 << 16], &[0, 0]);
        assert_eq!((several.first, several.played), (Some(0), None));
    }

    #[test]
    fn durations_that_waver_are_noticed() {
        assert!(!read(&[0, 0], &[0, 3, 5, 1024, 1, 1014, 9, 1024]).even);
        assert!(read(&[0, 0], &[0, 1, 5, 4096]).even);
    }
}
