//! The question to an LRCLIB server and its answer.

/// Bytes of one song's lyrics.
pub const MOST_LYRICS: usize = 512 << 10;

/// A song as the server knows songs.
#[derive(Debug, Clone, PartialEq)]
pub struct LrclibQuery {
    pub artist: String,
    pub title: String,
    pub album: Option<String>,
    /// Seconds.
    pub duration: f64,
}

/// What the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LrclibReply {
    /// In one of the formats of [`crate::lyrics`], not read yet.
    Lyrics(String),
    Nothing,
}
