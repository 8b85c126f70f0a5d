//! Builds on daemons that are not ours: how they are reached, which of them is chosen, and what becomes of a build whose builder is lost.

mod addresses;
mod busy;
mod choice;
mod connections;
mod examined;
mod killed;
mod kubernetes;
mod lost;
mod platforms;
mod told;
mod verified;
