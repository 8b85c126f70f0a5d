//! Names before which a secret may stand, however they are spelt: what is misspelt is a secret all the same, and a report shows
//! its line.
//!
//! Unknown here: what is right. Source: `oci_image_schema`: `buildkit_secrets`, `text`, `BUILDKIT_SECRETTEXT_...`.

use std::ops::Range;

/// What is left of a name that a wrong sign breaks in two.
const PARTS: [&str; 3] = ["secr", "cret", "ttext"];
/// How many letters of the name of a map of secrets may be wrong.
const MOST_MISTAKES: usize = 3;
/// The longest name that is compared: a comparison costs the product of the lengths.
const LONGEST: usize = 64;
/// How long a word may be that is a key, in bytes.
const LONGEST_WORD: usize = 8;
/// How long the path of a secret may be that is shown, in bytes.
const LONGEST_PATH: usize = 200;

/// Whether a map of this name was meant to hold secrets.
pub(crate) fn holds_secrets(name: &str) -> bool {
    let name = letters(name);
    name.contains("secret") || is_near(&name, "buildkitsecrets", MOST_MISTAKES)
}

/// Whether a key of a secret is a word that was meant to be one, and not the secret that stands after `text` without its blank.
pub(crate) fn is_word(name: &str) -> bool {
    name.len() <= LONGEST_WORD
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether a name was meant to be another, or is it.
pub(crate) fn is_spelt(name: &str, meant: &str) -> bool {
    let meant = letters(meant);
    is_near(&letters(name), &meant, meant.len() / 4)
}

/// Whether what has this name was meant to be the text of a secret.
pub(crate) fn holds_text(name: &str) -> bool {
    let name = letters(name);
    name.contains("secrettext") || is_near(&name, "text", 1) || is_near(&name, "txt", 0)
}

/// Whether a value of this name is secret in whatever file it stands: of a registry, say, in the source of a resource.
pub(crate) fn is_credential(name: &str) -> bool {
    const PARTS: [&str; 6] = [
        "password",
        "passwd",
        "token",
        "credential",
        "privatekey",
        "accesskey",
    ];
    let name = letters(name);
    PARTS.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "auth" | "pass" | "pwd")
        || is_near(&name, "password", 2)
}

/// Whether the value of a secret is shown: it can be nothing but a path. Keys of clouds hold `/` and capital letters.
pub(crate) fn is_path(value: &str) -> bool {
    let is_shown = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/');
    value.contains('/') && value.len() <= LONGEST_PATH && value.bytes().all(is_shown)
}

/// What of a value is secret whatever its name is: a private key, or what a URL logs in with, its query included.
pub(crate) fn of_value(value: &str) -> Option<Range<usize>> {
    if value.contains("PRIVATE KEY-----") {
        return Some(0..value.len());
    }
    let start = value.find("://").map_or(0, |scheme| scheme + 3);
    let Some(end) = value[start..].find('@').map(|at| start + at) else {
        let query = start + value[start..].find('?')?;
        return (start > 0).then_some(query + 1..value.len());
    };
    let login = &value[start..end];
    if value[end..].starts_with("@sha") {
        return None; // a digest
    }
    // Of what is no URL only a name with a password, which no path holds before its digest.
    let is_login = start > 0 || login.contains(':');
    (is_login && !login.contains(['/', ' ', ','])).then_some(start..end)
}

/// The byte after the first such name that a colon follows, whatever quotes stand between.
pub(crate) fn after_name(text: &str) -> Option<usize> {
    words(text).find_map(|(at, word)| after_colon(text, at, word))
}

/// The byte from which on a text that cannot be read may hold a secret.
pub(crate) fn first_in(text: &str) -> Option<usize> {
    words(text).find_map(|(at, word)| {
        let letters = letters(word);
        let names_secret = PARTS.iter().any(|part| letters.contains(part));
        after_colon(text, at, word).or_else(|| names_secret.then_some(at))
    })
}

/// The byte after the colon that follows the name of a secret.
fn after_colon(text: &str, at: usize, word: &str) -> Option<usize> {
    let rest = text[at + word.len()..].trim_start_matches(['"', '\'', '\\']);
    let rest = rest.trim_start();
    let is_key = rest.starts_with(':');
    let is_name = || word.eq_ignore_ascii_case("text") || holds_secrets(word);
    (is_key && is_name()).then(|| text.len() - rest.len() + 1)
}

/// The words of a text, and where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_of_word =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    let mut start = 0;
    text.split(move |character| !is_of_word(character))
        .map(move |word| {
            let at = start;
            // What separates two words is one character, of whatever length.
            start = at
                + word.len()
                + text[at + word.len()..]
                    .chars()
                    .next()
                    .map_or(0, char::len_utf8);
            (at, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn is_near(name: &str, meant: &str, limit: usize) -> bool {
    name.len() <= LONGEST && strsim::osa_distance(name, meant) <= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_whatever_spelling() {
        for name in [
            "buildkit_secrets",
            "BuildkitSecrets",
            "buildkit_sercets",
            "secrets",
            "BUILDKIT_SECRET_a",
        ] {
            assert!(holds_secrets(name), "{name}");
        }
        for name in [
            "text",
            "Text",
            "txt",
            "texxt",
            "te-xt",
            "BUILDKIT_SECRET_TEXT_a",
            "BuildkitSecretText",
        ] {
            assert!(holds_text(name), "{name}");
        }
        for name in ["context", "build_args", "registries", "", "target"] {
            assert!(!holds_secrets(name) && !holds_text(name), "{name}");
        }
    }

    #[test]
    fn credentials_are_known_in_whatever_spelling() {
        for name in ["Password", "pasword", "pass_wrd", "auth", "identitytoken"] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["author", "path", "passphrase_file", "repository"] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn only_what_can_be_nothing_but_a_path_is_shown() {
        for path in ["secrets/token", "./token", "/run/a-b_c.1/d"] {
            assert!(is_path(path), "{path}");
        }
        for secret in [
            "hunter2",
            "wJalrXUtnFEMI/K7MDENG",
            "a/b=",
            "a b/c",
            "-----BEGIN/\n",
            "",
        ] {
            assert!(!is_path(secret), "{secret}");
        }
    }

    #[test]
    fn private_keys_and_logins_of_urls_are_secret_whatever_their_name() {
        let secret = |value: &'static str| of_value(value).map(|range| &value[range]);
        for (value, expected) in [
            ("https://u:xyzzy@m.example/a", Some("u:xyzzy")),
            ("https://xyzzy@m.example", Some("xyzzy")),
            ("u:xyzzy@m.example", Some("u:xyzzy")),
            (
                "-----BEGIN EC PRIVATE KEY-----",
                Some("-----BEGIN EC PRIVATE KEY-----"),
            ),
            ("https://m.example/a@b", None),
            ("m.example/a@sha256:0", None),
            ("alpine:3@sha256:0", None),
            ("https://m.example/?token=xyzzy", Some("token=xyzzy")),
            ("git@github.com:a/b", None),
            ("m.example", None),
        ] {
            assert_eq!(secret(value), expected, "{value}");
        }
    }

    #[test]
    fn unreadable_text_is_secret_from_the_first_name_on() {
        let shown = |text: &'static str| first_in(text).map(|at| &text[..at]);
        for (text, expected) in [
            (
                "context: .\nbuildkit_secrets:\n  a",
                Some("context: .\nbuildkit_secrets:"),
            ),
            ("{'Text' : x", Some("{'Text' :")),
            (r#"{\"text\": x"#, Some(r#"{\"text\":"#)),
            ("é BUILDKIT_SECRETTEXT_a hunter2", Some("é ")),
            (
                "BUILDKIT_SECRET_TEXT_a: hunter2",
                Some("BUILDKIT_SECRET_TEXT_a:"),
            ),
            ("context: [text", None),
            ("", None),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
