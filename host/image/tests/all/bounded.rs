//! Documents that lead to documents: bases and caches whose indexes are deep, wide or name each other, in bounded time and memory.

use std::fs::{self, File};
use std::path::Path;

use crate::fixture::{
    CONFIG, INDEX, LAYER_GZIP, Layout, MANIFEST, Tar, chain, config, descriptor, gzip, saved,
    sha256,
};
use oci_image_boundary::handle::Directory;
use oci_image_buildkit::content::{CacheImport, LocalCache};
use oci_image_image::Image;
use serde_json::{Value, json};
use tempfile::tempdir;

const LAYER: &[u8] = b"a layer";

/// Where the blob of a descriptor is in its layout.
fn name(descriptor: &Value) -> String {
    let digest = descriptor["digest"].as_str().unwrap();
    format!("blobs/{}", digest.replace(':', "/"))
}

/// An index of indexes, so many levels high; each one names the one below it so many times.
fn tower(layout: &mut Layout, levels: usize, times: usize) -> Value {
    let mut top = layout.image(&[LAYER]);
    for _ in 0..levels {
        top = layout.index(&vec![top; times]);
    }
    top
}

/// What opening the layout's archive and its directory comes to; the same in both.
fn opened(layout: &Layout) -> Result<usize, String> {
    let directory = tempdir().unwrap();
    let archive = layout.to_tar().write(&directory.path().join("base.tar"));
    let unpacked = layout.to_directory(&directory.path().join("base"));
    let open = |path: &Path| {
        Image::open(path)
            .map(|image| image.manifests().count())
            .map_err(|error| chain(&error).replace(path.to_str().unwrap(), "FILE"))
    };
    let outcomes = (open(&archive), open(&unpacked));
    assert_eq!(outcomes.0, outcomes.1);
    outcomes.0
}

/// What a cache of these files imports.
fn imported(layout: &Layout) -> Result<usize, String> {
    let directory = tempdir().unwrap();
    imported_from(&layout.to_directory(directory.path()))
}

fn cache(directory: &Path) -> LocalCache {
    LocalCache::new(Directory::open(directory).unwrap())
}

fn imported_from(directory: &Path) -> Result<usize, String> {
    cache(directory)
        .imports()
        .map(|imports: Vec<CacheImport>| imports.len())
        .map_err(|error| chain(&error).replace(directory.to_str().unwrap(), "CACHE"))
}

#[test]
fn a_tower_of_indexes_is_climbed_without_a_stack_and_refused_with_its_height() {
    let mut layout = Layout::new();
    let below = tower(&mut layout, 16, 1);
    let above = layout.index(std::slice::from_ref(&below));

    assert_eq!(opened(&layout.clone().root(&[below])), Ok(17));
    let message = format!(
        "`{}` of `FILE` is an index above 16 others, one below the other",
        name(&above)
    );
    let mut top = above;
    for _ in 0..4983 {
        top = index(&mut layout, &[top]);
    }
    assert_eq!(opened(&layout.root(&[top])), Err(message));
}

#[test]
fn a_tower_of_indexes_is_no_cache() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    let mut indexes = vec![layout.index(std::slice::from_ref(&image))];
    for _ in 1..5000 {
        let next = index(&mut layout, &indexes[indexes.len() - 1..]);
        indexes.push(next);
    }
    let beyond = name(&indexes[5000 - 17]);

    let message = format!("`CACHE/{beyond}` leads to more than 16 documents, one below the other");
    assert_eq!(imported(&layout.root(&indexes[4999..])), Err(message));
}

#[test]
fn indexes_that_each_name_the_next_several_times_are_read_once_and_refused_if_nobody_else_could() {
    let mut layout = Layout::new();
    let twice = tower(&mut layout, 16, 2);
    let thrice = tower(&mut layout, 10, 3);
    let beyond = layout.index(&vec![thrice.clone(); 3]);

    assert_eq!(opened(&layout.clone().root(&[twice])), Ok(17));
    assert_eq!(
        imported(&layout.clone().root(std::slice::from_ref(&thrice))),
        Ok(1)
    );
    assert_eq!(opened(&layout.clone().root(&[thrice])), Ok(11));
    let message = format!(
        "`{}` of `FILE` goes beyond the 65536 manifests, configs and layers that an image may name",
        name(&beyond)
    );
    assert_eq!(opened(&layout.root(&[beyond])), Err(message));
}

#[test]
fn an_index_that_is_said_to_name_itself_is_not_what_its_digest_says() {
    let mut layout = Layout::new();
    let honest = layout.index(&[layout.clone().image(&[LAYER])]);
    let mut itself = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [honest] });
    // As long as it says it is, so that only its digest is wrong.
    let size = (0..9).fold(0, |size, _| {
        itself["manifests"][0]["size"] = json!(size);
        itself.to_string().len()
    });
    let blob = name(&honest);
    let digest = honest["digest"].as_str().unwrap();
    let root = json!({ "mediaType": INDEX, "digest": digest, "size": size });
    let layout = layout
        .replace(&blob, itself.to_string().as_bytes())
        .root(&[root]);

    let actual = sha256(itself.to_string().as_bytes());
    let message = format!("`{blob}` of `FILE` has another content than its digest says: {actual}");
    assert_eq!(opened(&layout), Err(message));
    let message = format!("blob {digest} in `CACHE` is missing or damaged");
    assert_eq!(imported(&layout), Err(message));
}

#[test]
fn more_manifests_than_an_image_can_name_are_refused_where_the_limit_is_passed() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    // As many as fit into a document: what is not there, or there once, costs as much to read.
    let wide = |layout: &mut Layout, number: usize| {
        let absent = |at: usize| of_number(MANIFEST, number * 20_000 + at);
        let mut named: Vec<_> = (0..20_000).map(absent).collect();
        named.push(image.clone());
        layout.index(&named)
    };
    let indexes: Vec<_> = (0..4).map(|number| wide(&mut layout, number)).collect();
    let below = layout.index(&indexes[..3]);
    let beyond = layout.index(&indexes);

    assert_eq!(opened(&layout.clone().root(&[below])), Ok(5));
    // The last one is entered first.
    let message = format!(
        "`{}` of `FILE` goes beyond the 65536 manifests, configs and layers that an image may name",
        name(&indexes[0])
    );
    assert_eq!(opened(&layout.root(&[beyond])), Err(message));
}

#[test]
fn an_index_of_50_000_manifests_is_a_document_that_is_too_large() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    let top = layout.index(&vec![image; 50_000]);
    let (name, size) = (name(&top), top["size"].clone());
    let layout = layout.root(&[top]);

    let message = format!(
        "`{name}` of `FILE` holds {size} bytes, more than the 4194304 that a document may have"
    );
    assert_eq!(opened(&layout), Err(message));
    let message = format!(
        "`CACHE/{name}` holds {size} bytes, more than the 4194304 that an index or a manifest may have"
    );
    assert_eq!(imported(&layout), Err(message));
}

#[test]
fn an_image_of_more_layers_than_can_be_mounted_is_refused() {
    let mut layout = Layout::new();
    let config = layout.blob(CONFIG, &config(&[LAYER]));
    let layer = layout.blob(LAYER_GZIP, &gzip(LAYER));
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": vec![layer; 1025] });
    let manifest = layout.blob(MANIFEST, manifest.to_string().as_bytes());
    let name = name(&manifest);

    let message = format!("`{name}` of `FILE` is an image of 1025 layers, more than 1024");
    assert_eq!(opened(&layout.root(&[manifest])), Err(message));
}

#[test]
fn a_history_of_50_000_entries_is_not_read() {
    let mut document: Value = serde_json::from_slice(&config(&[LAYER])).unwrap();
    document["history"] = json!(vec![json!({ "created_by": "RUN true" }); 50_000]);
    let mut layout = Layout::new();
    let config = layout.blob(CONFIG, document.to_string().as_bytes());
    let layer = layout.blob(LAYER_GZIP, &gzip(LAYER));
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    let manifest = layout.blob(MANIFEST, manifest.to_string().as_bytes());
    let path = tempdir().unwrap();
    let archive = (layout.root(&[manifest]).to_tar()).write(&path.path().join("base.tar"));

    let image = Image::open(&archive).unwrap();

    let read = image.effort().read;
    assert!(read < 16 << 10, "{read} bytes were read");
}

#[test]
fn a_layer_that_is_named_a_thousand_times_is_hashed_once() {
    // Noise, so that it stays as large as it is.
    let noise: Vec<u8> = (0..20_000_u32)
        .flat_map(|n| sha256(&n.to_le_bytes()).into_bytes())
        .collect();
    let (layer, diff_id) = (gzip(&noise), sha256(&noise));
    let names: Vec<String> = (0..1000).map(|n| format!("{n}.tar")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let config = json!({ "rootfs": { "diff_ids": vec![diff_id; 1000] } });
    let mut tar = Tar::new()
        .file("config.json", config.to_string().as_bytes())
        .file("manifest.json", &saved("config.json", &names))
        .file("0.tar", &layer);
    for name in &names[1..] {
        tar = tar.hard_link(name, "0.tar");
    }
    let directory = tempdir().unwrap();
    let archive = tar.write(&directory.path().join("base.tar"));

    let image = Image::open(&archive).unwrap();

    let (hashed, once) = (image.effort().hashed, layer.len() as u64);
    assert!(
        hashed < once + (1 << 20),
        "{hashed} bytes were hashed, the layer has {once}"
    );
}

#[test]
fn a_cache_that_leads_to_more_blobs_than_are_followed_is_refused() {
    let mut layout = Layout::new();
    // Layers are compared by their size alone until somebody wants them.
    let mut layer = |number: usize| {
        let layer = of_number(LAYER_GZIP, number);
        layout.files.push((name(&layer), Vec::new()));
        layer
    };
    let parts = [0, 20_000, 40_000, 60_000];
    let parts = parts.map(|from| (from..from + 20_000).map(&mut layer).collect::<Vec<_>>());
    let indexes: Vec<_> = parts.map(|part| index(&mut layout, &part)).into();
    let top = index(&mut layout, &indexes);
    let last = name(&indexes[0]);

    let message = format!("`CACHE/{last}` leads to more than 65536 blobs");
    assert_eq!(imported(&layout.root(&[top])), Err(message));
}

/// The descriptor of an empty file under a digest that is none of anything.
fn of_number(media_type: &str, number: usize) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{number:064x}"), "size": 0 })
}

/// Adds an index to a layout of many files, without a look at them.
fn index(layout: &mut Layout, manifests: &[Value]) -> Value {
    let index =
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string();
    let descriptor = descriptor(INDEX, index.as_bytes());
    layout.files.push((name(&descriptor), index.into_bytes()));
    descriptor
}

#[test]
fn an_index_of_a_cache_that_names_more_than_builds_leave_is_refused_and_replaced() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    let layout = layout.root(&vec![image; 1025]);
    let directory = tempdir().unwrap();
    layout.to_directory(directory.path());
    fs::create_dir(directory.path().join("ingest")).unwrap();

    let message = "`CACHE/index.json` leads to more than 1024 images";
    assert_eq!(imported_from(directory.path()), Err(message.to_owned()));
    cache(directory.path()).retain(&["a"]).unwrap();

    assert_eq!(imported_from(directory.path()), Ok(0));
}

#[test]
fn files_of_a_cache_that_are_larger_than_memory_are_told_and_not_read() {
    let mut layout = Layout::new();
    let image = layout.image(&[LAYER]);
    let (manifest, digest) = (name(&image), image["digest"].clone());
    let huge = json!({ "mediaType": MANIFEST, "digest": digest, "size": 1_u64 << 40 });
    let directory = tempdir().unwrap();
    layout.root(&[huge]).to_directory(directory.path());
    let grow = |file: &str| {
        let file = directory.path().join(file);
        File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
    };

    grow(&manifest);
    let message = format!(
        "`CACHE/{manifest}` holds 1099511627776 bytes, more than the 4194304 that an index or a manifest may have"
    );
    assert_eq!(imported_from(directory.path()), Err(message));
    grow("index.json");
    let message = "`CACHE/index.json` holds 1099511627776 bytes, more than the 4194304 that an index or a manifest may have";
    assert_eq!(imported_from(directory.path()), Err(message.to_owned()));
}

#[test]
fn annotations_are_texts_and_no_paths() {
    let outside = tempdir().unwrap();
    let directory = outside.path().join("layout");
    fs::create_dir_all(directory.join("ingest")).unwrap();
    let mut layout = Layout::new();
    let mut images = [layout.image(&[LAYER]), layout.image(&[b"another"])];
    for (image, name) in images.iter_mut().zip(["../../pwned", "/pwned\n\x1b[2J"]) {
        image["annotations"] = json!({
            "org.opencontainers.image.ref.name": name,
            "org.opencontainers.image.title": name,
            "io.containerd.image.name": name,
        });
    }
    let layout = layout.root(&images);
    layout.to_directory(&directory);

    let message =
        r"`FILE` holds 2 images, and none is tagged `latest`: `../../pwned`, `/pwned\n\u{1b}[2J`";
    assert_eq!(opened(&layout), Err(message.to_owned()));
    let cache = cache(&directory);
    assert_eq!(cache.imports().unwrap().len(), 2);
    cache.retain(&["../../pwned"]).unwrap();
    cache.prune().unwrap();

    assert_eq!(cache.imports().unwrap().len(), 1);
    let beside: Vec<_> = fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert!(!Path::new("/pwned").exists());
}
