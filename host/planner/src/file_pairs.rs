//! The pairs of a file of arguments or labels, as the host reads them: what a plan may hold of that file.
//!
//! The planner reads the same text for its diagnostics; here nothing is reported, and a text that is not sound has no pairs. That both
//! read alike is shown by generated files (tests).
//!
//! Reads and writes: nothing. Unknown here: where the text comes from. Source: `oci-build-task`'s `BUILD_ARGS_FILE`, `LABELS_FILE`.

use std::collections::BTreeMap;

use super::yaml_pairs;

/// What an editor marks a file with as UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Names and values; of one name, the last value.
pub(super) type Pairs = BTreeMap<String, String>;

/// The pairs of a file of build arguments: YAML if its name says so, else lines.
pub(super) fn arguments(path: &str, text: &str) -> Option<Pairs> {
    let is_yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    let pairs = if is_yaml {
        yaml_pairs::read(text)?
    } else {
        return lines(text);
    };
    Some(
        pairs
            .into_iter()
            .filter(|(name, _)| is_name(name))
            .collect(),
    )
}

/// The pairs of lines `NAME=VALUE`, of which blank ones and comments are skipped and nothing is trimmed.
pub(super) fn lines(text: &str) -> Option<Pairs> {
    let mut pairs = Pairs::new();
    for line in text.split('\n') {
        let meant = line.trim_start_matches(BYTE_ORDER_MARK).trim();
        if meant.is_empty() || meant.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        if is_name(name) {
            pairs.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(pairs)
}

/// Whether a name is one at all; what has none is passed over.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Option<Pairs> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Some(of.iter().map(owned).collect())
    }

    #[test]
    fn lines_are_pairs_with_nothing_trimmed_and_the_last_of_a_name_counts() {
        for (text, expected) in [
            ("A=1\nB= two \n", &[("A", "1"), ("B", " two ")] as &[_]),
            ("\n  \n# A=1\n  # B=2\n\r\nC=3\r\n", &[("C", "3\r")]),
            ("A=1\nA=2\nA=", &[("A", "")]),
            ("A=b=c\n", &[("A", "b=c")]),
            ("=1\n =2\nA=1", &[("A", "1")]),
            ("\u{feff}A=1\n\u{feff}#B=2", &[("\u{feff}A", "1")]),
            (" export A=1", &[(" export A", "1")]),
            ("", &[]),
        ] {
            assert_eq!(lines(text), pairs(expected), "{text:?}");
        }
    }

    #[test]
    fn line_without_equals_leaves_no_pair() {
        assert_eq!(lines("A=1\nB\n"), None);
    }

    #[test]
    fn name_of_the_file_says_that_it_is_yaml() {
        let text = "A: =1";
        for path in ["args.yml", "args.yaml"] {
            assert_eq!(arguments(path, text), pairs(&[("A", "=1")]), "{path}");
        }
        assert_eq!(arguments("args", text), pairs(&[("A: ", "1")]));
    }
}
