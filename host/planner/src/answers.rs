//! What the workspace answered during a call: the texts that it handed out, and what it said stands at a path.
//!
//! A plan is checked against these very answers, not against what stands in the file by then. To one question there is one answer:
//! whoever asks again is told the same.
//!
//! Reads and writes: nothing. Unknown here: who asks (`sandbox`), what of it may stand in a plan (`asked`).

use std::collections::BTreeMap;

use super::workspace::{Entry, FileError};

/// The answers of one call, by the path that was asked for.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    texts: BTreeMap<String, String>,
    entries: BTreeMap<String, Entry>,
}

impl Answers {
    /// The text of a file: as it was handed out before, else as `read` gives it.
    ///
    /// # Errors
    /// What `read` fails with; that is not kept.
    pub fn text(
        &mut self,
        path: String,
        read: impl FnOnce(&str) -> Result<String, FileError>,
    ) -> Result<String, FileError> {
        if let Some(text) = self.texts.get(&path) {
            return Ok(text.clone());
        }
        let text = read(&path)?;
        self.texts.insert(path, text.clone());
        Ok(text)
    }

    /// What stands at a path: as it was said before, else as `look` says.
    ///
    /// # Errors
    /// What `look` fails with; that is not kept.
    pub fn entry(
        &mut self,
        path: String,
        look: impl FnOnce(&str) -> Result<Entry, FileError>,
    ) -> Result<Entry, FileError> {
        if let Some(entry) = self.entries.get(&path) {
            return Ok(*entry);
        }
        let entry = look(&path)?;
        self.entries.insert(path, entry);
        Ok(entry)
    }

    /// The text that was handed out for a path.
    pub(super) fn handed_out(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether it was said that this stands at a path.
    pub(super) fn said(&self, path: &str, entry: Entry) -> bool {
        self.entries.get(path) == Some(&entry)
    }

    /// Every text, by the path that the object gives.
    pub(super) fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    pub(super) fn into_texts(self) -> BTreeMap<String, String> {
        self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_one_question_there_is_one_answer() {
        let mut answers = Answers::default();
        let path = || "args".to_owned();

        let refused = answers.text(path(), |_| Err(FileError::Denied));
        assert_eq!(refused, Err(FileError::Denied));
        for text in ["A=1", "A=2"] {
            let told = answers.text(path(), |_| Ok(text.to_owned()));
            assert_eq!(told.as_deref(), Ok("A=1"));
        }
        for entry in [Entry::File, Entry::Nothing] {
            assert_eq!(answers.entry(path(), |_| Ok(entry)), Ok(Entry::File));
        }

        assert_eq!(answers.handed_out("args"), Some("A=1"));
        assert_eq!(answers.handed_out("./args"), None);
        assert!(answers.said("args", Entry::File) && !answers.said("args", Entry::Nothing));
    }
}
