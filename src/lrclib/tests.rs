use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;

/// A server that answers each path by a function, and remembers what it was asked.
struct Server {
    address: String,
    // lock: the test reads what the server thread wrote
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        // lock: as above
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = Vec::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                        break;
                    }
                    lines.push(line.trim().to_owned());
                }
                let path = lines
                    .first()
                    .and_then(|line| line.split(' ').nth(1))
                    .unwrap_or_default()
                    .to_owned();
                seen.lock().unwrap().push(lines.join("\n"));
                answer(&path, &mut stream);
            }
        });
        Self { address, asked }
    }

    fn ask(&self) -> Result<LrclibReply, LrclibError> {
        Lrclib::with_patience(&self.address, Duration::from_millis(700))
            .unwrap()
            .ask(&question())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    // whoever hung up meanwhile needs no answer
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

fn question() -> LrclibQuery {
    LrclibQuery {
        artist: "Ana & Ben".into(),
        title: "Paper Lanterns?".into(),
        album: Some("Water/Light".into()),
        duration: 201.4,
    }
}

fn record(title: &str, duration: f64, lyrics: &str) -> String {
    format!(
        "{{\"id\":3,\"trackName\":\"{title}\",\"artistName\":\"ana & ben\",\"albumName\":\"x\",\"duration\":{duration},\"instrumental\":false,\"new\":{{\"a\":[1]}},{lyrics}}}"
    )
}

#[test]
fn the_exact_song_is_asked_for_first_by_all_its_names() {
    let server = Server::new(|_, stream| {
        reply(
            stream,
            "200 OK",
            &record(
                "Paper Lanterns",
                200.0,
                "\"plainLyrics\":\"words\",\"syncedLyrics\":\"[00:01.00]words\"",
            ),
        );
    });
    assert_eq!(
        server.ask().unwrap(),
        LrclibReply::Lyrics("[00:01.00]words".into())
    );
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    let line = asked[0].lines().next().unwrap().to_owned();
    assert!(line.starts_with("GET /api/get?"), "{line}");
    for part in [
        "artist_name=Ana%20%26%20Ben",
        "track_name=Paper%20Lanterns%3F",
        "album_name=Water%2FLight",
        "duration=201",
    ] {
        let plus = part.replace("%20", "+");
        assert!(line.contains(part) || line.contains(&plus), "{part} in {line}");
    }
    let agent = asked[0]
        .lines()
        .find(|line| line.to_lowercase().starts_with("user-agent:"));
    assert!(agent.unwrap().contains("croon/"), "{asked:?}");
}

#[test]
fn the_search_takes_the_same_name_within_two_seconds_and_times_before_text() {
    let server = Server::new(|path, stream| {
        if path.starts_with("/api/get") {
            return reply(
                stream,
                "404 Not Found",
                "{\"code\":404,\"name\":\"TrackNotFound\"}",
            );
        }
        let songs = [
            record(
                "Paper Lanterns (Live)",
                201.0,
                "\"syncedLyrics\":\"[00:01.00]live\"",
            ),
            record("Paper Lanterns", 204.0, "\"syncedLyrics\":\"[00:01.00]too long\""),
            record("paper lanterns", 201.4, "\"plainLyrics\":\"text\""),
            record(
                "Paper Lanterns (feat. Cy)",
                203.0,
                "\"syncedLyrics\":\"[00:01.00]right\"",
            ),
        ];
        reply(stream, "200 OK", &format!("[{}]", songs.join(",")));
    });
    assert_eq!(
        server.ask().unwrap(),
        LrclibReply::Lyrics("[00:01.00]right".into())
    );
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn an_answer_about_another_song_or_of_an_instrumental_is_none() {
    let other = Server::new(|path, stream| {
        let song = record("Another", 201.0, "\"plainLyrics\":\"wrong\"");
        let body = if path.starts_with("/api/get") {
            song
        } else {
            format!("[{song}]")
        };
        reply(stream, "200 OK", &body);
    });
    assert_eq!(other.ask().unwrap(), LrclibReply::Nothing);
    let band = Server::new(|_, stream| {
        let song = record("Paper Lanterns", 201.0, "\"plainLyrics\":null");
        reply(
            stream,
            "200 OK",
            &song.replace("\"instrumental\":false", "\"instrumental\":true"),
        );
    });
    assert_eq!(band.ask().unwrap(), LrclibReply::Nothing);
}

#[test]
fn slow_large_wrong_and_hostile_servers_are_named_and_done_with_soon() {
    let began = std::time::Instant::now();
    let silent = Server::new(|_, _| thread::sleep(Duration::from_secs(5)));
    assert!(matches!(silent.ask(), Err(LrclibError::Slow { .. })));
    let dripping = Server::new(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        for _ in 0..50 {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(b" ").is_err() {
                return;
            }
        }
    });
    assert!(matches!(dripping.ask(), Err(LrclibError::Slow { .. })));
    let endless = Server::new(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let piece = vec![b'['; 1 << 16];
        for _ in 0..200 {
            if stream.write_all(&piece).is_err() {
                return;
            }
        }
    });
    let error = endless.ask().unwrap_err();
    assert!(matches!(error, LrclibError::Large { .. }), "{error}");
    let deep = Server::new(|_, stream| reply(stream, "200 OK", &"[".repeat(1 << 20)));
    assert!(matches!(deep.ask(), Err(LrclibError::NotLrclib { .. })));
    let deep_inside = Server::new(|_, stream| {
        let nest = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        reply(stream, "200 OK", &format!("{{\"new\":{nest}}}"));
    });
    assert!(matches!(deep_inside.ask(), Err(LrclibError::NotLrclib { .. })));
    let wrong = Server::new(|_, stream| reply(stream, "200 OK", "<html>welcome</html>"));
    assert!(matches!(wrong.ask(), Err(LrclibError::NotLrclib { .. })));
    let broken = Server::new(|_, stream| reply(stream, "503 Service Unavailable", ""));
    assert!(matches!(
        broken.ask(),
        Err(LrclibError::Status { status: 503, .. })
    ));
    let garbage = Server::new(|_, stream| {
        let _ = stream.write_all(b"\x1b[2J\0\0\r\n\r\n");
    });
    let error = garbage.ask().unwrap_err().to_string();
    assert!(!error.contains('\x1b'), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn a_redirect_leads_nowhere() {
    let inner = Server::new(|_, stream| reply(stream, "200 OK", "{}"));
    let target = inner.address.clone();
    let server = Server::new(move |_, stream| {
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {target}/api/get\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    });
    assert!(matches!(server.ask(), Err(LrclibError::Redirect { .. })));
    assert!(inner.asked().is_empty());
}

#[test]
fn a_server_that_is_not_there_and_an_address_that_is_none_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody = Lrclib::new(&address).unwrap().ask(&question());
    assert!(matches!(nobody, Err(LrclibError::Unreachable { .. })));
    for wrong in [
        "",
        "lrclib.net/",
        "file:///etc/passwd",
        "ftp://x",
        "http://",
        "http://x/?a=b",
        "\x1b[2J",
    ] {
        assert!(
            matches!(Lrclib::new(wrong), Err(LrclibError::Address(_))),
            "{wrong:?}"
        );
    }
}

#[test]
fn lyrics_without_end_are_not_taken() {
    let server = Server::new(|path, stream| {
        let song = record(
            "Paper Lanterns",
            201.0,
            &format!(
                "\"syncedLyrics\":\"{}\",\"plainLyrics\":\"short\"",
                "x".repeat(MOST_LYRICS + 1)
            ),
        );
        let body = if path.starts_with("/api/get") {
            song
        } else {
            format!("[{song}]")
        };
        reply(stream, "200 OK", &body);
    });
    assert_eq!(server.ask().unwrap(), LrclibReply::Lyrics("short".into()));
}
