//! The example of builders on Kubernetes: its manifests are what Kubernetes takes, and its daemons and its client what ours are.

use std::path::PathBuf;

use oci_image_packages::package::Package;
use oci_image_tests::builder::{Builder, client_certificates};
use oci_image_tests::certificates::Certificates;
use oci_image_tests::engine::checkout;
use oci_image_tests::workplace::Workplace;
use serde_json::Value;

fn example(name: &str) -> PathBuf {
    checkout().join("tests/examples/kubernetes").join(name)
}

#[test]
fn manifests_obey_the_schemas_of_kubernetes() {
    let package = Package::kubernetes();

    let arguments = ["--strict".into(), example("builders.yaml")];
    let said = package.output("venv/bin/kubernetes-validate", &arguments);

    let kinds = [
        "namespace",
        "configmap",
        "service",
        "statefulset",
        "poddisruptionbudget",
        "networkpolicy",
    ];
    for kind in kinds {
        assert!(
            said.contains(&format!("passed for resource {kind}/")),
            "{said}"
        );
    }
    assert_eq!(said.lines().count(), kinds.len(), "{said}");
}

#[test]
fn a_daemon_takes_the_configuration_and_builds() {
    let package = Package::kubernetes();
    let texts = [PathBuf::from("texts.py"), example("builders.yaml")];
    let texts: Value = serde_json::from_str(&package.output("venv/bin/python", &texts)).unwrap();
    let builder = Builder::with(None, texts["buildkitd.toml"].as_str().unwrap());
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = serde_json::json!({"context": "context", "output": "image"});

    let root = place.root();
    let arguments = ["build", "--builder", &builder.address(), "--root"];
    let arguments = [&arguments[..], &[root.to_str().unwrap()]].concat();
    let _ = place.send(&arguments, &object).expect(0);
}

#[test]
fn a_client_takes_its_file_and_looks_for_the_name() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    client_certificates(&Certificates::new(), &place.path("tls"));
    let file = std::fs::read(example("builders-of-a-client.yaml")).unwrap();
    place.write("builders.yaml", file);
    let object = serde_json::json!({"context": "context", "output": "image"});

    let root = place.root();
    let arguments = [
        "build",
        "--builders",
        "builders.yaml",
        "--builder-wait",
        "1s",
        "--root",
    ];
    let arguments = [&arguments[..], &[root.to_str().unwrap()]].concat();
    let run = place.send(&arguments, &object).expect(3);

    assert!(
        run.stderr.contains("tcp://buildkitd.builders.svc:1234"),
        "{}",
        run.stderr
    );
}
