//! Rewriting: documents in which layers have the names that they have by now.
//!
//! A document that names none of those stays as it is, byte for byte.
//!
//! Reads: contents. Writes: kept blobs, where layers have to be compressed.
//! Source: OCI image-spec 1.1, `manifest`, `image-index`; BuildKit, `cache/remotecache/v1/configtypes`.

use std::collections::HashMap;
use std::io;

use oci_spec::image::{Descriptor, Digest, MediaType};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::AssemblyError;
use crate::blob::Blob;
use crate::contents::Contents;
use crate::digest::sha256;
use crate::document;
use crate::layer::{self, Compression};
use crate::layout::Role;

/// The media type of the config of BuildKit's cache.
const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";

/// The largest document that is read into memory, in bytes; that of a large cache has some hundred KiB.
const DOCUMENT_LIMIT: u64 = 16 << 20;

/// How many documents may stand above one another. BuildKit makes two.
const HEIGHT_LIMIT: usize = 4;

/// How the layers of an image are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerForm {
    /// All gzip, as those need it who push an archive: they judge by the first one alone.
    Gzip,
    /// Compressed, in whatever way.
    Compressed,
}

/// What has been written anew so far.
pub(super) struct Rewriting<'contents> {
    layers: LayerForm,
    contents: &'contents Contents,
    documents: HashMap<Digest, Vec<u8>>,
    blobs: HashMap<Digest, Blob>,
    /// What layers are by now.
    renamed: HashMap<Digest, Descriptor>,
}

/// All that an image names.
pub(super) struct Parts {
    pub(super) documents: HashMap<Digest, Vec<u8>>,
    pub(super) blobs: HashMap<Digest, Blob>,
    /// What each layer was before it was compressed.
    pub(super) origins: HashMap<Digest, Digest>,
}

impl<'contents> Rewriting<'contents> {
    pub(super) fn new(layers: LayerForm, contents: &'contents Contents) -> Self {
        Self {
            layers,
            contents,
            documents: HashMap::new(),
            blobs: HashMap::new(),
            renamed: HashMap::new(),
        }
    }

    /// All that was named.
    pub(super) fn parts(self) -> Parts {
        let renamed = self.renamed.into_iter();
        Parts {
            documents: self.documents,
            blobs: self.blobs,
            origins: renamed
                .map(|(stated, now)| (now.digest().clone(), stated))
                .collect(),
        }
    }

    /// A manifest or an index with all that it names, as it is by now; so many documents stand above it.
    pub(super) fn document(
        &mut self,
        stated: &Descriptor,
        above: usize,
    ) -> Result<Descriptor, AssemblyError> {
        let bytes = self.read(stated)?;
        let digest = stated.digest();
        if above == HEIGHT_LIMIT {
            return Err(AssemblyError::Beyond {
                digest: digest.clone(),
                beyond: "too many stand above it",
            });
        }
        let mut document: Value = parse(digest, &bytes)?;
        let is_changed = match Role::of(stated.media_type()) {
            Role::Manifest => self.manifest(digest, &mut document)?,
            Role::Index => self.index(digest, &mut document, above + 1)?,
            Role::Other => return Err(no_document(digest)),
        };
        let bytes = if is_changed {
            document.to_string().into_bytes()
        } else {
            bytes
        };
        Ok(self.keep(stated, bytes))
    }

    /// Whether anything in it has another name by now.
    fn index(
        &mut self,
        digest: &Digest,
        index: &mut Value,
        above: usize,
    ) -> Result<bool, AssemblyError> {
        let mut is_changed = false;
        for child in list(digest, index, "manifests")? {
            let stated = descriptor(digest, child)?;
            let now = self.document(&stated, above)?;
            is_changed |= rename(child, &stated, &now);
        }
        Ok(is_changed)
    }

    /// The same of a manifest.
    fn manifest(&mut self, digest: &Digest, manifest: &mut Value) -> Result<bool, AssemblyError> {
        let mut is_changed = false;
        for layer in list(digest, manifest, "layers")? {
            let stated = descriptor(digest, layer)?;
            let now = self.layer(&stated)?;
            is_changed |= rename(layer, &stated, &now);
        }
        let config = manifest
            .get_mut("config")
            .ok_or_else(|| no_document(digest))?;
        let stated = descriptor(digest, config)?;
        let mut bytes = self.read(&stated)?;
        if *stated.media_type() == MediaType::from(CACHE_CONFIG) && is_changed {
            bytes = self.cache_config(stated.digest(), &bytes)?;
        }
        let now = self.keep(&stated, bytes);
        is_changed |= rename(config, &stated, &now);
        Ok(is_changed)
    }

    /// The config of a cache, with the layers as they are by now.
    fn cache_config(&self, digest: &Digest, bytes: &[u8]) -> Result<Vec<u8>, AssemblyError> {
        let mut config: Value = parse(digest, bytes)?;
        for layer in list(digest, &mut config, "layers")? {
            let stated = layer.get("blob").and_then(Value::as_str);
            let stated = stated.and_then(|blob| Digest::try_from(blob).ok());
            let Some(now) = stated.and_then(|stated| self.renamed.get(&stated)) else {
                continue;
            };
            layer["blob"] = now.digest().to_string().into();
            layer["annotations"]["mediaType"] = now.media_type().to_string().into();
            layer["annotations"]["size"] = now.size().into();
        }
        Ok(config.to_string().into_bytes())
    }

    /// A layer as it is by now, and where.
    fn layer(&mut self, stated: &Descriptor) -> Result<Descriptor, AssemblyError> {
        if let Some(known) = self.renamed.get(stated.digest()) {
            return Ok(known.clone());
        }
        let (now, blob) = self.compressed(stated)?;
        self.blobs.insert(now.digest().clone(), blob);
        self.renamed.insert(stated.digest().clone(), now.clone());
        Ok(now)
    }

    fn compressed(&self, stated: &Descriptor) -> Result<(Descriptor, Blob), AssemblyError> {
        let digest = stated.digest();
        let failed = |source| unread(digest, source);
        if let Some((now, blob)) = self.contents.become_of(digest).map_err(failed)? {
            return Ok((self.of_codec(stated, now.digest, now.size), blob));
        }
        let blob = self.contents.blob(digest).map_err(failed)?;
        let blob = blob.ok_or_else(|| AssemblyError::Missing {
            digest: digest.clone(),
        })?;
        if blob.size() == 0 {
            return Ok(layer::nothing());
        }
        let start = layer::start(&blob).map_err(failed)?;
        let compression = Compression::of(&start);
        let is_as_it_must = match compression {
            Compression::Gzip => true,
            Compression::Zstd => self.layers == LayerForm::Compressed,
            // What is neither compressed nor an archive is no layer: an attestation.
            Compression::None => !layer::is_archive(&start),
        };
        if is_as_it_must {
            let mut now = stated.clone();
            if compression != Compression::None {
                now.set_media_type(compression.media_type());
            }
            return Ok((now, blob));
        }
        let made = self.contents.recode(digest, &blob);
        let made = made.map_err(failed)?;
        let (now, blob) = made.ok_or_else(|| AssemblyError::Missing {
            digest: digest.clone(),
        })?;
        Ok((self.of_codec(stated, now.digest, now.size), blob))
    }

    /// What is said of a layer that our codec has made of another.
    fn of_codec(&self, stated: &Descriptor, digest: Digest, size: u64) -> Descriptor {
        let mut now = stated.clone();
        now.set_media_type(self.contents.kept().codec().media_type());
        now.set_digest(digest);
        now.set_size(size);
        now
    }

    /// The bytes of a document.
    fn read(&self, stated: &Descriptor) -> Result<Vec<u8>, AssemblyError> {
        let digest = stated.digest();
        let found = self.contents.blob(digest);
        let blob = found.map_err(|source| unread(digest, source))?;
        let blob = blob.ok_or_else(|| AssemblyError::Missing {
            digest: digest.clone(),
        })?;
        if blob.size() > DOCUMENT_LIMIT {
            return Err(AssemblyError::Beyond {
                digest: digest.clone(),
                beyond: "it is larger than 16 MiB",
            });
        }
        let mut bytes = vec![0; blob.size() as usize];
        let read = blob
            .open()
            .and_then(|blob| blob.read_exact_at(&mut bytes, 0));
        read.map_err(|source| unread(digest, source))?;
        Ok(bytes)
    }

    /// Takes a document into the image; what is said of it by now.
    fn keep(&mut self, stated: &Descriptor, bytes: Vec<u8>) -> Descriptor {
        let mut now = stated.clone();
        now.set_digest(sha256(Sha256::new_with_prefix(&bytes)));
        now.set_size(bytes.len() as u64);
        self.documents.insert(now.digest().clone(), bytes);
        now
    }
}

/// Says in a document what something is by now; whether that is something else.
fn rename(member: &mut Value, stated: &Descriptor, now: &Descriptor) -> bool {
    if let Some(member) = member.as_object_mut() {
        document::redescribe(member, now);
    }
    stated != now
}

/// A list in a document; what is left out is an empty one.
fn list<'document>(
    digest: &Digest,
    document: &'document mut Value,
    name: &str,
) -> Result<&'document mut [Value], AssemblyError> {
    match document.get_mut(name) {
        None | Some(Value::Null) => Ok(&mut []),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(no_document(digest)),
    }
}

fn descriptor(digest: &Digest, member: &Value) -> Result<Descriptor, AssemblyError> {
    Descriptor::deserialize(member).map_err(|source| AssemblyError::Document {
        digest: digest.clone(),
        source: Some(source),
    })
}

fn parse<T: DeserializeOwned>(digest: &Digest, bytes: &[u8]) -> Result<T, AssemblyError> {
    serde_json::from_slice(bytes).map_err(|source| AssemblyError::Document {
        digest: digest.clone(),
        source: Some(source),
    })
}

fn no_document(digest: &Digest) -> AssemblyError {
    AssemblyError::Document {
        digest: digest.clone(),
        source: None,
    }
}

fn unread(digest: &Digest, source: io::Error) -> AssemblyError {
    AssemblyError::Blob {
        digest: digest.clone(),
        source,
    }
}
