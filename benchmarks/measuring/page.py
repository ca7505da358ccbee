"""The figures as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from measuring.project import START

HEAD = """\
# Speed, measured

Made by `python benchmarks/speed.py`, on {system}, {cores} cores, CPython {python}, with {versions}.
Medians; what is compared ran in turn, on a machine that had other work too: what matters are the ratios
(cold to the bare parse, else to ruff or flake8-async). CPU is user and system time of all processes of a
run, memory that of the biggest process. ruff checks its `ASYNC` rules, flake8-async all of its own. ruff
looks at one file at a time; conclint follows calls through the whole project.
"""


DEMAND = """
## Parsing only what a chain reaches: an estimate

Not built: where a cold run takes longest (homeassistant, much of which is coroutines), it would gain least.
Here is what it would save if the bodies of functions that no chain reaches were never parsed
(`benchmarks/demand_driven.py`): CPU seconds of libcst for the whole files, and with these bodies replaced by
`pass`, and of the scan that would find them. It is an upper bound: the bodies that are needed would be parsed
one by one, and linking reads others too (stores to attributes, wrappers).
"""


WHOLE = """
## The whole project through flake8-async: an estimate

conclint reads what a file imports, so of a few files it must read many; both are made for whole projects.
CPU seconds: flake8-async's for a file of the sample above, its start (an empty file) aside, times all files;
conclint's for all of them in one process, measured.
"""


def render(results: Mapping[str, Any]) -> str:
    """The whole page."""
    tools = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    parts = [HEAD.format(**results["machine"], versions=tools)]
    corpora = results["corpora"]
    parts += ["## The projects\n", *_table(("project", "files", "MB", "parsed by conclint"), _sizes(corpora))]
    parts += [f"\n{name}: {found['note']}." for name, found in corpora.items() if "note" in found]
    for title, rows in (
        ("Cold: nothing cached", _cold(corpora)),
        ("Warm: nothing changed", _timed(corpora, "warm", ("conclint", "ruff"), "ruff")),
        ("One file edited", _edited(corpora)),
    ):
        parts += [f"\n## {title}\n", *_table(_COSTS, rows)]
    parts += ["\n## The phases of a cold run, CPU seconds in one process\n"]
    parts += _table(("project", "scan and summarise", "link, propagate, judge", "ratio"), _phases(corpora))
    parts += ["\n## The same files through flake8-async\n", *_table(_COSTS, _sampled(corpora))]
    if any(START in found["sampled"] for found in corpora.values()):
        parts += [WHOLE]
        head = (
            "project",
            "files",
            "flake8-async, a file",
            "all of them",
            "conclint, all, cold",
            "times less",
        )
        parts += _table(head, _whole(corpora))
    parts += ["\n## One file in a fresh process, the project cached\n"]
    head = ("project", "file", "what", "wall", "more than flake8 alone", "of flake8-async's addition")
    parts += _table(head, _one_file(corpora))
    if any("demand" in found for found in corpora.values()):
        parts += [DEMAND]
        head = ("project", "functions", "reached by no chain", "of the text", "parse", "without them", "scan")
        parts += _table((*head, "gain at best"), _demand(corpora))
    if "growth" in results:
        parts += ["\n## Growth: cold runs over parts of homeassistant\n"]
        head = ("part", "files", "parsed", "CPU", "wall", "CPU a file", "beside the smallest part")
        parts += _table(head, _growth(results))
    return "\n".join(parts) + "\n"


def _demand(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for corpus, found in corpora.items():
        if "demand" in found:
            row = found["demand"]
            seconds = (f"{row[what]:.2f} s" for what in ("whole", "reduced", "tokens"))
            unreached, text = f"{row['unreached']:,}", f"{row['text']:.0%}"
            yield corpus, f"{row['functions']:,}", unreached, text, *seconds, f"{row['gain']:.2f}"


_COSTS = ("project", "what", "CPU", "wall", "memory", "runs", "CPU ratio", "wall ratio")


def _sizes(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for name, found in corpora.items():
        yield name, f"{found['files']:,}", f"{found['bytes'] / 1e6:.1f}", f"{found['cold']['parsed']:,}"


def _cold(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    parse, ruff = "libcst alone, the files conclint parsed", "ruff, without its cache"
    return _timed(corpora, "cold", ("conclint, one process", "conclint", parse, ruff), parse)


def _edited(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for kind in ("a file", "the most imported"):
        yield from _timed(corpora, "edited", (f"conclint, {kind}", f"ruff, {kind}"), f"ruff, {kind}")


def _sampled(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    neighbour = "flake8 with flake8-async"
    return _timed(corpora, "sampled", ("conclint", neighbour), neighbour)


def _whole(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for corpus, found in corpora.items():
        costs = found["sampled"]
        if START in costs:
            spent = costs["flake8 with flake8-async"]["cpu"] - costs[START]["cpu"]
            each = spent / costs["files"]
            every = each * found["files"]
            own = found["cold"]["conclint, one process"]["cpu"]
            seconds = (f"{value:,.2f} s" for value in (each, every, own))
            yield corpus, f"{found['files']:,}", *seconds, f"{every / own:.1f}"


def _timed(
    corpora: Mapping[str, Any], part: str, names: Sequence[str], beside: str
) -> Iterator[Sequence[str]]:
    """A row for each, with ratios to the one of the name `beside`, where that was measured."""
    for corpus, found in corpora.items():
        costs = found[part]
        base = costs.get(beside)
        for name in names:
            if name not in costs:
                continue
            cost = costs[name]
            yield (
                corpus,
                name,
                f"{cost['cpu']:.2f} s",
                f"{cost['wall']:.2f} s",
                f"{cost['memory'] / 1e6:.0f} MB",
                str(cost["runs"]),
                *(f"{cost[what] / base[what]:.2f}" if base else "" for what in ("cpu", "wall")),
            )


def _phases(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for corpus, found in corpora.items():
        whole = found["cold"]["conclint, one process"]["cpu"]
        linked = found["linked"]["conclint, one process, summaries cached"]["cpu"]
        yield corpus, f"{whole - linked:.2f}", f"{linked:.2f}", f"{linked / (whole - linked):.2f}"


def _one_file(corpora: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for corpus, found in corpora.items():
        costs = found["one file"]
        alone = costs["flake8 alone"]["wall"]
        neighbour = costs.get("flake8 with flake8-async", {}).get("wall", 0) - alone
        for name, cost in costs.items():
            if isinstance(cost, dict):
                more = cost["wall"] - alone
                part = f"{more / neighbour:.2f}" if neighbour > 0 and name != "flake8 alone" else ""
                file = f"`{costs['file']}`, {costs['lines']} lines"
                yield corpus, file, name, f"{cost['wall']:.3f} s", f"{more:.3f} s", part


def _growth(results: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    whole = results["corpora"]["homeassistant"]
    rows = [*results["growth"], {"part": 1, "files": whole["files"], **whole["cold"]}]
    first = rows[0]["conclint"]["cpu"] / rows[0]["files"]
    for row in rows:
        cost = row["conclint"]
        each = cost["cpu"] / row["files"]
        yield (
            "all" if row["part"] == 1 else f"1/{row['part']}",
            f"{row['files']:,}",
            f"{row['parsed']:,}",
            f"{cost['cpu']:.1f} s",
            f"{cost['wall']:.1f} s",
            f"{each * 1000:.2f} ms",
            f"{each / first:.2f}",
        )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
