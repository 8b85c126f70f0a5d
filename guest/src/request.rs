//! The object as its user wrote it, key by key, with the place of each value.
//!
//! A value that a rule refuses is absent here, and a finding says so; so the rules that need files can still judge the rest, and every
//! mistake is reported at once. An optional key given empty, or null, counts as left out.
//!
//! Reads nothing but the text. Source: `oci_image_schema::object`; `tests` compares [`KEYS`] with it.

use std::collections::BTreeSet;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;

use crate::findings::{Findings, Origin, quoted};
use crate::frontend::{self, Frontends};
use crate::json::{self, Kind, Node, Text};
use crate::pair::{self, Pair, PairKind};
use crate::platform::{self, Platforms};
use crate::reader::Reader;
use crate::registry::{self, Registry};
use crate::secret::{self, Secret, Ssh};
use crate::{host, name};

/// The longest object that is read, in bytes: far above any real one with its inline secrets, far below the sandbox's memory.
const MAX_OBJECT: usize = 4 << 20;

/// The longest addition to the daemon's configuration, in bytes. It is read into a tree, which takes many times its length.
const MAX_CONFIG: usize = 128 << 10;

/// The keys of the object, in the order in which documentation lists them.
pub(crate) const KEYS: &[&str] = &[
    "debug",
    "context",
    "context_inputs",
    "dockerfile",
    "output",
    "cache",
    "target",
    "target_file",
    "additional_targets",
    "build_args",
    "build_args_file",
    "labels",
    "labels_file",
    "registry_mirrors",
    "registries",
    "buildkit_extra_config",
    "buildkit_secrets",
    "buildkit_ssh",
    "buildkit_frontends",
    "unpack_rootfs",
    "image_args",
    "add_hosts",
    "image_platform",
    "output_oci",
];
const REQUIRED: &[&str] = &["context", "output"];

/// An object. A flag is the place of its `true`.
#[derive(Debug, Default)]
pub(crate) struct Request<'t> {
    pub(crate) debug: Option<Span>,
    pub(crate) context: Option<Text<'t>>,
    /// Name and place, in the order of the text.
    pub(crate) context_inputs: Vec<(Text<'t>, Text<'t>)>,
    pub(crate) dockerfile: Option<Text<'t>>,
    /// Whether a Dockerfile was named, soundly or not: else the default holds.
    pub(crate) names_dockerfile: bool,
    pub(crate) output: Option<Text<'t>>,
    pub(crate) cache: Option<Span>,
    pub(crate) target: Option<Text<'t>>,
    pub(crate) target_file: Option<Text<'t>>,
    pub(crate) additional_targets: Vec<Text<'t>>,
    pub(crate) build_args: Vec<Pair<'t>>,
    pub(crate) build_args_file: Option<Text<'t>>,
    pub(crate) labels: Vec<Pair<'t>>,
    pub(crate) labels_file: Option<Text<'t>>,
    pub(crate) registry_mirrors: Vec<Text<'t>>,
    pub(crate) registries: Vec<Registry<'t>>,
    pub(crate) buildkit_extra_config: Option<Text<'t>>,
    pub(crate) buildkit_secrets: Vec<Secret<'t>>,
    pub(crate) buildkit_ssh: Option<Ssh<'t>>,
    pub(crate) buildkit_frontends: Option<Frontends<'t>>,
    pub(crate) unpack_rootfs: Option<Span>,
    pub(crate) image_args: Vec<Pair<'t>>,
    pub(crate) add_hosts: Option<String>,
    pub(crate) image_platform: Platforms,
    pub(crate) output_oci: bool,
}

/// Reads an object and reports every mistake that can be seen without looking at a file; nothing if the text is no map at all.
pub(crate) fn read<'t>(text: &'t str, findings: &mut Findings<'t>) -> Option<Request<'t>> {
    let root = root(text, findings)?;
    let mut reader = Reader { findings };
    let entries = reader.entries("the object", root);
    let mut request = Request::default();
    report_missing(reader.findings, root, &entries);
    for (key, value) in entries {
        let is_optional = is_known(key.as_str()) && !REQUIRED.contains(&key.as_str());
        if is_optional && reader.is_left_out(key.as_str(), value) {
            continue;
        }
        if !request.read_text_key(&mut reader, key.as_str(), value)
            && !request.read_list_key(&mut reader, key.as_str(), value)
        {
            reader.unknown_key("the object", &key, KEYS);
        }
    }
    request.judge(findings);
    Some(request)
}

/// Whether the object defines a key. That for editors is none which a mistyped one is meant to be.
fn is_known(key: &str) -> bool {
    key == "$schema" || KEYS.contains(&key)
}

fn root<'t>(text: &'t str, findings: &mut Findings<'t>) -> Option<Node<'t>> {
    if text.len() > MAX_OBJECT {
        let message = format!(
            "the object holds {} bytes, and may hold {MAX_OBJECT}",
            text.len()
        );
        let help = "put long lists into files: `build_args_file`, `labels_file`";
        findings
            .report(Code::ObjectTooLarge, json::span(0..0), message)
            .help(help);
        return None;
    }
    let root = match Node::root(text) {
        Ok(root) => root,
        Err(error) => {
            report_syntax(text, findings, &error);
            return None;
        }
    };
    if root.kind() == Kind::Object {
        return Some(root);
    }
    let message = format!("the object must be a map, and is {}", root.kind().phrase());
    findings
        .report(Code::WrongType, root.span(), message)
        .help("write {\"context\": \".\", \"output\": \"image\"}");
    None
}

/// Reports where the text ceases to be JSON, in the words of `serde_json` without its line and column.
fn report_syntax<'t>(text: &'t str, findings: &mut Findings<'t>, error: &serde_json::Error) {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let mut start = (line_start + error.column())
        .saturating_sub(1)
        .min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
    let message = error.to_string();
    let words = message
        .rfind(" at line ")
        .map_or(&*message, |at| &message[..at])
        .replace("EOF while parsing", "the text ends within");
    let finding = findings.report(
        Code::InvalidJson,
        json::span(start..end),
        format!("this is not JSON: {words}"),
    );
    if text.starts_with('\u{feff}') {
        finding.help("remove the byte order mark");
    } else if text.trim().is_empty() {
        finding.help("write {\"context\": \".\", \"output\": \"image\"}");
    } else if text[start..].starts_with(['}', ']']) && text[..start].trim_end().ends_with(',') {
        finding.help("remove the comma before it");
    } else if text[..start].trim().is_empty() && begins_with_yaml_key(&text[start..]) {
        finding.help("write JSON: a request in YAML is taken from a file, not as a message");
    } else if let Some(help) = syntax_help(&words, &text[start..]) {
        finding.help(help);
    }
}

/// Whether a text begins as a map in YAML does: `context: .`.
fn begins_with_yaml_key(text: &str) -> bool {
    let is_of_key = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '$');
    let rest = text.trim_start_matches(is_of_key);
    rest.len() < text.len()
        && rest
            .strip_prefix(':')
            .is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// What to do where a text that begins with `rest` is not JSON.
fn syntax_help(words: &str, rest: &str) -> Option<&'static str> {
    if rest.starts_with(['/', '#']) {
        Some("remove it: JSON has no comments; a request in YAML may have them")
    } else if rest.starts_with('\'') {
        Some("use double quotes")
    } else if words == "key must be a string" {
        Some("put the key in double quotes")
    } else if words.starts_with("the text ends within") {
        Some("close what is open: a `{`, a `[` or a quote")
    } else if words.starts_with("expected `,`") {
        Some("put a comma between two entries, or close what is open")
    } else {
        None
    }
}

/// A required key is missing if it is not there, and no unknown key looks like it.
fn report_missing<'t>(
    findings: &mut Findings<'t>,
    root: Node<'t>,
    entries: &[(Text<'t>, Node<'t>)],
) {
    let meant = |key: &str| {
        if KEYS.contains(&key) {
            None
        } else {
            crate::nearest::nearest(key, KEYS)
        }
    };
    for required in REQUIRED {
        let keys = || entries.iter().map(|(key, _)| key.as_str());
        let is_there = || keys().any(|key| key == *required);
        let is_meant = || keys().any(|key| meant(key) == Some(required));
        if !is_there() && !is_meant() {
            let brace = json::span(root.start()..root.start() + 1);
            let example = if *required == "context" {
                "\"context\": \".\""
            } else {
                "\"output\": \"image\""
            };
            let finding = findings.report(
                Code::MissingKey,
                brace,
                format!("the object needs `{required}`"),
            );
            finding.help(format!("add `{example}`"));
        }
    }
}

impl<'t> Request<'t> {
    /// Reads a key whose value is a flag or a string; `false` if it is another key.
    fn read_text_key(&mut self, reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> bool {
        let flag = |reader: &mut Reader<'_, 't>| reader.boolean(node).then(|| node.span());
        match key {
            // For editors: no key of the object, so no mistyped key is meant to be it.
            "$schema" => drop(reader.optional(key, node)),
            "debug" => self.debug = flag(reader),
            "cache" => self.cache = flag(reader),
            "unpack_rootfs" => self.unpack_rootfs = flag(reader),
            "output_oci" => self.output_oci = reader.boolean(node),
            "context" => {
                let context = reader.filled("`context`", node);
                self.context = context.and_then(|path| name::path(reader.findings, path));
            }
            "output" => {
                let output = reader.filled("`output`", node);
                self.output =
                    output.and_then(|output| name::artifact(reader.findings, "an output", output));
            }
            "dockerfile" => {
                let dockerfile = reader.optional(key, node);
                let is_empty = |text: Text<'_>| text.as_str().is_empty();
                self.names_dockerfile = !node.text().is_some_and(is_empty);
                self.dockerfile = dockerfile.and_then(|path| name::file(reader.findings, path));
            }
            "target" => {
                let target = reader.optional(key, node);
                self.target = target.filter(|target| {
                    name::target(reader.findings, target.as_str(), &Origin::Object(target))
                });
            }
            "target_file" => self.target_file = file(reader, key, node),
            "build_args_file" => self.build_args_file = file(reader, key, node),
            "labels_file" => self.labels_file = file(reader, key, node),
            "buildkit_extra_config" => {
                self.buildkit_extra_config = reader
                    .optional(key, node)
                    .filter(|config| config_is_short(reader.findings, config));
            }
            "buildkit_ssh" => {
                self.buildkit_ssh = reader
                    .optional(key, node)
                    .and_then(|text| secret::ssh(reader.findings, text));
            }
            "add_hosts" => {
                self.add_hosts = reader
                    .optional(key, node)
                    .map(|list| host::extra_hosts(reader.findings, &list));
            }
            "image_platform" => {
                let list = reader.optional(key, node);
                self.image_platform = list
                    .map(|list| platform::platforms(reader.findings, &list))
                    .unwrap_or_default();
            }
            _ => return false,
        }
        true
    }

    /// Reads a key whose value is a list or map; `false` if it is another key.
    fn read_list_key(&mut self, reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> bool {
        match key {
            "context_inputs" => self.context_inputs = context_inputs(reader, node),
            "additional_targets" => {
                let list = reader.texts(key, node);
                self.additional_targets = name::additional_targets(reader.findings, list);
            }
            "build_args" => self.build_args = pairs(reader, key, PairKind::BuildArg, node),
            "labels" => self.labels = pairs(reader, key, PairKind::Label, node),
            "image_args" => {
                self.image_args = pairs(reader, key, PairKind::ImageArg, node);
                self.image_args
                    .retain(|pair| image_path_is_sound(reader.findings, pair));
            }
            "registry_mirrors" => self.registry_mirrors = registry::mirrors(reader, key, node),
            "buildkit_frontends" => {
                self.buildkit_frontends = frontend::frontends(reader, key, node);
            }
            "registries" => self.registries = registry::registries(reader, node),
            "buildkit_secrets" => self.buildkit_secrets = secret::secrets(reader, node),
            _ => return false,
        }
        true
    }

    /// The rules about several keys.
    fn judge(&self, findings: &mut Findings<'t>) {
        self.judge_inputs(findings);
        for target in &self.additional_targets {
            if self
                .output
                .as_ref()
                .is_some_and(|output| output.as_str() == target.as_str())
            {
                let message = format!("{} is also the name of `output`", quoted(target.as_str()));
                findings
                    .report(Code::RepeatedOutput, target.span(), message)
                    .help("give `output` another name");
            }
        }
        if let (Some(target), Some(_)) = (&self.target, &self.target_file) {
            let help = "remove one of the two";
            findings
                .report(
                    Code::OverriddenTarget,
                    target.span(),
                    "`target_file` wins over `target`",
                )
                .help(help);
        }
        if let Some(flag) = self
            .unpack_rootfs
            .filter(|_| self.image_platform.written > 1)
        {
            let message = format!(
                "`unpack_rootfs` takes one platform, and `image_platform` lists {}",
                self.image_platform.written
            );
            findings
                .report(Code::RootfsPlatforms, flag, message)
                .help("remove one of the two");
        }
        let mut arguments = BTreeSet::new();
        for pair in &self.image_args {
            arguments.insert(pair.name.clone());
        }
        for pair in self
            .build_args
            .iter()
            .filter(|pair| arguments.contains(&pair.name))
        {
            let message = format!(
                "the image argument {} wins over this build argument",
                quoted(&pair.name)
            );
            findings
                .report(Code::OverriddenArgument, pair.text.span(), message)
                .help("remove one of the two");
        }
    }

    fn judge_inputs(&self, findings: &mut Findings<'t>) {
        let mut places = BTreeSet::new();
        for (name, place) in &self.context_inputs {
            if self
                .context
                .as_ref()
                .is_some_and(|context| context.as_str() == name.as_str())
            {
                let message = format!("{} is also the name of the context", quoted(name.as_str()));
                findings.report(Code::RepeatedInput, name.span(), message);
            }
            if !places.insert(name::normal(place.as_str())) {
                let message = format!("another input stands at {} too", quoted(place.as_str()));
                findings
                    .report(Code::RepeatedInput, place.span(), message)
                    .help("give each input a place of its own");
            }
        }
    }
}

fn file<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Option<Text<'t>> {
    let file = reader.optional(key, node)?;
    name::file(reader.findings, file)
}

fn pairs<'t>(
    reader: &mut Reader<'_, 't>,
    key: &str,
    kind: PairKind,
    node: Node<'t>,
) -> Vec<Pair<'t>> {
    let mut list = Vec::new();
    if node.kind() == Kind::Object {
        report_map(reader.findings, kind, Kind::List, node);
    } else {
        let what = format!("an element of `{key}`");
        for element in reader.elements(key, node) {
            if element.kind() == Kind::Object {
                report_map(reader.findings, kind, Kind::String, element);
            } else {
                list.extend(reader.filled(&what, element));
            }
        }
    }
    pair::pairs(reader.findings, kind, list)
}

/// Reports a map in place of pairs, or of one: in YAML, `- NAME: VALUE` is one.
fn report_map(findings: &mut Findings<'_>, kind: PairKind, expected: Kind, node: Node<'_>) {
    let message = format!("expected {}, found a map", expected.phrase());
    let example = kind.example();
    let help = match expected {
        Kind::List => format!("write a list of `NAME=VALUE`, as in `[\"{example}\"]`"),
        _ => format!("write `NAME=VALUE` as one string, as in `\"{example}\"`"),
    };
    findings
        .report(Code::WrongType, node.span(), message)
        .help(help);
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

fn image_path_is_sound(findings: &mut Findings<'_>, pair: &Pair<'_>) -> bool {
    let sound = !pair.value.contains(char::is_control);
    if !sound {
        findings.report(
            Code::InvalidCharacter,
            pair.text.span(),
            "the path of an image holds a control character",
        );
    }
    sound
}

fn context_inputs<'t>(reader: &mut Reader<'_, 't>, node: Node<'t>) -> Vec<(Text<'t>, Text<'t>)> {
    let mut inputs = Vec::new();
    for (input, value) in reader.entries("context_inputs", node) {
        let input = name::artifact(reader.findings, "an input", input);
        let place = reader.filled("the place of a context input", value);
        let place = place.and_then(|place| name::below_context(reader.findings, place));
        inputs.extend(input.zip(place));
    }
    inputs
}
