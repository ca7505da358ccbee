"""Which blocking calls on the event loop conclint, ruff and flake8-async report in the same projects.

    python benchmarks/peers.py khoj=FOLDER marimo=FOLDER… [--flake8-async PROGRAM] [--write]

A place is a line of a file. Of conclint's, those count that it reports by default (CON1xx), apart by whether
the call blocks itself or leads to what does; of the others, the rules on blocking calls (ASYNC2xx). What the
others report and conclint doesn't by default is looked for among its findings of any severity and confidence.
`--write` puts the figures into docs/peers.json, beside those of other projects; the site makes its table from
it. It says who reports what, not who is right.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

_DATA: Final = Path(__file__).resolve().parent.parent / "docs" / "peers.json"
_SHOWN: Final = {"warning", "critical"}

Place = tuple[str, int]


class Found(NamedTuple):
    """What conclint reports by default, apart by whether the call blocks itself; and all that it sees."""

    itself: frozenset[Place]
    through: frozenset[Place]
    anyhow: frozenset[Place]

    @property
    def shown(self) -> frozenset[Place]:
        """What it reports by default."""
        return self.itself | self.through


def conclint(folder: Path) -> Found:
    """The places of conclint's CON1xx findings."""
    options = ["--select=CON1", "--min-severity=info", "--min-confidence=low", "--output-format=json"]
    options += ["--exit-zero", "--no-cache", "--jobs=1"]
    rows = json.loads(_output([sys.executable, "-m", "conclint", *options, "."], folder))
    itself: set[Place] = set()
    through: set[Place] = set()
    anyhow: set[Place] = set()
    for row in rows:
        place = (row["path"], row["line"])
        anyhow.add(place)
        if row["severity"] in _SHOWN and row["confidence"] != "low" and row["code"] != "CON112":
            (through if len(row["chain"]) > 1 else itself).add(place)
    return Found(frozenset(itself), frozenset(through - itself), frozenset(anyhow))


def ruff(folder: Path) -> frozenset[Place]:
    """The places of ruff's ASYNC2xx findings."""
    options = ["check", "--isolated", "--no-cache", "--select=ASYNC2", "--output-format=json", "--exit-zero"]
    rows = json.loads(_output([sys.executable, "-m", "ruff", *options, "."], folder))
    return frozenset((_below(row["filename"], folder), row["location"]["row"]) for row in rows)


def flake8_async(program: str, folder: Path) -> frozenset[Place]:
    """The places of flake8-async's ASYNC2xx findings, whatever concurrency library the files import."""
    files = sorted(str(path) for path in folder.rglob("*.py"))
    text = _output([program, "--enable=ASYNC2", "--asyncio", *files], folder, statuses=(0, 1))
    found = re.findall(r"^(.+?):(\d+):\d+: ASYNC2\d\d ", text, re.MULTILINE)
    return frozenset((_below(path, folder), int(line)) for path, line in found)


def _below(path: str, folder: Path) -> str:
    return Path(folder, path).resolve().relative_to(folder.resolve()).as_posix()


def _output(command: list[str], folder: Path, statuses: Iterable[int] = (0,)) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        raise SystemExit(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def compare(folder: Path, program: str | None) -> dict[str, Any]:
    """The figures of a project."""
    ours = conclint(folder)
    theirs = {"ruff": ruff(folder)}
    if program is not None:
        theirs["flake8-async"] = flake8_async(program, folder)
    return {
        "files": sum(1 for _ in folder.rglob("*.py")),
        "conclint": {"itself": len(ours.itself), "through": len(ours.through)},
        **{
            name: {
                "places": len(places),
                "of conclint's itself": len(places & ours.itself),
                "of conclint's through": len(places & ours.through),
                "conclint too": len(places & ours.shown),
                "conclint at lower severity or confidence": len(places & ours.anyhow - ours.shown),
            }
            for name, places in theirs.items()
        },
    }


def _versions(program: str | None) -> dict[str, str]:
    commands = {"conclint": [sys.executable, "-m", "conclint"], "ruff": [sys.executable, "-m", "ruff"]}
    found = {
        name: _output([*command, "--version"], Path.cwd()).split()[-1] for name, command in commands.items()
    }
    if program is not None:
        environment = Path(program).resolve().parent / "python"
        code = "import importlib.metadata as m; print(m.version('flake8-async'))"
        found["flake8-async"] = _output([str(environment), "-c", code], Path.cwd()).strip()
    return found | {"python": platform.python_version()}


def main() -> None:
    """Measures, prints, and writes on request."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("projects", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--flake8-async", metavar="PROGRAM", default=shutil.which("flake8-async"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.flake8_async = options.flake8_async or None
    projects = dict(text.split("=", 1) for text in options.projects)
    versions = _versions(options.flake8_async)
    found = {name: compare(Path(folder), options.flake8_async) for name, folder in projects.items()}
    print(json.dumps({"versions": versions, "projects": found}, indent=2))
    if options.write:
        kept = json.loads(_DATA.read_text("utf-8"))["projects"] if _DATA.exists() else {}
        written = {"versions": versions, "projects": dict(sorted({**kept, **found}.items()))}
        _DATA.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
