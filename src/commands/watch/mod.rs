//! `croon watch DIR...`: the background half without a screen: finds songs, separates them one
//! after another, and says what happens in lines.

mod queue;
mod room;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, never, select, unbounded};
use serde_json::{Value, json};

use crate::commands::context::Context;
use crate::commands::exit_code::{CommandError, ExitCode};
use crate::commands::interrupt::Interrupt;
use crate::commands::watch::queue::WatchQueue;
use crate::commands::watch::room::CacheRoom;
use crate::jobs::{Job, JobEvent, Jobs, JobsSetup, Listing, model, stored};
use crate::library::{Library, LibraryEvent, LibrarySetup, WatchMode, WatchedBy, scan_once};
use crate::separate::error::EngineError;
use crate::store::StemStore;
use crate::text::printable;
use crate::track::{Track, TrackId};

#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Folders with songs [default: the configured folders]
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Model of croon's engine [default: the configured model]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Exit once every song is separated
    #[arg(long)]
    pub once: bool,
    /// Print one JSON object per event
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: WatchArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let context = &context.with_model(args.model.as_deref())?;
    // A model that the configuration names and that is not there is told now, not by the first song.
    if let Err(error @ EngineError::UnknownModel(_)) = context.engine_command() {
        return Err(error.into());
    }
    let interrupt = Interrupt::listen()?;
    let roots = context.music_folders(&args.folders);
    if roots.is_empty() {
        let what = "no folder to watch: name one, or set [library] folders in config.toml";
        return Err(CommandError::new(ExitCode::NothingFound, what).into());
    }
    let cap = (context.config.cache.size_gb * 1e9) as u64;
    let store = StemStore::open(&context.store_paths(), cap)?;
    model::settle(&store, &context.config.separation);

    let (send_jobs, job_events) = unbounded();
    let (send_files, file_events) = unbounded();
    let for_engine = context.clone();
    let jobs = Jobs::start(
        JobsSetup {
            engine: Box::new(move || for_engine.engine_command()),
            store: store.clone(),
        },
        move |event| drop(send_jobs.send(event)),
    )?;
    let mut watch = Watch {
        context,
        args: &args,
        store,
        jobs,
        queue: WatchQueue::default(),
        scanned: false,
        failed: 0,
        room: CacheRoom::default(),
    };
    if args.once {
        watch.look(&roots)?;
        return watch.until_the_end(&job_events, &never(), &interrupt);
    }
    let wanted = &context.config.library;
    let setup = LibrarySetup {
        roots,
        exclude: wanted.exclude.clone(),
        known: watch.known()?,
        watch: if wanted.watch {
            WatchMode::Auto
        } else {
            WatchMode::Never
        },
        poll_seconds: wanted.poll_seconds,
    };
    let _library = Library::start(setup, move |event| drop(send_files.send(event)));
    watch.until_the_end(&job_events, &file_events, &interrupt)
}

struct Watch<'a> {
    context: &'a Context,
    args: &'a WatchArgs,
    store: StemStore,
    jobs: Jobs,
    queue: WatchQueue,
    scanned: bool,
    failed: u32,
    room: CacheRoom,
}

impl Watch<'_> {
    fn known(&self) -> anyhow::Result<HashMap<PathBuf, Track>> {
        Ok(self
            .store
            .tracks()?
            .into_iter()
            .map(|track| (track.path.clone(), track))
            .collect())
    }

    /// One look at the folders, for a run that ends.
    fn look(&mut self, roots: &[PathBuf]) -> anyhow::Result<()> {
        let mut known = self.known()?;
        let mut seen = scan_once(roots, &self.context.config.library.exclude, |_| {});
        for track in &mut seen.tracks {
            // Read anew each time, but who it is stays known while the file is the same.
            track.id = known
                .remove(&track.path)
                .filter(|old| old.stamp == track.stamp)
                .and_then(|old| old.id);
        }
        for (path, reason) in seen.troubles {
            self.file(LibraryEvent::Trouble { path, reason })?;
        }
        let files = seen.tracks.len();
        self.file(LibraryEvent::Found(seen.tracks))?;
        self.file(LibraryEvent::ScanDone {
            files,
            took: seen.took,
        })
    }

    fn until_the_end(
        &mut self,
        jobs: &Receiver<JobEvent>,
        files: &Receiver<LibraryEvent>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<ExitCode> {
        let stop = &interrupt.0;
        loop {
            self.next_job()?;
            if self.args.once && self.scanned && self.queue.is_idle() {
                return Ok(if self.queue.is_empty() && self.failed == 0 {
                    ExitCode::Done
                } else {
                    ExitCode::Failed
                });
            }
            select! {
                recv(stop) -> _ => return Ok(ExitCode::Interrupted),
                recv(jobs) -> event => match event {
                    Ok(event) => if let Some(exit_code) = self.job(event)? {
                        return Ok(exit_code);
                    },
                    Err(_) => anyhow::bail!("the separating worker ended unexpectedly; start croon again, and look into the log"),
                },
                recv(files) -> event => match event {
                    Ok(event) => self.file(event)?,
                    Err(_) => anyhow::bail!("the library's thread ended unexpectedly; start croon again, and look into the log"),
                },
                default(self.room.wait()) => self.room.look_again(),
            }
        }
    }

    /// Begins the next song when none runs and the cache has room for it.
    fn next_job(&mut self) -> anyhow::Result<()> {
        if self.room.is_full() || !self.queue.is_idle() {
            return Ok(());
        }
        let Some(next) = self.queue.next() else {
            return Ok(());
        };
        if !self.room.fits(&self.store, next) {
            let (songs, gb) = (self.queue.len(), self.store.cap() as f64 / 1e9);
            let text = format!(
                "the cache is full ({gb:.1} GB) and {songs} songs wait; raise [cache] size_gb, or run `croon cache prune`"
            );
            self.line("full", &text, json!({ "waiting": songs }))?;
            if self.args.once {
                return Err(CommandError::new(ExitCode::Failed, text).into());
            }
            return Ok(());
        }
        if let Some(track) = self.queue.begin() {
            self.jobs.begin(Job {
                path: track.path.clone(),
                id: track.id,
                from_seconds: 0.0,
            });
        }
        Ok(())
    }

    fn file(&mut self, event: LibraryEvent) -> anyhow::Result<()> {
        match event {
            LibraryEvent::Found(tracks) => {
                // What cannot be remembered is read again next time.
                if let Err(error) = self.store.remember_many(&tracks) {
                    tracing::warn!("{error}");
                }
                self.sort_in(tracks, &stored::listing(&self.store));
                Ok(())
            }
            LibraryEvent::Gone(paths) => {
                for path in &paths {
                    self.queue.remove(path);
                }
                if let Err(error) = self.store.forget_many(paths.iter().map(PathBuf::as_path)) {
                    tracing::warn!("{error}");
                }
                Ok(())
            }
            LibraryEvent::Moved { from, to } => {
                self.queue.rename(&from, &to);
                let moved = self
                    .store
                    .tracks()
                    .ok()
                    .and_then(|all| all.into_iter().find(|track| track.path == from));
                if let Some(mut track) = moved {
                    track.path.clone_from(&to);
                    let _ = self
                        .store
                        .remember(&track)
                        .and_then(|()| self.store.forget(&from));
                }
                self.line(
                    "moved",
                    &format!("{} is now {}", shown(&from), shown(&to)),
                    json!({ "from": text(&from), "to": text(&to) }),
                )
            }
            LibraryEvent::Progress { .. } => Ok(()),
            LibraryEvent::ScanDone { files, .. } => {
                self.scanned = true;
                let waiting = self.queue.len() + usize::from(!self.queue.is_idle());
                self.line(
                    "scanned",
                    &format!("{files} songs, {waiting} to separate"),
                    json!({ "songs": files, "to_separate": waiting }),
                )
            }
            LibraryEvent::Watching { root, how } => {
                let how = match how {
                    WatchedBy::Inotify => "watched".to_owned(),
                    WatchedBy::Poll { reason } => format!(
                        "looked at every {} s ({reason})",
                        self.context.config.library.poll_seconds
                    ),
                    WatchedBy::Nobody => "not watched".to_owned(),
                };
                self.line(
                    "watching",
                    &format!("{}: {how}", shown(&root)),
                    json!({ "folder": text(&root), "how": how }),
                )
            }
            LibraryEvent::Trouble { path, reason } => self.line(
                "trouble",
                &format!("{}: {reason}", shown(&path)),
                json!({ "path": text(&path), "reason": reason }),
            ),
        }
    }

    /// Something of the worker; an outcome when watching makes no more sense.
    fn job(&mut self, event: JobEvent) -> anyhow::Result<Option<ExitCode>> {
        match event {
            JobEvent::EngineUp(info) => {
                let model = match info.model_why.as_str() {
                    "" => info.model.clone(),
                    why => format!("{} ({why})", info.model),
                };
                let line = format!("{model} on {} ({})", info.device, info.why);
                self.line(
                    "engine",
                    &line,
                    json!({
                        "model": info.model,
                        "model_why": info.model_why,
                        "times_real_time": (info.speed > 0.0).then_some(info.speed),
                        "device": info.device,
                        "why": info.why,
                    }),
                )?;
            }
            JobEvent::ModelChanged(listing) => {
                let whole = self.queue.take_whole();
                self.sort_in(whole, &listing);
            }
            JobEvent::EngineRestarted { reason } => {
                self.line("engine-restarted", &reason, json!({ "reason": reason }))?;
            }
            JobEvent::EngineDown { .. } | JobEvent::EngineAsleep | JobEvent::SegmentStored { .. } => {}
            JobEvent::Started { path } => {
                self.line("separating", &shown(&path), json!({ "path": text(&path) }))?;
            }
            JobEvent::Identified { id, .. } => self.identified(id),
            JobEvent::Progress { speed, .. } => self.queue.speed = speed,
            JobEvent::Finished { path, already, .. } => {
                let speed = self.queue.speed;
                self.queue.end();
                let line = match already {
                    true => format!("{}: was separated before", shown(&path)),
                    false => format!("{}: done, {speed:.1}x real time", shown(&path)),
                };
                self.line(
                    "done",
                    &line,
                    json!({ "path": text(&path), "already": already, "speed": speed }),
                )?;
            }
            JobEvent::Failed { path, reason, house } => {
                self.queue.end();
                self.failed += 1;
                self.line(
                    "failed",
                    &format!("{}: {reason}", shown(&path)),
                    json!({ "path": text(&path), "reason": reason }),
                )?;
                if house {
                    // Every other song would end the same way.
                    return Ok(Some(self.house_is_down()));
                }
            }
            JobEvent::Cancelled { path } => {
                self.queue.end();
                self.line("cancelled", &shown(&path), json!({ "path": text(&path) }))?;
            }
            JobEvent::StemsUnfit { path, reason } => {
                self.context
                    .say(format!("{}: its own stems are not used: {reason}", shown(&path)));
            }
            JobEvent::Evicted(ids) if ids.is_empty() => {}
            JobEvent::Evicted(ids) => {
                self.room.pushed_out();
                let line = format!("{} songs sung longest ago made room", ids.len());
                self.line(
                    "evicted",
                    &line,
                    json!({ "tracks": ids.iter().map(TrackId::to_string).collect::<Vec<_>>() }),
                )?;
            }
        }
        Ok(None)
    }

    fn sort_in(&mut self, tracks: Vec<Track>, stored: &Listing) {
        let last_sung = |id| self.store.song_settings(id).last_sung;
        let again = self.context.separates_again();
        self.queue.sort_in(
            tracks,
            stored,
            again.then_some(&last_sung as &dyn Fn(TrackId) -> i64),
        );
    }

    fn house_is_down(&self) -> ExitCode {
        match self.context.engine_command() {
            Err(_) => ExitCode::NoDevice,
            Ok(_) => ExitCode::Failed,
        }
    }

    fn identified(&mut self, id: TrackId) {
        if let Some(track) = self.queue.identify(id)
            && let Err(error) = self.store.remember(track)
        {
            tracing::warn!("{error}");
        }
    }

    fn line(&self, event: &str, words: &str, mut fields: Value) -> anyhow::Result<()> {
        tracing::info!("{event}: {words}");
        let line = if self.args.json {
            fields["event"] = event.into();
            fields.to_string()
        } else {
            format!("{event}: {words}")
        };
        Ok(self.context.print(format!("{line}\n"))?)
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
