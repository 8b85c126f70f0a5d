//! Archives and layouts of every kind are opened by index: the blobs are right, and layers are left alone.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::fixture::{
    CONFIG, INDEX, LAYER_GZIP, Layout, MANIFEST, Tar, chain, config, digest, gzip, has, run, saved,
    sha256,
};
use oci_image_image::Image;
use oci_image_image::metadata::metadata;
use serde_json::{Value, json};
use tempfile::tempdir;

/// Every byte of a blob.
fn content(image: &Image, name: &str) -> Vec<u8> {
    let blob = image
        .blob(&digest(name))
        .unwrap_or_else(|| panic!("no blob {name}"));
    let mut bytes = vec![0; usize::try_from(blob.size()).unwrap()];
    blob.open().unwrap().read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn manifest(image: &Image) -> Value {
    let manifest = image.manifest(image.digest()).unwrap();
    assert_eq!(sha256(&manifest.bytes), image.digest().to_string());
    serde_json::from_slice(&manifest.bytes).unwrap()
}

#[test]
fn docker_save_of_the_old_layout_is_served_as_it_lies_there() {
    let directory = tempdir().unwrap();
    let (first, second) = (
        Tar::new().file("a", b"1").end(),
        Tar::new().file("b", b"2").end(),
    );
    let config = config(&[&first, &second, &first]);
    let archive = Tar::new()
        .directory("aaa/")
        .file("aaa/VERSION", b"1.0")
        .file("aaa/json", b"{}")
        .file("aaa/layer.tar", &first)
        .directory("bbb/")
        .file("bbb/layer.tar", &second)
        .directory("ccc/")
        .symlink("ccc/layer.tar", "../aaa/layer.tar")
        .file("config.json", &config)
        .file(
            "manifest.json",
            &saved(
                "config.json",
                &["aaa/layer.tar", "bbb/layer.tar", "ccc/layer.tar"],
            ),
        )
        .file("repositories", b"{}")
        .write(&directory.path().join("base.tar"));

    let image = Image::open(&archive).unwrap();

    let layer = |bytes: &[u8]| {
        let size = bytes.len();
        json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": sha256(bytes), "size": size })
    };
    let expected = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": CONFIG, "digest": sha256(&config), "size": config.len() },
        "layers": [layer(&first), layer(&second), layer(&first)],
    });
    assert_eq!(manifest(&image), expected);
    assert_eq!(content(&image, &sha256(&first)), first);
    assert_eq!(content(&image, &sha256(&second)), second);
    assert_eq!(content(&image, &sha256(&config)), config);
    let made = image.manifest(image.digest()).unwrap().bytes.len();
    assert_eq!(image.effort().hashed, (config.len() + made) as u64);
}

#[test]
fn compressed_layers_of_docker_save_are_hashed_unless_their_name_is_their_digest() {
    let directory = tempdir().unwrap();
    let layer = Tar::new().file("a", b"1").end();
    let compressed = gzip(&layer);
    let config = config(&[&layer]);
    let by_digest = format!("blobs/{}", sha256(&compressed).replace(':', "/"));
    let mut hashed = Vec::new();
    for name in ["layer.tar.gz", &by_digest] {
        let archive = Tar::new()
            .file(name, &compressed)
            .file("config.json", &config)
            .file("manifest.json", &saved("config.json", &[name]))
            .write(&directory.path().join("base.tar"));

        let image = Image::open(&archive).unwrap();

        let descriptor = json!({ "mediaType": LAYER_GZIP, "digest": sha256(&compressed), "size": compressed.len() });
        assert_eq!(manifest(&image)["layers"], json!([descriptor]));
        assert_eq!(content(&image, &sha256(&compressed)), compressed);
        hashed.push(image.effort().hashed);
    }
    assert_eq!(hashed[0] - hashed[1], compressed.len() as u64);
}

#[test]
fn a_gigabyte_is_ready_after_some_kilobytes_are_read() {
    const SIZE: u64 = 1 << 30;
    let directory = tempdir().unwrap();
    let path = directory.path().join("base.tar");
    let diff_id = sha256(b"the digest of a gigabyte is the business of who made it");
    let config = serde_json::to_vec(&json!({ "rootfs": { "diff_ids": [diff_id] } })).unwrap();
    let documents = Tar::new()
        .file("config.json", &config)
        .file("manifest.json", &saved("config.json", &["layer.tar"]))
        .entry(
            &crate::fixture::header(b"layer.tar", tar::EntryType::Regular, SIZE),
            b"",
        )
        .cut();
    let file = File::create(&path).unwrap();
    file.write_all_at(&documents, 0).unwrap();
    file.write_all_at(b"the end", documents.len() as u64 + SIZE - 7)
        .unwrap();
    file.set_len(documents.len() as u64 + SIZE + 1024).unwrap();

    let image = Image::open(&path).unwrap();

    assert!(image.effort().read < 8 << 10, "{:?}", image.effort());
    assert!(image.effort().hashed < 2 << 10, "{:?}", image.effort());
    let blob = image.blob(&digest(&diff_id)).unwrap();
    let mut end = [0; 7];
    blob.open()
        .unwrap()
        .read_exact_at(&mut end, SIZE - 7)
        .unwrap();
    assert_eq!((blob.size(), &end), (SIZE, b"the end"));
}

#[test]
fn a_layout_is_the_same_image_in_a_directory_and_in_an_archive() {
    let directory = tempdir().unwrap();
    let layer = Tar::new().file("a", b"1").end();
    let mut layout = Layout::new();
    let image = layout.image(&[&layer]);
    let layout = layout.root(std::slice::from_ref(&image));
    let dotted = layout
        .files
        .iter()
        .fold(Tar::new().directory("./"), |tar, (name, bytes)| {
            tar.file(&format!("./{name}"), bytes)
        });
    let places = [
        layout.to_directory(&directory.path().join("layout")),
        layout.to_tar().write(&directory.path().join("layout.tar")),
        dotted.write(&directory.path().join("dotted.tar")),
    ];
    for place in places {
        let opened = Image::open(&place).unwrap();

        assert_eq!(opened.digest().as_ref(), image["digest"]);
        assert_eq!(content(&opened, &sha256(&gzip(&layer))), gzip(&layer));
        assert_eq!(opened.blobs().count(), 2);
    }
}

#[test]
fn an_index_of_platforms_is_kept_whole_even_where_some_are_missing() {
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let platform = |mut descriptor: Value, architecture: &str| {
        descriptor["platform"] = json!({ "os": "linux", "architecture": architecture });
        descriptor
    };
    let amd64 = platform(layout.image(&[b"amd64"]), "amd64");
    let arm64 = platform(layout.image(&[b"arm64"]), "arm64");
    let absent = platform(crate::fixture::descriptor(MANIFEST, b"elsewhere"), "s390x");
    let index = layout.index(&[amd64.clone(), arm64.clone(), absent]);
    let nested = layout.index(std::slice::from_ref(&index));
    let nested_layout = layout.clone().root(std::slice::from_ref(&nested));
    let flat_layout = layout.root(&[amd64.clone(), arm64.clone()]);

    let image = Image::open(&nested_layout.to_directory(&directory.path().join("nested"))).unwrap();
    let flat = Image::open(&flat_layout.to_directory(&directory.path().join("flat"))).unwrap();

    assert_eq!(image.digest().as_ref(), nested["digest"]);
    assert_eq!(image.manifests().count(), 4);
    let index = image
        .manifest(&digest(index["digest"].as_str().unwrap()))
        .unwrap();
    assert_eq!(index.media_type.as_ref(), INDEX);
    assert_eq!(image.blobs().count(), 4);
    // `index.json` itself is the index where it lists platforms.
    assert_eq!(manifest(&flat)["manifests"], json!([amd64, arm64]));
    assert_eq!(flat.manifests().count(), 3);
}

#[test]
fn one_image_with_several_tags_is_one_and_of_several_the_latest_counts() {
    let directory = tempdir().unwrap();
    let tagged = |mut descriptor: Value, tag: &str| {
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        descriptor
    };
    let mut layout = Layout::new();
    let (one, two) = (layout.image(&[b"one"]), layout.image(&[b"two"]));
    let same = layout
        .clone()
        .root(&[tagged(one.clone(), "a"), tagged(one.clone(), "b")]);
    let several = layout.root(&[tagged(one.clone(), "old"), tagged(two.clone(), "latest")]);

    let same = Image::open(&same.to_directory(&directory.path().join("same"))).unwrap();
    let several = Image::open(&several.to_directory(&directory.path().join("several"))).unwrap();

    assert_eq!(same.digest().as_ref(), one["digest"]);
    assert_eq!(several.digest().as_ref(), two["digest"]);
}

#[test]
fn a_manifest_with_a_subject_is_a_referrer() {
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let image = layout.image(&[b"layer"]);
    let config = layout.blob("application/vnd.example.config", b"{}");
    let signature = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [], "subject": image,
        "annotations": { "by": "us" },
    });
    let signature = layout.blob(MANIFEST, &serde_json::to_vec(&signature).unwrap());
    let index = layout.index(&[image.clone(), signature.clone()]);
    let layout = layout.root(&[index]).to_directory(directory.path());

    let opened = Image::open(&layout).unwrap();

    let referrer = opened
        .manifests()
        .find_map(|(_, manifest)| manifest.referrer.as_ref())
        .unwrap();
    assert_eq!(referrer.subject.as_ref(), image["digest"]);
    let mut expected = signature;
    expected["artifactType"] = json!("application/vnd.example.config");
    expected["annotations"] = json!({ "by": "us" });
    assert_eq!(
        serde_json::to_value(&referrer.descriptor).unwrap(),
        expected
    );
}

/// Every document of an image, with every optional member that has a name in its specification.
fn complete() -> [(&'static str, Value); 5] {
    let annotations = json!({ "a": "b" });
    let layer = json!({
        "mediaType": LAYER_GZIP, "digest": sha256(&gzip(b"layer")), "size": gzip(b"layer").len(), "urls": ["http://a"],
        "annotations": annotations, "data": "", "artifactType": "a/b",
        "platform": {
            "architecture": "amd64", "os": "linux", "variant": "v1", "os.version": "1", "os.features": ["a"], "features": ["a"],
        },
    });
    let config = json!({
        "architecture": "amd64", "os": "linux", "variant": "v1", "os.version": "1", "os.features": ["a"], "author": "a",
        "created": "2026-01-01T00:00:00Z", "history": [{ "created_by": "a" }],
        "config": {
            "User": "1", "Env": ["A=b"], "Cmd": ["a"], "Entrypoint": ["a"], "Labels": { "a": "b" }, "Volumes": { "/a": {} },
            "ExposedPorts": { "1/tcp": {} }, "WorkingDir": "/", "StopSignal": "SIGTERM", "OnBuild": ["RUN a"], "Shell": ["a"],
        },
        "rootfs": { "type": "layers", "diff_ids": [sha256(b"layer")] },
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "a/b", "layers": [layer], "subject": layer,
        "annotations": annotations,
    });
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX, "artifactType": "a/b", "subject": layer, "annotations": annotations,
    });
    let saved = json!([{
        "Config": "config.json", "RepoTags": ["a:b"], "Layers": ["layer.tar"], "Parent": "a",
        "LayerSources": { "a": layer },
    }]);
    [
        ("config", config),
        ("manifest", manifest),
        ("entry", layer),
        ("index", index),
        ("saved", saved),
    ]
}

/// The JSON Pointers of all members below a value, elements of lists included.
fn members(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let mut visit = |name: &str, value: &Value| {
        let pointer = format!("{pointer}/{name}");
        members(value, &pointer, found);
        found.push(pointer);
    };
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(name, value)| visit(&name.replace('/', "~1"), value)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| visit(&index.to_string(), value)),
        _ => {}
    }
}

/// The image of these documents as a layout and as an archive of `docker save`.
fn written(documents: &[(&str, Value); 5], directory: &Path) -> [PathBuf; 2] {
    let [
        (_, config),
        (_, manifest),
        (_, entry),
        (_, index),
        (_, saved),
    ] = documents;
    let config = serde_json::to_vec(config).unwrap();
    let mut layout = Layout::new();
    let _ = layout.blob(LAYER_GZIP, &gzip(b"layer"));
    let mut manifest = manifest.clone();
    manifest["config"] = layout.blob(CONFIG, &config);
    let mut described = entry.clone();
    let stored = layout.blob(MANIFEST, &serde_json::to_vec(&manifest).unwrap());
    for (key, value) in stored.as_object().unwrap() {
        described[key] = value.clone();
    }
    let mut index = index.clone();
    index["manifests"] = json!([described]);
    let layout = layout
        .root(&[])
        .replace("index.json", &serde_json::to_vec(&index).unwrap());
    let archive = Tar::new()
        .file("config.json", &config)
        .file("layer.tar", &gzip(b"layer"))
        .file("manifest.json", &serde_json::to_vec(saved).unwrap());
    let _ = fs::remove_dir_all(directory.join("layout"));
    [
        layout.to_directory(&directory.join("layout")),
        archive.write(&directory.join("saved.tar")),
    ]
}

/// What no image is without: which config, which layers, and of which digest and size they are.
const REQUIRED: [&str; 12] = [
    "config/rootfs",
    "config/rootfs/diff_ids",
    "config/rootfs/diff_ids/0",
    "manifest/layers/0",
    "manifest/layers/0/digest",
    "manifest/layers/0/size",
    "manifest/subject/digest",
    "index/subject/digest",
    "saved/0",
    "saved/0/Config",
    "saved/0/Layers",
    "saved/0/Layers/0",
];

#[test]
fn null_stands_for_whatever_may_be_left_out_of_any_document() {
    let directory = tempdir().unwrap();
    let complete = complete();
    let open = |documents: &[(&'static str, Value); 5], what: &str| {
        for path in written(documents, directory.path()) {
            let image = Image::open(&path).unwrap_or_else(|e| panic!("{what}: {}", chain(&e)));
            let root = image.manifest(image.digest()).unwrap();
            let config = content(&image, root.config.as_ref().unwrap().digest().as_ref());
            let described = metadata(&config);
            described.unwrap_or_else(|e| panic!("{what}: {}", chain(&e)));
        }
    };
    open(&complete, "complete");
    let mut tried = 0;
    for (number, (name, document)) in complete.iter().enumerate() {
        let mut pointers = Vec::new();
        members(document, "", &mut pointers);
        pointers.retain(|pointer| !REQUIRED.contains(&format!("{name}{pointer}").as_str()));
        for pointer in pointers {
            let mut documents = complete.clone();
            let document = &mut documents[number].1;
            *document.pointer_mut(&pointer).unwrap() = Value::Null;
            open(&documents, &format!("{name}{pointer} is null"));

            let document = &mut documents[number].1;
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            if let Some(parent) = document.pointer_mut(parent).unwrap().as_object_mut() {
                parent.remove(key);
                open(&documents, &format!("{name}{pointer} is left out"));
            }
            tried += 1;
        }
    }
    assert!(tried > 90, "{tried}");
}

#[test]
fn what_is_said_of_a_layer_and_is_wrong_is_put_right() {
    let directory = tempdir().unwrap();
    let layer = Tar::new().file("a", b"1").end();
    let config = config(&[&layer, b"", &layer]);
    let mut layout = Layout::new();
    let layers = [
        layout.blob(LAYER_GZIP, &layer),
        layout.blob(LAYER_GZIP, b""),
        layout.blob(LAYER_GZIP, &gzip(&layer)),
    ];
    let config = layout.blob(CONFIG, &config);
    let said =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    let mut described = layout.blob(MANIFEST, &serde_json::to_vec(&said).unwrap());
    described["platform"] =
        json!({ "os": "linux", "architecture": "amd64", "os.version": "1", "unknown": 1 });
    let inner = layout.index(std::slice::from_ref(&described));
    let outer = layout.index(std::slice::from_ref(&inner));
    let path = layout
        .root(std::slice::from_ref(&outer))
        .to_directory(directory.path());

    let image = Image::open(&path).unwrap();

    let served = |descriptor: &Value| {
        let digest = digest(descriptor["digest"].as_str().unwrap());
        let served = image.manifest(&digest).unwrap();
        assert_eq!(descriptor["size"], served.bytes.len());
        assert_eq!(sha256(&served.bytes), digest.to_string());
        serde_json::from_slice::<Value>(&served.bytes).unwrap()
    };
    let inner = served(&manifest(&image)["manifests"][0]);
    let entry = &inner["manifests"][0];
    assert_eq!(entry["platform"], described["platform"]);
    let right = served(entry);
    let nothing = right["layers"][1].clone();
    let mut raw = layers[0].clone();
    raw["mediaType"] = "application/vnd.oci.image.layer.v1.tar".into();
    assert_eq!(right["config"], config);
    assert_eq!(right["layers"], json!([raw, nothing, layers[2]]));
    assert_eq!(nothing["mediaType"], LAYER_GZIP);
    let mut unpacked = Vec::new();
    let bytes = content(&image, nothing["digest"].as_str().unwrap());
    assert_eq!(sha256(&bytes), nothing["digest"]);
    let mut gzip = flate2::read::GzDecoder::new(&bytes[..]);
    gzip.read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, b"");
    // What lies there is served too, by its own digest.
    assert_eq!(served(&described), said);
}

#[test]
fn archives_of_skopeo_are_the_image_they_were_made_of() {
    if !has("skopeo") {
        return;
    }
    let directory = tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (first, second) = (
        Tar::new().file("a", b"1").end(),
        Tar::new().file("b", b"2").end(),
    );
    let mut layout = Layout::new();
    let image = layout.image(&[&first, &second, &first]);
    layout.root(&[image]).to_directory(&at("source"));
    let source = format!("oci:{}", at("source").display());
    let copies = [
        ("docker-archive", "docker.tar"),
        ("oci-archive", "oci.tar"),
        ("oci", "oci"),
    ];
    for (transport, name) in copies {
        let tag = if transport == "docker-archive" {
            ":base:latest"
        } else {
            ""
        };
        run(
            "skopeo",
            &[
                "--insecure-policy",
                "copy",
                &source,
                &format!("{transport}:{}{tag}", at(name).display()),
            ],
        );

        let opened = Image::open(&at(name)).unwrap();

        let layers: Vec<_> = match transport {
            "docker-archive" => vec![first.clone(), second.clone(), first.clone()],
            _ => vec![gzip(&first), gzip(&second), gzip(&first)],
        };
        let listed: Vec<_> = manifest(&opened)["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["digest"].clone())
            .collect();
        assert_eq!(
            listed,
            layers
                .iter()
                .map(|layer| json!(sha256(layer)))
                .collect::<Vec<_>>(),
            "{transport}"
        );
        for layer in layers {
            assert_eq!(content(&opened, &sha256(&layer)), layer, "{transport}");
        }
    }
}

#[test]
fn a_layout_of_umoci_is_opened() {
    if !has("umoci") {
        return;
    }
    let directory = tempdir().unwrap();
    let layout = directory.path().join("layout");
    let tagged = format!("{}:latest", layout.display());
    fs::write(directory.path().join("file"), "content").unwrap();
    run("umoci", &["init", "--layout", layout.to_str().unwrap()]);
    run("umoci", &["new", "--image", &tagged]);
    let file = directory.path().join("file");
    run(
        "umoci",
        &[
            "insert",
            "--image",
            &tagged,
            file.to_str().unwrap(),
            "/file",
        ],
    );
    run(
        "umoci",
        &["config", "--image", &tagged, "--config.user", "1000"],
    );

    let opened = Image::open(Path::new(&layout)).unwrap();

    let config = manifest(&opened)["config"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let config: Value = serde_json::from_slice(&content(&opened, &config)).unwrap();
    assert_eq!(config["config"]["User"], "1000");
    assert_eq!(opened.blobs().count(), 2);
}
