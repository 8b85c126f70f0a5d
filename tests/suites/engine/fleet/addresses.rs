//! Every form of an address, with a real daemon behind it: sockets, ports, and programs that reach it by `buildctl dial-stdio`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use oci_image_tests::archive::Archive;
use oci_image_tests::builder::{Builder, free_port};
use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

/// A build of one file on a builder.
fn built(place: &Workplace, address: &str, path: Option<&Path>) -> Run {
    place.dockerfile("FROM scratch\nCOPY busybox /busybox\n");
    let object = json!({"context": "context", "output": "image"});
    let file = place.write("object.json", object.to_string());
    let mut command = place.command(&[
        "build",
        "--builder",
        address,
        "--builder-wait",
        "0s",
        "--root",
    ]);
    command.arg(place.root()).arg(file);
    if let Some(path) = path {
        command.env("PATH", format!("{}:{}", path.display(), engine::path()));
    }
    place.run_command(command, b"")
}

/// A program that tells how it was called, and is that by which others reach a daemon.
fn stand_in(directory: &Path, name: &str, socket: &Path) {
    let program = directory.join(name);
    let said = directory.join(format!("{name}.said"));
    let text = format!(
        "#!/bin/sh\necho \"$@\" > {}\nexec buildctl --addr unix://{} dial-stdio\n",
        said.display(),
        socket.display()
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_builder_is_reached_by_a_socket_and_by_a_port() {
    let builder = Builder::start();
    let place = Workplace::new();
    for address in [
        format!("unix://{}", builder.socket().display()),
        builder.address(),
        format!("tcp://localhost:{}", builder.port()),
    ] {
        let run = built(&place, &address, None).expect(0);

        assert!(run.stderr.contains("building on `"), "{}", run.stderr);
        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(
            archive.entry("busybox").unwrap().contents,
            fs::read(engine::busybox()).unwrap()
        );
        assert!(
            !place.root().join("runc-overlayfs").exists(),
            "a daemon was started"
        );
    }
}

#[test]
fn a_builder_is_reached_by_each_program() {
    let builder = Builder::start();
    let place = Workplace::new();
    let programs = place.temporary();
    for (address, name, called) in [
        (
            "docker-container://far?context=there",
            "docker",
            "--context=there exec -i far buildctl dial-stdio",
        ),
        (
            "podman-container://far",
            "podman",
            "exec -i far buildctl dial-stdio",
        ),
        (
            "nerdctl-container://far?namespace=k8s.io",
            "nerdctl",
            "--namespace=k8s.io exec -i far buildctl dial-stdio",
        ),
        (
            "kube-pod://far-0?context=there&namespace=ci&container=daemon",
            "kubectl",
            "--context=there --namespace=ci exec -i --container=daemon far-0 -- buildctl dial-stdio",
        ),
        (
            "ssh://me@far:2222",
            "ssh",
            "-o BatchMode=yes -l me -p 2222 -- far buildctl dial-stdio",
        ),
    ] {
        stand_in(&programs, name, &builder.socket());

        let _ = built(&place, address, Some(&programs)).expect(0);

        let said = fs::read_to_string(programs.join(format!("{name}.said"))).unwrap();
        assert_eq!(said.trim(), called);
    }
    assert_eq!(place.processes("dial-stdio"), Vec::<u32>::new());
}

#[test]
fn a_program_that_cannot_reach_a_builder_is_heard() {
    let place = Workplace::new();
    let programs = place.temporary();
    let program = programs.join("kubectl");
    fs::write(
        &program,
        "#!/bin/sh\necho 'pods \"far-0\" not found' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();

    let run = built(&place, "kube-pod://far-0", Some(&programs)).expect(3);

    assert!(
        run.stderr.contains("pods \"far-0\" not found"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_builder_is_reached_by_a_real_ssh() {
    let builder = Builder::start();
    let place = Workplace::new();
    let home = place.temporary();
    let port = free_port();
    let path = |name: &str| home.join(name).display().to_string();
    for key in ["host", "client"] {
        let mut keygen = Command::new("ssh-keygen");
        let made = keygen
            .args(["-q", "-t", "ed25519", "-N", "", "-f", &path(key)])
            .status();
        assert!(made.unwrap().success());
    }
    fs::copy(path("client.pub"), path("authorized")).unwrap();
    // Whoever logs in finds this program in place of any that they ask for.
    let command = format!(
        "ForceCommand {}/buildctl --addr unix://{} dial-stdio",
        engine::directory().display(),
        builder.socket().display()
    );
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nPidFile none\nUsePAM no\n{command}\n",
        path("host"),
        path("authorized")
    );
    fs::write(path("sshd_config"), config).unwrap();
    fs::create_dir_all("/run/sshd").unwrap();
    let mut sshd = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f", &path("sshd_config")])
        .spawn()
        .unwrap();
    place.wait_for("sshd to listen", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    let host_key = fs::read_to_string(path("host.pub")).unwrap();
    fs::write(path("known"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
    let options = format!(
        "-o IdentityFile={} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
        path("client"),
        path("known")
    );
    let programs = home.join("programs");
    fs::create_dir(&programs).unwrap();
    fs::write(
        programs.join("ssh"),
        format!("#!/bin/sh\nexec /usr/bin/ssh -F none {options} \"$@\"\n"),
    )
    .unwrap();
    fs::set_permissions(programs.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();

    let run = built(&place, &format!("ssh://127.0.0.1:{port}"), Some(&programs));

    let _ = sshd.kill();
    let _ = sshd.wait();
    let _ = run.expect(0);
}

#[test]
fn what_is_no_address_is_told_with_every_mistake() {
    let place = Workplace::new();
    let mut command = place.command(&[
        "build",
        "object.json",
        "--builder",
        "tpc://a:1",
        "--builder",
    ]);
    place.write(
        "object.json",
        r#"{"context": "context", "output": "image"}"#,
    );
    command.arg("tcp://b");

    let run = place.run_command(command, b"").expect(2);

    assert!(
        run.stderr.contains("did you mean `tcp://`?"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("`tcp://b` names no port"),
        "{}",
        run.stderr
    );
}
