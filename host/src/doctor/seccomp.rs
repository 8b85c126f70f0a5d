//! Seccomp: whether a filter of system calls is over this process.
//!
//! Whether it forbids what a build needs is tried elsewhere; here it is named, as what may have done so.
//!
//! Reads: `/proc/self/status`. Writes: nothing. Source: proc_pid_status(5).

use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;

const TOPIC: &str = "seccomp";

pub(super) fn look(machine: &Machine, is_privileged: bool) -> Finding {
    let mode = machine.status("Seccomp");
    let finding = match mode.as_deref() {
        Some("0") => Finding::fine(TOPIC, "no filter of system calls"),
        Some("1" | "2") if is_privileged => Finding::fine(
            TOPIC,
            "a filter of system calls, which allows what a build needs",
        ),
        Some("1" | "2") => Finding::remark(
            TOPIC,
            "a filter of system calls, which may be what refuses privileges",
        )
        .with_remedy("a container: `--privileged`, or `--security-opt seccomp=unconfined`"),
        _ => Finding::fine(TOPIC, "this kernel tells of no filter of system calls"),
    };
    finding.fact("mode", mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::machine;

    #[test]
    fn a_filter_is_worth_a_remark_where_something_was_refused() {
        let judged = |status: &str, is_privileged| {
            let (_files, machine) = machine::of(&[("proc/self/status", status)]);
            look(&machine, is_privileged).state
        };

        assert_eq!(judged("Seccomp:\t2\n", true), Verdict::Fine);
        assert_eq!(judged("Seccomp:\t2\n", false), Verdict::Remark);
        for without in ["Seccomp:\t0\n", "", "Seccomp:\n"] {
            assert_eq!(judged(without, false), Verdict::Fine, "{without}");
        }
    }
}
