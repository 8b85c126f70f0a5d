//! `buildkit_secrets`, `buildkit_ssh`: steps can use them, and nobody else ever sees them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an object reads best where it is used, without a borrow"
)]

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILE_SECRET: &str = "xyzzy-file-5b1f0c";
const TEXT_SECRET: &str = "plugh-text-9a77de";

/// Every file below a directory that holds one of the secrets.
fn holders(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holders(&entry.path()));
        } else if kind.is_file() && shows(&fs::read(entry.path()).unwrap()) {
            found.push(entry.path());
        }
    }
    found
}

fn shows(bytes: &[u8]) -> bool {
    [FILE_SECRET, TEXT_SECRET].iter().any(|secret| {
        bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    })
}

/// Command lines and environments of all processes that hold one of the secrets.
fn telling_processes() -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .flat_map(|process| ["cmdline", "environ"].map(|file| process.path().join(file)))
        .filter(|file| fs::read(file).is_ok_and(|bytes| shows(&bytes)))
        .collect()
}

/// A build whose step has the secrets mounted while `look` is called.
fn build_and_look(place: &Workplace, look: impl FnOnce()) -> Run {
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=file --mount=type=secret,id=text,target=/text \\\n    \
         cat /run/secrets/file /text | md5sum > /sum; sleep {mark} || true\n"
    ));
    let child = place.start_build(&object());
    let step = format!("sleep {mark}");
    let sleeping = || -> Option<u32> {
        let sleeps = |pid: &u32| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\0"))
        };
        place.processes(&step).into_iter().find(sleeps)
    };
    place.wait_for("the step to hold its secrets", || sleeping().is_some());
    look();
    place.signal_process(sleeping().unwrap(), "SIGKILL");
    place.finish(child)
}

fn object() -> Value {
    json!({
        "context": "context", "output": "image", "cache": true, "debug": true, "unpack_rootfs": true,
        "buildkit_secrets": {"file": "secrets/token", "text": {"text": TEXT_SECRET}},
    })
}

fn place() -> Workplace {
    let place = Workplace::new();
    place.write("secrets/token", FILE_SECRET);
    fs::create_dir(place.path("cache")).unwrap();
    place
}

#[test]
fn secrets_reach_the_step_and_show_nowhere_else() {
    let place = place();

    let run = build_and_look(&place, || {
        assert_eq!(telling_processes(), Vec::<PathBuf>::new());
        assert_eq!(holders(&place.path("image")), Vec::<PathBuf>::new());
    })
    .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let sum = place.output(
        "sh",
        &["-c", &format!("printf {FILE_SECRET}{TEXT_SECRET} | md5sum")],
    );
    assert_eq!(archive.text("sum"), sum);
    for layer in &archive.layers {
        assert!(!layer.values().any(|entry| shows(&entry.contents)));
    }
    assert!(!shows(run.stderr.as_bytes()), "{}", run.stderr);
    assert!(!shows(run.stdout.as_bytes()), "{}", run.stdout);
    // The daemon's root and log, the cache, the image, `rootfs/`, the response, temporary files.
    assert_eq!(
        holders(&place.path("..").canonicalize().unwrap()),
        [place
            .path("..")
            .canonicalize()
            .unwrap()
            .join("work/secrets/token")]
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn plan_and_diagnostics_do_not_show_a_secret() {
    let place = place();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let mut wrong = object();
    wrong["buildkit_secrets"]["third"] = json!({"txet": TEXT_SECRET});

    let message =
        |object: &Value| json!({"object": object, "response_path": "/dev/null"}).to_string();

    let plan = place
        .run(&["plan"], message(&object()).as_bytes())
        .expect(0);
    let refused = place.run(&["build"], message(&wrong).as_bytes()).expect(2);

    for run in [plan, refused] {
        assert!(!shows(run.stdout.as_bytes()), "{}", run.stdout);
        assert!(!shows(run.stderr.as_bytes()), "{}", run.stderr);
    }
}

#[test]
fn secret_that_is_not_offered_fails_the_step_that_requires_it() {
    let place = place();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=other,required=true cat /run/secrets/other\n",
    );

    let run = place.build(&object()).expect(1);

    assert!(run.stderr.contains("other"), "{}", run.stderr);
    assert!(run.stderr.contains("Dockerfile:5"), "{}", run.stderr);
}

/// Refused with status 2 before a daemon is started, and `parts` say why.
fn refused(place: &Workplace, secrets: Value, parts: &[&str]) {
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image", "buildkit_secrets": secrets});

    let run = place.build(&object).expect(2);

    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    assert!(!place.root().exists(), "the daemon was started");
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn secret_whose_file_is_missing_is_refused() {
    refused(
        &Workplace::new(),
        json!({"token": "secrets/none"}),
        &["`secrets/none`", "does not exist"],
    );
}

#[test]
fn secret_larger_than_500_kib_is_refused() {
    let place = Workplace::new();
    place.write("secrets/large", vec![b'x'; 500 * 1024 + 1]);

    refused(
        &place,
        json!({"token": "secrets/large"}),
        &["`secrets/large`", "more than 512000 bytes"],
    );
    refused(
        &place,
        json!({"token": {"text": "x".repeat(500 * 1024 + 1)}}),
        &["`token`", "more than 512000 bytes"],
    );
}

#[test]
fn secret_of_500_kib_reaches_the_step() {
    let place = Workplace::new();
    place.write("secrets/large", vec![b'x'; 500 * 1024]);
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=large --mount=type=secret,id=text \\\n    \
         cat /run/secrets/large /run/secrets/text | wc -c > /size\n",
    );

    let _ = place
        .build(&json!({
            "context": "context", "output": "image",
            // A line break takes two bytes in JSON: what counts is the text.
            "buildkit_secrets": {"large": "secrets/large", "text": {"text": "\n".repeat(500 * 1024)}},
        }))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("size"), "1024000\n");
}

/// An agent of OpenSSH with one key; ended when dropped.
struct Agent {
    child: Child,
    home: TempDir,
}

impl Agent {
    fn start(place: &Workplace) -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { child, home };
        place.wait_for("the agent's socket", || {
            fs::metadata(agent.socket()).is_ok_and(|file| file.file_type().is_socket())
        });
        let key = agent.home.path().join("key");
        let mut generate = Command::new("ssh-keygen");
        generate.args(["-q", "-t", "ed25519", "-N", "", "-C", "a test's key", "-f"]);
        assert!(generate.arg(&key).status().unwrap().success());
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(&key).env("SSH_AUTH_SOCK", agent.socket());
        assert!(add.status().unwrap().success());
        agent
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("agent")
    }

    /// The key's secret half, a line of it.
    fn secret(&self) -> String {
        let key = fs::read_to_string(self.home.path().join("key")).unwrap();
        key.lines().nth(2).unwrap().to_owned()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stage with this machine's `ssh-add`, which lists an agent's keys.
fn ssh_dockerfile(place: &Workplace) {
    let listed = place.output("ldd", &["/usr/bin/ssh-add"]);
    let libraries = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    for file in libraries.chain(["/usr/bin/ssh-add"]) {
        place.write(&format!("context/root{file}"), fs::read(file).unwrap());
        place.executable(&format!("context/root{file}"));
    }
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nCOPY root/ /\nRUN --mount=type=ssh,id=deploy,required=true ssh-add -l > /keys\n",
    );
}

#[test]
fn ssh_agent_is_lent_to_the_step() {
    let place = Workplace::new();
    ssh_dockerfile(&place);
    let agent = Agent::start(&place);
    let ssh = format!("deploy={}", agent.socket().display());

    let run = place
        .build(&json!({"context": "context", "output": "image", "buildkit_ssh": ssh}))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let keys = archive.text("keys");
    assert!(keys.contains("a test's key (ED25519)"), "{keys}");
    assert!(!run.stderr.contains(&agent.secret()), "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn ssh_agent_of_the_environment_is_the_default() {
    let place = Workplace::new();
    ssh_dockerfile(&place);
    let agent = Agent::start(&place);
    let root = place.root();
    let mut command = place.command(&["build", "--root", root.to_str().unwrap()]);
    command.env("SSH_AUTH_SOCK", agent.socket());
    let message = json!({
        "object": {"context": "context", "output": "image", "buildkit_ssh": "deploy"},
        "response_path": "/dev/null",
    });

    let _ = place
        .run_command(command, message.to_string().as_bytes())
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert!(archive.text("keys").contains("a test's key (ED25519)"));
}

#[test]
fn ssh_agent_that_is_none_is_refused_before_the_daemon_starts() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    place.write("keys/one", "a key");
    place.write("keys/two", "another");
    let cases = [
        ("deploy=keys/none", "`keys/none` does not exist"),
        (
            "deploy=keys/one",
            "which is not a socket; start `ssh-agent`",
        ),
        ("deploy=keys/one,keys/two", "is given several paths"),
    ];
    for (ssh, message) in cases {
        let run = place
            .build(&json!({"context": "context", "output": "image", "buildkit_ssh": ssh}))
            .expect(2);

        assert!(run.stderr.contains(message), "{}", run.stderr);
        assert!(!place.root().exists(), "the daemon was started");
        assert_eq!(place.names("image"), Vec::<String>::new());
    }
}
