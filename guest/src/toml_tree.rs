//! TOML as a tree, joined table by table.
//!
//! Unknown here: what the settings mean, how they are written. Source: the `toml` crate's spanned tree (`DeTable`).

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::toml_text::header;

/// How deep inline tables may nest. The parser bounds brackets and dotted keys alone, at 80 each, so their product is not bounded.
const MAX_INLINE: usize = 8;
/// How many tables and lists a value may stand in. What is written has one key for each of them, and a reader takes fewer than 80.
const MAX_DEPTH: usize = 64;

/// A setting with two values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The setting, as TOML writes it.
    pub(crate) setting: String,
    /// Where its value in the first tree came from.
    pub(crate) first: Range<usize>,
    /// Where its value in the second tree came from.
    pub(crate) second: Range<usize>,
}

/// What is wrong with a text that should be TOML.
#[derive(Debug)]
pub(crate) struct TomlMistake {
    pub(crate) message: String,
    pub(crate) range: Range<usize>,
}

/// Reads a text; its spans are those of the text.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(crate) fn parse(text: &str) -> Result<DeTable<'_>, Vec<TomlMistake>> {
    if let Some(at) = too_deep(text) {
        return Err(vec![TomlMistake {
            message: format!("inline tables nest deeper than {MAX_INLINE}"),
            range: at..at + 1,
        }]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mistake = |error: &toml::de::Error| TomlMistake {
            message: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
            range: error.span().unwrap_or(0..text.len()),
        };
        return Err(errors.iter().map(mistake).collect());
    }
    let table = table.into_inner();
    let mut mistakes = Vec::new();
    find_unreadable(table.values(), MAX_DEPTH, &mut mistakes);
    if mistakes.is_empty() {
        Ok(table)
    } else {
        Err(mistakes)
    }
}

/// Where braces nest too deep. Braces within strings count as well: the bound is loose, and the price of it is small.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_INLINE {
            return Some(at);
        }
    }
    None
}

/// Finds values that the parser takes, and no reader: in more than `depth` tables and lists, or numbers too large.
fn find_unreadable<'a, 'i: 'a>(
    values: impl IntoIterator<Item = &'a Spanned<DeValue<'i>>>,
    depth: usize,
    mistakes: &mut Vec<TomlMistake>,
) {
    for value in values {
        let message = match (value.get_ref(), depth.checked_sub(1)) {
            (_, None) => format!("tables and lists nest deeper than {MAX_DEPTH}"),
            (DeValue::Table(table), Some(depth)) => {
                find_unreadable(table.values(), depth, mistakes);
                continue;
            }
            (DeValue::Array(list), Some(depth)) => {
                find_unreadable(list.iter(), depth, mistakes);
                continue;
            }
            (DeValue::Integer(integer), _)
                if i64::from_str_radix(integer.as_str(), integer.radix()).is_err() =>
            {
                format!("the number {integer} does not fit into 64 bits")
            }
            (DeValue::Float(float), _) if is_too_large(float.as_str()) => {
                format!("the number {float} is too large")
            }
            _ => continue,
        };
        mistakes.push(TomlMistake {
            message,
            range: value.span(),
        });
    }
}

fn is_too_large(float: &str) -> bool {
    let is_infinity = float.ends_with("inf");
    !is_infinity && (float.parse()).is_ok_and(|number: f64| number.is_infinite())
}

/// A string that came from `place`.
pub(crate) fn string(text: &str, place: Range<usize>) -> Spanned<DeValue<'static>> {
    Spanned::new(place, DeValue::String(text.to_owned().into()))
}

/// A boolean that came from `place`.
pub(crate) fn boolean(value: bool, place: Range<usize>) -> Spanned<DeValue<'static>> {
    Spanned::new(place, DeValue::Boolean(value))
}

/// A list whose elements came from `place`.
pub(crate) fn list<'i>(
    elements: impl IntoIterator<Item = Spanned<DeValue<'i>>>,
    place: Range<usize>,
) -> Spanned<DeValue<'i>> {
    let mut list = DeArray::new();
    for element in elements {
        list.push(element);
    }
    Spanned::new(place, DeValue::Array(list))
}

/// A table of these entries.
pub(crate) fn table<'i>(
    entries: impl IntoIterator<Item = (&'static str, Spanned<DeValue<'i>>)>,
) -> Spanned<DeValue<'i>> {
    let mut table = DeTable::new();
    for (key, value) in entries {
        table.insert(Spanned::new(0..0, key.into()), value);
    }
    Spanned::new(0..0, DeValue::Table(table))
}

/// Sets `value` at the path of `keys`, and makes the tables on the way. A value that is no table is in nobody's way here.
pub(crate) fn set<'i>(table: &mut DeTable<'i>, keys: &[&str], value: Spanned<DeValue<'i>>) {
    let Some((last, tables)) = keys.split_last() else {
        return;
    };
    let mut inner = table;
    for key in tables {
        let entry = inner.entry(Spanned::new(0..0, (*key).to_owned().into()));
        let next = entry.or_insert_with(|| Spanned::new(0..0, DeValue::Table(DeTable::new())));
        let DeValue::Table(next) = next.get_mut() else {
            return;
        };
        inner = next;
    }
    inner.insert(Spanned::new(0..0, (*last).to_owned().into()), value);
}

/// The value at the path of `keys`, whatever their case.
pub(crate) fn get<'a, 'i>(
    table: &'a DeTable<'i>,
    keys: &[&str],
) -> Option<&'a Spanned<DeValue<'i>>> {
    let (last, tables) = keys.split_last()?;
    let mut inner = table;
    for key in tables {
        inner = named(inner, key)?.get_ref().as_table()?;
    }
    named(inner, last)
}

fn named<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    let mut settings = table.iter();
    let found = settings.find(|(key, _)| key.get_ref().eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// Joins `second` into `first`, table by table. A setting that both give differently keeps its first value, and is returned.
pub(crate) fn join<'i>(first: &mut DeTable<'i>, second: DeTable<'i>) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    join_below(first, second, &mut Vec::new(), &mut conflicts);
    conflicts
}

fn join_below<'i>(
    first: &mut DeTable<'i>,
    second: DeTable<'i>,
    path: &mut Vec<String>,
    conflicts: &mut Vec<Conflict>,
) {
    let known = known(first, path);
    for (key, value) in second {
        let name = known
            .iter()
            .find(|known| known.eq_ignore_ascii_case(key.get_ref()))
            .map_or_else(|| key.get_ref().to_string(), Clone::clone);
        let range = value.span();
        let own = first.get_mut(name.as_str());
        path.push(name);
        match (own, value.into_inner()) {
            (None, value) => {
                first.insert(key, Spanned::new(range, value));
            }
            (Some(own), other) => {
                let place = own.span();
                match (own.get_mut(), other) {
                    (DeValue::Table(own), DeValue::Table(other)) => {
                        join_below(own, other, path, conflicts);
                    }
                    (own, other) if same(own, &other) => {}
                    (own, other) => conflicts.push(Conflict {
                        setting: header(path),
                        first: source(place, own),
                        second: source(range, &other),
                    }),
                }
            }
        }
        path.pop();
    }
}

/// The names in a table that its reader knows in any case. Those of registries are not its own.
fn known(table: &DeTable<'_>, path: &[String]) -> Vec<String> {
    if path == ["registry"] {
        return Vec::new();
    }
    table.keys().map(|key| key.get_ref().to_string()).collect()
}

/// Where a value came from: a table that was made on the way to a setting has no place of its own, but its first setting has.
fn source(place: Range<usize>, value: &DeValue<'_>) -> Range<usize> {
    match value {
        DeValue::Table(table) if place.is_empty() => table
            .iter()
            .next()
            .map_or(place, |(_, inner)| source(inner.span(), inner.get_ref())),
        _ => place,
    }
}

/// Whether two values say the same.
fn same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    match (one, other) {
        (DeValue::String(one), DeValue::String(other)) => one == other,
        (DeValue::Boolean(one), DeValue::Boolean(other)) => one == other,
        (DeValue::Array(one), DeValue::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| same(one.get_ref(), other.get_ref()))
        }
        (DeValue::Table(one), DeValue::Table(other)) => {
            let has = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                other
                    .get(key.as_ref())
                    .is_some_and(|other| same(value.get_ref(), other.get_ref()))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
