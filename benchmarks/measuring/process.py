"""Commands as processes of their own: CPU time of the whole tree, wall time, the biggest process's memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

CHILD: Final = Path(__file__).with_name("child.py")


class Cost(NamedTuple):
    """Seconds of CPU (user and system, all processes) and of wall time, and bytes of the biggest process."""

    cpu: float
    wall: float
    memory: int


class Run(NamedTuple):
    """One way to do the work. `prepare` is done before each run and not measured; statuses other than
    those `allowed` mean that the command failed, and end the benchmark."""

    name: str
    command: Sequence[str]
    cwd: Path
    prepare: Callable[[], object] = lambda: None
    allowed: Sequence[int] = (0, 1)


class FailedError(RuntimeError):
    """A command that was to be measured failed."""


def measure(run: Run) -> tuple[Cost, str]:
    """What the run cost, and what it printed."""
    run.prepare()
    command = [sys.executable, "-I", "-S", str(CHILD), *run.command]
    done = subprocess.run(
        command, cwd=run.cwd, env=_environment(), capture_output=True, text=True, check=False
    )
    try:
        output, _, last = done.stdout.rstrip("\n").rpartition("\n")
        result = json.loads(last)
    except ValueError:
        raise FailedError(f"{run.name}: {done.stderr[-2000:]}") from None
    if result["status"] not in run.allowed:
        raise FailedError(f"{run.name}: status {result['status']}\n{result['errors']}\n{output[-2000:]}")
    return Cost(result["cpu"], result["wall"], result["memory"]), output


def measure_in_turn(runs: Sequence[Run], repeat: int, budget: float) -> dict[str, dict[str, float]]:
    """The medians of each run's costs, and how many runs they are of.

    The runs take turns, so that a busy machine slows all of them; a round is begun only as long as less
    than `budget` seconds have gone, the first in any case.
    """
    costs: dict[str, list[Cost]] = {run.name: [] for run in runs}
    spent = 0.0
    for number in range(repeat):
        if number and spent >= budget:
            break
        for run in runs:
            cost, _ = measure(run)
            costs[run.name].append(cost)
            spent += cost.wall
            print(f"  {run.name:44}{cost.cpu:9.2f} s CPU{cost.wall:9.2f} s", file=sys.stderr, flush=True)
    return {name: _median(found) for name, found in costs.items()}


def _median(costs: Sequence[Cost]) -> dict[str, float]:
    return {
        "cpu": round(statistics.median(cost.cpu for cost in costs), 4),
        "wall": round(statistics.median(cost.wall for cost in costs), 4),
        "memory": max(cost.memory for cost in costs),
        "runs": len(costs),
    }


def _environment() -> Mapping[str, str]:
    """The caller's, without what would change what Python imports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
