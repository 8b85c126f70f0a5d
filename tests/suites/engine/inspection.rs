//! What is told of a Dockerfile before anything is built from it: `check`, `outline`, `targets`, `plan --outline`.

use std::fs;

use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

const DOCKERFILE: &str = "\
ARG BASE=scratch
# tools are what app needs
FROM $BASE AS tools
# VERSION of the tools
ARG VERSION=1
COPY busybox /bin/busybox
FROM tools AS app
RUN --mount=type=secret,id=token,required=true \\
    --mount=type=ssh \\
    --mount=type=cache,target=/var/cache \\
    --mount=type=cache,id=shared,target=/x,sharing=locked \\
    true
RUN --mount=type=secret,id=other true
FROM scratch
COPY --from=app / /
";

/// A place whose context has this Dockerfile.
fn place(dockerfile: &str) -> Workplace {
    let place = Workplace::new();
    place.write("context/Dockerfile", dockerfile);
    place
}

fn ask(place: &Workplace, arguments: &[&str], object: &Value) -> Run {
    place.write("request.json", format!("{object:#}"));
    let root = place.root().display().to_string();
    let arguments = [arguments, &["--root", &root, "request.json"]].concat();
    place.run(&arguments, b"")
}

/// What goes with the Dockerfile but for some letters.
fn object() -> Value {
    json!({
        "context": "context",
        "output": "image",
        "target": "app",
        "build_args": ["VERSON=2", "HTTP_PROXY=x", "BASE=scratch"],
        "buildkit_secrets": {"tokn": {"text": "hunter2"}},
    })
}

fn codes(text: &str) -> Vec<&str> {
    let code = |line: &'_ str| -> Option<(usize, usize)> {
        let starts = line.starts_with("error[") || line.starts_with("warning[");
        starts
            .then(|| Some((line.find('[')? + 1, line.find(']')?)))
            .flatten()
    };
    let found = text
        .lines()
        .filter_map(|line| code(line).map(|(start, end)| &line[start..end]));
    found.collect()
}

#[test]
fn check_tells_what_is_unwise_and_what_does_not_go_together_each_at_its_place() {
    let place = place(&DOCKERFILE.replace("COPY busybox", "copy busybox"));

    let run = ask(&place, &["check"], &object()).expect(1);

    assert_eq!(
        codes(&run.stderr),
        [
            "ConsistentInstructionCasing",
            "undeclared-argument",
            "unused-secret",
            "missing-secret",
            "absent-agent",
            "absent-secret",
        ],
        "{}",
        run.stderr
    );
    for told in [
        " --> context/Dockerfile:6:1\n",
        "6 | copy busybox /bin/busybox\n  | ^^^^^^^^^^^^^^^^^^^^^^^^^\n",
        "did you mean `VERSION`?",
        "secret `tokn` is given, and no step that is built mounts it",
        "a step requires the secret `token`, which is not given",
        "`tokn` is given: did you mean that?",
        " --> context/Dockerfile:9:5\n",
        "`request.json` has 1 error and 5 warnings\n",
    ] {
        assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
    }
    assert!(!run.stderr.contains("hunter2") && run.stdout.is_empty());
    let left: Vec<_> = fs::read_dir(place.path("image")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn check_is_silent_where_nothing_is_to_be_told_and_has_the_forms_of_validate() {
    let place = place("FROM scratch\nARG VERSION\nCOPY busybox /\n");
    let sound = json!({"context": "context", "output": "image", "build_args": ["VERSION=1"], "cache": false});

    let run = ask(&place, &["check"], &sound).expect(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));

    place.write("context/Dockerfile", "FROM scratch\nCOPPY busybox /\n");
    let run = ask(&place, &["check", "--output-format", "json"], &sound).expect(1);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found[0]["code"], "unbuildable-dockerfile");
    assert_eq!(found[0]["file"], "context/Dockerfile");
    assert_eq!(found[0]["start"], json!({"line": 2, "column": 1}));
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    let run = ask(&place, &["check", "--output-format", "github"], &sound).expect(1);
    assert!(
        run.stdout
            .starts_with("::error file=context/Dockerfile,line=2,"),
        "{}",
        run.stdout
    );
}

#[test]
fn outline_tells_what_each_target_reads_and_whether_it_is_given() {
    let place = place(DOCKERFILE);

    let run = ask(&place, &["outline"], &object()).expect(0);

    assert_eq!(
        run.stdout,
        "\
image: stage `app`
  arguments
    BASE     scratch  given  line 1
    VERSION  1               line 5  of the tools
  secrets
    token  required  not given  line 8
    other  optional  not given  line 13
  ssh
    default  optional  not given  line 9
  caches
    /var/cache  at /var/cache  shared  line 10
    shared      at /x          locked  line 11
"
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn outline_of_several_targets_is_a_list_for_programs_and_ids_are_those_of_the_dockerfile() {
    let place = place(DOCKERFILE);
    let mut object = object();
    object["additional_targets"] = json!(["tools"]);
    object["build_args"] = json!(["BUILDKIT_CACHE_MOUNT_NS=ns"]);

    let run = ask(&place, &["outline", "--json"], &object).expect(0);

    let needs: Value = serde_json::from_str(&run.stdout).unwrap();
    let names: Vec<&Value> = needs
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["target"])
        .collect();
    assert_eq!(names, ["tools", "app"]);
    assert_eq!(needs[0]["description"], "are what app needs");
    assert_eq!(needs[0]["secrets"], json!([]));
    assert_eq!(
        needs[1]["caches"][1],
        json!({"id": "shared", "target": "/x", "sharing": "locked", "kept": false, "line": 11})
    );
}

#[test]
fn outline_marks_the_caches_that_are_kept() {
    let place = place(DOCKERFILE);
    fs::create_dir(place.path("cache")).unwrap();
    let mut object = object();
    object["cache"] = json!(true);
    object["cache_mounts"] = json!(["shared"]);

    let text = ask(&place, &["outline"], &object).expect(0).stdout;
    let plan = ask(&place, &["plan", "--outline"], &object).expect(0);

    let rows = "    /var/cache  at /var/cache  shared  line 10
    shared      at /x          locked  line 11  kept
";
    assert!(text.ends_with(rows), "{text}");
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let caches = &plan["outline"][0]["caches"];
    assert_eq!([&caches[0]["kept"], &caches[1]["kept"]], [false, true]);
}

#[test]
fn targets_are_told_by_what_a_request_names_them() {
    let place = place(DOCKERFILE);

    let text = ask(&place, &["targets"], &object()).expect(0);
    let json = ask(&place, &["targets", "--json"], &object()).expect(0);

    assert_eq!(
        text.stdout,
        "\
tools  from $BASE             line 3   are what app needs
app    from tools             line 7
2      from scratch  default  line 14
"
    );
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["dockerfile"], "context/Dockerfile");
    assert_eq!(json["stages"][2]["default"], true);
}

#[test]
fn plan_with_an_outline_is_the_plan_with_more_warnings_and_one_more_key() {
    let place = place(DOCKERFILE);

    let bare = ask(&place, &["plan"], &object()).expect(0);
    let outlined = ask(&place, &["plan", "--outline"], &object()).expect(0);

    let (bare, mut outlined): (Value, Value) = (
        serde_json::from_str(&bare.stdout).unwrap(),
        serde_json::from_str(&outlined.stdout).unwrap(),
    );
    assert_eq!(outlined["outline"][0]["arguments"][1]["name"], "VERSION");
    let codes: Vec<Value> = (outlined["warnings"].as_array().unwrap().iter())
        .map(|warning| warning["code"].clone())
        .collect();
    let absent = ["missing-secret", "absent-agent", "absent-secret"];
    assert_eq!(
        codes,
        [&["undeclared-argument", "unused-secret"][..], &absent].concat()
    );
    outlined["warnings"] = json!([]);
    outlined.as_object_mut().unwrap().remove("outline");
    assert_eq!(outlined, bare);
}

#[test]
fn request_of_a_task_is_told_in_the_words_of_a_task() {
    let place = place("FROM scratch\nARG VERSION\nCOPY busybox /\n");
    let task = "\
platform: linux
image_resource: {type: registry-image, source: {repository: x}}
inputs: [{name: context}]
outputs: [{name: image}]
params:
  CONTEXT: context
  BUILD_ARG_VERSON: \"2\"
run: {path: build}
";
    place.write("task.yml", task);
    let root = place.root().display().to_string();

    let run = place
        .run(&["check", "--root", &root, "task.yml"], b"")
        .expect(1);

    assert_eq!(
        codes(&run.stderr),
        ["undeclared-argument"],
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains(" --> task.yml:7:"), "{}", run.stderr);
    assert!(
        run.stderr.contains("did you mean `VERSION`?"),
        "{}",
        run.stderr
    );
}

#[test]
fn step_that_requires_an_agent_is_told_as_an_error() {
    let place =
        place("FROM scratch\nCOPY busybox /\nRUN --mount=type=ssh,required=true [\"/busybox\"]\n");

    let run = ask(
        &place,
        &["check"],
        &json!({"context": "context", "output": "image"}),
    )
    .expect(1);

    assert_eq!(codes(&run.stderr), ["missing-agent"], "{}", run.stderr);
    assert!(
        run.stderr.contains("help: give it by `buildkit_ssh`"),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_request_is_told_before_a_daemon_is_started() {
    let place = place("FROM scratch\n");

    let run = ask(
        &place,
        &["check"],
        &json!({"context": "contxt", "output": "image"}),
    )
    .expect(2);

    assert_eq!(codes(&run.stderr), ["missing-path"], "{}", run.stderr);
    assert!(!place.root().exists());
}
