//! Frame after frame into the ring: from one song into the next, round a loop, and past what cannot be
//! read.

use std::time::{Duration, Instant};

use crate::audio::player::event::PlayerEvent;
use crate::audio::player::feeder::{BATCH, Feeder};
use crate::audio::player::song_reader::SongReader;
use crate::key_tempo::KeyTempo;

/// A disk that takes longer for some frames is worth a line in the log.
const SLOW: Duration = Duration::from_millis(50);

impl Feeder {
    /// One batch into the ring; false when there is no room or nothing to put there.
    pub(super) fn fill_ring(&mut self) -> bool {
        let Some(writer) = &self.output else {
            return false;
        };
        let (mut room, covered) = (writer.room().min(BATCH), writer.covered());
        let done = self
            .songs
            .back()
            .is_none_or(|reader| reader.done && reader.failed);
        if done || room == 0 {
            return false;
        }
        match self.until_crossfade() {
            Some((0, frames)) => self.start_crossfade(frames),
            Some((alone, _)) => room = room.min(usize::try_from(alone).unwrap_or(room)),
            None => {}
        }
        let Some(reader) = self.songs.back_mut() else {
            return false;
        };
        self.batch.clear();
        let began = Instant::now();
        let filled = reader.fill(room, &mut self.batch);
        if began.elapsed() > SLOW {
            let (took, at) = (began.elapsed(), reader.at());
            tracing::debug!("{room} frames of the song took {took:?} to read, at frame {at}");
        }
        let (play_id, wrapped) = (reader.play_id, reader.take_wrapped());
        while let Some((at, seconds)) = reader.take_damage() {
            (self.on)(PlayerEvent::Damaged { play_id, at, seconds });
        }
        match filled {
            Ok(0) => self.start_queued(),
            Ok(_) => {
                self.mix_under(covered);
                if let Some(writer) = &mut self.output {
                    writer.push(&mut self.batch, &self.shared);
                }
                if wrapped {
                    self.begin_next_round();
                }
                true
            }
            Err(error) => {
                self.fail(play_id, &error);
                self.break_off()
            }
        }
    }

    /// The song fed last cannot go on.
    fn break_off(&mut self) -> bool {
        if self
            .crossfade
            .take()
            .is_some_and(|crossfade| crossfade.is_fresh())
        {
            // Nothing of it was heard: the one before goes on to its end.
            self.songs.pop_back();
            return true;
        }
        if let Some(reader) = self.songs.back_mut() {
            (reader.done, reader.failed) = (true, true);
        }
        self.start_queued()
    }

    /// The frames from the start of the loop on are a generation of their own: the position goes back with
    /// the first of them.
    fn begin_next_round(&mut self) {
        if let Some(mut reader) = self.songs.pop_back() {
            reader.generation = self.new_generation(&reader, false);
            self.songs.push_back(reader);
        }
    }

    /// The back song is empty: the queued song follows in the same breath.
    fn start_queued(&mut self) -> bool {
        self.crossfade = None;
        let followed = self.queued.take().is_some_and(|reader| self.begin_next(reader));
        self.shared.set_complete(!followed);
        followed
    }

    /// This song is fed from now on; false where it cannot be, which has been said.
    pub(super) fn begin_next(&mut self, mut reader: SongReader) -> bool {
        let (play_id, start, rate) = (reader.play_id, reader.start(), self.rate());
        if let Err(error) = reader.place(start, rate) {
            self.fail(play_id, &error);
            return false;
        }
        reader.generation = self.new_generation(&reader, false);
        self.songs.push_back(reader);
        true
    }

    pub(super) fn new_generation(&mut self, reader: &SongReader, at_once: bool) -> u32 {
        // A position as frames carry it: enough for six hours at 192 kHz.
        let start = u32::try_from(reader.at()).unwrap_or(u32::MAX);
        let generation = self.announce(reader.play_id, start, reader.key_tempo(), at_once);
        self.shared.set_gain(generation, reader.gain());
        generation
    }

    pub(super) fn announce(&mut self, play_id: u64, start: u32, key_tempo: KeyTempo, at_once: bool) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        let speed = key_tempo.speed() as f32;
        self.shared
            .announce(self.generation, play_id, self.rate(), start, speed);
        if at_once {
            if let Some(writer) = &mut self.output {
                writer.clear();
            }
            self.shared.set_complete(false);
            self.shared.set_min_generation(self.generation);
        }
        self.generation
    }
}
