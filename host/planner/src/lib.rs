//! The planner in its sandbox: an object's text goes in, a plan or diagnostics come out.
//!
//! The planner is a WebAssembly component, built from `guest/` and embedded. It sees the object and what the workspace
//! answers; it has no file, clock, network, environment or randomness, and its memory, instructions, calls and time are
//! limited. Whatever it does, loop, sleep, trap, exit, lie, ends as a [`PlannerError`]. A call starts from nothing: a store
//! of its own, because after a trap an instance is dead.
//!
//! In the order of a request's way:
//!
//! - [`inline_secrets`]: the texts of secrets are taken out of the object.
//! - [`secret_name`]: names before which a secret may stand, however they are spelt.
//! - [`workspace`]: what the planner may ask, answered natively, for the `named_paths` of the object only: those of its
//!   `sound_part`, and the `content` of directories; by `path`, which compares them.
//! - `embedded`: the component; `engine_config`: under which configuration it is compiled and run.
//! - `sandbox`: the state of a call; `wasi`: the empty world that std starts in; `ledger`: what the call used; `limits` and `deadline`:
//!   how much, how long; `pool`: for callers that call often.
//! - `bindings`: the contract's records, to the schema's types.
//! - [`answers`]: what the workspace answered.
//! - `asked`: what the object asks for, in the host's own reading; `asked_config`: of the daemon; by `file_pairs` and `yaml_pairs`, which read the
//!   files that it names.
//! - [`checked_plan`]: the plan, checked before it is obeyed, its configuration of the daemon by `checked_config`; `lie`: what is found.
//!   An interface is checked by `checked_interface`, diagnostics by `checked_diagnostics`.
//!
//! Reads: what the workspace reads. Writes: nothing. Unknown here: the daemon, the session, images.
//! Source: `schema/planner.wit`.

pub mod answers;
mod asked;
mod asked_config;
mod bindings;
mod checked_config;
mod checked_diagnostics;
mod checked_interface;
pub mod checked_plan;
mod content;
mod deadline;
mod embedded;
mod engine_config;
mod file_pairs;
pub mod inline_secrets;
mod ledger;
mod lie;
mod limits;
mod named_paths;
mod path;
mod pool;
mod sandbox;
pub mod secret_name;
mod sound_part;
mod wasi;
pub mod workspace;
mod yaml_pairs;

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use oci_image_schema::interface::Interface;
use oci_image_schema::object::Object;
use oci_image_schema::plan::BuildPlan;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store, Trap};
use wasmtime_wasi::I32Exit;

pub use self::checked_diagnostics::UnsoundDiagnostic;
pub use self::limits::{Limit, Limits};

use oci_image_boundary::cancel::Cancel;

use self::bindings::exports::oci_image::planner::planner::Guest;
use self::bindings::{ImagePlannerPre, all, workspace as contract};
use self::checked_diagnostics::Texts;
use self::checked_plan::{CheckedPlan, LyingPlanner};
use self::deadline::{FUEL_BETWEEN_LOOKS, run_until};
use self::pool::Turns;
use self::sandbox::Sandbox;
use self::workspace::{NoWorkspace, Workspace};

/// How long an object may be that is handed to the planner, in bytes.
// The planner's own limit too. That on memory would end a longer one as a fault of the planner.
pub const MAX_OBJECT: usize = 4 << 20;

/// The planner did not do its work. No fault of the object.
#[derive(Debug, thiserror::Error)]
pub enum PlannerError {
    /// The embedded component does not fit this program or this machine.
    #[error("the planner cannot be loaded")]
    Load(#[source] Box<dyn Error + Send + Sync>),
    /// It wanted more than it may have.
    #[error(
        "the planner needs more than {limit}, which is its limit{}",
        printed(stderr)
    )]
    Limit {
        /// Which.
        limit: Limit,
        /// The end of what it printed.
        stderr: String,
    },
    /// It stopped in any other way: a trap, a panic, an exit, a call to something that it may not have.
    #[error("the planner stopped without an answer{}", printed(stderr))]
    Stopped {
        /// The end of what it printed.
        stderr: String,
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It answered, and its diagnostics cannot be right.
    #[error("the planner's diagnostics make no sense")]
    Diagnostics(#[source] UnsoundDiagnostic),
    /// It answered, and its answer is not what was asked for.
    #[error("the planner's answer is refused")]
    Lie(#[source] LyingPlanner),
}

fn printed(stderr: &str) -> String {
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; it printed: {stderr}")
    }
}

/// A plan or, in its place, diagnostics; and the files that were looked at on the way.
#[derive(Debug)]
pub struct Planned {
    /// What is built, checked; or every defect.
    pub result: Result<CheckedPlan, Vec<Diagnostic>>,
    /// The text of each file that the planner read, by the path that the object gives: diagnostics point into them.
    pub files: BTreeMap<String, String>,
}

/// The planner, ready to be called.
pub struct Planner {
    linked: Linked,
    limits: Limits,
    /// Who may call, where memory is for so many only.
    turns: Option<Turns>,
    /// Asks for the end of a call before its time is up.
    cancel: Cancel,
}

/// What a call leaves.
struct Called<T> {
    answer: T,
    /// What it saw and printed.
    sandbox: Sandbox,
    /// The fuel that it took.
    fuel: u64,
}

/// A component with what it may import.
#[derive(Clone)]
struct Linked {
    engine: Engine,
    component: ImagePlannerPre<Sandbox>,
}

/// The embedded component, once it was loaded.
static EMBEDDED: Mutex<Option<Linked>> = Mutex::new(None);

impl Planner {
    /// The embedded planner.
    ///
    /// # Errors
    /// [`PlannerError::Load`] if it was compiled for another machine.
    pub fn load() -> Result<Self, PlannerError> {
        let mut embedded = EMBEDDED.lock().unwrap_or_else(PoisonError::into_inner);
        let linked = match &*embedded {
            Some(linked) => linked.clone(),
            None => {
                let load = || {
                    let (engine, component) = embedded::load(engine_config::engine_config())?;
                    Linked::new(engine, &component)
                };
                let linked: Linked = load().map_err(load_error)?;
                embedded.insert(linked).clone()
            }
        };
        Ok(Self {
            linked,
            limits: Limits::default(),
            turns: None,
            cancel: Cancel::default(),
        })
    }

    /// The embedded planner for a program that calls it again and again, from at most so many threads at once: another waits
    /// for its turn. A call takes half as long as that of a planner from [`load`](Self::load), which is ready sooner.
    ///
    /// Each of the calls at once reserves 4 GiB of addresses, not of memory.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use oci_image_planner::Planner;
    ///
    /// let planner = Planner::pooled(NonZeroU32::MIN)?;
    /// for object in [r#"{"context": ".", "output": "image"}"#, r#"{"context": "app", "output": "image"}"#] {
    ///     assert!(planner.validate(object)?.is_empty());
    /// }
    /// # Ok::<(), oci_image_planner::PlannerError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlannerError::Load`] if it was compiled for another machine, or there are not as many addresses.
    pub fn pooled(calls_at_once: NonZeroU32) -> Result<Self, PlannerError> {
        let load = || {
            let mut config = engine_config::engine_config();
            pool::of(calls_at_once.get(), &mut config);
            let (engine, component) = embedded::copy(&config)?;
            Linked::new(engine, &component)
        };
        Ok(Self {
            linked: load().map_err(load_error)?,
            limits: Limits::default(),
            turns: Some(Turns::new(calls_at_once.get())),
            cancel: Cancel::default(),
        })
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
        let load = || {
            let engine = Engine::new(&engine_config::engine_config())?;
            // SAFETY: the caller's promise.
            let component = unsafe { Component::deserialize(&engine, precompiled) }?;
            Linked::new(engine, &component)
        };
        Ok(Self {
            linked: load().map_err(load_error)?,
            limits,
            turns: None,
            cancel: Cancel::default(),
        })
    }

    /// This planner, whose calls can be called off: they fail then as if their time were up.
    #[must_use]
    pub fn cancelled_by(self, cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            ..self
        }
    }

    /// Every defect of the object that can be seen without looking at a file.
    ///
    /// ```
    /// use oci_image_planner::Planner;
    ///
    /// let mistakes = Planner::load()?.validate(r#"{"context": ".", "outptu": "image"}"#)?;
    /// assert_eq!(mistakes[0].code, "unknown-key");
    /// # Ok::<(), oci_image_planner::PlannerError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn validate(&self, object: &str) -> Result<Vec<Diagnostic>, PlannerError> {
        self.validate_metered(object).map(|(found, _)| found)
    }

    /// The same, with the fuel that it took: how much work an object is, the same on every machine.
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn validate_metered(&self, object: &str) -> Result<(Vec<Diagnostic>, u64), PlannerError> {
        if let Some(diagnostic) = too_long(object) {
            return Ok((vec![diagnostic], 0));
        }
        let called = self.call(NoWorkspace, async |planner, store| {
            planner.call_validate(store, object).await
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
        object: &str,
    ) -> Result<Result<Interface, Vec<Diagnostic>>, PlannerError> {
        if let Some(diagnostic) = too_long(object) {
            return Ok(Err(vec![diagnostic]));
        }
        let called = self.call(NoWorkspace, async |planner, store| {
            planner.call_describe(store, object).await
        })?;
        let result = called.answer.map(Into::into).map_err(all);
        match &result {
            Ok(interface) => {
                checked_interface::check(interface, &parsed(object)?).map_err(PlannerError::Lie)?;
            }
            Err(diagnostics) => texts(object, &called.sandbox)
                .check_refusal(diagnostics)
                .map_err(PlannerError::Diagnostics)?,
        }
        Ok(result)
    }

    /// What is built; or every defect, those of the files that the object names included.
    ///
    /// ```
    /// use oci_image_planner::{Planner, workspace::NativeWorkspace};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let directory = directory.path();
    /// # std::fs::write(directory.join("Dockerfile"), "FROM scratch")?;
    /// # std::fs::create_dir(directory.join("image"))?;
    /// let object = r#"{"context": ".", "output": "image"}"#;
    /// let workspace = NativeWorkspace::open(directory, object)?;
    /// let plan = Planner::load()?.plan(object, workspace)?.result.expect("no defect");
    /// assert_eq!(plan.solves()[0].name, "image"); // checked: it is what the object asks for
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PlannerError`] if the planner fails.
    pub fn plan(
        &self,
        object: &str,
        workspace: impl Workspace + 'static,
    ) -> Result<Planned, PlannerError> {
        if let Some(diagnostic) = too_long(object) {
            return Ok(Planned {
                result: Err(vec![diagnostic]),
                files: BTreeMap::new(),
            });
        }
        let called = self.call(workspace, async |planner, store| {
            planner.call_plan(store, object).await
        })?;
        let texts = texts(object, &called.sandbox);
        let result = match called.answer.map(BuildPlan::from).map_err(all) {
            Ok(plan) => {
                texts
                    .check_warnings(&plan.warnings)
                    .map_err(PlannerError::Diagnostics)?;
                let checked = CheckedPlan::new(plan, &parsed(object)?, called.sandbox.answers());
                Ok(checked.map_err(PlannerError::Lie)?)
            }
            Err(diagnostics) => {
                texts
                    .check_refusal(&diagnostics)
                    .map_err(PlannerError::Diagnostics)?;
                Err(diagnostics)
            }
        };
        Ok(Planned {
            result,
            files: called.sandbox.into_answers().into_texts(),
        })
    }

    /// One call, in a store of its own.
    fn call<T>(
        &self,
        workspace: impl Workspace + 'static,
        function: impl AsyncFnOnce(&Guest, &mut Store<Sandbox>) -> wasmtime::Result<T>,
    ) -> Result<Called<T>, PlannerError> {
        let _turn = self.turns.as_ref().map(Turns::wait);
        let end = Instant::now() + self.limits.time;
        let mut store = Store::new(
            &self.linked.engine,
            Sandbox::new(self.limits, Box::new(workspace)),
        );
        store.limiter(|sandbox| sandbox);
        store.set_hostcall_fuel(self.limits.answer);
        let result = run_until(end, &self.cancel, async {
            store.set_fuel(self.limits.fuel)?;
            store.fuel_async_yield_interval(Some(FUEL_BETWEEN_LOOKS))?;
            let planner = self.linked.component.instantiate_async(&mut store).await?;
            function(planner.oci_image_planner_planner(), &mut store).await
        })
        .unwrap_or_else(|| Err(Limit::Time(self.limits.time).into()));
        match result {
            Ok(answer) => Ok(Called {
                answer,
                fuel: self.limits.fuel - store.get_fuel().unwrap_or_default(),
                sandbox: store.into_data(),
            }),
            Err(error) => Err(self.failure(error, store.data().stderr())),
        }
    }

    fn failure(&self, error: wasmtime::Error, stderr: String) -> PlannerError {
        let limit = match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Some(Limit::Fuel(self.limits.fuel)),
            Some(Trap::StackOverflow) => Some(Limit::Stack),
            _ => error.downcast_ref::<Limit>().copied(),
        };
        if let Some(limit) = limit {
            return PlannerError::Limit { limit, stderr };
        }
        PlannerError::Stopped {
            stderr,
            source: match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(status)) => format!("it exited with status {status}").into(),
                None => error.into_boxed_dyn_error(),
            },
        }
    }
}

impl Linked {
    fn new(engine: Engine, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(&engine);
        contract::add_to_linker::<Sandbox, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
        wasi::link(&mut linker, &engine, component)?;
        let component = ImagePlannerPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { engine, component })
    }
}

fn load_error(error: wasmtime::Error) -> PlannerError {
    PlannerError::Load(error.into_boxed_dyn_error())
}

fn texts<'a>(object: &'a str, sandbox: &'a Sandbox) -> Texts<'a> {
    Texts {
        object,
        files: sandbox.answers().texts(),
    }
}

/// An object that the planner found sound.
fn parsed(object: &str) -> Result<Object, PlannerError> {
    let no_object = |error| PlannerError::Lie(LyingPlanner::Object(error));
    serde_json::from_str(object).map_err(no_object)
}

/// The one defect of an object that is not even handed over.
fn too_long(object: &str) -> Option<Diagnostic> {
    (object.len() > MAX_OBJECT).then(|| {
        let length = object.len();
        let message = format!("the object holds {length} bytes, and may hold {MAX_OBJECT}");
        Diagnostic::new(Code::ObjectTooLarge, message)
            .at(Place::Object(Span { start: 0, end: 0 }))
            .help("put long lists into files: `build_args_file`, `labels_file`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_planner_loads_and_answers() {
        let planner = Planner::load().unwrap();

        let object = r#"{"context": "app", "output": "image", "cache": true}"#;
        assert_eq!(planner.validate(object).unwrap(), []);
        let interface = planner.describe(object).unwrap().unwrap();
        assert_eq!(interface.inputs[0].name, "app");
        assert_eq!(interface.caches, ["cache"]);
        let planned = planner.plan(object, NoWorkspace).unwrap();
        assert_eq!(planned.result.unwrap_err()[0].code, "unreadable-file");
    }

    #[test]
    fn object_longer_than_the_limit_is_a_diagnostic_and_is_not_handed_over() {
        let object = format!("\"{}\"", " ".repeat(64 << 20));

        let diagnostics = Planner::load().unwrap().validate(&object).unwrap();

        assert_eq!(diagnostics[0].code, "object-too-large");
    }
}
