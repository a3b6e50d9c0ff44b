//! Whatever the machines and the hand do, in any order.

use super::{asked, cache};
use crate::harness::{Harness, SONGS, engine, loaded, path};
use croon::app::Event;
use croon::keymap::TABLE;
use croon::request::{Request, Target};
use croon::track::TrackId;
use proptest::prelude::*;

fn any_request() -> impl Strategy<Value = Request> {
    let song = || (0..SONGS.len()).prop_map(|i| path(SONGS[i].0));
    let change = || {
        prop_oneof![
            any::<i32>().prop_map(Target::To),
            any::<i32>().prop_map(Target::By)
        ]
    };
    prop_oneof![
        proptest::sample::select(vec![
            Request::Play,
            Request::Pause,
            Request::Toggle,
            Request::Stop,
            Request::Next,
            Request::Previous,
            Request::ToggleVocals,
            Request::Mute,
        ]),
        (-1e6..1e6_f64).prop_map(|by| Request::Seek(Target::By(by))),
        (0.0..1e6_f64).prop_map(|to| Request::Seek(Target::To(to))),
        change().prop_map(Request::Vocals),
        change().prop_map(Request::Key),
        change().prop_map(Request::Tempo),
        change().prop_map(Request::Volume),
        song().prop_map(Request::Add),
        song().prop_map(Request::PlayFile),
        song().prop_map(Request::Open),
    ]
}

/// What the machines and the hand can do, in any order.
fn any_event() -> impl Strategy<Value = Event> {
    let song = || (0..SONGS.len()).prop_map(|i| path(SONGS[i].0));
    let key = proptest::sample::select(
        TABLE
            .iter()
            .flat_map(|row| row.keys)
            .flat_map(|(keys, _)| croon::keymap::parse_keys(keys).unwrap())
            .filter(|key| key.to_string() != "q" && key.to_string() != "Ctrl-c")
            .collect::<Vec<_>>(),
    );
    prop_oneof![
        12 => key.prop_map(Event::Key),
        6 => any_request().prop_map(Event::Request),
        1 => any::<char>().prop_map(|c| Event::Key(croon::keymap::Key::char(c))),
        2 => (0..SONGS.len(), any::<bool>(), 0..3_u64).prop_map(|(i, ready, size)| {
            let mut found = crate::harness::song(i);
            found.ready = ready;
            found.older = (ready && size > 0).then(|| "light".to_owned());
            found.track.id = Some(TrackId([i as u8; 16]));
            found.track.stamp.size = size;
            Event::SongsFound(vec![found])
        }),
        1 => song().prop_map(|path| Event::SongsGone(vec![path])),
        1 => (song(), song()).prop_map(|(from, to)| Event::SongMoved { from, to }),
        1 => any::<u32>().prop_map(|ms| Event::Tick { now_ms: ms.into() }),
        1 => (0..300_u16, 0..100_u16).prop_map(|(columns, rows)| Event::Resize { columns, rows }),
        1 => Just(engine()),
        1 => (0..60_000_000_u64).prop_map(|bytes| cache(bytes, 50_000_000)),
        1 => Just(Event::Evicted(vec![TrackId([7; 16])])),
        1 => Just(Event::EngineDown { reason: "gone".into() }),
        1 => (any::<[bool; 3]>(), any::<bool>()).prop_map(|(ready, older)| {
            let ids = (0..3).filter(|i| ready[*i]).map(|i| TrackId([i as u8; 16]));
            Event::ModelChanged {
                older: ids.clone().filter(|_| older).map(|id| (id, "light".to_owned())).collect(),
                ready: ids.collect(),
            }
        }),
        2 => (song(), any::<bool>()).prop_map(|(path, already)| Event::JobFinished { path, already }),
        2 => song().prop_map(|path| Event::JobFailed { path, reason: "broken".into() }),
        2 => song().prop_map(|path| Event::JobCancelled { path }),
        1 => (song(), any::<u32>(), any::<u32>(), any::<f32>())
            .prop_map(|(path, done, total, speed)| Event::JobProgress { path, done, total, speed }),
        1 => (song(), any::<u32>()).prop_map(|(path, segment)| Event::SegmentStored { path, segment, peaks: None }),
        3 => (0..SONGS.len(), any::<bool>()).prop_map(|(i, complete)| {
            Event::Loaded(Box::new(loaded(SONGS[i].0, None, complete)))
        }),
        1 => song().prop_map(|path| Event::LoadFailed { path, reason: "no".into() }),
        1 => Just(Event::ListExists { path: "/x.m3u8".into() }),
        2 => (0..20_u64).prop_map(|play_id| Event::PlayerStarted { play_id, duration: None }),
        2 => (0..20_u64).prop_map(|play_id| Event::PlayerEnded { play_id }),
        1 => (0..20_u64).prop_map(|play_id| Event::PlayerFailed { play_id, reason: "no".into() }),
        2 => (0..20_u64, any::<f64>()).prop_map(|(play_id, seconds)| Event::Position { play_id, seconds }),
        2 => (0..20_u64, 150.0..210.0).prop_map(|(play_id, seconds)| Event::Position { play_id, seconds }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_state_holds_together(events in prop::collection::vec(any_event(), 1..120)) {
        let mut harness = Harness::new();
        harness.find_songs();
        for event in events {
            if let Event::Request(request) = event {
                let _ = asked(&mut harness, request);
            } else {
                harness.event(event);
            }
            harness.check();
        }
    }
}
