//! `go build`: nothing is compiled again, and no module is asked for.

use std::path::Path;
use std::process::Command;

use oci_image_tests::toolbox::{Toolbox, output};

use super::trial::{Trial, zip};

const DOCKERFILE: &str = "ARG base
FROM $base AS build
ENV CGO_ENABLED=0 GOPROXY=SHELF GOSUMDB=off GOFLAGS=-mod=mod GOPATH=/go HOME=/root
WORKDIR /src
COPY . .
ARG RUN
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \\
    go build -x -trimpath -buildvcs=false -o /app . && touch -d @0 /app && /app
FROM scratch
COPY --from=build /app /app
";

/// Go with the part of its library that every program has.
fn toolbox() -> Toolbox {
    let said =
        |arguments: &[&str]| output(Command::new("go").env("CGO_ENABLED", "0").args(arguments));
    let root = said(&["env", "GOROOT"]).trim().to_owned();
    let tools = said(&["env", "GOTOOLDIR"]).trim().to_owned();
    let mut toolbox = Toolbox::new()
        .link("/usr/local/bin/go", &format!("{root}/bin/go"))
        .program(&Path::new(&root).join("bin/go"));
    for tool in ["asm", "compile", "link"] {
        toolbox = toolbox.program(&Path::new(&tools).join(tool));
    }
    let sources = said(&["list", "-deps", "-f", "{{.Dir}}", "runtime"]);
    let more = [
        "VERSION",
        "go.env",
        "src/go.mod",
        "src/vendor/modules.txt",
        "pkg/include",
    ];
    let more = more.map(|name| format!("{root}/{name}"));
    let is_no_test = |path: &Path| !path.to_string_lossy().ends_with("_test.go");
    for path in sources.lines().chain(more.iter().map(String::as_str)) {
        toolbox = toolbox.tree(Path::new(path), &|path| !is_no_test(path));
    }
    toolbox
}

#[test]
fn go_compiles_nothing_and_fetches_nothing_on_an_empty_root() {
    let trial = Trial::new(toolbox(), &["PATH=/usr/local/bin:/bin"], DOCKERFILE);
    let module = "module example.test/greeting\n\ngo 1.20\n";
    let source = "package greeting\n\nconst Text = \"good morning\"\n";
    let at = "/example.test/greeting/@v";
    trial.shelf.put(&format!("{at}/list"), "v1.0.0\n");
    trial.shelf.put(&format!("{at}/v1.0.0.mod"), module);
    trial
        .shelf
        .put(&format!("{at}/v1.0.0.info"), "{\"Version\": \"v1.0.0\"}");
    let inside = "example.test/greeting@v1.0.0";
    let files = [
        (&*format!("{inside}/go.mod"), module),
        (&*format!("{inside}/greeting.go"), source),
    ];
    trial.shelf.put(&format!("{at}/v1.0.0.zip"), zip(&files));
    trial.place.write(
        "context/go.mod",
        "module example.test/app\n\ngo 1.20\n\nrequire example.test/greeting v1.0.0\n",
    );
    trial.place.write(
        "context/main.go",
        "package main\n\nimport \"example.test/greeting\"\n\nfunc main() { println(greeting.Text) }\n",
    );
    let compiled = |log: &str| {
        log.lines()
            .filter(|line| line.contains("/compile -o "))
            .count()
    };

    let [first, second] = trial.twice();

    assert!(compiled(&first.log) > 20, "{}", first.log);
    assert!(
        first.given.contains(&format!("{at}/v1.0.0.zip")),
        "{:?}",
        first.given
    );
    assert_eq!(
        first.caches,
        ["kept /go/pkg/mod", "kept /root/.cache/go-build"]
    );
    assert_eq!(compiled(&second.log), 0, "{}", second.log);
    assert!(second.log.contains("good morning"), "{}", second.log);
    let restored = ["restored /go/pkg/mod", "restored /root/.cache/go-build"];
    assert_eq!(second.caches[..2], restored, "{:?}", second.caches);
}
