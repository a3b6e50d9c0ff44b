//! What the server says of a song, and whether it is about the song that was asked for.

use serde::Deserialize;

use crate::lrclib::model::{LrclibQuery, LrclibReply, MOST_LYRICS};

/// Recordings further apart in length are other recordings.
const LENGTH_SECONDS: f64 = 2.0;

/// A song of the server.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LrclibRecord {
    track_name: Option<String>,
    artist_name: Option<String>,
    duration: Option<f64>,
    instrumental: Option<bool>,
    plain_lyrics: Option<String>,
    synced_lyrics: Option<String>,
    lyricsfile: Option<String>,
}

impl LrclibRecord {
    /// Same artist, same title, same length within two seconds.
    pub(super) fn is_of(&self, question: &LrclibQuery) -> bool {
        let says = |name: &Option<String>| plain(name.as_deref().unwrap_or_default());
        let (title, artist) = (plain(&question.title), plain(&question.artist));
        !title.is_empty()
            && says(&self.track_name) == title
            && says(&self.artist_name) == artist
            && self.seconds_off(question) <= LENGTH_SECONDS
    }

    fn seconds_off(&self, question: &LrclibQuery) -> f64 {
        self.duration
            .map_or(f64::INFINITY, |seconds| (seconds - question.duration).abs())
    }

    /// The best of its texts.
    pub(super) fn answer(self) -> LrclibReply {
        let texts = [self.lyricsfile, self.synced_lyrics, self.plain_lyrics];
        let usable = |text: &String| !text.trim().is_empty() && text.len() <= MOST_LYRICS;
        match texts.into_iter().flatten().find(usable) {
            Some(text) if self.instrumental != Some(true) => LrclibReply::Lyrics(text),
            _ => LrclibReply::Nothing,
        }
    }

    /// Times before text alone.
    fn has_times(&self) -> bool {
        let some = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        some(&self.lyricsfile) || some(&self.synced_lyrics)
    }
}

/// Of all that are the song, the one with times, and then the nearest in length.
pub(super) fn best(records: Vec<LrclibRecord>, question: &LrclibQuery) -> LrclibReply {
    let of_it = records.into_iter().filter(|record| record.is_of(question));
    let order = |record: &LrclibRecord| {
        (
            !record.has_times(),
            (record.seconds_off(question) * 1000.0) as u64,
        )
    };
    of_it
        .min_by_key(order)
        .map_or(LrclibReply::Nothing, LrclibRecord::answer)
}

/// A name without case, signs and what is said of guests and editions.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept = [" (feat", " [feat", " feat. ", " ft. ", " (ft"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min()
        .map_or(lower.as_str(), |at| &lower[..at]);
    let letters: String = kept.chars().filter(|c| c.is_alphanumeric()).collect();
    // a name all of signs is still a name
    if letters.is_empty() {
        kept.trim().to_owned()
    } else {
        letters
    }
}
