//! The feeder's end of the ring: how full it is, what lies in it, and how frames on their way are
//! replaced without being heard to be.
//!
//! What was decoded ahead may turn out wrong before it is heard: vocals became known, a loop was set.
//! The same part of the song is then pushed a second time, behind, and the mixer is told to go from
//! the old frames over to the new ones ([`Shared::set_splice`]), which begin as copies of the old and
//! fade over to what they are. No lock is taken and no frame is lost or played twice.

use std::collections::VecDeque;

use rtrb::Producer;

use crate::audio::frame::{Frame, is_before};
use crate::audio::player::controls::Shared;

/// Seconds from what is heard to where new frames begin: enough to decode the first of them.
const MARGIN: f64 = 0.06;
/// Copies of old frames before the fade: the mixer goes over at the start of one of its blocks, so up
/// to a block late.
const LEAD: usize = 128;
/// New frames that must follow the place where the mixer goes over.
const FOLLOWING: u32 = 2048;

pub(in crate::audio) struct RingWriter {
    ring: Producer<Frame>,
    rate: u32,
    /// Frames pushed into this ring; wraps around.
    pushed: u32,
    /// What is still to be heard, the next frame first. Not those that are stale.
    ahead: VecDeque<Frame>,
    /// The last splice, see [`Shared::set_splice`].
    splice: (u32, u32),
    /// It has not been told yet.
    unpublished: bool,
    fade: Option<Fade>,
}

/// From the frames that were in the ring over to those that replace them.
struct Fade {
    old: VecDeque<Frame>,
    frames: usize,
    done: usize,
    /// A cross-fade is under way: the old frames say what lies under the new ones.
    tails: bool,
}

impl RingWriter {
    pub(in crate::audio) fn new(ring: Producer<Frame>, rate: u32) -> Self {
        Self {
            ring,
            rate,
            pushed: 0,
            ahead: VecDeque::new(),
            splice: (0, 0),
            unpublished: false,
            fade: None,
        }
    }

    pub(in crate::audio) fn rate(&self) -> u32 {
        self.rate
    }

    /// Frames wanted now, so that enough lies ahead.
    pub(in crate::audio) fn room(&self) -> usize {
        (self.wanted().saturating_sub(self.ahead.len())).min(self.ring.slots())
    }

    /// Less than half of what is wanted lies ahead.
    pub(in crate::audio) fn is_low(&self) -> bool {
        self.room() > self.wanted() / 2
    }

    /// Frames still to be heard.
    pub(in crate::audio) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// What is stale fills the ring until the mixer drops it.
    pub(in crate::audio) fn is_blocked_by_stale(&self, batch: usize) -> bool {
        self.ring.slots() < batch && self.ahead.len() < self.wanted() / 2
    }

    fn wanted(&self) -> usize {
        self.ring.buffer().capacity() / 2
    }

    /// All has been taken out.
    pub(in crate::audio) fn is_empty(&self) -> bool {
        self.occupied() == 0
    }

    /// No earlier replacement is on its way, and nothing stale.
    pub(in crate::audio) fn is_replaceable(&self) -> bool {
        self.coming() <= self.ahead.len() && !is_before(self.taken(), self.splice.1)
    }

    fn occupied(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    /// Frames the mixer has taken or left out.
    fn taken(&self) -> u32 {
        self.pushed.wrapping_sub(self.occupied() as u32)
    }

    /// Frames that will still come out of the ring.
    fn coming(&self) -> usize {
        let (from, to) = self.splice;
        let left_out = if is_before(self.taken(), to) {
            to.wrapping_sub(from) as usize
        } else {
            0
        };
        self.occupied().saturating_sub(left_out)
    }

    /// Lets go of what has been heard.
    pub(in crate::audio) fn forget_heard(&mut self) {
        let heard = self.ahead.len().saturating_sub(self.coming());
        self.ahead.drain(..heard);
        if !is_before(self.taken(), self.splice.1) {
            // It lies behind; a number that stood still would one day lie ahead again.
            self.splice = (self.taken(), self.taken());
        }
    }

    /// All that lies in the ring has become stale.
    pub(in crate::audio) fn clear(&mut self) {
        self.ahead.clear();
        self.fade = None;
        self.unpublished = false;
    }

    /// Pushes frames; no more than there is [`room`](Self::room) for.
    pub(in crate::audio) fn push(&mut self, frames: &mut [Frame], shared: &Shared) {
        if let Some(fade) = &mut self.fade {
            fade.over(frames);
            if fade.is_over() {
                self.fade = None;
            }
        }
        self.put(frames);
        let (from, to) = self.splice;
        let taken = self.taken();
        let late = if is_before(from, taken) {
            taken.wrapping_sub(from)
        } else {
            0
        };
        if self.pushed.wrapping_sub(to) >= late.saturating_add(FOLLOWING) {
            self.publish_splice(shared);
        }
    }

    fn put(&mut self, frames: &[Frame]) {
        if self.ring.push_entire_slice(frames).is_ok() {
            self.pushed = self.pushed.wrapping_add(frames.len() as u32);
            self.ahead.extend(frames);
        }
    }

    /// Tells the mixer to go over to the new frames.
    pub(in crate::audio) fn publish_splice(&mut self, shared: &Shared) {
        if std::mem::take(&mut self.unpublished) {
            shared.set_splice(self.splice.0, self.splice.1);
        }
    }

    /// Begins to replace what lies ahead: the frame that the next pushed one stands in for. They fade
    /// over from the old ones within `seconds`. `None` where too little lies ahead, or an earlier
    /// replacement has not been reached yet: try again later.
    pub(in crate::audio) fn replace(&mut self, seconds: f64) -> Option<Frame> {
        self.forget_heard();
        let frames = |seconds: f64| (seconds * f64::from(self.rate)) as usize;
        let (margin, fade) = (frames(MARGIN), frames(seconds));
        if !self.is_replaceable() || self.ahead.len() <= margin + LEAD + fade {
            return None;
        }
        self.splice = (self.taken().wrapping_add(margin as u32), self.pushed);
        self.unpublished = true;
        let mut old = self.ahead.split_off(margin);
        let lead: Vec<Frame> = old.drain(..LEAD).collect();
        self.put(&lead);
        let first = old.front().copied();
        self.fade = Some(Fade {
            tails: old.iter().any(|frame| frame.tail.share > 0.0),
            old,
            frames: fade,
            done: 0,
        });
        first
    }

    /// So many of the frames pushed next take from the old ones what lies under them.
    pub(in crate::audio) fn covered(&self) -> usize {
        let fade = self.fade.as_ref().filter(|fade| fade.tails);
        fade.map_or(0, |fade| fade.old.len())
    }

    /// The new frames have their own tails: they are of the song before, and go over anew.
    pub(in crate::audio) fn drop_tails(&mut self) {
        if let Some(fade) = &mut self.fade {
            fade.tails = false;
        }
    }

    /// The new frames are of another place in the song: they fade over within at least this time.
    pub(in crate::audio) fn fade_for(&mut self, seconds: f64) {
        if let Some(fade) = &mut self.fade {
            fade.frames = fade.frames.max((seconds * f64::from(self.rate)) as usize);
        }
    }
}

impl Fade {
    fn is_over(&self) -> bool {
        self.old.is_empty() || (self.done >= self.frames && !self.tails)
    }

    fn over(&mut self, frames: &mut [Frame]) {
        let count = frames.len().min(self.old.len());
        for (new, old) in frames.iter_mut().zip(self.old.drain(..count)) {
            if self.tails {
                new.tail = old.tail;
            }
            if self.done >= self.frames {
                continue;
            }
            self.done += 1;
            let share = self.done as f32 / self.frames as f32;
            // Where both are the same this is exactly that.
            let mix = |old: [f32; 2], new: [f32; 2]| [0, 1].map(|i| old[i] + (new[i] - old[i]) * share);
            new.mixture = mix(old.mixture, new.mixture);
            new.vocals = mix(old.vocals, new.vocals);
        }
    }
}
