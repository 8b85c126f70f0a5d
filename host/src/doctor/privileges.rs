//! Privileges: whether this process may run the steps of a build, by the very check that a build makes.
//!
//! Reads and writes: through that. Unknown here: how it is found out.

use crate::boundary::chain::chain;
use crate::daemon::{DaemonError, Lack, Warning};
use crate::doctor::finding::Finding;

const TOPIC: &str = "privileges";

/// What to do where a task of Concourse may not run steps.
pub const PRIVILEGED_TASK: &str = "write `privileged: true` in the step of the pipeline that runs this task, below its \
     `task: NAME`, and let it run as root; if that is so, its worker grants privileged tasks too little";
/// The same, of any other process.
pub const PRIVILEGED_PROCESS: &str = "run it as root with all that root may do (a container: `--privileged`), or as an ordinary \
     user, who needs `rootlesskit`";

/// What an ordinary user's steps have to do without.
pub(super) fn without(warnings: &[Warning]) -> Vec<Finding> {
    let remark = |warning: &Warning| {
        Finding::remark(TOPIC, warning.to_string())
            .with_remedy("a container: let `/proc` be as `--privileged` has it")
    };
    warnings.iter().map(remark).collect()
}

/// What the check has found; of an ordinary user each lack.
pub(super) fn look(
    checked: &Result<(), DaemonError>,
    is_root: bool,
    is_task: bool,
) -> Vec<Finding> {
    let remedy = if is_task {
        PRIVILEGED_TASK
    } else {
        PRIVILEGED_PROCESS
    };
    match checked {
        Ok(()) if is_root => vec![Finding::fine(
            TOPIC,
            "root, who may do what the steps of a build need (tried)",
        )],
        Ok(()) => vec![Finding::fine(
            TOPIC,
            "an ordinary user, who may do what a build without root needs (tried)",
        )],
        Err(DaemonError::Rootless { lacks }) => {
            let lacks = lacks.iter().map(lack);
            let task = is_task.then(|| {
                let said = "an ordinary user, who may not run the steps of a build here";
                Finding::fault(TOPIC, said).with_remedy(remedy)
            });
            lacks.chain(task).collect()
        }
        Err(error) => vec![Finding::fault(TOPIC, chain(error)).with_remedy(remedy)],
    }
}

fn lack(lack: &Lack) -> Finding {
    let topic = match lack {
        Lack::UserNamespaces { .. } | Lack::Refused { .. } => "user_namespaces",
        Lack::IdMapper { .. } | Lack::SubordinateIds { .. } | Lack::IdMapperPowers { .. } => {
            "id_maps"
        }
        Lack::NewPrivileges => TOPIC,
    };
    let said = format!("a build without root lacks {}", lack.what());
    Finding::fault(topic, said).with_remedy(lack.remedy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn told(
        checked: &Result<(), DaemonError>,
        is_task: bool,
    ) -> Vec<(&'static str, Verdict, String)> {
        let findings = look(checked, true, is_task);
        let line = |finding: Finding| {
            let remedy = finding.remedy.unwrap_or_default();
            (
                finding.topic,
                finding.state,
                format!("{}: {remedy}", finding.said),
            )
        };
        findings.into_iter().map(line).collect()
    }

    #[test]
    fn each_lack_of_an_ordinary_user_is_a_fault_with_what_to_do() {
        let lacks = vec![
            Lack::IdMapper {
                program: "newuidmap",
            },
            Lack::UserNamespaces {
                setting: "user.max_user_namespaces",
                value: 5,
            },
        ];
        let checked = Err(DaemonError::Rootless { lacks });

        let expected = [
            (
                "id_maps",
                Verdict::Fault,
                "a build without root lacks `newuidmap`: Debian: `apt-get install uidmap`".to_owned(),
            ),
            (
                "user_namespaces",
                Verdict::Fault,
                "a build without root lacks user namespaces: as root: `sysctl -w user.max_user_namespaces=5`".to_owned(),
            ),
        ];
        assert_eq!(told(&checked, false), expected);
        let (topic, _, said) = told(&checked, true).pop().unwrap();
        assert_eq!(topic, "privileges");
        assert!(said.contains("`privileged: true`"), "{said}");
    }

    #[test]
    fn root_that_is_refused_something_is_told_what_and_what_to_do() {
        let checked = Err(DaemonError::NotPrivileged {
            step: "mounts",
            source: std::io::ErrorKind::PermissionDenied.into(),
        });

        let told = told(&checked, false);

        let expected = format!(
            "not privileged to run the steps of a build: the kernel refuses mounts: permission denied: {PRIVILEGED_PROCESS}"
        );
        assert_eq!(told, [("privileges", Verdict::Fault, expected)]);
    }
}
