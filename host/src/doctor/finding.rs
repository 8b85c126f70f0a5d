//! A finding: one thing about this machine, how it is, and what to do about it.
//!
//! Reads and writes: nothing.

use serde::Serialize;
use serde_json::{Map, Value};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// A build starts all the same; something goes less well than it could.
    Remark,
    /// No build starts, or what was asked for is not there.
    Fault,
}

/// One thing about this machine. It is printed as JSON: its names are promised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub topic: &'static str,
    /// How that is.
    pub state: Verdict,
    /// What was found, as a sentence without its end.
    pub said: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// What was found, for programs; which names there are depends on the topic.
    pub facts: Map<String, Value>,
}

impl Verdict {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Remark => "remark",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    pub(super) fn fine(topic: &'static str, said: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Fine, said.into())
    }

    pub(super) fn remark(topic: &'static str, said: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Remark, said.into())
    }

    pub(super) fn fault(topic: &'static str, said: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Fault, said.into())
    }

    fn new(topic: &'static str, state: Verdict, said: String) -> Self {
        Self {
            topic,
            state,
            said,
            remedy: None,
            facts: Map::new(),
        }
    }

    pub(super) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { remedy, ..self }
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
