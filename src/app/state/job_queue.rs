//! The separation jobs: which wait in which order, which one runs, which failed and why. The queue is
//! state and the worker holds one job, so reordering and cancelling are list operations.

pub use crate::app::state::priority::{Priority, WaitingJob};
pub use crate::app::state::running_job::{RunningJob, StopReason};

use std::collections::HashSet;
use std::path::PathBuf;

use crate::app::state::cursor::Cursor;
use crate::app::state::priority::Rank;
use crate::app::state::song_key::SongKey;

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
    /// Problems that concern no single song: unreadable folders, a wrong configuration.
    pub notices: Vec<String>,
    /// Number of songs separated since the start.
    pub done: usize,
    /// Why no job is started; a new request by the user tries again.
    pub paused: Option<String>,
    pub cursor: Cursor,
    /// Number of requests so far: the newest goes first.
    requests: i64,
    /// The latest time given for a song to be separated again.
    newest_redo: i64,
    waiting_seconds: f64,
    /// Number of songs in a row that failed for the same reason as the last of `failed`.
    same_failures: usize,
}

/// When this many songs in a row fail for one reason, the songs are not the cause.
const MAX_SAME_FAILURES: usize = 4;
/// Older notices than this many are dropped.
const MAX_NOTICES: usize = 50;

impl JobQueue {
    pub fn waiting(&self) -> &[WaitingJob] {
        &self.waiting
    }

    /// Total length of the waiting songs, in seconds of audio.
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

    /// Adds files that were found: they wait behind everything requested, the newest file first.
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

    /// Adds a song to be separated again when nothing else waits: the larger `at`, the sooner.
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

    /// Puts this song first among those to be separated again.
    pub fn add_redo_first(&mut self, key: SongKey, at: i64, seconds: f64) {
        let waits = self.waiting.iter().find(|w| w.key == key).map(|w| w.priority);
        if waits == Some(Priority::Redo) {
            self.forget_waiting(key);
        }
        self.add_redo(key, at.max(self.newest_redo.saturating_add(1)), seconds);
    }

    /// Drops the songs that wait to be separated again.
    pub fn forget_redos(&mut self) {
        self.waiting.retain(|w| w.priority != Priority::Redo);
        self.waiting_seconds = self.waiting.iter().map(|w| w.seconds).sum();
    }

    /// Puts a song at the front of its priority.
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

    /// Requests the next songs of the queue, in order.
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

    /// Requests many songs at once, in order.
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

    /// The song no longer plays, so its job is now like any other requested one.
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

    /// Swaps a waiting job with its neighbour. They swap ranks too, so the list stays sorted by rank.
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

    /// Returns `true` if a waiting job is more urgent than the running one.
    pub fn should_yield(&self) -> bool {
        match (&self.running, self.waiting.first()) {
            (Some(running), Some(first)) => {
                running.stopping.is_none() && first.rank.0 < running.priority && self.paused.is_none()
            }
            _ => false,
        }
    }

    /// The first waiting job, if nobody requested it. A full cache holds such jobs back; all requested
    /// jobs come before them.
    pub fn first_unrequested(&self) -> Option<&WaitingJob> {
        self.waiting
            .first()
            .filter(|first| !first.priority.is_requested())
    }

    /// Starts the next job if the worker is free and the job `may` begin.
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

    /// Removes the running job, and puts it back at its place in the queue if `again`.
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

    /// Notes a failure. Several in a row for the same reason pause the queue, because then the songs
    /// are not the cause.
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

    /// Number of lines of the Jobs screen.
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
