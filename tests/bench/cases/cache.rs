//! The cache of 300 MB like `/usr` in one layer: what it costs to write it, how large it is, and what it spares a daemon that has
//! nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::BY_HAND;
use crate::{
    error::BenchError,
    figure::{Amount, Figure, Row},
    pair::Pair,
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 300_000_000;
const ROUNDS: usize = 3;

pub(super) fn run(setting: &Setting) -> Result<Vec<Row>, BenchError> {
    let context = tree::programs(setting, BYTES)?;
    tree::change(&context, 0)?;
    setting.fresh_dir("image")?;
    let product = Product::asking(setting, &context, json!({"output": "image", "cache": true}))?;
    let (exporting, using) = by_hand(setting, &context)?;
    let caches = ["cache", "cache-by-hand"];
    let exported = Pair::in_turn(
        ROUNDS,
        || {
            setting.fresh_dir(caches[0])?;
            product.build_cold()
        },
        || {
            setting.fresh_dir(caches[1])?;
            exporting.build_cold()
        },
    )?;
    let [ours, theirs] = caches.map(|cache| size_of(&setting.dir.join(cache)));
    let used = Pair::in_turn(ROUNDS, || product.build_cold(), || using.build_cold())?;
    setting.clear()?;
    caches
        .iter()
        .try_for_each(|cache| setting.remove_dir(cache))?;

    let theirs = Amount::Size(theirs?);
    let size = |what: &str, amount, goal| {
        Row::Alone(Figure {
            what: what.to_owned(),
            amount,
            goal,
        })
    };
    Ok(vec![
        Row::Compared(exported.row(
            "300 MB like `/usr`, cold root, archive and cache",
            BY_HAND,
            0.3,
        )),
        Row::Compared(used.row(
            "the same from that cache, empty root, archive and cache",
            BY_HAND,
            0.3,
        )),
        size("that cache", Amount::Size(ours?), Some(theirs)),
        size("that cache as `buildctl` writes it", theirs, None),
    ])
}

/// The other side, without a cache and with one.
fn by_hand<'setting>(
    setting: &'setting Setting,
    context: &Path,
) -> Result<(Rival<'setting>, Rival<'setting>), BenchError> {
    let image = setting.fresh_dir("image-by-hand")?.join("image.tar");
    let cache = setting.dir.join("cache-by-hand");
    let arguments = [
        format!("--output=type=docker,dest={}", image.display()),
        format!(
            "--export-cache=type=local,mode=max,dest={}",
            cache.display()
        ),
        format!("--import-cache=type=local,src={}", cache.display()),
    ];
    let rival =
        |arguments: &[String]| Rival::solving(setting, context, vec![arguments.to_vec()], None);
    Ok((rival(&arguments[..2])?, rival(&arguments)?))
}

/// How many bytes the files of a directory hold.
fn size_of(dir: &Path) -> Result<u64, BenchError> {
    let mut size = 0;
    let mut left: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).map_err(BenchError::file("read", &dir))? {
            let entry = entry.map_err(BenchError::file("read", &dir))?;
            let meta = entry.metadata().map_err(BenchError::file("read", &dir))?;
            if meta.is_dir() {
                left.push(entry.path());
            } else {
                size += meta.len();
            }
        }
    }
    Ok(size)
}
