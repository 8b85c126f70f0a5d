//! `cache_from`, `cache_to`: layer caches that the daemon reads and writes itself, in a registry that takes what is pushed.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_image_tests::front::{PASSWORD, USER};
use oci_image_tests::secrecy::Secrets;
use oci_image_tests::warehouse::{Gate, Warehouse};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// Two stages, of which the image has one; each step prints what shows its execution.
const STEPS: &str = "\
BUSYBOX
FROM busybox AS tools
RUN echo executed tools; head -c 1000 /dev/urandom > /tool
FROM busybox
COPY --from=tools /tool /tool
RUN echo executed image; head -c 1000 /dev/urandom > /noise
";

/// The form that a token of Actions has, which lasts until 2100.
const RUN_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJhYyI6Ilt7XCJTY29wZVwiOiBcInJlZnMvaGVhZHMvbWFpblwiLCBcIlBlcm1pc3Npb25cIjogM31dIiwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMH0.aGlkZGVuIHRva2Vu";

/// Nothing listens there.
const NOBODY: &str = "127.0.0.1:1/app:cache";

/// A context of these steps.
pub(super) fn place() -> Workplace {
    let place = Workplace::new();
    place.dockerfile(STEPS);
    place
}

/// An object with layer caches.
pub(super) fn object(cache_from: &[String], cache_to: &[String]) -> Value {
    json!({"context": "context", "output": "image", "cache_from": cache_from, "cache_to": cache_to})
}

/// A build that has nothing but these caches to reuse.
pub(super) fn afresh(place: &Workplace, cache_from: &[String], cache_to: &[String]) -> Run {
    let _ = fs::remove_dir_all(place.root());
    place.build(&object(cache_from, cache_to))
}

/// What was executed, of `tools` and `image`.
pub(super) fn executed(run: &Run) -> Vec<&str> {
    let is_executed = |stage: &&str| {
        let end = format!(" executed {stage}");
        run.stderr.lines().any(|line| {
            let printed = line.split_once(' ').map_or("", |(_, printed)| printed);
            printed.starts_with(|sign: char| sign.is_ascii_digit()) && printed.ends_with(&end)
        })
    };
    ["tools", "image"].into_iter().filter(is_executed).collect()
}

/// How many lines say that a step was cached.
pub(super) fn cached(run: &Run) -> usize {
    let lines = run.stderr.lines();
    lines
        .filter(|line| line.starts_with('#') && line.ends_with(" CACHED"))
        .count()
}

/// That a build said all of this.
pub(super) fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

/// The cache of a registry, to write and to read.
fn caches(warehouse: &Warehouse) -> (String, String) {
    let reference = format!("{}/team/app:cache", warehouse.host());
    (
        format!("type=registry,ref={reference},mode=max"),
        format!("type=registry,ref={reference}"),
    )
}

#[test]
fn cache_in_a_registry_spares_a_fresh_root_its_steps() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::Open));
    let (to, from) = caches(&warehouse);

    let first = afresh(&place, &[], &[to]).expect(0);
    let digest = place.read("image/digest");
    let second = afresh(&place, &[from], &[]).expect(0);

    assert_eq!(executed(&first), ["tools", "image"]);
    assert_eq!(warehouse.tags(), ["team/app:cache"]);
    assert_eq!(executed(&second), Vec::<&str>::new(), "{}", second.stderr);
    assert!(cached(&second) >= 2, "{}", second.stderr);
    assert_eq!(place.read("image/digest"), digest);
}

#[test]
fn cache_of_the_least_mode_has_the_steps_of_the_image_alone() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::Open));
    let reference = format!("{}/team/app:cache", warehouse.host());
    let to = format!("type=registry,ref={reference},mode=min,image-manifest=true");

    let _ = afresh(&place, &[], &[to]).expect(0);
    place.dockerfile(&STEPS.replace("COPY --from=tools", "COPY --chmod=0600 --from=tools"));
    let changed = afresh(&place, &[reference], &[]).expect(0);

    assert_eq!(executed(&changed), ["tools", "image"]);
}

#[test]
fn login_is_asked_for_what_is_pulled_and_for_what_is_pushed() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::Token));
    let (to, from) = caches(&warehouse);
    let refused = afresh(&place, &[], std::slice::from_ref(&to)).expect(1);
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let logins = json!({"auths": {warehouse.host(): {"auth": auth}}}).to_string();
    let build = |cache_from: &[String], cache_to: &[String]| {
        let _ = fs::remove_dir_all(place.root());
        let root = place.root();
        let mut command = place.command(&["build", "--root", root.to_str().unwrap()]);
        command.env("DOCKER_AUTH_CONFIG", &logins);
        let message =
            json!({"object": object(cache_from, cache_to), "response_path": "../response"});
        place.run_command(command, message.to_string().as_bytes())
    };

    let first = build(&[], &[to]).expect(0);
    let second = build(&[from], &[]).expect(0);

    says(
        &refused,
        &[
            "cannot write the layer cache",
            "team%2Fapp",
            "hint: it wants a login that may write there",
        ],
    );
    assert_eq!(executed(&first), ["tools", "image"]);
    assert_eq!(executed(&second), Vec::<&str>::new());
    let scopes = warehouse.scopes();
    let is_of = |scope: &String| scope.starts_with("repository:team/app:");
    assert!(scopes.iter().all(is_of), "{scopes:?}");
    assert!(
        scopes.iter().any(|scope| scope.contains("push")),
        "{scopes:?}"
    );
    assert!(!second.stderr.contains(PASSWORD), "{}", second.stderr);
}

#[test]
fn cache_that_cannot_be_read_costs_time_and_is_told() {
    let place = place();
    let warehouse = Warehouse::new(Gate::Open);
    let empty = format!("{}/team/app:cache", warehouse.host());

    let run = afresh(&place, &[NOBODY.to_owned(), empty.clone()], &[]).expect(0);

    assert_eq!(executed(&run), ["tools", "image"]);
    says(&run, &[NOBODY, &empty]);
}

#[test]
fn cache_that_cannot_be_written_ends_the_build_unless_that_is_ignored() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::ReadOnly));
    let (to, _) = caches(&warehouse);

    let refused = afresh(&place, &[], std::slice::from_ref(&to)).expect(1);
    let ignored = afresh(&place, &[], &[format!("{to},ignore-error=true")]).expect(0);
    let nobody = afresh(&place, &[], &[format!("type=registry,ref={NOBODY}")]).expect(1);

    says(
        &refused,
        &["cannot write the layer cache", "ignore-error=true"],
    );
    says(
        &nobody,
        &["cannot write the layer cache", "ignore-error=true"],
    );
    assert!(place.path("image/image.tar").exists());
    assert_eq!(executed(&ignored), ["tools", "image"]);
}

#[test]
fn inline_cache_is_in_the_image() {
    let place = place();

    let run = afresh(&place, &[], &["type=inline".to_owned()]).expect(0);

    assert_eq!(executed(&run), ["tools", "image"]);
    let listed = place.output("tar", &["-xOf", "image/image.tar", "manifest.json"]);
    let manifests: Value = serde_json::from_str(&listed).unwrap();
    let config = manifests[0]["Config"].as_str().unwrap();
    let config = place.output("tar", &["-xOf", "image/image.tar", config]);
    assert!(config.contains("\"moby.buildkit.cache.v0\""), "{config}");
}

#[test]
fn targets_share_what_is_read_and_the_image_alone_is_written() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::Open));
    let (to, from) = caches(&warehouse);
    fs::create_dir(place.path("tools")).unwrap();
    let build = |keys: Value| {
        let _ = fs::remove_dir_all(place.root());
        let mut object =
            json!({"context": "context", "output": "image", "additional_targets": ["tools"]});
        object
            .as_object_mut()
            .unwrap()
            .extend(keys.as_object().unwrap().clone());
        place.build(&object).expect(0)
    };

    let _ = build(json!({"cache_to": [to]}));
    let second = build(json!({"cache_from": [from]}));

    assert_eq!(warehouse.tags(), ["team/app:cache"]);
    assert_eq!(executed(&second), Vec::<&str>::new(), "{}", second.stderr);
}

#[test]
fn task_says_its_caches_a_line_each() {
    let (place, warehouse) = (place(), Warehouse::new(Gate::Open));
    let (to, from) = caches(&warehouse);
    let build = |parameter: &str, text: &str| {
        let _ = fs::remove_dir_all(place.root());
        let root = place.root();
        let mut command = place.command(&["task", "--root", root.to_str().unwrap()]);
        command.env("CONTEXT", "context").env(parameter, text);
        place.run_command(command, b"").expect(0)
    };

    let _ = build("CACHE_TO", &format!("{to}\n type=inline\n"));
    let second = build("CACHE_FROM", &format!("{NOBODY}\n{from}\n"));

    assert_eq!(executed(&second), Vec::<&str>::new(), "{}", second.stderr);
}

#[test]
fn secrets_of_a_cache_reach_the_daemon_and_nothing_else() {
    const SECRETS: [&str; 4] = [
        "AKIAHIDDENHIDDEN",
        "hidden/secret/key+0",
        "HiddenSession1",
        RUN_TOKEN,
    ];
    let place = place();
    let [id, key, session, token] = SECRETS;
    let s3 = format!(
        "type=s3,bucket=builds,region=r,endpoint_url=http://127.0.0.1:1,use_path_style=true,retry_max_attempts=1,\
         access_key_id={id},secret_access_key={key},session_token={session}"
    );
    let object = object(
        std::slice::from_ref(&s3),
        &[
            format!("{s3},ignore-error=true"),
            format!("type=gha,url=http://127.0.0.1:1/,version=1,token={token},ignore-error=true"),
        ],
    );
    let secrets = Secrets::new(SECRETS);

    let planned = place
        .run(&["plan"], object.to_string().as_bytes())
        .expect(0);
    let mut child = place.start_build(&object);
    let mut telling = Vec::new();
    while child.try_wait().unwrap().is_none() {
        telling.extend(secrets.telling_processes());
    }
    let built = place.finish(child);

    assert!(
        !secrets.show_in(planned.stdout.as_bytes()),
        "{}",
        planned.stdout
    );
    assert!(
        !secrets.show_in(built.stderr.as_bytes()),
        "{}",
        built.stderr
    );
    assert_eq!(telling, Vec::<std::path::PathBuf>::new());
    assert_eq!(
        secrets.holders(&place.path("")),
        Vec::<std::path::PathBuf>::new()
    );
    assert_eq!(built.status, 0, "{}", built.stderr);
}

#[test]
fn what_logs_in_may_stand_in_the_environment_and_a_cache_without_it_is_left_out() {
    let place = place();
    let object = object(&["type=gha".to_owned()], &["type=gha".to_owned()]);
    let build = |set: &dyn Fn(&mut Command)| {
        let root = place.root();
        let mut command = place.command(&["build", "--root", root.to_str().unwrap()]);
        for name in [
            "ACTIONS_RUNTIME_TOKEN",
            "ACTIONS_CACHE_URL",
            "ACTIONS_CACHE_SERVICE_V2",
        ] {
            command.env_remove(name);
        }
        set(&mut command);
        let message = json!({"object": object, "response_path": "../response"});
        place.run_command(command, message.to_string().as_bytes())
    };

    let left_out = build(&|_| {}).expect(0);
    let refused = build(&|command| {
        command
            .env("ACTIONS_RUNTIME_TOKEN", "a-token-of-a-run")
            .env("ACTIONS_CACHE_URL", "http://127.0.0.1:1/");
    });

    says(
        &left_out,
        &[
            "warning: the layer cache `type=gha` of `cache_from` is left out",
            "warning: the layer cache `type=gha` of `cache_to` is left out",
        ],
    );
    assert_eq!(refused.status, 1, "{}", refused.stderr);
    assert!(
        !refused.stderr.contains("a-token-of-a-run"),
        "{}",
        refused.stderr
    );
}
