//! What of WASI the planner's standard library needs to start and to panic, and nothing else.
//!
//! An empty world: no environment, no arguments, no terminal; what is printed is captured; `exit` ends the call as an error.
//! Everything else that a component may import, clocks, files, sockets, sleeping, is a trap.
//!
//! Source: WASI 0.2 (`wasi:cli`, `wasi:io`). wasmtime-wasi is not used: it links all of WASI, brings an async runtime, and
//! takes 3 MB of the program for these few functions.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource,
};
use wasmtime::{Engine, StoreContextMut};

use super::sandbox::Sandbox;

/// The planner ended the process that it believes to be in.
#[derive(Debug, thiserror::Error)]
#[error("it exited")]
pub(super) struct Exited;

/// How much the planner may write at once.
const WRITE_AT_ONCE: u64 = 4096;

/// A handle of any resource: none stands for anything on the host, and standard output is where standard error is. It is
/// the type with which wasmtime defines resources whose functions are traps.
type Handle = Resource<()>;

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Handle),
    #[component(name = "closed")]
    Closed,
}

type Written = (Result<(), StreamError>,);

/// Links what the component imports of WASI: what std needs, and traps for the rest.
///
/// By the names that the component imports, because those hold versions, several of them: that of Rust's std and that of
/// its libc.
pub(super) fn link(
    linker: &mut Linker<Sandbox>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<()> {
    for (name, item) in component.component_type().imports(engine) {
        if !matches!(item.ty, ComponentItem::ComponentInstance(_)) {
            continue;
        }
        let Some((interface, _version)) = name.split_once('@') else {
            continue;
        };
        match interface {
            "wasi:cli/environment" => environment(&mut linker.instance(name)?)?,
            "wasi:cli/exit" => exit(&mut linker.instance(name)?)?,
            "wasi:cli/stdin" => stdin(&mut linker.instance(name)?)?,
            "wasi:cli/stdout" => output(&mut linker.instance(name)?, "get-stdout")?,
            "wasi:cli/stderr" => output(&mut linker.instance(name)?, "get-stderr")?,
            "wasi:cli/terminal-stdin" => {
                no_terminal(&mut linker.instance(name)?, "get-terminal-stdin")?;
            }
            "wasi:cli/terminal-stdout" => {
                no_terminal(&mut linker.instance(name)?, "get-terminal-stdout")?;
            }
            "wasi:cli/terminal-stderr" => {
                no_terminal(&mut linker.instance(name)?, "get-terminal-stderr")?;
            }
            "wasi:io/streams" => streams(&mut linker.instance(name)?)?,
            _ => {}
        }
    }
    linker.define_unknown_imports_as_traps(component)
}

fn environment(instance: &mut LinkerInstance<'_, Sandbox>) -> wasmtime::Result<()> {
    instance.func_wrap("get-environment", |mut store, (): ()| {
        store.data_mut().charge(0)?;
        Ok((Vec::<(String, String)>::new(),))
    })?;
    instance.func_wrap("get-arguments", |mut store, (): ()| {
        store.data_mut().charge(0)?;
        Ok((Vec::<String>::new(),))
    })
}

fn exit(instance: &mut LinkerInstance<'_, Sandbox>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "exit",
        |_, (_status,): (Result<(), ()>,)| -> wasmtime::Result<()> { Err(Exited.into()) },
    )
}

fn stdin(instance: &mut LinkerInstance<'_, Sandbox>) -> wasmtime::Result<()> {
    instance.func_wrap("get-stdin", |mut store, (): ()| {
        store.data_mut().charge(0)?;
        Ok((Handle::new_own(0),))
    })
}

fn output(instance: &mut LinkerInstance<'_, Sandbox>, name: &str) -> wasmtime::Result<()> {
    instance.func_wrap(name, |mut store, (): ()| {
        store.data_mut().charge(0)?;
        Ok((Handle::new_own(0),))
    })
}

fn no_terminal(instance: &mut LinkerInstance<'_, Sandbox>, name: &str) -> wasmtime::Result<()> {
    instance.func_wrap(name, |mut store, (): ()| {
        store.data_mut().charge(0)?;
        Ok((None::<Handle>,))
    })
}

fn streams(instance: &mut LinkerInstance<'_, Sandbox>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "[method]output-stream.check-write",
        |mut store, (_stream,): (Handle,)| {
            store.data_mut().charge(0)?;
            Ok((Ok::<u64, StreamError>(WRITE_AT_ONCE),))
        },
    )?;
    // libc takes one with each stream; waiting on it is a trap.
    instance.func_wrap(
        "[method]output-stream.subscribe",
        |mut store, (_stream,): (Handle,)| {
            store.data_mut().charge(0)?;
            Ok((Handle::new_own(0),))
        },
    )?;
    for name in ["write", "blocking-write-and-flush"] {
        instance.func_wrap(&format!("[method]output-stream.{name}"), write)?;
    }
    for name in ["flush", "blocking-flush"] {
        instance.func_wrap(
            &format!("[method]output-stream.{name}"),
            |mut store, (_stream,): (Handle,)| -> wasmtime::Result<Written> {
                store.data_mut().charge(0)?;
                Ok((Ok(()),))
            },
        )?;
    }
    Ok(())
}

fn write(
    mut store: StoreContextMut<'_, Sandbox>,
    (_stream, bytes): (Handle, Vec<u8>),
) -> wasmtime::Result<Written> {
    let sandbox = store.data_mut();
    sandbox.charge(bytes.len())?;
    sandbox.print(&bytes);
    Ok((Ok(()),))
}
