//! Variables of the environment that log in to layer caches, where a request does not: those that `docker buildx` reads, too.
//!
//! Reads: the environment. Writes: nothing. Unknown here: plans.

use std::collections::BTreeMap;
use std::ffi::OsString;

use oci_image_schema::layer_cache::{GHA, S3};

use crate::boundary::secret_bytes::SecretBytes;

/// The token of a run of GitHub's Actions.
pub(super) const GHA_TOKEN: &str = "ACTIONS_RUNTIME_TOKEN";
/// Where its cache is; and where that of the second version is, which counts where `GHA_IS_SECOND` is true.
pub(super) const GHA_URL: &str = "ACTIONS_CACHE_URL";
const GHA_URL_OF_SECOND: &str = "ACTIONS_RESULTS_URL";
const GHA_IS_SECOND: &str = "ACTIONS_CACHE_SERVICE_V2";
/// The variables of a login to S3, and the attributes that they stand for.
const OF_S3: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "session_token"),
];

/// Variables that log in to layer caches.
#[derive(Debug, Clone, Default)]
pub struct CacheVariables(BTreeMap<&'static str, SecretBytes>);

impl CacheVariables {
    /// Those of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Those that have a value.
    pub fn from_variables(value: impl Fn(&str) -> Option<OsString>) -> Self {
        let of_s3 = OF_S3.iter().map(|(variable, _)| *variable);
        let names = [GHA_TOKEN, GHA_URL, GHA_URL_OF_SECOND, GHA_IS_SECOND];
        let given = names.into_iter().chain(of_s3).filter_map(|name| {
            let value = value(name).filter(|value| !value.is_empty())?;
            Some((name, SecretBytes::new(value.into_encoded_bytes())))
        });
        Self(given.collect())
    }

    /// Adds what they say of a cache, for those attributes that it has not.
    pub(super) fn add(&self, kind: &str, attributes: &mut BTreeMap<String, String>) {
        match kind {
            GHA => self.add_gha(attributes),
            S3 => self.add_s3(attributes),
            _ => {}
        }
    }

    fn add_gha(&self, attributes: &mut BTreeMap<String, String>) {
        let is_second = self.text(GHA_IS_SECOND);
        let is_second =
            is_second.is_some_and(|text| matches!(&*text, "1" | "true" | "True" | "TRUE"));
        let second = is_second.then_some(("url_v2", GHA_URL_OF_SECOND));
        for (key, variable) in [("token", GHA_TOKEN), ("url", GHA_URL)]
            .into_iter()
            .chain(second)
        {
            if let (false, Some(text)) = (attributes.contains_key(key), self.text(variable)) {
                attributes.insert(key.to_owned(), text);
            }
        }
    }

    /// A login is of one piece: a key of the environment does not go with the id of the request.
    fn add_s3(&self, attributes: &mut BTreeMap<String, String>) {
        if OF_S3.iter().any(|(_, key)| attributes.contains_key(*key)) {
            return;
        }
        let login = OF_S3.map(|(variable, key)| Some((key.to_owned(), self.text(variable)?)));
        if let [Some(id), Some(key), token] = login {
            attributes.extend([id, key].into_iter().chain(token));
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?;
        Some(String::from_utf8_lossy(value.reveal()).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(kind: &str, written: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        let value = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let mut attributes = (written.iter())
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        CacheVariables::from_variables(value).add(kind, &mut attributes);
        let pairs = attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        pairs.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn login_of_s3_is_that_of_the_request_or_that_of_the_environment() {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "i"),
            ("AWS_SECRET_ACCESS_KEY", "k"),
            ("AWS_SESSION_TOKEN", ""),
        ];
        assert_eq!(
            added("s3", &[], &variables),
            "access_key_id=i secret_access_key=k"
        );
        assert_eq!(
            added("s3", &[("access_key_id", "mine")], &variables),
            "access_key_id=mine"
        );
        assert_eq!(added("s3", &[], &variables[..1]), "");
        assert_eq!(added("registry", &[], &variables), "");
    }

    #[test]
    fn cache_of_actions_is_that_of_the_run() {
        let variables = [
            ("ACTIONS_RUNTIME_TOKEN", "t"),
            ("ACTIONS_CACHE_URL", "u"),
            ("ACTIONS_RESULTS_URL", "v"),
            ("ACTIONS_CACHE_SERVICE_V2", "true"),
        ];
        assert_eq!(added("gha", &[], &variables[..3]), "token=t url=u");
        assert_eq!(added("gha", &[], &variables), "token=t url=u url_v2=v");
        assert_eq!(
            added("gha", &[("token", "x"), ("url", "y")], &variables[..3]),
            "token=x url=y"
        );
    }
}
