//! What is sung from: the words of one song on the deck, and what was made of them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::state::vocal_fallback::estimate_times;
use crate::app::state::vocal_map::VocalMap;
use crate::lyrics::cdg::Graphics;
use crate::lyrics::romanization::{Readings, RomanizedPiece};
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
    estimated: Option<Arc<Lyrics>>,
    /// They have been looked for.
    pub searched: bool,
    /// Everything the song could be sung with, and which of it this is.
    pub offers: Vec<Offer>,
    pub chosen: usize,
    pub online: Online,
    /// What was heard of the singer.
    pub(in crate::app) analysis: VocalAnalysis,
    /// `laid` is as good as it gets.
    estimated_from_analysis: bool,
    /// So much later the lyrics would fit; nothing where nothing is offered.
    pub(in crate::app) suggested: Option<Millis>,
    /// The listener moved them: from then on nothing is offered.
    pub(in crate::app) moved_by_hand: bool,
    /// How the lines are said, where that was wanted.
    romanization: Option<Arc<Readings>>,
    /// It was asked for.
    romanization_requested: bool,
}

impl SongLyrics {
    /// The lyrics to show, with times as good as there are.
    pub fn shown(&self) -> Option<&Lyrics> {
        self.estimated.as_deref().or(self.lyrics.as_deref())
    }

    /// What was heard of the song.
    pub fn trace(&self) -> Option<&Trace> {
        self.analysis.trace()
    }

    pub(in crate::app) fn set_found(&mut self, found: &FoundLyrics) {
        self.lyrics = found.lyrics.clone();
        self.graphics = found.graphics.clone();
        self.offers = found.offers.clone();
        self.chosen = found.chosen;
        self.online = found.online.clone();
        self.estimated = None;
        self.suggested = None;
        self.searched = true;
        self.romanization = None;
        self.romanization_requested = false;
    }

    /// The lyrics as they were found.
    pub(in crate::app) fn found(&self) -> Option<&Arc<Lyrics>> {
        self.lyrics.as_ref()
    }

    /// The lyrics whose readings nobody asked for yet; now somebody does.
    pub(in crate::app) fn request_romanization(&mut self) -> Option<Arc<Lyrics>> {
        if std::mem::replace(&mut self.romanization_requested, self.lyrics.is_some()) {
            return None;
        }
        self.lyrics.clone()
    }

    /// Takes readings, if they are of these very lyrics still.
    pub(in crate::app) fn set_romanization(&mut self, lyrics: &Arc<Lyrics>, readings: Arc<Readings>) {
        if self.lyrics.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, lyrics)) {
            self.romanization = Some(readings);
        }
    }

    /// How a line is said; None where that is not known or not needed.
    pub fn romanization(&self, line: usize) -> Option<&[RomanizedPiece]> {
        let pieces = self.romanization.as_ref()?.lines.get(line)?;
        (!pieces.is_empty()).then_some(pieces)
    }

    /// Lays lyrics without times along the song, again whenever more is known of its vocals.
    pub fn estimate_times(&mut self, voice: &VocalMap, duration: Option<f64>) {
        if let Some(lyrics) = self.lyrics.as_deref().filter(|lyrics| !lyrics.is_timed()) {
            let trace = self.analysis.trace();
            if trace.is_some() && self.estimated.is_some() && self.estimated_from_analysis {
                // nothing that is known of single segments makes it better
                return;
            }
            let laid = trace.and_then(|trace| alignment::laid(lyrics, trace));
            self.estimated_from_analysis = laid.is_some();
            self.estimated = laid
                .or_else(|| estimate_times(lyrics, voice, duration))
                .map(Arc::new);
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
