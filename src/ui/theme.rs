//! Colours and glyphs. Few names, the terminal's own sixteen colours, and every meaning carried by
//! an attribute too, so that the screen works without colour.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

/// How the screen looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    pub colours: Colours,
    pub glyphs: Glyphs,
    /// For pictures.
    pub depth: Depth,
    pub letters: Letters,
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// None are wanted.
    None,
    #[default]
    Sixteen,
    /// 256.
    Indexed,
    /// Any.
    True,
}

impl Depth {
    /// As the terminal says through the environment; sixteen every terminal has.
    pub fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Self {
        let says = |name: &str, words: &[&str]| {
            variable(name).is_some_and(|value| words.iter().any(|word| value.contains(word)))
        };
        if says("COLORTERM", &["truecolor", "24bit"]) || says("TERM", &["direct", "truecolor"]) {
            Self::True
        } else if says("TERM", &["256color"]) {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// How the line being sung is drawn where there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Letters {
    /// Large, by the terminal itself.
    Sized,
    /// Out of block characters.
    #[default]
    Blocks,
    /// Like the other lines.
    Small,
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

/// A line of `[colors]` that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColourError {
    #[error("[colors] there is no part `{part}`, the nearest is `{nearest}`; the line is ignored")]
    Part { part: String, nearest: &'static str },
    #[error(
        "[colors] `{part}`: `{written}` is no colour; write a name (light magenta), a number up to 255, #ff8800 or none; the line is ignored"
    )]
    Colour { part: String, written: String },
}

impl Colours {
    const PARTS: [&str; 6] = ["vocals", "band", "good", "bad", "title", "dim"];

    fn change(&mut self, part: &str, written: &str) -> Result<(), ColourError> {
        let place = match part {
            "vocals" => &mut self.vocals,
            "band" => &mut self.band,
            "good" => &mut self.good,
            "bad" => &mut self.bad,
            "title" => &mut self.title,
            "dim" => &mut self.dim,
            _ => {
                let near = Self::PARTS
                    .iter()
                    .min_by_key(|name| strsim::damerau_levenshtein(part, name));
                let part = crate::text::printable(part);
                return Err(ColourError::Part {
                    part,
                    nearest: near.copied().unwrap_or("vocals"),
                });
            }
        };
        *place = match written {
            "none" => None,
            _ => Some(written.parse().map_err(|_| ColourError::Colour {
                part: part.to_owned(),
                written: crate::text::printable(written),
            })?),
        };
        Ok(())
    }
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
    /// To come, and the singer cannot be taken out of it yet.
    pub not_ready: &'static str,
    pub head: &'static str,
    /// Of the countdown.
    pub dot: &'static str,
    pub playing: &'static str,
    pub paused: &'static str,
    pub selected: &'static str,
    /// Behind the state of a song whose vocals stay in the cache.
    pub pinned: &'static str,
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
        not_ready: "┄",
        head: "●",
        dot: "●",
        playing: "▶",
        paused: "‖",
        selected: ">",
        pinned: "◆",
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
        not_ready: ".",
        head: "O",
        dot: "*",
        playing: ">",
        paused: "=",
        selected: ">",
        pinned: "*",
        side: "|",
        cut: "~",
        up_down: "Up/Down",
        left_right: "Left/Right",
    };
}

impl Glyphs {
    /// Nothing but ASCII may be drawn.
    pub fn is_ascii(&self) -> bool {
        self.full.is_ascii()
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            colours: Colours::SIXTEEN,
            glyphs: Glyphs::UNICODE,
            depth: Depth::Sixteen,
            letters: Letters::Blocks,
        }
    }
}

impl Theme {
    pub fn new(colour: bool, ascii: bool) -> Self {
        Self {
            colours: if colour { Colours::SIXTEEN } else { Colours::PLAIN },
            glyphs: if ascii { Glyphs::ASCII } else { Glyphs::UNICODE },
            depth: if colour { Depth::Sixteen } else { Depth::None },
            letters: if ascii { Letters::Small } else { Letters::Blocks },
        }
    }

    /// The user's `[colors]` over these, unless colour is off. What is wrong is named and left out.
    pub fn with_colours(mut self, lines: &BTreeMap<String, String>) -> (Self, Vec<ColourError>) {
        let mut errors = Vec::new();
        let coloured = self.colours != Colours::PLAIN;
        for (part, colour) in lines {
            if let Err(error) = self.colours.change(part, colour) {
                errors.push(error);
            }
        }
        if !coloured {
            self.colours = Colours::PLAIN;
        }
        (self, errors)
    }

    fn of(colour: Option<Color>) -> Style {
        colour.map_or_else(Style::new, |colour| Style::new().fg(colour))
    }

    pub fn vocals(&self) -> Style {
        Self::of(self.colours.vocals).add_modifier(Modifier::BOLD)
    }

    /// What of a line has been sung; without colour it stands out by being reversed.
    pub fn sung(&self) -> Style {
        match self.colours.vocals {
            Some(_) => self.vocals(),
            None => self.vocals().add_modifier(Modifier::REVERSED),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with(colour: bool, lines: &[(&str, &str)]) -> (Theme, Vec<String>) {
        let lines = lines
            .iter()
            .map(|(part, colour)| ((*part).to_owned(), (*colour).to_owned()))
            .collect();
        let (theme, errors) = Theme::new(colour, false).with_colours(&lines);
        (theme, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_users_colours_go_over_ours_and_a_wrong_one_is_named() {
        let (theme, errors) = with(
            true,
            &[
                ("vocals", "light green"),
                ("band", "#ff8800"),
                ("dim", "none"),
                ("bad", "208"),
            ],
        );
        assert_eq!(errors, [""; 0]);
        assert_eq!(theme.colours.vocals, Some(Color::LightGreen));
        assert_eq!(theme.colours.band, Some(Color::Rgb(255, 136, 0)));
        assert_eq!(
            (theme.colours.dim, theme.colours.bad),
            (None, Some(Color::Indexed(208)))
        );
        let (theme, errors) = with(true, &[("good", "grene"), ("vocal", "red")]);
        assert_eq!(theme.colours, Colours::SIXTEEN);
        assert!(errors[0].contains("`grene` is no colour") && errors[1].contains("the nearest is `vocals`"));
    }

    #[test]
    fn the_terminal_says_how_many_colours_it_has() {
        let of = |colorterm: &str, term: &str| {
            Depth::of_terminal(|name| {
                let value = if name == "COLORTERM" { colorterm } else { term };
                Some(value.to_owned()).filter(|value| !value.is_empty())
            })
        };
        assert_eq!(of("truecolor", "xterm"), Depth::True);
        assert_eq!(of("", "xterm-direct"), Depth::True);
        assert_eq!(of("", "screen-256color"), Depth::Indexed);
        assert_eq!((of("yes", "linux"), of("", "")), (Depth::Sixteen, Depth::Sixteen));
    }

    #[test]
    fn no_colour_stays_no_colour() {
        assert_eq!(with(false, &[("vocals", "red")]).0.colours, Colours::PLAIN);
    }
}
