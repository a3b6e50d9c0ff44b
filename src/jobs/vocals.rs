//! The stored vocals of a song as the player reads them: contributions added up where it stands,
//! also while the song is still being separated.

use std::sync::Arc;

use super::model;
use crate::audio::Vocals;
use crate::separate::segment::Grid;
use crate::store::{BLOCK_FRAMES, SongStems, StemStore};
use crate::track::TrackId;

/// Decoded blocks kept: a read touches two, twice as many where segments meet.
const KEPT: usize = 4;
/// Frames read before a song that had nothing stored is looked for again.
const PATIENCE: usize = 44_100;

/// Reads the vocals of one song.
pub struct StoredVocals {
    grid: Grid,
    store: StemStore,
    id: TrackId,
    stems: Option<Arc<SongStems>>,
    /// Frames read since `stems` was last looked for.
    waited: usize,
    blocks: Vec<DecodedBlock>,
    /// Told of each segment that was stored and did not read back.
    lost: Box<dyn Fn(u32) + Send>,
}

struct DecodedBlock {
    segment: u32,
    nth: usize,
    pcm: Vec<f32>,
}

impl StoredVocals {
    /// `stems` where they are open already. Without, they are looked for while the song plays: the
    /// separation may begin at any time.
    pub fn new(store: StemStore, id: TrackId, stems: Option<Arc<SongStems>>) -> Self {
        Self {
            grid: Grid::STANDARD,
            store,
            id,
            stems,
            waited: PATIENCE,
            blocks: Vec::new(),
            lost: Box::new(|_| {}),
        }
    }

    /// Tells of each segment that was stored and does not read back: it is there no longer.
    pub fn reporting(mut self, lost: impl Fn(u32) + Send + 'static) -> Self {
        self.lost = Box::new(lost);
        self
    }

    fn look_for_stems(&mut self, frames: usize) {
        self.waited += frames;
        if self.stems.is_none() && self.waited >= PATIENCE {
            self.waited = 0;
            self.stems =
                model::current(&self.store).and_then(|key| self.store.song_if_stored(&key, self.id).ok()?);
        }
    }

    /// Adds what a segment contributes; `false` where it is not stored.
    fn add(&mut self, stems: &SongStems, segment: u32, start: u64, out: &mut [f32]) -> bool {
        let begin = self.grid.contribution_start(segment);
        let (start, frames) = (start as i64, (out.len() / 2) as i64);
        let from = (start - begin).max(0) as usize;
        let to = ((start + frames - begin).max(0) as usize).min(self.grid.contribution());
        if !stems.has(segment) {
            return false;
        }
        let mut at = from;
        while at < to {
            let (nth, offset) = (at / BLOCK_FRAMES, at % BLOCK_FRAMES);
            let count = (BLOCK_FRAMES - offset).min(to - at);
            let Some(block) = self.block(stems, segment, nth) else {
                return false;
            };
            let into = 2 * (begin + at as i64 - start) as usize;
            for (sum, sample) in out[into..into + 2 * count].iter_mut().zip(&block[2 * offset..]) {
                *sum += sample;
            }
            at += count;
        }
        true
    }

    fn block(&mut self, stems: &SongStems, segment: u32, nth: usize) -> Option<&[f32]> {
        let kept = self
            .blocks
            .iter()
            .position(|block| (block.segment, block.nth) == (segment, nth));
        let block = match kept {
            Some(at) => self.blocks.remove(at),
            None => DecodedBlock {
                segment,
                nth,
                pcm: stems.block(segment, nth)?,
            },
        };
        // The one used longest ago goes first.
        if self.blocks.len() == KEPT {
            self.blocks.remove(0);
        }
        self.blocks.push(block);
        self.blocks.last().map(|block| block.pcm.as_slice())
    }
}

impl Vocals for StoredVocals {
    fn rate(&self) -> u32 {
        self.grid.rate
    }

    fn read(&mut self, start: u64, out: &mut [f32]) -> bool {
        out.fill(0.0);
        self.look_for_stems(out.len() / 2);
        let Some(stems) = self.stems.clone() else {
            return false;
        };
        let mut known = true;
        for segment in self.grid.touching(start, out.len() / 2) {
            let beyond = || stems.meta().is_some_and(|meta| segment >= meta.segments);
            let stored = stems.has(segment);
            if !self.add(&stems, segment, start, out) && !beyond() {
                known = false;
                if stored {
                    // Damaged, and what was added of it breaks off somewhere.
                    out.fill(0.0);
                    if !stems.has(segment) {
                        (self.lost)(segment);
                    }
                    return false;
                }
            }
        }
        known
    }

    fn refresh(&mut self) {
        self.waited = PATIENCE;
    }
}
