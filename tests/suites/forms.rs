//! The forms outside of the program: of each text of the fixtures, hosts of the planner tell what `validate` tells, at the same lines and
//! columns, and the changes that they offer are those of `--fix`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use oci_image_packages::package::Package;
use oci_image_schema::diagnostic::Span;
use oci_image_tests::engine::checkout;
use oci_image_tests::workplace::Workplace;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

/// What a host says of a text.
#[derive(Deserialize)]
struct Line {
    name: String,
    form: Option<String>,
    told: Vec<Value>,
}

/// A change that a host offers.
#[derive(Deserialize)]
struct Fix {
    span: Span,
    text: String,
}

#[test]
fn node_tells_of_each_text_what_the_program_tells() {
    let texts = Texts::write();
    let package = Package::node();

    let said = package.output("node", &[Path::new("texts.js"), texts.0.path()]);

    texts.compare(&said);
}

#[test]
fn python_tells_of_each_text_what_the_program_tells() {
    let texts = Texts::write();
    let package = Package::python();

    let said = package.output("venv/bin/python", &[Path::new("texts.py"), texts.0.path()]);

    texts.compare(&said);
}

/// The texts of the fixtures, each in a file of its name, without those that are no UTF-8, empty, or messages.
struct Texts(TempDir);

impl Texts {
    fn write() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let fixtures = checkout().join("tests/fixtures");
        for part in ["diagnostics", "pipelines", "requests", "tasks"] {
            let mut left = vec![fixtures.join(part)];
            while let Some(here) = left.pop() {
                for entry in fs::read_dir(&here).expect("the fixtures are committed") {
                    let path = entry.expect("an entry").path();
                    if path.is_dir() {
                        left.push(path);
                    } else {
                        copy(&path, &fixtures, directory.path());
                    }
                }
            }
        }
        Self(directory)
    }

    fn compare(&self, said: &str) {
        let mut forms: BTreeMap<String, usize> = BTreeMap::new();
        for line in said.lines() {
            let mut line: Line = serde_json::from_str(line).expect("a line is JSON");
            let fixes = line.told.iter_mut().map(|one| one["fix"].take());
            let fixes: Vec<Fix> = fixes
                .filter_map(|fix| serde_json::from_value(fix).ok())
                .collect();
            let told: Vec<Value> = line
                .told
                .into_iter()
                .map(|one| without(one, "fix"))
                .collect();

            assert_eq!(told, self.told_by_program(&line.name), "{}", line.name);
            self.compare_fixed(&line.name, fixes);
            *forms.entry(line.form.unwrap_or_default()).or_default() += 1;
        }
        for form in ["", "json", "yaml", "task", "pipeline"] {
            assert!(
                forms.get(form).is_some_and(|count| *count > 4),
                "{form}: {forms:?}"
            );
        }
    }

    fn told_by_program(&self, name: &str) -> Vec<Value> {
        let workplace = Workplace::new();
        let file = self.0.path().join(name);
        let file = file.to_str().expect("a temporary path is text");
        let run = workplace.run(&["validate", "--output-format", "json", file], b"");
        let told: Vec<Value> = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}{}", run.stdout, run.stderr));
        told.into_iter().map(|one| without(one, "file")).collect()
    }

    /// The changes, those left out that lie in others, are what the program changes.
    fn compare_fixed(&self, name: &str, mut fixes: Vec<Fix>) {
        if fixes.is_empty() {
            return;
        }
        let path = self.0.path().join(name);
        let mut text = fs::read_to_string(&path).expect("a text");
        fixes.sort_by_key(|fix| fix.span.start);
        let mut end = 0;
        fixes.retain(|fix| {
            let is_apart = fix.span.start >= end;
            end = end.max(fix.span.end);
            is_apart
        });
        for fix in fixes.iter().rev() {
            text.replace_range(fix.span.range(), &fix.text);
        }
        let workplace = Workplace::new();
        workplace.write(name, fs::read_to_string(&path).expect("a text"));
        let _ = workplace.run(&["validate", "--fix", "--write", name], b"");

        assert_eq!(workplace.read(name), text, "{name}");
    }
}

fn copy(path: &Path, fixtures: &Path, directory: &Path) {
    let name = path.strip_prefix(fixtures).expect("a fixture").to_str();
    let name = name.expect("a fixture's name is text").replace('/', ".");
    let is_answer = ["plan.json", "diagnostics.json", "expected.json"];
    let is_asked = [".json", ".yml", ".yaml"]
        .iter()
        .any(|end| name.ends_with(end))
        && !is_answer.iter().any(|end| name.ends_with(end))
        && !name.contains(".workspace.");
    let Ok(text) = fs::read_to_string(path) else {
        return;
    };
    let is_message = text.contains("\"object\"") || text.contains("response_path");
    if is_asked && !text.trim().is_empty() && !is_message {
        fs::write(directory.join(name), text).expect("a copy");
    }
}

fn without(mut one: Value, key: &str) -> Value {
    one.as_object_mut().expect("a map").remove(key);
    one
}
