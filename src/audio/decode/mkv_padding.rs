//! What a Matroska demuxer leaves out: how much the encoder put before the music (CodecDelay) and
//! behind it (the last block's DiscardPadding), both in nanoseconds.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// A made-up file must not keep us busy: a film of three hours has some ten thousand clusters.
const MOST_ELEMENTS: usize = 1 << 18;
/// Clusters looked at from the end on for the track's last block.
const LAST_CLUSTERS: usize = 8;
const LONGEST_TITLE: usize = 4096;

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TITLE: u32 = 0x7BA9;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const CODEC_DELAY: u32 = 0x56AA;
const CLUSTER: u32 = 0x1F43_B675;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const DISCARD_PADDING: u32 = 0x75A2;

/// Nanoseconds that are no music.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padding {
    pub(super) before: u64,
    pub(super) behind: u64,
}

/// Of a track; what cannot be read is none.
pub(super) fn padding(file: &File, track: u32) -> Padding {
    let mut found = Padding::default();
    let Some(end) = file.metadata().ok().map(|about| about.len()) else {
        return found;
    };
    let mut top = Elements::new(file, 0, end);
    let Some(segment) = top.find(|element| element.id == SEGMENT) else {
        return found;
    };
    let mut clusters = Vec::new();
    for element in Elements::new(file, segment.body, segment.stop) {
        match element.id {
            TRACKS => found.before = delay(file, element, track).unwrap_or(0),
            CLUSTER => clusters.push(element),
            _ => {}
        }
    }
    found.behind = clusters
        .iter()
        .rev()
        .take(LAST_CLUSTERS)
        .find_map(|&cluster| last_discard(file, cluster, track))
        .unwrap_or(0);
    found
}

/// The name of the whole, where its muxer gave one.
pub(super) fn title(file: &File) -> Option<String> {
    let end = file.metadata().ok()?.len();
    let segment = Elements::new(file, 0, end).find(|element| element.id == SEGMENT)?;
    let info = Elements::new(file, segment.body, segment.stop).find(|element| element.id == INFO)?;
    let title = Elements::new(file, info.body, info.stop).find(|element| element.id == TITLE)?;
    let mut text = vec![0; usize::try_from(title.stop - title.body).ok()?.min(LONGEST_TITLE)];
    file.read_exact_at(&mut text, title.body).ok()?;
    let text = String::from_utf8_lossy(&text).trim_end_matches('\0').to_owned();
    Some(text).filter(|text| !text.trim().is_empty())
}

fn delay(file: &File, tracks: Element, track: u32) -> Option<u64> {
    Elements::new(file, tracks.body, tracks.stop)
        .filter(|entry| entry.id == TRACK_ENTRY)
        .find_map(|entry| {
            let (mut number, mut delay) = (0, 0);
            for field in Elements::new(file, entry.body, entry.stop) {
                match field.id {
                    TRACK_NUMBER => number = field.number(file)?,
                    CODEC_DELAY => delay = field.number(file)?,
                    _ => {}
                }
            }
            (number == u64::from(track)).then_some(delay)
        })
}

/// What the cluster's last block of the track discards; nothing if it has no block of the track.
fn last_discard(file: &File, cluster: Element, track: u32) -> Option<u64> {
    let mut last = None;
    for element in Elements::new(file, cluster.body, cluster.stop) {
        match element.id {
            SIMPLE_BLOCK if element.is_of(file, track) => last = Some(0),
            BLOCK_GROUP => {
                let (mut ours, mut discard) = (false, 0);
                for field in Elements::new(file, element.body, element.stop) {
                    match field.id {
                        BLOCK => ours = field.is_of(file, track),
                        // signed: negative would be cut from the block's front
                        DISCARD_PADDING => discard = field.signed(file).unwrap_or(0).max(0) as u64,
                        _ => {}
                    }
                }
                if ours {
                    last = Some(discard);
                }
            }
            _ => {}
        }
    }
    last
}

#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    body: u64,
    stop: u64,
}

impl Element {
    fn number(self, file: &File) -> Option<u64> {
        let length = usize::try_from(self.stop - self.body).ok()?;
        let mut bytes = [0; 8];
        let at = 8usize.checked_sub(length)?;
        file.read_exact_at(&mut bytes[at..], self.body).ok()?;
        Some(u64::from_be_bytes(bytes))
    }

    fn signed(self, file: &File) -> Option<i64> {
        let unused = 64 - 8 * (self.stop - self.body).clamp(1, 8) as u32;
        self.number(file)
            .map(|number| (number << unused) as i64 >> unused)
    }

    /// Whether this block belongs to the track.
    fn is_of(self, file: &File, track: u32) -> bool {
        vint(file, self.body, true).is_some_and(|(number, _)| number == u64::from(track))
    }
}

/// The elements between two places, as far as they can be read.
struct Elements<'a> {
    file: &'a File,
    at: u64,
    end: u64,
    left: usize,
}

impl<'a> Elements<'a> {
    fn new(file: &'a File, at: u64, end: u64) -> Self {
        Self {
            file,
            at,
            end,
            left: MOST_ELEMENTS,
        }
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        self.left = self.left.checked_sub(1)?;
        let (id, body) = vint(self.file, self.at, false)?;
        let (size, body) = vint(self.file, body, true)?;
        let id = u32::try_from(id).ok()?;
        // Of unknown size: a segment reaches to the end; a cluster's end shows only while reading.
        let stop = match size {
            u64::MAX if id == SEGMENT => self.end,
            u64::MAX => return None,
            size => body.checked_add(size)?,
        };
        if body > self.end || stop > self.end && id != SEGMENT {
            return None;
        }
        self.at = stop;
        Some(Element {
            id,
            body,
            stop: stop.min(self.end),
        })
    }
}

/// A number of variable length and where it ends; ids keep the bit that tells the length. A size of
/// all ones is unknown: the largest number.
fn vint(file: &File, at: u64, strip: bool) -> Option<(u64, u64)> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes[..1], at).ok()?;
    let length = bytes[0].leading_zeros() as usize + 1;
    if length > if strip { 8 } else { 4 } {
        return None;
    }
    file.read_exact_at(&mut bytes[1..length], at + 1).ok()?;
    let number = u64::from_be_bytes(bytes) >> (64 - 8 * length);
    let ones = (1u64 << (7 * length)) - 1;
    let number = match (strip, number & ones) {
        (false, _) => number,
        (true, value) if value == ones => u64::MAX,
        (true, value) => value,
    };
    Some((number, at + length as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
        // a size of four bytes
        let size = (body.len() as u32 | 0x1000_0000).to_be_bytes();
        [id, &size, body].concat()
    }

    fn written(bytes: &[u8]) -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.mka");
        std::fs::write(&path, bytes).unwrap();
        File::open(path).unwrap()
    }

    fn made(last: Vec<u8>) -> File {
        let entry = |number: u8, delay: &[u8]| {
            let fields = [element(&[0xD7], &[number]), element(&[0x56, 0xAA], delay)].concat();
            element(&[0xAE], &fields)
        };
        let tracks = element(
            &[0x16, 0x54, 0xAE, 0x6B],
            &[entry(1, &[9]), entry(2, &[0x63, 0x2E, 0xA0])].concat(),
        );
        let cluster = element(&[0x1F, 0x43, 0xB6, 0x75], &last);
        let segment = [element(&[0xEC], &[0; 9]), tracks, cluster.clone(), cluster].concat();
        let head = element(&[0x1A, 0x45, 0xDF, 0xA3], &[]);
        written(&[head, element(&[0x18, 0x53, 0x80, 0x67], &segment)].concat())
    }

    #[test]
    fn delay_and_padding_of_one_track_are_found() {
        let group = [
            element(&[0xA1], &[0x82, 0, 0, 0, 1, 2, 3]),
            element(&[0x75, 0xA2], &[0x66, 0xFF, 0x30]),
        ]
        .concat();
        let simple = element(&[0xA3], &[0x81, 0, 0, 0, 1]);
        let file = made([element(&[0xA0], &group), simple].concat());
        let wanted = Padding {
            before: 6_500_000,
            behind: 6_750_000,
        };
        assert_eq!(padding(&file, 2), wanted);
        assert_eq!(padding(&file, 1), Padding { before: 9, behind: 0 });
        assert_eq!(padding(&file, 3), Padding::default());
    }

    #[test]
    fn a_file_cut_off_or_made_up_ends_the_search() {
        assert_eq!(padding(&written(b""), 1), Padding::default());
        assert_eq!(padding(&written(&[0; 4000]), 1), Padding::default());
        assert_eq!(
            padding(&written(&[0x18, 0x53, 0x80, 0x67, 0xFF]), 1),
            Padding::default()
        );
        assert_eq!(padding(&written(&[0xFF; 4000]), 1), Padding::default());
    }
}
