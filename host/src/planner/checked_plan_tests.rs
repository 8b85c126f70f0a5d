//! Lies, one at a time, told within a plan that is otherwise true.

use super::*;

const OBJECT: &str = r#"{
    "context": "app", "output": "image", "dockerfile": "ci/Dockerfile", "cache": true,
    "target": "app", "additional_targets": ["test", "lint"],
    "build_args": ["VERSION=1"], "labels": ["title=app"], "unpack_rootfs": true,
    "image_args": ["BASE=base/image.tar"], "add_hosts": "db=10.0.0.7", "image_platform": "linux/arm64",
    "buildkit_secrets": {"file": "keys/token", "inline": {"text": "******"}},
    "buildkit_ssh": "deploy=keys/deploy,/run/agent"
}"#;

fn object() -> Object {
    serde_json::from_str(OBJECT).unwrap()
}

fn attribute(key: &str, value: AttributeValue) -> FrontendAttribute {
    FrontendAttribute {
        key: key.to_owned(),
        value,
    }
}

fn text(key: &str, value: &str) -> FrontendAttribute {
    attribute(key, AttributeValue::Text(value.to_owned()))
}

fn local(name: &str, path: &str) -> Local {
    Local {
        name: name.to_owned(),
        path: path.to_owned(),
    }
}

fn solve(name: &str, target: &str) -> Solve {
    Solve {
        name: name.to_owned(),
        locals: vec![local("context", "app"), local("dockerfile", "ci")],
        attributes: vec![
            text("add-hosts", "db=10.0.0.7"),
            attribute(
                "build-arg:BASE",
                AttributeValue::BaseImage("BASE".to_owned()),
            ),
            text("build-arg:VERSION", "1"),
            text("filename", "Dockerfile"),
            text("label:title", "app"),
            text("platform", "linux/arm64"),
            text("target", target),
        ],
        export: Some(ImageExport {
            directory: name.to_owned(),
            format: ImageFormat::DockerArchive,
            rootfs: true,
        }),
    }
}

fn secret(id: &str, source: SecretSource) -> Secret {
    Secret {
        id: id.to_owned(),
        source,
    }
}

fn truth() -> BuildPlan {
    BuildPlan {
        daemon_config: String::new(),
        debug: false,
        base_images: vec![BaseImage {
            argument: "BASE".to_owned(),
            path: "base/image.tar".to_owned(),
        }],
        cache: Some(Cache {
            directory: "cache".to_owned(),
            import: true,
        }),
        secrets: vec![
            secret("file", SecretSource::File("keys/token".to_owned())),
            secret("inline", SecretSource::Inline),
        ],
        ssh: vec![Ssh {
            id: "deploy".to_owned(),
            paths: vec!["keys/deploy".to_owned(), "/run/agent".to_owned()],
        }],
        solves: vec![solve("test", "test"), solve("image", "app")],
        warnings: Vec::new(),
    }
}

/// The message about a plan that was true before `lie`.
fn refused(lie: impl FnOnce(&mut BuildPlan)) -> String {
    let mut plan = truth();
    lie(&mut plan);
    CheckedPlan::new(plan, &object()).unwrap_err().to_string()
}

fn attributes(plan: &mut BuildPlan) -> &mut Vec<FrontendAttribute> {
    &mut plan.solves[1].attributes
}

fn export(plan: &mut BuildPlan) -> &mut ImageExport {
    plan.solves[0].export.as_mut().unwrap()
}

#[test]
fn plan_that_holds_what_the_object_asks_for_passes_unchanged() {
    assert_eq!(
        CheckedPlan::new(truth(), &object()).unwrap().as_plan(),
        &truth()
    );
}

#[test]
fn paths_may_be_written_in_another_way() {
    let mut plan = truth();
    plan.solves[0].locals = vec![local("context", "./app/"), local("dockerfile", "ci//")];

    CheckedPlan::new(plan, &object()).unwrap();
}

#[test]
fn optional_key_given_empty_counts_as_left_out() {
    let mut object = object();
    object.dockerfile = Some(String::new());
    object.target_file = Some(String::new());
    let mut plan = truth();
    for solve in &mut plan.solves {
        solve.locals[1].path = "app".to_owned();
    }

    CheckedPlan::new(plan.clone(), &object).unwrap();

    *attributes(&mut plan) = vec![text("target", "of no file")];
    CheckedPlan::new(plan, &object).unwrap_err();
}

#[test]
fn directory_that_was_not_named_is_refused() {
    for path in ["/", "..", "app/..", "ci", "/app", "app/sub", "."] {
        assert_eq!(
            refused(|plan| plan.solves[0].locals[0].path = path.to_owned()),
            format!("the planner lies: the object asks for no directory `{path}`")
        );
    }
    assert_eq!(
        refused(|plan| plan.solves[0].locals[1].path = "/etc".to_owned()),
        "the planner lies: the object asks for no directory `/etc`"
    );
    assert_eq!(
        refused(|plan| plan.solves[0].locals.push(local("home", "app"))),
        "the planner lies: the object asks for no local `home`"
    );
    assert_eq!(
        refused(|plan| plan.solves[0].locals.push(local("context", "app"))),
        "the planner lies: the plan has two of the local `context`"
    );
}

#[test]
fn output_that_was_not_named_is_refused() {
    for directory in ["..", "", "/", "image", "test/../..", "./test", "lint"] {
        assert_eq!(
            refused(|plan| export(plan).directory = directory.to_owned()),
            format!("the planner lies: the object asks for no output directory `{directory}`")
        );
    }
    assert_eq!(
        refused(|plan| export(plan).format = ImageFormat::OciLayout),
        "the planner lies: the object asks for no OCI layout in `test`"
    );
}

#[test]
fn output_whose_name_leads_elsewhere_is_refused_even_if_the_object_has_it() {
    let object: Object = serde_json::from_str(
        r#"{"context": "app", "output": "image", "additional_targets": ["..", "a/b"]}"#,
    )
    .unwrap();
    for name in ["..", "a/b"] {
        let mut plan = truth();
        for solve in &mut plan.solves {
            solve.locals.clear();
            solve.attributes.clear();
            solve.export = None;
        }
        (plan.base_images, plan.cache, plan.secrets, plan.ssh) = Default::default();
        plan.solves[0].name = name.to_owned();
        plan.solves[0].export = Some(ImageExport {
            directory: name.to_owned(),
            format: ImageFormat::DockerArchive,
            rootfs: false,
        });

        let error = CheckedPlan::new(plan, &object).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("the planner lies: the object asks for no output directory `{name}`")
        );
    }
}

#[test]
fn what_the_object_does_not_switch_on_is_refused() {
    let minimal: Object = serde_json::from_str(
        r#"{"context": "app", "output": "image", "dockerfile": "ci/Dockerfile"}"#,
    )
    .unwrap();
    let mut plan = BuildPlan {
        cache: None,
        base_images: Vec::new(),
        secrets: Vec::new(),
        ssh: Vec::new(),
        solves: vec![solve("image", "app")],
        ..truth()
    };
    plan.solves[0].attributes.clear();
    for (lie, value) in [
        (
            (|plan| plan.debug = true) as fn(&mut BuildPlan),
            "key `debug`",
        ),
        (|plan| plan.cache = truth().cache, "cache `cache`"),
        (|_| {}, "root file system in `image`"),
    ] {
        let mut plan = plan.clone();
        lie(&mut plan);
        assert_eq!(
            CheckedPlan::new(plan, &minimal).unwrap_err().to_string(),
            format!("the planner lies: the object asks for no {value}")
        );
    }
}

#[test]
fn cache_elsewhere_is_refused() {
    assert_eq!(
        refused(|plan| plan.cache.as_mut().unwrap().directory = "/var/cache".to_owned()),
        "the planner lies: the object asks for no cache `/var/cache`"
    );
}

#[test]
fn secret_that_was_not_named_is_refused() {
    for (id, source) in [
        ("shadow", SecretSource::File("/etc/shadow".to_owned())),
        ("shadow", SecretSource::Inline),
        ("file", SecretSource::File("/etc/shadow".to_owned())),
        ("file", SecretSource::Inline),
        ("inline", SecretSource::File("keys/token".to_owned())),
    ] {
        assert_eq!(
            refused(|plan| plan.secrets = vec![secret(id, source)]),
            format!("the planner lies: the object asks for no secret `{id}`")
        );
    }
    assert_eq!(
        refused(|plan| plan.secrets.push(secret("inline", SecretSource::Inline))),
        "the planner lies: the plan has two of the secret `inline`"
    );
}

#[test]
fn agent_that_was_not_named_is_refused() {
    let agent = |id: &str, paths: &[&str]| Ssh {
        id: id.to_owned(),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    };
    for (id, paths) in [
        ("deploy", &["/root/.ssh/id_rsa"] as &[_]),
        ("deploy", &[]),
        ("deploy", &["keys/deploy"]),
        ("default", &["keys/deploy", "/run/agent"]),
    ] {
        assert_eq!(
            refused(|plan| plan.ssh = vec![agent(id, paths)]),
            format!("the planner lies: the object asks for no SSH agent `{id}`")
        );
    }
    assert_eq!(
        refused(|plan| plan.ssh.push(plan.ssh[0].clone())),
        "the planner lies: the plan has two of the SSH agent `deploy`"
    );
}

#[test]
fn base_image_that_was_not_named_is_refused() {
    assert_eq!(
        refused(|plan| plan.base_images[0].path = "/var/lib/image.tar".to_owned()),
        "the planner lies: the object asks for no base image `BASE=/var/lib/image.tar`"
    );
    assert_eq!(
        refused(|plan| plan.base_images.push(plan.base_images[0].clone())),
        "the planner lies: the plan has two of the argument of a base image `BASE`"
    );
    assert_eq!(
        refused(|plan| plan.base_images.clear()),
        "the planner lies: the object asks for no frontend attribute `build-arg:BASE`"
    );
}

#[test]
fn attribute_that_was_not_asked_for_is_refused() {
    let base = |name: &str| AttributeValue::BaseImage(name.to_owned());
    for lie in [
        text("context", "https://evil.example/context.git"),
        text("context:app", "docker-image://evil"),
        text("source", "evil/frontend"),
        text("cmdline", "evil/frontend"),
        text("filename", "../Dockerfile"),
        text("filename", "Otherfile"),
        text("target", "evil"),
        text("build-arg:VERSION", "2"),
        text("build-arg:BUILDKIT_SYNTAX", "evil/frontend"),
        text("label:title", "evil"),
        text("label:other", "app"),
        attribute("build-arg:VERSION", base("BASE")),
        attribute("build-arg:OTHER", base("OTHER")),
        attribute("filename", base("BASE")),
        text("force-network-mode", "host"),
    ] {
        let key = lie.key.clone();
        assert_eq!(
            refused(|plan| *attributes(plan) = vec![lie]),
            format!("the planner lies: the object asks for no frontend attribute `{key}`")
        );
    }
    assert_eq!(
        refused(|plan| attributes(plan).push(text("platform", "linux/amd64"))),
        "the planner lies: the plan has two of the frontend attribute `platform`"
    );
}

#[test]
fn values_of_a_file_are_the_files_own() {
    let mut object = object();
    object.build_args_file = Some("args".to_owned());
    object.target_file = Some("stage".to_owned());
    let mut plan = truth();
    *attributes(&mut plan) = vec![text("build-arg:OTHER", "2"), text("target", "of the file")];

    CheckedPlan::new(plan, &object).unwrap();
}

#[test]
fn solve_that_was_not_asked_for_is_refused() {
    assert_eq!(
        refused(|plan| plan.solves.insert(0, solve("evil", "evil"))),
        "the planner lies: the object asks for no target `evil`"
    );
    assert_eq!(
        refused(|plan| plan.solves.insert(0, solve("test", "test"))),
        "the planner lies: the plan has two of the solve `test`"
    );
    assert_eq!(
        refused(|plan| plan.solves = vec![solve("image", "app"); 50_000]),
        "the planner lies: the object asks for no target `image`"
    );
    assert_eq!(
        refused(|plan| plan.solves.truncate(1)),
        "the planner lies: the plan does not end with the solve `image`"
    );
    assert_eq!(
        refused(|plan| plan.solves.clear()),
        "the planner lies: the plan does not end with the solve `image`"
    );
}

#[test]
fn words_of_the_planner_are_shown_short_and_harmless() {
    let message = refused(|plan| {
        plan.solves[0].locals[0].path = format!("\u{1b}[2J{}", "x".repeat(1_000_000));
    });

    assert!(message.contains("`\\u{1b}[2Jxxx"), "{message}");
    assert!(message.len() < 200);
}
