"""A component, loaded and limited, and its three questions.

Each call has an instance of its own. Of WASI there is nothing: what the component may ask is the workspace, and any other
import ends the call. Fuel and memory are limited as in the Rust host.
"""

import threading
from pathlib import Path
from typing import Any

from wasmtime import WasmtimeError
from wasmtime.component import Linker, Record

from . import documents
from .compiled import compiled, limited_engine, limited_store
from .documents import BuildInterface, BuildPlan, Diagnostic
from .function import functions
from .workspace import NoWorkspace, Workspace, entry_at, read_text

#: The component of this package.
COMPONENT = Path(__file__).with_name("oci_image_planner.wasm")

_CONTRACT = "0.5.0"
_WORKSPACE = f"oci-image:planner/workspace@{_CONTRACT}"
_PLANNER = f"oci-image:planner/planner@{_CONTRACT}"


class Refused(Exception):
    """The object is wrong."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("; ".join(one["message"] for one in diagnostics))
        #: Every defect, and the remarks beside them.
        self.diagnostics = diagnostics


class PlannerError(Exception):
    """The planner did not do its work: a trap, or a limit. No fault of the object."""


class _Asked(threading.local):
    """The workspace of the call that a thread is in."""

    workspace: Workspace = NoWorkspace()


class Planner:
    """The planner, ready to be called, from the bytes of its component."""

    def __init__(self, component: bytes, cache: Path | None = None) -> None:
        """Compiles the component, which takes a fifth of a second; with a directory as ``cache``, once.

        What is in the cache is run as machine code: keep it where nobody else writes.
        """
        self._engine = limited_engine()
        self._component = compiled(self._engine, component, cache)
        self._functions = functions(self._engine, self._component, _PLANNER)
        for question in ("validate", "describe", "plan"):
            if question not in self._functions:
                raise PlannerError(f"the component does not export `{question}` of `{_PLANNER}`")
        self._asked = _Asked()
        self._linker = self._link()

    @staticmethod
    def load(component: Path = COMPONENT, cache: Path | None = None) -> "Planner":
        """The planner in a file; that of this package if none is named."""
        return Planner(component.read_bytes(), cache)

    def validate(self, text: str) -> list[Diagnostic]:
        """Every defect of an object's text that can be seen without looking at a file."""
        return [documents.diagnostic(one) for one in self._call("validate", text, NoWorkspace())]

    def describe(self, text: str) -> BuildInterface:
        """What the message ``build`` of this object needs and gives. Raises ``Refused``."""
        return documents.build_interface(self._accepted("describe", text, NoWorkspace()))

    def plan(self, text: str, workspace: Workspace) -> BuildPlan:
        """What is built. Raises ``Refused`` with every defect, those of the files that the object names included."""
        return documents.build_plan(self._accepted("plan", text, workspace))

    def _accepted(self, function: str, text: str, workspace: Workspace) -> Record:
        """The record in a result, which comes bare, as its list of diagnostics would."""
        answer = self._call(function, text, workspace)
        if isinstance(answer, list):
            raise Refused([documents.diagnostic(one) for one in answer])
        assert isinstance(answer, Record)
        return answer

    def _call(self, function: str, text: str, workspace: Workspace) -> Any:
        store = limited_store(self._engine)
        outer = self._asked.workspace
        self._asked.workspace = workspace
        try:
            instance = self._linker.instantiate(store, self._component)
            return self._functions[function].call(store, instance, text)
        except WasmtimeError as error:
            raise PlannerError(f"the planner stopped without an answer: {error}") from error
        finally:
            self._asked.workspace = outer

    def _link(self) -> Linker:
        linker = Linker(self._engine)
        with linker.root() as root, root.add_instance(_WORKSPACE) as workspace:
            workspace.add_func("read-text", lambda _, path: read_text(self._asked.workspace, path))
            workspace.add_func("entry-at", lambda _, path: entry_at(self._asked.workspace, path))
        # WASI is imported because std may print and exit; a planner that does has failed.
        linker.define_unknown_imports_as_traps(self._component)
        return linker
