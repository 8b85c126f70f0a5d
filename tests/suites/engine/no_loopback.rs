//! A builder that does not reach this machine's loopback: preloaded base images and the build's cache go over the session, and what is
//! built is what a daemon of our own builds.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::slice;

use oci_image_tests::base::{Layer, architecture};
use oci_image_tests::daemon::Daemon;
use oci_image_tests::form::{self, Encoding, Files, Oci};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};
use tar::EntryType;

/// What adds nothing that has a time.
const DATELESS: &str = "ARG base\nFROM ${base}\nLABEL derived=yes\n";

/// It builds for another platform than its own as long as no step runs.
const PLATFORMS: &str = "[worker.oci]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n";

/// A builder in a network of its own, which has not even a loopback, and a place whose builds it makes.
struct Apart {
    daemon: Daemon,
    place: Workplace,
}

impl Apart {
    async fn new(dockerfile: &str) -> Self {
        let place = Workplace::new();
        place.dockerfile(dockerfile);
        let daemon = Daemon::start_apart(PLATFORMS).await;
        Self { daemon, place }
    }

    /// With another builder, which has nothing yet.
    async fn with_another(self) -> Self {
        let daemon = Daemon::start_apart(PLATFORMS).await;
        Self { daemon, ..self }
    }

    /// Builds on the builder.
    fn build(&self, object: &Value) -> Run {
        let address = format!("unix://{}", self.daemon.socket().display());
        let root = self.place.root();
        let arguments = ["build", "--emulate", "--builder", &address, "--root"];
        let arguments = [&arguments[..], &[root.to_str().unwrap()]].concat();
        self.place.send(&arguments, object)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.place.path(below)
    }

    fn digest(&self) -> String {
        self.place.read("image/digest")
    }
}

/// The object of a build on the image at `path`.
fn on(path: &str) -> Value {
    json!({
        "context": "context", "output": "image", "image_args": [format!("base={path}")],
        "build_args": ["SOURCE_DATE_EPOCH=0"], // images say when they were made
    })
}

/// A layer with a shell, and one with a file.
fn layers(text: &str) -> Vec<Vec<u8>> {
    let busybox = fs::read("/bin/busybox").unwrap();
    let executable = |header: &mut tar::Header| header.set_mode(0o755);
    let shell = Layer::new()
        .directory("bin")
        .entry(EntryType::Regular, "bin/busybox", busybox, executable)
        .symlink("bin/sh", "busybox")
        .symlink("bin/cat", "busybox")
        .symlink("bin/date", "busybox");
    vec![shell.bytes(), Layer::new().file("of-base", text).bytes()]
}

/// The config of an image of those layers. Without a history the daemon would write one: whence it has each layer.
fn config(layers: &[Vec<u8>]) -> Value {
    let mut config = form::config(layers);
    config["history"] = json!([{"created_by": "a test"}, {"created_by": "a test"}]);
    config
}

/// An image of those layers, in a layout that grows; its text is its platform.
fn image(oci: &mut Oci, encoding: Encoding, architecture: &str) -> Value {
    let layers = layers(architecture);
    let mut config = config(&layers);
    config["architecture"] = json!(architecture);
    let encoded = layers
        .iter()
        .map(|layer| (encoding.media_type(), encoding.of(layer)));
    let encoded: Vec<_> = encoded.collect();
    let mut descriptor = oci.image(&config, &encoded);
    descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
    descriptor
}

/// The layout of an image for this machine.
fn layout(encoding: Encoding) -> Files {
    let mut oci = Oci::new();
    let image = image(&mut oci, encoding, architecture());
    oci.files(&[image])
}

/// An archive of `docker save`, whose layers have names that prove nothing.
fn docker_archive(encoding: Encoding) -> Files {
    let layers = layers("docker");
    let named = layers
        .iter()
        .enumerate()
        .map(|(index, layer)| (format!("{index}/layer.tar"), encoding.of(layer)));
    Files::saved(&config(&layers), &named.collect::<Vec<_>>())
}

/// An index of an image for this machine and of one for another, and which architecture that has.
fn index() -> (Files, &'static str) {
    let foreign = match architecture() {
        "amd64" => "arm64",
        _ => "amd64",
    };
    let mut oci = Oci::new();
    let images = [
        image(&mut oci, Encoding::Gzip, foreign),
        image(&mut oci, Encoding::Zstd, architecture()),
    ];
    (oci.files(&images), foreign)
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_those_of_our_own_daemon_whatever_their_base_is() {
    let apart = Apart::new(DATELESS).await;
    let cases = [
        ("saved", docker_archive(Encoding::Raw)),
        ("saved, gzip", docker_archive(Encoding::Gzip)),
        ("gzip", layout(Encoding::Gzip)),
        ("raw", layout(Encoding::Raw)),
        ("zstd", layout(Encoding::Zstd)),
        ("index", index().0),
    ];
    for (name, files) in cases {
        files.write_archive(&apart.path("base.tar"));
        let mut paths = vec!["base.tar"];
        if !name.starts_with("saved") {
            let _ = fs::remove_dir_all(apart.path("base"));
            files.write_directory(&apart.path("base"));
            paths.push("base");
        }
        for path in paths {
            let run = apart.build(&on(path)).expect(0);
            let digest = apart.digest();
            assert!(!run.stderr.contains("127.0.0.1"), "{}", run.stderr);
            assert!(!run.stderr.contains("arning"), "{}", run.stderr);

            let run = apart.place.build(&on(path)).expect(0);
            assert!(run.stderr.contains("FROM 127.0.0.1:"), "{}", run.stderr);
            assert_eq!(digest, apart.digest(), "{name}, {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_on_a_base_are_executed_once_and_known_again_wherever_it_lies() {
    let apart = Apart::new("ARG base\nFROM ${base}\nRUN date > /when && cat /of-base\n").await;
    index().0.write_archive(&apart.path("base.tar"));

    let first = apart.build(&on("base.tar")).expect(0);
    let digest = apart.digest();
    fs::rename(apart.path("base.tar"), apart.path("other.tar")).unwrap();
    let second = apart.build(&on("other.tar")).expect(0);

    assert!(first.stderr.contains(architecture()), "{}", first.stderr);
    assert!(!first.stderr.contains("CACHED"), "{}", first.stderr);
    assert!(second.stderr.contains("CACHED"), "{}", second.stderr);
    assert_eq!(digest, apart.digest());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_has_its_own_image_of_an_index() {
    let (files, foreign) = index();
    let own = architecture();
    let apart = Apart::new(&format!(
        "ARG base\nFROM --platform=linux/{foreign} ${{base}} AS other\nFROM --platform=linux/{own} ${{base}} AS own\n\
         FROM scratch\nCOPY --from=other /of-base /other\nCOPY --from=own /of-base /own\n"
    ))
    .await;
    files.write_archive(&apart.path("base.tar"));
    let mut object = on("base.tar");
    object["unpack_rootfs"] = json!(true);

    let _ = apart.build(&object).expect(0);

    assert_eq!(apart.place.read("image/rootfs/other"), foreign);
    assert_eq!(apart.place.read("image/rootfs/own"), own);

    apart.place.dockerfile(DATELESS);
    let mut object = on("base.tar");
    object["image_platform"] = json!(format!("linux/{foreign},linux/{own}"));
    object["output_oci"] = json!(true);
    let _ = apart.build(&object).expect(0);
    let digest = apart.digest();
    let _ = apart.place.build(&object).expect(0);
    assert_eq!(digest, apart.digest());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_tag_may_follow_the_argument_or_a_digest_that_the_base_has() {
    let apart = Apart::new("").await;
    let mut oci = Oci::new();
    let image = image(&mut oci, Encoding::Gzip, architecture());
    oci.files(slice::from_ref(&image))
        .write_directory(&apart.path("base"));
    let digest = image["digest"].as_str().unwrap();
    let build = |from: &str| {
        let text = format!("ARG base\nFROM {from}\nRUN cat /of-base > /derived\n");
        apart.place.dockerfile(&text);
        apart.build(&on("base"))
    };

    for from in [
        "${base}",
        "${base}:3.20-slim",
        "$base:latest",
        &format!("${{base}}@{digest}"),
        &format!("${{base}}:a@{digest}"),
    ] {
        let run = build(from).expect(0);
        assert!(!run.stderr.contains("arning"), "{from}: {}", run.stderr);
    }
    let run = build(&format!("${{base}}@sha256:{}", "0".repeat(64))).expect(1);
    let hint = "has no such image: check its name and tag";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_share_the_steps_on_several_bases() {
    let apart = Apart::new(
        "ARG BASE\nARG base\nFROM ${base} AS lower\nRUN cat /of-base > /lower\n\
         FROM ${BASE} AS more\nCOPY --from=lower /lower /lower\n\
         FROM more AS most\nRUN cat /of-base /lower\n",
    )
    .await;
    layout(Encoding::Gzip).write_directory(&apart.path("base"));
    docker_archive(Encoding::Gzip).write_archive(&apart.path("other.tar"));
    let mut object = on("base");
    object["image_args"] = json!(["base=base", "BASE=other.tar"]);
    object["additional_targets"] = json!(["lower", "more"]);
    for directory in ["lower", "more"] {
        fs::create_dir(apart.path(directory)).unwrap();
    }

    let run = apart.build(&object).expect(0);

    let shown = format!("docker{}", architecture());
    assert!(run.stderr.contains(&shown), "{}", run.stderr);
    let lines = run.stderr.lines();
    let shared = lines.filter(|line| line.ends_with("RUN cat /of-base > /lower"));
    let numbers: BTreeSet<_> = shared.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(numbers.len(), 1, "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_layer_is_told_as_by_a_registry() {
    let apart = Apart::new("ARG base\nFROM ${base}\nRUN cat /of-base\n").await;
    layout(Encoding::Gzip).write_directory(&apart.path("base"));
    let blobs = fs::read_dir(apart.path("base/blobs/sha256")).unwrap();
    let blobs = blobs.map(|blob| blob.unwrap().path());
    let layer = blobs.max_by_key(|blob| fs::metadata(blob).unwrap().len());
    let layer = layer.unwrap();
    let mut bytes = fs::read(&layer).unwrap();
    bytes[4096] ^= 1;
    fs::write(&layer, bytes).unwrap();
    let error = |run: Run| {
        let (_, error) = run.stderr.split_once("error: failed commit").unwrap();
        error.to_owned()
    };

    let session = error(apart.build(&on("base")).expect(1));
    let loopback = error(apart.place.build(&on("base")).expect(1));

    assert!(
        session.contains("unexpected commit digest sha256:"),
        "{session}"
    );
    assert_eq!(session, loopback);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_of_a_build_spares_another_builder_its_steps() {
    let apart = Apart::new("BUSYBOX\nFROM busybox\nRUN date > /when\nCOPY file /file\n").await;
    apart.place.write("context/file", "first");
    fs::create_dir(apart.path("cache")).unwrap();
    let object = json!({"context": "context", "output": "image", "cache": true});
    let _ = apart.build(&object).expect(0);

    let apart = apart.with_another().await;
    apart.place.write("context/file", "second");
    let run = apart.build(&object).expect(0);
    let is_cached = |run: &Run| {
        let lines = || run.stderr.lines();
        let step = lines()
            .find(|line| line.ends_with("RUN date > /when"))
            .unwrap();
        let number = step.split(' ').next().unwrap();
        lines().any(|line| line == format!("{number} CACHED"))
    };
    assert!(is_cached(&run), "{}", run.stderr);
    assert!(!run.stderr.contains("127.0.0.1"), "{}", run.stderr);
    assert!(!run.stderr.contains("arning"), "{}", run.stderr);

    let layers = fs::read_dir(apart.path("cache/blobs/sha256")).unwrap();
    for blob in layers.map(|layer| layer.unwrap().path()) {
        let mut bytes = fs::read(&blob).unwrap();
        if bytes[0] != b'{' {
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(&blob, bytes).unwrap();
        }
    }
    let apart = apart.with_another().await;
    let run = apart.build(&object).expect(0);
    assert!(!is_cached(&run), "{}", run.stderr);
    assert!(run.stderr.contains("is damaged"), "{}", run.stderr);

    let apart = apart.with_another().await;
    let run = apart.build(&object).expect(0);
    assert!(is_cached(&run), "{}", run.stderr);
}
