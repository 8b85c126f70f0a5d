//! Merge keys: `<<`, whose value is a map, or a list of maps, that a map takes over.
//!
//! A map that is written out there becomes part of the one around it as it is read. One that an alias stands for is taken over at that
//! one's end: what is written counts, then what was merged first.
//!
//! Source: YAML 1.1, `merge.html`.

use std::collections::BTreeSet;
use std::ops::Range;

/// What is open below a `<<` of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merging {
    /// Its value comes next.
    Value,
    /// A list of maps.
    List,
    /// A map, whose entries become those of the map around it.
    Map,
}

/// A map that an alias stands for, to be taken over.
pub(super) struct Merged {
    /// It, in the JSON.
    pub(super) json: Range<usize>,
    /// The alias, in the YAML.
    pub(super) alias: Range<usize>,
}

/// The merge keys of a map that is not at its end.
#[derive(Default)]
pub(super) struct Merges {
    /// What is open, from the outermost.
    pub(super) open: Vec<Merging>,
    pub(super) maps: Vec<Merged>,
    /// Where the keys that are written stand in the JSON.
    pub(super) keys: Vec<Range<usize>>,
}

impl Merges {
    /// Whether a map comes next, or a list of some.
    pub(super) fn wants_map(&self) -> bool {
        matches!(self.open.last(), Some(Merging::Value | Merging::List))
    }

    /// The keys that are written.
    pub(super) fn written(&self, json: &str) -> BTreeSet<String> {
        self.keys
            .iter()
            .map(|key| json[key.clone()].to_owned())
            .collect()
    }
}

/// The keys and values of a map, in JSON without white space, and where they stand.
pub(super) fn entries(json: &str, map: Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = map.start + 1;
    while at + 1 < map.end {
        let key = at..end_of_value(json, at);
        let value = key.end + 1..end_of_value(json, key.end + 1);
        at = value.end + 1;
        found.push((key, value));
    }
    found
}

/// Where the value ends that begins at a byte.
fn end_of_value(json: &str, start: usize) -> usize {
    let bytes = json.as_bytes();
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = closing_quote(bytes, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' | b':' | b'}' | b']' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

fn closing_quote(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_map_are_found_whatever_they_hold() {
        let json = r#"[{"a":1,"b\"}":{"c":[2,"]"]},"d":""},{}]"#;
        let found = |map: &str| {
            let start = json.find(map).expect("it is there");
            entries(json, start..start + map.len())
                .into_iter()
                .map(|(key, value)| (&json[key], &json[value]))
                .collect::<Vec<_>>()
        };

        let map = r#"{"a":1,"b\"}":{"c":[2,"]"]},"d":""}"#;
        let expected = [
            (r#""a""#, "1"),
            (r#""b\"}""#, r#"{"c":[2,"]"]}"#),
            (r#""d""#, r#""""#),
        ];
        assert_eq!(found(map), expected);
        assert_eq!(found("{}"), []);
    }
}
