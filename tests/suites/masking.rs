//! Secrets in requests that are wrong: whatever sign is missing, too much or another, no output of the program tells the secret; and
//! brackets without end cost no memory.
//!
//! The same edits are tried in another way within `host/src/request`: there against each single report, here as the program prints
//! them.

use std::fs::{self, File};
use std::process::Stdio;

use oci_image_tests::attacks;
use oci_image_tests::memory::Watch;
use oci_image_tests::secrecy::Secrets;
use oci_image_tests::workplace::Workplace;

/// One that an edit may cut in halves.
const SECRET: &str = "hunter2hunter3given4given5";

/// One that only one test has, which looks at every process of the machine.
const OTHER: &str = "swordfish5swordfish6swordfish7";

/// Names of files, and what is in them.
const REQUESTS: [(&str, &str); 6] = [
    (
        "message.json",
        r#"{"object": {"context": "context", "output": "image", "buildkit_secrets": {"a": {"text": "VALUE"}}}, "response_path": "r"}"#,
    ),
    (
        "object.json",
        r#"{"context": "context", "output": "image", "buildkit_secrets": {"b": "VALUE"}, "target": "app"}"#,
    ),
    (
        "object.yml",
        "context: context\noutput: image\nbuildkit_secrets:\n  a: {text: \"VALUE\"}\n  b: VALUE\n",
    ),
    (
        "task.yml",
        "platform: linux\nrun: {path: build}\nparams:\n  BUILDKIT_SECRETTEXT_a: &a VALUE\n  CONTEXT: context\n  DOCKERFILE: *a\n",
    ),
    (
        "caches.json",
        r#"{"context": "context", "output": "image", "cache_to": ["type=gha,token=VALUE,mode=max"]}"#,
    ),
    (
        "caches.yml",
        "platform: linux\nrun: {path: build}\nparams:\n  CACHE_TO: |\n    type=gha,url=u,token=VALUE\n    type=inline\n",
    ),
];

/// The parameter of a task that holds a secret.
const PARAMETER: &str = "BUILDKIT_SECRETTEXT_a";

fn secrets() -> Secrets {
    let half = SECRET.len() / 2;
    Secrets::new([&SECRET[..half], &SECRET[half..]])
}

/// Every text that differs from another in one sign: without it, with another in its place or before it, or with the next one
/// before it.
fn edits(text: &str) -> Vec<String> {
    const SIGNS: [&str; 6] = ["\"", "\\", "\n", ":", "&", "x"];
    let mut edits = vec![text.to_owned()];
    for (at, sign) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + sign.len_utf8()..]);
        edits.push(format!("{before}{after}"));
        for other in SIGNS {
            edits.push(format!("{before}{other}{after}"));
            edits.push(format!("{before}{other}{sign}{after}"));
        }
        if let Some(next) = after.chars().next() {
            let after = &after[next.len_utf8()..];
            edits.push(format!("{before}{next}{sign}{after}"));
        }
    }
    edits
}

#[test]
fn single_wrong_sign_of_a_request_tells_its_secret_in_no_output() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let mut tried = 0;

    for (name, request) in REQUESTS {
        let edits = edits(&request.replace("VALUE", SECRET));
        tried += edits.len();
        let files: Vec<String> = (edits.iter().enumerate())
            .map(|(index, text)| {
                let file = format!("requests/{index}-{name}");
                place.write(&file, text);
                file
            })
            .collect();
        for form in ["text", "json", "sarif", "github"] {
            let mut arguments = vec!["validate", "--directory", ".", "--output-format", form];
            arguments.extend(files.iter().map(String::as_str));
            let run = place.run(&arguments, b"").expect(2);
            assert!(!secrets().show_in(run.stdout.as_bytes()), "{}", run.stdout);
            assert!(!secrets().show_in(run.stderr.as_bytes()), "{}", run.stderr);
        }
    }
    for name in edits(PARAMETER)
        .into_iter()
        .filter(|name| !name.contains('\0'))
    {
        tried += 1;
        let mut command = place.command(&["task", "--buildkitd", "none"]);
        command.env("CONTEXT", "context").env(&name, SECRET);
        let run = place.run_command(command, b"");
        assert!(run.status == 2 || run.status == 3, "{}", run.stderr);
        assert!(
            !secrets().show_in(run.stderr.as_bytes()),
            "{name}: {}",
            run.stderr
        );
    }
    assert_eq!(u32::try_from(tried).unwrap(), attacks::tried("edits"));
}

#[test]
fn brackets_without_end_are_told_and_cost_no_memory() {
    const LENGTH: usize = 24 << 20;
    let place = Workplace::new();
    let mut tried = 0;
    // Each is made when it is its turn: what this process holds counts for those that it starts.
    for (name, begin, again, end) in [
        ("lists.json", "", "[", ""),
        ("maps.json", "", "[{\"a\":", ""),
        ("values.json", "{\"x\":[", "1,", ""),
        ("keys.json", "{", "\"a\":1,", "\"b\":1}"),
        ("secrets.json", "{\"buildkit_secrets\":[", "\"a\",", ""),
        (
            "message.json",
            "{\"response_path\":\"r\",\"object\":{\"x\":",
            "[",
            "",
        ),
        ("lists.yml", "x: ", "[", ""),
        (
            "task.yml",
            "platform: linux\nrun: {path: build}\nparams: ",
            "{a: ",
            "",
        ),
    ] {
        let text = begin.to_owned() + &again.repeat(LENGTH / again.len()) + end;
        let path = place.write(name, text);
        for arguments in [&["validate", name][..], &["plan", "-"]] {
            tried += 1;
            let mut command = place.command(arguments);
            command.stdin(Stdio::from(File::open(&path).unwrap()));
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let peak = Watch::over(child.id()).peak() as usize;
            assert_eq!(child.wait().unwrap().code(), Some(2), "{name}");
            assert!(peak < 7 * LENGTH + (96 << 20), "{name}: {} MiB", peak >> 20);
        }
        fs::remove_file(path).unwrap();
    }
    assert_eq!(tried, attacks::tried("brackets"));
}

#[test]
fn environment_of_a_task_holds_no_secret_while_it_runs() {
    let place = Workplace::new();
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=a cat /run/secrets/a | md5sum > /sum; sleep {mark} || true\n"
    ));
    let login =
        format!("{{\"auths\":{{\"r.example\":{{\"username\":\"u\",\"password\":\"{OTHER}\"}}}}}}");
    let mut command = place.command(&["task"]);
    command
        .env("OCI_IMAGE_ROOT", place.root())
        .env("CONTEXT", "context")
        .env(PARAMETER, OTHER)
        .env("CACHE_FROM", format!("type=gha,token={OTHER}"))
        .env("BUILDKIT_SERCETTEXT_b", OTHER)
        .env("DOCKER_AUTH_CONFIG", login);
    let child = command.spawn().unwrap();
    let step = format!("sleep {mark}");
    // What the shell does before it sleeps has the shell's command line too, and is soon gone.
    let (mut seen, mut looks) = (Vec::new(), 0);
    place.wait_for("the step", || {
        let now = place.processes(&step);
        looks = if now == seen { looks + 1 } else { 0 };
        seen = now;
        !seen.is_empty() && looks == 10
    });

    let tell = Secrets::new([OTHER]).telling_processes();
    // The shell came before what it waits for.
    let sleep = place.processes(&step).into_iter().max().unwrap();
    place.signal_process(sleep, "SIGKILL");
    let run = place.finish(child).expect(0);

    assert_eq!(tell, Vec::<std::path::PathBuf>::new());
    assert!(
        !Secrets::new([OTHER]).show_in(run.stderr.as_bytes()),
        "{}",
        run.stderr
    );
}
