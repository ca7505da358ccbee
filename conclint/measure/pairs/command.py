"""`conclint explain CODE --measure`: the rule's pair, run here and shown."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Final

from conclint.measure.gil import has_gil
from conclint.measure.pairs.figures import as_object, report_pair
from conclint.measure.pairs.run import PairError, compare_pair
from conclint.measure.pairs.shipped import Size, shipped_pairs
from conclint.measure.pairs.sizes import measure_sizes, render_sizes
from conclint.measure.pairs.table import render_report
from conclint.report.progress import ProgressBar
from conclint.report.terminal import has_colour, write_output
from conclint.rules.registry import Rule

RUNS: Final = 3


def print_measured(rule: Rule, size: Size, *, as_json: bool) -> None:
    """Runs the rule's programs and prints what came of it.

    Raises PairError if the rule has none, or they can't be run here.
    """
    pair = shipped_pairs().get(rule.code)
    if pair is None:
        raise PairError(f"{rule.code} is not about how code runs: there is nothing to measure")
    if pair.gil and not has_gil():
        raise PairError(f"this Python has no GIL, so threads compute at once: {rule.code} does not apply")
    with ProgressBar(wanted=True) as progress:
        report = report_pair(compare_pair(pair, size, RUNS, tell=progress))
    by_size = measure_sizes(pair) if size is Size.REFERENCE else []
    if as_json:
        found = {"name": rule.name, **as_object(report), **({"by_size": by_size} if by_size else {})}
        write_output(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    write_output(render_report(report, rule.name, colour=has_colour(sys.stdout), width=width))
    if by_size:
        write_output(render_sizes(by_size))
