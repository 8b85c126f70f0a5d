//! The document: what `config.json` says, read as Go's `encoding/json` reads it for Docker.
//!
//! Null is the same as nothing wherever it stands, the case of a key does not count, and neither does what follows the
//! document. Of all the keys only those about logins are read; what stands in the others cannot be wrong.
//!
//! Reads and writes: nothing. Unknown here: files, environments, which login is meant.
//! Source: docker/cli v29.6.2, `cli/config/configfile`; Go's `encoding/json` and `encoding/base64`.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// The variable whose logins count beside those of the file. It holds passwords: no process that is started is given it.
pub const VARIABLE: &str = "DOCKER_AUTH_CONFIG";

/// As Go's `StdEncoding` decodes; that refuses a text without its padding, which is no less clear.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is said of logins. In order of the keys, so that nothing depends on chance.
#[derive(Default)]
pub(super) struct Document {
    /// Logins, by registry or by a part of one.
    pub(super) auths: BTreeMap<String, AuthEntry>,
    /// `credHelpers`: the helper for a registry.
    pub(super) helpers: BTreeMap<String, String>,
    /// `credsStore`: the helper for all others; empty if there is none.
    pub(super) store: String,
}

/// One login as it is written.
#[derive(Default)]
pub(super) struct AuthEntry {
    auth: String,
    username: String,
    password: String,
    identity_token: String,
    registry_token: String,
}

/// What an entry amounts to; the fields that it does not use are empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) username: String,
    pub(super) password: String,
    /// Sent to the registry as it is.
    pub(super) registry_token: String,
}

/// What a credential helper prints, read in the same way.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) username: String,
    pub(super) secret: String,
}

/// `auth` is not `user:password` in base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undecodable;

impl Document {
    /// The document at the beginning of `text`; an empty text is an empty document.
    ///
    /// # Errors
    /// The parser's, whose message may quote a password: only its place may be shown.
    pub(super) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        first(text).unwrap_or_else(|| Ok(Self::default()))
    }
}

impl Answer {
    /// The answer at the beginning of what was printed; `None` if there is none.
    pub(super) fn read(printed: &[u8]) -> Option<Self> {
        first(printed)?.ok()
    }
}

/// The first document of a text; `None` if there is nothing.
fn first<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Option<Result<T, serde_json::Error>> {
    // Go takes what is no UTF-8 in a string for U+FFFD; outside of strings it is as wrong as that is.
    let text = String::from_utf8_lossy(text);
    serde_json::Deserializer::from_str(&text).into_iter().next()
}

impl AuthEntry {
    /// The login; `None` if the entry holds none.
    pub(super) fn login(&self) -> Result<Option<Written>, Undecodable> {
        let (username, password) = match self.auth.as_str() {
            "" => (self.username.clone(), self.password.clone()),
            auth => decode(auth).ok_or(Undecodable)?,
        };
        let (username, password) = match self.identity_token.as_str() {
            "" => (username, password),
            token => (String::new(), token.to_owned()),
        };
        let is_empty = password.is_empty() && self.registry_token.is_empty();
        Ok((!is_empty).then(|| Written {
            username,
            password,
            registry_token: self.registry_token.clone(),
        }))
    }
}

/// The user and the password of `auth`. Go passes over line breaks; Docker pads some passwords with zero bytes.
fn decode(auth: &str) -> Option<(String, String)> {
    let packed: String = auth.split_ascii_whitespace().collect();
    let text = String::from_utf8(BASE64.decode(packed).ok()?).ok()?;
    let (username, password) = text
        .split_once(':')
        .filter(|(username, _)| !username.is_empty())?;
    Some((username.to_owned(), password.trim_matches('\0').to_owned()))
}

/// What is read out of a JSON object, by keys of any case; null is the default.
trait Folded: Default {
    /// Takes the value of a key, which is in lower case, and passes over what it does not know.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

struct FoldedVisitor<T>(PhantomData<T>);

impl<'de, T: Folded> Visitor<'de> for FoldedVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut taken = T::default();
        while let Some(key) = map.next_key::<String>()? {
            taken.take(&key.to_ascii_lowercase(), &mut map)?;
        }
        Ok(taken)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoldedVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for AuthEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoldedVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FoldedVisitor(PhantomData))
    }
}

impl Folded for Answer {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "username" => &mut self.username,
            "secret" => &mut self.secret,
            _ => return map.next_value::<IgnoredAny>().map(drop),
        };
        replace(field, map.next_value()?);
        Ok(())
    }
}

impl Folded for Document {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "auths" => extend(&mut self.auths, map.next_value()?),
            "credhelpers" => {
                let helpers: Option<BTreeMap<String, Option<String>>> = map.next_value()?;
                let helpers = helpers.map(|helpers| {
                    let named =
                        |(key, helper): (String, Option<String>)| (key, helper.unwrap_or_default());
                    helpers.into_iter().map(named).collect()
                });
                extend(&mut self.helpers, helpers);
            }
            "credsstore" => replace(&mut self.store, map.next_value()?),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl Folded for AuthEntry {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "auth" => &mut self.auth,
            "username" => &mut self.username,
            "password" => &mut self.password,
            "identitytoken" => &mut self.identity_token,
            "registrytoken" => &mut self.registry_token,
            _ => return map.next_value::<IgnoredAny>().map(drop),
        };
        replace(field, map.next_value()?);
        Ok(())
    }
}

/// A key that stands twice adds to the first; null takes away what was there.
fn extend<T>(all: &mut BTreeMap<String, T>, more: Option<BTreeMap<String, T>>) {
    match more {
        Some(more) => all.extend(more),
        None => all.clear(),
    }
}

fn replace(text: &mut String, by: Option<String>) {
    if let Some(by) = by {
        *text = by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        Document::read(text.as_bytes()).unwrap()
    }

    fn login(entry: &str) -> Result<Option<Written>, Undecodable> {
        let text = format!(r#"{{"auths": {{"a": {entry}}}}}"#);
        read(&text).auths["a"].login()
    }

    fn written(username: &str, password: &str) -> Result<Option<Written>, Undecodable> {
        Ok(Some(Written {
            username: username.into(),
            password: password.into(),
            registry_token: String::new(),
        }))
    }

    #[test]
    fn null_and_nothing_are_the_same_wherever_they_stand() {
        for text in [
            "",
            " \n",
            "null",
            "{}",
            r#"{"auths": null, "credHelpers": null, "credsStore": null}"#,
            r#"{"HttpHeaders": 5, "psFormat": [], "plugins": null, "currentContext": {"deep": [1e999]}}"#,
        ] {
            let document = read(text);

            assert!(document.auths.is_empty(), "{text}");
            assert!(document.helpers.is_empty(), "{text}");
            assert!(document.store.is_empty(), "{text}");
        }
        for entry in [
            "null",
            "{}",
            r#"{"auth": null}"#,
            r#"{"auth": "", "email": null}"#,
            r#"{"username": "u", "password": null, "identitytoken": null, "registrytoken": null}"#,
        ] {
            assert_eq!(login(entry), Ok(None), "{entry}");
        }
        assert_eq!(read(r#"{"credHelpers": {"a": null}}"#).helpers["a"], "");
    }

    #[test]
    fn the_case_of_keys_and_what_follows_the_document_do_not_count() {
        let document = read(
            "{\"AUTHS\": {\"a\": {\"Auth\": \"dTpw\"}}, \"credhelpers\": {\"b\": \"h\"}, \"CredsStore\": \"s\"}\n{]",
        );

        assert_eq!(document.auths["a"].login(), written("u", "p"));
        assert_eq!(document.helpers["b"], "h");
        assert_eq!(document.store, "s");
    }

    #[test]
    fn a_key_that_stands_twice_adds_to_the_first() {
        let document = read(
            r#"{"auths": {"a": {"auth": "dTpw"}, "b": {"auth": "dTpw"}}, "Auths": {"b": {"auth": "djpx"}}}"#,
        );

        assert_eq!(document.auths["a"].login(), written("u", "p"));
        assert_eq!(document.auths["b"].login(), written("v", "q"));
    }

    #[test]
    fn base64_may_be_broken_into_lines_and_lack_its_padding() {
        for auth in [
            r"dXNlcjpwYXNzdw==",
            r"dXNl\ncjpw\r\nYXNzdw==\n",
            r"dXNlcjpwYXNzdw",
            r" dXNlcjpwYXNzdx==",
        ] {
            let entry = format!(r#"{{"auth": "{auth}"}}"#);
            assert_eq!(login(&entry), written("user", "passw"), "{auth}");
        }
        for auth in ["hunter2", "dXNlcg==", "OnB3", "dXNlcjpwYXNz!", "/////w=="] {
            let entry = format!(r#"{{"auth": "{auth}"}}"#);
            assert_eq!(login(&entry), Err(Undecodable), "{auth}");
        }
    }

    #[test]
    fn a_token_wins_over_the_password_and_bytes_that_are_no_text_over_nothing() {
        let token = login(r#"{"auth": "dTpw", "identitytoken": "t"}"#);
        let registry = login(r#"{"registrytoken": "r"}"#);
        let padded = login(r#"{"auth": "dTpwAAA="}"#);
        let bytes = Document::read(b"{\"auths\": {\"\xff\": {\"auth\": \"dTpw\"}}}").unwrap();

        assert_eq!(token, written("", "t"));
        assert_eq!(registry.unwrap().unwrap().registry_token, "r".to_owned());
        assert_eq!(padded, written("u", "p"));
        assert_eq!(bytes.auths["\u{fffd}"].login(), written("u", "p"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in [
            "{",
            "[]",
            "5",
            "{\"auths\": []}",
            "{\"auths\": {\"a\": \"b\"}}",
            "nul",
            "\u{feff}{}",
        ] {
            assert!(Document::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
