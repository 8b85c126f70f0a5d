//! A layer cache that could not be written, or that refused who reads it, and what a person may do about it.
//!
//! Reads, writes: nothing. Unknown here: which cache it was, of several of one type.
//! Source: BuildKit, `cache/remotecache` (names of steps), `control` (what an exporter is made of), `solver/llbsolver` (who reads).

use oci_image_schema::layer_cache::{AZBLOB, GHA, REGISTRY, S3};

use super::registry::says_refused;
use crate::failed_step::FailedStep;
use crate::line::one_line;

/// How the steps are named that write caches, and the types of those.
const WRITING: [(&str, &str); 4] = [
    ("exporting cache to registry", REGISTRY),
    ("exporting cache to Amazon S3", S3),
    ("exporting cache to Azure Blob Storage", AZBLOB),
    ("exporting to GitHub Actions Cache", GHA),
];
/// How the name of a step begins that reads one, before its type or reference.
const READING: &str = "importing cache manifest from ";
/// How the daemon says that it cannot begin to write.
const SETTINGS: (&str, &str) = ("failed to configure ", " cache exporter: ");
/// What the client of Azure draws between the parts of an answer, of which the last is a document.
const RULE: &str = "--------------------";

/// Why a layer cache could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFailure {
    /// Its type: `s3`.
    pub kind: String,
    /// What the daemon says.
    pub reason: String,
    /// Whether the steps were built until then.
    is_after_steps: bool,
}

impl CacheFailure {
    /// What a step of this name failed with, if that writes a layer cache.
    pub(super) fn of_step(name: &str, reason: &str) -> Option<Self> {
        let (_, kind) = WRITING.iter().find(|(step, _)| *step == name)?;
        Some(Self {
            kind: (*kind).to_owned(),
            reason: without_document(reason),
            is_after_steps: true,
        })
    }

    /// What a message says of one that the daemon could not begin with.
    #[must_use]
    pub fn of_settings(message: &str) -> Option<Self> {
        let message = one_line(message);
        let (_, found) = message.split_once(SETTINGS.0)?;
        let (kind, reason) = found.split_once(SETTINGS.1)?;
        Some(Self {
            kind: kind.to_owned(),
            reason: without_document(reason),
            is_after_steps: false,
        })
    }

    pub(super) fn headline(&self) -> String {
        let Self { kind, reason, .. } = self;
        format!("cannot write the layer cache of the type `{kind}`: {reason}")
    }

    /// Whether it is a registry that wants another login.
    pub(super) fn is_login_of_registry(&self) -> bool {
        self.kind == REGISTRY && wants_login(&self.kind, &self.reason)
    }

    pub(super) fn hint(&self) -> String {
        let what = if wants_login(&self.kind, &self.reason) {
            login(&self.kind, "write")
        } else if self.is_after_steps {
            "the steps are built, and whoever keeps the cache did not take it".to_owned()
        } else {
            "check its attributes in `cache_to` (in a task: `CACHE_TO`), and what logs in to it"
                .to_owned()
        };
        format!("{what}; {IGNORING}")
    }

    /// The warning where that ends no build.
    #[must_use]
    pub fn warning(&self) -> String {
        let Self { kind, reason, .. } = self;
        let warning = format!("the layer cache of the type `{kind}` was not written: {reason}");
        if wants_login(kind, reason) {
            return format!("{warning}: {}", login(kind, "write"));
        }
        warning
    }
}

/// The warnings about layer caches of a build that has succeeded: those that were not written, and those that want a login of who reads.
pub(crate) fn warnings(failed: &[FailedStep]) -> Vec<String> {
    let warning = |step: &FailedStep| {
        let reason = one_line(&step.error);
        match CacheFailure::of_step(&step.name, &reason) {
            Some(failure) => Some(failure.warning()),
            None => unread(&step.name, &without_document(&reason)),
        }
    };
    failed.iter().filter_map(warning).collect()
}

/// That of a step which reads one; that none is there is told by the step alone, as it is so before the first build.
fn unread(step: &str, reason: &str) -> Option<String> {
    let of = step.strip_prefix(READING)?;
    let found = [S3, AZBLOB, GHA].into_iter().find(|kind| {
        let rest = of.strip_prefix(kind);
        let number = rest.and_then(|rest| rest.strip_prefix(':'));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let (named, kind) = match found {
        Some(kind) => (format!("of the type `{kind}`"), kind),
        None => (format!("`{of}`"), REGISTRY),
    };
    let login = login(kind, "read");
    wants_login(kind, reason)
        .then(|| format!("the layer cache {named} was not read: {reason}: {login}"))
}

/// Whether a reason is about a login. Where a token is none, or has expired, S3 calls that a bad request, and of a question that has no
/// body says no more.
fn wants_login(kind: &str, reason: &str) -> bool {
    let reason = reason.to_lowercase();
    says_refused(&reason) || (kind == S3 && reason.contains("statuscode: 400"))
}

/// What logs in to a cache of this type.
fn login(kind: &str, act: &str) -> String {
    match kind {
        S3 => format!(
            "it wants another login: `access_key_id` and `secret_access_key` (else `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`) that \
             may {act} there"
        ),
        AZBLOB => format!(
            "it wants another login: `secret_access_key`, the key of an account that may {act} there"
        ),
        GHA => format!(
            "it wants another login: `token` (else `ACTIONS_RUNTIME_TOKEN`) of a run that may {act} there"
        ),
        _ => format!("it wants a login that may {act} there, in Docker's `config.json`"),
    }
}

/// A reason in one line, without the document that an answer of Azure ends with, which says the same.
fn without_document(reason: &str) -> String {
    let parts = reason.split(RULE).map(|part| part.trim_matches(['-', ' ']));
    let parts = parts.take_while(|part| !part.starts_with("<?xml"));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

/// What makes it no failure.
const IGNORING: &str =
    "with `ignore-error=true` in `cache_to` (in a task: `CACHE_TO`) it ends no build";

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, error: &str) -> FailedStep {
        FailedStep {
            digest: String::new(),
            number: 1,
            name: name.to_owned(),
            error: error.to_owned(),
            tail: Vec::new(),
            lines: 0,
        }
    }

    #[test]
    fn steps_that_write_caches_are_known_but_for_the_own_one() {
        for (name, expected) in [
            ("exporting cache to registry", Some("registry")),
            ("exporting cache to Amazon S3", Some("s3")),
            ("exporting cache to Azure Blob Storage", Some("azblob")),
            ("exporting to GitHub Actions Cache", Some("gha")),
            ("exporting cache to client directory", None),
            ("exporting to oci image format", None),
        ] {
            let found = CacheFailure::of_step(name, "forbidden");
            assert_eq!(found.map(|found| found.kind).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_was_wrong_with_its_settings_is_told_with_its_type() {
        let found = CacheFailure::of_settings(
            "failed to configure gha cache exporter: token not set for github actions cache",
        );

        assert_eq!(
            found.unwrap().headline(),
            "cannot write the layer cache of the type `gha`: token not set for github actions cache"
        );
        assert_eq!(CacheFailure::of_settings("failed to configure gha"), None);
    }

    #[test]
    fn of_an_answer_of_azure_the_words_stay() {
        let rule = "-".repeat(80);
        let reason = format!(
            "no container: GET http://a/b {rule} RESPONSE 403: 403 no. ERROR CODE: No {rule} <?xml version=\"1.0\"?><Error/> {rule}"
        );

        assert_eq!(
            without_document(&reason),
            "no container: GET http://a/b: RESPONSE 403: 403 no. ERROR CODE: No"
        );
    }

    #[test]
    fn caches_that_want_a_login_are_warned_of_and_absent_ones_are_not() {
        let steps = [
            step(
                "importing cache manifest from registry.example/a:s3",
                "x: not found",
            ),
            step(
                "importing cache manifest from s3:12",
                "api error Forbidden: Forbidden",
            ),
            step(
                "importing cache manifest from registry.example/a:s3",
                "401 Unauthorized",
            ),
            step("exporting cache to Amazon S3", "no such bucket"),
            step("exporting cache to Azure Blob Storage", "StatusCode: 400"),
            step("[1/2] RUN false", "401 Unauthorized"),
        ];

        assert_eq!(
            warnings(&steps),
            [
                "the layer cache of the type `s3` was not read: api error Forbidden: Forbidden: it wants another login: `access_key_id` \
                 and `secret_access_key` (else `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`) that may read there",
                "the layer cache `registry.example/a:s3` was not read: 401 Unauthorized: it wants a login that may read there, in \
                 Docker's `config.json`",
                "the layer cache of the type `s3` was not written: no such bucket",
                "the layer cache of the type `azblob` was not written: StatusCode: 400",
            ]
        );
    }
}
