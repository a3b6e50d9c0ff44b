//! Gathers what a training learns from and is judged by, and says what became of every file.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, ensure};

use crate::dataset::Dataset;
use crate::dataset_song::DatasetSong;
use crate::device::Choice;
use crate::teacher::Teacher;
use crate::train_args::TrainArgs;

/// A line for whoever watches. A terminal that went away must not end a training of hours, as a
/// failing `println!` would.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(crate) use say;

/// One song in this many is held out for validation.
const HOLD_OUT: usize = 10;

pub struct Material {
    pub data: Dataset,
    /// Songs to validate on.
    pub held: Vec<DatasetSong>,
}

/// Decodes what the arguments name and has a teacher label what has no stems; `None` when it was stopped
/// meanwhile. Examples are `example` frames long.
///
/// # Errors
/// There is nothing to train on, or the teacher cannot do its work.
pub fn gather(
    args: &TrainArgs,
    choice: &Choice,
    stop: &AtomicBool,
    example: usize,
) -> Result<Option<Material>> {
    let mut data = decode(&args.data)?;
    if let Some(teacher) = args.teacher.as_ref().filter(|_| !data.unlabelled.is_empty()) {
        let threads = usize::try_from(args.threads).unwrap_or(1).max(1);
        let mut teacher = Teacher::open(teacher, &args.run, choice, threads)?;
        let lesson = teacher.teach(&mut data, stop, |done, count| {
            if done % 10 == 0 || done == count {
                say!("separated {done} of {count} unlabelled songs");
            }
        })?;
        say!(
            "the teacher: {} songs labelled now, {} before",
            lesson.labelled,
            lesson.kept
        );
        if !lesson.whole {
            say!("stopped before the training began; the same command goes on with the next song");
            return Ok(None);
        }
    }
    tell(&data, example);
    let held = match &args.valid {
        Some(folder) => {
            let valid = decode(folder)?;
            tell(&valid, example);
            valid.songs.into_iter().chain(valid.pairs).collect()
        }
        None => data.hold_out(HOLD_OUT),
    };
    if held.is_empty() {
        say!("too few songs to hold some out: no validation. --valid DIR names songs for it");
    }
    say!(
        "{:.0} minutes: {} songs, {} pairs, {} by a teacher, {} voices, {} accompaniments; {} songs held out for \
         validation",
        data.minutes(),
        data.songs.len(),
        data.pairs.len(),
        data.taught.len(),
        data.voices.len(),
        data.accompaniments.len(),
        held.len()
    );
    let songs = data.songs.len() + data.pairs.len() + data.taught.len();
    ensure!(
        songs + data.voices.len() > 0 && songs + data.accompaniments.len() > 0,
        "nothing to train on: it takes at least one voice and one accompaniment"
    );
    Ok(Some(Material { data, held }))
}

fn decode(folder: &Path) -> Result<Dataset> {
    let data = Dataset::load(folder, |done, count| {
        if done % 100 == 0 || done == count {
            say!("read {done} of {count} files");
        }
    });
    data.map_err(anyhow::Error::msg)
}

/// Names what could not be used, and what else is worth knowing.
fn tell(data: &Dataset, example: usize) {
    for skipped in &data.skipped {
        say!("skipped {}: {}", skipped.path.display(), skipped.reason);
    }
    let remarks = data.remarks(example);
    if !remarks.is_empty() {
        say!("of the recordings: {}", remarks.join("; "));
    }
}
