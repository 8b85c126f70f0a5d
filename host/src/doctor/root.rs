//! The daemon's root: whether it can be used, and whether it is at the moment.
//!
//! Reads and writes: through the daemon's own look at it.

use std::path::Path;

use crate::boundary::chain::chain;
use crate::boundary::outside::shown;
use crate::daemon::{DaemonError, Holder, Occupancy};
use crate::doctor::finding::Finding;

const TOPIC: &str = "root";

pub(super) fn look(root: &Path, occupancy: &Result<Occupancy, DaemonError>) -> Finding {
    let at = shown(root);
    let finding = match occupancy {
        Ok(Occupancy::Free) => Finding::fine(TOPIC, format!("`{at}`, which nobody uses")),
        Ok(Occupancy::Absent { .. }) => {
            Finding::fine(TOPIC, format!("`{at}`, which a build makes"))
        }
        Ok(Occupancy::Build(holder)) => {
            let by = holder
                .as_ref()
                .map_or_else(|| "another build".to_owned(), Holder::to_string);
            Finding::remark(
                TOPIC,
                format!("{by} uses `{at}`: a build would wait for its end"),
            )
            .with_remedy("wait, or name another root (`--root`)")
        }
        Ok(Occupancy::Buildkitd) => {
            Finding::fault(TOPIC, format!("another buildkitd runs on `{at}`"))
                .with_remedy("stop it, or name another root (`--root`)")
        }
        Err(error @ DaemonError::Root { .. }) => {
            Finding::fault(TOPIC, chain(error)).with_remedy("name another root (`--root`)")
        }
        // What is wrong with it says what to do.
        Err(error) => Finding::fault(TOPIC, chain(error)),
    };
    finding.fact("path", root.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_root_that_is_used_is_waited_for_and_one_of_another_daemon_is_not() {
        let judged = |occupancy| {
            let finding = look(Path::new("/r"), &Ok(occupancy));
            (finding.state, finding.said)
        };
        let holder = Holder {
            process: 7,
            command: "oci-image build".into(),
        };

        let (state, said) = judged(Occupancy::Build(Some(holder)));
        assert_eq!(state, Verdict::Remark);
        assert_eq!(
            said,
            "process 7 (`oci-image build`) uses `/r`: a build would wait for its end"
        );
        assert_eq!(judged(Occupancy::Build(None)).0, Verdict::Remark);
        assert_eq!(judged(Occupancy::Buildkitd).0, Verdict::Fault);
        assert_eq!(judged(Occupancy::Free).0, Verdict::Fine);
    }
}
