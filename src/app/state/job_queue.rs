//! The jobs: what waits in which order, what runs, what failed and why. The queue is state, the
//! worker holds one job; so reorder, cancel and "this one first" are list operations.

pub use crate::app::state::priority::{Waiting, Wish};

use std::collections::HashSet;
use std::path::PathBuf;

use crate::app::state::cursor::Cursor;
use crate::app::state::priority::Rank;
use crate::app::state::song_key::SongKey;

/// What is to happen with a running job that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// It goes on later.
    Later,
    /// Nobody wants it any more.
    ForGood,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    pub key: SongKey,
    /// The worker knows the file by this name, whatever it is called by now.
    pub path: PathBuf,
    pub wish: Wish,
    rank: Rank,
    pub seconds: f64,
    pub done: u32,
    pub total: u32,
    /// Times real time, 0 while unknown.
    pub speed: f32,
    pub stopping: Option<Stopping>,
}

impl Running {
    /// Share done, 0 to 1.
    pub fn share(&self) -> f64 {
        (f64::from(self.done) / f64::from(self.total.max(1))).clamp(0.0, 1.0)
    }

    /// Whole percents done.
    pub fn percent(&self) -> u32 {
        (self.share() * 100.0) as u32
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    pub key: SongKey,
    pub reason: String,
}

/// A line of the Jobs screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Running,
    Waiting(usize),
    Failed(usize),
    Trouble(usize),
}

#[derive(Debug, Default)]
pub struct Board {
    pub running: Option<Running>,
    waiting: Vec<Waiting>,
    pub failed: Vec<Failed>,
    /// Sentences about the house: unreadable folders, a wrong configuration.
    pub troubles: Vec<String>,
    /// Songs separated since the start.
    pub done: usize,
    /// Why no job begins; a new wish by hand tries again.
    pub halted: Option<String>,
    pub cursor: Cursor,
    /// Grows with each wish: the newest goes first.
    wishes: i64,
    /// The largest rank among the songs to be separated again.
    newest_again: i64,
    waiting_seconds: f64,
    /// Songs in a row that failed for the reason of the last of `failed`.
    alike: usize,
}

/// So many songs in a row with the same fault: the fault is the house's, not theirs.
const ALIKE: usize = 4;
/// Sentences about the house kept.
const TROUBLES: usize = 50;

impl Board {
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Seconds of audio that wait.
    pub fn waiting_seconds(&self) -> f64 {
        self.waiting_seconds.max(0.0)
    }

    pub fn is_waiting(&self, key: SongKey) -> bool {
        self.waiting.iter().any(|w| w.key == key)
    }

    pub fn is_running(&self, key: SongKey) -> bool {
        self.running.as_ref().is_some_and(|r| r.key == key)
    }

    fn fresh_rank(&mut self, wish: Wish) -> Rank {
        self.wishes += 1;
        (wish, -self.wishes)
    }

    /// Files found: they wait behind every wish by hand, the newest file first.
    pub fn found(&mut self, songs: impl IntoIterator<Item = (SongKey, i64, f64)>) {
        for (key, modified_ns, seconds) in songs {
            let rank = (Wish::Found, modified_ns.saturating_neg());
            self.waiting.push(Waiting {
                key,
                wish: Wish::Found,
                rank,
                seconds,
            });
            self.waiting_seconds += seconds;
        }
        // nearly sorted already: one merge
        self.waiting.sort_by_key(|w| w.rank);
    }

    /// A song to be separated again when nothing else waits: the larger `at`, the sooner.
    pub fn again(&mut self, key: SongKey, at: i64, seconds: f64) {
        if !self.is_running(key) && !self.is_waiting(key) && !self.failed.iter().any(|f| f.key == key) {
            self.newest_again = self.newest_again.max(at);
            let wish = Wish::Again;
            self.insert(Waiting {
                key,
                wish,
                rank: (wish, at.saturating_neg()),
                seconds,
            });
        }
    }

    /// This song comes first now among those to be separated again.
    pub fn again_first(&mut self, key: SongKey, at: i64, seconds: f64) {
        let waits = self.waiting.iter().find(|w| w.key == key).map(|w| w.wish);
        if waits == Some(Wish::Again) {
            self.forget_waiting(key);
        }
        self.again(key, at.max(self.newest_again.saturating_add(1)), seconds);
    }

    /// No song waits to be separated again.
    pub fn forget_again(&mut self) {
        self.waiting.retain(|w| w.wish != Wish::Again);
        self.waiting_seconds = self.waiting.iter().map(|w| w.seconds).sum();
    }

    /// A wish by hand, or for the song that plays: to the front of its kind.
    pub fn wish(&mut self, key: SongKey, wish: Wish, seconds: f64) {
        let rank = self.fresh_rank(wish);
        if let Some(running) = self.running.as_mut().filter(|r| r.key == key) {
            (running.wish, running.rank) = (wish, rank);
            if running.stopping == Some(Stopping::ForGood) {
                running.stopping = Some(Stopping::Later);
            }
            return;
        }
        self.forget_waiting(key);
        self.forget_failed(key);
        self.insert(Waiting {
            key,
            wish,
            rank,
            seconds,
        });
    }

    /// These are sung next, the first of them first.
    pub fn queued(&mut self, songs: Vec<(SongKey, f64)>) {
        for (key, seconds) in songs.into_iter().rev() {
            let playing = |wish: Wish| wish == Wish::Playing;
            let runs = self.running.as_ref();
            if runs.is_some_and(|r| r.key == key && playing(r.wish))
                || self.waiting.iter().any(|w| w.key == key && playing(w.wish))
            {
                continue;
            }
            self.wish(key, Wish::Queued, seconds);
        }
    }

    /// Many wishes by hand at once, the first of them first.
    pub fn wish_all(&mut self, songs: Vec<(SongKey, f64)>) {
        self.wishes += songs.len() as i64;
        let keys: HashSet<SongKey> = songs.iter().map(|(key, _)| *key).collect();
        self.forget(&keys);
        let running = self.running.as_ref().map(|r| r.key);
        for (rank, (key, seconds)) in (-self.wishes..).zip(songs) {
            if running != Some(key) {
                self.waiting.push(Waiting {
                    key,
                    wish: Wish::Asked,
                    rank: (Wish::Asked, rank),
                    seconds,
                });
                self.waiting_seconds += seconds;
            }
        }
        self.waiting.sort_by_key(|w| w.rank);
    }

    fn insert(&mut self, waiting: Waiting) {
        let at = self.waiting.partition_point(|w| w.rank < waiting.rank);
        self.waiting.insert(at, waiting);
        self.waiting_seconds += waiting.seconds;
    }

    /// The song no longer plays: its urgency ends, the wish stays.
    pub fn no_longer_playing(&mut self) {
        if let Some(running) = self.running.as_mut().filter(|r| r.wish == Wish::Playing) {
            (running.wish, running.rank.0) = (Wish::Asked, Wish::Asked);
        }
        for waiting in self.waiting.iter_mut().filter(|w| w.wish == Wish::Playing) {
            (waiting.wish, waiting.rank.0) = (Wish::Asked, Wish::Asked);
        }
        self.waiting.sort_by_key(|w| w.rank);
    }

    pub fn forget_waiting(&mut self, key: SongKey) -> bool {
        let at = self.waiting.iter().position(|w| w.key == key);
        if let Some(at) = at {
            self.waiting_seconds -= self.waiting.remove(at).seconds;
        }
        at.is_some()
    }

    pub fn forget_failed(&mut self, key: SongKey) {
        self.failed.retain(|f| f.key != key);
    }

    /// Drops these songs from the waiting and the failed.
    pub fn forget(&mut self, songs: &HashSet<SongKey>) {
        self.waiting.retain(|w| !songs.contains(&w.key));
        self.waiting_seconds = self.waiting.iter().map(|w| w.seconds).sum();
        self.failed.retain(|f| !songs.contains(&f.key));
    }

    /// Swaps a waiting job with its neighbour. They swap ranks too, so that the order of the rest
    /// and of what comes later stays what the ranks say.
    pub fn shift(&mut self, at: usize, down: bool) -> bool {
        let Some(other) = (if down {
            at.checked_add(1)
        } else {
            at.checked_sub(1)
        }) else {
            return false;
        };
        if at.max(other) >= self.waiting.len() {
            return false;
        }
        let (a, b) = (self.waiting[at].rank, self.waiting[other].rank);
        self.waiting.swap(at, other);
        (self.waiting[at].rank, self.waiting[other].rank) = (a, b);
        true
    }

    /// The job that should run instead of the running one, if there is one: a song being sung goes
    /// before everything, a wish by hand before what was only found.
    pub fn should_yield(&self) -> bool {
        match (&self.running, self.waiting.first()) {
            (Some(running), Some(first)) => {
                running.stopping.is_none() && first.rank.0 < running.wish && self.halted.is_none()
            }
            _ => false,
        }
    }

    /// The first that waits, where nobody asked for it: the kind that a full cache keeps waiting.
    /// Wishes of other kinds stand before all of this one.
    pub fn unasked(&self) -> Option<&Waiting> {
        self.waiting.first().filter(|first| !first.wish.is_by_hand())
    }

    /// Takes the next job, if the worker is free and the job `may` begin.
    pub fn next(
        &mut self,
        may: impl Fn(&Waiting) -> bool,
        path: impl Fn(SongKey) -> Option<PathBuf>,
    ) -> Option<&Running> {
        while self.running.is_none() && self.halted.is_none() && self.waiting.first().is_some_and(&may) {
            let Waiting {
                key,
                wish,
                rank,
                seconds,
            } = self.waiting.remove(0);
            self.waiting_seconds -= seconds;
            self.running = path(key).map(|path| Running {
                key,
                path,
                wish,
                rank,
                seconds,
                done: 0,
                total: 0,
                speed: 0.0,
                stopping: None,
            });
            if self.running.is_some() {
                return self.running.as_ref();
            }
        }
        None
    }

    /// The running job ends; puts it back in the queue where it was if `again`.
    pub fn end(&mut self, again: bool) -> Option<Running> {
        let running = self.running.take()?;
        if again && !self.is_waiting(running.key) {
            let Running {
                key,
                wish,
                rank,
                seconds,
                ..
            } = running;
            self.insert(Waiting {
                key,
                wish,
                rank,
                seconds,
            });
        }
        Some(running)
    }

    pub fn succeeded(&mut self) {
        self.done += 1;
        self.alike = 0;
    }

    /// Notes a failure; after several alike in a row it stops the queue, for then the fault is not
    /// the songs'.
    pub fn fail(&mut self, key: SongKey, reason: String) {
        let same = self.failed.last().is_some_and(|last| last.reason == reason);
        self.alike = if same && self.alike > 0 { self.alike + 1 } else { 1 };
        if self.alike >= ALIKE {
            self.halted = Some(reason.clone());
            self.alike = 0;
        }
        self.forget_failed(key);
        self.failed.push(Failed { key, reason });
    }

    pub fn trouble(&mut self, text: String) {
        self.troubles.retain(|t| *t != text);
        if self.troubles.len() == TROUBLES {
            self.troubles.remove(0);
        }
        self.troubles.push(text);
    }

    /// Lines of the Jobs screen, in its order.
    pub fn len(&self) -> usize {
        usize::from(self.running.is_some()) + self.waiting.len() + self.failed.len() + self.troubles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn line(&self, at: usize) -> Option<Line> {
        let Some(at) = at.checked_sub(usize::from(self.running.is_some())) else {
            return Some(Line::Running);
        };
        let Some(failed) = at.checked_sub(self.waiting.len()) else {
            return Some(Line::Waiting(at));
        };
        let Some(trouble) = failed.checked_sub(self.failed.len()) else {
            return Some(Line::Failed(failed));
        };
        (trouble < self.troubles.len()).then_some(Line::Trouble(trouble))
    }

    pub fn selected(&self) -> Option<Line> {
        self.line(self.cursor.at)
    }

    /// The song of a line.
    pub fn song(&self, line: Line) -> Option<SongKey> {
        match line {
            Line::Running => self.running.as_ref().map(|r| r.key),
            Line::Waiting(at) => self.waiting.get(at).map(|w| w.key),
            Line::Failed(at) => self.failed.get(at).map(|f| f.key),
            Line::Trouble(_) => None,
        }
    }
}
