//! The planner: validates, describes and plans an object.
//!
//! Nothing is asked of it, and nothing is answered, but of an object without its secrets.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::WorkingDirectory;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use oci_image_schema::interface::Interface;
use oci_image_schema::plan::BuildPlan;

use super::bindings::all;
use super::call::Call;
use super::checked_diagnostics::Texts;
use super::checked_interface;
use super::checked_plan::CheckedPlan;
use super::limits::Limits;
use super::linked::Linked;
use super::planner_error::PlannerError;
use super::pool::{self, Turns};
use super::refusal::{Mistakes, Refusal};
use super::sandbox::Sandbox;
use super::workspace::{NativeWorkspace, NoWorkspace, Workspace};
use super::{MAX_OBJECT, engine_config};
use oci_image_forms::inline_secrets::MaskedObject;

/// The planner, ready to be called.
pub struct Planner(Call);

impl Planner {
    /// The embedded planner.
    ///
    /// # Errors
    /// [`PlannerError::Load`] if it was compiled for another machine.
    pub fn load() -> Result<Self, PlannerError> {
        Ok(Self::new(Linked::embedded()?, Limits::default(), None))
    }

    /// The embedded planner for a program that calls it again and again, from at most so many threads at once: another waits
    /// for its turn. A call takes half as long as that of a planner from [`load`](Self::load), which is ready sooner.
    ///
    /// Each of the calls at once reserves 4 GiB of addresses, not of memory.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use oci_image_planner::{Planner, mask};
    ///
    /// let planner = Planner::pooled(NonZeroU32::MIN)?;
    /// for object in [r#"{"context": ".", "output": "image"}"#, r#"{"context": "app", "output": "image"}"#] {
    ///     assert!(planner.validate(&mask(object))?.is_empty());
    /// }
    /// # Ok::<(), oci_image_planner::PlannerError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlannerError::Load`] if it was compiled for another machine, or there are not as many addresses.
    pub fn pooled(calls_at_once: NonZeroU32) -> Result<Self, PlannerError> {
        let mut config = engine_config::engine_config();
        pool::of(calls_at_once.get(), &mut config);
        let turns = Turns::new(calls_at_once.get());
        let linked = Linked::copy(&config)?;
        Ok(Self::new(linked, Limits::default(), Some(turns)))
    }

    /// A planner from a component that was precompiled under [`engine_config`](self)'s configuration, with limits.
    ///
    /// # Errors
    /// [`PlannerError::Load`] if it does not fit this program or this machine.
    ///
    /// # Safety
    /// The bytes are the unchanged product of wasmtime's `precompile_component`: they hold machine code.
    pub unsafe fn from_component_bytes(
        precompiled: &[u8],
        limits: Limits,
    ) -> Result<Self, PlannerError> {
        // SAFETY: the caller's promise.
        let linked = unsafe { Linked::precompiled(precompiled) }?;
        Ok(Self::new(linked, limits, None))
    }

    fn new(linked: Linked, limits: Limits, turns: Option<Turns>) -> Self {
        Self(Call {
            linked,
            limits,
            turns,
            cancel: Cancel::default(),
        })
    }

    /// This planner, whose calls can be called off: they fail then as if their time were up.
    #[must_use]
    pub fn cancelled_by(self, cancel: &Cancel) -> Self {
        Self(Call {
            cancel: cancel.clone(),
            ..self.0
        })
    }

    /// Every defect of the object that can be seen without looking at a file.
    ///
    /// ```
    /// use oci_image_planner::{Planner, mask};
    ///
    /// let mistakes = Planner::load()?.validate(&mask(r#"{"context": ".", "outptu": "image"}"#))?;
    /// assert_eq!(mistakes[0].code, "unknown-key");
    /// # Ok::<(), oci_image_planner::PlannerError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn validate(&self, object: &MaskedObject) -> Result<Vec<Diagnostic>, PlannerError> {
        self.validate_metered(object).map(|(found, _)| found)
    }

    /// The same, with the fuel that it took: how much work an object is, the same on every machine.
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn validate_metered(
        &self,
        object: &MaskedObject,
    ) -> Result<(Vec<Diagnostic>, u64), PlannerError> {
        if let Some(diagnostic) = too_long(object) {
            return Ok((vec![diagnostic], 0));
        }
        let called = self.0.of(NoWorkspace, async |planner, store| {
            planner.call_validate(store, object.text()).await
        })?;
        let diagnostics = all(called.answer);
        texts(object, &called.sandbox)
            .check(&diagnostics)
            .map_err(PlannerError::Diagnostics)?;
        Ok((diagnostics, called.fuel))
    }

    /// What the message `build` of this object needs and gives, or every defect.
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn describe(
        &self,
        object: &MaskedObject,
    ) -> Result<Result<Interface, Vec<Diagnostic>>, PlannerError> {
        if let Some(diagnostic) = too_long(object) {
            return Ok(Err(vec![diagnostic]));
        }
        let called = self.0.of(NoWorkspace, async |planner, store| {
            planner.call_describe(store, object.text()).await
        })?;
        let result = called.answer.map(Into::into).map_err(all);
        match &result {
            Ok(interface) => {
                checked_interface::check(interface, object).map_err(PlannerError::Lie)?;
            }
            Err(diagnostics) => texts(object, &called.sandbox)
                .check_refusal(diagnostics)
                .map_err(PlannerError::Diagnostics)?,
        }
        Ok(result)
    }

    /// What is built in a working directory; or every defect, those of the files that the object names included.
    ///
    /// ```
    /// use oci_image_boundary::handle::WorkingDirectory;
    /// use oci_image_planner::{Planner, mask};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let directory = directory.path();
    /// # std::fs::write(directory.join("Dockerfile"), "FROM scratch")?;
    /// # std::fs::create_dir(directory.join("image"))?;
    /// let object = mask(r#"{"context": ".", "output": "image"}"#);
    /// let plan = Planner::load()?.plan(&object, &WorkingDirectory::open(directory)?)?;
    /// assert_eq!(plan.solves()[0].name, "image"); // checked: it is what the object asks for
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn plan(
        &self,
        object: &MaskedObject,
        directory: &WorkingDirectory,
    ) -> Result<CheckedPlan, Refusal> {
        self.plan_in(object, NativeWorkspace::new(directory, object))
    }

    /// The same in a workspace of one's own: one that is not of this machine, or answers for other paths than the object names.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn plan_in(
        &self,
        object: &MaskedObject,
        workspace: impl Workspace + 'static,
    ) -> Result<CheckedPlan, Refusal> {
        if let Some(diagnostic) = too_long(object) {
            return Err(Refusal::Mistakes(Mistakes {
                diagnostics: vec![diagnostic],
                files: BTreeMap::new(),
            }));
        }
        let called = self.0.of(workspace, async |planner, store| {
            planner.call_plan(store, object.text()).await
        })?;
        let texts = texts(object, &called.sandbox);
        match called.answer.map(BuildPlan::from).map_err(all) {
            Ok(plan) => {
                texts
                    .check_warnings(&plan.warnings)
                    .map_err(PlannerError::Diagnostics)?;
                let checked = CheckedPlan::new(plan, object, called.sandbox.answers());
                Ok(checked.map_err(PlannerError::Lie)?)
            }
            Err(diagnostics) => {
                texts
                    .check_refusal(&diagnostics)
                    .map_err(PlannerError::Diagnostics)?;
                Err(Refusal::Mistakes(Mistakes {
                    diagnostics,
                    files: called.sandbox.into_answers().into_texts(),
                }))
            }
        }
    }
}

fn texts<'a>(object: &'a MaskedObject, sandbox: &'a Sandbox) -> Texts<'a> {
    Texts {
        object: object.text(),
        files: sandbox.answers().texts(),
    }
}

/// The one defect of an object that is not even handed over.
fn too_long(object: &MaskedObject) -> Option<Diagnostic> {
    let length = object.text().len();
    (length > MAX_OBJECT).then(|| {
        let message = format!("the object holds {length} bytes, and may hold {MAX_OBJECT}");
        Diagnostic::new(Code::ObjectTooLarge, message)
            .at(Place::Object(Span { start: 0, end: 0 }))
            .help("put long lists into files: `build_args_file`, `labels_file`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci_image_forms::inline_secrets::mask;

    #[test]
    fn embedded_planner_loads_and_answers() {
        let planner = Planner::load().unwrap();

        let object = mask(r#"{"context": "app", "output": "image", "cache": true}"#);
        assert_eq!(planner.validate(&object).unwrap(), []);
        let interface = planner.describe(&object).unwrap().unwrap();
        assert_eq!(interface.inputs[0].name, "app");
        assert_eq!(interface.caches, ["cache"]);
        let Err(Refusal::Mistakes(mistakes)) = planner.plan_in(&object, NoWorkspace) else {
            panic!("nothing can be planned where nothing can be read");
        };
        assert_eq!(mistakes.diagnostics[0].code, "unreadable-file");
    }

    #[test]
    fn object_longer_than_the_limit_is_a_diagnostic_and_is_not_handed_over() {
        let object = mask(&format!("\"{}\"", " ".repeat(64 << 20)));

        let diagnostics = Planner::load().unwrap().validate(&object).unwrap();

        assert_eq!(diagnostics[0].code, "object-too-large");
    }
}
