//! Layers of a base in a daemon's store, before it asks for them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Directory;
use oci_image_image::Image;
use oci_image_image::codec::Codec;
use oci_image_image::contents::{Contents, KeptBlobs};
use tempfile::{TempDir, tempdir};

use crate::fixture::{Layout, digest, gzip, sha256};

/// A base image, a place where blobs are kept, and a daemon's store.
struct Machine {
    directory: TempDir,
    image: Arc<Image>,
    contents: Contents,
}

impl Machine {
    /// With a base in an archive.
    fn of(layout: &Layout) -> Self {
        let directory = tempdir().unwrap();
        let archive = layout.to_tar().write(&directory.path().join("base.tar"));
        let image = Arc::new(Image::open(&archive).unwrap());
        let handle = Directory::open(directory.path()).unwrap();
        let kept = KeptBlobs::open(handle.made("kept").unwrap(), Codec::gzip()).unwrap();
        handle.made("store").unwrap();
        let images = vec![Arc::clone(&image)];
        let contents = Contents::new(kept, images, Vec::new(), Cancel::default());
        Self {
            directory,
            image,
            contents,
        }
    }

    fn hand_over(&self) {
        let store = Directory::open(self.at("store")).unwrap();
        let manifest = self.image.digest();
        (self.contents.hand_over(&self.image, manifest, &store)).unwrap();
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn in_store(&self, digest: &str) -> PathBuf {
        self.at("store/blobs/sha256")
            .join(&digest["sha256:".len()..])
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Layers of more than a piece and of nothing.
fn layers() -> [Vec<u8>; 2] {
    let mut state = 1_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    [(0..3_000_001).map(|_| noise()).collect(), Vec::new()]
}

fn layout() -> Layout {
    let [large, empty] = layers();
    let mut layout = Layout::new();
    let image = layout.image(&[&large, &empty]);
    layout.root(&[image])
}

#[test]
fn layers_are_in_the_store_whole_and_nobody_reads_them_again_to_compare_them() {
    let machine = Machine::of(&layout());

    machine.hand_over();

    let compressed = layers().map(|layer| gzip(&layer));
    let digests = compressed.each_ref().map(|layer| sha256(layer));
    for (layer, digest) in compressed.iter().zip(&digests) {
        let path = machine.in_store(digest);
        assert!(fs::read(&path).unwrap() == *layer);
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o7777,
            0o444
        );
    }
    assert_eq!(names(&machine.at("store/blobs/sha256")).len(), 2);
    assert!(names(&machine.at("kept/ingest")).is_empty());
    let stamped: Vec<_> = names(&machine.at("kept/stamps"))
        .iter()
        .map(|stamp| format!("sha256:{}", stamp.split('.').next().unwrap()))
        .collect();
    let mut expected = digests.to_vec();
    expected.sort();
    assert_eq!(stamped, expected);
    let wanted = machine.contents.arrival(Some(&digest(&digests[0])));
    assert!(wanted.unwrap().is_none());
}

#[test]
fn what_the_store_has_stays_as_it_is() {
    let machine = Machine::of(&layout());
    machine.hand_over();
    let path = machine.in_store(&sha256(&gzip(&layers()[0])));
    let before = path.metadata().unwrap();

    machine.hand_over();

    let after = path.metadata().unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
}

#[test]
fn a_layer_that_is_not_the_one_of_its_digest_is_not_handed_over() {
    let [large, empty] = layers();
    let (digest_of_large, digest_of_empty) = (sha256(&gzip(&large)), sha256(&gzip(&empty)));
    let mut damaged = gzip(&large);
    damaged[2_000_000] ^= 1;
    let name = format!("blobs/{}", digest_of_large.replace(':', "/"));
    let machine = Machine::of(&layout().replace(&name, &damaged));

    machine.hand_over();

    let hex = &digest_of_empty["sha256:".len()..];
    assert_eq!(names(&machine.at("store/blobs/sha256")), [hex]);
    assert!(names(&machine.at("kept/ingest")).is_empty());
}
