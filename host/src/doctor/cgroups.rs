//! Cgroups: which there are, and whether steps get theirs, by what the start of a daemon does.
//!
//! Reads and writes: through that.

use crate::daemon::{Cgroups, Hierarchies};
use crate::doctor::finding::Finding;

const TOPIC: &str = "cgroups";

pub(super) fn look(cgroups: &Cgroups, is_root: bool) -> Finding {
    let version = cgroups.found.map_or("unknown", version);
    let said = match cgroups.found {
        None => "which there are cannot be told",
        Some(Hierarchies::Nothing) => "none at `/sys/fs/cgroup`; a build mounts them for itself",
        Some(Hierarchies::Version1) => "version 1",
        Some(Hierarchies::Hybrid) => "hybrid: version 1, and version 2 beside it",
        Some(Hierarchies::Version1ReadOnly) => {
            "version 1, read-only; a build mounts them for itself"
        }
        Some(Hierarchies::Version2) => "version 2",
    };
    let finding = match &cgroups.warning {
        Some(warning) => Finding::remark(TOPIC, warning.to_string())
            .with_remedy("a container: let `/sys/fs/cgroup` be as `--privileged` has it"),
        None if cgroups.takes_groups => Finding::fine(TOPIC, said),
        None if is_root => Finding::remark(TOPIC, format!("{said}; no group can be made in them"))
            .with_remedy("a container: let `/sys/fs/cgroup` be as `--privileged` has it"),
        None => Finding::remark(
            TOPIC,
            format!(
                "{said}; this user may make no groups, so that steps have no limits of their own"
            ),
        )
        .with_remedy(
            "nothing, unless steps want limits: then run it in a unit with `Delegate=yes`",
        ),
    };
    finding
        .fact("version", version)
        .fact("takes_groups", cgroups.takes_groups)
}

fn version(found: Hierarchies) -> &'static str {
    match found {
        Hierarchies::Nothing => "none",
        Hierarchies::Version1 | Hierarchies::Version1ReadOnly => "v1",
        Hierarchies::Hybrid => "hybrid",
        Hierarchies::Version2 => "v2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::Warning;
    use crate::doctor::finding::Verdict;

    fn judged(cgroups: &Cgroups, is_root: bool) -> (Verdict, String) {
        let finding = look(cgroups, is_root);
        (finding.state, finding.facts["version"].to_string())
    }

    #[test]
    fn what_a_build_would_be_told_is_a_remark_and_never_a_fault() {
        let usual = Cgroups {
            found: Some(Hierarchies::Hybrid),
            takes_groups: true,
            warning: None,
        };
        let refused = Cgroups {
            found: Some(Hierarchies::Version2),
            takes_groups: false,
            warning: Some(Warning::LimitsMissed {
                reason: "no".into(),
            }),
        };
        let unknown = Cgroups {
            found: None,
            takes_groups: false,
            warning: None,
        };

        assert_eq!(judged(&usual, true), (Verdict::Fine, "\"hybrid\"".into()));
        assert_eq!(judged(&refused, true), (Verdict::Remark, "\"v2\"".into()));
        assert_eq!(
            judged(&unknown, false),
            (Verdict::Remark, "\"unknown\"".into())
        );
    }
}
