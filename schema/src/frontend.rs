//! Frontends that a Dockerfile may choose: the word that stands for none.

/// What stands for no frontend but buildkitd's own.
pub const NO_FRONTEND: &str = "none";
