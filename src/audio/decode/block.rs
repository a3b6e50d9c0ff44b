//! One FLAC frame without a file around it.

use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

/// Interleaved 16-bit samples of a frame, of a stream described by the 34 bytes of `stream_info`.
pub(in crate::audio) fn flac_frame(frame: &[u8], stream_info: &[u8; 34]) -> Result<Vec<i16>, String> {
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(CODEC_ID_FLAC)
        .with_extra_data(Box::new(*stream_info));
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&params, &AudioDecoderOptions::default())
        .map_err(|error| error.to_string())?;
    let packet = Packet::new(0, Timestamp::new(0), Duration::new(0), frame);
    let buffer = decoder.decode(&packet).map_err(|error| error.to_string())?;
    let mut samples = Vec::new();
    buffer.copy_to_vec_interleaved::<i16>(&mut samples);
    Ok(samples)
}
