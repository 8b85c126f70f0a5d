//! Builders that are known by a certificate, and know us by ours.

use std::fs;

use oci_image_tests::builder::{Builder, client_certificates};
use oci_image_tests::certificates::{Certificates, HOST_NAME};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /busybox\n");
    place
}

/// A build on the builders of a file.
fn built(place: &Workplace, builders: &Value, object: &Value) -> Run {
    place.write("builders.json", builders.to_string());
    place.write("object.json", object.to_string());
    let mut command = place.command(&["build", "object.json", "--builders", "builders.json"]);
    command
        .args(["--builder-wait", "0s"])
        .arg("--root")
        .arg(place.root());
    place.run_command(command, b"")
}

fn plain() -> Value {
    json!({"context": "context", "output": "image"})
}

fn listed(builder: &Builder, tls: &Value) -> Value {
    json!({"builders": [{"address": builder.address(), "tls": tls}]})
}

#[test]
fn each_side_shows_its_certificate() {
    let certificates = Certificates::new();
    let builder = Builder::verified(&certificates);
    let place = place();
    client_certificates(&certificates, &place.path("tls"));

    let tls = json!({"directory": "tls", "server_name": HOST_NAME});
    let _ = built(&place, &listed(&builder, &tls), &plain()).expect(0);
    let tls = json!({
        "authority": "tls/ca.pem", "certificate": "tls/cert.pem", "key": "tls/key.pem", "server_name": HOST_NAME
    });
    let _ = built(&place, &listed(&builder, &tls), &plain()).expect(0);
}

#[test]
fn whoever_cannot_show_one_is_not_believed() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let builder = Builder::verified(&certificates);
    let place = place();
    client_certificates(&certificates, &place.path("tls"));
    client_certificates(&others, &place.path("others"));

    for (tls, said) in [
        // The address is no name in the certificate.
        (
            json!({"directory": "tls"}),
            "is not believed to be the builder",
        ),
        (
            json!({"directory": "others", "server_name": HOST_NAME}),
            "is not believed to be the builder",
        ),
        (
            json!({"authority": "tls/ca.pem", "server_name": HOST_NAME}),
            "may not know our certificate",
        ),
        (
            json!({
                "authority": "tls/ca.pem", "certificate": "others/cert.pem", "key": "others/key.pem", "server_name": HOST_NAME
            }),
            "may not know our certificate",
        ),
    ] {
        let run = built(&place, &listed(&builder, &tls), &plain()).expect(3);

        assert!(run.stderr.contains(said), "{tls}: {}", run.stderr);
        assert!(!place.path("image/image.tar").exists());
    }
}

#[test]
fn what_is_wrong_with_certificates_is_told() {
    let place = place();
    let certificates = Certificates::new();
    client_certificates(&certificates, &place.path("half"));
    fs::remove_file(place.path("half/key.pem")).unwrap();
    fs::create_dir(place.path("empty")).unwrap();
    place.write("object.json", plain().to_string());
    let run = place.run_command(
        place.command(&[
            "build",
            "object.json",
            "--builder",
            "tcp://a.test:1",
            "--builder-tls",
            "half",
        ]),
        b"",
    );
    assert!(
        run.stderr
            .contains("has `cert.pem`, and no `key.pem` beside it"),
        "{}",
        run.stderr
    );

    let builders = json!({"builders": [
        {"address": "tcp://a.test:1", "tls": {"directory": "empty"}},
        {"address": "tpc://a", "platforms": ["linux/amd46"], "most_solves": 0},
        {"adress": "tcp://a.test:1"},
        {"address": "unix:///a", "tls": {"certificate": "a"}},
        {"address": "tcp://a.test:1", "tls": {"key": "a"}},
    ]});
    let run = built(&place, &builders, &plain()).expect(2);
    for said in [
        "`builders[0].tls`:",
        "`builders[1].address`:",
        "did you mean `tcp://`?",
        "`builders[1].platforms`: `linux/amd46` is no platform",
        "`builders[1].most_solves`:",
        "`builders[2]`: unknown field `adress`",
        "`builders[3].tls`: only `tcp://` speaks TLS",
        "`builders[4].tls`: it names a key without a `certificate`",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
}

#[test]
fn a_builder_that_is_not_ours_to_set_is_not_set() {
    let builder = Builder::start();
    let place = place();
    let builders = json!({"builders": [{"address": builder.address()}]});
    let object = json!({
        "context": "context", "output": "image",
        "registry_mirrors": ["mirror.test"], "buildkit_extra_config": "insecure-entitlements = []"
    });

    let run = built(&place, &builders, &object).expect(2);

    assert_eq!(
        run.stderr.matches("error[setting-of-builder]").count(),
        2,
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("`registry_mirrors` is a setting of the daemon"),
        "{}",
        run.stderr
    );
}
