//! `forms.wit`'s exports over the pure functions of `telling`.
//!
//! Nothing is decided here. Diagnostics are the schema's own (see `bindings`).
//!
//! Source: `schema/forms.wit`.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the exports that `export!` writes"
)]

use oci_image_forms::fix;
use oci_image_forms::shape::begins_as_json;
use oci_image_forms::telling::{self, TextForm};
use oci_image_schema::diagnostic::{Diagnostic, Span};
use oci_image_schema::event;

use crate::bindings::exports::oci_image::forms::forms::{
    Build, Edit, Form, Guest, Language, Position, Reading, Told,
};

struct Component;

crate::bindings::export!(Component with_types_in crate::bindings);

impl Guest for Component {
    fn read(text: String, language: Option<Language>) -> Reading {
        let found = telling::builds(&text, is_json(&text, language));
        let (form, builds) = match found {
            Some((form, builds)) => (Some(form_of(form)), builds),
            None => (None, Vec::new()),
        };
        let builds = builds.into_iter().map(|build| Build {
            name: build.name,
            object: build.object,
            is_judged: build.is_judged,
            is_open: build.is_open,
        });
        Reading {
            form,
            builds: builds.collect(),
        }
    }

    fn tell(
        text: String,
        language: Option<Language>,
        said: Vec<Vec<Diagnostic>>,
        to_build: bool,
    ) -> Vec<Told> {
        let told = telling::told(&text, is_json(&text, language), said, to_build);
        told.into_iter().map(told_of).collect()
    }
}

fn is_json(text: &str, language: Option<Language>) -> bool {
    match language {
        Some(language) => language == Language::Json,
        None => begins_as_json(text),
    }
}

fn form_of(form: TextForm) -> Form {
    match form {
        TextForm::Json => Form::Json,
        TextForm::Yaml => Form::Yaml,
        TextForm::Task => Form::Task,
        TextForm::Pipeline => Form::Pipeline,
    }
}

fn told_of(told: telling::Told) -> Told {
    let edit = |edit: fix::Edit| Edit {
        span: Span::of(edit.range),
        text: edit.text,
    };
    let range = |(start, end)| (position(start), position(end));
    Told {
        diagnostic: told.diagnostic,
        range: told.range.map(range),
        fix: told.fix.map(edit),
    }
}

fn position(position: event::Position) -> Position {
    let counted = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: counted(position.line),
        column: counted(position.column),
    }
}
