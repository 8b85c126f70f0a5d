//! One call of the planner, in a store of its own, within its limits.

use std::time::Instant;

use oci_image_boundary::cancel::Cancel;
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;

use super::bindings::exports::oci_image::planner::planner::Guest;
use super::deadline::{FUEL_BETWEEN_LOOKS, run_until};
use super::limits::{Limit, Limits};
use super::linked::Linked;
use super::planner_error::PlannerError;
use super::pool::Turns;
use super::sandbox::Sandbox;
use super::workspace::Workspace;

/// Who is called, and how.
pub(super) struct Call {
    pub(super) linked: Linked,
    pub(super) limits: Limits,
    /// Who may call, where memory is for so many only.
    pub(super) turns: Option<Turns>,
    /// Asks for the end of a call before its time is up.
    pub(super) cancel: Cancel,
}

/// What a call leaves.
pub(super) struct Called<T> {
    pub(super) answer: T,
    /// What it saw and printed.
    pub(super) sandbox: Sandbox,
    /// The fuel that it took.
    pub(super) fuel: u64,
}

impl Call {
    /// Calls a function of the planner.
    pub(super) fn of<T>(
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
