//! CD+G: the pictures of karaoke discs, as a `.cdg` file beside the sound. 300 packets a second, each
//! changing a little of a picture of 300 by 216 points in 16 colours; the state at any moment is what all
//! packets before it left. Format: <https://jbum.com/cdg_revealed.html>.

mod picture;

pub use crate::lyrics::cdg::picture::{HEIGHT, Picture, VISIBLE_HEIGHT, VISIBLE_WIDTH, WIDTH};

use crate::lyrics::model::Millis;

/// Packets a second: 75 sectors of 4.
pub const PACKETS_PER_SECOND: i64 = 300;
/// Bytes of a packet: command, instruction, 2 of parity, 16 of data, 4 of parity.
const PACKET: usize = 24;
/// The lower six bits of the command of a graphics packet.
const GRAPHICS: u8 = 9;
/// Larger files (more than two hours) are no song's.
pub const MOST_BYTES: usize = 64 << 20;
/// Packets between two pictures kept, at least: ten seconds.
const KEPT_EVERY: usize = 3000;
/// Pictures kept at most; each is about 65 KB.
const MOST_KEPT: usize = 64;

/// A whole file. Of the packets only those that draw are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Graphics {
    packets: Vec<Packet>,
    /// The picture before the packet of this number, by number.
    kept: Vec<(usize, Picture)>,
    /// The length of the file.
    length_ms: Millis,
}

/// One that draws.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packet {
    /// Its place in the file.
    at: u32,
    instruction: u8,
    data: [u8; 16],
}

impl std::fmt::Debug for Graphics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graphics")
            .field("packets", &self.packets.len())
            .field("length_ms", &self.length_ms)
            .finish_non_exhaustive()
    }
}

/// Bytes that are no CD+G.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGraphics {
    #[error("it is larger than {} MiB, which no song's pictures are", MOST_BYTES >> 20)]
    TooLarge,
    #[error("it holds no CD+G packet that draws; the file may be damaged, or no .cdg at all")]
    Empty,
}

impl Graphics {
    pub fn read(bytes: &[u8]) -> Result<Self, NotGraphics> {
        if bytes.len() > MOST_BYTES {
            return Err(NotGraphics::TooLarge);
        }
        let raw = bytes.chunks_exact(PACKET);
        let length_ms = raw.len() as i64 * 1000 / PACKETS_PER_SECOND;
        let packets: Vec<Packet> = raw
            .enumerate()
            .filter(|(_, raw)| raw[0] & 0x3f == GRAPHICS && picture::draws(raw[1] & 0x3f))
            .map(|(at, raw)| Packet {
                at: at as u32,
                instruction: raw[1] & 0x3f,
                data: std::array::from_fn(|i| raw[4 + i] & 0x3f),
            })
            .collect();
        if packets.is_empty() {
            return Err(NotGraphics::Empty);
        }
        let every = KEPT_EVERY.max(packets.len().div_ceil(MOST_KEPT));
        let mut kept = Vec::new();
        let mut picture = Picture::default();
        for (number, packet) in packets.iter().enumerate() {
            if number.is_multiple_of(every) {
                kept.push((number, picture.clone()));
            }
            picture.take(packet.instruction, &packet.data);
        }
        Ok(Self {
            packets,
            kept,
            length_ms,
        })
    }

    /// How many packets have drawn by this moment: the picture changes only where this does.
    pub fn drawn(&self, ms: Millis) -> usize {
        let at = ms.max(0).saturating_mul(PACKETS_PER_SECOND) / 1000;
        self.packets.partition_point(|packet| i64::from(packet.at) < at)
    }

    /// When the picture changes next, after a moment.
    pub fn next_change(&self, ms: Millis) -> Option<Millis> {
        let next = self.packets.get(self.drawn(ms))?;
        // rounded up: at that moment the packet has come
        Some((i64::from(next.at) + 1) * 1000 / PACKETS_PER_SECOND + 1)
    }

    /// The picture at a moment of the song.
    pub fn at(&self, ms: Millis) -> Picture {
        let drawn = self.drawn(ms);
        let kept = self.kept.partition_point(|(number, _)| *number <= drawn);
        let Some((from, picture)) = kept.checked_sub(1).and_then(|at| self.kept.get(at)) else {
            return Picture::default();
        };
        let mut picture = picture.clone();
        for packet in &self.packets[*from..drawn] {
            picture.take(packet.instruction, &packet.data);
        }
        picture
    }

    /// When the last packet has come.
    pub fn length_ms(&self) -> Millis {
        self.length_ms
    }
}

#[cfg(test)]
mod tests;
