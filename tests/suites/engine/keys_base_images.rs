//! `image_args`: images of files, in every form, are what `FROM` builds on.

use std::fs;

use oci_image_tests::archive::Archive;
use oci_image_tests::rival::Rival;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// Builds a base image with this program: an archive of `docker save` that is an OCI layout too, as `base/image.tar`.
fn base(place: &Workplace) {
    place.dockerfile("BUSYBOX\nFROM busybox\nENV ORIGIN=base\nRUN echo from the base > /base\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::create_dir_all(place.path("base")).unwrap();
    fs::rename(place.path("image/image.tar"), place.path("base/image.tar")).unwrap();
    fs::remove_file(place.path("image/digest")).unwrap();
}

/// Builds on the image that `Base` names, and executes a step in it.
fn build_on(place: &Workplace, path: &str) -> Run {
    place.dockerfile("ARG Base\nFROM ${Base}\nRUN echo \"$ORIGIN: $(cat /base)\" > /derived\n");
    place.build(&object(&[&format!("Base={path}")]))
}

fn object(image_args: &[&str]) -> Value {
    json!({"context": "context", "output": "image", "image_args": image_args})
}

fn is_derived(place: &Workplace) {
    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("derived"), "base: from the base\n");
    assert_eq!(archive.text("base"), "from the base\n");
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn archive_of_this_program_is_a_base_image() {
    let place = Workplace::new();
    base(&place);

    let run = build_on(&place, "base/image.tar").expect(0);

    is_derived(&place);
    assert!(run.stderr.contains("127.0.0.1:"), "{}", run.stderr);
}

/// `make setup` installs it: the daemon looks for it on the `PATH` that it is given.
#[test]
fn compressed_layers_are_read_with_igzip() {
    let place = Workplace::new();
    base(&place);
    // Of another root: in this one the layers are unpacked already.
    let other = Workplace::new();
    fs::create_dir(other.path("base")).unwrap();
    fs::rename(place.path("base/image.tar"), other.path("base/image.tar")).unwrap();
    other.dockerfile("ARG Base\nFROM ${Base}\nRUN echo \"$ORIGIN: $(cat /base)\" > /derived\n");
    let mut object = object(&["Base=base/image.tar"]);
    object["debug"] = json!(true);

    let run = other.build(&object).expect(0);

    is_derived(&other);
    let line = "using igzip for decompression";
    assert!(run.stderr.contains(line), "{}", run.stderr);
}

#[test]
fn directory_in_the_place_of_its_image_is_told_before_the_daemon_starts() {
    let place = Workplace::new();
    place.dockerfile("ARG Base\nFROM ${Base}\n");
    place.write("base/image.tar", "");
    place.write("unpacked/rootfs/etc/passwd", "");

    for (path, help) in [
        ("base", "did you mean `base/image.tar`?"),
        ("unpacked", "`params: {format: oci}`"),
        ("unpacked/image.tar", "`params: {format: oci}`"),
    ] {
        let run = place.build(&object(&[&format!("Base={path}")])).expect(2);

        assert!(run.stderr.contains(help), "{}", run.stderr);
        assert!(!place.root().exists(), "the daemon was started");
    }
}

#[test]
fn images_of_skopeo_and_umoci_are_base_images() {
    let place = Workplace::new();
    base(&place);
    let copy = |to: &str| {
        let arguments = ["copy", "--quiet", "docker-archive:base/image.tar", to];
        let _ = place.output("skopeo", &arguments);
    };
    copy("docker-archive:base/docker.tar:base:latest");
    copy("oci-archive:base/oci.tar:latest");
    copy("oci:base/layout:latest");
    // umoci writes a manifest and config of its own into the layout.
    let _ = place.output(
        "umoci",
        &[
            "config",
            "--image",
            "base/layout:latest",
            "--author",
            "a test",
        ],
    );

    for path in ["base/docker.tar", "base/oci.tar", "base/layout"] {
        let _ = build_on(&place, path).expect(0);
        is_derived(&place);
    }
    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.config["author"], "a test");
}

#[test]
fn images_of_buildctl_are_base_images() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nENV ORIGIN=base\nRUN echo from the base > /base\n");
    fs::create_dir(place.path("base")).unwrap();
    let at = |name: &str| place.path("base").join(name).display().to_string();
    let docker = format!("--output=type=docker,dest={}", at("docker.tar"));
    let oci = format!("--output=type=oci,dest={}", at("oci.tar"));
    let layout = format!("--output=type=oci,tar=false,dest={}", at("layout"));
    let rival = Rival::start();
    for output in [docker, oci, layout] {
        rival.build(&place.path("context"), &[&output]);
    }

    for path in ["base/docker.tar", "base/oci.tar", "base/layout"] {
        let _ = build_on(&place, path).expect(0);
        is_derived(&place);
    }
}

#[test]
fn several_base_images_are_told_apart_by_the_case_of_their_arguments() {
    let place = Workplace::new();
    base(&place);
    place.dockerfile("FROM scratch\nCOPY Dockerfile /other\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::rename(place.path("image/image.tar"), place.path("base/other.tar")).unwrap();
    place.dockerfile(
        "ARG IMAGE\nARG image\nFROM ${image} AS other\nFROM ${IMAGE}\nCOPY --from=other /other /other\n",
    );

    let _ = place
        .build(&object(&["IMAGE=base/image.tar", "image=base/other.tar"]))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("base"), "from the base\n");
    assert!(archive.entry("other").is_some());
}

#[test]
fn a_tag_may_follow_the_argument_and_nothing_warns_of_its_default() {
    let place = Workplace::new();
    base(&place);
    for (arguments, from) in [
        ("ARG base\n", "${base}"),
        ("ARG base\nARG tag=3.20-slim\n", "${base}:${tag}"),
        ("ARG base\n", "$base:latest"),
        ("ARG base=busybox\nARG tag=latest\n", "${base}:${tag}"),
        ("ARG base=\n", "${base:-}"),
    ] {
        place.dockerfile(&format!("{arguments}FROM {from}\nRUN cp /base /derived\n"));

        let run = place.build(&object(&["base=base/image.tar"])).expect(0);

        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(archive.text("derived"), "from the base\n", "{from}");
        assert!(!run.stderr.contains("arning"), "{from}: {}", run.stderr);
    }
    // As events too, and only where the argument is given an image.
    place.dockerfile("ARG base\nARG other\nFROM ${base}\nFROM ${other}\n");
    let mut object = object(&["base=base/image.tar"]);
    object["build_args"] = json!(["other=scratch"]);
    let root = place.root();
    let root = root.to_str().unwrap();
    let run = place
        .send(&["build", "--progress", "json", "--root", root], &object)
        .expect(0);
    let mut warnings = run
        .stderr
        .lines()
        .filter(|line| line.contains("InvalidDefaultArgInFrom"))
        .peekable();
    assert!(warnings.peek().is_some(), "{}", run.stderr);
    assert!(warnings.all(|line| line.contains("${other}")));
}

#[test]
fn the_digest_of_what_is_served_may_follow_the_argument_and_another_may_not() {
    let place = Workplace::new();
    base(&place);
    let archive = Archive::read(&place.path("base/image.tar"));
    let index: Value = serde_json::from_slice(&archive.files["index.json"]).unwrap();
    let digest = index["manifests"][0]["digest"].as_str().unwrap();
    let build = |digest: &str| {
        place.dockerfile(&format!(
            "ARG base\nFROM ${{base}}@{digest}\nRUN cp /base /derived\n"
        ));
        place.build(&object(&["base=base/image.tar"]))
    };

    let _ = build(digest).expect(0);
    let run = build(&format!("sha256:{}", "0".repeat(64))).expect(1);

    assert!(run.stderr.contains("not found"), "{}", run.stderr);
}

#[test]
fn a_base_is_known_again_whatever_its_port_and_tag() {
    let place = Workplace::new();
    base(&place);
    let build = |tag: &str| {
        place.dockerfile(&format!(
            "ARG base\nFROM ${{base}}:{tag}\nRUN echo executed; true\n"
        ));
        place.build(&object(&["base=base/image.tar"])).expect(0)
    };
    let executed = |run: &Run| run.stderr.lines().any(|line| line.ends_with(" executed"));

    assert!(executed(&build("1")));

    for tag in ["1", "2"] {
        let run = build(tag);
        assert!(
            !executed(&run) && run.stderr.contains("CACHED"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn image_argument_wins_over_a_build_argument() {
    let place = Workplace::new();
    base(&place);
    place.dockerfile("ARG BASE\nFROM ${BASE}\n");
    let mut object = object(&["BASE=base/image.tar"]);
    object["build_args"] = json!(["BASE=nothing-that-exists"]);

    let run = place.build(&object).expect(0);

    assert!(
        run.stderr.contains("the image argument `BASE` wins"),
        "{}",
        run.stderr
    );
}

#[test]
fn truncated_archive_is_named_with_the_entry_that_is_cut_off() {
    let place = Workplace::new();
    base(&place);
    let whole = fs::read(place.path("base/image.tar")).unwrap();
    place.write("base/image.tar", &whole[..whole.len() / 2]);

    let run = build_on(&place, "base/image.tar").expect(1);

    let message = run
        .stderr
        .lines()
        .find(|line| line.starts_with("error: "))
        .unwrap();
    for part in ["entry `blobs/sha256/", "base/image.tar", "is cut off"] {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
    assert!(!place.names("image").contains(&"image.tar".to_owned()));
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn file_that_is_no_image_is_named() {
    let place = Workplace::new();
    place.write("base/image.tar", "no archive\n");

    let run = build_on(&place, "base/image.tar").expect(1);

    assert!(
        run.stderr
            .contains("base/image.tar` is not a readable tar archive"),
        "{}",
        run.stderr
    );
}

#[test]
fn file_that_does_not_exist_is_a_diagnostic() {
    let place = Workplace::new();

    let run = build_on(&place, "base/none.tar").expect(2);

    assert!(
        run.stderr
            .contains("the image `base/none.tar` does not exist"),
        "{}",
        run.stderr
    );
    assert!(!place.root().exists());
}
