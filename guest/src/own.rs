//! The readers of those keys that have rules of their own, each found by its key's name.
//!
//! Unknown here: the rules, each of which stands with its noun. Source: `oci_image_schema::key`: `Rule::Own`.

use oci_image_schema::code::Code;
use oci_image_schema::key::Key;

use crate::context_input::context_inputs;
use crate::findings::{Findings, Origin};
use crate::json::{Node, Text};
use crate::pair::PairKind;
use crate::reader::Reader;
use crate::request::Request;
use crate::{
    cache_mounts, compression, frontend, host, layer_cache, name, pair_list, platform, registry,
    secret,
};

/// The longest addition to the daemon's configuration, in bytes. It is read into a tree, which takes many times its length.
const MAX_CONFIG: usize = 128 << 10;

/// Reads the value of the key that is named.
type Read = for<'t> fn(&mut Request<'t>, &mut Reader<'_, 't>, &'static Key, Node<'t>);

/// The readers, by the names of their keys.
const READERS: &[(&str, Read)] = &[
    ("context", |request, reader, _, node| {
        let context = reader.filled("`context`", node);
        request.context = context.and_then(|path| name::path(reader.findings, path));
    }),
    ("context_inputs", |request, reader, key, node| {
        request.context_inputs = context_inputs(reader, key.name, node);
    }),
    ("dockerfile", |request, reader, key, node| {
        let dockerfile = reader.optional(key.name, node);
        let is_empty = |text: Text<'_>| text.as_str().is_empty();
        request.names_dockerfile = !node.text().is_some_and(is_empty);
        request.dockerfile = dockerfile.and_then(|path| name::file(reader.findings, path));
    }),
    ("output", |request, reader, _, node| {
        let output = reader.filled("`output`", node);
        request.output =
            output.and_then(|output| name::artifact(reader.findings, "an output", output));
    }),
    ("cache_mounts", |request, reader, key, node| {
        request.cache_mounts.ids = cache_mounts::ids(reader, key.name, node);
    }),
    ("cache_mounts_limit", |request, reader, key, node| {
        request.cache_mounts.limit = cache_mounts::limit(reader, key.name, node);
    }),
    ("cache_from", |request, reader, key, node| {
        request.cache_from = layer_cache::caches(reader, key.name, node);
    }),
    ("cache_to", |request, reader, key, node| {
        request.cache_to = layer_cache::caches(reader, key.name, node);
    }),
    ("target", |request, reader, key, node| {
        let target = reader.optional(key.name, node);
        request.target = target.filter(|target| {
            name::target(reader.findings, target.as_str(), &Origin::Object(target))
        });
    }),
    ("additional_targets", |request, reader, key, node| {
        let list = reader.texts(key.name, node);
        request.additional_targets = name::additional_targets(reader.findings, list);
    }),
    ("build_args", |request, reader, key, node| {
        request.build_args = pair_list::pairs(reader, key.name, PairKind::BuildArg, node);
    }),
    ("labels", |request, reader, key, node| {
        request.labels = pair_list::pairs(reader, key.name, PairKind::Label, node);
    }),
    ("registry_mirrors", |request, reader, key, node| {
        request.registry_mirrors = registry::mirrors(reader, key.name, node);
    }),
    ("registries", |request, reader, _, node| {
        request.registries = registry::registries(reader, node);
    }),
    ("buildkit_extra_config", |request, reader, key, node| {
        let config = reader.optional(key.name, node);
        request.buildkit_extra_config =
            config.filter(|config| config_is_short(reader.findings, config));
    }),
    ("buildkit_secrets", |request, reader, _, node| {
        request.buildkit_secrets = secret::secrets(reader, node);
    }),
    ("buildkit_ssh", |request, reader, key, node| {
        let ssh = reader.optional(key.name, node);
        request.buildkit_ssh = ssh.and_then(|text| secret::ssh(reader.findings, text));
    }),
    ("buildkit_frontends", |request, reader, key, node| {
        request.buildkit_frontends = frontend::frontends(reader, key.name, node);
    }),
    ("image_args", |request, reader, key, node| {
        request.image_args = pair_list::pairs(reader, key.name, PairKind::ImageArg, node);
    }),
    ("add_hosts", |request, reader, key, node| {
        let hosts = reader.optional(key.name, node);
        let hosts = hosts.map(|list| host::extra_hosts(reader.findings, &list));
        request.pass_on(key, hosts.filter(|hosts| !hosts.is_empty()));
    }),
    ("image_platform", |request, reader, key, node| {
        let list = reader.optional(key.name, node);
        let platforms = list.map(|list| platform::platforms(reader.findings, &list));
        request.image_platform = platforms.unwrap_or_default();
        let has_comma = |text: Text<'_>| text.as_str().contains(',');
        request.lists_platforms = node.text().is_some_and(has_comma);
    }),
    ("compression", |request, reader, key, node| {
        request.compression.codec = compression::codec(reader, key.name, node);
    }),
    ("compression_level", |request, reader, key, node| {
        request.compression.level = reader.optional(key.name, node);
    }),
];

/// Reads the value of a key that has rules of its own.
pub(crate) fn read<'t>(
    request: &mut Request<'t>,
    reader: &mut Reader<'_, 't>,
    key: &'static Key,
    node: Node<'t>,
) {
    let found = READERS.iter().find(|(name, _)| *name == key.name);
    if let Some((_, read)) = found {
        read(request, reader, key, node);
    }
}

fn config_is_short(findings: &mut Findings<'_>, config: &Text<'_>) -> bool {
    let length = config.as_str().len();
    let is_short = length <= MAX_CONFIG;
    if !is_short {
        let message =
            format!("`buildkit_extra_config` holds {length} bytes, and may hold {MAX_CONFIG}");
        findings
            .report(Code::TooLong, config.span(), message)
            .help("keep what buildkitd reads; comments count too");
    }
    is_short
}

#[cfg(test)]
mod tests {
    use oci_image_schema::key::{KEYS, Rule};

    use super::*;

    #[test]
    fn each_key_with_rules_of_its_own_has_a_reader_and_no_other_has() {
        let own = KEYS.iter().filter(|key| key.rule == Rule::Own);
        let own: Vec<&str> = own.map(|key| key.name).collect();
        let readers: Vec<&str> = READERS.iter().map(|(name, _)| *name).collect();
        assert_eq!(readers, own);
    }
}
