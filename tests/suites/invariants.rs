//! The rules of the house that a machine can check: which room knows which, how a module opens, what has no place here.
//!
//! Each test names every offender, with its file, so that one run shows all there is to mend. A rule that hurts is
//! changed here, in the commit that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image_schema::key::{KEYS, Key, NAMES};
use oci_image_tests::attacks;
use oci_image_tests::engine::{self, checkout};

/// The parts of std that the contracts and the planner do without: they are functions from value to value. Of `std::net`
/// they may read addresses.
const OUTSIDE: &[&str] = &["fs", "net", "time", "env", "thread", "process"];

/// Names that say nothing of what is behind them.
const VAGUE: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "handler", "stuff",
];

/// What stands at the top of the tree, beside the files of tools, which begin with a dot, and what is built.
const TOP: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "deny.toml",
    "guest",
    "host",
    "rust-toolchain.toml",
    "schema",
    "target",
    "tests",
];

/// Files in which nothing is, and why: a directory that has to be there, a mark for another tool, a case of emptiness.
const EMPTY: &[&str] = &[
    ".keep",
    "__init__.py",
    "py.typed",
    "expected.txt",
    "syntax_empty.json",
    "empty_file/request.yaml",
];

/// How long a file may be, in lines, without its tests.
const FILE_LIMIT: usize = 400;

/// Parents that are more than a map: a value and its text know each other, a build script has no map, and cases have a table.
const NO_MAPS: &[&str] = &[
    "guest/src/json.rs",
    "host/mounts/build.rs",
    "host/planner/build.rs",
    "host/planner/build/component.rs",
    "tests/bench/cases/mod.rs",
    "tests/build.rs",
    "tests/hostile/src/lib.rs",
    "tests/packages/build.rs",
];

/// Words of two contracts, `planner.wit` and Concourse's, in modules of their own, and of what both are written in.
const WORDS_OF_TWO: &[&str] = &["Cache", "Form", "Input", "Output", "Secret"];

// --- rooms -----------------------------------------------------------------------------------------------------------

/// What an error names may come from outside: a terminal's commands, the end of our line (`outside`).
#[test]
fn no_error_shows_a_text_as_it_is() {
    // Reports are made of lines that are safe to show, and reasons are the system's.
    const OWN: [&str; 3] = ["report", "reason", "tried"];
    let mut offenders = Vec::new();
    for file in rust_files(&checkout().join("host")) {
        let attributes = file.code.split("#[error(").skip(1);
        for attribute in attributes {
            let (message, fields) = attribute.split_once(")]").expect("an attribute ends");
            if message.contains(".display()") {
                offenders.push(format!("{}: {message}", file.name));
            }
            let fields = fields.split_once('}').map_or("", |(fields, _)| fields);
            let texts = fields
                .lines()
                .flat_map(|line| line.split(','))
                .filter_map(|field| {
                    let (name, kind) = field.trim().split_once(": ")?;
                    let name = name.rsplit(['{', ' ']).next()?;
                    ["String", "PathBuf"].contains(&kind.trim()).then_some(name)
                });
            for text in texts.filter(|text| !OWN.contains(text)) {
                let is_shown = message.contains(&format!("{text} = shown({text})"));
                if message.contains(&format!("{{{text}}}")) && !is_shown {
                    offenders.push(format!("{}: `{text}` in {message}", file.name));
                }
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn nothing_stands_at_the_top_but_what_is_named() {
    let entries = fs::read_dir(checkout()).expect("the checkout");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let others: Vec<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()))
        .collect();

    assert_eq!(others, Vec::<String>::new());
}

#[test]
fn no_text_shows_both_sides_of_a_merge() {
    let changelog = fs::read_to_string(checkout().join("CHANGELOG.md")).unwrap();
    let mut all = texts(&checkout());
    all.push(("CHANGELOG.md".to_owned(), changelog));
    let is_mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    all.retain(|(_, text)| text.lines().any(is_mark));

    let offenders: Vec<String> = all.into_iter().map(|(name, _)| name).collect();
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn file_holds_something_unless_its_emptiness_says_it() {
    let mut empty = Vec::new();
    let mut left = ["guest", "host", "schema", "tests"]
        .map(|part| checkout().join(part))
        .to_vec();
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_symlink() || path.ends_with("target") || path.ends_with("node_modules") {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else if fs::metadata(&path).is_ok_and(|found| found.len() == 0)
                && !EMPTY.iter().any(|name| path.ends_with(name))
            {
                empty.push(path);
            }
        }
    }

    assert_eq!(empty, Vec::<PathBuf>::new());
}

/// A room calls down, and so do the files within it. A module and those inside of it are one noun: they may use each other.
#[test]
fn no_files_import_each_other_in_a_loop() {
    let mut found = BTreeSet::new();
    for member in members_of_the_workspace() {
        let files = rust_files(&checkout().join(member).join("src"));
        let arrows = arrows(&files);
        for (file, imported) in &arrows {
            for other in imported {
                if reach(&arrows, other).contains(file) {
                    found.insert(format!("{file} imports {other}, which leads back"));
                }
            }
        }
    }

    assert_eq!(found, BTreeSet::new());
}

#[test]
fn contracts_and_planner_touch_nothing_outside_themselves() {
    let mut offenders = Vec::new();
    for part in ["schema/src", "guest/src"] {
        for file in rust_files(&checkout().join(part)) {
            for outside in OUTSIDE {
                let code = file.code.replace("std::net::Ip", "");
                if code.contains(&format!("std::{outside}")) {
                    offenders.push(format!("{} uses std::{outside}", file.name));
                }
            }
            if file.code.contains("use std::{") {
                offenders.push(format!(
                    "{} imports from std in a group: this test reads single paths",
                    file.name
                ));
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn product_links_neither_a_compiler_nor_the_planner_itself() {
    let tree = dependencies("oci-image");

    assert!(
        tree.contains("wasmtime"),
        "the tree of the product was read"
    );
    // wasmtime's runtime uses the compiler's data structures (`cranelift-entity` and the like): no code comes from those.
    assert!(!tree.contains("cranelift-codegen") && !tree.contains("wasmtime-internal-cranelift"));
    assert!(!tree.contains("oci-image-guest"));
}

/// Cargo keeps the borders between crates; these are the borders. The crate that runs a plan may use all.
#[test]
fn crate_uses_only_the_crates_below_it() {
    let below: &[(&str, &[&str])] = &[
        ("oci-image-schema", &[]),
        ("oci-image-boundary", &[]),
        // `make playground` compiles no host.
        ("oci-image-packages", &["oci-image-schema"]),
        ("oci-image-guest", &["oci-image-schema"]),
        ("oci-image-buildkit", &["oci-image-boundary"]),
        ("oci-image-daemon", &["oci-image-boundary"]),
        ("oci-image-excerpt", &["oci-image-boundary"]),
        (
            "oci-image-forms",
            &["oci-image-boundary", "oci-image-schema"],
        ),
        ("oci-image-tree", &["oci-image-boundary"]),
        ("oci-image-image", &["oci-image-boundary", "oci-image-tree"]),
        (
            "oci-image-courier",
            &["oci-image-boundary", "oci-image-tree"],
        ),
        (
            "oci-image-mounts",
            &[
                "oci-image-boundary",
                "oci-image-buildkit",
                "oci-image-courier",
                "oci-image-tree",
            ],
        ),
        (
            "oci-image-page",
            &[
                "oci-image-boundary",
                "oci-image-buildkit",
                "oci-image-excerpt",
                "oci-image-progress",
                "oci-image-schema",
            ],
        ),
        // Natively it is empty.
        ("oci-image-forms-component", &[]),
        (
            "oci-image-planner",
            &["oci-image-boundary", "oci-image-forms", "oci-image-schema"],
        ),
        (
            "oci-image-progress",
            &[
                "oci-image-boundary",
                "oci-image-buildkit",
                "oci-image-excerpt",
                "oci-image-schema",
            ],
        ),
    ];
    for (name, may_use) in below {
        let mut ours = dependencies(name);
        ours.retain(|used| used.starts_with("oci-image") && used != name);
        let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
        assert_eq!(ours, *may_use, "{name}");
    }
}

#[test]
fn client_alone_brings_neither_sandbox_nor_command_line() {
    let tree = dependencies("oci-image-buildkit");

    assert!(tree.contains("tonic"), "the tree of the client was read");
    for foreign in ["wasmtime", "wasmtime-wasi", "clap", "annotate-snippets"] {
        assert!(!tree.contains(foreign), "{foreign}");
    }
}

/// What is shown of a request and of a Dockerfile looks the same because one crate draws both.
#[test]
fn excerpts_are_the_business_of_one_crate() {
    for member in members_of_the_workspace() {
        let manifest = fs::read_to_string(checkout().join(&member).join("Cargo.toml")).unwrap();
        let names = manifest.contains("\nannotate-snippets");
        assert_eq!(names, member == "host/excerpt", "{member}");
    }
}

/// Whoever uses these crates decides where text goes and which variables count: what is read of a process stands here, by file.
#[test]
fn client_and_progress_leave_the_process_alone() {
    let read: &[(&str, &[&str])] = &[
        ("host/buildkit/src/registry/docker/config.rs", &["env::var"]),
        ("host/buildkit/src/registry/web/proxy.rs", &["env::var"]),
        ("host/buildkit/src/ssh/agent.rs", &["env::var"]),
        ("host/progress/src/mode.rs", &["env::var"]),
    ];
    let mut found = BTreeMap::new();
    for part in ["host/buildkit/src", "host/progress/src"] {
        for file in rust_files(&checkout().join(part)) {
            let touches = [
                "env::var",
                "env::set",
                "env::args",
                "stdout()",
                "stderr()",
                "stdin()",
                "print!",
                "println!",
                "set_current_dir",
                "process::exit",
            ];
            let touched: Vec<&str> = touches
                .into_iter()
                .filter(|touch| file.code.contains(touch))
                .collect();
            if !touched.is_empty() {
                found.insert(file.name, touched);
            }
        }
    }
    let found: Vec<(&str, &[&str])> = found
        .iter()
        .map(|(file, touched)| (file.as_str(), touched.as_slice()))
        .collect();
    assert_eq!(found, read);
}

/// `maud` escapes whatever is shown; its own sheet is the one thing that a page shows as it is.
#[test]
fn page_shows_nothing_as_it_is_but_its_sheet() {
    let files = rust_files(&checkout().join("host"));
    let as_it_is = |file: &&Source| file.code.contains("PreEscaped");
    let found: Vec<&str> = (files.iter().filter(as_it_is))
        .map(|file| file.name.as_str())
        .collect();

    assert_eq!(found, ["host/page/src/style.rs"]);
}

#[test]
fn sandbox_is_the_business_of_the_planner_alone() {
    for member in members_of_the_workspace() {
        let manifest = fs::read_to_string(checkout().join(&member).join("Cargo.toml")).unwrap();
        let normal = manifest.split("-dependencies]").next().unwrap_or_default();
        let names = normal.contains("\nwasmtime");
        assert_eq!(names, member == "host/planner", "{member}");
    }
}

// --- modules ---------------------------------------------------------------------------------------------------------

#[test]
fn module_opens_with_its_purpose() {
    let offenders: Vec<String> = all_rust_files()
        .into_iter()
        // The tests of one module need no purpose of their own.
        .filter(|file| !file.name.ends_with("/tests.rs"))
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.name)
        .collect();

    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn parent_names_each_of_its_modules() {
    let mut offenders = Vec::new();
    for file in all_rust_files() {
        let parents = ["/lib.rs", "/mod.rs", "/main.rs"];
        if !parents.iter().any(|name| file.name.ends_with(name)) {
            continue;
        }
        let doc: String = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        for module in declared_modules(&file.code) {
            if !doc.contains(&format!("`{module}`")) {
                offenders.push(format!("{} does not name `{module}`", file.name));
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

/// What a child needs stands in a sibling with a name of its own: whoever reads a parent finds out where things are, and nothing else.
#[test]
fn parent_is_only_a_map() {
    let mut offenders = Vec::new();
    for file in all_rust_files() {
        let is_program = file.name.ends_with("/main.rs");
        if is_program
            || NO_MAPS.contains(&file.name.as_str())
            || declared_modules(&file.code).is_empty()
        {
            continue;
        }
        offenders.extend(
            beside_the_map(&file.code)
                .into_iter()
                .map(|line| format!("{}: {line}", file.name)),
        );
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn name_of_a_type_stands_for_one_thing_in_a_crate() {
    let mut offenders = Vec::new();
    let members = members_of_the_workspace();
    for member in &members {
        let of_two = |name: &String| member == "schema" && WORDS_OF_TWO.contains(&name.as_str());
        let files = rust_files(&checkout().join(member).join("src"));
        let mut declared: BTreeMap<String, &str> = BTreeMap::new();
        for file in &files {
            let types = types_of_the_module(&file.code);
            for name in types.into_iter().filter(|name| !of_two(name)) {
                if let Some(other) = declared.insert(name.clone(), &file.name) {
                    offenders.push(format!("{name}: {other} and {}", file.name));
                }
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn names_say_what_is_behind_them() {
    let mut offenders = Vec::new();
    for file in all_rust_files() {
        let stem = Path::new(&file.name).with_extension("");
        for part in stem.iter().filter_map(|part| part.to_str()) {
            if VAGUE.contains(&part) {
                offenders.push(file.name.clone());
            }
        }
        for name in declared_types(&file.code) {
            if VAGUE
                .iter()
                .any(|vague| name.to_lowercase().ends_with(vague))
            {
                offenders.push(format!("{}: {name}", file.name));
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn file_is_short_enough_to_be_read() {
    let offenders: Vec<String> = all_rust_files()
        .into_iter()
        .filter(|file| {
            !file.name.contains("/tests/")
                && !file.name.contains("/suites/")
                && !file.text.contains("\n//! Generated from ")
        })
        .filter(|file| file.code.lines().count() > FILE_LIMIT)
        .map(|file| format!("{}: {} lines", file.name, file.code.lines().count()))
        .collect();

    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn no_test_is_switched_off() {
    let switch = concat!("#[", "ignore");
    // A body that other tests run as a process of its own, so that it can be killed: it is run, by name.
    let process = concat!("#[", "ignore = \"a process that other tests start\"]");
    let offenders: Vec<String> = all_rust_files()
        .into_iter()
        .filter(|file| file.text.replace(process, "").contains(switch))
        .map(|file| file.name)
        .collect();

    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn crate_obeys_the_lints_of_the_workspace() {
    for member in members_of_the_workspace() {
        let manifest = fs::read_to_string(checkout().join(&member).join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "{member}/Cargo.toml"
        );
    }
}

// --- the engine ------------------------------------------------------------------------------------------------------

/// Which BuildKit is built stands in the engine's module. Documents repeat it; code names it once, for messages.
#[test]
fn every_mention_of_buildkits_version_is_the_one_that_is_built() {
    const NAMED_BY_CODE: &str = "host/daemon/src/version.rs";
    let built = engine::version();
    let mut mentions = BTreeSet::new();
    let mut offenders = Vec::new();
    for (name, text) in texts(&checkout()) {
        let is_code = name.ends_with(".rs") && name != NAMED_BY_CODE;
        for version in versions_of_buildkit(&text) {
            if version != built || is_code {
                offenders.push(format!("{name}: {version}"));
            }
            mentions.insert(name.clone());
        }
    }
    assert_eq!(offenders, Vec::<String>::new(), "built is {built}");
    for document in ["README.md", "tests/README.md", NAMED_BY_CODE] {
        assert!(mentions.contains(document), "{document} in {mentions:?}");
    }
}

/// The versions that stand behind the name of BuildKit or of one of its programs, with at most a few words between.
fn versions_of_buildkit(text: &str) -> Vec<&str> {
    const WITHIN: usize = 28;
    let is_start = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + 1..].starts_with(|first: char| first.is_ascii_digit());
        after && !before.is_some_and(|before| before.is_alphanumeric() || before == '/')
    };
    let starts = text.match_indices('v').map(|(at, _)| at).filter(is_start);
    let mut previous = 0;
    let mut found = Vec::new();
    for start in starts {
        let version = text[start..]
            .split(|sign: char| sign != 'v' && sign != '.' && !sign.is_ascii_digit())
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        let between = &text[previous..start];
        let near = between.floor_char_boundary(between.len().saturating_sub(WITHIN));
        let near = between[near..].to_lowercase();
        let is_near = near.contains("buildkit") || near.contains("buildctl");
        // A module of Rust is called `v1`.
        if is_near && version.contains('.') {
            found.push(version);
        }
        previous = start + version.len();
    }
    found
}

#[test]
fn versions_of_buildkit_are_told_from_those_of_others() {
    // Without their `v`, or this file would name them.
    let text = "BuildKit _1.2.3, containerd _2.3.4; `buildkitd` and `buildctl` _1.2, moby/buildkit:_0.1.2.\n\
                github.com/moby/buildkit/_3 _4.5.6 // buildkit::_1, and runc _1.4";

    let text = text.replace('_', "v");

    assert_eq!(
        versions_of_buildkit(&text).join(" ").replace('v', ""),
        "1.2.3 1.2 0.1.2 4.5.6"
    );
}

/// Every text of the checkout but lists of checksums and what a build or a run leaves: its name, and what it says. What is
/// told of the past names versions of the past.
fn texts(directory: &Path) -> Vec<(String, String)> {
    const PASSED_OVER: [&str; 7] = [
        ".git",
        "target",
        "node_modules",
        "fixtures",
        "go.sum",
        "Cargo.lock",
        "CHANGELOG.md",
    ];
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry").path());
    entries
        .filter(|path| !PASSED_OVER.iter().any(|name| path.ends_with(name)))
        .flat_map(|path| {
            if path.is_dir() {
                return texts(&path);
            }
            let name = path.strip_prefix(checkout()).unwrap_or(&path);
            let name = name.display().to_string();
            let text = fs::read_to_string(&path).ok();
            text.map(|text| (name, text)).into_iter().collect()
        })
        .collect()
}

// --- documents -------------------------------------------------------------------------------------------------------

#[test]
fn readme_names_only_commands_that_exist() {
    let readme = fs::read_to_string(checkout().join("README.md")).unwrap();
    let makefile = fs::read_to_string(checkout().join("Makefile")).unwrap();
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| !line.starts_with(['\t', '#', '.']))
        .filter_map(|line| line.split_once(':'))
        .map(|(target, _)| target)
        .collect();

    let named: BTreeSet<String> = readme
        .split("make ")
        .zip(readme.split("make ").skip(1))
        // Where it is a command: code begins with it.
        .filter(|(before, _)| before.ends_with('`') || before.ends_with("\n    "))
        .map(|(_, after)| word(after))
        .collect();

    assert!(named.contains("demo") && named.contains("test"));
    let unknown: Vec<&String> = named
        .iter()
        .filter(|name| !targets.contains(name.as_str()))
        .collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

#[test]
fn each_field_of_the_object_has_its_row_and_they_come_in_one_order() {
    assert_eq!(keys_of_the_object(), NAMES);
}

#[test]
fn readme_of_the_tests_names_a_suite_that_builds_each_key() {
    let readme = fs::read_to_string(checkout().join("tests/README.md")).unwrap();
    let table = between(&readme, "\n## What proves each key\n", "\n## ");
    let mut proven = BTreeSet::new();
    let mut absent = Vec::new();
    for row in rows(table) {
        let mut columns = row.split(" | ");
        proven.extend(quoted(columns.next().unwrap_or_default()));
        let suites = quoted(columns.next().unwrap_or_default());
        absent.extend(
            suites
                .into_iter()
                .filter(|suite| !suite_file(suite).exists()),
        );
    }

    let passed_on = fs::read_to_string(suite_file("keys_passed_on.rs")).unwrap();
    let is_passed_on = |key: &Key| {
        key.passed.is_some() && passed_on.contains(&format!("\n#[test]\nfn {}_", key.name))
    };
    let unproven: Vec<&str> = KEYS
        .iter()
        .filter(|key| !proven.contains(key.name) && !is_passed_on(key))
        .map(|key| key.name)
        .collect();
    assert_eq!(unproven, Vec::<&str>::new());
    assert_eq!(absent, Vec::<String>::new());
}

#[test]
fn readme_of_the_tests_shows_the_attacks_that_are_tried() {
    let path = checkout().join("tests/README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (head, section) = readme.split_once("\n## Attacks\n").unwrap();
    let (section, rest) = section.split_once("\n## ").unwrap();
    let (introduction, found) = section.split_at(section.find("| attack |").unwrap());

    let table = attacks::table();

    if std::env::var_os("BLESS").is_some() {
        let whole = format!("{head}\n## Attacks\n{introduction}{table}\n## {rest}");
        fs::write(path, whole).unwrap();
    } else {
        assert_eq!(found, table, "BLESS=1 rewrites it");
    }
    for attack in attacks::ATTACKS {
        let suite = suite_file(attack.suite);
        let text = fs::read_to_string(suite).expect(attack.suite);
        let asked = format!("attacks::tried(\"{}\")", attack.name);
        assert!(text.contains(&asked), "{}: {asked}", attack.suite);
    }
}

/// Where a suite stands: with those that need a daemon, or with the others.
fn suite_file(name: &str) -> PathBuf {
    let suites = checkout().join("tests/suites");
    let with_engine = suites.join("engine").join(name);
    if with_engine.exists() {
        with_engine
    } else {
        suites.join(name)
    }
}

fn keys_of_the_object() -> Vec<String> {
    let object = checkout().join("schema/src/object.rs");
    let object = fs::read_to_string(object).expect("the object's type");
    between(&object, "pub struct Object {", "\n}")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub "))
        .filter_map(|field| field.split(':').next())
        .map(str::to_owned)
        .collect()
}

/// The rows of a table that open with code.
fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|row| row.starts_with("| `"))
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn changelog_has_a_place_for_what_is_not_released() {
    let changelog = fs::read_to_string(checkout().join("CHANGELOG.md")).unwrap();

    assert!(changelog.contains("\n## [Unreleased]\n"));
}

// --- reading ---------------------------------------------------------------------------------------------------------

/// The directories of the crates.
fn members_of_the_workspace() -> Vec<String> {
    let manifest = checkout().join("Cargo.toml");
    let workspace = fs::read_to_string(manifest).expect("the workspace has a manifest");
    between(&workspace, "\nmembers = [", "]")
        .split(',')
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// A Rust file of ours.
struct Source {
    /// Its path from the checkout.
    name: String,
    /// All of it.
    text: String,
    /// What is compiled without tests: no test module. Of comments only the line is left.
    code: String,
}

fn all_rust_files() -> Vec<Source> {
    ["schema", "guest", "host", "tests"]
        .iter()
        .flat_map(|part| rust_files(&checkout().join(part)))
        .collect()
}

/// The Rust files below a directory, by name; without build directories.
fn rust_files(directory: &Path) -> Vec<Source> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| {
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                rust_files(&path)
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                vec![source(&path)]
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a Rust file is text");
    let name = path
        .strip_prefix(checkout())
        .expect("the file is of this checkout");
    let code = if name.ends_with("tests.rs") {
        String::new()
    } else {
        without_tests(&text)
    };
    Source {
        name: name.display().to_string(),
        text,
        code,
    }
}

/// The lines before the test module, which is the last item of a file; comments cut off.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .windows(2)
        .position(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod "))
        .unwrap_or(lines.len());
    lines[..end]
        .iter()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

/// The files that each file imports, but for those that it stands within.
fn arrows(files: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let modules: BTreeMap<Vec<&str>, &str> = files
        .iter()
        .filter(|file| !file.name.ends_with("/main.rs")) // a crate of its own, which nobody imports
        .map(|file| (module(&file.name), file.name.as_str()))
        .collect();
    files
        .iter()
        .map(|file| {
            let here = module(&file.name);
            let imported = paths(&file.code, &here)
                .into_iter()
                // The names after the last module are what is taken from it.
                .filter_map(|path| {
                    let mut lengths = (0..=path.len()).rev();
                    lengths.find_map(|length| modules.get_key_value(&path[..length]))
                })
                .filter(|(target, _)| !here.starts_with(target))
                .map(|(_, name)| *name)
                .collect();
            (file.name.as_str(), imported)
        })
        .collect()
}

/// The files to which a file's imports lead, straight or by others.
fn reach<'f>(arrows: &BTreeMap<&'f str, BTreeSet<&'f str>>, from: &'f str) -> BTreeSet<&'f str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        for imported in &arrows[file] {
            if reached.insert(*imported) {
                next.push(imported);
            }
        }
    }
    reached
}

/// The module that a file is, as the names on the way to it from its crate's root.
fn module(file: &str) -> Vec<&str> {
    let path = file.split_once("/src/").map_or(file, |(_, path)| path);
    let mut names: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    names.pop_if(|last| matches!(*last, "mod" | "lib" | "main"));
    names
}

/// Each path in the code of module `here` that starts at the crate, at a module above or at one inside, from the root.
fn paths<'code>(code: &'code str, here: &[&'code str]) -> Vec<Vec<&'code str>> {
    let inside = declared_modules(code);
    let is_of_the_crate = |name: &str| {
        matches!(name, "crate" | "self" | "super") || inside.iter().any(|module| module == name)
    };
    let mut found = Vec::new();
    let starts = code.match_indices("::").filter_map(|(at, _)| {
        let before = &code[..at];
        let first = before.rfind(|c: char| !c.is_alphanumeric() && c != '_');
        let name = first.map_or(before, |first| &before[first + 1..]);
        let is_start = !before[..at - name.len()].ends_with(':');
        (is_start && is_of_the_crate(name)).then(|| at - name.len())
    });
    for start in starts {
        follow(&code[start..], &mut here.to_vec(), &mut found);
    }
    found
}

/// Follows a path, or each of a group of them, from module `here`.
fn follow<'code>(path: &'code str, here: &mut Vec<&'code str>, found: &mut Vec<Vec<&'code str>>) {
    if let Some(group) = path.strip_prefix('{') {
        for member in members(group) {
            follow(member, &mut here.clone(), found);
        }
        return;
    }
    let length = path
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(path.len());
    match &path[..length] {
        "crate" => here.clear(),
        "super" => drop(here.pop()),
        "self" | "" => {}
        name => here.push(name),
    }
    match path[length..].strip_prefix("::") {
        Some(rest) => follow(rest, here, found),
        None => found.push(here.clone()),
    }
}

/// What stands between commas in a group whose `{` has been read, up to its own `}`.
fn members(group: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut start = 0;
    let mut found = Vec::new();
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(group[start..at].trim());
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// The modules that a file declares and that have a file of their own.
fn declared_modules(code: &str) -> Vec<String> {
    code.lines()
        .filter_map(|line| {
            let visibility = line.find("mod ").map(|at| &line[..at])?;
            let plain = visibility.is_empty() || visibility.starts_with("pub");
            let name = line[visibility.len()..]
                .strip_prefix("mod ")?
                .strip_suffix(';')?;
            (plain && name != "tests").then(|| name.to_owned())
        })
        .collect()
}

/// The lines of a parent that are neither of a `mod` nor of a `pub use`.
fn beside_the_map(code: &str) -> Vec<&str> {
    let mut in_use = false;
    let is_beside = |line: &&str| {
        let item = match line.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => {
                rest.split_once(") ").map_or(rest, |(_, item)| item)
            }
            Some(rest) => rest.trim_start(),
            None => line,
        };
        let is_public = item.len() < line.len();
        in_use |= is_public && item.starts_with("use ");
        let is_module = item.starts_with("mod ") && item.ends_with(';');
        let is_of_the_map = in_use || is_module || line.is_empty() || line.starts_with("#[");
        in_use &= !line.ends_with(';');
        !is_of_the_map
    };
    code.lines().map(str::trim).filter(is_beside).collect()
}

/// The types that a file declares at its top; those that a trait asks for stand further in.
fn types_of_the_module(code: &str) -> Vec<String> {
    let declared = code.lines().filter_map(|line| {
        let item = match line.strip_prefix("pub") {
            Some(rest) => rest.split_once(' ')?.1,
            None => line,
        };
        let (keyword, name) = item.split_once(' ')?;
        ["struct", "enum", "trait", "type"]
            .contains(&keyword)
            .then(|| word(name))
    });
    declared.collect()
}

/// The types that a file declares.
fn declared_types(code: &str) -> Vec<String> {
    ["struct ", "enum ", "trait ", "type "]
        .iter()
        .flat_map(|keyword| code.split(keyword).skip(1).map(word))
        .collect()
}

/// The identifier, or the command's name, that a text begins with.
fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        .collect()
}

fn between<'text>(text: &'text str, start: &str, end: &str) -> &'text str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("there is no {start:?}"));
    rest.split_once(end).map_or(rest, |(inside, _)| inside)
}

/// The names of the crates that a crate of ours links, itself included: neither build nor test dependencies.
fn dependencies(package: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(["--edges", "normal", "--package", package])
        .current_dir(checkout())
        .output()
        .expect("cargo runs: it started this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("names of crates are text")
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

// --- the reading itself ----------------------------------------------------------------------------------------------

#[test]
fn paths_are_read_from_where_they_start() {
    let code = "mod n;\nuse n::O;\nuse crate::a::{self, b::{C, D}, e};\nuse super::super::f::G;\nlet h = self::i::new(std::j::k());\nuse l::m;";

    let found: Vec<String> = paths(code, &["x", "y"])
        .into_iter()
        .map(|path| path.join("/"))
        .collect();

    assert_eq!(
        found,
        ["x/y/n/O", "a", "a/b/C", "a/b/D", "a/e", "f/G", "x/y/i/new"]
    );
}

#[test]
fn what_a_parent_holds_beside_its_map_is_found() {
    let map = "#[cfg(test)]\nmod a;\npub(crate) mod b;\n\npub use a::{\n    A,\n    B,\n};\npub(super) use b::C;\n";
    let more = "use crate::d;\nmod e {\nfn f() {}\n}\n";

    assert_eq!(beside_the_map(map), Vec::<&str>::new());
    assert_eq!(
        beside_the_map(&format!("{map}{more}")),
        ["use crate::d;", "mod e {", "fn f() {}", "}"]
    );
}

#[test]
fn types_are_those_at_the_top_of_a_file() {
    let code = "pub(crate) struct A<T>(T);\nimpl B for A {\n    type C = D;\n}\nenum E {}\npub trait F: G {}\ntype H = A<E>;\n";

    assert_eq!(types_of_the_module(code), ["A", "E", "F", "H"]);
}

#[test]
fn comments_and_test_modules_are_not_code() {
    let text = "//! See [`crate::a`].\nuse crate::b; // not crate::c\n#[cfg(test)]\nmod tests {\n    use crate::d;\n}\n";

    assert_eq!(paths(&without_tests(text), &[]), [["b"]]);
}
