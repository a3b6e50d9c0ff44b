//! Runs a session: starts the services, receives every message on one channel, lets the app update its
//! state, and performs the effects. Only the main thread owns the state.

mod draft_writer;
mod frontend;
mod known_tracks;
mod message;
mod playlists;
mod requests;
mod services;
mod settings;
mod silent_vocals;
mod translate;

pub use crate::run::requests::attach;
pub use message::InboundMessage;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};

use crate::app::{App, Effect, Event, PointerEvent, update};
use crate::commands::{CommandError, Context, ExitCode};
use crate::jobs::model;
use crate::keymap::Keymap;
use crate::m3u;
use crate::remote::{PendingRequest, Remote, RemoteRequest, Reply, Responder};
use crate::request::Request;
use crate::run::frontend::Frontend;
use crate::run::services::Services;
use crate::store::{StemStore, StoreError};
use crate::terminal::{Input, TerminalError};
use crate::ui::{Depth, Theme};

/// At most so many events between two frames, so that a flood of them cannot freeze the screen.
const FLOOD: usize = 512;
/// Frames a second over a network, where each one is sent as text.
const REMOTE_FPS: u32 = 15;

/// Opens the screen on these folders (none: the configured ones) and stays until the user leaves;
/// `plain`: told in lines.
pub fn run(asked: &[PathBuf], plain: bool, context: &Context) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let all = asked;
    let (list, asked): (Vec<PathBuf>, Vec<PathBuf>) = asked
        .iter()
        .cloned()
        .partition(|path| m3u::is_list(path) && path.is_file());
    let roots: Vec<PathBuf> = context
        .music_folders(&asked)
        .iter()
        .map(|root| absolute(root))
        .collect();
    let opened = StemStore::open_or_volatile(&context.store_paths(), context.config.cache_bytes());
    if let Err(StoreError::Busy { .. }) = &opened
        && let Some(exit_code) = attach(all, context)?
    {
        // the first croon had only just begun when we looked for it
        return Ok(exit_code);
    }
    let (store, volatile) = opened?;
    model::settle(&store, &context.config.separation);
    let known = known_tracks::known_below(&store, &roots);

    let (keymap, key_errors) = Keymap::with_overrides(&context.config.keys);
    let mut app = App::new(settings::settings(context, &store, &roots), keymap);
    let mut news: Vec<Event> = Vec::new();
    if !known.is_empty() {
        news.push(Event::SongsFound(known_tracks::found(
            &store,
            known.values().cloned().collect(),
        )));
    }
    news.push(Event::SessionRestored(Box::new(playlists::restored(&store))));
    news.extend(volatile.map(|reason| Event::Notice(reason.to_string())));
    news.extend(
        context
            .problems
            .iter()
            .map(|problem| Event::Notice(problem.to_string())),
    );
    news.extend(key_errors.iter().map(|error| Event::Notice(error.to_string())));

    let (to_main, inbox) = unbounded();
    let mut theme = Theme::new(context.color, context.config.screen.ascii);
    if context.color {
        theme.depth = Depth::of_terminal(|name| std::env::var(name).ok());
    }
    let (theme, colour_errors) = theme.with_colours(&context.config.colors);
    news.extend(colour_errors.iter().map(|error| Event::Notice(error.to_string())));
    let mut frontend = Frontend::open(context, theme, plain).map_err(no_terminal)?;
    let (columns, rows) = frontend.size()?;
    news.insert(0, Event::Resize { columns, rows });

    // Effects of the app that come before the services run wait for them: the first frame comes first.
    let mut wanted = app.initial_effects();
    for event in news {
        wanted.extend(update(&mut app, event));
    }
    // the first list instead of what was queued, more of them after it
    for (nth, path) in list.iter().enumerate() {
        wanted.push(Effect::ReadList {
            path: absolute(path),
            instead: nth == 0,
        });
    }
    frontend.draw(&app)?;
    app.frame_drawn();
    let to_us = to_main.clone();
    frontend
        .listen(move |input| drop(to_us.send(InboundMessage::Input(input))))
        .map_err(no_terminal)?;
    tracing::info!(
        "first frame after {} ms, {} songs known",
        began.elapsed().as_millis(),
        known.len()
    );

    let services =
        Services::start(context, store, roots, known, &to_main).context("a thread could not be started")?;
    let remote = requests::open_doors(context, &to_main);
    let mut session = PlayerSession {
        app,
        services,
        remote,
        answering: None,
        jumped: false,
        frontend,
        began,
        due: Instant::now(),
        frame: frame_time(context),
    };
    let ended = session
        .perform(wanted)
        .and_then(|quit| if quit { Ok(()) } else { session.live(&inbox) });
    // The terminal is restored before the services are stopped, which may take a moment.
    drop(session.frontend);
    ended.map(|()| ExitCode::Done)
}

/// Everything that lives between the first frame and the last.
struct PlayerSession {
    app: App,
    services: Services,
    remote: Remote,
    /// Who made the request that is being decided.
    answering: Option<Responder>,
    /// The listener went to another place in the song since the last status was published.
    jumped: bool,
    frontend: Frontend,
    began: Instant,
    /// No frame before this.
    due: Instant,
    frame: Duration,
}

impl PlayerSession {
    fn live(&mut self, inbox: &Receiver<InboundMessage>) -> anyhow::Result<()> {
        loop {
            let message = match self.wait(inbox) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("every part of croon has stopped"),
            };
            // The clock first: what the events bring counts from now.
            if self.tick()? {
                return Ok(());
            }
            for message in message.into_iter().chain(inbox.try_iter().take(FLOOD)) {
                if self.take(message)? {
                    return Ok(());
                }
            }
            if self.remote.watched() {
                let jumped = std::mem::take(&mut self.jumped);
                self.remote.publish(requests::status(&self.app), jumped);
            }
            if self.app.needs_frame() && Instant::now() >= self.due {
                self.draw()?;
            }
        }
    }

    /// Until something happens, or the next tick or frame is due; without either, for ever.
    fn wait(&self, inbox: &Receiver<InboundMessage>) -> Result<InboundMessage, RecvTimeoutError> {
        let tick = self
            .app
            .next_wake()
            .map(|wake| self.began + Duration::from_millis(wake));
        let frame = self.app.needs_frame().then_some(self.due);
        match [tick, frame].into_iter().flatten().min() {
            Some(at) => inbox.recv_deadline(at),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn tick(&mut self) -> anyhow::Result<bool> {
        if self.app.deck.is_moving() {
            let position = self.services.position();
            if self.feed(position)? {
                return Ok(true);
            }
        }
        let now_ms = self.now_ms();
        self.feed(Event::Tick { now_ms })
    }

    fn take(&mut self, message: InboundMessage) -> anyhow::Result<bool> {
        match message {
            InboundMessage::Input(Input::Key(key)) => self.feed(Event::Key(key)),
            InboundMessage::Input(Input::Paste(text)) => self.feed(Event::Paste(text)),
            InboundMessage::Input(Input::Pointer { column, row, gesture }) => {
                match self.frontend.spot_at(&self.app, (column, row))? {
                    Some((spot, share)) => self.feed(Event::Pointer(PointerEvent {
                        target: spot,
                        share,
                        gesture,
                    })),
                    None => Ok(false),
                }
            }
            InboundMessage::Input(Input::Resize { columns, rows }) => {
                self.feed(Event::Resize { columns, rows })
            }
            InboundMessage::Input(Input::Quit) => self.feed(Event::Quit),
            InboundMessage::Input(Input::Suspend) => self.perform(vec![Effect::Suspend]),
            InboundMessage::Input(Input::Continued) => {
                self.frontend.resume()?;
                self.feed(Event::Resumed)
            }
            InboundMessage::Opened(opened) => {
                let event = translate::of_opened(&opened);
                self.services.keep(*opened);
                self.feed(event)
            }
            InboundMessage::PendingRequest(asked) => self.asked(asked),
            InboundMessage::FetchedFile(fetched) => {
                let message::FetchedFile {
                    request,
                    answer,
                    found,
                } = *fetched;
                match found {
                    Ok(found) => {
                        let request = request.with_file(found.track.path.clone());
                        Ok(self.feed(Event::SongsFound(vec![found]))?
                            || self.handle_request(request, answer)?)
                    }
                    Err(why) => {
                        answer.reply(Reply::Refused(why));
                        Ok(false)
                    }
                }
            }
            InboundMessage::GatheredSongs(gathered) => self.gathered(*gathered),
            InboundMessage::Event(event) => {
                let identified = match &event {
                    Event::Identified { path, .. } => Some(path.clone()),
                    _ => None,
                };
                let quit = self.feed(event)?;
                if let Some(entry) = identified.and_then(|path| self.app.tracks.find(&path)) {
                    self.services.identified(&entry.track);
                }
                Ok(quit)
            }
        }
    }

    fn asked(&mut self, asked: PendingRequest) -> anyhow::Result<bool> {
        let PendingRequest { ask, answer } = asked;
        let request = match ask {
            RemoteRequest::Do(request) => request,
            RemoteRequest::Status | RemoteRequest::Follow => {
                // also of a paused song: where it stands, not where it was last looked at
                let quit = self.feed(self.services.position())?;
                answer.reply(Reply::Status(Box::new(requests::status(&self.app))));
                return Ok(quit);
            }
            RemoteRequest::SaveQueue { path, over } => {
                let items = self.app.queue_items();
                self.services.write_list_for(path, items, over, answer);
                return Ok(false);
            }
            RemoteRequest::LoadQueue { path, instead } => {
                self.services.collect_songs(path, instead, answer);
                return Ok(false);
            }
        };
        match request.file() {
            Some(path) if self.app.tracks.key(path).is_none() => {
                let path = path.to_owned();
                self.services.fetch(path, request, answer);
                Ok(false)
            }
            _ => self.handle_request(request, answer),
        }
    }

    /// The songs of a list or folder go into the queue, and whoever asked is told how many.
    fn gathered(&mut self, gathered: message::GatheredSongs) -> anyhow::Result<bool> {
        let message::GatheredSongs {
            list,
            instead,
            answer,
        } = gathered;
        let (reply, event) = requests::queued(list, instead);
        answer.reply(reply);
        event.map_or(Ok(false), |event| self.feed(event))
    }

    fn handle_request(&mut self, request: Request, answer: Responder) -> anyhow::Result<bool> {
        self.answering = Some(answer);
        self.feed(Event::Request(request))
    }

    fn feed(&mut self, event: Event) -> anyhow::Result<bool> {
        let effects = update(&mut self.app, event);
        self.perform(effects)
    }

    /// Performs the effects of the app. Returns `true` if one of them is to quit.
    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<bool> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Suspend => {
                    self.frontend.suspend()?;
                    if self.feed(Event::Resumed)? {
                        return Ok(true);
                    }
                }
                Effect::Redraw => {
                    self.frontend.clear()?;
                    self.draw()?;
                }
                Effect::Reply(answer) => {
                    if let Some(asker) = self.answering.take() {
                        asker.reply(answer.map_or_else(Reply::Refused, Reply::Done));
                    }
                }
                effect => {
                    self.jumped |= matches!(effect, Effect::Seek { .. });
                    self.services.perform(effect);
                }
            }
        }
        Ok(false)
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        self.frontend.draw(&self.app)?;
        self.app.frame_drawn();
        self.due = Instant::now() + self.frame;
        Ok(())
    }
}

fn no_terminal(error: TerminalError) -> CommandError {
    CommandError::new(ExitCode::NoTerminal, error.to_string())
}

fn frame_time(context: &Context) -> Duration {
    let wanted = context.config.screen.fps.max(1);
    let remote = std::env::var_os("SSH_CONNECTION").is_some();
    let fps = if remote { wanted.min(REMOTE_FPS) } else { wanted };
    Duration::from_secs(1) / fps
}

/// Tracks are known by their paths, which must not depend on where croon was started.
fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}
