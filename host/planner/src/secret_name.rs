//! Names before which a secret may stand, however they are spelt: what is misspelt is a secret all the same, and a report shows
//! its line.
//!
//! Unknown here: what is right. Source: `oci_image_schema`: `buildkit_secrets`, `text`, `BUILDKIT_SECRETTEXT_...`.

use std::iter;
use std::ops::Range;

use oci_image_schema::login;

/// What is left of a name that a wrong sign breaks in two.
const PARTS: [&str; 5] = ["secr", "cret", "ttext", "buildkits", "kitssh"];
/// How many letters of the name of a map of secrets may be wrong.
const MOST_MISTAKES: usize = 3;
/// How long a word may be that is a key, in bytes.
const LONGEST_WORD: usize = 8;
/// How long an id may be that is shown, in bytes.
const LONGEST_ID: usize = 64;
/// How long the path of a secret may be that is shown, in bytes.
const LONGEST_PATH: usize = 200;

/// Whether a map of this name was meant to hold secrets.
pub fn holds_secrets(name: &str) -> bool {
    let name = letters(name);
    name.contains("secret") || is_near(&name, "buildkitsecrets", MOST_MISTAKES)
}

/// Whether a variable of this name was meant to be a parameter that says what a secret is, or where.
pub fn is_of_parameter(name: &str) -> bool {
    const BEGIN: &str = "buildkitsecret";
    let name = letters(name);
    is_near(
        name.get(..BEGIN.len()).unwrap_or(&name),
        BEGIN,
        MOST_MISTAKES,
    )
}

/// Whether a key of a secret is a word that was meant to be one, and not the secret that stands after `text` without its blank.
pub fn is_word(name: &str) -> bool {
    name.len() <= LONGEST_WORD
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether a name was meant to be one of others, or is it.
pub fn is_spelt<'m>(name: &str, others: impl IntoIterator<Item = &'m str>) -> bool {
    let name = letters(name);
    others.into_iter().any(|meant| {
        // A text may have a million names: most are too short or too long.
        let length = meant.bytes().filter(u8::is_ascii_alphanumeric).count();
        let limit = length / 4;
        name.len().abs_diff(length) <= limit && is_near(&name, &letters(meant), limit)
    })
}

/// Whether what has this name was meant to be the text of a secret.
pub fn holds_text(name: &str) -> bool {
    let name = letters(name);
    name.contains("secrettext") || is_near(&name, "text", 1) || is_near(&name, "txt", 0)
}

/// Whether a value of this name is secret in whatever file it stands: of a registry, say, in the source of a resource.
pub fn is_credential(name: &str) -> bool {
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
pub fn is_path(value: &str) -> bool {
    let is_shown = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/');
    value.contains('/') && value.len() <= LONGEST_PATH && value.bytes().all(is_shown)
}

/// Whether the id of a secret or an agent can be nothing else: not what follows it, if a sign between the two is missing.
pub fn is_id(id: &str) -> bool {
    let is_of_ids = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    id.len() <= LONGEST_ID && id.bytes().all(is_of_ids)
}

/// What of an agent, `id=path,path`, may be the text of a key instead of its path.
pub fn of_agent(agent: &str) -> Option<Range<usize>> {
    match agent.split_once('=') {
        // Several agents with commas between is a mistake that is better shown.
        None => (!agent.split(',').all(is_id)).then_some(0..agent.len()),
        Some((id, paths)) if paths.split(',').all(is_path) => (!is_id(id)).then_some(0..id.len()),
        Some((id, _)) if is_id(id) => Some(id.len() + 1..agent.len()),
        Some(_) => Some(0..agent.len()),
    }
}

/// What of a value of any name may be secret: what is so whatever it is, and what follows the name of a secret in an object in a
/// string, as it seems.
pub fn within(value: &str) -> Vec<Range<usize>> {
    let mut found = of_value(value);
    found.extend(after_name(value).map(|at| at..value.len()));
    found
}

/// What of a value is secret whatever its name is: a private key, or what a text logs in with.
fn of_value(value: &str) -> Vec<Range<usize>> {
    const OF_KEYS: [&str; 3] = ["PRIVATE KEY", "-----BEGIN", "-----END"];
    if OF_KEYS.iter().any(|sign| value.contains(sign)) {
        return iter::once(0..value.len()).collect();
    }
    login::logins(value)
}

/// The byte after the first such name that a colon follows, whatever quotes stand between.
fn after_name(text: &str) -> Option<usize> {
    words(text).find_map(|(at, word)| after_colon(text, at, word))
}

/// The byte from which on a text that cannot be read may hold a secret.
pub fn first_in(text: &str) -> Option<usize> {
    words(text).find_map(|(at, word)| {
        let letters = letters(word);
        let names_secret =
            PARTS.iter().any(|part| letters.contains(part)) || letters.ends_with("ssh");
        after_colon(text, at, word).or_else(|| names_secret.then_some(at))
    })
}

/// The byte after the colon that follows the name of a secret.
fn after_colon(text: &str, at: usize, word: &str) -> Option<usize> {
    let rest = text[at + word.len()..].trim_start_matches(['"', '\'', '\\']);
    let rest = rest.trim_start();
    let is_named = match rest.bytes().next() {
        Some(b':') => word.eq_ignore_ascii_case("text") || holds_secrets(word),
        // A line of an environment.
        Some(b'=') => is_of_parameter(word) || letters(word).contains("secrettext"),
        _ => false,
    };
    is_named.then(|| text.len() - rest.len() + 1)
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
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    letters
        .map(|letter| char::from(letter.to_ascii_lowercase()))
        .collect()
}

fn is_near(name: &str, meant: &str, limit: usize) -> bool {
    // A distance is costly, and most names are too short or too long for it.
    name.len().abs_diff(meant.len()) <= limit && strsim::osa_distance(name, meant) <= limit
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
    fn private_keys_and_logins_are_secret_whatever_their_name() {
        let secret = |value: &'static str| {
            let ranges = of_value(value).into_iter();
            ranges.map(|range| &value[range]).collect::<String>()
        };
        for (value, expected) in [
            ("https://u:xyzzy@m.example/a", "u:xyzzy"),
            (
                "-----BEGIN EC PRIVATE KEY-----",
                "-----BEGIN EC PRIVATE KEY-----",
            ),
            ("PRIVATE KEY----", "PRIVATE KEY----"),
            ("m.example", ""),
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
