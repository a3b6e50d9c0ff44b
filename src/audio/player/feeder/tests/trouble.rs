//! Files that are damaged, change or go away while they play.

use std::io::{Seek, SeekFrom, Write};

use super::*;
use crate::audio::write::{StemFormat, StemWriter};

const RATE: u32 = 44_100;

fn flac(folder: &Path, frames: u64) -> PathBuf {
    let path = folder.join("song.flac");
    let pcm: Vec<f32> = (0..frames).flat_map(|frame| sample(1, frame)).collect();
    let mut writer = StemWriter::create(&path, StemFormat::Flac, RATE, 2).unwrap();
    writer.write(&pcm).unwrap();
    writer.finish().unwrap();
    path
}

impl Rig {
    fn play_file(&mut self, path: PathBuf) {
        let song = PlayerSong {
            path,
            ..self.song(1, RATE, 10, 0.0)
        };
        self.feeder.apply(PlayerCommand::Load(song, true));
    }
}

/// As FLAC of 24 bits keeps it.
fn is_sample(heard: [f32; 2], at: usize) -> bool {
    let wanted = sample(1, at as u64);
    (0..2).all(|side| (heard[side] - wanted[side]).abs() < 1e-6)
}

#[test]
fn damage_is_silence_of_its_length_and_told_once_however_often_it_is_heard() {
    let mut rig = rig(RATE);
    let frames = 200_000;
    let path = flac(&rig.folder, frames as u64);
    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 2, bytes.len() / 2 + bytes.len() / 10);
    bytes[from..to].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    rig.play_file(path);
    let heard = rig.hear(frames + 512);
    let told = rig.events();
    let damaged: Vec<(f64, f64)> = told
        .iter()
        .filter_map(|event| match event {
            PlayerEvent::Damaged {
                play_id: 1,
                at,
                seconds,
            } => Some((*at, *seconds)),
            _ => None,
        })
        .collect();
    assert_eq!(damaged.len(), 1, "{told:?}");
    let (at, seconds) = damaged[0];
    let frame = |seconds: f64| (seconds * f64::from(RATE)).round() as usize;
    let (first, last) = (frame(at), frame(at + seconds));
    assert!((90_000..110_000).contains(&first) && (15_000..40_000).contains(&(last - first)));
    assert!((0..first).all(|at| is_sample(heard[at], at)), "before it");
    assert!((first..last).all(|at| heard[at] == [0.0; 2]), "in it");
    assert!(
        (last..frames).all(|at| is_sample(heard[at], at)),
        "the time was not kept"
    );
    assert!(matches!(told.last(), Some(PlayerEvent::Ended { play_id: 1 })));
}

#[test]
fn a_loop_over_damage_tells_of_it_once() {
    let mut rig = rig(RATE);
    let path = flac(&rig.folder, 150_000);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3_000].fill(0);
    std::fs::write(&path, bytes).unwrap();
    rig.play_file(path);
    rig.feeder.apply(PlayerCommand::Loop(Some((1.0, 2.5))));
    rig.hear(400_000);
    let told = rig.events();
    let damaged = told
        .iter()
        .filter(|event| matches!(event, PlayerEvent::Damaged { .. }));
    assert_eq!(damaged.count(), 1, "{told:?}");
}

#[test]
fn a_file_that_is_deleted_or_replaced_plays_on_to_its_end() {
    let mut rig = rig(RATE);
    let path = flac(&rig.folder, 150_000);
    rig.play_file(path.clone());
    rig.hear(20_032);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "another file of the same name").unwrap();
    // Back and on again: what is open stays readable.
    for second in [2.0, 0.5] {
        rig.feeder.apply(PlayerCommand::Seek(second));
        rig.hear(4_416);
        let at = (rig.shared.position().seconds * f64::from(RATE)).round() as usize;
        assert!(is_sample(rig.hear(64)[0], at), "after going to {second} s");
    }
    rig.hear(150_000);
    assert!(matches!(
        rig.events().last(),
        Some(PlayerEvent::Ended { play_id: 1 })
    ));
}

#[test]
fn a_file_that_is_cut_off_while_it_plays_says_so_and_the_next_song_follows() {
    let mut rig = rig(RATE);
    let path = flac(&rig.folder, 400_000);
    rig.play_file(path.clone());
    let next = rig.song(2, RATE, 30_000, 0.0);
    rig.feeder.apply(PlayerCommand::Queue(Some(next)));
    rig.hear(10_048);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(std::fs::metadata(&path).unwrap().len() / 2).unwrap();
    rig.hear(300_000);
    let told = rig.events();
    let why = told.iter().find_map(|event| match event {
        PlayerEvent::Failed { play_id: 1, reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(why.is_some_and(|why| why.contains("shrunk")), "{told:?}");
    assert!(
        told.iter()
            .any(|event| matches!(event, PlayerEvent::Ended { play_id: 2 })),
        "{told:?}"
    );
}

#[test]
fn a_file_that_is_written_over_while_it_plays_keeps_time() {
    let mut rig = rig(RATE);
    let frames = 400_000;
    let path = flac(&rig.folder, frames as u64);
    rig.play_file(path.clone());
    rig.hear(10_048);
    let length = std::fs::metadata(&path).unwrap().len();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(length / 2)).unwrap();
    file.write_all(&vec![0; (length / 4) as usize]).unwrap();
    file.sync_all().unwrap();
    let heard = rig.hear(frames - 10_048);
    assert!(
        is_sample(heard[frames - 10_048 - 50_000], frames - 50_000),
        "the time was not kept"
    );
    let told = rig.events();
    assert!(
        told.iter()
            .any(|event| matches!(event, PlayerEvent::Damaged { .. })),
        "{told:?}"
    );
}
