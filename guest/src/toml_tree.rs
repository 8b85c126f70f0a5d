//! TOML as a tree: joined table by table, and written in one way only.
//!
//! A value stays a value: it is written by `toml_writer` as a quoted string, so no text can begin a table or a key of its own. Keys
//! are sorted, as `DeTable` keeps them, and strings are basic ones on one line, which is TOML 1.0 and what the daemon's parser reads.
//!
//! Unknown here: what the settings mean. Source: the `toml` crate's spanned tree (`DeTable`), `toml_writer`.

use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};
use toml_writer::{TomlKeyBuilder, TomlStringBuilder, TomlWrite as _};

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
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) range: Range<usize>,
}

/// Reads a text; its spans are those of the text.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(crate) fn parse(text: &str) -> Result<DeTable<'_>, Vec<Mistake>> {
    if let Some(at) = too_deep(text) {
        return Err(vec![Mistake {
            message: format!("inline tables nest deeper than {MAX_INLINE}"),
            range: at..at + 1,
        }]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mistake = |error: &toml::de::Error| Mistake {
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
    mistakes: &mut Vec<Mistake>,
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
        mistakes.push(Mistake {
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

/// The text of a tree.
pub(crate) fn write(table: &DeTable<'_>) -> String {
    let mut text = String::new();
    write_table(&mut text, table, &mut Vec::new(), Header::Table);
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Table,
    Element,
}

fn write_table(text: &mut String, table: &DeTable<'_>, path: &mut Vec<String>, form: Header) {
    let entries = table
        .iter()
        .map(|(key, value)| (&**key.get_ref(), value.get_ref()));
    let (blocks, settings): (Vec<_>, Vec<_>) = entries.partition(|(_, value)| is_block(value));
    if !path.is_empty() && (form == Header::Element || !settings.is_empty() || blocks.is_empty()) {
        let gap = if text.is_empty() { "" } else { "\n" };
        let (open, close) = if form == Header::Element {
            ("[[", "]]")
        } else {
            ("[", "]")
        };
        let _ = writeln!(text, "{gap}{open}{}{close}", header(path));
    }
    for (key, value) in settings {
        let _ = text.key(TomlKeyBuilder::new(key).as_default());
        text.push_str(" = ");
        write_value(text, value);
        text.push('\n');
    }
    for (key, value) in blocks {
        path.push(key.to_owned());
        match value {
            DeValue::Table(inner) => write_table(text, inner, path, Header::Table),
            DeValue::Array(elements) => {
                let tables = elements
                    .iter()
                    .filter_map(|element| element.get_ref().as_table());
                tables.for_each(|inner| write_table(text, inner, path, Header::Element));
            }
            _ => {}
        }
        path.pop();
    }
}

/// Whether a value is written under a header of its own: a table, or a list of tables.
fn is_block(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(list) => {
            !list.is_empty() && list.iter().all(|element| element.get_ref().is_table())
        }
        _ => false,
    }
}

/// The keys of a path, with dots between.
pub(crate) fn header(path: &[impl AsRef<str>]) -> String {
    let mut header = String::new();
    for (index, key) in path.iter().enumerate() {
        if index > 0 {
            header.push('.');
        }
        let _ = header.key(TomlKeyBuilder::new(key.as_ref()).as_default());
    }
    header
}

fn write_value(text: &mut String, value: &DeValue<'_>) {
    // Writing to a String cannot fail.
    let _ = match value {
        DeValue::String(string) => text.value(TomlStringBuilder::new(string).as_basic()),
        DeValue::Integer(integer) => write!(text, "{integer}"),
        DeValue::Float(float) => write!(text, "{float}"),
        DeValue::Boolean(boolean) => write!(text, "{boolean}"),
        DeValue::Datetime(datetime) => write!(text, "{datetime}"),
        DeValue::Array(list) => {
            write_members(
                text,
                ('[', ']'),
                list.iter().map(|element| (None, element.get_ref())),
            );
            Ok(())
        }
        DeValue::Table(table) => {
            write_members(
                text,
                ('{', '}'),
                table
                    .iter()
                    .map(|(key, value)| (Some(&**key.get_ref()), value.get_ref())),
            );
            Ok(())
        }
    };
}

fn write_members<'a, 'i: 'a>(
    text: &mut String,
    (open, close): (char, char),
    members: impl Iterator<Item = (Option<&'a str>, &'a DeValue<'i>)>,
) {
    text.push(open);
    for (index, (key, value)) in members.enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if let Some(key) = key {
            let _ = text.key(TomlKeyBuilder::new(key).as_default());
            text.push_str(" = ");
        }
        write_value(text, value);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(first: &str, second: &str) -> (String, Vec<Conflict>) {
        let mut tree = parse(first).ok().unwrap();
        let conflicts = join(&mut tree, parse(second).ok().unwrap());
        (write(&tree), conflicts)
    }

    #[test]
    fn tables_are_joined_and_written_sorted() {
        let (text, conflicts) = joined(
            "[registry.\"docker.io\"]\nmirrors = [\"a\"]\n",
            "z = 1\n[[worker.oci.gcpolicy]]\nall = true\n[registry.'docker.io']\nhttp = true\n[dns]\nnameservers = ['1.1.1.1']\nx = {b = 1, a = 0x1f}",
        );

        assert_eq!(
            text,
            "z = 1\n\n[dns]\nnameservers = [\"1.1.1.1\"]\n\n[dns.x]\na = 0x1f\nb = 1\n\n[registry.\"docker.io\"]\nhttp = true\n\
             mirrors = [\"a\"]\n\n[[worker.oci.gcpolicy]]\nall = true\n"
        );
        assert_eq!(conflicts, []);
    }

    #[test]
    fn a_setting_with_two_values_is_a_conflict_with_both_places() {
        let (_, conflicts) = joined("[log]\nlevel = \"debug\"", "log.level = \"info\"");

        assert_eq!(
            conflicts,
            [Conflict {
                setting: "log.level".to_owned(),
                first: 14..21,
                second: 12..18
            }]
        );
    }

    #[test]
    fn a_setting_is_one_in_any_case_and_a_registry_is_not() {
        let (text, conflicts) = joined(
            "[log]\nlevel = 'debug'\n[registry.a]\nhttp = true",
            "Log.LEVEL = 'info'\nLOG.Format = 'json'\n[registry.A]\nhttp = false",
        );

        let settings: Vec<_> = conflicts
            .iter()
            .map(|conflict| &*conflict.setting)
            .collect();
        assert_eq!(settings, ["log.level"]);
        assert_eq!(
            text,
            "[log]\nFormat = \"json\"\nlevel = \"debug\"\n\n[registry.A]\nhttp = false\n\n[registry.a]\nhttp = true\n"
        );
    }

    #[test]
    fn a_setting_with_one_value_twice_is_none() {
        let (_, conflicts) = joined("[a]\nb = [\"x\", {c = true}]", "a.b = ['x', {c = true}]");

        assert_eq!(conflicts, []);
    }

    #[test]
    fn hostile_text_stays_a_value() {
        let hostile = "x\"]\nroot = \"/\"\n[a.'b'\u{7f}\\";
        let mut tree = DeTable::new();
        set(
            &mut tree,
            &["registry", hostile, "mirrors"],
            list([string(hostile, 0..0)], 0..0),
        );

        let text = write(&tree);

        let back = parse(&text).ok().unwrap();
        assert_eq!(back.len(), 1);
        let mirrors = get(&back, &["registry", hostile, "mirrors"])
            .unwrap()
            .get_ref()
            .as_array()
            .unwrap();
        assert_eq!(mirrors.first().unwrap().get_ref().as_str(), Some(hostile));
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let text = "a = [[1, 2.5], {b = [], c = {}}]\n\n[d]\n\n[[e]]\nf = 1979-05-27T07:32:00Z\n\n[[e]]\n\n[e.g]\nh = \"\\u0000\\n\"\n";

        assert_eq!(write(&parse(text).ok().unwrap()), text);
    }

    #[test]
    fn each_number_that_no_reader_takes_is_found() {
        let text = "a = 0x8000000000000000\nb = [1e400, {c = -9223372036854775809}]\nd = [0x7fffffffffffffff, -inf, nan, 1e300]";

        let mistakes = parse(text).unwrap_err();

        let said: Vec<_> = mistakes
            .iter()
            .map(|mistake| (&*mistake.message, &text[mistake.range.clone()]))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "the number 0x8000000000000000 does not fit into 64 bits",
                    "0x8000000000000000"
                ),
                ("the number 1e400 is too large", "1e400"),
                (
                    "the number -9223372036854775809 does not fit into 64 bits",
                    "-9223372036854775809"
                ),
            ]
        );
    }

    #[test]
    fn depth_is_bounded() {
        let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
        let inline = format!("a = {}1{}", "{b = ".repeat(10_000), "}".repeat(10_000));
        let lists = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let inner = vec!["a"; 40].join(".");
        let both = format!("{inner} = {{ {inner} = 1 }}");
        for text in [dotted, inline, lists, both] {
            assert!(parse(&text).is_err());
        }
    }
}
