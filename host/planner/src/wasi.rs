//! WASI for the planner: an empty world.
//!
//! No environment, no arguments, no terminal; standard input is at its end; what is printed is captured and counted;
//! `exit` ends the call as an error. Everything else that a component may import, clocks, files, sockets, randomness, is a
//! trap: of wasmtime-wasi only `wasi:cli` and `wasi:io` are linked, which is what std needs to start and to panic.
//!
//! Source: WASI 0.2 (`wasi:cli`, `wasi:io`).

use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, HasData, Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::cli::{WasiCli, WasiCliCtx, WasiCliCtxView};
use wasmtime_wasi::p2::{
    DynOutputStream, OutputStream, Pollable, StreamError, StreamResult, bindings,
};
use wasmtime_wasi::{ResourceTable, async_trait};

use super::ledger::Ledger;

/// How much the planner may write at once, in bytes.
const WRITE_AT_ONCE: usize = 4096;

/// What WASI knows of one call of the planner.
// No `WasiCtx`: it opens the kernel's source of randomness and seeds three generators for each call, for imports that are traps.
pub(super) struct World {
    cli: WasiCliCtx,
    handles: ResourceTable,
    printed: Printed,
}

impl World {
    /// An empty one, in which everything that is printed goes into the ledger.
    pub(super) fn new(ledger: &Ledger) -> Self {
        Self {
            cli: WasiCliCtx::default(),
            handles: ResourceTable::new(),
            printed: Printed(ledger.clone()),
        }
    }
}

/// The state of a store in which there is a world.
pub(super) trait HasWorld: Send + 'static {
    /// It.
    fn world(&mut self) -> &mut World;
}

fn cli<T: HasWorld>(state: &mut T) -> WasiCliCtxView<'_> {
    let World { cli, handles, .. } = state.world();
    WasiCliCtxView {
        ctx: cli,
        table: handles,
    }
}

fn handles<T: HasWorld>(state: &mut T) -> &mut ResourceTable {
    &mut state.world().handles
}

/// Links what the component imports of WASI: what std needs, and traps for the rest.
pub(super) fn link<T: HasWorld>(
    linker: &mut Linker<T>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    bindings::cli::environment::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::exit::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::stdin::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::stdout::add_to_linker::<T, World>(linker, T::world)?;
    bindings::cli::stderr::add_to_linker::<T, World>(linker, T::world)?;
    bindings::cli::terminal_input::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::terminal_output::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::terminal_stdin::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::terminal_stdout::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::cli::terminal_stderr::add_to_linker::<T, WasiCli>(linker, cli)?;
    bindings::io::error::add_to_linker::<T, Handles>(linker, handles)?;
    bindings::io::poll::add_to_linker::<T, Handles>(linker, handles)?;
    bindings::io::streams::add_to_linker::<T, Handles>(linker, handles)?;
    for (name, item) in component.component_type().imports(engine) {
        if let ComponentItem::ComponentInstance(interface) = item.ty
            && name.starts_with("wasi:")
            && !(name.starts_with("wasi:cli/") || name.starts_with("wasi:io/"))
        {
            close(&mut linker.instance(name)?, engine, name, &interface)?;
        }
    }
    Ok(())
}

/// The resources of `wasi:io`, which other interfaces name too.
const OF_IO: [&str; 4] = ["error", "pollable", "input-stream", "output-stream"];

/// Makes every function of an interface a trap.
// `define_unknown_imports_as_traps` takes another patch version of what is linked for unknown.
fn close<T: HasWorld>(
    linker: &mut LinkerInstance<'_, T>,
    engine: &Engine,
    interface: &str,
    items: &ComponentInstance,
) -> wasmtime::Result<()> {
    for (name, item) in items.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => {
                let closed = format!("the planner may not call `{interface}#{name}`");
                linker.func_new(name, move |_, _, _, _| {
                    Err(wasmtime::Error::msg(closed.clone()))
                })?;
            }
            ComponentItem::Resource(_) if !OF_IO.contains(&name) => {
                linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells wasmtime's linker that the functions of `wasi:io` work on the table of handles.
struct Handles;

impl HasData for Handles {
    type Data<'a> = &'a mut ResourceTable;
}

/// Tells wasmtime's linker that what is printed goes to the world.
impl HasData for World {
    type Data<'a> = &'a mut World;
}

impl bindings::cli::stdout::Host for World {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.stream()
    }
}

impl bindings::cli::stderr::Host for World {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.stream()
    }
}

impl World {
    fn stream(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.printed.0.charge(0)?;
        let stream: DynOutputStream = Box::new(self.printed.clone());
        Ok(self.handles.push(stream)?)
    }
}

/// Standard output and standard error. Every call to it is charged, so that a flood ends.
#[derive(Clone)]
struct Printed(Ledger);

#[async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.0.charge(bytes.len()).map_err(StreamError::Trap)?;
        self.0.print(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.charge(0).map_err(StreamError::Trap)?;
        Ok(WRITE_AT_ONCE)
    }
}
