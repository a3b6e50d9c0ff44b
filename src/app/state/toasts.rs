//! Short messages that come and go by themselves.

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Info,
    Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub text: String,
    pub severity: Severity,
    until_ms: u64,
}

/// The message on the screen and those that wait for its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Toasts {
    waiting: std::collections::VecDeque<Toast>,
}

const NEWS_MS: u64 = 4_000;
const PROBLEM_MS: u64 = 8_000;
/// More than this at once are read by nobody: the oldest make room.
const KEPT: usize = 5;

impl Toasts {
    pub fn show(&mut self, now_ms: u64, weight: Severity, text: impl Into<String>) {
        let text = text.into();
        let lasts = if weight == Severity::Problem {
            PROBLEM_MS
        } else {
            NEWS_MS
        };
        if let Some(same) = self.waiting.iter_mut().find(|toast| toast.text == text) {
            same.until_ms = same.until_ms.max(now_ms + lasts);
            return;
        }
        if self.waiting.len() == KEPT {
            self.waiting.pop_front();
        }
        let from = self
            .waiting
            .back()
            .map_or(now_ms, |last| last.until_ms.max(now_ms));
        self.waiting.push_back(Toast {
            text,
            severity: weight,
            until_ms: from + lasts,
        });
    }

    /// News shown at once in the place of earlier ones that begin alike: a key that is pressed again and
    /// again says only its last word.
    pub fn replace_info(&mut self, now_ms: u64, begins: &str, text: impl Into<String>) {
        self.replace(now_ms, Severity::Info, begins, text);
    }

    /// The same with a weight.
    pub fn replace(&mut self, now_ms: u64, weight: Severity, begins: &str, text: impl Into<String>) {
        let lasts = if weight == Severity::Problem {
            PROBLEM_MS
        } else {
            NEWS_MS
        };
        self.waiting.retain(|toast| !toast.text.starts_with(begins));
        self.waiting.truncate(KEPT - 1);
        self.waiting.push_front(Toast {
            text: text.into(),
            severity: weight,
            until_ms: now_ms + lasts,
        });
    }

    pub fn shown(&self) -> Option<&Toast> {
        self.waiting.front()
    }

    /// When the message on the screen goes.
    pub fn next_change(&self) -> Option<u64> {
        self.shown().map(|toast| toast.until_ms)
    }

    /// Lets old messages go; true if the screen changes.
    pub fn expire(&mut self, now_ms: u64) -> bool {
        let before = self.waiting.len();
        while self.shown().is_some_and(|toast| toast.until_ms <= now_ms) {
            self.waiting.pop_front();
        }
        self.waiting.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_follow_each_other_and_go() {
        let mut toasts = Toasts::default();
        toasts.show(0, Severity::Info, "one");
        toasts.show(10, Severity::Problem, "two");
        toasts.show(20, Severity::Info, "one");
        assert_eq!(toasts.shown().map(|t| t.text.as_str()), Some("one"));
        assert_eq!(toasts.next_change(), Some(4_020));
        assert!(!toasts.expire(4_000) && toasts.expire(4_020));
        assert_eq!(toasts.shown().map(|t| t.text.as_str()), Some("two"));
        assert!(toasts.expire(20_000) && toasts.shown().is_none());
    }
}
