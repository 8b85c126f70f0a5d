//! What is told at the end of the builders on which something was built: to a person, to a program, on the page.

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn told(place: &Workplace, object: &Value, builders: &[&Builder]) -> (Run, Value) {
    let mut command = build_on(place, object, builders);
    command.args(["--metadata-file", "result.json", "--report", "page.html"]);
    let run = place.run_command(command, b"").expect(0);
    let result = serde_json::from_str(&place.read("result.json")).unwrap();
    (run, result)
}

#[test]
fn builder_of_a_build_is_named_with_its_version() {
    let (place, builder) = (Workplace::new(), Builder::start());
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image"});

    let (run, result) = told(&place, &object, &[&builder]);

    let line = format!("\n  on {}\n", builder.address());
    assert!(run.stderr.contains(&line), "{}", run.stderr);
    let expected = json!([{
        "address": builder.address(), "version": engine::version(), "platforms": null,
    }]);
    assert_eq!(result["builders"], expected);
    let page = place.read("page.html");
    assert!(page.contains(&format!("on <code>{}</code>", builder.address())));
}

#[test]
fn builders_of_several_platforms_are_each_named_with_theirs() {
    let place = Workplace::new();
    let of = |platform: &str| format!("[worker.oci]\nplatforms = [\"{platform}\"]\n");
    let amd = Builder::with(None, &of("linux/amd64"));
    let arm = Builder::with(None, &of("linux/arm64"));
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({
        "context": "context", "output": "image", "image_platform": "linux/arm64,linux/amd64",
    });

    let (run, result) = told(&place, &object, &[&amd, &arm]);

    for (platform, builder) in [("linux/amd64", &amd), ("linux/arm64", &arm)] {
        let line = format!("\n  {platform} on {}\n", builder.address());
        assert!(run.stderr.contains(&line), "{}", run.stderr);
        let builders = result["builders"].as_array().unwrap().iter();
        let named: Vec<&Value> = builders
            .filter(|entry| entry["address"] == builder.address())
            .collect();
        assert_eq!(named.len(), 1, "{result}");
        assert_eq!(named[0]["platforms"], json!([platform]));
    }
}

#[test]
fn no_builder_is_named_where_a_daemon_was_started() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image"});

    let (run, result) = told(&place, &object, &[]);

    assert_eq!(result["builders"], json!([]));
    assert!(!run.stderr.contains("\n  on "), "{}", run.stderr);
}
