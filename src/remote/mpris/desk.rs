//! How the interfaces ask the main thread, and how long they wait for it.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::remote::message::{Answer, Ask, Asked, Back, Handler, Reply};
use crate::remote::status::Status;
use crate::request::Request;

/// The main thread answers at once; should it be busy, a desktop must not hang with it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Where the interfaces bring what they are asked.
#[derive(Clone)]
pub(crate) struct Desk(pub(crate) Handler);

impl Desk {
    fn ask(&self, ask: Ask) -> Option<Reply> {
        let (to, answer) = bounded(1);
        let back = Answer(Some(Back::Thread(to)));
        (self.0)(Asked { ask, answer: back });
        answer.recv_timeout(ANSWER_TIMEOUT).ok()
    }

    pub(crate) fn status(&self) -> Option<Arc<Status>> {
        match self.ask(Ask::Status)? {
            Reply::Status(status) => Some(status.into()),
            Reply::Done(_) | Reply::Refused(_) => None,
        }
    }

    /// As MPRIS wants it, what cannot be done now is not done, and no error.
    pub(crate) fn wish(&self, request: Request) {
        if let Some(Reply::Refused(why)) = self.ask(Ask::Do(request)) {
            tracing::debug!("asked over MPRIS: {why}");
        }
    }
}
