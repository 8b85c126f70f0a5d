//! The pairs of a YAML map of names to plain values, as the host reads them.
//!
//! A value is the scalar's own text, and a null is empty. An alias is what its anchor marked, `<<` adds what the map does not say
//! itself, and of several documents the first is read. What is refused has no pairs.
//!
//! Reads and writes: nothing. Unknown here: what the pairs are for.
//! Source: YAML 1.2 through `saphyr-parser`; the merge key of YAML 1.1.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

/// How deep maps may stand in each other by `<<`.
const MAX_MERGES: usize = 8;
/// How many pairs `<<` may add to a map.
const MAX_PAIRS: usize = 10_000;
/// The most bytes that aliases may stand for.
const MAX_ALIASED: usize = 1 << 20;

/// A name with its value.
type Pair = (String, String);

/// The pairs of the first document's map, in the order in which a later one of the same name wins; nothing if it is no such map.
pub(super) fn read(text: &str) -> Option<Vec<Pair>> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        scalars: BTreeMap::new(),
        maps: BTreeMap::new(),
        aliased: 0,
    };
    loop {
        match reader.next()? {
            Event::StreamEnd | Event::DocumentEnd => return Some(Vec::new()),
            Event::MappingStart(anchor, _) => return reader.map(anchor, 0),
            Event::Scalar(text, style, _, tag) if is_null(&text, style, tag.as_deref()) => {}
            Event::StreamStart | Event::DocumentStart(_) => {}
            _ => return None,
        }
    }
}

struct Reader<'y> {
    parser: Parser<'y, StrInput<'y>>,
    /// What anchors mark.
    scalars: BTreeMap<usize, String>,
    maps: BTreeMap<usize, Vec<Pair>>,
    /// How many bytes aliases have stood for.
    aliased: usize,
}

impl<'y> Reader<'y> {
    /// The pairs of a map that has begun: its own, then those that it merges.
    fn map(&mut self, anchor: usize, depth: usize) -> Option<Vec<Pair>> {
        let (mut own, mut merged) = (Vec::new(), Vec::new());
        loop {
            let name = match self.next()? {
                Event::MappingEnd => break,
                Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                    self.merge(depth + 1, &mut merged)?;
                    continue;
                }
                event => self.scalar(event)?,
            };
            let value = self.next()?;
            own.push((name, self.scalar(value)?));
        }
        let mut names: BTreeSet<String> = own.iter().map(|(name, _)| name.clone()).collect();
        merged.retain(|(name, _): &Pair| names.insert(name.clone()));
        own.append(&mut merged);
        if anchor > 0 {
            self.maps.insert(anchor, own.clone());
        }
        Some(own)
    }

    /// Adds what stands after `<<`: a map, or a list of them.
    fn merge(&mut self, depth: usize, merged: &mut Vec<Pair>) -> Option<()> {
        let event = self.next().filter(|_| depth <= MAX_MERGES)?;
        if !matches!(event, Event::SequenceStart(..)) {
            return self.merge_one(&event, depth, merged);
        }
        loop {
            match self.next()? {
                Event::SequenceEnd => return Some(()),
                event => self.merge_one(&event, depth, merged)?,
            }
        }
    }

    fn merge_one(&mut self, event: &Event<'y>, depth: usize, merged: &mut Vec<Pair>) -> Option<()> {
        match event {
            Event::MappingStart(anchor, _) => merged.append(&mut self.map(*anchor, depth)?),
            Event::Alias(anchor) => {
                let pairs = self.maps.get(anchor)?;
                let size = |(name, value): &Pair| name.len() + value.len();
                self.aliased += pairs.iter().map(size).sum::<usize>();
                merged.extend(pairs.iter().cloned());
            }
            _ => return None,
        }
        (merged.len() <= MAX_PAIRS && self.aliased <= MAX_ALIASED).then_some(())
    }

    /// The scalar that an event is, or stands for.
    fn scalar(&mut self, event: Event<'y>) -> Option<String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.as_deref().is_some_and(|tag| is_core(tag, "binary")) {
                    return None;
                }
                let is_null = is_null(&text, style, tag.as_deref());
                let text = if is_null {
                    String::new()
                } else {
                    text.into_owned()
                };
                if anchor > 0 {
                    self.scalars.insert(anchor, text.clone());
                }
                Some(text)
            }
            Event::Alias(anchor) => {
                let text = self.scalars.get(&anchor)?.clone();
                self.aliased += text.len();
                (self.aliased <= MAX_ALIASED).then_some(text)
            }
            _ => None,
        }
    }

    fn next(&mut self) -> Option<Event<'y>> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Some(event),
            Some(Err(_)) => None,
            None => Some(Event::StreamEnd),
        }
    }
}

/// Whether a scalar stands for nothing.
fn is_null(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        Some(tag) => is_core(tag, "null"),
        None => style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL"),
    }
}

/// Whether a tag is the one of YAML's own with this name.
fn is_core(tag: &Tag, name: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs of a text, sorted.
    fn arguments(text: &str) -> Option<String> {
        let pairs: BTreeMap<String, String> = read(text)?.into_iter().collect();
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        Some(pairs.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn value_is_the_text_of_its_scalar_and_merges_add_what_is_not_said() {
        for (text, expected) in [
            ("A: 1.10\nB: yes\nC: ~\nD: 'null'", "A=1.10 B=yes C= D=null"),
            ("A: &v 1\nB: *v", "A=1 B=1"),
            ("A: !!null x\nB: !!int 010", "A= B=010"),
            ("A: 1\nA: 2", "A=2"),
            ("<<: {A: 1, B: 2}\nB: 3", "A=1 B=3"),
            ("<<: [{A: 1}, {A: 2, B: 3}]\nC: 4", "A=1 B=3 C=4"),
            ("<<: [&a {A: 1}, *a, {B: 2}]", "A=1 B=2"),
            ("\"<<\": a", "<<=a"),
            ("A: 1\n---\nB: 2", "A=1"),
            ("A: 1\n...\n}", "A=1"),
            ("# nothing", ""),
            ("A: |\n  two\n  lines\n", "A=two\nlines\n"),
        ] {
            assert_eq!(arguments(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_no_argument_can_mean_has_no_pairs() {
        let deep = "<<: {".repeat(9) + &"}".repeat(9);
        let many: Vec<String> = (0..6000).map(|index| format!("A{index}: 1")).collect();
        let many = format!("<<: &a {{{}}}\n<<: [*a, *a]\n", many.join(", "));
        let long = format!("A: &a {}\n", "x".repeat(1 << 10));
        let aliases: Vec<String> = (0..=1 << 10).map(|at| format!("A{at}: *a\n")).collect();
        let aliases = long + &aliases.concat();
        for text in [
            "A: [1]",
            "A: {B: 1}",
            "[1]: a",
            "- A=1",
            "A: !!binary aGk=",
            "<<: 1",
            "A: &a 1\n<<: *a",
            "&a\n<<: *a",
            "A: *unknown",
            "A: \"",
            &deep,
            &many,
            &aliases,
        ] {
            assert_eq!(read(text), None, "{text:.40}");
        }
    }
}
