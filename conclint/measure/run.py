"""Measuring what the catalog claims: which entries, in which processes, and what came of each."""

from __future__ import annotations

import json
import os
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import metadata
from tempfile import TemporaryDirectory
from typing import Any

from conclint.catalog.facts import CallableFact, EffectKind
from conclint.catalog.loader import read_file, shipped_files
from conclint.measure.gil import Measurement, Spread, has_gil
from conclint.measure.table import Row, Table
from conclint.measure.workloads import GROUPS
from conclint.workers.isolated import python_command

_ANSWER_SECONDS = 180
_REPEATS = 2
_CLAIMS = (EffectKind.COMPUTES_GIL, EffectKind.COMPUTES_NOGIL)

# A library that spreads one call over the cores by itself shows nothing of what two threads would gain.
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)


def claims() -> Iterator[CallableFact]:
    """The shipped facts that say whether a callable holds the GIL, in order of name."""
    found = {}
    for path in shipped_files():
        facts = read_file(path)
        methods = (fact for cls in facts.classes.values() for fact in cls.methods.values())
        for fact in (*facts.functions.values(), *methods):
            if fact.effect in _CLAIMS:
                found[fact.name] = fact
    return iter(sorted(found.values(), key=lambda fact: fact.name))


def selected_claims(names: Iterable[str]) -> list[CallableFact]:
    """The claims of these libraries, or whose dotted name is or begins with one of these; without any name,
    all. Raises ValueError for a name that selects nothing."""
    wanted, everything = list(names), list(claims())
    if not wanted:
        return everything
    chosen: dict[str, CallableFact] = {}
    for name in wanted:
        some = [f for f in everything if f.library == name or f"{f.name}.".startswith(f"{name}.")]
        if not some:
            raise ValueError(f"the catalog has no entry on the GIL for {name!r}")
        chosen.update((fact.name, fact) for fact in some)
    return [fact for fact in everything if fact.name in chosen]


def measure_gil(names: Iterable[str] = (), tell: Callable[[Row], object] | None = None) -> Table:
    """The table for the claims that `names` select, on this interpreter; `tell` gets each row as it
    is known.

    A measurement that contradicts its claim is repeated, and the one with the middle speed-up counts: on a
    machine with other work, one in a hundred is off. Libraries are imported in child processes only.
    Raises ValueError as selected_claims does.
    """
    facts = {fact.name: fact for fact in selected_claims(names)}
    rows: dict[str, Row] = {}

    def note(name: str, measured: Measurement | None, reason: str) -> None:
        fact = facts[name]
        rows[name] = Row(name, fact.library, fact.effect, measured, reason, _release(name))
        if tell is not None:
            tell(rows[name])

    for group in GROUPS:
        wanted = [name for name in group.calls if name in facts]
        for answer in _answers(wanted) if wanted else ():
            note(*answer)
    for row in [row for row in rows.values() if row.contradicted]:
        again = [answer[1] for _ in range(_REPEATS) for answer in _answers([row.name])]
        found = [item for item in (row.measured, *again) if item is not None]
        note(row.name, sorted(found, key=lambda item: item.speed_up.median)[len(found) // 2], "")
    for name in facts:
        if name not in rows:
            note(name, None, "no workload")
    return Table(
        tuple(rows[name] for name in sorted(rows)),
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{platform.system()} {platform.machine()}",
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        date.today().isoformat(),
        has_gil(),
    )


def _answers(names: Sequence[str]) -> Iterator[tuple[str, Measurement | None, str]]:
    """What a child process says of each name; a child that dies or hangs costs the name it was at."""
    left = list(names)
    while left:
        with TemporaryDirectory(prefix="conclint-", ignore_cleanup_errors=True) as folder:
            child = _child(left, folder)
            try:
                assert child.stdout is not None
                lines: queue.SimpleQueue[str] = queue.SimpleQueue()
                threading.Thread(target=_pass_on, args=(child.stdout, lines), daemon=True).start()
                reason = ""
                while left:
                    try:
                        line = lines.get(timeout=_ANSWER_SECONDS)
                    except queue.Empty:
                        child.kill()
                        reason = f"no answer in {_ANSWER_SECONDS} s"
                        break
                    if not line:
                        break
                    name, measured, why = json.loads(line)
                    left.remove(name)
                    yield name, _measurement(measured), why
            except BaseException:
                child.kill()
                raise
            finally:
                child.wait()
        if left:
            yield left.pop(0), None, reason or f"its process ended with status {child.returncode}"


def _child(names: Sequence[str], folder: str) -> subprocess.Popen[str]:
    """Measures the names, in that folder and with nothing of the working folder on its path: libraries look
    there for modules and for their configuration."""
    code = f"from conclint.measure.child import main; main({list(names)!a})"
    return subprocess.Popen(
        python_command(f"import warnings; warnings.simplefilter('ignore'); {code}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **_ONE_THREAD, "MPLBACKEND": "Agg"},
        cwd=folder,
    )


def _pass_on(stream: Iterable[str], lines: queue.SimpleQueue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _measurement(values: Any) -> Measurement | None:
    if values is None:
        return None
    seconds, speed_up, stop, least, most, rounds = values
    return Measurement(seconds, Spread(*speed_up), Spread(*stop), Spread(*least), Spread(*most), rounds)


def _release(name: str) -> str:
    """The release of the distribution that a name comes from; empty for the standard library."""
    top = name.split(".", 1)[0]
    if top in sys.stdlib_module_names:
        return ""
    for distribution in _distributions().get(top, ()):
        return f"{distribution} {metadata.version(distribution)}"
    return ""


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()
