//! croon on a D-Bus session bus of its own, as a desktop meets it. Skipped where `dbus-run-session`
//! is missing (Debian: dbus-daemon).

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::fake_engine;
use crate::support::player::{Home, Screen, song};
use crate::support::skip::{Missing, skipped};
use zbus::blocking::connection::Builder;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, MessageIterator, Proxy};
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "org.mpris.MediaPlayer2.croon";
const PATH: &str = "/org/mpris/MediaPlayer2";
const PLAYER: &str = "org.mpris.MediaPlayer2.Player";

/// A session bus; it ends with this.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    #[track_caller]
    fn start() -> Option<Self> {
        let daemon = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", "echo \"$DBUS_SESSION_BUS_ADDRESS\"; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut daemon) = daemon else {
            skipped(
                Missing::DBus,
                "dbus-run-session is not installed (Debian: dbus-daemon)",
            );
            return None;
        };
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("unix:"), "{address}");
        Some(Self { daemon, address })
    }

    fn connect(&self) -> Connection {
        Builder::address(self.address.as_str()).unwrap().build().unwrap()
    }

    fn home(&self) -> Home {
        let mut home = Home::new(&format!(
            "[separation]\ncommand = {:?}\n",
            fake_engine::line("half")
        ));
        home.set("DBUS_SESSION_BUS_ADDRESS", self.address.clone());
        home
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // the session ends with its `cat`
        drop(self.daemon.stdin.take());
        let _ = self.daemon.wait();
    }
}

fn proxy(bus: &Connection, name: &str, interface: &'static str) -> Proxy<'static> {
    zbus::blocking::proxy::Builder::new(bus)
        .destination(name.to_owned())
        .unwrap()
        .path(PATH)
        .unwrap()
        .interface(interface)
        .unwrap()
        .cache_properties(CacheProperties::No)
        .build()
        .unwrap()
}

fn until<T>(what: &str, holds: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(held) = holds() {
            return held;
        }
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The players on the bus.
fn players(bus: &Connection) -> Vec<String> {
    let names = DBusProxy::new(bus).unwrap().list_names().unwrap();
    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.retain(|name| name.starts_with("org.mpris.MediaPlayer2."));
    names.sort();
    names
}

fn text(player: &Proxy<'_>, property: &str) -> String {
    player.get_property(property).unwrap()
}

fn metadata(player: &Proxy<'_>) -> HashMap<String, OwnedValue> {
    player.get_property("Metadata").unwrap()
}

fn title(player: &Proxy<'_>) -> Option<String> {
    let title = metadata(player).remove("xesam:title")?;
    title.try_into().ok()
}

fn track(player: &Proxy<'_>) -> OwnedObjectPath {
    metadata(player)["mpris:trackid"].clone().try_into().unwrap()
}

fn position(player: &Proxy<'_>) -> i64 {
    player.get_property("Position").unwrap()
}

#[test]
fn a_desktop_sees_and_moves_what_plays() {
    let Some(bus) = Bus::start() else { return };
    let home = bus.home();
    for name in ["Ana - Amber", "Birch"] {
        song(&home.music().join(format!("{name}.wav")), 8_000, 100.0, 220.0);
    }
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until("both songs", |text| {
        text.contains("Amber") && text.contains("Birch")
    });
    let desktop = bus.connect();
    until("croon on the bus", || {
        players(&desktop).contains(&NAME.to_owned()).then_some(())
    });
    let root = proxy(&desktop, NAME, "org.mpris.MediaPlayer2");
    let player = proxy(&desktop, NAME, PLAYER);
    assert_eq!(text(&root, "Identity"), "croon");
    for (property, value) in [("CanQuit", true), ("CanRaise", false), ("HasTrackList", false)] {
        assert_eq!(root.get_property::<bool>(property).unwrap(), value, "{property}");
    }
    let schemes: Vec<String> = root.get_property("SupportedUriSchemes").unwrap();
    assert_eq!(schemes, ["file"]);

    // nothing on the deck yet
    until("a song to play", || {
        player.get_property::<bool>("CanPlay").unwrap().then_some(())
    });
    assert_eq!(text(&player, "PlaybackStatus"), "Stopped");
    assert_eq!(
        track(&player).as_str(),
        "/org/mpris/MediaPlayer2/TrackList/NoTrack"
    );
    for property in ["CanSeek", "CanPause", "CanGoNext", "CanGoPrevious"] {
        assert!(!player.get_property::<bool>(property).unwrap(), "{property}");
    }
    assert!(player.get_property::<bool>("CanControl").unwrap());

    player.call::<_, _, ()>("PlayPause", &()).unwrap();
    assert_eq!(text(&player, "PlaybackStatus"), "Playing");
    until("its sound", || (position(&player) > 0).then_some(()));
    let known = metadata(&player);
    let first = track(&player);
    assert!(first.starts_with("/croon/track/"), "{first}");
    assert_eq!(known["mpris:length"], OwnedValue::from(100_000_000_i64));
    assert!(title(&player).unwrap().contains("Amber"));
    let url: String = known["xesam:url"].clone().try_into().unwrap();
    assert!(
        url.starts_with("file:///") && url.ends_with("/Ana%20-%20Amber.wav"),
        "{url}"
    );
    assert!(player.get_property::<bool>("CanGoNext").unwrap());

    // a position is exact: these are whole frames of the silent clock
    player.call::<_, _, ()>("Pause", &()).unwrap();
    assert_eq!(text(&player, "PlaybackStatus"), "Paused");
    player
        .call::<_, _, ()>("SetPosition", &(&first, 61_230_000_i64))
        .unwrap();
    until("the place", || (position(&player) == 61_230_000).then_some(()));
    player.call::<_, _, ()>("Seek", &(-1_230_000_i64)).unwrap();
    until("a second before", || {
        (position(&player) == 60_000_000).then_some(())
    });
    // meant for a song that is no more, and beyond the end: nothing happens
    let other = OwnedObjectPath::try_from("/croon/track/999").unwrap();
    player
        .call::<_, _, ()>("SetPosition", &(&other, 1_000_000_i64))
        .unwrap();
    player
        .call::<_, _, ()>("SetPosition", &(&first, 100_000_001_i64))
        .unwrap();
    player.call::<_, _, ()>("SetPosition", &(&first, -1_i64)).unwrap();
    assert_eq!(position(&player), 60_000_000);

    // the rate is the tempo, within its ends
    player.set_property("Rate", 0.85).unwrap();
    assert_eq!(player.get_property::<f64>("Rate").unwrap(), 0.85);
    player.set_property("Rate", 9.0).unwrap();
    let fastest: f64 = player.get_property("MaximumRate").unwrap();
    assert_eq!(player.get_property::<f64>("Rate").unwrap(), fastest);
    player.set_property("Volume", 0.4).unwrap();
    assert_eq!(player.get_property::<f64>("Volume").unwrap(), 0.4);
    player.set_property("Volume", -3.0).unwrap();
    assert_eq!(player.get_property::<f64>("Volume").unwrap(), 0.0);
    screen.until("the volume on the screen", |text| text.contains("0 %"));

    // what comes at the end of a song, and in which order
    assert_eq!(text(&player, "LoopStatus"), "None");
    for status in ["Track", "Playlist", "None"] {
        player.set_property("LoopStatus", status).unwrap();
        assert_eq!(text(&player, "LoopStatus"), status);
    }
    player.set_property("LoopStatus", "Sideways").unwrap();
    assert_eq!(text(&player, "LoopStatus"), "None");
    for shuffle in [true, true, false] {
        player.set_property("Shuffle", shuffle).unwrap();
        assert_eq!(player.get_property::<bool>("Shuffle").unwrap(), shuffle);
    }

    // beyond the end of the song is the next one
    player.call::<_, _, ()>("Seek", &500_000_000_i64).unwrap();
    until("the next song", || (title(&player)? == "Birch").then_some(()));
    assert_ne!(track(&player), first);
    player.call::<_, _, ()>("Stop", &()).unwrap();
    assert_eq!(
        (text(&player, "PlaybackStatus").as_str(), position(&player)),
        ("Stopped", 0)
    );

    let elsewhere = home.path().join("Far Away.wav");
    song(&elsewhere, 8_000, 20.0, 300.0);
    let uri = format!("file://{}", elsewhere.display()).replace(' ', "%20");
    player.call::<_, _, ()>("OpenUri", &uri).unwrap();
    until("the opened song", || {
        (title(&player)? == "Far Away").then_some(())
    });
    assert!(player.call::<_, _, ()>("OpenUri", &"https://x/y.mp3").is_err());
    // there is nothing to raise, and saying so is no error
    root.call::<_, _, ()>("Raise", &()).unwrap();
    root.call::<_, _, ()>("Quit", &()).unwrap();
    assert!(screen.ended().0.success());
    until("croon off the bus", || players(&desktop).is_empty().then_some(()));
}

#[test]
fn changes_and_jumps_are_signalled() {
    let Some(bus) = Bus::start() else { return };
    let home = bus.home();
    song(&home.music().join("Amber.wav"), 8_000, 100.0, 220.0);
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    let desktop = bus.connect();
    until("croon on the bus", || {
        players(&desktop).contains(&NAME.to_owned()).then_some(())
    });
    let rule = zbus::MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .path(PATH)
        .unwrap()
        .build();
    let listener = bus.connect();
    let signals = MessageIterator::for_match_rule(rule, &listener, None).unwrap();
    let (tell, told) = crossbeam_channel::unbounded();
    std::thread::spawn(move || {
        for message in signals {
            // the bus may go before this thread does
            let Ok(message) = message else { break };
            if tell.send(message).is_err() {
                break;
            }
        }
    });
    type Changed = (String, HashMap<String, OwnedValue>, Vec<String>);
    let changed = |property: &str, value: Value<'static>| {
        let wanted = OwnedValue::try_from(value).unwrap();
        loop {
            let message = told
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no change of {property}"));
            if message.header().member().unwrap() != "PropertiesChanged" {
                continue;
            }
            let (interface, changes, _): Changed = message.body().deserialize().unwrap();
            assert_eq!(interface, PLAYER);
            assert!(!changes.contains_key("Position"), "{changes:?}");
            if changes.get(property) == Some(&wanted) {
                return;
            }
        }
    };
    until("the song", || {
        proxy(&desktop, NAME, PLAYER)
            .get_property::<bool>("CanPlay")
            .unwrap()
            .then_some(())
    });
    screen.keys("\r");
    changed("PlaybackStatus", "Playing".into());
    // by the keyboard: 30 seconds on
    screen.keys("\x1b[1;2C");
    // a song that is slow to begin is signalled too: who counts its time began too early
    let seeked = loop {
        let message = told.recv_timeout(PATIENCE).expect("no Seeked");
        if message.header().member().unwrap() == "Seeked" {
            let position = message.body().deserialize::<i64>().unwrap();
            if position >= 29_000_000 {
                break position;
            }
        }
    };
    assert!(seeked < 60_000_000, "{seeked}");
    // a song that is still being opened has no tempo of its own yet
    until("the song to move", || {
        let position = proxy(&desktop, NAME, PLAYER).get_property::<i64>("Position");
        (position.unwrap() > seeked).then_some(())
    });
    screen.keys("]");
    changed("Rate", 1.05.into());
    screen.keys(" ");
    changed("PlaybackStatus", "Paused".into());
    screen.keys("-");
    changed("Volume", 0.95.into());
    screen.keys("2r");
    changed("LoopStatus", "Track".into());
    screen.keys("x");
    changed("Shuffle", true.into());
    // at rest nothing is said
    while told.recv_timeout(Duration::from_millis(700)).is_ok() {}
    assert!(told.recv_timeout(Duration::from_secs(2)).is_err());
    drop(screen);
}

#[test]
fn a_second_croon_has_a_name_of_its_own() {
    let Some(bus) = Bus::start() else { return };
    let homes = [bus.home(), bus.home()];
    let desktop = bus.connect();
    let mut first = Screen::open(&homes[0], &["--no-sound", homes[0].music().to_str().unwrap()]);
    until("the first", || (players(&desktop) == [NAME]).then_some(()));
    let second = Screen::open(&homes[1], &["--no-sound", homes[1].music().to_str().unwrap()]);
    let both = until("the second", || {
        Some(players(&desktop)).filter(|players| players.len() == 2)
    });
    assert_eq!(both[1], format!("{NAME}.instance{}", second.pid()));
    first.keys("q");
    first.ended();
    until("the second alone", || {
        (players(&desktop) == both[1..]).then_some(())
    });
}

#[test]
fn a_bus_that_is_not_there_or_answers_nobody_costs_nothing() {
    let mut home = Home::new("");
    // somebody listens and never speaks
    let silent = home.path().join("silent");
    let _listener = std::os::unix::net::UnixListener::bind(&silent).unwrap();
    home.set(
        "DBUS_SESSION_BUS_ADDRESS",
        format!("unix:path={}", silent.display()),
    );
    let began = Instant::now();
    let mut screen = Screen::open(&home, &["--no-sound", home.music().to_str().unwrap()]);
    screen.until_text("Library");
    screen.keys("q");
    assert!(screen.ended().0.success());
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
