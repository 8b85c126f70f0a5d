//! The executor: runs a checked plan, and is the only room that knows every engine.
//!
//! A build either leaves all its outputs or none. Whatever ends it, the daemon is stopped and waited for before this
//! room returns; if it is dropped in the middle, the daemon is killed.
//!
//! Public: [`run()`], and what it is given and gives: [`Host`], [`Audience`], [`CacheVariables`], [`Stop`]; [`Outcome`], [`Built`], [`BuildError`].
//! [`inquire()`]: what frontends say of what they would build.
//!
//! - `run`: a build from a checked plan to outputs that have their names.
//! - `inquiry`: what is asked of the frontends of a plan, in place of a build.
//! - `host`, `audience`, `stop`: what the plan leaves to the machine; whom the build tells what it does; what asks for its end.
//! - `outcome`: what a build has come to. `built_on`: on which builder. `error`: why one left nothing, and whose fault that was.
//! - `preparation`: what a daemon is started for. `work`: the working directory. `opened`: what the plan names, each path followed once
//!   and held. `wait`: one that is told. `lent`: what steps may mount beyond files of the context. `dockerfile`: where the Dockerfile is that the request names.
//! - `engine`: the daemon, wherever it is. `own_daemon`: one of our own, from its start to its end. `remote`: a builder of a fleet; `sticky`:
//!   by what it is chosen. `room`: whether it failed because a disk is full.
//! - `solves`: the plan's solves, in as many attempts as help. `attempt`: all of them at the same time; `asked`: which is meant. `terms`: what they have in
//!   common, and each as the client's. `site`: the machine's part of each.
//!   `showing`: what they report and how far our own work is, on its way to the audience. `watch`: of our own work.
//!   `look`: whether the contexts are as they were.
//! - `intake`: takes what the daemon sends of images. `cache`: the build's cache, which may cost time but never the build. `snapshot`:
//!   what a killed daemon left. `mounts`: caches of `RUN --mount=type=cache` between builds; `carried`: what became of one.
//!   `usage`: measured before they are mounted.
//! - `layer_caches`: those that the daemon reads and writes itself; `cache_variables`: what logs in to them, where the request does not.
//! - `bases`: base images, where the daemon can have them; `handover`: on their way to one on this machine.
//! - `outputs`: the directories that Concourse collects, all at once at the end. `staging`: one of them until then. `exports`: what
//!   the daemon sends of an image, put together and unpacked. `built`: which image that is.
//! - `failure`: a solve that failed: whose fault that was, and what a person is told of it. `context`: names in the build context, to
//!   explain a path that COPY did not find. `surroundings`: what else explains it. `arguments`: those that are given and that the
//!   Dockerfile does not declare.

pub(crate) mod arguments;
mod asked;
mod attempt;
mod audience;
mod bases;
mod built;
mod built_on;
mod cache;
mod cache_variables;
mod carried;
mod context;
mod dockerfile;
mod engine;
mod error;
mod exports;
mod failure;
mod handover;
mod host;
mod inquiry;
mod intake;
mod layer_caches;
mod lent;
mod look;
pub(crate) mod mounts;
mod opened;
mod outcome;
mod outputs;
mod own_daemon;
mod preparation;
mod remote;
pub(crate) mod room;
mod run;
mod showing;
mod site;
mod snapshot;
mod solves;
mod staging;
mod sticky;
mod stop;
mod surroundings;
mod terms;
mod usage;
mod wait;
mod watch;
mod work;

pub use audience::{Audience, Nobody};
pub use built::Built;
pub use built_on::BuiltOn;
pub use cache_variables::CacheVariables;
pub use carried::{Carried, Kept};
pub use error::BuildError;
pub use host::Host;
pub use inquiry::{Frontends, inquire};
pub use outcome::Outcome;
pub use run::run;
pub use staging::OutputError;
pub use stop::Stop;
