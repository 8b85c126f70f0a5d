//! Pages of builds that are made up: compared as a whole with the text that was reviewed. `BLESS=1` writes it.

use std::fs;
use std::path::Path;

use oci_image_buildkit::status::{Status, VertexWarning};
use oci_image_page::Fate;

use crate::build::{Build, built, page};
use crate::reports::{cached, failed, log, part, started, vertex};

const DOCKERFILE: &str = "\
# What is built
FROM alpine AS base
WORKDIR /

FROM base AS tests
RUN make \\
    test
FROM base
COPY . /src
RUN make
";

const REPORT: &str = "\
error: process \"/bin/sh -c make\" did not complete successfully: exit code: 2
  step: [tests 1/1] RUN make     test
  target: `tests`
 --> Dockerfile:6:1
  |
5 |   FROM base AS tests
6 | / RUN make \\
7 | |     test
  | |_________^
last 2 of 3 lines of the log:
  | make: *** [test] Error 2
";

/// Compares with a fixture: a tag a line, and without the sheet, which is the same in all.
fn assert_page(name: &str, page: &str) {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    let (policy, digest) = head.split_once("'sha256-").unwrap();
    let head = format!("{policy}'sha256-{}", &digest[digest.find('\'').unwrap()..]);
    let actual = format!("{head}<style></style>{body}\n").replace("><", ">\n<");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs; BLESS=1 rewrites it:\n{actual}",
        path.display()
    );
}

fn begun() -> Build {
    let mut build = Build::of(DOCKERFILE, &["tests", "image"]);
    for target in [0, 1] {
        let definition = "[internal] load build definition from Dockerfile";
        build.ran(target, &[], vertex(definition, Some(0), Some(20)));
        build.ran(
            target,
            &[],
            cached("[base 1/2] FROM docker.io/library/alpine", 30),
        );
    }
    build.ran(
        1,
        &[],
        vertex("[internal] load build context", Some(30), None),
    );
    let context = |time, done| part("[internal] load build context", time, 2_000_000, done);
    build.tells(1, context(900, true));
    build.ran(
        1,
        &[],
        vertex("[internal] load build context", Some(30), Some(900)),
    );
    build
}

#[test]
fn a_build_of_two_targets() {
    let mut build = begun();
    build
        .ran(
            0,
            &["[base 1/2] FROM docker.io/library/alpine"],
            vertex("[tests 1/1] RUN make     test", Some(40), None),
        )
        .tells(
            0,
            log(
                "[tests 1/1] RUN make     test",
                500,
                "ok 1\n\u{1b}[32mok\u{1b}[0m 2\n",
            ),
        )
        .tells(0, warning())
        .ran(
            0,
            &["[base 1/2] FROM docker.io/library/alpine"],
            vertex("[tests 1/1] RUN make     test", Some(40), Some(2_000)),
        );
    build
        .ran(
            1,
            &["[internal] load build context"],
            vertex("[stage-2 1/2] COPY . /src", Some(900), Some(950)),
        )
        .ran(
            1,
            &["[stage-2 1/2] COPY . /src"],
            vertex("[stage-2 2/2] RUN make", Some(950), Some(5_950)),
        )
        .ran(
            1,
            &[],
            vertex("exporting to oci image format", Some(5_960), Some(8_000)),
        )
        .worked("compressing layers", 5_700, 8_200);

    build.warned("argument `MODE` is given, and no `ARG` of the Dockerfile declares it");

    assert_page("built.html", &page(&build.record(), built()));
}

fn warning() -> Status {
    Status {
        warnings: vec![VertexWarning {
            vertex: "sha256:[tests 1/1] RUN make     test".into(),
            level: 1,
            short: "MaintainerDeprecated: Maintainer instruction is deprecated (line 1)".into(),
            detail: vec!["use a label".into()],
            url: "https://docs.example/rule".into(),
            source: None,
        }],
        ..Status::default()
    }
}

#[test]
fn a_build_that_failed_with_its_reason_at_the_top() {
    let mut build = begun();
    build
        .ran(
            0,
            &[],
            vertex("[tests 1/1] RUN make     test", Some(40), None),
        )
        .tells(
            0,
            log(
                "[tests 1/1] RUN make     test",
                1_000,
                "one\ntwo\nmake: *** [test] Error 2\n",
            ),
        )
        .ran(
            0,
            &[],
            failed("[tests 1/1] RUN make     test", 40, 2_000, "exit code: 2"),
        )
        .ran(
            1,
            &[],
            started("[stage-2 1/2] COPY . /src", 900).vertices.remove(0),
        );

    let page = page(&build.record(), Fate::Failed { report: REPORT });

    assert_page("failed.html", &page);
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("did not complete successfully") < place("class=\"figures\""));
    assert!(place("did not complete successfully") < place("id=\"timeline\""));
}

#[test]
fn a_build_that_was_stopped_before_anything_ran() {
    let record = Build::of("FROM scratch\n", &["image"]).record();

    let page = page(
        &record,
        Fate::Stopped {
            report: "error: stopped by SIGTERM\n",
        },
    );

    assert_page("stopped.html", &page);
}

#[test]
fn colours_of_a_report_do_not_reach_the_page() {
    let record = Build::of("FROM scratch\n", &["image"]).record();
    let plain = page(&record, Fate::Failed { report: REPORT });
    let coloured = REPORT.replace("error:", "\u{1b}[1;31merror:\u{1b}[0m");

    assert_eq!(page(&record, Fate::Failed { report: &coloured }), plain);
}
