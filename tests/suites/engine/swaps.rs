//! Swaps: what takes the name of something that a build has opened is neither sent nor written to.
//!
//! The build's daemon is started once everything is open. So the program that is named as the daemon is the moment to swap at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use oci_image_tests::archive::Archive;
use oci_image_tests::attacks;
use oci_image_tests::workplace::{Run, Workplace};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};

/// What a request names, and what the build opens.
const NAMES: [&str; 5] = ["context", "token", "base.tar", "cache", "image"];

/// How many builds there are at least while names are swapped.
const BUILDS: u32 = 3;

/// A working directory whose names all have a rival: a link to what is outside.
struct Scene {
    place: Workplace,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            place: Workplace::new(),
        };
        let place = &scene.place;
        place.dockerfile("FROM scratch\nCOPY note /base\n");
        place.write("context/note", "inside\n");
        let _ = place
            .build(&json!({"context": "context", "output": "image"}))
            .expect(0);
        fs::rename(place.path("image/image.tar"), place.path("base.tar")).unwrap();
        place.dockerfile(
            "ARG BASE\nFROM ${BASE} AS base\nBUSYBOX\nFROM busybox\nCOPY --from=base /base /base\nCOPY . /context/\n\
             RUN --mount=type=secret,id=token cat /run/secrets/token /context/note > /seen\n",
        );
        place.write("token", "sesame\n");
        fs::create_dir(place.path("cache")).unwrap();
        // Each is what an attacker would want to be taken for the other.
        place.write("../outside/context/note", "outside\n");
        place.write(
            "../outside/context/Dockerfile",
            "FROM scratch\nCOPY note /\n",
        );
        place.write("../outside/token", "outside\n");
        place.write("../outside/base.tar", "outside\n");
        place.write("../outside/cache/index.json", "outside\n");
        place.write("../outside/cache/ingest/kept", "outside\n");
        place.write("../outside/cache/blobs/sha256/kept", "outside\n");
        place.write("../outside/image/image.tar", "outside\n");
        place.write("../outside/image/.oci-image-partial/kept", "outside\n");
        for name in NAMES {
            let rival = place.path("../rivals").join(name);
            fs::create_dir_all(rival.parent().unwrap()).unwrap();
            symlink(place.path("../outside").join(name), rival).unwrap();
        }
        scene
    }

    /// Builds under a daemon before whose start `moment` runs, a script in the working directory.
    fn build(&self, moment: &str) -> Run {
        let script = format!("#!/bin/sh\n{moment}\nexec buildkitd \"$@\"\n");
        self.place.write("../daemon", script);
        self.place.executable("../daemon");
        let object = self.object();
        let message = json!({"object": object, "response_path": "../response"});
        let mut command = self.place.command(&["build", "--root"]);
        command.arg(self.place.root());
        command.env("OCI_IMAGE_BUILDKITD", self.place.path("../daemon"));
        self.place
            .run_command(command, message.to_string().as_bytes())
    }

    fn object(&self) -> Value {
        json!({
            "context": "context", "output": "image", "cache": true, "image_args": ["BASE=base.tar"],
            "buildkit_secrets": {"token": "token"},
        })
    }

    /// Exchanges a name with its rival.
    fn swap(&self, name: &str) {
        let rival = self.place.path("../rivals").join(name);
        renameat_with(
            CWD,
            self.place.path(name),
            CWD,
            rival,
            RenameFlags::EXCHANGE,
        )
        .unwrap();
    }

    /// Gives every name back to what the request means.
    fn restore(&self) {
        for name in NAMES {
            if self.place.path(name).is_symlink() {
                self.swap(name);
            }
        }
    }

    /// Whether all that was built is what was there at first.
    fn assert_built_of_the_inside(&self) {
        let archive = Archive::read(&self.place.path("image/image.tar"));
        assert_eq!(archive.text("base"), "inside\n");
        assert_eq!(archive.text("seen"), "sesame\ninside\n");
        assert!(self.place.path("cache/index.json").exists());
    }
}

/// Every file below a directory.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[test]
fn what_takes_the_name_of_something_that_is_open_is_not_used() {
    let scene = Scene::new();
    let outside = scene.place.path("../outside");
    let before = files(&outside);
    let swap =
        NAMES.map(|name| format!("mv {name} ../{name}.away && ln -s ../outside/{name} {name}"));

    let _ = scene
        .build(&format!(
            "cd {} && {}",
            scene.place.path("").display(),
            swap.join(" && ")
        ))
        .expect(0);

    assert_eq!(files(&outside), before);
    for name in NAMES {
        let (name, away) = (
            scene.place.path(name),
            scene.place.path(format!("../{name}.away")),
        );
        assert!(name.is_symlink());
        fs::remove_file(&name).unwrap();
        fs::rename(away, name).unwrap();
    }
    scene.assert_built_of_the_inside();
}

#[test]
fn names_that_change_all_the_time_change_nothing() {
    let scene = Scene::new();
    let outside = scene.place.path("../outside");
    let before = files(&outside);
    let (wanted, swaps) = (attacks::tried("swaps"), AtomicU32::new(0));

    let mut builds = 0;
    while builds < BUILDS || swaps.load(Ordering::Relaxed) < wanted {
        let is_open = scene.place.path("../open");
        let _ = fs::remove_file(&is_open);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_open.exists() && !is_over.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                while !is_over.load(Ordering::Relaxed) {
                    NAMES.iter().for_each(|name| scene.swap(name));
                    swaps.fetch_add(NAMES.len() as u32, Ordering::Relaxed);
                    // The daemon wants its share of the machine.
                    thread::park_timeout(Duration::from_micros(100));
                }
            });
            let run = scene.build(&format!("touch {}", is_open.display()));
            is_over.store(true, Ordering::Relaxed);
            let _ = run.expect(0);
        });
        scene.restore();
        builds += 1;

        assert_eq!(files(&outside), before);
        scene.assert_built_of_the_inside();
        // Nothing of it is in the daemon's cache the next time.
        scene.place.write("context/build", builds.to_string());
    }
}
