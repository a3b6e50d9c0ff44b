//! MPRIS (<https://specifications.freedesktop.org/mpris-spec/>, version 2.2): media keys, desktops and
//! `playerctl` over the D-Bus session bus. Where there is no bus there is no MPRIS, and nobody waits
//! for it: everything here happens on a thread of its own.
//!
//! `souvlaki` was weighed against `zbus` itself: its rate is a constant and its `Seeked` carries no
//! position, and both matter to a player with a tempo and a seek bar.

mod interfaces;
mod request_sender;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, unbounded};
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::fdo::RequestNameFlags;
use zbus::zvariant::Value;

use crate::remote::message::Handler;
use crate::remote::mpris::interfaces::{PATH, PLAYER, PlayerInterface, RootInterface, changing};
use crate::remote::mpris::request_sender::RequestSender;
use crate::remote::status::{Playback, Status};

const NAME: &str = "org.mpris.MediaPlayer2.croon";
/// A position this far from where playing alone would have led has been jumped to.
const JUMP_US: u64 = 500_000;

/// The handle. Dropping it takes croon off the bus.
pub(super) struct Mpris {
    to: Sender<Published>,
    /// croon is on the bus.
    up: Arc<AtomicBool>,
}

struct Published {
    status: Arc<Status>,
    at: Instant,
    jumped: bool,
}

impl Mpris {
    pub fn start(on: Handler, watchers: Arc<AtomicUsize>) -> Option<Self> {
        let (to, inbox) = unbounded();
        let up = Arc::new(AtomicBool::new(false));
        let is_up = up.clone();
        let spawned = thread::Builder::new()
            .name("mpris".into())
            .spawn(move || match connect(&on) {
                Ok(connection) => {
                    is_up.store(true, Ordering::Relaxed);
                    watchers.fetch_add(1, Ordering::Relaxed);
                    let ended = serve(&connection, &inbox);
                    is_up.store(false, Ordering::Relaxed);
                    watchers.fetch_sub(1, Ordering::Relaxed);
                    if let Err(error) = ended {
                        tracing::debug!("MPRIS has ended: {error}");
                    }
                }
                Err(error) => tracing::debug!("no MPRIS: {error}"),
            });
        if let Err(error) = spawned {
            tracing::debug!("no thread for MPRIS: {error}");
            return None;
        }
        Some(Self { to, up })
    }

    pub fn publish(&self, status: Arc<Status>, jumped: bool) {
        if self.up.load(Ordering::Relaxed) {
            let at = Instant::now();
            // a bus that went away needs no news
            let _ = self.to.send(Published { status, at, jumped });
        }
    }
}

/// On the bus, with both interfaces, under a name of its own.
fn connect(on: &Handler) -> zbus::Result<Connection> {
    let request_sender = RequestSender(on.clone());
    let connection = Builder::session()?
        .serve_at(PATH, RootInterface(request_sender.clone()))?
        .serve_at(PATH, PlayerInterface::new(request_sender))?
        .build()?;
    let only_if_free = RequestNameFlags::DoNotQueue.into();
    match connection.request_name_with_flags(NAME, only_if_free) {
        Err(zbus::Error::NameTaken) => {
            let other = format!("{NAME}.instance{}", std::process::id());
            connection.request_name_with_flags(other, only_if_free)?;
        }
        other => {
            other?;
        }
    }
    Ok(connection)
}

/// Tells the bus of every change, until croon ends or the bus does.
fn serve(connection: &Connection, inbox: &Receiver<Published>) -> zbus::Result<()> {
    let player = connection.object_server().interface::<_, PlayerInterface>(PATH)?;
    let mut told = changing(&player.get_mut().refresh());
    let mut last: Option<Published> = None;
    while let Ok(mut newest) = inbox.recv() {
        for newer in inbox.try_iter() {
            let jumped = newest.jumped || newer.jumped;
            newest = Published { jumped, ..newer };
        }
        // Asked for rather than taken from the inbox: a wish may have been granted since it was put there.
        if changing(&newest.status) != changing(&player.get().seen) {
            player.get_mut().refresh();
        }
        let now = changing(&player.get().seen);
        let changed: HashMap<&str, Value<'_>> = now
            .iter()
            .filter(|property| !told.contains(property))
            .map(|(name, value)| Ok((*name, value.try_clone()?)))
            .collect::<zbus::Result<_>>()?;
        told = now;
        if !changed.is_empty() {
            let nothing: &[&str] = &[];
            connection.emit_signal(
                None::<&str>,
                PATH,
                "org.freedesktop.DBus.Properties",
                "PropertiesChanged",
                &(PLAYER, changed, nothing),
            )?;
        }
        if last.as_ref().is_some_and(|last| jumped(last, &newest)) {
            let position = interfaces::micros(newest.status.position_us);
            connection.emit_signal(None::<&str>, PATH, PLAYER, "Seeked", &(position,))?;
        }
        last = Some(newest);
    }
    Ok(())
}

/// Whether those who count the time themselves would be wrong now: within a song, that is; another
/// song is another song.
fn jumped(before: &Published, now: &Published) -> bool {
    let (old, new) = (&before.status, &now.status);
    if old.track != new.track || new.track.is_none() {
        return false;
    }
    let passed = match old.state {
        Playback::Playing => {
            let us = now.at.duration_since(before.at).as_micros() as f64;
            (us * f64::from(old.tempo) / 100.0) as u64
        }
        Playback::Paused | Playback::Stopped => 0,
    };
    now.jumped || new.position_us.abs_diff(old.position_us + passed) > JUMP_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn published(at: Instant, position_us: u64, tempo: u8) -> Published {
        let status = Status {
            track: Some(1),
            state: Playback::Playing,
            position_us,
            tempo,
            ..Status::default()
        };
        Published {
            status: Arc::new(status),
            at,
            jumped: false,
        }
    }

    #[test]
    fn only_what_playing_does_not_explain_is_a_jump() {
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        let before = published(start, 1_000_000, 90);
        assert!(!jumped(&before, &published(later, 10_000_000, 90)));
        assert!(jumped(&before, &published(later, 11_000_000, 90)));
        assert!(jumped(&before, &published(later, 9_000_000, 90)));
        let mut small = published(later, 10_000_000, 90);
        small.jumped = true;
        assert!(jumped(&before, &small));
        let next = Published {
            status: Arc::new(Status {
                track: Some(2),
                ..Status::default()
            }),
            at: later,
            jumped: true,
        };
        assert!(!jumped(&before, &next));
    }
}
