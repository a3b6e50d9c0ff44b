//! Small media files made on the spot, so that tests of formats need no other program: Opus in Ogg
//! and WebM by libopus, silent MP3 by hand; and what ffmpeg makes, where there is one.

use std::path::Path;
use std::process::{Command, Stdio};

use super::skip::{Missing, skipped};
use crc::{Algorithm, Crc};
use opus::{Application, Bitrate, Channels, Encoder};

pub const OPUS_RATE: u32 = 48_000;
const PACKET: usize = 960;

/// Stereo music of a kind: sliding tones that never repeat, so that a shifted copy cannot pass for
/// the right one.
pub fn music(frames: usize, rate: u32) -> Vec<f32> {
    (0..frames)
        .flat_map(|frame| {
            let t = frame as f64 / f64::from(rate);
            let slide = |from: f64, by: f64| (std::f64::consts::TAU * (from * t + by * t * t)).sin();
            let beat = 0.6 + 0.4 * (t * 7.0).sin();
            let left = beat * (0.30 * slide(220.0, 160.0) + 0.15 * slide(1300.0, -90.0));
            let right = beat * (0.25 * slide(330.0, 210.0) + 0.15 * slide(900.0, 70.0));
            [left as f32, right as f32]
        })
        .collect()
}

/// An encoded Opus stream, not yet in any container.
#[derive(Clone)]
pub struct OpusStream {
    pub packets: Vec<Vec<u8>>,
    pub pre_skip: u16,
    pub frames: usize,
    /// In 1/256 dB.
    pub gain: i16,
}

pub fn opus(pcm: &[f32]) -> OpusStream {
    let mut encoder = Encoder::new(OPUS_RATE, Channels::Stereo, Application::Audio).unwrap();
    encoder.set_bitrate(Bitrate::Bits(128_000)).unwrap();
    let pre_skip = encoder.get_lookahead().unwrap() as u16;
    let frames = pcm.len() / 2;
    let count = (frames + usize::from(pre_skip)).div_ceil(PACKET);
    let mut padded = pcm.to_vec();
    padded.resize(count * PACKET * 2, 0.0);
    let packets = padded
        .chunks(PACKET * 2)
        .map(|piece| encoder.encode_vec_float(piece, 4000).unwrap())
        .collect();
    OpusStream {
        packets,
        pre_skip,
        frames,
        gain: 0,
    }
}

impl OpusStream {
    fn head(&self) -> Vec<u8> {
        let mut head = b"OpusHead\x01\x02".to_vec();
        head.extend(self.pre_skip.to_le_bytes());
        head.extend(OPUS_RATE.to_le_bytes());
        head.extend(self.gain.to_le_bytes());
        head.push(0);
        head
    }

    /// Ten packets to a page.
    pub fn ogg(&self, serial: u32) -> Vec<u8> {
        let tags = [b"OpusTags\x04\0\0\0test".as_slice(), &[0; 4]].concat();
        let mut out = page(serial, 0, 2, 0, &[&self.head()]);
        out.extend(page(serial, 1, 0, 0, &[&tags]));
        let pages: Vec<&[Vec<u8>]> = self.packets.chunks(10).collect();
        let mut granule = 0;
        for (nth, packets) in pages.iter().enumerate() {
            granule += packets.len() * PACKET;
            let last = nth + 1 == pages.len();
            let end = if last {
                self.frames + usize::from(self.pre_skip)
            } else {
                granule
            };
            let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
            let flags = if last { 4 } else { 0 };
            out.extend(page(serial, nth as u32 + 2, flags, end as u64, &packets));
        }
        out
    }

    /// As browsers and ffmpeg write it: milliseconds, the delay and the last block's padding apart.
    pub fn webm(&self, title: &str) -> Vec<u8> {
        let ns = |frames: usize| (frames as u64 * 1_000_000_000 / u64::from(OPUS_RATE)).to_be_bytes();
        let seconds = (self.packets.len() * PACKET) as f64 / f64::from(OPUS_RATE);
        let info = [
            element(&[0x2A, 0xD7, 0xB1], &1_000_000u32.to_be_bytes()),
            element(&[0x44, 0x89], &(seconds * 1000.0).to_be_bytes()),
            element(&[0x4D, 0x80], b"test"),
            element(&[0x57, 0x41], b"test"),
            element(&[0x7B, 0xA9], title.as_bytes()),
        ]
        .concat();
        let audio = [
            element(&[0xB5], &f64::from(OPUS_RATE).to_be_bytes()),
            element(&[0x9F], &[2]),
        ]
        .concat();
        let entry = [
            element(&[0xD7], &[1]),
            element(&[0x73, 0xC5], &[1]),
            element(&[0x83], &[2]),
            element(&[0x86], b"A_OPUS"),
            element(&[0x56, 0xAA], &ns(usize::from(self.pre_skip))),
            element(&[0x56, 0xBB], &80_000_000u32.to_be_bytes()),
            element(&[0x63, 0xA2], &self.head()),
            element(&[0xE1], &audio),
        ]
        .concat();
        let simple = [
            element(&[0x45, 0xA3], b"ARTIST"),
            element(&[0x44, 0x87], b"Somebody"),
        ]
        .concat();
        let tag = [element(&[0x63, 0xC0], &[]), element(&[0x67, 0xC8], &simple)].concat();
        let mut segment = element(&[0x15, 0x49, 0xA9, 0x66], &info);
        segment.extend(element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &entry)));
        segment.extend(element(&[0x12, 0x54, 0xC3, 0x67], &element(&[0x73, 0x73], &tag)));
        let padding = self.packets.len() * PACKET - usize::from(self.pre_skip) - self.frames;
        for (nth, packets) in self.packets.chunks(50).enumerate() {
            let mut cluster = element(&[0xE7], &(nth as u32 * 1000).to_be_bytes());
            for (place, packet) in packets.iter().enumerate() {
                let mut block = vec![0x81];
                block.extend((place as i16 * 20).to_be_bytes());
                block.push(0x80);
                block.extend(packet);
                if nth * 50 + place + 1 == self.packets.len() {
                    let group = [element(&[0xA1], &block), element(&[0x75, 0xA2], &ns(padding))].concat();
                    cluster.extend(element(&[0xA0], &group));
                } else {
                    cluster.extend(element(&[0xA3], &block));
                }
            }
            segment.extend(element(&[0x1F, 0x43, 0xB6, 0x75], &cluster));
        }
        let head = element(&[0x42, 0x82], b"webm");
        [
            element(&[0x1A, 0x45, 0xDF, 0xA3], &head),
            element(&[0x18, 0x53, 0x80, 0x67], &segment),
        ]
        .concat()
    }
}

/// An EBML element whose size takes four bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (body.len() as u32 | 0x1000_0000).to_be_bytes();
    [id, &size, body].concat()
}

const OGG_CRC: Crc<u32> = Crc::<u32>::new(&Algorithm {
    width: 32,
    poly: 0x04C1_1DB7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0,
    residue: 0,
});

fn page(serial: u32, sequence: u32, flags: u8, granule: u64, packets: &[&[u8]]) -> Vec<u8> {
    let mut lacing = Vec::new();
    for packet in packets {
        lacing.resize(lacing.len() + packet.len() / 255, 255);
        lacing.push((packet.len() % 255) as u8);
    }
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(lacing.len()).unwrap());
    page.extend(lacing);
    page.extend(packets.concat());
    let crc = OGG_CRC.checksum(&page);
    page[22..26].copy_from_slice(&crc.to_le_bytes());
    page
}

/// Bytes of a frame of MPEG-1 layer III, 44.1 kHz, stereo, 128 kbit/s without padding.
pub const MP3_FRAME: usize = 417;

/// Silent frames: no spectrum at all is a valid one.
pub fn mp3(frames: usize) -> Vec<u8> {
    let mut frame = vec![0xFF, 0xFB, 0x90, 0x04];
    frame.resize(MP3_FRAME, 0);
    frame.repeat(frames)
}

/// The frame before the music in which an encoder says how long it is.
pub fn lame_head(frames: u32, delay: u32, padding: u32) -> Vec<u8> {
    let mut head = mp3(1);
    head[36..40].copy_from_slice(b"Info");
    head[40..44].copy_from_slice(&1u32.to_be_bytes());
    head[44..48].copy_from_slice(&frames.to_be_bytes());
    head[48..57].copy_from_slice(b"LAME3.100");
    let trim = (delay << 12 | padding).to_be_bytes();
    head[69..72].copy_from_slice(&trim[1..]);
    head
}

/// Interleaved stereo as 16 bits, or as 32-bit floating point.
pub fn wav(path: &Path, pcm: &[f32], rate: u32, bits: u16) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: if bits == 32 {
            hound::SampleFormat::Float
        } else {
            hound::SampleFormat::Int
        },
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &sample in pcm {
        match bits {
            32 => writer.write_sample(sample).unwrap(),
            _ => writer.write_sample((sample * 32767.0).round() as i16).unwrap(),
        }
    }
    writer.finalize().unwrap();
}

/// Makes `path` out of `original` by ffmpeg; false, and reported as skipped, where it cannot.
#[track_caller]
pub fn ffmpeg(original: &Path, options: &[&str], path: &Path) -> bool {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(original)
        .args(options)
        .arg(path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let made = made.is_ok_and(|status| status.success());
    if !made {
        skipped(
            Missing::Ffmpeg,
            format_args!("ffmpeg is not installed or cannot make {options:?}"),
        );
    }
    made
}
