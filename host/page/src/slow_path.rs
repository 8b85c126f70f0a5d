//! The slow path, as a list: whoever wants a faster build begins here.
//!
//! Reads, writes: nothing. Unknown here: how it is found.

use std::cmp::Reverse;
use std::time::Duration;

use maud::{Markup, html};
use oci_image_progress::record::{BuildRecord, Leg};

use crate::figure::time;
use crate::row::kind;
use crate::text::{clipped, parts, visible};

/// How many steps are listed: the slowest of the path.
const MOST: usize = 8;
/// What is shown of a name, in characters.
const LONGEST_NAME: usize = 120;

/// Lists the path; nothing where there is none.
pub(crate) fn slow_path(record: &BuildRecord, legs: &[Leg]) -> Markup {
    let mut slowest: Vec<&Leg> = legs.iter().collect();
    slowest.sort_by_key(|leg| Reverse(leg.duration));
    let longest = slowest.first().map(|leg| leg.duration);
    slowest.truncate(MOST);
    let listed = legs.iter().filter(|leg| slowest.contains(leg));
    html! {
        @if let Some(longest) = longest {
            section.path aria-labelledby="path" {
                h2 id="path" { "Slow path" }
                p.about { "What the end waited for, one after the other." }
                ol role="list" {
                    @for leg in listed { (row(record, leg, longest)) }
                }
                @if legs.len() > MOST { p.gap { "and " (legs.len() - MOST) " shorter ones, marked below" } }
            }
        }
    }
}

fn row(record: &BuildRecord, leg: &Leg, longest: Duration) -> Markup {
    let step = &record.steps[leg.step];
    let (place, name) = parts(&step.name);
    let part = leg.duration.as_secs_f64() / longest.as_secs_f64();
    html! {
        li.(kind(step)).slow {
            a href={ "#step-" (step.number) } {
                span.time { (time(leg.duration)) }
                svg.share aria-hidden="true" focusable="false" {
                    rect.run x="0" y="30%" width={ (format!("{:.3}", part * 100.0)) "%" } height="40%" {}
                }
                span.name {
                    @if let Some(place) = place { span.place { (visible(place)) " " } }
                    code { (clipped(name, LONGEST_NAME)) }
                }
            }
        }
    }
}
