//! Task files: parameters become an object that is JSON, each place of which stands in the file; secrets are masked.

use oci_image::forms::inline_secrets::shown;
use oci_image::source::{NamedText, SourceMap};
use oci_image::task::file::TaskFile;
use oci_image::yaml::{self, Dialect};
use oci_image_schema::diagnostic::{Place, Span};
use serde_json::Value;

/// What the names of texts of secrets begin with.
const SECRET: &str = "BUILDKIT_SECRETTEXT_";
/// The shortest secret that is looked for: a shorter one stands in a text by chance.
const SHORTEST: usize = 6;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(document) = yaml::read(text, Dialect::Concourse) else {
        return;
    };
    let json = document.json();
    let written = |part| document.plain_scalar(text, part);
    let Some(task) = TaskFile::read(json, &written) else {
        return;
    };
    let object: Value = serde_json::from_str(task.json()).expect("the object is JSON");
    assert!(object.is_object());

    let file = task.mask(shown(json));
    let seen = document.mask(text, &file);
    assert_eq!(file.len(), json.len());
    assert_eq!(seen.len(), text.len());
    let whole: Value = serde_json::from_str(json).expect("the file is JSON");
    let params = whole["params"].as_object().into_iter().flatten();
    for (_, secret) in params.filter(|(name, _)| name.starts_with(SECRET)) {
        let Some(secret) = secret.as_str().filter(|secret| secret.len() >= SHORTEST) else {
            continue;
        };
        let is_plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain && text.matches(secret).count() == 1 {
            assert!(!seen.contains(secret), "{seen}");
        }
    }
    let unnamed = |text: &str| NamedText {
        name: None,
        text: text.to_owned(),
    };
    let map = SourceMap::of_json(task.json().to_owned())
        .through(task.layer(task.json(), json), vec![unnamed(json)])
        .through(document.into_layer(), vec![unnamed(text)]);
    for at in 0..task.json().len() {
        if let Some(Place::Object(place)) = map.place(Span::of(at..at + 1)) {
            let part = text.get(place.range());
            assert!(part.is_some(), "{place:?} of {text:?}");
        }
    }
}
