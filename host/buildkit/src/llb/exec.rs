//! A step: a program on an empty root, with what is mounted there.
//!
//! Source: BuildKit, `solver/pb/ops.proto` (`ExecOp`), `solver/llbsolver/ops/exec.go`.

use bollard_buildkit_proto::pb;

use super::exec_mount::{ExecMount, operation};
use super::graph::Graph;

/// A program that runs as root of an otherwise empty file system, with the network that steps of the daemon have.
///
/// The daemon does not run a step of which it has the result: a socket whose id is new makes it a new one.
///
/// ```
/// use oci_image_buildkit::Solve;
/// use oci_image_buildkit::llb::{ExecOp, ExecMount};
///
/// let programs = ExecMount::Local { name: "programs".into(), target: "/programs".into() };
/// let step = ExecOp {
///     name: "look around".into(),
///     arguments: vec!["/programs/busybox".into(), "ls".into(), "/".into()],
///     mounts: vec![programs],
/// };
/// let solve = Solve { exec: Some(step), ..Solve::default() };
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecOp {
    /// What the step is called where the daemon reports of it.
    pub name: String,
    /// The program by its absolute path, and its arguments.
    pub arguments: Vec<String>,
    /// What is mounted beside the empty root, each at a target of its own.
    pub mounts: Vec<ExecMount>,
}

impl ExecOp {
    /// The step as the daemon takes it, with locals of this session. The order of the mounts is of no account.
    pub(crate) fn to_wire(&self, session: &str) -> pb::Definition {
        let mut graph = Graph::default();
        let mut inputs = Vec::new();
        let mut mounts: Vec<&ExecMount> = self.mounts.iter().collect();
        // As BuildKit's client sorts them; the sockets, which it adds later, may stand among them.
        mounts.sort_by_key(|mount| mount.target());
        let root = pb::Mount {
            input: -1,
            dest: "/".to_owned(),
            ..pb::Mount::default()
        };
        let mounted = (mounts.iter()).map(|mount| mount.to_wire(session, &mut graph, &mut inputs));
        let mounts = std::iter::once(root).chain(mounted).collect();
        let exec = pb::ExecOp {
            meta: Some(pb::Meta {
                args: self.arguments.clone(),
                cwd: "/".to_owned(),
                remove_mount_stubs_recursive: true,
                ..pb::Meta::default()
            }),
            mounts,
            ..pb::ExecOp::default()
        };
        let op = pb::Op {
            inputs,
            ..operation(pb::op::Op::Exec(exec))
        };
        let result = graph.add(&op, &self.name);
        graph.ending_at(result)
    }
}

#[cfg(test)]
mod tests {
    use oci_image_boundary::hex::hex;
    use prost::Message;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::cache_mount::{CacheOrigin, Sharing};

    fn step() -> ExecOp {
        let cache = |id: &str, target: &str, sharing, origin| ExecMount::Cache {
            id: id.to_owned(),
            target: target.to_owned(),
            sharing,
            origin,
        };
        let owned = CacheOrigin::Directory {
            uid: 1000,
            gid: 0,
            mode: 0o700,
        };
        ExecOp {
            name: "look around".to_owned(),
            arguments: vec!["/programs/busybox".to_owned(), "true".to_owned()],
            mounts: vec![
                ExecMount::Socket {
                    id: "conduit".to_owned(),
                    target: "/socket".to_owned(),
                    uid: 1,
                    gid: 2,
                    mode: 0o600,
                },
                ExecMount::Local {
                    name: "programs".to_owned(),
                    target: "/programs".to_owned(),
                },
                cache("//c", "/c", Sharing::Locked, CacheOrigin::Empty),
                cache("ns/d", "/d", Sharing::Shared, owned),
            ],
        }
    }

    fn digests(step: &ExecOp) -> Vec<String> {
        let definition = step.to_wire("session");
        let hashes = definition.def.iter().map(Sha256::digest);
        hashes.map(|hash| hex(&hash)).collect()
    }

    /// What BuildKit's own client (`client/llb`) makes of that step, an operation a line, without digests of inputs and without what
    /// it adds: `local.unique`, the platform of its machine, `SSH_AUTH_SOCK`. It writes the fields of an operation in another order.
    const OPERATIONS: &str = include_str!("operations.hex");

    #[test]
    fn operations_are_those_of_buildkits_own_client_and_inputs_are_digests_of_bytes() {
        let definition = step().to_wire("session");

        let mut digests = Vec::new();
        let mut lines = OPERATIONS.lines();
        for bytes in &definition.def {
            let mut op = pb::Op::decode(bytes.as_slice()).unwrap();
            for input in &mut op.inputs {
                let digest = std::mem::take(&mut input.digest);
                assert!(digests.contains(&digest), "{digest} in {digests:?}");
            }
            let line = lines.next().unwrap().as_bytes();
            let pairs = line.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
            let expected: Vec<u8> = pairs
                .map(|pair| u8::from_str_radix(pair, 16).unwrap())
                .collect();
            assert_eq!(op, pb::Op::decode(expected.as_slice()).unwrap());
            digests.push(format!("sha256:{}", hex(&Sha256::digest(bytes))));
        }
        assert_eq!(lines.next(), None);
        assert_eq!(
            digests[2],
            "sha256:69436185c045d36af59238b94846321df8f5b54d2180677502a5ab290e05bcf3"
        );
    }

    #[test]
    fn the_order_of_mounts_is_of_no_account_and_a_name_is_no_part_of_a_digest() {
        let mut other = step();
        other.mounts.reverse();
        other.name = "another".to_owned();

        assert_eq!(digests(&other), digests(&step()));
        assert_ne!(other.to_wire("session"), step().to_wire("session"));
    }

    #[test]
    fn what_two_mounts_begin_with_is_one_operation_and_one_input() {
        let mut twice = step();
        twice.mounts.push(ExecMount::Local {
            name: "programs".to_owned(),
            target: "/again".to_owned(),
        });

        let definition = twice.to_wire("session");
        let ops: Vec<_> = (definition.def.iter())
            .map(|bytes| pb::Op::decode(bytes.as_slice()).unwrap())
            .collect();

        assert_eq!(ops.len(), 4);
        let Some(pb::op::Op::Exec(exec)) = &ops[2].op else {
            panic!("{ops:?}")
        };
        let inputs: Vec<_> = (exec.mounts.iter())
            .map(|mount| (mount.dest.as_str(), mount.input))
            .collect();
        assert_eq!(
            inputs,
            [
                ("/", -1),
                ("/again", 0),
                ("/c", -1),
                ("/d", 1),
                ("/programs", 0),
                ("/socket", -1)
            ]
        );
        assert_eq!(exec.mounts[0].output, 0);
        // It would empty the caches.
        assert!(definition.metadata.values().all(|said| !said.ignore_cache));
    }
}
