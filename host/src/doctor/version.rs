//! The version that a program tells of itself.
//!
//! It is run, with nothing to read, for a few seconds at most. Reads: what it prints. Writes: nothing.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a program may take that only says who it is.
// Milliseconds, on a machine that is not busy.
const DEADLINE: Duration = Duration::from_secs(10);
/// How much of what it prints is read.
const LIMIT: u64 = 4096;

/// What became of the question.
#[derive(Debug)]
pub(super) enum Told {
    /// The version; `None` where what it prints names none.
    Version(Option<String>),
    /// It cannot be run.
    Unrunnable(io::Error),
    /// It ended otherwise than well.
    Failed(ExitStatus),
    /// It does not end.
    Silent,
}

/// Asks a program, without the variables that are `withheld`.
pub(super) async fn of(program: &Path, withheld: &[OsString]) -> Told {
    match tokio::time::timeout(DEADLINE, ask(program, withheld)).await {
        Err(_elapsed) => Told::Silent,
        Ok(Err(error)) => Told::Unrunnable(error),
        Ok(Ok((status, _))) if !status.success() => Told::Failed(status),
        Ok(Ok((_, printed))) => Told::Version(named(&printed)),
    }
}

async fn ask(program: &Path, withheld: &[OsString]) -> io::Result<(ExitStatus, String)> {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in withheld {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    let mut printed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LIMIT).read_to_end(&mut printed).await?;
    }
    let status = child.wait().await?;
    Ok((status, String::from_utf8_lossy(&printed).into_owned()))
}

/// The first word of the first line that is a number, or one behind a `v`.
fn named(printed: &str) -> Option<String> {
    let mut words = printed.lines().next()?.split_whitespace();
    let is_version = |word: &&str| {
        let number = word.strip_prefix('v').unwrap_or(word);
        number.starts_with(|first: char| first.is_ascii_digit()) && number.contains('.')
    };
    words.find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn versions_are_found_in_what_each_program_prints() {
        for (printed, version) in [
            ("daemon example.test/daemon v1.2.3 abcdef\n", Some("v1.2.3")),
            ("runc version 1.1.5+ds1\ncommit: 1\n", Some("1.1.5+ds1")),
            ("crun version 1.8.1\n", Some("1.8.1")),
            ("rootlesskit version 1.1.0", Some("1.1.0")),
            ("usage: 7 words\n1.2.3", None),
            ("", None),
        ] {
            assert_eq!(named(printed).as_deref(), version, "{printed}");
        }
    }

    #[tokio::test]
    async fn a_program_that_is_none_or_fails_is_told_apart() {
        let bin = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let path = bin.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let fails = script("fails", "#!/bin/sh\nexit 3\n");
        let well = script("well", "#!/bin/sh\necho \"x v1.2 $SECRET\"\n");

        assert!(matches!(of(&fails, &[]).await, Told::Failed(status) if status.code() == Some(3)));
        assert!(
            matches!(of(&well, &["SECRET".into()]).await, Told::Version(Some(version)) if version == "v1.2")
        );
        assert!(matches!(
            of(Path::new("/no/such"), &[]).await,
            Told::Unrunnable(_)
        ));
    }
}
