//! Where croon's own files lie: the XDG folders, read once at the start, each with the override
//! that moves it. Nothing here touches the disk except to read the user's `user-dirs.dirs`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::config::Config;

/// Every place croon reads or writes of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// For `~` in configured paths.
    pub home: Option<PathBuf>,
    /// The user's configuration file; it need not exist.
    pub config_file: PathBuf,
    /// Separated vocals: may be deleted at any time, costs only the time to separate again.
    pub cache: PathBuf,
    /// Catalogue, settings and log.
    pub state: PathBuf,
    /// Models the user added, lyrics made with croon.
    pub data: PathBuf,
    /// The user's own folder for sockets, where the system gives one.
    pub runtime: Option<PathBuf>,
    /// The system's music folder.
    pub music: PathBuf,
}

/// No place for croon's files can be told.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    #[error(
        "there is no home folder: HOME is not set and the user database names none, so croon does not know \
         where to keep its {what}. Set HOME, or set {variable} to a folder of your choice."
    )]
    NoHome {
        what: &'static str,
        variable: &'static str,
    },
}

impl Paths {
    /// From this process's environment.
    pub fn from_env() -> Result<Self, PathsError> {
        Self::resolve(|name| std::env::var_os(name), std::env::home_dir())
    }

    /// From any environment. As the XDG specification wants it, an empty or relative value counts
    /// as not set.
    pub fn resolve(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Result<Self, PathsError> {
        let home = home.filter(|path| path.is_absolute());
        let folder = |name: &'static str, fallback: &str, what| {
            let set = variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute());
            set.or_else(|| home.as_ref().map(|home| home.join(fallback)))
                .ok_or(PathsError::NoHome { what, variable: name })
        };
        let config = folder("XDG_CONFIG_HOME", ".config", "configuration")?;
        let music = variable("XDG_MUSIC_DIR")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| {
                let listed = std::fs::read(config.join("user-dirs.dirs")).ok()?;
                music_dir(&listed, home.as_deref()?)
            })
            .or_else(|| home.as_ref().map(|home| home.join("Music")))
            .unwrap_or_else(|| PathBuf::from("Music"));
        Ok(Self {
            config_file: config.join("croon/config.toml"),
            cache: folder("XDG_CACHE_HOME", ".cache", "cache")?.join("croon"),
            state: folder("XDG_STATE_HOME", ".local/state", "state")?.join("croon"),
            data: folder("XDG_DATA_HOME", ".local/share", "models")?.join("croon"),
            runtime: variable("XDG_RUNTIME_DIR")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute()),
            music,
            home,
        })
    }

    /// A path as a person writes it: `~` and `~/...` are the home folder.
    pub fn expand(&self, path: &Path) -> PathBuf {
        match (&self.home, path.strip_prefix("~")) {
            (Some(home), Ok(rest)) if rest.as_os_str().is_empty() => home.clone(),
            (Some(home), Ok(rest)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    /// The folders to look for songs in: those asked for, else the configured ones, else the
    /// system's music folder.
    pub fn music_folders(&self, asked: &[PathBuf], config: &Config) -> Vec<PathBuf> {
        if !asked.is_empty() {
            return asked.to_vec(); // the shell has expanded these
        }
        if config.library.folders.is_empty() {
            return vec![self.music.clone()];
        }
        config
            .library
            .folders
            .iter()
            .map(|path| self.expand(path))
            .collect()
    }

    /// The folder of the log files.
    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }

    /// Where the C libraries' words go (ALSA, JACK, libtorch) while the screen is on.
    pub fn stderr_log(&self) -> PathBuf {
        self.log().join("stderr.log")
    }

    /// Work in the editor that is not saved.
    pub fn drafts(&self) -> PathBuf {
        self.state.join("drafts")
    }

    /// Models the user added.
    pub fn models(&self) -> PathBuf {
        self.data.join("models")
    }

    /// Lyrics made with croon or brought to it.
    pub fn lyrics(&self) -> PathBuf {
        self.data.join("lyrics")
    }
}

/// XDG_MUSIC_DIR out of a `user-dirs.dirs`: lines of the form `XDG_MUSIC_DIR="$HOME/Music"`.
/// Bytes, because a folder's name need not be UTF-8.
fn music_dir(listed: &[u8], home: &Path) -> Option<PathBuf> {
    let line = listed
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .rfind(|line| line.starts_with(b"XDG_MUSIC_DIR="))?;
    let quoted = line
        .strip_prefix(b"XDG_MUSIC_DIR=")?
        .strip_prefix(b"\"")?
        .strip_suffix(b"\"")?;
    let mut value = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        value.push(if *byte == b'\\' { *bytes.next()? } else { *byte });
    }
    let path = match value.strip_prefix(b"$HOME") {
        Some(rest) => home.join(OsStr::from_bytes(rest.strip_prefix(b"/").unwrap_or(rest))),
        None => PathBuf::from(OsString::from_vec(value)),
    };
    // "$HOME/" alone is the standard's way to say "no such folder"
    (path.is_absolute() && path.components().ne(home.components())).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)], home: Option<&str>) -> Result<Paths, PathsError> {
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        };
        Paths::resolve(find, home.map(PathBuf::from))
    }

    #[test]
    fn the_variables_win_over_home() {
        let paths = with(
            &[("XDG_CACHE_HOME", "/fast"), ("XDG_MUSIC_DIR", "/songs")],
            Some("/home/ada"),
        )
        .unwrap();
        assert_eq!(paths.cache, Path::new("/fast/croon"));
        assert_eq!(paths.state, Path::new("/home/ada/.local/state/croon"));
        assert_eq!(
            paths.config_file,
            Path::new("/home/ada/.config/croon/config.toml")
        );
        assert_eq!(paths.music, Path::new("/songs"));
    }

    #[test]
    fn relative_and_empty_values_count_as_unset() {
        let paths = with(
            &[("XDG_CACHE_HOME", ""), ("XDG_STATE_HOME", "here")],
            Some("/home/ada"),
        )
        .unwrap();
        assert_eq!(paths.cache, Path::new("/home/ada/.cache/croon"));
        assert_eq!(paths.state, Path::new("/home/ada/.local/state/croon"));
    }

    #[test]
    fn no_home_is_an_error_that_names_the_variable() {
        let error = with(&[], None).unwrap_err();
        assert!(error.to_string().contains("XDG_CONFIG_HOME"), "{error}");
        let all = [
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_CACHE_HOME", "/k"),
            ("XDG_STATE_HOME", "/s"),
            ("XDG_DATA_HOME", "/d"),
        ];
        assert_eq!(with(&all, None).unwrap().cache, Path::new("/k/croon"));
    }

    #[test]
    fn user_dirs_name_the_music_folder() {
        let home = Path::new("/home/ada");
        let read = |text: &str| music_dir(text.as_bytes(), home);
        assert_eq!(
            read("# x\nXDG_MUSIC_DIR=\"$HOME/Musik\"\n"),
            Some("/home/ada/Musik".into())
        );
        assert_eq!(
            read("XDG_MUSIC_DIR=\"/data/my \\\"songs\\\"\""),
            Some("/data/my \"songs\"".into())
        );
        assert_eq!(read("XDG_MUSIC_DIR=\"$HOME/\""), None);
        assert_eq!(read("XDG_MUSIC_DIR=\"relative\""), None);
        assert_eq!(read("XDG_MUSIC_DIR=broken\\"), None);
        assert_eq!(read("XDG_VIDEOS_DIR=\"$HOME/Films\""), None);
    }

    #[test]
    fn tilde_is_home_only_as_a_whole_first_part() {
        let paths = with(&[], Some("/home/ada")).unwrap();
        assert_eq!(paths.expand(Path::new("~/a")), Path::new("/home/ada/a"));
        assert_eq!(paths.expand(Path::new("~")), Path::new("/home/ada"));
        assert_eq!(paths.expand(Path::new("~bob/a")), Path::new("~bob/a"));
        assert_eq!(paths.expand(Path::new("/x/~")), Path::new("/x/~"));
    }
}
