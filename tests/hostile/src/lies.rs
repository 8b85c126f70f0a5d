//! Lies: answers that are well-formed and false.

use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Severity, Span};
use oci_image_schema::interface::{Input, Interface, Output};
use oci_image_schema::plan::{
    AttributeValue, BuildPlan, Cache, Compression, FrontendAttribute, ImageExport, ImageFormat,
    Local, Secret, SecretSource, Solve,
};

use crate::bindings::oci_image::planner::workspace;

/// Diagnostics about places that are not there.
pub(crate) fn diagnostics(name: &str) -> Vec<Diagnostic> {
    let span = |start, end| Some(Place::Object(Span { start, end }));
    let place = match name {
        "span past the end" => span(0, u32::MAX),
        "span that ends before it begins" => span(3, 1),
        "span within a character: ü" => span(0, 26),
        "place in a file never read" => Some(Place::File(FilePlace {
            path: "/etc/shadow".to_owned(),
            span: Span { start: 0, end: 1 },
        })),
        "very many diagnostics" => return vec![diagnostic(None); 50_000],
        "long message" => return vec![long()],
        "very many values" => {
            return vec![Diagnostic {
                allowed: vec![String::new(); 500_000],
                ..diagnostic(None)
            }];
        }
        "no code" => {
            return vec![Diagnostic {
                code: String::new(),
                ..diagnostic(None)
            }];
        }
        "code with a control sequence" => {
            return vec![Diagnostic {
                code: "\u{1b}[2J".to_owned(),
                ..diagnostic(None)
            }];
        }
        _ => return Vec::new(),
    };
    vec![diagnostic(place)]
}

/// An interface of which one thing was not asked for. The name of the lie is that of the output.
pub(crate) fn interface(object: &str) -> Interface {
    let input = |name: &str, path: Option<&str>| Input {
        name: name.to_owned(),
        path: path.map(str::to_owned),
    };
    let lie = lie(object);
    let mut interface = Interface {
        inputs: vec![input("source", None)],
        outputs: vec![Output {
            name: lie.to_owned(),
            path: "image".to_owned(),
        }],
        caches: Vec::new(),
    };
    match lie {
        "other input" => interface.inputs[0].name = "secrets".to_owned(),
        "input elsewhere" => interface.inputs[0].path = Some("/etc".to_owned()),
        "further input" => interface.inputs.push(input("secrets", Some("source/x"))),
        "output elsewhere" => interface.outputs[0].path = "..".to_owned(),
        "invented cache" => interface.caches.push("root".to_owned()),
        _ => {}
    }
    interface
}

/// What stands in the object's `output`.
fn lie(object: &str) -> &str {
    let rest = object
        .split_once(r#""output": ""#)
        .map_or("", |(_, rest)| rest);
    rest.split_once('"').map_or("", |(lie, _)| lie)
}

/// A plan of which one thing was not asked for. The name of the lie is that of the output.
pub(crate) fn plan(object: &str) -> Result<BuildPlan, Vec<Diagnostic>> {
    let lie = lie(object);
    let mut plan = honest(object);
    match lie {
        "refusal without reason" => return Err(Vec::new()),
        "other context" => plan.solves[0].locals[0].path = "/etc".to_owned(),
        "output outside" => {
            plan.solves[0].export = Some(ImageExport {
                directory: "..".to_owned(),
                format: ImageFormat::DockerArchive,
                rootfs: true,
            });
        }
        "output that is not there" => {
            plan.solves[0].export = Some(ImageExport {
                directory: "image".to_owned(),
                format: ImageFormat::DockerArchive,
                rootfs: false,
            });
        }
        "invented cache" => {
            plan.cache = Some(Cache {
                directory: "/var/cache".to_owned(),
                import: true,
                mounts: None,
            });
        }
        "invented secret" => plan.secrets.push(Secret {
            id: "shadow".to_owned(),
            source: SecretSource::File("/etc/shadow".to_owned()),
        }),
        "own program" => plan.daemon_config += "[worker.oci]\nbinary = \"./evil\"\n",
        "own limits" => plan.daemon_config = plan.daemon_config.replace("100GB", "1KB"),
        "no configuration" => plan.daemon_config.clear(),
        "many solves" => plan.solves = vec![plan.solves[0].clone(); 50_000],
        "many attributes" => {
            plan.solves[0].attributes = vec![text("filename", "Dockerfile"); 50_000]
        }
        "long answer" => plan.daemon_config = "#".repeat(20 << 20),
        lie => plan.solves[0].attributes.extend(attribute(lie)),
    }
    Ok(plan)
}

/// An attribute that nobody asked for.
fn attribute(lie: &str) -> Option<FrontendAttribute> {
    Some(match lie {
        "own frontend" => text("build-arg:BUILDKIT_SYNTAX", "evil.example/frontend"),
        "own proxy" => text("build-arg:HTTP_PROXY", "http://evil.example"),
        "own host" => text("add-hosts", "registry.example=10.0.0.1"),
        "context elsewhere" => text("context", "https://evil.example/context.git"),
        "label that no file holds" => text("label:title", "evil"),
        _ => return None,
    })
}

fn text(key: &str, value: &str) -> FrontendAttribute {
    FrontendAttribute {
        key: key.to_owned(),
        value: AttributeValue::Text(value.to_owned()),
    }
}

/// What the object asks for, as far as the tests go. All but one lie about a file has read it.
fn honest(object: &str) -> BuildPlan {
    let mut attributes = vec![text("filename", "Dockerfile")];
    let labels = if object.contains("labels.txt") && lie(object) != "label of an unread file" {
        workspace::read_text("labels.txt").unwrap_or_default()
    } else {
        String::new()
    };
    let pairs = labels.lines().filter_map(|line| line.split_once('='));
    attributes.extend(pairs.map(|(name, value)| text(&format!("label:{name}"), value)));
    let local = |name: &str| Local {
        name: name.to_owned(),
        path: "source".to_owned(),
    };
    BuildPlan {
        daemon_config: DAEMON_CONFIG.to_owned(),
        debug: false,
        context_by_content: false,
        base_images: Vec::new(),
        cache: None,
        cache_from: Vec::new(),
        cache_to: Vec::new(),
        compression: Compression::default(),
        secrets: Vec::new(),
        ssh: Vec::new(),
        solves: vec![Solve {
            name: "image".to_owned(),
            locals: vec![local("context"), local("dockerfile")],
            attributes,
            export: None,
        }],
        warnings: Vec::new(),
    }
}

/// The daemon's configuration where the object says nothing of it.
const DAEMON_CONFIG: &str = "\
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

fn diagnostic(place: Option<Place>) -> Diagnostic {
    Diagnostic {
        code: "lie".to_owned(),
        severity: Severity::Error,
        pointer: String::new(),
        place,
        message: "a lie".to_owned(),
        help: None,
        allowed: Vec::new(),
    }
}

fn long() -> Diagnostic {
    Diagnostic {
        message: "long ".repeat(1 << 20),
        ..diagnostic(None)
    }
}
