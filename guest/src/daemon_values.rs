//! Values of the daemon's configuration, judged as buildkitd reads them: it ends at one of another type, and passes over a setting
//! that it does not know.
//!
//! Unknown here: which settings there are (`daemon_settings`), and where they come from.

use std::borrow::Cow;
use std::ops::Range;

use oci_image_schema::code::Code;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::daemon_settings::{Settings, TOP, Type};
use crate::findings::{Findings, quoted};
use crate::json::Text;
use crate::nearest::nearest;
use crate::toml_text::header;

/// Reports each value that buildkitd would end at, and each setting that it does not know.
pub(crate) fn judge(extra: &Text<'_>, table: &DeTable<'_>, findings: &mut Findings<'_>) {
    Judge { extra, findings }.settings(table, &[TOP], &mut Vec::new());
}

struct Judge<'j, 'e, 'f> {
    extra: &'j Text<'e>,
    findings: &'j mut Findings<'f>,
}

impl Judge<'_, '_, '_> {
    fn settings<'i>(
        &mut self,
        table: &'i DeTable<'_>,
        groups: &[Settings],
        path: &mut Vec<&'i str>,
    ) {
        for (name, value) in table {
            let mut settings = groups.iter().copied().flatten();
            path.push(name.get_ref());
            match settings.find(|(known, _)| known.eq_ignore_ascii_case(name.get_ref())) {
                Some((_, expected)) => self.value(value, expected, path),
                None => self.unknown(name, groups, path),
            }
            path.pop();
        }
    }

    fn value<'i>(
        &mut self,
        value: &'i Spanned<DeValue<'_>>,
        expected: &Type,
        path: &mut Vec<&'i str>,
    ) {
        match (expected, value.get_ref()) {
            (Type::Any, _)
            | (Type::Boolean, DeValue::Boolean(_))
            | (Type::Integer | Type::Duration | Type::Space, DeValue::Integer(_))
            | (Type::Space, DeValue::Float(_))
            | (Type::String | Type::Duration | Type::Space, DeValue::String(_))
            // Of its own fields, as its program has them.
            | (Type::Duration | Type::Space, DeValue::Table(_)) => {}
            (Type::Table(groups), DeValue::Table(table)) => self.settings(table, groups, path),
            (Type::Map(of), DeValue::Table(table)) => {
                for (name, value) in table {
                    path.push(name.get_ref());
                    self.value(value, of, path);
                    path.pop();
                }
            }
            (Type::List(of), DeValue::Array(list)) => {
                for element in list {
                    self.value(element, of, path);
                }
            }
            (expected, found) => self.mismatch(expected, found, value.span(), path),
        }
    }

    fn mismatch(
        &mut self,
        expected: &Type,
        found: &DeValue<'_>,
        place: Range<usize>,
        path: &[&str],
    ) {
        let message = format!(
            "buildkitd reads {} in {}, found {}",
            expected.phrase(),
            quoted(&header(path)),
            phrase(found)
        );
        let place = self.extra.part(&place);
        let finding = self.findings.report(Code::SettingType, place, message);
        match (expected, found) {
            (Type::Boolean, _) => {
                finding.help("write `true` or `false`, without quotes");
            }
            (Type::Integer, DeValue::String(_)) => {
                finding.help("write the number without quotes");
            }
            (Type::Duration, _) => {
                finding.help("write it like \"48h\"");
            }
            (Type::Space, _) => {
                finding.help("write it like \"10GB\", or \"20%\" of the disk");
            }
            (Type::List(of), found) if of.takes(found) => {
                finding.help("put it in a list: `[...]`");
            }
            (Type::String, DeValue::Table(_) | DeValue::Array(_)) => {}
            (Type::String, _) => {
                finding.help("put it in quotes");
            }
            _ => {}
        }
    }

    fn unknown(&mut self, name: &Spanned<Cow<'_, str>>, groups: &[Settings], path: &[&str]) {
        let known: Vec<&str> = groups
            .iter()
            .copied()
            .flatten()
            .map(|(name, _)| *name)
            .collect();
        let place = match path {
            [_] => "at the top of its configuration".to_owned(),
            [tables @ .., _] => format!("in {}", quoted(&header(tables))),
            [] => String::new(),
        };
        let message = format!("buildkitd reads no {} {place}", quoted(name.get_ref()));
        let place = self.extra.part(&name.span());
        let finding = self.findings.report(Code::UnknownConfig, place, message);
        finding.allowed(&known);
        if let Some(near) = nearest(name.get_ref(), &known) {
            finding.help(format!("did you mean `{near}`?"));
        }
    }
}

fn phrase(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
