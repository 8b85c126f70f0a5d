"""The forms in which people write what is built.

A text becomes the objects that the planner is asked about, and what it says of those is told at its place in the text. A component of its
own, which asks for nothing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from wasmtime import WasmtimeError
from wasmtime.component import Linker

from . import documents
from .compiled import compiled, limited_engine, limited_store
from .documents import BuildPlan, Diagnostic, Reading, Told
from .function import functions
from .planner import Planner, PlannerError, Refused
from .workspace import Workspace

#: The component of this package.
FORMS = Path(__file__).with_name("oci_image_forms.wasm")

Language = Literal["json", "yaml"]

_FORMS = "oci-image:forms/forms@0.1.0"


class Forms:
    """The reader of texts, ready to be called, beside a planner."""

    def __init__(self, component: bytes, planner: Planner, cache: Path | None = None) -> None:
        """Compiles the component; with a directory as ``cache``, where nobody else may write, once."""
        self._planner = planner
        self._engine = limited_engine()
        self._component = compiled(self._engine, component, cache)
        self._functions = functions(self._engine, self._component, _FORMS)
        self._linker = Linker(self._engine)
        self._linker.define_unknown_imports_as_traps(self._component)

    @staticmethod
    def load(planner: Planner, component: Path = FORMS, cache: Path | None = None) -> "Forms":
        """The reader in a file; that of this package if none is named."""
        return Forms(component.read_bytes(), planner, cache)

    def read(self, text: str, language: Language | None = None) -> Reading:
        """What a text is, and the builds in it. Without a language its first sign decides."""
        return documents.reading(self._call("read", text, language))

    def validate(self, text: str, language: Language | None = None) -> list[Told]:
        """Every defect of a text that can be seen without looking at a file."""
        builds = self.read(text, language)["builds"]
        said = [self._planner.validate(build["object"]) if build["is_judged"] else [] for build in builds]
        return self._tell(text, language, said, False)

    def plan(
        self,
        text: str,
        workspace: Callable[[str], Workspace],
        language: Language | None = None,
        build: int = 0,
    ) -> BuildPlan:
        """What is built by one of the builds of a text. ``workspace`` is given its object. Raises ``Refused``.

        Of a pipeline, what is wrong with other tasks is told among the warnings.
        """
        read = self.read(text, language)
        builds = read["builds"]
        said: list[list[Diagnostic]] = [[] for _ in builds]
        plan = None
        try:
            if build < len(builds) and builds[build]["is_judged"]:
                object = builds[build]["object"]
                plan = self._planner.plan(object, workspace(object))
                said[build] = plan["warnings"]
        except Refused as refused:
            said[build] = refused.diagnostics
        told = self._tell(text, language, said, True)
        is_wrong = any(one["severity"] == "error" for one in told)
        is_refused = builds[build]["is_open"] if plan and read["form"] == "pipeline" else is_wrong
        if plan is None or is_refused:
            raise Refused([*told])
        return {**plan, "warnings": [*told]}

    def _tell(
        self, text: str, language: Language | None, said: list[list[Diagnostic]], to_build: bool
    ) -> list[Told]:
        given = [[documents.lowered(one) for one in diagnostics] for diagnostics in said]
        return [documents.told(one) for one in self._call("tell", text, language, given, to_build)]

    def _call(self, function: str, *arguments: object) -> Any:
        store = limited_store(self._engine)
        try:
            instance = self._linker.instantiate(store, self._component)
            return self._functions[function].call(store, instance, *arguments)
        except WasmtimeError as error:
            raise PlannerError(f"the reader of texts stopped without an answer: {error}") from error
