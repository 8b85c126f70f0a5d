//! The messages of an agent that a step may send, by their numbers, and that for everything else.
//!
//! Reads and writes: nothing. Source: draft-ietf-sshm-ssh-agent.

/// `SSH_AGENTC_REQUEST_IDENTITIES`.
pub(super) const REQUEST_IDENTITIES: u8 = 11;
/// `SSH_AGENTC_SIGN_REQUEST`.
pub(super) const SIGN_REQUEST: u8 = 13;
/// `SSH_AGENT_FAILURE`.
pub(super) const FAILURE: u8 = 5;
