//! The ending of a build that is done: what it has come to, for a person or for a program.
//!
//! Reads and writes: nothing.

use std::fmt::Write as _;

use oci_image::boundary::outside::within_lines;
use oci_image::executor::{Built, BuiltOn, Carried, Kept, Outcome};
use oci_image::progress::{SlowStep, amount};
use oci_image_schema::outcome::{self, CacheState};

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
        builders: outcome.builders.iter().map(builder).collect(),
        caches: outcome.carried.iter().map(cache).collect(),
        warnings: account.warnings,
    }
}

/// A builder on which it was built.
pub(crate) fn builder(built_on: &BuiltOn) -> outcome::BuilderResult<'_> {
    outcome::BuilderResult {
        address: &built_on.address,
        version: &built_on.version,
        platforms: built_on.platforms.as_deref(),
    }
}

/// A cache that steps mount, and what became of it.
pub(crate) fn cache(carried: &Carried) -> outcome::CacheResult<'_> {
    let (state, held, archive) = match carried.kept {
        Kept::Restored(amount) => (CacheState::Restored, Some(amount), None),
        Kept::InDaemon => (CacheState::InEngine, None, None),
        Kept::Saved { amount, size } => (CacheState::Kept, Some(amount), Some(size)),
        Kept::Unchanged(amount) => (CacheState::Unchanged, Some(amount), None),
        Kept::Missed(amount) => (CacheState::Missed, Some(amount), None),
        Kept::LeftOut { size } => (CacheState::LeftOut, None, Some(size)),
        Kept::Empty => (CacheState::Empty, None, None),
    };
    outcome::CacheResult {
        id: &carried.id,
        state,
        bytes: held.map(|held| held.bytes),
        entries: held.map(|held| held.entries),
        archive,
        seconds: carried.elapsed.as_secs_f64(),
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
///   cache mounts: 2 restored (134.20MB), 1 kept (35.02MB), 1 unchanged
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
    for built_on in &outcome.builders {
        let platforms = built_on.platforms.as_deref();
        let what = platforms.map_or_else(String::new, |each| format!("{} ", each.join(", ")));
        let _ = writeln!(text, "  {what}on {}", within_lines(&built_on.address));
    }
    if !outcome.carried.is_empty() {
        let _ = writeln!(text, "  cache mounts: {}", caches(&outcome.carried));
    }
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

/// How many caches there were of each state, and how much that is: of files where they were restored, of archives where they are kept.
fn caches(carried: &[Carried]) -> String {
    let results: Vec<_> = carried.iter().map(cache).collect();
    let told = [
        (CacheState::Restored, "restored"),
        (CacheState::InEngine, "still in the daemon"),
        (CacheState::Kept, "kept"),
        (CacheState::Unchanged, "unchanged"),
        (CacheState::Missed, "missed"),
        (CacheState::LeftOut, "left out"),
        (CacheState::Empty, "empty"),
    ];
    let told = told.into_iter().filter_map(|(state, word)| {
        let of_it: Vec<_> = results.iter().filter(|one| one.state == state).collect();
        let size = match state {
            CacheState::Restored => of_it.iter().filter_map(|one| one.bytes).sum(),
            CacheState::Kept => of_it.iter().filter_map(|one| one.archive).sum(),
            _ => 0,
        };
        match (of_it.len(), size) {
            (0, _) => None,
            (count, 0) => Some(format!("{count} {word}")),
            (count, size) => Some(format!("{count} {word} ({})", amount::size(size))),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}
