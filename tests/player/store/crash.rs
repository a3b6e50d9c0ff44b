//! Killed with -9 at any moment: what `put` acknowledged is there, and the store opens.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use croon::store::StoreError;

use super::*;

const CHILD: &str = "CROON_TEST_STORE_CHILD";

/// Not a test of its own: the child of the tests below, which re-execute this program.
#[test]
#[ignore = "the child of the tests below"]
fn child() {
    let Some(home) = std::env::var_os(CHILD) else {
        return;
    };
    let store = open(Path::new(&home));
    let mut out = std::io::stdout();
    writeln!(out, "\nopen").unwrap();
    for n in 1_u8..=20 {
        let song = store.song(MODEL, track(n)).unwrap();
        for k in song.count()..6 {
            song.put(k, &segment(u32::from(n) * 100 + k), &peaks(k)).unwrap();
            writeln!(out, "put {n} {k}").unwrap();
            out.flush().unwrap();
        }
        song.finish(croon::store::SongMeta {
            frames: 1,
            rate: 44_100,
            segments: 6,
        })
        .unwrap();
        writeln!(out, "done {n}").unwrap();
        out.flush().unwrap();
    }
    // Killed by the test, or let go when it ends.
    let _ = std::io::stdin().read_line(&mut String::new());
}

struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(home: &Path) -> (Victim, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::crash::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    (Victim(child), lines)
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(u8, u32)> = Vec::new();
    let mut finished: Vec<u8> = Vec::new();
    for round in 0_u64..12 {
        let (victim, lines) = start(home.path());
        let mut seen = 0;
        // After a few lines, at a moment that is different in each round.
        let enough = 1 + round as usize % 5;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["put", n, k] => acknowledged.push((n.parse().unwrap(), k.parse().unwrap())),
                ["done", n] => finished.push(n.parse().unwrap()),
                ["open"] => {}
                _ => continue,
            }
            seen += 1;
            if seen > enough {
                std::thread::sleep(Duration::from_micros(round * 1700));
                break;
            }
        }
        drop(victim);
        let store = open(home.path());
        for &(n, k) in &acknowledged {
            let song = store.song(MODEL, track(n)).unwrap();
            let back = song
                .get(k)
                .unwrap_or_else(|| panic!("round {round}: song {n} lost segment {k}"));
            assert!(
                same(&segment(u32::from(n) * 100 + k), &back),
                "round {round}: song {n} segment {k}"
            );
        }
        for &n in &finished {
            assert!(
                store.song(MODEL, track(n)).unwrap().is_complete(),
                "round {round}: song {n}"
            );
            assert!(store.complete(MODEL).contains(&track(n)));
        }
    }
    assert!(
        acknowledged.len() > 12,
        "only {} segments were written",
        acknowledged.len()
    );
}

#[test]
fn a_second_process_is_told_who_holds_the_store() {
    let home = tempfile::tempdir().unwrap();
    let (victim, mut lines) = start(home.path());
    assert!(lines.any(|line| line == "open"));
    let refused = StemStore::open(&paths(home.path()), NO_CAP).unwrap_err();
    assert!(
        matches!(refused, StoreError::Busy { pid: Some(pid), .. } if pid == victim.0.id()),
        "{refused:?}"
    );
    assert!(refused.to_string().contains(&victim.0.id().to_string()));
    assert_eq!(
        croon::store::OwnerLock::holder(&paths(home.path()).state),
        Some(victim.0.id())
    );
    assert!(
        StemStore::open_or_volatile(&paths(home.path()), NO_CAP).is_err(),
        "busy is no fault of the disk"
    );
    drop(victim);
    open(home.path());
    assert_eq!(croon::store::OwnerLock::holder(&paths(home.path()).state), None);
}
