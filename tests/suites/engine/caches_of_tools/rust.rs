//! `cargo build`: every crate is fresh, and none is asked for.

use std::path::Path;
use std::process::Command;

use oci_image_tests::archive::sha256;
use oci_image_tests::engine::checkout;
use oci_image_tests::toolbox::{Toolbox, output};
use serde_json::json;

use super::trial::{Trial, tar_gz};

/// The target that the toolchain brings its own linker for.
const TARGET: &str = "wasm32-wasip2";

const DOCKERFILE: &str = "ARG base
FROM $base AS build
ENV CARGO_HOME=/usr/local/cargo HOME=/root
WORKDIR /src
COPY . .
ARG RUN
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target,sharing=locked \\
    cargo build --verbose --release --locked --target wasm32-wasip2 && \\
    cp target/wasm32-wasip2/release/app.wasm /app.wasm && touch -d @0 /app.wasm
FROM scratch
COPY --from=build /app.wasm /app.wasm
";

/// The toolchain of this checkout.
fn toolbox() -> (Toolbox, String) {
    let said = |arguments: &[&str]| {
        let mut rustc = Command::new("rustc");
        output(rustc.args(arguments).current_dir(checkout()))
            .trim()
            .to_owned()
    };
    let (root, host) = (
        said(&["--print", "sysroot"]),
        said(&["--print", "host-tuple"]),
    );
    let root = Path::new(&root).canonicalize().unwrap();
    let mut toolbox = Toolbox::new();
    for program in ["cargo", "rustc"] {
        toolbox = toolbox.program(&root.join("bin").join(program));
    }
    let parts = [
        format!("lib/rustlib/{host}/bin"),
        format!("lib/rustlib/{TARGET}"),
    ];
    for part in parts {
        toolbox = toolbox.tree(&root.join(part), &|_| false);
    }
    let path = format!("PATH={}:/bin", root.join("bin").display());
    (toolbox, path)
}

/// Where the shelf has the package.
const PARCEL: &str = "/crates/greeting/1.0.0/download";

/// Puts a package onto the shelf, as a registry has it; its checksum.
fn publish(trial: &Trial) -> String {
    let manifest = "[package]\nname = \"greeting\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let parcel = tar_gz(&[
        ("greeting-1.0.0/Cargo.toml", manifest),
        (
            "greeting-1.0.0/src/lib.rs",
            "pub const TEXT: &str = \"good morning\";\n",
        ),
    ]);
    let digest = sha256(&parcel);
    let digest = digest.strip_prefix("sha256:").unwrap();
    let url = trial.shelf.url();
    trial.shelf.put(PARCEL, parcel);
    trial.shelf.put(
        "/index/config.json",
        json!({"dl": format!("{url}/crates")}).to_string(),
    );
    let line = json!({"name": "greeting", "vers": "1.0.0", "deps": [], "cksum": digest, "features": {}, "yanked": false});
    trial
        .shelf
        .put("/index/gr/ee/greeting", format!("{line}\n"));
    digest.to_owned()
}

/// Writes a program that depends on the package.
fn write_program(trial: &Trial, digest: &str) {
    let url = trial.shelf.url();
    trial.place.write(
        "context/.cargo/config.toml",
        format!("[source.crates-io]\nreplace-with = \"shelf\"\n[source.shelf]\nregistry = \"sparse+{url}/index/\"\n"),
    );
    trial.place.write(
        "context/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\ngreeting = \"1\"\n",
    );
    trial.place.write("context/Cargo.lock", format!(
        "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\"greeting\"]\n\n\
         [[package]]\nname = \"greeting\"\nversion = \"1.0.0\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{digest}\"\n"
    ));
    trial.place.write(
        "context/src/main.rs",
        "fn main() { println!(\"{}\", greeting::TEXT); }\n",
    );
}

#[test]
fn cargo_finds_everything_fresh_on_an_empty_root() {
    let (toolbox, path) = toolbox();
    let trial = Trial::new(toolbox, &[&path], DOCKERFILE);
    write_program(&trial, &publish(&trial));

    let [first, second] = trial.twice();

    assert!(
        first.given.iter().any(|path| path == PARCEL),
        "{:?}",
        first.given
    );
    assert!(
        first.log.contains("Compiling greeting") && first.log.contains("Compiling app"),
        "{}",
        first.log
    );
    assert_eq!(
        first.caches,
        ["kept /src/target", "kept /usr/local/cargo/registry"]
    );
    assert!(
        second.log.contains("Fresh greeting v1.0.0") && second.log.contains("Fresh app v1.0.0"),
        "{}",
        second.log
    );
    assert!(!second.log.contains("Compiling"), "{}", second.log);
    let restored = ["restored /src/target", "restored /usr/local/cargo/registry"];
    assert_eq!(second.caches[..2], restored, "{:?}", second.caches);
}
