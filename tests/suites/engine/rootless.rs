//! Builds of an ordinary user: the same images by `rootlesskit`, and what is said where the user or the machine falls short.
//!
//! The user and its ranges of subordinate IDs are in files that only the build sees, in a mount namespace of its own:
//! nothing is added to the machine. Where the kernel refuses that, the tests print its reason and are skipped.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use oci_image_tests::archive::Archive;
use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// The user's ID, and its group's.
const USER: u32 = 20_719;

/// A command as the user, who has what `$PLACE` holds; `more` is done to the machine before.
fn as_user(place: &Workplace, more: &str) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-ec"])
        .arg(format!(
            "cd \"$PLACE\"; chown -R {USER}:{USER} .; \
             mount --bind passwd /etc/passwd; mount --bind subuid /etc/subuid; mount --bind subgid /etc/subgid; \
             mount --bind \"$ENGINE\" engine; mount --bind \"$PROGRAM\" program; \
             {more} cd work; exec setpriv --reuid {USER} --regid {USER} --clear-groups \"$@\""
        ))
        .arg("sh")
        .env("PLACE", place.path(".."))
        .env("ENGINE", engine::directory())
        .env("PROGRAM", engine::program());
    command
}

/// A workplace of the user; `None`, and the reason is printed, if there can be none on this machine.
fn place() -> Option<Workplace> {
    let place = Workplace::new();
    let passwd = format!("root:x:0:0::/:/bin/sh\nbuilder:x:{USER}:{USER}::/:/bin/sh\n");
    let ranges = "builder:300000:65536\n".to_owned();
    for (file, text) in [
        ("passwd", passwd),
        ("subuid", ranges.clone()),
        ("subgid", ranges),
        ("program", String::new()),
    ] {
        place.write(&format!("../{file}"), text);
    }
    fs::create_dir(place.path("../engine")).unwrap();
    let mut probe = as_user(&place, "");
    match probe.args(["unshare", "--user", "true"]).output() {
        Ok(output) if output.status.success() => Some(place),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr);
            println!("skipped: no user namespace for a second user: {reason}");
            None
        }
        Err(error) => {
            println!("skipped: `unshare` cannot be run: {error}");
            None
        }
    }
}

/// A build as the user, with the default root.
fn build(place: &Workplace, more: &str, object: &Value) -> Run {
    let message = json!({"object": object, "response_path": "../response"});
    run(place, more, &["build"], message.to_string().as_bytes())
}

/// The program as the user, with the default root.
fn run(place: &Workplace, more: &str, arguments: &[&str], stdin: &[u8]) -> Run {
    let mut command = as_user(place, more);
    command
        .arg("../program")
        .args(arguments)
        .env(
            "PATH",
            format!("{}:{}", place.path("../engine").display(), engine::path()),
        )
        .env("HOME", place.path("../home"))
        .env("TMPDIR", place.temporary())
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("DOCKER_CONFIG");
    place.run_command(command, stdin)
}

/// The example's context, with a busybox.
fn hello(place: &Workplace) -> Value {
    let example = engine::checkout().join("tests/examples/hello");
    for file in ["Dockerfile", "lines.txt"] {
        let text = fs::read(example.join("context").join(file)).unwrap();
        place.write(&format!("context/{file}"), text);
    }
    let request = fs::read(example.join("request.json")).unwrap();
    let mut request: Value = serde_json::from_slice(&request).unwrap();
    request["object"].take()
}

/// The root that the user gets where none is named.
fn root(place: &Workplace) -> String {
    let root = place.temporary().join(format!("buildkitd-{USER}"));
    root.canonicalize().unwrap().display().to_string()
}

#[test]
fn ordinary_user_builds_the_example_and_leaves_its_own_root_alone() {
    let Some(place) = place() else { return };
    let object = hello(&place);

    let run = build(&place, "", &object).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(
        archive.text("usr/share/passed").lines().next(),
        Some("good morning from an image built with oci-image, in 3 lines:")
    );
    assert!(run.response.unwrap().contains("sha256:"), "{}", run.stderr);
    assert_eq!(place.leftovers(), [root(&place)]);
    for path in [root(&place).into(), place.path("image/image.tar")] {
        assert_eq!(fs::metadata(&path).unwrap().uid(), USER, "{path:?}");
    }
}

#[test]
fn ordinary_user_builds_on_a_preloaded_base_with_a_secret_and_a_key() {
    let Some(place) = place() else { return };
    place.dockerfile("FROM scratch\nCOPY busybox /bin/busybox\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::rename(place.path("image/image.tar"), place.path("base.tar")).unwrap();
    place.write("secret", "opensesame");
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
    assert!(keygen.arg(place.path("key")).status().unwrap().success());
    place.dockerfile(
        "ARG base\nFROM $base\nRUN --mount=type=secret,id=token --mount=type=ssh [\"/bin/busybox\", \"sh\", \"-c\", \
         \"test -S $SSH_AUTH_SOCK && /bin/busybox cp /run/secrets/token /copy\"]\n",
    );
    let object = json!({
        "context": "context", "output": "image", "image_args": ["base=base.tar"],
        "buildkit_secrets": {"token": "secret"}, "buildkit_ssh": "default=key",
    });

    let _ = build(&place, "", &object).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("copy"), "opensesame");
    assert_eq!(place.leftovers(), [root(&place)]);
}

#[test]
fn ordinary_user_keeps_caches_with_the_owners_that_steps_see() {
    let Some(place) = place() else { return };
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nARG RUN\nRUN --mount=type=cache,target=/c cd /c && echo $RUN >> runs && touch others && chown 5:6 others && \\
         ln -sf runs link && echo found $(cat link) $(stat -c %u:%g:%a runs others)\n",
    );
    fs::create_dir(place.path("cache")).unwrap();
    let object = |run: &str| json!({"context": "context", "output": "image", "cache": true, "build_args": [format!("RUN={run}")]});

    let first = build(&place, "", &object("1")).expect(0);
    fs::remove_dir_all(root(&place)).unwrap();
    let second = build(&place, "", &object("2")).expect(0);

    assert!(
        first.stderr.contains("cache `/c` is kept"),
        "{}",
        first.stderr
    );
    let found = " found 1 2 0:0:644 5:6:644\n";
    assert!(second.stderr.contains(found), "{}", second.stderr);
    let archives = place.names("cache/mounts");
    let archive = place.path(format!("cache/mounts/{}", archives[0]));
    assert_eq!(fs::metadata(archive).unwrap().uid(), USER);
    assert_eq!(place.leftovers(), [root(&place)]);
}

#[test]
fn ordinary_user_who_unpacks_is_told_what_could_not_be_kept() {
    let Some(place) = place() else { return };
    let mut object = hello(&place);
    object["unpack_rootfs"] = json!(true);

    let run = build(&place, "", &object).expect(0);

    let lost = "warning: `rootfs/` lost what this user may not keep: owners of ";
    assert!(run.stderr.contains(lost), "{}", run.stderr);
    assert_eq!(
        fs::metadata(place.path("image/rootfs/bin/greet"))
            .unwrap()
            .uid(),
        USER
    );
    assert!(place.path("image/metadata.json").exists());
    assert_eq!(place.leftovers(), [root(&place)]);
}

#[test]
fn ordinary_user_is_told_that_a_build_would_start_and_how_much_it_keeps_and_removes_all_of_it() {
    let Some(place) = place() else { return };
    let object = hello(&place);
    let doctor = run(&place, "", &["doctor"], b"").expect(0);
    let last = doctor.stdout.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("a build would start ("),
        "{}",
        doctor.stdout
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let _ = build(&place, "", &object).expect(0);

    let answer = |arguments: &[&str]| -> Value {
        let run = run(&place, "", arguments, b"").expect(0);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let used = answer(&["du", "--json"]);
    let freed = answer(&["prune", "--all", "--json"]);

    assert!(used["snapshots"].as_u64() > Some(1_000_000), "{used}");
    assert_eq!(freed["after"], 0, "{freed}");
    let left = fs::read_dir(root(&place)).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["oci-image.lock"]);
    let _ = build(&place, "", &object).expect(0);
    assert_eq!(place.leftovers(), [root(&place)]);
}

#[test]
fn ordinary_user_is_told_everything_that_the_machine_lacks() {
    let Some(place) = place() else { return };
    let object = hello(&place);

    let run = build(&place, ": > subuid; : > subgid;", &object).expect(3);

    let ranges = ["uid", "gid"].map(|kind| {
        format!("a range for user `builder` in `/etc/sub{kind}` (as root: `usermod --add-sub{kind}s 100000-165535 builder`)")
    });
    let lack = format!("error: a build without root lacks {}\n", ranges.join("; "));
    assert!(run.stderr.contains(&lack), "{}", run.stderr);
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn ordinary_user_who_can_become_nobody_else_is_told_before_the_daemon_starts() {
    let Some(place) = place() else { return };
    let object = hello(&place);

    let run = build(&place, "set -- setpriv --no-new-privs \"$@\";", &object).expect(3);

    let lack = "error: a build without root lacks the right to gain privileges, without which `newuidmap` cannot work (a \
                container: leave out `no-new-privileges`)\n";
    assert_eq!(run.stderr, lack);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn ordinary_user_whose_id_mapper_has_lost_its_powers_is_told_which() {
    let Some(place) = place() else { return };
    let object = hello(&place);
    let mapper = place.output("which", &["newuidmap"]).trim().to_owned();

    let more = format!("cp {mapper} mapper; chmod 755 mapper; mount --bind mapper {mapper};");
    let run = build(&place, &more, &object).expect(3);

    let lack = format!(
        "error: a build without root lacks the setuid bit or the capabilities of `{mapper}` (as root: `chmod u+s {mapper}`; and no \
         `nosuid` on its file system)\n"
    );
    assert_eq!(run.stderr, lack);
}
