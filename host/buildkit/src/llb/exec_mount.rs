//! What a step of ours mounts.
//!
//! A cache is found by more than its id. The daemon's key of one is the id and, where the mount begins with something, the record of
//! that in the daemon: `ID` or `ID:RECORD`. So a step finds the cache of a `RUN --mount=type=cache` only if it says the same of it:
//!
//! - The id is that of [`CacheMount`](crate::cache_mount::CacheMount): the namespace of `BUILDKIT_CACHE_MOUNT_NS`, which is
//!   empty unless it is given, then `/`, then the mount's `id` or else its cleaned target. `target=/c` is `//c`.
//! - A mount without `from`, `uid`, `gid` and `mode` begins empty: [`CacheOrigin::Empty`]. Its key is the id alone.
//! - With one of the last three the frontend makes a directory first, by an operation whose output has a record: only a step with an
//!   operation that the daemon takes for the same finds the cache ([`CacheOrigin::Directory`]). What is not given is 0, 0 and 0755.
//!   Whichever of both comes first on a root makes the record; once it is pruned, nobody finds the cache.
//! - With `from` the key ends with the record of that stage or image, which only the frontend's own graph leads to: no step of ours finds
//!   such a cache. `source` is a path in what is mounted, and no part of the key.
//! - `sharing` is no part of the key, and says what becomes of a cache that another step has mounted: a `locked` mount waits,
//!   `private` and, beside those two, `shared` get another copy, which begins anew. So whoever fills a cache is done before
//!   the step that is to find it begins, and whoever reads one waits with [`Sharing::Locked`].
//!
//! A step that must not come out of the cache (`OpMetadata.ignore_cache`) empties the caches that it mounts: so ours never says so.
//! It is another step each time by the id of its [`ExecMount::Socket`].
//!
//! Source: BuildKit, `solver/llbsolver/mounts`, `solver/llbsolver/vertex.go` (`detectPrunedCacheID`),
//! `frontend/dockerfile/dockerfile2llb/convert_runmount.go`.

use std::collections::BTreeMap;

use bollard_buildkit_proto::pb;

use super::graph::Graph;
use crate::cache_mount::{CacheOrigin, Sharing};

/// BuildKit's index of a mount that begins with nothing.
const EMPTY: i64 = -1;
/// BuildKit's index of a mount of which nothing is a result.
const SKIPPED: i64 = -1;
/// Where the Dockerfile frontend makes the directory that a cache begins with.
const MADE_AT: &str = "/cache";

/// What a step has beside its empty root; `target` is an absolute path there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecMount {
    /// A local of the solve, which the step reads.
    Local {
        /// Its name in [`Solve::locals`](crate::Solve::locals).
        name: String,
        /// Where it is mounted.
        target: String,
    },
    /// A cache, which stays in the daemon.
    Cache {
        /// Its id in the daemon, with its namespace.
        id: String,
        /// Where it is mounted.
        target: String,
        /// What becomes of a cache that another step has mounted.
        sharing: Sharing,
        /// What it begins with.
        origin: CacheOrigin,
    },
    /// A socket that leads to an attachable of the solve: an agent, say.
    Socket {
        /// The id of what it leads to.
        id: String,
        /// Where the socket is.
        target: String,
        /// Whose it is.
        uid: u32,
        /// Whose group's it is.
        gid: u32,
        /// Who may connect: the permissions of a file.
        mode: u32,
    },
}

impl ExecMount {
    pub(super) fn target(&self) -> &str {
        match self {
            Self::Local { target, .. }
            | Self::Cache { target, .. }
            | Self::Socket { target, .. } => target,
        }
    }

    /// The mount as the daemon takes it; what it begins with is added to the graph and to the step's inputs.
    pub(super) fn to_wire(
        &self,
        session: &str,
        graph: &mut Graph,
        inputs: &mut Vec<pb::Input>,
    ) -> pb::Mount {
        let mount = pb::Mount {
            input: EMPTY,
            output: SKIPPED,
            dest: self.target().to_owned(),
            ..pb::Mount::default()
        };
        match self {
            Self::Local { name, .. } => pb::Mount {
                input: index(inputs, local(graph, session, name)),
                readonly: true,
                ..mount
            },
            Self::Cache {
                id,
                sharing,
                origin,
                ..
            } => {
                let made = made(*origin, graph);
                pb::Mount {
                    selector: made.as_ref().map_or("", |_| MADE_AT).to_owned(),
                    input: made.map_or(EMPTY, |made| index(inputs, made)),
                    mount_type: pb::MountType::Cache.into(),
                    cache_opt: Some(pb::CacheOpt {
                        id: id.clone(),
                        sharing: sharing_to_wire(*sharing).into(),
                    }),
                    ..mount
                }
            }
            Self::Socket {
                id, uid, gid, mode, ..
            } => pb::Mount {
                output: 0,
                mount_type: pb::MountType::Ssh.into(),
                ssh_opt: Some(pb::SshOpt {
                    id: id.clone(),
                    uid: *uid,
                    gid: *gid,
                    mode: *mode,
                    optional: false,
                }),
                ..mount
            },
        }
    }
}

/// The operation that makes what a cache begins with; `None` if that is nothing.
fn made(origin: CacheOrigin, graph: &mut Graph) -> Option<pb::Input> {
    let CacheOrigin::Directory { uid, gid, mode } = origin else {
        return None;
    };
    let by_id = |id| {
        Some(pb::UserOpt {
            user: Some(pb::user_opt::User::ById(id)),
        })
    };
    let made = pb::FileActionMkDir {
        path: MADE_AT.to_owned(),
        mode: i32::from(mode & 0o777),
        make_parents: false,
        owner: Some(pb::ChownOpt {
            user: by_id(uid),
            group: by_id(gid),
        }),
        timestamp: -1,
    };
    let action = pb::FileAction {
        input: EMPTY,
        secondary_input: EMPTY,
        output: 0,
        action: Some(pb::file_action::Action::Mkdir(made)),
    };
    let op = operation(pb::op::Op::File(pb::FileOp {
        actions: vec![action],
    }));
    Some(graph.add(&op, "[internal] setting cache mount permissions"))
}

/// An operation without inputs, as BuildKit's own client writes one that any worker may do.
pub(super) fn operation(op: pb::op::Op) -> pb::Op {
    pb::Op {
        constraints: Some(pb::WorkerConstraints::default()),
        op: Some(op),
        ..pb::Op::default()
    }
}

/// The session makes it another operation than one of another client: the daemon has equal ones done once.
fn local(graph: &mut Graph, session: &str, name: &str) -> pb::Input {
    let source = pb::SourceOp {
        identifier: format!("local://{name}"),
        attrs: BTreeMap::from([("local.session".to_owned(), session.to_owned())]),
    };
    let name = format!("[internal] load {name}");
    graph.add(&operation(pb::op::Op::Source(source)), &name)
}

/// Where an input stands among those of a step.
fn index(inputs: &mut Vec<pb::Input>, input: pb::Input) -> i64 {
    let known = inputs.iter().position(|other| *other == input);
    let index = known.unwrap_or_else(|| {
        inputs.push(input);
        inputs.len() - 1
    });
    index as i64
}

fn sharing_to_wire(sharing: Sharing) -> pb::CacheSharingOpt {
    match sharing {
        Sharing::Shared => pb::CacheSharingOpt::Shared,
        Sharing::Private => pb::CacheSharingOpt::Private,
        Sharing::Locked => pb::CacheSharingOpt::Locked,
    }
}
