//! WAV files whose head was never finished, as recorders leave them that crash or write into a pipe:
//! the lengths in it are zero or beyond what is there. The demuxer believes them, so it is shown the
//! lengths that are true.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use symphonia::core::io::MediaSource;

const MOST_CHUNKS: usize = 64;

/// A file with some of its bytes seen otherwise.
pub(super) struct RepairedWav {
    file: File,
    length: u64,
    at: u64,
    /// Where four bytes are to be read, and which.
    patches: Vec<(u64, [u8; 4])>,
}

impl RepairedWav {
    pub(super) fn new(file: File, length: u64) -> Self {
        let patches = patches(&file, length).unwrap_or_default();
        Self {
            file,
            length,
            at: 0,
            patches,
        }
    }
}

impl Read for RepairedWav {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        for &(place, bytes) in &self.patches {
            for (nth, byte) in bytes.into_iter().enumerate() {
                let seen = (place + nth as u64).checked_sub(self.at);
                if let Some(seen) = seen.filter(|&seen| seen < count as u64) {
                    buffer[seen as usize] = byte;
                }
            }
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for RepairedWav {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for RepairedWav {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

/// What to show instead of lengths that cannot be true; nothing for any other file.
fn patches(file: &File, length: u64) -> Option<Vec<(u64, [u8; 4])>> {
    let head: [u8; 12] = bytes(file, 0)?;
    if &head[..4] != b"RIFF" || &head[8..] != b"WAVE" {
        return None;
    }
    let riff_end = 8 + size(&head[4..8])?;
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let chunk: [u8; 8] = bytes(file, at)?;
        let (body, told) = (at + 8, size(&chunk[4..])?);
        if &chunk[..4] != b"data" {
            at = body + told + (told & 1);
            continue;
        }
        let unfinished = told == 0 && riff_end < length;
        let beyond = body + told > riff_end;
        if !unfinished && !beyond {
            return None;
        }
        let number = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        return Some(vec![
            (4, number(length.saturating_sub(8))),
            (at + 4, number(length.saturating_sub(body))),
        ]);
    }
    None
}

fn size(bytes: &[u8]) -> Option<u64> {
    bytes
        .try_into()
        .ok()
        .map(|bytes| u64::from(u32::from_le_bytes(bytes)))
}

fn bytes<const N: usize>(file: &File, at: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}
