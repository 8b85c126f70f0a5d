"""Figures of this host, one JSON line each: how long it takes to be ready, and to plan once warm.

Arguments: the component, the working directory of the object that is planned.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from oci_image_planner import DirectoryWorkspace, Planner

OBJECT = '{"context": ".", "output": "image", "build_args": ["A=1", "B=2"], "target": "test", "labels": ["a=b"]}'
TIMES = 500


def measured(act: Callable[[], object], times: int) -> dict[str, float]:
    """Median and 90th percentile in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return {"median_ms": round(taken[times // 2], 3), "p90_ms": round(taken[times * 9 // 10], 3)}


def main() -> None:
    component, directory = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as temporary:
        cache = Path(temporary)
        report("compile", measured(lambda: Planner.load(component), 5))
        Planner.load(component, cache)
        report("load from the cache", measured(lambda: Planner.load(component, cache), 20))
        planner = Planner.load(component, cache)
    workspace = DirectoryWorkspace(directory, OBJECT)
    report("plan", measured(lambda: planner.plan(OBJECT, workspace), TIMES))
    report("validate", measured(lambda: planner.validate(OBJECT), TIMES))


def report(what: str, figures: dict[str, float]) -> None:
    """Prints one line."""
    print(json.dumps({"host": "python", "what": what, **figures}))


if __name__ == "__main__":
    main()
