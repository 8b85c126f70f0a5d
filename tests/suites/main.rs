//! Every suite that crosses rooms, in one program. What a crate can prove alone stands beside its code.
//!
//! - `requests`: requests and what the planner makes of them.
//! - `diagnostics`: what people and programs are told about wrong requests.
//! - `pipelines`: tasks within pipelines, and what is told of them.
//! - `masking`: secrets in requests that are wrong.
//! - `schema`: the JSON Schemas, and what they and the planner say of one text.
//! - `contract`: `planner.wit` keeps its promise.
//! - `bindings`: the guest's bindings.
//! - `component`: the planner as a component.
//! - `command_line`: what is made of it for shells and for `man`.
//! - `screens`: what a terminal shows of answers.
//! - `hosts`: the planner in other hosts.
//! - `forms`: YAML, tasks and pipelines there.
//! - `packages`: what `make dist` makes.
//! - `editors`: the JSON Schema in real editors.
//! - `sandbox`: a planner that does what none should.
//! - `hostile_workspace`: a workspace that answers anything.
//! - `lying_plans`: honest plans, changed.
//! - `invariants`: the rules of the house.
//! - `engine`: all that needs a daemon.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on shows where, and says why it was skipped; an object reads best where it is used, without a borrow"
)]

mod bindings;
mod command_line;
mod component;
mod contract;
mod diagnostics;
mod editors;
mod engine;
mod forms;
mod hostile_workspace;
mod hosts;
mod invariants;
mod lying_plans;
mod masking;
mod packages;
mod pipelines;
mod requests;
mod sandbox;
mod schema;
mod screens;
