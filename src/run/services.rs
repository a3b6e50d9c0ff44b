//! The services of a session. They start together, perform the effects of the app and stop together.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Sender;

use crate::app::{CacheStats, Effect, Event, OutputSettings};
use crate::audio::Vocals;
use crate::audio::identity::track_id;
use crate::audio::player::Player;
use crate::audio::player::settings::PlayerSettings;
use crate::audio::player::song::PlayerSong;
use crate::commands::Context;
use crate::config::LoudnessChoice;
use crate::jobs::load::{Load, LoadEvent, OpenedSong, SongLoader};
use crate::jobs::lyrics::LyricsFinder;
use crate::jobs::romanization::{RomanizationRequest, Romanizer};
use crate::jobs::vocal_activity::{Listen, Listener};
use crate::jobs::{Job, Jobs, JobsSetup};
use crate::key_tempo::KeyTempo;
use crate::library::{Library, LibraryEvent, LibrarySetup, WatchMode};
use crate::m3u::{ListItem, is_list};
use crate::paths::Paths;
use crate::remote::Responder;
use crate::request::Request;
use crate::run::draft_writer::DraftWriter;
use crate::run::known_tracks::{KnownTracks, fetched, found};
use crate::run::message::{FetchedFile, InboundMessage};
use crate::run::settings::{self, OUTPUTS, SAVED, SavedSettings};
use crate::run::silent_vocals::SilentVocals;
use crate::run::{playlists, translate};
use crate::store::{StemStore, StoreError};
use crate::track::{Track, TrackId};

/// Songs opened and not let go: the playing one, the next, and one the listener changed their mind on.
const OPENED: usize = 3;

/// All services but the terminal.
pub struct Services {
    store: StemStore,
    player: Player,
    jobs: Jobs,
    loader: SongLoader,
    lyrics: LyricsFinder,
    readings: Romanizer,
    listener: Listener,
    draft_writer: DraftWriter,
    library: Library,
    opened: Vec<OpenedSong>,
    keeper: playlists::QueueStore,
    user_paths: Paths,
    /// The folders of the Library.
    roots: Vec<PathBuf>,
    /// dB on top of the loudness gain; none where songs play as loud as they were made.
    preamp: Option<f64>,
    to_main: Sender<InboundMessage>,
}

impl Services {
    /// Starts everything; whatever takes long happens on the services' own threads.
    pub fn start(
        context: &Context,
        store: StemStore,
        roots: Vec<PathBuf>,
        known: HashMap<PathBuf, Track>,
        to_main: &Sender<InboundMessage>,
    ) -> std::io::Result<Self> {
        let config = &context.config;
        let tell = |to: &Sender<InboundMessage>| {
            let to = to.clone();
            // A main thread that is gone needs no news.
            move |message: InboundMessage| drop(to.send(message))
        };

        let keeper = playlists::QueueStore::start(store.clone())?;

        let send = tell(to_main);
        let player = Player::start(
            PlayerSettings {
                device: Some(config.playback.device.clone()).filter(|name| !name.is_empty()),
                chosen: store
                    .state::<OutputSettings>(OUTPUTS)
                    .and_then(|saved| saved.chosen),
                buffer_frames: Some(config.playback.buffer_frames),
                output: !context.no_sound,
            },
            move |event| send(InboundMessage::Event(translate::of_player(event))),
        );

        let send = tell(to_main);
        let loader = SongLoader::start(store.clone(), move |event| {
            send(match event {
                LoadEvent::Opened(opened) => InboundMessage::Opened(opened),
                LoadEvent::Failed { path, reason } => {
                    InboundMessage::Event(Event::LoadFailed { path, reason })
                }
            });
        })?;

        let send = tell(to_main);
        let places = settings::lyric_places(context, &store, to_main);
        let lyrics = LyricsFinder::start(places, move |path, found| {
            send(InboundMessage::Event(translate::of_lyrics(path, found)));
        })?;

        let send = tell(to_main);
        let readings = Romanizer::start(move |wish, readings| {
            send(InboundMessage::Event(translate::of_readings(wish, readings)));
        })?;

        let send = tell(to_main);
        let listener = Listener::start(store.clone(), move |path, trace| {
            let trace = trace.map(Arc::new);
            send(InboundMessage::Event(Event::VocalsAnalysed { path, trace }));
        })?;

        let send = tell(to_main);
        let engine = context.clone();
        let setup = JobsSetup {
            engine: Box::new(move || engine.engine_command()),
            store: store.clone(),
        };
        let jobs = Jobs::start(setup, move |event| {
            send(InboundMessage::Event(translate::of_job(event)))
        })?;

        let send = tell(to_main);
        let catalogue = RefCell::new(KnownTracks::new(store.clone(), &known));
        let setup = LibrarySetup {
            roots: roots.clone(),
            exclude: config.library.exclude.clone(),
            known,
            watch: if config.library.watch {
                WatchMode::Auto
            } else {
                WatchMode::Never
            },
            poll_seconds: config.library.poll_seconds,
        };
        let library = Library::start(setup, move |event| {
            let mut catalogue = catalogue.borrow_mut();
            catalogue.note(&event);
            let event = match event {
                LibraryEvent::Found(tracks) => Some(Event::SongsFound(found(&catalogue.store, tracks))),
                other => translate::of_library(other),
            };
            if let Some(event) = event {
                send(InboundMessage::Event(event));
            }
        });

        Ok(Self {
            store,
            player,
            jobs,
            loader,
            lyrics,
            readings,
            listener,
            draft_writer: DraftWriter::start(context.paths.drafts(), to_main.clone())?,
            library,
            opened: Vec::new(),
            keeper,
            user_paths: context.paths.clone(),
            roots,
            preamp: (config.playback.loudness == LoudnessChoice::Auto).then_some(config.playback.preamp_db),
            to_main: to_main.clone(),
        })
    }

    /// Where the music is, for [`Event::Position`].
    pub fn position(&self) -> Event {
        let at = self.player.position();
        Event::Position {
            play_id: at.play_id,
            seconds: at.seconds,
        }
    }

    /// Keeps an opened song for the `Play` or `QueueNext` that follows.
    pub fn keep(&mut self, opened: OpenedSong) {
        self.opened.retain(|other| other.path != opened.path);
        if self.opened.len() == OPENED {
            self.opened.remove(0);
        }
        self.opened.push(opened);
    }

    /// A track got its identity: remembered, so that it never has to be read for it again.
    pub fn identified(&self, track: &Track) {
        report(self.store.remember(track), &self.to_main);
    }

    /// Performs an effect of the app without blocking. Effects on the terminal are not performed here.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Load { path, id } => self.loader.load(Load { path, id }),
            Effect::FindLyrics(wanted) => self.lyrics.find(wanted),
            Effect::Romanize { path, lyrics, kind } => {
                self.readings.read(RomanizationRequest { path, lyrics, kind })
            }
            Effect::OpenDraft { .. } | Effect::SaveDraft { .. } | Effect::WriteLyrics { .. } => {
                self.draft_writer.tell(effect);
            }
            Effect::AnalyseVocals { path, id, or_mixture } => {
                self.listener.listen(Listen { path, id, or_mixture })
            }
            Effect::Play {
                play_id,
                path,
                start,
                key_tempo,
            } => {
                let song = self.song(play_id, path, start, key_tempo);
                self.player.load(song, true);
            }
            Effect::QueueNext(next) => {
                let song = next.map(|next| PlayerSong {
                    crossfade: next.crossfade,
                    ..self.song(next.play_id, next.path, 0.0, next.key_tempo)
                });
                self.player.queue_next(song);
            }
            Effect::Resume => self.player.play(),
            // A song that is stopped is one nobody will resume: silence is all there is to do.
            Effect::Pause | Effect::Stop => self.player.pause(),
            Effect::Seek { seconds } => self.player.seek(seconds),
            Effect::SetLoop(seconds) => self.player.set_loop(seconds),
            Effect::RefreshVocals => self.player.refresh_vocals(),
            Effect::SetLevel(level) => self.player.set_level(level),
            Effect::SetSolo(solo) => self.player.set_solo(solo),
            Effect::SetKeyTempo(key_tempo) => self.player.set_key_tempo(key_tempo),
            Effect::SetVolume(volume) => self.player.set_volume(volume),
            Effect::ChooseOutput(name) => self.player.choose_output(name),
            Effect::ListOutputs => self.player.list_outputs(),
            Effect::SetOutputDelay(delay_ms) => self.player.set_output_delay(delay_ms),
            Effect::StartJob {
                path,
                id,
                from_seconds,
            } => self.jobs.begin(Job {
                path,
                id,
                from_seconds,
            }),
            Effect::WarmUpEngine => self.jobs.warm(),
            Effect::CancelJob => self.jobs.cancel(),
            Effect::FocusJob { seconds } => self.jobs.focus(seconds),
            Effect::SaveSongSettings { id, singer, changes } => {
                let done = self.store.remember_song(id, singer.as_deref(), &changes);
                report(done, &self.to_main);
            }
            Effect::Pin { path, id, pinned } => self.pin(path, id, pinned),
            Effect::Sung {
                id,
                path,
                name,
                singer,
            } => {
                if let Some(id) = id {
                    report(self.store.sung(id), &self.to_main);
                }
                match self.keeper.sung(path, name, singer) {
                    Ok(sung) => drop(self.to_main.send(InboundMessage::Event(Event::Sung(sung)))),
                    Err(error) => report(Err(error), &self.to_main),
                }
            }
            Effect::SaveQueue(queue) => report(self.keeper.queue(*queue), &self.to_main),
            Effect::SaveResumePoint(now) => report(self.keeper.now(now), &self.to_main),
            Effect::ReadList { path, instead } => {
                playlists::read(self.user_paths.expand(&path), instead, &self.to_main);
            }
            Effect::WriteList { path, items, over } => {
                playlists::write(self.user_paths.expand(&path), items, over, &self.to_main);
            }
            Effect::FindFiles(paths) => playlists::look_for(paths, &self.store, &self.to_main),
            Effect::SaveState(saved) => {
                let kept = SavedSettings {
                    level: saved.level,
                    volume: saved.volume,
                    sort: saved.sort,
                    readings: saved.readings,
                };
                report(self.store.save_state(SAVED, &kept), &self.to_main);
            }
            Effect::SaveOutputs(saved) => {
                report(self.store.save_state(OUTPUTS, &saved), &self.to_main);
            }
            Effect::ReadCacheStats => self.ask_cache(),
            Effect::Rescan => self.library.rescan(),
            Effect::Suspend | Effect::Redraw | Effect::Quit | Effect::Reply(_) => {}
        }
    }

    fn song(&self, play_id: u64, path: PathBuf, start: f64, key_tempo: KeyTempo) -> PlayerSong {
        let opened = self.opened.iter().find(|opened| opened.path == path);
        let vocals: Box<dyn Vocals> = match opened {
            Some(opened) => {
                let (path, to_main) = (path.clone(), self.to_main.clone());
                Box::new(opened.vocals(&self.store).reporting(move |segment| {
                    let path = path.clone();
                    drop(to_main.send(InboundMessage::Event(Event::SegmentLost { path, segment })));
                }))
            }
            None => Box::new(SilentVocals),
        };
        let gain = opened.map_or(1.0, |opened| opened.gain(self.preamp));
        // an UltraStar song begins where its text says
        let begins = opened.map_or(0.0, |opened| opened.span.start);
        PlayerSong {
            play_id,
            path,
            vocals,
            start: if start > 0.0 { start } else { begins },
            gain,
            crossfade: 0.0,
            key_tempo,
        }
    }

    /// See [`playlists::write_list_for`].
    pub fn write_list_for(&self, path: PathBuf, items: Vec<ListItem>, over: bool, answer: Responder) {
        playlists::write_list_for(path, items, over, answer, &self.to_main);
    }

    /// See [`playlists::collect_songs`].
    pub fn collect_songs(&self, path: PathBuf, instead: bool, answer: Responder) {
        playlists::collect_songs(path, instead, answer, &self.to_main);
    }

    /// A request about a file that is not in the library: it is read first, on a thread of its own,
    /// for a disk may sleep.
    pub fn fetch(&self, path: PathBuf, request: Request, answer: Responder) {
        let (store, roots, to_main) = (self.store.clone(), self.roots.clone(), self.to_main.clone());
        let spawned = thread::Builder::new().name("fetch".into()).spawn(move || {
            if matches!(request, Request::Add(_) | Request::Open(_)) && (is_list(&path) || path.is_dir()) {
                return playlists::add(path, &roots, answer, &to_main);
            }
            let found = fetched(&store, &path);
            let fetched = FetchedFile {
                request,
                answer,
                found,
            };
            drop(to_main.send(InboundMessage::FetchedFile(Box::new(fetched))));
        });
        if let Err(error) = spawned {
            tracing::warn!("no thread to read a song that was asked for: {error}");
        }
    }

    /// The store knows songs by their packets, and reading those takes a moment: on a thread of its own.
    fn pin(&self, path: PathBuf, id: Option<TrackId>, pinned: bool) {
        let (store, to_main) = (self.store.clone(), self.to_main.clone());
        let spawned = thread::Builder::new().name("pin".into()).spawn(move || {
            let read = id.map_or_else(|| track_id(&path), Ok);
            let event = match read {
                Ok(id) => {
                    report(store.pin(id, pinned), &to_main);
                    Event::Identified { path, id }
                }
                Err(error) => Event::Notice(format!("a song cannot be pinned: {error}")),
            };
            drop(to_main.send(InboundMessage::Event(event)));
        });
        if let Err(error) = spawned {
            tracing::warn!("no thread to pin a song: {error}");
        }
    }

    /// Adding up the cache reads folders: on a thread of its own.
    fn ask_cache(&self) {
        let (store, to_main) = (self.store.clone(), self.to_main.clone());
        let counted = thread::Builder::new().name("cache".into()).spawn(move || {
            let stats = store.stats();
            let stats = CacheStats {
                bytes: stats.bytes,
                cap_bytes: stats.cap_bytes,
                songs: stats.complete.unwrap_or_default() as u64,
                pinned: stats.pinned.unwrap_or_default() as u64,
            };
            drop(to_main.send(InboundMessage::Event(Event::CacheStats(stats))));
        });
        if let Err(error) = counted {
            tracing::warn!("no thread to add up the cache: {error}");
        }
    }
}

fn report(done: Result<(), StoreError>, to_main: &Sender<InboundMessage>) {
    if let Err(error) = done {
        drop(to_main.send(InboundMessage::Event(Event::Notice(error.to_string()))));
    }
}
