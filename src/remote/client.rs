//! The other end of the socket: asks the running croon and waits for its answer.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::address::{self, Address, SocketError};
use super::protocol::{RequestLine, ResponseLine};

/// Why the running croon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("a croon may be running, but {0}")]
    Unreachable(#[from] SocketError),
    #[error(
        "croon is running but does not answer. If it was suspended (Ctrl-Z), bring it back with `fg`; else look at its terminal"
    )]
    Silent,
    #[error("croon ended before it answered")]
    Gone,
    #[error("croon's answer cannot be understood ({0}); use the `croon ctl` of the same version")]
    Garbled(String),
    #[error("the connection to croon broke ({0}); try again")]
    Io(io::Error),
}

/// croon answers at once, unless it is suspended.
const PATIENCE: Duration = Duration::from_secs(5);
/// Opening a song file on a sleeping disk takes its time.
const FILE_PATIENCE: Duration = Duration::from_secs(30);
/// Longer than any status.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// A connection to a running croon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// None where no croon listens.
    pub fn connect(address: &Address) -> Result<Option<Self>, ClientError> {
        match address::connect(address) {
            Ok(None) => Ok(None),
            Ok(Some(stream)) => {
                stream
                    .set_write_timeout(Some(PATIENCE))
                    .map_err(ClientError::Io)?;
                Ok(Some(Self {
                    stream: BufReader::new(stream),
                }))
            }
            Err(SocketError::Io { error, .. }) if error.kind() == ErrorKind::TimedOut => {
                Err(ClientError::Silent)
            }
            Err(reason) => Err(reason.into()),
        }
    }

    pub fn ask(&mut self, line: &RequestLine) -> Result<ResponseLine, ClientError> {
        let mut text =
            serde_json::to_string(line).map_err(|error| ClientError::Garbled(error.to_string()))?;
        text.push('\n');
        let patience = if line.file.is_some() {
            FILE_PATIENCE
        } else {
            PATIENCE
        };
        self.stream
            .get_ref()
            .set_read_timeout(Some(patience))
            .map_err(ClientError::Io)?;
        self.stream.get_mut().write_all(text.as_bytes()).map_err(fault)?;
        self.next_line()?.ok_or(ClientError::Gone)
    }

    /// The next line, as it comes; None when croon has ended.
    pub fn next_line(&mut self) -> Result<Option<ResponseLine>, ClientError> {
        let mut line = Vec::new();
        let read = (&mut self.stream)
            .take(LONGEST_ANSWER)
            .read_until(b'\n', &mut line);
        match read {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_slice(&line)
                .map(Some)
                .map_err(|error| ClientError::Garbled(crate::text::printable(&error.to_string()))),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    /// From now on [`Client::next_line`] waits for ever.
    pub fn be_patient(&self) -> Result<(), ClientError> {
        self.stream
            .get_ref()
            .set_read_timeout(None)
            .map_err(ClientError::Io)
    }
}

fn fault(error: io::Error) -> ClientError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => ClientError::Silent,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => ClientError::Gone,
        _ => ClientError::Io(error),
    }
}
