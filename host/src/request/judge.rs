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

/// What was said of objects: those that were asked about last, and those before.
#[derive(Default)]
pub(crate) struct Known {
    now: HashMap<String, Vec<Diagnostic>>,
    before: HashMap<String, Vec<Diagnostic>>,
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
            now: HashMap::new(),
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
        if let Some(said) = known.now.get(object.text()) {
            return Ok(said.clone());
        }
        let said = match known.before.remove(object.text()) {
            Some(said) => said,
            None => self.planner()?.validate(object)?,
        };
        known.now.insert(object.text().to_owned(), said.clone());
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

    use super::*;

    #[test]
    fn what_is_said_is_known_as_long_as_the_object_is_there() {
        let judge = Judge::lasting(&Cancel::default());
        let (sound, wrong) = (
            mask(r#"{"context": ".", "output": "image"}"#),
            mask(r#"{"context": ".", "outptu": "image"}"#),
        );
        let known = |known: &Known| {
            let mut objects: Vec<&str> = known.now.keys().map(String::as_str).collect();
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
        assert!(judge.known.borrow().now.is_empty());
    }
}
