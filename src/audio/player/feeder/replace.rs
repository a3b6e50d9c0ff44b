//! Replaces what lies in the ring where it is no longer what shall be heard: vocals became known, a loop
//! was set.

use crate::audio::player::feeder::Feeder;
use crate::audio::player::feeder::replacement::Replacement;

/// How long vocals that became known take to come in.
const VOCALS_FADE: f64 = 0.2;
/// From one place of a song over to another.
const JUMP_FADE: f64 = 0.01;
/// From one run of the stretcher over to another.
const PHASES_FADE: f64 = 0.03;

impl Feeder {
    /// A loop the song heard is in already takes hold of what lies in the ring.
    pub(super) fn set_loop(&mut self, seconds: Option<(f64, f64)>) {
        let Some(front) = self.songs.front_mut() else {
            return;
        };
        front.set_loop(seconds);
        self.replacement.loop_region = true;
    }

    /// Replaces what lies in the ring where it is no longer what shall be heard.
    pub(super) fn replace_buffered(&mut self) {
        let Replacement { vocals, loop_region } = self.replacement;
        let Some(writer) = self.output.as_mut().filter(|_| vocals || loop_region) else {
            return;
        };
        let Some(back) = self.songs.back().filter(|reader| !reader.failed) else {
            self.replacement = Replacement::default();
            return;
        };
        let fade = if vocals {
            VOCALS_FADE
        } else if back.key_tempo().is_recording() {
            0.0
        } else {
            // Another run of the stretcher has other phases.
            PHASES_FADE
        };
        let Some(first) = writer.replace(fade) else {
            // The rest of a song is too short to be replaced; vocals that come so late do not matter.
            if back.done && writer.is_replaceable() {
                self.replacement = Replacement::default();
                if loop_region {
                    self.seek(self.seconds_heard(self.shared.next_position()));
                }
            }
            return;
        };
        self.replacement = Replacement::default();
        let play_id = self.shared.play_id(first.generation);
        // The song after the one replaced waits again.
        while self.songs.len() > 1 && self.songs.back().is_some_and(|reader| reader.play_id != play_id) {
            self.queued = self.songs.pop_back();
            self.crossfade = None;
            if let Some(writer) = &mut self.output {
                writer.drop_tails();
            }
        }
        self.shared.set_complete(false);
        let rate = self.rate();
        let Some(mut reader) = self.songs.pop_back() else {
            return;
        };
        if vocals {
            reader.refresh_vocals();
        }
        let at = reader.wrapped_position(u64::from(first.at), rate);
        let placed = reader.place_at(at, rate);
        reader.generation = first.generation;
        if at != u64::from(first.at) {
            reader.generation = self.new_generation(&reader, false);
            if let Some(writer) = &mut self.output {
                writer.fade_for(JUMP_FADE);
            }
        }
        if let Err(error) = placed {
            reader.done = true;
            reader.failed = true;
            self.fail(reader.play_id, &error);
        }
        self.songs.push_back(reader);
    }
}
