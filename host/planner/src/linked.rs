//! The component with what it may import: loaded once, called often.

use std::sync::{Mutex, PoisonError};

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::bindings::{ImagePlannerPre, workspace as contract};
use super::planner_error::PlannerError;
use super::sandbox::Sandbox;
use super::{embedded, engine_config, wasi};

/// A component with what it may import.
#[derive(Clone)]
pub(super) struct Linked {
    pub(super) engine: Engine,
    pub(super) component: ImagePlannerPre<Sandbox>,
}

/// The embedded component, once it was loaded.
static EMBEDDED: Mutex<Option<Linked>> = Mutex::new(None);

impl Linked {
    /// The embedded component, where the program has it.
    pub(super) fn embedded() -> Result<Self, PlannerError> {
        let mut embedded = EMBEDDED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(linked) = &*embedded {
            return Ok(linked.clone());
        }
        let load = || {
            let (engine, component) = embedded::load(engine_config::engine_config())?;
            Self::new(engine, &component)
        };
        let linked = load().map_err(load_error)?;
        Ok(embedded.insert(linked).clone())
    }

    /// A copy of the embedded component, under a configuration that may differ in what only the runtime knows.
    pub(super) fn copy(config: &Config) -> Result<Self, PlannerError> {
        let load = || {
            let (engine, component) = embedded::copy(config)?;
            Self::new(engine, &component)
        };
        load().map_err(load_error)
    }

    /// A component from what wasmtime precompiled.
    ///
    /// # Safety
    /// The bytes are the unchanged product of wasmtime's `precompile_component`: they hold machine code.
    pub(super) unsafe fn precompiled(bytes: &[u8]) -> Result<Self, PlannerError> {
        let load = || {
            let engine = Engine::new(&engine_config::engine_config())?;
            // SAFETY: the caller's promise.
            let component = unsafe { Component::deserialize(&engine, bytes) }?;
            Self::new(engine, &component)
        };
        load().map_err(load_error)
    }

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
