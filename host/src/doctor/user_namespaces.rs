//! User namespaces: whether this process is in one, and whether it needs any.
//!
//! That they are switched off or refused is found by the check of privileges. Reads: `/proc/self/uid_map`. Writes: nothing.
//! Source: user_namespaces(7).

use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;

const TOPIC: &str = "user_namespaces";

pub(super) fn look(machine: &Machine, is_root: bool, is_privileged: bool) -> Finding {
    let map = machine.text("proc/self/uid_map");
    let ids = map.as_deref().map(mapped).unwrap_or_default();
    match (is_root, map) {
        (_, None) => Finding::fine(TOPIC, "this kernel tells of none"),
        (true, Some(_)) if ids == u64::from(u32::MAX) => {
            Finding::fine(TOPIC, "not in one; root needs none")
        }
        (true, Some(_)) => {
            let said = format!(
                "root of one with {ids} IDs only, which is enough if it has those of images"
            );
            Finding::fine(TOPIC, said)
        }
        (false, Some(_)) if is_privileged => Finding::fine(TOPIC, "given to this user (tried)"),
        (false, Some(_)) => Finding::fine(TOPIC, "nothing says that this user may have none"),
    }
}

/// How many IDs a map has: lines of the first one inside, the first one outside, and how many follow.
fn mapped(map: &str) -> u64 {
    let counts = map
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok());
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::machine;

    fn said(map: &str, is_root: bool) -> String {
        let (_files, machine) = machine::of(&[("proc/self/uid_map", map)]);
        look(&machine, is_root, true).said
    }

    #[test]
    fn root_is_told_from_root_of_a_namespace() {
        let whole = "         0          0 4294967295\n";

        assert_eq!(said(whole, true), "not in one; root needs none");
        assert!(said("0 1000 1\n1 100000 65535\n", true).starts_with("root of one with 65536 IDs"));
        assert_eq!(said(whole, false), "given to this user (tried)");
        let (_files, odd) = machine::of(&[]);
        assert_eq!(look(&odd, true, false).said, "this kernel tells of none");
    }
}
