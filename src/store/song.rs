//! The vocals of one song: a sled database of its own, so that evicting a song is removing a
//! folder, damage stays in one song, and the number of kept songs costs no memory.
//!
//! Blocks lie in the default tree, in small parts, under `segment u32 | block u16 | part u8`
//! (big-endian). The tree `segments` holds one small entry per segment, written after its blocks:
//! only that makes the segment count as present. Its entry "complete" is written last of all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::block::{self, BLOCK_SAMPLES};
use super::database;
use super::error::StoreError;
use super::song_meta::SongMeta;
use crate::waveform::{Peaks, WAVE_POINTS};

/// Blocks in a segment's contribution: 266,240 frames, the core and fade of the standard grid.
pub const BLOCKS_PER_SEGMENT: usize = 65;
/// Samples of a segment's contribution, interleaved stereo.
pub const SEGMENT_SAMPLES: usize = BLOCKS_PER_SEGMENT * BLOCK_SAMPLES;

const MOST_SEGMENTS: u32 = 1 << 16;
/// Bytes of a block that lie under one key. sled keeps a page of eight to sixteen keys in memory
/// for each of 256 parts of its cache, however small that is said to be: with whole blocks of 10 KB
/// under a key, these pages are a song.
const PART_BYTES: usize = 2048;
const MOST_PARTS: usize = 16;
/// Eight keys or more in a page, eight times each: 64 accesses when all of them were used.
const TOUCHES: usize = 8;
const COMPLETE: &[u8] = b"complete";
const ENTRY_VERSION: u8 = 2;

/// Enters a song into the list of open ones until it is dropped, and notes what becomes of it.
pub(super) trait Lease: Send + Sync {
    /// Every segment of the song is stored now.
    fn completed(&self, folder: &Path, meta: SongMeta);
    /// A song that was complete has lost a segment.
    fn incomplete(&self);
}

/// The stored vocals of one song under one model. Shared: the worker writes, the feeder reads and
/// the screen asks, each on its own thread.
pub struct SongStems {
    // Declared before `lease`, so that the database is closed before the song counts as closed.
    blocks: sled::Tree,
    segments: sled::Tree,
    database: sled::Db,
    folder: PathBuf,
    /// One bit per segment, so that asking costs no lookup.
    present: Box<[AtomicU64]>,
    /// One past the last present segment.
    reach: AtomicU32,
    complete: AtomicBool,
    length: AtomicU32,
    lease: Box<dyn Lease>,
}

impl std::fmt::Debug for SongStems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SongStems")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl SongStems {
    /// `lease` enters the song into the list of open ones; called once nothing can fail any more.
    pub(super) fn open(folder: &Path, lease: impl FnOnce() -> Box<dyn Lease>) -> Result<Self, StoreError> {
        let tuning = database::Tuning {
            cache_bytes: 4 << 20,
            flush_every_ms: None,
            volatile: false,
        };
        let database = database::open(folder, tuning)?;
        let error = |e| StoreError::from_sled(folder, e);
        let segments = database.open_tree("segments").map_err(error)?;
        let mut stored = Vec::new();
        for entry in &segments {
            let (key, value) = entry.map_err(error)?;
            if let (Ok(key), true) = (<[u8; 4]>::try_from(&*key), read_entry(&value).is_some()) {
                stored.push(u32::from_be_bytes(key));
            }
        }
        let song = Self {
            blocks: (*database).clone(),
            segments,
            database,
            folder: folder.to_owned(),
            present: (0..MOST_SEGMENTS / 64).map(|_| AtomicU64::new(0)).collect(),
            reach: AtomicU32::new(0),
            complete: AtomicBool::new(false),
            length: AtomicU32::new(0),
            lease: lease(),
        };
        stored.into_iter().for_each(|segment| song.mark(segment));
        if let Some(meta) = song.meta() {
            song.length.store(meta.segments, Ordering::Release);
            song.complete
                .store((0..meta.segments).all(|k| song.has(k)), Ordering::Release);
        }
        Ok(song)
    }

    /// True where the segment's vocals are stored.
    pub fn has(&self, segment: u32) -> bool {
        self.word(segment)
            .is_some_and(|(word, bit)| word.load(Ordering::Acquire) & bit != 0)
    }

    /// Stores a segment's contribution ([`SEGMENT_SAMPLES`] samples at `rate` 44100). When this
    /// returns, the segment survives a crash of the process.
    pub fn put(&self, segment: u32, contribution: &[f32], peaks: &Peaks) -> Result<(), StoreError> {
        if contribution.len() != SEGMENT_SAMPLES {
            return Err(StoreError::WrongLength {
                got: contribution.len(),
                want: SEGMENT_SAMPLES,
            });
        }
        if segment >= MOST_SEGMENTS {
            return Err(StoreError::TooLong { segment });
        }
        database::check_space(&self.folder)?;
        let loudest = block::exponent(contribution);
        for (nth, samples) in contribution.chunks_exact(BLOCK_SAMPLES).enumerate() {
            self.write(segment, nth, &block::encode(samples, loudest))?;
        }
        self.segments
            .insert(segment.to_be_bytes(), write_entry(peaks))
            .map_err(|e| self.error(e))?;
        self.flush()?;
        self.mark(segment);
        Ok(())
    }

    /// The segment's contribution, or nothing where it is not stored. A segment that does not
    /// read back is dropped, so that it is separated again.
    pub fn get(&self, segment: u32) -> Option<Vec<f32>> {
        let mut contribution = Vec::with_capacity(SEGMENT_SAMPLES);
        for nth in 0..BLOCKS_PER_SEGMENT {
            contribution.extend(self.block(segment, nth)?);
        }
        Some(contribution)
    }

    /// One block of the segment's contribution, or nothing where it is not stored; as [`Self::get`].
    pub fn block(&self, segment: u32, nth: usize) -> Option<Vec<f32>> {
        if !self.has(segment) || nth >= BLOCKS_PER_SEGMENT {
            return None;
        }
        let samples = match self.read(segment, nth) {
            Ok(value) => block::decode(&value).ok(),
            Err(e) => {
                tracing::warn!(song = %self.folder.display(), "reading stored vocals failed: {e}");
                None
            }
        };
        let samples = samples.filter(|samples| samples.len() == BLOCK_SAMPLES);
        if samples.is_none() {
            tracing::warn!(song = %self.folder.display(), segment, nth, "a damaged segment is dropped");
            self.forget(segment);
        }
        samples
    }

    /// Loudness of a stored segment.
    pub fn peaks(&self, segment: u32) -> Option<Peaks> {
        if !self.has(segment) {
            return None;
        }
        self.segments
            .get(segment.to_be_bytes())
            .ok()
            .flatten()
            .and_then(|value| read_entry(&value))
    }

    /// Loudness of every segment so far, for drawing the whole song at once.
    pub fn overview(&self) -> Vec<Option<Peaks>> {
        (0..self.known_length())
            .map(|segment| self.peaks(segment))
            .collect()
    }

    /// Which segments are stored; as long as the song once it was complete, before that up to the
    /// last one stored.
    pub fn ready(&self) -> Vec<bool> {
        (0..self.known_length())
            .map(|segment| self.has(segment))
            .collect()
    }

    /// How many segments are stored.
    pub fn count(&self) -> u32 {
        self.present
            .iter()
            .map(|word| word.load(Ordering::Acquire).count_ones())
            .sum()
    }

    /// Says that every segment is there; false, and nothing said, where one is not.
    pub fn finish(&self, meta: SongMeta) -> Result<bool, StoreError> {
        if let Some(missing) = (0..meta.segments).find(|&segment| !self.has(segment)) {
            tracing::warn!(song = %self.folder.display(), missing, "not complete yet");
            return Ok(false);
        }
        // The blocks are on the disk before anything says that all of them are.
        self.flush()?;
        let text = serde_json::to_vec(&meta).map_err(|e| StoreError::from_io(&self.folder, e.into()))?;
        self.segments.insert(COMPLETE, text).map_err(|e| self.error(e))?;
        self.flush()?;
        self.length.store(meta.segments, Ordering::Release);
        self.complete.store(true, Ordering::Release);
        self.lease.completed(&self.folder, meta);
        Ok(true)
    }

    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// Length and rate, once complete (and still, while a damaged segment is made again).
    pub fn meta(&self) -> Option<SongMeta> {
        let value = self.segments.get(COMPLETE).ok().flatten()?;
        serde_json::from_slice(&value).ok()
    }

    /// Reads everything that is stored; drops what does not read back and says which segments.
    pub fn verify(&self) -> Vec<u32> {
        let stored: Vec<u32> = (0..self.reach.load(Ordering::Acquire))
            .filter(|&k| self.has(k))
            .collect();
        stored
            .into_iter()
            .filter(|&segment| (0..BLOCKS_PER_SEGMENT).any(|nth| self.block(segment, nth).is_none()))
            .collect()
    }

    /// Where the song's database lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write(&self, segment: u32, nth: usize, value: &[u8]) -> Result<(), StoreError> {
        for (part, bytes) in value.chunks(PART_BYTES).enumerate() {
            let key = part_key(segment, nth, part);
            self.blocks.insert(key, bytes).map_err(|e| self.error(e))?;
            self.age(key)?;
        }
        Ok(())
    }

    /// The bytes of a block as far as they are there; whether they are right is not known here.
    fn read(&self, segment: u32, nth: usize) -> Result<Vec<u8>, StoreError> {
        let mut value = Vec::new();
        for part in 0..MOST_PARTS {
            let key = part_key(segment, nth, part);
            let Some(bytes) = self.blocks.get(key).map_err(|e| self.error(e))? else {
                break;
            };
            value.extend_from_slice(&bytes);
            self.age(key)?;
            if block::length(&value).is_none_or(|length| value.len() >= length) {
                break;
            }
        }
        Ok(value)
    }

    /// Makes sled give up pages that were used long ago. Its cache is cut into 256 parts, each of
    /// which looks at its size only after 64 accesses: a song read or written once from end to end
    /// would otherwise stay in memory nearly whole. More look-ups of a page that is in memory
    /// anyway cost microseconds.
    fn age(&self, key: [u8; 7]) -> Result<(), StoreError> {
        for _ in 0..TOUCHES {
            self.blocks.contains_key(key).map_err(|e| self.error(e))?;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(drop).map_err(|e| self.error(e))
    }

    /// Takes a segment out of what is stored. The blocks stay until they are written over.
    fn forget(&self, segment: u32) {
        if let Some((word, bit)) = self.word(segment) {
            word.fetch_and(!bit, Ordering::AcqRel);
        }
        if self.complete.swap(false, Ordering::AcqRel) {
            self.lease.incomplete();
        }
        // On a disk that cannot be written the damage is found again at the next read.
        if let Err(e) = self.segments.remove(segment.to_be_bytes()) {
            tracing::warn!(song = %self.folder.display(), segment, "dropping a segment failed: {e}");
        }
    }

    fn mark(&self, segment: u32) {
        if let Some((word, bit)) = self.word(segment) {
            word.fetch_or(bit, Ordering::AcqRel);
            self.reach.fetch_max(segment + 1, Ordering::AcqRel);
        }
    }

    fn word(&self, segment: u32) -> Option<(&AtomicU64, u64)> {
        self.present
            .get(segment as usize / 64)
            .map(|word| (word, 1 << (segment % 64)))
    }

    fn known_length(&self) -> u32 {
        match self.length.load(Ordering::Acquire) {
            0 => self.reach.load(Ordering::Acquire),
            length => length,
        }
    }

    fn error(&self, error: sled::Error) -> StoreError {
        StoreError::from_sled(&self.folder, error)
    }
}

fn part_key(segment: u32, nth: usize, part: usize) -> [u8; 7] {
    let mut key = [0; 7];
    key[..4].copy_from_slice(&segment.to_be_bytes());
    key[4..6].copy_from_slice(&(nth as u16).to_be_bytes());
    key[6] = part as u8;
    key
}

fn write_entry(peaks: &Peaks) -> Vec<u8> {
    let mut entry = vec![ENTRY_VERSION];
    entry.extend_from_slice(&peaks.vocals);
    entry.extend_from_slice(&peaks.instrumental);
    let crc = crc32fast::hash(&entry);
    entry.extend_from_slice(&crc.to_le_bytes());
    entry
}

fn read_entry(entry: &[u8]) -> Option<Peaks> {
    let (body, crc) = entry.split_last_chunk::<4>()?;
    let (version, waves) = body.split_first()?;
    let (vocals, instrumental) = waves.split_at_checked(WAVE_POINTS)?;
    (*version == ENTRY_VERSION && crc32fast::hash(body) == u32::from_le_bytes(*crc)).then_some(())?;
    Some(Peaks {
        vocals: vocals.try_into().ok()?,
        instrumental: instrumental.try_into().ok()?,
    })
}
