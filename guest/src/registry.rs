//! `registries`: how the daemon talks to each registry.
//!
//! `false` is not the same as left out here: the daemon talks plain HTTP to a loopback registry unless `http` is false.
//! Source: BuildKit's `registry` tables; the reference's `RegistryConfig`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::host;
use crate::json::{Node, Text};
use crate::name;
use crate::nearest::nearest;
use crate::reader::Reader;

const KEYS: &[&str] = &[
    "mirrors",
    "http",
    "insecure",
    "ca",
    "keypair",
    "tlsconfigdir",
];
const KEYPAIR_KEYS: &[&str] = &["key", "cert"];

/// One registry. A span is where the value stands in the object.
#[derive(Debug)]
pub(crate) struct Registry<'t> {
    pub(crate) host: Text<'t>,
    pub(crate) mirrors: Vec<Text<'t>>,
    pub(crate) http: Option<(bool, Span)>,
    pub(crate) insecure: Option<(bool, Span)>,
    pub(crate) ca: Vec<Text<'t>>,
    pub(crate) keypair: Vec<KeyPair<'t>>,
    pub(crate) tlsconfigdir: Vec<Text<'t>>,
}

/// A client certificate and its key.
#[derive(Debug)]
pub(crate) struct KeyPair<'t> {
    pub(crate) key: Text<'t>,
    pub(crate) cert: Text<'t>,
}

/// The registries of the map, those that are sound.
pub(crate) fn registries<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> Vec<Registry<'t>> {
    let mut registries = Vec::new();
    for (host, value) in reader.entries("registries", node) {
        let sound = host::registry_is_sound(reader.findings, &host);
        let registry = registry(reader, host, value);
        if sound {
            registries.push(registry);
        }
    }
    registries
}

fn registry<'t>(reader: &mut Reader<'_, 't>, host: Text<'t>, node: Node<'t>) -> Registry<'t> {
    let mut registry = Registry {
        host,
        mirrors: Vec::new(),
        http: None,
        insecure: None,
        ca: Vec::new(),
        keypair: Vec::new(),
        tlsconfigdir: Vec::new(),
    };
    for (key, value) in reader.entries("a registry", node) {
        if KEYS.contains(&key.as_str()) && reader.is_left_out(key.as_str(), value) {
            continue;
        }
        match key.as_str() {
            "mirrors" => registry.mirrors = mirrors(reader, "mirrors", value),
            "http" => registry.http = Some((reader.boolean(value), value.span())),
            "insecure" => registry.insecure = Some((reader.boolean(value), value.span())),
            "ca" => registry.ca = paths(reader, "ca", value),
            "keypair" => registry.keypair = keypairs(reader, value),
            "tlsconfigdir" => registry.tlsconfigdir = paths(reader, "tlsconfigdir", value),
            _ => reader.unknown_key("a registry", &key, KEYS),
        }
    }
    registry
}

/// The mirrors of a list, those that are sound.
pub(crate) fn mirrors<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Vec<Text<'t>> {
    let mut mirrors = reader.texts(key, node);
    mirrors.retain(|mirror| host::mirror_is_sound(reader.findings, mirror));
    mirrors
}

fn paths<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Vec<Text<'t>> {
    let paths = reader.texts(key, node);
    paths
        .into_iter()
        .filter_map(|path| name::path(reader.findings, path))
        .collect()
}

fn keypairs<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> Vec<KeyPair<'t>> {
    let elements = reader.elements("keypair", node);
    elements
        .into_iter()
        .filter_map(|element| keypair(reader, element))
        .collect()
}

fn keypair<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> Option<KeyPair<'t>> {
    let entries = reader.entries("a key pair", node);
    for missing in KEYPAIR_KEYS
        .iter()
        .filter(|known| !entries.iter().any(|(key, _)| is_meant(key.as_str(), known)))
    {
        if node.kind() == crate::json::Kind::Object {
            let brace = Span::of(node.start()..node.start() + 1);
            reader
                .findings
                .report(
                    Code::MissingKey,
                    brace,
                    format!("a key pair needs `{missing}`"),
                )
                .help(format!("add `\"{missing}\": \"path\"`"));
        }
    }
    let (mut key_file, mut cert_file) = (None, None);
    for (key, value) in entries {
        match key.as_str() {
            "key" => key_file = file(reader, "`key`", value),
            "cert" => cert_file = file(reader, "`cert`", value),
            _ => reader.unknown_key("a key pair", &key, KEYPAIR_KEYS),
        }
    }
    Some(KeyPair {
        key: key_file?,
        cert: cert_file?,
    })
}

/// Whether a key is the one that is sought, or an unknown one that was probably meant to be it.
fn is_meant(key: &str, sought: &str) -> bool {
    key == sought || (!KEYPAIR_KEYS.contains(&key) && nearest(key, KEYPAIR_KEYS) == Some(sought))
}

fn file<'t>(reader: &mut Reader<'_, 't>, what: &str, node: Node<'t>) -> Option<Text<'t>> {
    let file = reader.filled(what, node)?;
    name::file(reader.findings, file)
}
