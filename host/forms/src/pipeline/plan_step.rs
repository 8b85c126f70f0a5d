//! The steps of a job, however deep they stand: those that matter to a task that builds.
//!
//! Source: Concourse's documentation of jobs and steps; `aggregate` is what `in_parallel` was.

use super::variable::is_unknown;
use crate::yaml::JsonPart;

/// A step that runs a task.
pub(super) struct TaskStep<'json> {
    pub(super) name: JsonPart<'json>,
    /// The step, a map.
    pub(super) step: JsonPart<'json>,
}

/// A step that reads what others gave, and sends it somewhere.
pub(super) struct PutStep<'json> {
    pub(super) resource: String,
    pub(super) params: Option<JsonPart<'json>>,
}

/// The steps of a job.
#[derive(Default)]
pub(super) struct JobSteps<'json> {
    pub(super) tasks: Vec<TaskStep<'json>>,
    pub(super) puts: Vec<PutStep<'json>>,
    /// The names of artifacts that steps fetch, and the resource of each.
    pub(super) fetched: Vec<(String, String)>,
    /// Whether there is something of which nobody here can tell what it gives.
    pub(super) is_open: bool,
}

/// The keys below which a job or a step has a step that is run after it.
const HOOKS: [&str; 5] = ["on_success", "on_failure", "on_error", "on_abort", "ensure"];

impl<'json> JobSteps<'json> {
    /// Those of a job.
    pub(super) fn of(job: &JsonPart<'json>) -> Self {
        let mut steps = Self::default();
        if let Some(plan) = job.key("plan") {
            steps.each(&plan);
        }
        steps.hooks(job);
        steps
    }

    fn each(&mut self, list: &JsonPart<'json>) {
        self.is_open |= !list.is_list() && !list.is_null();
        for step in list.items() {
            self.step(&step);
        }
    }

    fn step(&mut self, step: &JsonPart<'json>) {
        self.is_open |= !step.is_map() && !step.is_null();
        for entry in step.entries() {
            match &*entry.name {
                "task" => self.tasks.push(TaskStep {
                    name: entry.value,
                    step: step.clone(),
                }),
                "get" => self.get(&entry.value, step),
                "put" => self.put(&entry.value, step),
                "do" | "aggregate" => self.each(&entry.value),
                "try" => self.step(&entry.value),
                "in_parallel" => match entry.value.key("steps") {
                    Some(steps) => self.each(&steps),
                    None => self.each(&entry.value),
                },
                // A prototype, whose outputs nobody here knows.
                "run" => self.is_open = true,
                _ => {}
            }
        }
        self.hooks(step);
    }

    fn hooks(&mut self, around: &JsonPart<'json>) {
        for entry in around.entries() {
            if HOOKS.contains(&&*entry.name) {
                self.step(&entry.value);
            }
        }
    }

    fn get(&mut self, name: &JsonPart<'json>, step: &JsonPart<'json>) {
        let name = self.known(name);
        let resource = step.key("resource").and_then(|part| part.text());
        let resource = resource.unwrap_or_else(|| name.clone());
        self.fetched.push((name, resource));
    }

    fn put(&mut self, name: &JsonPart<'json>, step: &JsonPart<'json>) {
        let name = self.known(name);
        let resource = step.key("resource").and_then(|part| part.text());
        let resource = resource.unwrap_or_else(|| name.clone());
        // What was sent is fetched afterwards.
        self.fetched.push((name, resource.clone()));
        self.puts.push(PutStep {
            resource,
            params: step.key("params"),
        });
    }

    /// A name; one that only Concourse knows may be any.
    fn known(&mut self, name: &JsonPart<'json>) -> String {
        let text = name.text();
        self.is_open |= text.as_deref().is_none_or(is_unknown);
        text.unwrap_or_default()
    }
}
