//! `oci-image schema`: the JSON Schema of the object.

use crate::commands::print;
use crate::failure::Failure;

pub(super) fn run() -> Result<(), Failure> {
    print(oci_image_schema::JSON_SCHEMA)
}
