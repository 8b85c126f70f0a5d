//! What is refused as it is read, and what is odd. Some can be read past, so that one run shows every mistake.

use std::ops::Range;

use oci_image_schema::code::Code;
use saphyr_parser::{ScanError, Tag};

use super::state::{Composer, Stop};
use crate::yaml::document::MAX_DEPTH;
use crate::yaml::mistake::{advice, mistake};
use crate::yaml::tag;

/// How many mistakes are collected.
const MOST: usize = 100;

impl Composer<'_> {
    /// Remarks on the tag of a list or map, if it is none of YAML's.
    pub(super) fn judge_tag(&mut self, tag: Option<&Tag>, range: &Range<usize>) {
        if let Some(tag) = tag.filter(|tag| !tag::is_of_a_collection(tag)) {
            self.unknown_tag(tag, range);
        }
    }

    pub(super) fn unknown_tag(&mut self, tag: &Tag, range: &Range<usize>) {
        let tag = tag::named(tag);
        let message = format!("the {tag} counts for nothing: this is the value as it is written");
        self.remark(Code::IgnoredYaml, range.clone(), &message, "remove the tag");
    }

    pub(super) fn remark(&mut self, code: Code, range: Range<usize>, message: &str, help: &str) {
        if self.mistakes.len() < MOST {
            self.mistakes.push(mistake(code, range, message).help(help));
        }
    }

    pub(super) fn refuse(
        &mut self,
        code: Code,
        range: Range<usize>,
        message: &str,
        help: &str,
    ) -> Result<(), Stop> {
        if self.mistakes.len() < MOST {
            self.mistakes.push(mistake(code, range, message).help(help));
            return Ok(());
        }
        let message = "there are more mistakes than are shown";
        self.mistakes
            .push(mistake(Code::TooManyMistakes, range, message));
        Err(Stop)
    }

    pub(super) fn stop(
        &mut self,
        code: Code,
        range: Range<usize>,
        message: &str,
        help: &str,
    ) -> Stop {
        self.mistakes.push(mistake(code, range, message).help(help));
        Stop
    }

    pub(super) fn stop_at_key(&mut self, range: Range<usize>) -> Stop {
        let message = "a key must be a string, and this is none";
        let help = "in `key: value` the key is a name; a value that begins with `{` or `[` is put in quotes to be a string";
        self.stop(Code::UnsupportedYaml, range, message, help)
    }

    pub(super) fn too_deep(&mut self, range: Range<usize>) -> Stop {
        let message = format!("lists and maps nest deeper than {MAX_DEPTH}");
        let help = "no key of the object takes more than three levels";
        self.stop(Code::UnsupportedYaml, range, &message, help)
    }

    pub(super) fn syntax(&mut self, error: &ScanError) -> Stop {
        let at = self.offsets.at(error.marker().index());
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        if error.info().contains("recursion limit") {
            return self.too_deep(at..at + length); // the parser reads ahead of its events
        }
        let message = format!("this is not YAML: {}", error.info());
        let mut found = mistake(Code::InvalidYaml, at..at + length, &message);
        found.help = advice(error.info(), &self.text[at..]).map(str::to_owned);
        self.mistakes.push(found);
        Stop
    }
}
