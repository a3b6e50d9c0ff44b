//! The picture of a CD+G and what each instruction does to it.

/// Points of the whole picture, the border included.
pub const WIDTH: usize = 300;
pub const HEIGHT: usize = 216;
/// Points inside the border, which alone are shown.
pub const VISIBLE_WIDTH: usize = 288;
pub const VISIBLE_HEIGHT: usize = 192;
/// Points of the border at each side; also the size of a tile.
const TILE_WIDTH: usize = 6;
const TILE_HEIGHT: usize = 12;

const MEMORY_PRESET: u8 = 1;
const BORDER_PRESET: u8 = 2;
const TILE: u8 = 6;
const SCROLL_PRESET: u8 = 20;
const SCROLL_COPY: u8 = 24;
const TRANSPARENT: u8 = 28;
const COLOURS_LOW: u8 = 30;
const COLOURS_HIGH: u8 = 31;
const TILE_XOR: u8 = 38;

/// Whether an instruction is one that changes the picture.
pub(super) fn draws(instruction: u8) -> bool {
    matches!(
        instruction,
        MEMORY_PRESET
            | BORDER_PRESET
            | TILE
            | SCROLL_PRESET
            | SCROLL_COPY
            | TRANSPARENT
            | COLOURS_LOW
            | COLOURS_HIGH
            | TILE_XOR
    )
}

/// The state of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Numbers of colours, row by row.
    points: Vec<u8>,
    /// Red, green and blue of each.
    colours: [[u8; 3]; 16],
    /// How far each shows what lies behind it, 0 to 63. Behind a picture in a terminal is nothing, so that
    /// it is drawn as it is.
    transparency: [u8; 16],
    /// Points by which the picture is moved, for smooth scrolling.
    offset: (usize, usize),
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            points: vec![0; WIDTH * HEIGHT],
            colours: [[0; 3]; 16],
            transparency: [0; 16],
            offset: (0, 0),
        }
    }
}

impl Picture {
    /// The colour of a point inside the border; black outside.
    pub fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        if x >= VISIBLE_WIDTH || y >= VISIBLE_HEIGHT {
            return [0; 3];
        }
        let (x, y) = (x + TILE_WIDTH + self.offset.0, y + TILE_HEIGHT + self.offset.1);
        let number = self.points.get(y * WIDTH + x).copied().unwrap_or(0);
        self.colours[usize::from(number & 15)]
    }

    /// The number of the colour of any point, 0 to 15.
    pub fn number(&self, x: usize, y: usize) -> u8 {
        self.points.get(y * WIDTH + x).copied().unwrap_or(0)
    }

    pub fn transparency(&self) -> [u8; 16] {
        self.transparency
    }

    /// Does what a packet says; numbers that no disc has are passed over.
    pub(super) fn take(&mut self, instruction: u8, data: &[u8; 16]) {
        let colour = data[0] & 15;
        match instruction {
            // repeated for players that lose packets; files lose none
            MEMORY_PRESET if data[1] & 15 == 0 => self.points.fill(colour),
            BORDER_PRESET => self.border(colour),
            TILE => self.tile(data, false),
            TILE_XOR => self.tile(data, true),
            SCROLL_PRESET => self.scroll(data, Some(colour)),
            SCROLL_COPY => self.scroll(data, None),
            TRANSPARENT => self.transparency = *data,
            COLOURS_LOW => self.colours(data, 0),
            COLOURS_HIGH => self.colours(data, 8),
            _ => {}
        }
    }

    fn border(&mut self, colour: u8) {
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let inside = (TILE_WIDTH..WIDTH - TILE_WIDTH).contains(&x)
                    && (TILE_HEIGHT..HEIGHT - TILE_HEIGHT).contains(&y);
                if !inside {
                    self.points[y * WIDTH + x] = colour;
                }
            }
        }
    }

    fn tile(&mut self, data: &[u8; 16], xor: bool) {
        let colours = [data[0] & 15, data[1] & 15];
        let (row, column) = (usize::from(data[2] & 31), usize::from(data[3] & 63));
        let (left, top) = (column * TILE_WIDTH, row * TILE_HEIGHT);
        if left + TILE_WIDTH > WIDTH || top + TILE_HEIGHT > HEIGHT {
            return;
        }
        for (down, bits) in data[4..].iter().enumerate() {
            for right in 0..TILE_WIDTH {
                let colour = colours[usize::from(bits >> (TILE_WIDTH - 1 - right) & 1)];
                let point = &mut self.points[(top + down) * WIDTH + left + right];
                *point = if xor { *point ^ colour } else { colour };
            }
        }
    }

    /// Moves everything by a tile or not; what comes in has a colour, or is what went out.
    fn scroll(&mut self, data: &[u8; 16], fill: Option<u8>) {
        let (across, down) = (data[1], data[2]);
        self.offset = (
            usize::from(across & 7).min(TILE_WIDTH - 1),
            usize::from(down & 15).min(TILE_HEIGHT - 1),
        );
        match across >> 4 & 3 {
            1 => self.shift_rows(|row| {
                row.rotate_right(TILE_WIDTH);
                if let Some(colour) = fill {
                    row[..TILE_WIDTH].fill(colour);
                }
            }),
            2 => self.shift_rows(|row| {
                row.rotate_left(TILE_WIDTH);
                if let Some(colour) = fill {
                    row[WIDTH - TILE_WIDTH..].fill(colour);
                }
            }),
            _ => {}
        }
        let strip = TILE_HEIGHT * WIDTH;
        let last = self.points.len() - strip;
        match down >> 4 & 3 {
            1 => {
                self.points.rotate_right(strip);
                if let Some(colour) = fill {
                    self.points[..strip].fill(colour);
                }
            }
            2 => {
                self.points.rotate_left(strip);
                if let Some(colour) = fill {
                    self.points[last..].fill(colour);
                }
            }
            _ => {}
        }
    }

    fn shift_rows(&mut self, shift: impl Fn(&mut [u8])) {
        self.points.chunks_exact_mut(WIDTH).for_each(shift);
    }

    /// Eight colours of four bits a part.
    fn colours(&mut self, data: &[u8; 16], first: usize) {
        for (colour, pair) in self.colours[first..].iter_mut().zip(data.chunks_exact(2)) {
            let (high, low) = (pair[0], pair[1]);
            let parts = [high >> 2 & 15, (high & 3) << 2 | low >> 4 & 3, low & 15];
            *colour = parts.map(|part| part * 17);
        }
    }
}
