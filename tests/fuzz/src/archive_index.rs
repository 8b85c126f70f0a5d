//! Images by index: whatever an archive or a layout says, what is opened of it agrees with itself, and costs what it is long.
//!
//! An input that begins with `layout\n` is a list of documents, a line each; `@0i` in one is the descriptor of the first line
//! as an index (`m` manifest, `c` config, `l` layer). The last line is `index.json`. Any other input is an archive, whose
//! checksums are put right.

use oci_image::image::Image;
use sha2::{Digest as _, Sha256};
use tar::Header;

use crate::tar_entries::with_checksums;
use crate::yard::Yard;

/// How many times the length of an archive may be read and hashed to open it: documents are both.
const TIMES: u64 = 8;

/// How many documents are made of lines.
const MOST: usize = 32;

pub(crate) fn run(bytes: &[u8]) {
    let archive = match bytes.strip_prefix(b"layout\n") {
        Some(lines) => of_lines(lines),
        None => with_checksums(bytes),
    };
    let yard = Yard::new();
    let Ok(image) = Image::open(&yard.file(&archive)) else {
        return;
    };
    let effort = image.effort();
    let most = archive.len() as u64 * TIMES;
    assert!(effort.read <= most && effort.hashed <= most, "{effort:?}");
    assert!(
        image.manifest(image.digest()).is_some(),
        "the root is there"
    );
    for (digest, manifest) in image.manifests() {
        if digest.algorithm().as_ref() == "sha256" {
            assert_eq!(digest.digest(), hex(&manifest.bytes));
        }
        let config = manifest.config.as_ref().map(|config| config.digest());
        assert!(config.is_none_or(|config| image.blob(config).is_some()));
    }
    for (_, blob) in image.blobs() {
        let reader = blob.open().expect("it lies in the archive");
        let mut last = [0];
        if let Some(offset) = blob.size().checked_sub(1) {
            reader
                .read_exact_at(&mut last, offset)
                .expect("all of it is there");
        }
    }
}

/// An image of one layer in an archive.
pub(crate) fn image() -> Vec<u8> {
    of_lines(b"a layer of bytes that can be asked for in parts\n{}\n{\"schemaVersion\":2,\"config\":@1c,\"layers\":[@0l]}\n{\"schemaVersion\":2,\"manifests\":[@2m]}")
}

/// An archive of a layout whose documents are lines.
fn of_lines(lines: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    push(
        &mut archive,
        "oci-layout",
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    );
    let mut blobs: Vec<(String, usize)> = Vec::new();
    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').take(MOST).collect();
    for (at, line) in lines.iter().enumerate() {
        let document = with_descriptors(line, &blobs);
        if at + 1 == lines.len() {
            push(&mut archive, "index.json", &document);
            break;
        }
        let digest = hex(&document);
        if !blobs.iter().any(|(known, _)| *known == digest) {
            push(&mut archive, &format!("blobs/sha256/{digest}"), &document);
        }
        blobs.push((digest, document.len()));
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A line with descriptors in the place of `@`, a digit and a letter.
fn with_descriptors(line: &[u8], blobs: &[(String, usize)]) -> Vec<u8> {
    let mut document = Vec::new();
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let blob = after.first().filter(|_| *first == b'@').and_then(|digit| {
            let at = char::from(*digit).to_digit(36)?;
            blobs.get(at as usize)
        });
        match (blob, after.get(1)) {
            (Some((digest, size)), Some(letter)) => {
                let kind = match letter {
                    b'm' => "manifest.v1+json",
                    b'i' => "index.v1+json",
                    b'c' => "config.v1+json",
                    _ => "layer.v1.tar+gzip",
                };
                let text = format!(
                    r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"sha256:{digest}","size":{size}}}"#
                );
                document.extend(text.bytes());
                rest = &after[2..];
            }
            _ => {
                document.push(*first);
                rest = after;
            }
        }
    }
    document
}

fn push(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_cksum();
    archive.extend_from_slice(header.as_bytes());
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

fn hex(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
