//! buildkitd's configuration: from the request, what the user adds to it, and the limits that we raise.
//!
//! Settings of the machine (root, sockets, snapshotter, rootless) are not here: the host passes them as flags, and flags win.
//! Relative paths stay relative, so the daemon runs in the working directory.
//!
//! Source: BuildKit, `cmd/buildkitd/config`.

use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::gc;
use oci_image_schema::mirror::Mirror;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::daemon_settings;
use crate::daemon_values;
use crate::findings::{Findings, quoted};
use crate::json::Text;
use crate::registry::Registry;
use crate::request::Request;
use crate::toml_text;
use crate::toml_tree::{self as tree, Conflict};

/// What the host's flags override.
const OURS: &[&[&str]] = &[&["root"], &["grpc", "address"], &["otel", "socketPath"]];
const OCI_WORKER: [&str; 2] = ["worker", "oci"];

/// What is written where nothing is configured, which is most of the time: writing it anew takes a third of an ordinary plan.
const UNCONFIGURED: &str = "\
[[worker.oci.gcpolicy]]
maxUsedSpace = \"100GB\"
minFreeSpace = \"20%\"
reservedSpace = \"10GB\"

[[worker.oci.gcpolicy]]
all = true
maxUsedSpace = \"100GB\"
minFreeSpace = \"20%\"
reservedSpace = \"10GB\"
";

/// The configuration, not written yet: who only asks for mistakes is spared that.
pub(crate) struct DaemonConfig<'a>(DeTable<'a>);

/// What the request and the user's own part say together. Mistakes in that part, and conflicts with it, are reported.
pub(crate) fn read<'a, 't>(
    request: &'a Request<'t>,
    findings: &mut Findings<'t>,
) -> DaemonConfig<'a> {
    let mut config = DeTable::new();
    if let Some(flag) = request.flag("debug") {
        tree::set(
            &mut config,
            &["log", "level"],
            tree::string("debug", range(flag)),
        );
    }
    set_mirrors(&mut config, request, findings);
    for registry in &request.registries {
        set_registry(&mut config, registry);
    }
    set_plain_http(&mut config, request, findings);
    set_frontends(&mut config, request);
    let extra = request.buildkit_extra_config.as_ref();
    if let Some((extra, table)) = extra.and_then(|extra| Some((extra, parse(extra, findings)?))) {
        daemon_values::judge(extra, &table, findings);
        remark(extra, &table, findings);
        for conflict in tree::join(&mut config, table) {
            report(&conflict, extra, findings);
        }
    }
    DaemonConfig(config)
}

impl DaemonConfig<'_> {
    /// The configuration as TOML, with the limits that we raise.
    pub(crate) fn write(mut self) -> String {
        if self.0.is_empty() {
            return UNCONFIGURED.to_owned();
        }
        set_gc(&mut self.0);
        toml_text::write(&self.0)
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// `registry_mirrors` is short for the mirrors of docker.io in `registries`.
fn set_mirrors(config: &mut DeTable<'_>, request: &Request<'_>, findings: &mut Findings<'_>) {
    let Some(place) = place_of(&request.registry_mirrors) else {
        return;
    };
    tree::set(
        config,
        &["registry", "docker.io", "mirrors"],
        mirrors(&request.registry_mirrors, place.clone()),
    );
    let docker = request
        .registries
        .iter()
        .find(|registry| registry.host.as_str() == "docker.io");
    let Some(other) = docker.and_then(|docker| place_of(&docker.mirrors)) else {
        return;
    };
    let message = "the mirrors of `docker.io` are given in `registry_mirrors` and in `registries`";
    for place in [place, other] {
        findings
            .report(Code::ConflictingConfig, Span::of(place), message)
            .help("remove one of the two");
    }
}

fn set_registry(config: &mut DeTable<'_>, registry: &Registry<'_>) {
    let mut set =
        |key: &str, value| tree::set(config, &["registry", registry.host.as_str(), key], value);
    if let Some(place) = place_of(&registry.mirrors) {
        set("mirrors", mirrors(&registry.mirrors, place));
    }
    for (key, list) in [
        ("ca", &registry.ca),
        ("tlsconfigdir", &registry.tlsconfigdir),
    ] {
        if let Some(place) = place_of(list) {
            set(key, texts(list, place));
        }
    }
    for (key, flag) in [("http", registry.http), ("insecure", registry.insecure)] {
        if let Some((value, place)) = flag {
            set(key, tree::boolean(value, range(place)));
        }
    }
    if let (Some(first), Some(last)) = (registry.keypair.first(), registry.keypair.last()) {
        let pair = |text: &Text<'_>| tree::string(text.as_str(), range(text.span()));
        let pairs = registry.keypair.iter().map(|keypair| {
            tree::table([("key", pair(&keypair.key)), ("cert", pair(&keypair.cert))])
        });
        set(
            "keypair",
            tree::list(
                pairs,
                range(first.key.span()).start..range(last.cert.span()).end,
            ),
        );
    }
}

/// A list without repositories would allow every one, so that none is allowed says that there is no gateway.
fn set_frontends(config: &mut DeTable<'_>, request: &Request<'_>) {
    let Some(frontends) = &request.buildkit_frontends else {
        return;
    };
    let mut set = |key: &str, value| tree::set(config, &["frontend", "gateway.v0", key], value);
    let place = range(frontends.span);
    if frontends.repositories.is_empty() {
        set("enabled", tree::boolean(false, place));
    } else {
        set("allowedRepositories", texts(&frontends.repositories, place));
    }
}

/// A mirror that is asked by plain HTTP is a registry that is.
fn set_plain_http(config: &mut DeTable<'_>, request: &Request<'_>, findings: &mut Findings<'_>) {
    let others = request.registries.iter().map(|registry| &registry.mirrors);
    for text in std::iter::once(&request.registry_mirrors)
        .chain(others)
        .flatten()
    {
        let mirror = Mirror::of(text.as_str());
        if !mirror.plain_http {
            continue;
        }
        let name = mirror.registry();
        let mut registries = request.registries.iter();
        let own = registries.find(|registry| registry.host.as_str() == name);
        let Some((flag, place)) = own.and_then(|registry| registry.http) else {
            let flag = tree::boolean(true, range(text.span()));
            tree::set(config, &["registry", name, "http"], flag);
            continue;
        };
        if !flag {
            let message = format!(
                "the mirror {} is asked by plain HTTP, and `http` of {} in `registries` says that it is not",
                quoted(text.as_str()),
                quoted(name)
            );
            for place in [text.span(), place] {
                findings
                    .report(Code::ConflictingConfig, place, &*message)
                    .help("write the mirror without its scheme, or remove `http`");
            }
        }
    }
}

/// From the first text of a list to its last; nothing if it is empty.
fn place_of(list: &[Text<'_>]) -> Option<Range<usize>> {
    let (first, last) = (list.first()?, list.last()?);
    Some(range(first.span()).start..range(last.span()).end)
}

/// As buildkitd calls them: without a scheme, and without a slash at the end.
fn mirrors(list: &[Text<'_>], place: Range<usize>) -> Spanned<DeValue<'static>> {
    let mirror = |text: &Text<'_>| {
        let location = Mirror::of(text.as_str()).location;
        tree::string(location, range(text.span()))
    };
    tree::list(list.iter().map(mirror), place)
}

fn texts(list: &[Text<'_>], place: Range<usize>) -> Spanned<DeValue<'static>> {
    tree::list(
        list.iter()
            .map(|text| tree::string(text.as_str(), range(text.span()))),
        place,
    )
}

fn parse<'a>(extra: &'a Text<'_>, findings: &mut Findings<'_>) -> Option<DeTable<'a>> {
    match tree::parse(extra.as_str()) {
        Ok(table) => Some(table),
        Err(mistakes) => {
            for mistake in mistakes {
                let marked = extra.as_str().get(mistake.range.clone()).unwrap_or("");
                let finding = findings.report(
                    Code::InvalidToml,
                    extra.part(&mistake.range),
                    mistake.message.clone(),
                );
                // Where a value must stand, a word is taken for a number that went wrong.
                let is_word = marked.starts_with(|first: char| first.is_ascii_alphabetic());
                if is_word && mistake.message.contains("expected") {
                    finding.help("put a text in quotes");
                }
            }
            None
        }
    }
}

/// Warns of what the host's flags override.
fn remark(extra: &Text<'_>, table: &DeTable<'_>, findings: &mut Findings<'_>) {
    for keys in OURS {
        if let Some(value) = tree::get(table, keys) {
            let message = format!("`{}` has no effect: the program decides it", keys.join("."));
            findings
                .report(Code::IneffectiveConfig, extra.part(&value.span()), message)
                .help("remove the setting");
        }
    }
}

/// Reports a conflict at both of its places.
fn report(conflict: &Conflict, extra: &Text<'_>, findings: &mut Findings<'_>) {
    let setting = &conflict.setting;
    let here = extra.part(&conflict.second);
    let message = format!("`{setting}` is set to another value by a key of the object");
    findings
        .report(Code::ConflictingConfig, here, message)
        .help("remove one of the two");
    let message = format!("`{setting}` is set to another value in `buildkit_extra_config`");
    findings
        .report(
            Code::ConflictingConfig,
            Span::of(conflict.first.clone()),
            message,
        )
        .help("remove one of the two");
}

/// By default the daemon keeps only 512 MB of contexts, cache mounts and git checkouts, and those for two days: an incremental
/// context or a compiler's cache is lost between builds. Ours keeps all kinds alike, the last used longest, within the default caps.
fn set_gc(config: &mut DeTable<'_>) {
    let worker = tree::get(config, &OCI_WORKER).map(Spanned::get_ref);
    let is_users = |worker: &DeValue<'_>| worker.as_table().is_none_or(daemon_settings::sets_gc);
    if worker.is_some_and(is_users) {
        return;
    }
    let caps = || gc::LIMITS.map(|(key, value)| (key, tree::string(value, 0..0)));
    // The first leaves what steps share and frontends fetched; the second takes that too, where the first was not enough.
    let all = [("all", tree::boolean(true, 0..0))]
        .into_iter()
        .chain(caps());
    let policies = [tree::table(caps()), tree::table(all)];
    tree::set(
        config,
        &[OCI_WORKER[0], OCI_WORKER[1], "gcpolicy"],
        tree::list(policies, 0..0),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_of_nothing_is_what_would_be_written() {
        let mut config = DeTable::new();
        set_gc(&mut config);

        assert_eq!(UNCONFIGURED, toml_text::write(&config));
    }
}
