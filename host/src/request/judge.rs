//! Who judges objects: the planner, which is loaded when it is first asked, and asked once about each object.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::mem;
use std::num::NonZeroU32;

use oci_image::boundary::cancel::Cancel;
use oci_image::planner::{MaskedObject, Planner, PlannerError};
use oci_image_schema::diagnostic::Diagnostic;

/// Who judges objects.
pub(crate) struct Judge {
    planner: OnceCell<Planner>,
    cancel: Cancel,
    /// How many calls memory is kept for.
    pooled: Option<NonZeroU32>,
    known: RefCell<Known>,
}

/// What was said of objects and tasks: those that were asked about last, and those before.
#[derive(Default)]
pub(crate) struct Known {
    now: Answers,
    before: Answers,
}

/// What was said.
#[derive(Default)]
struct Answers {
    objects: HashMap<String, Vec<Diagnostic>>,
    /// By the task in JSON.
    tasks: HashMap<String, KnownTask>,
}

/// What was said of a task, and what had been found in it before.
struct KnownTask {
    found: Vec<Diagnostic>,
    said: Vec<Diagnostic>,
}

impl Judge {
    /// One that is asked once or a few times.
    pub(crate) fn new(cancel: &Cancel) -> Self {
        Self {
            planner: OnceCell::new(),
            cancel: cancel.clone(),
            pooled: None,
            known: RefCell::default(),
        }
    }

    /// One that is asked again and again.
    pub(crate) fn lasting(cancel: &Cancel) -> Self {
        Self {
            pooled: Some(NonZeroU32::MIN),
            ..Self::new(cancel)
        }
    }

    /// Begins a text, of which so much is known.
    pub(crate) fn begin(&self, known: Known) {
        *self.known.borrow_mut() = Known {
            now: Answers::default(),
            before: known.now,
        };
    }

    /// Ends it: what is known of it now.
    pub(crate) fn end(&self) -> Known {
        mem::take(&mut self.known.borrow_mut())
    }

    /// Every mistake that can be seen without looking at a file.
    pub(super) fn judge(&self, object: &MaskedObject) -> Result<Vec<Diagnostic>, PlannerError> {
        let mut known = self.known.borrow_mut();
        if let Some(said) = known.now.objects.get(object.text()) {
            return Ok(said.clone());
        }
        let said = match known.before.objects.remove(object.text()) {
            Some(said) => said,
            None => self.planner()?.validate(object)?,
        };
        let objects = &mut known.now.objects;
        objects.insert(object.text().to_owned(), said.clone());
        Ok(said)
    }

    /// What is said of a task, which is `json`, and in which this was found; by `ask`, if that is not known.
    pub(super) fn of_task(
        &self,
        json: &str,
        found: &[Diagnostic],
        ask: impl FnOnce() -> Result<Vec<Diagnostic>, PlannerError>,
    ) -> Result<Vec<Diagnostic>, PlannerError> {
        let is_same = |task: &&KnownTask| task.found == found;
        let mut known = self.known.borrow_mut();
        if let Some(task) = known.now.tasks.get(json).filter(is_same) {
            return Ok(task.said.clone());
        }
        let task = known.before.tasks.remove_entry(json);
        let task = task.filter(|(_, task)| is_same(&task));
        drop(known);
        let (json, task) = match task {
            Some(task) => task,
            None => {
                let (found, said) = (found.to_vec(), ask()?);
                (json.to_owned(), KnownTask { found, said })
            }
        };
        let said = task.said.clone();
        self.known.borrow_mut().now.tasks.insert(json, task);
        Ok(said)
    }

    /// What asks for the end.
    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn planner(&self) -> Result<&Planner, PlannerError> {
        if let Some(planner) = self.planner.get() {
            return Ok(planner);
        }
        let planner = match self.pooled {
            Some(calls) => Planner::pooled(calls)?,
            None => Planner::load()?,
        };
        Ok(self
            .planner
            .get_or_init(|| planner.cancelled_by(&self.cancel)))
    }
}

#[cfg(test)]
mod tests {
    use oci_image::planner::mask;
    use oci_image_schema::code::Code;

    use super::*;

    #[test]
    fn what_is_said_is_known_as_long_as_the_object_is_there() {
        let judge = Judge::lasting(&Cancel::default());
        let (sound, wrong) = (
            mask(r#"{"context": ".", "output": "image"}"#),
            mask(r#"{"context": ".", "outptu": "image"}"#),
        );
        let known = |known: &Known| {
            let objects = known.now.objects.keys();
            let mut objects: Vec<&str> = objects.map(String::as_str).collect();
            objects.sort_unstable();
            objects.join(" ")
        };

        judge.begin(Known::default());
        assert_eq!(judge.judge(&sound).unwrap(), []);
        let said = judge.judge(&wrong).unwrap();
        assert_eq!(said[0].code, "unknown-key");
        let first = judge.end();
        assert_eq!(known(&first), format!("{} {}", wrong.text(), sound.text()));

        judge.begin(first);
        assert_eq!(judge.judge(&wrong).unwrap(), said);
        let second = judge.end();
        assert_eq!(known(&second), wrong.text());
        assert!(judge.known.borrow().now.objects.is_empty());
    }

    #[test]
    fn task_is_judged_once_until_it_or_what_was_found_in_it_is_another() {
        let judge = Judge::new(&Cancel::default());
        let asked = RefCell::new(Vec::new());
        let found = |message: &str| vec![Diagnostic::new(Code::RewrittenValue, message)];
        let ask = |json: &str, found: &[Diagnostic]| {
            let said = judge.of_task(json, found, || {
                asked.borrow_mut().push(json.to_owned());
                Ok(vec![Diagnostic::new(Code::BadTarget, json)])
            });
            assert_eq!(said.unwrap()[0].message, json);
            mem::take(&mut *asked.borrow_mut())
        };
        assert_eq!(ask("a", &[]), ["a"]);
        assert_eq!(ask("a", &[]), [""; 0]);
        assert_eq!(ask("b", &[]), ["b"]);
        assert_eq!(ask("a", &found("x")), ["a"]);

        judge.begin(judge.end());
        assert_eq!(ask("a", &found("x")), [""; 0]);
        assert_eq!(ask("a", &found("y")), ["a"]);
        judge.begin(judge.end());
        assert_eq!(ask("a", &found("y")), [""; 0]);
        assert_eq!(ask("b", &[]), ["b"]);
    }
}
