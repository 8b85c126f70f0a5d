//! What a daemon sends is kept, compressed on its way, and put together: as an archive, as a layout, as a cache.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::read::MultiGzDecoder;
use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, Found};
use oci_image_boundary::regular_file::RegularFile;
use oci_image_image::Image;
use oci_image_image::assembly::{Assembly, AssemblyError, LayerForm};
use oci_image_image::claim::{self, Claim};
use oci_image_image::codec::{Codec, Encoder};
use oci_image_image::contents::{Contents, KeptBlobs};
use oci_spec::image::Descriptor;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::fixture::{
    CONFIG, INDEX, LAYER, LAYER_GZIP, MANIFEST, Tar, config, digest, gzip, sha256,
};

const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

/// A machine on which images are put together.
struct Machine {
    directory: TempDir,
    contents: Contents,
}

impl Machine {
    fn new() -> Self {
        let directory = tempdir().unwrap();
        let contents = contents(directory.path());
        Self {
            directory,
            contents,
        }
    }

    /// Brings a blob as a daemon does; whether it was wanted.
    fn bring(&self, blob: &[u8]) -> bool {
        let digest = digest(&sha256(blob));
        let Some(mut arrival) = self.contents.arrival(Some(&digest)).unwrap() else {
            return false;
        };
        for piece in blob.chunks(1000) {
            arrival.write(piece).unwrap();
        }
        arrival.commit(&digest).unwrap();
        true
    }

    /// Brings an image of one platform, and what a daemon says of it.
    fn image(&self, layers: &[(&str, &[u8])], config: &[u8]) -> Descriptor {
        let layers: Vec<Value> = layers
            .iter()
            .map(|(media_type, layer)| {
                self.bring(layer);
                described(media_type, layer)
            })
            .collect();
        self.bring(config);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": described(CONFIG, config), "layers": layers,
        });
        self.document(MANIFEST, &manifest)
    }

    fn document(&self, media_type: &str, document: &Value) -> Descriptor {
        let bytes = document.to_string().into_bytes();
        self.bring(&bytes);
        serde_json::from_value(described(media_type, &bytes)).unwrap()
    }

    fn archive(&self, root: &Descriptor) -> Result<Vec<u8>, AssemblyError> {
        let path = self.directory.path().join("image.tar");
        let image = Assembly::of(root, LayerForm::Gzip, &self.contents)?;
        let file = File::create(&path).unwrap();
        image.write_archive(&file, &path, &Cancel::default())?;
        Ok(fs::read(&path).unwrap())
    }

    fn layout(&self, root: &Descriptor) -> (Image, Descriptor) {
        let path = self.directory.path().join("layout");
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        let directory = Directory::open(&path).unwrap();
        let image = Assembly::of(root, LayerForm::Compressed, &self.contents).unwrap();
        image.write_layout(&directory, &self.contents).unwrap();
        let root = image.root().clone();
        let claim = Claim::Root(root.digest());
        let image = claim::check(Found::Directory(directory), &path, claim).unwrap();
        (image, root)
    }

    fn kept(&self) -> Vec<String> {
        let blobs = fs::read_dir(self.directory.path().join("kept/blobs/sha256"));
        let names = blobs.unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }
}

fn contents(directory: &Path) -> Contents {
    let kept = Directory::open(directory).unwrap().made("kept").unwrap();
    let kept = KeptBlobs::open(kept, Codec::gzip()).unwrap();
    Contents::new(kept, Vec::new(), Vec::new(), Cancel::default())
}

fn described(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()})
}

fn raw(text: &str) -> Vec<u8> {
    Tar::new().file("file", text.repeat(5000).as_bytes()).end()
}

/// As we compress it.
fn ours(raw: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Codec::gzip(), Vec::new());
    std::io::Write::write_all(&mut encoder, raw).unwrap();
    encoder.finish().unwrap()
}

fn zstd(raw: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Codec::zstd(), Vec::new());
    std::io::Write::write_all(&mut encoder, raw).unwrap();
    encoder.finish().unwrap()
}

fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    });
    entries.collect()
}

#[test]
fn an_archive_holds_every_layer_as_gzip_and_says_what_each_is() {
    let machine = Machine::new();
    let (first, second, third) = (raw("first"), raw("second"), raw("third"));
    let config = config(&[&first, &second, &third, &first]);
    let root = machine.image(
        &[
            (LAYER, &first),
            (LAYER_GZIP, &gzip(&second)),
            (LAYER_ZSTD, &zstd(&third)),
            (LAYER, &first),
        ],
        &config,
    );

    let archive = machine.archive(&root).unwrap();

    let files = files(&archive);
    let content = |name: &str| &files.iter().find(|(found, _)| found == name).unwrap().1;
    let saved: Value = serde_json::from_slice(content("manifest.json")).unwrap();
    let layers = [ours(&first), gzip(&second), ours(&third), ours(&first)];
    let name = |bytes: &[u8]| format!("blobs/{}", sha256(bytes).replace(':', "/"));
    let source = |layer: &[u8]| {
        let media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        json!({"mediaType": media_type, "digest": sha256(layer), "size": layer.len()})
    };
    let names: Vec<_> = layers.iter().map(|layer| name(layer)).collect();
    let expected = json!([{
        "Config": name(&config), "RepoTags": null, "Layers": names,
        "LayerSources": {
            sha256(&first): source(&layers[0]),
            sha256(&second): source(&layers[1]),
            sha256(&third): source(&layers[2]),
        },
    }]);
    assert_eq!(saved, expected);
    for (layer, raw) in layers.iter().zip([&first, &second, &third, &first]) {
        let mut read = Vec::new();
        MultiGzDecoder::new(&content(&name(layer))[..])
            .read_to_end(&mut read)
            .unwrap();
        assert!(read == *raw);
    }
    let path = machine.directory.path().join("image.tar");
    let found = Found::File(RegularFile::open(&path).unwrap());
    let image = claim::check(found, &path, Claim::Config(&digest(&sha256(&config)))).unwrap();
    let manifest = &image.manifest(image.digest()).unwrap().bytes;
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    for layer in manifest["layers"].as_array().unwrap() {
        assert_eq!(layer["mediaType"], LAYER_GZIP);
    }
    assert!(
        machine.archive(&root).unwrap() == archive,
        "the same bytes again"
    );
}

#[test]
fn a_layout_keeps_what_is_compressed_and_what_is_no_layer() {
    let machine = Machine::new();
    let (first, second) = (raw("first"), raw("second"));
    let statement = br#"{"_type":"https://in-toto.io/Statement/v0.1"}"#;
    let config = config(&[&first, &second]);
    let layers: [(&str, &[u8]); 3] = [
        (LAYER, &first),
        (LAYER_ZSTD, &zstd(&second)),
        ("application/vnd.in-toto+json", statement),
    ];
    let one = machine.image(&layers, &config);
    let child: Value = serde_json::to_value(&one).unwrap();
    let mut child = child.as_object().unwrap().clone();
    child.insert(
        "platform".into(),
        json!({"os": "linux", "architecture": "amd64", "x-y": 1}),
    );
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]});
    let root = machine.document(INDEX, &index);

    let (image, now) = machine.layout(&root);

    assert_ne!(now.digest(), root.digest());
    let index: Value =
        serde_json::from_slice(&image.manifest(now.digest()).unwrap().bytes).unwrap();
    assert_eq!(index["manifests"][0]["platform"]["x-y"], 1);
    let manifest = digest(index["manifests"][0]["digest"].as_str().unwrap());
    let manifest: Value =
        serde_json::from_slice(&image.manifest(&manifest).unwrap().bytes).unwrap();
    let expected = json!([
        described(LAYER_GZIP, &ours(&first)),
        described(LAYER_ZSTD, &zstd(&second)),
        described("application/vnd.in-toto+json", statement),
    ]);
    assert_eq!(manifest["layers"], expected);
    let refused = machine.archive(&root).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the image has several platforms, and an archive holds one; name one platform, or set `output_oci`"
    );
}

#[test]
fn an_image_that_needs_no_change_keeps_its_documents_byte_for_byte() {
    let machine = Machine::new();
    let layer = raw("layer");
    let root = machine.image(&[(LAYER_GZIP, &gzip(&layer))], &config(&[&layer]));

    let (_, now) = machine.layout(&root);

    assert_eq!(now, root);
}

#[test]
fn the_config_of_a_cache_names_layers_as_they_are() {
    let machine = Machine::new();
    let (first, second) = (raw("first"), gzip(&raw("second")));
    let layer = |blob: &[u8], media_type: &str| {
        json!({"blob": sha256(blob), "parent": -1, "annotations":
            {"mediaType": media_type, "diffID": "sha256:0", "size": blob.len(), "createdAt": "now"}})
    };
    let cache_config = json!({"layers": [layer(&first, LAYER), layer(&second, LAYER_GZIP)],
        "records": [{"digest": "sha256:1"}]});
    let cache_config = cache_config.to_string().into_bytes();
    for blob in [&first, &second, &cache_config] {
        machine.bring(blob);
    }
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": described("application/vnd.buildkit.cacheconfig.v0", &cache_config),
        "layers": [described(LAYER, &first), described(LAYER_GZIP, &second)],
    });
    let root = machine.document(MANIFEST, &manifest);

    let cache = Assembly::of(&root, LayerForm::Compressed, &machine.contents).unwrap();

    let directory = machine.directory.path().join("cache");
    fs::create_dir_all(directory.join("ingest")).unwrap();
    let to = Directory::open(&directory).unwrap();
    let ingest = to.own_directory("ingest").unwrap();
    cache.write_blobs(&to, &ingest, &machine.contents).unwrap();
    // What is damaged and as large as it was is replaced too.
    for blob in fs::read_dir(directory.join("blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    cache.write_blobs(&to, &ingest, &machine.contents).unwrap();
    for blob in fs::read_dir(directory.join("blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(sha256(&fs::read(&path).unwrap()), format!("sha256:{name}"));
    }
    let document = |named: &str| -> Value {
        let name = named.strip_prefix("sha256:").unwrap();
        let bytes = fs::read(directory.join("blobs/sha256").join(name)).unwrap();
        assert_eq!(sha256(&bytes), named);
        serde_json::from_slice(&bytes).unwrap()
    };
    let manifest = document(cache.root().digest().as_ref());
    let config = document(manifest["config"]["digest"].as_str().unwrap());
    let mut expected: Value = serde_json::from_slice(&cache_config).unwrap();
    let now = ours(&first);
    expected["layers"][0]["blob"] = sha256(&now).into();
    expected["layers"][0]["annotations"]["mediaType"] = LAYER_GZIP.into();
    expected["layers"][0]["annotations"]["size"] = now.len().into();
    assert_eq!(config, expected);
    assert_eq!(manifest["layers"][0], described(LAYER_GZIP, &now));
    assert_eq!(fs::read_dir(directory.join("ingest")).unwrap().count(), 0);
}

#[test]
fn what_was_brought_once_is_not_wanted_again_unless_it_was_damaged() {
    let machine = Machine::new();
    let (layer, document) = (raw("layer"), b"{}".to_vec());
    assert!(machine.bring(&layer));
    assert!(machine.bring(&document));
    assert!(!machine.bring(&layer));
    assert!(!machine.bring(&document));

    for name in machine.kept() {
        let path = machine
            .directory
            .path()
            .join("kept/blobs/sha256")
            .join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[0] ^= 1;
        fs::write(&path, bytes).unwrap();
    }

    assert!(machine.bring(&layer));
    assert!(machine.bring(&document));
    let next = contents(machine.directory.path());
    assert!(
        next.arrival(Some(&digest(&sha256(&layer))))
            .unwrap()
            .is_none()
    );
}

#[test]
fn an_arrival_that_is_given_up_leaves_nothing() {
    let machine = Machine::new();
    let layer = raw("layer");
    let digest = digest(&sha256(&layer));
    let mut arrival = machine.contents.arrival(Some(&digest)).unwrap().unwrap();
    arrival.write(&layer).unwrap();

    drop(arrival);

    let ingest = machine.directory.path().join("kept/ingest");
    assert_eq!(fs::read_dir(ingest).unwrap().count(), 0);
    assert!(machine.kept().is_empty());
    assert!(machine.bring(&layer));
}

#[test]
fn two_who_bring_a_blob_at_once_bring_it_once() {
    let machine = Machine::new();
    let layers: Vec<_> = ["a", "b", "c"].map(raw).into();
    let (brought, together) = (AtomicUsize::new(0), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for layer in &layers {
                    together.wait();
                    brought.fetch_add(machine.bring(layer).into(), Ordering::Relaxed);
                }
            });
        }
    });

    assert_eq!(brought.into_inner(), layers.len());
}

#[test]
fn a_blob_that_is_nowhere_is_named() {
    let machine = Machine::new();
    let layer = raw("layer");
    let root = machine.image(&[(LAYER, &layer)], &config(&[&layer]));
    for name in machine.kept() {
        if name == ours_hex(&layer) {
            fs::remove_file(
                machine
                    .directory
                    .path()
                    .join("kept/blobs/sha256")
                    .join(name),
            )
            .unwrap();
        }
    }

    let missing = machine.archive(&root).unwrap_err();

    assert_eq!(
        missing.to_string(),
        format!(
            "blob {} of the image has not come, and is not kept either",
            sha256(&layer)
        )
    );
}

fn ours_hex(layer: &[u8]) -> String {
    sha256(&ours(layer)).replace("sha256:", "")
}
