//! How the interfaces ask the main thread, and how long they wait for it.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;

use crate::remote::message::{Handler, PendingRequest, RemoteRequest, Reply, ReplyPath, Responder};
use crate::remote::status::Status;
use crate::request::Request;

/// The main thread answers at once; should it be busy, a desktop must not hang with it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Where the interfaces bring what they are asked.
#[derive(Clone)]
pub(crate) struct RequestSender(pub(crate) Handler);

impl RequestSender {
    fn ask(&self, ask: RemoteRequest) -> Option<Reply> {
        let (to, answer) = bounded(1);
        let back = Responder(Some(ReplyPath::Thread(to)));
        (self.0)(PendingRequest { ask, answer: back });
        answer.recv_timeout(ANSWER_TIMEOUT).ok()
    }

    pub(crate) fn status(&self) -> Option<Arc<Status>> {
        match self.ask(RemoteRequest::Status)? {
            Reply::Status(status) => Some(status.into()),
            Reply::Done(_) | Reply::Refused(_) => None,
        }
    }

    /// As MPRIS wants it, what cannot be done now is not done, and no error.
    pub(crate) fn request(&self, request: Request) {
        if let Some(Reply::Refused(why)) = self.ask(RemoteRequest::Do(request)) {
            tracing::debug!("asked over MPRIS: {why}");
        }
    }
}
