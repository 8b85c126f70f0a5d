//! Merge keys as they are read: where one begins, and what is taken over at the end of its map.

use std::ops::Range;

use oci_image_schema::code::Code;

use super::{Composer, Open, Stop};
use crate::yaml::MAX_DEPTH;
use crate::yaml::merge::{self, Merged, Merging};

impl Composer<'_> {
    pub(super) fn wants_map(&self) -> bool {
        self.open.last().is_some_and(|open| open.merges.wants_map())
    }

    pub(super) fn begin_merge(&mut self, place: Range<usize>) -> Result<(), Stop> {
        match self.open.last_mut() {
            Some(open) if open.merges.open.len() < MAX_DEPTH => {
                open.merges.open.push(Merging::Value);
                Ok(())
            }
            _ => Err(self.too_deep(place)),
        }
    }

    /// Begins a map that is merged as it is read, or a list of maps.
    pub(super) fn enter_merge(
        &mut self,
        is_map: bool,
        anchor: usize,
        range: Range<usize>,
    ) -> Result<(), Stop> {
        let is_list_in_list =
            |open: &Open| open.merges.open.last() == Some(&Merging::List) && !is_map;
        if self.open.last().is_some_and(is_list_in_list) {
            return Err(self.stop_at_merge(range));
        }
        if anchor > 0 {
            let message = "a map that is merged where it is written has no anchor of its own";
            let help = "write the map elsewhere, and merge it by its alias";
            return Err(self.stop(Code::UnsupportedYaml, range, message, help));
        }
        if let Some(open) = self.open.last_mut() {
            let levels = &mut open.merges.open;
            levels.pop_if(|level| *level == Merging::Value);
            levels.push(if is_map { Merging::Map } else { Merging::List });
        }
        Ok(())
    }

    /// Remembers a map that is taken over at the end of the one around it.
    pub(super) fn merge_alias(
        &mut self,
        json: Range<usize>,
        height: usize,
        alias: Range<usize>,
    ) -> Result<(), Stop> {
        if !self.json[json.start..].starts_with('{') {
            return Err(self.stop_at_merge(alias));
        }
        if self.open.len() + height > MAX_DEPTH + 1 {
            return Err(self.too_deep(alias));
        }
        // Of a map of which nothing is taken over, each byte is looked at all the same.
        self.merged += json.len();
        self.fits(self.merged, &alias)?;
        if let Some(open) = self.open.last_mut() {
            let merges = &mut open.merges;
            merges.open.pop_if(|level| *level == Merging::Value);
            merges.maps.push(Merged { json, alias });
            open.height = open.height.max(height - 1);
        }
        Ok(())
    }

    /// Takes the maps over that stand for a map's `<<`.
    pub(super) fn merge(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let maps = std::mem::take(&mut open.merges.maps);
        if maps.is_empty() {
            return Ok(());
        }
        let mut seen = open.merges.written(&self.json);
        for Merged { json, alias } in maps {
            for (key, value) in merge::entries(&self.json, json) {
                if seen.insert(self.json[key.clone()].to_owned()) {
                    self.separate();
                    self.copy(key, alias.clone(), true);
                    self.separate();
                    self.copy(value, alias.clone(), false);
                    self.fits(0, &alias)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn stop_at_merge(&mut self, range: Range<usize>) -> Stop {
        let message = "`<<` takes over a map, or a list of maps, and this is neither";
        let help = "write `<<: *name`, where `&name` stands before a map";
        self.stop(Code::UnsupportedYaml, range, message, help)
    }
}
