//! `oci-image du`: how many bytes the daemon's root has, by what they are for.

use std::fmt::Write as _;

use oci_image::boundary::outside::shown;
use oci_image::progress::amount;
use oci_image::storage::{KeptPart, Usage};

use crate::cli::Du;
use crate::commands::answer::{document, print};
use crate::commands::engine_place::root;
use crate::failure::Failure;
use crate::signals::Signals;

pub(super) fn run(asked: Du, signals: &Signals) -> Result<(), Failure> {
    let usage = Usage::of(&root(asked.root, None), signals.cancel());
    let usage = usage.map_err(|error| Failure::Engine(Box::new(error)))?;
    if asked.json {
        return print(&document(&usage), signals);
    }
    print(&text(&usage), signals)
}

fn text(usage: &Usage) -> String {
    let mut text = format!("{:>9}  {}\n", amount::size(usage.total), shown(&usage.root));
    for (bytes, part) in [
        (
            usage.snapshots,
            "snapshots: file systems of steps, contexts and bases",
        ),
        (
            usage.content,
            "content: blobs that the daemon pulled or made",
        ),
        (
            usage.kept_blobs,
            "kept blobs: layers that came from the daemon, for the builds that follow",
        ),
        (
            usage.programs,
            "programs: those of steps that carry cache mounts",
        ),
        (usage.other, "other: databases, the daemon's log"),
    ] {
        let _ = writeln!(text, "{:>9}    {part}", amount::size(bytes));
    }
    if !usage.largest_blobs.is_empty() {
        text.push_str("\nlargest blobs:\n");
    }
    for blob in &usage.largest_blobs {
        let part = match blob.part {
            KeptPart::Content => "content",
            KeptPart::KeptBlobs => "kept blobs",
        };
        let _ = writeln!(
            text,
            "{:>9}  {} ({part})",
            amount::size(blob.bytes),
            shown(&blob.digest)
        );
    }
    if usage.unread_directories > 0 {
        let count = usage.unread_directories;
        let _ = writeln!(
            text,
            "\nnot counted: {count} directories that this user may not read"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use oci_image::storage::LargeBlob;

    use super::*;

    #[test]
    fn parts_are_told_in_columns_and_what_was_not_seen() {
        let usage = Usage {
            root: "/scratch/buildkitd".into(),
            total: 1_500_001_600,
            snapshots: 1_000_000_000,
            content: 500_000_000,
            kept_blobs: 1_000,
            programs: 400,
            other: 200,
            largest_blobs: vec![LargeBlob {
                digest: "sha256:ab".into(),
                bytes: 500_000_000,
                part: KeptPart::Content,
            }],
            unread_directories: 2,
        };

        let expected = "   1.50GB  /scratch/buildkitd
   1.00GB    snapshots: file systems of steps, contexts and bases
 500.00MB    content: blobs that the daemon pulled or made
   1.00kB    kept blobs: layers that came from the daemon, for the builds that follow
     400B    programs: those of steps that carry cache mounts
     200B    other: databases, the daemon's log

largest blobs:
 500.00MB  sha256:ab (content)

not counted: 2 directories that this user may not read
";
        assert_eq!(text(&usage), expected);
    }
}
