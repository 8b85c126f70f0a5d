//! The schema and the planner as two judges of one text: they find errors at the same places.
//!
//! A place of the schema's may hold the planner's: of a secret it says only that neither form fits.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use oci_image_schema::beyond::BEYOND_SCHEMA;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Severity;
use serde_json::Value;

use super::documents::{self, DOCUMENTS, judge_each};
use super::validator::validator;

/// The planner stops counting there.
const MOST_ERRORS: usize = 100;

#[test]
fn schema_and_planner_agree_on_generated_documents() {
    let seen = std::cell::RefCell::new((0_u32, BTreeSet::new()));

    judge_each(&documents::text(), |text| {
        let errors = errors(&text);
        let (accepted, codes) = &mut *seen.borrow_mut();
        *accepted += u32::from(errors.is_empty());
        codes.extend(errors.iter().map(|(code, _)| code.name()));
        disagreement(&text).map_or(Ok(()), Err)
    });

    // What was generated is worth the judgement: many of both kinds, and every rule that is about the object alone.
    let (accepted, codes) = seen.into_inner();
    assert!(
        (DOCUMENTS / 5..DOCUMENTS * 4 / 5).contains(&accepted),
        "{accepted} accepted"
    );
    let about_files = Code::ALL.iter().position(|code| *code == Code::MissingPath);
    let never = [
        Code::ObjectTooLarge,
        Code::InvalidJson,
        Code::TooManyElements,
        Code::TooManyMistakes,
        Code::TooLong,
        // Said before the planner is asked.
        Code::MalformedMessage,
        Code::NotARequest,
        Code::UnsupportedYaml,
        Code::UnfilledVariable,
    ];
    let unseen: Vec<&Code> = Code::ALL[..about_files.unwrap_or_default()]
        .iter()
        .filter(|code| code.severity() == Severity::Error && !never.contains(code))
        .filter(|code| !codes.contains(code.name()))
        .collect();
    assert_eq!(unseen, Vec::<&Code>::new());
}

#[test]
fn schema_and_planner_agree_on_the_most_elements() {
    for count in [10_000, 10_001] {
        let list: Vec<String> = (0..count).map(|index| format!("a{index}=b")).collect();
        let list = list.join("\", \"");
        let text = format!(r#"{{"context": ".", "output": "image", "labels": ["{list}"]}}"#);
        assert_eq!(disagreement(&text), None);
        assert_eq!(errors(&text).len(), count - 10_000);
    }
}

/// What the two judges say differently about a text; nothing if it is no JSON, or if it is beyond the schema.
pub(crate) fn disagreement(text: &str) -> Option<String> {
    let object: Value = serde_json::from_str(text).ok()?;
    let planner = errors(text);
    let is_twice = planner.iter().any(|(code, _)| *code == Code::DuplicateKey);
    if is_twice || planner.len() >= MOST_ERRORS {
        return None; // the schema sees only one of the two; the planner has not said all
    }
    let schema = schema_errors(&object);
    let unseen_by_schema = planner.iter().find(|(code, place)| {
        let is_beyond = BEYOND_SCHEMA.iter().any(|(beyond, _)| beyond == code);
        !is_beyond && !schema.iter().any(|error| error.is_of(*code, place))
    });
    if let Some((code, place)) = unseen_by_schema {
        return Some(format!(
            "only the planner says {code} at `{place}` in {text}"
        ));
    }
    let unseen_by_planner = schema.iter().find(|error| {
        !planner
            .iter()
            .any(|(code, place)| error.is_of(*code, place) || error.is_unread(*code, place))
    });
    unseen_by_planner.map(|error| format!("only the schema refuses `{}` in {text}", error.place))
}

/// The planner's errors: rule and place.
fn errors(text: &str) -> Vec<(Code, String)> {
    oci_image_guest::validate(text)
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let code = Code::from_name(&diagnostic.code).expect("a code has a name");
            (code, diagnostic.pointer)
        })
        .collect()
}

struct SchemaError {
    /// A JSON Pointer.
    place: String,
    kind: Kind,
}

#[derive(PartialEq)]
enum Kind {
    /// A key is missing in the map at the place.
    Missing,
    /// A flag must not be set, because of another key.
    Condition,
    /// The value or key at the place is wrong.
    Wrong,
}

impl SchemaError {
    /// Whether it is the planner's error at a place. A key that is mistyped is not called missing by the planner too.
    fn is_of(&self, code: Code, place: &str) -> bool {
        let below = place.strip_prefix(&self.place);
        match self.kind {
            Kind::Missing => match code {
                Code::MissingKey => below == Some(""),
                Code::UnknownKey => below.is_some_and(|key| key.matches('/').count() == 1),
                _ => false,
            },
            _ => below.is_some_and(|below| below.is_empty() || below.starts_with('/')),
        }
    }

    /// Whether the planner did not look here because of its error at a place: it judges a condition only if both keys are sound,
    /// and reads no value whose key is empty or holds a NUL.
    fn is_unread(&self, code: Code, place: &str) -> bool {
        let below = self.place.strip_prefix(place);
        match self.kind {
            Kind::Condition => place == "/image_platform",
            _ => {
                matches!(code, Code::EmptyValue | Code::InvalidCharacter)
                    && below.is_some_and(|below| below.starts_with('/'))
            }
        }
    }
}

fn schema_errors(object: &Value) -> Vec<SchemaError> {
    let mut errors = Vec::new();
    for error in validator().iter_errors(object) {
        let place = error.instance_path().as_str().to_owned();
        let child = |key: &str| SchemaError {
            place: format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")),
            kind: Kind::Wrong,
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                errors.extend(unexpected.iter().map(|key| child(key)));
            }
            ValidationErrorKind::PropertyNames { error } => {
                errors.extend(error.instance().as_str().map(child));
            }
            kind => errors.push(SchemaError {
                kind: match kind {
                    ValidationErrorKind::Required { .. } => Kind::Missing,
                    ValidationErrorKind::Enum { .. } => Kind::Condition,
                    _ => Kind::Wrong,
                },
                place,
            }),
        }
    }
    errors
}
