//! What was built: an image that was exported, and the digest by which the daemon names it.
//!
//! Reads: documents of images. Writes: the index of an image that several daemons have built. Unknown here: whether what was exported is that image.

use std::collections::BTreeMap;
use std::str::FromStr;

use oci_image_schema::plan::{self, ImageFormat};
use oci_spec::image::{Descriptor, Digest, DigestAlgorithm};

use crate::boundary::blocking::blocking;
use crate::buildkit::solve::Solved;
use crate::executor::asked::Asked;
use crate::executor::error::BuildError;
use crate::executor::exports;
use crate::executor::site::Site;
use crate::image::assembly::Figures;
use crate::image::rootfs::Lost;
use crate::planner::checked_plan::CheckedPlan;

/// An image that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The solve's name.
    pub solve: String,
    /// The stage that was built; absent: the last one.
    pub target: Option<String>,
    /// Where the image is, relative to the working directory.
    pub image: String,
    /// Digest of its config, or of its manifest or index where it is an OCI layout.
    pub digest: Digest,
    /// How large it is, and how much of it is new.
    pub figures: Figures,
    /// What its root filesystem lost.
    pub(super) lost: Lost,
    /// The manifest or index: as the daemon describes it, then as it was put together.
    pub(super) root: Descriptor,
    /// The solve's place in the plan.
    pub(super) index: usize,
}

/// The images that are exported, in the order of the plan; of one that several daemons have built, each for some platforms, all of it.
///
/// # Errors
/// [`BuildError::NoDigest`], [`BuildError::OddDigest`], [`BuildError::NotDescribed`], [`BuildError::Joining`].
pub(super) async fn all(
    plan: &CheckedPlan,
    solved: &BTreeMap<Asked, Solved>,
    site: Site<'_>,
) -> Result<Vec<Built>, BuildError> {
    let mut images = Vec::new();
    for index in 0..plan.solves().len() {
        let of_solve = solved.iter().filter(|(asked, _)| asked.solve == index);
        let (mut parts, mut first) = (Vec::new(), None);
        for (_, solved) in of_solve {
            if let Some(built) = built(plan, index, solved) {
                let built = built?;
                parts.push(built.root.clone());
                first.get_or_insert(built);
            }
        }
        if let Some(mut image) = first {
            if parts.len() > 1 {
                image.root = join(parts, &image, site).await?;
                image.digest = image.root.digest().clone();
            }
            images.push(image);
        }
    }
    Ok(images)
}

async fn join(
    parts: Vec<Descriptor>,
    image: &Built,
    site: Site<'_>,
) -> Result<Descriptor, BuildError> {
    let contents = site.contents.clone();
    let joined = blocking(move || contents.join(&parts)).await;
    joined.map_err(|source| BuildError::Joining {
        image: image.image.clone(),
        source,
    })
}

/// The image of a solve; `None` where the plan exports none.
fn built(plan: &CheckedPlan, index: usize, solved: &Solved) -> Option<Result<Built, BuildError>> {
    let solve = &plan.solves()[index];
    let export = solve.export.as_ref()?;
    let digest = match export.format {
        ImageFormat::DockerArchive => solved.config_digest(),
        ImageFormat::OciLayout => solved.manifest_digest(),
    };
    let digest = match told(solve, digest) {
        Ok(digest) => digest,
        Err(error) => return Some(Err(error)),
    };
    let is_named =
        |root: &Descriptor| export.format == ImageFormat::DockerArchive || *root.digest() == digest;
    let Some(root) = solved.image().filter(is_named) else {
        let solve = solve.name.clone();
        return Some(Err(BuildError::NotDescribed { solve }));
    };
    Some(Ok(Built {
        solve: solve.name.clone(),
        target: solve.text("target").map(str::to_owned),
        image: format!("{}/{}", export.directory, exports::name(export.format)),
        digest,
        figures: Figures::default(), // those of the image as it is put together
        lost: Lost::default(),
        root,
        index,
    }))
}

/// The digest by which the daemon names the image of a solve.
fn told(solve: &plan::Solve, digest: Option<&str>) -> Result<Digest, BuildError> {
    let solve = solve.name.clone();
    let Some(digest) = digest else {
        return Err(BuildError::NoDigest { solve });
    };
    let parsed = Digest::from_str(digest).ok();
    parsed
        .filter(|digest| *digest.algorithm() == DigestAlgorithm::Sha256)
        .ok_or_else(|| BuildError::OddDigest {
            solve,
            digest: digest.to_owned(),
        })
}
