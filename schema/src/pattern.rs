//! Regular expressions of the generated JSON Schema: what of the planner's rules a pattern can say.
//!
//! They refuse nothing that the planner accepts; what the planner refuses beyond them is listed with the tests that compare the two.
//! The dialect is that of JSON Schema (ECMA-262). An optional string may be empty, which counts as left out.

/// One path component: no `/`, not `.` or `..`.
pub(crate) const COMPONENT: &str = r"^(?!\.{1,2}$)[^/\u0000-\u001f\u007f-\u009f]+$";
/// A path that may lead anywhere.
pub(crate) const PATH: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";
/// The path of a file, or nothing.
pub(crate) const FILE: &str = r"^$|^(?!(?:.*/)?\.{0,2}$)[^\u0000-\u001f\u007f-\u009f]+$";
/// The path of a file.
pub(crate) const REQUIRED_FILE: &str = r"^(?!(?:.*/)?\.{0,2}$)[^\u0000-\u001f\u007f-\u009f]+$";
/// A relative path that stays below its start, and is not its start.
pub(crate) const BELOW: &str =
    r"^(?!/)(?!(?:.*/)?\.\.(?:/|$))(?!(?:\.?/)*\.?$)[^\u0000-\u001f\u007f-\u009f]+$";
/// Anything but a NUL.
pub(crate) const TEXT: &str = r"^[^\u0000]*$";
/// The id of a secret.
pub(crate) const ID: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";

/// The name of a stage or its number, or nothing.
pub(crate) const TARGET: &str = r"^(?:[A-Za-z][A-Za-z0-9_.-]*|[0-9]+)?$";
/// The name of a stage or its number, but none of the directories with another use.
pub(crate) const ADDITIONAL_TARGET: &str =
    r"^(?!(?:image|cache)$)(?:[A-Za-z][A-Za-z0-9_.-]*|[0-9]+)$";

/// `NAME=VALUE`.
pub(crate) const PAIR: &str = r"^[^\s\u0000-\u001f\u007f-\u009f=]+=[^\u0000]*$";
/// `NAME=path`.
pub(crate) const IMAGE_ARG: &str =
    r"^[^\s\u0000-\u001f\u007f-\u009f=]+=[^\u0000-\u001f\u007f-\u009f]+$";

macro_rules! label {
    () => {
        r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    };
}
macro_rules! host {
    () => {
        concat!(label!(), r"(?:\.", label!(), ")*")
    };
}
macro_rules! registry {
    () => {
        concat!(r"(?:\[[0-9A-Fa-f:.]+\]|", host!(), r")(?::[0-9]{1,5})?")
    };
}
/// `host` or `host:port`.
pub(crate) const REGISTRY: &str = concat!("^", registry!(), "$");
/// A registry, perhaps with a path.
pub(crate) const MIRROR: &str = concat!(
    "^",
    registry!(),
    r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)*$"
);

macro_rules! extra_host {
    () => {
        concat!(r"\s*", host!(), r"=[0-9A-Fa-f:.]+\s*")
    };
}
/// `host=address` with commas between, or nothing.
pub(crate) const EXTRA_HOSTS: &str = concat!("^$|^", extra_host!(), "(?:,", extra_host!(), ")*$");

macro_rules! platform {
    () => {
        r"\s*[A-Za-z0-9_.-]+(?:\([A-Za-z0-9_.+%-]*\))?(?:/[A-Za-z0-9_.-]+){0,2}\s*"
    };
}
/// Platforms with commas between, or nothing.
pub(crate) const PLATFORMS: &str = concat!("^$|^", platform!(), "(?:,", platform!(), ")*$");

/// `id`, or `id=path`, or nothing; commas are for further paths, which are refused when the agent is offered.
pub(crate) const SSH: &str = r"^$|^[^=,\u0000-\u001f\u007f-\u009f]+(?:=(?!raw=)[^,\u0000-\u001f\u007f-\u009f]+(?:,(?!raw=)[^,\u0000-\u001f\u007f-\u009f]+)*)?$";
