//! `croon cache stats|verify|prune|clear`: what is kept of separated songs, and keeping it in order.

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::exit_code::ExitCode;
use crate::store::{Cleared, OwnerLock, Pruned, Stats, StemStore, StoreError, Verified, stats_of_folder};

#[derive(Debug, clap::Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    pub command: CacheCommand,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum CacheCommand {
    /// Show how many songs are cached and how much space they use
    Stats,
    /// Check everything in the cache; damaged parts are removed, and separated again later
    Verify,
    /// Remove the songs sung longest ago until the cache fits its size limit
    Prune {
        /// Use this limit in GB instead of the configured one
        #[arg(long, value_name = "GB", value_parser = gigabytes)]
        to: Option<f64>,
    },
    /// Remove the vocals of all songs; the library and settings of songs stay
    Clear {
        /// Remove those of pinned songs too
        #[arg(long)]
        pinned: bool,
        /// Confirm the removal
        #[arg(long)]
        yes: bool,
    },
}

pub fn run(args: CacheArgs, context: &Context) -> anyhow::Result<ExitCode> {
    let paths = context.store_paths();
    let open = || StemStore::open(&paths, context.config.cache_bytes());
    match args.command {
        CacheCommand::Stats => {
            let stats = match open() {
                Ok(store) => store.stats(),
                // What lies on the disk can be counted beside a croon that runs.
                Err(StoreError::Busy { .. }) => stats_of_folder(&paths, context.config.cache_bytes()),
                Err(e) => return Err(e.into()),
            };
            let holder = OwnerLock::holder(&paths.state);
            report(context, args.json, &stats, || describe(&stats, holder))?;
        }
        CacheCommand::Verify => {
            let found = open()?.verify(|done, all| {
                if context.progress && !args.json {
                    eprint!(
                        "\r{done} of {all} songs read{}",
                        if done == all { "\n" } else { "" }
                    );
                }
            });
            report(context, args.json, &found, || verified(&found))?;
            if !found.damaged.is_empty() {
                return Ok(ExitCode::Failed);
            }
        }
        CacheCommand::Prune { to } => {
            let store = open()?;
            if let Some(to) = to {
                store.set_cap((to * 1e9) as u64);
            }
            let pruned = store.prune()?;
            report(context, args.json, &pruned, || pruned_text(&pruned))?;
        }
        CacheCommand::Clear { yes: false, .. } => {
            context.say(format!(
                "This removes the separated vocals in {}; every song would be separated again. \
                 Nothing was removed. To do it: croon cache clear --yes",
                paths.cache.display()
            ));
            return Ok(ExitCode::Usage);
        }
        CacheCommand::Clear { pinned, yes: true } => {
            let cleared = open()?.clear(pinned)?;
            report(context, args.json, &cleared, || cleared_text(&cleared))?;
        }
    }
    Ok(ExitCode::Done)
}

fn report<T: Serialize>(
    context: &Context,
    json: bool,
    value: &T,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    if json {
        let mut object = serde_json::to_value(value)?;
        if let Some(object) = object.as_object_mut() {
            object.insert("schema".into(), 1.into());
        }
        context.print(format!("{object:#}\n"))?;
    } else {
        context.print(text())?;
    }
    Ok(())
}

fn describe(stats: &Stats, holder: Option<u32>) -> String {
    let mut text = format!(
        "{} of {} in {}\n",
        size(stats.bytes),
        size(stats.cap_bytes),
        stats.cache.join("stems").display()
    );
    match (stats.complete, stats.known_tracks) {
        (Some(complete), Some(tracks)) => {
            text += &format!(
                "{} kept: {complete} complete ({} of vocals), {} begun, {} pinned\n",
                songs(stats.songs),
                duration(stats.seconds),
                stats.songs.saturating_sub(complete),
                stats.pinned.unwrap_or(0)
            );
            text += &format!(
                "{tracks} tracks known; catalogue {} in {}\n",
                size(stats.catalogue_bytes),
                stats.state.display()
            );
        }
        _ => {
            text += &format!("{} kept, complete or begun\n", songs(stats.songs));
            let pid = holder.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            text += &format!(
                "A croon is running{pid} and holds the catalogue: the rest can be told when it has ended.\n"
            );
        }
    }
    for model in &stats.models {
        text += &format!(
            "  {:<40} {:>12} {:>10}\n",
            model.model,
            songs(model.songs),
            size(model.bytes)
        );
    }
    text
}

fn verified(found: &Verified) -> String {
    let mut text = format!("{} with {} segments read.\n", songs(found.songs), found.segments);
    for damage in &found.damaged {
        let what = match &damage.reason {
            Some(reason) => reason.clone(),
            None => format!("{} segments did not read back", damage.segments.len()),
        };
        text += &format!("damaged: {}/{}: {what}\n", damage.model, damage.track);
    }
    text += if found.damaged.is_empty() {
        "Everything reads back as it was written.\n"
    } else {
        "What was damaged has been dropped and will be separated again. If this returns, check the disk.\n"
    };
    text
}

fn pruned_text(pruned: &Pruned) -> String {
    let mut text = match pruned.songs {
        0 => format!("Nothing to remove; {} kept.\n", size(pruned.left)),
        _ => format!(
            "{} removed, {} freed; {} kept.\n",
            songs(pruned.songs),
            size(pruned.bytes),
            size(pruned.left)
        ),
    };
    if pruned.over > 0 {
        text += &format!(
            "Still {} over the limit: pinned songs are not removed.\n",
            size(pruned.over)
        );
    }
    text
}

fn cleared_text(cleared: &Cleared) -> String {
    let left = match cleared.left {
        0 => String::new(),
        left => format!(" {} left, pinned: --pinned removes these too.", songs(left)),
    };
    format!(
        "{} removed, {} freed.{left}\n",
        songs(cleared.songs),
        size(cleared.bytes)
    )
}

fn songs(count: usize) -> String {
    if count == 1 {
        "1 song".to_owned()
    } else {
        format!("{count} songs")
    }
}

fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    if minutes < 120 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}

fn gigabytes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1e6).contains(&value) => Ok(value),
        _ => Err("a size in GB, such as 5 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DamageReport;

    #[test]
    fn sizes_and_times_read_well() {
        assert_eq!(
            [size(0), size(1_500_000), size(20_000_000_000)],
            ["0 kB", "1.5 MB", "20.0 GB"]
        );
        assert_eq!([duration(59.0), duration(9000.0)], ["1 min", "2 h 30 min"]);
        assert!(gigabytes("-1").is_err() && gigabytes("NaN").is_err());
        assert_eq!(gigabytes("0.5"), Ok(0.5));
    }

    #[test]
    fn a_running_croon_is_told_apart_from_an_empty_catalogue() {
        let counted = Stats {
            songs: 3,
            bytes: 30_000_000,
            ..Stats::default()
        };
        let text = describe(&counted, Some(42));
        assert!(
            text.contains("3 songs kept, complete or begun") && text.contains("(process 42)"),
            "{text}"
        );
        let whole = Stats {
            complete: Some(2),
            pinned: Some(1),
            known_tracks: Some(7),
            ..counted
        };
        let text = describe(&whole, None);
        assert!(
            text.contains("2 complete (0 min of vocals), 1 begun, 1 pinned"),
            "{text}"
        );
    }

    #[test]
    fn damage_says_what_follows() {
        let damage = DamageReport {
            model: "m".into(),
            track: "t".into(),
            segments: vec![1, 4],
            reason: None,
        };
        let text = verified(&Verified {
            songs: 1,
            segments: 9,
            damaged: vec![damage],
        });
        assert!(
            text.contains("m/t: 2 segments did not read back") && text.contains("separated again"),
            "{text}"
        );
    }
}
