//! The map of a source: from the JSON of a request to what somebody wrote, a layer for each text that is made of another.
//!
//! JSON that somebody wrote is what they wrote: no layer. Of YAML there is one, of an environment one that leads to several texts, and
//! of a task file two: from the object to the file in JSON, and from there to the file.

use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};

use super::layer::Layer;
use crate::inline_secrets;

/// A text that something was made of, as far as it may be seen.
#[derive(Debug)]
pub struct NamedText {
    /// What places call it; nothing for the text of the request itself.
    pub name: Option<String>,
    /// The text.
    pub text: String,
}

/// A layer, and the texts that it leads to: several only if it is the last.
#[derive(Debug)]
struct Step {
    layer: Layer,
    texts: Vec<NamedText>,
}

/// The map of a source.
#[derive(Debug)]
pub struct SourceMap {
    /// The JSON at which it begins: the object, or the message in which that stands.
    json: String,
    steps: Vec<Step>,
    /// Whether its texts show no more than people may see; else no more than the planner may.
    is_for_people: bool,
}

impl SourceMap {
    /// The map of JSON that somebody wrote, as the planner may see it.
    #[must_use]
    pub fn of_json(json: String) -> Self {
        Self {
            json,
            steps: Vec::new(),
            is_for_people: false,
        }
    }

    /// With a layer more, and the texts that it leads to.
    #[must_use]
    pub fn through(mut self, layer: Layer, texts: Vec<NamedText>) -> Self {
        self.steps.push(Step { layer, texts });
        self
    }

    /// The same, of texts that people may see as they are.
    #[must_use]
    pub fn for_people(self) -> Self {
        Self {
            is_for_people: true,
            ..self
        }
    }

    /// Where a span of the object stands in what somebody wrote. Of JSON it is the span itself.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<Place> {
        self.place_from(0, span)
    }

    /// What is said of the text to which so many layers lead, at its places in what somebody wrote.
    #[must_use]
    pub fn placed(&self, layers: usize, mut said: Vec<Diagnostic>) -> Vec<Diagnostic> {
        for one in &mut said {
            if let Some(Place::Object(span)) = one.place {
                one.place = self.place_from(layers, span);
            }
        }
        said
    }

    /// Where a span stands of the text to which so many layers lead.
    fn place_from(&self, layers: usize, span: Span) -> Option<Place> {
        let mut found = (None, span);
        for at in layers..self.steps.len() {
            let step = &self.steps[at];
            let (text, span) = step.layer.place(self.made(at), step.only(), found.1)?;
            // Parts of one text may be told apart, and are of one text all the same.
            let text = match &step.texts[..] {
                [only] => only,
                texts => texts.get(text as usize)?,
            };
            found = (text.name.as_ref(), span);
        }
        Some(match found {
            (None, span) => Place::Object(span),
            (Some(name), span) => Place::File(FilePlace {
                path: name.clone(),
                span,
            }),
        })
    }

    /// The plain scalar of YAML that stands at a span of the object, as it is written.
    pub(crate) fn plain_scalar(&self, layers: usize, mut span: Span) -> Option<&str> {
        for at in layers..self.steps.len() {
            let step = &self.steps[at];
            if let Some(word) = step.layer.plain_scalar(step.only(), span.range()) {
                return Some(word);
            }
            span = step.layer.place(self.made(at), step.only(), span)?.1;
        }
        None
    }

    /// The text of which a step's layer tells the parts.
    fn made(&self, at: usize) -> &str {
        match at.checked_sub(1) {
            None => &self.json,
            Some(before) => self.steps[before].only(),
        }
    }

    /// The texts that have names, by them.
    #[must_use]
    pub fn named_texts(&self) -> BTreeMap<String, String> {
        let texts = self.steps.last().map_or(&[][..], |step| &step.texts);
        let named = |text: &NamedText| Some((text.name.clone()?, text.text.clone()));
        texts.iter().filter_map(named).collect()
    }

    /// The text of the request itself, as people may see it; empty if it has none.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_for_people {
            let last = self.steps.last().map(|step| &step.texts[..]);
            return match last {
                None => self.json.clone(),
                Some([NamedText { name: None, text }]) => text.clone(),
                Some(_) => String::new(),
            };
        }
        let mut shown = inline_secrets::shown(&self.json);
        for (at, step) in self.steps.iter().enumerate() {
            shown = step.layer.mask(step.only(), self.made(at), &shown);
        }
        shown
    }
}

impl Step {
    /// The one text, if there is only one.
    fn only(&self) -> &str {
        match &self.texts[..] {
            [only] => &only.text,
            _ => "",
        }
    }
}
