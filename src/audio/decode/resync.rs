//! Bytes between packets. The demuxers of bare streams (MP3, ADTS) look for the next frame after
//! damage and count on as if nothing had been there; here is found how much they stepped over, so
//! that time is kept.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// How far a packet is searched for; with more between, counting is given up.
const FARTHEST: u64 = 4 << 20;
const WINDOW: usize = 64 << 10;
/// Where the first packet is searched for: behind tags, which may hold pictures.
const FARTHEST_FIRST: u64 = 16 << 20;
/// What tags that stand between the parts of joined files begin with, or a frame that only tells
/// the length.
const TAGS: [&[u8]; 3] = [b"ID3", b"TAG", b"APETAGEX"];
const LENGTH_TAGS: [&[u8]; 3] = [b"Xing", b"Info", b"VBRI"];

/// Follows the packets of a bare stream through its file.
pub(super) struct Resync {
    /// Where the last packet ended.
    at: Option<u64>,
    /// Bytes before each packet that are none of its own: a header the demuxer keeps to itself.
    header: u64,
    lost: bool,
    packets: u64,
    bytes: u64,
}

impl Resync {
    pub(super) fn new(header: u64) -> Self {
        Self {
            at: None,
            header,
            lost: false,
            packets: 0,
            bytes: 0,
        }
    }

    /// How many packets of usual size are missing before this one.
    pub(super) fn missing(&mut self, file: &File, data: &[u8]) -> u64 {
        if self.lost || data.len() < 8 {
            return 0;
        }
        let from = self.at.map_or(0, |at| at + self.header);
        let farthest = if self.at.is_some() {
            FARTHEST
        } else {
            FARTHEST_FIRST
        };
        let Some(found) = find(file, from, farthest, data) else {
            self.lost = true;
            return 0;
        };
        let between = found - from;
        let missing = if self.at.is_none() || between == 0 || self.packets == 0 || is_tag(file, from, between)
        {
            0
        } else {
            // rounded: a stream of constant bitrate pads some frames by a byte
            (between * self.packets + self.bytes / 2) / self.bytes.max(1)
        };
        self.at = Some(found + data.len() as u64);
        self.packets += 1;
        self.bytes += data.len() as u64 + self.header;
        missing
    }
}

/// Where `data` lies in the file, at `from` or behind it.
fn find(file: &File, from: u64, farthest: u64, data: &[u8]) -> Option<u64> {
    let mut window = vec![0; data.len()];
    if file.read_exact_at(&mut window, from).is_ok() && window == data {
        return Some(from);
    }
    window.resize(WINDOW + data.len(), 0);
    let mut at = from;
    while at - from <= farthest {
        let filled = fill(file, &mut window, at);
        let seen = &window[..filled];
        let hit = seen
            .windows(data.len())
            .position(|piece| piece[0] == data[0] && piece == data);
        if let Some(hit) = hit {
            return Some(at + hit as u64);
        }
        if filled < window.len() {
            return None;
        }
        at += WINDOW as u64;
    }
    None
}

fn fill(file: &File, window: &mut [u8], at: u64) -> usize {
    let mut filled = 0;
    while filled < window.len() {
        match file.read_at(&mut window[filled..], at + filled as u64) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    filled
}

/// Whether what lies there belongs to no music: a tag, or the frame that only tells the length.
fn is_tag(file: &File, at: u64, length: u64) -> bool {
    let mut head = [0; 64];
    let filled = fill(file, &mut head, at).min(length as usize);
    let head = &head[..filled];
    TAGS.iter().any(|tag| head.starts_with(tag))
        || LENGTH_TAGS
            .iter()
            .any(|tag| head.windows(tag.len()).any(|piece| piece == *tag))
        || head.iter().all(|&byte| byte == 0) && length < 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stepped_over_is_measured_in_packets_and_tags_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream");
        let packet = |nth: u8| [&[0xFF, 0xFB, nth][..], &[nth; 97]].concat();
        let mut bytes = [b"ID3".as_slice(), &[7; 5000]].concat();
        for nth in 1..4 {
            bytes.extend(packet(nth));
        }
        bytes.extend([9; 205]);
        bytes.extend(packet(4));
        bytes.extend([b"TAG".as_slice(), &[0; 125]].concat());
        bytes.extend(packet(5));
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        let mut junk = Resync::new(0);
        let missing: Vec<u64> = (1..6).map(|nth| junk.missing(&file, &packet(nth))).collect();
        assert_eq!(missing, [0, 0, 0, 2, 0]);
        assert_eq!(junk.missing(&file, &packet(77)), 0, "not in the file at all");
    }
}
