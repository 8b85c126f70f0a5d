//! Builds on daemons that are not ours: how they are reached, which of them is chosen, and what becomes of a build whose builder is lost.

mod addresses;
mod busy;
mod caches;
mod choice;
mod connections;
mod cut_off;
mod examined;
mod full;
mod killed;
mod kubernetes;
mod lossy;
mod lost;
mod names;
mod platforms;
mod told;
mod verified;
