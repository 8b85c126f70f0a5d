//! The planner that `build.rs` built and compiled: machine code in this program, run where it stands.
//!
//! Copying it first would take a third of the time in which `info` answers; who plans often may have a copy.

use std::ptr::NonNull;
use std::sync::Arc;

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::component::Component;
use wasmtime::{Config, CustomCodeMemory, Engine};

/// Bytes that share no page with anything else, whatever pages the machine has.
#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(65536)))]
struct Pages<Bytes: ?Sized>(Bytes);

/// The precompiled component.
static PLANNER: &Pages<[u8]> = &Pages(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/oci_image_planner.cwasm"
)));

/// Makes the planner's engine and component. Once in a process: wasmtime knows a piece of code by its address.
pub(super) fn load(mut config: Config) -> wasmtime::Result<(Engine, Component)> {
    config.with_custom_code_memory(Some(Arc::new(InPlace)));
    let engine = Engine::new(&config)?;
    // SAFETY: the bytes are what `build.rs` precompiled, they stay as long as the program, and nobody can write them.
    let component = unsafe { Component::deserialize_raw(&engine, NonNull::from(&PLANNER.0)) }?;
    Ok((engine, component))
}

/// The same in memory of the engine's own, any number of times, under a configuration that may differ in what only the runtime
/// knows.
pub(super) fn copy(config: &Config) -> wasmtime::Result<(Engine, Component)> {
    let engine = Engine::new(config)?;
    // SAFETY: the bytes are what `build.rs` precompiled.
    let component = unsafe { Component::deserialize(&engine, &PLANNER.0) }?;
    Ok((engine, component))
}

/// Lets code be executed where the program has it. It is never writable.
struct InPlace;

impl CustomCodeMemory for InPlace {
    fn required_alignment(&self) -> usize {
        align_of_val(PLANNER)
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        let (code, executable) = (
            code.cast_mut().cast(),
            MprotectFlags::READ | MprotectFlags::EXEC,
        );
        // SAFETY: whole pages of `PLANNER`, in which nothing else stands; they were readable and stay so.
        unsafe { mprotect(code, length, executable) }.map_err(wasmtime::Error::new)
    }

    fn unpublish_executable(&self, _code: *const u8, _length: usize) -> wasmtime::Result<()> {
        Ok(()) // it may stay: nothing can be written there
    }
}
