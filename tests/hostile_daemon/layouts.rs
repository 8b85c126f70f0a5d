//! OCI layouts, blob by blob: damaged, missing, endless, or more than was asked for.

use std::task::Poll;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::archive::{Image, blob};
use crate::content::{self, Write};
use crate::scenario::{Answering, Scenario};
use crate::visit::{STORE, Visit, response};

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::of_solve("layout-honest", |visit| writes(visit, Image::honest())),
    Scenario::of_solve("layout-of-nothing", |_| {
        Box::pin(async { Ok(Image::honest().response()) })
    }),
    Scenario::of_solve("layout-without-its-layer", |visit| {
        let image = Image::honest();
        let layer = blob(&image.layer);
        writes(visit, image.without(&layer))
    }),
    Scenario::of_solve("layout-without-its-manifest", |visit| {
        let image = Image::honest();
        let manifest = blob(&image.manifest);
        writes(visit, image.without(&manifest))
    }),
    Scenario::of_solve("layout-of-damaged-blobs", |visit| {
        let image = Image::honest();
        let (config, layer) = (blob(&image.config), blob(&image.layer));
        writes(
            visit,
            image.with(&config, "damaged").with(&layer, "damaged"),
        )
    }),
    Scenario::of_solve("layout-with-a-blob-that-nothing-names", |visit| {
        let stray = b"that nothing names";
        let name = blob(&oci_image_tests::archive::sha256(stray));
        writes(visit, Image::honest().with(&name, *stray))
    }),
    Scenario::of_solve("layout-of-odd-digests", |visit| {
        Box::pin(async move {
            for digest in [
                "",
                "sha256:",
                "sha256:../../../../../tmp/hostile-daemon-was-here",
                "../../x",
                "sha512:00",
                "sha256:\u{1b}[2J",
                &"a".repeat(1 << 20),
            ] {
                let _ = content::put(&visit.session, STORE, digest, b"pwned").await;
            }
            writes(visit, Image::honest()).await
        })
    }),
    Scenario::of_solve("layout-that-no-answer-describes", |visit| says(visit, "")),
    Scenario::of_solve("layout-that-is-described-by-noise", |visit| {
        says(visit, "\u{1b}[2J\n::error::not base64")
    }),
    Scenario::of_solve("layout-that-is-described-by-no-descriptor", |visit| {
        says(visit, &STANDARD.encode(r#"{"mediaType":"x"}"#))
    }),
    Scenario::of_solve("layout-that-is-described-as-another", |visit| {
        let other = json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": format!("sha256:{}", "0".repeat(64)), "size": 2,
        });
        says(visit, &STANDARD.encode(other.to_string()))
    }),
    Scenario::of_solve("layout-that-is-described-with-a-path", |visit| {
        let other = json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:../../../x", "size": 2,
        });
        says(visit, &STANDARD.encode(other.to_string()))
    }),
    Scenario::of_solve("layout-with-another-digest", |visit| {
        Box::pin(async move {
            let mut answer = writes(visit, Image::honest()).await?;
            let digest = format!("sha256:{}", "0".repeat(64));
            answer
                .exporter_response
                .insert("containerimage.digest".to_owned(), digest);
            Ok(answer)
        })
    }),
    Scenario::of_solve("layout-write-with-gaps", |visit| {
        Box::pin(async move {
            for (offset, total) in [(-1, 0), (1 << 40, 0), (0, -1), (i64::MAX, i64::MAX), (5, 1)] {
                let write = Write {
                    action: 1,
                    offset,
                    total,
                    data: b"x".to_vec(),
                    ..Write::default()
                };
                let writes = tokio_stream::iter([write]);
                let _ = content::write(&visit.session, STORE, writes).await;
            }
            writes(visit, Image::honest()).await
        })
    }),
    Scenario::of_solve("layout-of-many-writes-that-never-end", |visit| {
        Box::pin(async move {
            for _ in 0..100 {
                let session = visit.session.clone();
                tokio::spawn(async move {
                    let mut offset = 0;
                    let writes = futures::stream::poll_fn(move |_| {
                        if offset >= 15 << 20 {
                            return Poll::Pending;
                        }
                        let data = vec![0; 15 << 20];
                        let write = Write {
                            action: 1,
                            offset,
                            data,
                            ..Write::default()
                        };
                        offset += 15 << 20;
                        Poll::Ready(Some(write))
                    });
                    content::write(&session, STORE, writes).await
                });
            }
            visit.silence().await
        })
    }),
];

fn writes(visit: Visit, image: Image) -> Answering {
    Box::pin(async move {
        visit.put(&image).await;
        Ok(Image::honest().response())
    })
}

fn says(visit: Visit, descriptor: &str) -> Answering {
    let descriptor = descriptor.to_owned();
    Box::pin(async move {
        let image = Image::honest();
        writes(visit, image.clone()).await?;
        Ok(response([
            ("containerimage.digest", &image.manifest),
            ("containerimage.descriptor", &descriptor),
        ]))
    })
}
