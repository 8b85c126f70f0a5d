//! Listed: for which registries a configuration keeps logins, and where; never what they are. No helper is asked.
//!
//! Reads and writes: nothing.

use std::path::Path;

use crate::registry::docker::document::{Document, VARIABLE};
use crate::registry::docker::namespace::{Namespace, without_user};
use crate::registry::login::{Login, Origin};

/// That a login is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLogin {
    /// The registry, or the part of one, as it is written; `None`: every registry that is not named.
    pub registry: Option<String>,
    /// Where it is kept.
    pub origin: Origin,
    /// Whether it can be read; what a helper keeps is believed to.
    pub is_readable: bool,
}

/// All that the variable and the document at `path` keep, the variable first.
pub(super) fn listed(
    variable: &[(String, Login)],
    document: &Document,
    path: &Path,
) -> Vec<ListedLogin> {
    let helper = |helper: &str| Origin::Helper {
        program: format!("docker-credential-{helper}"),
        configured_in: path.to_owned(),
    };
    let kept = |key: &str, origin| ListedLogin {
        registry: Some(without_user(key)),
        origin,
        is_readable: true,
    };
    let store = document.store.as_str();
    let variables = variable
        .iter()
        .map(|(key, _)| kept(key, Origin::Variable(VARIABLE)));
    let helpers = document.helpers.iter().filter(|(_, name)| !name.is_empty());
    let helpers = helpers.map(|(key, name)| kept(key, helper(name)));
    let entries = document.auths.iter().filter_map(|(key, entry)| {
        if document
            .helpers
            .get(key)
            .is_some_and(|name| !name.is_empty())
        {
            return None; // listed with its helper, which keeps it in place of the file
        }
        if !store.is_empty() && Namespace::of_key(key).is_whole() {
            return Some(kept(key, helper(store)));
        }
        let written = entry.login();
        let is_readable = written.is_ok();
        let is_empty = matches!(written, Ok(None));
        (!is_empty).then(|| ListedLogin {
            is_readable,
            ..kept(key, Origin::File(path.to_owned()))
        })
    });
    let others = (!store.is_empty()).then(|| ListedLogin {
        registry: None,
        origin: helper(store),
        is_readable: true,
    });
    variables
        .chain(helpers)
        .chain(entries)
        .chain(others)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let document = Document::read(text.as_bytes()).ok();
        let logins = listed(&[], &document.unwrap_or_default(), Path::new("/c"));
        let line = |login: ListedLogin| {
            let registry = login.registry.unwrap_or_else(|| "others".to_owned());
            let mark = if login.is_readable { "" } else { "!" };
            format!("{registry}{mark}: {}", login.origin)
        };
        logins.into_iter().map(line).collect()
    }

    #[test]
    fn logins_are_listed_with_where_they_are_and_without_what_they_are() {
        let file = r#"{"auths": {"a.test": {"auth": "dTpodW50ZXIy"}, "https://u:hunter2@b.test/v1/": {"auth": "dTpw"},
            "empty.test": {}, "odd.test": {"auth": "hunter2"}}, "credHelpers": {"c.test": "pass", "none.test": ""}}"#;
        assert_eq!(
            told(file),
            [
                "c.test: `docker-credential-pass`, which `/c` names",
                "a.test: `/c`",
                "https://b.test/v1/: `/c`",
                "odd.test!: `/c`",
            ]
        );

        let store = r#"{"auths": {"a.test": {}, "a.test/team": {"auth": "dTpw"}}, "credsStore": "desktop"}"#;
        assert_eq!(
            told(store),
            [
                "a.test: `docker-credential-desktop`, which `/c` names",
                "a.test/team: `/c`",
                "others: `docker-credential-desktop`, which `/c` names",
            ]
        );
        assert_eq!(told(""), Vec::<String>::new());
    }
}
