//! Colours and glyphs. Few names, the terminal's own sixteen colours, and every meaning carried by
//! an attribute too, so that the screen works without colour.

use ratatui::style::{Color, Modifier, Style};

/// How the screen looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub colours: Colours,
    pub glyphs: Glyphs,
}

/// The few colours, by meaning; None = the terminal's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Colours {
    pub vocals: Option<Color>,
    pub band: Option<Color>,
    pub good: Option<Color>,
    pub bad: Option<Color>,
    pub title: Option<Color>,
    pub dim: Option<Color>,
}

impl Colours {
    pub const PLAIN: Self = Self {
        vocals: None,
        band: None,
        good: None,
        bad: None,
        title: None,
        dim: None,
    };
    pub const SIXTEEN: Self = Self {
        vocals: Some(Color::LightMagenta),
        band: Some(Color::Cyan),
        good: Some(Color::Green),
        bad: Some(Color::LightRed),
        title: Some(Color::LightYellow),
        dim: Some(Color::DarkGray),
    };
}

/// The characters that are no letters; all one cell wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    pub full: &'static str,
    pub empty: &'static str,
    /// Eighths, from nothing to full: columns of the waveforms.
    pub levels: [&'static str; 9],
    pub unknown: &'static str,
    pub rule: &'static str,
    pub played: &'static str,
    pub to_come: &'static str,
    pub head: &'static str,
    pub playing: &'static str,
    pub paused: &'static str,
    pub selected: &'static str,
    pub side: &'static str,
    pub cut: &'static str,
    pub up_down: &'static str,
    pub left_right: &'static str,
}

impl Glyphs {
    pub const UNICODE: Self = Self {
        full: "█",
        empty: "░",
        levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        unknown: "·",
        rule: "─",
        played: "━",
        to_come: "─",
        head: "●",
        playing: "▶",
        paused: "‖",
        selected: ">",
        side: "│",
        cut: "…",
        up_down: "↑↓",
        left_right: "←→",
    };
    pub const ASCII: Self = Self {
        full: "#",
        empty: ".",
        levels: [" ", "_", "_", ".", ":", "-", "=", "*", "#"],
        unknown: ".",
        rule: "-",
        played: "=",
        to_come: "-",
        head: "O",
        playing: ">",
        paused: "=",
        selected: ">",
        side: "|",
        cut: "~",
        up_down: "Up/Down",
        left_right: "Left/Right",
    };
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            colours: Colours::SIXTEEN,
            glyphs: Glyphs::UNICODE,
        }
    }
}

impl Theme {
    pub fn new(colour: bool, ascii: bool) -> Self {
        Self {
            colours: if colour { Colours::SIXTEEN } else { Colours::PLAIN },
            glyphs: if ascii { Glyphs::ASCII } else { Glyphs::UNICODE },
        }
    }

    fn of(colour: Option<Color>) -> Style {
        colour.map_or_else(Style::new, |colour| Style::new().fg(colour))
    }

    pub fn vocals(&self) -> Style {
        Self::of(self.colours.vocals).add_modifier(Modifier::BOLD)
    }

    pub fn band(&self) -> Style {
        Self::of(self.colours.band)
    }

    pub fn good(&self) -> Style {
        Self::of(self.colours.good)
    }

    pub fn bad(&self) -> Style {
        Self::of(self.colours.bad).add_modifier(Modifier::BOLD)
    }

    pub fn title(&self) -> Style {
        Self::of(self.colours.title).add_modifier(Modifier::BOLD)
    }

    /// Less important; without colour the terminal's own dim.
    pub fn dim(&self) -> Style {
        match self.colours.dim {
            Some(colour) => Style::new().fg(colour),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// The selected line, the open screen.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
}
