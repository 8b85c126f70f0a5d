//! What of a YAML text does not come into the JSON, and is masked whatever it says: comments, for a secret may be commented out, tags that
//! are none of YAML's, anchors that no alias names; of what is not read all from the first name on that may stand before a secret.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tag;
use crate::secret_name;
use crate::source::Layer;
use crate::source::form::{Form, short, wide};
use crate::source::layer::fill;

/// The parts of a text, of which what is read ends at a byte, that did not come into the JSON and may hold a secret.
pub(super) fn parts(text: &str, layer: &Layer, end: usize) -> Vec<Range<u32>> {
    let names = alias_names(text, layer);
    let mut parts = Vec::new();
    for gap in gaps(text, layer) {
        of_gap(text.as_bytes(), gap, &names, &mut parts);
    }
    if end < text.len() {
        let mut shown = text.as_bytes().to_vec();
        parts.iter().for_each(|part| fill(&mut shown, part.clone()));
        let rest = String::from_utf8_lossy(&shown[end..]);
        let start = secret_name::first_in(&rest);
        parts.extend(start.map(|start| end + start..text.len()));
    }
    let short = |part: Range<usize>| short(part.start)..short(part.end);
    parts.into_iter().map(short).collect()
}

/// A text that could not be read as YAML, as far as it may be shown: nothing after the first name that may stand before a secret.
#[must_use]
pub fn mask_unread(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(start) = secret_name::first_in(text) {
        fill(&mut bytes, start..text.len());
    }
    String::from_utf8(bytes).expect("all from a character on was replaced")
}

/// What stands between the scalars and aliases of a text.
fn gaps(text: &str, layer: &Layer) -> Vec<Range<usize>> {
    let scalars = layer.pieces.iter();
    let scalars = scalars.filter(|piece| piece.form != Form::Bracket);
    let mut taken: Vec<_> = scalars.map(|piece| wide(&piece.to)).collect();
    taken.extend(layer.unread.iter().map(wide));
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
fn alias_names<'y>(text: &'y str, layer: &Layer) -> BTreeSet<&'y [u8]> {
    let aliases = layer.pieces.iter();
    let aliases = aliases.filter(|piece| matches!(piece.form, Form::Alias(_)));
    let names = aliases.filter_map(|alias| text.get(wide(&alias.to))?.strip_prefix('*'));
    names.map(str::as_bytes).collect()
}

/// The comments of a gap, the tags that are not YAML's, and the anchors that no alias names: such a sign may have slipped before a
/// secret.
fn of_gap(text: &[u8], gap: Range<usize>, names: &BTreeSet<&[u8]>, parts: &mut Vec<Range<usize>>) {
    let mut at = gap.start;
    while at < gap.end {
        let is_first = at == 0 || b" \t\r\n[{,".contains(&text[at - 1]);
        let sign = text[at];
        if !is_first || !matches!(sign, b'#' | b'&' | b'!') {
            at += 1;
            continue;
        }
        let ends: &[u8] = if sign == b'#' { b"\r\n" } else { b" \t\r\n,]}" };
        let rest = &text[at..gap.end];
        let length = rest.iter().position(|byte| ends.contains(byte));
        let length = length.unwrap_or(rest.len());
        let is_shown = match sign {
            b'&' => names.contains(&rest[1..length]),
            b'!' => tag::is_known(&rest[..length]),
            _ => false,
        };
        if !is_shown {
            parts.push(at + 1..at + length);
        }
        at += length;
    }
}
