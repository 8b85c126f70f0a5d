//! Images that are offered to the daemon in the place of what a registry has.
//!
//! Frontends name an image as one of a registry, with any tag or digest. A policy of the solve turns such a name into our store's. A
//! named context (`context:NAME`) would stand for one tag only, and its steps would carry the session, so that equal ones of several
//! solves would be different.
//!
//! Reads and writes: nothing. Unknown here: where blobs are (`content`).
//! Source: BuildKit, `sourcepolicy`, `source/containerimage/ocilayout.go`.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use bollard_buildkit_proto::moby::buildkit::v1::sourcepolicy::{
    MatchType, Policy, PolicyAction, Rule, Selector, Update,
};
use oci_spec::image::Digest;

use crate::content::BlobSource;

/// Under which attribute of a source its store is named.
const STORE: &str = "oci.store";

/// An image offered to the daemon under the name of a repository, of which no registry is asked then.
#[derive(Clone)]
pub struct OfferedImage {
    /// The repository, in full: `HOST/NAME`. A frontend may add any tag to it, or the digest of a manifest that `blobs` has.
    pub repository: String,
    /// What every tag means: a manifest, or an index.
    pub digest: Digest,
    /// Its manifests, configs and layers.
    pub blobs: Arc<dyn BlobSource>,
}

impl OfferedImage {
    /// The name of its store.
    pub(crate) fn store(&self) -> String {
        format!("oci:{}", self.repository)
    }

    /// A name with a digest stands for the manifest of that digest, any other for the image's own.
    fn rules(&self) -> [Rule; 2] {
        let (name, tag) = (escaped(&self.repository), "(?::[0-9A-Za-z_.-]+)?");
        [
            self.rule(
                format!("^docker-image://{name}{tag}@([0-9A-Za-z_.+-]+:[0-9A-Za-z]+)$"),
                "${1}",
            ),
            self.rule(
                format!("^docker-image://{name}{tag}$"),
                self.digest.as_ref(),
            ),
        ]
    }

    fn rule(&self, names: String, digest: &str) -> Rule {
        Rule {
            action: PolicyAction::Convert.into(),
            selector: Some(Selector {
                identifier: names,
                match_type: MatchType::Regex.into(),
                constraints: Vec::new(),
            }),
            updates: Some(Update {
                identifier: format!("oci-layout://{}@{digest}", self.repository),
                attrs: HashMap::from([(STORE.to_owned(), self.repository.clone())]),
            }),
        }
    }
}

impl Debug for OfferedImage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfferedImage")
            .field("repository", &self.repository)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// The policy of a solve that has these images; `None` if it has none.
pub(crate) fn policy(images: &[OfferedImage]) -> Option<Policy> {
    (!images.is_empty()).then(|| Policy {
        version: 1,
        rules: images.iter().flat_map(OfferedImage::rules).collect(),
    })
}

/// A text as the daemon's regular expressions have it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use regex::Regex;

    use super::*;
    use crate::content::OpenBlob;

    struct Nothing;

    impl BlobSource for Nothing {
        fn open(&self, _digest: &Digest) -> io::Result<Option<Box<dyn OpenBlob>>> {
            Ok(None)
        }

        fn path(&self, _digest: &Digest) -> PathBuf {
            PathBuf::new()
        }
    }

    /// What the policy of one image makes of a name, as the daemon reads it.
    fn converted(name: &str) -> Option<String> {
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = OfferedImage {
            repository: "preloaded.invalid/base".to_owned(),
            digest: digest.parse().unwrap(),
            blobs: Arc::new(Nothing),
        };
        let rules = policy(&[image]).unwrap().rules;
        rules.into_iter().find_map(|rule| {
            let names = Regex::new(&rule.selector.unwrap().identifier).unwrap();
            let update = rule.updates.unwrap().identifier;
            let is_meant = names.is_match(name);
            is_meant.then(|| names.replace(name, update.as_str()).into_owned())
        })
    }

    #[test]
    fn any_tag_means_the_image_and_a_digest_what_it_names() {
        let (own, other) = ("a".repeat(64), "b".repeat(64));
        let name = "docker-image://preloaded.invalid/base";
        let means = |digest: &str| {
            Some(format!(
                "oci-layout://preloaded.invalid/base@sha256:{digest}"
            ))
        };

        assert_eq!(converted(name), means(&own));
        assert_eq!(converted(&format!("{name}:3.20-slim_1")), means(&own));
        assert_eq!(converted(&format!("{name}@sha256:{other}")), means(&other));
        assert_eq!(
            converted(&format!("{name}:a@sha256:{other}")),
            means(&other)
        );
        for another in [
            "docker-image://preloadedxinvalid/base:latest",
            "docker-image://preloaded.invalid/base-2:latest",
            "docker-image://preloaded.invalid/base/more:latest",
            "docker-image://registry.example/preloaded.invalid/base:latest",
            "oci-layout://preloaded.invalid/base:latest",
        ] {
            assert_eq!(converted(another), None, "{another}");
        }
    }

    #[test]
    fn a_solve_without_such_images_has_no_policy() {
        assert_eq!(policy(&[]), None);
    }
}
