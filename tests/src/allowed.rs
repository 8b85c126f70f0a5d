//! The list of all keys of the object, which whoever mistypes one is told: in a fixture in JSON it is one word, so that a new key
//! changes none of them. A person's text shows it (`diagnostics/unknown_keys`).

use oci_image_schema::key::NAMES;

/// What a list stands after.
const ALLOWED: &str = "\"allowed\": ";
/// What stands in its place.
const ALL: &str = "\"(all keys of the object)\"";

/// A document of diagnostics in which each list of what is allowed that is the list of all keys, in its order, is one word.
#[must_use]
pub fn shortened(document: &str) -> String {
    let mut parts = document.split(ALLOWED);
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_at(part.find(']').map_or(0, |end| end + 1));
        let names: Vec<String> = serde_json::from_str(list).unwrap_or_default();
        let list = if names == NAMES { ALL } else { list };
        short.extend([ALLOWED, list, rest]);
    }
    short
}
