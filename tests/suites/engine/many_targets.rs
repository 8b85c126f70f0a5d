//! Ten targets beside another, at once: whoever looks sees each line once, below its own step, and how each has ended.

use std::collections::{BTreeMap, BTreeSet};

use oci_image_tests::terminal::Terminal;
use oci_image_tests::workplace::Workplace;
use serde_json::{Value, json};

/// How many targets there are beside the first.
const OTHERS: usize = 10;
/// How many lines the step of each prints.
const LINES: usize = 5;

fn names() -> Vec<String> {
    (0..=OTHERS)
        .map(|number| format!("target{number}"))
        .collect()
}

/// What is built: of each target one step, which all run at once.
fn object(place: &Workplace) -> Value {
    let stages: String = names()
        .iter()
        .map(|name| {
            format!(
                "FROM busybox AS {name}\nRUN for n in $(seq {LINES}); do echo {name} says $n; sleep 0.2; done\n"
            )
        })
        .collect();
    place.dockerfile(&format!("BUSYBOX\n{stages}"));
    for name in &names()[1..] {
        std::fs::create_dir(place.path(name)).unwrap();
    }
    json!({"context": "context", "output": "image", "target": names()[0], "additional_targets": names()[1..]})
}

/// What a target's step and image are called: after its directory.
fn directory(name: &str) -> &str {
    if name == "target0" { "image" } else { name }
}

/// How the heading of a target's step begins.
fn heading_of(name: &str) -> String {
    format!("{}: [{name} 1/1] RUN", directory(name))
}

/// The lines of one target's step.
fn said_by(name: &str) -> Vec<String> {
    (1..=LINES)
        .map(|number| format!("{name} says {number}"))
        .collect()
}

#[test]
fn every_line_of_eleven_targets_stands_once_below_the_heading_of_its_step() {
    let place = Workplace::new();
    let run = place.build(&object(&place)).expect(0);

    // By number, the heading of each step, and what stands below it.
    let mut steps: BTreeMap<&str, (&str, Vec<&str>)> = BTreeMap::new();
    for block in (run.stderr.split("\n\n")).take_while(|block| block.starts_with('#')) {
        let mut lines = block.lines().map(|line| line.split_once(' ').unwrap());
        let (number, heading) = lines.next().unwrap();
        let step = steps.entry(number).or_insert((heading, Vec::new()));
        for (of, text) in lines {
            assert_eq!(of, number, "{text} is below {heading}");
            step.1.push(text);
        }
    }
    for name in names() {
        let begins = heading_of(&name);
        let mut of_target = (steps.values()).filter(|(heading, _)| heading.starts_with(&begins));
        let (_, shown) = of_target.next().unwrap();
        assert_eq!(of_target.next(), None);
        let is_log = |text: &&&str| text.starts_with(|first: char| first.is_ascii_digit());
        let said: Vec<&str> = (shown.iter().filter(is_log))
            .filter_map(|text| Some(text.split_once(' ')?.1))
            .collect();
        assert_eq!(said, said_by(&name), "{}", run.stderr);
        assert!(shown.last().unwrap().starts_with("DONE "), "{shown:?}");
        let image = format!("{}/image.tar: ", directory(&name));
        let images = run.stderr.lines().filter(|line| line.starts_with(&image));
        assert_eq!(images.count(), 1, "{}", run.stderr);
    }
}

#[test]
fn events_of_eleven_targets_name_the_target_of_every_line_and_end_every_step() {
    let place = Workplace::new();
    let object = object(&place);
    let root = place.root();
    let run = place.send(
        &[
            "build",
            "--progress",
            "json",
            "--root",
            root.to_str().unwrap(),
        ],
        &object,
    );
    let run = run.expect(0);
    let events: Vec<Value> = (run.stderr.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| -> Vec<&Value> {
        events
            .iter()
            .filter(|event| event["event"] == kind)
            .collect()
    };

    let started: BTreeMap<u64, &Value> = (of("started").into_iter())
        .map(|event| (event["step"].as_u64().unwrap(), event))
        .collect();
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in of("log") {
        let step = started[&event["step"].as_u64().unwrap()];
        let [target] = step["targets"].as_array().unwrap().as_slice() else {
            panic!("{step}");
        };
        let line = event["line"].as_str().unwrap();
        said.entry(target.as_str().unwrap()).or_default().push(line);
    }
    for name in names() {
        assert_eq!(said[directory(&name)], said_by(&name));
    }
    let ended: BTreeSet<u64> = (["done", "cached"].iter())
        .flat_map(|kind| of(kind))
        .map(|event| event["step"].as_u64().unwrap())
        .collect();
    assert_eq!(ended, started.keys().copied().collect());
    let [result] = of("result")[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        result["images"].as_array().unwrap().len(),
        OTHERS + 1,
        "{result}"
    );
}

#[test]
fn terminal_of_a_few_rows_shows_eleven_targets_and_is_left_with_their_ends() {
    let (columns, rows) = (100, 12);
    let place = Workplace::new();
    let file = place.write("object.json", object(&place).to_string());
    let mut command = place.command(&["build", "--progress", "tty", "--color", "never"]);
    command
        .arg(file)
        .env("OCI_IMAGE_ROOT", place.root())
        .env("TERM", "xterm");
    let terminal = Terminal::of(columns, rows);
    let child = terminal.start(&mut command);
    let shown = terminal.finish(child);
    assert_eq!(shown.status, 0, "{}", shown.text);

    let frames: Vec<Vec<&str>> = (shown.text.split("\u{1b}[J").skip(1))
        .map(|drawn| drawn.split("\u{1b}[?2026l").next().unwrap())
        // What stays is above what is redrawn, whose last line ends without a break.
        .map(|drawn| drawn.split("\r\n").collect::<Vec<_>>())
        .map(|lines| {
            let stays = lines
                .iter()
                .rposition(|line| [" DONE", " CACHED"].iter().any(|end| line.contains(end)));
            lines[stays.map_or(0, |last| last + 1)..].to_vec()
        })
        .collect();
    let tallest = frames.iter().map(Vec::len).max().unwrap();
    assert!(
        tallest < usize::from(rows),
        "{tallest} rows:\n{}",
        shown.text
    );
    // All run at once, and there is no room for all: some are named, and the others counted.
    let crowded = frames
        .iter()
        .find(|lines| lines.iter().any(|line| line.starts_with("   and ")));
    let crowded = crowded.unwrap_or_else(|| panic!("nothing is counted in {}", shown.text));
    assert!(
        crowded
            .iter()
            .filter(|line| line.contains(": [target"))
            .count()
            >= 5,
        "{crowded:#?}"
    );

    let glass = oci_image_tests::screen::screen(columns, &shown.text);
    for name in names() {
        let step = heading_of(&name);
        let lines: Vec<&str> = (glass.lines())
            .filter(|line| line.starts_with('#') && line.contains(&step))
            .collect();
        let [line] = lines[..] else {
            panic!("{step} stands {} times in\n{glass}", lines.len());
        };
        assert!(line.contains(" DONE "), "{line}");
    }
    // A step of all does not hide behind their names.
    assert!(
        glass.contains(" and 9 more: [internal] load build context"),
        "{glass}"
    );
    assert!(!glass.contains("building "), "{glass}");
    assert!(!glass.contains("   target"), "{glass}");
    let image = glass.find("target10/image.tar: ");
    assert!(image.is_some(), "{glass}");
}
