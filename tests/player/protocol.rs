//! The pipe protocol under any bytes and any cut.

use std::io::Read;

use croon::separate::protocol::{
    Hello, MAX_PAYLOAD, PROTOCOL, PipeMessage, ProtocolError, read_message, write_message, write_window,
};
use proptest::prelude::*;

fn hello() -> impl Strategy<Value = PipeMessage> {
    let text = || proptest::string::string_regex("[\\PC\"\\\\\n]{0,40}").unwrap();
    (any::<[u32; 6]>(), std::array::from_fn::<_, 7, _>(|_| text())).prop_map(
        |(numbers, [version, device, why, model, model_sha256, fingerprint, model_why])| {
            let [rate, window, core, fade, in_flight, protocol] = numbers;
            PipeMessage::Hello(Hello {
                protocol,
                version,
                device,
                why,
                model,
                model_sha256,
                fingerprint,
                model_why,
                times_real_time: (rate % 3 > 0).then(|| f64::from(window) / 1000.0),
                rate,
                window,
                core,
                fade,
                in_flight,
            })
        },
    )
}

fn message() -> impl Strategy<Value = PipeMessage> {
    let pcm = || {
        proptest::collection::vec(any::<[f32; 2]>(), 0..300)
            .prop_map(|frames| frames.concat())
            .prop_filter("NaN equals nothing", |pcm| pcm.iter().all(|s| !s.is_nan()))
    };
    prop_oneof![
        hello(),
        (any::<u64>(), pcm()).prop_map(|(id, pcm)| PipeMessage::Window { id, pcm }),
        (any::<u64>(), pcm()).prop_map(|(id, pcm)| PipeMessage::Vocals { id, pcm }),
        (any::<u64>(), any::<String>()).prop_map(|(id, reason)| PipeMessage::Failed { id, reason }),
        Just(PipeMessage::Bye),
    ]
}

/// A pipe that hands out a few bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(buf.len()).min(self.0.len());
        buf[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read(messages in proptest::collection::vec(message(), 0..6), step in 1usize..50) {
        let mut bytes = Vec::new();
        for message in &messages {
            write_message(&mut bytes, message).unwrap();
        }
        let mut pipe = Dribble(&bytes, step);
        for message in messages {
            prop_assert_eq!(read_message(&mut pipe).unwrap(), Some(message));
        }
        prop_assert!(read_message(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2000), good in any::<bool>()) {
        // Half of them begin like a frame, to come further.
        let mut all = if good { b"CRN1".to_vec() } else { Vec::new() };
        all.extend(bytes);
        let mut pipe = all.as_slice();
        while let Ok(Some(_)) = read_message(&mut pipe) {}
    }

    #[test]
    fn a_changed_byte_is_noticed(message in message(), at in any::<prop::sample::Index>(), flip in 1u8..=255) {
        let mut bytes = Vec::new();
        write_message(&mut bytes, &message).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        // Only kind and id are outside the checksum.
        let read = read_message(&mut bytes.as_slice());
        prop_assert!(read.is_err() || (4..16).contains(&at), "{:?}", read);
    }

    #[test]
    fn a_cut_stream_is_no_clean_end(message in message(), at in any::<prop::sample::Index>()) {
        let mut bytes = Vec::new();
        write_message(&mut bytes, &message).unwrap();
        let at = at.index(bytes.len());
        let read = read_message(&mut &bytes[..at]);
        if at == 0 {
            prop_assert!(matches!(read, Ok(None)));
        } else {
            prop_assert!(matches!(read, Err(ProtocolError::Truncated)), "{:?}", read);
        }
    }
}

#[test]
fn a_lying_length_takes_no_memory() {
    // 64 MiB are announced and nothing follows: what is reserved is one step, not all of it.
    let mut frame = b"CRN1\x02\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    frame.extend((MAX_PAYLOAD as u32).to_le_bytes());
    frame.extend([0; 4]);
    assert!(matches!(
        read_message(&mut frame.as_slice()),
        Err(ProtocolError::Truncated)
    ));
    frame[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = read_message(&mut frame.as_slice()).unwrap_err();
    assert!(
        matches!(error, ProtocolError::TooLong(n) if n == u64::from(u32::MAX)),
        "{error}"
    );
}

#[test]
fn text_of_a_wrong_program_is_refused_at_its_first_byte() {
    struct Once(bool);
    impl Read for Once {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.0, "waits for more although the first byte is wrong");
            self.0 = true;
            buf[0] = b'L';
            Ok(1)
        }
    }
    let error = read_message(&mut Once(false)).unwrap_err();
    assert!(error.to_string().contains("login script"), "{error}");
}

#[test]
fn a_window_is_written_the_same_borrowed_or_owned() {
    let pcm = vec![0.25, -0.5];
    let (mut borrowed, mut owned) = (Vec::new(), Vec::new());
    write_window(&mut borrowed, 5, &pcm).unwrap();
    write_message(&mut owned, &PipeMessage::Window { id: 5, pcm }).unwrap();
    assert_eq!(borrowed, owned);
    assert_eq!(PROTOCOL, 1);
}

#[test]
fn odd_payloads_are_refused() {
    let mut frame = Vec::new();
    write_message(
        &mut frame,
        &PipeMessage::Failed {
            id: 1,
            reason: "x".repeat(12),
        },
    )
    .unwrap();
    frame[4] = 3; // as vocals: 12 bytes are one and a half stereo frames
    let error = read_message(&mut frame.as_slice()).unwrap_err();
    assert!(
        matches!(error, ProtocolError::Payload { kind: "vocals", .. }),
        "{error}"
    );
    frame[4] = 9;
    assert!(matches!(
        read_message(&mut frame.as_slice()),
        Err(ProtocolError::UnknownKind(9))
    ));
}
