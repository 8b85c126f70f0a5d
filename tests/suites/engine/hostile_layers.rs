//! Hostile base images: whatever their layers say, nothing is written outside of `rootfs/`, and the build ends with a clear
//! error or with the tree that the layers mean.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::slice;

use oci_image_tests::base::{Layer, write_archive, write_image};
use oci_image_tests::tree;
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
        assert_eq!((file.nlink(), file.mode() & 0o7777), (1, 0o644));
        assert_eq!(self.place.read("../outside/file"), "untouched");
        assert_eq!(self.place.names(""), ["base.tar", "context", "image"]);
        assert!(!Path::new("/pwned").exists());
        assert_eq!(self.place.leftovers(), Vec::<String>::new());
    }
}

/// What a path of the tree is.
#[derive(Debug, PartialEq, Eq)]
enum File {
    Text(String),
    Directory,
    Link(String),
}

/// The tree below `root` without the root and what the Dockerfile adds, sorted.
fn files(root: &Path) -> Vec<(String, File)> {
    let file = |path: &Path| {
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        if kind.is_dir() {
            File::Directory
        } else if kind.is_symlink() {
            File::Link(fs::read_link(path).unwrap().display().to_string())
        } else {
            assert!(kind.is_file(), "{}", path.display());
            File::Text(fs::read_to_string(path).unwrap())
        }
    };
    (tree::paths(root).iter())
        .map(|path| (path.display().to_string(), file(&root.join(path))))
        .filter(|(name, _)| !name.is_empty() && name != "built")
        .collect()
}

fn text(path: &str, text: &str) -> (String, File) {
    (path.to_owned(), File::Text(text.to_owned()))
}

fn link(path: &str, to: &str) -> (String, File) {
    (path.to_owned(), File::Link(to.to_owned()))
}

fn directory(path: &str) -> (String, File) {
    (path.to_owned(), File::Directory)
}

/// The directories on the way to the target and, in the last of them, what the layer wrote: the target's name is one inside
/// of the tree.
fn inside(target: &Target) -> Vec<(String, File)> {
    let below = &target.outside[1..];
    let mut found: Vec<_> = (below.match_indices('/').map(|(end, _)| &below[..end]))
        .map(directory)
        .collect();
    found.push(directory(below));
    found.push(text(&format!("{below}/pwned"), "in"));
    found
}

fn becomes(target: &Target, layers: &[Layer], expected: &[(String, File)]) {
    let _ = target.build(layers).expect(0);
    assert_eq!(files(&target.place.path("image/rootfs")), expected);
}

fn fails(target: &Target, layers: &[Layer], message: &str) {
    let run = target.build(layers);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let error = run.stderr.lines().find(|line| line.starts_with("error: "));
    assert!(
        error.is_some_and(|error| error.contains(message)),
        "no {message:?} in:\n{}",
        run.stderr
    );
    assert_eq!(target.place.names("image"), Vec::<String>::new());
}

#[test]
fn paths_that_lead_out_stay_in() {
    let target = Target::new();
    let (outside, upwards) = (&target.outside, target.upwards());
    let pwned = |path: &str| Layer::new().file(&format!("{path}/pwned"), "in");

    becomes(&target, &[pwned(outside)], &inside(&target));
    becomes(&target, &[pwned(&upwards)], &inside(&target));
    becomes(&target, &[pwned("")], &[text("pwned", "in")]);
    becomes(&target, &[pwned("..")], &[text("pwned", "in")]);
    becomes(
        &target,
        &[Layer::new().directory("a/").file("a/../pwned", "in")],
        &[directory("a"), text("pwned", "in")],
    );
}

#[test]
fn links_that_lead_out_are_not_followed_out() {
    let target = Target::new();
    for to in [target.outside.clone(), target.upwards()] {
        let escape = || Layer::new().symlink("escape", &to);
        let mut resolved = inside(&target);
        resolved.insert(0, link("escape", &to));
        let replaced = [directory("escape"), text("escape/pwned", "in")];

        becomes(&target, &[escape().file("escape/pwned", "in")], &resolved);
        let next = Layer::new().file("escape/pwned", "in");
        becomes(&target, &[escape(), next], &replaced);
    }
    let escape = || Layer::new().symlink("escape", &format!("{}/file", target.outside));
    let written = [text("escape", "in")];
    becomes(&target, &[escape().file("escape", "in")], &written);
    let next = Layer::new().file("escape", "in");
    becomes(&target, &[escape(), next], &written);
}

#[test]
fn whiteouts_remove_nothing_outside() {
    let target = Target::new();
    let escape = || Layer::new().symlink("escape", &target.outside);
    for whiteout in ["escape/.wh.file", "escape/.wh..wh..opq"] {
        let next = Layer::new().file(whiteout, "");
        becomes(&target, &[escape(), next], &[directory("escape")]);
    }
    for whiteout in ["a/.wh..", "a/.wh..."] {
        let layers = [
            Layer::new().directory("a/"),
            Layer::new().file(whiteout, ""),
        ];
        fails(&target, &layers, "invalid whiteout name");
    }
}

#[test]
fn hard_links_take_nothing_from_outside() {
    let target = Target::new();
    let (outside, upwards) = (&target.outside, target.upwards());
    for to in [outside, &upwards] {
        let stolen = Layer::new().hard_link("stolen", &format!("{to}/file"));
        fails(&target, &[stolen], "a layer cannot be unpacked: link ");
    }
    let escape = Layer::new().symlink("escape", outside);
    let through = escape.hard_link("stolen", "escape/file");
    fails(&target, &[through], "a layer cannot be unpacked: link ");
    let file = format!("{outside}/file");
    let escape = Layer::new().symlink("escape", &file);
    becomes(
        &target,
        &[escape.hard_link("second", "escape").file("second", "in")],
        &[link("escape", &file), text("second", "in")],
    );
}

#[test]
fn entries_that_replace_others_replace_them_inside() {
    let target = Target::new();
    let outside = &target.outside;
    let data = || Layer::new().symlink("data", outside);
    let replaced = [directory("data"), text("data/pwned", "in")];
    let entries = |layer: Layer| layer.directory("data/").file("data/pwned", "in");
    becomes(&target, &[entries(data())], &replaced);
    becomes(&target, &[data(), entries(Layer::new())], &replaced);

    let full = || Layer::new().directory("data/").file("data/old", "old");
    let entries = |layer: Layer| layer.symlink("data", outside).file("data/pwned", "in");
    let mut resolved = inside(&target);
    resolved.insert(0, link("data", outside));
    becomes(&target, &[entries(full())], &resolved);
    becomes(&target, &[full(), entries(Layer::new())], &resolved);

    let twice = Layer::new().file("one", "1").file("one", "2");
    let twice = twice.directory("two/").file("two", "3");
    let twice = twice.file("three", "4").directory("three/");
    let last = [text("one", "2"), directory("three"), text("two", "3")];
    becomes(&target, &[twice], &last);
}

#[test]
fn names_that_are_too_long_are_an_error_and_others_are_kept() {
    let target = Target::new();
    let longest = "n".repeat(255);
    becomes(
        &target,
        &[Layer::new().file(&longest, "1")],
        &[text(&longest, "1")],
    );
    let longer = Layer::new().file(&"n".repeat(300), "1");
    fails(&target, &[longer], "file name too long");
    let deep = Layer::new().file(&format!("{}file", "d/".repeat(300)), "1");
    fails(&target, &[deep], "cannot put `image/image.tar` together");
    let long = format!("{}/", "p".repeat(200)).repeat(30);
    fails(
        &target,
        &[Layer::new().file(&format!("{long}file"), "1")],
        "file name too long",
    );
}

/// Uncompressed it is another layer: what is built on it would be built on something that nobody named.
#[test]
fn a_layer_that_is_not_the_one_of_the_config_ends_the_build_and_is_told() {
    let target = Target::new();
    let layer = gzip(&Layer::new().file("pwned", "in").bytes());
    let other = format!("sha256:{}", "ab".repeat(32));
    write_archive(
        &target.place.path("base.tar"),
        &[layer],
        slice::from_ref(&other),
    );

    let run = target.place.build(&json!({
        "context": "context", "output": "image", "image_args": ["BASE=base.tar"],
    }));

    let run = run.expect(1);
    for part in [
        &format!("expected diffID {other}, got sha256:"),
        "a layer of a base image is not the one that its config names",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    target.is_untouched();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
fn devices_are_left_out_and_the_root_stays_a_directory() {
    let target = Target::new();
    let devices = Layer::new().device("null").file("beside", "1");
    becomes(&target, &[devices], &[text("beside", "1")]);
    let roots = [
        Layer::new().file("./", ""),
        Layer::new().file(".", "1"),
        Layer::new().symlink("./", &target.outside),
    ];
    for root in roots {
        let layers = [root.file("beside", "1")];
        becomes(&target, &layers, &[text("beside", "1")]);
    }
}
