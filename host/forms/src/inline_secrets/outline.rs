//! The outline of a text: the entries of its map, and of the map that its key `object` has.
//!
//! It is a by-product of the one reading in which a text is masked, so that nobody reads it again to know what it is.

use std::ops::Range;

/// How many entries are told. A text may have millions; those that are read have fewer.
const MOST: usize = 256;

/// The outline of a text.
#[derive(Debug, Default)]
pub struct Outline {
    entries: Vec<OutlineEntry>,
    /// Whether the text is JSON beyond doubt, and every entry told.
    is_whole: bool,
}

/// An entry of a map.
#[derive(Debug)]
struct OutlineEntry {
    level: usize,
    name: String,
    value: Range<usize>,
}

impl Outline {
    /// The entries of the text's map: each name with where its value stands, in their order. Nothing where they cannot be told for sure,
    /// or there is no map.
    #[must_use]
    pub fn entries(&self) -> Option<Vec<(&str, Range<usize>)>> {
        let is_map = self.entries.iter().any(|entry| entry.level == 1);
        (self.is_whole && is_map).then(|| self.at(1).collect())
    }

    /// Where the last value of that name stands in the map of a level: 1 is the text's own, 2 that of its key `object`. Nothing within
    /// where that cannot be told.
    pub(super) fn value(&self, level: usize, name: &str) -> Option<Option<Range<usize>>> {
        let named = |(other, value): (&str, Range<usize>)| (other == name).then_some(value);
        self.is_whole
            .then(|| self.at(level).filter_map(named).last())
    }

    fn at(&self, level: usize) -> impl Iterator<Item = (&str, Range<usize>)> {
        let entries = self
            .entries
            .iter()
            .filter(move |entry| entry.level == level);
        entries.map(|entry| (&*entry.name, entry.value.clone()))
    }
}

/// Draws an outline while a text is read.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    entries: Vec<OutlineEntry>,
    has_more: bool,
}

/// The number of an entry that is being drawn.
pub(super) type Drawn = usize;

impl Drawing {
    /// Begins an entry; nothing if no more are told.
    pub(super) fn entry(&mut self, level: usize, name: &str) -> Option<Drawn> {
        if self.entries.len() == MOST {
            self.has_more = true;
            return None;
        }
        self.entries.push(OutlineEntry {
            level,
            name: name.to_owned(),
            value: 0..0,
        });
        Some(self.entries.len() - 1)
    }

    /// An entry's value begins at a byte.
    pub(super) fn begin(&mut self, entry: Drawn, at: usize) {
        self.entries[entry].value = at..at;
    }

    /// An entry's value has ended at a byte.
    pub(super) fn end(&mut self, entry: Drawn, at: usize) {
        self.entries[entry].value.end = at;
    }

    /// The outline; `is_json` is whether the text is that, and its names are text.
    pub(super) fn outline(self, is_json: bool) -> Outline {
        Outline {
            is_whole: is_json && !self.has_more,
            entries: self.entries,
        }
    }
}
