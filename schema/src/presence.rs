//! Keys that are null, which count as left out.

use serde::{Deserialize, Deserializer};

/// A key's value; of one that is null, what it is where it is left out.
pub(crate) fn or_default<'json, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'json>,
    T: Default + Deserialize<'json>,
{
    Option::deserialize(value).map(Option::unwrap_or_default)
}
