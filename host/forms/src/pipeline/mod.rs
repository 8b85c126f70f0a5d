//! A pipeline of Concourse: the tasks in it that build images, judged where they stand.
//!
//! Most tasks are written within a pipeline, and most of a pipeline is Concourse's own business. Here those tasks are found that run this
//! program, or one that is told the same, and each is judged as a file of its own would be; besides, whether the steps of its job give each
//! other what they read. What only Concourse knows, `((name))`, is left open, and nothing is said of what depends on it.
//!
//! - [`pipeline_file`]: the pipeline, and what is said of it.
//! - `job`: a job: whether its steps give each other what they read.
//! - `found_task`: finds the task of a step. `build_task`: one that builds an image, judged by itself.
//! - `plan_step`: the steps of a job, however deep they stand. `artifacts`: who gives which. `resources`: what the resources are.
//! - `task_text`: a task as a file of its own. `task_terms`: what it needs and gives. `task_path`: paths of a task.
//! - `variable`: values that only Concourse knows.
//! - [`text`]: a text of a pipeline. `seen_text`: as much of it as people may see.
//!
//! Reads: through the caller, the files of tasks. Writes: nothing. Unknown here: what a parameter means.
//! Source: Concourse's documentation of pipelines, jobs, steps and tasks, and how its `atc` reads them.

mod artifacts;
mod build_task;
mod found_task;
mod job;
pub mod pipeline_file;
mod plan_step;
mod resources;
mod seen_text;
mod task_path;
mod task_terms;
mod task_text;
pub mod text;
mod variable;

pub use self::pipeline_file::Pipeline;
pub use self::text::PipelineText;
