//! The ending of a build that is done: what it has come to, for a person or for a program.
//!
//! Reads and writes: nothing.

use std::fmt::Write as _;

use oci_image::boundary::outside::within_lines;
use oci_image::executor::{Built, Outcome};
use oci_image::progress::{SlowStep, amount};
use oci_image_schema::outcome;

/// As data.
pub(crate) fn document(outcome: &Outcome) -> outcome::BuildResult<'_> {
    let account = &outcome.account;
    outcome::BuildResult {
        images: outcome.images.iter().map(image).collect(),
        seconds: outcome.elapsed.as_secs_f64(),
        steps: account.steps,
        cached: account.cached,
        slowest: account.slowest.iter().map(slow).collect(),
        sent: outcome.sent,
        received: outcome.received,
        warnings: account.warnings,
    }
}

/// An image that was exported.
pub(crate) fn image(built: &Built) -> outcome::ImageResult<'_> {
    outcome::ImageResult {
        image: &built.image,
        target: built.target.as_deref(),
        digest: built.digest.as_ref(),
        size: built.figures.size,
        layers: built.figures.layers,
        new_layers: built.figures.new_layers,
    }
}

fn slow(step: &SlowStep) -> outcome::SlowStep<'_> {
    outcome::SlowStep {
        step: step.number,
        name: &step.name,
        seconds: step.duration.as_secs_f64(),
    }
}

/// As text, a few lines apart from the progress above them.
///
/// ```text
/// image/image.tar: 183.16MB, 12 layers (1 new)
///   sha256:...
/// built in 8.3s: 12 steps, 9 of them cached; sent 300.31MB, received 1.02kB
///   slowest: #7 RUN make 4.2s, #5 COPY . /src 1.5s
/// ```
pub(crate) fn text(outcome: &Outcome) -> String {
    let mut text = "\n".to_owned();
    for built in &outcome.images {
        let figures = &built.figures;
        let (size, layers) = (
            amount::size(figures.size),
            amount::counted(figures.layers, "layer"),
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {size}, {layers} ({} new)\n  {}",
            within_lines(&built.image),
            figures.new_layers,
            built.digest,
        );
    }
    if outcome.images.is_empty() {
        text.push_str("no image was exported\n");
    }
    let account = &outcome.account;
    let _ = writeln!(
        text,
        "built in {}: {}, {} of them cached; sent {}, received {}",
        amount::seconds(outcome.elapsed),
        amount::counted(account.steps, "step"),
        account.cached,
        amount::size(outcome.sent),
        amount::size(outcome.received),
    );
    if !account.slowest.is_empty() {
        let named = |step: &SlowStep| {
            let (number, name) = (step.number, amount::beginning(&step.name));
            format!("#{number} {name} {}", amount::seconds(step.duration))
        };
        let slowest: Vec<_> = account.slowest.iter().map(named).collect();
        let _ = writeln!(text, "  slowest: {}", slowest.join(", "));
    }
    text
}
