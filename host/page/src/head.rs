//! The head of the page: what became of the build, in figures.
//!
//! Reads, writes: nothing. Unknown here: steps.

use std::time::{Duration, SystemTime};

use maud::{Markup, html};
use oci_image_progress::amount::{counted, size};
use oci_image_progress::record::BuildRecord;
use oci_image_schema::outcome::{BuilderResult, ImageResult};

use crate::fate::Fate;
use crate::figure::{date, time};
use crate::text::visible;
use crate::warning::count;

/// `Built in 8.3s`: what the page is called.
pub(crate) fn title(fate: &Fate<'_>, elapsed: Duration) -> String {
    let elapsed = time(elapsed);
    match fate {
        Fate::Built { images, .. } if images.is_empty() => {
            format!("Built in {elapsed}, nothing exported")
        }
        Fate::Built { .. } => format!("Built in {elapsed}"),
        Fate::Failed { .. } => format!("Failed after {elapsed}"),
        Fate::Stopped { .. } => format!("Stopped after {elapsed}"),
    }
}

/// How the page is coloured.
pub(crate) fn kind(fate: &Fate<'_>) -> &'static str {
    match fate {
        Fate::Built { .. } => "built",
        Fate::Failed { .. } => "failed",
        Fate::Stopped { .. } => "stopped",
    }
}

/// The heading, and when and by what it was built.
pub(crate) fn heading(kind: &str, title: &str, begun: SystemTime, by: &str) -> Markup {
    html! {
        header.head.(kind) {
            h1 { span.dot aria-hidden="true" {} (title) }
            p.when {
                @if let Some(date) = date(begun) { (date) ", " }
                (by)
            }
        }
    }
}

/// What it came to.
pub(crate) fn figures(fate: &Fate<'_>, record: &BuildRecord) -> Markup {
    let account = &record.account;
    html! {
        dl.figures {
            div { dt { "steps" } dd { (account.steps) } }
            div { dt { "cached" } dd { (account.cached) " of " (account.steps) } }
            @if let Fate::Built { images, sent, received, .. } = fate {
                div { dt { "images" } dd { (images.len()) } }
                div { dt { "sent" } dd { (size(*sent)) } }
                div { dt { "received" } dd { (size(*received)) } }
            }
            @if count(record) > 0 {
                div { dt { "warnings" } dd { a href="#warnings" { (count(record)) } } }
            }
            @if record.attempts > 1 {
                div { dt { "attempts" } dd { (record.attempts) } }
            }
        }
    }
}

/// The builders on which it was built.
pub(crate) fn builders(builders: &[BuilderResult<'_>]) -> Markup {
    html! {
        @for builder in builders {
            p.builder {
                @if let Some(platforms) = builder.platforms { (visible(&platforms.join(", "))) " on " } @else { "on " }
                code { (visible(builder.address)) } ", BuildKit " (visible(builder.version))
            }
        }
    }
}

/// The images that were exported.
pub(crate) fn images(images: &[ImageResult<'_>]) -> Markup {
    html! {
        section.images aria-labelledby="images" {
            h2 id="images" { @if images.len() == 1 { "Image" } @else { "Images" } }
            @if images.is_empty() { p.nothing { "No image was exported." } }
            ul role="list" {
                @for image in images {
                    li {
                        p.path { code { (visible(image.image)) } @if let Some(target) = image.target { span.target { "target " (visible(target)) } } }
                        p.digest { code { (visible(image.digest)) } }
                        p.weight {
                            (size(image.size)) ", " (counted(image.layers, "layer")) ", " (image.new_layers) " new"
                        }
                    }
                }
            }
        }
    }
}
