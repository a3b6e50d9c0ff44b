use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::song_settings::singer_key;

fn song(name: &str, singer: Option<&str>) -> QueueEntry {
    // a real key is only given by the library; `resolve` asks by path
    QueueEntry {
        id: 0,
        path: name.into(),
        key: None,
        broken: false,
        name: name.into(),
        seconds: Some(60.0),
        singer: singer.map(str::to_owned),
    }
}

/// All files are there, but for those named.
fn there(queue: &mut Queue, but: &[&str]) {
    queue.resolve(|path| {
        let gone = but.iter().any(|name| Path::new(name) == path);
        (!gone).then(|| (crate::app::state::song_key::SongKey::for_tests(1), false))
    });
}

fn names(queue: &Queue) -> Vec<&str> {
    queue.entries().iter().map(|entry| &*entry.name).collect()
}

fn filled(songs: &[(&str, Option<&str>)]) -> Queue {
    let mut queue = Queue::new(7);
    for (name, singer) in songs {
        queue.add(song(name, *singer), false);
    }
    there(&mut queue, &[]);
    queue
}

fn sing(queue: &mut Queue) -> Option<QueueEntry> {
    let place = queue.first()?.id;
    queue.take(place).map(|taken| taken.entry)
}

#[test]
fn singers_take_turns_and_songs_of_nobody_keep_their_places() {
    let mut queue = filled(&[
        ("a1", Some("Ana")),
        ("a2", Some("ana")),
        ("x", None),
        ("a3", Some("Ana")),
        ("b1", Some("Ben")),
        ("b2", Some("Ben")),
    ]);
    assert_eq!(names(&queue), ["a1", "b1", "x", "a2", "b2", "a3"]);
    assert_eq!(queue.singers(), ["Ana", "Ben"]);
    sing(&mut queue);
    // somebody new comes before those who sang already, after those who wait to sing first
    queue.add(song("c1", Some("Cem")), false);
    there(&mut queue, &[]);
    assert_eq!(names(&queue), ["b1", "x", "c1", "a2", "b2", "a3"]);
    // a song that is missing costs its singer no turn, and keeps nobody waiting
    there(&mut queue, &["b1"]);
    assert_eq!(names(&queue), ["b1", "x", "c1", "b2", "a2", "a3"]);
    assert_eq!(sing(&mut queue).unwrap().name, "x");
    assert_eq!(sing(&mut queue).unwrap().name, "c1");
}

#[test]
fn a_list_in_the_place_of_the_queue_is_one_change() {
    let mut queue = filled(&[("a", None), ("b", Some("Ben")), ("c", None)]);
    queue.replace(vec![song("x", None), song("y", None)]);
    there(&mut queue, &[]);
    assert_eq!(names(&queue), ["x", "y"]);
    queue.add(song("z", None), false);
    assert!(queue.undo().is_some());
    assert_eq!(names(&queue), ["z", "a", "b", "c"], "what came since stays");
    queue.clear();
    queue.replace(vec![song("x", None)]);
    queue.undo();
    queue.undo();
    assert_eq!(queue.len(), 4);
}

#[test]
fn a_cleared_queue_comes_back_without_what_was_sung_and_with_what_was_added() {
    let mut queue = filled(&[("a", None), ("b", Some("Ben")), ("c", None)]);
    let before = queue.entries().to_vec();
    assert_eq!(queue.clear(), 3);
    assert!(queue.undo().is_some());
    assert_eq!(queue.entries(), before);
    queue.cursor.at = 1;
    queue.remove();
    sing(&mut queue);
    queue.add(song("new", None), false);
    queue.undo();
    assert_eq!(names(&queue), ["b", "c", "new"]);
    assert_eq!(queue.undo(), None);
}

#[test]
fn a_turn_that_came_to_nothing_is_given_back() {
    let mut queue = filled(&[("a1", Some("Ana")), ("b1", Some("Ben")), ("a2", Some("Ana"))]);
    let before = queue.entries().to_vec();
    let turns = queue.rotation().to_list();
    let taken = queue.take(queue.first().unwrap().id).unwrap();
    queue.put_back(taken);
    assert_eq!(
        (queue.entries(), queue.rotation().to_list()),
        (&before[..], turns)
    );
}

#[test]
fn shuffling_twice_brings_the_order_back() {
    let mut queue = filled(&[]);
    for n in 0..30 {
        queue.add(song(&n.to_string(), None), false);
    }
    there(&mut queue, &[]);
    let before: Vec<String> = names(&queue).into_iter().map(str::to_owned).collect();
    assert!(queue.shuffle());
    assert_ne!(names(&queue), before);
    queue.add(song("last", None), false);
    queue.add(song("first", None), true);
    assert!(!queue.shuffle());
    assert_eq!(names(&queue)[1..31], before);
    assert_eq!((names(&queue)[0], names(&queue)[31]), ("first", "last"));
}

#[derive(Debug, Clone)]
enum Op {
    Add(u8, bool),
    Cursor(usize),
    Shift(bool),
    Remove,
    Clear,
    Undo,
    Shuffle,
    Repeat,
    Singer(u8),
    Sing,
    SingSelected,
    Fail,
    Missing(u8),
    List(u8),
    Reopen,
}

const SINGERS: [&str; 5] = ["", "Ana", "Ben", " ana ", "Cem"];

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<u8>(), any::<bool>()).prop_map(|(who, first)| Op::Add(who, first)),
        2 => (0..9_usize).prop_map(Op::Cursor),
        2 => any::<bool>().prop_map(Op::Shift),
        2 => Just(Op::Remove),
        1 => Just(Op::Clear),
        3 => Just(Op::Undo),
        1 => Just(Op::Shuffle),
        1 => Just(Op::Repeat),
        3 => any::<u8>().prop_map(Op::Singer),
        4 => Just(Op::Sing),
        1 => Just(Op::SingSelected),
        1 => Just(Op::Fail),
        1 => any::<u8>().prop_map(Op::Missing),
        1 => any::<u8>().prop_map(Op::List),
        1 => Just(Op::Reopen),
    ]
}

/// How many songs were ever added, and which were sung.
#[derive(Default)]
struct Ledger {
    added: u32,
    sung: Vec<String>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_undo_is_exact_and_turns_are_fair(ops in prop::collection::vec(op(), 1..60)) {
        let mut queue = Queue::new(3);
        let mut ledger = Ledger::default();
        let mut missing: Vec<String> = Vec::new();
        // who waited, without a break, since each singer last sang
        let mut waited: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let who = |n: u8| SINGERS[n as usize % SINGERS.len()];
        for op in ops {
            let before = queue.entries().to_vec();
            let mut sang = None;
            match op {
                Op::Add(n, first) => {
                    ledger.added += 1;
                    let singer = Some(tidy_name(who(n))).filter(|name| !name.is_empty());
                    queue.add(song(&ledger.added.to_string(), singer.as_deref()), first);
                }
                Op::List(n) => {
                    let songs = (0..n % 3).map(|_| {
                        ledger.added += 1;
                        song(&ledger.added.to_string(), None)
                    });
                    // its undo takes them out again
                    let songs: Vec<QueueEntry> = songs.collect();
                    queue.append(songs);
                }
                Op::Cursor(at) => queue.cursor.at = at.min(queue.len().saturating_sub(1)),
                Op::Shift(down) => drop(queue.shift(down)),
                Op::Remove => {
                    let removed = queue.remove();
                    prop_assert_eq!(before.len(), queue.len() + usize::from(removed.is_some()));
                }
                Op::Clear => prop_assert_eq!(queue.clear(), before.len()),
                Op::Undo => drop(queue.undo()),
                Op::Shuffle => drop(queue.shuffle()),
                Op::Repeat => drop(queue.next_repeat()),
                Op::Singer(n) => drop(queue.set_singer(who(n))),
                Op::Sing => sang = sing(&mut queue),
                Op::SingSelected => {
                    // out of turn, by hand: the others' claims begin anew
                    if let Some(place) = queue.selected().map(|entry| entry.id) {
                        let taken = queue.take(place).unwrap();
                        ledger.sung.push(taken.entry.name);
                        waited.clear();
                    }
                }
                Op::Fail => {
                    if let Some(first) = queue.first().map(|entry| entry.id) {
                        let turns = queue.rotation().to_list();
                        let taken = queue.take(first).unwrap();
                        queue.put_back(taken);
                        prop_assert_eq!(queue.entries(), &before[..]);
                        prop_assert_eq!(queue.rotation().to_list(), turns);
                    }
                }
                Op::Missing(n) => {
                    let name = (u32::from(n) % (ledger.added + 1)).to_string();
                    match missing.iter().position(|known| *known == name) {
                        Some(at) => drop(missing.remove(at)),
                        None => missing.push(name),
                    }
                }
                Op::Reopen => {
                    let (unshuffled, turns) = (queue.unshuffled(), Rotation::from_list(queue.rotation().to_list()));
                    let repeat = queue.repeat();
                    queue = Queue::new(9);
                    queue.restore(before.clone(), unshuffled, turns, repeat);
                    let again: Vec<&str> = before.iter().map(|entry| &*entry.name).collect();
                    prop_assert_eq!(names(&queue), again);
                }
            }
            let gone: Vec<&str> = missing.iter().map(String::as_str).collect();
            there(&mut queue, &gone);
            // each song once
            let mut here = names(&queue);
            here.sort_unstable();
            let all = here.len();
            here.dedup();
            prop_assert_eq!(here.len(), all, "a song stands twice in the queue");
            prop_assert!(ledger.sung.iter().all(|sung| !here.contains(&&**sung)), "a song is sung and waits");
            prop_assert!(queue.cursor.at < all.max(1));
            // the order shown is the order sung
            let order = queue.rotation.order(queue.entries());
            prop_assert!(order.iter().enumerate().all(|(at, from)| at == *from), "not in the order of singing");

            // fairness: between two turns of one singer, everybody who waited all the time sang
            let now: Vec<String> = queue.entries().iter()
                .filter(|entry| entry.is_playable())
                .filter_map(|entry| entry.singer.as_deref().map(singer_key)).collect();
            if let Some(entry) = sang {
                ledger.sung.push(entry.name.clone());
                if let Some(key) = entry.singer.as_deref().map(singer_key) {
                    let others = waited.get(&key).cloned().unwrap_or_default();
                    prop_assert!(others.is_empty(), "{key} sings twice while {others:?} wait");
                    waited.values_mut().for_each(|names| names.retain(|name| *name != key));
                    waited.insert(key.clone(), now.iter().filter(|name| **name != key).cloned().collect());
                }
            }
            waited.values_mut().for_each(|names| names.retain(|name| now.contains(name)));
            if queue.rotation().to_list().is_empty() {
                waited.clear();
            }
        }
        // whatever was taken out by hand last comes back
        let before = queue.entries().to_vec();
        if !before.is_empty() {
            queue.clear();
            queue.undo();
            prop_assert_eq!(queue.entries(), &before[..]);
            queue.remove();
            queue.undo();
            prop_assert_eq!(queue.entries(), &before[..]);
        }
    }
}
