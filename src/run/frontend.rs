//! How a session is shown: on a screen of cells, or as lines of text.

use std::io;

use crate::app::{App, PointerTarget};
use crate::commands::Context;
use crate::config::BigText;
use crate::terminal::{Input, Large, Lines, TerminalError, TerminalScreen};
use crate::ui::{self, Letters, Narrator, Theme};

pub enum Frontend {
    Screen {
        screen: Box<TerminalScreen>,
        theme: Theme,
    },
    Lines {
        lines: Lines,
        narrator: Narrator,
    },
}

impl Frontend {
    pub fn open(context: &Context, theme: Theme, plain: bool) -> Result<Self, TerminalError> {
        let log = context.paths.stderr_log();
        if plain {
            return Ok(Self::Lines {
                lines: Lines::open(Some(&log))?,
                narrator: Narrator::default(),
            });
        }
        let wanted = &context.config.screen;
        let screen = TerminalScreen::open(Some(&log), wanted.mouse)?;
        let mut theme = theme;
        match wanted.big_text {
            BigText::Off => theme.letters = Letters::Small,
            BigText::Auto if !wanted.ascii && screen.has_sized_text() => theme.letters = Letters::Sized,
            BigText::Auto | BigText::Blocks => {}
        }
        Ok(Self::Screen {
            screen: Box::new(screen),
            theme,
        })
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        match self {
            Self::Screen { screen, .. } => screen.size(),
            Self::Lines { .. } => Ok((80, 24)),
        }
    }

    pub fn listen(&mut self, on: impl Fn(Input) + Send + Clone + 'static) -> Result<(), TerminalError> {
        match self {
            Self::Screen { screen, .. } => screen.listen(on),
            Self::Lines { lines, .. } => lines.listen(on),
        }
    }

    pub fn draw(&mut self, app: &App) -> io::Result<()> {
        match self {
            Self::Screen { screen, theme } => screen.draw(|frame| {
                let large = ui::draw_with_large(app, theme, frame)?;
                Some(Large {
                    scale: large.scale,
                    rows: large.rows,
                })
            }),
            Self::Lines { lines, narrator } => lines.tell(&narrator.tell(app)),
        }
    }

    /// Forgets what is on the screen, so that the next frame draws every cell.
    pub fn clear(&mut self) -> io::Result<()> {
        match self {
            Self::Screen { screen, .. } => screen.clear(),
            Self::Lines { .. } => Ok(()),
        }
    }

    pub fn suspend(&mut self) -> io::Result<()> {
        match self {
            Self::Screen { screen, .. } => screen.suspend(),
            Self::Lines { lines, .. } => lines.suspend(),
        }
    }

    pub fn resume(&mut self) -> io::Result<()> {
        match self {
            Self::Screen { screen, .. } => screen.resume(),
            Self::Lines { lines, .. } => lines.resume(),
        }
    }

    /// What the mouse points at.
    pub fn spot_at(&self, app: &App, at: (u16, u16)) -> io::Result<Option<(PointerTarget, f64)>> {
        match self {
            Self::Screen { screen, theme } => Ok(ui::spot_at(app, theme, screen.size()?, at)),
            Self::Lines { .. } => Ok(None),
        }
    }
}
