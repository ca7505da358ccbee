"""What a child process runs: the workloads of one group, each answered by a line of JSON.

A process of its own for each group, because a library may crash, hang, start threads, or read how many
threads it may use when it is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial

from conclint.measure.gil import measure
from conclint.measure.workloads import group_of


def main(names: Sequence[str]) -> None:
    """Measures the names, all of one group, and prints for each a list: the name, the measurement or null,
    and why there is none."""
    sys.setrecursionlimit(5_000)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer

    def answer(name: str, measured: object, reason: str) -> None:
        print(json.dumps([name, measured, reason]), file=answers, flush=True)

    group = group_of(names[0])
    assert group is not None
    try:
        data = group.prepare()
    except ImportError as error:
        for name in names:
            answer(name, None, f"there is no module {error.name}" if error.name else str(error))
        return
    for name in names:
        try:
            answer(name, measure(partial(group.calls[name], data)), "")
        except Exception as error:
            answer(name, None, f"it raises {type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
