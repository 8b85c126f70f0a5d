//! `cache_mounts`, `cache_mounts_limit`, `cache_mounts_read_only`: what is asked of the caches that steps mount.

use std::fs;

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX
FROM busybox
RUN --mount=type=cache,id=kept,target=/kept echo of-the-cache > /kept/file && cp /kept/file /copy
",
    );
    place.write("context/unused", "");
    place
}

fn object(keys: &Value) -> Value {
    let mut object = json!({"context": "context", "output": "image"});
    let keys = keys.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(keys);
    object
}

#[test]
fn image_is_the_same_whatever_cache_mounts_are_kept() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let all = json!({"cache": true});
    let _ = place.build(&object(&all)).expect(0);
    let digest = place.read("image/digest");
    let image = Archive::read(&place.path("image/image.tar"));
    assert_eq!(image.text("copy"), "of-the-cache\n");
    assert!(image.entry("kept/file").is_none());

    for keys in [
        json!({"cache": true, "cache_mounts": ["kept"], "cache_mounts_limit": "1MB"}),
        json!({"cache": true, "cache_mounts_read_only": true}),
        json!({"cache": true, "cache_mounts": ["none"]}),
    ] {
        let _ = place.build(&object(&keys)).expect(0);
        assert_eq!(place.read("image/digest"), digest, "{keys}");
    }
}

#[test]
fn task_without_the_directory_cache_is_built_with_a_remark() {
    let place = place();
    let mut command = place.command(&["task"]);
    command.env("OCI_IMAGE_ROOT", place.root()).envs([
        ("CONTEXT", "context"),
        ("CACHE_MOUNTS", "none"),
        ("CACHE_MOUNTS_LIMIT", "500MB"),
        ("CACHE_MOUNTS_READ_ONLY", ""),
    ]);

    let run = place.run_command(command, b"").expect(0);

    let said = "without `cache` nothing is kept, so `CACHE_MOUNTS_LIMIT` counts for nothing";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(run.stderr.matches("ineffective-cache-mounts").count(), 1);
    assert!(place.path("image/image.tar").exists());
}

#[test]
fn plan_says_which_cache_mounts_are_kept() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let keys = json!({"cache": true, "cache_mounts": ["kept", "/root/.cache"], "cache_mounts_limit": "1.5kB"});
    let request = object(&keys).to_string();

    let run = place.run(&["plan", "-"], request.as_bytes()).expect(0);

    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        plan["cache"]["mounts"],
        json!({"ids": ["kept", "/root/.cache"], "limit": 1500, "read_only": false})
    );
}
