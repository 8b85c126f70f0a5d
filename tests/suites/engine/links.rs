//! Symbolic links: a path that the request names is followed wherever it leads, and nothing that a directory holds leads out of it.

use std::fs;
use std::os::unix::fs::symlink;

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// A link in the working directory.
fn link(place: &Workplace, name: &str, target: &str) {
    symlink(target, place.path(name)).unwrap();
}

fn refused(place: &Workplace, object: &Value, parts: &[&str]) {
    let run = place.build(object).expect(2);

    says(&run, parts);
    assert!(!place.root().exists(), "the daemon was started");
}

fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

#[test]
fn every_path_that_a_request_names_may_be_a_link_to_elsewhere() {
    let place = Workplace::new();
    place.write("context/note", "from the context\n");
    place.dockerfile(
        "BUSYBOX\nFROM busybox AS app\nARG VERSION\nLABEL version=$VERSION\nCOPY note /note\nRUN --mount=type=secret,id=token cp /run/secrets/token /token\n\
         FROM busybox\nRUN false\n",
    );
    place.write("../elsewhere/args", "VERSION=1\n");
    place.write("../elsewhere/labels", "title=linked\n");
    place.write("../elsewhere/target", "app\n");
    place.write("../elsewhere/token", "sesame\n");
    fs::rename(place.path("context"), place.path("../elsewhere/context")).unwrap();
    for directory in ["image", "cache"] {
        let _ = fs::remove_dir(place.path(directory));
        fs::create_dir(place.path("../elsewhere").join(directory)).unwrap();
        link(&place, directory, &format!("../elsewhere/{directory}"));
    }
    // A link to a link, a link in the middle of a path, and an absolute one.
    link(&place, "middle", "../elsewhere");
    link(&place, "context", "second");
    link(&place, "second", "middle/context");
    let absolute = place.path("../elsewhere/token");
    link(&place, "token", absolute.to_str().unwrap());
    let object = json!({
        "context": "context", "output": "image", "cache": true,
        "build_args_file": "middle/args", "labels_file": "middle/labels", "target_file": "middle/target",
        "buildkit_secrets": {"token": "token"},
    });

    let run = place.build(&object).expect(0);
    // And once more, with a cache to import.
    let _ = place.build(&object).expect(0);

    // What is used that nobody sees in the request is told, once.
    for (path, real) in [
        ("context", "context"),
        ("token", "token"),
        ("cache", "cache"),
        ("image", "image"),
    ] {
        let real = fs::canonicalize(place.path("../elsewhere"))
            .unwrap()
            .join(real);
        let remark = format!(
            "a symbolic link takes `{path}` out of the working directory, to `{}`: that is what is used",
            real.display()
        );
        assert_eq!(run.stderr.matches(&remark).count(), 1, "{}", run.stderr);
    }

    let archive = Archive::read(&place.path("../elsewhere/image/image.tar"));
    assert_eq!(archive.text("note"), "from the context\n");
    assert_eq!(archive.text("token"), "sesame\n");
    assert_eq!(
        archive.config["config"]["Labels"],
        json!({"version": "1", "title": "linked"})
    );
    assert!(place.path("../elsewhere/cache/index.json").exists());
}

#[test]
fn paths_that_stay_in_the_working_directory_or_say_that_they_do_not_need_no_remark() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY note /\n");
    place.write("context/note", "");
    place.write("../beside/token", "");
    link(&place, "linked", "context");
    link(&place, "elsewhere", "../beside");

    for (context, token) in [
        ("linked", "elsewhere/../beside/token"),
        (place.path("context").to_str().unwrap(), "../beside/token"),
    ] {
        let run = place
            .build(&json!({"context": context, "output": "image", "buildkit_secrets": {"token": token}}))
            .expect(0);

        assert!(!run.stderr.contains("symbolic link"), "{}", run.stderr);
    }
}

#[test]
fn base_image_may_be_a_link() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /base\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::rename(place.path("image/image.tar"), place.path("../base.tar")).unwrap();
    link(&place, "base", "../base.tar");
    place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY Dockerfile /derived\n");

    let _ = place
        .build(&json!({"context": "context", "output": "image", "image_args": ["BASE=base"]}))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert!(archive.entry("base").is_some());
}

#[test]
fn dockerfile_that_is_named_may_be_a_link_out_of_its_directory() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY note /named\n");
    place.write("context/note", "");
    place.write(
        "context/Dockerfile.inside",
        "FROM scratch\nCOPY note /inside\n",
    );
    place.write("context/inside.dockerignore", "");
    place.write("../recipes/App", "FROM scratch\nCOPY note /outside\n");
    link(&place, "context/outside", "../../recipes/App");
    link(&place, "context/inside", "Dockerfile.inside");
    link(
        &place,
        "absolute",
        place.path("../recipes/App").to_str().unwrap(),
    );

    for (dockerfile, made) in [
        ("context/inside", "inside"),
        ("context/outside", "outside"),
        ("absolute", "outside"),
    ] {
        let object = json!({"context": "context", "output": "image", "dockerfile": dockerfile});
        let _ = place.build(&object).expect(0);

        let archive = Archive::read(&place.path("image/image.tar"));
        assert!(archive.entry(made).is_some(), "{dockerfile}");
    }
}

#[test]
fn dockerfile_that_is_found_in_the_context_leads_not_out_of_it() {
    let place = Workplace::new();
    place.write("Dockerfile", "FROM scratch\nCOPY . /\n");
    fs::create_dir_all(place.path("context")).unwrap();
    link(&place, "context/Dockerfile", "../Dockerfile");

    refused(
        &place,
        &json!({"context": "context", "output": "image"}),
        &[
            "cannot look at `context/Dockerfile`: a symbolic link leads out of `context`",
            "name it with `dockerfile`",
        ],
    );
}

#[test]
fn links_that_lead_nowhere_and_in_a_circle_are_told() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\n");
    link(&place, "args", "../settings/args");
    link(&place, "labels", "labels");
    link(&place, "token", "gone");

    refused(
        &place,
        &json!({
            "context": "context", "output": "image", "build_args_file": "args", "labels_file": "labels",
            "buildkit_secrets": {"token": "token/below"},
        }),
        &[
            "cannot read `args`: `args` is a symbolic link to `../settings/args`, and nothing stands there",
            "cannot read `labels`: its symbolic links lead in a circle",
            "cannot look at the file of the secret `token`: `token` is a symbolic link to `gone`, and nothing stands there",
        ],
    );
}

#[test]
fn hint_about_a_missing_file_names_nothing_outside_of_the_context() {
    let place = Workplace::new();
    place.write("../outside/keys/customer.pem", "");
    place.write("context/inside/keys/known.pem", "");
    link(&place, "context/out", "../../outside");
    link(&place, "context/in", "inside");

    for (directory, is_named) in [("out", false), ("in", true)] {
        place.dockerfile(&format!(
            "FROM scratch\nCOPY {directory}/keys/knwon.pem /\n"
        ));
        let run = place
            .build(&json!({"context": "context", "output": "image"}))
            .expect(1);

        assert!(!run.stderr.contains("customer"), "{}", run.stderr);
        assert_eq!(run.stderr.contains("known.pem"), is_named, "{}", run.stderr);
    }
}
