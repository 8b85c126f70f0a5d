//! Merge keys as they are read: where one begins, and what is taken over at the end of its map.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;

use super::state::{Anchored, Composer, Open, Stop};
use crate::yaml::document::MAX_DEPTH;
use crate::yaml::merge::{self, Merged, MergedEntry, Merging, NamedMerge, Rank};
use crate::yaml::scalar::Dialect;

/// How many entries of a map may be overridden: each costs a pass over what was read.
const MOST_OVERRIDDEN: usize = 1000;

impl Composer<'_> {
    pub(super) fn wants_map(&self) -> bool {
        self.open.last().is_some_and(|open| open.merges.wants_map())
    }

    pub(super) fn begin_merge(&mut self, place: Range<usize>) -> Result<(), Stop> {
        match self.open.last_mut() {
            Some(open) if open.merges.open.len() < MAX_DEPTH => {
                open.merges.begin(self.dialect);
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
        let json_start = self.json.len();
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        open.merges
            .enter(if is_map { Merging::Map } else { Merging::List });
        if anchor > 0 && is_map {
            let (maps, level) = (open.merges.maps.len(), open.merges.open.len());
            open.merges.named.push(NamedMerge {
                anchor,
                json_start,
                maps,
                level,
            });
        }
        Ok(())
    }

    /// Ends what was open last below a `<<`, and remembers what aliases may stand for. Of entries that come from elsewhere, which are
    /// only taken over later, nothing can be remembered.
    pub(super) fn leave_merge(&mut self, range: &Range<usize>) -> Result<bool, Stop> {
        let json_end = self.json.len();
        let Some(open) = self.open.last_mut() else {
            return Ok(false);
        };
        let level = open.merges.open.len();
        if !open.merges.leave() {
            return Ok(false);
        }
        let Some(named) = open.merges.named.pop_if(|named| named.level == level) else {
            return Ok(true);
        };
        let (height, maps) = (open.height + 1, open.merges.maps.len());
        let begins = usize::from(self.json[named.json_start..].starts_with(','));
        let json = named.json_start + begins..json_end;
        if json.is_empty() || maps > named.maps {
            let message = "a map with an anchor that is merged where it is written has entries of its own alone";
            let help = "write the map elsewhere, and merge it by its alias";
            return Err(self.stop(Code::UnsupportedYaml, range.clone(), message, help));
        }
        let is_merged = true;
        let anchored = Anchored {
            json,
            height,
            is_merged,
        };
        self.anchors.insert(named.anchor, anchored);
        Ok(true)
    }

    /// Remembers a map that is taken over at the end of the one around it.
    pub(super) fn merge_alias(
        &mut self,
        json: Range<usize>,
        is_merged: bool,
        height: usize,
        alias: Range<usize>,
    ) -> Result<(), Stop> {
        if !is_merged && !self.json[json.start..].starts_with('{') {
            return Err(self.stop_at_merge(alias));
        }
        if self.open.len() + height > MAX_DEPTH + 1 {
            return Err(self.too_deep(alias));
        }
        // Of a map of which nothing is taken over, each byte is looked at all the same.
        self.merged += json.len();
        self.fits(self.merged, &alias)?;
        if let Some(open) = self.open.last_mut() {
            open.merges.take(json, alias);
            open.height = open.height.max(height - 1);
        }
        Ok(())
    }

    /// Takes the maps over that stand for a map's `<<`, and forgets the entries that others count before.
    pub(super) fn merge(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut().filter(|open| open.merges.are_some()) else {
            return Ok(());
        };
        let start = open.json_start;
        let written = std::mem::take(&mut open.merges.written);
        let maps = std::mem::take(&mut open.merges.maps);
        let entries = merge::entries(&self.json, start..self.json.len() + 1);
        let written: Vec<_> = entries.into_iter().zip(written).collect();

        let mut best = BTreeMap::<String, Rank>::new();
        let mut compete = |key: &str, rank: &Rank| match best.get_mut(key) {
            Some(found) if *found >= *rank => {}
            Some(found) => found.clone_from(rank),
            None => {
                best.insert(key.to_owned(), rank.clone());
            }
        };
        for ((key, _), rank) in &written {
            compete(&self.json[key.clone()], rank);
        }
        for map in &maps {
            for (key, _) in merge::entries(&self.json, map.json.clone()) {
                compete(&self.json[key], &map.rank);
            }
        }
        for Merged { json, alias, rank } in maps {
            for (key, value) in merge::entries(&self.json, json) {
                if counts(&best, &self.json[key.clone()], &rank) {
                    self.separate();
                    self.copy(key, alias.clone(), true);
                    self.separate();
                    self.copy(value, alias.clone(), false);
                    self.fits(0, &alias)?;
                }
            }
        }
        self.forget_overridden(start, &written, &best);
        Ok(())
    }

    /// Takes those of the entries that are written out of the JSON that do not count, from the last to the first.
    fn forget_overridden(
        &mut self,
        map: usize,
        written: &[(MergedEntry, Rank)],
        best: &BTreeMap<String, Rank>,
    ) {
        let mut forgotten = 0;
        for ((key, value), rank) in written.iter().rev() {
            if forgotten == MOST_OVERRIDDEN {
                break; // the rest is told as written twice
            }
            if counts(best, &self.json[key.clone()], rank) {
                continue;
            }
            let entry = key.start..value.end;
            let is_used = |anchored: &Anchored| {
                entry.start < anchored.json.end && anchored.json.start < entry.end
            };
            if self.anchors.values().any(is_used) {
                continue; // an alias may follow: such an entry is told as written twice
            }
            if rank.len() == 1 && self.dialect == Dialect::Concourse {
                self.tell_overridden(key.start);
            }
            // With the comma after it, or the one before the last.
            let cut = if self.json[entry.end..].starts_with(',') {
                entry.start..entry.end + 1
            } else {
                entry.start.max(map + 2) - 1..entry.end
            };
            forgotten += 1;
            self.layer.forget(&cut);
            for Anchored { json, .. } in self.anchors.values_mut() {
                if json.start >= cut.end {
                    *json = json.start - cut.len()..json.end - cut.len();
                }
            }
            self.json.replace_range(cut, "");
        }
    }

    fn tell_overridden(&mut self, key: usize) {
        let Some(place) = self.layer.place_at(key) else {
            return;
        };
        let message = "a `<<` after this has the same name, and Concourse takes its value";
        let help = "write `<<` first, so that this value counts; or remove this";
        self.remark(Code::IgnoredYaml, place, message, help);
    }

    pub(super) fn stop_at_merge(&mut self, range: Range<usize>) -> Stop {
        let message = "`<<` takes over a map, or a list of maps, and this is neither";
        let help = "write `<<: *name`, where `&name` stands before a map";
        self.stop(Code::UnsupportedYaml, range, message, help)
    }
}

/// Whether an entry of this name and rank counts, or stands in the same map as the one that does, and is told as written twice.
fn counts(best: &BTreeMap<String, Rank>, key: &str, rank: &Rank) -> bool {
    let map = |rank: &Rank| rank.split_last().map(|(_, map)| map.to_vec());
    best.get(key).is_none_or(|found| map(found) == map(rank))
}
