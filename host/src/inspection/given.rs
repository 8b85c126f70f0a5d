//! Where a request gives what a Dockerfile may not ask for.

use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Place, Span, pointer_token};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Something that is given: where, as JSON Pointer and as a place.
pub(super) struct GivenPlace {
    pub(super) pointer: String,
    pub(super) place: Option<Place>,
}

/// The parts of an object that give something by name, as they are written.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Given<'object> {
    #[serde(borrow)]
    build_args: Option<Vec<&'object RawValue>>,
    #[serde(borrow)]
    image_args: Option<Vec<&'object RawValue>>,
    #[serde(borrow)]
    buildkit_secrets: Option<BTreeMap<String, &'object RawValue>>,
    #[serde(skip)]
    text: &'object str,
}

impl<'object> Given<'object> {
    /// Those of an object that is sound; of another nothing is known.
    pub(super) fn of(object: &'object str) -> Self {
        let read: Self = serde_json::from_str(object).unwrap_or_default();
        Self {
            text: object,
            ..read
        }
    }

    /// Where an argument is given: in a list, or in the file of arguments.
    pub(super) fn argument(&self, name: &str) -> GivenPlace {
        let lists = [
            ("build_args", &self.build_args),
            ("image_args", &self.image_args),
        ];
        for (key, list) in lists {
            let list = list.as_deref().unwrap_or_default();
            // Of one name the last counts.
            let named = list.iter().rposition(|pair| gives(pair, name));
            if let Some(index) = named {
                let pair = list[index];
                return self.spot(format!("/{key}/{index}"), pair);
            }
        }
        GivenPlace {
            pointer: "/build_args_file".to_owned(),
            place: None,
        }
    }

    /// Where a secret is given.
    pub(super) fn secret(&self, id: &str) -> GivenPlace {
        let pointer = format!("/buildkit_secrets/{}", pointer_token(id));
        match self
            .buildkit_secrets
            .as_ref()
            .and_then(|secrets| secrets.get(id))
        {
            Some(value) => self.spot(pointer, value),
            None => GivenPlace {
                pointer,
                place: None,
            },
        }
    }

    fn spot(&self, pointer: String, value: &RawValue) -> GivenPlace {
        let start = (value.get().as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let place = start.map(|start| Place::Object(Span::of(start..start + value.get().len())));
        GivenPlace { pointer, place }
    }
}

/// Whether a pair, as it is written, is of that name.
fn gives(pair: &RawValue, name: &str) -> bool {
    let pair: Option<String> = serde_json::from_str(pair.get()).ok();
    pair.is_some_and(|pair| pair.split('=').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_found_in_the_text() {
        let object =
            r#"{"build_args": ["A=1", "B=2", "A=3"], "buildkit_secrets": {"a/b": {"file": "x"}}}"#;
        let given = Given::of(object);
        let at = |spot: GivenPlace| match spot.place {
            Some(Place::Object(span)) => (spot.pointer, &object[span.range()]),
            _ => (spot.pointer, ""),
        };

        assert_eq!(
            at(given.argument("A")),
            ("/build_args/2".to_owned(), "\"A=3\"")
        );
        assert_eq!(at(given.argument("C")), ("/build_args_file".to_owned(), ""));
        assert_eq!(
            at(given.secret("a/b")),
            ("/buildkit_secrets/a~1b".to_owned(), r#"{"file": "x"}"#)
        );
    }
}
