"""What this host's planner says of each object in a directory, one JSON line each.

A line holds the name, and the canonical bytes of its diagnostics, its interface and its plan, or of the diagnostics in their
place. Arguments: the directory of the objects, the working directory that they speak of.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from oci_image_planner import DirectoryWorkspace, Planner, Refused, canonical


def text(question: Callable[[], object]) -> str:
    """What is answered, or the diagnostics in its place."""
    try:
        return canonical(question())
    except Refused as refused:
        return canonical(refused.diagnostics)


def main() -> None:
    objects, workspace = map(Path, sys.argv[1:])
    planner = Planner.load()
    for file in sorted(objects.iterdir()):
        request = file.read_bytes().decode("utf-8", "replace")
        answer = {
            "name": file.name,
            "validate": text(lambda: planner.validate(request)),
            "describe": text(lambda: planner.describe(request)),
            "plan": text(lambda: planner.plan(request, DirectoryWorkspace(workspace, request))),
        }
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
