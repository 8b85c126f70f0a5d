//! A part of a text in JSON, and where it stands: read one level at a time, because most of a pipeline is nobody's business here.

use std::ops::Range;

use crate::yaml::{entries_of, items_of};

/// A value in a text of JSON without white space, as `yaml` writes it.
#[derive(Debug, Clone)]
pub(super) struct JsonPart<'json> {
    whole: &'json str,
    range: Range<usize>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct JsonEntry<'json> {
    pub(super) name: String,
    /// The name's string, with its quotes.
    pub(super) key: Range<usize>,
    pub(super) value: JsonPart<'json>,
}

impl<'json> JsonPart<'json> {
    /// The whole of a text.
    pub(super) fn whole(json: &'json str) -> Self {
        Self {
            whole: json,
            range: 0..json.len(),
        }
    }

    /// As it is written.
    pub(super) fn json(&self) -> &'json str {
        &self.whole[self.range.clone()]
    }

    /// Another part of the same text, as it is written.
    pub(super) fn beside(&self, range: Range<usize>) -> &'json str {
        &self.whole[range]
    }

    /// Where it stands.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(super) fn is_map(&self) -> bool {
        self.json().starts_with('{')
    }

    pub(super) fn is_list(&self) -> bool {
        self.json().starts_with('[')
    }

    pub(super) fn is_null(&self) -> bool {
        self.json() == "null"
    }

    /// The entries of a map, in their order; none of anything else.
    pub(super) fn entries(&self) -> Vec<JsonEntry<'json>> {
        if !self.is_map() {
            return Vec::new();
        }
        let entry = |(key, value): (Range<usize>, Range<usize>)| JsonEntry {
            name: read(&self.whole[key.clone()]),
            key,
            value: self.at(value),
        };
        let entries = entries_of(self.whole, self.range.clone());
        entries.into_iter().map(entry).collect()
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> Vec<Self> {
        if !self.is_list() {
            return Vec::new();
        }
        let items = items_of(self.whole, self.range.clone());
        items.into_iter().map(|item| self.at(item)).collect()
    }

    /// The value of a key of a map; of two with one name the last, which counts for Concourse.
    pub(super) fn key(&self, name: &str) -> Option<Self> {
        let named = |entry: JsonEntry<'json>| (entry.name == name).then_some(entry.value);
        self.entries().into_iter().rev().find_map(named)
    }

    /// What a string says.
    pub(super) fn text(&self) -> Option<String> {
        self.json().starts_with('"').then(|| read(self.json()))
    }

    fn at(&self, range: Range<usize>) -> Self {
        Self {
            whole: self.whole,
            range,
        }
    }
}

/// What a string of JSON says.
fn read(string: &str) -> String {
    serde_json::from_str(string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_level_by_level_and_the_last_of_two_names_counts() {
        let whole = JsonPart::whole(r#"{"a":[{"b":"c\n"},1],"a":{"d":null}}"#);

        assert!(whole.is_map());
        assert_eq!(whole.key("a").unwrap().json(), r#"{"d":null}"#);
        assert!(whole.key("a").unwrap().key("d").unwrap().is_null());
        let first = &whole.entries()[0];
        let items: Vec<&str> = first.value.items().iter().map(JsonPart::json).collect();
        assert_eq!((&*first.name, first.key.clone()), ("a", 1..4));
        assert_eq!(items, [r#"{"b":"c\n"}"#, "1"]);
        assert_eq!(
            first.value.items()[0].key("b").unwrap().text().as_deref(),
            Some("c\n")
        );
        assert!(first.value.items()[1].text().is_none() && whole.items().is_empty());
    }
}
