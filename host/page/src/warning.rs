//! What the frontend warns of, and the program itself.
//!
//! Reads, writes: nothing. Unknown here: steps.

use maud::{Markup, html};
use oci_image_progress::record::BuildRecord;

use crate::text::visible;

/// How many warnings there are.
pub(crate) fn count(record: &BuildRecord) -> usize {
    record.told.len() + record.account.warnings
}

/// Lists the warnings; nothing where there are none.
pub(crate) fn warnings(record: &BuildRecord) -> Markup {
    let more = record
        .account
        .warnings
        .saturating_sub(record.warnings.len());
    html! {
        @if count(record) > 0 {
            section.warnings aria-labelledby="warnings" {
                h2 id="warnings" { "Warnings" }
                ul role="list" {
                    @for message in &record.told { li { p.short { (visible(message)) } } }
                    @for warning in &record.warnings {
                        li {
                            p.short { (visible(&warning.short)) }
                            @for line in &warning.detail { p { (visible(line)) } }
                            // Not a link: it is the frontend's word, and a page that is kept leads nowhere.
                            @if !warning.url.is_empty() { p.url { "see " (visible(&warning.url)) } }
                            @if let Some(excerpt) = &warning.excerpt {
                                pre { @for line in excerpt.lines() { (visible(line)) "\n" } }
                            }
                        }
                    }
                }
                @if more > 0 { p.gap { "and " (more) " more" } }
            }
        }
    }
}
