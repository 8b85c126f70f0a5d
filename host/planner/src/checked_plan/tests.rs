//! Lies, one at a time, told within a plan that is otherwise true.

use oci_image_schema::plan::{AttributeValue, SecretSource};

use super::*;
use crate::mask;
use crate::workspace::Entry;

mod attributes;
mod base_images;
mod cache_mounts;
mod compression;
mod layer_caches;

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

/// What the workspace answers where everything is there.
fn answers() -> Answers {
    let mut answers = Answers::default();
    for directory in ["image", "test", "lint", "cache"] {
        answers
            .entry(directory.to_owned(), |_| Ok(Entry::Directory))
            .unwrap();
    }
    answers
        .entry("cache/index.json".to_owned(), |_| Ok(Entry::File))
        .unwrap();
    for (path, text) in [
        ("args", "VERSION=2\nOTHER= 3 \n"),
        ("args.yml", "VERSION: 1.10\n"),
        ("labels", "title=file\n"),
        ("stage", "\n of-the-file\n"),
    ] {
        answers
            .text(path.to_owned(), |_| Ok(text.to_owned()))
            .unwrap();
    }
    answers
}

fn checked(plan: &BuildPlan, object: &Object) -> Result<(), LyingPlanner> {
    check(plan, object, &answers())
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

/// The daemon's configuration where nothing is configured.
const GC: &str = "worker.oci.gcpolicy = [
    {reservedSpace = '10GB', maxUsedSpace = '100GB', minFreeSpace = '20%'},
    {all = true, reservedSpace = '10GB', maxUsedSpace = '100GB', minFreeSpace = '20%'},
]";

fn truth() -> BuildPlan {
    BuildPlan {
        daemon_config: GC.to_owned(),
        debug: false,
        context_by_content: false,
        cache_from: Vec::new(),
        cache_to: Vec::new(),
        base_images: vec![BaseImage {
            argument: "BASE".to_owned(),
            path: "base/image.tar".to_owned(),
        }],
        cache: Some(Cache {
            directory: "cache".to_owned(),
            import: true,
            mounts: Some(CacheMounts {
                ids: None,
                limit: 2 << 30,
                read_only: false,
            }),
        }),
        compression: Compression::Gzip(None),
        secrets: vec![
            secret("file", SecretSource::File("keys/token".to_owned())),
            secret("inline", SecretSource::Inline),
        ],
        ssh: vec![Ssh {
            id: "deploy".to_owned(),
            paths: vec!["keys/deploy".to_owned(), "/run/agent".to_owned()],
        }],
        solves: vec![
            solve("test", "test"),
            solve("lint", "lint"),
            solve("image", "app"),
        ],
        warnings: Vec::new(),
    }
}

/// The message about a plan that was true before `lie`.
fn refused(lie: impl FnOnce(&mut BuildPlan)) -> String {
    let mut plan = truth();
    lie(&mut plan);
    checked(&plan, &object()).unwrap_err().to_string()
}

fn attributes(plan: &mut BuildPlan) -> &mut Vec<FrontendAttribute> {
    &mut plan.solves[2].attributes
}

fn export(plan: &mut BuildPlan) -> &mut ImageExport {
    plan.solves[0].export.as_mut().unwrap()
}

#[test]
fn plan_that_holds_what_the_object_asks_for_passes_unchanged() {
    let object = mask(OBJECT);
    let checked = CheckedPlan::new(truth(), &object, &answers()).unwrap();
    assert_eq!(checked.as_plan(), &truth());
}

#[test]
fn paths_may_be_written_in_another_way() {
    let mut plan = truth();
    plan.solves[0].locals = vec![local("context", "./app/"), local("dockerfile", "ci//")];

    checked(&plan, &object()).unwrap();
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

    checked(&plan, &object).unwrap();

    *attributes(&mut plan) = solve("image", "of-the-file").attributes;
    checked(&plan, &object).unwrap_err();
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
    let mut object = object();
    for name in ["..", "a/b"] {
        object.additional_targets = vec![name.to_owned()];
        let mut plan = truth();
        plan.solves = vec![solve(name, name), solve("image", "app")];
        let mut answers = answers();
        answers
            .entry(name.to_owned(), |_| Ok(Entry::Directory))
            .unwrap();

        let error = check(&plan, &object, &answers).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("the planner lies: the object asks for no output directory `{name}`")
        );
    }
}

#[test]
fn what_is_there_is_as_the_workspace_said() {
    assert_eq!(
        refused(|plan| plan.solves[2].export = None),
        "the planner lies: the object asks for the output directory `image`, and the plan has none"
    );
    for lie in [
        |plan: &mut BuildPlan| plan.cache.as_mut().unwrap().import = false,
        |plan: &mut BuildPlan| plan.cache.as_mut().unwrap().directory = "/var/cache".to_owned(),
    ] {
        assert!(refused(lie).starts_with("the planner lies: the object asks for no cache `"));
    }
    let nothing = check(&truth(), &object(), &Answers::default()).unwrap_err();
    assert_eq!(
        nothing.to_string(),
        "the planner lies: the object asks for no cache `cache`"
    );
}

#[test]
fn what_the_object_does_not_switch_on_or_off_is_refused() {
    let mut object = object();
    (object.unpack_rootfs, object.debug, object.cache) = (false, true, false);
    let minimal = |lie: fn(&mut BuildPlan)| {
        let mut plan = truth();
        (plan.debug, plan.cache) = (true, None);
        plan.daemon_config = format!("log.level = 'debug'\n{GC}");
        for solve in &mut plan.solves {
            solve.export.as_mut().unwrap().rootfs = false;
        }
        lie(&mut plan);
        checked(&plan, &object).map_err(|error| error.to_string())
    };

    minimal(|_| {}).unwrap();
    for (lie, told) in [
        (
            (|plan| plan.debug = false) as fn(&mut BuildPlan),
            "asks for the key `debug`, and the plan has none",
        ),
        (
            |plan| plan.cache = truth().cache,
            "asks for no cache `cache`",
        ),
        (
            |plan| export(plan).rootfs = true,
            "asks for no root file system in `test`",
        ),
    ] {
        assert_eq!(
            minimal(lie).unwrap_err(),
            format!("the planner lies: the object {told}")
        );
    }
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
fn solve_that_was_not_asked_for_is_refused() {
    assert_eq!(
        refused(|plan| plan.solves.insert(0, solve("evil", "evil"))),
        "the planner lies: the object asks for no target `evil`"
    );
    assert_eq!(
        refused(|plan| plan.solves.insert(0, solve("test", "test"))),
        "the planner lies: the plan has two of the target `test`"
    );
    assert_eq!(
        refused(|plan| plan.solves = vec![solve("image", "app"); 50_000]),
        "the planner lies: the object asks for no target `image`"
    );
    assert_eq!(
        refused(|plan| plan.solves.truncate(2)),
        "the planner lies: the plan does not end with the solve `image`"
    );
    assert_eq!(
        refused(|plan| drop(plan.solves.remove(0))),
        "the planner lies: the object asks for the target `test`, and the plan has none"
    );
    assert_eq!(
        refused(|plan| plan.solves.swap(0, 1)),
        "the planner lies: the plan has the targets in another order than the object"
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
