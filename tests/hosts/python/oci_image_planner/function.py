"""A function of a component, found once and its type read once, to be called in any instance.

``wasmtime`` reads a type from the component whenever it converts a value of it, part by part, down to the names of the fields:
a third of the time of a plan. A type here holds the parts that were read; what is done with them is left to ``wasmtime``.
"""

from functools import cached_property
from typing import Any

from wasmtime import Engine, Store
from wasmtime.component import (
    Component,
    ComponentInstanceType,
    ExportIndex,
    FuncType,
    Instance,
    ListType,
    OptionType,
    RecordType,
    ResultType,
    ValType,
    VariantType,
)


def functions(engine: Engine, component: Component, interface: str) -> dict[str, "Function"]:
    """The functions of an interface that a component exports, by name; none if it exports no such interface."""
    exported = component.type.exports(engine).get(interface)
    read = exported.ty if exported else None
    if not isinstance(read, ComponentInstanceType):
        return {}
    within = component.get_export_index(interface)
    found = {}
    for name, export in read.exports(engine).items():
        index = component.get_export_index(name, within)
        function = export.ty
        if index is not None and isinstance(function, FuncType):
            found[name] = Function(index, function)
    return found


class Function:
    """A function, by its index in the component and its type."""

    def __init__(self, index: ExportIndex, read: FuncType) -> None:
        self._index = index
        self._type = _Function(read)

    def call(self, store: Store, instance: Instance, *arguments: object) -> Any:
        """What it gives in an instance. Raises ``WasmtimeError``."""
        function = instance.get_func(store, self._index)
        assert function is not None, "an instance has what its component exports"
        # A call asks the function for its type, and would be given one that has read nothing.
        setattr(function, "type", lambda _: self._type)
        return function(store, *arguments)


class _Function(FuncType):
    def __init__(self, read: FuncType) -> None:
        self._read = read

    @cached_property
    def params(self) -> list[tuple[str, ValType]]:
        return [(name, _held(read)) for name, read in self._read.params]

    @cached_property
    def result(self) -> ValType | None:
        return _held_if_any(self._read.result)


class _List(ListType):
    def __init__(self, read: ListType) -> None:
        self._read = read

    @cached_property
    def element(self) -> ValType:
        return _held(self._read.element)


class _Record(RecordType):
    def __init__(self, read: RecordType) -> None:
        self._read = read

    @cached_property
    def fields(self) -> list[tuple[str, ValType]]:
        return [(name, _held(read)) for name, read in self._read.fields]


class _Variant(VariantType):
    def __init__(self, read: VariantType) -> None:
        self._read = read

    @cached_property
    def cases(self) -> list[tuple[str, ValType | None]]:
        return [(name, _held_if_any(read)) for name, read in self._read.cases]


class _Option(OptionType):
    def __init__(self, read: OptionType) -> None:
        self._read = read

    @cached_property
    def payload(self) -> ValType:
        return _held(self._read.payload)


class _Result(ResultType):
    def __init__(self, read: ResultType) -> None:
        self._read = read

    @cached_property
    def ok(self) -> ValType | None:
        return _held_if_any(self._read.ok)

    @cached_property
    def err(self) -> ValType | None:
        return _held_if_any(self._read.err)


def _held(read: ValType) -> ValType:
    match read:
        case ListType():
            return _List(read)
        case RecordType():
            return _Record(read)
        case VariantType():
            return _Variant(read)
        case OptionType():
            return _Option(read)
        case ResultType():
            return _Result(read)
        case _:  # has no parts
            return read


def _held_if_any(read: ValType | None) -> ValType | None:
    return None if read is None else _held(read)
