//! Reads LevelDB's table format, which TensorFlow uses for the index of its tensor bundles: sorted keys
//! with values in blocks, an index block that lists them, and a footer that says where the index block is.
//! Format: <https://github.com/google/leveldb/blob/main/doc/table_format.md>. Compressed blocks are
//! refused; TensorFlow writes none.

/// Two block handles, padded to 40 bytes, then the magic number.
const FOOTER: usize = 48;
/// The last eight bytes of a table, as they lie in the file.
const MAGIC: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/// The bytes after a block: one that says how it is compressed, and a checksum.
const TRAILER: usize = 5;
/// Longest key in bytes. TensorFlow's are a few dozen bytes long; as keys share their beginnings, a short file
/// could otherwise stand for very long ones.
const LONGEST_KEY: usize = 512;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("its last bytes are not those of a table")]
    NoTable,
    #[error("it ends early, or points outside itself: {0}")]
    Truncated(&'static str),
    #[error("its block at byte {0} is compressed, which this reader does not undo")]
    Compressed(usize),
    #[error("the checksum of its block at byte {0} is wrong")]
    Checksum(usize),
    #[error("it holds what no table holds: {0}")]
    Malformed(&'static str),
}

/// Calls `entry` with every key and value of the table, in the order of the keys.
///
/// # Errors
/// The table is truncated, compressed, damaged or out of order, or `entry` fails.
pub fn walk<E: From<TableError>>(
    table: &[u8],
    mut entry: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let footer = table.len().checked_sub(FOOTER).ok_or(TableError::NoTable)?;
    let mut handles = BlockReader(&table[footer..]);
    if !handles.0.ends_with(&MAGIC) {
        return Err(TableError::NoTable.into());
    }
    // The first handle is of the block of metadata, of which TensorFlow writes none.
    handle(&mut handles)?;
    let (index, _) = block(table, handle(&mut handles)?)?;
    let (mut last, mut free) = (None, 0);
    entries(index, &mut None, |_, value| {
        let place = handle(&mut BlockReader(value))?;
        // Otherwise a short file could have its blocks read again and again.
        if place.0 < free {
            return Err(TableError::Malformed("blocks out of order").into());
        }
        let (data, end) = block(table, place)?;
        free = end;
        entries(data, &mut last, &mut entry)
    })
}

/// Where a block lies: its offset and its length without the trailer.
fn handle(reader: &mut BlockReader) -> Result<(u64, u64), TableError> {
    const CUT: TableError = TableError::Truncated("a block handle is cut off");
    Ok((reader.varint().ok_or(CUT)?, reader.varint().ok_or(CUT)?))
}

/// The checked content of a block, and where the file goes on after it.
fn block(table: &[u8], (offset, len): (u64, u64)) -> Result<(&[u8], u64), TableError> {
    const OUTSIDE: TableError = TableError::Truncated("a block lies past its end");
    let start = usize::try_from(offset).map_err(|_| OUTSIDE)?;
    let len = usize::try_from(len).map_err(|_| OUTSIDE)?;
    let end = start.checked_add(len).and_then(|end| end.checked_add(TRAILER));
    let end = end.ok_or(OUTSIDE)?;
    let whole = table.get(start..end).ok_or(OUTSIDE)?;
    let (checked, sum) = whole.split_last_chunk::<4>().ok_or(OUTSIDE)?;
    if masked_crc32c(checked) != u32::from_le_bytes(*sum) {
        return Err(TableError::Checksum(start));
    }
    match checked.split_last() {
        Some((0, content)) => Ok((content, end as u64)),
        _ => Err(TableError::Compressed(start)),
    }
}

/// Walks one block. `last` is the last key before it, `None` at the beginning, and then its own last one.
fn entries<E: From<TableError>>(
    block: &[u8],
    last: &mut Option<Vec<u8>>,
    mut entry: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BlockReader(content(block)?);
    let mut key = Vec::new();
    while !reader.0.is_empty() {
        let cut = || TableError::Truncated("an entry is cut off");
        let shared = reader.len().ok_or_else(cut)?;
        let own = reader.len().ok_or_else(cut)?;
        let len = reader.len().ok_or_else(cut)?;
        let own = reader.take(own).ok_or_else(cut)?;
        let value = reader.take(len).ok_or_else(cut)?;
        if shared > key.len() {
            return Err(TableError::Malformed("a key that continues a shorter one").into());
        }
        if shared + own.len() > LONGEST_KEY {
            return Err(TableError::Malformed("a key of more than 512 bytes").into());
        }
        key.truncate(shared);
        key.extend_from_slice(own);
        if last.as_ref().is_some_and(|last| key <= *last) {
            return Err(TableError::Malformed("keys out of order").into());
        }
        entry(&key, value)?;
        last.get_or_insert_default().clone_from(&key);
    }
    Ok(())
}

/// The part of a block before its restart points, which only a search needs.
fn content(block: &[u8]) -> Result<&[u8], TableError> {
    const CUT: TableError = TableError::Truncated("a block is shorter than its list of restarts");
    let (_, count) = block.split_last_chunk::<4>().ok_or(CUT)?;
    let count = usize::try_from(u32::from_le_bytes(*count)).map_err(|_| CUT)?;
    let restarts = count.checked_add(1).and_then(|words| words.checked_mul(4));
    let len = block.len().checked_sub(restarts.ok_or(CUT)?);
    Ok(&block[..len.ok_or(CUT)?])
}

/// CRC-32C, masked as LevelDB and TensorFlow store it.
pub fn masked_crc32c(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

/// A checksum that lies in data that has checksums itself is rotated and shifted.
pub fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Reads the small integers that tables and protocol buffers are made of.
#[derive(Debug, Clone, Copy)]
pub struct BlockReader<'a>(pub &'a [u8]);

impl<'a> BlockReader<'a> {
    /// An integer in groups of seven bits, the lowest first; `None` where it is cut off or has over 64 bits.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// An integer that counts bytes.
    pub fn len(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}
