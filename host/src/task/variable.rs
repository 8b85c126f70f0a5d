//! A variable of the environment that is a parameter, and one that was meant to be.

use std::borrow::Cow;
use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};
use oci_image_schema::parameter::{FAMILIES, Family, Member, PARAMETERS, Parameter, Unquoted};

/// What is shown of a secret, however long it is.
const MASK: &str = "********";
/// How many letters of a name may be wrong, for each that are right, before it is taken for another program's.
const LETTERS_FOR_EACH_MISTAKE: usize = 4;
/// How many may be wrong of a long one.
const MOST_MISTAKES: usize = 2;

/// The longest name that is compared: a comparison costs the product of the lengths.
const LONGEST: usize = 64;

/// A variable of the environment that is a parameter.
pub(super) struct Variable {
    pub(super) role: Role,
    /// The name as it is written.
    pub(super) name: String,
    /// `NAME=value`; of a secret, with a mask for its value.
    pub(super) text: String,
    /// The value, until the object is written.
    pub(super) value: String,
}

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Parameter(Parameter),
    Member(Family),
}

impl Role {
    /// That of a name in an environment: a parameter's counts in lower case too.
    pub(super) fn of(name: &str) -> Option<Self> {
        let in_lower_case = |parameter: &&Parameter| parameter.name.to_ascii_lowercase() == name;
        let parameter = PARAMETERS.iter().find(in_lower_case);
        Self::exactly(name).or_else(|| parameter.map(|parameter| Self::Parameter(*parameter)))
    }

    /// That of a name as documentation writes it.
    pub(super) fn exactly(name: &str) -> Option<Self> {
        let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
        let family = || {
            let is_member = |family: &&Family| name.starts_with(family.prefix);
            FAMILIES.iter().find(is_member)
        };
        parameter
            .map(|parameter| Self::Parameter(*parameter))
            .or_else(|| family().map(|family| Self::Member(*family)))
    }

    /// What a file may say beside a string.
    pub(super) fn unquoted(self) -> Unquoted {
        match self {
            Self::Parameter(parameter) => parameter.unquoted(),
            Self::Member(family) => family.unquoted(),
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Parameter(parameter) => parameter.key,
            Self::Member(family) => family.key,
        }
    }

    pub(super) fn is_parameter(self) -> bool {
        matches!(self, Self::Parameter(_))
    }

    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Member(family) if family.member == Member::SecretText)
    }
}

impl Variable {
    pub(super) fn new(
        role: Role,
        name: String,
        value: OsString,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Self {
        let (value, wrong) = match String::from_utf8(value.into_vec()) {
            Ok(value) => (value, None),
            Err(error) => {
                let wrong = error.utf8_error().valid_up_to();
                (
                    String::from_utf8_lossy(error.as_bytes()).into_owned(),
                    Some(wrong),
                )
            }
        };
        let shown: Cow<'_, str> = if role.is_secret() && !value.is_empty() {
            MASK.into()
        } else {
            (&*value).into()
        };
        let text = format!("{name}={shown}");
        let variable = Self {
            role,
            name,
            text,
            value,
        };
        if let Some(wrong) = wrong {
            mistakes.push(variable.no_text(wrong));
        }
        variable
    }

    /// What places call it.
    pub(super) fn path(&self) -> String {
        format!("${}", self.name)
    }

    pub(super) fn place(&self, range: Range<usize>) -> FilePlace {
        let short = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        FilePlace {
            path: self.path(),
            span: Span {
                start: short(range.start),
                end: short(range.end),
            },
        }
    }

    /// Where in the text the value stands.
    pub(super) fn shown_value(&self) -> Range<usize> {
        self.name.len() + 1..self.text.len()
    }

    fn no_text(&self, wrong: usize) -> Diagnostic {
        let message = format!(
            "`{}` is not UTF-8: byte {wrong} begins no character",
            self.name
        );
        let shown = self.shown_value();
        let start = if self.role.is_secret() { 0 } else { wrong } + shown.start;
        Diagnostic::new(Code::InvalidCharacter, message)
            .at(Place::File(self.place(start..shown.end)))
    }
}

/// The parameter that a name was probably meant to be.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let limit = (name.len() / LETTERS_FOR_EACH_MISTAKE).min(MOST_MISTAKES);
    let distances = PARAMETERS.iter().map(|parameter| {
        let distance = strsim::osa_distance(&name.to_ascii_uppercase(), parameter.name);
        (distance, parameter.name)
    });
    let near = distances.filter(|(distance, _)| *distance <= limit);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// What is said about a name that is no parameter's, and nearly is one.
pub(super) fn mistyped(name: &str) -> Option<Diagnostic> {
    let message = || format!("the variable `{name}` is not a parameter, and counts for nothing");
    let meant = meant(name)?;
    let told = Diagnostic::new(Code::UnknownParameter, message());
    Some(told.help(format!("did you mean `{meant}`?")))
}
