//! flac
