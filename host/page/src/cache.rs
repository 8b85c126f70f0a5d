//! The caches of `RUN --mount=type=cache` that are kept between builds: what became of each.
//!
//! Reads, writes: nothing. Unknown here: steps.

use maud::{Markup, html};
use oci_image_progress::amount::size;
use oci_image_schema::outcome::{CacheResult, CacheState};

use crate::text::visible;

/// What became of each; nothing where there is none.
pub(crate) fn caches(caches: &[CacheResult<'_>]) -> Markup {
    html! {
        @if !caches.is_empty() {
            section.images aria-labelledby="caches" {
                h2 id="caches" { "Cache mounts" }
                ul role="list" {
                    @for cache in caches {
                        li {
                            p.path { code { (visible(cache.id)) } }
                            p.weight { (state(cache)) }
                        }
                    }
                }
            }
        }
    }
}

fn state(cache: &CacheResult<'_>) -> String {
    let held = match (cache.bytes, cache.entries) {
        (Some(bytes), Some(entries)) => format!(": {} in {entries} entries", size(bytes)),
        _ => String::new(),
    };
    let archive = cache.archive.map(size).unwrap_or_default();
    let seconds = cache.seconds;
    match cache.state {
        CacheState::Restored => format!("restored in {seconds:.1}s{held}"),
        CacheState::InEngine => "still in the daemon".to_owned(),
        CacheState::Kept => format!("kept in {seconds:.1}s, as {archive}{held}"),
        CacheState::Unchanged => format!("unchanged{held}"),
        CacheState::Missed => {
            format!("missed, and kept as it was: steps had another one{held}")
        }
        CacheState::Empty => "empty".to_owned(),
        CacheState::LeftOut => {
            format!("not kept: it takes {archive} at least, for which there is no room")
        }
    }
}
