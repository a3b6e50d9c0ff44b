//! The separating thread: it holds one job and, from its first need on, the engine.

use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, select};

use crate::audio::identity::track_id;
use crate::jobs::bundled_stems::BundledStems;
use crate::jobs::command::{JobCommand, JobsSetup};
use crate::jobs::error::JobError;
use crate::jobs::event::{JobEvent, engine_info};
use crate::jobs::job::Job;
use crate::jobs::loudness::Measuring;
use crate::jobs::separation::{SeparationJob, Stamp, StoredSegment};
use crate::jobs::{model, stored};
use crate::library::ready_stems;
use crate::separate::engine::{Engine, EngineReply};
use crate::separate::error::EngineError;
use crate::separate::segment::Grid;
use crate::track::TrackId;

/// How long an answer is awaited before the next look at the inbox.
const GLANCE: Duration = Duration::from_millis(50);
/// The model's name where no engine was met yet.
const READY_MADE: &str = "ready-made";
/// An engine without work is ended after this: it holds hundreds of megabytes.
const IDLE: Duration = Duration::from_secs(300);

pub(super) struct Worker {
    setup: JobsSetup,
    inbox: Receiver<JobCommand>,
    stopped: Receiver<()>,
    on: Box<dyn Fn(JobEvent) + Send>,
    engine: Option<Engine>,
    /// Begun while another was running.
    next: Option<Job>,
}

/// How a job came to its end without an error.
struct Finished {
    id: TrackId,
    already: bool,
}

impl Worker {
    pub(super) fn new(
        setup: JobsSetup,
        inbox: Receiver<JobCommand>,
        stopped: Receiver<()>,
        on: Box<dyn Fn(JobEvent) + Send>,
    ) -> Self {
        Self {
            setup,
            inbox,
            stopped,
            on,
            engine: None,
            next: None,
        }
    }

    pub(super) fn run(mut self) {
        while let Some(job) = self.wait() {
            self.say(JobEvent::Started {
                path: job.path.clone(),
            });
            let path = job.path.clone();
            let event = match self.separate(&job) {
                Ok(Finished { id, already }) => {
                    stored::replace_others(&self.setup.store, id);
                    if !already {
                        self.make_room(id);
                    }
                    JobEvent::Finished { path, id, already }
                }
                Err(JobError::Cancelled | JobError::Engine(EngineError::Stopped)) => {
                    JobEvent::Cancelled { path }
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), "separation failed: {error}");
                    JobEvent::Failed {
                        path,
                        reason: error.to_string(),
                        house: error.is_of_the_house(),
                    }
                }
            };
            if let Some(engine) = &mut self.engine {
                engine.forget();
            }
            self.say(event);
        }
    }

    fn say(&self, event: JobEvent) {
        (self.on)(event);
    }

    /// The next job; `None` when croon ends.
    fn wait(&mut self) -> Option<Job> {
        if let Some(job) = self.next.take() {
            return Some(job);
        }
        loop {
            let idle = if self.engine.is_some() {
                IDLE
            } else {
                Duration::MAX
            };
            let (inbox, stopped) = (&self.inbox, &self.stopped);
            select! {
                recv(stopped) -> _ => return None,
                recv(inbox) -> command => match command {
                    Ok(JobCommand::Begin(job)) => return Some(job),
                    // Too late for a job that just ended.
                    Ok(JobCommand::Cancel | JobCommand::Focus(_)) => {}
                    Ok(JobCommand::Warm) => self.warm(),
                    Err(_) => return None,
                },
                default(idle) => {
                    self.engine = None;
                    self.say(JobEvent::EngineAsleep);
                }
            }
        }
    }

    fn separate(&mut self, job: &Job) -> Result<Finished, JobError> {
        // Taken before the packets are read: a file changed after this is another file.
        let stamp = Stamp::of(&job.path)?;
        let id = match job.id {
            Some(id) => id,
            None => track_id(&job.path)?,
        };
        self.say(JobEvent::Identified {
            path: job.path.clone(),
            id,
        });
        // Songs that are whole under the model of last time need no engine to be started.
        if stored::is_done(&self.setup.store, id)? {
            self.measure(Measuring::begin(&self.setup.store, &job.path, id))?;
            return Ok(Finished { id, already: true });
        }
        if let Some(finished) = self.ready_made(job, &stamp, id)? {
            return Ok(finished);
        }
        let (key, grid) = self.engine()?;
        if grid != Grid::STANDARD {
            return Err(JobError::Grid);
        }
        // It may have another model than was thought.
        if stored::is_done(&self.setup.store, id)? {
            self.measure(Measuring::begin(&self.setup.store, &job.path, id))?;
            return Ok(Finished { id, already: true });
        }
        let stems = self.setup.store.song(&key, id)?;
        let song = SeparationJob::new(&job.path, stamp, grid, stems, job.from_seconds)?;
        self.through_the_engine(&job.path, id, song)?;
        Ok(Finished { id, already: false })
    }

    /// Stems that come with the song are its vocals; nothing where there are none, or none that fit.
    fn ready_made(&mut self, job: &Job, stamp: &Stamp, id: TrackId) -> Result<Option<Finished>, JobError> {
        let Some(stems) = ready_stems(&job.path) else {
            return Ok(None);
        };
        let grid = Grid::STANDARD;
        let mut ready = match BundledStems::open(&job.path, &stems, grid) {
            Ok(ready) => ready,
            Err(reason) => {
                self.say(JobEvent::StemsUnfit {
                    path: job.path.clone(),
                    reason: reason.to_string(),
                });
                return Ok(None);
            }
        };
        let key = match model::current(&self.setup.store) {
            Some(key) => key,
            None => {
                // no engine was ever met, and none is needed
                model::remember(&self.setup.store, READY_MADE);
                READY_MADE.to_owned()
            }
        };
        let stems = self.setup.store.song(&key, id)?;
        let already = stems.is_complete();
        if !already {
            let mut song = SeparationJob::new(&job.path, stamp.clone(), grid, stems, job.from_seconds)?;
            self.progress(&job.path, &song);
            while let Some(stored) = song.take(&mut ready)? {
                self.stored(&job.path, &song, stored);
                self.listen(Some(&mut song))?;
            }
            song.finish()?;
        }
        self.measure(Measuring::begin(&self.setup.store, &job.path, id))?;
        Ok(Some(Finished { id, already }))
    }

    fn through_the_engine(
        &mut self,
        path: &Path,
        id: TrackId,
        mut song: SeparationJob,
    ) -> Result<(), JobError> {
        let mut measuring = Measuring::begin(&self.setup.store, path, id);
        self.progress(path, &song);
        loop {
            self.listen(Some(&mut song))?;
            let Some(engine) = &mut self.engine else {
                return Err(EngineError::Stopped.into());
            };
            if let Some(stored) = song.feed(engine)? {
                self.stored(path, &song, stored);
                continue;
            }
            if song.is_whole() {
                self.measure(measuring)?;
                return song.finish();
            }
            // The engine has its hands full: time to listen.
            measuring = measuring.and_then(|song| song.go_on(&self.setup.store));
            match engine.answer(GLANCE) {
                Ok(EngineReply::Vocals { tag, mixture, pcm }) => {
                    if let Some(stored) = song.answered(tag, &mixture, &pcm)? {
                        self.stored(path, &song, stored);
                    }
                }
                Ok(EngineReply::Failed { tag, reason }) => song.refused(tag, reason)?,
                Ok(EngineReply::Restarted { reason }) => {
                    let info = engine_info(engine.hello());
                    self.say(JobEvent::EngineRestarted { reason });
                    self.say(JobEvent::EngineUp(info));
                }
                Ok(EngineReply::Nothing) => {}
                Err(error) => {
                    self.engine = None;
                    return Err(self.no_engine(error));
                }
            }
        }
    }

    /// Measures what is left of a song, unless the job is given up meanwhile.
    fn measure(&mut self, mut left: Option<Measuring>) -> Result<(), JobError> {
        while let Some(song) = left {
            self.listen(None)?;
            left = song.go_on(&self.setup.store);
        }
        Ok(())
    }

    /// Takes what came in while a job runs.
    fn listen(&mut self, mut song: Option<&mut SeparationJob>) -> Result<(), JobError> {
        use crossbeam_channel::TryRecvError::Empty;
        if !matches!(self.stopped.try_recv(), Err(Empty)) {
            return Err(JobError::Cancelled);
        }
        while let Ok(command) = self.inbox.try_recv() {
            match command {
                JobCommand::Focus(seconds) => {
                    if let Some(song) = &mut song {
                        song.focus(seconds);
                    }
                }
                JobCommand::Warm => {}
                JobCommand::Cancel => return Err(JobError::Cancelled),
                JobCommand::Begin(job) => {
                    self.next = Some(job);
                    return Err(JobError::Cancelled);
                }
            }
        }
        Ok(())
    }

    /// The engine, started if need be: its model's key and its grid.
    fn engine(&mut self) -> Result<(String, Grid), JobError> {
        self.start_engine().map_err(|error| self.no_engine(error))?;
        match &self.engine {
            Some(engine) => {
                let hello = engine.hello();
                Ok((model::key_of(hello), engine.grid()))
            }
            None => Err(EngineError::Stopped.into()),
        }
    }

    fn start_engine(&mut self) -> Result<(), EngineError> {
        if self.engine.is_none() {
            let command = (self.setup.engine)()?;
            let engine = Engine::start_until(command, self.stopped.clone())?;
            let info = engine_info(engine.hello());
            let before = model::current(&self.setup.store);
            let changed = before.is_some_and(|before| before != info.model_key);
            model::remember(&self.setup.store, &info.model_key);
            self.engine = Some(engine);
            self.say(JobEvent::EngineUp(info));
            if changed {
                self.say(JobEvent::ModelChanged(stored::listing(&self.setup.store)));
            }
        }
        Ok(())
    }

    /// Ahead of need; a fault is said where the need is.
    fn warm(&mut self) {
        if let Err(error) = self.start_engine() {
            tracing::info!("no engine yet: {error}");
        }
    }

    fn no_engine(&self, error: EngineError) -> JobError {
        if !matches!(error, EngineError::Stopped) {
            self.say(JobEvent::EngineDown {
                reason: error.to_string(),
            });
        }
        error.into()
    }

    fn stored(&self, path: &Path, song: &SeparationJob, StoredSegment { segment, peaks }: StoredSegment) {
        self.say(JobEvent::SegmentStored {
            path: path.to_owned(),
            segment,
            peaks,
        });
        self.progress(path, song);
    }

    fn progress(&self, path: &Path, song: &SeparationJob) {
        let (done, total) = song.progress();
        self.say(JobEvent::Progress {
            path: path.to_owned(),
            done,
            total,
            speed: song.speed(),
        });
    }

    /// Keeps the cache within its cap after this song was stored. The store never does so by itself, so
    /// that every eviction is reported.
    fn make_room(&self, newest: TrackId) {
        if self.setup.store.used() <= self.setup.store.cap() {
            return;
        }
        let before = stored::listing(&self.setup.store).ready;
        match self.setup.store.prune_sparing(newest) {
            Ok(pruned) if pruned.songs > 0 => {
                let after = stored::listing(&self.setup.store).ready;
                self.say(JobEvent::Evicted(before.difference(&after).copied().collect()));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("the cache could not be pruned: {error}"),
        }
    }
}
