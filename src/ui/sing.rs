//! The song being sung: where it is, how loud the singer is, and where the singer can go.

mod big_text;
mod cdg;
mod lyrics;
mod romanization;
mod wrap;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::action::{Action, Screen};
use crate::app::state::deck::DeckSong;
use crate::app::state::fader::FaderPosition;
use crate::app::{App, PointerTarget};
use crate::ui::canvas::Canvas;
use crate::ui::position::{position, stems};
use crate::ui::{bars, text};

/// Rows of each part; what has no room is 0. The order of giving up: waves, rules, the big fader; with
/// lyrics these come first of all.
struct SingLayout {
    heading: usize,
    /// For the lines to sing.
    lyrics: usize,
    rules: bool,
    /// Of each of the two waveforms.
    waves: usize,
    position: usize,
    stems: usize,
    fader: usize,
    toggle: usize,
}

impl SingLayout {
    fn of(height: usize, lyrics: bool) -> Self {
        let mut left = height;
        let mut take = |wish: usize, spare: usize| {
            let taken = if left >= wish + spare { wish } else { 0 };
            left -= taken;
            taken
        };
        let mut lines = if lyrics { take(1, 0) } else { 0 };
        let position = take(1, 0);
        lines += if lyrics { take(1, 0) } else { 0 };
        let fader = take(1, 0);
        let heading = take(1, 0);
        lines += if lyrics { take(2, 0) } else { 0 };
        let toggle = take(1, if lyrics { 0 } else { 2 });
        lines += if lyrics { take(1, 0) } else { 0 };
        let stems = take(1, 0);
        let rules = take(2, 2) == 2;
        lines += if lyrics { take(3, 0) } else { 0 };
        let mut waves = take(2, 0) / 2;
        let big = take(1, if lyrics { 8 } else { 2 });
        let fader = fader + big + take(1, if lyrics { 14 } else { 6 });
        let most = if lyrics { 3 } else { 6 };
        while waves > 0 && waves < most && left >= 4 {
            waves += 1;
            left -= 2;
        }
        Self {
            heading,
            lyrics: lines + left,
            rules,
            waves,
            position,
            stems,
            fader,
            toggle,
        }
    }
}

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    let Some(song) = &app.deck.song else {
        return nothing(app, canvas);
    };
    let lyrics = app.lyrics_moment();
    let pictures = app.pictures();
    if canvas.height() < 3 && lyrics.is_none() {
        return tiny(app, song, canvas);
    }
    let room = SingLayout::of(canvas.height(), lyrics.is_some() || pictures.is_some());
    let mut y = 0;
    if room.heading > 0 {
        heading(app, song, canvas);
        y += 1;
    }
    if let (Some(moment), Some(shown)) = (lyrics, song.lyrics.shown()) {
        let area = canvas.area();
        let rows = Rect {
            y: area.y + y as u16,
            height: room.lyrics as u16,
            ..area
        };
        for row in 0..room.lyrics {
            canvas.spot(0, y + row, canvas.width(), PointerTarget::Lyrics);
        }
        lyrics::draw(app, shown, moment, &mut canvas.part(rows));
    }
    if let Some((graphics, ms)) = pictures {
        let area = canvas.area();
        let rows = Rect {
            y: area.y + y as u16,
            height: room.lyrics as u16,
            ..area
        };
        let mut canvas = canvas.part(rows);
        let mut picture = rows;
        // as for lines: where there is room, the last row says where they are from
        if room.lyrics >= 7 {
            picture.height -= 1;
            lyrics::source_of_pictures(app, &mut canvas, room.lyrics - 1);
        }
        cdg::draw(&graphics.at(ms), &mut canvas.part(picture));
    }
    y += room.lyrics;
    if room.rules {
        canvas.rule(y, "singer and band");
        y += 1;
    }
    if room.waves > 0 {
        waves(app, song, canvas, y, room.waves);
        y += 2 * room.waves;
    }
    if room.position > 0 {
        position(app, canvas, y);
        y += 1;
    }
    if room.stems > 0 {
        stems(app, song, canvas, y);
        y += 1;
    }
    if room.rules {
        canvas.rule(y, "");
        y += 1;
    }
    if room.fader > 0 {
        fader(app, canvas, y, room.fader);
        y += room.fader;
    }
    if room.toggle > 0 {
        toggle(app, song, canvas, y);
    }
}

fn nothing(app: &App, canvas: &mut Canvas) {
    let key = app
        .keymap
        .key_name(Screen::Library, Action::SingThis)
        .unwrap_or_default();
    let library = app
        .keymap
        .key_name(Screen::Sing, Action::Library)
        .unwrap_or_default();
    let words = format!("Nothing plays yet: {library} shows the Library, {key} there sings a song.");
    let y = canvas.height() / 3;
    canvas.wrap(y, 3, &words, canvas.theme.dim());
}

/// One or two rows: the name, the time, the level.
fn tiny(app: &App, song: &DeckSong, canvas: &mut Canvas) {
    let tail = format!(" {} {}%", text::time(app.deck.seconds), app.levels.fader.level());
    let room = canvas.width().saturating_sub(tail.len());
    let title = text::pad(&song.title, room, canvas.glyphs().cut);
    canvas.line(
        0,
        vec![Span::styled(title, canvas.theme.title()), Span::raw(tail)],
    );
    position(app, canvas, 1);
}

fn heading(app: &App, song: &DeckSong, canvas: &mut Canvas) {
    let album = app
        .tracks
        .get(song.key)
        .and_then(|entry| entry.track.tags.album.clone());
    let mut spans = vec![Span::styled(format!(" {}", song.title), canvas.theme.title())];
    if !song.artist.is_empty() {
        spans.push(Span::styled(format!(" - {}", song.artist), canvas.theme.strong()));
    }
    let taken = spans.iter().map(Span::width).sum();
    canvas.line(0, spans);
    if let Some(album) = album {
        canvas.line_right(0, Span::styled(format!("{album} "), canvas.theme.dim()), taken);
    }
}

/// Length of the song as far as known.
fn length(app: &App, song: &DeckSong) -> Option<f64> {
    let by_segments = song.vocals.segment_seconds * song.vocals.segments.len() as f64;
    app.deck.duration().or((by_segments > 0.0).then_some(by_segments))
}

/// Vocals above, the rest of the music below, over the whole song.
fn waves(app: &App, song: &DeckSong, canvas: &mut Canvas, y: usize, rows: usize) {
    let label = if canvas.width() >= 60 { 8 } else { 1 };
    let columns = canvas.width().saturating_sub(label + 1);
    if label > 1 {
        canvas.line(y + rows - 1, Span::styled(" singer", canvas.theme.vocals()));
        canvas.line(y + 2 * rows - 1, Span::styled(" band", canvas.theme.band()));
    }
    let Some(length) = length(app, song) else { return };
    let seconds = length / columns.max(1) as f64;
    let head = (app.deck.seconds / seconds) as usize;
    for column in 0..columns {
        let from = column as f64 * seconds;
        let loudness = song.vocals.loudness(from, from + seconds);
        // what has been sung is bright, the place itself is lit
        let shade = |style: Style| match column.cmp(&head) {
            std::cmp::Ordering::Less => style,
            std::cmp::Ordering::Equal => style.add_modifier(Modifier::REVERSED),
            std::cmp::Ordering::Greater => style.remove_modifier(Modifier::BOLD).add_modifier(Modifier::DIM),
        };
        for (wave, style) in [canvas.theme.vocals(), canvas.theme.band()]
            .into_iter()
            .enumerate()
        {
            let peak = loudness.map(|(vocals, band)| if wave == 0 { vocals } else { band });
            for row in 0..rows {
                let bottom = row + 1 == rows;
                let (glyph, style) = match peak {
                    Some(peak) => (
                        canvas.glyphs().levels[eighths(peak, rows, rows - 1 - row)],
                        shade(style),
                    ),
                    None if bottom => (canvas.glyphs().unknown, shade(canvas.theme.dim())),
                    None => (" ", shade(Style::new())),
                };
                canvas.line_at(label + column, y + wave * rows + row, Span::styled(glyph, style));
            }
        }
    }
}

/// How much of the cell `above` rows over the bottom a peak fills, in eighths. Quiet music shall be
/// seen too: the scale lies between linear and loudness.
fn eighths(peak: u8, rows: usize, above: usize) -> usize {
    let share = (f64::from(peak) / 255.0).powf(0.6);
    let eighths = (share * rows as f64 * 8.0).round() as usize;
    // the lowest row is never empty where the song is known
    let least = usize::from(above == 0);
    eighths.saturating_sub(above * 8).clamp(least, 8)
}

fn fader(app: &App, canvas: &mut Canvas, y: usize, rows: usize) {
    let label = if canvas.width() >= 30 { " SINGER " } else { " " };
    let percent = format!(" {:>3} % ", app.levels.fader.level());
    let cells = canvas.width().saturating_sub(label.len() + percent.len());
    for row in 0..rows {
        canvas.spot(label.len(), y + row, cells, PointerTarget::Fader);
    }
    let bar = canvas.fader(app.levels.fader.level(), cells, canvas.theme.vocals());
    for row in 0..rows {
        let middle = row == rows / 2;
        let mut spans = vec![Span::styled(
            if middle {
                label.to_owned()
            } else {
                " ".repeat(label.len())
            },
            canvas.theme.vocals(),
        )];
        spans.extend(bar.clone());
        if middle {
            spans.push(Span::styled(percent.clone(), canvas.theme.vocals()));
        }
        canvas.line(y + row, spans);
    }
}

fn toggle(app: &App, song: &DeckSong, canvas: &mut Canvas, y: usize) {
    let theme = canvas.theme;
    let key = app.keymap.key_name(Screen::Sing, Action::VocalsToggle);
    let mut spans = vec![
        Span::raw("        "),
        Span::styled(
            key.map(|key| format!("{key}  ")).unwrap_or_default(),
            theme.strong(),
        ),
    ];
    for voice in [FaderPosition::Off, FaderPosition::Mine, FaderPosition::Full] {
        let mut word = bars::voice_word(voice).to_owned();
        if voice == FaderPosition::Mine {
            word += &format!(" {} %", app.levels.fader.mine());
        }
        let on = app.levels.fader.position() == voice;
        spans.push(Span::styled(
            format!(" {word} "),
            if on { theme.selected() } else { theme.dim() },
        ));
        spans.push(Span::raw(" "));
    }
    let here = song.vocals.ready_at(app.deck.seconds);
    let words = match (app.levels.fader.solo(), app.levels.fader.position(), here) {
        (true, _, true) => "the singer alone ",
        (true, _, false) => "singer not alone: not separated yet ",
        (false, FaderPosition::Full, _) | (false, _, true) => "",
        (false, _, false) => "singer still heard: not separated yet ",
    };
    let moved = key_and_tempo(app, song, canvas);
    let width = |spans: &[Span]| spans.iter().map(Span::width).sum::<usize>();
    // Where they find no room, the top row still shows what is moved.
    if width(&spans) + width(&moved) + words.len() <= canvas.width() {
        spans.extend(moved);
    }
    let taken = width(&spans);
    canvas.line(y, spans);
    canvas.line_right(y, Span::styled(words, theme.dim()), taken);
}

/// `{}  key +2   []  tempo 90 %`
fn key_and_tempo(app: &App, song: &DeckSong, canvas: &Canvas) -> Vec<Span<'static>> {
    let theme = canvas.theme;
    let keys = |down: Action, up: Action| {
        let key = |action| app.keymap.key_name(Screen::Sing, action).unwrap_or_default();
        format!("   {}{}", key(down), key(up))
    };
    let words =
        |words: String, moved: bool| Span::styled(words, if moved { theme.strong() } else { theme.dim() });
    let (key, tempo) = (song.key_tempo.key(), song.key_tempo.tempo());
    vec![
        Span::styled(keys(Action::KeyDown, Action::KeyUp), theme.strong()),
        words(format!("  key {}", text::signed(key)), key != 0),
        Span::styled(keys(Action::TempoDown, Action::TempoUp), theme.strong()),
        words(format!("  tempo {tempo} %"), tempo != 100),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_screen_fill_it_and_no_more() {
        for (height, lyrics) in (0..100).flat_map(|height| [(height, false), (height, true)]) {
            let room = SingLayout::of(height, lyrics);
            let rules = if room.rules { 2 } else { 0 };
            let used = room.heading
                + room.lyrics
                + rules
                + 2 * room.waves
                + room.position
                + room.stems
                + room.fader
                + room.toggle;
            assert_eq!(used, height);
        }
        let usual = SingLayout::of(20, false);
        assert!(usual.waves >= 3 && usual.fader >= 2 && usual.rules && usual.toggle == 1);
        assert!(SingLayout::of(40, false).lyrics >= 10);
        let words = SingLayout::of(20, true);
        assert!(words.lyrics >= 7 && words.waves >= 1 && words.toggle == 1 && words.rules);
        assert_eq!(
            (
                SingLayout::of(1, true).lyrics,
                SingLayout::of(3, true).lyrics,
                SingLayout::of(3, true).position
            ),
            (1, 2, 1)
        );
    }

    #[test]
    fn loud_peaks_fill_all_rows_and_silence_only_a_line() {
        assert_eq!((eighths(255, 3, 0), eighths(255, 3, 2)), (8, 8));
        assert_eq!((eighths(0, 3, 0), eighths(0, 3, 1)), (1, 0));
    }
}
