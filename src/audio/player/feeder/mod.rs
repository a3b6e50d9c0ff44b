//! Keeps the ring filled: decodes the song that plays, goes over to the next one without a gap,
//! seeks, and tells what became of each song. One thread, woken by commands and by the clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rtrb::Producer;

use crate::audio::frame::{Frame, is_before};
use crate::audio::player::command::PlayerCommand;
use crate::audio::player::controls::Shared;
use crate::audio::player::event::{PlayerEvent, Position};
use crate::audio::player::feeder::crossfade::Crossfade;
use crate::audio::player::feeder::replacement::Replacement;
use crate::audio::player::ring_writer::RingWriter;
use crate::audio::player::song::PlayerSong;
use crate::audio::player::song_reader::SongReader;
use crate::key_tempo::KeyTempo;

/// Frames decoded at a time.
const BATCH: usize = 1024;
/// Batches before commands are looked at again.
const BATCHES_A_STEP: usize = 8;
/// A twentieth of what lies in the ring.
const POLL: Duration = Duration::from_millis(20);
/// While the mixer makes room for what was just asked for.
const HURRY: Duration = Duration::from_millis(2);
/// The rate positions are told in until a device has said its own.
const NO_DEVICE_RATE: u32 = 44_100;

/// When the feeder wants to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing to do until a command comes.
    Idle,
    Within(Duration),
}

pub struct Feeder {
    shared: Arc<Shared>,
    on: Box<dyn Fn(PlayerEvent) + Send>,
    output: Option<RingWriter>,
    /// The song heard, and after it the one already being fed.
    songs: VecDeque<SongReader>,
    queued: Option<SongReader>,
    /// The last song comes in over the one before it.
    crossfade: Option<Crossfade>,
    generation: u32,
    batch: Vec<Frame>,
    /// Why what lies in the ring is to be replaced.
    replacement: Replacement,
    /// The last song came to its end with nothing to follow.
    ran_out: bool,
    /// Times the ring ran dry that have been written down.
    dry: u64,
}

impl Feeder {
    pub fn new(shared: Arc<Shared>, on: impl Fn(PlayerEvent) + Send + 'static) -> Self {
        Self {
            shared,
            on: Box::new(on),
            output: None,
            songs: VecDeque::new(),
            queued: None,
            crossfade: None,
            generation: 0,
            batch: Vec::with_capacity(BATCH),
            replacement: Replacement::default(),
            ran_out: false,
            dry: 0,
        }
    }

    /// Until it is told to quit.
    pub fn run(mut self, commands: &Receiver<PlayerCommand>) {
        loop {
            let command = match self.step() {
                Next::Idle => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Next::Within(time) => commands.recv_timeout(time),
            };
            match command {
                Ok(PlayerCommand::Quit) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(command) => self.apply(command),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    pub fn apply(&mut self, command: PlayerCommand) {
        // Since the last step the listener may have come to the next song, and means that one.
        self.advance_to_heard_song();
        match command {
            PlayerCommand::Load(song, playing) => self.load(song, playing),
            PlayerCommand::Queue(song) => self.queue(song),
            PlayerCommand::Seek(seconds) => self.seek(seconds),
            PlayerCommand::KeyTempo(key_tempo) => self.set_key_tempo(key_tempo),
            PlayerCommand::Loop(seconds) => self.set_loop(seconds),
            PlayerCommand::Vocals => self.replacement.vocals = true,
            PlayerCommand::Attach {
                ring,
                rate,
                latency,
                state,
            } => {
                self.attach(ring, rate, latency);
                (self.on)(PlayerEvent::Output(state));
            }
            PlayerCommand::Emit(event) => (self.on)(event),
            PlayerCommand::Wake | PlayerCommand::Quit => {}
        }
    }

    /// Fills the ring as far as it goes and says what happened.
    pub fn step(&mut self) -> Next {
        if let Some(writer) = &mut self.output {
            writer.forget_heard();
        }
        self.advance_to_heard_song();
        self.log_underruns();
        self.replace_buffered();
        for _ in 0..BATCHES_A_STEP {
            if !self.fill_ring() {
                break;
            }
        }
        self.finish_last_song();
        let Some(writer) = &mut self.output else {
            return Next::Idle;
        };
        let feeding = self.songs.back().is_some_and(|reader| !reader.done);
        if !feeding {
            // However short the rest is, the mixer may go over to it.
            writer.publish_splice(&self.shared);
        }
        if self.songs.is_empty() {
            return Next::Idle;
        }
        if writer.is_blocked_by_stale(BATCH) && feeding {
            return Next::Within(HURRY);
        }
        let full = writer.room() < BATCH;
        if !self.shared.playing() && (full || !feeding) {
            return Next::Idle;
        }
        if self.replacement.vocals || self.replacement.loop_region {
            return Next::Within(HURRY);
        }
        if writer.is_low() && feeding {
            Next::Within(Duration::ZERO)
        } else {
            Next::Within(POLL)
        }
    }

    fn load(&mut self, song: PlayerSong, playing: bool) {
        let play_id = song.play_id;
        self.songs.clear();
        (self.queued, self.crossfade) = (None, None);
        self.ran_out = false;
        // The old song falls silent before the new file is touched, which may take its time.
        let start = (song.start.max(0.0) * f64::from(self.rate())) as u32;
        self.announce(play_id, start, song.key_tempo, true);
        self.shared.set_playing(playing);
        match self.open(song) {
            Some(reader) => self.begin(reader),
            None => self.shared.set_complete(true),
        }
    }

    fn begin(&mut self, mut reader: SongReader) {
        let (play_id, start) = (reader.play_id, reader.start());
        if let Err(error) = reader.place(start, self.rate()) {
            self.fail(play_id, &error);
            return;
        }
        reader.generation = self.new_generation(&reader, true);
        (self.on)(PlayerEvent::Started {
            play_id,
            duration: reader.duration(),
        });
        self.songs.push_back(reader);
    }

    fn queue(&mut self, song: Option<PlayerSong>) {
        self.queued = None;
        let Some(reader) = song.and_then(|song| self.open(song)) else {
            return;
        };
        if std::mem::take(&mut self.ran_out) {
            self.begin(reader);
        } else {
            self.queued = Some(reader);
        }
    }

    fn seek(&mut self, seconds: f64) {
        let key_tempo = self.songs.front().map(SongReader::key_tempo);
        self.move_to(seconds, key_tempo.unwrap_or_default());
    }

    /// The song heard goes on from the sample where it is: what lies in the ring is of the old key
    /// and tempo, and would be heard for too long. A song that ends under it goes on as it was.
    fn set_key_tempo(&mut self, key_tempo: KeyTempo) {
        let next = self.shared.next_position();
        let Some(front) = self.songs.front() else { return };
        if front.key_tempo() != key_tempo && !front.failed {
            let seconds = self.seconds_heard(next);
            let crossfade = self.take_heard_crossfade();
            self.move_to(seconds, key_tempo);
            self.crossfade = crossfade;
        }
    }

    fn move_to(&mut self, seconds: f64, key_tempo: KeyTempo) {
        let rate = self.rate();
        // The one already being fed waits again: it is the song heard that moves.
        self.crossfade = None;
        if self.songs.len() > 1 {
            self.queued = self.songs.pop_back();
            self.songs.truncate(1);
        }
        let Some(mut reader) = self.songs.pop_front() else {
            return;
        };
        let play_id = reader.play_id;
        let seconds = if seconds.is_finite() { seconds } else { 0.0 };
        let placed = reader.place_as(key_tempo, seconds, rate);
        reader.generation = self.new_generation(&reader, true);
        match placed {
            Ok(()) => self.songs.push_front(reader),
            Err(error) => self.fail(play_id, &error),
        }
    }

    fn attach(&mut self, ring: Producer<Frame>, rate: u32, latency: u32) {
        let heard = self.shared.position();
        self.shared.set_latency(latency);
        self.shared.set_splice(0, 0);
        self.output = Some(RingWriter::new(ring, rate));
        if !self.songs.is_empty() {
            self.seek(self.seconds_heard(heard));
        }
    }

    /// Where the song in front is heard; its beginning if it is not yet.
    fn seconds_heard(&self, heard: Position) -> f64 {
        self.songs.front().map_or(0.0, |front| {
            if front.play_id == heard.play_id {
                heard.seconds
            } else {
                front.start()
            }
        })
    }

    /// A song whose successor sounds is over.
    fn advance_to_heard_song(&mut self) {
        while let [_, second, ..] = self.songs.make_contiguous() {
            if is_before(self.shared.heard_generation(), second.generation) {
                return;
            }
            let (play_id, duration) = (second.play_id, second.duration());
            self.leave_front();
            (self.on)(PlayerEvent::Started { play_id, duration });
        }
    }

    /// The callback may not write to a log.
    fn log_underruns(&mut self) {
        let dry = self.shared.underruns();
        if dry != std::mem::replace(&mut self.dry, dry) {
            let Position { play_id, seconds, .. } = self.shared.next_position();
            tracing::debug!("the sound ran dry, {dry} times by now, at {seconds:.2} s of song {play_id}");
        }
    }

    /// The last song is over when the ring has been played empty.
    fn finish_last_song(&mut self) {
        let over = self.songs.len() == 1
            && self.songs.front().is_some_and(|reader| reader.done)
            && self.shared.complete()
            && self.output.as_ref().is_some_and(RingWriter::is_empty);
        if over {
            self.ran_out = true;
            self.leave_front();
        }
    }

    fn leave_front(&mut self) {
        if let Some(reader) = self.songs.pop_front().filter(|reader| !reader.failed) {
            (self.on)(PlayerEvent::Ended {
                play_id: reader.play_id,
            });
            self.keep_for_crossfade(reader);
        }
    }

    fn open(&self, song: PlayerSong) -> Option<SongReader> {
        let play_id = song.play_id;
        SongReader::open(song)
            .map_err(|error| self.fail(play_id, &error))
            .ok()
    }

    fn fail(&self, play_id: u64, error: &dyn std::error::Error) {
        (self.on)(PlayerEvent::Failed {
            play_id,
            reason: error.to_string(),
        });
    }

    fn rate(&self) -> u32 {
        self.output.as_ref().map_or(NO_DEVICE_RATE, RingWriter::rate)
    }
}

pub mod crossfade;
mod fill;
mod overlap;
mod replace;
pub mod replacement;
#[cfg(test)]
mod tests;
