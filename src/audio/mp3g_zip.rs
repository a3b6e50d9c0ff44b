//! Songs that come as MP3+G in a zip. Sound and pictures are found by the endings of their names; where
//! the archive says they belong is of no interest, for nothing is unpacked to a place with a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

/// Entries looked at; a song has a handful.
const ENTRIES: usize = 1000;
/// Bytes of sound and of pictures taken out at most, whatever the archive promises.
const MOST_SOUND: u64 = 512 << 20;
const MOST_PICTURES: u64 = crate::lyrics::cdg::MOST_BYTES as u64;
/// Sound hardly shrinks in a zip; what grows by more than this is no sound.
const MOST_GROWTH: u64 = 100;
/// So much may come of anything, for silence shrinks well.
const HARMLESS: u64 = 32 << 20;
/// Endings of sound that is looked for, the usual first.
const SOUND: [&str; 8] = ["mp3", "ogg", "opus", "m4a", "flac", "wav", "aac", "mp2"];

/// Why a zip gives no song.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    #[error("the zip cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("it is no zip that can be read ({0}); unpack it by other means")]
    NoZip(String),
    #[error("the zip holds no {0}")]
    Missing(&'static str),
    #[error("what the zip unpacks to is larger than a song can be; it may be made to fill the disk")]
    Bomb,
}

/// True for a file that ends in `.zip` and holds sound with its pictures.
pub fn holds_song(path: &Path) -> bool {
    is_zip(path)
        && open(path).is_ok_and(|mut archive| {
            find(&mut archive, &SOUND).is_some() && find(&mut archive, &["cdg"]).is_some()
        })
}

/// True where the name ends in `.zip`.
pub fn is_zip(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// The sound, in a file without a name, and the ending it had.
pub(super) fn sound(path: &Path) -> Result<(File, String), ZipError> {
    let mut archive = open(path)?;
    let (at, ending) = find(&mut archive, &SOUND).ok_or(ZipError::Missing("sound"))?;
    let mut file = tempfile::tempfile()?;
    unpack(&mut archive, at, MOST_SOUND, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok((file, ending))
}

/// The CD+G file.
pub fn pictures(path: &Path) -> Result<Vec<u8>, ZipError> {
    let mut archive = open(path)?;
    let (at, _) = find(&mut archive, &["cdg"]).ok_or(ZipError::Missing("pictures"))?;
    let mut bytes = Vec::new();
    unpack(&mut archive, at, MOST_PICTURES, &mut bytes)?;
    Ok(bytes)
}

fn open(path: &Path) -> Result<ZipArchive<File>, ZipError> {
    // a pipe is never opened: that could wait for ever
    if !std::fs::metadata(path)?.is_file() {
        return Err(ZipError::NoZip("it is no file".into()));
    }
    ZipArchive::new(File::open(path)?).map_err(|error| ZipError::NoZip(error.to_string()))
}

/// The first entry with the best of these endings.
fn find(archive: &mut ZipArchive<File>, endings: &[&str]) -> Option<(usize, String)> {
    let mut best: Option<(usize, usize)> = None;
    for at in 0..archive.len().min(ENTRIES) {
        // an entry that cannot be read is another one's loss
        let Ok(entry) = archive.by_index_raw(at) else {
            continue;
        };
        let name = entry.name_raw();
        let base = name
            .rsplit(|byte| matches!(byte, b'/' | b'\\'))
            .next()
            .unwrap_or(name);
        // what macOS adds to every file has its name with this before it
        if !entry.is_file() || base.starts_with(b"._") {
            continue;
        }
        let ending = base.rsplit(|byte| *byte == b'.').next().unwrap_or(base);
        let rank = endings
            .iter()
            .position(|known| ending.eq_ignore_ascii_case(known.as_bytes()));
        if let Some(rank) = rank
            && best.is_none_or(|(known, _)| rank < known)
        {
            best = Some((rank, at));
        }
    }
    best.map(|(rank, at)| (at, endings[rank].to_owned()))
}

/// Takes an entry out, never more of it than is allowed.
fn unpack(
    archive: &mut ZipArchive<File>,
    at: usize,
    most: u64,
    into: &mut impl io::Write,
) -> Result<(), ZipError> {
    let entry = archive
        .by_index(at)
        .map_err(|error| ZipError::NoZip(error.to_string()))?;
    let grown = entry.compressed_size().saturating_mul(MOST_GROWTH).max(HARMLESS);
    let most = most.min(grown);
    if entry.size() > most {
        return Err(ZipError::Bomb);
    }
    // the size in the head may be a lie
    let taken = io::copy(&mut entry.take(most + 1), into)?;
    if taken > most {
        return Err(ZipError::Bomb);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(path: &Path, entries: &[(&str, &[u8])]) {
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn sound_and_pictures_are_found_wherever_the_archive_puts_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("Song.ZIP");
        zipped(
            &path,
            &[
                ("__MACOSX/._a.mp3", b"no"),
                ("../../etc/a.CDG", b"pictures"),
                ("b.wav", b"less usual"),
                ("/abs/a.Mp3", b"sound"),
            ],
        );
        assert!(holds_song(&path));
        let (mut file, ending) = sound(&path).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), ending.as_str()), ("sound", "mp3"));
        assert_eq!(pictures(&path).unwrap(), b"pictures");
        // nothing was put anywhere
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_song_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        zipped(&path, &[("a.txt", b"words")]);
        assert!(!holds_song(&path));
        assert!(matches!(sound(&path), Err(ZipError::Missing("sound"))));
        zipped(&path, &[("a.mp3", b"sound alone")]);
        assert!(!holds_song(&path) && sound(&path).is_ok());
        std::fs::write(&path, b"PK\x03\x04 nonsense").unwrap();
        assert!(matches!(sound(&path), Err(ZipError::NoZip(_))));
        assert!(!holds_song(&dir.path().join("absent.zip")) && !holds_song(dir.path()));
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        let zeros = vec![0; (MOST_PICTURES + 1) as usize];
        zipped(&path, &[("a.mp3", &zeros), ("a.cdg", &zeros)]);
        assert!(
            std::fs::metadata(&path).unwrap().len() < 1 << 20,
            "it does shrink"
        );
        assert!(matches!(sound(&path), Err(ZipError::Bomb)));
        assert!(matches!(pictures(&path), Err(ZipError::Bomb)));
        // the head of the entry promises less: the size stands four bytes before the name's length
        let mut bytes = std::fs::read(&path).unwrap();
        let sizes: Vec<usize> = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, four)| *four == (zeros.len() as u32).to_le_bytes())
            .map(|(at, _)| at)
            .collect();
        assert!(!sizes.is_empty());
        for at in sizes {
            bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        if let Ok(bytes) = pictures(&path) {
            assert!(bytes.len() as u64 <= MOST_PICTURES);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_damage_is_an_error_and_no_panic(cut in 0_usize..400, flips in prop::collection::vec((0_usize..400, any::<u8>()), 0..8)) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.zip");
            zipped(&path, &[("a.mp3", b"some sound"), ("a.cdg", b"some pictures")]);
            let mut bytes = std::fs::read(&path).unwrap();
            for (at, with) in flips {
                let length = bytes.len();
                bytes[at % length] ^= with;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            std::fs::write(&path, bytes).unwrap();
            let _ = holds_song(&path);
            let _ = sound(&path);
            let _ = pictures(&path);
        }
    }
}
