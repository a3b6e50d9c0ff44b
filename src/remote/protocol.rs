//! Lines on the socket: what they may say, read and written. The schema stands in [`super`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::remote::message::{RemoteRequest, Reply};
use crate::remote::status::Status;
use crate::remote::uri;
use crate::request::{BadValue, Request};
use crate::text::printable;

/// The version this croon speaks; it grows when an old reader would misunderstand a line.
pub const SCHEMA: u32 = 1;
/// A longer line is nothing that croon understands: the longest path there is, every byte escaped.
pub const LONGEST_LINE: usize = 32 * 1024;

/// A request as it stands on its line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestLine {
    #[serde(default = "spoken")]
    pub schema: u32,
    pub request: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

fn spoken() -> u32 {
    SCHEMA
}

impl RequestLine {
    pub fn new(request: &str) -> Self {
        Self {
            schema: SCHEMA,
            request: request.into(),
            value: None,
            file: None,
        }
    }

    pub fn value(request: &str, value: &str) -> Self {
        Self {
            value: Some(value.into()),
            ..Self::new(request)
        }
    }

    /// A path that is no UTF-8 goes as a URI.
    pub fn file(request: &str, path: &Path) -> Self {
        let file = path.to_str().map_or_else(|| uri::of_path(path), str::to_owned);
        Self {
            file: Some(file),
            ..Self::new(request)
        }
    }
}

/// What a line asks for, or in one sentence why nobody can tell.
pub fn read(line: &[u8]) -> Result<RemoteRequest, String> {
    let line: RequestLine = serde_json::from_slice(line).map_err(|error| {
        let said = printable(&error.to_string());
        format!(
            "a line that is no request ({said}); one looks like {{\"schema\":{SCHEMA},\"request\":\"toggle\"}}"
        )
    })?;
    if line.schema != SCHEMA {
        return Err(format!(
            "the request is of schema {}, and this croon speaks {SCHEMA}; use the `croon ctl` of the same version",
            line.schema
        ));
    }
    let request = line.request.as_str();
    let wants = match request {
        "seek" | "vocals" | "key" | "tempo" | "volume" | "repeat" | "shuffle" => Arguments::Value,
        "add" | "open" => Arguments::File,
        "queue-save" | "queue-load" => Arguments::FileAndManner,
        "play" if line.file.is_some() => Arguments::File,
        _ => Arguments::Nothing,
    };
    let manner = wants == Arguments::FileAndManner && line.value.is_some();
    let value = field(request, "value", line.value, wants == Arguments::Value || manner)?;
    let with_file = matches!(wants, Arguments::File | Arguments::FileAndManner);
    let file = field(request, "file", line.file, with_file)?;
    let read = |read: fn(&str) -> Result<Request, BadValue>| read(&value).map_err(|bad| bad.to_string());
    Ok(RemoteRequest::Do(match (request, wants) {
        ("play", Arguments::File) => Request::PlayFile(path(&file)?),
        ("add", _) => Request::Add(path(&file)?),
        ("open", _) => Request::Open(path(&file)?),
        ("play", _) => Request::Play,
        ("pause", _) => Request::Pause,
        ("toggle", _) => Request::Toggle,
        ("stop", _) => Request::Stop,
        ("next", _) => Request::Next,
        ("previous", _) => Request::Previous,
        ("seek", _) => read(Request::seek)?,
        ("vocals", _) => read(Request::vocals)?,
        ("key", _) => read(Request::key)?,
        ("tempo", _) => read(Request::tempo)?,
        ("volume", _) => read(Request::volume)?,
        ("repeat", _) => read(Request::repeat)?,
        ("shuffle", _) => read(Request::shuffle)?,
        ("queue-save", _) => {
            let over = is_manner(request, &value, "over")?;
            let path = path(&file)?;
            return Ok(RemoteRequest::SaveQueue { path, over });
        }
        ("queue-load", _) => {
            let instead = !is_manner(request, &value, "add")?;
            let path = path(&file)?;
            return Ok(RemoteRequest::LoadQueue { path, instead });
        }
        ("status", _) => return Ok(RemoteRequest::Status),
        ("follow", _) => return Ok(RemoteRequest::Follow),
        _ => {
            let shown: String = printable(request).chars().take(40).collect();
            return Err(format!(
                "`{shown}` is nothing that can be asked of croon; see `croon ctl --help`"
            ));
        }
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arguments {
    Nothing,
    Value,
    File,
    /// A file, and perhaps how.
    FileAndManner,
}

/// Whether it shall be done in the one other way there is.
fn is_manner(request: &str, value: &str, manner: &str) -> Result<bool, String> {
    match value {
        "" => Ok(false),
        value if value == manner => Ok(true),
        _ => Err(format!("`{request}` knows no \"value\" but \"{manner}\"")),
    }
}

/// The text of a field that must be there, or must not.
fn field(request: &str, name: &str, given: Option<String>, wanted: bool) -> Result<String, String> {
    match (given, wanted) {
        (Some(text), true) => Ok(text),
        (None, false) => Ok(String::new()),
        (None, true) => Err(format!("`{request}` wants a \"{name}\"")),
        (Some(_), false) => Err(format!("`{}` takes no \"{name}\"", printable(request))),
    }
}

/// An absolute path, or a `file:` URI. Relative to what a relative one would be, croon cannot know.
fn path(text: &str) -> Result<PathBuf, String> {
    let path = if text.starts_with("file:") {
        uri::to_path(text)
    } else {
        Some(PathBuf::from(text))
    };
    let sound = |path: &PathBuf| path.is_absolute() && !path.as_os_str().as_encoded_bytes().contains(&0);
    path.filter(sound).ok_or_else(|| {
        let shown: String = printable(text).chars().take(200).collect();
        format!("`{shown}` is no absolute path and no file: URI of this machine")
    })
}

/// An answer as it stands on its line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseLine {
    pub schema: u32,
    pub ok: bool,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<Status>>,
}

impl From<Reply> for ResponseLine {
    fn from(reply: Reply) -> Self {
        let mut answered = Self {
            schema: SCHEMA,
            ok: true,
            said: None,
            error: None,
            status: None,
        };
        match reply {
            Reply::Done(said) => answered.said = Some(said),
            Reply::Refused(error) => (answered.ok, answered.error) = (false, Some(error)),
            Reply::Status(status) => answered.status = Some(status),
        }
        answered
    }
}

/// The line of an answer, its end included.
pub fn write(reply: Reply) -> Vec<u8> {
    let mut line = serde_json::to_vec(&ResponseLine::from(reply)).unwrap_or_else(|error| {
        // numbers and texts only: nothing in it can fail
        tracing::error!("an answer could not be written: {error}");
        br#"{"schema":1,"ok":false,"error":"croon could not write its answer"}"#.to_vec()
    });
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Target;
    use proptest::prelude::*;

    fn asked(line: &str) -> Result<RemoteRequest, String> {
        read(line.as_bytes())
    }

    #[test]
    fn lines_are_understood() {
        let done = |line| match asked(line) {
            Ok(RemoteRequest::Do(request)) => request,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(done(r#"{"schema":1,"request":"toggle"}"#), Request::Toggle);
        assert_eq!(done(r#"{"request":"play"}"#), Request::Play);
        assert_eq!(
            done(r#"{"request":"vocals","value":"-10"}"#),
            Request::Vocals(Target::By(-10))
        );
        assert_eq!(
            done(r#"{"request":"play","file":"/m/a b.mp3"}"#),
            Request::PlayFile("/m/a b.mp3".into())
        );
        assert_eq!(
            done(r#"{"request":"add","file":"file:///m/a%20b.mp3"}"#),
            Request::Add("/m/a b.mp3".into())
        );
        assert_eq!(
            asked(r#"{"request":"queue-save","file":"/m/a.m3u8","value":"over"}"#),
            Ok(RemoteRequest::SaveQueue {
                path: "/m/a.m3u8".into(),
                over: true
            })
        );
        assert_eq!(
            asked(r#"{"request":"queue-load","file":"/m/a.m3u8"}"#),
            Ok(RemoteRequest::LoadQueue {
                path: "/m/a.m3u8".into(),
                instead: true
            })
        );
        assert_eq!(asked(r#"{"request":"status"}"#), Ok(RemoteRequest::Status));
        assert_eq!(asked(r#"{"request":"follow"}"#), Ok(RemoteRequest::Follow));
    }

    #[test]
    fn what_is_no_request_is_told_why() {
        for (line, why) in [
            ("", "no request"),
            ("toggle", "no request"),
            ("[]", "no request"),
            (r#"{"request":"toggle","loud":1}"#, "unknown field `loud`"),
            (r#"{"schema":2,"request":"toggle"}"#, "schema 2"),
            (r#"{"request":"dance"}"#, "`dance` is nothing"),
            (r#"{"request":"vocals"}"#, "wants a \"value\""),
            (r#"{"request":"vocals","value":"loud"}"#, "level of the singer"),
            (r#"{"request":"pause","value":"1"}"#, "takes no \"value\""),
            (r#"{"request":"status","file":"/x"}"#, "takes no \"file\""),
            (r#"{"request":"add","file":"a.mp3"}"#, "no absolute path"),
            (r#"{"request":"queue-save"}"#, "wants a \"file\""),
            (
                r#"{"request":"queue-load","file":"/a","value":"x"}"#,
                "no \"value\" but",
            ),
            (r#"{"request":"add","file":"/a\u0000b"}"#, "no absolute path"),
            (
                r#"{"request":"open","file":"file://elsewhere/a.mp3"}"#,
                "no absolute path",
            ),
            (r#"{"request":"\u001b[31mred"}"#, "`[31mred`"),
        ] {
            let said = asked(line).unwrap_err();
            assert!(said.contains(why) && !said.contains('\u{1b}'), "{line}: {said}");
        }
        assert!(
            read(b"{\"request\":\"\xff\xfe\"}")
                .unwrap_err()
                .contains("no request")
        );
        assert!(read(&b"[".repeat(LONGEST_LINE)).is_err());
    }

    #[test]
    fn a_path_of_any_bytes_arrives() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/m/\xff %41?#.mp3"));
        let line = serde_json::to_vec(&RequestLine::file("add", path)).unwrap();
        assert_eq!(read(&line), Ok(RemoteRequest::Do(Request::Add(path.into()))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_understood_or_refused(line in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Err(said) = read(&line) {
                prop_assert!(!said.is_empty() && !said.contains(char::is_control));
            }
        }

        #[test]
        fn any_fields_are_understood_or_refused(
            request in "[a-z]{0,8}|play|add|open|queue-save|queue-load|seek|vocals|key|tempo|volume|repeat|shuffle|status",
            value in proptest::option::of(".{0,30}"),
            file in proptest::option::of("(file://)?/?.{0,30}"),
            schema in 0u32..3,
        ) {
            let line = RequestLine { schema, request, value, file };
            let read = read(&serde_json::to_vec(&line).unwrap());
            match read {
                Ok(RemoteRequest::Do(request)) => {
                    prop_assert_eq!(schema, SCHEMA);
                    prop_assert!(request.file().is_none_or(Path::is_absolute));
                }
                Ok(RemoteRequest::SaveQueue { path, .. } | RemoteRequest::LoadQueue { path, .. }) => prop_assert!(path.is_absolute()),
                Ok(_) => prop_assert!(line.value.is_none() && line.file.is_none()),
                Err(said) => prop_assert!(!said.contains(char::is_control)),
            }
        }
    }
}
