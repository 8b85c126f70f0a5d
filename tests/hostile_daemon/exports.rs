//! Exports that are missing, broken off, doubled, or not the image that the answer names.

use bollard_buildkit_proto::moby::buildkit::v1::SolveResponse;
use serde_json::json;
use tonic::Status;

use crate::archive::{Image, blob};
use crate::scenario::{Answering, Scenario};
use crate::visit::{Visit, response};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_solve("honest", |visit| {
        Box::pin(async move { visit.satisfy().await })
    }),
    Scenario::of_solve("nothing-is-sent", |_| {
        Box::pin(async { Ok(Image::honest().response()) })
    }),
    Scenario::of_solve("nothing-is-sent-or-said", |_| {
        Box::pin(async { Ok(SolveResponse::default()) })
    }),
    Scenario::of_solve("stream-is-empty", |visit| sends(visit, Vec::new())),
    Scenario::of_solve("stream-ends-in-the-middle", |visit| {
        let archive = Image::honest().archive();
        sends(visit, archive[..archive.len() / 2].to_vec())
    }),
    Scenario::of_solve("stream-is-broken-off", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.send_and_break_off("0", &image.archive()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("two-streams", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.send("0", &image.archive()).await?;
            let _ = visit.send("0", &image.archive()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("two-streams-at-once", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            let archive = image.archive();
            let _ = tokio::join!(visit.send("0", &archive), visit.send("0", &archive));
            Ok(image.response())
        })
    }),
    Scenario::of_solve("second-stream-after-a-broken-one", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.send_and_break_off("0", b"x").await;
            let _ = visit.send("0", &image.archive()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("streams-for-nobody", |visit| {
        Box::pin(async move {
            for exporter in ["1", "7", "-1", "18446744073709551616", "../0", "0x0", " 0"] {
                let _ = visit.send(exporter, b"for nobody").await;
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("stream-of-an-exporter-without-a-number", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            let _ = visit.send("first", &image.archive()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("no-tar", |visit| sends(visit, b"this is no tar".to_vec())),
    Scenario::of_solve("no-index", |visit| {
        sends(visit, Image::honest().without("index.json").archive())
    }),
    Scenario::of_solve("no-list-of-images", |visit| {
        sends(visit, Image::honest().without("manifest.json").archive())
    }),
    Scenario::of_solve("no-layout", |visit| {
        sends(visit, Image::honest().without("oci-layout").archive())
    }),
    Scenario::of_solve("config-is-missing", |visit| {
        let image = Image::honest();
        let config = blob(&image.config);
        sends(visit, image.without(&config).archive())
    }),
    Scenario::of_solve("config-is-changed", |visit| {
        let image = Image::honest();
        let config = blob(&image.config);
        let changed = String::from_utf8_lossy(image.file(&config)).replace("linux", "xunil");
        sends(visit, image.with(&config, changed).archive())
    }),
    Scenario::of_solve("manifest-is-changed", |visit| {
        let image = Image::honest();
        let manifest = blob(&image.manifest);
        let changed = String::from_utf8_lossy(image.file(&manifest)).replace("gzip", "zstd");
        sends(visit, image.with(&manifest, changed).archive())
    }),
    Scenario::of_solve("layer-is-missing", |visit| {
        let image = Image::honest();
        let layer = blob(&image.layer);
        sends(visit, image.without(&layer).archive())
    }),
    Scenario::of_solve("layer-is-short", |visit| {
        let image = Image::honest();
        let layer = blob(&image.layer);
        sends(visit, image.with(&layer, "\x1f").archive())
    }),
    Scenario::of_solve("list-names-another-config", |visit| {
        let image = Image::honest();
        let other = br#"{"rootfs":{"type":"layers","diff_ids":[]}}"#;
        let saved = json!([{"Config": "other.json", "RepoTags": null, "Layers": []}]);
        let archive = image
            .with("other.json", *other)
            .with("manifest.json", saved.to_string());
        sends(visit, archive.archive())
    }),
    Scenario::of_solve("list-names-other-layers", |visit| {
        let image = Image::honest();
        let saved = json!([{
            "Config": blob(&image.config), "RepoTags": null, "Layers": [blob(&image.config)],
        }]);
        sends(
            visit,
            image.with("manifest.json", saved.to_string()).archive(),
        )
    }),
    Scenario::of_solve("list-names-no-layers", |visit| {
        let image = Image::honest();
        let saved = json!([{"Config": blob(&image.config), "RepoTags": null, "Layers": []}]);
        sends(
            visit,
            image.with("manifest.json", saved.to_string()).archive(),
        )
    }),
    Scenario::of_solve("list-names-two-images", |visit| {
        let image = Image::honest();
        let one = json!({"Config": blob(&image.config), "RepoTags": null, "Layers": [blob(&image.layer)]});
        sends(
            visit,
            image
                .with("manifest.json", json!([one, one]).to_string())
                .archive(),
        )
    }),
    Scenario::of_solve("digest-of-another-image", |visit| {
        names(visit, &format!("sha256:{}", "0".repeat(64)))
    }),
    Scenario::of_solve("digest-of-the-manifest", |visit| {
        names(visit, &Image::honest().manifest)
    }),
    Scenario::of_solve("digest-with-control-characters", |visit| {
        names(visit, "sha256:\u{1b}[2J\n::error::x\u{202e}")
    }),
    Scenario::of_solve("digest-is-a-path", |visit| names(visit, "../../x")),
    Scenario::of_solve("digest-is-a-path-of-an-algorithm", |visit| {
        names(visit, "sha256:../../x")
    }),
    Scenario::of_solve("digest-is-empty", |visit| names(visit, "")),
    Scenario::of_solve("digest-of-another-algorithm", |visit| {
        names(visit, "md5:d41d8cd98f00b204e9800998ecf8427e")
    }),
    Scenario::of_solve("digest-in-capitals", |visit| {
        names(visit, &Image::honest().config.to_uppercase())
    }),
    Scenario::of_solve("digest-of-a-megabyte", |visit| {
        names(visit, &format!("sha256:{}", "a".repeat(1 << 20)))
    }),
    Scenario::of_solve("digest-with-a-line-break", |visit| {
        names(visit, &format!("{}\n", Image::honest().config))
    }),
    Scenario::of_solve("tree-is-missing", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.send("0", &image.archive()).await?;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("tree-ends-in-the-middle", |visit| {
        let tree = Image::tree();
        sends_tree(visit, tree[..512].to_vec())
    }),
    Scenario::of_solve("tree-has-no-end", |visit| {
        let tree = Image::tree();
        sends_tree(visit, tree[..1024].to_vec())
    }),
    Scenario::of_solve("tree-is-no-tar", |visit| {
        sends_tree(visit, b"this is no tar".to_vec())
    }),
    Scenario::of_solve("tree-leads-out", |visit| {
        let up = "../".repeat(40);
        let tree = oci_image_tests::base::Layer::new()
            .symlink("out", &format!("{up}tmp"))
            .file("out/hostile-daemon-was-here", "pwned")
            .file(&format!("{up}tmp/hostile-daemon-was-here"), "pwned")
            .file("/tmp/hostile-daemon-was-here", "pwned");
        sends_tree(visit, tree.bytes())
    }),
    Scenario::of_solve("tree-is-sent-twice", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            let tree = Image::tree();
            visit.send("0", &image.archive()).await?;
            let _ = tokio::join!(visit.send("1", &tree), visit.send("1", &tree));
            Ok(image.response())
        })
    }),
    Scenario::of_solve("archive-and-tree-are-exchanged", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            let _ = visit.send("1", &image.archive()).await;
            let _ = visit.send("0", &Image::tree()).await;
            Ok(image.response())
        })
    }),
];

fn sends(visit: Visit, archive: Vec<u8>) -> Answering {
    Box::pin(async move {
        let _: Result<(), Status> = visit.send("0", &archive).await;
        Ok(Image::honest().response())
    })
}

fn sends_tree(visit: Visit, tree: Vec<u8>) -> Answering {
    Box::pin(async move {
        let image = Image::honest();
        visit.send("0", &image.archive()).await?;
        let _: Result<(), Status> = visit.send("1", &tree).await;
        Ok(image.response())
    })
}

fn names(visit: Visit, digest: &str) -> Answering {
    let digest = digest.to_owned();
    Box::pin(async move {
        visit.satisfy().await?;
        Ok(response([("containerimage.config.digest", &digest)]))
    })
}
