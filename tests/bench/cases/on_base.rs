//! A build on a base image of 1 GB from a file: what the registry of this program costs a daemon, beside the same image in a registry
//! that is there already.
//!
//! Neither side exports: what is measured is how the base reaches the daemon.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use serde_json::json;
use tokio::runtime::Runtime;

use super::BY_HAND;
use crate::{
    error::BenchError,
    measure::Sample,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 1_000_000_000;
const FILE: usize = 1_000_000;
const ROUNDS: usize = 3;

/// Who the other side is.
const IN_REGISTRY: &str = "the same base in a registry";

/// How the layer of the base is compressed.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Not at all.
    Raw,
    Gzip,
}

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let runtime = runtime()?;
    let raw = archive(setting, Form::Raw)?;
    let served = serve(&runtime, &raw)?;
    let sides = Sides::new(setting, &raw, &served)?;
    let cold = Pair::in_turn(
        ROUNDS,
        || sides.product.build_cold(),
        || sides.rival.build_cold(),
    )?;
    // The last cold build of each left a root that knows the base.
    let warm = Pair::in_turn(ROUNDS, || sides.product.build(), || sides.rival.build())?;
    drop((sides, served));

    let gzip = archive(setting, Form::Gzip)?;
    let served = serve(&runtime, &gzip)?;
    let sides = Sides::new(setting, &gzip, &served)?;
    let compressed = Pair::in_turn(
        ROUNDS,
        || sides.ours_and_forget(),
        || sides.theirs_and_forget(),
    );
    drop((sides, served));
    fs::remove_file(&gzip).map_err(BenchError::file("remove", gzip))?;

    Ok(vec![
        cold.row(
            "a build on a preloaded base of 1 GB, cold root",
            IN_REGISTRY,
            1.0,
        ),
        warm.row(
            "a build on a preloaded base of 1 GB, warm root",
            IN_REGISTRY,
            0.2,
        ),
        compressed?.row(
            "a build on a preloaded base of 1 GB in gzip, cold root",
            IN_REGISTRY,
            0.5,
        ),
    ])
}

/// What the registry of a base runs on.
pub(super) fn runtime() -> Result<Runtime, BenchError> {
    Runtime::new().map_err(|source| BenchError::Run {
        program: "the registry".to_owned(),
        source,
    })
}

/// The base as an OCI archive; made by the other side, and kept.
pub(super) fn archive(setting: &Setting, form: Form) -> Result<PathBuf, BenchError> {
    let (name, compression) = match form {
        Form::Raw => ("base", "uncompressed"),
        Form::Gzip => ("base-gzip", "gzip"),
    };
    let archive = setting.dir.join(format!("{name}-{BYTES}.tar"));
    if archive.is_file() {
        return Ok(archive);
    }
    let new = archive.with_extension("new");
    let output = format!(
        "type=oci,dest={},compression={compression},force-compression=true",
        new.display()
    );
    let context = tree::base(setting, BYTES, FILE)?;
    let solve = vec!["--output".to_owned(), output];
    eprintln!("bench: making the base image with {BY_HAND}");
    Rival::solving(setting, &context, vec![solve], None)?.build()?;
    setting.remove_dir("root-by-hand")?;
    fs::rename(&new, &archive).map_err(BenchError::file("rename", new))?;
    Ok(archive)
}

fn serve(runtime: &Runtime, archive: &Path) -> Result<Registry, BenchError> {
    let image = Image::open(archive).map_err(BenchError::image(archive))?;
    runtime
        .block_on(Registry::serve(vec![("base".to_owned(), image)]))
        .map_err(BenchError::image(archive))
}

/// Both sides of a build on a base; dropped, they leave no roots.
struct Sides<'setting> {
    setting: &'setting Setting,
    product: Product<'setting>,
    rival: Rival<'setting>,
}

impl<'setting> Sides<'setting> {
    fn new(
        setting: &'setting Setting,
        archive: &Path,
        served: &Registry,
    ) -> Result<Self, BenchError> {
        let context = tree::on_base(setting)?;
        setting.remove_dir("image")?;
        let preloaded = archive.strip_prefix(&setting.dir).unwrap_or(archive);
        let object =
            json!({"output": "image", "image_args": [format!("BASE={}", preloaded.display())]});
        let reference = served.reference("base").unwrap_or_default();
        let base = format!("build-arg:BASE={reference}");
        let solve = vec!["--opt".to_owned(), base];
        Ok(Self {
            setting,
            product: Product::asking(setting, &context, object)?,
            rival: Rival::solving(setting, &context, vec![solve], None)?,
        })
    }

    /// Ours on an empty root, which takes no room while the other side builds.
    fn ours_and_forget(&self) -> Result<Sample, BenchError> {
        let sample = self.product.build()?;
        self.product.forget()?;
        Ok(sample)
    }

    /// The same of the other side.
    fn theirs_and_forget(&self) -> Result<Sample, BenchError> {
        let sample = self.rival.build()?;
        self.rival.forget()?;
        Ok(sample)
    }
}

impl Drop for Sides<'_> {
    fn drop(&mut self) {
        for root in ["root-ours", "root-by-hand"] {
            // What is left is removed by whoever prepares the next build.
            let _ = self.setting.remove_dir(root);
        }
    }
}
