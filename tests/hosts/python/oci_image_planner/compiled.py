"""A component, compiled under the limits of the Rust host, or read from a cache of what was compiled."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime.component import Component

#: Linear memory that one call may use, in bytes.
MEMORY = 64 << 20
#: Units of fuel that one call may use: about one for each WebAssembly instruction.
FUEL = 4_000_000_000


def limited_engine() -> Engine:
    """An engine whose calls are paid for with fuel."""
    config = Config()
    config.consume_fuel = True
    return Engine(config)


def limited_store(engine: Engine) -> Store:
    """What one call may use."""
    store = Store(engine)
    store.set_fuel(FUEL)
    store.set_limits(memory_size=MEMORY)
    return store


def compiled(engine: Engine, component: bytes, cache: Path | None) -> Component:
    """The component; with a directory as ``cache`` it is compiled once."""
    if cache is None:
        return Component(engine, component)
    digest = hashlib.sha256(component).hexdigest()
    kept = cache / f"{digest}-wasmtime-{version('wasmtime')}.cwasm"
    return _read_or(engine, kept, lambda: Component(engine, component))


def _read_or(engine: Engine, kept: Path, compile_it: Callable[[], Component]) -> Component:
    if kept.exists():
        try:
            return Component.deserialize_file(engine, str(kept))
        except WasmtimeError:
            pass  # of another machine, or cut off: made again
    compiled = compile_it()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
        file.write(compiled.serialize())
    os.replace(file.name, kept)
    return compiled
