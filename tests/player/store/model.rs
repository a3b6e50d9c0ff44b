//! The store against a plain map, under random operations.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use croon::key_tempo::KeyTempo;
use croon::song_settings::{Change, SongSettings};
use croon::store::SongMeta;

#[derive(Debug, Clone)]
enum Op {
    Put {
        song: u8,
        segment: u32,
        seed: u32,
    },
    Get {
        song: u8,
        segment: u32,
    },
    Finish {
        song: u8,
        segments: u32,
    },
    Reopen,
    Remember {
        song: u8,
        singer: Option<&'static str>,
        changes: Vec<Change>,
    },
    /// The cap becomes nothing: all go that are not pinned.
    PruneAll,
    /// A byte of one song's database is flipped while the store is closed.
    Corrupt {
        song: u8,
        at: u32,
    },
}

fn change() -> impl Strategy<Value = Change> {
    let seconds = || prop_oneof![-5.0..500.0_f64, any::<f64>()];
    prop_oneof![
        1 => any::<u8>().prop_map(Change::Level),
        1 => (any::<i8>(), any::<u8>()).prop_map(|(key, tempo)| Change::KeyTempo(KeyTempo::new(key, tempo))),
        1 => any::<i32>().prop_map(Change::LyricsOffset),
        1 => proptest::option::of((seconds(), seconds())).prop_map(Change::Loop),
        3 => any::<bool>().prop_map(Change::Pinned),
        1 => any::<i64>().prop_map(Change::Sung),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let song = 0_u8..3;
    let segment = 0_u32..4;
    prop_oneof![
        6 => (song.clone(), segment.clone(), 0_u32..50).prop_map(|(song, segment, seed)| Op::Put { song, segment, seed }),
        4 => (song.clone(), segment).prop_map(|(song, segment)| Op::Get { song, segment }),
        2 => (song.clone(), 1_u32..4).prop_map(|(song, segments)| Op::Finish { song, segments }),
        2 => Just(Op::Reopen),
        4 => (
            song.clone(),
            proptest::sample::select(vec![None, Some("Ana"), Some("ANA "), Some("Бен")]),
            proptest::collection::vec(change(), 1..4)
        )
            .prop_map(|(song, singer, changes)| Op::Remember { song, singer, changes }),
        2 => Just(Op::PruneAll),
        2 => (song, any::<u32>()).prop_map(|(song, at)| Op::Corrupt { song, at }),
    ]
}

#[derive(Default)]
struct Model {
    segments: BTreeMap<(u8, u32), u32>,
    complete: BTreeMap<u8, u32>,
    memories: BTreeMap<u8, SongSettings>,
}

impl Model {
    fn lose(&mut self, song: u8) {
        self.segments.retain(|key, _| key.0 != song);
        self.complete.remove(&song);
    }

    fn memory(&self, song: u8) -> SongSettings {
        self.memories.get(&song).cloned().unwrap_or_default()
    }
}

fn check(store: &StemStore, model: &Model) -> Result<(), TestCaseError> {
    for song in 0..3 {
        let stored = store.song_if_stored(MODEL, track(song)).unwrap();
        for k in 0..4 {
            let expected = model.segments.get(&(song, k));
            let back = stored.as_ref().and_then(|stored| stored.get(k));
            prop_assert_eq!(back.is_some(), expected.is_some(), "song {} segment {}", song, k);
            if let (Some(back), Some(seed)) = (back, expected) {
                prop_assert!(same(&segment(*seed), &back));
                prop_assert_eq!(stored.as_ref().unwrap().peaks(k), Some(peaks(*seed)));
            }
        }
        let complete = model.complete.contains_key(&song);
        prop_assert_eq!(stored.is_some_and(|stored| stored.is_complete()), complete);
        prop_assert_eq!(store.complete(MODEL).contains(&track(song)), complete);
        prop_assert_eq!(&store.song_settings(track(song)), &model.memory(song));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]
    #[test]
    fn the_store_does_what_a_map_does(ops in proptest::collection::vec(op(), 1..25)) {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path());
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Put { song, segment: k, seed } => {
                    store.song(MODEL, track(song)).unwrap().put(k, &segment(seed), &peaks(seed)).unwrap();
                    model.segments.insert((song, k), seed);
                }
                Op::Get { song, segment: k } => {
                    let back = store.song(MODEL, track(song)).unwrap().get(k);
                    prop_assert_eq!(back.is_some(), model.segments.contains_key(&(song, k)));
                }
                Op::Finish { song, segments } => {
                    let all = (0..segments).all(|k| model.segments.contains_key(&(song, k)));
                    let meta = SongMeta { frames: 1, rate: 44_100, segments };
                    prop_assert_eq!(store.song(MODEL, track(song)).unwrap().finish(meta).unwrap(), all);
                    if all {
                        model.complete.insert(song, segments);
                    }
                }
                Op::Reopen => {
                    drop(store);
                    store = open(home.path());
                }
                Op::Remember { song, singer, changes } => {
                    store.remember_song(track(song), singer, &changes).unwrap();
                    let memory = model.memories.entry(song).or_default();
                    changes.iter().for_each(|change| memory.apply(singer, change.clone()));
                }
                Op::PruneAll => {
                    store.set_cap(0);
                    store.prune().unwrap();
                    store.set_cap(NO_CAP);
                    (0..3).filter(|song| !model.memory(*song).pinned).collect::<Vec<_>>()
                        .into_iter().for_each(|song| model.lose(song));
                }
                Op::Corrupt { song, at } => {
                    drop(store);
                    let file = home.path().join("cache/stems").join(MODEL).join(track(song).to_string()).join("db");
                    if let Ok(mut bytes) = std::fs::read(&file) && !bytes.is_empty() {
                        let at = at as usize % bytes.len();
                        bytes[at] ^= 0x10;
                        std::fs::write(&file, bytes).unwrap();
                    }
                    store = open(home.path());
                    // What is lost is lost; what is left must be right.
                    if let Some(stored) = store.song_if_stored(MODEL, track(song)).unwrap() {
                        for k in 0..4 {
                            if stored.get(k).is_none() && model.segments.remove(&(song, k)).is_some() {
                                model.complete.remove(&song);
                            }
                        }
                        if !stored.is_complete() {
                            model.complete.remove(&song);
                        }
                    }
                }
            }
        }
        check(&store, &model)?;
        drop(store);
        check(&open(home.path()), &model)?;
    }
}

#[test]
fn the_least_recently_sung_go_first_and_pins_and_open_songs_stay() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    for n in 0..5 {
        let song = store.song(MODEL, track(n)).unwrap();
        song.put(0, &segment(u32::from(n)), &peaks(0)).unwrap();
        song.finish(SongMeta {
            frames: 1,
            rate: 44_100,
            segments: 1,
        })
        .unwrap();
    }
    // 0 pinned, 1 open, 4 sung last (by the clock of seconds all were made at once).
    store.pin(track(0), true).unwrap();
    let open_song = store.song(MODEL, track(1)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    store.sung(track(4)).unwrap();
    let all = store.used();
    store.set_cap(all - 1);
    assert_eq!(store.room(), 0);
    assert_eq!(store.prune().unwrap().songs, 1, "one is enough");
    store.set_cap(store.used() - 1);
    assert_eq!(store.prune().unwrap().songs, 1);
    assert_eq!(store.complete(MODEL), [track(0), track(1), track(4)].into());
    store.set_cap(0);
    let pruned = store.prune().unwrap();
    assert_eq!(pruned.songs, 1);
    assert!(pruned.over > 0);
    assert!(same(&segment(1), &open_song.get(0).unwrap()));
    drop(open_song);
    let cleared = store.clear(false).unwrap();
    assert_eq!((cleared.songs, cleared.left), (1, 1));
    assert_eq!(store.clear(true).unwrap().songs, 1);
    assert_eq!(store.used(), 0);
}

#[test]
fn only_pruning_makes_room_and_it_can_spare_a_song() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let finish = |n| {
        let song = store.song(MODEL, track(n)).unwrap();
        song.put(0, &segment(u32::from(n)), &peaks(0)).unwrap();
        song.finish(SongMeta {
            frames: 44_100,
            rate: 44_100,
            segments: 1,
        })
        .unwrap();
    };
    finish(0);
    store.set_cap(store.used() * 3 / 2);
    finish(1);
    assert_eq!(store.complete(MODEL), [track(0), track(1)].into());
    store.sung(track(0)).unwrap();
    assert_eq!(store.prune_sparing(track(1)).unwrap().songs, 1);
    assert_eq!(store.complete(MODEL), [track(1)].into());
    store.set_cap(0);
    assert_eq!(store.prune_sparing(track(1)).unwrap().songs, 0);
    let stats = store.stats();
    assert_eq!((stats.songs, stats.complete, stats.seconds), (1, Some(1), 1.0));
    assert_eq!(stats.models[0].model, MODEL);
}

#[test]
fn verify_names_what_it_dropped() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    for n in 0..2 {
        let song = store.song(MODEL, track(n)).unwrap();
        song.put(0, &segment(3), &peaks(0)).unwrap();
        song.put(1, &segment(4), &peaks(0)).unwrap();
        song.finish(SongMeta {
            frames: 1,
            rate: 44_100,
            segments: 2,
        })
        .unwrap();
    }
    drop(store);
    let file = home
        .path()
        .join("cache/stems")
        .join(MODEL)
        .join(track(1).to_string())
        .join("db");
    let mut bytes = std::fs::read(&file).unwrap();
    // Every second page of the file, so that some of the blocks are hit.
    bytes
        .chunks_mut(4096)
        .skip(1)
        .step_by(2)
        .for_each(|page| page[100] ^= 0xff);
    std::fs::write(&file, bytes).unwrap();
    let store = open(home.path());
    let mut steps = Vec::new();
    let found = store.verify(|done, all| steps.push((done, all)));
    assert_eq!(found.songs, 2);
    assert_eq!(steps, [(0, 2), (1, 2), (2, 2)]);
    assert_eq!(found.damaged.len(), 1, "{found:?}");
    assert_eq!(found.damaged[0].track, track(1).to_string());
    let again = store.verify(|_, _| {});
    assert!(again.damaged.is_empty(), "{again:?}");
}
