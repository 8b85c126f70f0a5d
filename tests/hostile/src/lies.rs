//! Lies: answers that are well-formed and false.

use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Severity, Span};
use oci_image_schema::plan::{
    BuildPlan, ImageExport, ImageFormat, Local, Secret, SecretSource, Solve,
};

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

/// A plan of which one thing was not asked for. The object may be longer than the name of the lie, which it holds in `output`.
pub(crate) fn plan(object: &str) -> Result<BuildPlan, Vec<Diagnostic>> {
    let mut plan = honest();
    if object.contains("refusal without reason") {
        return Err(Vec::new());
    }
    if object.contains("other context") {
        plan.solves[0].locals[0].path = "/etc".to_owned();
    } else if object.contains("output outside") {
        plan.solves[0].export = Some(ImageExport {
            directory: "..".to_owned(),
            format: ImageFormat::DockerArchive,
            rootfs: true,
        });
    } else if object.contains("invented secret") {
        plan.secrets.push(Secret {
            id: "shadow".to_owned(),
            source: SecretSource::File("/etc/shadow".to_owned()),
        });
    } else if object.contains("own program") {
        plan.daemon_config = "[worker.oci]\nbinary = \"./evil\"\n".to_owned();
    } else if object.contains("many solves") {
        plan.solves = vec![plan.solves[0].clone(); 50_000];
    } else if object.contains("long answer") {
        plan.daemon_config = "#".repeat(20 << 20);
    }
    Ok(plan)
}

fn honest() -> BuildPlan {
    BuildPlan {
        daemon_config: String::new(),
        debug: false,
        base_images: Vec::new(),
        cache: None,
        secrets: Vec::new(),
        ssh: Vec::new(),
        solves: vec![Solve {
            name: "image".to_owned(),
            locals: vec![Local {
                name: "context".to_owned(),
                path: "source".to_owned(),
            }],
            attributes: Vec::new(),
            export: None,
        }],
        warnings: Vec::new(),
    }
}

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
