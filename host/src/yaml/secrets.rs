//! A YAML text without its secrets.
//!
//! What is secret is found in the JSON, by the rules of the planner's inline secrets; here the same is masked in the YAML, byte for
//! byte, so that places stay true. What is masked by way of an alias is masked at its anchor too. What does not come into the JSON is
//! masked whatever it says: comments, for a secret may be commented out, tags that are none of YAML's, anchors that no alias names, and
//! what is overridden.

use std::collections::BTreeSet;
use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::places::{Form, Places, Segment, wide};
use super::tag;
use crate::planner::secret_name;

pub(super) fn mask(text: &str, places: &Places, json: &str, masked: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut anchors = BTreeSet::new();
    for segment in &places.segments {
        let range = wide(&segment.json);
        if json.get(range.clone()) == masked.get(range) {
            continue;
        }
        match segment.form {
            Form::Bracket => {}
            Form::Scalar(_) => fill(&mut bytes, content(segment)),
            Form::Alias(origin) => {
                anchors.insert((origin, segment.json.end - segment.json.start));
            }
        }
    }
    for (start, length) in anchors {
        mask_anchor(&mut bytes, places, start..start + length);
    }
    for overridden in &places.overridden {
        fill(&mut bytes, wide(overridden));
    }
    let names = alias_names(text, places);
    for gap in gaps(text, places) {
        mask_gap(&mut bytes, gap, &names);
    }
    String::from_utf8(bytes)
        .expect("whole characters were replaced: a scalar's range is one of characters")
}

/// Masks all that stands where a part of the JSON came from.
fn mask_anchor(bytes: &mut [u8], places: &Places, json: Range<u32>) {
    let from = places
        .segments
        .partition_point(|segment| segment.json.start < json.start);
    let segments = places.segments[from..].iter();
    let within = segments.take_while(|segment| segment.json.end <= json.end);
    for segment in within.filter(|segment| segment.form != Form::Bracket) {
        fill(bytes, wide(&segment.yaml));
    }
}

/// What stands between the scalars and aliases of a text.
fn gaps(text: &str, places: &Places) -> Vec<Range<usize>> {
    let scalars = places.segments.iter();
    let scalars = scalars.filter(|segment| segment.form != Form::Bracket);
    let mut taken: Vec<_> = scalars.map(|segment| wide(&segment.yaml)).collect();
    taken.extend(places.overridden.iter().map(wide));
    taken.sort_unstable_by_key(|range| range.start);
    let mut gaps = Vec::new();
    let mut start = 0;
    for range in taken {
        if range.start > start {
            gaps.push(start..range.start);
        }
        start = start.max(range.end);
    }
    gaps.push(start.min(text.len())..text.len());
    gaps
}

/// The names of aliases, which are those of anchors.
fn alias_names<'y>(text: &'y str, places: &Places) -> BTreeSet<&'y [u8]> {
    let aliases = places.segments.iter();
    let aliases = aliases.filter(|segment| matches!(segment.form, Form::Alias(_)));
    let names = aliases.filter_map(|alias| text.get(wide(&alias.yaml))?.strip_prefix('*'));
    names.map(str::as_bytes).collect()
}

/// Masks the comments, the tags that are not YAML's, and the anchors that no alias names: such a sign may have slipped before a
/// secret.
fn mask_gap(bytes: &mut [u8], gap: Range<usize>, names: &BTreeSet<&[u8]>) {
    let mut at = gap.start;
    while at < gap.end {
        let is_first = at == 0 || b" \t\r\n[{,".contains(&bytes[at - 1]);
        let length = |ends: &[u8]| {
            let end = bytes[at..gap.end]
                .iter()
                .position(|byte| ends.contains(byte));
            end.unwrap_or(gap.end - at)
        };
        match bytes[at] {
            b'#' if is_first => {
                let length = length(b"\r\n");
                fill(bytes, at + 1..at + length);
                at += length;
            }
            b'&' if is_first => {
                let length = length(b" \t\r\n,]}");
                if !names.contains(&bytes[at + 1..at + length]) {
                    fill(bytes, at + 1..at + length);
                }
                at += length;
            }
            b'!' if is_first => {
                let length = length(b" \t\r\n,]}");
                if !tag::is_known(&bytes[at..at + length]) {
                    fill(bytes, at + 1..at + length);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
}

/// The scalar without its quotes.
fn content(segment: &Segment) -> Range<usize> {
    let range = wide(&segment.yaml);
    match segment.form {
        Form::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) if range.len() >= 2 => {
            range.start + 1..range.end - 1
        }
        _ => range,
    }
}

fn fill(bytes: &mut [u8], range: Range<usize>) {
    let shown = |byte: &&mut u8| !matches!(**byte, b'\n' | b'\r');
    for byte in bytes[range].iter_mut().filter(shown) {
        *byte = b'*';
    }
}

/// A text that could not be read, or was not: all from the first name on that may stand before a secret.
pub(super) fn mask_unread(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(start) = secret_name::first_in(text) {
        fill(&mut bytes, start..text.len());
    }
    String::from_utf8(bytes).expect("all from a character on was replaced")
}
