//! Lists and maps as they are read, and aliases, which may stand for either.

use std::ops::Range;

use oci_image_schema::code::Code;

use super::state::{Composer, Open, Stop};
use crate::source::form::{Form, short};
use crate::yaml::document::MAX_DEPTH;
use crate::yaml::merge::Merges;

impl Composer<'_> {
    pub(super) fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "the alias stands within what it stands for";
            let help = "write the value out";
            return Err(self.stop(Code::UnsupportedYaml, range, message, help));
        };
        let (json, height, is_merged) =
            (anchored.json.clone(), anchored.height, anchored.is_merged);
        if self.wants_map() {
            let map = anchored.bracketed();
            return self.merge_alias(map, is_merged, height, range);
        }
        let is_key = self.takes_key();
        if is_key && (is_merged || !self.json[json.start..].starts_with('"')) {
            return Err(self.stop_at_key(range));
        }
        if self.open.len() + height > MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.fits(json.len() + 2, &range)?;
        self.separate();
        if is_merged {
            self.bracket('{', range.clone());
            self.copy(json, range.clone(), false);
            self.bracket('}', range);
        } else {
            self.copy(json, range, is_key);
        }
        self.grow(height);
        Ok(())
    }

    /// Writes a bracket that stands for an alias.
    fn bracket(&mut self, sign: char, alias: Range<usize>) {
        let start = self.json.len();
        self.json.push(sign);
        self.layer.push(start..start + 1, alias, Form::Bracket);
    }

    /// Writes a part of the JSON again.
    pub(super) fn copy(&mut self, json: Range<usize>, alias: Range<usize>, is_key: bool) {
        let start = self.json.len();
        self.json.extend_from_within(json.clone());
        let written = start..self.json.len();
        if let Some(open) = self.open.last_mut().filter(|_| is_key) {
            open.merges.write(self.dialect);
        }
        self.layer
            .push(written, alias, Form::Alias(short(json.start)));
    }

    pub(super) fn enter(
        &mut self,
        is_map: bool,
        anchor: usize,
        range: Range<usize>,
    ) -> Result<(), Stop> {
        if self.wants_map() {
            return self.enter_merge(is_map, anchor, range);
        }
        if self.takes_key() {
            return Err(self.stop_at_key(range));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.separate();
        let json_start = self.json.len();
        self.json.push(if is_map { '{' } else { '[' });
        let first = self.text[range.start..].chars().next();
        let end = range.start + first.map_or(0, char::len_utf8);
        self.layer
            .push(json_start..json_start + 1, range.start..end, Form::Bracket);
        self.open.push(Open {
            is_map,
            anchor,
            json_start,
            count: 0,
            height: 0,
            merges: Merges::default(),
        });
        self.fits(0, &range)
    }

    pub(super) fn leave(&mut self, range: Range<usize>) -> Result<(), Stop> {
        if self.leave_merge(&range)? {
            return Ok(());
        }
        let end = self.layer.pieces.last().map_or(0, |last| last.to.end) as usize;
        self.merge()?;
        let Some(open) = self.open.pop() else {
            return Ok(()); // the parser ends only what it began
        };
        let start = self.json.len();
        self.json.push(if open.is_map { '}' } else { ']' });
        let place = if range.is_empty() { end..end } else { range };
        self.fits(0, &place)?;
        self.layer.push(start..start + 1, place, Form::Bracket);
        self.remember(open.anchor, open.json_start..start + 1, open.height + 1);
        self.grow(open.height + 1);
        Ok(())
    }

    fn grow(&mut self, height: usize) {
        if let Some(open) = self.open.last_mut() {
            open.height = open.height.max(height);
        }
    }
}
