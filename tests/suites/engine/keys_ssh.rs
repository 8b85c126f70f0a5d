//! `buildkit_ssh`: steps sign with an agent's keys or with private key files, and no key ever leaves the program.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use oci_image_tests::archive::Archive;
use oci_image_tests::secrecy::Secrets;
use oci_image_tests::workplace::Workplace;
use serde_json::json;
use tempfile::TempDir;

const LIST: &str = "RUN --mount=type=ssh,id=deploy,required=true ssh-add -l > /keys";

/// Every kind of key that is read, as `ssh-keygen` is asked for it.
const KINDS: &[(&str, &[&str])] = &[
    ("ed25519", &["-t", "ed25519"]),
    ("ecdsa256", &["-t", "ecdsa", "-b", "256"]),
    ("ecdsa384", &["-t", "ecdsa", "-b", "384"]),
    ("rsa", &["-t", "rsa", "-b", "2048"]),
    ("rsa4096", &["-t", "rsa", "-b", "4096"]),
    ("rsa_pkcs1", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
    ("rsa_pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
    ("ecdsa_pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
    ("ecdsa_sec1", &["-t", "ecdsa", "-m", "PEM"]),
    ("ecdsa384_sec1", &["-t", "ecdsa", "-b", "384", "-m", "PEM"]),
];

/// A passphrase that nobody may see.
const PHRASE: &str = "xyzzy-phrase";

/// A new key in the file `path`, and its public half beside it.
fn keygen(arguments: &[&str], path: &Path) {
    let mut generate = Command::new("ssh-keygen");
    generate.arg("-q").args(arguments).arg("-f").arg(path);
    assert!(generate.status().unwrap().success(), "{generate:?}");
}

/// The lines of a private key file that only its owner may know; of an ed25519 key the bytes as well.
fn secret_lines(key: &Path, public: &Path) -> Vec<Vec<u8>> {
    let public = fs::read_to_string(public).unwrap();
    let text = fs::read_to_string(key).unwrap();
    let lines: Vec<&str> = text
        .lines()
        // The first line of OpenSSH's format says what it is, and the public half stands in the file too.
        .filter(|line| line.len() > 60 && !line.starts_with("b3Blb") && !public.contains(line))
        .collect();
    // An RSA key's modulus stands a second time, in front of what is secret.
    let secret = &lines[lines.len() * 2 / 3..];
    let texts = secret.iter().map(|line| line.as_bytes().to_vec());
    texts.chain(seed(key)).collect()
}

/// The private half of an ed25519 key as bytes: in front of the last public half.
fn seed(key: &Path) -> Option<Vec<u8>> {
    let mut decode = Command::new("sh");
    decode.args(["-c", "grep -v ^--- \"$1\" | base64 -d", "sh"]);
    let contents = decode.arg(key).output().unwrap().stdout;
    let name = b"ssh-ed25519\0\0\0\x20";
    let at = contents
        .windows(name.len())
        .position(|window| window == name)?;
    let public = &contents[at + name.len()..][..32];
    let last = contents.windows(32).rposition(|window| window == public)?;
    Some(contents[last - 32..last].to_vec())
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
        keygen(&["-t", "ed25519", "-N", "", "-C", "a test's key"], &key);
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(&key).env("SSH_AUTH_SOCK", agent.socket());
        assert!(add.status().unwrap().success());
        agent
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("agent")
    }

    fn secrets(&self) -> Secrets {
        let key = self.home.path().join("key");
        Secrets::new(secret_lines(&key, &key.with_extension("pub")))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stage with programs of this machine's OpenSSH, and steps with them.
fn ssh_dockerfile(place: &Workplace, steps: &str) {
    let programs = ["/usr/bin/ssh-add", "/usr/bin/ssh-keygen"];
    let listed = place.output("ldd", &programs);
    let libraries = listed
        .split_whitespace()
        // `/usr/bin/ssh-add:` heads the libraries of each.
        .filter(|word| word.starts_with('/') && !word.ends_with(':'));
    for file in libraries.chain(programs) {
        place.write(&format!("context/root{file}"), fs::read(file).unwrap());
        place.executable(&format!("context/root{file}"));
    }
    // ssh-keygen wants to know who it is.
    place.write("context/root/etc/passwd", "root:x:0:0::/:/bin/sh\n");
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nCOPY root/ /\nCOPY public* /public/\n{steps}\n"
    ));
}

#[test]
fn ssh_agent_is_lent_to_the_step() {
    let place = Workplace::new();
    ssh_dockerfile(&place, LIST);
    let agent = Agent::start(&place);
    let ssh = format!("deploy={}", agent.socket().display());

    let run = place
        .build(&json!({"context": "context", "output": "image", "buildkit_ssh": ssh}))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let keys = archive.text("keys");
    assert!(keys.contains("a test's key (ED25519)"), "{keys}");
    assert!(
        !agent.secrets().show_in(run.stderr.as_bytes()),
        "{}",
        run.stderr
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn ssh_agent_of_the_environment_is_the_default() {
    let place = Workplace::new();
    ssh_dockerfile(&place, LIST);
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

/// Keys of these kinds below `keys/`, and their public halves in the context; the paths and what may not show.
fn keys(place: &Workplace, kinds: &[(&str, &[&str])]) -> (Vec<String>, Secrets) {
    fs::create_dir_all(place.path("keys")).unwrap();
    fs::create_dir_all(place.path("context/public")).unwrap();
    let mut paths = Vec::new();
    let mut secrets = Vec::new();
    for (name, arguments) in kinds {
        let path = place.path(format!("keys/{name}"));
        keygen(&[*arguments, &["-N", "", "-C", name]].concat(), &path);
        let public = place.path(format!("context/public/{name}.pub"));
        fs::rename(path.with_extension("pub"), &public).unwrap();
        secrets.extend(secret_lines(&path, &public));
        paths.push(format!("keys/{name}"));
    }
    (paths, Secrets::new(secrets))
}

#[test]
fn steps_sign_with_private_keys_which_show_nowhere() {
    let place = Workplace::new();
    let (paths, secrets) = keys(&place, KINDS);
    let mark = place.mark();
    // `-T` has the agent sign and verifies with the public key, `-Y` does so by `rsa-sha2-512` where the key is RSA; `-D`
    // asks for what no step may do.
    ssh_dockerfile(
        &place,
        &format!(
            "RUN --mount=type=ssh,required=true ssh-add -l > /listed && ssh-add -T /public/*.pub && \\\n    \
             for key in /public/*.pub; do ssh-keygen -q -Y sign -n test -f $key /bin/busybox && \\\n    \
             ssh-keygen -Y check-novalidate -n test -s /bin/busybox.sig < /bin/busybox && \\\n    \
             rm /bin/busybox.sig || exit 1; done; \\\n    \
             ! ssh-add -D && ssh-add -l | cmp - /listed && {{ sleep {mark} || true; }}"
        ),
    );
    fs::create_dir(place.path("cache")).unwrap();
    let object = json!({
        "context": "context", "output": "image", "cache": true, "debug": true, "unpack_rootfs": true,
        "buildkit_ssh": format!("default={}", paths.join(",")),
    });

    let mut child = place.start_build(&object);
    let step = format!("sleep {mark}");
    let sleeping = || {
        place.processes(&step).into_iter().find(|pid| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\0"))
        })
    };
    place.wait_for("the step to have signed", || {
        sleeping().is_some() || child.try_wait().unwrap().is_some()
    });
    assert_eq!(secrets.telling_processes(), Vec::<PathBuf>::new());
    if let Some(step) = sleeping() {
        place.signal_process(step, "SIGKILL");
    }
    let run = place.finish(child).expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let listed = archive.text("listed");
    for (path, (name, _)) in paths.iter().zip(KINDS) {
        let public = format!("context/public/{name}.pub");
        let fingerprint = place.output("ssh-keygen", &["-l", "-f", &public]);
        let fingerprint = fingerprint.split(' ').nth(1).unwrap();
        assert!(listed.contains(fingerprint), "{path} is not in\n{listed}");
    }
    for layer in &archive.layers {
        assert!(!layer.values().any(|entry| secrets.show_in(&entry.contents)));
    }
    assert!(!secrets.show_in(run.stderr.as_bytes()), "{}", run.stderr);
    assert!(!secrets.show_in(run.stdout.as_bytes()), "{}", run.stdout);
    // The daemon's root and log, the cache, the image, `rootfs/`, the response, temporary files.
    let home = place.path("..").canonicalize().unwrap();
    let mut given: Vec<PathBuf> = paths
        .iter()
        .map(|path| home.join("work").join(path))
        .collect();
    given.sort();
    assert_eq!(secrets.holders(&home), given);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn plan_does_not_read_a_private_key() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let (paths, secrets) = keys(&place, &KINDS[..2]);
    let ssh = format!("default={}", paths.join(","));
    let object = json!({"context": "context", "output": "image", "buildkit_ssh": ssh});
    let message = json!({"object": object, "response_path": "/dev/null"}).to_string();

    let plan = place.run(&["plan"], message.as_bytes()).expect(0);

    assert!(plan.stdout.contains("keys/ecdsa256"), "{}", plan.stdout);
    assert!(!secrets.show_in(plan.stdout.as_bytes()), "{}", plan.stdout);
    assert!(!secrets.show_in(plan.stderr.as_bytes()), "{}", plan.stderr);
}

/// Keys by the names of their files, with what `ssh-keygen` is told.
const KEYS: [(&str, &[&str]); 9] = [
    ("good", &["-t", "ed25519", "-N", ""]),
    ("encrypted", &["-t", "ed25519", "-N", PHRASE]),
    ("encrypted_pem", &["-t", "rsa", "-m", "PEM", "-N", PHRASE]),
    (
        "encrypted_sec1",
        &["-t", "ecdsa", "-m", "PEM", "-N", PHRASE],
    ),
    (
        "encrypted_pkcs8",
        &["-t", "rsa", "-m", "PKCS8", "-N", PHRASE],
    ),
    ("weak", &["-t", "rsa", "-N", "", "-b", "1024"]),
    ("p521", &["-t", "ecdsa", "-b", "521", "-N", ""]),
    (
        "p521_sec1",
        &["-t", "ecdsa", "-b", "521", "-N", "", "-m", "PEM"],
    ),
    (
        "p521_pkcs8",
        &["-t", "ecdsa", "-b", "521", "-N", "", "-m", "PKCS8"],
    ),
];

#[test]
fn ssh_paths_that_do_not_serve_are_refused_before_the_daemon_starts() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let agent = Agent::start(&place);
    place.write("keys/none", "a key");
    for (name, arguments) in KEYS {
        keygen(arguments, &place.path(format!("keys/{name}")));
    }
    let socket = agent.socket().display().to_string();
    let good = place.path("keys/good");
    let secrets = Secrets::new(secret_lines(&good, &good.with_extension("pub")));
    let cases = [
        (
            "keys/absent".to_owned(),
            "the agent `deploy` does not exist",
        ),
        ("keys/none".to_owned(), "it is no private key of OpenSSH"),
        ("keys/good,keys/encrypted".to_owned(), "it is encrypted"),
        ("keys/encrypted_pem".to_owned(), "it is encrypted"),
        ("keys/encrypted_pkcs8".to_owned(), "it is encrypted"),
        ("keys/encrypted_sec1".to_owned(), "it is encrypted"),
        ("keys/p521".to_owned(), "of type `ecdsa-sha2-nistp521`"),
        ("keys/p521_sec1".to_owned(), "of type `ecdsa-sha2-nistp521`"),
        (
            "keys/p521_pkcs8".to_owned(),
            "of type `ecdsa-sha2-nistp521`",
        ),
        ("keys/weak".to_owned(), "RSA keys have 2048 to 4096 bits"),
        (format!("keys/good,{socket}"), "beside other paths"),
    ];
    for (paths, message) in cases {
        let ssh = format!("deploy={paths}");
        let run = place
            .build(&json!({"context": "context", "output": "image", "buildkit_ssh": ssh}))
            .expect(2);

        assert!(run.stderr.contains(message), "{}", run.stderr);
        assert!(!secrets.show_in(run.stderr.as_bytes()), "{}", run.stderr);
        assert!(!run.stderr.contains(PHRASE), "{}", run.stderr);
        assert!(!place.root().exists(), "the daemon was started");
        assert_eq!(place.names("image"), Vec::<String>::new());
    }
}
