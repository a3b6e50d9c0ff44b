//! The face: the state in, cells out. Nothing here changes anything; every function draws a part of
//! [`App`] into a rectangle and leaves out what does not fit.

mod bars;
mod canvas;
mod editor;
mod help;
mod hints;
mod jobs;
mod library;
mod lyrics_picker;
mod narrator;
mod outputs;
mod picker_row;
mod position;
mod queue;
mod sidebar;
mod sing;
pub mod text;
pub mod theme;
mod welcome;

pub use crate::ui::canvas::LargeText;
pub use crate::ui::help::lines as help_lines;
pub use crate::ui::narrator::Narrator;
pub use crate::ui::theme::{ColourError, Colours, Depth, Glyphs, Letters, Theme};

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::action::Screen;
use crate::app::{App, Overlay, PointerTarget};
use crate::ui::canvas::{Canvas, FrameExtras};

/// From this width on a column beside the screen shows what else goes on.
const SIDE_FROM: u16 = 130;
const SIDE_CELLS: u16 = 46;

/// Draws the whole screen into the cells of a frame; with a theme of [`Letters::Sized`] see
/// [`draw_with_large`].
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame) {
    draw_with_large(app, theme, frame);
}

/// Draws the whole screen and returns what belongs over its cells.
pub fn draw_with_large(app: &App, theme: &Theme, frame: &mut Frame) -> Option<LargeText> {
    let area = frame.area();
    if area.is_empty() {
        return None;
    }
    let aside = FrameExtras::default();
    let mut canvas = Canvas::new(frame.buffer_mut(), theme, area, &aside);
    let typed = draw_on(app, &mut canvas);
    if let Some((x, y)) = typed {
        frame.set_cursor_position(Position { x, y });
    }
    aside.into_large()
}

/// What lies at a cell of a screen of this size, and how far along it the cell is, 0 to 1: found by
/// drawing the screen where nobody sees it, so that it is never another than the one that is seen.
pub fn spot_at(app: &App, theme: &Theme, size: (u16, u16), at: (u16, u16)) -> Option<(PointerTarget, f64)> {
    let area = Rect::new(0, 0, size.0, size.1);
    let (mut buffer, aside) = (Buffer::empty(area), FrameExtras::default());
    draw_on(app, &mut Canvas::new(&mut buffer, theme, area, &aside));
    aside.at(at.0, at.1)
}

/// What of the frame around the screen has room.
struct ScreenRows {
    tabs: bool,
    rule: bool,
    status: bool,
    hints: bool,
}

impl ScreenRows {
    fn of(area: Rect) -> Self {
        let h = area.height;
        Self {
            tabs: h >= 8,
            rule: h >= 16,
            status: h >= 4,
            hints: h >= 12,
        }
    }

    fn body(&self, area: Rect) -> Rect {
        let below = u16::from(self.rule) + u16::from(self.status) + u16::from(self.hints);
        let above = u16::from(self.tabs);
        Rect {
            y: area.y + above,
            height: area.height.saturating_sub(above + below),
            ..area
        }
    }
}

/// Returns where the terminal's cursor goes, if something is being typed.
fn draw_on(app: &App, canvas: &mut Canvas) -> Option<(u16, u16)> {
    let area = canvas.area();
    let rows = ScreenRows::of(area);
    if rows.tabs {
        bars::tabs(app, &mut canvas.part(Rect { height: 1, ..area }));
    }
    let body = rows.body(area);
    match &app.overlay {
        Overlay::Help => help::draw(app, &mut canvas.part(body)),
        Overlay::Outputs => outputs::draw(app, &mut canvas.part(body)),
        Overlay::LyricsPicker(cursor) => lyrics_picker::draw(app, *cursor, &mut canvas.part(body)),
        Overlay::FullText { heading, text: words } => {
            let mut canvas = canvas.part(body);
            canvas.rule(0, heading);
            let rows = canvas.height().saturating_sub(2);
            canvas.wrap(2, rows, words, Style::new());
        }
        Overlay::Confirm { question: words, .. } => {
            let mut canvas = canvas.part(body);
            let rows = canvas.height();
            canvas.wrap(rows.min(3) / 2, rows, words, Style::new());
        }
        Overlay::SaveLyrics(wish) => editor::saving(wish, &mut canvas.part(body)),
        Overlay::None | Overlay::Prompt(_) => screen(app, canvas, body),
    }
    let mut y = body.bottom();
    if rows.rule {
        // a message longer than the status line takes the rule's row as well
        let above = Rect { y, height: 1, ..area };
        if !matches!(app.overlay, Overlay::Prompt(_)) && bars::is_long(app, area.width) {
            bars::message(app, &mut canvas.part(Rect { height: 2, ..above }));
            if rows.hints {
                hints::hints(
                    app,
                    &mut canvas.part(Rect {
                        y: area.bottom() - 1,
                        ..above
                    }),
                );
            }
            return None;
        }
        canvas.part(above).rule(0, "");
        y += 1;
    }
    let mut typed = None;
    if let Overlay::Prompt(prompt) = &app.overlay {
        // where there is no room for a line of its own the prompt takes the last one
        let y = if rows.status { y } else { area.bottom() - 1 };
        typed = bars::prompt(app, prompt, &mut canvas.part(Rect { y, height: 1, ..area }));
    } else if rows.status {
        bars::status(app, &mut canvas.part(Rect { y, height: 1, ..area }));
    }
    if rows.hints {
        hints::hints(
            app,
            &mut canvas.part(Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            }),
        );
    }
    typed
}

fn screen(app: &App, canvas: &mut Canvas, body: Rect) {
    let mut main = body;
    if body.width >= SIDE_FROM && app.view.screen != Screen::Jobs && !welcome::wanted(app) {
        main.width -= SIDE_CELLS + 1;
        sidebar::draw(
            app,
            &mut canvas.part(Rect {
                x: main.right(),
                width: SIDE_CELLS + 1,
                ..body
            }),
        );
    }
    let mut canvas = canvas.part(main);
    match app.view.screen {
        Screen::Library if welcome::wanted(app) => welcome::draw(app, &mut canvas),
        Screen::Library => library::draw(app, &mut canvas),
        Screen::Queue => queue::draw(app, &mut canvas),
        Screen::Sing => sing::draw(app, &mut canvas),
        Screen::Jobs => jobs::draw(app, &mut canvas),
        Screen::Editor => editor::draw(app, &mut canvas),
    }
}
