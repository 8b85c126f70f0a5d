//! What a document says, whichever way it is written, and where each part of that stands in its text.

use std::ops::Range;

use oci_image::yaml::{self, Dialect, Document, JsonPart};
use oci_image_schema::diagnostic::Span;

use crate::cli::Format;

/// A document that can be read.
pub(super) struct Tree {
    text: String,
    document: Document,
}

/// A step of the way from a document to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WayStep {
    /// The value of a key.
    Key(String),
    /// An item of a list.
    Item(usize),
}

/// What stands at a byte of a document: a key, or a value that holds no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The way to it, its own key included.
    pub(super) way: Vec<WayStep>,
    /// Whether it is the key itself, and not its value.
    pub(super) is_key: bool,
    /// Where it is written.
    pub(super) place: Range<usize>,
    /// Where in the JSON the document begins, and what each step leads to but the last one of a key.
    pub(super) parts: Vec<Range<usize>>,
}

impl Tree {
    /// That of a text; nothing if it cannot be read.
    pub(super) fn of(text: &str, format: Format) -> Option<Self> {
        let text = match format {
            // JSON is YAML, but for the tabs between its tokens.
            Format::Json => text.replace('\t', " "),
            Format::Yaml => text.to_owned(),
        };
        let document = yaml::read(&text, Dialect::Concourse).ok()?;
        Some(Self { text, document })
    }

    /// The whole of it.
    pub(super) fn whole(&self) -> JsonPart<'_> {
        JsonPart::whole(self.document.json())
    }

    /// A part of it, by where it stands in the JSON.
    pub(super) fn part(&self, range: &Range<usize>) -> JsonPart<'_> {
        self.whole().part(range.clone())
    }

    /// Where in the text a part stands.
    pub(super) fn place(&self, part: &Range<usize>) -> Range<usize> {
        let place = self
            .document
            .place(&self.text, self.document.json(), Span::of(part.clone()));
        place.range()
    }

    /// What stands at a byte.
    pub(super) fn standing(&self, offset: usize) -> Option<Standing> {
        let mut way = Vec::new();
        let mut part = self.whole();
        let mut parts = vec![part.range()];
        loop {
            let place = self.place(&part.range());
            if self.is_alias(&place) {
                return Some(found(way, false, place, parts));
            }
            if part.is_map() {
                let mut at = None;
                for entry in part.entries() {
                    let key = self.place(&entry.key);
                    if holds(&key, offset) && !self.is_alias(&key) {
                        way.push(WayStep::Key(entry.name));
                        return Some(found(way, true, key, parts));
                    }
                    if holds(&self.place(&entry.value.range()), offset) {
                        at = Some((WayStep::Key(entry.name), entry.value));
                    }
                }
                let (step, value) = at?;
                way.push(step);
                part = value;
            } else if part.is_list() {
                let items = part.items();
                let is_there = |item: &JsonPart<'_>| holds(&self.place(&item.range()), offset);
                let number = items.iter().rposition(is_there)?;
                way.push(WayStep::Item(number));
                part = items[number].clone();
            } else {
                return holds(&place, offset).then(|| found(way, false, place, parts));
            }
            parts.push(part.range());
        }
    }

    /// Whether an alias is written there, which stands for what is written elsewhere.
    fn is_alias(&self, place: &Range<usize>) -> bool {
        self.text
            .get(place.clone())
            .is_some_and(|text| text.starts_with('*'))
    }
}

/// Whether a byte is in a place, or at its end, where whoever types it stands.
fn holds(place: &Range<usize>, offset: usize) -> bool {
    (place.start..=place.end).contains(&offset)
}

fn found(
    way: Vec<WayStep>,
    is_key: bool,
    place: Range<usize>,
    parts: Vec<Range<usize>>,
) -> Standing {
    Standing {
        way,
        is_key,
        place,
        parts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, format: Format, offset: usize) -> String {
        let tree = Tree::of(text, format).unwrap();
        let Some(standing) = tree.standing(offset) else {
            return "nothing".to_owned();
        };
        let way = standing.way.iter().map(|step| match step {
            WayStep::Key(name) => format!("/{name}"),
            WayStep::Item(number) => format!("/{number}"),
        });
        let way: String = way.collect();
        let kind = if standing.is_key { "key" } else { "value" };
        format!("{kind} {way} `{}`", &text[standing.place])
    }

    #[test]
    fn way_leads_to_what_stands_at_a_byte_however_it_is_written() {
        let yaml = "a: &x\n  b: [c, {d: 'e'}]\nf: *x\n# g\n";
        let json = "{\"a\":\t{\"b\": [\"c\",\n\t{\"d\": \"e\"}]}}";
        for (text, format, part, expected) in [
            (yaml, Format::Yaml, "a", "key /a `a`"),
            (yaml, Format::Yaml, "b", "key /a/b `b`"),
            (yaml, Format::Yaml, "c,", "value /a/b/0 `c`"),
            (yaml, Format::Yaml, "d:", "key /a/b/1/d `d`"),
            (yaml, Format::Yaml, "'e'", "value /a/b/1/d `'e'`"),
            (yaml, Format::Yaml, "*x", "value /f `*x`"),
            (yaml, Format::Yaml, "g", "nothing"),
            (json, Format::Json, "\"b\"", "key /a/b `\"b\"`"),
            (json, Format::Json, "e\"", "value /a/b/1/d `\"e\"`"),
        ] {
            let offset = text.find(part).unwrap();
            assert_eq!(shown(text, format, offset), expected, "{part}");
        }
        assert!(Tree::of("a: [", Format::Yaml).is_none());
    }
}
