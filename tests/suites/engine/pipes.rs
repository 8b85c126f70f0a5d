//! Pipes, sockets and devices where the request names a file: told, and not waited for.

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use oci_image_tests::workplace::Workplace;
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};

fn pipe(path: &Path) {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

fn object(key: &str, value: &Value) -> Value {
    json!({"context": "context", "output": "image", key: value})
}

#[test]
fn request_that_names_what_may_never_send_a_byte_is_wrong_at_that_place() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\n");
    place.write("pem", "");
    pipe(&place.path("pipe"));
    let _listener = UnixListener::bind(place.path("socket")).unwrap();
    let registry = |certificates: Value| json!({"a.test": certificates});
    for (path, kind) in [
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("/dev/zero", "a device"),
    ] {
        for (key, value) in [
            ("buildkit_secrets", json!({"id": path})),
            ("build_args_file", json!(path)),
            ("labels_file", json!(path)),
            ("target_file", json!(path)),
            ("dockerfile", json!(path)),
            ("image_args", json!([format!("base={path}")])),
            ("registries", registry(json!({"ca": [path]}))),
            (
                "registries",
                registry(json!({"keypair": [{"key": path, "cert": "pem"}]})),
            ),
            (
                "registries",
                registry(json!({"keypair": [{"key": "pem", "cert": path}]})),
            ),
            ("buildkit_ssh", json!(format!("default={path}"))),
        ] {
            if (key, path) == ("buildkit_ssh", "socket") {
                continue; // an agent's
            }
            let run = place.send(&["plan"], &object(key, &value)).expect(2);

            // What is given as the path of a secret may be its text.
            let named = match key {
                "buildkit_secrets" => "id",
                "buildkit_ssh" => "default",
                _ => path,
            };
            let told = format!("`{named}`: it is {kind}, neither a file nor a directory");
            let place = format!("\"{key}\":");
            for part in ["unreadable-file", &told, &place] {
                assert!(
                    run.stderr.contains(part),
                    "{key}: no {part:?} in {}",
                    run.stderr
                );
            }
        }
    }
}

#[test]
fn ignore_file_that_is_a_pipe_is_told_and_not_left_to_the_daemon() {
    for (dockerfile, name) in [
        ("context/Dockerfile", "context/.dockerignore"),
        ("ci/app.Dockerfile", "ci/app.Dockerfile.dockerignore"),
    ] {
        let place = Workplace::new();
        place.write(dockerfile, "FROM scratch\nCOPY busybox /\n");
        pipe(&place.path(name));

        let run = place
            .build(&object("dockerfile", &json!(dockerfile)))
            .expect(2);

        let told = format!("cannot read `{name}`: it is a pipe, neither a file nor a directory");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
}

#[test]
fn null_device_is_an_empty_file() {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=none test ! -s /run/secrets/none\n",
    );
    let secret = object("buildkit_secrets", &json!({"none": "/dev/null"}));
    let labels = object("labels_file", &json!("/dev/null"));

    let _ = place.build(&secret).expect(0);
    let _ = place.send(&["plan"], &labels).expect(0);
}

#[test]
fn index_of_the_cache_that_is_a_pipe_costs_the_cache_and_not_the_build() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    fs::create_dir(place.path("cache")).unwrap();
    pipe(&place.path("cache/index.json"));

    let run = place.build(&object("cache", &json!(true))).expect(0);

    let told = "index.json`: it is a pipe, neither a file nor a directory";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn request_may_come_through_a_pipe_and_one_that_stays_silent_is_told() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\n");
    pipe(&place.path("pipe"));
    for (arguments, told, through) in [
        (
            &["plan", "pipe"][..],
            "`pipe` has been silent for 2 s; still waiting for a message or an object\n",
            true,
        ),
        (
            &["plan"],
            "standard input has been silent for 2 s; still waiting for a message or an object (`oci-image plan FILE` reads a file)\n",
            false,
        ),
    ] {
        let mut command = place.command(arguments);
        command.stderr(fs::File::create(place.path("stderr")).unwrap());
        let mut child = command.spawn().unwrap();

        place.wait_up_to(Duration::from_secs(30), "the silence to be told", || {
            place.read("stderr") == told
        });
        let text = r#"{"context": "context", "output": "image"}"#;
        let mut stdin = child.stdin.take().unwrap();
        if through {
            fs::write(place.path("pipe"), text).unwrap();
        } else {
            stdin.write_all(text.as_bytes()).unwrap();
        }
        drop(stdin);
        let run = place.finish(child).expect(0);

        assert_eq!(place.read("stderr"), told, "it is told once");
        assert!(run.stdout.contains("\"solves\""), "{}", run.stdout);
    }
}

#[test]
fn program_called_build_tells_that_its_pipe_is_silent() {
    let place = Workplace::new();
    std::os::unix::fs::symlink(oci_image_tests::engine::program(), place.path("../build")).unwrap();
    let mut command = std::process::Command::new(place.path("../build"));
    command
        .current_dir(place.path(""))
        .stdin(std::process::Stdio::piped());
    command.stderr(fs::File::create(place.path("stderr")).unwrap());
    let child = command.spawn().unwrap();

    place.wait_for("the silence to be told", || {
        place
            .read("stderr")
            .ends_with("`oci-image task` what a task's parameters describe)\n")
    });
    place.signal(&child, "SIGTERM");
    let _ = place.finish(child).expect(143);
}

#[test]
fn answer_goes_through_a_pipe_that_is_read_and_waits_for_no_other() {
    let place = Workplace::new();
    pipe(&place.path("pipe"));
    let message =
        json!({"object": {"context": "context", "output": "image"}, "response_path": "pipe"})
            .to_string();

    let run = place.run(&[], message.as_bytes()).expect(2);
    let told = "error: cannot write the response to `pipe`\n  cause: nobody reads that pipe\n";
    assert_eq!(run.stderr, told);

    let path = place.path("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(path).unwrap());
    let _ = place.run(&[], message.as_bytes()).expect(0);
    assert!(reader.join().unwrap().starts_with("{\"interface_version\""));
}
