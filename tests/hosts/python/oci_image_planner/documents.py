"""The planner's values in the JSON form of ``oci-image plan``.

The names and the order of ``planner.wit``, in snake case; a variant is an object with one key, or a bare string where it
carries nothing; what is absent is ``None``. An interface is as info prints it: an input without a path has no such key.
"""

import json
from typing import Any, Literal, NotRequired, TypedDict, cast

from wasmtime.component import Record, Variant


class Span(TypedDict):
    """Bytes ``start..end`` of a UTF-8 text, counted from 0."""

    start: int
    end: int


class FilePlace(TypedDict):
    """A place in a file that the object names."""

    path: str
    span: Span


class Place(TypedDict, total=False):
    """Where the cause stands, by one of two keys: in the text of the object, or in a file that it names."""

    object: Span
    file: FilePlace


class Diagnostic(TypedDict):
    """One defect or remark."""

    code: str
    severity: Literal["error", "warning"]
    pointer: str
    place: Place | None
    message: str
    help: str | None
    allowed: list[str]


class Position(TypedDict):
    """A place as people count it: both from 1, columns in characters."""

    line: int
    column: int


class Fix(TypedDict):
    """A change of a text: the bytes that are replaced, and what stands there then."""

    span: Span
    text: str


class Told(Diagnostic):
    """What is told of a text: its place is one of the whole text."""

    #: Where that begins and ends, if it is in the text.
    start: Position | None
    end: Position | None
    #: The one change that mends it, where there is one.
    fix: Fix | None


class Build(TypedDict):
    """One build that a text asks for."""

    #: The name of the task within a pipeline; empty where the text is one build.
    name: str
    #: Its object, without the texts of secrets.
    object: str
    #: Whether the planner judges it: of another program's parameters it would say nonsense.
    is_judged: bool
    #: Whether something is left open that only Concourse can fill in.
    is_open: bool


class Reading(TypedDict):
    """A text that was read; without a form where nothing can be."""

    form: Literal["json", "yaml", "task", "pipeline"] | None
    builds: list[Build]


class Input(TypedDict):
    """A directory that the build takes in."""

    name: str
    path: NotRequired[str]


class Output(TypedDict):
    """A directory that the build fills."""

    name: str
    path: str


class BuildInterface(TypedDict):
    """What the message ``build`` needs and gives."""

    inputs: list[Input]
    outputs: list[Output]
    caches: list[str]


class BaseImage(TypedDict):
    """An image that is loaded before the build and served to it."""

    argument: str
    path: str


class CacheMounts(TypedDict):
    """The cache mounts that are kept: those of ``ids``, or all; ``limit`` is in bytes."""

    ids: list[str] | None
    limit: int
    read_only: bool


# One key is no name in Python.
Cache = TypedDict("Cache", {"directory": str, "import": bool, "mounts": CacheMounts | None})


class LayerCacheText(TypedDict):
    """The value of an attribute of a layer cache that is no secret."""

    text: str


class LayerCacheAttribute(TypedDict):
    """One ``key=value`` of a layer cache."""

    key: str
    value: LayerCacheText | Literal["inline"]


class LayerCache(TypedDict):
    """A layer cache that the daemon reads or writes itself."""

    kind: str
    attributes: list[LayerCacheAttribute]


class Compression(TypedDict, total=False):
    """How layers are compressed, by one of two keys, and at which level; without one, the codec's own."""

    gzip: int | None
    zstd: int | None


class SecretFile(TypedDict):
    """A secret whose bytes are in a file."""

    file: str


class Secret(TypedDict):
    """A secret that steps may mount."""

    id: str
    source: SecretFile | Literal["inline"]


class Ssh(TypedDict):
    """An SSH agent that steps may mount."""

    id: str
    paths: list[str]


class Local(TypedDict):
    """A directory offered to the daemon."""

    name: str
    path: str


class AttributeValue(TypedDict, total=False):
    """The value of a frontend attribute, by one of two keys."""

    text: str
    base_image: str


class FrontendAttribute(TypedDict):
    """One ``key=value`` for the frontend."""

    key: str
    value: AttributeValue


class ImageExport(TypedDict):
    """What is written of one solve's result."""

    directory: str
    format: Literal["docker_archive", "oci_layout"]
    rootfs: bool


class Solve(TypedDict):
    """One solve."""

    name: str
    locals: list[Local]
    attributes: list[FrontendAttribute]
    export: ImageExport | None


class BuildPlan(TypedDict):
    """Everything that is built, and nothing of how the machine does it."""

    daemon_config: str
    debug: bool
    context_by_content: bool
    base_images: list[BaseImage]
    cache: Cache | None
    cache_from: list[LayerCache]
    cache_to: list[LayerCache]
    compression: Compression
    secrets: list[Secret]
    ssh: list[Ssh]
    solves: list[Solve]
    warnings: list[Diagnostic]


def canonical(document: object) -> str:
    """The text on which all hosts agree, byte for byte."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def diagnostic(record: Record) -> Diagnostic:
    """A diagnostic as the component gives it."""
    document: Diagnostic = _plain(record)
    return document


def build_interface(record: Record) -> BuildInterface:
    """An interface as the component gives it."""
    document: BuildInterface = _plain(record)
    for taken in document["inputs"]:
        if taken["path"] is None:
            del taken["path"]
    return document


def build_plan(record: Record) -> BuildPlan:
    """A plan as the component gives it."""
    document: BuildPlan = _plain(record)
    codec: Any = document["compression"]
    if isinstance(codec, str):
        # A case whose level is left out looks like one that carries nothing.
        document["compression"] = {"zstd": None} if codec == "zstd" else {"gzip": None}
    # Variants that arrive without their tags: their cases have different types in Python.
    for cache in document["cache_from"] + document["cache_to"]:
        for attribute in cache["attributes"]:
            text: Any = attribute["value"]
            attribute["value"] = "inline" if text is None else {"text": text}
    for secret in document["secrets"]:
        file: Any = secret["source"]
        secret["source"] = "inline" if file is None else {"file": file}
    for solve in document["solves"]:
        export = solve["export"]
        if export is not None:
            export["format"] = "oci_layout" if str(export["format"]) == "oci-layout" else "docker_archive"
    return document


def reading(record: Record) -> Reading:
    """A text as the component has read it."""
    document: Reading = _plain(record)
    return document


def told(record: Record) -> Told:
    """What the component tells of a text."""
    fields = _plain(record)
    start, end = fields["range"] or (None, None)
    document: Any = {**fields["diagnostic"], "start": start, "end": end, "fix": fields["fix"]}
    return cast(Told, document)


def lowered(document: Diagnostic) -> Record:
    """A diagnostic as a component is given it."""
    fields: dict[str, Any] = {**document}
    if place := document["place"]:
        ((case, value),) = place.items()
        fields["place"] = Variant(case, _record(value))
    record: Record = _record(fields)
    return record


def _record(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    record = Record()
    for name, field in value.items():
        setattr(record, name, _record(field))
    return record


def _plain(value: Any) -> Any:
    match value:
        case Record():
            return {_snake(name): _plain(field) for name, field in vars(value).items()}
        case Variant():
            return _snake(value.tag) if value.payload is None else {_snake(value.tag): _plain(value.payload)}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def _snake(name: str) -> str:
    return name.replace("-", "_")
