//! Page: what a build did, as one page of HTML that needs nothing else: no network, no script, no file beside it.
//!
//! Takes a [`BuildRecord`](oci_image_progress::record::BuildRecord) and what became of the build. Whatever stands in them is text: it
//! is escaped, and no class, place or style of the page is made of it but figures. The page forbids itself, by its own policy, to
//! fetch and to run anything, and to be styled by any other sheet than its own.
//!
//! - [`Page`] (`page`) is the whole; [`Fate`] (`fate`) is what became of the build.
//! - `head`: that, its figures and its images. `failure`: why it has none. `cache`: caches that steps mount.
//! - `slow_path`: the steps for which the end waited.
//! - `timeline`: all steps on one `axis`, each a `row` with its `bar`, and with its `log` folded in.
//! - `dockerfile`: the Dockerfile with times beside its lines.
//! - `known`: what is known of all steps together.
//! - `warning`: what is warned of.
//! - `style`: how it looks. `figure`: times and amounts. `text`: texts from outside.
//!
//! Reads, writes: nothing. Unknown here: requests, plans, where the page is kept.

mod axis;
mod bar;
mod cache;
mod dockerfile;
mod failure;
mod fate;
mod figure;
mod head;
mod known;
mod log;
mod page;
mod row;
mod slow_path;
mod style;
mod text;
mod timeline;
mod warning;

pub use fate::Fate;
pub use page::Page;
