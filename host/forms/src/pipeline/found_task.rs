//! Finds the task of a step: written within the pipeline, or in a file that is there to be read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::build_task::BuildTask;
use super::plan_step::TaskStep;
use super::resources::{ResourceKinds, repository_of};
use super::task_path::TaskPath;
use super::task_terms::{TaskDirectories, TaskTerms};
use super::task_text::TaskText;
use super::text::{PipelineText, TextPart};
use super::variable::is_unknown;
use crate::task::evidence::is_build;
use crate::task::file::{Program, TaskFile};
use crate::yaml::JsonPart;

/// How many files are read.
const MOST_FILES: usize = 1000;

/// Reads the file of a task, by its path as the pipeline names it; nothing where it is not there.
pub(super) type ReadFile<'f> = dyn FnMut(&str) -> Option<PipelineText> + 'f;

/// What the task of a step is.
pub(super) enum FoundTask {
    /// One that builds an image.
    Build(Box<BuildTask>),
    /// Another, which gives this.
    Another(TaskDirectories),
    /// Nobody can tell.
    Unknown,
}

/// Finds tasks.
pub(super) struct TaskFinder<'f> {
    pub(super) resources: ResourceKinds,
    /// The pipeline, and the files that were read.
    pub(super) texts: Vec<Rc<PipelineText>>,
    numbers: BTreeMap<String, Option<usize>>,
    read: &'f mut ReadFile<'f>,
}

impl<'f> TaskFinder<'f> {
    pub(super) fn new(pipeline: Rc<PipelineText>, read: &'f mut ReadFile<'f>) -> Self {
        Self {
            resources: ResourceKinds::of(&JsonPart::whole(pipeline.document.json())),
            texts: vec![pipeline],
            numbers: BTreeMap::new(),
            read,
        }
    }

    /// The task of a step. `fetched` are the artifacts of its job, with the resource of each.
    pub(super) fn find(&mut self, step: &TaskStep<'_>, fetched: &[(String, String)]) -> FoundTask {
        let number = match (step.step.key("config"), step.step.key("file")) {
            (Some(config), _) if config.is_map() => return self.judged(step, fetched, &config, 0),
            (None, Some(file)) => file.text().and_then(|path| self.file(&path)),
            _ => None,
        };
        let Some(number) = number else {
            return FoundTask::Unknown;
        };
        let text = Rc::clone(&self.texts[number]);
        let config = JsonPart::whole(text.document.json());
        if !config.is_map() {
            return FoundTask::Unknown;
        }
        self.judged(step, fetched, &config, number)
    }

    fn judged(
        &self,
        step: &TaskStep<'_>,
        fetched: &[(String, String)],
        config: &JsonPart<'_>,
        number: usize,
    ) -> FoundTask {
        let params = step.step.key("params");
        let text = TaskText::of(config, number, params.as_ref());
        let whole = JsonPart::whole(&text.json);
        let run = whole.key("run").map_or("null", |run| run.json());
        let repository = self.repository(step, fetched, config);
        let names: Vec<String> = (whole.key("params").iter())
            .flat_map(JsonPart::entries)
            .map(|entry| entry.name)
            .collect();
        let names = names.iter().map(String::as_str);
        let terms = TaskTerms::of(&whole);
        if !is_build(&Program::of(run), repository.as_deref(), names) {
            return FoundTask::Another(terms.outputs);
        }
        let file = TaskFile::of_config(&text.json, &|part| self.plain_scalar(&text, part));
        let range = config.range();
        let mappings = ["input_mapping", "output_mapping"];
        let mappings = mappings.iter().filter_map(|key| step.step.key(key));
        FoundTask::Build(Box::new(BuildTask {
            name: step.name.text().unwrap_or_default(),
            step: TextPart {
                text: 0,
                range: step.name.range(),
            },
            config: TextPart {
                text: number,
                range: range.start..range.start + 1,
            },
            names: mappings.map(|part| part.range()).collect(),
            text,
            file,
            terms,
        }))
    }

    /// Whether a part is written in the pipeline, where it counts for nobody else.
    pub(super) fn is_of_step_alone(&self, part: &TextPart) -> bool {
        let written = self.texts[part.text]
            .document
            .written_out(part.range.clone());
        part.text == 0 && written == part.range
    }

    /// How a plain scalar of a task is written.
    fn plain_scalar(&self, task: &TaskText, part: Range<usize>) -> Option<&str> {
        let written = task.written(&part)?;
        let text = &self.texts[written.text];
        text.document.plain_scalar(&text.text, written.range)
    }

    /// The repository of the image that a task runs in.
    fn repository(
        &self,
        step: &TaskStep<'_>,
        fetched: &[(String, String)],
        config: &JsonPart<'_>,
    ) -> Option<String> {
        let Some(image) = step.step.key("image").filter(|image| !image.is_null()) else {
            return config
                .key("image_resource")
                .and_then(|image| repository_of(&image));
        };
        let artifact = image.text()?;
        let resource = fetched.iter().find(|(name, _)| *name == artifact);
        let resource = resource.map(|(_, resource)| &**resource)?;
        self.resources.repository(resource).map(str::to_owned)
    }

    /// The number of a file, which is read once.
    fn file(&mut self, path: &str) -> Option<usize> {
        let is_below = TaskPath::of("", path).is_some_and(|path| !path.is_top());
        if is_unknown(path) || !is_below {
            return None;
        }
        if let Some(number) = self.numbers.get(path) {
            return *number;
        }
        let text = if self.numbers.len() < MOST_FILES {
            (self.read)(path)
        } else {
            None
        };
        let number = text.map(|text| {
            self.texts.push(Rc::new(text));
            self.texts.len() - 1
        });
        self.numbers.insert(path.to_owned(), number);
        number
    }
}
