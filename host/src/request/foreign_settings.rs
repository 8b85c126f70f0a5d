//! Settings of the daemon in a request whose daemon is not ours: nobody would follow them.

use std::collections::BTreeMap;

use oci_image::planner::MaskedObject;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use serde_json::value::RawValue;

/// The keys that become the daemon's configuration.
const KEYS: [&str; 4] = [
    "registry_mirrors",
    "registries",
    "buildkit_extra_config",
    "buildkit_frontends",
];

/// Those that a sound object has.
pub(super) fn mistakes(object: &MaskedObject) -> Vec<Diagnostic> {
    let text = object.text();
    let values: BTreeMap<&str, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let found = KEYS.into_iter().filter_map(|key| {
        let value = values.get(key).filter(|value| is_set(value.get()))?;
        let start = (value.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize);
        let message = format!("`{key}` is a setting of the daemon, and the builder is not ours to set");
        let mistake = Diagnostic {
            pointer: format!("/{key}"),
            ..Diagnostic::new(Code::SettingOfBuilder, message)
        };
        let mistake = mistake
            .help("whoever runs the builder writes it into its `buildkitd.toml`; leave it out here, or build without `--builder`");
        Some(match start {
            Some(start) => {
                mistake.at(Place::Object(Span::of(start..start + value.get().len())))
            }
            None => mistake,
        })
    });
    found.collect()
}

/// What is empty sets nothing.
fn is_set(json: &str) -> bool {
    let without_spaces: String = json.split_whitespace().collect();
    !matches!(without_spaces.as_str(), "null" | "\"\"" | "[]" | "{}")
}
