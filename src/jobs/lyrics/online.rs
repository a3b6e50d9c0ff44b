//! What a server was asked for and said, kept in the store: an answer for good, that there is none for
//! thirty days.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::lrclib::{Lrclib, LrclibError, LrclibQuery, LrclibReply};
use crate::lyrics::LyricsRequest;
use crate::store::{StemStore, StoreError};

/// After so many seconds somebody may have written them.
const NOTHING_SECONDS: i64 = 30 * 24 * 3600;

/// What is known of a song without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Lyrics(String),
    Nothing,
    Unasked,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    lyrics: Option<String>,
    /// Seconds since the Unix epoch.
    at: i64,
}

/// The question for a song; None where too little is known of it to be sure of an answer.
pub fn question(wanted: &LyricsRequest) -> Option<LrclibQuery> {
    let named = |name: &str| !name.trim().is_empty();
    let duration = wanted
        .duration
        .filter(|seconds| seconds.is_finite() && *seconds >= 1.0)?;
    (named(&wanted.artist) && named(&wanted.title)).then(|| LrclibQuery {
        artist: wanted.artist.clone(),
        title: wanted.title.clone(),
        album: wanted.album.clone(),
        duration,
    })
}

/// What was kept of this song.
pub fn known(store: &StemStore, question: &LrclibQuery) -> Known {
    known_at(store, question, now())
}

fn known_at(store: &StemStore, question: &LrclibQuery, now: i64) -> Known {
    match store.state::<Kept>(&key(question)) {
        Some(Kept {
            lyrics: Some(lyrics), ..
        }) => Known::Lyrics(lyrics),
        // a clock that was set back makes no answer last for ever
        Some(kept) if (kept.at..kept.at.saturating_add(NOTHING_SECONDS)).contains(&now) => Known::Nothing,
        _ => Known::Unasked,
    }
}

/// Asks, and keeps what is said.
pub fn ask(
    server: &Lrclib,
    store: Option<&StemStore>,
    question: &LrclibQuery,
) -> Result<LrclibReply, LrclibError> {
    let answer = server.ask(question)?;
    if let Some(store) = store
        && let Err(error) = keep(store, question, &answer, now())
    {
        tracing::warn!("what LRCLIB said was not kept: {error}");
    }
    Ok(answer)
}

fn keep(store: &StemStore, question: &LrclibQuery, answer: &LrclibReply, at: i64) -> Result<(), StoreError> {
    let lyrics = match answer {
        LrclibReply::Lyrics(lyrics) => Some(lyrics.clone()),
        LrclibReply::Nothing => None,
    };
    store.save_state(&key(question), &Kept { lyrics, at })
}

fn key(question: &LrclibQuery) -> String {
    let mut hasher = blake3::Hasher::new();
    for name in [&question.artist, &question.title] {
        hasher.update(name.to_lowercase().as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(&(question.duration.round() as i64).to_le_bytes());
    format!("lrclib/{}", hasher.finalize().to_hex())
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StorePaths;

    fn question(title: &str) -> LrclibQuery {
        LrclibQuery {
            artist: "Ana".into(),
            title: title.into(),
            album: None,
            duration: 200.2,
        }
    }

    #[test]
    fn an_answer_is_kept_for_good_and_that_there_is_none_for_a_month() {
        let dir = tempfile::tempdir().unwrap();
        let paths = StorePaths {
            cache: dir.path().join("cache"),
            state: dir.path().join("state"),
        };
        let store = StemStore::open(&paths, 1 << 20).unwrap();
        let (song, other) = (question("Lanterns"), question("Lamps"));
        assert_eq!(known_at(&store, &song, 1000), Known::Unasked);
        keep(&store, &song, &LrclibReply::Lyrics("words".into()), 1000).unwrap();
        keep(&store, &other, &LrclibReply::Nothing, 1000).unwrap();
        let later = 1000 + NOTHING_SECONDS;
        assert_eq!(
            known_at(&store, &question("LANTERNS"), later),
            Known::Lyrics("words".into())
        );
        assert_eq!(known_at(&store, &other, later - 1), Known::Nothing);
        assert_eq!(known_at(&store, &other, later), Known::Unasked);
        assert_eq!(known_at(&store, &other, 999), Known::Unasked);
        let longer = LrclibQuery {
            duration: 210.0,
            ..song
        };
        assert_eq!(known_at(&store, &longer, 1000), Known::Unasked);
    }

    #[test]
    fn too_little_known_of_a_song_is_not_asked() {
        let wanted = LyricsRequest {
            artist: "Ana".into(),
            title: "Lanterns".into(),
            duration: Some(200.0),
            ..LyricsRequest::default()
        };
        assert!(super::question(&wanted).is_some());
        for wanted in [
            LyricsRequest {
                duration: None,
                ..wanted.clone()
            },
            LyricsRequest {
                duration: Some(f64::NAN),
                ..wanted.clone()
            },
            LyricsRequest {
                artist: " ".into(),
                ..wanted.clone()
            },
            LyricsRequest {
                title: String::new(),
                ..wanted.clone()
            },
        ] {
            assert_eq!(super::question(&wanted), None);
        }
    }
}
