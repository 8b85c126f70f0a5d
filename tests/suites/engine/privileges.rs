//! Builds that may not run their steps: known before anything starts, said in one error with what to do, status 3; and
//! builds of a root that is none outside of its user namespace, which may. Of each `doctor` says the same beforehand.

use std::process::Command;

use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

/// What a shell does before it becomes the program: nothing that outlives it.
const NO_SYS_ADMIN: &str =
    "exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin --ambient-caps=-all \"$@\"";
/// A user namespace that maps root and nobody else.
const ONE_ID: &str = "exec unshare --user --map-root-user \"$@\"";
/// One that maps the IDs that images use; the map is written from outside, as container runtimes do.
const MANY_IDS: &str = "
rm -f mapped; mkfifo mapped
unshare --user --mount sh -c 'read line <mapped; exec setpriv --reuid 0 --regid 0 --clear-groups \"$@\"' sh \"$@\" <&3 &
for map in uid_map gid_map; do
    until echo 0 0 65536 2>/dev/null >/proc/$!/$map; do sleep 0.01; done
done
echo >mapped
wait $!";

/// A build with a step, by a root that `set_up` takes something from; `None` where this is not root.
fn build(set_up: &str, environment: &[(&str, &str)]) -> Option<(Workplace, Run)> {
    let place = Workplace::new();
    if place.output("id", &["-u"]).trim() != "0" {
        println!("skipped: only root can give up what root may do");
        return None;
    }
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN true\n");
    let object = json!({"context": "context", "output": "image"});
    let message = json!({"object": object, "response_path": "../response"});
    let mut command = lowered(&place, "build", set_up);
    command.envs(environment.iter().copied());
    let run = place.run_command(command, message.to_string().as_bytes());
    Some((place, run))
}

/// The program by a root that `set_up` takes something from.
fn lowered(place: &Workplace, act: &str, set_up: &str) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-ec"])
        .arg(format!("exec 3<&0; {set_up}"))
        .args(["sh".as_ref(), engine::program().as_os_str()])
        .args([act.as_ref(), "--root".as_ref(), place.root().as_os_str()])
        .current_dir(place.path(""))
        .env("PATH", engine::path())
        .env("TMPDIR", place.temporary())
        .env_remove("ATC_EXTERNAL_URL");
    command
}

/// What is said of it before anybody builds.
fn doctor(place: &Workplace, set_up: &str, environment: &[(&str, &str)]) -> Run {
    let mut command = lowered(place, "doctor", set_up);
    command.envs(environment.iter().copied());
    place.run_command(command, b"")
}

/// The one error of a build that was refused `step`, and that nothing else was done or said.
fn is_refused(set_up: &str, environment: &[(&str, &str)], step: &str, hint: &str) {
    let Some((place, run)) = build(set_up, environment) else {
        return;
    };
    let (error, rest) = run.stderr.split_once('\n').unwrap_or_default();
    let (cause, rest) = rest.split_once('\n').unwrap_or_default();

    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(
        error,
        format!("error: not privileged to run the steps of a build: the kernel refuses {step}")
    );
    assert!(cause.to_lowercase().starts_with("  cause: "), "{cause}");
    assert_eq!(rest, format!("  hint: {hint}\n"));
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert!(!place.root().exists(), "no daemon was about to start");
    let told = doctor(&place, set_up, environment).expect(3);
    let fault = format!(
        "fault   privileges         not privileged to run the steps of a build: the kernel refuses {step}: "
    );
    assert!(told.stdout.contains(&fault), "{}", told.stdout);
    assert!(
        told.stdout.contains(&format!("to do: {hint}\n")),
        "{}",
        told.stdout
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

const OUTSIDE: &str = "run it as root with all that root may do (a container: `--privileged`), or as an ordinary user, who \
     needs `rootlesskit`";
const CONCOURSE: &str = "write `privileged: true` in the step of the pipeline that runs this task, below its `task: NAME`, \
     and let it run as root; if that is so, its worker grants privileged tasks too little";

#[test]
fn root_that_may_not_mount_is_told_before_the_daemon_starts() {
    let step = "new PID and mount namespaces";
    is_refused(NO_SYS_ADMIN, &[], step, OUTSIDE);
}

#[test]
fn task_of_concourse_is_told_what_to_write() {
    let url = [("ATC_EXTERNAL_URL", "https://ci.example.com")];
    is_refused(
        NO_SYS_ADMIN,
        &url,
        "new PID and mount namespaces",
        CONCOURSE,
    );
}

#[test]
fn task_that_is_root_of_a_user_namespace_only_is_told_the_same() {
    let url = [("ATC_EXTERNAL_URL", "https://ci.example.com")];
    let set_up = MANY_IDS.replace("--clear-groups", "--clear-groups --bounding-set=-sys_admin");
    is_refused(&set_up, &url, "new PID and mount namespaces", CONCOURSE);
}

#[test]
fn user_namespace_of_one_id_has_no_terminals_for_steps() {
    let step = "terminals of group 5, which this user namespace does not map";
    is_refused(ONE_ID, &[], step, OUTSIDE);
}

#[test]
fn user_namespace_that_has_no_more_mount_namespaces_takes_no_mounts() {
    let none = "echo 0 >/proc/sys/user/max_mnt_namespaces; exec \"$@\"";
    let set_up = format!("exec unshare --user --map-root-user sh -ec '{none}' sh \"$@\"");
    is_refused(&set_up, &[], "mounts", OUTSIDE);
}

#[test]
fn user_namespace_with_a_masked_procfs_has_none_for_steps() {
    let set_up = format!("mount -t tmpfs none /proc/tty; {MANY_IDS}");
    let step = "a `/proc` for steps, because this one is masked";
    is_refused(&set_up, &[], step, OUTSIDE);
}

#[test]
fn root_of_a_user_namespace_that_may_mount_builds() {
    let Some((place, run)) = build(MANY_IDS, &[]) else {
        return;
    };

    let _ = run.expect(0);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    let _ = doctor(&place, MANY_IDS, &[]).expect(0);
}

#[test]
fn procfs_that_cannot_be_written_is_no_hindrance() {
    let set_up = "mount -o remount,bind,ro /proc; exec \"$@\"";
    let Some((place, run)) = build(set_up, &[]) else {
        return;
    };

    let _ = run.expect(0);
    let _ = doctor(&place, set_up, &[]).expect(0);
}
