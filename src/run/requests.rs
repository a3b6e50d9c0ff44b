//! Requests from outside on their way to the app, the status that answers them, and a second croon that
//! hands its songs to the first.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::app::state::deck::Stage;
use crate::app::{App, EngineState, Event, queries};
use crate::commands::{CommandError, Context, ExitCode, ctl};
use crate::m3u::List;
use crate::remote::{
    Capabilities, Client, EngineStatus, Playback, Remote, RemoteInterfaces, Reply, RequestLine, Status,
    places,
};
use crate::run::message::InboundMessage;

/// What they are told, and what happens. A list of nothing changes nothing.
pub fn queued(list: Result<List, String>, instead: bool) -> (Reply, Option<Event>) {
    let list = match list {
        Ok(list) if list.items.is_empty() => {
            let why = "there is no song in it, so the queue stays as it is";
            return (Reply::Refused(why.into()), None);
        }
        Ok(list) => list,
        Err(why) => return (Reply::Refused(why), None),
    };
    let said = match (list.items.len(), instead) {
        (1, true) => "1 song is the queue now".into(),
        (1, false) => "1 song is added to the queue".into(),
        (songs, true) => format!("{songs} songs are the queue now"),
        (songs, false) => format!("{songs} songs are added to the queue"),
    };
    let event = Event::ListRead {
        items: list.items,
        left_out: list.left_out,
        instead,
    };
    (Reply::Done(said), Some(event))
}

/// All there is to say of this moment.
pub fn status(app: &App) -> Status {
    let song = app.deck.song.as_ref();
    let entry = song.and_then(|song| app.tracks.get(song.key));
    let place = entry.map(|entry| places(&entry.track.path));
    let over = song.is_none_or(|song| song.stage == Stage::Over);
    let state = match (over, app.deck.is_moving()) {
        (true, _) => Playback::Stopped,
        (false, true) => Playback::Playing,
        (false, false) => Playback::Paused,
    };
    let (segments_ready, segments) = song.map_or((0, 0), |song| song.vocals.stored());
    let key_tempo = song.map(|song| song.key_tempo).unwrap_or_default();
    Status {
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").into(),
        state,
        playing: state == Playback::Playing,
        track: song.map(|song| song.play_id),
        title: song.map(|song| song.title.clone()),
        artist: song
            .map(|song| song.artist.clone())
            .filter(|artist| !artist.is_empty()),
        album: entry.and_then(|entry| entry.track.tags.album.clone()),
        path: place.as_ref().map(|(path, _)| path.clone()),
        uri: place.map(|(_, uri)| uri),
        position_us: song.map_or(0, |_| micros(app.deck.seconds)),
        duration_us: app.deck.duration().map(micros),
        vocals: app.levels.fader.level(),
        key: key_tempo.key(),
        tempo: key_tempo.tempo(),
        volume: app.levels.volume,
        muted: app.levels.muted,
        queue: app.queue.len(),
        repeat: app.queue.repeat(),
        shuffle: app.queue.is_shuffled(),
        segments_ready,
        segments,
        separated: song.is_some_and(|song| song.vocals.complete),
        engine: engine(&app.separation.engine),
        can: Capabilities {
            play: song.is_some() || !app.queue.is_empty() || app.tracks.selected().is_some(),
            pause: !over,
            next: queries::next_song(app).is_some(),
            previous: song.is_some(),
            seek: song.is_some(),
        },
    }
}

/// To the nearest one: a frame is 20 of them.
fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

fn engine(engine: &EngineState) -> EngineStatus {
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    match engine {
        EngineState::Asleep => EngineStatus {
            state: "asleep".into(),
            ..EngineStatus::default()
        },
        EngineState::Up(info) => EngineStatus {
            state: "up".into(),
            device: text(&info.device),
            model: text(&info.model),
            speed: (info.speed > 0.0).then_some(info.speed as f32),
            why: text(&info.why),
        },
        EngineState::Down(reason) => EngineStatus {
            state: "down".into(),
            why: text(reason),
            ..EngineStatus::default()
        },
    }
}

/// Where a croon is running already, hands these songs to it; None where there is none to be asked.
pub fn attach(asked: &[PathBuf], context: &Context) -> anyhow::Result<Option<ExitCode>> {
    let mut client = match Client::connect(&context.remote_address()) {
        Ok(Some(client)) => client,
        Ok(None) => return Ok(None),
        Err(error) => {
            // the store knows whether there is one, and says so
            tracing::debug!("{error}");
            return Ok(None);
        }
    };
    let answered = client.ask(&RequestLine::new("status"))?;
    let pid = answered.status.map(|status| status.pid).unwrap_or_default();
    let busy = |what: &str| {
        let what = format!(
            "croon is running already (process {pid}); {what} Control it from here with `croon ctl` \
             (`croon ctl status`, `croon ctl add FILE`) or with media keys, or give this one its own \
             XDG_STATE_HOME and XDG_CACHE_HOME."
        );
        anyhow::Error::from(CommandError::new(ExitCode::Busy, what))
    };
    if asked.is_empty() {
        return Err(busy("there is one for each user."));
    }
    context.say(format!("handed to the croon that is running (process {pid}):"));
    let lines = ctl::of_files(std::iter::repeat("open"), asked)?;
    ctl::hand_over(context, &mut client, &lines).map(Some)
}

/// Lets others in, as the configuration wants it.
pub fn open_doors(context: &Context, to_main: &Sender<InboundMessage>) -> Remote {
    let config = &context.config.remote;
    let doors = RemoteInterfaces {
        socket: config.socket,
        mpris: config.mpris,
    };
    let to_us = to_main.clone();
    let (remote, trouble) = Remote::start(
        &context.remote_address(),
        doors,
        Arc::new(move |asked| drop(to_us.send(InboundMessage::PendingRequest(asked)))),
    );
    if let Some(trouble) = trouble {
        drop(to_main.send(InboundMessage::Event(Event::Notice(trouble.to_string()))));
    }
    remote
}
