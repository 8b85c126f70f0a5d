//! The plan: from a request and the workspace's answers to solves that leave nothing open.
//!
//! Every solve gets the same attributes but for its target: labels, arguments, platform and hosts hold for all. Of one name, the
//! file's value wins over the list's, and an image argument over both.
//!
//! Source: `oci-build-task` for the precedence; BuildKit's Dockerfile frontend for the keys.

use std::collections::BTreeMap;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use oci_image_schema::plan::{
    AttributeValue, BaseImage, BuildPlan, Cache, FrontendAttribute, ImageExport, ImageFormat,
    Local, Secret, SecretSource, Solve, Ssh,
};

use crate::files::Files;
use crate::findings::{Findings, quoted};
use crate::lines;
use crate::name;
use crate::pair::PairKind;
use crate::request::Request;
use crate::workspace::Workspace;

/// The directory of the final image, and the name of its solve.
const IMAGE: &str = "image";
/// The directory of the build cache, and the file in it without which there is nothing to import.
const CACHE: &str = "cache";
const CACHE_INDEX: &str = "cache/index.json";

/// Plans the build of a request. The plan holds only if nothing that was found ends the build.
pub(crate) fn plan<'t>(
    request: &Request<'t>,
    daemon_config: String,
    workspace: &dyn Workspace,
    findings: &mut Findings<'t>,
) -> Option<BuildPlan> {
    let attributes = attributes(request, workspace, findings);
    let target = final_target(request, workspace, findings);
    let mut files = Files {
        findings,
        workspace,
    };
    files.check(request);
    let cache = cache(request, &mut files);
    let (context, output) = (request.context.as_ref()?, request.output.as_ref()?);
    let locals = locals(
        context.as_str(),
        request.dockerfile.as_ref().map(|path| path.as_str()),
    );
    let mut solves = Vec::new();
    for target in &request.additional_targets {
        let export = export(request, target.as_str(), target.span(), &mut files);
        solves.push(solve(
            target.as_str(),
            Some(target.as_str()),
            (&locals, &attributes),
            export,
        ));
    }
    let export = export(request, IMAGE, output.span(), &mut files);
    solves.push(solve(
        IMAGE,
        target.as_deref(),
        (&locals, &attributes),
        export,
    ));
    Some(BuildPlan {
        daemon_config,
        debug: request.flag("debug").is_some(),
        context_by_content: request.flag("context_by_content").is_some(),
        base_images: base_images(request),
        cache,
        cache_from: request.cache_from.clone(),
        cache_to: request.cache_to.clone(),
        compression: request.compression.planned(),
        secrets: secrets(request),
        ssh: ssh(request),
        solves,
        warnings: Vec::new(),
    })
}

/// What every solve tells the frontend.
fn attributes<'t>(
    request: &Request<'t>,
    workspace: &dyn Workspace,
    findings: &mut Findings<'t>,
) -> Vec<FrontendAttribute> {
    let mut attributes = BTreeMap::new();
    let mut set = |prefix: &str, name: &str, value: AttributeValue| {
        attributes.insert(format!("{prefix}{name}"), value);
    };
    let (_, filename) = name::split(
        request
            .dockerfile
            .as_ref()
            .map_or("Dockerfile", |path| path.as_str()),
    );
    set("filename", "", text(filename));
    for pair in &request.build_args {
        set("build-arg:", &pair.name, text(&pair.value));
    }
    for pair in request
        .file("build_args_file")
        .into_iter()
        .flat_map(|path| lines::pairs(findings, workspace, PairKind::BuildArg, path))
    {
        set("build-arg:", &pair.name, text(&pair.value));
    }
    for pair in &request.image_args {
        set(
            "build-arg:",
            &pair.name,
            AttributeValue::BaseImage(pair.name.clone()),
        );
    }
    for pair in &request.labels {
        set("label:", &pair.name, text(&pair.value));
    }
    for pair in request
        .file("labels_file")
        .into_iter()
        .flat_map(|path| lines::pairs(findings, workspace, PairKind::Label, path))
    {
        set("label:", &pair.name, text(&pair.value));
    }
    for (attribute, value) in &request.attributes {
        set(attribute, "", text(value));
    }
    let platforms = &request.image_platform.list;
    if !platforms.is_empty() {
        set("platform", "", text(&platforms.join(",")));
    }
    attributes
        .into_iter()
        .map(|(key, value)| FrontendAttribute { key, value })
        .collect()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::Text(value.to_owned())
}

fn final_target<'t>(
    request: &Request<'t>,
    workspace: &dyn Workspace,
    findings: &mut Findings<'t>,
) -> Option<String> {
    match request.file("target_file") {
        Some(path) => lines::target(findings, workspace, path),
        None => request
            .target
            .as_ref()
            .map(|target| target.as_str().to_owned()),
    }
}

fn locals(context: &str, dockerfile: Option<&str>) -> Vec<Local> {
    let directory = dockerfile.map_or(context, |path| name::split(path).0);
    let local = |name: &str, path: &str| Local {
        name: name.to_owned(),
        path: path.to_owned(),
    };
    vec![local("context", context), local("dockerfile", directory)]
}

fn solve(
    name: &str,
    target: Option<&str>,
    (locals, attributes): (&[Local], &[FrontendAttribute]),
    export: Option<ImageExport>,
) -> Solve {
    let mut attributes = attributes.to_vec();
    if let Some(target) = target {
        let place = attributes.partition_point(|attribute| &*attribute.key < "target");
        attributes.insert(
            place,
            FrontendAttribute {
                key: "target".to_owned(),
                value: text(target),
            },
        );
    }
    Solve {
        name: name.to_owned(),
        locals: locals.to_vec(),
        attributes,
        export,
    }
}

/// An image is exported only where its directory exists; where it does not, a warning says how to get it.
fn export(
    request: &Request<'_>,
    directory: &str,
    cause: Span,
    files: &mut Files<'_, '_, '_>,
) -> Option<ImageExport> {
    if !files.directory(directory, cause)? {
        let message = format!(
            "the directory {} does not exist, so its image is built and not exported",
            quoted(directory)
        );
        let help = format!(
            "make the directory before the build; in Concourse, list the output `{directory}`"
        );
        files
            .findings
            .report(Code::NotExported, cause, message)
            .help(help);
        return None;
    }
    let format = if request.is_layout() {
        ImageFormat::OciLayout
    } else {
        ImageFormat::DockerArchive
    };
    Some(ImageExport {
        directory: directory.to_owned(),
        format,
        rootfs: request.flag("unpack_rootfs").is_some(),
    })
}

fn cache(request: &Request<'_>, files: &mut Files<'_, '_, '_>) -> Option<Cache> {
    let flag = request.flag("cache")?;
    if files.directory(CACHE, flag)? {
        let import = files.is_file(CACHE_INDEX);
        return Some(Cache {
            directory: CACHE.to_owned(),
            import,
            mounts: (request.cache_mounts)
                .planned(request.flag("cache_mounts_read_only").is_some()),
        });
    }
    let message = format!("the directory `{CACHE}` does not exist, so no build cache is kept");
    let help =
        format!("make the directory before the build; in Concourse, list the cache `{CACHE}`");
    files
        .findings
        .report(Code::CacheMissing, flag, message)
        .help(help);
    None
}

fn base_images(request: &Request<'_>) -> Vec<BaseImage> {
    let image = |pair: &crate::pair::Pair<'_>| BaseImage {
        argument: pair.name.clone(),
        path: pair.value.clone(),
    };
    request.image_args.iter().map(image).collect()
}

fn secrets(request: &Request<'_>) -> Vec<Secret> {
    let secret = |secret: &crate::secret::Secret<'_>| Secret {
        id: secret.id.as_str().to_owned(),
        source: secret.file.as_ref().map_or(SecretSource::Inline, |file| {
            SecretSource::File(file.as_str().to_owned())
        }),
    };
    let mut secrets: Vec<_> = request.buildkit_secrets.iter().map(secret).collect();
    secrets.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    secrets
}

fn ssh(request: &Request<'_>) -> Vec<Ssh> {
    let agent = |ssh: &crate::secret::Ssh<'_>| Ssh {
        id: ssh.id.clone(),
        paths: ssh.paths.clone(),
    };
    request.buildkit_ssh.iter().map(agent).collect()
}
