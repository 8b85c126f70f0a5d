//! Reads a YAML text.

use oci_image_schema::diagnostic::Diagnostic;

use super::composer::Composer;
use super::document::{Document, MAX_TEXT};
use super::mistake;
use super::scalar::Dialect;

/// Reads the first document of a YAML text.
///
/// # Errors
/// What is wrong, in the order of the text, if from some place on nothing can be read. Places are those of the YAML.
pub fn read(text: &str, dialect: Dialect) -> Result<Document, Vec<Diagnostic>> {
    if text.len() > MAX_TEXT {
        return Err(vec![mistake::too_large(0..0)]);
    }
    Composer::new(text, dialect).compose()
}
