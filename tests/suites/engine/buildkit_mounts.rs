//! What steps may mount out of a session: secrets and ssh agents.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use oci_image::boundary::handle::Directory;
use oci_image::boundary::regular_file::RegularFile;
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::secrets::{SECRET_LIMIT, Secret, SecretBytes, SecretSource};
use oci_image::buildkit::solve::{Solve, SolveError};
use oci_image::buildkit::ssh::SshAgent;
use oci_image_tests::daemon::{Context, Daemon, solve};

const MOUNTS: &str = "RUN --mount=type=secret,id=file --mount=type=secret,id=text,required \
                      echo \"$(cat /run/secrets/file || echo none) $(wc -c < /run/secrets/text)\"\n";

fn secret(id: &str, source: SecretSource) -> Secret {
    Secret {
        id: id.into(),
        source,
    }
}

fn text() -> Secret {
    secret("text", SecretSource::Bytes(SecretBytes::new("12345")))
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_reach_the_step_that_mounts_them() {
    let daemon = Daemon::start("").await;
    let context = Context::new(MOUNTS);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "of the file").unwrap();

    let mut asked = context.solve();
    asked.secrets = vec![
        secret(
            "file",
            SecretSource::File(RegularFile::open(file.path()).unwrap()),
        ),
        text(),
    ];
    let outcome = solve(&daemon, asked).await;

    outcome.result.as_ref().unwrap();
    assert!(
        outcome.logs().contains("of the file 5\n"),
        "{}",
        outcome.logs()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_offered_is_absent_and_fails_only_where_it_is_required() {
    let daemon = Daemon::start("").await;
    let context = Context::new(MOUNTS);

    // In this order: a step that has succeeded is not run again, whatever its secrets.
    let required = solve(&daemon, context.solve()).await;
    let mut without_optional = context.solve();
    without_optional.secrets = vec![text()];
    let optional = solve(&daemon, without_optional).await;

    optional.result.as_ref().unwrap();
    assert!(optional.logs().contains("none 5\n"), "{}", optional.logs());
    let Err(SolveError::Failed {
        failure,
        cause: None,
        ..
    }) = required.result
    else {
        panic!("{:?}", required.result)
    };
    assert!(
        failure.message.ends_with("secret text: not found"),
        "{}",
        failure.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_whose_file_has_grown_is_the_cause_of_the_failure() {
    let daemon = Daemon::start("").await;
    let context = Context::new(MOUNTS);
    let file = tempfile::NamedTempFile::new().unwrap();
    let held = RegularFile::open(file.path()).unwrap();
    file.as_file().set_len(SECRET_LIMIT + 1).unwrap();

    let mut asked = context.solve();
    asked.secrets = vec![secret("file", SecretSource::File(held)), text()];
    let error = solve(&daemon, asked).await.result.unwrap_err();

    let SolveError::Failed {
        cause: Some(cause), ..
    } = error
    else {
        panic!("{error:?}")
    };
    let Fault::Secret(error) = &*cause else {
        panic!("{cause:?}")
    };
    assert_eq!(
        error.to_string(),
        "secret `file` is larger than 512000 bytes"
    );
}

/// An agent of OpenSSH with one key; ended when dropped.
struct Agent {
    child: Child,
    directory: tempfile::TempDir,
}

impl Agent {
    /// `None` where OpenSSH is not installed.
    fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let agent = Self { child, directory };
        while !agent.socket().exists() {
            std::thread::yield_now();
        }
        let key = agent.directory.path().join("key");
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "a key", "-f"])
            .arg(&key));
        run(Command::new("ssh-add")
            .arg("-q")
            .arg(&key)
            .env("SSH_AUTH_SOCK", agent.socket()));
        Some(agent)
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("agent")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// A context whose image has this machine's `ssh-add`.
fn with_ssh_add(steps: &str) -> Context {
    let context = Context::new(&format!("COPY root/ /\n{steps}"));
    let listed = Command::new("ldd")
        .arg("/usr/bin/ssh-add")
        .output()
        .unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let libraries = text.split_whitespace().filter(|word| word.starts_with('/'));
    for file in libraries.chain(["/usr/bin/ssh-add"]) {
        let copy = context
            .path()
            .join("root")
            .join(file.strip_prefix('/').unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(file, copy).unwrap();
    }
    context
}

fn offering(context: &Context, socket: &Path) -> Solve {
    let agent = SshAgent::open(
        "default",
        &Directory::open("/").unwrap(),
        &[socket.to_owned()],
    )
    .unwrap();
    Solve {
        ssh: vec![agent],
        ..context.solve()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_lists_its_keys_to_a_step_and_does_not_forget_them() {
    let Some(agent) = Agent::start() else {
        println!("skipped: ssh-agent is not installed");
        return;
    };
    let daemon = Daemon::start("").await;
    let context = with_ssh_add(
        "RUN --mount=type=ssh /usr/bin/ssh-add -l; /usr/bin/ssh-add -D || echo refused\n",
    );

    let outcome = solve(&daemon, offering(&context, &agent.socket())).await;

    outcome.result.as_ref().unwrap();
    let logs = outcome.logs();
    assert!(logs.contains("a key (ED25519)"), "{logs}");
    assert!(logs.contains("refused"), "{logs}");
    let listed = Command::new("ssh-add")
        .arg("-l")
        .env("SSH_AUTH_SOCK", agent.socket())
        .output()
        .unwrap();
    assert!(String::from_utf8(listed.stdout).unwrap().contains("a key"));
}
