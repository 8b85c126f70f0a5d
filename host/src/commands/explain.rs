//! `oci-image explain`: the rule behind a diagnostic's code, with an example.

use std::fmt::Write as _;

use oci_image::boundary::near_miss::distance;
use oci_image::boundary::outside::shown;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Severity;

use crate::commands::answer::print;
use crate::failure::Failure;
use crate::signals::Signals;

pub(super) fn run(code: Option<&str>, signals: &Signals) -> Result<(), Failure> {
    match code {
        Some(name) => print(&explanation(name)?, signals),
        None => print(&list(), signals),
    }
}

fn explanation(name: &str) -> Result<String, Failure> {
    let code = named(name).ok_or_else(|| Failure::Usage(Box::new(Unknown::new(name))))?;
    let severity = match code.severity() {
        Severity::Error => "error: nothing is built",
        Severity::Warning => "warning: the build goes on",
    };
    Ok(format!(
        "{}: {}\n({severity})\n\nwrong:  {}\nright:  {}\n",
        code.name(),
        code.rule(),
        code.wrong(),
        code.right()
    ))
}

/// A code by its name, or as it stands in a report: `error[unknown-key]`.
fn named(name: &str) -> Option<Code> {
    let bare = name
        .split_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'))
        .unwrap_or(name);
    Code::from_name(&bare.trim().to_ascii_lowercase().replace('_', "-"))
}

fn list() -> String {
    let width = Code::ALL
        .iter()
        .map(|code| code.name().len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for code in Code::ALL {
        let _ = writeln!(text, "{:width$}  {}", code.name(), code.rule());
    }
    text
}

/// The code that was probably meant: at most a third of its letters differ, or it is the only one that holds the word.
fn nearest(name: &str) -> Option<&'static str> {
    let names = || Code::ALL.iter().map(|code| code.name());
    let near = names()
        .filter_map(|code| Some((distance(code, name)?, code)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, code)| code);
    let mut holders = names().filter(|code| !name.is_empty() && code.contains(name));
    near.or_else(|| holders.next().filter(|_| holders.next().is_none()))
}

/// A code that no diagnostic has.
#[derive(Debug, thiserror::Error)]
#[error("no diagnostic has the code `{name}`; {}", advice(*near), name = shown(name))]
struct Unknown {
    name: String,
    near: Option<&'static str>,
}

impl Unknown {
    fn new(name: &str) -> Self {
        // A comparison costs the product of the lengths.
        let near = nearest(&name.chars().take(64).collect::<String>());
        Self {
            name: name.to_owned(),
            near,
        }
    }
}

fn advice(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`oci-image explain` lists all codes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_as_reports_show_it() {
        for written in ["unknown-key", "error[unknown-key]", "Unknown_Key"] {
            assert_eq!(named(written), Some(Code::UnknownKey), "{written}");
        }
    }

    #[test]
    fn near_miss_finds_what_was_meant() {
        assert_eq!(nearest("unkown-key"), Some("unknown-key"));
        assert_eq!(nearest("toml"), Some("invalid-toml"));
        assert_eq!(nearest("unknown"), None);
        assert_eq!(nearest("zebra"), None);
        assert_eq!(nearest(""), None);
    }
}
