use super::*;

fn headline(message: &str) -> String {
    Cause::of(message).headline()
}

#[test]
fn frontend_that_is_not_allowed_is_told_with_what_to_write() {
    for (message, headline, hint) in [
        (
            "'docker/dockerfile:1' is not an allowed gateway source",
            "the frontend `docker/dockerfile:1`, which the Dockerfile names by `syntax`, is not allowed",
            "list `docker/dockerfile` in `buildkit_frontends` (in a task: `BUILDKIT_FRONTENDS`); without that line \
             buildkitd's own frontend is used",
        ),
        (
            "failed with build-arg:BUILDKIT_SYNTAX = a:5/b@sha256:0: 'a:5/b@sha256:0' is not an allowed gateway source",
            "the frontend `a:5/b@sha256:0`, which the argument `BUILDKIT_SYNTAX` names, is not allowed",
            "list `a:5/b` in `buildkit_frontends` (in a task: `BUILDKIT_FRONTENDS`); without that argument \
             buildkitd's own frontend is used",
        ),
        (
            "invalid frontend: gateway.v0",
            "no frontend is allowed but buildkitd's own, and not that which the Dockerfile names by `syntax`",
            "list its repository in `buildkit_frontends` (in a task: `BUILDKIT_FRONTENDS`); without that line \
             buildkitd's own frontend is used",
        ),
    ] {
        let cause = Cause::of(message);

        assert_eq!(cause.headline(), headline);
        assert_eq!(cause.frontend_hint().as_deref(), Some(hint));
    }
}

#[test]
fn a_layer_that_does_not_unpack_has_the_paths_of_the_image() {
    let message = "failed to solve: mount callback failed on /tmp/mount1: link /tmp/mount1/a /tmp/mount1/b: no such file or directory";

    assert_eq!(
        Cause::of(message).headline(),
        "a layer cannot be unpacked: link /a /b: no such file or directory"
    );
}

#[test]
fn the_layers_of_the_daemon_are_removed_and_the_cause_stays() {
    assert_eq!(
        headline(
            "failed to solve: rpc error: code = Unknown desc = failed to solve: process \"/bin/sh -c make\" did \
             not complete successfully: exit code: 7"
        ),
        "process \"/bin/sh -c make\" did not complete successfully: exit code: 7"
    );
    assert_eq!(
        headline("dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)"),
        "dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)"
    );
    assert_eq!(
        headline("a: rpc error: code = Internal desc = b: c"),
        "a: b: c"
    );
    assert_eq!(
        headline("rpc error: code = Internal"),
        "rpc error: code = Internal"
    );
    assert_eq!(headline("failed to solve: "), "failed to solve: ");
    assert_eq!(headline(""), "the daemon gives no reason");
}

#[test]
fn a_missing_path_is_recognized() {
    let message = "failed to compute cache key: failed to calculate checksum of ref i1ra6::6kih: \"/src/a \\\"b\": \
         not found";

    assert_eq!(
        Cause::of(message),
        Cause::MissingPath {
            path: "/src/a \"b".into(),
            message: "\"/src/a \\\"b\": not found".into()
        }
    );
}

#[test]
fn an_unreachable_registry_is_named_with_what_to_check() {
    let cause = |reason: &str| {
        Cause::of(&format!(
            "failed to solve: reg.example:5000/a/b:1: failed to resolve source metadata for \
             reg.example:5000/a/b:1: {reason}"
        ))
    };
    let lookup = cause(
        "failed to do request: Head \"https://reg.example:5000/v2/a/b/manifests/1\": dial tcp: lookup reg.example: \
         no such host",
    );

    assert_eq!(
        lookup.headline(),
        "cannot resolve the base image `reg.example:5000/a/b:1`: failed to do request: Head \
         \"https://reg.example:5000/v2/a/b/manifests/1\": dial tcp: lookup reg.example: no such host"
    );
    assert_eq!(
        lookup.registry_hint().as_deref(),
        Some(
            "the name of registry `reg.example:5000` does not resolve: check its spelling, and this machine's \
             network and DNS"
        )
    );
    let hint = |reason: &str| cause(reason).registry_hint().unwrap_or_default();
    assert_eq!(
        hint("Head \"https://mirror:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused"),
        "registry `reg.example:5000` (asked at `mirror:1`) could not be used: check its address, and this \
         machine's network and proxy"
    );
    assert!(
        hint("pull access denied, repository does not exist or may require authorization")
            .contains("login")
    );
    assert!(hint("x509: certificate signed by unknown authority").contains("CA"));
    assert!(hint("http: server gave HTTP response to HTTPS client").contains("plain http"));
    assert!(hint("reg.example:5000/a/b:1: not found").contains("no such image"));
}

#[test]
fn a_frontend_is_no_base_image_and_can_be_done_without() {
    let message = "failed to resolve source metadata for docker.io/docker/dockerfile:1: not found";

    let cause = Cause::of(message).of_frontend(FrontendName::Directive);

    assert_eq!(
        cause.headline(),
        "cannot resolve the frontend `docker.io/docker/dockerfile:1`, which the Dockerfile names by `syntax`: not \
         found"
    );
    assert_eq!(
        cause.registry_hint().unwrap_or_default(),
        "without that line buildkitd's own frontend is used, which needs no registry; else registry `docker.io` \
         answers, and has no such image: check its name and tag"
    );
}

#[test]
fn a_frontend_that_an_argument_names_and_one_that_is_no_reference_are_told_as_such() {
    let message = "failed to resolve source metadata for r.example/x:1: not found";
    let of_argument = Cause::of(message).of_frontend(FrontendName::Argument);
    let message =
        "invalid context name NOT: invalid reference format: repository name must be lowercase";
    let no_reference = Cause::of(message).of_frontend(FrontendName::Directive);

    assert_eq!(
        of_argument.headline(),
        "cannot resolve the frontend `r.example/x:1`, which the argument `BUILDKIT_SYNTAX` names: not found"
    );
    assert!(
        of_argument
            .registry_hint()
            .unwrap_or_default()
            .starts_with("without that argument ")
    );
    assert_eq!(
        no_reference.headline(),
        "cannot resolve the frontend `NOT`, which the Dockerfile names by `syntax`: invalid reference format: \
         repository name must be lowercase"
    );
    assert_eq!(
        no_reference.registry_hint().unwrap_or_default(),
        "without that line buildkitd's own frontend is used, which needs no registry"
    );
}

#[test]
fn a_directory_that_a_pattern_begins_with_is_a_missing_path() {
    let message = "lstat /dist: no such file or directory";

    assert_eq!(
        Cause::of(message),
        Cause::MissingPath {
            path: "/dist".into(),
            message: message.into()
        }
    );
}

#[test]
fn a_secret_that_was_not_given_is_recognized() {
    let cause = Cause::of("failed to solve: secret deploy: not found");

    assert_eq!(
        cause,
        Cause::Secret {
            id: "deploy".into()
        }
    );
    assert_eq!(
        cause.headline(),
        "secret `deploy` is mounted, and was not given"
    );
}

#[test]
fn the_registry_of_a_short_name_is_docker_io() {
    assert_eq!(registry_of("alpine:3"), "docker.io");
    assert_eq!(registry_of("team/app"), "docker.io");
    assert_eq!(registry_of("docker.io/library/alpine"), "docker.io");
    assert_eq!(registry_of("localhost/a"), "localhost");
    assert_eq!(registry_of("r.example/a"), "r.example");
}

#[test]
fn a_message_that_holds_a_script_keeps_its_end() {
    let shown = headline(&format!(
        "process \"{}\" did not complete: exit code: 7",
        "x".repeat(30_000)
    ));

    assert_eq!(shown.chars().count(), LONGEST_OF_PROCESS + 5);
    assert!(
        shown.starts_with("process \"xx") && shown.ends_with("xx\" did not complete: exit code: 7")
    );
}
