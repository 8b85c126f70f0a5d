//! `schema/*.schema.json`: generated from the types, sound schemas, and of one mind with the planner.
//!
//! `BLESS=1 cargo test -p oci-image-tests schema::` writes them. An editor that knows them marks most mistakes as they are typed;
//! what only the planner can see is listed by name in `oci_image_schema::beyond`.
//!
//! - `generated`: what is generated is sound, and is what the types say.
//! - `agreement`: the schema and the planner as two judges of one text.
//! - `documents`: texts that nobody wrote, for both.
//! - `obedience`: the host as a third, which refuses nothing that the planner asks or plans.
//! - `validator`: a schema that judges.
//! - `task`: the schema of a task file and the program, as two judges of parameters.
//! - `parameters`: such texts for a task.
//! - `readme`: README's table of the keys, from their rows.
//! - `beyond`: the rules that no schema can express, each shown by an object.

mod agreement;
mod beyond;
mod documents;
mod generated;
mod obedience;
mod parameters;
mod readme;
mod task;
mod validator;
