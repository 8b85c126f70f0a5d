//! Task files: parameters become an object that is JSON, each place of which stands in the file; secrets are masked.

use oci_image::planner::inline_secrets::shown;
use oci_image::task::file::TaskFile;
use oci_image::yaml::{self, Dialect};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
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
    for at in 0..task.json().len() {
        let at = u32::try_from(at).expect("a text is short");
        let span = Span {
            start: at,
            end: at + 1,
        };
        let said = Diagnostic::new(Code::BadPath, "wrong").at(Place::Object(span));
        if let Some(Place::Object(place)) = task.of_file(json, said).place {
            let place = document.place(text, json, place);
            let part = text.get(place.start as usize..place.end as usize);
            assert!(part.is_some(), "{place:?} of {text:?}");
        }
    }
}
