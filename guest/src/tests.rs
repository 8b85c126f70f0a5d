//! The planner as a whole, where no fixture reaches: other workspaces, limits, and texts that nobody wrote.

use std::cell::RefCell;
use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};
use oci_image_schema::object::Object;
use oci_image_schema::plan::{Cache, CacheMounts, ImageExport, ImageFormat};

use crate::workspace::{Entry, FileError, Workspace};

/// A workspace of files (`Some`) and directories.
#[derive(Default)]
struct Files(BTreeMap<&'static str, Option<&'static str>>);

impl Workspace for Files {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        match self.0.get(path) {
            Some(Some(text)) => Ok((*text).to_owned()),
            Some(None) => Err(FileError::IsDirectory),
            None => Err(FileError::NotFound),
        }
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        Ok(match self.0.get(path) {
            Some(Some(_)) => Entry::File,
            Some(None) => Entry::Directory,
            None => Entry::Nothing,
        })
    }
}

/// A context with a Dockerfile, and directories.
fn context_and(directories: &[&'static str]) -> Files {
    let mut files = Files::default();
    files.0.insert(".", None);
    files.0.insert("Dockerfile", Some("FROM scratch"));
    files
        .0
        .extend(directories.iter().map(|directory| (*directory, None)));
    files
}

/// A workspace that notes the paths at which it was asked what stands there.
struct Asked(Files, RefCell<Vec<String>>);

impl Workspace for Asked {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        self.0.read_text(path)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        self.1.borrow_mut().push(path.to_owned());
        self.0.entry_at(path)
    }
}

/// A host that answers for nothing.
struct Denied;

impl Workspace for Denied {
    fn read_text(&self, _: &str) -> Result<String, FileError> {
        Err(FileError::Denied)
    }

    fn entry_at(&self, _: &str) -> Result<Entry, FileError> {
        Err(FileError::Denied)
    }
}

fn lines(diagnostics: &[Diagnostic]) -> Vec<String> {
    let line = |one: &Diagnostic| format!("{} {}: {}", one.code, one.pointer, one.message);
    diagnostics.iter().map(line).collect()
}

#[test]
fn image_without_a_directory_is_built_and_not_exported() {
    let object =
        r#"{"context": ".", "output": "app", "additional_targets": ["tests"], "cache": true}"#;

    let plan = crate::plan(object, &context_and(&[])).unwrap();

    assert_eq!(plan.solves.len(), 2);
    assert!(plan.solves.iter().all(|solve| solve.export.is_none()));
    assert_eq!(plan.cache, None);
    assert_eq!(
        lines(&plan.warnings),
        [
            "not-exported /output: the directory `image` does not exist, so its image is built and not exported",
            "not-exported /additional_targets/0: the directory `tests` does not exist, so its image is built and not exported",
            "cache-missing /cache: the directory `cache` does not exist, so no build cache is kept",
        ]
    );
}

#[test]
fn cache_without_an_index_is_not_imported() {
    let object = r#"{"context": ".", "output": "app", "cache": true}"#;

    let plan = crate::plan(object, &context_and(&["image", "cache"])).unwrap();

    let directory = "cache".to_owned();
    assert_eq!(
        plan.cache,
        Some(Cache {
            directory,
            import: false,
            mounts: Some(CacheMounts {
                ids: None,
                limit: 2 << 30,
                read_only: false,
            }),
        })
    );
    let export = ImageExport {
        directory: "image".to_owned(),
        format: ImageFormat::DockerArchive,
        rootfs: false,
    };
    assert_eq!(plan.solves[0].export, Some(export));
    assert_eq!(plan.warnings, []);
}

#[test]
fn file_in_the_place_of_an_output_is_an_error() {
    let mut files = context_and(&[]);
    files.0.insert("image", Some(""));

    let said = crate::plan(r#"{"context": ".", "output": "app"}"#, &files).unwrap_err();

    assert!(
        lines(&said).contains(
            &"not-a-directory /output: the directory `image` is a file, not a directory".to_owned()
        ),
        "{said:#?}"
    );
}

#[test]
fn host_is_asked_once_what_stands_at_a_path() {
    let files = context_and(&["image", "cache"]);
    let others = ["Dockerfile", "cache", "cache/index.json", "image"];
    // A context in which a file stands need not be asked about.
    for (dockerfile, context) in [("", None), (r#", "dockerfile": "Dockerfile""#, Some("."))] {
        let object = format!(r#"{{"context": ".", "output": "app", "cache": true{dockerfile}}}"#);
        let asked = Asked(Files(files.0.clone()), RefCell::default());

        let _ = crate::plan(&object, &asked).unwrap();

        let mut paths = asked.1.into_inner();
        paths.sort_unstable();
        let each: Vec<&str> = context.into_iter().chain(others).collect();
        assert_eq!(paths, each, "{object}");
    }
}

#[test]
fn host_that_denies_is_reported_and_hints_are_lost_silently() {
    let object = r#"{"context": ".", "output": "app", "dockerfile": "Dockerfile"}"#;

    let said = crate::plan(object, &Denied).unwrap_err();

    assert_eq!(
        lines(&said),
        [
            "unreadable-file /context: cannot look at `.`: the host does not answer for it",
            "unreadable-file /output: cannot look at `image`: the host does not answer for it",
            "unreadable-file /dockerfile: cannot look at `Dockerfile`: the host does not answer for it",
        ]
    );
}

#[test]
fn validation_and_description_ask_nothing_and_a_missing_file_is_no_matter_to_them() {
    let object = r#"{"context": "absent", "output": "app", "build_args_file": "absent"}"#;

    assert_eq!(crate::validate(object), []);
    assert!(crate::describe(object).is_ok());
}

#[test]
fn object_of_64_mib_is_refused_by_its_size() {
    let object = format!(r#"{{"context": "{}"}}"#, "x".repeat(64 << 20));

    let said = crate::validate(&object);

    assert_eq!(
        lines(&said),
        ["object-too-large : the object holds 67108879 bytes, and may hold 4194304"]
    );
}

#[test]
fn list_of_a_million_elements_is_refused_by_its_length() {
    let object = format!(
        r#"{{"context": ".", "output": "app", "labels": [{}"a=b"]}}"#,
        r#""a=b","#.repeat(500_000)
    );

    let said = crate::validate(&object);

    assert_eq!(
        said.iter()
            .filter(|one| one.code == "too-many-elements")
            .count(),
        1
    );
    assert!(said.len() <= 102);
}

#[test]
fn flood_of_remarks_is_no_error() {
    let object = format!(
        r#"{{"context": ".", "output": "app", "labels": [{}"a=b"]}}"#,
        r#""a=b","#.repeat(200)
    );

    let said = crate::validate(&object);

    assert_eq!(said[100].message, "100 more are not shown");
    assert!(said.iter().all(|one| one.severity == Severity::Warning));
    assert!(crate::describe(&object).is_ok());
}

#[test]
fn error_behind_a_flood_of_remarks_is_shown() {
    let object = format!(
        r#"{{"context": ".", "output": "app", "labels": [{}"a=b"], "dockerfil": ""}}"#,
        r#""a=b","#.repeat(200)
    );

    let said = crate::validate(&object);

    assert_eq!(said[99].code, "unknown-key");
    assert_eq!(said[100].message, "101 more are not shown");
    assert_eq!(said.len(), 101);
}

#[test]
fn mutated_objects_are_judged_without_a_panic_and_as_the_schemas_type_reads_them() {
    let seed = include_str!("../../tests/fixtures/requests/valid/everything.json");
    let words = [
        "\\u0000", "\\ud800", "é", "..", "/", "=", ",", "\"", "null", "[", "}", "{", "\\", "\n",
        "registry", "[a]\\n",
    ];
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut accepted = 0;
    for _ in 0..5_000 {
        let mut text = seed.to_owned();
        for _ in 0..=random(3) {
            let at = (0..=random(text.len() + 1))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0);
            if random(4) == 0 {
                text.truncate(at);
            } else {
                text.insert_str(at, words[random(words.len())]);
            }
        }
        let _ = crate::plan(&text, &context_and(&["image"]));
        let said = crate::validate(&text);
        for one in &said {
            let Some(Place::Object(span)) = &one.place else {
                panic!("{one:?}")
            };
            assert!(
                text.get(span.start as usize..span.end as usize).is_some(),
                "{one:?} in {text}"
            );
        }
        if crate::describe(&text).is_ok() {
            accepted += 1;
            let parsed: Result<Object, _> = serde_json::from_str(&text);
            assert!(parsed.is_ok(), "{parsed:?} of {text}");
        }
    }
    assert!(accepted > 100, "{accepted}");
}
