use proptest::prelude::*;

use super::*;

/// A file of packets, each with its instruction and data.
pub(crate) struct Disc(Vec<u8>);

impl Disc {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn packet(mut self, instruction: u8, data: &[u8]) -> Self {
        let mut packet = [0xc0; PACKET];
        packet[0] |= GRAPHICS;
        packet[1] |= instruction;
        for (place, byte) in packet[4..20].iter_mut().zip(data) {
            *place = 0xc0 | byte;
        }
        packet[4 + data.len().min(16)..20].fill(0xc0);
        self.0.extend(packet);
        self
    }

    /// Packets without a picture.
    pub(crate) fn wait(mut self, packets: usize) -> Self {
        self.0.resize(self.0.len() + packets * PACKET, 0);
        self
    }

    fn read(&self) -> Graphics {
        Graphics::read(&self.0).unwrap()
    }

    fn end(&self) -> Picture {
        self.read().at(Millis::MAX)
    }
}

/// A tile with the upper left point set.
fn corner(colours: [u8; 2], row: u8, column: u8) -> [u8; 16] {
    let mut data = [0; 16];
    data[..5].copy_from_slice(&[colours[0], colours[1], row, column, 0b10_0000]);
    data
}

#[test]
fn presets_fill_and_only_the_first_of_a_repetition_counts() {
    let picture = Disc::new()
        .packet(1, &[3])
        .packet(2, &[4])
        .packet(1, &[5, 1])
        .end();
    assert_eq!((picture.number(0, 0), picture.number(299, 215)), (4, 4));
    assert_eq!((picture.number(6, 12), picture.number(293, 203)), (3, 3));
    assert_eq!((picture.number(5, 100), picture.number(100, 11)), (4, 4));
}

#[test]
fn a_tile_is_set_where_it_says_and_xor_changes_what_is_there() {
    let picture = Disc::new().packet(1, &[1]).packet(6, &corner([2, 7], 3, 4)).end();
    assert_eq!(picture.number(24, 36), 7);
    assert_eq!((picture.number(25, 36), picture.number(29, 47)), (2, 2));
    assert_eq!((picture.number(30, 36), picture.number(24, 48)), (1, 1));
    let picture = Disc::new()
        .packet(1, &[5])
        .packet(38, &corner([0, 15], 0, 0))
        .end();
    assert_eq!((picture.number(0, 0), picture.number(1, 0)), (5 ^ 15, 5));
    // no disc has a row 18 or a column 50
    let picture = Disc::new()
        .packet(6, &corner([2, 7], 18, 0))
        .packet(6, &corner([2, 7], 0, 50))
        .end();
    assert_eq!(picture, Picture::default());
}

#[test]
fn colours_have_four_bits_a_part() {
    let mut low = [0; 16];
    low[2..4].copy_from_slice(&[0b11_1101, 0b10_0011]);
    let mut high = [0; 16];
    high[14..].copy_from_slice(&[0b00_0111, 0b11_1111]);
    let disc = Disc::new().packet(30, &low).packet(31, &high);
    assert_eq!(disc.packet(1, &[1]).end().rgb(0, 0), [255, 6 * 17, 3 * 17]);
    let disc = Disc::new().packet(30, &low).packet(31, &high);
    assert_eq!(disc.packet(1, &[15]).end().rgb(287, 191), [17, 255, 255]);
}

#[test]
fn scrolling_brings_in_a_colour_or_what_went_out() {
    let disc = || Disc::new().packet(6, &corner([0, 7], 1, 1));
    let place = |picture: &Picture| {
        (0..HEIGHT)
            .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
            .find(|(x, y)| picture.number(*x, *y) == 7)
    };
    for (across, down, expected) in [
        (0x10, 0, (12, 12)),
        (0x20, 0, (0, 12)),
        (0, 0x10, (6, 24)),
        (0, 0x20, (6, 0)),
        (0x20, 0x10, (0, 24)),
    ] {
        let copied = disc().packet(24, &[0, across, down]).end();
        assert_eq!(place(&copied), Some(expected));
        let filled = disc().packet(20, &[9, across, down]).end();
        assert_eq!(place(&filled), Some(expected));
        let nines = (0..HEIGHT * WIDTH).filter(|at| filled.number(at % WIDTH, at / WIDTH) == 9);
        assert!(nines.count() >= 6 * HEIGHT.min(WIDTH));
    }
    // out at the left, in at the right
    let twice = disc().packet(24, &[0, 0x20]).packet(24, &[0, 0x20]).end();
    assert_eq!(place(&twice), Some((294, 12)));
    // a picture moved by points shows other points, and says nothing new of them
    let mut colours = [0; 16];
    colours[14..].copy_from_slice(&[0b11_1111, 0b11_1111]);
    let moved = disc().packet(30, &colours).packet(24, &[0, 2, 3]).end();
    assert_eq!(place(&moved), Some((6, 12)));
    assert_eq!(moved.rgb(0, 0), [0; 3]);
    assert_eq!(disc().packet(30, &colours).end().rgb(0, 0), [255; 3]);
}

#[test]
fn transparency_is_kept() {
    let picture = Disc::new().packet(28, &[1, 63]).end();
    assert_eq!(picture.transparency()[..3], [1, 63, 0]);
}

#[test]
fn the_picture_of_a_moment_is_that_of_the_packets_before_it() {
    let graphics = Disc::new()
        .packet(1, &[1])
        .wait(299)
        .packet(1, &[2])
        .wait(599)
        .packet(1, &[3])
        .read();
    let number = |ms| graphics.at(ms).number(0, 0);
    assert_eq!(
        (number(-5), number(0), number(4), number(1000), number(1004)),
        (0, 0, 1, 1, 2)
    );
    assert_eq!((number(3003), number(3004), number(Millis::MAX)), (2, 3, 3));
    assert_eq!(
        (graphics.drawn(0), graphics.drawn(999), graphics.drawn(9999)),
        (0, 1, 3)
    );
    assert_eq!(graphics.length_ms(), 3003);
}

#[test]
fn what_is_no_cdg_is_refused() {
    assert_eq!(Graphics::read(b""), Err(NotGraphics::Empty));
    assert_eq!(Graphics::read(&[9; 23]), Err(NotGraphics::Empty));
    assert_eq!(Graphics::read(&vec![0; 24 * 1000]), Err(NotGraphics::Empty));
    assert_eq!(
        Graphics::read(&vec![9; MOST_BYTES + 1]),
        Err(NotGraphics::TooLarge)
    );
}

/// Packets as discs have them, now and then one that is damaged.
fn packet() -> impl Strategy<Value = (u8, [u8; 16])> {
    let known = prop::sample::select(vec![1_u8, 2, 6, 20, 24, 28, 30, 31, 38, 7]);
    (known, any::<[u8; 16]>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..4000), ms in any::<i64>()) {
        if let Ok(graphics) = Graphics::read(&bytes) {
            let picture = graphics.at(ms);
            prop_assert!(picture.points_are_colours());
        }
    }

    #[test]
    fn seeking_shows_what_playing_through_shows(
        packets in prop::collection::vec(packet(), 1..120),
        repeats in 1_usize..40,
        moments in prop::collection::vec(0_i64..20_000, 1..3),
    ) {
        let mut disc = Disc::new();
        for _ in 0..repeats {
            for (instruction, data) in &packets {
                disc = disc.packet(*instruction, data);
            }
        }
        if let Ok(graphics) = Graphics::read(&disc.0) {
            for ms in moments {
                let mut played = Picture::default();
                for packet in &graphics.packets[..graphics.drawn(ms)] {
                    played.take(packet.instruction, &packet.data);
                }
                prop_assert_eq!(graphics.at(ms), played);
            }
        }
    }
}

impl Picture {
    fn points_are_colours(&self) -> bool {
        (0..HEIGHT).all(|y| (0..WIDTH).all(|x| self.number(x, y) < 16))
    }
}
