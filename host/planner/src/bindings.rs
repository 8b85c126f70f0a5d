//! The host's side of `planner.wit`, and the way from its records to the schema's types, field by field.
//!
//! Everything that the planner returns passes here once, and nothing is judged here.

use oci_image_schema::diagnostic as schema_diagnostic;
use oci_image_schema::{interface, plan};

wasmtime::component::bindgen!({
    path: "../../schema/planner.wit",
    world: "image-planner",
    imports: { default: trappable },
    exports: { default: async },
});

pub(super) use self::oci_image::planner::workspace;
use self::oci_image::planner::{diagnostics, types};

impl From<diagnostics::Diagnostic> for schema_diagnostic::Diagnostic {
    fn from(from: diagnostics::Diagnostic) -> Self {
        Self {
            code: from.code,
            severity: match from.severity {
                diagnostics::Severity::Error => schema_diagnostic::Severity::Error,
                diagnostics::Severity::Warning => schema_diagnostic::Severity::Warning,
            },
            pointer: from.pointer,
            place: from.place.map(Into::into),
            message: from.message,
            help: from.help,
            allowed: from.allowed,
        }
    }
}

impl From<diagnostics::Place> for schema_diagnostic::Place {
    fn from(from: diagnostics::Place) -> Self {
        match from {
            diagnostics::Place::Object(span) => Self::Object(span.into()),
            diagnostics::Place::File(place) => Self::File(schema_diagnostic::FilePlace {
                path: place.path,
                span: place.span.into(),
            }),
        }
    }
}

impl From<diagnostics::Span> for schema_diagnostic::Span {
    fn from(from: diagnostics::Span) -> Self {
        Self {
            start: from.start,
            end: from.end,
        }
    }
}

impl From<types::BuildInterface> for interface::Interface {
    fn from(from: types::BuildInterface) -> Self {
        let input = |input: types::Input| interface::Input {
            name: input.name,
            path: input.path,
        };
        let output = |output: types::Output| interface::Output {
            name: output.name,
            path: output.path,
        };
        Self {
            inputs: from.inputs.into_iter().map(input).collect(),
            outputs: from.outputs.into_iter().map(output).collect(),
            caches: from.caches,
        }
    }
}

impl From<types::BuildPlan> for plan::BuildPlan {
    fn from(from: types::BuildPlan) -> Self {
        Self {
            daemon_config: from.daemon_config,
            debug: from.debug,
            context_by_content: from.context_by_content,
            base_images: all(from.base_images),
            cache: from.cache.map(|cache| plan::Cache {
                directory: cache.directory,
                import: cache.import,
                mounts: cache.mounts.map(|mounts| plan::CacheMounts {
                    ids: mounts.ids,
                    limit: mounts.limit,
                    read_only: mounts.read_only,
                }),
            }),
            cache_from: all(from.cache_from),
            cache_to: all(from.cache_to),
            compression: match from.compression {
                types::Compression::Gzip(level) => plan::Compression::Gzip(level),
                types::Compression::Zstd(level) => plan::Compression::Zstd(level),
            },
            secrets: all(from.secrets),
            ssh: all(from.ssh),
            solves: all(from.solves),
            warnings: all(from.warnings),
        }
    }
}

impl From<types::LayerCache> for plan::LayerCache {
    fn from(from: types::LayerCache) -> Self {
        let attribute = |attribute: types::LayerCacheAttribute| plan::LayerCacheAttribute {
            key: attribute.key,
            value: match attribute.value {
                types::LayerCacheValue::Text(text) => plan::LayerCacheValue::Text(text),
                types::LayerCacheValue::Inline => plan::LayerCacheValue::Inline,
            },
        };
        Self {
            kind: from.kind,
            attributes: from.attributes.into_iter().map(attribute).collect(),
        }
    }
}

impl From<types::BaseImage> for plan::BaseImage {
    fn from(from: types::BaseImage) -> Self {
        Self {
            argument: from.argument,
            path: from.path,
        }
    }
}

impl From<types::Secret> for plan::Secret {
    fn from(from: types::Secret) -> Self {
        Self {
            id: from.id,
            source: match from.source {
                types::SecretSource::File(path) => plan::SecretSource::File(path),
                types::SecretSource::Inline => plan::SecretSource::Inline,
            },
        }
    }
}

impl From<types::Ssh> for plan::Ssh {
    fn from(from: types::Ssh) -> Self {
        Self {
            id: from.id,
            paths: from.paths,
        }
    }
}

impl From<types::Solve> for plan::Solve {
    fn from(from: types::Solve) -> Self {
        let local = |local: types::Local| plan::Local {
            name: local.name,
            path: local.path,
        };
        Self {
            name: from.name,
            locals: from.locals.into_iter().map(local).collect(),
            attributes: all(from.attributes),
            export: from.export.map(Into::into),
        }
    }
}

impl From<types::FrontendAttribute> for plan::FrontendAttribute {
    fn from(from: types::FrontendAttribute) -> Self {
        Self {
            key: from.key,
            value: match from.value {
                types::AttributeValue::Text(text) => plan::AttributeValue::Text(text),
                types::AttributeValue::BaseImage(name) => plan::AttributeValue::BaseImage(name),
            },
        }
    }
}

impl From<types::ImageExport> for plan::ImageExport {
    fn from(from: types::ImageExport) -> Self {
        Self {
            directory: from.directory,
            format: match from.format {
                types::ImageFormat::DockerArchive => plan::ImageFormat::DockerArchive,
                types::ImageFormat::OciLayout => plan::ImageFormat::OciLayout,
            },
            rootfs: from.rootfs,
        }
    }
}

/// Converts each element.
pub(super) fn all<From, To: std::convert::From<From>>(list: Vec<From>) -> Vec<To> {
    list.into_iter().map(Into::into).collect()
}
