//! A source: the object that somebody wrote, and how to speak of it to them.

use std::collections::BTreeMap;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity, Span, pointer_token};

use super::map::SourceMap;
use super::secret_path::{conceal, secret_place};
use crate::idiom::Idiom;
use crate::inline_secrets::MaskedObject;
use crate::inline_secrets::{Hidden, SECRET_LIMIT};
use crate::report::Report;
use oci_image_boundary::secret_bytes::SecretBytes;

/// What is found on the way to an object.
#[derive(Debug, Default)]
pub struct Remarks {
    /// What is wrong or odd about the text itself. Where one of these is an error, whatever else is said of the place is not told.
    pub of_text: Vec<Diagnostic>,
    /// What is wrong or odd about its values.
    pub of_values: Vec<Diagnostic>,
    /// What is left open, which only Concourse can fill in: a mistake for those who cannot wait for that.
    pub open: Vec<Diagnostic>,
    /// Whether all that is said is told in the order of the text; else as it is said.
    pub in_order: bool,
}

/// What a source is made of.
// No `Debug`: it would show secrets.
pub struct Draft {
    /// The object.
    pub object: MaskedObject,
    /// The byte of the request's text from which places in the object are counted.
    pub start: usize,
    /// Where its parts stand.
    pub map: SourceMap,
    /// What of it nobody is shown.
    pub hidden: Hidden,
    /// The language in which it is written.
    pub idiom: Idiom,
    /// What was found on the way, at its places in what somebody wrote.
    pub remarks: Remarks,
    /// Whether what the planner says is told: of another program's parameters it would be nonsense.
    pub is_judged: bool,
}

/// What somebody wrote: an object without its secrets, and the way from it to the text.
pub struct Source {
    /// The name of the text for people.
    name: String,
    draft: Draft,
}

impl Source {
    /// The source of that name.
    #[must_use]
    pub fn new(name: String, draft: Draft) -> Self {
        Self { name, draft }
    }

    /// The name of the text for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The language in which it is written.
    #[must_use]
    pub fn idiom(&self) -> Idiom {
        self.draft.idiom
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> &MaskedObject {
        &self.draft.object
    }

    /// Whether something is left open that only Concourse can fill in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.draft.remarks.open.is_empty()
    }

    /// Whether what the planner says is told: of another program's parameters it would be nonsense.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.draft.is_judged
    }

    /// Makes a mistake of what only Concourse can fill in.
    pub fn refuse_open(&mut self) {
        let remarks = &mut self.draft.remarks;
        remarks.of_values.append(&mut remarks.open);
    }

    /// What was found on the way to the object.
    pub fn remarks(&self) -> impl Iterator<Item = &Diagnostic> {
        let remarks = &self.draft.remarks;
        remarks.of_text.iter().chain(&remarks.of_values)
    }

    /// What is found in it by whom is asked of its object, and on the way to that.
    ///
    /// # Errors
    /// Those of whom is asked.
    pub fn judged<E>(
        &self,
        ask: impl FnOnce(&MaskedObject) -> Result<Vec<Diagnostic>, E>,
    ) -> Result<Report, E> {
        let mut said = Vec::new();
        if self.is_judged() {
            said = ask(self.object())?;
            said.extend(self.large_secrets());
        }
        Ok(self.report(said, &BTreeMap::new()))
    }

    /// The planner is not shown an inline secret, so it cannot tell how long its text is.
    pub fn large_secrets(&self) -> impl Iterator<Item = Diagnostic> {
        let large = |(_, text): &(&String, &SecretBytes)| text.reveal().len() as u64 > SECRET_LIMIT;
        self.object().secrets().iter().filter(large).map(|(id, _)| {
            let message =
                format!("the text of the secret `{id}` holds more than {SECRET_LIMIT} bytes");
            let help = "mount a large file by a context input, and the key to it as a secret";
            Diagnostic {
                pointer: format!("/buildkit_secrets/{}/text", pointer_token(id)),
                ..Diagnostic::new(Code::SecretTooLarge, message).help(help)
            }
        })
    }

    /// What was said of the object, at its places in what somebody wrote, beside what was found on the way to it. `files` are the texts of
    /// the files that were read.
    #[must_use]
    pub fn report(&self, said: Vec<Diagnostic>, files: &BTreeMap<String, String>) -> Report {
        let mut diagnostics = self.told(said);
        diagnostics
            .iter_mut()
            .for_each(|one| self.draft.hidden.conceal(one));
        let mut text = self.draft.map.shown();
        for place in diagnostics.iter().filter_map(secret_place) {
            conceal(&mut text, self.draft.start, place);
        }
        let mut files = files.clone();
        files.extend(self.draft.map.named_texts());
        Report {
            name: self.name.clone(),
            text,
            object_start: self.draft.start,
            tasks: None,
            files,
            diagnostics,
        }
    }

    fn told(&self, said: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let Remarks {
            of_text,
            of_values,
            in_order,
            ..
        } = &self.draft.remarks;
        let said = said.into_iter().map(|one| self.in_text(one));
        let mut told: Vec<Diagnostic> = of_values.iter().cloned().chain(said).collect();
        let is_error = |one: &&Diagnostic| one.severity == Severity::Error;
        let own: Vec<Option<u32>> = of_text.iter().filter(is_error).map(start).collect();
        // A wrong tag on a value, say, is one mistake, whatever type the value then has.
        told.retain(|one| !own.contains(&start(one)));
        told.extend(of_text.iter().cloned());
        if *in_order {
            told.sort_by_key(start);
        }
        told
    }

    /// What is said of the object, at its place in the text and in the language of that.
    fn in_text(&self, said: Diagnostic) -> Diagnostic {
        let mut told = self.draft.idiom.of(said);
        if let Some(Place::Object(span)) = told.place {
            if told.code == Code::WrongType.name()
                && told.allowed.iter().any(|value| value == "true")
            {
                let word = self.draft.map.plain_scalar(0, span);
                told.help = word.and_then(flag_in_words).or(told.help);
            }
            told.place = self.draft.map.place(span);
        }
        told
    }
}

/// What is told of a word that is a flag in YAML 1.1.
fn flag_in_words(word: &str) -> Option<String> {
    let meant = match word.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" => "true",
        "no" | "n" | "off" => "false",
        _ => return None,
    };
    Some(format!("`{word}` is a string in YAML 1.2: write `{meant}`"))
}

/// Where in the text it stands.
fn start(diagnostic: &Diagnostic) -> Option<u32> {
    match diagnostic.place {
        Some(Place::Object(Span { start, .. })) => Some(start),
        _ => None,
    }
}
