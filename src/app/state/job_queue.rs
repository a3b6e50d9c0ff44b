//! The jobs: what waits in which order, what runs, what failed and why. The queue is state, the
//! worker holds one job; so reorder, cancel and "this one first" are list operations.

pub use crate::app::state::priority::{Priority, WaitingJob};

use std::collections::HashSet;
use std::path::PathBuf;

use crate::app::state::cursor::Cursor;
use crate::app::state::priority::Rank;
use crate::app::state::song_key::SongKey;

/// What is to happen with a running job that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// It goes on later.
    Later,
    /// Nobody wants it any more.
    ForGood,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RunningJob {
    pub key: SongKey,
    /// The worker knows the file by this name, whatever it is called by now.
    pub path: PathBuf,
    pub priority: Priority,
    rank: Rank,
    pub seconds: f64,
    pub done: u32,
    pub total: u32,
    /// Times real time, 0 while unknown.
    pub speed: f32,
    pub stopping: Option<StopReason>,
}

impl RunningJob {
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
pub struct FailedJob {
    pub key: SongKey,
    pub reason: String,
}

/// A line of the Jobs screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobLine {
    Running,
    Waiting(usize),
    Failed(usize),
    Notice(usize),
}

#[derive(Debug, Default)]
pub struct JobQueue {
    pub running: Option<RunningJob>,
    waiting: Vec<WaitingJob>,
    pub failed: Vec<FailedJob>,
    /// Sentences about the house: unreadable folders, a wrong configuration.
    pub notices: Vec<String>,
    /// Songs separated since the start.
    pub done: usize,
    /// Why no job begins; a new priority by hand tries again.
    pub paused: Option<String>,
    pub cursor: Cursor,
    /// Grows with each priority: the newest goes first.
    requests: i64,
    /// The largest rank among the songs to be separated again.
    newest_redo: i64,
    waiting_seconds: f64,
    /// Songs in a row that failed for the reason of the last of `failed`.
    same_failures: usize,
}

/// So many songs in a row with the same fault: the fault is the house's, not theirs.
const MAX_SAME_FAILURES: usize = 4;
/// Sentences about the house kept.
const MAX_NOTICES: usize = 50;

impl JobQueue {
    pub fn waiting(&self) -> &[WaitingJob] {
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

    fn fresh_rank(&mut self, priority: Priority) -> Rank {
        self.requests += 1;
        (priority, -self.requests)
    }

    /// Files found: they wait behind every priority by hand, the newest file first.
    pub fn add_found(&mut self, songs: impl IntoIterator<Item = (SongKey, i64, f64)>) {
        for (key, modified_ns, seconds) in songs {
            let rank = (Priority::Found, modified_ns.saturating_neg());
            self.waiting.push(WaitingJob {
                key,
                priority: Priority::Found,
                rank,
                seconds,
            });
            self.waiting_seconds += seconds;
        }
        // nearly sorted already: one merge
        self.waiting.sort_by_key(|w| w.rank);
    }

    /// A song to be separated again when nothing else waits: the larger `at`, the sooner.
    pub fn add_redo(&mut self, key: SongKey, at: i64, seconds: f64) {
        if !self.is_running(key) && !self.is_waiting(key) && !self.failed.iter().any(|f| f.key == key) {
            self.newest_redo = self.newest_redo.max(at);
            let priority = Priority::Redo;
            self.insert(WaitingJob {
                key,
                priority,
                rank: (priority, at.saturating_neg()),
                seconds,
            });
        }
    }

    /// This song comes first now among those to be separated again.
    pub fn add_redo_first(&mut self, key: SongKey, at: i64, seconds: f64) {
        let waits = self.waiting.iter().find(|w| w.key == key).map(|w| w.priority);
        if waits == Some(Priority::Redo) {
            self.forget_waiting(key);
        }
        self.add_redo(key, at.max(self.newest_redo.saturating_add(1)), seconds);
    }

    /// No song waits to be separated again.
    pub fn forget_redos(&mut self) {
        self.waiting.retain(|w| w.priority != Priority::Redo);
        self.waiting_seconds = self.waiting.iter().map(|w| w.seconds).sum();
    }

    /// A priority by hand, or for the song that plays: to the front of its kind.
    pub fn request(&mut self, key: SongKey, priority: Priority, seconds: f64) {
        let rank = self.fresh_rank(priority);
        if let Some(running) = self.running.as_mut().filter(|r| r.key == key) {
            (running.priority, running.rank) = (priority, rank);
            if running.stopping == Some(StopReason::ForGood) {
                running.stopping = Some(StopReason::Later);
            }
            return;
        }
        self.forget_waiting(key);
        self.forget_failed(key);
        self.insert(WaitingJob {
            key,
            priority,
            rank,
            seconds,
        });
    }

    /// These are sung next, the first of them first.
    pub fn request_queued(&mut self, songs: Vec<(SongKey, f64)>) {
        for (key, seconds) in songs.into_iter().rev() {
            let playing = |priority: Priority| priority == Priority::Playing;
            let runs = self.running.as_ref();
            if runs.is_some_and(|r| r.key == key && playing(r.priority))
                || self.waiting.iter().any(|w| w.key == key && playing(w.priority))
            {
                continue;
            }
            self.request(key, Priority::Queued, seconds);
        }
    }

    /// Many wishes by hand at once, the first of them first.
    pub fn request_all(&mut self, songs: Vec<(SongKey, f64)>) {
        self.requests += songs.len() as i64;
        let keys: HashSet<SongKey> = songs.iter().map(|(key, _)| *key).collect();
        self.forget(&keys);
        let running = self.running.as_ref().map(|r| r.key);
        for (rank, (key, seconds)) in (-self.requests..).zip(songs) {
            if running != Some(key) {
                self.waiting.push(WaitingJob {
                    key,
                    priority: Priority::Requested,
                    rank: (Priority::Requested, rank),
                    seconds,
                });
                self.waiting_seconds += seconds;
            }
        }
        self.waiting.sort_by_key(|w| w.rank);
    }

    fn insert(&mut self, waiting: WaitingJob) {
        let at = self.waiting.partition_point(|w| w.rank < waiting.rank);
        self.waiting.insert(at, waiting);
        self.waiting_seconds += waiting.seconds;
    }

    /// The song no longer plays: its urgency ends, the priority stays.
    pub fn end_playing_priority(&mut self) {
        if let Some(running) = self.running.as_mut().filter(|r| r.priority == Priority::Playing) {
            (running.priority, running.rank.0) = (Priority::Requested, Priority::Requested);
        }
        for waiting in self
            .waiting
            .iter_mut()
            .filter(|w| w.priority == Priority::Playing)
        {
            (waiting.priority, waiting.rank.0) = (Priority::Requested, Priority::Requested);
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
    /// before everything, a priority by hand before what was only found.
    pub fn should_yield(&self) -> bool {
        match (&self.running, self.waiting.first()) {
            (Some(running), Some(first)) => {
                running.stopping.is_none() && first.rank.0 < running.priority && self.paused.is_none()
            }
            _ => false,
        }
    }

    /// The first that waits, where nobody asked for it: the kind that a full cache keeps waiting.
    /// Wishes of other kinds stand before all of this one.
    pub fn first_unrequested(&self) -> Option<&WaitingJob> {
        self.waiting
            .first()
            .filter(|first| !first.priority.is_requested())
    }

    /// Takes the next job, if the worker is free and the job `may` begin.
    pub fn start_next(
        &mut self,
        may: impl Fn(&WaitingJob) -> bool,
        path: impl Fn(SongKey) -> Option<PathBuf>,
    ) -> Option<&RunningJob> {
        while self.running.is_none() && self.paused.is_none() && self.waiting.first().is_some_and(&may) {
            let WaitingJob {
                key,
                priority,
                rank,
                seconds,
            } = self.waiting.remove(0);
            self.waiting_seconds -= seconds;
            self.running = path(key).map(|path| RunningJob {
                key,
                path,
                priority,
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
    pub fn finish(&mut self, again: bool) -> Option<RunningJob> {
        let running = self.running.take()?;
        if again && !self.is_waiting(running.key) {
            let RunningJob {
                key,
                priority,
                rank,
                seconds,
                ..
            } = running;
            self.insert(WaitingJob {
                key,
                priority,
                rank,
                seconds,
            });
        }
        Some(running)
    }

    pub fn note_success(&mut self) {
        self.done += 1;
        self.same_failures = 0;
    }

    /// Notes a failure; after several alike in a row it stops the queue, for then the fault is not
    /// the songs'.
    pub fn note_failure(&mut self, key: SongKey, reason: String) {
        let same = self.failed.last().is_some_and(|last| last.reason == reason);
        self.same_failures = if same && self.same_failures > 0 {
            self.same_failures + 1
        } else {
            1
        };
        if self.same_failures >= MAX_SAME_FAILURES {
            self.paused = Some(reason.clone());
            self.same_failures = 0;
        }
        self.forget_failed(key);
        self.failed.push(FailedJob { key, reason });
    }

    pub fn add_notice(&mut self, text: String) {
        self.notices.retain(|t| *t != text);
        if self.notices.len() == MAX_NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(text);
    }

    /// Lines of the Jobs screen, in its order.
    pub fn len(&self) -> usize {
        usize::from(self.running.is_some()) + self.waiting.len() + self.failed.len() + self.notices.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn line(&self, at: usize) -> Option<JobLine> {
        let Some(at) = at.checked_sub(usize::from(self.running.is_some())) else {
            return Some(JobLine::Running);
        };
        let Some(failed) = at.checked_sub(self.waiting.len()) else {
            return Some(JobLine::Waiting(at));
        };
        let Some(trouble) = failed.checked_sub(self.failed.len()) else {
            return Some(JobLine::Failed(failed));
        };
        (trouble < self.notices.len()).then_some(JobLine::Notice(trouble))
    }

    pub fn selected(&self) -> Option<JobLine> {
        self.line(self.cursor.at)
    }

    /// The song of a line.
    pub fn song(&self, line: JobLine) -> Option<SongKey> {
        match line {
            JobLine::Running => self.running.as_ref().map(|r| r.key),
            JobLine::Waiting(at) => self.waiting.get(at).map(|w| w.key),
            JobLine::Failed(at) => self.failed.get(at).map(|f| f.key),
            JobLine::Notice(_) => None,
        }
    }
}
