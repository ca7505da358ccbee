"""How fast conclint is, beside ruff, flake8-async and libcst's bare parse, in one run on one machine.

    python benchmarks/speed.py [--only NAME]... [--repeat N] [--budget S] [--corpora DIR] [--output FILE.json]
    python benchmarks/speed.py --quick
    python benchmarks/speed.py --page FILE.json

Installs ruff, flake8, flake8-async and this conclint in environments of a scratch folder, downloads the
corpora by `pip download` (or takes those unpacked in DIR), and prints, as Markdown: cold, warm, one file
edited, one file in a fresh process, the phases of a cold run, what parsing by function could save, and how
the cost grows with the project.
Figures are medians; what is compared ran in turn. `--quick` measures the running environment on conclint's
own source, once: that the benchmark works, no more. `--page` prints a page of figures written before.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring.page import render
from measuring.project import Project
from measuring.tools import CORPORA, ROOT, Tools, find_corpus, install_tools, tools_here, versions

GROWTH = ("homeassistant", (8, 4, 2))
QUICK = "conclint"


def measure(
    name: str, corpus: Path, scratch: Path, tools: Tools, given: argparse.Namespace
) -> dict[str, Any]:
    """The figures of one corpus."""
    say(f"{name}: {corpus}")
    project = Project(name, corpus, scratch, tools)
    how = (given.repeat, given.budget)
    figures: dict[str, Any] = {"files": len(project.files), "bytes": project.bytes}
    figures["cold"] = project.cold(*how)
    figures["linked"] = project.linked(*how)
    figures["warm"] = project.warm(*how)
    figures["edited"] = project.edited(*how)
    figures["one file"] = project.one_file(*how)
    figures["edited"] |= project.edited_widely(*how)
    figures["sampled"] = project.sampled(given.sample, *how)
    if not given.no_demand:
        figures["demand"] = project.demanded()
    project.remove()
    return figures


def measure_growth(name: str, corpus: Path, scratch: Path, tools: Tools, given: argparse.Namespace) -> Any:
    """Cold runs over parts of the corpus; the whole of it was measured before."""
    rows = []
    for part in GROWTH[1]:
        say(f"{name}: 1/{part}")
        project = Project(name, corpus, scratch, tools, part)
        figures = project.cold(given.repeat, given.budget, growing=True)
        rows.append({"part": part, "files": len(project.files), "bytes": project.bytes, **figures})
        project.remove()
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="NAME", help=", ".join(CORPORA))
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each; default: 5")
    parser.add_argument(
        "--budget",
        type=float,
        default=300,
        metavar="S",
        help="no further round of what has taken so many seconds; default: 300",
    )
    parser.add_argument(
        "--sample", type=int, default=60, metavar="N", help="files for flake8-async; default: 60"
    )
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="a folder of unpacked corpora")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="default: a folder in the user's cache")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the figures as JSON; those of other corpora in it stay",
    )
    parser.add_argument("--no-growth", action="store_true", help=f"leave out the parts of {GROWTH[0]}")
    parser.add_argument(
        "--no-demand", action="store_true", help="leave what parsing by function could save as it was"
    )
    parser.add_argument("--quick", action="store_true", help="the running environment on conclint, once")
    parser.add_argument("--page", type=Path, metavar="FILE", help="print the page of earlier figures")
    given = parser.parse_args(arguments)
    if given.page is not None:
        print(render(json.loads(given.page.read_text(encoding="utf-8"))), end="")
        return
    scratch = (given.scratch or default_scratch()).absolute()
    scratch.mkdir(parents=True, exist_ok=True)
    if given.quick:
        given.repeat, given.sample, given.no_growth = 1, 5, True
        corpora = {QUICK: ROOT / "conclint" / "workers"}
        tools = tools_here()
    else:
        names = given.only or list(CORPORA)
        corpora = {name: find_corpus(name, given.corpora, scratch) for name in names}
        tools = install_tools(scratch)
    results: dict[str, Any] = {"corpora": {}}
    if given.output is not None and given.output.exists():
        results = json.loads(given.output.read_text(encoding="utf-8"))
    results.update(machine=machine(), versions=versions(tools))
    for name, corpus in corpora.items():
        earlier = results["corpora"].get(name, {})
        results["corpora"][name] = measure(name, corpus, scratch, tools, given)
        if given.no_demand and "demand" in earlier:
            results["corpora"][name]["demand"] = earlier["demand"]
        save(results, given.output)
    if GROWTH[0] in corpora and not given.no_growth:
        results["growth"] = measure_growth(GROWTH[0], corpora[GROWTH[0]], scratch, tools, given)
        save(results, given.output)
    shutil.rmtree(scratch / "work", ignore_errors=True)
    print(render(results), end="")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def default_scratch() -> Path:
    """Where environments and corpora are kept for the next run."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "conclint-benchmark"


def save(results: dict[str, Any], file: Path | None) -> None:
    """Writes what is known so far."""
    if file is not None:
        file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
