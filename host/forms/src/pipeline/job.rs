//! A job: the tasks in it that build images, and whether its steps give each other what they read.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;

use super::artifacts::{Artifacts, Giver};
use super::build_task::{BuildTask, IMAGE};
use super::found_task::{FoundTask, TaskFinder};
use super::plan_step::{JobSteps, PutStep, TaskStep};
use super::task_path::{TaskPath, nearest, quoted};
use super::task_terms::TaskDirectory;
use super::text::{Said, TextPart};
use super::variable::{is_filled_in, is_unknown};
use crate::yaml::JsonPart;

/// The archive that a build writes, and the layout in its place.
const FILES: [&str; 2] = ["image.tar", "image"];

/// A job with what was found in it.
#[derive(Default)]
pub(super) struct JudgedJob {
    pub(super) tasks: Vec<BuildTask>,
    pub(super) said: Vec<Said>,
}

/// What a job's steps give, while they are judged.
struct JobJudge<'job, 'json> {
    name: String,
    steps: &'job JobSteps<'json>,
    /// The builds, each with its number among the steps.
    tasks: Vec<(usize, BuildTask)>,
    artifacts: Artifacts,
    said: Vec<Said>,
}

/// Judges a job.
pub(super) fn judge(job: &JsonPart<'_>, finder: &mut TaskFinder<'_>) -> JudgedJob {
    let steps = JobSteps::of(job);
    if steps.tasks.is_empty() {
        return JudgedJob::default();
    }
    let name = job.key("name").and_then(|name| name.text());
    let mut judge = JobJudge {
        name: name.unwrap_or_default(),
        steps: &steps,
        tasks: Vec::new(),
        artifacts: Artifacts::of_job(steps.is_open),
        said: Vec::new(),
    };
    judge.find(finder);
    if !judge.tasks.is_empty() {
        judge.judge(finder);
    }
    JudgedJob {
        tasks: judge.tasks.into_iter().map(|(_, task)| task).collect(),
        said: judge.said,
    }
}

impl JobJudge<'_, '_> {
    /// Finds the tasks that build, and who gives what.
    fn find(&mut self, finder: &mut TaskFinder<'_>) {
        for (name, _) in &self.steps.fetched {
            self.artifacts.give(name, Giver::Another);
        }
        for (number, step) in self.steps.tasks.iter().enumerate() {
            let mapping = Mapping::of(step, "output_mapping");
            let outputs = match finder.find(step, &self.steps.fetched) {
                FoundTask::Build(task) => {
                    let index = self.tasks.len();
                    let direct = task.terms.is_direct.then_some(index);
                    let outputs = task.terms.outputs.clone();
                    self.tasks.push((number, *task));
                    Some((outputs, direct))
                }
                FoundTask::Another(outputs) => Some((outputs, None)),
                FoundTask::Unknown => None,
            };
            let Some((outputs, build)) = outputs else {
                self.artifacts.are_more = true;
                continue;
            };
            self.artifacts.are_more |= outputs.are_more || mapping.is_unknown;
            for output in &outputs.known {
                let giver = match build {
                    Some(task) => Giver::Build {
                        task,
                        path: output.path.clone(),
                    },
                    None => Giver::Another,
                };
                self.artifacts.give(&mapping.artifact(&output.name), giver);
            }
        }
    }

    fn judge(&mut self, finder: &TaskFinder<'_>) {
        for index in 0..self.tasks.len() {
            let (number, task) = &self.tasks[index];
            let mut said = task.judge();
            let step = &self.steps.tasks[*number];
            self.judge_inputs(task, step, finder, &mut said);
            judge_privileges(task, step, &mut said);
            self.said.append(&mut said);
        }
        for put in &self.steps.puts {
            if finder.resources.takes_image(&put.resource) {
                self.judge_put(put);
            }
        }
        for step in &self.steps.tasks {
            self.judge_image_of(step);
        }
    }

    /// Each input is given by a step of the job.
    fn judge_inputs(
        &self,
        task: &BuildTask,
        step: &TaskStep<'_>,
        finder: &TaskFinder<'_>,
        said: &mut Vec<Said>,
    ) {
        let mapping = Mapping::of(step, "input_mapping");
        let needed = |input: &&TaskDirectory| !input.is_optional;
        for input in task.terms.inputs.known.iter().filter(needed) {
            let artifact = mapping.artifact(&input.name);
            if mapping.is_unknown || is_unknown(&artifact) || !self.artifacts.lack(&artifact) {
                continue;
            }
            let message = format!(
                "no step of the job {} gives {}, an input of the task {}",
                quoted(&self.name),
                quoted(&artifact),
                quoted(&task.name)
            );
            let help = match nearest(&artifact, self.artifacts.names()) {
                Some(meant) => format!("did you mean {}?", quoted(meant)),
                None => "fetch it by a `get` before the task, or name another artifact for it in `input_mapping`".to_owned(),
            };
            let diagnostic = Diagnostic::new(Code::MissingArtifact, message).help(help);
            let mapped = mapping.part(&input.name).map(|part| in_pipeline(&part));
            // What others share is right for them: then it is the step that is wrong.
            let own = task.text.written(&input.part);
            let own = own.filter(|part| finder.is_of_step_alone(part));
            let part = mapped.or(own).unwrap_or_else(|| task.step.clone());
            said.push(Said { part, diagnostic });
        }
    }

    /// What is pushed is what a step writes.
    fn judge_put(&mut self, put: &PutStep<'_>) {
        let image = put.params.as_ref().and_then(|params| params.key("image"));
        let Some((part, path)) = image.and_then(|part| Some((part.range(), part.text()?))) else {
            return;
        };
        let is_pattern = path.contains(['*', '?', '[', '{', '\\']);
        let place = TaskPath::of("", &path).filter(|_| !is_unknown(&path));
        let Some((artifact, rest)) = place.as_ref().and_then(TaskPath::split) else {
            return;
        };
        let found = if artifact.contains(['*', '?', '[']) {
            None
        } else if self.artifacts.lack(artifact) {
            Some(self.missing(artifact, &rest))
        } else if let Some((task, IMAGE)) = self.artifacts.built(artifact).filter(|_| !is_pattern) {
            self.wrong_file(&self.tasks[task].1, artifact, &rest)
        } else {
            None
        };
        self.said.extend(found.map(|diagnostic| Said {
            part: TextPart {
                text: 0,
                range: part,
            },
            diagnostic,
        }));
    }

    /// Nobody gives what a `put` reads.
    fn missing(&self, artifact: &str, rest: &str) -> Diagnostic {
        let message = format!(
            "no step of the job {} gives {}, which is read here",
            quoted(&self.name),
            quoted(artifact)
        );
        let builds = || {
            self.artifacts
                .names()
                .filter_map(|name| Some((name, self.artifacts.built(name)?)))
        };
        let image = builds().find(|(_, (_, path))| *path == IMAGE);
        let help = match (image, &self.tasks[..]) {
            (Some((name, (task, _))), _) => format!(
                "the task {} gives its image as {}: write {}",
                quoted(&self.tasks[task].1.name),
                quoted(name),
                quoted(&format!("{name}/{rest}"))
            ),
            (None, [(_, task)]) if artifact == IMAGE => format!(
                "add `- name: image` to the `outputs` of the task {}",
                quoted(&task.name)
            ),
            _ => match nearest(artifact, self.artifacts.names()) {
                Some(meant) => format!("did you mean {}?", quoted(meant)),
                None => "name an output of a task of this job".to_owned(),
            },
        };
        Diagnostic::new(Code::MissingArtifact, message).help(help)
    }

    /// A build writes an archive or a layout, and the other is read.
    fn wrong_file(&self, task: &BuildTask, artifact: &str, rest: &str) -> Option<Diagnostic> {
        let is_known = !task.text.has_more;
        let layout = task.terms.makes_layout().filter(|_| is_known)?;
        let [archive, directory] = FILES;
        let (right, wrong) = if layout {
            (directory, archive)
        } else {
            (archive, directory)
        };
        if rest == right || !rest.is_empty() && rest != wrong {
            return None;
        }
        let written = if layout {
            "an OCI layout"
        } else {
            "an archive"
        };
        let message = format!(
            "the task {} writes {written}, which is not here",
            quoted(&task.name)
        );
        let mut help = format!("write {}", quoted(&format!("{artifact}/{right}")));
        if !layout {
            help.push_str(", or add `OUTPUT_OCI: true` to the task's `params`");
        }
        Some(Diagnostic::new(Code::WrongImageFile, message).help(help))
    }

    /// A task runs in an image that another unpacks.
    fn judge_image_of(&mut self, step: &TaskStep<'_>) {
        let image = step.step.key("image");
        let Some((part, artifact)) = image.and_then(|part| Some((part.range(), part.text()?)))
        else {
            return;
        };
        let Some((task, IMAGE)) = self.artifacts.built(&artifact) else {
            return;
        };
        let task = &self.tasks[task].1;
        if task.terms.flag("UNPACK_ROOTFS") != Some(false) || task.text.has_more {
            return;
        }
        let message = format!(
            "a task runs in the root filesystem of its image, and the task {} writes none",
            quoted(&task.name)
        );
        let help = format!(
            "add `UNPACK_ROOTFS: true` to the `params` of {}",
            quoted(&task.name)
        );
        self.said.push(Said {
            part: TextPart {
                text: 0,
                range: part,
            },
            diagnostic: Diagnostic::new(Code::WrongImageFile, message).help(help),
        });
    }
}

/// A build mounts file systems, where its daemon is.
fn judge_privileges(task: &BuildTask, step: &TaskStep<'_>, said: &mut Vec<Said>) {
    if task.terms.is_elsewhere {
        return;
    }
    let privileged = step.step.key("privileged");
    let is_missing = privileged
        .as_ref()
        .is_none_or(|part| ["false", "null"].contains(&part.json()));
    if is_missing {
        let message = format!(
            "the task {} is not privileged, and a build mounts file systems",
            quoted(&task.name)
        );
        said.push(Said {
            part: privileged.map_or_else(|| task.step.clone(), |part| in_pipeline(&part)),
            diagnostic: Diagnostic::new(Code::UnprivilegedTask, message)
                .help("add `privileged: true` to the step"),
        });
    }
}

fn in_pipeline(part: &JsonPart<'_>) -> TextPart {
    TextPart {
        text: 0,
        range: part.range(),
    }
}

/// Other names for the artifacts of a task.
struct Mapping<'json> {
    map: Option<JsonPart<'json>>,
    is_unknown: bool,
}

impl<'json> Mapping<'json> {
    fn of(step: &TaskStep<'json>, key: &str) -> Self {
        let map = step.step.key(key);
        let is_unknown = map.as_ref().is_some_and(is_filled_in);
        Self { map, is_unknown }
    }

    /// Where another name is written.
    fn part(&self, name: &str) -> Option<JsonPart<'json>> {
        self.map.as_ref()?.key(name)
    }

    /// The artifact that is meant by a name.
    fn artifact(&self, name: &str) -> String {
        let other = self.part(name).and_then(|part| part.text());
        other.unwrap_or_else(|| name.to_owned())
    }
}
