//! Where a song's lyrics come from, in the order they are preferred.

/// Where lyrics were found. The order is the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LyricsSource {
    /// In a file named by hand.
    #[default]
    Named,
    /// Made or brought here with croon, and kept in its own folder.
    Edited,
    /// In a file beside the song, named like it.
    Beside,
    /// In the song's own tags.
    Tags,
    /// In the UltraStar text of the song's folder.
    UltraStar,
    /// In the folder of lyrics.
    Folder,
    /// From the LRCLIB server, asked once and kept.
    Lrclib,
}

impl LyricsSource {
    const ALL: [Self; 7] = [
        Self::Named,
        Self::Edited,
        Self::Beside,
        Self::Tags,
        Self::UltraStar,
        Self::Folder,
        Self::Lrclib,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Named => "file",
            Self::Edited => "edited in croon",
            Self::Beside => "file beside the song",
            Self::Tags => "tags",
            Self::UltraStar => "UltraStar folder",
            Self::Folder => "lyrics folder",
            Self::Lrclib => "LRCLIB",
        }
    }

    /// For what is written down; never changed.
    pub fn key(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Edited => "edited",
            Self::Beside => "beside",
            Self::Tags => "tags",
            Self::UltraStar => "ultrastar",
            Self::Folder => "folder",
            Self::Lrclib => "lrclib",
        }
    }

    /// The source that is written down so.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_reads_back_from_its_key() {
        for source in LyricsSource::ALL {
            assert_eq!(LyricsSource::from_key(source.key()), Some(source));
        }
        assert_eq!(LyricsSource::from_key("elsewhere"), None);
    }
}
