//! The socket against clients of every kind: garbage, crowds, sleepers, the half-dead.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use croon::remote::{
    Address, Client, LONGEST_LINE, PendingRequest, Remote, RemoteInterfaces, RemoteRequest, Reply,
    RequestLine, Responder, ResponseLine, Status,
};
use croon::request::Request;
use crossbeam_channel::{Receiver, unbounded};

/// Generous: a loaded machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open door and whoever stands behind it.
struct House {
    remote: Option<Remote>,
    address: Address,
    asked: Receiver<Request>,
    /// Those who asked for `pause` wait for their answer.
    held: Receiver<Responder>,
    _dir: tempfile::TempDir,
}

fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let address = Address::new(dir.path(), Some(dir.path()));
    let (tell, asked) = unbounded();
    let (hold, held) = unbounded();
    let on = Arc::new(move |PendingRequest { ask, answer }: PendingRequest| match ask {
        RemoteRequest::Do(Request::Pause) => hold.send(answer).unwrap(),
        RemoteRequest::Do(request) => {
            let said = format!("{request:?}");
            let _ = tell.send(request);
            answer.reply(Reply::Done(said));
        }
        RemoteRequest::SaveQueue { path, .. } | RemoteRequest::LoadQueue { path, .. } => {
            answer.reply(Reply::Done(path.display().to_string()));
        }
        RemoteRequest::Status | RemoteRequest::Follow => answer.reply(Reply::Status(Box::default())),
    });
    let doors = RemoteInterfaces {
        socket: true,
        mpris: false,
    };
    let (remote, trouble) = Remote::start(&address, doors, on);
    assert!(trouble.is_none(), "{trouble:?}");
    House {
        remote: Some(remote),
        address,
        asked,
        held,
        _dir: dir,
    }
}

impl House {
    fn raw(&self) -> UnixStream {
        let stream = UnixStream::connect(self.address.path()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A well-behaved client is served, whatever else goes on.
    fn serves(&self) {
        let mut client = Client::connect(&self.address).unwrap().expect("somebody listens");
        let answered = client.ask(&RequestLine::new("toggle")).unwrap();
        assert!(
            answered.ok && answered.said.as_deref() == Some("Toggle"),
            "{answered:?}"
        );
    }

    fn remote(&self) -> &Remote {
        self.remote.as_ref().unwrap()
    }
}

fn read(line: &str) -> ResponseLine {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn playing(at_seconds: u64) -> Status {
    Status {
        title: Some("Moth".into()),
        position_us: at_seconds * 1_000_000,
        ..Status::default()
    }
}

#[test]
fn garbage_is_answered_and_costs_nobody_else() {
    let house = house();
    let mut stream = house.raw();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for garbage in [
        &b"\xff\xfe\x00\n"[..],
        b"{]\n",
        b"{\"request\":\"\xc3\x28\"}\n",
        b"null\n",
    ] {
        stream.write_all(garbage).unwrap();
        let answered = read(&lines.next().unwrap().unwrap());
        assert!(!answered.ok && answered.error.unwrap().contains("no request"));
    }
    // empty lines are nothing, and the connection is as good as before
    stream.write_all(b"\n\r\n{\"request\":\"next\"}\r\n").unwrap();
    assert!(read(&lines.next().unwrap().unwrap()).ok);
    house.serves();
}

#[test]
fn a_line_without_an_end_is_cut_off() {
    let house = house();
    let mut stream = house.raw();
    // more than is taken: the rest may find the door shut
    let _ = stream.write_all(&vec![b'x'; 4 * LONGEST_LINE]);
    let mut said = String::new();
    let read_all = BufReader::new(&stream).read_line(&mut said);
    // a door shut on unread bytes may take the answer with it
    if read_all.is_ok() && !said.is_empty() {
        assert!(read(&said).error.unwrap().contains("longer than"), "{said}");
    }
    house.serves();
}

#[test]
fn the_longest_line_that_may_be_is_read() {
    let house = house();
    let mut stream = house.raw();
    let path = format!("/{}", "x".repeat(LONGEST_LINE - 100));
    let line = format!("{{\"request\":\"add\",\"file\":\"{path}\"}}\n");
    stream.write_all(line.as_bytes()).unwrap();
    assert_eq!(
        house.asked.recv_timeout(PATIENCE).unwrap(),
        Request::Add(path.into())
    );
}

#[test]
fn one_byte_at_a_time_is_a_line_too() {
    let house = house();
    let mut stream = house.raw();
    for byte in b"{\"request\":\"previous\"}\n" {
        stream.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut said = String::new();
    BufReader::new(&stream).read_line(&mut said).unwrap();
    assert!(read(&said).ok, "{said}");
}

#[test]
fn who_says_no_more_is_still_answered() {
    let house = house();
    let mut stream = house.raw();
    // the second line has no end
    stream
        .write_all(b"{\"request\":\"next\"}\n{\"request\":\"stop\"}")
        .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let answers: Vec<ResponseLine> = said.lines().map(read).collect();
    assert!(
        answers.len() == 2 && answers.iter().all(|answer| answer.ok),
        "{said}"
    );
}

#[test]
fn what_was_asked_counts_even_if_nobody_waits_for_the_answer() {
    let house = house();
    let mut stream = house.raw();
    stream
        .write_all(b"{\"request\":\"next\"}\n{\"request\":\"stop\"}\n")
        .unwrap();
    drop(stream);
    let asked = [(); 2].map(|()| house.asked.recv_timeout(PATIENCE).unwrap());
    assert_eq!(asked, [Request::Next, Request::Stop]);
    house.serves();
}

#[test]
fn requests_of_one_client_wait_for_each_other_and_for_no_other_client() {
    let house = house();
    let mut stream = house.raw();
    stream
        .write_all(b"{\"request\":\"pause\"}\n{\"request\":\"next\"}\n")
        .unwrap();
    let answer = house.held.recv_timeout(PATIENCE).unwrap();
    (0..50).for_each(|_| house.serves());
    assert!(
        house.asked.try_iter().all(|request| request == Request::Toggle),
        "`next` went before the answer to `pause`"
    );
    answer.reply(Reply::Refused("not now".into()));
    assert_eq!(house.asked.recv_timeout(PATIENCE).unwrap(), Request::Next);
    let mut lines = BufReader::new(&stream).lines();
    assert_eq!(
        read(&lines.next().unwrap().unwrap()).error.as_deref(),
        Some("not now")
    );
    assert!(read(&lines.next().unwrap().unwrap()).ok);
}

#[test]
fn an_answer_that_is_lost_ends_the_wait() {
    let house = house();
    let mut client = Client::connect(&house.address).unwrap().unwrap();
    let waiting = std::thread::spawn(move || client.ask(&RequestLine::new("pause")).unwrap());
    drop(house.held.recv_timeout(PATIENCE).unwrap());
    assert!(waiting.join().unwrap().error.unwrap().contains("ending"));
}

#[test]
fn a_client_that_never_reads_is_read_no_further() {
    let house = house();
    let mut stream = house.raw();
    stream.set_nonblocking(true).unwrap();
    let line = b"{\"request\":\"previous\"}\n".repeat(100);
    let mut written = 0;
    let mut refused = 0;
    // its answers fill its own buffer, then ours up to a bound, then its requests stay where they are
    while refused < 100 && written < 64 << 20 {
        match stream.write(&line) {
            Ok(count) => (written, refused) = (written + count, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refused += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(written < 64 << 20, "it was read for ever");
    house.serves();
}

#[test]
fn ten_thousand_connections_leave_the_door_open() {
    let house = house();
    let mut crowd = std::collections::VecDeque::new();
    for number in 0..10_000 {
        crowd.push_back(house.raw());
        if crowd.len() > 300 {
            crowd.pop_front();
        }
        if number % 1_000 == 0 {
            house.serves();
        }
    }
    house.serves();
    drop(crowd);
    house.serves();
}

#[test]
fn a_crowd_that_follows_is_told_there_is_no_room() {
    let house = house();
    let mut crowd: Vec<Client> = Vec::new();
    let refused = loop {
        assert!(crowd.len() < 200, "there is room for any number");
        let mut client = Client::connect(&house.address).unwrap().unwrap();
        match client.ask(&RequestLine::new("follow")) {
            Ok(answered) if answered.ok => crowd.push(client),
            Ok(answered) => break answered.error.unwrap(),
            // the door was shut before the request was written
            Err(_) => break "too many".into(),
        }
    };
    assert!(refused.contains("too many"), "{refused}");
    crowd.pop();
    until("room again", || {
        Client::connect(&house.address)
            .unwrap()
            .unwrap()
            .ask(&RequestLine::new("toggle"))
            .is_ok_and(|answered| answered.ok)
    });
}

#[test]
fn who_follows_sees_every_change_and_only_changes() {
    let house = house();
    let mut client = Client::connect(&house.address).unwrap().unwrap();
    assert!(!house.remote().watched());
    assert!(client.ask(&RequestLine::new("follow")).unwrap().status.is_some());
    until("a watcher", || house.remote().watched());
    for at in [1, 1, 1, 2] {
        house.remote().publish(playing(at), false);
    }
    house.remote().publish(
        Status {
            vocals: 30,
            ..playing(2)
        },
        false,
    );
    let mut next = || client.next_line().unwrap().unwrap().status.unwrap();
    assert_eq!(next().position_us, 1_000_000);
    assert_eq!(next().position_us, 2_000_000);
    assert_eq!(next().vocals, 30);
    drop(client);
    until("nobody to watch", || !house.remote().watched());
}

#[test]
fn who_follows_may_close_its_side_and_ask_no_more() {
    let house = house();
    let mut stream = house.raw();
    stream.write_all(b"{\"request\":\"follow\"}\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut lines = BufReader::new(&stream).lines();
    assert!(read(&lines.next().unwrap().unwrap()).status.is_some());
    house.remote().publish(playing(7), false);
    let status = read(&lines.next().unwrap().unwrap()).status.unwrap();
    assert_eq!(status.position_us, 7_000_000);
}

#[test]
fn a_follower_that_sleeps_misses_some_and_gets_the_newest() {
    let house = house();
    let mut client = Client::connect(&house.address).unwrap().unwrap();
    client.ask(&RequestLine::new("follow")).unwrap();
    let began = Instant::now();
    let newest = 30_000;
    for at in 1..=newest {
        house.remote().publish(playing(at), false);
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "publishing waited for a client: {:?}",
        began.elapsed()
    );
    house.serves();
    let mut seen = Vec::new();
    while seen.last() != Some(&newest) {
        let status = client.next_line().unwrap().unwrap().status.unwrap();
        seen.push(status.position_us / 1_000_000);
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(seen.len() < newest as usize, "all of it was kept for a sleeper");
}

#[test]
fn the_end_is_seen_and_leaves_nothing_behind() {
    let mut house = house();
    let path = house.address.path();
    let mut client = Client::connect(&house.address).unwrap().unwrap();
    client.ask(&RequestLine::new("follow")).unwrap();
    house.remote = None;
    assert!(client.next_line().unwrap().is_none());
    assert!(!path.exists());
    assert!(Client::connect(&house.address).unwrap().is_none());
}

#[test]
fn nobody_there_is_no_error() {
    let nowhere = Address::new(Path::new("/nowhere/at/all"), Some(Path::new("/nowhere")));
    assert!(Client::connect(&nowhere).unwrap().is_none());
}
