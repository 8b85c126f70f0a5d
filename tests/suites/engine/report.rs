//! `--report`: the page about a build, however it ended, and as a browser shows it.
//!
//! Needs: Chromium, and Node's `playwright-core` below `target/hosts/browser`. Screenshots go to `target/hosts/reports`.

use std::fs;
use std::path::PathBuf;

use oci_image_packages::package::Package;
use oci_image_packages::place::target;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

const HOSTILE: &str = "<script>alert(1)</script><img src=//evil.example/x>";

fn place(dockerfile: &str) -> Workplace {
    let place = Workplace::new();
    place.dockerfile(dockerfile);
    place
}

fn build(place: &Workplace, arguments: &[&str], object: &Value) -> Run {
    let root = place.root().display().to_string();
    let report = ["build", "--root", &root, "--report", "report.html"];
    place.send(&[&report, arguments].concat(), object)
}

fn object() -> Value {
    json!({"context": "context", "output": "image"})
}

/// What the page says between two texts of its markup.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start}: {page}"));
    rest.split_once(end).map_or(rest, |(inside, _)| inside)
}

/// The row of the Dockerfile's line.
fn row(page: &str, line: usize) -> &str {
    between(page, &format!("id=\"line-{line}\">"), "</tr>")
}

const STAGES: &str = "\
BUSYBOX
FROM busybox AS first
RUN sleep 1.2; echo said it
FROM first AS last
COPY file /
";

#[test]
fn page_of_a_build_has_its_images_its_steps_and_the_times_of_the_dockerfiles_lines() {
    let place = place(STAGES);
    place.write("context/file", "a file");
    fs::create_dir(place.path("first")).unwrap();
    let object = json!({"context": "context", "output": "image", "additional_targets": ["first"]});

    let _ = build(&place, &["--metadata-file", "result.json"], &object).expect(0);

    let page = place.read("report.html");
    let result: Value = serde_json::from_str(&place.read("result.json")).unwrap();
    assert!(page.contains("<title>Built in "), "{page}");
    let steps = result["steps"].to_string();
    assert_eq!(between(&page, "<dt>steps</dt><dd>", "</dd>"), steps);
    let images = between(&page, "<section class=\"images\"", "</section>");
    for image in result["images"].as_array().unwrap() {
        for told in [&image["image"], &image["digest"]] {
            assert!(images.contains(told.as_str().unwrap()), "{told}: {images}");
        }
    }
    // BUSYBOX is three lines.
    let took = between(row(&page, 5), "\">", "s</a>")
        .rsplit('>')
        .next()
        .unwrap();
    assert!(took.parse::<f64>().unwrap() >= 1.2, "{}", row(&page, 5));
    assert!(row(&page, 7).contains("href=\"#step-"), "{}", row(&page, 7));
    for line in [1, 4, 6] {
        assert!(
            !row(&page, line).contains("href"),
            "FROM is no step here: {}",
            row(&page, line)
        );
    }
    let slow = between(&page, "<section class=\"path\"", "</section>");
    assert!(slow.contains("sleep 1.2"), "{slow}");
    assert!(page.contains("said it\n"), "{page}");
    assert!(page.contains("<h3>Target first<"), "{page}");
    assert_eq!(
        place
            .names("")
            .iter()
            .filter(|name| name.starts_with('.'))
            .count(),
        0
    );

    let _ = build(&place, &[], &object).expect(0);

    let again = place.read("report.html");
    assert!(row(&again, 5).contains(">cached</a>"), "{}", row(&again, 5));
}

#[test]
fn page_is_the_same_record_however_progress_is_shown() {
    let place = place("BUSYBOX\nFROM busybox\nRUN echo one; echo -e '\\033[31mtwo\\033[0m'\n");
    for arguments in [
        &["--progress", "plain"][..],
        &["--progress", "json"],
        &["--quiet"],
    ] {
        let _ = build(&place, arguments, &object()).expect(0);

        let page = place.read("report.html");
        fs::remove_file(place.path("report.html")).unwrap();
        assert!(row(&page, 5).contains("href=\"#step-"), "{}", row(&page, 5));
        if arguments == ["--progress", "plain"] {
            assert!(page.contains("one\n") && page.contains("two\n"), "{page}");
        }
    }
}

#[test]
fn page_of_a_failed_build_begins_with_what_the_terminal_says() {
    let place = place("BUSYBOX\nFROM busybox\nRUN echo before; \\\n  echo 'a < b' >&2; exit 7\n");

    let run = build(&place, &["--progress", "quiet"], &object()).expect(1);

    let page = place.read("report.html");
    assert!(page.contains("<title>Failed after "), "{page}");
    let failure = between(&page, "<section class=\"failure\"", "</section>");
    let cause = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("error: "))
        .unwrap();
    assert!(failure.contains(&escaped(cause)), "{failure}");
    for line in run.stderr.lines().filter(|line| line.contains(" | ")) {
        assert!(failure.contains(&escaped(line)), "{line}: {failure}");
    }
    assert!(failure.contains("<mark>"), "{failure}");
    let place_of = |text: &str| page.find(text).unwrap();
    assert!(place_of("<section class=\"failure\"") < place_of("<section class=\"timeline\""));
    assert!(row(&page, 5).contains(">failed "), "{}", row(&page, 5));
    let step = between(&page, "<li class=\"step failed", "</li>");
    assert!(
        step.contains(" open>") && step.contains("a &lt; b\n"),
        "{step}"
    );
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[test]
fn page_of_a_stopped_build_tells_what_ran() {
    let place = place("");
    let waits = format!("sleep {}", place.mark());
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN echo started; {waits}\n"
    ));
    let root = place.root().display().to_string();
    place.write("request.json", object().to_string());
    let arguments = [
        "build",
        "--root",
        &root,
        "--report",
        "report.html",
        "request.json",
    ];
    let child = place.command(&arguments).spawn().unwrap();
    place.wait_for("the step to run", || !place.processes(&waits).is_empty());

    place.signal(&child, "SIGTERM");
    let _ = place.finish(child).expect(143);

    let page = place.read("report.html");
    assert!(page.contains("<title>Stopped after "), "{page}");
    assert!(
        between(&page, "<section class=\"failure\"", "</section>").contains("stopped by SIGTERM")
    );
    let step = between(&page, "<li class=\"step interrupted", "</li>");
    assert!(
        step.contains(&waits) && step.contains("started\n"),
        "{step}"
    );
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert!(
        !place
            .names("")
            .iter()
            .any(|name| name.starts_with(".report"))
    );
}

#[test]
fn request_that_is_wrong_has_a_page_and_a_path_that_is_wrong_costs_no_build() {
    let place = place("FROM scratch\n");

    let wrong = json!({"context": "context", "outptu": "image"});
    let _ = build(&place, &[], &wrong).expect(2);
    let page = place.read("report.html");
    assert!(
        page.contains("outptu") && page.contains("No step ran."),
        "{page}"
    );

    for (path, cause) in [
        ("nowhere/report.html", "No such file"),
        ("context", "directory"),
    ] {
        let root = place.root().display().to_string();
        let run = place.send(&["build", "--root", &root, "--report", path], &object());
        let run = run.expect(2);
        let told = format!("error: cannot write the report `{path}`");
        assert!(run.stderr.starts_with(&told), "{}", run.stderr);
        assert!(run.stderr.contains(cause), "{}", run.stderr);
    }
}

#[test]
fn page_has_the_warnings_of_the_frontend_and_of_the_program() {
    let place = place("FROM scratch\nMAINTAINER a\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image", "build_args": ["GONE=1"]});

    let run = build(&place, &[], &object).expect(0);

    let page = place.read("report.html");
    let warnings = between(&page, "<section class=\"warnings\"", "</section>");
    for told in ["argument `GONE` is given", "MaintainerDeprecated"] {
        assert!(
            run.stderr.contains(told) && warnings.contains(told),
            "{warnings}"
        );
    }
    assert!(page.contains("<a href=\"#warnings\">2</a>"), "{page}");
}

#[test]
fn task_has_a_page_too() {
    let place = place("FROM scratch\nCOPY busybox /\n");
    let root = place.root().display().to_string();
    let mut command = place.command(&[
        "task",
        "--root",
        &root,
        "--report",
        "report.html",
        "--directory",
    ]);
    command
        .arg(place.path(""))
        .env("CONTEXT", "context")
        .env("OUTPUT", "image");

    let _ = place.run_command(command, b"").expect(0);

    let page = place.read("report.html");
    assert!(
        page.contains("<title>Built in ") && row(&page, 2).contains("href"),
        "{page}"
    );
}

#[test]
fn million_lines_are_a_page_of_a_few_kilobytes() {
    let place = place("BUSYBOX\nFROM busybox\nRUN yes '<a line & more>' | head -n 1000000\n");

    let _ = build(&place, &["--quiet"], &object()).expect(0);

    let page = place.read("report.html");
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains(" lines left out"), "{page}");
    assert!(page.contains(", 1000000 lines of log"), "{page}");
}

#[test]
fn pages_are_fit_to_look_at_on_every_screen_and_ask_for_nothing() {
    let built = place(STAGES);
    built.write("context/file", "a file");
    let _ = build(&built, &[], &object()).expect(0);
    let name = "long".repeat(60);
    let failed = place(&format!(
        "BUSYBOX\nFROM busybox AS evil\nRUN for n in $(seq 1 900); do echo '{HOSTILE}' $n; done\n\
        RUN echo {name} '{HOSTILE}' >&2; exit 3\n",
    ));
    let _ = build(&failed, &[], &object()).expect(1);
    let pages: Vec<PathBuf> = (["built", "failed"].iter().zip([&built, &failed]))
        .map(|(name, place)| {
            let page = built.path(format!("{name}.html"));
            fs::copy(place.path("report.html"), &page).unwrap();
            page
        })
        .collect();
    let screenshots = target().join("hosts/reports");
    let package = Package::browser();

    let arguments = [vec!["look.js".into(), screenshots], pages].concat();
    let told = package.output("node", &arguments);

    assert_eq!(told, "");
}
