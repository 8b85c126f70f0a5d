//! A lying planner takes nothing: an honest plan, changed at one place, is refused.
//!
//! The plans are those of the fixtures. Changed is each string, flag, option and list, and each setting of the daemon's
//! configuration; by what is invented, by what stands elsewhere in the same plan or object, and by what is left out. Only how a
//! directory is written may change, and the remarks beside a plan, which are diagnostics.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::planner::answers::Answers;
use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::workspace::{self as host, NativeWorkspace, Workspace as _};
use oci_image::planner::{MaskedObject, mask};
use oci_image_guest::workspace::{Entry, FileError, Workspace};
use oci_image_schema::plan::BuildPlan;
use oci_image_tests::attacks;
use oci_image_tests::engine::checkout;
use serde_json::{Value, json};

/// What a lie puts in the place of any text.
const INVENTED: [&str; 9] = [
    "",
    "evil",
    "/etc/shadow",
    "..",
    "evil.example/frontend",
    "http://evil.example",
    "default",
    "\n",
    "*",
];

#[test]
fn honest_plan_changed_at_one_place_is_refused() {
    let mut tried: u32 = 0;
    for (name, object) in fixtures() {
        let told = Told::new(&object);
        let Ok(plan) = oci_image_guest::plan(object.text(), &told) else {
            continue;
        };
        let answers = told.answers.into_inner();
        CheckedPlan::new(plan.clone(), &object, &answers)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for lie in lies(
            &plan,
            &serde_json::from_str(object.text()).expect("an object is JSON"),
        ) {
            if means_the_same(&lie, &plan) {
                continue;
            }
            tried += 1;
            let is_taken = CheckedPlan::new(lie.clone(), &object, &answers).is_ok();
            assert!(!is_taken, "{name}: {lie:#?} is taken for {plan:#?}");
        }
    }
    // More with each fixture.
    assert!(tried >= attacks::tried("lying plans"), "{tried}");
}

#[test]
fn plan_of_one_fixture_is_refused_for_every_other_that_has_another() {
    let mut planned = Vec::new();
    for (name, object) in fixtures() {
        let told = Told::new(&object);
        if let Ok(plan) = oci_image_guest::plan(object.text(), &told) {
            planned.push((name, plan, object, told.answers.into_inner()));
        }
    }
    for (name, plan, ..) in &planned {
        for (other, own, object, answers) in &planned {
            let plan = plan.clone();
            let is_same = means_the_same(&plan, own);
            let is_taken = CheckedPlan::new(plan, object, answers).is_ok();
            assert_eq!(is_taken, is_same, "the plan of {name} for {other}");
        }
    }
}

// --- lies ------------------------------------------------------------------------------------------------------------

/// The plan with one change, once for each change.
fn lies(plan: &BuildPlan, object: &Value) -> Vec<BuildPlan> {
    let mut honest = serde_json::to_value(plan).expect("a plan is JSON");
    // They are checked as diagnostics are.
    honest["warnings"] = json!([]);
    let mut texts = BTreeSet::new();
    collect_texts(&honest, &mut texts);
    collect_texts(object, &mut texts);
    texts.extend(INVENTED.map(str::to_owned));
    let mut changed = Vec::new();
    change(&honest, &texts, &mut |value| changed.push(value));
    let parsed = changed
        .into_iter()
        .filter_map(|value| serde_json::from_value(value).ok());
    let mut lies: Vec<BuildPlan> = parsed.collect();
    lies.extend(
        other_configs(&plan.daemon_config, &texts).map(|daemon_config| BuildPlan {
            daemon_config,
            ..plan.clone()
        }),
    );
    lies
}

/// Gives the value with each change of it, one at a time.
fn change(value: &Value, texts: &BTreeSet<String>, give: &mut dyn FnMut(Value)) {
    match value {
        Value::Bool(flag) => give(json!(!flag)),
        Value::String(text) => change_text(text, texts, give),
        Value::Null => {
            give(json!(1));
            give(json!({"directory": "cache", "import": true}));
            give(json!({"directory": "image", "format": "docker_archive", "rootfs": false}));
            give(json!({"ids": null, "limit": 2_u64 << 30, "read_only": false}));
            give(json!([]));
            give(json!(["evil"]));
        }
        Value::Array(list) => change_list(list, texts, give),
        Value::Object(entries) => {
            // What may be absent, and what may be of another kind.
            give(Value::Null);
            give(json!("inline"));
            for kind in ["text", "base_image", "file", "gzip", "zstd"] {
                entries
                    .values()
                    .for_each(|inner| give(json!({kind: inner})));
            }
            for (key, inner) in entries {
                change(inner, texts, &mut |inner| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), inner);
                    give(Value::Object(entries));
                });
            }
        }
        Value::Number(number) => {
            give(Value::Null);
            give(json!(number.as_u64().unwrap_or_default() + 1));
        }
    }
}

fn change_text(text: &str, texts: &BTreeSet<String>, give: &mut dyn FnMut(Value)) {
    for other in texts {
        give(json!(other));
    }
    for other in [
        format!("{text}x"),
        format!("x{text}"),
        format!("{text}\n"),
        format!("../{text}"),
        format!("{text},{text}"),
        text.to_uppercase(),
        text.to_lowercase(),
        text.chars().skip(1).collect(),
        text.trim().to_owned(),
    ] {
        give(json!(other));
    }
    give(json!({"file": text}));
    give(json!("docker_archive"));
    give(json!("oci_layout"));
}

fn change_list(list: &[Value], texts: &BTreeSet<String>, give: &mut dyn FnMut(Value)) {
    give(json!([]));
    for (at, inner) in list.iter().enumerate() {
        change(inner, texts, &mut |inner| {
            let mut list = list.to_vec();
            list[at] = inner;
            give(json!(list));
        });
        let mut without = list.to_vec();
        without.remove(at);
        give(json!(without));
        let mut twice = list.to_vec();
        twice.insert(at, inner.clone());
        give(json!(twice));
        let mut turned = list.to_vec();
        turned.rotate_left(at);
        give(json!(turned));
    }
    for added in [
        json!("/etc/shadow"),
        json!({"argument": "EVIL", "path": "/evil.tar"}),
        json!({"id": "evil", "source": {"file": "/etc/shadow"}}),
        json!({"id": "evil", "source": "inline"}),
        json!({"id": "default", "paths": []}),
        json!({"name": "evil", "path": "/etc"}),
        json!({"key": "build-arg:BUILDKIT_SYNTAX", "value": {"text": "evil.example/frontend"}}),
        json!({"key": "build-arg:https_proxy", "value": {"text": "http://evil.example"}}),
        json!({"key": "context", "value": {"text": "https://evil.example/x.git"}}),
        json!({"key": "add-hosts", "value": {"text": "registry.example=10.0.0.1"}}),
        json!({"key": "label:evil", "value": {"text": "evil"}}),
        json!({"name": "evil", "locals": [], "attributes": [], "export": null}),
    ] {
        let mut longer = list.to_vec();
        longer.insert(0, added);
        give(json!(longer));
    }
}

/// The daemon's configuration with one setting changed, left out, or added.
fn other_configs<'t>(
    config: &str,
    texts: &'t BTreeSet<String>,
) -> impl Iterator<Item = String> + use<'t> {
    let honest: Value = serde_json::to_value(toml::from_str::<toml::Table>(config).expect("TOML"))
        .expect("a table is JSON");
    let mut changed = Vec::new();
    change_settings(&honest, texts, &mut |value| changed.push(value));
    for added in [
        "insecure-entitlements = ['security.insecure']",
        "root = '/evil'",
        "log.level = 'trace'",
        "dns.nameservers = ['10.0.0.66']",
        "worker.oci.binary = './evil'",
        "worker.containerd.enabled = true",
        "registry.'docker.io'.mirrors = ['evil.example']",
        "registry.'evil.example'.insecure = true",
        "registry.'docker.io'.ca = ['/etc/shadow']",
        "frontend.'gateway.v0'.enabled = true",
        "frontend.'gateway.v0'.allowedRepositories = ['evil.example/frontend']",
    ] {
        let added = serde_json::to_value(toml::from_str::<toml::Table>(added).expect("TOML"));
        let mut config = honest.clone();
        add(&mut config, added.expect("a table is JSON"));
        changed.push(config);
    }
    changed.into_iter().filter_map(move |changed| {
        let text = toml::to_string(&changed).ok()?;
        (changed != honest).then_some(text)
    })
}

fn add(table: &mut Value, added: Value) {
    match (table, added) {
        (Value::Object(table), Value::Object(added)) => {
            for (key, value) in added {
                add(table.entry(key).or_insert(Value::Null), value);
            }
        }
        (place, added) => *place = added,
    }
}

fn change_settings(value: &Value, texts: &BTreeSet<String>, give: &mut dyn FnMut(Value)) {
    if let Value::Object(entries) = value {
        for key in entries.keys() {
            let mut without = entries.clone();
            without.remove(key);
            give(Value::Object(without));
            let mut renamed = entries.clone();
            let inner = renamed.remove(key).expect("its own key");
            renamed.insert(format!("{key}x"), inner);
            give(Value::Object(renamed));
        }
    }
    match value {
        Value::Object(entries) => {
            for (key, inner) in entries {
                change_settings(inner, texts, &mut |inner| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), inner);
                    give(Value::Object(entries));
                });
            }
        }
        Value::Array(list) => {
            give(json!([]));
            for (at, inner) in list.iter().enumerate() {
                change_settings(inner, texts, &mut |inner| {
                    let mut list = list.clone();
                    list[at] = inner;
                    give(json!(list));
                });
                let mut without = list.clone();
                without.remove(at);
                give(json!(without));
                let mut twice = list.clone();
                twice.push(inner.clone());
                give(json!(twice));
            }
        }
        Value::Number(number) => give(json!(number.as_f64().unwrap_or_default() + 1.0)),
        other => change(other, texts, give),
    }
}

fn collect_texts(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            texts.insert(text.clone());
            texts.extend(text.split_once('=').map(|(_, value)| value.to_owned()));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect_texts(inner, texts)),
        Value::Object(entries) => entries
            .values()
            .for_each(|inner| collect_texts(inner, texts)),
        _ => {}
    }
}

/// Whether a change is none: the same plan, or the same directories or settings written in another way.
fn means_the_same(lie: &BuildPlan, honest: &BuildPlan) -> bool {
    let normal = |plan: &BuildPlan| {
        let mut plan = plan.clone();
        plan.warnings.clear();
        let config = toml::from_str::<toml::Table>(&plan.daemon_config);
        plan.daemon_config = config.map_or(plan.daemon_config, |config| config.to_string());
        for local in plan.solves.iter_mut().flat_map(|solve| &mut solve.locals) {
            let components = Path::new(&local.path).components();
            let named = components.filter(|component| *component != Component::CurDir);
            local.path = named.collect::<PathBuf>().to_string_lossy().into_owned();
        }
        plan
    };
    normal(lie) == normal(honest)
}

// --- honest plans ----------------------------------------------------------------------------------------------------

/// Each request of the fixtures by name, sound or not, as the planner is given it.
fn fixtures() -> Vec<(String, MaskedObject)> {
    let directory = checkout().join("tests/fixtures/requests/valid");
    let mut requests = Vec::new();
    for entry in fs::read_dir(directory).expect("the fixtures are there") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if !name.ends_with(".plan.json") {
            let text = fs::read_to_string(&path).expect("a request");
            requests.push((name, mask(&text)));
        }
    }
    requests.sort_by(|(one, _), (other, _)| one.cmp(other));
    requests
}

/// The fixtures' working directory, and what was told of it.
struct Told {
    host: NativeWorkspace,
    answers: RefCell<Answers>,
}

impl Told {
    fn new(object: &MaskedObject) -> Self {
        let directory = checkout().join("tests/fixtures/workspace");
        let directory = WorkingDirectory::open(directory).expect("the fixtures are there");
        Self {
            host: NativeWorkspace::new(&directory, object),
            answers: RefCell::default(),
        }
    }
}

impl Workspace for Told {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        let mut answers = self.answers.borrow_mut();
        let text = answers.text(path.to_owned(), |path| self.host.read_text(path));
        text.map_err(file_error)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        let mut answers = self.answers.borrow_mut();
        let entry = answers.entry(path.to_owned(), |path| self.host.entry_at(path));
        Ok(match entry.map_err(file_error)? {
            host::Entry::Nothing => Entry::Nothing,
            host::Entry::File => Entry::File,
            host::Entry::Directory => Entry::Directory,
        })
    }
}

fn file_error(error: host::FileError) -> FileError {
    match error {
        host::FileError::NotFound => FileError::NotFound,
        host::FileError::NotText => FileError::NotText,
        host::FileError::IsDirectory => FileError::IsDirectory,
        host::FileError::TooLarge(limit) => FileError::TooLarge(limit),
        host::FileError::Denied => FileError::Denied,
        host::FileError::Other(words) => FileError::Other(words),
    }
}
