//! Files and folders: the configuration, the music, the cache, the log.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::{OwnerLock, StemStore};

use super::check::{Check, size};
use crate::commands::Context;

/// What a song takes in the cache at most, about: below this much free space it is worth a word.
const LITTLE_SPACE: u64 = 500_000_000;

pub(super) fn config(context: &Context) -> Check {
    let file = context.paths.config_file.display();
    if context.problems.is_empty() {
        return Check::good(match context.paths.config_file.exists() {
            true => format!("{file}"),
            false => format!("all defaults ({file} does not exist)"),
        });
    }
    let mut check = match context.problems.iter().any(|problem| problem.fatal) {
        true => Check::bad(
            format!("{file} cannot be used"),
            "mend the file; `croon config print-default` shows a right one",
        ),
        false => Check::note(
            format!("{file} has faults; the rest of it holds"),
            "mend these lines",
        ),
    };
    check.facts = context.problems.iter().map(ToString::to_string).collect();
    check
}

pub(super) fn music(context: &Context) -> Check {
    let folders = context.music_folders(&[]);
    let name = |folder: &PathBuf| folder.display().to_string();
    let mut faults = Vec::new();
    for folder in &folders {
        if let Err(error) = fs::read_dir(folder) {
            faults.push(format!("{}: {error}", folder.display()));
        }
    }
    let shown = folders.iter().map(name).collect::<Vec<_>>().join(", ");
    if faults.is_empty() {
        return Check::good(shown);
    }
    let all = faults.len() == folders.len();
    let mend = "name your folders in config.toml under [library] folders, or on the command line: croon DIR";
    let mut check = match all {
        true => Check::bad(format!("no folder to read: {shown}"), mend),
        false => Check::note(shown, mend),
    };
    check.facts = faults;
    check
}

pub(super) fn cache(context: &Context) -> Check {
    let (cache, state) = (&context.paths.cache, &context.paths.state);
    for folder in [cache, state] {
        if let Err(error) = writable(folder) {
            return Check::bad(
                format!("{} cannot be written: {error}", folder.display()),
                "free space or mend its permissions, or choose another place with cache.folder or --cache-dir; \
                 until then songs play but their vocals are not kept",
            );
        }
    }
    let cap = context.config.cache_bytes();
    let free = free_space(cache);
    let what = match OwnerLock::holder(state) {
        Some(pid) => format!("{}: in use by croon, process {pid}", cache.display()),
        None => match StemStore::open(&context.store_paths(), cap) {
            Ok(store) => {
                let stats = store.stats();
                format!(
                    "{}: {} songs, {} of at most {}",
                    cache.display(),
                    stats.complete.unwrap_or(0),
                    size(stats.bytes),
                    size(cap)
                )
            }
            Err(error) => return Check::bad(error.to_string(), "see above"),
        },
    };
    match free {
        Some(free) if free < LITTLE_SPACE => Check::note(
            format!("{what}; only {} free on that disk", size(free)),
            "free some space, or lower cache.size_gb and run `croon cache prune`",
        ),
        Some(free) => Check::good(format!("{what}, {} free", size(free))),
        None => Check::good(what),
    }
}

pub(super) fn log(context: &Context) -> Check {
    let folder = context.paths.log();
    match writable(&folder) {
        Ok(()) => Check::good(folder.display().to_string()),
        Err(error) => Check::note(
            format!("no log is written: {}: {error}", folder.display()),
            "mend the folder's permissions, or set XDG_STATE_HOME; croon works without a log",
        ),
    }
}

/// Whether a file can be made in `folder` and filled, the folder being made first if need be.
fn writable(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".croon-probe-{}", std::process::id()));
    let wrote = File::create(&probe).and_then(|mut file| io::Write::write_all(&mut file, &[0; 4096]));
    let removed = fs::remove_file(&probe);
    wrote.and(removed)
}

fn free_space(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        writable(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert!(writable(Path::new("/dev/null/x")).is_err());
        assert!(free_space(&folder).unwrap() > 0);
    }
}
