"""The figures of a campaign as Markdown: the whole table, and the block of the documentation's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

MOST_TIMES: Final = 8
"""A package that costs more times its bare parse is said to be slow,"""
LEAST: Final = 2.0
"""where it costs so many seconds at all: under that, it is noise."""

_BEGIN: Final = "<!-- campaign: begin (written by scripts/campaign.py) -->"
_END: Final = "<!-- campaign: end -->"
_HEAD: Final = (
    "package",
    "files",
    "status",
    "findings",
    "refused, by CPython too",
    "refused alone",
    "CPU",
    "times parse",
    "memory",
    "slowest file",
    "broke",
)


def table(results: Mapping[str, Any]) -> str:
    """The whole table, then the sums, then the reasons of all that broke."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    made = results["made"]
    for name, found in results["packages"].items():
        lines.append(_line(_row(name, found, made)))
    lines += ["", *_sums(results), ""]
    for name, found in results["packages"].items():
        for kind in ("alone", "failed", "crashed"):
            lines += [f"{name}: {kind}: {path}: {message}" for path, message in found.get(kind, ())]
        if found.get("errors"):
            lines.append(f"{name}: {found['errors'].strip()}")
    return "\n".join(lines) + "\n"


def block(results: Mapping[str, Any]) -> str:
    """What the page shows."""
    made = results["made"]
    head = (
        f"{made['system']}, {made['cores']} cores, CPython {made['python']}, conclint {made['conclint']} "
        f"(`-j{made['jobs']}`), libcst {made['libcst']}; "
        f"`compile` is that of {made['compiler']}. CPU is user and system time of "
        f"all processes of a cold run, memory that of the biggest process; the bare parse is "
        f"`libcst.parse_module` over the same files; the start of the command ({made['start']:.2f} s) is "
        f"left out of the ratio. The slowest file is that of the {made['largest']} largest that took the "
        f"longest to summarise."
    )
    lines = [head, "", *_sums(results), "", _line(_HEAD), _line(["---"] * len(_HEAD))]
    lines += [_line(_row(name, found, made)) for name, found in results["packages"].items()]
    return "\n".join(lines)


def with_block(page: str, text: str) -> str:
    """The page with the figures between their marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the page has no {_BEGIN} and {_END}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def broken(results: Mapping[str, Any]) -> dict[str, list[str]]:
    """What went wrong, for each package in which something did."""
    made = results["made"]
    return {
        name: wrong for name, found in results["packages"].items() if (wrong := list(_wrong(found, made)))
    }


def _wrong(found: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    if "missing" in found:
        yield "could not be downloaded"
        return
    if found["status"] is None:
        yield "hang"
    elif found["status"] not in (0, 1):
        yield f"exit {found['status']}"
    if found["traceback"]:
        yield "traceback"
    if found["left"]:
        yield "processes left"
    if found["failed"]:
        yield f"{len(found['failed'])} not analysed"
    if found["alone"]:
        yield f"{len(found['alone'])} refused alone"
    if found["crashed"]:
        yield f"{len(found['crashed'])} crashed alone"
    if _is_slow(found, made):
        yield "slow"


def _is_slow(found: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    return _times(found, made) > MOST_TIMES and found["cpu"] - made["start"] > LEAST


def _times(found: Mapping[str, Any], made: Mapping[str, Any]) -> float:
    """How many times its bare parse the package costs, the start of the command aside."""
    if found["status"] is None or not found["parse"]:
        return 0.0
    return max(0.0, float(found["cpu"] - made["start"]) / float(found["parse"]))


def _row(name: str, found: Mapping[str, Any], made: Mapping[str, Any]) -> Sequence[str]:
    wrong = ", ".join(_wrong(found, made))
    if "missing" in found:
        return (name, *[""] * (len(_HEAD) - 2), wrong)
    slowest = found["slowest"]
    return (
        f"{name.partition('==')[0]} {found['version']}",
        f"{found['files']:,}",
        "" if found["status"] is None else str(found["status"]),
        f"{found['findings']:,}",
        str(len(found["refused"]) or ""),
        str(len(found["alone"]) or ""),
        f"{found['cpu']:.1f} s",
        f"{_times(found, made):.1f}",
        f"{found['memory'] / 1e6:.0f} MB",
        f"{slowest['seconds']:.2f} s" if slowest else "",
        wrong,
    )


def _sums(results: Mapping[str, Any]) -> list[str]:
    made = results["made"]
    packages = results["packages"]
    found = {name: each for name, each in packages.items() if "missing" not in each}
    wrong = broken(results)
    if not found:
        return ["Nothing was checked."]
    slowest = max(found, key=lambda name: found[name]["slowest"].get("seconds", 0.0))
    biggest = max(found, key=lambda name: found[name]["memory"])
    dearest = max(found, key=lambda name: (found[name]["cpu"] > LEAST, _times(found[name], made)))
    refused = sum(len(each["refused"]) for each in found.values())
    alone = sum(len(each["alone"]) for each in found.values())
    statuses = sorted({str(each["status"]) for each in found.values() if each["status"] is not None})
    return [
        f"- **{len(found)} packages**, {sum(each['files'] for each in found.values()):,} files; "
        f"{sum(each['findings'] for each in found.values()):,} findings",
        f"- Exit statuses: {', '.join(statuses)}; "
        f"runs that hung: {sum(each['status'] is None for each in found.values())}; "
        f"tracebacks: {sum(bool(each['traceback']) for each in found.values())}; "
        f"modules that could not be analysed: {sum(len(each['failed']) for each in found.values())}",
        f"- Files refused as no Python (CON900): {refused + alone:,}, of which CPython compiles {alone:,}",
        f"- More than {MOST_TIMES} times the bare parse: "
        f"{sum('slow' in reasons for reasons in wrong.values())}; most: {dearest}, "
        f"{_times(found[dearest], made):.1f} times",
        f"- Most memory: {biggest}, {found[biggest]['memory'] / 1e6:,.0f} MB; slowest file: "
        f"{found[slowest]['slowest'].get('seconds', 0.0):.2f} s, "
        f"`{found[slowest]['slowest'].get('path', '')}` of {slowest}",
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
