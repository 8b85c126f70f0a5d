//! `cache_mounts`, `cache_mounts_limit` and `cache_mounts_read_only`: which cache mounts are kept with `cache`.
//!
//! An empty list is not the same as left out: it keeps none, and so does `none`, which a parameter of a task can say too.
//!
//! Reads nothing. Unknown here: what the Dockerfile mounts. Source: BuildKit's Dockerfile frontend: the id of a mount without one is its
//! target, cleaned as Go's `path.Clean` does it.

use oci_image_schema::cache_mounts::{self, DEFAULT_LIMIT, DEFAULT_LIMIT_TEXT, NO_MOUNT, OPTIONS};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::plan;

use crate::findings::{Findings, quoted};
use crate::json::{Kind, Node, Text};
use crate::reader::Reader;

/// What people write for all of them, which is said by leaving the key out.
const ALL: &[&str] = &["all", "*", "true", "yes", "on"];
/// What people write for none.
const NONE: &[&str] = &["none", "false", "no", "off"];

/// What is written of cache mounts.
#[derive(Debug, Default)]
pub(crate) struct CacheMounts<'t> {
    pub(crate) ids: Option<Ids<'t>>,
    pub(crate) limit: Option<Limit>,
}

/// The ids of a list that is sound.
#[derive(Debug)]
pub(crate) struct Ids<'t> {
    /// Empty: none is kept.
    list: Vec<Text<'t>>,
    /// The list.
    span: Span,
}

/// A limit that is sound.
#[derive(Debug)]
pub(crate) struct Limit {
    bytes: u64,
    span: Span,
}

/// The ids of a list, if all of them are sound.
pub(crate) fn ids<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Option<Ids<'t>> {
    if node.kind() != Kind::List {
        let _ = reader.texts(key, node);
        return None;
    }
    let mut list = reader.texts(key, node);
    let is_none = |id: &Text<'_>| id.as_str() == NO_MOUNT;
    match &*list {
        [only] if is_none(only) => list.clear(),
        [only] => remark_word(reader, key, only),
        _ => {}
    }
    let written = list.len();
    list.retain(|id| is_sound(reader, id));
    (list.len() == written).then(|| Ids {
        list,
        span: node.span(),
    })
}

/// Whether an id can be one. Reports what is wrong with it, or odd.
fn is_sound(reader: &mut Reader<'_, '_>, id: &Text<'_>) -> bool {
    let name = id.as_str();
    let control = name.char_indices().find(|(_, sign)| sign.is_control());
    if let Some((at, sign)) = control {
        let place = id.part(&(at..at + sign.len_utf8()));
        let message = "the id of a cache mount holds a control character";
        reader
            .findings
            .report(Code::InvalidCharacter, place, message);
        return false;
    }
    if name == NO_MOUNT {
        let message = format!("`{NO_MOUNT}` stands for no cache mount at all, so it stands alone");
        reader
            .findings
            .report(Code::BadCacheMount, id.span(), message)
            .help("remove it, or the others");
        return false;
    }
    let option = name
        .split_once('=')
        .filter(|(option, _)| OPTIONS.contains(option));
    if option.is_some() {
        let message = format!("{} is an option of a mount, and not its id", quoted(name));
        reader
            .findings
            .report(Code::BadCacheMount, id.span(), message)
            .help(help_of_option(name));
        return false;
    }
    let cleaned = cleaned(name);
    if name.starts_with('/') && cleaned != name {
        let message = format!(
            "no cache mount without an id has the target {}",
            quoted(name)
        );
        reader
            .findings
            .report(Code::OddCacheMount, id.span(), message)
            .help(format!("write {}", quoted(&cleaned)));
    }
    true
}

/// What to write in the place of `type=cache,id=go,target=/go`.
fn help_of_option(options: &str) -> String {
    let value = |names: &[&str]| {
        let mut pairs = options
            .split(',')
            .filter_map(|option| option.split_once('='));
        let found = pairs.find(|(option, value)| names.contains(option) && !value.is_empty());
        found.map(|(_, value)| value.to_owned())
    };
    let target = || value(&["target", "dst", "destination"]).map(|target| cleaned(&target));
    match value(&["id"]).or_else(target) {
        Some(id) => format!("write {}", quoted(&id)),
        None => "write the `id` of the mount, or its target where it has none".to_owned(),
    }
}

/// A word that is alone, and probably no id.
fn remark_word(reader: &mut Reader<'_, '_>, key: &str, id: &Text<'_>) {
    let word = id.as_str().to_ascii_lowercase();
    let help = if ALL.contains(&&*word) {
        format!("remove `{key}`: where it is left out, all are kept")
    } else if NONE.contains(&&*word) {
        format!("to keep none, write `{NO_MOUNT}`")
    } else {
        return;
    };
    let message = format!(
        "{} is taken for the id of a cache mount",
        quoted(id.as_str())
    );
    reader
        .findings
        .report(Code::OddCacheMount, id.span(), message)
        .help(help);
}

/// An absolute path without what leads nowhere, as Go's `path.Clean` writes it; any other as it is.
fn cleaned(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// How much is kept, if it is a number of bytes and not zero.
pub(crate) fn limit<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Option<Limit> {
    let text = reader.optional(key, node)?;
    let (written, span) = (text.as_str(), text.span());
    let (message, help) = match cache_mounts::limit(written) {
        Some(0) => (
            format!("{} leaves nothing to keep", quoted(written)),
            format!("to keep none, write `\"cache_mounts\": [\"{NO_MOUNT}\"]`"),
        ),
        Some(bytes) => return Some(Limit { bytes, span }),
        None => (
            format!("{} is no number of bytes", quoted(written)),
            meant(written).map_or_else(
                || format!("write a number and a unit, such as `500MB` or `{DEFAULT_LIMIT_TEXT}`"),
                |meant| format!("did you mean `{meant}`?"),
            ),
        ),
    };
    reader
        .findings
        .report(Code::BadCacheMountsLimit, span, message)
        .help(help);
    None
}

/// The size that was probably meant: `1.5GB` by `1,5 gigabytes`.
fn meant(written: &str) -> Option<String> {
    let written = written.trim().replace(',', ".");
    let end = written.find(|sign: char| sign != '.' && !sign.is_ascii_digit());
    let (number, unit) = written.split_at(end.unwrap_or(written.len()));
    let zero = if number.starts_with('.') { "0" } else { "" };
    let unit = unit.trim().to_ascii_lowercase();
    let unit = match unit.chars().next() {
        Some(first @ ('k' | 'm' | 'g' | 't')) => {
            let first = first.to_ascii_uppercase();
            // `gi` and `gibibytes`, and not `gigabytes`.
            let rest = &unit[1..];
            let is_binary = matches!(rest, "i" | "ib") || rest.contains("bi");
            format!("{first}{}", if is_binary { "iB" } else { "B" })
        }
        Some('b') | None => String::new(),
        Some(_) => return None,
    };
    let meant = format!("{zero}{number}{unit}");
    let is_sound = meant.len() < 24 && cache_mounts::limit(&meant).is_some_and(|bytes| bytes > 0);
    is_sound.then_some(meant)
}

impl CacheMounts<'_> {
    /// Of a request that keeps no cache.
    pub(crate) fn report_ineffective(&self, read_only: Option<Span>, findings: &mut Findings<'_>) {
        // To keep none is what is done then.
        let ids = self.ids.as_ref().filter(|ids| !ids.list.is_empty());
        let written = [
            ("cache_mounts", ids.map(|ids| ids.span)),
            (
                "cache_mounts_limit",
                self.limit.as_ref().map(|limit| limit.span),
            ),
            ("cache_mounts_read_only", read_only),
        ];
        for (key, span) in written {
            let Some(span) = span else {
                continue;
            };
            let message = format!("without `cache` nothing is kept, so `{key}` counts for nothing");
            findings
                .report(Code::IneffectiveCacheMounts, span, message)
                .help(format!("add `\"cache\": true`, or remove `{key}`"));
        }
    }

    /// As they are planned.
    pub(crate) fn planned(&self, read_only: bool) -> Option<plan::CacheMounts> {
        let ids = self.ids.as_ref().map(|ids| &ids.list);
        if ids.is_some_and(Vec::is_empty) {
            return None;
        }
        let texts = |ids: &Vec<Text<'_>>| ids.iter().map(|id| id.as_str().to_owned()).collect();
        Some(plan::CacheMounts {
            ids: ids.map(texts),
            limit: (self.limit.as_ref()).map_or(DEFAULT_LIMIT, |limit| limit.bytes),
            read_only,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_cleaned_as_go_cleans_them() {
        for (path, expected) in [
            ("/root/.cache/", "/root/.cache"),
            ("//a/./b//../c", "/a/c"),
            ("/", "/"),
            ("/..", "/"),
            ("/...", "/..."),
            ("go/", "go/"),
            ("go", "go"),
        ] {
            assert_eq!(cleaned(path), expected, "{path}");
        }
    }

    #[test]
    fn sizes_that_are_nearly_right_are_found() {
        for (written, expected) in [
            ("1,5GB", Some("1.5GB")),
            (".5 GiB", Some("0.5GiB")),
            ("500 megabytes", Some("500MB")),
            ("2 gigs", Some("2GB")),
            ("2 Gibibytes", Some("2GiB")),
            ("2Gi", Some("2GiB")),
            ("100 bytes", Some("100")),
            ("0,0 gigs", None),
            ("1.2.3GB", None),
            ("-1GB", None),
            ("much", None),
            ("GB", None),
            ("", None),
        ] {
            assert_eq!(meant(written).as_deref(), expected, "{written}");
        }
        assert_eq!(meant(&"9".repeat(1 << 20)), None);
    }
}
