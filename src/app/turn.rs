//! Whose song comes next, and the way of an entry from the queue to the deck and back.

use super::App;
use super::deck::Song;
use super::queue::{Place, Queued, Repeat, Taken};
use super::tracks::SongKey;

/// Where a song on the deck comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Turn {
    /// Nobody queued it.
    #[default]
    Library,
    /// It still stands in the queue and is taken from there when it begins.
    Waiting(Place),
    /// The song that plays, once more.
    Again,
    /// Taken from the queue.
    Queue(Taken),
}

/// A song that comes next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Next {
    pub key: SongKey,
    pub turn: Turn,
    pub singer: Option<String>,
}

impl Next {
    /// By hand or from the Library.
    pub fn library(key: SongKey) -> Self {
        Self {
            key,
            turn: Turn::Library,
            singer: None,
        }
    }

    pub fn queued(entry: &Queued) -> Option<Self> {
        Some(Self {
            key: entry.key?,
            turn: Turn::Waiting(entry.place),
            singer: entry.singer.clone(),
        })
    }

    /// True if this song on the deck is what was meant.
    pub fn is(&self, song: &Song) -> bool {
        song.key == self.key && song.turn == self.turn && song.singer == self.singer
    }
}

/// What begins when the playing song ends.
pub(super) fn follows(app: &App) -> Option<Next> {
    if app.queue.repeat() == Repeat::One
        && let Some(again) = again(app)
    {
        return Some(again);
    }
    skips_to(app)
}

/// What `>` leads to: a song repeated for ever is left.
pub(super) fn skips_to(app: &App) -> Option<Next> {
    if let Some(next) = app.queue.first().and_then(Next::queued) {
        return Some(next);
    }
    let song = app.deck.song.as_ref()?;
    let round = app.queue.repeat() == Repeat::All;
    if round && matches!(song.turn, Turn::Queue(_)) {
        // it would go to the end of the queue, and there is nothing else in it
        return again(app);
    }
    let after = if app.queue.is_shuffled() {
        app.tracks.neighbour_mixed(song.key, app.settings.seed, round)
    } else {
        app.tracks.neighbour(song.key, 1)
    };
    let after = after.or_else(|| round.then(|| app.tracks.first_playable()).flatten());
    after.map(Next::library)
}

fn again(app: &App) -> Option<Next> {
    let song = app.deck.song.as_ref()?;
    let playable = app.tracks.get(song.key).is_some_and(|entry| !entry.unplayable);
    playable.then(|| Next {
        key: song.key,
        turn: Turn::Again,
        singer: song.singer.clone(),
    })
}

/// A song is on the deck now, and this one left: its entry leaves the queue, and what left goes to the
/// end while all is repeated.
pub(super) fn arrive(app: &mut App, left: Option<Song>) {
    app.resume = None;
    let Some(song) = &mut app.deck.song else { return };
    if let Some(left) = left
        .as_ref()
        .filter(|left| left.key == song.key && left.id.is_some())
    {
        // the store was asked before the last changes were written
        song.memory = left.memory.clone();
    }
    let left = left.map(|left| left.turn).unwrap_or_default();
    match std::mem::take(&mut song.turn) {
        Turn::Again => song.turn = left,
        other => {
            if let (Turn::Queue(taken), Repeat::All) = (left, app.queue.repeat()) {
                app.queue.send_to_end(taken.entry);
            }
            song.turn = match other {
                Turn::Waiting(place) => app.queue.take(place).map_or(Turn::Library, Turn::Queue),
                other => other,
            };
        }
    }
}

/// The song on the deck came to nothing: its entry goes back.
pub(super) fn give_back(app: &mut App) {
    let Some(song) = app.deck.song.as_mut().filter(|song| song.heard == 0.0) else {
        return;
    };
    if let Turn::Queue(taken) = std::mem::take(&mut song.turn) {
        app.queue.put_back(taken);
        refresh(app);
    }
}

/// Looks again which entries of the queue are songs of the library.
pub(super) fn refresh(app: &mut App) {
    let tracks = &app.tracks;
    app.queue.resolve(|path| {
        let key = tracks.key(path)?;
        Some((key, tracks.get(key)?.unplayable))
    });
}
