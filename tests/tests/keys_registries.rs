//! `registries`, `registry_mirrors`, `buildkit_extra_config`, and logins: `FROM` of registries as others run them.
//!
//! They listen on 127.0.0.1 under a name that only the build knows, by an `/etc/hosts` in a mount namespace of its own:
//! for loopback's own names BuildKit allows what it does not allow elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an object reads best where it is used, without a borrow"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_image_tests::archive::Archive;
use oci_image_tests::front::{Certificates, Door, Front, HOST_NAME, PASSWORD, TOKEN, USER};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// A workplace, and the archive of an image to serve.
fn place() -> (Workplace, PathBuf) {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /base\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    let base = place.path("../base.tar");
    fs::rename(place.path("image/image.tar"), &base).unwrap();
    fs::remove_file(place.path("image/digest")).unwrap();
    place.write(
        "../hosts",
        format!("127.0.0.1 localhost\n127.0.0.1 {HOST_NAME}\n"),
    );
    (place, base)
}

/// A registry's host, and the name of an image there.
fn names(front: &Front) -> (String, String) {
    let host = front.host();
    let image = format!("{host}/some/base:latest");
    (host, image)
}

/// The key with the settings of one registry.
fn registry(host: &str, settings: Value) -> Value {
    json!({"registries": {host: settings}})
}

fn plain_http(host: &str) -> Value {
    registry(host, json!({"http": true}))
}

/// Builds on `image`; `more` are keys of the object.
fn build(place: &Workplace, image: &str, more: Value) -> Run {
    build_as(place, image, more, "no-logins")
}

/// The same with the logins of a directory.
fn build_as(place: &Workplace, image: &str, more: Value, logins: &str) -> Run {
    build_in(place, image, more, logins, None)
}

/// The same with the logins of the environment beside them.
fn build_in(
    place: &Workplace,
    image: &str,
    more: Value,
    logins: &str,
    environment: Option<&Value>,
) -> Run {
    place.dockerfile(&format!("FROM {image}\nCOPY Dockerfile /derived\n"));
    let mut object = json!({"context": "context", "output": "image"});
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    let root = place.root();
    let program = place.command(&["build", "--root", root.to_str().unwrap()]);
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c"])
        .arg("mount --bind ../hosts /etc/hosts && exec \"$@\"")
        .arg("sh")
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(program.get_current_dir().unwrap())
        .env("DOCKER_CONFIG", place.path(logins));
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        command.env_remove(proxy);
    }
    let helpers = format!(
        "{}:{}",
        place.path("helpers").display(),
        oci_image_tests::engine::path()
    );
    command.env("PATH", helpers);
    if let Some(logins) = environment {
        command.env("DOCKER_AUTH_CONFIG", logins.to_string());
    }
    let message = json!({"object": object, "response_path": "../response"});
    place.run_command(command, message.to_string().as_bytes())
}

fn is_derived(place: &Workplace) {
    let archive = Archive::read(&place.path("image/image.tar"));
    assert!(archive.entry("base").is_some());
    assert!(archive.entry("derived").is_some());
    fs::remove_file(place.path("image/image.tar")).unwrap();
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

#[test]
fn registry_with_plain_http_is_used_if_that_is_allowed() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Open);
    let (host, image) = names(&front);

    let refused = build(&place, &image, json!({})).expect(1);
    let _ = build(&place, &image, plain_http(&host)).expect(0);

    is_derived(&place);
    says(
        &refused,
        &[&image, "speaks plain http, and that must be allowed"],
    );
}

#[test]
fn registry_with_a_certificate_of_its_own_is_used_with_its_authority() {
    let (place, base) = place();
    let certificates = Certificates::new();
    place.write("certificates/ca.pem", &certificates.ca);
    place.write("trusted/registry.crt", &certificates.ca);
    let front = Front::tls(&base, &certificates);
    let (host, image) = names(&front);

    let refused = build(&place, &image, json!({})).expect(1);
    says(&refused, &["certificate", "is not trusted here"]);
    for settings in [
        json!({"ca": ["certificates/ca.pem"]}),
        json!({"tlsconfigdir": ["trusted"]}),
        json!({"insecure": true}),
    ] {
        fs::remove_dir_all(place.root()).unwrap();
        let _ = build(&place, &image, registry(&host, settings)).expect(0);
        is_derived(&place);
    }
}

#[test]
fn registry_that_wants_a_client_certificate_is_used_with_a_key_pair() {
    let (place, base) = place();
    let certificates = Certificates::new();
    place.write("certificates/ca.pem", &certificates.ca);
    place.write("certificates/client.pem", &certificates.client);
    place.write("certificates/client.key", &certificates.client_key);
    let front = Front::mutual_tls(&base, &certificates);
    let (host, image) = names(&front);
    let ca = json!(["certificates/ca.pem"]);
    let pair = json!([{"key": "certificates/client.key", "cert": "certificates/client.pem"}]);

    let alone = registry(&host, json!({"ca": ca}));
    let refused = build(&place, &image, alone).expect(1);
    let both = registry(&host, json!({"ca": ca, "keypair": pair}));
    let _ = build(&place, &image, both).expect(0);

    is_derived(&place);
    says(&refused, &[&image, "tls: "]);
}

#[test]
fn mirror_of_docker_hub_is_asked_first() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Open);
    let host = front.host();

    let _ = build(
        &place,
        "base",
        json!({"registry_mirrors": [host], "registries": {host.as_str(): {"http": true}}}),
    )
    .expect(0);

    is_derived(&place);
    let asked = front.asked();
    assert!(
        asked.contains(&"/v2/library/base/manifests/latest".to_owned()),
        "{asked:?}"
    );
}

#[test]
fn mirror_that_is_a_url_of_plain_http_is_asked_by_it() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Open);
    let url = format!("http://{}/hub/", front.host());

    let _ = build(&place, "base", json!({"registry_mirrors": [url]}));

    let asked = front.asked();
    assert!(
        asked.contains(&"/v2/hub/library/base/manifests/latest".to_owned()),
        "{asked:?}"
    );
}

#[test]
fn mirror_that_is_down_is_passed_over() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Open);
    let host = front.host();
    // Nothing listens on port 1.
    let down = format!("{HOST_NAME}:1");

    let _ = build(
        &place,
        "elsewhere.test/some/base",
        json!({"registries": {
            "elsewhere.test": {"mirrors": [down, host]},
            host.as_str(): {"http": true}, down.as_str(): {"http": true},
        }}),
    )
    .expect(0);

    is_derived(&place);
    let asked = front.asked();
    assert!(
        asked.contains(&"/v2/some/base/manifests/latest".to_owned()),
        "{asked:?}"
    );
}

#[test]
fn certificate_that_does_not_exist_is_a_diagnostic() {
    let (place, _) = place();
    fs::remove_dir_all(place.root()).unwrap();

    let run = build(
        &place,
        "base",
        json!({"registries": {"a.test": {"ca": ["certificates/none.pem"]}}}),
    )
    .expect(2);

    says(&run, &["`certificates/none.pem` does not exist"]);
    assert!(!place.root().exists());
}

/// A Docker configuration with a login for `host`.
fn log_in(place: &Workplace, host: &str, password: &str) {
    let auth = STANDARD.encode(format!("{USER}:{password}"));
    let config = json!({"auths": {host: {"auth": auth}}});
    place.write("logins/config.json", config.to_string());
}

#[test]
fn private_image_is_pulled_with_the_password_of_dockers_configuration() {
    for door in [Door::Basic, Door::Token] {
        let (place, base) = place();
        let front = Front::plain(&base, door);
        let (host, image) = names(&front);
        let registries = plain_http(&host);
        log_in(&place, &host, PASSWORD);

        let run = build_as(&place, &image, registries, "logins").expect(0);

        is_derived(&place);
        assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
        let asked_for_token = front.asked().contains(&"/token".to_owned());
        assert_eq!(asked_for_token, door == Door::Token);
    }
}

/// What `auth` of a login is.
fn auth(password: &str) -> Value {
    json!({"auth": STANDARD.encode(format!("{USER}:{password}"))})
}

#[test]
fn login_of_the_repository_is_taken_and_never_that_of_another() {
    for door in [Door::Basic, Door::Token] {
        let (place, base) = place();
        let front = Front::plain(&base, door);
        let (host, image) = names(&front);
        let wrong = auth("letmein");
        let config = json!({"auths": {
            host.as_str(): wrong,
            format!("{host}/aaa"): wrong,
            format!("{host}/some"): auth(PASSWORD),
            format!("{host}/some/base/more"): wrong,
            format!("{host}/zzz"): wrong,
        }});
        place.write("logins/config.json", config.to_string());

        let _ = build_as(&place, &image, plain_http(&host), "logins").expect(0);

        is_derived(&place);
    }
}

#[test]
fn logins_of_the_environment_count_before_those_of_the_file() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Basic);
    let (host, image) = names(&front);
    let registries = plain_http(&host);
    log_in(&place, &host, "letmein");
    let good = json!({"auths": {host.as_str(): auth(PASSWORD)}});
    let bad = json!({"auths": {host.as_str(): auth("letmein")}});

    let run = build_in(&place, &image, registries.clone(), "logins", Some(&good)).expect(0);
    is_derived(&place);
    assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
    fs::remove_dir_all(place.root()).unwrap();

    let run = build_in(&place, &image, registries.clone(), "none", Some(&bad)).expect(1);
    says(
        &run,
        &[&format!("given user `{USER}` from `$DOCKER_AUTH_CONFIG`")],
    );

    // As with Docker, one that is wrong is none.
    log_in(&place, &host, PASSWORD);
    let run = build_in(
        &place,
        &image,
        registries,
        "logins",
        Some(&json!("hunter2")),
    )
    .expect(0);
    says(&run, &["warning: `DOCKER_AUTH_CONFIG` is left out"]);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn registry_token_is_shown_to_the_registry_as_it_is() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Token);
    let (host, image) = names(&front);
    let config = json!({"auths": {host.as_str(): {"registrytoken": TOKEN}}});
    place.write("logins/config.json", config.to_string());

    let _ = build_as(&place, &image, plain_http(&host), "logins").expect(0);

    is_derived(&place);
    assert!(!front.asked().contains(&"/token".to_owned()));
}

/// A credential helper `docker-credential-NAME` that knows one login, for one registry.
fn helper(place: &Workplace, name: &str, host: &str, password: &str) {
    let login = json!({"ServerURL": host, "Username": USER, "Secret": password});
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = '{host}' ] || {{ echo 'credentials not found in native keychain'; exit 1; }}\n\
         echo '{login}'\n"
    );
    let path = format!("helpers/docker-credential-{name}");
    place.write(&path, script);
    place.executable(&path);
}

#[test]
fn private_image_is_pulled_with_the_password_of_a_credential_helper() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Basic);
    let (host, image) = names(&front);
    let registries = plain_http(&host);
    helper(&place, "good", &host, PASSWORD);
    helper(&place, "other", "other.test", "letmein");
    for config in [
        json!({"credHelpers": {host.as_str(): "good"}}),
        json!({"credsStore": "good"}),
        // The helper of one registry comes before the store of all.
        json!({"credsStore": "other", "credHelpers": {host.as_str(): "good"}}),
        // `docker login` leaves this where the store has the password.
        json!({"auths": {host.as_str(): {}}, "credsStore": "good"}),
    ] {
        fs::remove_dir_all(place.root()).unwrap();
        place.write("logins/config.json", config.to_string());

        let run = build_as(&place, &image, registries.clone(), "logins").expect(0);

        is_derived(&place);
        assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
    }
}

#[test]
fn wrong_password_of_a_credential_helper_says_which_helper_gave_it() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Token);
    let (host, image) = names(&front);
    let registries = plain_http(&host);
    helper(&place, "wrong", &host, "letmein");
    let config = json!({"credsStore": "wrong"});
    let config = place.write("logins/config.json", config.to_string());

    let run = build_as(&place, &image, registries, "logins").expect(1);

    let login = format!(
        "  login: registry `{host}` was given user `{USER}` from `docker-credential-wrong`, which `{}` names",
        config.display()
    );
    says(&run, &[&image, "Dockerfile:1", &login]);
    assert!(!run.stderr.contains("letmein"), "{}", run.stderr);
}

#[test]
fn credential_helper_that_fails_is_named_with_what_it_says() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Basic);
    let (host, image) = names(&front);
    let registries = plain_http(&host);
    place.write(
        "helpers/docker-credential-locked",
        "#!/bin/sh\necho 'the keychain is locked'\nexit 1\n",
    );
    place.executable("helpers/docker-credential-locked");
    let cases = [
        ("locked", "the keychain is locked"),
        (
            "absent",
            "cannot run the credential helper `docker-credential-absent`",
        ),
    ];
    for (store, message) in cases {
        let config = json!({"credsStore": store});
        place.write("logins/config.json", config.to_string());

        let run = build_as(&place, &image, registries.clone(), "logins").expect(3);

        let cause = format!("\n  cause: cannot look up a login for registry `{host}`\n  cause: ");
        let program = format!("`docker-credential-{store}`");
        says(&run, &[&cause, &program, message]);
        assert_eq!(place.names("image"), Vec::<String>::new());
    }
}

#[test]
fn wrong_password_says_which_registry_and_where_it_came_from() {
    for door in [Door::Basic, Door::Token] {
        let (place, base) = place();
        let front = Front::plain(&base, door);
        let (host, image) = names(&front);
        let registries = plain_http(&host);
        log_in(&place, &host, "letmein");

        let run = build_as(&place, &image, registries, "logins").expect(1);

        let login = format!(
            "  login: registry `{host}` was given user `{USER}` from `{}`",
            place.path("logins/config.json").display()
        );
        says(&run, &[&image, "Dockerfile:1", &login]);
        assert!(!run.stderr.contains("letmein"), "{}", run.stderr);
        assert_eq!(place.names("image"), Vec::<String>::new());
    }
}

#[test]
fn missing_login_says_which_registry_wants_one() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Basic);
    let (host, image) = names(&front);
    let registries = plain_http(&host);

    let run = build(&place, &image, registries).expect(1);

    let wants = format!("registry `{host}` wants a login");
    says(&run, &[&wants, "config.json"]);
    assert!(!run.stderr.contains("  login: "), "{}", run.stderr);
}

#[test]
fn extra_configuration_reaches_the_daemon_beside_the_keys() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Open);
    let (host, image) = names(&front);
    let extra = format!("[registry.\"{host}\"]\nhttp = true\n[worker.oci]\nmax-parallelism = 1\n");

    let _ = build(
        &place,
        &image,
        json!({"buildkit_extra_config": extra, "registries": {host.as_str(): {"mirrors": ["down.test"]}}}),
    )
    .expect(0);

    is_derived(&place);
}

#[test]
fn extra_configuration_that_contradicts_a_key_is_shown_at_both_places() {
    let (place, _) = place();
    fs::remove_dir_all(place.root()).unwrap();

    let run = build(
        &place,
        "base",
        json!({
            "buildkit_extra_config": "[registry.\"docker.io\"]\nmirrors = [\"one.test\"]\n",
            "registry_mirrors": ["other.test"],
        }),
    )
    .expect(2);

    says(
        &run,
        &[
            "is set to another value by a key of the object",
            "is set to another value in `buildkit_extra_config`",
            "one.test",
            "other.test",
        ],
    );
    assert!(!place.root().exists());
}

#[test]
fn logins_in_a_pipe_are_told_and_not_waited_for() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Token);
    let (host, image) = names(&front);
    fs::create_dir(place.path("logins")).unwrap();
    let made = Command::new("mkfifo")
        .arg(place.path("logins/config.json"))
        .status();
    assert!(made.unwrap().success());

    let run = build_as(&place, &image, plain_http(&host), "logins");

    assert_ne!(run.status, 0);
    says(
        &run,
        &[
            "logins/config.json`",
            "it is a pipe, neither a file nor a directory",
        ],
    );
}
