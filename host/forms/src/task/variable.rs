//! A variable of the environment that is a parameter, and one that was meant to be.

use std::borrow::Cow;
use std::ffi::OsString;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};
use oci_image_schema::layer_cache;
use oci_image_schema::parameter::{FAMILIES, Family, Form, Member, PARAMETERS, Parameter};

use crate::inline_secrets::hidden_in_text;
use crate::secret_name;

/// What is shown of a secret, however long it is.
const MASK: &str = "********";
/// The key that names keys of SSH.
const AGENT: &str = "buildkit_ssh";
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
    /// `NAME=value`; of a secret and its path, with a mask for the value.
    pub(super) text: String,
    /// The value, until the object is written.
    pub(super) value: String,
}

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Parameter(Parameter),
    Member(Family),
}

impl Role {
    /// That of a name in an environment: a parameter's counts in lower case too.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let is_lower = !name.bytes().any(|sign| sign.is_ascii_uppercase());
        let in_lower_case =
            |parameter: &&Parameter| is_lower && parameter.name.eq_ignore_ascii_case(name);
        let parameter = || PARAMETERS.iter().find(in_lower_case);
        Self::exactly(name).or_else(|| parameter().map(|parameter| Self::Parameter(*parameter)))
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

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Parameter(parameter) => parameter.key,
            Self::Member(family) => family.key,
        }
    }

    /// Whether an empty value is one: that of a parameter counts as left out, and so does a path.
    pub(super) fn may_be_empty(self) -> bool {
        matches!(self, Self::Member(family) if !family.is_path())
    }

    /// Whether a flag is what the value stands for.
    pub(super) fn is_flag(self) -> bool {
        matches!(self, Self::Parameter(parameter) if parameter.form == Form::Flag)
    }

    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::Member(family) if family.member == Member::SecretText)
    }

    /// Whether nobody is shown the value: where the path of a secret belongs may stand its text.
    fn is_hidden(self) -> bool {
        matches!(self, Self::Member(family) if family.member != Member::Pair)
    }
}

impl Variable {
    pub(super) fn new(
        role: Role,
        name: String,
        value: OsString,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Self {
        let (value, wrong) = match String::from_utf8(value.into_encoded_bytes()) {
            Ok(value) => (value, None),
            Err(error) => {
                let wrong = error.utf8_error().valid_up_to();
                (
                    String::from_utf8_lossy(error.as_bytes()).into_owned(),
                    Some(wrong),
                )
            }
        };
        let shown: Cow<'_, str> = if role.is_hidden() && !value.is_empty() {
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
        FilePlace {
            path: self.path(),
            span: Span::of(range),
        }
    }

    /// The text, as long as it is, without what may be secret in the value.
    pub(super) fn shown(&self) -> String {
        let start = self.shown_value().start;
        let value = &self.text[start..];
        let mut ranges = secret_name::within(value);
        if self.role.key() == AGENT {
            ranges.extend(secret_name::of_agent(value));
        }
        if layer_cache::KEYS.contains(&self.role.key()) {
            ranges.extend(hidden_in_text(value));
        }
        let mut shown = self.text.clone().into_bytes();
        for range in ranges {
            let part = &mut shown[start + range.start..start + range.end];
            let is_shown = |byte: &&mut u8| **byte >= b' ';
            part.iter_mut()
                .filter(is_shown)
                .for_each(|byte| *byte = b'*');
        }
        String::from_utf8(shown)
            .expect("whole characters were replaced: a range ends at a sign of ASCII")
    }

    /// Where in the text the value stands.
    pub(super) fn shown_value(&self) -> Range<usize> {
        self.name.len() + 1..self.text.len()
    }

    /// Whether the text shows the value.
    pub(super) fn is_shown(&self) -> bool {
        !self.role.is_hidden()
    }

    fn no_text(&self, wrong: usize) -> Diagnostic {
        let message = format!(
            "`{}` is not UTF-8: byte {wrong} begins no character",
            self.name
        );
        let shown = self.shown_value();
        let start = if self.is_shown() { wrong } else { 0 } + shown.start;
        Diagnostic::new(Code::InvalidCharacter, message)
            .at(Place::File(self.place(start..shown.end)))
    }
}

/// The parameter that a name was probably meant to be, or the member of a family.
pub(super) fn meant(name: &str) -> Option<String> {
    let (parameter, member) = (near(name), member(name));
    let is_nearer =
        |(distance, _): &(usize, String)| parameter.is_none_or(|(other, _)| *distance < other);
    let member = member.filter(is_nearer).map(|(_, member)| member);
    member.or_else(|| parameter.map(|(_, name)| name.to_owned()))
}

/// The parameter to whose name another is near, and how many letters are wrong.
pub(super) fn near(name: &str) -> Option<(usize, &'static str)> {
    if name.len() > LONGEST {
        return None;
    }
    let limit = (name.len() / LETTERS_FOR_EACH_MISTAKE).min(MOST_MISTAKES);
    let upper = name.to_ascii_uppercase();
    let names = PARAMETERS.iter().map(|parameter| parameter.name);
    let distances = names
        .filter(|known| known.len().abs_diff(name.len()) <= limit)
        .map(|known| (strsim::osa_distance(&upper, known), known));
    let near = distances.filter(|(distance, _)| *distance <= limit);
    near.min_by_key(|(distance, _)| *distance)
}

/// The member of a family that a name was meant to be whose beginning has one wrong letter, or other signs between its words:
/// `BUILD_ARGS_VERSION`, `LABLE_title`, `build_arg_x`; and how many letters are wrong.
fn member(name: &str) -> Option<(usize, String)> {
    if name.len() > LONGEST {
        return None;
    }
    let letters = |text: &str| text.replace(['_', '-'], "").to_ascii_uppercase();
    let ends = name.match_indices('_').map(|(at, _)| at);
    let candidates = ends.flat_map(|end| {
        let (begin, rest) = (letters(&name[..end]), &name[end + 1..]);
        FAMILIES.iter().filter_map(move |family| {
            let prefix = letters(family.prefix);
            let is_possible = prefix.len().abs_diff(begin.len()) <= 1 && !rest.is_empty();
            let distance = is_possible.then(|| strsim::osa_distance(&begin, &prefix))?;
            (distance <= 1).then(|| (distance, format!("{}{rest}", family.prefix)))
        })
    });
    candidates.min_by_key(|(distance, _)| *distance)
}

/// What is said about a name that is no parameter's, and nearly is one.
pub(super) fn mistyped(name: &str) -> Option<Diagnostic> {
    let message = || format!("the variable `{name}` is not a parameter, and counts for nothing");
    let meant = meant(name)?;
    let told = Diagnostic::new(Code::UnknownParameter, message());
    Some(told.help(format!("did you mean `{meant}`?")))
}
