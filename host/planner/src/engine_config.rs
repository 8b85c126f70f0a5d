//! The engine's configuration: one function for the build script, which compiles, and the program, which runs.
//!
//! wasmtime refuses a component that was compiled under another configuration, so there is only one. Nothing that merely
//! saves time or that only one side knows stands here.

use wasmtime::Config;

/// How far the planner's stack may grow, in bytes.
// A request nests a dozen calls; 10,000 nested arrays are refused by the reader's own depth limit.
const MAX_WASM_STACK: usize = 512 * 1024;

/// The configuration under which the planner is compiled and run.
pub(crate) fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .max_wasm_stack(MAX_WASM_STACK)
        // The planner's data are 40 KiB: copying them is less work than making a file in memory of them and mapping that.
        .memory_init_cow(false)
        // The planner computes with text; a smaller language is a smaller door.
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        // The component has no names, so a trace of its numbers tells nobody anything; a panic says its place itself.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
