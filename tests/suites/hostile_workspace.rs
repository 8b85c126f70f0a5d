//! Whatever a workspace answers, the planner in its sandbox gives diagnostics or a plan, and never fails.
//!
//! `tests/hosts` asks the same of the planner in Python and Node.

use oci_image::planner::checked_plan::CheckedPlan;
use oci_image::planner::workspace::{Entry, FileError, TEXT_LIMIT, Workspace};
use oci_image::planner::{Planner, Refusal, mask};

const OBJECT: &str = r#"{"context": ".", "output": "image", "build_args_file": "args"}"#;

/// A workspace that answers every question alike. What the object needs as a directory is one, unless that is the lie.
struct Liar {
    text: Result<String, FileError>,
    entry: Option<Result<Entry, FileError>>,
}

impl Liar {
    fn says(text: Result<String, FileError>) -> Self {
        Self { text, entry: None }
    }
}

impl Workspace for Liar {
    fn read_text(&self, _path: &str) -> Result<String, FileError> {
        self.text.clone()
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        match (&self.entry, path) {
            (Some(entry), _) => entry.clone(),
            (None, "." | "image") => Ok(Entry::Directory),
            (None, _) => Ok(Entry::File),
        }
    }
}

#[test]
fn file_that_is_there_and_has_no_text_is_a_diagnostic_of_its_key() {
    for (error, code) in [
        (FileError::NotFound, "missing-path"),
        (FileError::Denied, "unreadable-file"),
        (FileError::NotText, "unreadable-file"),
        (FileError::IsDirectory, "not-a-file"),
        (FileError::TooLarge(0), "unreadable-file"),
        (FileError::TooLarge(u64::MAX), "unreadable-file"),
        (FileError::Other(String::new()), "unreadable-file"),
        (
            FileError::Other("\u{1b}[2J\n\0".to_owned()),
            "unreadable-file",
        ),
    ] {
        let refused = refused(Liar::says(Err(error.clone())));

        let expected = (code.to_owned(), "/build_args_file".to_owned());
        assert_eq!(refused, [expected], "{error:?}");
    }
}

#[test]
fn texts_that_are_no_arguments_are_diagnostics_within_a_bound() {
    let most = usize::try_from(TEXT_LIMIT).expect("a limit fits");
    for text in [
        "\0".repeat(1000),
        "\0\n".repeat(most / 2),
        "x\n".repeat(most / 2),
    ] {
        let refused = refused(Liar::says(Ok(text)));

        assert!(
            !refused.is_empty() && refused.len() < 200,
            "{}",
            refused.len()
        );
        assert!(
            refused
                .iter()
                .all(|(code, pointer)| code == "too-many-mistakes" || pointer == "/build_args_file")
        );
    }
}

#[test]
fn text_longer_than_any_that_is_shown_is_a_diagnostic_and_is_not_handed_over() {
    let most = usize::try_from(TEXT_LIMIT).expect("a limit fits");
    for length in [most + 1, 100 << 20] {
        let refused = refused(Liar::says(Ok("\0".repeat(length))));

        assert_eq!(refused, [unreadable("/build_args_file")], "{length}");
    }
}

#[test]
fn entries_that_cannot_be_are_diagnostics() {
    let of_context_and_output = |code| vec![(code, "/context"), (code, "/output")];
    let nothing = || vec![("missing-path", "/context"), ("not-exported", "/output")];
    for (entry, told) in [
        (Ok(Entry::Nothing), nothing()),
        // What holds a Dockerfile is a context, so it is not asked about.
        (Ok(Entry::File), vec![("not-a-directory", "/output")]),
        (
            Err(FileError::Denied),
            of_context_and_output("unreadable-file"),
        ),
        (Err(FileError::NotFound), nothing()),
        (
            Err(FileError::TooLarge(7)),
            of_context_and_output("secret-too-large"),
        ),
        (
            Err(FileError::Other("gone".to_owned())),
            of_context_and_output("unreadable-file"),
        ),
    ] {
        let liar = Liar {
            entry: Some(entry.clone()),
            ..Liar::says(Ok("A=1".to_owned()))
        };

        let refused = refused(liar);

        let told: Vec<_> = told
            .into_iter()
            .map(|(code, pointer)| (code.to_owned(), pointer.to_owned()))
            .collect();
        assert_eq!(refused, told, "{entry:?}");
    }
}

fn plan(workspace: Liar) -> Result<CheckedPlan, Refusal> {
    Planner::load()
        .expect("the planner loads")
        .plan_in(&mask(OBJECT), workspace)
}

fn unreadable(pointer: &str) -> (String, String) {
    ("unreadable-file".to_owned(), pointer.to_owned())
}

/// Code and pointer of each diagnostic.
fn refused(workspace: Liar) -> Vec<(String, String)> {
    let Err(Refusal::Mistakes(refused)) = plan(workspace) else {
        panic!("the workspace lies");
    };
    refused
        .diagnostics
        .into_iter()
        .map(|one| (one.code, one.pointer))
        .collect()
}
