//! Whether a build would start here, as the program tells it beforehand: on this machine, as somebody who may not build, without its
//! engine, with logins. What it says is what a build comes to, and nothing is left of it.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::process::Command;

use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// An ordinary user whom no file of the machine names.
const USER: u32 = 20_719;

/// `oci-image doctor` about this place's root.
fn doctor(place: &Workplace, arguments: &[&str]) -> Run {
    let root = place.root();
    let root = root.to_str().unwrap();
    place.run(&[&["doctor", "--root", root], arguments].concat(), b"")
}

/// The findings of `--json`, by topic, as state and all that is said.
fn findings(run: &Run) -> BTreeMap<String, Vec<Value>> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let mut findings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in document["findings"].as_array().unwrap() {
        let topic = finding["topic"].as_str().unwrap().to_owned();
        findings.entry(topic).or_default().push(finding.clone());
    }
    findings
}

fn last_line(run: &Run) -> &str {
    run.stdout.lines().last().unwrap_or_default()
}

/// The program as something that `sh -c` makes of this root; `None` where it is none.
fn lowered(place: &Workplace, set_up: &str, arguments: &[&str]) -> Option<Command> {
    if place.output("id", &["-u"]).trim() != "0" {
        println!("skipped: only root can give up what root may do");
        return None;
    }
    let mut command = Command::new("sh");
    command
        .args(["-ec", set_up, "sh"])
        .arg(engine::program())
        .args(arguments)
        .current_dir(place.path(""))
        .env("PATH", engine::path())
        .env("TMPDIR", place.temporary())
        .env("HOME", place.path("home"))
        .env_remove("DOCKER_CONFIG")
        .env_remove("ATC_EXTERNAL_URL");
    Some(command)
}

#[test]
fn archives_of_cache_mounts_are_counted() {
    let place = Workplace::new();
    place.write("cache/mounts/go-0123456789abcdef.tar.zst", [0; 2000]);

    let run = doctor(&place, &["--json"]).expect(0);

    let finding = &findings(&run)["cache_mounts"][0];
    assert_eq!(finding["state"], "fine");
    assert_eq!(finding["said"], "1 archive, 2.00kB, in `cache/mounts`");
    assert_eq!(finding["facts"]["archives"], 1);
}

#[test]
fn machine_that_builds_is_said_to_and_nothing_is_left_of_the_question() {
    let place = Workplace::new();
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();

    let run = doctor(&place, &[]).expect(0);

    assert_eq!(run.stderr, "");
    assert!(
        last_line(&run).starts_with("a build would start ("),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("\nfault"), "{}", run.stdout);
    let daemon = format!(
        "fine    buildkitd          `{}/buildkitd`, {}\n",
        engine::directory().display(),
        engine::version()
    );
    assert!(run.stdout.contains(&daemon), "{}", run.stdout);
    assert!(!place.root().exists());
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert_eq!(mounts(), before);
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN true\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    let _ = doctor(&place, &[]).expect(0);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn program_reads_every_topic_by_names_that_stay() {
    let place = Workplace::new();

    let run = doctor(&place, &["--json"]).expect(0);

    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["starts"], true);
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    let findings = findings(&run);
    let facts: &[(&str, &[&str])] = &[
        ("kernel", &["release"]),
        ("privileges", &[]),
        ("user_namespaces", &[]),
        ("capabilities", &[]),
        ("seccomp", &["mode"]),
        ("cgroups", &["takes_groups", "version"]),
        ("root", &["path"]),
        ("disk", &["filesystem", "free"]),
        ("snapshots", &["snapshotter"]),
        ("private_directory", &["parent"]),
        ("temporary_disk", &["filesystem", "free"]),
        ("buildkitd", &["expected", "path", "version"]),
        ("runtime", &["path", "version"]),
        ("emulators", &["own", "platforms"]),
        ("decompression", &["program"]),
        ("logins", &["registries"]),
    ];
    for (topic, facts) in facts {
        let finding = &findings.get(*topic).unwrap_or_else(|| panic!("{topic}"))[0];
        let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["facts", "remedy", "said", "state", "topic"],
            "{topic}"
        );
        for fact in *facts {
            assert!(finding["facts"].get(fact).is_some(), "{topic}: {fact}");
        }
        let state = finding["state"].as_str().unwrap();
        assert!(
            ["fine", "remark", "fault"].contains(&state),
            "{topic}: {state}"
        );
        assert!(
            state == "fine" || finding["remedy"].is_string(),
            "{finding}"
        );
    }
}

#[test]
fn path_without_a_daemon_is_a_fault_with_what_to_install() {
    let place = Workplace::new();
    let mut command = place.command(&["doctor", "--root"]);
    command.arg(place.root()).env("PATH", "/usr/bin:/bin");

    let run = place.run_command(command, b"").expect(3);

    let expected = format!(
        "fault   buildkitd          buildkitd is not installed\n{:27}to do: install BuildKit {} (`make setup` builds it; \
         https://github.com/moby/buildkit/releases), or set `OCI_IMAGE_BUILDKITD`\n",
        "",
        engine::version()
    );
    assert!(run.stdout.contains(&expected), "{}", run.stdout);
    assert!(
        last_line(&run).starts_with("a build would not start (1 fault, "),
        "{}",
        run.stdout
    );
}

#[test]
fn ordinary_user_is_told_every_lack_that_a_build_would_fail_of() {
    let place = Workplace::new();
    let set_up = format!("exec setpriv --reuid {USER} --regid {USER} --clear-groups \"$@\"");
    let root = place.temporary().join("root");
    let root = root.to_str().unwrap();
    let Some(command) = lowered(&place, &set_up, &["doctor", "--json", "--root", root]) else {
        return;
    };
    for directory in [place.path(".."), place.temporary()] {
        let given = std::os::unix::fs::chown(directory, Some(USER), Some(USER));
        given.unwrap();
    }

    let run = place.run_command(command, b"").expect(3);

    let build = lowered(&place, &set_up, &["build", "--root", root]).unwrap();
    let object = json!({"context": "context", "output": "image"});
    let object = json!({"object": object, "response_path": "../response"});
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let build = place
        .run_command(build, object.to_string().as_bytes())
        .expect(3);
    let findings = findings(&run);
    let lacks = &findings["id_maps"];
    assert_eq!(lacks.len(), 2, "{}", run.stdout);
    for lack in lacks {
        let (said, remedy) = (
            lack["said"].as_str().unwrap(),
            lack["remedy"].as_str().unwrap(),
        );
        let said = said.strip_prefix("a build without root lacks ").unwrap();
        assert!(
            build.stderr.contains(&format!("{said} ({remedy})")),
            "{said}\n{}",
            build.stderr
        );
    }
    assert_eq!(findings["capabilities"][0]["state"], "fine");
    assert_eq!(findings["rootlesskit"][0]["state"], "fine");
    let _ = findings["snapshots"][0]["state"].as_str().unwrap();
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn root_that_may_not_mount_is_told_what_a_build_is_told_and_what_it_lacks() {
    let place = Workplace::new();
    let set_up =
        "exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin --ambient-caps=-all \"$@\"";
    let root = place.root();
    let root = root.to_str().unwrap();
    let Some(mut command) = lowered(&place, set_up, &["doctor", "--json", "--root", root]) else {
        return;
    };
    command.env("ATC_EXTERNAL_URL", "https://ci.example.com");

    let run = place.run_command(command, b"").expect(3);

    let findings = findings(&run);
    let privileges = &findings["privileges"][0];
    assert_eq!(privileges["state"], "fault");
    let said = privileges["said"].as_str().unwrap();
    let expected = "not privileged to run the steps of a build: the kernel refuses new PID and mount namespaces";
    assert!(said.starts_with(expected), "{said}");
    let remedy = privileges["remedy"].as_str().unwrap();
    assert!(remedy.starts_with("write `privileged: true`"), "{remedy}");
    let missing = findings["capabilities"][0]["facts"]["missing"].to_string();
    assert!(missing.contains("CAP_SYS_ADMIN"), "{missing}");
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn logins_are_told_by_registry_and_no_part_of_them_is_shown() {
    let place = Workplace::new();
    // base64 of `marker-user:marker-password`
    let auth = "bWFya2VyLXVzZXI6bWFya2VyLXBhc3N3b3Jk";
    let config = json!({
        "auths": {
            "registry.test": {"auth": auth},
            "https://marker-user:marker-password@odd.test/v1/": {"auth": "marker-password"},
            "token.test": {"identitytoken": "marker-password", "registrytoken": "marker-password"},
        },
        "credHelpers": {"helped.test": "of-nobody"},
        "HttpHeaders": {"Authorization": "marker-password"},
    });
    place.write("docker/config.json", config.to_string());
    for arguments in [&[][..], &["--json"]] {
        let root = place.root();
        let mut command = place.command(&["doctor", "--root", root.to_str().unwrap()]);
        command
            .args(arguments)
            .env("DOCKER_CONFIG", place.path("docker"))
            .env(
                "DOCKER_AUTH_CONFIG",
                config.to_string().replace("registry.test", "variable.test"),
            );

        let run = place.run_command(command, b"").expect(0);

        let all = format!("{}{}", run.stdout, run.stderr);
        for secret in ["marker-user", "marker-password", auth, &auth[4..20]] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        for registry in [
            "registry.test",
            "variable.test",
            "odd.test",
            "token.test",
            "helped.test",
            "docker-credential-of-nobody",
        ] {
            assert!(all.contains(registry), "{registry} in {all}");
        }
    }
}

#[test]
fn root_that_a_build_uses_is_told_with_who_it_is() {
    let place = Workplace::new();
    let (mut build, _) = place.start_endless_build();

    let run = doctor(&place, &["--json"]);

    place.signal(&build, "SIGTERM");
    let _ = build.wait();
    let run = run.expect(0);
    let root = &findings(&run)["root"][0];
    assert_eq!(root["state"], "remark", "{root}");
    let said = root["said"].as_str().unwrap();
    assert!(
        said.contains(&format!("process {} (`", build.id())),
        "{said}"
    );
}

#[test]
fn registry_is_asked_only_where_that_is_wanted_and_one_that_is_silent_is_a_fault() {
    let place = Workplace::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);

    let run = doctor(&place, &["--reach", &address]).expect(3);

    let fault = format!(
        "fault   reach              `{address}`: no answer: cannot connect to `{address}`: "
    );
    assert!(run.stdout.contains(&fault), "{}", run.stdout);
    assert!(
        last_line(&run).starts_with("a build would start, but 1 registry is not reached ("),
        "{}",
        run.stdout
    );
}
