//! The planner's diagnostics, checked before they are drawn: they point into texts that there are, and are short.
//!
//! Source: `schema/planner.wit`, interface `diagnostics`.

use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};

use oci_image_boundary::outside::shown;

/// How many diagnostics an answer may hold.
// The planner stops at about a hundred by itself.
const MOST: usize = 1000;
/// How long the texts of one diagnostic may be together, in bytes.
const LONGEST: usize = 64 << 10;

/// How many values one may list.
const MOST_VALUES: usize = 1000;

/// A diagnostic, or a list of them, that cannot be right.
#[derive(Debug, thiserror::Error)]
pub enum UnsoundDiagnostic {
    /// Too many.
    #[error("there are {count}, and may be {MOST}")]
    TooMany {
        /// How many.
        count: usize,
    },
    /// Too long.
    #[error("one is {length} bytes long, and may be {LONGEST}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Too many values that would be right.
    #[error("one lists {count} values, and may list {MOST_VALUES}")]
    TooManyValues {
        /// How many.
        count: usize,
    },
    /// A code that is no name in kebab case.
    #[error("a code is no name in kebab case")]
    Code,
    /// It points into no text.
    #[error("`{code}` points to bytes {start} to {end}, where no text is", code = shown(code))]
    Span {
        /// The diagnostic's code.
        code: String,
        /// Where it points.
        start: u32,
        /// And up to where.
        end: u32,
    },
    /// It points into a file that the planner has not read.
    #[error("`{code}` points into a file that was not read", code = shown(code))]
    File {
        /// The diagnostic's code.
        code: String,
    },
    /// Nothing is planned, and no diagnostic is an error.
    #[error("nothing is planned, and nothing is said to be wrong")]
    NoError,
    /// A plan is made all the same.
    #[error("`{code}` is an error, and there is a plan all the same", code = shown(code))]
    ErrorBesidePlan {
        /// The diagnostic's code.
        code: String,
    },
}

/// The texts into which diagnostics point.
pub(super) struct Texts<'a> {
    /// The object's.
    pub(super) object: &'a str,
    /// Those of the files that the planner read.
    pub(super) files: &'a BTreeMap<String, String>,
}

impl Texts<'_> {
    /// Checks a list.
    pub(super) fn check(&self, diagnostics: &[Diagnostic]) -> Result<(), UnsoundDiagnostic> {
        let count = diagnostics.len();
        if count > MOST {
            return Err(UnsoundDiagnostic::TooMany { count });
        }
        diagnostics
            .iter()
            .try_for_each(|diagnostic| self.check_one(diagnostic))
    }

    /// Checks why there is no answer.
    pub(super) fn check_refusal(
        &self,
        diagnostics: &[Diagnostic],
    ) -> Result<(), UnsoundDiagnostic> {
        if !diagnostics.iter().any(is_error) {
            return Err(UnsoundDiagnostic::NoError);
        }
        self.check(diagnostics)
    }

    /// Checks remarks beside an answer.
    pub(super) fn check_warnings(
        &self,
        diagnostics: &[Diagnostic],
    ) -> Result<(), UnsoundDiagnostic> {
        self.check(diagnostics)?;
        match diagnostics.iter().find(|diagnostic| is_error(diagnostic)) {
            Some(error) => Err(UnsoundDiagnostic::ErrorBesidePlan {
                code: error.code.clone(),
            }),
            None => Ok(()),
        }
    }

    fn check_one(&self, diagnostic: &Diagnostic) -> Result<(), UnsoundDiagnostic> {
        let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=64).contains(&diagnostic.code.len());
        if !is_name || !diagnostic.code.bytes().all(is_sign) {
            return Err(UnsoundDiagnostic::Code);
        }
        let count = diagnostic.allowed.len();
        if count > MOST_VALUES {
            return Err(UnsoundDiagnostic::TooManyValues { count });
        }
        let texts = [&diagnostic.pointer, &diagnostic.message];
        let length = texts
            .into_iter()
            .chain(&diagnostic.help)
            .chain(&diagnostic.allowed)
            .map(String::len)
            .sum();
        // A pointer repeats keys of the object, which may be long; the object is limited itself.
        if length - diagnostic.pointer.len() > LONGEST
            || diagnostic.pointer.len() > 2 * self.object.len()
        {
            return Err(UnsoundDiagnostic::TooLong { length });
        }
        let code = || diagnostic.code.clone();
        let (text, span) = match &diagnostic.place {
            None => return Ok(()),
            Some(Place::Object(span)) => (self.object, span),
            Some(Place::File(place)) => match self.files.get(&place.path) {
                Some(text) => (text.as_str(), &place.span),
                None => return Err(UnsoundDiagnostic::File { code: code() }),
            },
        };
        match text.get(span.start as usize..span.end as usize) {
            Some(_) => Ok(()),
            None => Err(UnsoundDiagnostic::Span {
                code: code(),
                start: span.start,
                end: span.end,
            }),
        }
    }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}
