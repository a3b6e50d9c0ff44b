//! The two places where an MP4 says how much of its first samples is encoder priming: the edit
//! list, and the text iTunes writes instead.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Deepest and widest a sane file goes; a made-up one must not keep us busy.
const MOST_BOXES: usize = 4096;
const MOST_EDITS: u32 = 64;

/// The media time, in the track's own units, at which the track's first edit begins.
pub(super) fn first_media_time(path: &Path, track_id: u32) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let end = file.metadata().ok()?.len();
    let moov = find(&mut file, 0, end, b"moov")?;
    let mut at = moov.0;
    while let Some((kind, body, stop)) = header(&mut file, at, moov.1) {
        if &kind == b"trak" && id_of(&mut file, body, stop) == Some(track_id) {
            let edts = find(&mut file, body, stop, b"edts")?;
            let elst = find(&mut file, edts.0, edts.1, b"elst")?;
            return first_edit(&mut file, elst);
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

fn first_edit(file: &mut File, (body, stop): (u64, u64)) -> Option<u64> {
    let long = bytes::<1>(file, body)?[0] == 1;
    let count = u32::from_be_bytes(bytes(file, body + 4)?).min(MOST_EDITS);
    let size = if long { 20 } else { 12 };
    for entry in 0..u64::from(count) {
        let at = body + 8 + entry * size;
        if at + size > stop {
            return None;
        }
        let time = if long {
            i64::from_be_bytes(bytes(file, at + 8)?)
        } else {
            i64::from(i32::from_be_bytes(bytes(file, at + 4)?))
        };
        // -1 is an empty edit: a pause before the track, which croon does not play.
        if let Ok(time) = u64::try_from(time) {
            return Some(time);
        }
    }
    None
}

fn id_of(file: &mut File, body: u64, stop: u64) -> Option<u32> {
    let (head, _) = find(file, body, stop, b"tkhd")?;
    let long = bytes::<1>(file, head)?[0] == 1;
    Some(u32::from_be_bytes(bytes(
        file,
        head + if long { 20 } else { 12 },
    )?))
}

fn find(file: &mut File, mut at: u64, end: u64, wanted: &[u8; 4]) -> Option<(u64, u64)> {
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
fn header(file: &mut File, at: u64, end: u64) -> Option<([u8; 4], u64, u64)> {
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

fn bytes<const N: usize>(file: &mut File, at: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut bytes).ok()?;
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
}
