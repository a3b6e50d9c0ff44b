//! The frames on the pipe between croon and its engine: *a window of mixture in, its vocals out*.
//!
//! Every frame is little-endian: magic `CRN1`, kind (u8), three zero bytes, id (u64), payload
//! length (u32), CRC-32 of the payload (u32), payload. Both ends are stateless between frames, so
//! an answer may come in any order and a dead engine costs only the windows it still held.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

/// The version both ends must speak.
pub const PROTOCOL: u32 = 1;
/// No payload is longer than this: 64 MiB, 8 million stereo frames.
pub const MAX_PAYLOAD: usize = 64 << 20;

const MAGIC: [u8; 4] = *b"CRN1";
const HEADER: usize = 24;
/// Memory is taken in steps of this while bytes arrive, so a lying length costs nothing.
const STEP: usize = 1 << 20;

/// The engine's first word: who it is, what it computes on, and the grid it wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    pub version: String,
    /// Such as `CUDA (NVIDIA H200)` or `CPU (2 cores)`.
    pub device: String,
    /// Why this device and not a better one.
    pub why: String,
    /// Name of the model.
    pub model: String,
    /// Of the weights.
    pub model_sha256: String,
    /// Identifies the samples it gives, see [`super::models::fingerprint`]; empty from engines that do not
    /// know it, of which the weights alone tell.
    #[serde(default)]
    pub fingerprint: String,
    /// Why this model and not a better one; empty where the engine does not say.
    #[serde(default)]
    pub model_why: String,
    /// Speed of this model there, in seconds of music per second, where the engine has measured it.
    #[serde(default)]
    pub times_real_time: Option<f64>,
    pub rate: u32,
    pub window: u32,
    pub core: u32,
    pub fade: u32,
    /// How many windows it wants at once.
    pub in_flight: u32,
}

impl Hello {
    /// The fingerprint, or the checksum of the weights from an engine that sends none.
    pub fn samples(&self) -> &str {
        if self.fingerprint.is_empty() {
            &self.model_sha256
        } else {
            &self.fingerprint
        }
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq)]
pub enum PipeMessage {
    /// Engine to player, first and once.
    Hello(Hello),
    /// Player to engine: the mixture of one window, interleaved stereo.
    Window { id: u64, pcm: Vec<f32> },
    /// Engine to player: the vocals of that window, same length. What lies beyond the core and half a fade on
    /// both sides of it nobody takes: it may be silent.
    Vocals { id: u64, pcm: Vec<f32> },
    /// Engine to player: that window could not be separated; the others can.
    Failed { id: u64, reason: String },
    /// Player to engine: no more windows will come.
    Bye,
}

/// What went wrong on the pipe.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    #[error(
        "the pipe to the engine failed: {0}; the engine has most likely ended, and is to be started again"
    )]
    Io(#[from] io::Error),
    #[error(
        "the stream on the engine's pipe ended in the middle of a frame; the other end has died and is to be started again"
    )]
    Truncated,
    #[error(
        "the bytes on the engine's pipe are no croon frame ({0}); something else writes to it: a wrong program is configured as the engine, or a login script prints text"
    )]
    NotAFrame(&'static str),
    #[error(
        "a frame of kind {0} is unknown here; player and engine are of different versions: install both from one build"
    )]
    UnknownKind(u8),
    #[error(
        "a frame announces {0} bytes, more than the {MAX_PAYLOAD} allowed; the stream is damaged and the engine is to be started again"
    )]
    TooLong(u64),
    #[error(
        "a frame's checksum does not match; the stream was damaged on its way and the engine is to be started again"
    )]
    Checksum,
    #[error(
        "the payload of a {kind} frame does not read: {detail}; player and engine are of different versions: install both from one build"
    )]
    Payload { kind: &'static str, detail: String },
}

const HELLO: u8 = 1;
const WINDOW: u8 = 2;
const VOCALS: u8 = 3;
const FAILED: u8 = 4;
const BYE: u8 = 5;

/// Writes one frame and flushes it.
pub fn write_message(to: &mut impl Write, message: &PipeMessage) -> Result<(), ProtocolError> {
    match message {
        PipeMessage::Hello(hello) => {
            let json = serde_json::to_vec(hello).map_err(|e| ProtocolError::Payload {
                kind: "hello",
                detail: e.to_string(),
            })?;
            write_frame(to, HELLO, 0, &json)
        }
        PipeMessage::Window { id, pcm } => write_window(to, *id, pcm),
        PipeMessage::Vocals { id, pcm } => write_frame(to, VOCALS, *id, &to_bytes(pcm)),
        PipeMessage::Failed { id, reason } => write_frame(to, FAILED, *id, reason.as_bytes()),
        PipeMessage::Bye => write_frame(to, BYE, 0, &[]),
    }
}

/// Writes a window without taking it over: who asks keeps it until it is answered.
pub fn write_window(to: &mut impl Write, id: u64, pcm: &[f32]) -> Result<(), ProtocolError> {
    write_frame(to, WINDOW, id, &to_bytes(pcm))
}

/// Reads one frame. `None` is a stream that ended cleanly between two frames. After an error the
/// stream is of no more use: there is no way to find the next frame in it.
pub fn read_message(from: &mut impl Read) -> Result<Option<PipeMessage>, ProtocolError> {
    let mut header = [0; HEADER];
    if !read_header(from, &mut header)? {
        return Ok(None);
    }
    if header[..4] != MAGIC {
        return Err(ProtocolError::NotAFrame("wrong magic"));
    }
    let kind = header[4];
    if !(HELLO..=BYE).contains(&kind) {
        return Err(ProtocolError::UnknownKind(kind));
    }
    if header[5..8] != [0; 3] {
        return Err(ProtocolError::NotAFrame("reserved bytes are set"));
    }
    let id = u64::from_le_bytes(std::array::from_fn(|i| header[8 + i]));
    let len = u32::from_le_bytes(std::array::from_fn(|i| header[16 + i]));
    let crc = u32::from_le_bytes(std::array::from_fn(|i| header[20 + i]));
    let payload = read_payload(from, len)?;
    if crc32fast::hash(&payload) != crc {
        return Err(ProtocolError::Checksum);
    }
    Ok(Some(match kind {
        HELLO => {
            PipeMessage::Hello(
                serde_json::from_slice(&payload).map_err(|e| ProtocolError::Payload {
                    kind: "hello",
                    detail: e.to_string(),
                })?,
            )
        }
        WINDOW => PipeMessage::Window {
            id,
            pcm: from_bytes("window", &payload)?,
        },
        VOCALS => PipeMessage::Vocals {
            id,
            pcm: from_bytes("vocals", &payload)?,
        },
        FAILED => PipeMessage::Failed {
            id,
            reason: String::from_utf8(payload).map_err(|e| ProtocolError::Payload {
                kind: "failed",
                detail: e.to_string(),
            })?,
        },
        BYE => PipeMessage::Bye,
        other => return Err(ProtocolError::UnknownKind(other)),
    }))
}

fn write_frame(to: &mut impl Write, kind: u8, id: u64, payload: &[u8]) -> Result<(), ProtocolError> {
    if payload.len() > MAX_PAYLOAD {
        return Err(ProtocolError::TooLong(payload.len() as u64));
    }
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = kind;
    header[8..16].copy_from_slice(&id.to_le_bytes());
    header[16..20].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    header[20..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    to.write_all(&header)?;
    to.write_all(payload)?;
    to.flush()?;
    Ok(())
}

/// `false` where the stream ends before the first byte.
fn read_header(from: &mut impl Read, header: &mut [u8; HEADER]) -> Result<bool, ProtocolError> {
    let mut have = 0;
    while have < HEADER {
        match from.read(&mut header[have..]) {
            Ok(0) if have == 0 => return Ok(false),
            Ok(0) => return Err(ProtocolError::Truncated),
            Ok(n) => have += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
        // Text from a wrong program is refused at once, not after 24 bytes that may never come.
        let known = have.min(MAGIC.len());
        if header[..known] != MAGIC[..known] {
            return Err(ProtocolError::NotAFrame("wrong magic"));
        }
    }
    Ok(true)
}

fn read_payload(from: &mut impl Read, len: u32) -> Result<Vec<u8>, ProtocolError> {
    let len = len as usize;
    if len > MAX_PAYLOAD {
        return Err(ProtocolError::TooLong(len as u64));
    }
    let mut payload = Vec::new();
    while payload.len() < len {
        let have = payload.len();
        let step = STEP.min(len - have);
        payload.resize(have + step, 0);
        match from.read_exact(&mut payload[have..]) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Err(ProtocolError::Truncated),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(payload)
}

fn to_bytes(pcm: &[f32]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn from_bytes(kind: &'static str, bytes: &[u8]) -> Result<Vec<f32>, ProtocolError> {
    if !bytes.len().is_multiple_of(8) {
        let detail = format!("{} bytes are no whole number of stereo frames", bytes.len());
        return Err(ProtocolError::Payload { kind, detail });
    }
    let sample = |b: &[u8]| f32::from_le_bytes(std::array::from_fn(|i| b[i]));
    Ok(bytes.chunks_exact(4).map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            protocol: PROTOCOL,
            version: "0.1.0".into(),
            device: "CPU (2 cores)".into(),
            why: "no NVIDIA driver".into(),
            model: "unet-mask".into(),
            model_sha256: "ab".repeat(32),
            fingerprint: "cd".repeat(32),
            model_why: "12 times real time here, the best that reaches 6".into(),
            times_real_time: Some(12.5),
            rate: 44_100,
            window: 393_216,
            core: 262_144,
            fade: 4096,
            in_flight: 3,
        }
    }

    #[test]
    fn every_kind_comes_back_as_it_was() {
        let sent = [
            PipeMessage::Hello(hello()),
            PipeMessage::Window {
                id: 7,
                pcm: vec![0.5, -0.25, f32::MIN_POSITIVE, 1e9],
            },
            PipeMessage::Vocals {
                id: u64::MAX,
                pcm: vec![],
            },
            PipeMessage::Failed {
                id: 3,
                reason: "out of memory: größer".into(),
            },
            PipeMessage::Bye,
        ];
        let mut pipe = Vec::new();
        for message in &sent {
            write_message(&mut pipe, message).unwrap();
        }
        let mut pipe = pipe.as_slice();
        for message in sent {
            assert_eq!(read_message(&mut pipe).unwrap(), Some(message));
        }
        assert_eq!(read_message(&mut pipe).unwrap(), None);
    }

    #[test]
    fn an_engine_of_an_older_build_is_understood() {
        let text = r#"{"protocol":1,"version":"0.0.9","device":"CPU","why":"asked for","model":"light",
            "model_sha256":"abcd","rate":44100,"window":393216,"core":262144,"fade":4096,"in_flight":3}"#;
        let mut pipe = Vec::new();
        write_frame(&mut pipe, HELLO, 0, text.as_bytes()).unwrap();
        match read_message(&mut pipe.as_slice()) {
            Ok(Some(PipeMessage::Hello(hello))) => {
                assert_eq!(hello.samples(), "abcd");
                assert_eq!((hello.model_why.as_str(), hello.times_real_time), ("", None));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(hello().samples(), "cd".repeat(32));
    }

    #[test]
    fn the_header_is_what_the_module_doc_says() {
        let mut pipe = Vec::new();
        write_message(
            &mut pipe,
            &PipeMessage::Failed {
                id: 0x0102,
                reason: "no".into(),
            },
        )
        .unwrap();
        let mut wanted = b"CRN1\x04\0\0\0\x02\x01\0\0\0\0\0\0\x02\0\0\0".to_vec();
        wanted.extend(crc32fast::hash(b"no").to_le_bytes());
        wanted.extend(b"no");
        assert_eq!(pipe, wanted);
    }
}
