//! What reading ten thousand lines of lyrics costs: `cargo bench --bench lyrics`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use croon::lyrics::read;
use divan::{Bencher, black_box};

const LINES: usize = 10_000;

fn main() {
    divan::main();
}

fn bench(bencher: Bencher, name: &str, text: String) {
    let read = || read(black_box(text.as_bytes()), Path::new(name)).unwrap();
    assert_eq!(read().lyrics.lines.len(), LINES);
    bencher.bench_local(read);
}

fn stamp(ms: usize) -> String {
    format!("{:02}:{:02}.{:02}", ms / 60_000, ms / 1000 % 60, ms % 1000 / 10)
}

#[divan::bench]
fn lrc(bencher: Bencher) {
    let lines = (0..LINES).map(|i| format!("[{}]we set them down beside the reeds\n", stamp(i * 3_000)));
    bench(bencher, "a.lrc", lines.collect());
}

#[divan::bench]
fn enhanced_lrc(bencher: Bencher) {
    let words = ["we ", "set ", "them ", "down ", "beside ", "the ", "reeds"];
    let line = |i: usize| {
        let words = words
            .iter()
            .enumerate()
            .map(|(w, word)| format!("<{}>{word}", stamp(i * 3_000 + w * 300)));
        format!("[{}]{}\n", stamp(i * 3_000), words.collect::<String>())
    };
    bench(bencher, "a.lrc", (0..LINES).map(line).collect());
}

#[divan::bench]
fn ultrastar(bencher: Bencher) {
    let line = |i: usize| {
        let notes = (0..7).map(|n| format!(": {} 2 5  la\n", i * 20 + n * 2));
        format!("{}- {}\n", notes.collect::<String>(), i * 20 + 18)
    };
    let notes: String = (0..LINES).map(line).collect();
    bench(
        bencher,
        "a.txt",
        format!("#TITLE:a\n#ARTIST:b\n#BPM:300\n{notes}E\n"),
    );
}

#[divan::bench]
fn lyricsfile(bencher: Bencher) {
    let line = |i: usize| {
        format!(
            "- text: we set them down\n  start_ms: {}\n  end_ms: {}\n",
            i * 3_000,
            i * 3_000 + 2_000
        )
    };
    let lines: String = (0..LINES).map(line).collect();
    bench(bencher, "a.yaml", format!("version: '1.0'\nlines:\n{lines}"));
}
