//! What is built arrives: an archive is pushed as Concourse pushes it, pulled again, and unpacked by another program, whatever
//! form its base had.
//!
//! The client is go-containerregistry's, pinned beside the engine (`host/engine/push`). It takes all layers of an archive to
//! be like the first, so every one has to be gzip.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use oci_image_tests::archive::Archive;
use oci_image_tests::base::{Layer, architecture};
use oci_image_tests::engine;
use oci_image_tests::form::{self, CONFIG, Encoding, Files, INDEX, MANIFEST, Oci};
use oci_image_tests::rival::Rival;
use oci_image_tests::tree;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};
use tar::EntryType;

use Encoding::{Gzip, Raw, Zstd};

/// A file capability: `cap_net_raw+ep`.
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The tree of [`layers`] below the file that the build adds.
const TREE: [&str; 11] = [
    "bin d755 0:0",
    "bin/ping f755 0:0 \"ping\" capable",
    "bin/su f4755 0:0 \"su\"",
    "bin/su-too f4755 0:0 \"su\"",
    "etc d755 0:0",
    "etc/kept f644 0:0 \"kept\"",
    "f f644 0:0 \"added\"",
    "opaque d755 0:0",
    "opaque/new f600 1000:1001 \"new\"",
    "sbin l777 0:0 \"bin\"",
    "tmp d1777 0:0",
];

/// Two layers with everything that a layer can say.
fn layers() -> Vec<Vec<u8>> {
    let lower = Layer::new()
        .directory("bin")
        .entry(EntryType::Regular, "bin/su", "su", |header| {
            header.set_mode(0o4755);
        })
        .entry(EntryType::Link, "bin/su-too", "", |header| {
            header.set_mode(0o4755);
            header.set_link_name_literal("bin/su").unwrap();
        })
        .records(&[("SCHILY.xattr.security.capability", CAPABILITY)])
        .entry(EntryType::Regular, "bin/ping", "ping", |header| {
            header.set_mode(0o755);
        })
        .symlink("sbin", "bin")
        .directory("etc")
        .file("etc/kept", "kept")
        .file("etc/removed", "removed")
        .directory("opaque")
        .file("opaque/old", "old")
        .entry(EntryType::Directory, "tmp", "", |header| {
            header.set_mode(0o1777);
        });
    let upper = Layer::new()
        .directory("etc")
        .file("etc/.wh.removed", "")
        .directory("opaque")
        .file("opaque/.wh..wh..opq", "")
        .entry(EntryType::Regular, "opaque/new", "new", |header| {
            header.set_mode(0o600);
            header.set_uid(1000);
            header.set_gid(1001);
        });
    vec![lower.bytes(), upper.bytes()]
}

/// What stands in a directory, one line each: kind, mode, owner, content or target, and whether it has a capability.
fn described(root: &Path) -> Vec<String> {
    let below = tree::paths(root)
        .into_iter()
        .filter(|path| !path.as_os_str().is_empty());
    let describe = |below: std::path::PathBuf| {
        let path = root.join(&below);
        let metadata = path.symlink_metadata().unwrap();
        let kind = metadata.file_type();
        let (letter, content) = if kind.is_symlink() {
            ('l', format!(" {:?}", fs::read_link(&path).unwrap()))
        } else if kind.is_dir() {
            ('d', String::new())
        } else {
            assert!(!kind.is_fifo() && !kind.is_socket(), "{}", path.display());
            let content = fs::read(&path).unwrap();
            ('f', format!(" {:?}", String::from_utf8_lossy(&content)))
        };
        let mut value = Vec::with_capacity(64);
        let buffer = rustix::buffer::spare_capacity(&mut value);
        let length = rustix::fs::lgetxattr(&path, "security.capability", buffer).unwrap_or(0);
        let capable = if length > 0 { " capable" } else { "" };
        format!(
            "{} {letter}{:o} {}:{}{content}{capable}",
            below.display(),
            metadata.mode() & 0o7777,
            metadata.uid(),
            metadata.gid(),
        )
    };
    below.map(describe).collect()
}

fn place() -> Workplace {
    let place = Workplace::new();
    place.write("context/f", "added");
    place.dockerfile("ARG base\nFROM ${base}\nCOPY f /f\n");
    place
}

fn object(base: &str) -> Value {
    json!({"context": "context", "output": "image", "image_args": [format!("base={base}")]})
}

/// How each layer of an archive is encoded, by its first bytes.
fn encodings(archive: &Archive) -> Vec<Encoding> {
    let manifest: Value = serde_json::from_slice(&archive.files["manifest.json"]).unwrap();
    let names = manifest[0]["Layers"].as_array().unwrap();
    let encoding = |name: &Value| match archive.files[name.as_str().unwrap()].as_slice() {
        [0x1f, 0x8b, ..] => Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Zstd,
        _ => Raw,
    };
    names.iter().map(encoding).collect()
}

/// Pushes `image/image.tar`, pulls it into `pulled`, and gives what the client tells.
fn pushed(place: &Workplace) -> Value {
    let _ = fs::remove_dir_all(place.path("pulled"));
    let push = engine::directory().join("push");
    let said = place.output(push.to_str().unwrap(), &["image/image.tar", "pulled"]);
    serde_json::from_str(&said).unwrap()
}

/// Pushes `image/image.tar`, pulls it, and gives the tree that another program unpacks.
fn arrived(place: &Workplace) -> Vec<String> {
    let _ = fs::remove_dir_all(place.path("bundle"));
    assert_eq!(pushed(place)["config"], place.read("image/digest"));
    let _ = place.output("umoci", &["unpack", "--image", "pulled:latest", "bundle"]);
    described(&place.path("bundle/rootfs"))
}

/// Builds on a base, and compares what arrives.
fn assert_arrives(place: &Workplace, name: &str, base: &str, tree: &[&str]) -> Run {
    let run = place.build(&object(base));
    assert_eq!(run.status, 0, "{name}: {}", run.stderr);
    assert!(!run.stderr.contains("arning"), "{name}: {}", run.stderr);
    let archive = Archive::read(&place.path("image/image.tar"));
    let encodings = encodings(&archive);
    assert!(
        encodings.iter().all(|encoding| *encoding == Gzip),
        "{name}: {encodings:?}"
    );
    assert_eq!(arrived(place), tree, "{name}");
    run
}

/// The layers, each under a name of its own.
fn named(layers: &[Vec<u8>], encodings: &[Encoding]) -> Vec<(String, Vec<u8>)> {
    let layer = |(index, layer): (usize, &Vec<u8>)| {
        let encoding = encodings[index % encodings.len()];
        (format!("{index}/layer.tar"), encoding.of(layer))
    };
    layers.iter().enumerate().map(layer).collect()
}

/// An archive of `docker save` whose layers are encoded in turn.
fn saved(encodings: &[Encoding]) -> Files {
    Files::saved(&form::config(&layers()), &named(&layers(), encodings))
}

/// A layout whose layers are encoded in turn, and said to be of these media types.
fn oci(encodings: &[Encoding], media_types: &[&str]) -> Files {
    let mut oci = Oci::new();
    let root = oci.image(&form::config(&layers()), &typed(encodings, media_types));
    oci.files(&[root])
}

fn typed<'types>(
    encodings: &[Encoding],
    media_types: &[&'types str],
) -> Vec<(&'types str, Vec<u8>)> {
    let layer = |(index, layer): (usize, &Vec<u8>)| {
        let encoding = encodings[index % encodings.len()];
        (media_types[index % media_types.len()], encoding.of(layer))
    };
    layers().iter().enumerate().map(layer).collect()
}

/// A layout whose layers are encoded in turn, and said to be what they are.
fn truthful(encodings: &[Encoding]) -> Files {
    let media_types: Vec<&str> = encodings
        .iter()
        .map(|encoding| encoding.media_type())
        .collect();
    oci(encodings, &media_types)
}

/// The layers with another one between them, as `docker save` and as a layout.
fn with_between(between: Vec<u8>, served: Vec<u8>) -> [Files; 2] {
    let mut all = layers();
    all.insert(1, between);
    let config = form::config(&all);
    let mut files = named(&all, &[Raw]);
    files[1].1.clone_from(&served);
    let mut oci = Oci::new();
    let mut blobs: Vec<_> = all
        .iter()
        .map(|layer| (Raw.media_type(), layer.clone()))
        .collect();
    blobs[1].1 = served;
    let root = oci.image(&config, &blobs);
    [Files::saved(&config, &files), oci.files(&[root])]
}

#[test]
fn archives_of_docker_save_arrive() {
    let place = place();
    let [zero, _] = with_between(Vec::new(), Vec::new());
    let [empty, _] = with_between(Layer::new().bytes(), Layer::new().bytes());
    let cases = [
        ("raw", saved(&[Raw])),
        ("gzip", saved(&[Gzip])),
        ("zstd", saved(&[Zstd])),
        ("raw, then gzip", saved(&[Raw, Gzip])),
        ("gzip, then raw", saved(&[Gzip, Raw])),
        ("zstd, then gzip", saved(&[Zstd, Gzip])),
        ("a layer of zero bytes", zero),
        ("a layer without entries", empty),
    ];
    for (name, files) in cases {
        files.write_archive(&place.path("base.tar"));

        assert_arrives(&place, name, "base.tar", &TREE);
    }
}

#[test]
fn layouts_arrive() {
    let place = place();
    let [_, zero] = with_between(Vec::new(), Vec::new());
    let docker = [
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar",
    ];
    let cases = [
        ("gzip", truthful(&[Gzip])),
        ("zstd", truthful(&[Zstd])),
        ("raw", truthful(&[Raw])),
        ("zstd, then gzip", truthful(&[Zstd, Gzip])),
        ("gzip, then raw", truthful(&[Gzip, Raw])),
        ("Docker's media types", oci(&[Gzip, Raw], &docker)),
        ("raw, said to be gzip", oci(&[Raw], &[Gzip.media_type()])),
        ("gzip, said to be raw", oci(&[Gzip], &[Raw.media_type()])),
        ("gzip, said to be raw by Docker", oci(&[Gzip], &docker[1..])),
        (
            "media types of no layer",
            oci(&[Gzip, Raw], &["application/gzip", "application/x-tar"]),
        ),
        ("no media type", oci(&[Zstd, Raw], &[""])),
        ("a layer of zero bytes", zero),
        ("an index in an index, an attestation beside", nested()),
        (
            "Docker's list, manifest and config, with layers that are another",
            docker_list(),
        ),
        ("null wherever a value may be left out", nulls()),
        ("keys in another case", other_case()),
    ];
    for (name, files) in cases {
        files.write_archive(&place.path("base.tar"));
        let directory = place.path("base");
        let _ = fs::remove_dir_all(&directory);
        files.write_directory(&directory);

        assert_arrives(&place, name, "base.tar", &TREE);
        assert_arrives(&place, &format!("{name}, in a directory"), "base", &TREE);
    }
}

/// An index in an index, for several platforms, with an attestation; its layers are said to be what they are not.
fn nested() -> Files {
    let mut oci = Oci::new();
    let mut image = oci.image(
        &form::config(&layers()),
        &typed(&[Raw], &[Gzip.media_type()]),
    );
    image["platform"] = json!({"architecture": architecture(), "os": "linux"});
    let statement = ("application/vnd.in-toto+json", b"{}".to_vec());
    let mut attestation = oci.image(
        &json!({"architecture": "unknown", "os": "unknown"}),
        &[statement],
    );
    attestation["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    let mut absent = json!({"mediaType": MANIFEST, "digest": image["digest"], "size": 1});
    absent["digest"] = format!("sha256:{}", "0".repeat(64)).into();
    absent["platform"] = json!({"architecture": "s390x", "os": "linux"});
    let index = |manifests: &[Value]| json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
    let inner = oci.document(INDEX, &index(&[absent, image, attestation]));
    let outer = oci.document(INDEX, &index(&[inner]));
    oci.files(&[outer])
}

/// A list of Docker's, of one image whose layers are not what is said of them.
fn docker_list() -> Files {
    const DOCKER: &str = "application/vnd.docker";
    let mut oci = Oci::new();
    let config = oci.document(
        &format!("{DOCKER}.container.image.v1+json"),
        &form::config(&layers()),
    );
    let media_type = format!("{DOCKER}.image.rootfs.diff.tar.gzip");
    let layers: Vec<Value> = typed(&[Raw, Zstd], &[&media_type])
        .iter()
        .map(|(media_type, bytes)| oci.blob(media_type, bytes))
        .collect();
    let media_type = format!("{DOCKER}.distribution.manifest.v2+json");
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
    let mut manifest = oci.document(&media_type, &manifest);
    manifest["platform"] = json!({"architecture": architecture(), "os": "linux"});
    let media_type = format!("{DOCKER}.distribution.manifest.list.v2+json");
    let list = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [manifest]});
    let list = oci.document(&media_type, &list);
    oci.files(&[list])
}

fn nulls() -> Files {
    let mut oci = Oci::new();
    let mut config = form::config(&layers());
    for key in [
        "author",
        "created",
        "history",
        "variant",
        "os.version",
        "os.features",
    ] {
        config[key] = Value::Null;
    }
    for key in [
        "User",
        "Env",
        "Cmd",
        "Entrypoint",
        "Labels",
        "Volumes",
        "ExposedPorts",
        "WorkingDir",
        "StopSignal",
        "OnBuild",
        "Shell",
        "Healthcheck",
        "ArgsEscaped",
    ] {
        config["config"][key] = Value::Null;
    }
    let absent = |mut descriptor: Value| {
        for key in ["urls", "annotations", "data", "artifactType", "platform"] {
            descriptor[key] = Value::Null;
        }
        descriptor
    };
    let config = absent(oci.document(CONFIG, &config));
    let layers: Vec<Value> = typed(&[Gzip], &[Gzip.media_type()])
        .iter()
        .map(|(media_type, bytes)| absent(oci.blob(media_type, bytes)))
        .collect();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": null, "config": config, "layers": layers,
        "annotations": null, "subject": null, "artifactType": null,
    });
    let manifest = absent(oci.document(MANIFEST, &manifest));
    oci.files_of(&json!({
        "schemaVersion": 2, "mediaType": null, "manifests": [manifest], "annotations": null, "subject": null,
        "artifactType": null,
    }))
}

fn other_case() -> Files {
    let mut oci = Oci::new();
    let config = oci.document(CONFIG, &form::config(&layers()));
    let layers: Vec<Value> = typed(&[Gzip], &[Gzip.media_type()])
        .iter()
        .map(|(media_type, bytes)| oci.blob(media_type, bytes))
        .collect();
    let manifest =
        json!({"schemaversion": 2, "MEDIATYPE": MANIFEST, "Config": config, "Layers": layers});
    let mut root = oci.document(MANIFEST, &manifest);
    root = json!({"mediatype": root["mediaType"], "Digest": root["digest"], "SIZE": root["size"]});
    oci.files_of(&json!({"schemaVersion": 2, "Manifests": [root]}))
}

#[test]
fn images_without_layers_with_one_twice_and_with_a_hundred_arrive() {
    let place = place();
    let added = ["f f644 0:0 \"added\""];
    let none = form::config(&[]);
    let mut null = none.clone();
    null["rootfs"] = json!({"type": "layers", "diff_ids": null});
    for (name, config) in [("no layers", &none), ("null layers", &null)] {
        Files::saved(config, &[]).write_archive(&place.path("base.tar"));
        assert_arrives(&place, name, "base.tar", &added);
    }

    // A file that both layers have: the same layer twice, as one file and a link to it.
    let twice = vec![
        layers()[0].clone(),
        layers()[1].clone(),
        layers()[1].clone(),
    ];
    let config = form::config(&twice).to_string();
    let manifest = json!([{"Config": "config.json", "RepoTags": null, "Layers": ["0/layer.tar", "1/layer.tar", "2/layer.tar"]}]);
    let archive = Layer::new()
        .file("0/layer.tar", &twice[0])
        .file("1/layer.tar", &twice[1])
        .symlink("2/layer.tar", "../1/layer.tar")
        .file("config.json", config)
        .file("manifest.json", manifest.to_string());
    place.write("base.tar", archive.bytes());
    assert_arrives(&place, "a layer twice", "base.tar", &TREE);

    let hundred: Vec<Vec<u8>> = (0..100)
        .map(|number| Layer::new().file("number", number.to_string()).bytes())
        .collect();
    Files::saved(&form::config(&hundred), &named(&hundred, &[Raw, Gzip]))
        .write_archive(&place.path("base.tar"));
    let tree = ["f f644 0:0 \"added\"", "number f644 0:0 \"99\""];
    assert_arrives(&place, "a hundred layers", "base.tar", &tree);
}

/// `LayerSources` spares it: the digest of each layer is known.
#[test]
fn who_pushes_an_archive_reads_no_layer_before() {
    let place = place();
    place.dockerfile("FROM scratch\nCOPY busybox /bin/busybox\nCOPY f /f\n");
    let _ = place
        .build(&json!({"context": "context", "output": "image", "unpack_rootfs": true}))
        .expect(0);

    let said = pushed(&place);

    let size = fs::metadata(place.path("image/image.tar")).unwrap().len();
    let read = said["read"].as_u64().unwrap();
    assert!(size > 500_000 && read < 50_000, "{read} of {size}");
    let manifest = Archive::read(&place.path("image/image.tar")).files["manifest.json"].clone();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let names: Vec<String> = said["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|digest| format!("blobs/{}", digest.as_str().unwrap().replace(':', "/")))
        .collect();
    assert_eq!(manifest[0]["Layers"], json!(names));
    let _ = place.output(
        "skopeo",
        &[
            "copy",
            "--quiet",
            "docker-archive:image/image.tar",
            "oci:copy",
        ],
    );
    let _ = place.output("tar", &["-tf", "image/image.tar"]);
}

/// The same diff ID of two blobs: who pushes asks for a layer by either.
#[test]
fn a_layer_that_is_there_twice_compressed_in_two_ways_arrives() {
    let place = place();
    let twice = vec![
        layers()[0].clone(),
        layers()[1].clone(),
        layers()[0].clone(),
        layers()[1].clone(),
    ];
    let mut files = named(&twice, &[Gzip]);
    // Another header, which says when it was compressed.
    files[2].1[4] = 1;
    files[3].1[4] = 1;
    Files::saved(&form::config(&twice), &files).write_archive(&place.path("base.tar"));

    assert_arrives(&place, "twice", "base.tar", &TREE);

    let archive = Archive::read(&place.path("image/image.tar"));
    let manifest: Value = serde_json::from_slice(&archive.files["manifest.json"]).unwrap();
    let names = manifest[0]["Layers"].as_array().unwrap().iter();
    assert_eq!(names.collect::<std::collections::HashSet<_>>().len(), 5);
}

#[test]
fn images_of_other_programs_arrive() {
    let place = place();
    saved(&[Raw]).write_archive(&place.path("base.tar"));
    let copy = |arguments: &[&str]| {
        let _ = place.output("skopeo", &[&["copy", "--quiet"], arguments].concat());
    };
    copy(&[
        "docker-archive:base.tar",
        "docker-archive:docker.tar:base:latest",
    ]);
    copy(&["docker-archive:base.tar", "oci-archive:oci.tar:latest"]);
    copy(&[
        "--dest-compress-format=zstd",
        "docker-archive:base.tar",
        "oci-archive:zstd.tar:latest",
    ]);
    copy(&["docker-archive:base.tar", "oci:layout:latest"]);
    let author = ["config", "--image", "layout:latest", "--author", "a test"];
    let _ = place.output("umoci", &author);

    for base in ["docker.tar", "oci.tar", "zstd.tar", "layout"] {
        assert_arrives(&place, base, base, &TREE);
    }
}

#[test]
fn images_of_buildctl_arrive_and_so_do_our_own() {
    let place = place();
    fs::write(place.path("context/old"), "base").unwrap();
    place.dockerfile("FROM scratch\nCOPY old /old\n");
    let rival = Rival::start();
    let mut bases = Vec::new();
    for (number, attributes) in [
        "type=docker",
        "type=docker,compression=zstd,force-compression=true",
        "type=docker,compression=uncompressed,force-compression=true",
        "type=oci,compression=estargz,force-compression=true,oci-mediatypes=true",
        "type=oci,compression=zstd,force-compression=true",
    ]
    .iter()
    .enumerate()
    {
        let base = format!("{number}.tar");
        let output = format!("--output={attributes},dest={}", place.path(&base).display());
        rival.build(&place.path("context"), &[&output]);
        bases.push(base);
    }
    drop(rival);
    let own = |object: Value| place.build(&object).expect(0);
    own(json!({"context": "context", "output": "image"}));
    fs::rename(place.path("image/image.tar"), place.path("own.tar")).unwrap();
    own(json!({"context": "context", "output": "image", "output_oci": true}));
    fs::rename(place.path("image/image"), place.path("own")).unwrap();
    bases.extend(["own.tar".into(), "own".into()]);
    place.dockerfile("ARG base\nFROM ${base}\nCOPY f /f\n");

    for base in bases {
        let tree = ["f f644 0:0 \"added\"", "old f644 0:0 \"base\""];
        assert_arrives(&place, &base, &base, &tree);
    }
}

#[test]
fn a_layout_keeps_the_layers_of_its_base_that_are_compressed() {
    let place = place();
    truthful(&[Zstd, Raw]).write_archive(&place.path("base.tar"));
    let mut object = object("base.tar");
    object["output_oci"] = true.into();

    let _ = place.build(&object).expect(0);

    let index: Value = serde_json::from_str(&place.read("image/image/index.json")).unwrap();
    let blob = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        place.read(&format!("image/image/blobs/{}", digest.replace(':', "/")))
    };
    let manifest: Value = serde_json::from_str(&blob(&index["manifests"][0])).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    let kinds: Vec<_> = layers
        .iter()
        .map(|layer| layer["mediaType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, [Zstd, Gzip, Gzip].map(Encoding::media_type));
}

#[test]
fn layers_are_gzip_from_a_warm_root_and_from_an_imported_cache() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    truthful(&[Zstd, Raw]).write_archive(&place.path("base.tar"));
    let mut object = object("base.tar");
    object["cache"] = true.into();
    let build = || {
        let run = place.build(&object).expect(0);
        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(encodings(&archive), [Gzip; 3]);
        let manifest: Value = serde_json::from_slice(&archive.files["manifest.json"]).unwrap();
        (run, manifest[0]["Layers"].clone())
    };

    let (_, first) = build();
    let (warm, second) = build();
    fs::remove_dir_all(place.root()).unwrap();
    let (cold, third) = build();

    // What is fetched of a step's layers may hide that it is cached: executed, it would fetch none of its own.
    let own = first[2]
        .as_str()
        .unwrap()
        .replace("blobs/sha256/", " sha256:");
    for run in [warm, cold] {
        let is_cached = run.stderr.contains("CACHED") || run.stderr.contains(&own);
        assert!(is_cached, "{}", run.stderr);
    }
    assert_eq!([second, third], [first.clone(), first]);
    assert_eq!(arrived(&place), TREE);
}

#[test]
fn layers_are_gzip_from_a_cache_of_zstd_that_another_program_left() {
    let place = place();
    place
        .dockerfile("BUSYBOX\nFROM busybox\nRUN echo executed; echo 1 > /one\nRUN echo 2 > /two\n");
    let export = format!(
        "--export-cache=type=local,mode=max,compression=zstd,force-compression=true,dest={}",
        place.path("cache").display()
    );
    Rival::start().build(&place.path("context"), &[&export]);

    let run = place
        .build(&json!({"context": "context", "output": "image", "cache": true}))
        .expect(0);

    assert!(
        !run.stderr.lines().any(|line| line.ends_with(" executed")),
        "{}",
        run.stderr
    );
    let archive = Archive::read(&place.path("image/image.tar"));
    assert!(encodings(&archive).iter().all(|encoding| *encoding == Gzip));
    let tree = arrived(&place);
    assert!(
        tree.contains(&"one f644 0:0 \"1\\n\"".to_owned()),
        "{tree:?}"
    );
}

/// What a base of another registry holds is known only when it has been exported.
#[test]
fn layers_of_a_base_that_was_pulled_are_gzip_too() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let many: Vec<Vec<u8>> = (0..30)
        .map(|number| Layer::new().file("number", number.to_string()).bytes())
        .collect();
    let layers: Vec<_> = many
        .iter()
        .map(|layer| (Zstd.media_type(), Zstd.of(layer)))
        .collect();
    let mut oci = Oci::new();
    let root = oci.image(&form::config(&many), &layers);
    oci.files(&[root]).write_archive(&place.path("base.tar"));
    let elsewhere = tokio::runtime::Runtime::new().unwrap();
    let image = Image::open(&place.path("base.tar")).unwrap();
    let registry = elsewhere
        .block_on(Registry::serve(vec![("base".into(), image)]))
        .unwrap();
    let reference = registry.reference("base").unwrap();
    place.dockerfile(&format!("FROM {reference}\nCOPY f /f\n"));
    let object =
        json!({"context": "context", "output": "image", "cache": true, "unpack_rootfs": true});

    for _ in ["cold", "warm"] {
        let _ = place.build(&object).expect(0);

        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(encodings(&archive), [Gzip; 31]);
        let tree = ["f f644 0:0 \"added\"", "number f644 0:0 \"29\""];
        assert_eq!(arrived(&place), tree);
        assert_eq!(described(&place.path("image/rootfs")), tree);
        assert_eq!(place.leftovers(), Vec::<String>::new());
    }
}

/// BuildKit lists every combination of layers before and after conversion where it is not told to convert them all: with 20
/// of them, a build that kept a cache did not end.
#[test]
fn a_base_of_many_raw_layers_is_kept_in_a_cache_in_no_time() {
    let place = place();
    fs::create_dir(place.path("cache")).unwrap();
    let many: Vec<Vec<u8>> = (0..30)
        .map(|number| Layer::new().file("number", number.to_string()).bytes())
        .collect();
    Files::saved(&form::config(&many), &named(&many, &[Raw]))
        .write_archive(&place.path("base.tar"));
    let mut object = object("base.tar");
    object["cache"] = true.into();

    for _ in 0..2 {
        let _ = place.build(&object).expect(0);
    }

    assert_eq!(
        encodings(&Archive::read(&place.path("image/image.tar"))),
        [Gzip; 31]
    );
}
