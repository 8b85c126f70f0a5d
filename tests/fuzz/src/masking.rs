//! Masking: what is masked is as long and as sound as it was, and shows no text of a secret.

use oci_image::forms::inline_secrets::{mask, shown};
use serde_json::value::RawValue;

/// The shortest secret that is looked for: a shorter one stands in a text by chance.
const SHORTEST: usize = 6;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let masked = mask(text);
    let seen = shown(text);
    assert_eq!(masked.text().len(), text.len());
    assert_eq!(seen.len(), text.len());
    let is_json = |text: &str| serde_json::from_str::<&RawValue>(text).is_ok();
    assert_eq!(is_json(masked.text()), is_json(text), "{}", masked.text());
    if is_json(text) {
        assert_eq!(mask(masked.text()).text(), masked.text());
    }

    for secret in masked.secrets().values() {
        let secret = String::from_utf8(secret.reveal().to_vec()).expect("JSON is text");
        // Written once, and with no escape: there it is the secret, and nothing that is open.
        let is_plain = secret.len() >= SHORTEST && !text.contains('\\');
        if is_plain && text.matches(&*secret).count() == 1 && secret.contains(|sign| sign != '*') {
            assert!(!masked.text().contains(&secret), "{}", masked.text());
            assert!(!seen.contains(&secret), "{seen}");
        }
    }
}
