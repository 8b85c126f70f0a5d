//! A tool of this machine in a base image, packages on a shelf, and builds of which each begins on an empty root.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use oci_image_tests::shelf::Shelf;
use oci_image_tests::toolbox::Toolbox;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// What is tried of a tool.
pub(super) struct Trial {
    pub(super) place: Workplace,
    pub(super) shelf: Shelf,
}

/// What became of a build.
pub(super) struct Tried {
    /// What its steps printed.
    pub(super) log: String,
    /// What the shelf gave for it.
    pub(super) given: Vec<String>,
    /// What became of its caches, as `restored /root/.cache`.
    pub(super) caches: Vec<String>,
    /// The digest of the image.
    pub(super) digest: String,
}

impl Trial {
    /// One of a tool, and of a Dockerfile that begins with `ARG base`; `SHELF` in it is the shelf's URL.
    pub(super) fn new(toolbox: Toolbox, variables: &[&str], dockerfile: &str) -> Self {
        let (place, shelf) = (Workplace::new(), Shelf::new());
        toolbox.pack(&place.path("base.tar"), variables);
        place.dockerfile(&dockerfile.replace("SHELF", &shelf.url()));
        fs::remove_file(place.path("context/busybox")).unwrap();
        fs::create_dir(place.path("cache")).unwrap();
        Self { place, shelf }
    }

    /// Two builds, one after the other, whose steps run with caches. The second is given nothing by the shelf, and both make the image
    /// of a build that keeps nothing, and finds nothing.
    pub(super) fn twice(&self) -> [Tried; 2] {
        let [first, second] = ["1", "2"].map(|run| self.tried(run, &json!({"cache": true})));
        let alone = self.tried("alone", &json!({}));
        assert_eq!(second.given, Vec::<String>::new());
        assert_eq!([&second.digest, &alone.digest], [&first.digest; 2]);
        [first, second]
    }

    /// A build; `run` is another one each time.
    fn tried(&self, run: &str, keys: &Value) -> Tried {
        let _ = fs::remove_dir_all(self.place.root());
        let _ = self.shelf.take_given();
        let mut object = json!({
            "context": "context", "output": "image", "image_args": ["base=base.tar"],
            "build_args": [format!("RUN={run}"), "SOURCE_DATE_EPOCH=0"],
        });
        object
            .as_object_mut()
            .unwrap()
            .extend(keys.as_object().unwrap().clone());
        let root = self.place.root();
        let metadata = self.place.path("../metadata.json");
        let arguments = ["build", "--root", root.to_str().unwrap(), "--metadata-file"];
        let arguments = [&arguments[..], &[metadata.to_str().unwrap()]].concat();
        let Run { stderr, .. } = self.place.send(&arguments, &object).expect(0);
        let metadata: Value = serde_json::from_str(&self.place.read("../metadata.json")).unwrap();
        Tried {
            log: printed(&stderr),
            given: self.shelf.take_given(),
            caches: caches(&metadata),
            digest: self.place.read("image/digest"),
        }
    }
}

/// What steps printed: what stands behind a step's number and a time.
fn printed(stderr: &str) -> String {
    let lines = stderr.lines().filter_map(|line| {
        let (time, text) = line.strip_prefix('#')?.split_once(' ')?.1.split_once(' ')?;
        time.parse::<f64>().ok()?;
        Some(format!("{text}\n"))
    });
    lines.collect()
}

fn caches(metadata: &Value) -> Vec<String> {
    let caches = metadata["caches"].as_array().into_iter().flatten();
    let text = |cache: &Value, key: &str| cache[key].as_str().unwrap().to_owned();
    caches
        .map(|cache| format!("{} {}", text(cache, "state"), text(cache, "id")))
        .collect()
}

/// An archive of zip.
pub(super) fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    const CODE: &str = "import io, json, sys, zipfile
made = io.BytesIO()
with zipfile.ZipFile(made, 'w') as archive:
    for name, text in json.load(sys.stdin):
        archive.writestr(zipfile.ZipInfo(name), text)
sys.stdout.buffer.write(made.getvalue())";
    let mut python = Command::new("python3");
    let piped = (python.args(["-c", CODE]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(json!(files).to_string().as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// An archive of tar, compressed by gzip.
pub(super) fn tar_gz(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
