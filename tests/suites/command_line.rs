//! What is made of the command line's types for shells and for `man`: scripts that complete, pages of the manual.
//!
//! Each is given to the program that reads it; what is not installed here is said. `BLESS=1` writes the list of pages anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use oci_image_tests::engine::{checkout, path, program};

/// Runs the program, and gives what it answers.
fn answer(arguments: &[&str]) -> String {
    let output = Command::new(program()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs another program, unless it is not installed.
fn run(name: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(name);
    match command.args(arguments).env("PATH", path()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: `{name}` cannot be run: {error}");
            None
        }
    }
}

/// What bash offers after a line, of which the last word is being typed.
fn offered(script: &Path, line: &[&str]) -> Vec<String> {
    let asked = r#"
        source "$1"; shift
        loaded=$(complete -p oci-image) || exit 1
        function=${loaded#*-F } function=${function%% *}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "$function" oci-image "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let script = script.to_str().unwrap();
    let arguments = [&["--norc", "-c", asked, "bash", script], line].concat();
    let output = run("bash", &arguments).expect("bash is everywhere");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_their_values() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("oci-image");
    fs::write(&script, answer(&["completions", "bash"])).unwrap();

    assert_eq!(offered(&script, &["oci-image", "bu"]), ["build"]);
    assert_eq!(
        offered(&script, &["oci-image", "build", "--progress", ""]),
        ["auto", "tty", "plain", "json", "quiet"]
    );
    assert_eq!(
        offered(&script, &["oci-image", "prune", "--older"]),
        ["--older-than"]
    );
    let offered = offered(&script, &["oci-image", "completions", "po"]);
    assert_eq!(offered, ["powershell"]);
}

#[test]
fn script_of_each_shell_is_read_by_that_shell() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = directory.path().join(shell);
        let text = answer(&["completions", shell]);
        assert!(text.contains("older-than"), "{shell}");
        fs::write(&script, text).unwrap();
        let script = script.to_str().unwrap();
        let read = match shell {
            "elvish" => run("elvish", &["-compileonly", script]),
            "powershell" => run("pwsh", &["-NoProfile", "-File", script]),
            _ => run(shell, &["-n", script]),
        };
        if let Some(output) = read {
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }
}

#[test]
fn manual_has_a_page_of_each_command_that_man_reads_without_complaint() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().to_str().unwrap();
    assert_eq!(answer(&["man", "--out", out]), "");
    let mut pages: Vec<String> = fs::read_dir(out)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();

    compare(
        &checkout().join("tests/fixtures/help/pages.txt"),
        &(pages.join("\n") + "\n"),
    );
    for page in &pages {
        let page = directory.path().join(page);
        let page = page.to_str().unwrap();
        // Of style there is this and that to say, which clap's writer of pages is at home with.
        for reader in [
            ["mandoc", "-Tlint", "-Werror", page],
            ["man", "--warnings=all", "-l", page],
        ] {
            if let Some(output) = run(reader[0], &reader[1..]) {
                assert!(output.status.success(), "{output:?}");
                assert!(output.stderr.is_empty(), "{output:?}");
            }
        }
    }
    let page = fs::read_to_string(directory.path().join("oci-image-du.1")).unwrap();
    for part in [
        ".TH OCI-IMAGE-DU 1 \"\" \"oci-image ",
        ".SH EXAMPLES\n.nf\noci\\-image du\n",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
}

#[test]
fn manual_that_cannot_be_written_is_told_with_its_directory() {
    let output = Command::new(program())
        .args(["man", "--out", "/nowhere/man1"])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("error: cannot write the pages of the manual into `/nowhere/man1`"),
        "{text}"
    );
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{}; BLESS=1 rewrites it", path.display());
}
