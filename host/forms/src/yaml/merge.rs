//! Merge keys: `<<`, whose value is a map, or a list of maps, that a map takes over.
//!
//! A map that is written out there stands in the JSON of the one around it, and one that an alias stands for is copied at that one's
//! end. Which of two entries of one name counts is told by their ranks: by the specification what is written, then what was
//! merged first; for Concourse whatever comes last, also what is merged over an entry that is written. In a list the first map counts.
//!
//! Source: YAML 1.1, `merge.html`; for Concourse what `go.yaml.in/yaml/v2` does.

use std::ops::Range;

use super::scalar::Dialect;

/// A map that is merged where it is written, and that aliases stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedMerge {
    pub(super) anchor: usize,
    /// Where its entries begin in the JSON.
    pub(super) json_start: usize,
    /// How many entries of others were taken over before.
    pub(super) maps: usize,
    /// How many merges were open around it.
    pub(super) level: usize,
}

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

/// Where an entry stands among the merges of its map: of two, the greater counts. All but the last number tell its own map.
pub(super) type Rank = Vec<i64>;

/// A map that an alias stands for, to be taken over.
pub(super) struct Merged {
    /// It, in the JSON.
    pub(super) json: Range<usize>,
    /// The alias, in the YAML.
    pub(super) alias: Range<usize>,
    pub(super) rank: Rank,
}

/// The merge keys of a map that is not at its end.
#[derive(Default)]
pub(super) struct Merges {
    /// What is open, from the outermost.
    pub(super) open: Vec<Merging>,
    pub(super) maps: Vec<Merged>,
    /// Those of the open ones that have names.
    pub(super) named: Vec<NamedMerge>,
    /// The ranks of the entries that stand in the JSON, in their order.
    pub(super) written: Vec<Rank>,
    /// The rank of what is open.
    within: Rank,
    steps: i64,
}

impl Merges {
    /// Whether a map comes next, or a list of some.
    pub(super) fn wants_map(&self) -> bool {
        matches!(self.open.last(), Some(Merging::Value | Merging::List))
    }

    /// Whether anything was merged.
    pub(super) fn are_some(&self) -> bool {
        !self.maps.is_empty() || self.written.iter().any(|rank| rank.len() > 1)
    }

    /// A key is written.
    pub(super) fn write(&mut self, dialect: Dialect) {
        let step = self.step();
        let mut rank = self.within.clone();
        rank.push(match dialect {
            Dialect::Core => i64::MAX,
            Dialect::Concourse => step,
        });
        self.written.push(rank);
    }

    /// A `<<` was read.
    pub(super) fn begin(&mut self, dialect: Dialect) {
        let step = self.step();
        self.within.push(match dialect {
            Dialect::Core => -step,
            Dialect::Concourse => step,
        });
        self.open.push(Merging::Value);
    }

    /// Begins what comes after a `<<`, or in its list.
    pub(super) fn enter(&mut self, level: Merging) {
        self.open.pop_if(|level| *level == Merging::Value);
        self.open.push(level);
        if level == Merging::Map {
            let step = self.step();
            self.within.push(-step);
        }
    }

    /// Remembers what an alias stands for.
    pub(super) fn take(&mut self, json: Range<usize>, alias: Range<usize>) {
        let step = self.step();
        let mut rank = self.within.clone();
        rank.extend([-step, 0]);
        self.maps.push(Merged { json, alias, rank });
        if self.open.pop_if(|level| *level == Merging::Value).is_some() {
            self.within.pop();
        }
    }

    /// Ends what was open last; `false` if nothing was.
    pub(super) fn leave(&mut self) -> bool {
        let Some(level) = self.open.pop() else {
            return false;
        };
        self.within.pop();
        if level == Merging::Map && self.open.last() != Some(&Merging::List) {
            self.within.pop();
        }
        true
    }

    fn step(&mut self) -> i64 {
        self.steps += 1;
        self.steps
    }
}

/// Where a key and its value stand in the JSON.
pub(crate) type MergedEntry = (Range<usize>, Range<usize>);

/// The keys and values of a map, in JSON without white space, and where they stand.
pub(crate) fn entries(json: &str, map: Range<usize>) -> Vec<MergedEntry> {
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

/// The items of a list, in JSON without white space.
pub(crate) fn items(json: &str, list: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = list.start + 1;
    while at + 1 < list.end {
        let item = at..end_of_value(json, at);
        at = item.end + 1;
        found.push(item);
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

/// Where the string ends that begins at a byte: at its closing quote.
pub(crate) fn closing_quote(json: &[u8], start: usize) -> usize {
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

    #[test]
    fn items_of_a_list_are_found_whatever_they_hold() {
        let json = r#"[{"a":[1,"]"]},"b,",[],2]"#;
        let found: Vec<&str> = items(json, 0..json.len())
            .into_iter()
            .map(|item| &json[item])
            .collect();

        assert_eq!(found, [r#"{"a":[1,"]"]}"#, r#""b,""#, "[]", "2"]);
        assert!(items("[]", 0..2).is_empty());
    }
}
