//! Images of several platforms, each built where its machine is.

use std::fs;
use std::process::Command;

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::warehouse::{Gate, Warehouse};
use oci_image_tests::workplace::{Run, Workplace};
use oci_image_tests::{engine, go_reader};
use serde_json::{Value, json};

/// A builder of a machine of another kind: no step can run on it, but files can be copied.
fn of(platform: &str) -> Builder {
    Builder::with(
        None,
        &format!("[worker.oci]\nplatforms = [\"{platform}\"]\n"),
    )
}

fn built(place: &Workplace, builders: &[&Builder], more: &[&str], object: &Value) -> Run {
    let mut command = build_on(place, object, builders);
    command.args(more);
    place.run_command(command, b"")
}

fn document(place: &Workplace, digest: &Value) -> Value {
    let digest = digest.as_str().unwrap().replace(':', "/");
    serde_json::from_str(&place.read(&format!("image/image/blobs/{digest}"))).unwrap()
}

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(
        "FROM scratch\nARG TARGETARCH\nLABEL of=$TARGETARCH\nCOPY busybox /busybox-$TARGETARCH\n",
    );
    place
}

/// That other programs take the layout for an image of that platform too.
fn taken_by_others(place: &Workplace, platform: &str) {
    let copied = place.path("copied");
    let run = |command: &mut Command| {
        let output = command.env("PATH", engine::path()).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(Command::new("skopeo")
        .args([
            "copy",
            "--quiet",
            "--override-os=linux",
            "--override-arch",
            platform,
        ])
        .arg(format!("oci:{}", place.path("image/image").display()))
        .arg(format!("oci:{}:{platform}", copied.display())));
    run(Command::new("umoci")
        .args(["unpack", "--image"])
        .arg(format!("{}:{platform}", copied.display()))
        .arg(place.path(platform)));
    assert!(
        place
            .path(format!("{platform}/rootfs/busybox-{platform}"))
            .exists()
    );
}

#[test]
fn each_platform_is_built_by_its_builder_into_one_layout() {
    let (amd, arm) = (of("linux/amd64"), of("linux/arm64"));
    let place = place();
    let object = json!({"context": "context", "output": "image", "image_platform": "linux/arm64,linux/amd64"});

    let run = built(&place, &[&amd, &arm], &[], &object).expect(0);

    for (platform, builder) in [("linux/amd64", &amd), ("linux/arm64", &arm)] {
        let told = format!("building {platform} on `{}`", builder.address());
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
    let index: Value = serde_json::from_str(&place.read("image/image/index.json")).unwrap();
    let root = document(&place, &index["manifests"][0]["digest"]);
    assert_eq!(index["manifests"][0]["digest"], place.read("image/digest"));
    let manifests = root["manifests"].as_array().unwrap();
    let mut found: Vec<(String, String)> = manifests
        .iter()
        .map(|entry| {
            let manifest = document(&place, &entry["digest"]);
            let config = document(&place, &manifest["config"]["digest"]);
            assert_eq!(config["architecture"], entry["platform"]["architecture"]);
            let label = config["config"]["Labels"]["of"]
                .as_str()
                .unwrap()
                .to_owned();
            (entry["platform"]["os"].as_str().unwrap().to_owned(), label)
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("linux".to_owned(), "amd64".to_owned()),
            ("linux".to_owned(), "arm64".to_owned())
        ]
    );

    for platform in ["amd64", "arm64"] {
        taken_by_others(&place, platform);
    }
    let mut read = go_reader::whole(&place.path("image/image"));
    read.sort();
    assert_eq!(read, ["linux/amd64", "linux/arm64"]);

    // The same again is the same, and each builder has it still.
    let digest = place.read("image/digest");
    let _ = built(&place, &[&arm, &amd], &[], &object).expect(0);
    assert_eq!(place.read("image/digest"), digest);
}

#[test]
fn a_builder_that_has_all_platforms_builds_all() {
    let both = Builder::with(
        None,
        "[worker.oci]\nplatforms = [\"linux/arm64\", \"linux/arm/v7\"]\n",
    );
    let one = of("linux/arm64");
    let place = place();
    let object = json!({"context": "context", "output": "image", "image_platform": "linux/arm64,linux/arm/v7"});

    let run = built(&place, &[&one, &both], &[], &object).expect(0);

    assert!(
        run.stderr
            .contains(&format!("building on `{}`", both.address())),
        "{}",
        run.stderr
    );
}

#[test]
fn a_platform_that_nobody_has_is_known_before_anything_is_sent() {
    let amd = Builder::with(
        None,
        "[worker.oci]\nplatforms = [\"linux/amd64\", \"linux/s390x\"]\n",
    );
    let place = place();
    let object = json!({"context": "context", "output": "image", "image_platform": "linux/amd64,linux/s390x"});

    let run = built(&place, &[&amd], &[], &object).expect(3);

    let told = ", and not for `linux/s390x`, which it emulates: `--emulate` takes it all the same";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(!run.stderr.contains("#1"), "{}", run.stderr);

    let _ = built(&place, &[&amd], &["--emulate"], &object).expect(0);
}

#[test]
fn caches_and_targets_of_several_builders_are_kept_apart() {
    let (amd, arm) = (of("linux/amd64"), of("linux/arm64"));
    let place = place();
    place.dockerfile(
        "FROM scratch AS one\nARG TARGETARCH\nCOPY busybox /$TARGETARCH\nFROM one\nLABEL a=b\n",
    );
    let object = json!({
        "context": "context", "output": "image", "image_platform": "linux/arm64,linux/amd64", "cache": true, "additional_targets": ["one"]
    });
    for directory in ["one", "cache"] {
        fs::create_dir(place.path(directory)).unwrap();
    }
    let _ = built(&place, &[&amd, &arm], &[], &object).expect(0);
    drop((amd, arm));

    // Builders that know nothing: what is cached came from us.
    let (amd, arm) = (of("linux/amd64"), of("linux/arm64"));
    let run = built(&place, &[&amd, &arm], &[], &object).expect(0);

    assert!(
        run.stderr.contains("steps, 2 of them cached"),
        "{}",
        run.stderr
    );
}

#[test]
fn layer_caches_of_several_builders_stand_side_by_side() {
    let warehouse = Warehouse::new(Gate::Open);
    let place = place();
    let reference = format!("{}/team/app:cache", warehouse.host());
    let object = json!({
        "context": "context", "output": "image", "image_platform": "linux/arm64,linux/amd64", "cache_from": [reference],
        "cache_to": [format!("type=registry,ref={reference},mode=max"), "type=inline"]
    });
    let build = || {
        let (amd, arm) = (of("linux/amd64"), of("linux/arm64"));
        let run = built(&place, &[&amd, &arm], &[], &object).expect(0);
        (run, place.read("image/digest"))
    };

    let (_, digest) = build();
    assert_eq!(
        warehouse.tags(),
        ["team/app:cache", "team/app:cache-linux-arm64"]
    );
    let (run, again) = build();

    let told = "steps, 2 of them cached";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert_eq!(again, digest);
}
