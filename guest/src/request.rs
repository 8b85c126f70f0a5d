//! The object as its user wrote it, with the place of each value, and the rules about several keys.
//!
//! A value that a rule refuses is absent here, and a finding says so; so the rules that need files can still judge the rest, and every
//! mistake is reported at once.
//!
//! Reads nothing. Unknown here: the text. Source: `oci_image_schema::key`.

use std::collections::BTreeSet;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::key::Key;
use oci_image_schema::plan::LayerCache;

use crate::cache_mounts::CacheMounts;
use crate::compression::{Codec, Compression};
use crate::findings::{Findings, quoted};
use crate::frontend::Frontends;
use crate::json::Text;
use crate::name;
use crate::pair::Pair;
use crate::platform::Platforms;
use crate::registry::Registry;
use crate::secret::{Secret, Ssh};

/// An object. The keys that have no rules of their own are together, by name.
#[derive(Debug, Default)]
pub(crate) struct Request<'t> {
    /// Those flags that are true, and where.
    pub(crate) flags: Vec<(&'static str, Span)>,
    /// Files whose text is read.
    pub(crate) files: Vec<(&'static str, Text<'t>)>,
    /// Attributes of the frontend that keys become.
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) context: Option<Text<'t>>,
    /// Name and place, in the order of the text.
    pub(crate) context_inputs: Vec<(Text<'t>, Text<'t>)>,
    pub(crate) dockerfile: Option<Text<'t>>,
    /// Whether a Dockerfile was named, soundly or not: else the default holds.
    pub(crate) names_dockerfile: bool,
    pub(crate) output: Option<Text<'t>>,
    pub(crate) cache_mounts: CacheMounts<'t>,
    pub(crate) cache_from: Vec<LayerCache>,
    pub(crate) cache_to: Vec<LayerCache>,
    pub(crate) target: Option<Text<'t>>,
    pub(crate) additional_targets: Vec<Text<'t>>,
    pub(crate) build_args: Vec<Pair<'t>>,
    pub(crate) labels: Vec<Pair<'t>>,
    pub(crate) registry_mirrors: Vec<Text<'t>>,
    pub(crate) registries: Vec<Registry<'t>>,
    pub(crate) buildkit_extra_config: Option<Text<'t>>,
    pub(crate) buildkit_secrets: Vec<Secret<'t>>,
    pub(crate) buildkit_ssh: Option<Ssh<'t>>,
    pub(crate) buildkit_frontends: Option<Frontends<'t>>,
    pub(crate) image_args: Vec<Pair<'t>>,
    pub(crate) image_platform: Platforms,
    /// Whether several platforms are written, soundly or not.
    pub(crate) lists_platforms: bool,
    pub(crate) compression: Compression<'t>,
}

impl<'t> Request<'t> {
    /// Where a flag is true.
    pub(crate) fn flag(&self, key: &str) -> Option<Span> {
        of(&self.flags, key).copied()
    }

    /// The path of a file whose text is read.
    pub(crate) fn file(&self, key: &str) -> Option<&Text<'t>> {
        of(&self.files, key)
    }

    /// Makes an attribute of a key that is passed on.
    pub(crate) fn pass_on(&mut self, key: &Key, text: Option<String>) {
        if let (Some(passed), Some(text)) = (key.passed, text) {
            self.attributes.push((passed.attribute, text));
        }
    }

    /// The rules about several keys.
    pub(crate) fn judge(&self, findings: &mut Findings<'t>) {
        self.judge_inputs(findings);
        if self.flag("cache").is_none() {
            let read_only = self.flag("cache_mounts_read_only");
            self.cache_mounts.report_ineffective(read_only, findings);
        }
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
        if let (Some(target), Some(_)) = (&self.target, self.file("target_file")) {
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
            .flag("unpack_rootfs")
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
        self.judge_compression(findings);
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

    /// Whether an image is a layout, and no archive.
    pub(crate) fn is_layout(&self) -> bool {
        self.flag("output_oci").is_some() || self.lists_platforms
    }

    fn judge_compression(&self, findings: &mut Findings<'t>) {
        self.compression.judge(findings);
        if let (Codec::Zstd(span), false) = (self.compression.codec, self.is_layout()) {
            let message = "the layers of an archive are gzip: `zstd` needs `output_oci`";
            findings
                .report(Code::ZstdArchive, span, message)
                .help("set `output_oci`, or remove `compression`");
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

/// What stands under a name.
fn of<'v, V>(values: &'v [(&'static str, V)], key: &str) -> Option<&'v V> {
    let found = values.iter().find(|(name, _)| *name == key);
    found.map(|(_, value)| value)
}
