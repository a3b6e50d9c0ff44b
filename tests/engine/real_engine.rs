//! The real engine with the bundled models, and something like music to give it.

use std::path::Path;
use std::time::Duration;

use croon::separate::command::EngineCommand;
use croon::separate::engine::{Engine, EngineReply};
use croon::separate::segment::Grid;

/// Debug builds on a busy machine are slow.
const PATIENCE: Duration = Duration::from_secs(300);

pub fn models_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
}

/// The names of all bundled models.
pub fn models() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(models_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no models in {}", models_folder().display());
    names
}

pub fn command(model: &str, device: &str, threads: usize) -> EngineCommand {
    let folder = models_folder().to_str().unwrap();
    let threads = threads.to_string();
    let options = ["serve", "--device", device, "--threads", &threads];
    let model = ["--model", model, "--models", folder];
    let mut command = EngineCommand::new(
        env!("CARGO_BIN_EXE_croon-separator"),
        options.into_iter().chain(model),
    );
    command.patience.hello = PATIENCE;
    command.patience.window = PATIENCE;
    command.patience.restarts = 0;
    command
}

pub fn start(model: &str) -> Engine {
    Engine::start(command(model, "cpu", 2)).unwrap()
}

/// The vocals of these windows, asked in this order with as many under way as the engine wants.
pub fn separate(engine: &mut Engine, windows: &[&[f32]]) -> Vec<Vec<f32>> {
    let mut vocals = vec![Vec::new(); windows.len()];
    let (mut asked, mut missing) = (0, windows.len());
    while missing > 0 {
        while asked < windows.len() && engine.room() > 0 {
            engine.ask(asked as u64, windows[asked].to_vec());
            asked += 1;
        }
        match engine.answer(PATIENCE).unwrap() {
            EngineReply::Vocals { tag, pcm, .. } => vocals[tag as usize] = pcm,
            other => panic!("{other:?}"),
        }
        missing -= 1;
    }
    vocals
}

/// The vocals of a whole song, cut on the engine's grid and put together again.
pub fn separate_song(engine: &mut Engine, song: &[f32]) -> Vec<f32> {
    let (grid, frames) = (engine.grid(), song.len() as u64 / 2);
    let windows: Vec<Vec<f32>> = (0..grid.segments(frames))
        .map(|segment| window(&grid, song, segment))
        .collect();
    let windows: Vec<&[f32]> = windows.iter().map(Vec::as_slice).collect();
    let mut whole = vec![0.0; song.len()];
    for (segment, vocals) in separate(engine, &windows).iter().enumerate() {
        let segment = segment as u32;
        grid.add(segment, &grid.cut(segment, vocals, Some(frames)), 0, &mut whole);
    }
    whole
}

/// The window of a segment, silent outside the song.
pub fn window(grid: &Grid, song: &[f32], segment: u32) -> Vec<f32> {
    let begin = 2 * grid.window_start(segment);
    (begin..begin + 2 * grid.window as i64)
        .map(|at| {
            usize::try_from(at)
                .ok()
                .and_then(|at| song.get(at))
                .copied()
                .unwrap_or(0.0)
        })
        .collect()
}

/// Stereo music of the same sound at any rate from 8 kHz on: chords that change, a beat, and a voice
/// with vibrato that comes and goes. Nothing reaches 3.5 kHz, and nothing begins with a click.
pub fn music(rate: u32, frames: usize) -> Vec<f32> {
    use std::f64::consts::{PI, TAU};
    (0..frames)
        .flat_map(|frame| {
            let t = frame as f64 / f64::from(rate);
            let sine = |hz: f64| (TAU * hz * t).sin();
            let root = [110.0, 146.8, 164.8, 123.5][(t / 2.0) as usize % 4];
            let swell = (PI * t / 2.0).sin().powi(2);
            let chord = swell * (sine(root) + sine(1.25 * root) + sine(1.5 * root));
            let since = 30.0 * (t % 0.5);
            let beat = (since * (1.0 - since).exp()).powi(2) * (sine(60.0) + sine(1_711.0));
            let sings = (4.0 * (t % 3.0).min(2.5 - t % 3.0)).clamp(0.0, 1.0);
            let pitch = TAU * 247.0 * t + 0.6 * sine(5.5);
            let voice: f64 = (1..13).map(|n| (f64::from(n) * pitch).sin() / f64::from(n)).sum();
            let (band, voice) = (0.08 * chord, 0.12 * sings * voice);
            [
                (band + 0.1 * beat + voice) as f32,
                (0.8 * band - 0.1 * beat + voice) as f32,
            ]
        })
        .collect()
}

/// [`music`] at the grid's rate with noise in it, so that no bin is empty.
pub fn noisy_music(grid: &Grid, frames: usize) -> Vec<f32> {
    let mut song = music(grid.rate, frames);
    let mut state = 1_u32;
    for sample in &mut song {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample += 0.02 * (state as f32 / u32::MAX as f32 - 0.5);
    }
    song
}

pub fn energy(pcm: &[f32]) -> f64 {
    pcm.iter().map(|x| f64::from(*x).powi(2)).sum()
}

/// How far the difference of two signals lies below the second, in dB; less is closer.
pub fn difference(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let rest: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    10.0 * (energy(&rest) / energy(b)).log10()
}

/// The largest difference of two signals in peaks of the second.
pub fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let peak = b.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    worst / peak
}
