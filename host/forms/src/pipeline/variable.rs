//! Values that only Concourse knows: those that hold a variable, `((name))`.

use crate::yaml::JsonPart;

/// Whether a text holds something that Concourse fills in, or may.
pub(super) fn is_unknown(text: &str) -> bool {
    text.contains("((")
}

/// Whether a part is a text that is filled in, and not the list or map that is wanted there.
pub(super) fn is_filled_in(part: &JsonPart<'_>) -> bool {
    !part.is_list() && !part.is_map() && !part.is_null()
}
