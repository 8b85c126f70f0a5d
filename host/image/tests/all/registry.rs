//! The registry as a client on the wire sees it: statuses, headers and bodies of the distribution-spec.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::fixture::{Layout, MANIFEST, Tar, config, gzip, has, run, saved, sha256};
use oci_image_image::Image;
use oci_image_image::registry::Registry;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One request on a connection of its own.
async fn request(address: SocketAddr, method: &str, path: &str, headers: &str) -> Reply {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n"
    );
    tokio::task::spawn_blocking(move || exchange(address, &request))
        .await
        .unwrap()
}

/// What arrives on a connection until its end.
fn received(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn exchange(address: SocketAddr, request: &str) -> Reply {
    let bytes = received(address, request);
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let header = |line: &str| {
        line.split_once(": ")
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
    };
    Reply {
        status,
        headers: lines.filter_map(header).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

/// A layer larger than one piece, so that it travels in several.
fn layer() -> Vec<u8> {
    (0..1_500_000_u32)
        .flat_map(|number| (number % 251).to_le_bytes())
        .take(1_500_000)
        .collect()
}

/// A registry with the image `IMAGE_ARG_Base`, an archive of `docker save` with [`layer`].
async fn registry() -> (TempDir, Registry, String) {
    let directory = tempdir().unwrap();
    let layer = layer();
    let archive = Tar::new()
        .file("config.json", &config(&[&layer]))
        .file("layer.tar", &layer)
        .file("manifest.json", &saved("config.json", &["layer.tar"]))
        .write(&directory.path().join("base.tar"));
    let image = Image::open(&archive).unwrap();
    let manifest = image.digest().to_string();
    let registry = Registry::serve(vec![("IMAGE_ARG_Base".into(), image)])
        .await
        .unwrap();
    (directory, registry, manifest)
}

#[tokio::test]
async fn the_reference_names_loopback_and_repository() {
    let (_directory, registry, _) = registry().await;

    let address = registry.address();

    assert!(address.ip().is_loopback());
    let reference = format!("127.0.0.1:{}/image_arg_base", address.port());
    assert_eq!(
        registry.reference("IMAGE_ARG_Base"),
        Some(reference.as_str())
    );
    assert_eq!(registry.reference("image_arg_base"), None);
}

#[tokio::test]
async fn what_is_done_ahead_of_a_manifest_is_done_once_and_before_anybody_has_it() {
    let (_directory, registry, manifest) = registry().await;
    let done = Arc::new(Mutex::new(Vec::new()));
    let doing = Arc::clone(&done);
    registry.ahead_of_manifests(move |image, digest| {
        assert!(image.manifest(digest).is_some());
        thread::yield_now();
        doing.lock().unwrap().push(digest.to_string());
    });
    let address = registry.address();
    let path = |reference: &str| format!("/v2/image_arg_base/manifests/{reference}");
    assert_eq!(
        request(address, "HEAD", &path("latest"), "").await.status,
        200
    );
    assert!(done.lock().unwrap().is_empty());

    let (by_tag, by_digest) = (path("latest"), path(&manifest));
    let replies = tokio::join!(
        request(address, "GET", &by_tag, ""),
        request(address, "GET", &by_digest, ""),
    );

    assert_eq!((replies.0.status, replies.1.status), (200, 200));
    assert_eq!(*done.lock().unwrap(), [manifest]);
}

#[tokio::test]
async fn a_blob_that_is_another_one_does_not_come_to_its_end_and_is_told() {
    let (directory, unchecked, _) = registry().await;
    let mut layer = layer();
    let digest = sha256(&layer);
    let path = directory.path().join("base.tar");
    let archive = fs::read(&path).unwrap();
    let start = archive
        .windows(layer.len())
        .position(|window| window == layer);
    layer[700_000] ^= 1;
    let images = vec![("base".into(), Image::open(&path).unwrap())];
    let checked = Registry::serve_checked(images).await.unwrap();
    let blob = format!("/v2/base/blobs/{digest}");

    let whole = request(checked.address(), "GET", &blob, "").await;
    assert_eq!((whole.body.len(), checked.damaged()), (layer.len(), None));
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.write_all_at(&layer, start.unwrap() as u64).unwrap();
    let part = request(checked.address(), "GET", &blob, "Range: bytes=0-9\r\n").await;
    assert_eq!((part.body.len(), checked.damaged()), (10, None));
    let damaged = request(checked.address(), "GET", &blob, "").await;

    assert!(damaged.body.len() < layer.len(), "{}", damaged.body.len());
    assert_eq!(checked.damaged().unwrap().to_string(), digest);
    assert_eq!(unchecked.damaged(), None);
}

#[tokio::test]
async fn manifests_and_blobs_say_what_they_are() {
    let (_directory, registry, manifest) = registry().await;
    let layer = layer();
    let blob = format!("/v2/image_arg_base/blobs/{}", sha256(&layer));
    for method in ["GET", "HEAD"] {
        for reference in ["latest", "3.20-slim", &manifest] {
            let path = format!("/v2/image_arg_base/manifests/{reference}");

            let reply = request(registry.address(), method, &path, "").await;

            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("content-type"), Some(MANIFEST));
            assert_eq!(
                reply.header("docker-content-digest"),
                Some(manifest.as_str())
            );
            assert_eq!(
                reply.header("etag"),
                Some(format!("\"{manifest}\"").as_str())
            );
            assert_ne!(reply.header("content-length"), Some("0"));
            assert_eq!(reply.body.is_empty(), method == "HEAD");
        }

        let reply = request(registry.address(), method, &blob, "").await;

        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.header("content-type"),
            Some("application/octet-stream")
        );
        assert_eq!(
            reply.header("docker-content-digest"),
            Some(sha256(&layer).as_str())
        );
        assert_eq!(reply.header("content-length"), Some("1500000"));
        assert_eq!(reply.header("accept-ranges"), Some("bytes"));
        assert!(if method == "GET" {
            reply.body == layer
        } else {
            reply.body.is_empty()
        });
    }
}

#[tokio::test]
async fn ranges_are_parts_of_the_blob() {
    let (_directory, registry, _) = registry().await;
    let layer = layer();
    let path = format!("/v2/image_arg_base/blobs/{}", sha256(&layer));
    let etag = sha256(&layer);
    let cases = [
        (
            "Range: bytes=0-9\r\n".to_owned(),
            206,
            Some("bytes 0-9/1500000"),
            0..10,
        ),
        (
            "Range: bytes=600000-\r\n".to_owned(),
            206,
            Some("bytes 600000-1499999/1500000"),
            600_000..1_500_000,
        ),
        (
            "Range: bytes=-5\r\n".to_owned(),
            206,
            Some("bytes 1499995-1499999/1500000"),
            1_499_995..1_500_000,
        ),
        (
            "Range: bytes=1500000-\r\n".to_owned(),
            416,
            Some("bytes */1500000"),
            0..0,
        ),
        (
            "Range: bytes=0-1,5-6\r\n".to_owned(),
            200,
            None,
            0..1_500_000,
        ),
        (
            format!("Range: bytes=1-2\r\nIf-Range: \"{etag}\"\r\n"),
            206,
            Some("bytes 1-2/1500000"),
            1..3,
        ),
        (
            "Range: bytes=1-2\r\nIf-Range: \"other\"\r\n".to_owned(),
            200,
            None,
            0..1_500_000,
        ),
        (format!("If-None-Match: \"{etag}\"\r\n"), 304, None, 0..0),
    ];
    for (headers, status, content_range, bytes) in cases {
        let reply = request(registry.address(), "GET", &path, &headers).await;

        assert_eq!(
            (reply.status, reply.header("content-range")),
            (status, content_range),
            "{headers}"
        );
        assert!(reply.body == layer[bytes], "{headers}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn errors_are_those_of_the_specification() {
    let (_directory, registry, _) = registry().await;
    let none = sha256(b"nothing");
    let cases = [
        (
            "GET",
            "/v2/other/manifests/latest".to_owned(),
            404,
            "NAME_UNKNOWN",
        ),
        ("GET", "/v2/other/tags/list".to_owned(), 404, "NAME_UNKNOWN"),
        (
            "GET",
            "/v2/image_arg_base/manifests/.v1".to_owned(),
            400,
            "DIGEST_INVALID",
        ),
        (
            "GET",
            format!("/v2/image_arg_base/manifests/{none}"),
            404,
            "MANIFEST_UNKNOWN",
        ),
        (
            "GET",
            format!("/v2/image_arg_base/blobs/{none}"),
            404,
            "BLOB_UNKNOWN",
        ),
        (
            "GET",
            "/v2/image_arg_base/blobs/sha256:0".to_owned(),
            400,
            "DIGEST_INVALID",
        ),
        (
            "GET",
            "/v2/image_arg_base/blobs/../../etc/passwd".to_owned(),
            404,
            "UNSUPPORTED",
        ),
        ("GET", "/v2/_catalog".to_owned(), 404, "UNSUPPORTED"),
        ("GET", "/".to_owned(), 404, "UNSUPPORTED"),
        ("POST", "/".to_owned(), 404, "UNSUPPORTED"),
        (
            "POST",
            "/v2/image_arg_base/blobs/uploads/".to_owned(),
            405,
            "UNSUPPORTED",
        ),
        (
            "PUT",
            "/v2/image_arg_base/manifests/latest".to_owned(),
            405,
            "UNSUPPORTED",
        ),
        (
            "DELETE",
            "/v2/image_arg_base/manifests/latest".to_owned(),
            405,
            "UNSUPPORTED",
        ),
        ("PATCH", "/v2/x".to_owned(), 405, "UNSUPPORTED"),
    ];
    for (method, path, status, code) in cases {
        let reply = request(registry.address(), method, &path, "").await;

        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["code"]),
            (status, &json!(code)),
            "{method} {path}"
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(
            reply.header("allow"),
            (status == 405).then_some("GET, HEAD")
        );
    }
}

#[tokio::test]
async fn base_tags_and_referrers_are_listed() {
    let (_directory, registry, manifest) = registry().await;
    let no_referrers = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
    });
    let tags = |tags: &[&str]| json!({ "name": "image_arg_base", "tags": tags });
    let cases = [
        ("/v2/".to_owned(), json!({})),
        ("/v2/image_arg_base/tags/list".to_owned(), tags(&["latest"])),
        (
            "/v2/image_arg_base/tags/list?n=5".to_owned(),
            tags(&["latest"]),
        ),
        ("/v2/image_arg_base/tags/list?n=0".to_owned(), tags(&[])),
        (
            "/v2/image_arg_base/tags/list?n=1&last=latest".to_owned(),
            tags(&[]),
        ),
        (
            "/v2/image_arg_base/tags/list?last=a".to_owned(),
            tags(&["latest"]),
        ),
        (
            format!("/v2/image_arg_base/referrers/{manifest}"),
            no_referrers,
        ),
    ];
    for (path, expected) in cases {
        let reply = request(registry.address(), "GET", &path, "").await;

        assert_eq!((reply.status, reply.json()), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn a_referrer_is_found_by_its_subject() {
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let image = layout.image(&[b"layer"]);
    let config = layout.blob("application/vnd.example", b"{}");
    let signature = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "subject": image });
    let signature = layout.blob(MANIFEST, &serde_json::to_vec(&signature).unwrap());
    let index = layout.index(&[image.clone(), signature.clone()]);
    let image_directory = layout.root(&[index]).to_directory(directory.path());
    let registry = Registry::serve(vec![("a".into(), Image::open(&image_directory).unwrap())])
        .await
        .unwrap();
    let path = format!("/v2/a/referrers/{}", image["digest"].as_str().unwrap());

    let reply = request(registry.address(), "GET", &path, "").await;

    assert_eq!(reply.header("content-type"), Some(crate::fixture::INDEX));
    assert_eq!(reply.json()["manifests"][0]["digest"], signature["digest"]);
    assert_eq!(
        reply.json()["manifests"][0]["artifactType"],
        "application/vnd.example"
    );
}

#[tokio::test]
async fn a_blob_that_shrank_ends_the_connection_and_one_that_went_is_an_error() {
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let image = layout.image(&[b"first", b"second"]);
    let path = layout.root(&[image]).to_directory(directory.path());
    let file = |bytes: &[u8]| {
        path.join("blobs")
            .join(sha256(&gzip(bytes)).replace(':', "/"))
    };
    let registry = Registry::serve(vec![("a".into(), Image::open(&path).unwrap())])
        .await
        .unwrap();
    fs::write(file(b"first"), "").unwrap();
    fs::remove_file(file(b"second")).unwrap();
    let blob = |bytes: &[u8]| format!("/v2/a/blobs/{}", sha256(&gzip(bytes)));

    let address = registry.address();
    let shrunk_request = format!("GET {} HTTP/1.1\r\nHost: {address}\r\n\r\n", blob(b"first"));
    let shrunk = tokio::task::spawn_blocking(move || received(address, &shrunk_request))
        .await
        .unwrap();
    let gone = request(registry.address(), "GET", &blob(b"second"), "").await;

    // Whether the head still leaves before the connection ends is a race; a complete answer never does.
    let shrunk = String::from_utf8(shrunk).unwrap();
    let announced = format!("content-length: {}\r\n", gzip(b"first").len());
    assert!(
        shrunk.is_empty() || (shrunk.contains(&announced) && shrunk.ends_with("\r\n\r\n")),
        "{shrunk}"
    );
    assert_eq!(gone.status, 500);
    assert_eq!(
        gone.json()["errors"][0]["message"],
        "No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn nothing_listens_after_the_registry_is_dropped() {
    let (_directory, registry, _) = registry().await;
    let address = registry.address();
    let mut idle = TcpStream::connect(address).unwrap();
    request(address, "GET", "/v2/", "").await;

    drop(registry);

    let closed = tokio::task::spawn_blocking(move || idle.read(&mut [0; 1]))
        .await
        .unwrap();
    assert!(!closed.is_ok_and(|count| count > 0));
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn two_images_of_one_name_are_refused() {
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let image = layout.image(&[b"layer"]);
    let path = layout.root(&[image]).to_directory(directory.path());
    let image = || Image::open(&path).unwrap();

    let error = Registry::serve(vec![("a".into(), image()), ("a".into(), image())])
        .await
        .unwrap_err();
    let apart = Registry::serve(vec![("A".into(), image()), ("a".into(), image())])
        .await
        .unwrap();

    assert_eq!(error.to_string(), "two images are named `a`");
    assert!(apart.reference("A").unwrap().ends_with("/a"));
    assert!(apart.reference("a").unwrap().ends_with("/a-2"));
}

#[tokio::test]
async fn skopeo_copies_every_platform_out_of_it() {
    if !has("skopeo") {
        return;
    }
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let (layer, other) = (
        Tar::new().file("a", b"1").end(),
        Tar::new().file("b", b"2").end(),
    );
    let platform = |mut descriptor: Value, architecture: &str| {
        descriptor["platform"] = json!({ "os": "linux", "architecture": architecture });
        descriptor
    };
    let manifests = [
        platform(layout.image(&[&layer]), "amd64"),
        platform(layout.image(&[&other]), "arm64"),
    ];
    let index = layout.index(&manifests);
    let path = layout
        .root(std::slice::from_ref(&index))
        .to_directory(&directory.path().join("layout"));
    let registry = Registry::serve(vec![("Base".into(), Image::open(&path).unwrap())])
        .await
        .unwrap();
    let reference = format!("docker://{}", registry.reference("Base").unwrap());
    let copy = directory.path().join("copy");
    let to = format!("oci:{}", copy.display());

    let raw = tokio::task::spawn_blocking(move || {
        let insecure = [
            "--insecure-policy",
            "copy",
            "--all",
            "--src-tls-verify=false",
        ];
        run("skopeo", &[&insecure[..], &[&reference, &to]].concat());
        run(
            "skopeo",
            &["inspect", "--raw", "--tls-verify=false", &reference],
        )
    });

    assert_eq!(sha256(raw.await.unwrap().as_bytes()), index["digest"]);
    assert_eq!(blobs(&copy), blobs(&path));
}

/// The names of a layout's blobs; a name is a digest, and `skopeo` verified it.
fn blobs(layout: &Path) -> Vec<String> {
    let names = fs::read_dir(layout.join("blobs/sha256")).unwrap();
    let mut names: Vec<_> = names
        .map(|name| name.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
