//! The songs, and how far the vocals of each are.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::state::song_key::SongKey;
use crate::app::state::tracks::TrackEntry;
use crate::app::{App, Overlay, PointerTarget, PromptKind, Sort};
use crate::track::StemState;
use crate::ui::canvas::Canvas;
use crate::ui::text;

/// Cells of the columns after the title.
struct LibraryColumns {
    title: usize,
    artist: usize,
    album: usize,
    time: usize,
    stems: usize,
}

impl LibraryColumns {
    fn of(width: usize) -> Self {
        let stems = if width >= 36 { 9 } else { 0 };
        let time = if width >= 46 { 8 } else { 0 };
        let rest = width.saturating_sub(2 + stems + time);
        let album = if width >= 100 { rest * 3 / 10 } else { 0 };
        let artist = if width >= 50 { (rest - album) * 2 / 5 } else { 0 };
        Self {
            title: rest - album - artist,
            artist,
            album,
            time,
            stems,
        }
    }
}

/// A word for the state of the stems, and its style.
pub(super) fn stems_word(stems: &StemState, canvas: &Canvas) -> (String, Style) {
    let theme = canvas.theme;
    match stems {
        StemState::New => ("new".into(), theme.dim()),
        StemState::Queued => ("queued".into(), theme.dim()),
        StemState::Separating(share) => (format!("{:.0} %", (share * 100.0).floor()), theme.vocals()),
        StemState::Ready => ("ready".into(), theme.good()),
        StemState::Failed(_) => ("failed".into(), theme.bad()),
    }
}

/// One song in one row of so many cells.
pub(super) fn song_row(
    app: &App,
    entry: &TrackEntry,
    key: SongKey,
    selected: bool,
    canvas: &Canvas,
    width: usize,
) -> Vec<Span<'static>> {
    let columns = LibraryColumns::of(width);
    let mark = canvas.glyphs().cut;
    let playing = app.deck.plays(key);
    let sign = match (selected, playing) {
        (true, _) => canvas.glyphs().selected,
        (false, true) => canvas.glyphs().playing,
        (false, false) => " ",
    };
    let column = |text: &str, cells: usize| {
        if cells < 2 {
            " ".repeat(cells)
        } else {
            text::pad(text, cells - 1, mark) + " "
        }
    };
    let style = if playing {
        canvas.theme.title()
    } else {
        Style::new()
    };
    let mut spans = vec![
        Span::styled(format!("{sign} "), style),
        Span::styled(column(&entry.track.title(), columns.title), style),
    ];
    spans.push(Span::styled(column(entry.track.artist(), columns.artist), style));
    if columns.album > 0 {
        let album = entry.track.tags.album.as_deref().unwrap_or("");
        spans.push(Span::styled(column(album, columns.album), canvas.theme.dim()));
    }
    if columns.time > 0 {
        let time = entry.track.duration.map(text::time).unwrap_or_default();
        spans.push(Span::raw(text::pad_left(&time, columns.time - 2, mark) + "  "));
    }
    if columns.stems > 0 {
        let (mut word, style) = match entry.older {
            Some(_) => ("older".into(), canvas.theme.good()),
            None => stems_word(&entry.stems, canvas),
        };
        if entry.history.pinned {
            word = format!("{word} {}", canvas.glyphs().pinned);
        }
        spans.push(Span::styled(text::pad(&word, columns.stems, mark), style));
    }
    spans
}

/// The names over the columns of so many cells.
pub(super) fn heading(width: usize) -> String {
    let columns = LibraryColumns::of(width);
    let column = |text: &str, cells: usize| text::pad(text, cells, "");
    format!(
        "  {}{}{}{}{}",
        column("title", columns.title),
        column("artist", columns.artist),
        column("album", columns.album),
        text::pad(
            &text::pad_left("time", columns.time.saturating_sub(2), ""),
            columns.time,
            ""
        ),
        column("stems", columns.stems)
    )
}

fn summary(app: &App) -> String {
    let (shown, all) = (app.tracks.shown().len(), app.tracks.all().len());
    let filter = match &app.overlay {
        Overlay::Prompt(prompt) if prompt.kind == PromptKind::Filter => prompt.input.value(),
        _ => &app.tracks.filter,
    };
    if !filter.is_empty() {
        return format!(
            " {} of {}   filter: {filter}",
            text::count(shown),
            text::songs(all)
        );
    }
    let order = match app.tracks.sort() {
        Sort::Artist => String::new(),
        sort => format!("   {}", sort.text()),
    };
    format!(" {}{order}", text::songs(all))
}

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let mut y = 0;
    if canvas.height() >= 6 {
        let line = text::cut(&summary(app), canvas.width(), canvas.glyphs().cut);
        let taken = text::width(&line);
        canvas.line(0, Span::raw(line));
        let scan = if app.scan.running {
            format!("looking: {} files ", text::count(app.scan.files))
        } else {
            String::new()
        };
        canvas.line_right(0, Span::styled(scan, canvas.theme.dim()), taken);
        let heading = heading(canvas.width());
        canvas.line(1, Span::styled(heading, canvas.theme.dim()));
        y = 2;
    }
    let shown = app.tracks.shown();
    if shown.is_empty() {
        canvas.line(
            y,
            Span::styled("  no song matches: Esc shows all again", canvas.theme.dim()),
        );
        return;
    }
    let rows = canvas.height() - y;
    let first = app.tracks.cursor.view(shown.len(), rows);
    for (row, at) in (first..shown.len()).take(rows).enumerate() {
        let Some(entry) = app.tracks.get(shown[at]) else {
            continue;
        };
        let selected = at == app.tracks.cursor.at;
        let line = song_row(app, entry, shown[at], selected, canvas, canvas.width());
        canvas.line(y + row, line);
        canvas.spot(0, y + row, canvas.width(), PointerTarget::Row(at));
        if selected {
            canvas.paint(y + row, canvas.theme.selected());
        }
    }
}
