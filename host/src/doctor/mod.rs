//! Doctor: whether a build would start on this machine, and what would go less well than it could, each with what to do.
//!
//! What a build finds out before it starts is found out here by the same checks, so that both say the same.
//!
//! - `inquiry`: what is asked, and in which order it is looked at.
//! - `finding`: one line of the answer; `examination`: all of them, as text and as JSON.
//! - `machine`: a directory with the files by which a machine tells what it is.
//!
//! One noun a file:
//!
//! - `kernel`, `privileges`, `user_namespaces`, `capabilities`, `seccomp`: what this process may do here.
//! - `cgroups`, `snapshots`, `root`, `private_directory`, `disk`: where a daemon would put what.
//! - `cache_mounts`: what builds here keep of them.
//! - `programs`, `version`: what would be run. `emulators`, `decompression`: what would be missed.
//! - `logins`, `reach`: registries. `builders`: daemons that are not ours.

mod builders;
mod cache_mounts;
mod capabilities;
mod cgroups;
mod decompression;
mod disk;
mod emulators;
mod examination;
mod finding;
mod inquiry;
mod kernel;
mod logins;
mod machine;
mod private_directory;
mod privileges;
mod programs;
mod reach;
mod root;
mod seccomp;
mod snapshots;
mod user_namespaces;
mod version;

pub use examination::Examination;
pub use finding::{Finding, Verdict};
pub use inquiry::Inquiry;
pub use privileges::{PRIVILEGED_PROCESS, PRIVILEGED_TASK};
