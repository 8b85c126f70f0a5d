//! What the planner may use of this machine, and the error that says which of it ran out.
//!
//! Fuel pays for the planner's own instructions only; so the calls to the host, and the bytes that they carry, are counted
//! beside it, and a wall clock stands over both.

use std::time::Duration;

/// What one call of the planner may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Units of fuel: about one for each WebAssembly instruction.
    pub fuel: u64,
    /// Wall-clock time.
    pub time: Duration,
    /// Calls to the host.
    pub host_calls: u32,
    /// Bytes that calls to the host carry, in both directions.
    pub host_bytes: usize,
    /// Bytes that the planner may return.
    pub answer: usize,
}

impl Default for Limits {
    // Measured: an ordinary object takes 170 k of fuel, 1.1 MiB of memory and a quarter of a millisecond; objects of 4 MiB
    // (`MAX_OBJECT`), of one thing over and over, up to 4 G, which take 4 s.
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            fuel: 4_000_000_000,
            time: Duration::from_secs(10),
            host_calls: 10_000,
            host_bytes: 64 << 20,
            answer: 16 << 20,
        }
    }
}

/// A limit that the planner ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// Linear memory.
    #[error("{0} bytes of memory")]
    Memory(usize),
    /// Instructions.
    #[error("{0} units of fuel")]
    Fuel(u64),
    /// Wall-clock time.
    #[error("{} ms", .0.as_millis())]
    Time(Duration),
    /// The depth of its calls.
    #[error("its stack")]
    Stack,
    /// Calls to the host.
    #[error("{0} calls to the host")]
    HostCalls(u32),
    /// Bytes in calls to the host.
    #[error("{0} bytes in calls to the host")]
    HostBytes(usize),
}
