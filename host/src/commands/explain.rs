//! `oci-image explain`: the rule behind a diagnostic's code, with an example.

use std::fmt::Write as _;

use oci_image_schema::code::Code;

use crate::commands::print;
use crate::failure::Failure;

pub(super) fn run(code: Option<&str>) -> Result<(), Failure> {
    match code {
        Some(name) => print(&explanation(name)?),
        None => print(&list()),
    }
}

fn explanation(name: &str) -> Result<String, Failure> {
    let code = Code::ALL
        .iter()
        .find(|code| code.name() == name)
        .ok_or_else(|| {
            Failure::Usage(Box::new(Unknown {
                name: name.to_owned(),
            }))
        })?;
    Ok(format!(
        "{}: {}\n\nwrong:  {}\nright:  {}\n",
        code.name(),
        code.rule(),
        code.wrong(),
        code.right()
    ))
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

/// A code that no diagnostic has.
#[derive(Debug, thiserror::Error)]
#[error("no diagnostic has the code `{name}`; `oci-image explain` lists all codes")]
struct Unknown {
    name: String,
}
