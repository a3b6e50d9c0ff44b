//! The two interfaces as the bus sees them, and what of them changes.

use std::collections::HashMap;
use std::sync::Arc;

use zbus::interface;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, Value};

use crate::key_tempo::{FASTEST, SLOWEST};
use crate::remote::mpris::request_sender::RequestSender;
use crate::remote::status::{Playback, Status};
use crate::remote::uri;
use crate::request::{Repeat, Request, Target};

pub(super) const PATH: &str = "/org/mpris/MediaPlayer2";
pub(super) const PLAYER: &str = "org.mpris.MediaPlayer2.Player";

/// Where no song is on the deck.
const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";
const MIME_TYPES: &[&str] = &[
    "audio/mpeg",
    "audio/flac",
    "audio/x-flac",
    "audio/wav",
    "audio/x-wav",
    "audio/aiff",
    "audio/x-aiff",
    "audio/ogg",
    "audio/mp4",
];

/// What MPRIS calls the ways to repeat: its list is the queue.
const LOOPS: &[(&str, Repeat)] = &[
    ("None", Repeat::Off),
    ("Track", Repeat::One),
    ("Playlist", Repeat::All),
];

/// `org.mpris.MediaPlayer2`.
pub(super) struct RootInterface(pub RequestSender);

#[interface(name = "org.mpris.MediaPlayer2", spawn = false, introspection_docs = false)]
impl RootInterface {
    /// A terminal cannot be brought to the front from inside.
    fn raise(&self) {}

    fn quit(&self) {
        self.0.request(Request::Quit);
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_quit(&self) -> bool {
        true
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_raise(&self) -> bool {
        false
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn has_track_list(&self) -> bool {
        false
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn identity(&self) -> &'static str {
        "croon"
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn supported_uri_schemes(&self) -> Vec<&'static str> {
        vec!["file"]
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn supported_mime_types(&self) -> Vec<&'static str> {
        MIME_TYPES.to_vec()
    }
}

/// `org.mpris.MediaPlayer2.PlayerInterface`.
pub(super) struct PlayerInterface {
    request_sender: RequestSender,
    /// As of the last change or wish.
    pub seen: Arc<Status>,
}

impl PlayerInterface {
    pub fn new(request_sender: RequestSender) -> Self {
        Self {
            request_sender,
            seen: Arc::default(),
        }
    }

    pub fn refresh(&mut self) -> Arc<Status> {
        if let Some(status) = self.request_sender.status() {
            self.seen = status;
        }
        self.seen.clone()
    }

    /// Who reads a property after its wish was granted reads what it is now.
    fn request(&mut self, request: Request) {
        self.request_sender.request(request);
        self.refresh();
    }
}

#[interface(
    name = "org.mpris.MediaPlayer2.Player",
    spawn = false,
    introspection_docs = false
)]
impl PlayerInterface {
    fn next(&mut self) {
        self.request(Request::Next);
    }

    fn previous(&mut self) {
        self.request(Request::Previous);
    }

    fn play(&mut self) {
        self.request(Request::Play);
    }

    fn pause(&mut self) {
        self.request(Request::Pause);
    }

    fn play_pause(&mut self) {
        self.request(Request::Toggle);
    }

    fn stop(&mut self) {
        self.request(Request::Stop);
    }

    /// Beyond the end it is the next song.
    fn seek(&mut self, offset: i64) {
        let now = self.refresh();
        let beyond = |duration| micros(now.position_us).saturating_add(offset) > micros(duration);
        self.request(if now.duration_us.is_some_and(beyond) {
            Request::Next
        } else {
            Request::Seek(Target::By(offset as f64 / 1e6))
        });
    }

    /// Only in the song it was meant for, and only within it.
    fn set_position(&mut self, track: ObjectPath<'_>, position: i64) {
        let now = self.refresh();
        let within = position >= 0
            && now
                .duration_us
                .is_none_or(|duration| position <= micros(duration));
        if now.track.is_some() && track == track_path(&now) && within {
            self.request(Request::Seek(Target::To(position as f64 / 1e6)));
        }
    }

    fn open_uri(&mut self, uri: &str) -> zbus::fdo::Result<()> {
        let path = uri::to_path(uri).ok_or_else(|| {
            zbus::fdo::Error::NotSupported("croon opens song files of this machine (file: URIs)".into())
        })?;
        self.request(Request::Open(path));
        Ok(())
    }

    #[zbus(property)]
    fn playback_status(&self) -> &'static str {
        playback_status(&self.seen)
    }

    #[zbus(property)]
    fn loop_status(&self) -> &'static str {
        loop_status(&self.seen)
    }

    /// What is no loop status changes nothing.
    #[zbus(property)]
    fn set_loop_status(&mut self, status: &str) {
        if let Some((_, repeat)) = LOOPS.iter().find(|(name, _)| *name == status) {
            self.request(Request::Repeat(*repeat));
        }
    }

    #[zbus(property)]
    fn shuffle(&self) -> bool {
        self.seen.shuffle
    }

    #[zbus(property)]
    fn set_shuffle(&mut self, shuffle: bool) {
        self.request(Request::Shuffle(shuffle));
    }

    #[zbus(property)]
    fn rate(&self) -> f64 {
        rate(&self.seen)
    }

    #[zbus(property)]
    fn set_rate(&mut self, rate: f64) {
        if rate == 0.0 {
            self.request(Request::Pause);
        } else if rate.is_finite() {
            let tempo = (rate * 100.0).round().clamp(SLOWEST.into(), FASTEST.into());
            self.request(Request::Tempo(Target::To(tempo as i32)));
        }
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn minimum_rate(&self) -> f64 {
        f64::from(SLOWEST) / 100.0
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn maximum_rate(&self) -> f64 {
        f64::from(FASTEST) / 100.0
    }

    #[zbus(property)]
    fn metadata(&self) -> HashMap<&'static str, Value<'static>> {
        metadata(&self.seen)
    }

    #[zbus(property)]
    fn volume(&self) -> f64 {
        volume(&self.seen)
    }

    #[zbus(property)]
    fn set_volume(&mut self, volume: f64) {
        if volume.is_finite() {
            let percent = (volume * 100.0).round().clamp(0.0, 100.0);
            self.request(Request::Volume(Target::To(percent as i32)));
        }
    }

    /// Asked for anew each time: it moves while nothing changes.
    #[zbus(property(emits_changed_signal = "false"))]
    fn position(&self) -> i64 {
        let now = self.request_sender.status();
        micros(now.unwrap_or_else(|| self.seen.clone()).position_us)
    }

    #[zbus(property)]
    fn can_go_next(&self) -> bool {
        self.seen.can.next
    }

    #[zbus(property)]
    fn can_go_previous(&self) -> bool {
        self.seen.can.previous
    }

    #[zbus(property)]
    fn can_play(&self) -> bool {
        self.seen.can.play
    }

    #[zbus(property)]
    fn can_pause(&self) -> bool {
        self.seen.can.pause
    }

    #[zbus(property)]
    fn can_seek(&self) -> bool {
        self.seen.can.seek
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn can_control(&self) -> bool {
        true
    }

    #[zbus(signal)]
    async fn seeked(emitter: &SignalEmitter<'_>, position: i64) -> zbus::Result<()>;
}

/// The properties whose changes are signalled, as they are now.
pub(super) fn changing(status: &Status) -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("PlaybackStatus", playback_status(status).into()),
        ("LoopStatus", loop_status(status).into()),
        ("Shuffle", status.shuffle.into()),
        ("Rate", rate(status).into()),
        ("Metadata", metadata(status).into()),
        ("Volume", volume(status).into()),
        ("CanGoNext", status.can.next.into()),
        ("CanGoPrevious", status.can.previous.into()),
        ("CanPlay", status.can.play.into()),
        ("CanPause", status.can.pause.into()),
        ("CanSeek", status.can.seek.into()),
    ]
}

/// Microseconds as MPRIS counts them; longer than any song is the end of the scale.
pub(super) fn micros(us: u64) -> i64 {
    i64::try_from(us).unwrap_or(i64::MAX)
}

fn playback_status(status: &Status) -> &'static str {
    match status.state {
        Playback::Playing => "Playing",
        Playback::Paused => "Paused",
        Playback::Stopped => "Stopped",
    }
}

fn loop_status(status: &Status) -> &'static str {
    let found = LOOPS.iter().find(|(_, repeat)| *repeat == status.repeat);
    found.map_or("None", |(name, _)| name)
}

fn rate(status: &Status) -> f64 {
    f64::from(status.tempo) / 100.0
}

fn volume(status: &Status) -> f64 {
    if status.muted {
        0.0
    } else {
        f64::from(status.volume) / 100.0
    }
}

fn track_path(status: &Status) -> ObjectPath<'static> {
    let path = status
        .track
        .map_or(NO_TRACK.to_owned(), |track| format!("/croon/track/{track}"));
    ObjectPath::from_string_unchecked(path)
}

fn metadata(status: &Status) -> HashMap<&'static str, Value<'static>> {
    let mut all: HashMap<&'static str, Value<'static>> = HashMap::new();
    all.insert("mpris:trackid", track_path(status).into());
    if let Some(duration) = status.duration_us {
        all.insert("mpris:length", micros(duration).into());
    }
    let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(title) = known(&status.title) {
        all.insert("xesam:title", title.into());
    }
    if let Some(artist) = known(&status.artist) {
        all.insert("xesam:artist", vec![artist].into());
    }
    if let Some(album) = known(&status.album) {
        all.insert("xesam:album", album.into());
    }
    if let Some(uri) = known(&status.uri) {
        all.insert("xesam:url", uri.into());
    }
    all
}
