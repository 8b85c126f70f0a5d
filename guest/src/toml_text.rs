//! TOML as text, written in one way only.
//!
//! A value stays a value: it is written by `toml_writer` as a quoted string, so no text can begin a table or a key of its own. Keys
//! are sorted, as `DeTable` keeps them, and strings are basic ones on one line, which is TOML 1.0 and what the daemon's parser reads.
//!
//! Unknown here: what the settings mean. Source: the `toml` crate's spanned tree (`DeTable`), `toml_writer`.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};
use toml_writer::{TomlKeyBuilder, TomlStringBuilder, TomlWrite as _};

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
