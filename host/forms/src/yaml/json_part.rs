//! A part of a text in JSON, and where it stands: read one level at a time, because most of a pipeline is nobody's business here.

use std::ops::Range;

use super::merge::{entries as entries_of, items as items_of};

/// A value in a text of JSON without white space, as `yaml` writes it.
#[derive(Debug, Clone)]
pub struct JsonPart<'json> {
    whole: &'json str,
    range: Range<usize>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct JsonEntry<'json> {
    /// What the key says.
    pub name: String,
    /// The name's string, with its quotes.
    pub key: Range<usize>,
    /// Its value.
    pub value: JsonPart<'json>,
}

impl<'json> JsonPart<'json> {
    /// The whole of a text.
    #[must_use]
    pub fn whole(json: &'json str) -> Self {
        Self {
            whole: json,
            range: 0..json.len(),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn json(&self) -> &'json str {
        &self.whole[self.range.clone()]
    }

    /// Another part of the same text, as it is written.
    #[must_use]
    pub fn beside(&self, range: Range<usize>) -> &'json str {
        &self.whole[range]
    }

    /// Where it stands.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Whether it is a map.
    #[must_use]
    pub fn is_map(&self) -> bool {
        self.json().starts_with('{')
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.json().starts_with('[')
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.json() == "null"
    }

    /// The entries of a map, in their order; none of anything else.
    #[must_use]
    pub fn entries(&self) -> Vec<JsonEntry<'json>> {
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
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        if !self.is_list() {
            return Vec::new();
        }
        let items = items_of(self.whole, self.range.clone());
        items.into_iter().map(|item| self.at(item)).collect()
    }

    /// The value of a key of a map; of two with one name the last, which counts for Concourse.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Self> {
        if !self.is_map() {
            return None;
        }
        let entries = entries_of(self.whole, self.range.clone());
        let is_named = |key: &Range<usize>| says(&self.whole[key.clone()], name);
        let mut named = entries.into_iter().filter(|(key, _)| is_named(key));
        named.next_back().map(|(_, value)| self.at(value))
    }

    /// What a string says.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.json().starts_with('"').then(|| read(self.json()))
    }

    /// Another part of the same text.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        self.at(range)
    }

    fn at(&self, range: Range<usize>) -> Self {
        Self {
            whole: self.whole,
            range,
        }
    }
}

/// Whether a string of JSON says a text.
fn says(string: &str, text: &str) -> bool {
    match string.contains('\\') {
        true => read(string) == text,
        false => string.get(1..string.len() - 1) == Some(text),
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
