//! Near misses: which known word was probably meant.
//!
//! Source: `strsim`; the limits are ours, chosen on the object's keys (tests).

/// The longest word that is compared: a comparison costs the product of the lengths.
const MAX_LENGTH: usize = 64;

/// The candidate that `word` was probably meant to be: a third of the letters may differ, case and `-` for `_` do not count; else
/// the first that ends in the word: `secrets` for `buildkit_secrets`.
pub(crate) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let word = word.to_ascii_lowercase().replace('-', "_");
    let length = word.chars().count();
    let limit = (length / 3).max(1);
    let near = candidates
        .iter()
        // Of letters that one has more, each is a mistake. Candidates are ASCII.
        .filter(|candidate| candidate.len().abs_diff(length) <= limit)
        .map(|candidate| {
            (
                strsim::osa_distance(&word, &candidate.to_ascii_lowercase().replace('-', "_")),
                *candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance);
    near.map(|(_, candidate)| candidate).or_else(|| {
        let tail = |candidate: &&&str| {
            candidate
                .strip_suffix(&*word)
                .is_some_and(|head| head.ends_with('_'))
        };
        candidates.iter().find(tail).copied()
    })
}

#[cfg(test)]
mod tests {
    use oci_image_schema::key::NAMES;

    use super::*;

    #[test]
    fn likely_mistakes_find_the_key_that_was_meant() {
        for (wrong, right) in [
            ("dockerfil", "dockerfile"),
            ("Dockerfile", "dockerfile"),
            ("build_arg", "build_args"),
            ("build-args", "build_args"),
            ("BUILD_ARGS", "build_args"),
            ("contxt", "context"),
            ("label", "labels"),
            ("secrets", "buildkit_secrets"),
            ("platform", "image_platform"),
            ("mirrors", "registry_mirrors"),
        ] {
            assert_eq!(nearest(wrong, NAMES), Some(right), "{wrong}");
        }
    }

    #[test]
    fn a_word_that_is_far_from_all_finds_none() {
        assert_eq!(nearest("privileged", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), NAMES), None);
    }
}
