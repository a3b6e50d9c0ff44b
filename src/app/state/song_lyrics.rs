//! What is sung from: the words of one song on the deck, and what was made of them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::state::vocal_fallback::lay;
use crate::app::state::vocal_map::VocalMap;
use crate::lyrics::cdg::Graphics;
use crate::lyrics::romanization::{Piece, Readings};
use crate::lyrics::{Lyrics, Millis, Offer, Online};
use crate::vocal_timing::{Of, Trace, alignment};

/// The words of one song on the deck.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SongLyrics {
    /// As found; None before anything was, and where there is nothing.
    lyrics: Option<Arc<Lyrics>>,
    /// Pictures instead.
    pub(crate) graphics: Option<Arc<Graphics>>,
    /// Lyrics without times, laid along the song.
    laid: Option<Arc<Lyrics>>,
    /// They have been looked for.
    pub sought: bool,
    /// Everything the song could be sung with, and which of it this is.
    pub offers: Vec<Offer>,
    pub chosen: usize,
    pub online: Online,
    /// What was heard of the singer.
    pub(in crate::app) listening: VocalAnalysis,
    /// `laid` is as good as it gets.
    by_trace: bool,
    /// So much later the lyrics would fit; nothing where nothing is offered.
    pub(in crate::app) suggested: Option<Millis>,
    /// The listener moved them: from then on nothing is offered.
    pub(in crate::app) moved_by_hand: bool,
    /// How the lines are said, where that was wanted.
    readings: Option<Arc<Readings>>,
    /// It was asked for.
    reading: bool,
}

impl SongLyrics {
    /// The lyrics to show, with times as good as there are.
    pub fn shown(&self) -> Option<&Lyrics> {
        self.laid.as_deref().or(self.lyrics.as_deref())
    }

    /// What was heard of the song.
    pub fn trace(&self) -> Option<&Trace> {
        self.listening.trace()
    }

    pub(in crate::app) fn take(&mut self, found: &FoundLyrics) {
        self.lyrics = found.lyrics.clone();
        self.graphics = found.graphics.clone();
        self.offers = found.offers.clone();
        self.chosen = found.chosen;
        self.online = found.online.clone();
        self.laid = None;
        self.suggested = None;
        self.sought = true;
        self.readings = None;
        self.reading = false;
    }

    /// The lyrics as they were found.
    pub(in crate::app) fn found(&self) -> Option<&Arc<Lyrics>> {
        self.lyrics.as_ref()
    }

    /// The lyrics whose readings nobody asked for yet; now somebody does.
    pub(in crate::app) fn ask_readings(&mut self) -> Option<Arc<Lyrics>> {
        if std::mem::replace(&mut self.reading, self.lyrics.is_some()) {
            return None;
        }
        self.lyrics.clone()
    }

    /// Takes readings, if they are of these very lyrics still.
    pub(in crate::app) fn read_as(&mut self, lyrics: &Arc<Lyrics>, readings: Arc<Readings>) {
        if self.lyrics.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, lyrics)) {
            self.readings = Some(readings);
        }
    }

    /// How a line is said; None where that is not known or not needed.
    pub fn reading(&self, line: usize) -> Option<&[Piece]> {
        let pieces = self.readings.as_ref()?.lines.get(line)?;
        (!pieces.is_empty()).then_some(pieces)
    }

    /// Lays lyrics without times along the song, again whenever more is known of its vocals.
    pub fn lay(&mut self, voice: &VocalMap, duration: Option<f64>) {
        if let Some(lyrics) = self.lyrics.as_deref().filter(|lyrics| !lyrics.is_timed()) {
            let trace = self.listening.trace();
            if trace.is_some() && self.laid.is_some() && self.by_trace {
                // nothing that is known of single segments makes it better
                return;
            }
            let laid = trace.and_then(|trace| alignment::laid(lyrics, trace));
            self.by_trace = laid.is_some();
            self.laid = laid.or_else(|| lay(lyrics, voice, duration)).map(Arc::new);
        }
    }
}

/// Whether the song was listened to.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum VocalAnalysis {
    #[default]
    NotRequested,
    /// The wish is out; `true`: with the mixture if need be.
    Requested(bool),
    /// Nothing could be heard.
    Failed,
    Done(Arc<Trace>),
}

impl VocalAnalysis {
    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Done(trace) => Some(trace),
            _ => None,
        }
    }

    /// The vocals themselves were heard.
    pub(crate) fn knows_vocals(&self) -> bool {
        self.trace().is_some_and(|trace| trace.of() == Of::Vocals)
    }
}

/// What was found for a song.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FoundLyrics {
    pub path: PathBuf,
    pub lyrics: Option<Arc<Lyrics>>,
    /// In place of them, where pictures are what is sung from.
    pub graphics: Option<Arc<Graphics>>,
    /// Everything the song could be sung with, best first, and which of it the lyrics are.
    pub offers: Vec<Offer>,
    pub chosen: usize,
    pub online: Online,
    /// A file that looks like this song's lyrics and can't be used, in one sentence.
    pub refused: Option<String>,
}

/// A line of the chooser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LyricsChoice {
    /// The best there is, whatever comes.
    Auto,
    Offer(Offer),
    /// Ask the LRCLIB server.
    Ask(Online),
}
