//! `context_inputs`: further inputs, and where below the context they are placed.
//!
//! Source: the reference's `context_inputs`.

use crate::json::{Node, Text};
use crate::name;
use crate::reader::Reader;

/// Name and place of each input that is sound.
pub(crate) fn context_inputs<'t>(
    reader: &mut Reader<'_, 't>,
    key: &str,
    node: Node<'t>,
) -> Vec<(Text<'t>, Text<'t>)> {
    let mut inputs = Vec::new();
    for (input, value) in reader.entries(key, node) {
        let input = name::artifact(reader.findings, "an input", input);
        let place = reader.filled("the place of a context input", value);
        let place = place.and_then(|place| name::below_context(reader.findings, place));
        inputs.extend(input.zip(place));
    }
    inputs
}
