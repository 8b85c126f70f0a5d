//! Registries: how they are reached, and the logins that the daemon asks for.
//!
//! - [`docker`]: logins in Docker's configuration.
//! - `auth`: what the daemon asks about logins; `authority`: by what it knows again who answered.
//! - `login`: one of them, and who finds it; `logins`: those of a build, and to whom they are given.
//! - `repositories`: which ones a solve names; `registries`: how each registry is reached.
//! - `token`: what is asked of a realm; `answer`: what that gives; `realm`: who may be asked; `challenge`: which login a registry wants.
//! - `reach`: whether a registry answers at all.
//! - `web`: one question to a server, and its answer.

mod answer;
mod auth;
mod authority;
mod challenge;
pub mod docker;
mod login;
mod logins;
mod reach;
mod realm;
mod registries;
mod repositories;
mod token;
mod web;

pub(crate) use auth::{Auth, UsedLogins};
pub use docker::{DockerConfig, DockerConfigError, ListedLogin};
pub use login::{
    Anonymous, Credentials, CredentialsError, Given, Login, NO_TOKEN, Origin, UsedLogin,
};
pub use logins::Logins;
pub use reach::{ReachError, reach};
pub use registries::{KeyPair, Registries, RegistryAccess};
pub use repositories::Repositories;
