//! `buildkit_frontends`: which frontends a Dockerfile or an argument may choose. What is refused is never asked for.

use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// Nothing listens there: what is asked for is not found.
const NOBODY: &str = "127.0.0.1:1/docker/dockerfile";

/// Builds a Dockerfile that chooses a frontend, with more keys of the object.
fn build(place: &Workplace, more: &Value) -> Run {
    place.dockerfile(&format!(
        "# syntax={NOBODY}:1\nFROM scratch\nCOPY Dockerfile /\n"
    ));
    run(place, more)
}

fn run(place: &Workplace, more: &Value) -> Run {
    let mut object = json!({"context": "context", "output": "image"});
    let keys = object.as_object_mut().unwrap();
    keys.extend(more.as_object().unwrap().clone());
    place.build(&object)
}

fn shows(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

#[test]
fn frontend_that_is_not_listed_is_refused_with_its_line_and_what_to_write() {
    let place = Workplace::new();

    let refused = build(
        &place,
        &json!({"buildkit_frontends": ["docker/dockerfile", "127.0.0.1/docker/dockerfile"]}),
    )
    .expect(1);

    shows(
        &refused,
        &[
            "error: the frontend `127.0.0.1:1/docker/dockerfile:1`, which the Dockerfile names by `syntax`, is not allowed",
            "Dockerfile:1",
            " | # syntax=127.0.0.1:1/docker/dockerfile:1",
            "hint: list `127.0.0.1:1/docker/dockerfile` in `buildkit_frontends` (in a task: `BUILDKIT_FRONTENDS`); without that \
             line buildkitd's own frontend is used",
        ],
    );
    assert!(!refused.stderr.contains("resolve"), "{}", refused.stderr);
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn where_none_is_allowed_every_frontend_is_refused_and_the_own_one_builds() {
    let place = Workplace::new();
    for none in [json!(["none"]), json!([])] {
        let refused = build(&place, &json!({"buildkit_frontends": none})).expect(1);

        shows(
            &refused,
            &[
                "error: no frontend is allowed but buildkitd's own, and not that which the Dockerfile names by `syntax`",
                " | # syntax=127.0.0.1:1/docker/dockerfile:1",
                "hint: list its repository in `buildkit_frontends`",
            ],
        );
    }
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    let _ = run(&place, &json!({"buildkit_frontends": ["none"]})).expect(0);
}

#[test]
fn frontend_of_an_argument_is_judged_alike() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY Dockerfile /\n");
    let argument = format!("BUILDKIT_SYNTAX={NOBODY}:1");
    for (allowed, told) in [
        (
            json!(["docker/dockerfile"]),
            "the frontend `127.0.0.1:1/docker/dockerfile:1`, which the argument `BUILDKIT_SYNTAX` names, is not allowed",
        ),
        (
            json!(["none"]),
            "no frontend is allowed but buildkitd's own, and not that which the argument `BUILDKIT_SYNTAX` names",
        ),
    ] {
        let object = json!({"buildkit_frontends": allowed, "build_args": [argument]});

        shows(&run(&place, &object).expect(1), &[told]);
    }
}

#[test]
fn frontend_that_is_listed_is_asked_for_whatever_its_tag() {
    let place = Workplace::new();

    let asked = build(
        &place,
        &json!({"buildkit_frontends": ["docker/dockerfile", NOBODY]}),
    )
    .expect(1);

    shows(
        &asked,
        &["error: cannot resolve the frontend `127.0.0.1:1/docker/dockerfile:1`"],
    );
}
