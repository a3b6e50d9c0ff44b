//! Ctrl-C and SIGTERM for commands without a screen: the first lets the command end in order, the
//! second ends it at once.

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Becomes disconnected at the first signal, which ends every wait on it.
#[derive(Debug, Clone)]
pub struct Interrupt(pub Receiver<()>);

impl Interrupt {
    pub fn listen() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (send, receive) = bounded(0);
        thread::Builder::new().name("signals".into()).spawn(move || {
            let mut send = Some(send);
            for signal in signals.forever() {
                if send.take().is_none() {
                    // Only fails for signals that have no default; these end the process.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        })?;
        Ok(Self(receive))
    }

    pub fn happened(&self) -> bool {
        matches!(self.0.try_recv(), Err(TryRecvError::Disconnected))
    }
}
