//! `npm ci`: no package is asked for.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_image_tests::toolbox::{Toolbox, installed};
use serde_json::json;
use sha2::{Digest, Sha512};

use super::trial::{Trial, tar_gz};

const DOCKERFILE: &str = "ARG base
FROM $base AS build
ENV HOME=/root
WORKDIR /src
COPY . .
ARG RUN
RUN --mount=type=cache,target=/root/.npm \\
    npm ci --loglevel http --no-audit --no-fund && node app.js && find node_modules -exec touch -h -d @0 {} +
FROM scratch
COPY --from=build /src/node_modules /node_modules
";

/// Node and npm: where the package of npm's authors has it, or Debian's.
fn toolbox() -> Toolbox {
    let npm = installed("npm");
    let node = installed("node");
    let mut toolbox = Toolbox::new()
        .link("/usr/local/bin/node", &node.to_string_lossy())
        .link("/usr/local/bin/npm", &npm.to_string_lossy())
        .link("/usr/bin/env", "/bin/env")
        .program(&node);
    let own = npm.parent().and_then(Path::parent).unwrap();
    let of_debian = ["/usr/share/nodejs", "/usr/share/node_modules"].map(Path::new);
    let is_ballast = |path: &Path| ["docs", "man"].iter().any(|name| path == own.join(name));
    for path in [own]
        .into_iter()
        .chain(of_debian.into_iter().filter(|path| path.exists()))
    {
        toolbox = toolbox.tree(path, &is_ballast);
    }
    toolbox
}

#[test]
fn npm_fetches_nothing_on_an_empty_root() {
    let trial = Trial::new(toolbox(), &["PATH=/usr/local/bin:/bin"], DOCKERFILE);
    let package = json!({"name": "greeting", "version": "1.0.0", "main": "index.js"});
    let tarball = tar_gz(&[
        ("package/package.json", &package.to_string()),
        ("package/index.js", "module.exports = 'good morning';\n"),
    ]);
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(&tarball)));
    let at = "/greeting/-/greeting-1.0.0.tgz";
    trial.shelf.put(at, tarball);
    let app = json!({"name": "app", "version": "1.0.0", "dependencies": {"greeting": "1.0.0"}});
    let lock = json!({
        "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": app,
            "node_modules/greeting": {
                "version": "1.0.0", "integrity": integrity, "resolved": format!("{}{at}", trial.shelf.url()),
            },
        },
    });
    trial.place.write("context/package.json", app.to_string());
    trial
        .place
        .write("context/package-lock.json", lock.to_string());
    trial
        .place
        .write("context/app.js", "console.log(require('greeting'));\n");

    let [first, second] = trial.twice();

    assert_eq!(first.given, [at]);
    assert!(
        first.log.contains("npm http fetch GET 200"),
        "{}",
        first.log
    );
    assert_eq!(first.caches, ["kept /root/.npm"]);
    assert!(!second.log.contains("npm http fetch"), "{}", second.log);
    assert!(
        second.log.contains("added 1 package") && second.log.contains("good morning"),
        "{}",
        second.log
    );
    assert_eq!(second.caches[0], "restored /root/.npm");
}
