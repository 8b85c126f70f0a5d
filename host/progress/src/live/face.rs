//! Events as lines that stay: one for each step that has ended, and what is warned of.
//!
//! Reads, writes: a screen. Unknown here: the daemon's reports.

use std::time::{Duration, SystemTime};

use super::frame::{beside, frame};
use super::screen::Screen;
use crate::colour::Colours;
use crate::event::{Event, Kind};
use crate::plain::introduction;
use crate::trace::Trace;

/// A live display of a trace. Dropped, it leaves what stays.
pub(crate) struct Live {
    colours: Colours,
    screen: Screen,
    /// When the first report came, by the daemon's clock.
    begun: Option<SystemTime>,
}

impl Live {
    pub(crate) fn new(colours: Colours, screen: Screen) -> Self {
        Self {
            colours,
            screen,
            begun: None,
        }
    }

    /// Adds to `out` what stays of an event.
    pub(crate) fn accept(&self, event: &Event, trace: &Trace, out: &mut String) {
        let is_lasting = matches!(event.kind, Kind::Ended(_) | Kind::Warning(_));
        let Some(body) = self.colours.body(&event.kind).filter(|_| is_lasting) else {
            return;
        };
        let columns = self.screen.size().columns;
        let name = introduction(self.colours, trace, trace.step(event.step));
        out.push_str(&beside(&name, &body, columns));
        out.push('\n');
    }

    /// Shows what runs, so long after the last report.
    pub(crate) fn show(&mut self, trace: &Trace, later: Duration) {
        if trace.steps().is_empty() {
            return;
        }
        let now = trace.now() + later;
        let begun = *self.begun.get_or_insert(trace.now());
        self.screen
            .show(frame(trace, self.colours, begun, now, self.screen.size()));
    }

    /// Takes away what does not stay.
    pub(crate) fn end(&self) {
        self.screen.end();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.end();
    }
}
