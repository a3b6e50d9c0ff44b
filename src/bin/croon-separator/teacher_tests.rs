use std::sync::atomic::AtomicUsize;

use tempfile::TempDir;

use super::*;
use crate::model::WINDOW;

/// Material with songs of two windows and of one, and a file that is none.
struct Class {
    dir: TempDir,
    calls: Arc<AtomicUsize>,
}

fn noise(path: &Path, rate: u32, seconds: f32, seed: u64) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    let mut rng = crate::rng::Rng::new(seed);
    for _ in 0..2 * (rate as f32 * seconds) as usize {
        wav.write_sample(rng.normal(0.0, 3000.0) as i16).unwrap();
    }
    wav.finalize().unwrap();
}

impl Class {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let songs = dir.path().join("data/unlabelled");
        noise(&songs.join("long.wav"), RATE, 8.0, 1);
        noise(&songs.join("narrow.wav"), 22_050, 1.0, 2);
        std::fs::write(songs.join("broken.mp3"), b"no music").unwrap();
        Self {
            dir,
            calls: Arc::new(AtomicUsize::new(0)),
        }
    }

    fn data(&self) -> Dataset {
        Dataset::load(&self.dir.path().join("data"), |_, _| {}).unwrap()
    }

    /// Half of everything is voice; counts its windows.
    fn teacher(&self, fingerprint: &str, together: usize) -> Teacher {
        let calls = Arc::clone(&self.calls);
        Teacher {
            separate: Box::new(move |windows| {
                calls.fetch_add(windows.len(), Relaxed);
                let half = |window: &&[f32]| window.iter().map(|x| x / 2.0).collect();
                Ok(windows.iter().map(half).collect())
            }),
            together,
            fingerprint: fingerprint.into(),
            folder: self.labels(),
        }
    }

    fn labels(&self) -> PathBuf {
        self.dir.path().join("data/run/teacher")
    }

    fn teach(&self, fingerprint: &str, together: usize) -> (Dataset, Lesson, usize) {
        let mut data = self.data();
        self.calls.store(0, Relaxed);
        let mut teacher = self.teacher(fingerprint, together);
        let lesson = teacher.teach(&mut data, &AtomicBool::new(false), |_, _| {});
        (data, lesson.unwrap(), self.calls.load(Relaxed))
    }
}

fn lesson(labelled: usize, kept: usize) -> Lesson {
    Lesson {
        labelled,
        kept,
        whole: true,
    }
}

#[test]
fn songs_are_labelled_once_and_a_broken_one_is_named() {
    let class = Class::new();
    let (first, done, calls) = class.teach("a", 1);
    assert_eq!((done, calls), (lesson(2, 0), 3));
    assert!(first.unlabelled.is_empty());
    assert_eq!(first.skipped.len(), 1);
    assert!(first.skipped[0].path.ends_with("broken.mp3"));
    let bands: Vec<f32> = first.taught.iter().map(|song| song.vocals.band).collect();
    assert_eq!(bands, [22_050.0, 11_025.0]);
    assert_eq!(first.taught[1].parts[0].band, 11_025.0);
    // Windows that overlap add up to the song, and vocals and rest to the mixture.
    let song = &first.taught[0];
    let mut wav = hound::WavReader::open(class.dir.path().join("data/unlabelled/long.wav")).unwrap();
    let mixture: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    assert_eq!(song.vocals.pcm.len(), mixture.len());
    for ((mixture, vocals), rest) in mixture.iter().zip(&song.vocals.pcm).zip(&song.parts[0].pcm) {
        assert!(
            (2 * i32::from(*vocals) - i32::from(*mixture)).abs() <= 2,
            "{vocals} {mixture}"
        );
        assert!((i32::from(*vocals) + i32::from(*rest) - i32::from(*mixture)).abs() <= 1);
    }

    let (again, done, calls) = class.teach("a", 1);
    assert_eq!((done, calls), (lesson(0, 2), 0), "labelled twice");
    for (a, b) in first.taught.iter().zip(&again.taught) {
        assert!(a.vocals.pcm == b.vocals.pcm && a.parts[0].pcm == b.parts[0].pcm);
    }
    // Several windows at a time give the same, and another teacher has labels of its own.
    let (other, done, calls) = class.teach("b", 4);
    assert_eq!((done, calls), (lesson(2, 0), 3));
    assert!(other.taught[0].vocals.pcm == first.taught[0].vocals.pcm);
}

#[test]
fn a_labelling_that_was_stopped_goes_on_with_the_next_song() {
    let class = Class::new();
    let stop = Arc::new(AtomicBool::new(false));
    let mut data = class.data();
    let mut teacher = class.teacher("a", 1);
    // Stopped in the middle of the first song.
    let (told, mut separate) = (Arc::clone(&stop), teacher.separate);
    teacher.separate = Box::new(move |windows| {
        told.store(true, Relaxed);
        separate(windows)
    });
    let lesson = teacher.teach(&mut data, &stop, |_, _| {}).unwrap();
    assert!(!lesson.whole && lesson.labelled == 0);
    assert_eq!(
        std::fs::read_dir(class.labels()).unwrap().count(),
        0,
        "half a label"
    );

    class.teach("a", 1);
    // A label that lost its end is made again, and the other is not.
    let label = |at: usize| {
        let mut labels: Vec<PathBuf> = std::fs::read_dir(class.labels())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        labels.sort_by_key(|path| path.metadata().unwrap().len());
        labels.remove(at)
    };
    let (short, whole) = (label(0), std::fs::read(label(0)).unwrap());
    std::fs::write(&short, &whole[..whole.len() / 2]).unwrap();
    let (_, done, calls) = class.teach("a", 1);
    assert_eq!((done.labelled, done.kept, calls), (1, 1, 1));
    assert!(std::fs::read(&short).unwrap() == whole);
}

#[test]
fn a_teacher_without_numbers_or_without_a_voice_costs_the_song() {
    let class = Class::new();
    for (value, reason) in [(f32::NAN, "no numbers"), (0.0, "no voice")] {
        let mut data = class.data();
        let mut teacher = class.teacher("a", 1);
        teacher.separate = Box::new(move |windows| Ok(vec![vec![value; 2 * WINDOW]; windows.len()]));
        teacher
            .teach(&mut data, &AtomicBool::new(false), |_, _| {})
            .unwrap();
        assert!(data.taught.is_empty());
        assert_eq!(data.skipped.len(), 3);
        let named = data
            .skipped
            .iter()
            .filter(|skipped| skipped.reason.contains(reason));
        assert_eq!(named.count(), 2, "{:?}", data.skipped);
    }
}

#[test]
fn a_teacher_that_fails_or_a_full_disk_ends_the_labelling() {
    let class = Class::new();
    let mut teacher = class.teacher("a", 1);
    teacher.separate = Box::new(|_| Err(TchError::Torch("no memory".into())));
    let failed = teacher.teach(&mut class.data(), &AtomicBool::new(false), |_, _| {});
    assert!(matches!(failed, Err(TeacherError::Separate { path, .. }) if path.ends_with("long.wav")));
    std::fs::remove_dir(class.labels()).unwrap();
    std::fs::write(class.labels(), b"in the way").unwrap();
    let failed = class
        .teacher("a", 1)
        .teach(&mut class.data(), &AtomicBool::new(false), |_, _| {});
    assert!(matches!(failed, Err(TeacherError::Keep { .. })));
}

#[test]
fn a_real_network_teaches_and_its_labels_are_not_material() {
    let class = Class::new();
    let models = class.dir.path().join("models");
    let design = crate::network::Design::UnetMask(crate::unet::UnetShape {
        encoder: vec![4, 4, 4, 4, 4, 4],
        top: 4,
        ..crate::unet::UnetShape::classic()
    });
    let model = crate::model::Model {
        network: crate::network::Network::new(design.clone(), 3),
        whitening: tch::Tensor::ones([crate::mask::BINS], (tch::Kind::Float, tch::Device::Cpu)),
        gate: None,
        device: tch::Device::Cpu,
    };
    weights::save(&model, crate::export::manifest("small", design, None), &models).unwrap();
    let manifest = models.join("small.toml");
    let choice = crate::device::cpu("a test".into());
    let mut told = Vec::new();
    // The run lies in the folder of songs.
    let run = class.dir.path().join("data/unlabelled/run");
    for expected in [lesson(2, 0), lesson(0, 2)] {
        let mut teacher = Teacher::open(manifest.to_str().unwrap(), &run, &choice, 2).unwrap();
        let mut data = class.data();
        let done = teacher.teach(&mut data, &AtomicBool::new(false), |done, count| {
            told.push((done, count));
        });
        assert_eq!(done.unwrap(), expected);
        assert_eq!(data.taught.len(), 2);
    }
    assert_eq!(told.last(), Some(&(3, 3)));
    let missing = Teacher::open("nothing.toml", &run, &choice, 1).err().unwrap();
    assert!(matches!(
        missing,
        TeacherError::Weights(WeightsError::Manifest { .. })
    ));
}
