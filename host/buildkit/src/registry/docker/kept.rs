//! What is kept for a registry and its parts, and which of it counts for the repositories that are wanted.
//!
//! Of several logins of one registry that one counts whose path is the longest part of the repository's.
//!
//! Reads and writes: nothing. Unknown here: where logins are written.

use std::cmp::Reverse;

use crate::registry::docker::namespace::Namespace;
use crate::registry::login::Login;
use crate::registry::repositories::Repositories;

/// A login that is kept for a part of a registry, or whom to ask for it.
pub(super) struct Kept {
    namespace: Namespace,
    pub(super) source: LoginSource,
}

/// A login, or the helper that knows it.
pub(super) enum LoginSource {
    Login(Login),
    Helper { helper: String, key: String },
}

impl Kept {
    pub(super) fn login(key: &str, login: Login) -> Self {
        Self {
            namespace: Namespace::of_key(key),
            source: LoginSource::Login(login),
        }
    }

    /// `None` where no helper is named: then the file keeps the login.
    pub(super) fn helper(key: &str, helper: &str) -> Option<Self> {
        (!helper.is_empty()).then(|| Self {
            namespace: Namespace::of_key(key),
            source: LoginSource::Helper {
                helper: helper.to_owned(),
                key: key.to_owned(),
            },
        })
    }

    /// Whether it comes to the same login, wherever that is written.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (LoginSource::Login(one), LoginSource::Login(two)) => one.is_like(two),
            (
                LoginSource::Helper { helper, key },
                LoginSource::Helper {
                    helper: other_helper,
                    key: other_key,
                },
            ) => helper == other_helper && key == other_key,
            _ => false,
        }
    }
}

/// The login for what the daemon wants of a registry. Only where the logins differ by repository is it waited for the name of
/// that.
pub(super) async fn chosen<'k>(
    kept: &'k [Kept],
    host: &str,
    repositories: &Repositories,
) -> Option<&'k LoginSource> {
    let first = kept.first()?;
    let whole = || kept.iter().find(|kept| kept.namespace.is_whole());
    if kept.iter().all(|other| other.is_like(first)) {
        return Some(&first.source);
    }
    if kept.iter().all(|kept| kept.namespace.is_whole()) {
        return Some(&first.source);
    }
    let named = repositories.of(host).await;
    let best = |repository: &String| {
        let fits = kept
            .iter()
            .filter_map(|kept| Some((kept.namespace.fit(repository)?, kept)));
        // The first of those that fit equally well.
        fits.min_by_key(|(length, _)| Reverse(*length))
            .map(|(_, kept)| kept)
    };
    let fits: Vec<&Kept> = named.iter().filter_map(best).collect();
    match fits.first() {
        None => whole(),
        Some(first) if fits.iter().all(|other| other.is_like(first)) => Some(*first),
        // The daemon does not say for which of several repositories it asks: then as Docker does, which knows none.
        Some(first) => whole().or(Some(first)),
    }
    .map(|kept| &kept.source)
}
