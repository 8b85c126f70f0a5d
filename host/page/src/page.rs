//! The page as a whole.
//!
//! Reads, writes: nothing. Unknown here: where it is kept.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use maud::{DOCTYPE, Markup, html};
use oci_image_progress::dockerfile::{lines, stages};
use oci_image_progress::record::BuildRecord;

use crate::dockerfile::dockerfile;
use crate::fate::Fate;
use crate::known::Known;
use crate::{cache, failure, head, slow_path, style, timeline, warning};

/// What there is to show of a build.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// What became of it.
    pub fate: Fate<'a>,
    /// When it began, by this machine's clock.
    pub begun: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// What happened in it.
    pub record: &'a BuildRecord,
    /// The version of the program.
    pub version: &'a str,
}

impl Page<'_> {
    /// The page, as a file of HTML holds it.
    #[must_use]
    pub fn html(&self) -> String {
        let title = head::title(&self.fate, self.elapsed);
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(style::policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (title) " · oci-image" }
                    link rel="icon" href=(style::icon(head::kind(&self.fate)));
                    (style::sheet())
                }
                body { (self.body(&title)) }
            }
        };
        page.into_string()
    }

    fn body(&self, title: &str) -> Markup {
        let Self { fate, record, .. } = self;
        let legs = record.slow_path();
        let slow: HashSet<usize> = legs.iter().map(|leg| leg.step).collect();
        let text = record.dockerfile.as_ref().map_or("", |file| &file.text);
        let lines = lines(record, &stages(text));
        let known = Known {
            record,
            slow: &slow,
            lines: &lines,
        };
        html! {
            main {
                (head::heading(head::kind(fate), title, self.begun, &format!("oci-image {}", self.version)))
                @match fate {
                    Fate::Failed { report } => (failure::failure(report, "Why it failed")),
                    Fate::Stopped { report } => (failure::failure(report, "Why it ended")),
                    Fate::Built { .. } => {},
                }
                (head::figures(fate, record))
                @if let Fate::Built { images, builders, caches, .. } = fate {
                    (head::builders(builders))
                    (head::images(images))
                    (cache::caches(caches))
                }
                (slow_path::slow_path(record, &legs))
                (timeline::timeline(&known))
                @if let Some(file) = &record.dockerfile {
                    (dockerfile(file, &known))
                }
                (warning::warnings(record))
            }
        }
    }
}
