//! Base images that a client offers: blobs that it has not offered, parts that are not there, reads that nobody takes.

use std::time::Duration;

use oci_image_tests::archive::sha256;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Status;

use crate::content;
use crate::scenario::Scenario;
use crate::visit::{OfferedBase, Visit};

/// How long reads are held that nobody takes.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_solve("blobs-never-offered", |visit| {
        Box::pin(async move {
            let outside = sha256(b"of-nobody-but-the-user");
            let secret = sha256(b"hunter2-of-the-build");
            let nothing = format!("sha256:{}", "0".repeat(64));
            for base in &visit.bases {
                let (capitals, longer) = (base.digest.to_uppercase(), format!("{}0", base.digest));
                for digest in [
                    &outside,
                    &secret,
                    &nothing,
                    &capitals,
                    &longer,
                    "",
                    "sha256:",
                    "sha256:../../../outside/file",
                    "../../../outside:00",
                    &format!("sha512:{}", "0".repeat(128)),
                    &"a".repeat(1 << 20),
                ] {
                    refused(&visit, &base.store, digest).await;
                }
                for store in [
                    "oci:",
                    "oci:/",
                    "oci:../outside",
                    &format!("{}/..", base.store),
                    &format!("{}@{}", base.store, base.digest),
                    &base.store.to_uppercase(),
                    base.store.trim_start_matches("oci:"),
                ] {
                    refused(&visit, store, &base.digest).await;
                }
                let written = content::put(&visit.session, &base.store, &nothing, b"pwned").await;
                if written.is_ok() {
                    visit.loot(b"a store was written to");
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("parts-beyond-the-ends-of-blobs", |visit| {
        Box::pin(async move {
            for base in &visit.bases {
                let whole = content::get(&visit.session, &base.store, &base.digest).await?;
                visit.loot(b"all of the base\n");
                let end = whole.len() as i64;
                for (offset, size, expected) in [
                    (-1, -1, &whole[..]),
                    (i64::MIN, i64::MIN, &whole),
                    (0, i64::MAX, &whole),
                    (i64::MIN, 5, &whole[..5]),
                    (end - 1, i64::MAX, &whole[whole.len() - 1..]),
                    (end, 1, &[]),
                    (i64::MAX, i64::MAX, &[]),
                    (i64::MAX, i64::MIN, &[]),
                ] {
                    let part = (offset, size);
                    let given =
                        content::part(&visit.session, &base.store, &base.digest, part).await;
                    if given.is_ok_and(|given| given != expected) {
                        visit.loot(format!("a store gave another part: {part:?}").as_bytes());
                    }
                }
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("reads-that-nobody-takes", |visit| {
        Box::pin(async move {
            let mut reads = JoinSet::new();
            for base in &visit.bases {
                let layer = layer(&visit, base).await?;
                for _ in 0..1_000 {
                    let (visit, store, layer) = (visit.clone(), base.store.clone(), layer.clone());
                    reads.spawn(async move {
                        let held = content::read(&visit.session, &store, &layer, (0, 0)).await;
                        tokio::time::sleep(PATIENCE * 2).await;
                        drop(held);
                    });
                }
            }
            let held = async { while reads.join_next().await.is_some() {} };
            let _ = timeout(PATIENCE, held).await;
            drop(reads);
            visit.satisfy().await
        })
    }),
];

/// Asks for a blob, and keeps what is given.
async fn refused(visit: &Visit, store: &str, digest: &str) {
    let size = content::size(&visit.session, store, digest).await;
    let given = content::get(&visit.session, store, digest).await;
    if size.is_ok() || given.is_ok() {
        visit.loot(format!("a store `{store}` has `{digest}`: ").as_bytes());
        visit.loot(&given.unwrap_or_default());
    }
}

/// The digest of the largest layer.
async fn layer(visit: &Visit, base: &OfferedBase) -> Result<String, Status> {
    let manifest = content::get(&visit.session, &base.store, &base.digest).await?;
    let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let layer = layers.max_by_key(|layer| layer["size"].as_u64());
    let digest = layer.and_then(|layer| layer["digest"].as_str());
    let digest = digest.ok_or_else(|| Status::internal("no layer"))?;
    Ok(digest.to_owned())
}
