//! Docker's configuration: the logins that `docker login` has left, and those of `$DOCKER_AUTH_CONFIG`.
//!
//! - `config`: logins by registry and repository; `error`: why one cannot be looked up.
//! - `document`: what the file and the variable say, as Docker reads them.
//! - `kept`: what that amounts to for one registry; `namespace`: the part of a registry for which a login is kept.
//! - `listed`: for which registries there are any.
//! - `keychain`: logins that a credential helper keeps in place of the file.

mod config;
mod document;
mod error;
mod kept;
mod keychain;
mod listed;
mod namespace;

pub use config::DockerConfig;
pub use document::VARIABLE;
pub use error::DockerConfigError;
pub use listed::ListedLogin;
