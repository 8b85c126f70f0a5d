//! `registries`, `registry_mirrors`, `buildkit_extra_config`, and logins: `FROM` of registries as others run them.
//!
//! They listen on 127.0.0.1 under a name that only the build knows, by an `/etc/hosts` in a mount namespace of its own:
//! for loopback's own names BuildKit allows what it does not allow elsewhere.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_image_tests::archive::Archive;
use oci_image_tests::attacks;
use oci_image_tests::front::{
    Certificates, Door, Front, HOST_NAME, IDENTITY, PASSWORD, TOKEN, USER,
};
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
    let (command, message) = prepared(place, more, logins, environment);
    place.run_command(command, message.as_bytes())
}

/// What builds so, and the message for it.
fn prepared(
    place: &Workplace,
    more: Value,
    logins: &str,
    environment: Option<&Value>,
) -> (Command, String) {
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
    (command, message.to_string())
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
    let front = Front::tls(&base, Door::Open, &certificates);
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

// --- tokens ----------------------------------------------------------------------------------------------------------

/// Who shows a password: this program, and never the daemon.
fn only_we(front: &Front) {
    let shown = front.shown();
    assert!(!shown.is_empty());
    assert!(
        shown.iter().all(|agent| agent.starts_with("oci-image/")),
        "{shown:?}"
    );
}

#[test]
fn password_for_a_token_is_sent_by_us_and_never_reaches_the_daemon() {
    for door in [Door::Token, Door::Form] {
        let (place, base) = place();
        let front = Front::plain(&base, door);
        let (host, image) = names(&front);
        log_in(&place, &host, PASSWORD);

        let run = build_as(&place, &image, plain_http(&host), "logins").expect(0);

        is_derived(&place);
        only_we(&front);
        let line = format!(
            "login for registry `{host}`, from `{}`: sent to the registry for a token\n",
            place.path("logins/config.json").display()
        );
        assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
    }
}

#[test]
fn identity_token_is_exchanged_for_one_of_the_registry() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Form);
    let (host, image) = names(&front);
    let config = json!({"auths": {host.as_str(): {"identitytoken": IDENTITY}}});
    place.write("logins/config.json", config.to_string());

    let _ = build_as(&place, &image, plain_http(&host), "logins").expect(0);

    is_derived(&place);
    only_we(&front);
}

#[test]
fn password_that_a_registry_takes_alone_is_given_to_the_daemon_and_said() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Basic);
    let (host, image) = names(&front);
    log_in(&place, &host, PASSWORD);

    let run = build_as(&place, &image, plain_http(&host), "logins").expect(0);

    let line = format!(
        "login for registry `{host}`, from `{}`: the password is given to the daemon, because the registry takes nothing else\n",
        place.path("logins/config.json").display()
    );
    assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
}

#[test]
fn realm_of_another_host_is_said_with_both() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Realm("http://auth.test:PORT/token"));
    let (host, image) = names(&front);
    log_in(&place, &host, PASSWORD);
    let hosts = format!("127.0.0.1 localhost {HOST_NAME} auth.test\n");
    place.write("../hosts", hosts);

    let run = build_as(&place, &image, plain_http(&host), "logins").expect(0);

    is_derived(&place);
    only_we(&front);
    let line = format!(
        "login for registry `{host}`, from `{}`: sent to `{}` for a token, the realm that the registry names\n",
        place.path("logins/config.json").display(),
        host.replace(HOST_NAME, "auth.test")
    );
    assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
}

#[test]
fn token_is_fetched_over_tls_as_the_registry_is_configured() {
    let (place, base) = place();
    let certificates = Certificates::new();
    place.write("certificates/ca.pem", &certificates.ca);
    place.write("trusted/registry.crt", &certificates.ca);
    let front = Front::tls(&base, Door::Token, &certificates);
    let (host, image) = names(&front);
    log_in(&place, &host, PASSWORD);

    for settings in [
        json!({"ca": ["certificates/ca.pem"]}),
        json!({"tlsconfigdir": ["trusted"]}),
        json!({"insecure": true}),
    ] {
        fs::remove_dir_all(place.root()).unwrap();
        let _ = build_as(&place, &image, registry(&host, settings), "logins").expect(0);
        is_derived(&place);
    }
    only_we(&front);
}

/// The daemon asks for a password by the host alone, and for a token by what it is to allow.
#[test]
fn parts_of_a_registry_with_logins_of_their_own_are_used_in_one_build() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::TokenEach);
    let host = front.host();
    let login = |user: &str| json!({"auth": STANDARD.encode(format!("{user}:{PASSWORD}"))});
    let config = json!({"auths": {
        format!("{host}/red"): login("red"),
        format!("{host}/blue"): login("blue"),
    }});
    place.write("logins/config.json", config.to_string());
    place.dockerfile(&format!(
        "FROM {host}/red/base AS red\nFROM {host}/blue/base AS blue\nFROM scratch\n\
         COPY --from=red /base /base\nCOPY --from=blue /base /derived\n"
    ));

    let (command, message) = prepared(&place, plain_http(&host), "logins", None);
    let _ = place.run_command(command, message.as_bytes()).expect(0);

    is_derived(&place);
    only_we(&front);
}

#[test]
fn credential_helper_is_run_once_for_all_that_a_build_wants_of_a_registry() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Token);
    let (host, image) = names(&front);
    helper(&place, "good", &host, PASSWORD);
    let script = place.read("helpers/docker-credential-good");
    let counting = script.replacen("#!/bin/sh\n", "#!/bin/sh\necho >>\"$0.runs\"\n", 1);
    place.write("helpers/docker-credential-good", counting);
    let config = json!({"credsStore": "good"});
    place.write("logins/config.json", config.to_string());
    place.dockerfile(&format!(
        "FROM {image} AS one\nFROM {host}/other/base\nCOPY --from=one /base /derived\n"
    ));

    let (command, message) = prepared(&place, plain_http(&host), "logins", None);
    let _ = place.run_command(command, message.as_bytes()).expect(0);

    is_derived(&place);
    assert_eq!(place.read("helpers/docker-credential-good.runs"), "\n");
}

const NEAR: &str = "is on this machine or its link, and registry";
/// Hostile realms of `registry.test`: the realm, what is said, and whether the registry itself is shown the password.
const HOSTILE: &[(&str, &str, bool)] = &[
    (
        "http://registry.test:PORT/token",
        "is asked by plain http, and registry `registry.test:",
        false,
    ),
    (
        "ftp://registry.test/token",
        "is asked neither by https nor by http",
        false,
    ),
    ("file:///etc/passwd", "is no URL of a server", false),
    ("/token", "is no URL of a server", false),
    (
        "https://registry.test@evil.test/token",
        "`https://evil.test/token` names a user beside its host",
        false,
    ),
    ("https://localhost:PORT/token", NEAR, false),
    ("https://127.0.0.1:PORT/token", NEAR, false),
    ("https://[::1]:PORT/token", NEAR, false),
    ("https://2130706433:PORT/token", NEAR, false),
    ("https://0x7f.1:PORT/token", NEAR, false),
    ("https://169.254.169.254/latest/meta-data", NEAR, false),
    (
        "https://registry.test:PORT/redirecting",
        "it redirects to `/token`, and no login follows",
        true,
    ),
    (
        "https://registry.test:PORT/redirecting-form",
        "it redirects to `/token`, and no login follows",
        true,
    ),
    (
        "https://registry.test:PORT/endless",
        "answers with more than 1048576 bytes",
        true,
    ),
    (
        "https://registry.test:PORT/broken",
        "no token of `registry.test:",
        true,
    ),
    (
        "https://registry.test:PORT/garbage",
        "its answer holds none",
        true,
    ),
    (
        "https://registry.test:PORT/empty",
        "its answer holds none",
        true,
    ),
    (
        "https://registry.test:PORT/split",
        "its answer holds none",
        true,
    ),
    (
        "https://registry.test:PORT/refusing",
        "it answers 403 Forbidden",
        true,
    ),
];

/// A realm is named by whoever runs the registry, and by a daemon that may be somebody else's.
#[test]
fn hostile_realm_gets_no_password_and_fails_the_build_with_its_reason() {
    let (place, base) = place();
    let certificates = Certificates::new();
    place.write("certificates/ca.pem", &certificates.ca);
    let refused = |door, said: &str, is_asked| {
        let front = Front::tls(&base, door, &certificates);
        let (host, image) = names(&front);
        log_in(&place, &host, PASSWORD);
        let settings = registry(&host, json!({"ca": ["certificates/ca.pem"]}));

        let run = build_as(&place, &image, settings, "logins").expect(1);

        says(&run, &[said, &image]);
        assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
        let commands = ['\u{1b}', '\u{7}'];
        assert!(!run.stderr.contains(commands), "{}", run.stderr);
        assert!(!run.stderr.lines().any(|line| line.starts_with("::")));
        assert!(!front.asked().contains(&"/token".to_owned()));
        let shown = front.shown();
        assert!(shown.iter().all(|agent| agent.starts_with("oci-image/")));
        assert_eq!(!shown.is_empty(), is_asked, "{door:?}: {shown:?}");
    };

    for (realm, said, is_asked) in HOSTILE {
        refused(Door::Realm(realm), said, *is_asked);
    }
    // The registry names another realm to us than to the daemon: so would a daemon that lies.
    let elsewhere = Door::RealmOfImages("https://evil.test:PORT/token");
    refused(elsewhere, "itself names `https://registry.test:", false);
    assert_eq!(HOSTILE.len() + 1, attacks::tried("realms") as usize);
}

#[test]
fn sigterm_ends_a_build_that_waits_for_a_token() {
    let (place, base) = place();
    let front = Front::plain(&base, Door::Realm("http://registry.test:PORT/silent"));
    let (host, image) = names(&front);
    log_in(&place, &host, PASSWORD);
    place.dockerfile(&format!("FROM {image}\n"));
    let (mut command, message) = prepared(&place, plain_http(&host), "logins", None);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(message.as_bytes()).unwrap();
    drop(stdin);
    place.wait_for("the realm to be asked", || {
        front.asked().contains(&"/silent".to_owned())
    });

    place.signal(&child, "SIGTERM");
    let run = place.finish(child);

    assert_eq!(run.status, 143, "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}
