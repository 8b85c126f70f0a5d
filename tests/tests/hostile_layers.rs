//! Hostile base images: whatever their layers say, nothing is written outside of `rootfs/`, and the build ends with a clear
//! error or with the tree that the layers mean.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

use std::fs;
use std::path::Path;

use oci_image_tests::base::{Layer, write_image};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

/// A workplace with a directory beside it that hostile layers aim at.
struct Target {
    place: Workplace,
    /// The absolute path of the directory aimed at.
    outside: String,
}

impl Target {
    fn new() -> Self {
        let place = Workplace::new();
        place.write("../outside/file", "untouched");
        place.dockerfile("ARG BASE\nFROM ${BASE}\nCOPY Dockerfile /built\n");
        let outside = place.path("../outside").canonicalize().unwrap();
        let outside = outside.display().to_string();
        Self { place, outside }
    }

    /// The same directory as one comes to it out of the daemon's root or ours.
    fn upwards(&self) -> String {
        format!("{}{}", "../".repeat(24), &self.outside[1..])
    }

    /// Builds on an image with these layers.
    fn build(&self, layers: &[Layer]) -> Run {
        write_image(&self.place.path("base.tar"), layers);
        let _ = fs::remove_dir_all(self.place.path("image"));
        fs::create_dir(self.place.path("image")).unwrap();
        let run = self.place.build(&json!({
            "context": "context", "output": "image", "unpack_rootfs": true, "image_args": ["BASE=base.tar"],
        }));
        self.is_untouched();
        run
    }

    fn is_untouched(&self) {
        assert_eq!(self.place.names("../outside"), ["file"]);
        let file = fs::metadata(self.place.path("../outside/file")).unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_eq!((file.nlink(), file.mode() & 0o7777), (1, 0o644));
        assert_eq!(self.place.read("../outside/file"), "untouched");
        assert_eq!(self.place.names(""), ["base.tar", "context", "image"]);
        assert!(!Path::new("/pwned").exists());
        assert_eq!(self.place.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn explore() {
    let t = Target::new();
    let out = t.outside.clone();
    let up = t.upwards();
    let cases: Vec<(&str, Vec<Layer>)> = vec![
        (
            "absolute",
            vec![
                Layer::new()
                    .file("/pwned", "a")
                    .file(&format!("{out}/pwned"), "a"),
            ],
        ),
        ("dotdot", vec![Layer::new().file("../pwned", "a")]),
        (
            "dotdot far",
            vec![Layer::new().file(&format!("{up}/pwned"), "a")],
        ),
        (
            "dotdot inside",
            vec![Layer::new().directory("a/").file("a/../pwned", "a")],
        ),
        (
            "through absolute symlink",
            vec![
                Layer::new()
                    .symlink("escape", &out)
                    .file("escape/pwned", "a"),
            ],
        ),
        (
            "through relative symlink",
            vec![
                Layer::new()
                    .symlink("escape", &up)
                    .file("escape/pwned", "a"),
            ],
        ),
        (
            "through symlink next layer",
            vec![
                Layer::new().symlink("escape", &out),
                Layer::new().file("escape/pwned", "a"),
            ],
        ),
        (
            "whiteout through symlink",
            vec![
                Layer::new().symlink("escape", &out),
                Layer::new().file("escape/.wh.file", ""),
            ],
        ),
        (
            "opaque through symlink",
            vec![
                Layer::new().symlink("escape", &up),
                Layer::new().file("escape/.wh..wh..opq", ""),
            ],
        ),
        (
            "whiteout dotdot",
            vec![
                Layer::new().directory("a/"),
                Layer::new().file("a/.wh...", ""),
            ],
        ),
        (
            "whiteout dot",
            vec![
                Layer::new().directory("a/"),
                Layer::new().file("a/.wh..", ""),
            ],
        ),
        (
            "hard link absolute",
            vec![Layer::new().hard_link("stolen", &format!("{out}/file"))],
        ),
        (
            "hard link dotdot",
            vec![Layer::new().hard_link("stolen", &format!("{up}/file"))],
        ),
        (
            "hard link through symlink",
            vec![
                Layer::new()
                    .symlink("escape", &out)
                    .hard_link("stolen", "escape/file"),
            ],
        ),
        (
            "hard link to symlink then write",
            vec![
                Layer::new()
                    .symlink("escape", &format!("{out}/file"))
                    .hard_link("stolen", "escape")
                    .file("stolen", "x"),
            ],
        ),
        (
            "symlink then file",
            vec![
                Layer::new()
                    .symlink("escape", &format!("{out}/file"))
                    .file("escape", "x"),
            ],
        ),
        (
            "symlink then file next layer",
            vec![
                Layer::new().symlink("escape", &format!("{out}/file")),
                Layer::new().file("escape", "x"),
            ],
        ),
        (
            "link replaced by directory",
            vec![
                Layer::new()
                    .symlink("data", &out)
                    .directory("data/")
                    .file("data/pwned", "in"),
            ],
        ),
        (
            "link replaced by directory next",
            vec![
                Layer::new().symlink("data", &out),
                Layer::new().directory("data/").file("data/pwned", "in"),
            ],
        ),
        (
            "directory replaced by link",
            vec![
                Layer::new()
                    .directory("d/")
                    .file("d/x", "1")
                    .symlink("d", &out)
                    .file("d/pwned", "2"),
            ],
        ),
        (
            "directory replaced by link next",
            vec![
                Layer::new().directory("d/").file("d/x", "1"),
                Layer::new().symlink("d", &out).file("d/pwned", "2"),
            ],
        ),
        (
            "duplicates",
            vec![
                Layer::new()
                    .file("f", "1")
                    .file("f", "2")
                    .directory("x/")
                    .file("x", "3")
                    .file("y", "1")
                    .directory("y/"),
            ],
        ),
        ("long name", vec![Layer::new().file(&"n".repeat(300), "1")]),
        (
            "longest name",
            vec![Layer::new().file(&"n".repeat(255), "1")],
        ),
        (
            "deep",
            vec![Layer::new().file(&format!("{}f", "d/".repeat(300)), "1")],
        ),
        (
            "long path",
            vec![Layer::new().file(
                &format!("{}f", format!("{}/", "p".repeat(200)).repeat(30)),
                "1",
            )],
        ),
        (
            "device",
            vec![Layer::new().device("null").file("beside", "1")],
        ),
        ("root is a file", vec![Layer::new().file("./", "1")]),
        (
            "root is a symlink",
            vec![Layer::new().symlink("./", &out).file("pwned", "1")],
        ),
        ("empty name", vec![Layer::new().file("", "1")]),
    ];
    for (name, layers) in cases {
        let run = t.build(&layers);
        println!("=== {name}: {} {:?}", run.status, t.place.names("image"));
        if run.status != 0 {
            println!("{}", run.stderr.split("\nerror: ").last().unwrap());
        } else {
            println!(
                "{}",
                t.place.output(
                    "sh",
                    &[
                        "-c",
                        "cd image/rootfs; find . | cut -c1-120 | head -12 | xargs ls -lnd"
                    ]
                )
            );
        }
    }
}
