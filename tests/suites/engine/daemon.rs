//! The supervisor and a real buildkitd: how it starts, how it ends, and that nothing is left of it.

use oci_image_tests::daemon;
use std::env;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oci_image::daemon::{Daemon, DaemonError, Options, Overrides, Programs};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a state may take to come about.
const DEADLINE: Duration = Duration::from_secs(20);

/// What is promised after SIGKILL.
const GONE: Duration = Duration::from_secs(2);

/// An ordinary user that every Debian has.
const NOBODY: u32 = 65534;

fn programs() -> Programs {
    let named = Overrides {
        buildkitd: Some(daemon::program("buildkitd").into()),
        ..Overrides::default()
    };
    Programs::find(&named.or(Overrides::from_env())).unwrap()
}

/// A program in place of buildkitd: a shell script.
fn fake(script: &str) -> (TempDir, Programs) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("buildkitd");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let programs = Programs::find(&Overrides {
        buildkitd: Some(path.into()),
        ..Overrides::default()
    })
    .unwrap();
    (directory, programs)
}

async fn start(options: Options) -> Result<Daemon, DaemonError> {
    Daemon::start(options, |root| {
        panic!("`{}` is nobody else's", root.display())
    })
    .await
}

async fn until(what: &str, limit: Duration, mut state: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !state() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The processes whose command line holds the text.
fn processes(text: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(text)).collect()
}

/// Everything of the daemon that the machine shows: processes, mounts, cgroups, its private directory.
fn traces(root: &Path, private: &Path) -> Vec<String> {
    let mut traces = Vec::new();
    for path in [root, private] {
        let text = path.to_str().unwrap();
        traces.extend(processes(&format!("{text}/")));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        traces.extend(
            mounts
                .lines()
                .filter(|mount| mount.contains(text))
                .map(str::to_owned),
        );
    }
    let groups = groups(Path::new("/sys/fs/cgroup"), private.file_name().unwrap());
    traces.extend(
        groups
            .into_iter()
            .chain(Some(private.to_owned()).filter(|path| path.exists()))
            .map(|path| path.display().to_string()),
    );
    traces
}

/// The cgroups of that name, wherever they are.
fn groups(below: &Path, name: &OsStr) -> Vec<PathBuf> {
    let entries = fs::read_dir(below).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directories
        .flat_map(|entry| {
            if entry.file_name() == name {
                vec![entry.path()]
            } else {
                groups(&entry.path(), name)
            }
        })
        .collect()
}

fn private(socket: &Path) -> PathBuf {
    socket.parent().unwrap().to_owned()
}

/// A build by `buildctl`, with a step whose command line nobody else has.
fn build(socket: &Path, context: &daemon::Context) -> Child {
    Command::new(daemon::program("buildctl"))
        .args([
            "--addr",
            &format!("unix://{}", socket.display()),
            "build",
            "--progress=plain",
        ])
        .args(["--frontend=dockerfile.v0", "--no-cache"])
        .args(["--local", &format!("context={}", context.path().display())])
        .args([
            "--local",
            &format!("dockerfile={}", context.path().display()),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A context whose step sleeps, and the step's command line.
fn sleeper() -> (daemon::Context, String) {
    static SLEEPERS: AtomicU32 = AtomicU32::new(0);
    let seconds = 1_000_000 + std::process::id() * 100 + SLEEPERS.fetch_add(1, Ordering::Relaxed);
    let step = format!("RUN /bin/busybox sleep {seconds}\n");
    (daemon::Context::new(&step), format!("sleep {seconds}"))
}

// --- a daemon that runs ---

#[tokio::test]
async fn a_daemon_builds_and_leaves_nothing_but_its_root_when_it_is_stopped() {
    let root = tempfile::tempdir().unwrap();
    let daemon = start(Options::new(root.path(), programs())).await.unwrap();
    let private = private(daemon.socket());
    let context = daemon::Context::new("RUN [ -d /proc/self ]\n");

    let built = build(daemon.socket(), &context).wait_with_output().unwrap();
    let alive = traces(root.path(), &private);
    let exit = daemon.stop().await.unwrap();

    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    assert!(
        alive.iter().any(|trace| trace.contains("cgroup")),
        "a step has a cgroup of ours: {alive:?}"
    );
    assert_eq!(exit.warnings, []);
    assert_eq!(traces(root.path(), &private), [""; 0]);
    assert!(root.path().join("buildkitd.log").exists(), "the log stays");
}

#[tokio::test]
async fn mounts_of_the_daemon_are_seen_by_nobody_else() {
    let root = tempfile::tempdir().unwrap();
    let daemon = start(Options::new(root.path(), programs())).await.unwrap();
    let (context, step) = sleeper();
    let mut building = build(daemon.socket(), &context);

    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(root.path().to_str().unwrap()), "{mounts}");
    building.kill().unwrap();
    building.wait().unwrap();
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn its_warm_root_serves_the_next_daemon() {
    let root = tempfile::tempdir().unwrap();
    start(Options::new(root.path(), programs()))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();

    let daemon = start(Options::new(root.path(), programs())).await.unwrap();

    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_root_with_a_very_long_path_is_a_root() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("a b/ä".repeat(8)).join("x".repeat(200));
    let daemon = start(Options::new(&root, programs())).await.unwrap();
    let context = daemon::Context::new("RUN echo\n");

    let built = build(daemon.socket(), &context).wait_with_output().unwrap();

    assert!(daemon.socket().as_os_str().len() <= 104);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_daemon_prints_reaches_the_sink_and_the_file() {
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let root = tempfile::tempdir().unwrap();
    let sink = Shared::default();
    let log_sink: Option<oci_image::daemon::LogSink> = Some(Box::new(sink.clone()));

    let daemon = start(Options {
        log_sink,
        debug: true,
        ..Options::new(root.path(), programs())
    })
    .await
    .unwrap();
    let exit = daemon.stop().await.unwrap();

    let printed = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(printed.contains("level=debug"), "{printed}");
    assert_eq!(
        fs::read_to_string(root.path().join("buildkitd.log")).unwrap(),
        printed
    );
    assert!(
        exit.log.lines().all(|line| printed.contains(line)),
        "{}",
        exit.log
    );
}

#[tokio::test]
async fn the_daemon_runs_in_the_directory_that_it_is_given() {
    let (root, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

    let daemon = start(Options {
        directory: directory.path().to_owned(),
        ..Options::new(root.path(), programs())
    })
    .await
    .unwrap();

    let daemon_pid = pid_of(root.path()).as_raw_nonzero();
    let runs_in = fs::read_link(format!("/proc/{daemon_pid}/cwd")).unwrap();
    assert_eq!(runs_in, directory.path().canonicalize().unwrap());
    daemon.stop().await.unwrap();
}

/// Where nothing says which configuration is meant, buildkitd reads the one that the environment names.
#[tokio::test]
async fn a_configuration_that_the_environment_names_is_not_read() {
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let unsound = other.path().join("buildkitd.toml");
    fs::write(&unsound, "[worker.oci]\ngc = \"perhaps\"\n").unwrap();
    let named = ("BUILDKITD_CONFIG", unsound.as_os_str());
    let alone = Command::new(daemon::program("buildkitd"))
        .args(["--addr=none://here", "--root"])
        .arg(other.path())
        .env(named.0, named.1)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stderr);
    assert!(said.contains("failed to parse config"), "{said}");

    let mut parent = Parent::start(holder(root.path()).env(named.0, named.1));

    let socket = parent.socket();
    assert!(socket.exists(), "{}", socket.display());
    assert_eq!(parent.stop(), ["exit status: 1"]);
}

// --- a daemon that does not start ---

#[tokio::test]
async fn a_configuration_that_the_daemon_refuses_is_an_error_within_a_second_with_its_words() {
    let root = tempfile::tempdir().unwrap();
    let config = "[worker.oci]\ngc = \"perhaps\"\n".to_owned();
    let began = Instant::now();

    let error = start(Options {
        config,
        ..Options::new(root.path(), programs())
    })
    .await
    .unwrap_err();

    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(
        error.to_string(),
        "buildkitd ended before it was ready: exit status: 1"
    );
    let log = "buildkitd: toml: cannot decode TOML string into struct field config.OCIConfig.GC of type bool\n\
               failed to parse config\n";
    assert_eq!(error.log(), Some(log), "without the stack trace");
}

#[tokio::test]
async fn a_daemon_that_exits_at_once_is_an_error_with_its_words() {
    let root = tempfile::tempdir().unwrap();
    let (_directory, programs) = fake("echo out; echo err >&2; exit 7");

    let error = start(Options::new(root.path(), programs))
        .await
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        "buildkitd ended before it was ready: exit status: 7"
    );
    assert_eq!(error.log(), Some("out\nerr\n"));
}

#[tokio::test]
async fn a_daemon_that_never_gets_ready_is_killed_at_its_deadline() {
    let root = tempfile::tempdir().unwrap();
    let (directory, programs) = fake("echo thinking; trap '' TERM; while :; do sleep 1000; done");
    let readiness = Duration::from_millis(300);

    let error = start(Options {
        readiness,
        ..Options::new(root.path(), programs)
    })
    .await
    .unwrap_err();

    assert_eq!(
        error.to_string(),
        "buildkitd was not ready after 300ms and was killed"
    );
    assert_eq!(error.log(), Some("thinking\n"));
    assert_eq!(processes(directory.path().to_str().unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_daemon_that_cannot_be_run_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (directory, programs) = fake("");
    let path = directory.path().join("buildkitd");
    fs::write(&path, "#!/no/such/shell\n").unwrap();

    let error = start(Options::new(root.path(), programs))
        .await
        .unwrap_err();

    assert_eq!(
        error.to_string(),
        format!("cannot run `{}`", path.display())
    );
}

#[tokio::test]
async fn a_start_that_is_called_off_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (directory, programs) = fake("while :; do sleep 1000; done");
    let options = Options::new(root.path(), programs);

    let started = tokio::time::timeout(Duration::from_millis(300), start(options)).await;

    assert!(started.is_err());
    let script = directory.path().to_str().unwrap();
    until("nothing is left", GONE, || processes(script).is_empty()).await;
}

// --- two builds ---

#[tokio::test]
async fn a_second_build_waits_for_the_root_says_so_and_then_has_a_daemon_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let first = start(Options::new(root.path(), programs())).await.unwrap();
    let first_socket = first.socket().to_owned();
    let (says, said) = tokio::sync::oneshot::channel();
    let options = Options::new(root.path(), programs());

    let second = tokio::spawn(Daemon::start(options, |root| {
        says.send(root.to_owned()).unwrap();
    }));
    assert_eq!(said.await.unwrap(), root.path());
    assert!(!second.is_finished());
    first.stop().await.unwrap();
    let second = second.await.unwrap().unwrap();

    assert_ne!(second.socket(), first_socket);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_root_that_a_foreign_buildkitd_uses_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let foreign = fs::File::create(root.path().join("buildkitd.lock")).unwrap();
    foreign.lock().unwrap();

    let error = start(Options::new(root.path(), programs()))
        .await
        .unwrap_err();

    let path = root.path().display();
    assert_eq!(
        error.to_string(),
        format!("another buildkitd runs on `{path}`: stop it, or name another root")
    );
}

// --- how a daemon ends ---

#[tokio::test]
async fn a_daemon_that_is_killed_is_noticed_and_its_steps_are_gone() {
    let root = tempfile::tempdir().unwrap();
    let daemon = start(Options::new(root.path(), programs())).await.unwrap();
    let private = private(daemon.socket());
    let (context, step) = sleeper();
    let mut building = build(daemon.socket(), &context);
    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    kill_process(pid_of(root.path()), Signal::KILL).unwrap();
    let exit = tokio::time::timeout(GONE, daemon.exited()).await.unwrap();

    assert_eq!(exit.status.to_string(), "signal: 9 (SIGKILL)");
    assert_eq!((exit.warnings, processes(&step)), (vec![], vec![]));
    // The client names the daemon's socket, too, until it has noticed.
    assert!(!building.wait().unwrap().success());
    assert_eq!(traces(root.path(), &private), [""; 0]);
    assert_eq!(steps_left(root.path()), [""; 0]);
    assert_eq!(
        daemon.stop().await.unwrap().status.to_string(),
        "signal: 9 (SIGKILL)"
    );
}

#[tokio::test]
async fn a_daemon_that_waits_for_an_open_solve_is_killed_at_the_deadline() {
    let root = tempfile::tempdir().unwrap();
    let daemon = start(Options::new(root.path(), programs())).await.unwrap();
    let private = private(daemon.socket());
    let (context, step) = sleeper();
    let mut building = build(daemon.socket(), &context);
    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    let exit = daemon.stop().await.unwrap();

    assert_eq!(exit.status.to_string(), "signal: 9 (SIGKILL)");
    assert_eq!(
        (processes(&step), traces(root.path(), &private)),
        (vec![], vec![])
    );
    assert!(!building.wait().unwrap().success());
}

#[tokio::test]
async fn a_daemon_that_is_dropped_is_gone_when_drop_returns() {
    let root = tempfile::tempdir().unwrap();
    let daemon = start(Options::new(root.path(), programs())).await.unwrap();
    let private = private(daemon.socket());

    drop(daemon);

    assert_eq!(traces(root.path(), &private), [""; 0]);
}

#[tokio::test]
async fn nothing_runs_two_seconds_after_its_parent_was_killed_and_the_next_build_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(&mut holder(root.path()));
    let socket = parent.socket();
    let (context, step) = sleeper();
    let mut building = build(&socket, &context);
    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    parent.child.kill().unwrap();
    parent.child.wait().unwrap();
    until("the step is gone", GONE, || processes(&step).is_empty()).await;
    until("the daemon is gone", GONE, || {
        processes(&format!("{}/", root.path().display())).is_empty()
    })
    .await;
    assert!(private(&socket).exists(), "nobody could remove it");
    let next = start(Options::new(root.path(), programs())).await.unwrap();

    assert!(!building.wait().unwrap().success());
    assert_eq!(
        traces(Path::new("/no/root"), &private(&socket)),
        [""; 0],
        "the next daemon sweeps"
    );
    next.stop().await.unwrap();
    assert_eq!(steps_left(root.path()), [""; 0]);
}

#[tokio::test]
async fn a_build_that_waits_goes_on_when_the_other_is_killed() {
    let root = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(&mut holder(root.path()));
    parent.socket();
    let (says, said) = tokio::sync::oneshot::channel();
    let options = Options::new(root.path(), programs());
    let second = tokio::spawn(Daemon::start(options, |_| says.send(()).unwrap()));
    said.await.unwrap();

    parent.child.kill().unwrap();
    parent.child.wait().unwrap();

    second.await.unwrap().unwrap().stop().await.unwrap();
}

// --- machines of other kinds ---

#[tokio::test]
async fn steps_run_where_no_cgroups_are_mounted_and_none_stay_behind() {
    let set_up = "umount -R -l /sys/fs/cgroup";
    let Some(mut holder) = contained(set_up, None) else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(holder.env("HOLD_ROOT", root.path()));
    let socket = parent.socket();
    let context = daemon::Context::new("RUN echo\n");

    let built = build(&socket, &context).wait_with_output().unwrap();

    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    assert_eq!(parent.stop(), ["exit status: 1"]);
    assert_eq!(traces(root.path(), &private(&socket)), [""; 0]);
}

#[tokio::test]
async fn steps_run_where_cgroups_are_version_2_alone() {
    let set_up = "umount -R -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup";
    let Some(mut holder) = contained(set_up, None) else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(holder.env("HOLD_ROOT", root.path()));
    let socket = parent.socket();
    let context = daemon::Context::new("RUN echo\n");

    let built = build(&socket, &context).wait_with_output().unwrap();

    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    assert_eq!(parent.stop(), ["exit status: 1"]);
    assert_eq!(traces(root.path(), &private(&socket)), [""; 0]);
}

/// What a holder says before its socket, when its root is in a directory that `set_up` mounts at `$HOLD_ROOT/..`.
fn warnings_of(set_up: &str, at: &Path) -> Option<Vec<String>> {
    let mut holder = contained(set_up, None)?;
    let mut parent = Parent::start(holder.env("HOLD_ROOT", at.join("root")).env("AT", at));
    let mut warnings = Vec::new();
    loop {
        let line = parent.line();
        match line.strip_prefix("warning ") {
            Some(warning) => warnings.push(warning.to_owned()),
            None => {
                assert!(line.starts_with("socket "), "{line}");
                break;
            }
        }
    }
    parent.stop();
    Some(warnings)
}

#[tokio::test]
async fn a_root_on_an_overlay_is_said_to_be_slow_and_one_that_was_fast_before_to_be_of_no_use() {
    let layers = tempfile::tempdir().unwrap();
    for layer in ["lower", "upper", "work", "merged"] {
        fs::create_dir(layers.path().join(layer)).unwrap();
    }
    let overlay = "cd $AT/..; mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged; \
         ! [ -e /dev/fuse ] || mount --bind /dev/null /dev/fuse";
    let at = layers.path().join("merged");
    let root = at.join("root");

    let first = warnings_of("true", &at);
    fs::rename(&root, layers.path().join("lower/root")).unwrap();
    let second = warnings_of(overlay, &at);

    let Some((first, second)) = first.zip(second) else {
        return;
    };
    let root = root.display();
    assert_eq!(first, [""; 0]);
    assert_eq!(
        second,
        [
            format!(
                "builds are slow here, each step begins with a copy of all files that it starts from (`native`): `{root}` lies on an \
             overlay, which takes no other: name a root on a disk or a volume (`--root`)"
            ),
            format!(
                "`{root}/runc-overlayfs` is of no use to the daemon's way of now (`native`), and can be removed"
            ),
        ]
    );
}

#[tokio::test]
async fn steps_run_where_cgroups_are_read_only_and_none_stay_behind() {
    for set_up in [
        "for mount in /sys/fs/cgroup/* /sys/fs/cgroup; do ! mountpoint -q $mount || mount -o remount,bind,ro $mount; done",
        "umount -R -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; mount -o remount,bind,ro /sys/fs/cgroup",
    ] {
        let Some(mut holder) = contained(set_up, None) else {
            return;
        };
        let root = tempfile::tempdir().unwrap();
        let mut parent = Parent::start(holder.env("HOLD_ROOT", root.path()));
        let socket = parent.socket();
        let context = daemon::Context::new("RUN echo\n");

        let built = build(&socket, &context).wait_with_output().unwrap();

        let log = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{set_up}: {log}");
        assert_eq!(parent.stop(), ["exit status: 1"]);
        assert_eq!(traces(root.path(), &private(&socket)), [""; 0]);
    }
}

/// The hierarchy of version 2 of this machine, in which the next test has a cgroup of its own.
#[tokio::test]
async fn steps_are_below_the_cgroup_of_version_2_that_their_builder_is_in() {
    let group = format!("unit-of-test-{}", std::process::id());
    let set_up = format!(
        "umount -R -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; mkdir /sys/fs/cgroup/{group}; \
         echo $$ >/sys/fs/cgroup/{group}/cgroup.procs"
    );
    let Some(mut holder) = contained(&set_up, None) else {
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let mut parent = Parent::start(holder.env("HOLD_ROOT", root.path()));
    let socket = parent.socket();
    let (context, step) = sleeper();
    let mut building = build(&socket, &context);
    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    let unified = cgroup_of(&step);
    parent.child.kill().unwrap();
    parent.child.wait().unwrap();
    until("the step is gone", GONE, || processes(&step).is_empty()).await;
    building.wait().unwrap();

    let name = private(&socket).file_name().unwrap().to_owned();
    let expected = Path::new("/").join(&group).join(&name);
    assert!(unified.starts_with(&expected), "{}", unified.display());
    start(Options::new(root.path(), programs()))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    assert_eq!(
        traces(root.path(), &private(&socket)),
        [""; 0],
        "the next daemon sweeps, from another cgroup too"
    );
    for hierarchy in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
        let _ = fs::remove_dir(Path::new(hierarchy).join(&group));
    }
}

/// The cgroup of version 2 of the process with that command line.
fn cgroup_of(command: &str) -> PathBuf {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let mut found = entries.filter(|entry| {
        fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
            String::from_utf8_lossy(&line)
                .replace('\0', " ")
                .contains(command)
        })
    });
    let groups = fs::read_to_string(found.next().unwrap().path().join("cgroup")).unwrap();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"));
    group.unwrap().into()
}

#[tokio::test]
async fn an_ordinary_user_builds_and_leaves_nothing() {
    let Some((directory, mut holder)) = user("true") else {
        return;
    };
    let mut parent = Parent::start(&mut holder);
    let socket = parent.socket();
    let context = daemon::Context::new("RUN [ -d /proc/self ]\n");

    let built = build(&socket, &context).wait_with_output().unwrap();

    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    assert_eq!(parent.stop(), ["exit status: 1"]);
    assert_eq!(traces(directory.path(), &private(&socket)), [""; 0]);
    assert_eq!(steps_left(&directory.path().join("root")), [""; 0]);
}

#[tokio::test]
async fn nothing_runs_two_seconds_after_an_ordinary_users_parent_was_killed_and_the_next_build_goes_on()
 {
    let Some((directory, mut holder)) =
        user("mkdir -p /run/runc; mount -t tmpfs -o mode=0700 none /run/runc")
    else {
        return;
    };
    let mut parent = Parent::start(&mut holder);
    let (context, step) = sleeper();
    let mut building = build(&parent.socket(), &context);
    until("the step runs", DEADLINE, || !processes(&step).is_empty()).await;

    parent.child.kill().unwrap();
    parent.child.wait().unwrap();

    until("the step is gone", GONE, || processes(&step).is_empty()).await;
    let root = format!("{}/root", directory.path().display());
    until("the daemon is gone", GONE, || processes(&root).is_empty()).await;
    assert!(!building.wait().unwrap().success());
    let mut next = Parent::start(&mut holder);
    next.socket();
    assert_eq!(next.stop(), ["exit status: 1"], "the next one goes on");
}

#[tokio::test]
async fn an_ordinary_user_whose_procfs_is_masked_builds_without_a_process_sandbox() {
    let Some((_directory, mut holder)) = user("mount -t tmpfs none /proc/tty") else {
        return;
    };
    let mut parent = Parent::start(&mut holder);
    let warning =
        "steps share this machine's PID namespace, because `/proc` is masked here by `/proc/tty`";
    assert_eq!(parent.line(), format!("warning {warning}"));
    let context = daemon::Context::new("RUN [ -d /proc/self ]\n");

    let built = build(&parent.socket(), &context)
        .wait_with_output()
        .unwrap();

    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    assert_eq!(parent.stop(), ["exit status: 1"]);
}

#[tokio::test]
async fn an_ordinary_user_is_told_what_the_machine_lacks() {
    let Some((_directory, mut holder)) =
        user("umount /etc/subgid && mount --bind /dev/null /etc/subgid")
    else {
        return;
    };

    let mut parent = Parent::start(&mut holder);

    let lack = "a range for user `nobody` in `/etc/subgid` (as root: `usermod --add-subgids 100000-165535 nobody`)";
    assert_eq!(
        parent.line(),
        format!("error a build without root lacks {lack}")
    );
}

// --- a process of our own that supervises, and can be killed ---

/// Not a test by itself: what other tests start as a process, so that it can be killed, contained or be another user.
#[tokio::test]
#[ignore = "a process that other tests start"]
async fn holds_a_daemon() {
    let Some(root) = env::var_os("HOLD_ROOT") else {
        return;
    };
    match Daemon::start(Options::new(root, programs()), |_| println!("\nHOLD waits")).await {
        Ok(daemon) => hold(daemon).await,
        Err(error) => println!("\nHOLD error {error}\n{}", error.log().unwrap_or_default()),
    }
}

async fn hold(daemon: Daemon) {
    for warning in daemon.warnings() {
        println!("\nHOLD warning {warning}");
    }
    println!("\nHOLD socket {}", daemon.socket().display());
    tokio::task::spawn_blocking(|| std::io::stdin().lines().last())
        .await
        .unwrap();
    let exit = daemon.stop().await.unwrap();
    for warning in exit.warnings {
        println!("\nHOLD left {warning}");
    }
    println!("\nHOLD {}", exit.status);
}

/// A running `holds_a_daemon`; killed when dropped.
struct Parent {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Parent {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let lines = Box::new(
            lines
                .inspect(|line| println!("{line}"))
                .filter_map(|line| line.strip_prefix("HOLD ").map(str::to_owned)),
        );
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    /// The next thing it says.
    fn line(&mut self) -> String {
        self.lines.next().expect("it says something")
    }

    fn socket(&mut self) -> PathBuf {
        let line = self.line();
        line.strip_prefix("socket ")
            .unwrap_or_else(|| panic!("{line}"))
            .into()
    }

    /// Lets it stop its daemon; what it says then.
    fn stop(&mut self) -> Vec<String> {
        drop(self.stdin.take());
        let said = self.lines.by_ref().collect();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The test that holds a daemon, by its name.
const HOLDER: &str = "engine::daemon::holds_a_daemon";
const HOLD: [&str; 4] = [HOLDER, "--exact", "--ignored", "--nocapture"];

fn holder(root: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(HOLD).env("HOLD_ROOT", root);
    command
}

/// A holder in a mount namespace that `set_up` has changed, as another user if one is named.
fn contained(set_up: &str, user: Option<u32>) -> Option<Command> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can prepare the machine that this test needs");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--", "sh", "-ec"]);
    let become_user =
        user.map(|user| format!("setpriv --reuid {user} --regid {user} --clear-groups "));
    command.arg(format!(
        "{set_up}; exec {}\"$@\"",
        become_user.unwrap_or_default()
    ));
    command
        .arg("sh")
        .arg(env::current_exe().unwrap())
        .args(HOLD);
    Some(command)
}

/// A holder that runs as `nobody`, with ranges of subordinate IDs that only it sees, and its own temporary directory.
fn user(set_up: &str) -> Option<(TempDir, Command)> {
    let engine = daemon::program("buildkitd");
    let helpers =
        ["newuidmap", "rootlesskit", "setpriv"].map(|name| Path::new("/usr/bin").join(name));
    if let Some(missing) = helpers.iter().find(|path| !path.exists()) {
        println!("skipped: `{}` is not installed", missing.display());
        return None;
    }
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let ranges = directory.path().join("ranges");
    fs::write(&ranges, "nobody:200000:65536\n").unwrap();
    std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY)).ok();
    let bind = |file: &str| format!("mount --bind {} {file}", ranges.display());
    let set_up = format!("{}; {}; {set_up}", bind("/etc/subuid"), bind("/etc/subgid"));
    let mut command = contained(&set_up, Some(NOBODY))?;
    command
        .env("HOLD_ROOT", directory.path().join("root"))
        .env("TMPDIR", directory.path())
        .env("OCI_IMAGE_BUILDKITD", engine)
        .env_remove("XDG_RUNTIME_DIR");
    Some((directory, command))
}

/// The daemon with that root, which may have processes of runc below it.
fn pid_of(root: &Path) -> Pid {
    let flag = format!("--root\0{}\0", root.display());
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let daemon = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .find(|pid| {
            fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&flag))
        });
    Pid::from_raw(daemon.unwrap()).unwrap()
}

/// What steps have left in a root that no daemon uses.
fn steps_left(root: &Path) -> Vec<String> {
    let worker = root.join("runc-overlayfs");
    let places = ["executor", "cachemounts"].map(|place| worker.join(place));
    let left = places.iter().filter(|place| place.exists());
    left.map(|place| place.display().to_string()).collect()
}
