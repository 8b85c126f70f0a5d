//! Names before which a secret may stand, however they are spelt: what is misspelt is a secret all the same, and a report shows
//! its line.
//!
//! Unknown here: what is right. Source: `oci_image_schema`: `buildkit_secrets`, `text`, `BUILDKIT_SECRETTEXT_...`.

use std::iter;
use std::ops::Range;

use oci_image_schema::login;

use crate::letters::Letters;

/// What is left of a name that a wrong sign breaks in two.
static PARTS: [Letters<'_>; 5] = [
    Letters::known("secr"),
    Letters::known("cret"),
    Letters::known("ttext"),
    Letters::known("buildkits"),
    Letters::known("kitssh"),
];
static SECRET: Letters<'_> = Letters::known("secret");
static SECRET_TEXT: Letters<'_> = Letters::known("secrettext");
/// What the map of secrets is called, and what a parameter of one begins with.
static OF_SECRETS: Letters<'_> = Letters::known("buildkitsecrets");
static OF_PARAMETERS: Letters<'_> = Letters::known("buildkitsecret");
/// What the text of a secret is called.
static TEXT: Letters<'_> = Letters::known("text");
static TXT: Letters<'_> = Letters::known("txt");
static PASSWORD: Letters<'_> = Letters::known("password");
/// What the name of a value has that is secret in whatever file it stands.
static OF_CREDENTIALS: [Letters<'_>; 6] = [
    Letters::known("password"),
    Letters::known("passwd"),
    Letters::known("token"),
    Letters::known("credential"),
    Letters::known("privatekey"),
    Letters::known("accesskey"),
];
/// What the lists of layer caches are called, in which secrets stand within texts.
static OF_CACHES: [Letters<'_>; 2] = [Letters::known("cachefrom"), Letters::known("cacheto")];
/// How many letters of the name of a map of secrets may be wrong.
const MOST_MISTAKES: usize = 3;
/// How long a word may be that is a key, in bytes.
const LONGEST_WORD: usize = 8;
/// How long an id may be that is shown, in bytes.
const LONGEST_ID: usize = 64;
/// How long the path of a secret may be that is shown, in bytes.
const LONGEST_PATH: usize = 200;

/// Whether a map of this name was meant to hold secrets.
pub(crate) fn holds_secrets(name: &Letters<'_>) -> bool {
    name.contain(&SECRET) || name.are_near(&OF_SECRETS, MOST_MISTAKES)
}

/// Whether a variable of this name was meant to be a parameter that says what a secret is, or where.
pub fn is_of_parameter(name: &str) -> bool {
    let name = Letters::of(name);
    let name = name.as_str();
    let begin = name.get(..OF_PARAMETERS.as_str().len()).unwrap_or(name);
    Letters::of(begin).are_near(&OF_PARAMETERS, MOST_MISTAKES)
}

/// Whether a key of a secret is a word that was meant to be one, and not the secret that stands after `text` without its blank.
pub fn is_word(name: &str) -> bool {
    name.len() <= LONGEST_WORD
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Whether what has this name was meant to be the text of a secret.
pub(crate) fn holds_text(name: &Letters<'_>) -> bool {
    name.contain(&SECRET_TEXT) || name.are_near(&TEXT, 1) || *name == TXT
}

/// Whether a value of this name is secret in whatever file it stands: of a registry, say, in the source of a resource.
pub(crate) fn is_credential(name: &Letters<'_>) -> bool {
    OF_CREDENTIALS.iter().any(|part| name.contain(part))
        || matches!(name.as_str(), "auth" | "pass" | "pwd")
        || name.are_near(&PASSWORD, 2)
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
        let letters = Letters::of(word);
        let names_secret = PARTS.iter().any(|part| letters.contain(part))
            || letters.as_str().ends_with("ssh")
            || is_credential(&letters)
            || OF_CACHES.iter().any(|name| letters.are_spelt(name));
        after_colon(text, at, word).or_else(|| names_secret.then_some(at))
    })
}

/// The byte after the colon that follows the name of a secret.
fn after_colon(text: &str, at: usize, word: &str) -> Option<usize> {
    let rest = text[at + word.len()..].trim_start_matches(['"', '\'', '\\']);
    let rest = rest.trim_start();
    let is_named = match rest.bytes().next() {
        Some(b':') => word.eq_ignore_ascii_case("text") || holds_secrets(&Letters::of(word)),
        // A line of an environment.
        Some(b'=') => is_of_parameter(word) || Letters::of(word).contain(&SECRET_TEXT),
        _ => false,
    };
    is_named.then(|| text.len() - rest.len() + 1)
}

/// The words of a text, and where each begins.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
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
            assert!(holds_secrets(&Letters::of(name)), "{name}");
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
            assert!(holds_text(&Letters::of(name)), "{name}");
        }
        for name in ["context", "build_args", "registries", "", "target"] {
            let letters = Letters::of(name);
            assert!(!holds_secrets(&letters) && !holds_text(&letters), "{name}");
        }
    }

    #[test]
    fn credentials_are_known_in_whatever_spelling() {
        for name in ["Password", "pasword", "pass_wrd", "auth", "identitytoken"] {
            assert!(is_credential(&Letters::of(name)), "{name}");
        }
        for name in ["author", "path", "passphrase_file", "repository"] {
            assert!(!is_credential(&Letters::of(name)), "{name}");
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
