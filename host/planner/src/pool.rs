//! Memories and stacks that stay mapped from one call of the planner to the next.
//!
//! Mapping them anew takes longer than an ordinary plan. A pool takes longer to set up than a program that plans once has to
//! spare, so a planner has one only if its caller asks for it.
//!
//! Source: wasmtime's pooling allocator, which zeroes what it hands out again, and has no more than it was told of.

use std::sync::{Condvar, Mutex, PoisonError};

use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How many core instances and tables one call may take: the component has a few beside the planner's own.
const PARTS: u32 = 8;

/// How much of a memory is zeroed by hand rather than given back to the kernel, in bytes: what an ordinary object takes.
const KEPT: usize = 1 << 20;

/// Sets up an engine for this many calls at once.
pub(super) fn of(calls: u32, config: &mut Config) {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(PARTS))
        .total_tables(calls.saturating_mul(PARTS))
        .total_memories(calls)
        .total_stacks(calls)
        .max_unused_warm_slots(calls)
        .linear_memory_keep_resident(KEPT)
        .table_keep_resident(KEPT);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
}

/// How many calls may still begin.
#[derive(Debug)]
pub(super) struct Turns {
    left: Mutex<u32>,
    freed: Condvar,
}

impl Turns {
    /// For this many calls at once.
    pub(super) fn new(calls: u32) -> Self {
        Self {
            left: Mutex::new(calls),
            freed: Condvar::new(),
        }
    }

    /// Waits for a turn; it lasts until it is dropped.
    pub(super) fn wait(&self) -> Turn<'_> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let none = |left: &mut u32| *left == 0;
        let mut left = (self.freed.wait_while(left, none)).unwrap_or_else(PoisonError::into_inner);
        *left -= 1;
        Turn(self)
    }
}

/// One call's place in the pool.
pub(super) struct Turn<'turns>(&'turns Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *(self.0.left.lock()).unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
