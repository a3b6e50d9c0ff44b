//! The gains of the mixer: each goes in a straight line to where its control was set, and is exactly
//! there when it arrives.

use std::num::NonZero;

use crate::audio::frame::Frame;
use crate::audio::player::controls::Shared;
use crate::audio::player::mixer::limiter::Mixed;

/// How long gains take to where they are sent.
const RAMP: f64 = 0.015;

/// All gains of one moment; a copy of them looks ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gains {
    level: Ramp,
    /// What is heard of everything but the vocals: 1, or 0 for the vocals alone.
    music: Ramp,
    /// Of the song, for its loudness.
    song: Ramp,
    volume: Ramp,
    /// The generation whose gain `song` goes to.
    generation: Option<u32>,
    /// Of the song that ends under the one heard.
    before: Option<Before>,
}

/// What the song before keeps while the next one comes in over it: the controls are the next one's.
#[derive(Debug, Clone, Copy)]
struct Before {
    level: f32,
    song: f32,
}

impl Gains {
    pub(super) fn new(shared: &Shared, rate: NonZero<u32>) -> Self {
        let ramp = || Ramp::new(1.0, rate, RAMP);
        let mut gains = Self {
            level: ramp(),
            music: ramp(),
            song: ramp(),
            volume: ramp(),
            generation: None,
            before: None,
        };
        gains.aim(shared);
        gains.jump();
        gains
    }

    /// Where the controls want them.
    pub(super) fn aim(&mut self, shared: &Shared) {
        let solo = shared.solo();
        self.level.aim(if solo { 1.0 } else { shared.level() });
        self.music.aim(if solo { 0.0 } else { 1.0 });
        self.volume.aim(shared.volume());
    }

    /// This is the next frame.
    #[inline]
    pub(super) fn belong_to(&mut self, frame: &Frame, shared: &Shared) {
        let crossing = frame.tail.share > 0.0;
        let begins = crossing && self.before.is_none();
        if begins {
            self.before = Some(Before {
                level: self.level.now,
                song: self.song.now,
            });
        } else if !crossing {
            self.before = None;
        }
        if self.generation != Some(frame.generation) {
            self.generation = Some(frame.generation);
            self.song.aim(shared.gain(frame.generation));
            if begins {
                // It comes out of silence, and has its own loudness from there.
                self.song.jump();
            }
        }
    }

    pub(super) fn jump(&mut self) {
        for ramp in [&mut self.level, &mut self.music, &mut self.song, &mut self.volume] {
            ramp.jump();
        }
    }

    /// `music * (mixture - vocals) + level * vocals`, written so that the mixture comes out bit for
    /// bit where both are 1.
    #[inline]
    pub(super) fn mix(&mut self, frame: &Frame, gate: f32) -> Mixed {
        let (music, level) = (self.music.step(), self.level.step());
        let (song, volume) = (self.song.step(), self.volume.step());
        let one = |mixture: [f32; 2], sung: [f32; 2], level: f32, song: f32| {
            let vocals = level - music;
            let gain = song * volume * gate;
            let recorded = gain.min(1.0);
            Mixed {
                heard: [0, 1].map(|side| (music * mixture[side] + vocals * sung[side]) * gain),
                recorded: mixture.map(|sample| sample * recorded),
            }
        };
        let now = one(frame.mixture, frame.vocals, level, song);
        let Some(before) = self.before else { return now };
        let tail = frame.tail;
        let under = one(tail.mixture, tail.vocals, before.level, before.song);
        let share = (1.0 - tail.share * tail.share).max(0.0).sqrt();
        Mixed {
            heard: [0, 1].map(|side| now.heard[side] * share + under.heard[side] * tail.share),
            // Two masters at once are louder than either; the limiter holds that, and not each of them.
            recorded: [0, 1].map(|side| {
                let (now, under) = (now.recorded[side] * share, under.recorded[side] * tail.share);
                if now.abs() > under.abs() { now } else { under }
            }),
        }
    }
}

/// A gain that goes to its goal in a straight line and then is exactly there.
#[derive(Debug, Clone, Copy)]
struct Ramp {
    now: f32,
    goal: f32,
    step: f32,
    frames: f32,
}

impl Ramp {
    fn new(value: f32, rate: NonZero<u32>, seconds: f64) -> Self {
        Self {
            now: value,
            goal: value,
            step: 0.0,
            frames: (f64::from(rate.get()) * seconds).max(1.0) as f32,
        }
    }

    fn aim(&mut self, goal: f32) {
        if goal != self.goal {
            self.goal = goal;
            self.step = (goal - self.now) / self.frames;
        }
    }

    fn jump(&mut self) {
        self.now = self.goal;
    }

    #[inline]
    fn step(&mut self) -> f32 {
        if self.now != self.goal {
            self.now += self.step;
            // Past the goal, or so near that rounding would never get there.
            if self.step == 0.0 || (self.goal - self.now) * self.step <= 0.0 {
                self.now = self.goal;
            }
        }
        self.now
    }
}
