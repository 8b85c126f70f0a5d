//! Ignore files: what the frontend reads of a context beside the Dockerfile. The planner is not asked about them.
//!
//! Reads: what stands at their places. Writes: nothing. Unknown here: what is in them.
//! Source: BuildKit, `frontend/dockerui`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::boundary::regular_file;
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::plan::Solve;

/// Those that the daemon would wait for without end, because they are pipes, say.
pub(super) fn mistakes(
    plan: &CheckedPlan,
    directory: &WorkingDirectory,
) -> impl Iterator<Item = Diagnostic> {
    let paths: BTreeSet<PathBuf> = plan.solves().iter().flat_map(paths).collect();
    paths.into_iter().filter_map(|path| {
        let refusal = regular_file::refusal(&directory.full_path(&path))?;
        let message = format!("cannot read `{}`: {refusal}", path.display());
        Some(Diagnostic {
            pointer: "/context".to_owned(),
            ..Diagnostic::new(Code::UnreadableFile, message)
        })
    })
}

/// Where a solve's ignore file may be: beside its Dockerfile and named after that, or in the context.
fn paths(solve: &Solve) -> Vec<PathBuf> {
    let of_dockerfile = solve
        .local("dockerfile")
        .zip(solve.text("filename"))
        .map(|(local, filename)| Path::new(&local.path).join(format!("{filename}.dockerignore")));
    let of_context = solve
        .local("context")
        .map(|local| Path::new(&local.path).join(".dockerignore"));
    of_dockerfile.into_iter().chain(of_context).collect()
}
