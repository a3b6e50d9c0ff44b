//! The cross-fade: the end of one song under the beginning of the next, by equal power.
//!
//! The frames are the next song's from the first one on, with the song before as their
//! [`OutgoingFrame`](crate::audio::frame::OutgoingFrame): the mixer brings both together, so that each keeps its own level
//! of the vocals and its own loudness. Both songs together are as much shorter as the fade is long, to
//! the frame.

use crate::audio::player::feeder::Feeder;
use crate::audio::player::feeder::crossfade::{Crossfade, SHORTEST};
use crate::audio::player::ring_writer::RingWriter;
use crate::audio::player::song_reader::SongReader;

impl Feeder {
    /// Frames the last song is fed alone before the next one comes in over it; `None` where it does not.
    pub(super) fn until_crossfade(&self) -> Option<(u64, u64)> {
        let under_way = self
            .crossfade
            .as_ref()
            .is_some_and(|crossfade| !crossfade.is_over());
        let next = self.queued.as_ref().filter(|_| !under_way)?;
        let last = self.songs.back().filter(|reader| !reader.failed)?;
        let rate = self.rate();
        let wanted = (next.crossfade() * f64::from(rate)) as u64;
        // Each song is heard by itself in its middle.
        let fade = wanted.min(last.length(rate) / 2).min(next.length(rate) / 2);
        if fade < SHORTEST {
            return None;
        }
        let left = last.left()?;
        (left >= SHORTEST).then(|| (left.saturating_sub(fade), fade.min(left)))
    }

    /// The next song comes in over the last `frames` of the one before.
    pub(super) fn start_crossfade(&mut self, frames: u64) {
        if let Some(reader) = self.queued.take()
            && self.begin_next(reader)
        {
            self.crossfade = Some(Crossfade::new(frames));
        }
    }

    /// Lays the song before under what was just decoded, from the frame `from` of the batch on.
    pub(super) fn mix_under(&mut self, from: usize) {
        let Some(crossfade) = &mut self.crossfade else {
            return;
        };
        let before = self.songs.len().checked_sub(2);
        let before = before.and_then(|at| self.songs.get_mut(at));
        let from = from.min(self.batch.len());
        crossfade.mix_under(before, &mut self.batch[from..]);
        let ahead = self.output.as_ref().map_or(0, RingWriter::ahead) + self.batch.len();
        if crossfade.is_over() && crossfade.past >= ahead as u64 {
            self.crossfade = None;
        }
    }

    /// The cross-fade the listener is in the middle of, as far as it was heard: the song before goes on
    /// under whatever is fed next.
    pub(super) fn take_heard_crossfade(&mut self) -> Option<Crossfade> {
        let rate = self.rate();
        let writer = self.output.as_mut()?;
        writer.forget_heard();
        let mut crossfade = self.crossfade.take_if(|crossfade| crossfade.before.is_some())?;
        crossfade.rewind(writer.ahead() as u64, rate);
        Some(crossfade)
    }

    /// The song in front is over for the listener, and may still be heard under the next one.
    pub(super) fn keep_for_crossfade(&mut self, reader: SongReader) {
        if self.songs.len() == 1
            && let Some(crossfade) = &mut self.crossfade
        {
            crossfade.before = Some(reader);
        }
    }
}
