"""The planner of ``oci-image`` in Python: validates a request and plans its build, without a daemon.

- ``planner``: a component, loaded and limited; its three questions.
- ``forms``: another, for texts in JSON and YAML, tasks and pipelines. ``compiled``: what both are compiled with.
- ``function``: a function of the component, found and its type read once.
- ``workspace``: what the planner may ask while it plans, and the one that answers from a directory.
- ``documents``: its values in the JSON form of ``oci-image plan``, with their types.
"""

from .documents import Build, BuildInterface, BuildPlan, Diagnostic, Fix, Position, Reading, Told, canonical
from .forms import Forms, Language
from .planner import Planner, PlannerError, Refused
from .workspace import (
    SECRET_LIMIT,
    TEXT_LIMIT,
    DirectoryWorkspace,
    FileError,
    NoWorkspace,
    Workspace,
)

__all__ = [
    "SECRET_LIMIT",
    "TEXT_LIMIT",
    "Build",
    "BuildInterface",
    "BuildPlan",
    "Diagnostic",
    "DirectoryWorkspace",
    "FileError",
    "Fix",
    "Forms",
    "Language",
    "NoWorkspace",
    "Planner",
    "PlannerError",
    "Position",
    "Reading",
    "Refused",
    "Told",
    "Workspace",
    "canonical",
]
