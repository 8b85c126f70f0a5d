//! Exports that are missing, broken off, doubled, or not the image that the answer names.

use bollard_buildkit_proto::moby::buildkit::v1::SolveResponse;

use crate::archive::{Image, blob};
use crate::scenario::{Answering, Scenario};
use crate::visit::Visit;

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
    Scenario::of_solve("stream-is-broken-off", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.put(&image).await;
            visit.send_and_break_off("1", &Image::tree()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("streams-for-nobody", |visit| {
        Box::pin(async move {
            for exporter in [
                "0",
                "2",
                "7",
                "-1",
                "18446744073709551616",
                "../0",
                "0x0",
                " 0",
            ] {
                let _ = visit.send(exporter, b"for nobody").await;
            }
            visit.satisfy().await
        })
    }),
    Scenario::of_solve("stream-of-an-exporter-without-a-number", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.put(&image).await;
            let _ = visit.send("first", &Image::tree()).await;
            Ok(image.response())
        })
    }),
    Scenario::of_solve("config-is-missing", |visit| {
        let image = Image::honest();
        let config = blob(&image.config);
        puts(visit, image.without(&config))
    }),
    Scenario::of_solve("config-is-changed", |visit| {
        let image = Image::honest();
        let config = blob(&image.config);
        let changed = String::from_utf8_lossy(image.file(&config)).replace("linux", "xunil");
        puts(visit, image.with(&config, changed))
    }),
    Scenario::of_solve("manifest-is-changed", |visit| {
        let image = Image::honest();
        let manifest = blob(&image.manifest);
        let changed = String::from_utf8_lossy(image.file(&manifest)).replace("gzip", "zstd");
        puts(visit, image.with(&manifest, changed))
    }),
    Scenario::of_solve("layer-is-missing", |visit| {
        let image = Image::honest();
        let layer = blob(&image.layer);
        puts(visit, image.without(&layer))
    }),
    Scenario::of_solve("layer-is-short", |visit| {
        let image = Image::honest();
        let layer = blob(&image.layer);
        puts(visit, image.with(&layer, "\x1f"))
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
    Scenario::of_solve("tree-goes-where-the-image-belongs", |visit| {
        Box::pin(async move {
            let image = Image::honest();
            visit.put(&image).await;
            let _ = visit.send("0", &Image::tree()).await;
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
    Scenario::of_solve("tree-hides-what-is-outside", |visit| {
        let up = "../".repeat(40);
        let tree = oci_image_tests::base::Layer::new()
            .symlink("out", &format!("{up}tmp"))
            .file("out/.wh..wh..opq", "")
            .file(&format!("{up}tmp/.wh..wh..opq"), "")
            .file("/.wh.tmp", "");
        sends_tree(visit, tree.bytes())
    }),
    Scenario::of_solve("tree-hides-what-has-no-name", |visit| {
        let tree = oci_image_tests::base::Layer::new().file("a/.wh...", "");
        sends_tree(visit, tree.bytes())
    }),
];

fn puts(visit: Visit, image: Image) -> Answering {
    Box::pin(async move {
        visit.put(&image).await;
        Ok(Image::honest().response())
    })
}

/// An image whose layer this is.
fn sends_tree(visit: Visit, tree: Vec<u8>) -> Answering {
    Box::pin(async move {
        let image = Image::of_layer(&tree);
        visit.put(&image).await;
        Ok(image.response())
    })
}

fn names(visit: Visit, digest: &str) -> Answering {
    let digest = digest.to_owned();
    Box::pin(async move {
        let mut answer = visit.satisfy().await?;
        let key = "containerimage.config.digest".to_owned();
        answer.exporter_response.insert(key, digest);
        Ok(answer)
    })
}
