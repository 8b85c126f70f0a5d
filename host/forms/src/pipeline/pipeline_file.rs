//! A pipeline, with the tasks in it that build images, and what is said of them.

use std::collections::BTreeMap;
use std::rc::Rc;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, FilePlace, Place, Span};

use super::build_task::BuildTask;
use super::found_task::TaskFinder;
use super::job;
use super::seen_text::SeenText;
use super::text::{PipelineText, Said};
use crate::idiom::Idiom;
use crate::report::Report;
use crate::source::secret_path::secret_place;
use crate::source::{Draft, NamedText, Remarks, Source, SourceMap};
use crate::yaml::JsonPart;

/// How much is told of a pipeline. More is told of no request; a file that repeats a mistake by aliases could tell millions.
const MOST: usize = 1000;

/// A pipeline, and the tasks in it that build images.
// No `Debug`: it would show secrets.
pub struct Pipeline {
    texts: Vec<Rc<PipelineText>>,
    tasks: Vec<BuildTask>,
    said: Vec<Said>,
}

impl Pipeline {
    /// Finds the tasks of a pipeline. `read` is asked for the file of a task, by its path as the pipeline names it; it answers nothing where
    /// none is there to be read.
    #[must_use]
    pub fn read(text: PipelineText, read: &mut dyn FnMut(&str) -> Option<PipelineText>) -> Self {
        let text = Rc::new(text);
        let pipeline = JsonPart::whole(text.document.json());
        let mut finder = TaskFinder::new(Rc::clone(&text), read);
        let (mut tasks, mut said) = (Vec::new(), Vec::new());
        for job in pipeline.key("jobs").iter().flat_map(JsonPart::items) {
            let mut judged = job::judge(&job, &mut finder);
            tasks.append(&mut judged.tasks);
            said.append(&mut judged.said);
        }
        Self {
            texts: finder.texts,
            tasks,
            said,
        }
    }

    /// How many tasks in it build images.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Where in the pipeline's JSON the configurations of those begin that are written in it.
    #[must_use]
    pub fn configs(&self) -> Vec<usize> {
        let configs = self.tasks.iter().map(|task| &task.config);
        let written = configs.filter(|config| config.text == 0);
        written.map(|config| config.range.start).collect()
    }

    /// A task as a file of its own, in JSON, and what was found in it by names and types. What is said of its source depends on nothing else.
    #[must_use]
    pub fn task(&self, task: usize) -> (&str, &[Diagnostic]) {
        let task = &self.tasks[task];
        (&task.text.json, &task.file.mistakes)
    }

    /// What a task's parameters say, as a source of their own, whose places are nobody's but this pipeline's.
    #[must_use]
    pub fn source(&self, task: usize) -> Source {
        let task = &self.tasks[task];
        let seen = task.file.seen(&task.text.json);
        let file = NamedText {
            name: None,
            text: seen.file,
        };
        let map = SourceMap::of_json(seen.object.text().to_owned()).through(seen.layer, vec![file]);
        let map = map.for_people();
        let remarks = Remarks {
            of_values: map.placed(1, task.file.mistakes.clone()),
            open: map.placed(1, task.file.unfilled.clone()),
            ..Remarks::default()
        };
        let draft = Draft {
            object: seen.object,
            start: 0,
            map,
            hidden: seen.hidden,
            idiom: Idiom::Parameters,
            remarks,
            is_judged: true,
        };
        Source::new(task.name.clone(), draft)
    }

    /// Takes what is said of a task's source.
    pub fn hear(&mut self, task: usize, said: Vec<Diagnostic>) {
        let task = &self.tasks[task];
        self.said.extend(said.into_iter().map(|one| task.said(one)));
    }

    /// All that is said of it, at its places.
    #[must_use]
    pub fn report(self) -> Report {
        let told = self.told();
        let mut seen: BTreeMap<usize, SeenText> = BTreeMap::new();
        for one in &told {
            let text = seen.entry(one.text);
            let text = text.or_insert_with(|| self.seen_text(one.text));
            if one.names_secret {
                text.conceal(one.span);
            }
        }
        let diagnostics = self.placed(told);
        let text = seen.remove(&0).map(SeenText::into_text);
        let named =
            |(number, seen): (usize, SeenText)| (self.texts[number].name.clone(), seen.into_text());
        Report {
            name: self.texts[0].name.clone(),
            text: text.unwrap_or_default(),
            object_start: 0,
            tasks: Some(self.tasks.len()),
            files: seen.into_iter().map(named).collect(),
            diagnostics,
        }
    }

    /// The same, for whom has the texts.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.placed(self.told())
    }

    /// What is told, as much of it as anybody wants to hear.
    fn placed(&self, told: Vec<ToldAt>) -> Vec<Diagnostic> {
        let has_more = told.len() > MOST;
        let told = told.into_iter().take(MOST);
        let mut diagnostics: Vec<Diagnostic> = told.map(|one| self.at_its_place(one)).collect();
        if has_more {
            let message = "there are more mistakes than are told";
            diagnostics.push(Diagnostic::new(Code::TooManyMistakes, message));
        }
        diagnostics
    }

    /// All that is said, in the order of the texts. What is written once and counts for many, by aliases or as a file, is one mistake.
    fn told(&self) -> Vec<ToldAt> {
        let said = self.said.iter().map(|said| ToldAt {
            text: said.part.text,
            span: self.texts[said.part.text].place(said.part.range.clone()),
            names_secret: secret_place(&said.diagnostic).is_some(),
            diagnostic: said.diagnostic.clone(),
        });
        let mut told: Vec<ToldAt> = said.chain(self.oddities()).collect();
        told.sort_by(|one, other| one.key().cmp(&other.key()));
        told.dedup_by(|one, other| one.key() == other.key());
        told
    }

    /// What is odd about the way in which the tasks are written. The rest is Concourse's.
    fn oddities(&self) -> impl Iterator<Item = ToldAt> {
        let mut parts: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for (part, _) in self.tasks.iter().flat_map(|task| task.text.parts()) {
            parts.entry(part.text).or_default().push(part.range);
        }
        parts.into_iter().flat_map(|(number, parts)| {
            let odd = self.texts[number].oddities(&parts);
            odd.map(move |(span, diagnostic)| ToldAt {
                text: number,
                span,
                names_secret: false,
                diagnostic: diagnostic.clone(),
            })
        })
    }

    /// What is said, at its place: in the pipeline, or in a file.
    fn at_its_place(&self, told: ToldAt) -> Diagnostic {
        let place = match told.text {
            0 => Place::Object(told.span),
            number => Place::File(FilePlace {
                path: self.texts[number].name.clone(),
                span: told.span,
            }),
        };
        told.diagnostic.at(place)
    }

    /// A text as people may see it: of values those of the tasks, without their secrets, and such as are no secrets anywhere.
    fn seen_text(&self, number: usize) -> SeenText {
        let mut seen = SeenText::of(&self.texts[number]);
        for task in &self.tasks {
            if number == 0 {
                task.names.iter().for_each(|part| seen.reveal_names(part));
            }
            let parts = task.text.parts();
            let parts: Vec<_> = parts.filter(|(part, _)| part.text == number).collect();
            if parts.is_empty() {
                continue;
            }
            let file = task.file.seen(&task.text.json).file;
            for (part, at) in parts {
                seen.reveal(part.range, &file[at]);
            }
        }
        seen.finish();
        seen
    }
}

/// What is told, and where.
struct ToldAt {
    text: usize,
    span: Span,
    /// Whether a secret may stand there.
    names_secret: bool,
    diagnostic: Diagnostic,
}

impl ToldAt {
    fn key(&self) -> (usize, u32, u32, &str, &str) {
        let Diagnostic { code, message, .. } = &self.diagnostic;
        (self.text, self.span.start, self.span.end, code, message)
    }
}
