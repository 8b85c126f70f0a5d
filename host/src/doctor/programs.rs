//! Programs: where those of the engine are, and of which version.
//!
//! They are looked up as a build looks them up. Runs: each, for its version. Reads and writes: nothing itself.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::boundary::outside::shown;
use crate::daemon::{BUILDKIT_VERSION, MissingProgram, Overrides, Program, Programs};
use crate::doctor::finding::Finding;
use crate::doctor::version::{self, Told};

pub(super) async fn look(overrides: &Overrides, withheld: &[OsString]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (program, found) in Programs::each(overrides) {
        findings.push(finding(program, found, withheld).await);
    }
    findings
}

async fn finding(
    program: Program,
    found: Result<PathBuf, MissingProgram>,
    withheld: &[OsString],
) -> Finding {
    let topic = topic(program);
    match found {
        Err(missing) => {
            let said = format!("{} is not installed", shown(&missing.sought));
            Finding::fault(topic, said).with_remedy(missing.remedy())
        }
        Ok(path) => {
            let told = version::of(&path, withheld).await;
            judged(program, &path, told).fact("path", path.to_string_lossy())
        }
    }
}

fn judged(program: Program, path: &Path, told: Told) -> Finding {
    let topic = topic(program);
    let at = shown(path);
    let (version, unwell) = match told {
        Told::Version(Some(version)) => (version, None),
        Told::Version(None) => {
            return Finding::remark(topic, format!("`{at}`, which does not tell its version"));
        }
        Told::Silent => {
            return Finding::remark(
                topic,
                format!("`{at}`, which does not tell its version in time"),
            );
        }
        Told::Unrunnable(error) => (String::new(), Some(format!("cannot be run: {error}"))),
        Told::Failed(status) => (
            String::new(),
            Some(format!("does not tell its version: {status}")),
        ),
    };
    if let Some(unwell) = unwell {
        return Finding::fault(topic, format!("`{at}` {unwell}"))
            .with_remedy("install it anew, for this machine's architecture");
    }
    let finding = if program == Program::Buildkitd && version != BUILDKIT_VERSION {
        let said = format!(
            "`{at}`, {}; {BUILDKIT_VERSION} is what builds are tested with",
            shown(&version)
        );
        Finding::remark(topic, said).with_remedy(format!(
            "install BuildKit {BUILDKIT_VERSION}, if something fails"
        ))
    } else {
        Finding::fine(topic, format!("`{at}`, {}", shown(&version)))
    };
    let expected = (program == Program::Buildkitd).then_some(BUILDKIT_VERSION);
    finding.fact("version", version).fact("expected", expected)
}

fn topic(program: Program) -> &'static str {
    match program {
        Program::Buildkitd => "buildkitd",
        Program::Runtime => "runtime",
        Program::Rootlesskit => "rootlesskit",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_daemon_of_another_version_is_remarked_on_and_one_that_cannot_be_run_is_a_fault() {
        let judge = |program, told| judged(program, Path::new("/b"), told).state;
        let version = |version: &str| Told::Version(Some(version.to_owned()));

        assert_eq!(
            judge(Program::Buildkitd, version(BUILDKIT_VERSION)),
            Verdict::Fine
        );
        assert_eq!(judge(Program::Buildkitd, version("1.2")), Verdict::Remark);
        assert_eq!(judge(Program::Runtime, version("1.1.5")), Verdict::Fine);
        assert_eq!(
            judge(Program::Runtime, Told::Version(None)),
            Verdict::Remark
        );
        assert_eq!(judge(Program::Runtime, Told::Silent), Verdict::Remark);
        let unrunnable = Told::Unrunnable(io::Error::other("exec format error"));
        assert_eq!(judge(Program::Runtime, unrunnable), Verdict::Fault);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_a_fault_with_what_to_install() {
        let overrides = Overrides {
            buildkitd: Some("/no/such/buildkitd".into()),
            ..Overrides::default()
        };

        let findings = look(&overrides, &[]).await;

        let finding = &findings[0];
        assert_eq!(
            (finding.topic, finding.state),
            ("buildkitd", Verdict::Fault)
        );
        let said = "`/no/such/buildkitd`, which the user names as buildkitd, is not installed";
        assert_eq!(finding.said, said);
        assert!(
            finding
                .remedy
                .as_ref()
                .unwrap()
                .starts_with("install BuildKit ")
        );
    }
}
