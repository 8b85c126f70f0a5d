//! The product's image as Concourse runs a task in it: on a terminal that says nothing, with volumes, and no other way in.
//!
//! `make self-build` runs the same with the image that it has built.

use std::fs;
use std::time::Duration;

use oci_image_tests::builder::Builder;
use oci_image_tests::concourse::{Container, GRACE, Rights};
use oci_image_tests::product;
use oci_image_tests::workplace::Workplace;

/// How long a small build may take on a machine that does much else.
const LONG: Duration = Duration::from_secs(120);

const CONTEXT: (&str, &str) = ("CONTEXT", "context");

/// A step that says what it has got.
const GREETING: &str =
    "BUSYBOX\nFROM busybox\nARG VERSION=none\nRUN echo \"version $VERSION\" | tee /version\n";

#[test]
fn task_builds_on_a_terminal_that_says_nothing() {
    let place = Workplace::new();
    place.dockerfile(GREETING);
    let Some(container) = Container::start(&place, Rights::Privileged) else {
        return;
    };

    let parameters = [
        CONTEXT,
        ("BUILD_ARG_VERSION", "1.1"),
        ("UNPACK_ROOTFS", "true"),
    ];
    let ended = container
        .task(&parameters, &["build"])
        .ends_within(LONG)
        .expect(0);

    assert_eq!(
        place.names("image"),
        ["digest", "image.tar", "metadata.json", "rootfs"]
    );
    assert_eq!(place.read("image/rootfs/version"), "version 1.1\n");
    assert!(ended.log.contains("version 1.1\n"), "{}", ended.log);
    // Concourse keeps colours and does not understand where a cursor goes.
    let codes = ended.log.split("\u{1b}[").skip(1);
    let codes: Vec<char> = codes
        .filter_map(|code| code.chars().find(char::is_ascii_alphabetic))
        .collect();
    assert!(codes.iter().all(|code| *code == 'm'), "{codes:?}");
    assert_eq!(container.leftovers(), Vec::<String>::new());
    assert_eq!(names(&container, "tmp"), ["build"]);
}

#[test]
fn task_without_privileges_builds_on_a_builder() {
    let place = Workplace::new();
    place.dockerfile(GREETING);
    let builder = Builder::start();
    // A task has a network of its own, and its inputs.
    fs::hard_link(builder.socket(), place.path("context/builder.sock")).unwrap();
    place.write("context/.dockerignore", "builder.sock\n");
    let Some(container) = Container::start(&place, Rights::Ordinary) else {
        return;
    };

    let script = "BUILDKIT_HOST=unix://$PWD/context/builder.sock build";
    let parameters = [
        CONTEXT,
        ("BUILD_ARG_VERSION", "1.1"),
        ("UNPACK_ROOTFS", "true"),
    ];
    let ended = container
        .task(&parameters, &["sh", "-c", script])
        .ends_within(LONG)
        .expect(0);

    assert!(ended.log.contains("building on `unix:///"), "{}", ended.log);
    assert_eq!(place.read("image/rootfs/version"), "version 1.1\n");
    assert_eq!(container.leftovers(), Vec::<String>::new());
}

#[test]
fn shell_prepares_the_build_and_starts_it() {
    let place = Workplace::new();
    place.dockerfile(GREETING);
    place.write("context/version", "7\n");
    let Some(container) = Container::start(&place, Rights::Privileged) else {
        return;
    };

    let script = "set -e; mkdir -p ~/.docker; echo '{\"auths\": {}}' > ~/.docker/config.json; \
                  export BUILD_ARG_VERSION=\"$(cat context/version)\"; build";
    let ended = container
        .task(&[CONTEXT], &["sh", "-c", script])
        .ends_within(LONG)
        .expect(0);

    assert!(ended.log.contains("version 7\n"), "{}", ended.log);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
    assert!(container.path("root/.docker/config.json").exists());
}

#[test]
fn task_keeps_caches_of_its_steps_in_its_cache() {
    let place = Workplace::new();
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nARG RUN\nRUN --mount=type=cache,id=kept,target=/kept --mount=type=cache,target=/other \\
         echo $RUN >> /kept/runs; echo $RUN >> /other/runs; echo found $(cat /kept/runs) and $(cat /other/runs)\n",
    );
    fs::create_dir(place.path("cache")).unwrap();
    let limited = ("CACHE_MOUNTS_LIMIT", "1MB");
    let kept = ("CACHE_MOUNTS", "kept");
    let read_only = ("CACHE_MOUNTS_READ_ONLY", "true");
    // Each has a worker's volume of its own, which is empty.
    let task = |run: &str, more: &[(&str, &str)]| {
        let container = Container::start(&place, Rights::Privileged)?;
        let parameters = [&[CONTEXT, ("BUILD_ARG_RUN", run)], more].concat();
        let task = container.task(&parameters, &["build"]);
        let ended = task.ends_within(LONG).expect(0);
        assert_eq!(container.leftovers(), Vec::<String>::new());
        Some(ended.log)
    };

    let Some(first) = task("1", &[kept, limited]) else {
        return;
    };
    let untrusted = task("2", &[kept, limited, read_only]).unwrap();
    let third = task("3", &[]).unwrap();

    assert!(
        first.contains("cache `kept` is kept for the next build: 2B in 2 entries"),
        "{first}"
    );
    assert!(untrusted.contains(" found 1 2 and 2\n"), "{untrusted}");
    assert!(
        third.contains("cache `kept` is restored: 2B in 2 entries"),
        "{third}"
    );
    assert!(third.contains(" found 1 3 and 3\n"), "{third}");
    assert_eq!(place.names("cache/mounts").len(), 2);
}

#[test]
fn task_that_is_not_privileged_is_told_what_to_write() {
    let place = Workplace::new();
    place.dockerfile(GREETING);
    let Some(container) = Container::start(&place, Rights::Ordinary) else {
        return;
    };

    let ended = container
        .task(&[CONTEXT], &["build"])
        .ends_within(LONG)
        .expect(3);

    assert!(ended.log.contains("privileged: true"), "{}", ended.log);
    assert!(!ended.log.contains("warning"), "{}", ended.log);
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert_eq!(container.leftovers(), Vec::<String>::new());
}

/// Whichever way it was started, and however it is ended.
#[test]
fn task_that_is_ended_in_the_middle_of_a_step_leaves_nothing() {
    for (command, signal, status) in [
        (&["build"][..], "SIGTERM", 143),
        (&["sh", "-c", "true; build"], "SIGTERM", 143),
        (&["build"], "SIGKILL", 137),
    ] {
        let place = Workplace::new();
        let mark = place.mark();
        place.dockerfile(&format!("BUSYBOX\nFROM busybox\nRUN sleep {mark}\n"));
        let Some(container) = Container::start(&place, Rights::Privileged) else {
            return;
        };
        let task = container.task(&[CONTEXT], command);
        place.wait_up_to(LONG, "the step to run", || {
            !place.processes(&format!("sleep {mark}")).is_empty()
        });

        task.signal(signal);
        let _ = task.ends_within(GRACE).expect(status);

        place.wait_for("nothing to be left", || container.leftovers().is_empty());
        let results = place.names("image");
        assert!(!results.contains(&"image.tar".to_owned()), "{results:?}");
    }
}

#[test]
fn second_task_takes_its_steps_from_the_cache_of_the_first() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /once\n");
    fs::create_dir(place.path("cache")).unwrap();
    let build = || {
        let container = Container::start(&place, Rights::Privileged)?;
        let ended = container
            .task(&[CONTEXT], &["build"])
            .ends_within(LONG)
            .expect(0);
        Some((ended.log, place.read("image/digest")))
    };

    let Some((first, digest)) = build() else {
        return;
    };
    // An output is empty in each task.
    for name in ["digest", "image.tar"] {
        fs::remove_file(place.path("image").join(name)).unwrap();
    }
    let (second, same_digest) = build().unwrap();

    assert!(!first.contains("CACHED"), "{first}");
    assert!(second.contains("CACHED"), "{second}");
    assert_eq!(same_digest, digest);
}

/// `fly intercept`.
#[test]
fn who_looks_inside_finds_a_shell_with_tools() {
    let place = Workplace::new();
    let Some(container) = Container::start(&place, Rights::Privileged) else {
        return;
    };

    let mut shell = container.task(&[], &["/bin/sh"]);
    shell.types("id -un; ls -d image context; echo ~; cat /etc/passwd | tail -n 1; oci-image --version; exit 7\n");
    let ended = shell.ends_within(LONG).expect(7);

    let version = format!("oci-image {}\n", env!("CARGO_PKG_VERSION"));
    let shown = [
        "root\n",
        "context  image\n",
        "/root\n",
        "root:x:0:0:root:/root:/bin/sh\n",
        &version,
    ];
    for line in shown {
        assert!(ended.log.contains(line), "no {line:?} in:\n{}", ended.log);
    }
}

/// Only the image of `make self-build` has it.
#[test]
fn daemon_of_the_image_decompresses_with_igzip() {
    if !product::is_real() {
        return;
    }
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /bin/busybox\n");
    fs::create_dir(place.path("base")).unwrap();
    let build = |parameters: &[(&str, &str)]| {
        let container = Container::start(&place, Rights::Privileged).unwrap();
        let task = container.task(parameters, &["build"]);
        task.ends_within(LONG).expect(0).log
    };
    let _ = build(&[CONTEXT]);
    fs::rename(place.path("image/image.tar"), place.path("base/image.tar")).unwrap();
    place.dockerfile("ARG base=scratch\nFROM ${base}\nRUN [\"/bin/busybox\", \"true\"]\n");

    // Another container: in this one the layer would be unpacked already.
    let log = build(&[
        CONTEXT,
        ("IMAGE_ARG_base", "base/image.tar"),
        ("DEBUG", "true"),
    ]);

    assert!(log.contains("using igzip for decompression"), "{log}");
}

/// Only the image of `make self-build` has them.
#[test]
fn image_holds_the_licences_of_all_that_is_in_it() {
    if !product::is_real() {
        return;
    }
    let place = Workplace::new();
    let container = Container::start(&place, Rights::Privileged).unwrap();
    let directory = "usr/share/licenses/oci-image";

    let readme = fs::read_to_string(container.path(directory).join("README")).unwrap();
    for (file, words) in [
        ("LICENSE", "Apache License"),
        ("oci-image.txt", "== wasmtime v"),
        ("buildkitd.txt", "== github.com/containerd/containerd/v2 v"),
        ("runc.txt", "== libseccomp-dev"),
        ("busybox.txt", "GNU GENERAL PUBLIC LICENSE"),
        ("igzip.txt", "Intel Corporation"),
    ] {
        let text = fs::read_to_string(container.path(directory).join(file)).unwrap();
        assert!(text.contains(words), "{file}");
        assert!(readme.contains(file), "{readme}");
    }
}

fn names(container: &Container<'_>, directory: &str) -> Vec<String> {
    let entries = fs::read_dir(container.path(directory)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.collect()
}
