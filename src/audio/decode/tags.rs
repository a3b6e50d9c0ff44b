//! A container's own tags, for files whose tags nobody else reads (Matroska).

use symphonia::core::formats::FormatReader;
use symphonia::core::meta::{StandardTag, Tag};

/// What a container says of a song, unaltered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerTags {
    pub title: Option<String>,
    pub artist: Option<String>,
    pub album: Option<String>,
    pub track_no: Option<u32>,
}

impl ContainerTags {
    /// Takes what is not known yet from each group of tags, the first one first.
    pub(super) fn read(&mut self, format: &mut dyn FormatReader) {
        let mut log = format.metadata();
        loop {
            if let Some(group) = log.current() {
                let own = group.per_track.iter().map(|track| &track.metadata);
                let all = own.chain([&group.media]).flat_map(|part| &part.tags);
                all.for_each(|tag| self.take(tag));
            }
            if log.pop().is_none() {
                return;
            }
        }
    }

    fn take(&mut self, tag: &Tag) {
        let text = |old: &mut Option<String>, new: &str| {
            old.get_or_insert_with(|| new.to_owned());
        };
        let number = |text: &str| {
            let digits = text.split('/').next().unwrap_or(text);
            digits.trim().parse().ok()
        };
        match &tag.std {
            Some(StandardTag::TrackTitle(title)) => return text(&mut self.title, title),
            Some(StandardTag::Artist(artist)) => return text(&mut self.artist, artist),
            Some(StandardTag::Album(album)) => return text(&mut self.album, album),
            _ => {}
        }
        // Matroska has names of its own, behind what they speak of: "TRACK@PART_NUMBER".
        let value = tag.raw.value.to_string();
        let name = tag.raw.key.rsplit('@').next().unwrap_or_default();
        match name.to_ascii_uppercase().as_str() {
            "TITLE" => text(&mut self.title, &value),
            "ARTIST" => text(&mut self.artist, &value),
            "ALBUM" => text(&mut self.album, &value),
            "PART_NUMBER" => self.track_no = self.track_no.or_else(|| number(&value)),
            _ => {}
        }
    }
}
