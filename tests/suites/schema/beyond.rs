//! The rules that no schema can express, each shown by an object that the schema accepts and the planner refuses by that rule.

use std::collections::{BTreeMap, BTreeSet};

use oci_image_guest::workspace::{Entry, FileError, Workspace};
use oci_image_schema::beyond::BEYOND_SCHEMA;
use oci_image_schema::code::Code;

use super::validator::validator;

/// A test for each rule, and the list of them.
macro_rules! beyond {
    ($($name:ident $code:ident: $keys:expr;)*) => {
        $(#[test]
        fn $name() {
            assert_is_beyond(Code::$code, &format!(r#"{{"context": ".", "output": "app", {}}}"#, $keys));
        })*

        #[test]
        fn each_rule_beyond_the_schema_is_shown_and_no_other() {
            let shown = [$(Code::$code),*];
            let listed: Vec<Code> = BEYOND_SCHEMA.iter().map(|(code, _)| *code).collect();
            assert_eq!(shown.as_slice(), listed);
        }
    };
}

beyond! {
    length_of_the_text ObjectTooLarge: format!(r#""labels": ["a={}"]"#, "x".repeat(4 << 20));
    half_of_a_surrogate_pair InvalidJson: r#""target": "\ud800""#;
    key_that_is_written_twice DuplicateKey: r#""target": "a", "target": "b""#;
    target_with_the_name_of_the_output RepeatedOutput: r#""additional_targets": ["app"]"#;
    two_inputs_at_one_place RepeatedInput: r#""context_inputs": {"a": "b/c", "b": "./b//c"}"#;
    cache_of_an_unknown_type BadLayerCache: r#""cache_from": ["type=registri,ref=a/b"]"#;
    text_that_is_no_toml InvalidToml: r#""buildkit_extra_config": "[""#;
    setting_of_another_type SettingType: r#""buildkit_extra_config": "debug = 1""#;
    setting_with_two_values ConflictingConfig: r#""debug": true, "buildkit_extra_config": "log.level = \"info\"""#;
    file_that_does_not_exist MissingPath: r#""dockerfile": "absent""#;
    file_where_a_directory_is_named NotADirectory: r#""additional_targets": ["file"]"#;
    directory_where_a_file_is_named NotAFile: r#""dockerfile": "directory""#;
    file_that_is_no_text UnreadableFile: r#""labels_file": "binary""#;
    file_that_is_too_large_for_a_secret SecretTooLarge: r#""buildkit_secrets": {"a": "large"}"#;
    file_that_is_no_yaml InvalidYaml: r#""build_args_file": "broken.yml""#;
}

fn assert_is_beyond(code: Code, object: &str) {
    // Of a name twice, the last counts here too. Half of a pair is not even a value here.
    if let Ok(value) = serde_json::from_str(object) {
        let errors: Vec<String> = validator()
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }

    let said =
        oci_image_guest::plan(object, &Directory::new()).expect_err("the planner refuses it");

    // A conflict is said at both of its places.
    let codes: BTreeSet<&str> = said
        .iter()
        .filter(|diagnostic| diagnostic.severity == code.severity())
        .map(|diagnostic| &*diagnostic.code)
        .collect();
    assert_eq!(codes, BTreeSet::from([code.name()]));
}

/// A working directory in memory.
struct Directory(BTreeMap<&'static str, Result<&'static str, FileError>>);

impl Directory {
    fn new() -> Self {
        let directory = || Err(FileError::IsDirectory);
        Self(BTreeMap::from([
            (".", directory()),
            ("image", directory()),
            ("directory", directory()),
            ("Dockerfile", Ok("FROM scratch")),
            ("file", Ok("")),
            ("broken.yml", Ok("a: [")),
            ("binary", Err(FileError::NotText)),
            ("large", Err(FileError::TooLarge(512_000))),
        ]))
    }
}

impl Workspace for Directory {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        match self.0.get(path) {
            Some(text) => text.clone().map(str::to_owned),
            None => Err(FileError::NotFound),
        }
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        match self.0.get(path) {
            None => Ok(Entry::Nothing),
            Some(Err(FileError::IsDirectory)) => Ok(Entry::Directory),
            Some(Err(FileError::TooLarge(limit))) => Err(FileError::TooLarge(*limit)),
            Some(_) => Ok(Entry::File),
        }
    }
}
