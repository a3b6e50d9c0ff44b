//! Lyrics of a server that speaks LRCLIB's API, as a listener meets them: nothing is sent unless it is
//! wanted, what is said is kept, and lyrics that are here go first. The server is in this file.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use croon::jobs::lyrics::{LyricsFinder, LyricsSearchResult, Places};
use croon::lrclib::Lrclib;
use croon::lyrics::{LyricsRequest, LyricsSource, Online, Pick, Timing};
use croon::store::{StemStore, StorePaths};
use crossbeam_channel::{Receiver, unbounded};
use lofty::config::WriteOptions;
use lofty::prelude::*;
use lofty::tag::{Tag, TagType};

/// A server that says the same to every question.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                reader.read_line(&mut first).unwrap();
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    line.clear();
                }
                seen.lock().unwrap().push(first);
                // whoever hung up needs no answer
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

const SONG: &str = r#"{"trackName":"Paper Lanterns","artistName":"Ana","duration":3.0,"syncedLyrics":"[00:01.00]from the server","plainLyrics":"from the server"}"#;

struct House {
    dir: tempfile::TempDir,
}

impl House {
    /// With a song of three seconds, tagged.
    fn new() -> Self {
        let house = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(house.song(), spec).unwrap();
        (0..24_000).for_each(|at| wav.write_sample((at % 100) as i16 * 80).unwrap());
        wav.finalize().unwrap();
        let mut tag = Tag::new(TagType::Id3v2);
        tag.set_title("Paper Lanterns".into());
        tag.set_artist("Ana".into());
        tag.save_to_path(house.song(), WriteOptions::default()).unwrap();
        house
    }

    fn song(&self) -> PathBuf {
        self.dir.path().join("a.wav")
    }

    /// Of this name: one process holds a store once.
    fn store(&self, name: &str) -> StemStore {
        let paths = StorePaths {
            cache: self.dir.path().join(name).join("cache"),
            state: self.dir.path().join(name).join("state"),
        };
        StemStore::open(&paths, 1 << 20).unwrap()
    }

    fn wanted(&self) -> LyricsRequest {
        LyricsRequest {
            path: self.song(),
            artist: "Ana".into(),
            title: "Paper Lanterns".into(),
            duration: Some(3.0),
            ..LyricsRequest::default()
        }
    }

    fn croon(&self, server: &Server, args: &[&str]) -> Output {
        let config = self.dir.path().join("config.toml");
        fs::write(
            &config,
            format!("[lyrics]\nlrclib_server = \"{}\"\n", server.address),
        )
        .unwrap();
        let mut croon = Command::new(env!("CARGO_BIN_EXE_croon"));
        croon
            .args(args)
            .stdin(Stdio::null())
            .current_dir(self.dir.path())
            .env("CROON_CONFIG", config)
            .env("HOME", self.dir.path());
        for name in ["CACHE", "STATE", "DATA", "CONFIG"] {
            croon.env(
                format!("XDG_{name}_HOME"),
                self.dir.path().join(name.to_lowercase()),
            );
        }
        croon.output().unwrap()
    }
}

fn finder(places: Places) -> (LyricsFinder, Receiver<LyricsSearchResult>) {
    let (send, heard) = unbounded();
    let finder = LyricsFinder::start(places, move |_, found| drop(send.send(found))).unwrap();
    (finder, heard)
}

fn next(heard: &Receiver<LyricsSearchResult>) -> LyricsSearchResult {
    heard.recv_timeout(Duration::from_secs(30)).unwrap()
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn nothing_is_sent_unless_it_is_switched_on() {
    let (house, server) = (House::new(), Server::new("200 OK", SONG));
    let (off, heard) = finder(Places {
        store: Some(house.store("one")),
        ..Places::default()
    });
    off.find(LyricsRequest {
        ask: true,
        pick: Some(Pick::lrclib()),
        ..house.wanted()
    });
    let found = next(&heard);
    assert_eq!((found.online, found.lyrics), (Online::Off, None));
    drop(off);
    let (on, heard) = finder(Places {
        store: Some(house.store("on")),
        server: Some(Lrclib::new(&server.address).unwrap()),
        ..Places::default()
    });
    on.find(house.wanted());
    let first = next(&heard);
    assert_eq!((first.online, first.lyrics), (Online::Asking, None));
    let second = next(&heard);
    let lyrics = second.lyrics.unwrap();
    assert_eq!(
        (lyrics.text().as_str(), lyrics.source),
        ("from the server", LyricsSource::Lrclib)
    );
    assert_eq!(lyrics.timing, Timing::Lines);
    assert_eq!((second.online, server.asked()), (Online::Here, 1));
    // kept: the next time nobody is asked
    on.find(house.wanted());
    assert_eq!(next(&heard).online, Online::Here);
    assert_eq!(server.asked(), 1);
}

#[test]
fn lyrics_that_are_here_go_first_and_the_server_is_asked_only_by_hand() {
    let (house, server) = (House::new(), Server::new("200 OK", SONG));
    fs::write(house.song().with_extension("txt"), "plain words\n").unwrap();
    let (finder, heard) = finder(Places {
        store: Some(house.store("one")),
        server: Some(Lrclib::new(&server.address).unwrap()),
        ..Places::default()
    });
    finder.find(house.wanted());
    let found = next(&heard);
    assert_eq!(
        (found.online, found.lyrics.unwrap().text()),
        (Online::Unasked, "plain words".into())
    );
    finder.find(LyricsRequest {
        ask: true,
        pick: Some(Pick::lrclib()),
        ..house.wanted()
    });
    assert_eq!(next(&heard).online, Online::Asking);
    let found = next(&heard);
    assert_eq!(found.lyrics.unwrap().text(), "from the server");
    assert_eq!((found.offers.len(), found.chosen), (2, 1));
}

#[test]
fn that_there_is_nothing_is_kept_and_a_server_that_fails_is_named() {
    let house = House::new();
    let server = Server::new("404 Not Found", "{\"code\":404}");
    let (asking, heard) = finder(Places {
        store: Some(house.store("one")),
        server: Some(Lrclib::new(&server.address).unwrap()),
        ..Places::default()
    });
    asking.find(house.wanted());
    assert_eq!(next(&heard).online, Online::Asking);
    assert_eq!(next(&heard).online, Online::Nothing);
    let asked = server.asked();
    asking.find(house.wanted());
    assert_eq!(next(&heard).online, Online::Nothing);
    assert_eq!(server.asked(), asked);
    let broken = Server::new("500 Broken", "");
    let (asking, heard) = finder(Places {
        server: Some(Lrclib::new(&broken.address).unwrap()),
        ..Places::default()
    });
    asking.find(house.wanted());
    assert_eq!(next(&heard).online, Online::Asking);
    match next(&heard).online {
        Online::Failed(reason) => assert!(reason.contains("500"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn fetch_asks_though_it_is_off_and_show_finds_what_it_kept() {
    let (house, server) = (House::new(), Server::new("200 OK", SONG));
    let (_, said) = text(&house.croon(&server, &["lyrics", "show", "a.wav"]));
    assert!(said.contains("no lyrics"), "{said}");
    assert_eq!(server.asked(), 0);
    let output = house.croon(&server, &["lyrics", "fetch", "a.wav"]);
    let (out, err) = text(&output);
    assert!(
        output.status.success() && out.contains("line-timed, 1 lines"),
        "{out}{err}"
    );
    assert_eq!(server.asked(), 1);
    assert!(
        house
            .croon(&server, &["lyrics", "fetch", "a.wav"])
            .status
            .success()
    );
    assert_eq!(server.asked(), 1, "kept");
    let (out, err) = text(&house.croon(&server, &["lyrics", "show", "a.wav"]));
    assert!(
        out.contains("LRCLIB") && out.contains("from the server"),
        "{out}{err}"
    );
    assert_eq!(server.asked(), 1);
    let nothing = Server::new("404 Not Found", "");
    let output = house.croon(&nothing, &["lyrics", "fetch", "--again", "a.wav"]);
    assert_eq!(output.status.code(), Some(3));
    let nobody = house.croon(&nothing, &["lyrics", "fetch", "absent.wav"]);
    assert_eq!(nobody.status.code(), Some(1));
}

#[test]
fn an_imported_file_is_kept_for_the_song_wherever_it_goes() {
    let (house, server) = (House::new(), Server::new("200 OK", SONG));
    let mine = house.dir.path().join("mine.lrc");
    fs::write(&mine, "[00:01.00]my own\n").unwrap();
    fs::write(house.song().with_extension("lrc"), "[00:01.00]beside\n").unwrap();
    let output = house.croon(&server, &["lyrics", "import", "a.wav", "mine.lrc"]);
    let (out, err) = text(&output);
    assert!(output.status.success(), "{out}{err}");
    let kept = Path::new(out.trim());
    assert!(
        kept.starts_with(house.dir.path().join("data/croon/lyrics")),
        "{out}"
    );
    assert_eq!(fs::read(kept).unwrap(), fs::read(&mine).unwrap());
    assert_eq!(
        fs::read_to_string(house.song().with_extension("lrc")).unwrap(),
        "[00:01.00]beside\n"
    );
    fs::create_dir(house.dir.path().join("moved")).unwrap();
    fs::rename(house.song(), house.dir.path().join("moved/other.wav")).unwrap();
    let (out, err) = text(&house.croon(&server, &["lyrics", "show", "moved/other.wav"]));
    assert!(
        out.contains("edited in croon") && out.contains("my own"),
        "{out}{err}"
    );
    fs::write(&mine, "\0\0").unwrap();
    let refused = house.croon(&server, &["lyrics", "import", "moved/other.wav", "mine.lrc"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(server.asked(), 0);
}
