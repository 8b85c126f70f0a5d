//! What editors insert for a whole object, and for the maps in it: bodies with places to fill in (`${1:text}`).
//!
//! Source: VS Code's `defaultSnippets`. A body with its places filled in is an object that the planner accepts (test).

use serde_json::{Value, json};

/// For an empty object.
pub(crate) fn object() -> Value {
    let minimal = json!({"context": "${1:.}", "output": "${2:image}"});
    let arguments = json!({
        "context": "${1:repository}",
        "output": "${2:image}",
        "build_args": ["${3:VERSION}=${4:1.0}"],
        "labels": ["${5:org.opencontainers.image.version}=${6:1.0}"],
    });
    let platforms = json!({
        "context": "${1:repository}",
        "output": "${2:image}",
        "image_platform": "${3:linux/amd64,linux/arm64}",
    });
    let root_file_system = json!({
        "context": "${1:repository}",
        "output": "${2:image}",
        "cache": true,
        "unpack_rootfs": true,
    });
    json!([
        snippet(
            "Build a directory",
            "The context and the output, nothing else.",
            &minimal
        ),
        snippet(
            "Build with arguments and labels",
            "`NAME=VALUE` for the Dockerfile and for the image.",
            &arguments
        ),
        snippet(
            "Build for several platforms",
            "The image is an OCI layout directory.",
            &platforms
        ),
        snippet(
            "Build the image of a task",
            "Cached, with `rootfs/` and `metadata.json`.",
            &root_file_system
        ),
    ])
}

/// For a message.
pub(crate) fn message() -> Value {
    let message = json!({
        "object": {"context": "${1:.}", "output": "${2:image}"},
        "response_path": "${3:response.json}",
    });
    json!([snippet(
        "Build a directory",
        "An object, and where the answer is written.",
        &message
    )])
}

/// For a task file.
pub(crate) fn task() -> Value {
    let task = json!({
        "platform": "linux",
        "image_resource": {
            "type": "registry-image",
            "source": {"repository": "${1:registry.example/oci-image}"},
        },
        "params": {"CONTEXT": "${2:repository}"},
        "inputs": [{"name": "${3:repository}"}],
        "outputs": [{"name": "image"}],
        "caches": [{"path": "cache"}],
        "run": {"path": "build"},
    });
    json!([snippet(
        "Build a directory",
        "An input with a Dockerfile, the image as output, cached.",
        &task
    )])
}

/// For a step of a pipeline.
pub(crate) fn task_step() -> Value {
    let step = json!({
        "task": "${1:build}",
        "privileged": true,
        "config": {
            "platform": "linux",
            "image_resource": {
                "type": "registry-image",
                "source": {"repository": "${2:registry.example/oci-image}"},
            },
            "inputs": [{"name": "${3:repository}"}],
            "outputs": [{"name": "image"}],
            "caches": [{"path": "cache"}],
            "params": {"CONTEXT": "${4:repository}"},
            "run": {"path": "build"},
        },
    });
    json!([snippet(
        "A task that builds an image",
        "An input with a Dockerfile, the image as output, cached.",
        &step
    )])
}

/// For the parameters of a task.
pub(crate) fn params() -> Value {
    json!([
        snippet(
            "A build argument",
            "`BUILD_ARG_` and its name.",
            &json!({"BUILD_ARG_${1:VERSION}": "${2:1.0}"})
        ),
        snippet(
            "A label",
            "`LABEL_` and its name.",
            &json!({"LABEL_${1:org.opencontainers.image.title}": "${2:hello}"})
        ),
        snippet(
            "An image to build on",
            "`IMAGE_ARG_` and the build argument that stands for it.",
            &json!({"IMAGE_ARG_${1:BASE}": "${2:base/image.tar}"})
        ),
        snippet(
            "A secret in a file",
            "`BUILDKIT_SECRET_` and its id.",
            &json!({"BUILDKIT_SECRET_${1:token}": "${2:secrets/token}"})
        ),
        snippet(
            "A secret as text",
            "`BUILDKIT_SECRETTEXT_` and its id; the text is a variable of Concourse.",
            &json!({"BUILDKIT_SECRETTEXT_${1:password}": "${2:((password))}"})
        ),
    ])
}

/// For `context_inputs`.
pub(crate) fn context_inputs() -> Value {
    let input = json!({"${1:library}": "${2:vendor/library}"});
    json!([snippet(
        "An input",
        "Its name, and its path within the context.",
        &input
    )])
}

/// For `registries`.
pub(crate) fn registries() -> Value {
    let authority = json!({"${1:registry.example}": {"ca": ["${2:certificates/ca.pem}"]}});
    let mirror = json!({"${1:docker.io}": {"mirrors": ["${2:mirror.example:5000}"]}});
    let plain = json!({"${1:registry.example:5000}": {"http": true}});
    json!([
        snippet(
            "A certificate authority",
            "The registry's certificate is signed by it.",
            &authority
        ),
        snippet("A mirror", "It is asked first.", &mirror),
        snippet("Plain HTTP", "The registry has no certificate.", &plain),
    ])
}

/// For `buildkit_secrets`.
pub(crate) fn secrets() -> Value {
    let file = json!({"${1:token}": "${2:secrets/token}"});
    let text = json!({"${1:password}": {"text": "${2:((password))}"}});
    json!([
        snippet(
            "A secret in a file",
            "Its id, and the path of the file.",
            &file
        ),
        snippet(
            "A secret as text",
            "Its id, and its text: in Concourse a variable.",
            &text
        ),
    ])
}

/// For one of `buildkit_secrets`.
pub(crate) fn secret() -> Value {
    let (file, text) = (
        json!("${1:secrets/token}"),
        json!({"text": "${1:((password))}"}),
    );
    json!([
        snippet("A file", "Its path.", &file),
        snippet(
            "A text",
            "The secret itself: in Concourse a variable.",
            &text
        ),
    ])
}

fn snippet(label: &str, description: &str, body: &Value) -> Value {
    json!({"label": label, "description": description, "body": body})
}
