//! From a crate of this workspace to a precompiled component: nested build, then ahead-of-time compilation.
//!
//! Shared by the build scripts of the planner and of the tests (the hostile planner).

#[path = "../src/engine_config.rs"]
mod engine_config;
#[path = "nested.rs"]
mod nested;
#[path = "outer.rs"]
mod outer;

pub(crate) use outer::Outer;
use outer::write;

/// What precompiles it.
const COMPILER: [&str; 2] = [
    "host/planner/build/component.rs",
    "host/planner/src/engine_config.rs",
];

/// Builds `package`, leaves the component for hosts in other languages, and writes it precompiled to `OUT_DIR/<name>.cwasm`. `paths` are
/// what it is made of, beside this crate.
pub(crate) fn embed(
    outer: &Outer,
    package: &str,
    name: &str,
    paths: &[&str],
) -> Result<(), String> {
    outer.watch(&COMPILER);
    let component = nested::leave(outer, package, name, paths)?;
    let precompiled = precompile(&component, &outer.triple)?;
    write(&outer.out.join(format!("{name}.cwasm")), &precompiled)
}

fn precompile(component: &[u8], triple: &str) -> Result<Vec<u8>, String> {
    let mut config = engine_config::engine_config();
    // Said outright: else the features of the build machine's CPU become demands on every other machine.
    config
        .target(triple)
        .map_err(|error| format!("wasmtime does not compile for {triple}: {error}"))?;
    wasmtime::Engine::new(&config)
        .and_then(|engine| engine.precompile_component(component))
        .map_err(|error| format!("cannot precompile the component: {error:#}"))
}
