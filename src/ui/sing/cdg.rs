//! The picture of a CD+G in cells: two points of it in each, in as many colours as the terminal has;
//! without colours, or with plain ASCII, its words as shades against its ground.

use ratatui::style::{Color, Style};
use ratatui::text::Span;

use crate::lyrics::cdg::{Picture, VISIBLE_HEIGHT, VISIBLE_WIDTH};
use crate::ui::canvas::Canvas;
use crate::ui::theme::Depth;

/// From nothing to all.
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII_SHADES: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];
const HALF: &str = "▀";

type Rgb = [u8; 3];

/// Draws the picture as large as there is room, in its own proportions, in the middle.
pub(super) fn draw(picture: &Picture, canvas: &mut Canvas) {
    let (wide, high) = size(canvas.width(), canvas.height());
    let (left, top) = ((canvas.width() - wide) / 2, (canvas.height() - high) / 2);
    let points = Points::of(picture, wide, 2 * high);
    let depth = canvas.theme.depth;
    let ground = points.ground();
    for row in 0..high {
        let mut spans = Vec::with_capacity(wide);
        for column in 0..wide {
            let (upper, lower) = (points.at(column, 2 * row), points.at(column, 2 * row + 1));
            spans.push(match (depth, canvas.glyphs().is_ascii()) {
                (Depth::None, false) => shade(&SHADES, upper, lower, ground),
                (_, true) => shade(&ASCII_SHADES, upper, lower, ground),
                (depth, false) => {
                    let style = Style::new().fg(colour(upper, depth)).bg(colour(lower, depth));
                    Span::styled(HALF, style)
                }
            });
        }
        canvas.line_at(left, top + row, spans);
    }
}

/// Cells of a picture in so much room: a cell holds two points, one over the other.
fn size(width: usize, height: usize) -> (usize, usize) {
    let wide = width.min(2 * height * VISIBLE_WIDTH / VISIBLE_HEIGHT);
    let high = (wide * VISIBLE_HEIGHT).div_ceil(2 * VISIBLE_WIDTH).min(height);
    (wide, high)
}

/// The picture made smaller, each point the mean of those it stands for.
struct Points {
    wide: usize,
    points: Vec<Rgb>,
}

impl Points {
    fn of(picture: &Picture, wide: usize, high: usize) -> Self {
        let mut points = Vec::with_capacity(wide * high);
        for y in 0..high {
            let rows = span(y, high, VISIBLE_HEIGHT);
            for x in 0..wide {
                let columns = span(x, wide, VISIBLE_WIDTH);
                let mut sum = [0_u32; 3];
                for (row, column) in rows
                    .clone()
                    .flat_map(|row| columns.clone().map(move |column| (row, column)))
                {
                    for (sum, part) in sum.iter_mut().zip(picture.rgb(column, row)) {
                        *sum += u32::from(part);
                    }
                }
                let count = (rows.len() * columns.len()).max(1) as u32;
                points.push(sum.map(|sum| (sum / count) as u8));
            }
        }
        Self { wide, points }
    }

    fn at(&self, x: usize, y: usize) -> Rgb {
        self.points.get(y * self.wide + x).copied().unwrap_or_default()
    }

    /// The lightness that most of the picture has.
    fn ground(&self) -> u8 {
        let mut counts = [0_usize; 256];
        for point in &self.points {
            counts[usize::from(light(*point))] += 1;
        }
        let most = counts.iter().enumerate().max_by_key(|(_, count)| **count);
        most.map_or(0, |(light, _)| light as u8)
    }
}

/// The points that one of `parts` stands for; at least one.
fn span(at: usize, parts: usize, of: usize) -> std::ops::Range<usize> {
    let from = at * of / parts;
    from..((at + 1) * of / parts).max(from + 1)
}

/// As the eye sees it, 0 to 255.
fn light([red, green, blue]: Rgb) -> u8 {
    ((u32::from(red) * 54 + u32::from(green) * 183 + u32::from(blue) * 19) / 256) as u8
}

/// How far a cell stands out from the ground.
fn shade(shades: &[&'static str], upper: Rgb, lower: Rgb, ground: u8) -> Span<'static> {
    let mean = (u32::from(light(upper)) + u32::from(light(lower))) / 2;
    let apart = mean.abs_diff(u32::from(ground)) as usize;
    // words need not be white on black to be read
    let share = (apart * 2).min(255);
    Span::raw(shades[share * (shades.len() - 1) / 255])
}

fn colour(rgb: Rgb, depth: Depth) -> Color {
    match depth {
        Depth::True => Color::Rgb(rgb[0], rgb[1], rgb[2]),
        Depth::Indexed => Color::Indexed(of_256(rgb)),
        Depth::Sixteen | Depth::None => of_16(rgb),
    }
}

const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of the cube and the greys of a terminal of 256 colours; the first sixteen are the user's
/// own and may be anything.
fn of_256(rgb: Rgb) -> u8 {
    let steps = rgb.map(|part| {
        (0..6)
            .min_by_key(|step| LEVELS[*step].abs_diff(part))
            .unwrap_or(0)
    });
    let cube = steps.map(|step| LEVELS[step]);
    let number = 16 + 36 * steps[0] + 6 * steps[1] + steps[2];
    let mean = (u32::from(rgb[0]) + u32::from(rgb[1]) + u32::from(rgb[2])) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23);
    let grey = (8 + 10 * step) as u8;
    if apart(rgb, [grey; 3]) < apart(rgb, cube) {
        232 + step as u8
    } else {
        number as u8
    }
}

/// The usual sixteen and what they look like, about.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

fn of_16(rgb: Rgb) -> Color {
    let nearest = SIXTEEN.iter().min_by_key(|(_, known)| apart(rgb, *known));
    nearest.map_or(Color::Black, |(colour, _)| *colour)
}

fn apart(a: Rgb, b: Rgb) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_keeps_its_proportions_and_its_room() {
        assert_eq!(size(288, 200), (288, 96));
        assert_eq!(size(80, 10), (30, 10));
        assert_eq!(size(60, 40), (60, 20));
        for (width, height) in (0..120).flat_map(|width| (0..60).map(move |height| (width, height))) {
            let (wide, high) = size(width, height);
            assert!(wide <= width && high <= height);
        }
    }

    #[test]
    fn every_point_of_the_picture_is_in_some_cell() {
        for (parts, of) in [(1, 288), (50, 288), (144, 288), (288, 288), (400, 288)] {
            let mut next = 0;
            for at in 0..parts {
                let span = span(at, parts, of);
                assert!(!span.is_empty() && span.end <= of);
                assert!(span.start <= next);
                next = span.end;
            }
            assert_eq!(next, of);
        }
    }

    #[test]
    fn colours_become_the_nearest_the_terminal_has() {
        assert_eq!(of_256([255, 0, 0]), 196);
        assert_eq!(of_256([128, 128, 128]), 244);
        assert_eq!((of_256([0, 0, 0]), of_256([255, 255, 255])), (16, 231));
        assert_eq!(of_16([250, 250, 10]), Color::LightYellow);
        assert_eq!(of_16([0, 0, 0]), Color::Black);
        assert_eq!(colour([1, 2, 3], Depth::True), Color::Rgb(1, 2, 3));
    }

    #[test]
    fn words_stand_out_from_a_light_and_from_a_dark_ground() {
        let text = |upper, ground| {
            shade(&ASCII_SHADES, [upper; 3], [upper; 3], ground)
                .content
                .into_owned()
        };
        assert_eq!((text(0, 0), text(255, 0)), (" ".into(), "@".into()));
        assert_eq!((text(255, 255), text(0, 255)), (" ".into(), "@".into()));
    }
}
