//! Asks a server that speaks LRCLIB's API for a song's lyrics: <https://lrclib.net/docs>. Whoever calls
//! this has the user's leave; only artist, title, album and length are sent. The server may be slow,
//! wrong or hostile: time and bytes are bounded, redirects are not followed, and an answer counts only
//! where it is about this song.

mod answer;

use std::io;
use std::time::Duration;

use ureq::Agent;

use crate::lrclib::answer::LrclibRecord;

/// A question and its answer take no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECTING: Duration = Duration::from_secs(5);
/// Bytes read of an answer; a search brings twenty songs.
const MOST_BYTES: u64 = 4 << 20;
/// Characters sent of a name.
const LONGEST_NAME: usize = 200;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LrclibError {
    #[error("`{0}` is no address of a server; [lyrics] lrclib_server wants one like https://lrclib.net")]
    Address(String),
    #[error("{server} did not answer within {} s; try again later", PATIENCE.as_secs())]
    Slow { server: String },
    #[error("{server} cannot be reached ({reason}); check the connection and [lyrics] lrclib_server")]
    Unreachable { server: String, reason: String },
    #[error(
        "{server} sends elsewhere, which is not followed; set [lyrics] lrclib_server to where its lyrics are"
    )]
    Redirect { server: String },
    #[error("{server} answers with status {status}; try again later")]
    Status { server: String, status: u16 },
    #[error("{server} sent more than {} MiB, which no lyrics are; it is not asked further", MOST_BYTES >> 20)]
    Large { server: String },
    #[error("{server} did not send what LRCLIB sends ({reason}); check [lyrics] lrclib_server")]
    NotLrclib { server: String, reason: String },
}

/// A server to ask.
pub struct Lrclib {
    agent: Agent,
    server: String,
}

impl Lrclib {
    /// `server` is its address without the path: `https://lrclib.net`.
    pub fn new(server: &str) -> Result<Self, LrclibError> {
        Self::with_patience(server, PATIENCE)
    }

    fn with_patience(server: &str, patience: Duration) -> Result<Self, LrclibError> {
        let server = server.trim().trim_end_matches('/');
        let address = || LrclibError::Address(crate::text::printable(server));
        let uri: ureq::http::Uri = server.parse().map_err(|_| address())?;
        let host = uri.host().ok_or_else(address)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(address());
        }
        let mut config = Agent::config_builder()
            .user_agent(concat!(
                "croon/",
                env!("CARGO_PKG_VERSION"),
                " (terminal karaoke player)"
            ))
            .timeout_global(Some(patience))
            .timeout_connect(Some(CONNECTING.min(patience)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false);
        if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            // a proxy has another idea of what is here
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().into(),
            server: server.to_owned(),
        })
    }

    /// The lyrics of exactly this song, else of one of the same name and length.
    pub fn ask(&self, question: &LrclibQuery) -> Result<LrclibReply, LrclibError> {
        let artist = cut(&question.artist);
        let title = cut(&question.title);
        let mut exact = vec![("artist_name", artist.clone()), ("track_name", title.clone())];
        if let Some(album) = question.album.as_deref().filter(|album| !album.is_empty()) {
            exact.push(("album_name", cut(album)));
        }
        exact.push(("duration", format!("{:.0}", question.duration)));
        if let Some(body) = self.get("/api/get", &exact)? {
            let record: LrclibRecord = self.read(&body)?;
            if record.is_of(question) {
                return Ok(record.answer());
            }
        }
        let names = [("track_name", title), ("artist_name", artist)];
        let Some(body) = self.get("/api/search", &names)? else {
            return Ok(LrclibReply::Nothing);
        };
        let records: Vec<LrclibRecord> = self.read(&body)?;
        Ok(answer::best(records, question))
    }

    /// The body of an answer; None where the server knows nothing of it.
    fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Option<Vec<u8>>, LrclibError> {
        let url = format!("{}{path}", self.server);
        let pairs = query.iter().map(|(key, value)| (*key, value.as_str()));
        let mut response = self
            .agent
            .get(&url)
            .query_pairs(pairs)
            .header("Accept", "application/json")
            .call()
            .map_err(|error| self.fault(error))?;
        let server = || self.server.clone();
        match response.status().as_u16() {
            200 => {}
            // what it lacks to answer by the exact names is no fault
            400 | 404 => return Ok(None),
            300..=399 => return Err(LrclibError::Redirect { server: server() }),
            status => {
                return Err(LrclibError::Status {
                    server: server(),
                    status,
                });
            }
        }
        response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec()
            .map(Some)
            .map_err(|error| self.fault(error))
    }

    /// JSON of untold depth is refused by the reader itself.
    fn read<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, LrclibError> {
        serde_json::from_slice(body).map_err(|error| LrclibError::NotLrclib {
            server: self.server.clone(),
            reason: error.to_string(),
        })
    }

    fn fault(&self, error: ureq::Error) -> LrclibError {
        let server = self.server.clone();
        match error {
            ureq::Error::Timeout(_) => LrclibError::Slow { server },
            ureq::Error::BodyExceedsLimit(_) => LrclibError::Large { server },
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => LrclibError::Slow { server },
            error => LrclibError::Unreachable {
                server,
                reason: crate::text::printable(&error.to_string()),
            },
        }
    }
}

fn cut(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

mod model;
#[cfg(test)]
mod tests;

pub use model::{LrclibQuery, LrclibReply, MOST_LYRICS};
