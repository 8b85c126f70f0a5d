//! How the page looks, and what it may do: nothing but to look like that.
//!
//! Reads, writes: nothing. Unknown here: what it shows.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

/// The only sheet that the page may have.
const SHEET: &str = include_str!("page.css");

/// The sheet, within its element.
pub(crate) fn sheet() -> Markup {
    html! { style { (PreEscaped(SHEET)) } }
}

/// What the page forbids itself: to fetch, to run, to send, and to be styled by anything but its sheet.
pub(crate) fn policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(SHEET));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// The mark of a page among others, for one that is `built`, `failed` or `stopped`. Without one a browser asks its server for it.
pub(crate) fn icon(kind: &str) -> String {
    let colour = match kind {
        "built" => "%232f855a",
        "failed" => "%23c53030",
        _ => "%23718096",
    };
    format!(
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='6' fill='{colour}'/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_ends_no_element_and_names_nothing_elsewhere() {
        for odd in ["</", "url(", "@import", "http", "\\"] {
            assert!(!SHEET.contains(odd), "{odd}");
        }
    }
}
