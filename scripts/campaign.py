"""Check real packages as a user would, and show what broke.

    python scripts/campaign.py [PACKAGE]... [--downloads DIR] [--results FILE.json] [-j N] [--again]
    python scripts/campaign.py --render

PACKAGE is what pip understands (a name, or NAME==VERSION); without one, those of campaign-packages.txt. Each
is downloaded by pip and unpacked (nothing of it is built or run), then checked, cold, by the conclint of the
running interpreter's environment. The table has: files, the exit status, findings, files refused as no Python
(CON900) against CPython's own `compile`, CPU (of it, how many times that of `libcst.parse_module` over the
same files), the biggest process's memory, the slowest file; and what went wrong. What the results have
already is not checked again unless asked for with `--again`: an interrupted campaign goes on where it was.

`--write` keeps the figures in docs/reliability.json and shows them in docs/reliability.md; `--render` only
shows those that were kept. The exit status is 1 if something broke.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from campaigning.checks import Limits, check, start_up
from campaigning.downloads import DownloadError, fetch
from campaigning.figures import block, broken, table, with_block

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("campaign-packages.txt")
DATA = ROOT / "docs" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"


def main(arguments: Sequence[str] | None = None) -> int:
    given = parsed(arguments)
    if given.render:
        render(json.loads(DATA.read_text(encoding="utf-8")))
        return 0
    asked = given.packages or listed(LIST)
    limits = Limits(given.seconds, given.memory << 20, given.jobs, given.largest)
    downloads = given.downloads or default_downloads()
    results: dict[str, Any] = {"packages": {}}
    if given.results is not None and given.results.exists():
        results = json.loads(given.results.read_text(encoding="utf-8"))
    compiler = given.compile_with or newest_python()
    with tempfile.TemporaryDirectory() as scratch:
        results["made"] = made_with(compiler, limits, start_up(Path(scratch), limits))
    for requirement in asked:
        if requirement in results["packages"] and not given.again:
            continue
        say(requirement)
        try:
            results["packages"][requirement] = check(fetch(requirement, downloads), limits, compiler)
        except DownloadError as error:
            results["packages"][requirement] = {"missing": str(error)}
        if given.results is not None:
            given.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    shown = {name: results["packages"][name] for name in asked}
    results["packages"] = shown
    print(table(results), end="")
    if given.write:
        DATA.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        render(results)
    return 1 if broken(results) else 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--downloads", type=Path, metavar="DIR", help="default: a folder in the user's cache")
    parser.add_argument("--results", type=Path, metavar="FILE", help="read and write the figures as JSON")
    parser.add_argument("--again", action="store_true", help="check what the results have already, too")
    parser.add_argument("-j", "--jobs", type=int, default=0, metavar="N", help="that of the command")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="S", help="a run that takes longer hangs; default: 600"
    )
    parser.add_argument(
        "--memory",
        type=int,
        default=8192,
        metavar="MB",
        help="the address space of each process; default: 8192",
    )
    parser.add_argument(
        "--largest",
        type=int,
        default=20,
        metavar="N",
        help="files that are summarised alone; 0: no bare parse either; default: 20",
    )
    parser.add_argument(
        "--compile-with", metavar="PYTHON", help="the CPython to compare with; default: the newest found"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in docs")
    parser.add_argument(
        "--render", action="store_true", help="check nothing, write the figures into the page"
    )
    return parser.parse_args(arguments)


def listed(file: Path) -> list[str]:
    """The packages that the file lists."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def newest_python() -> str:
    """The newest CPython on the path, beside this one, or among pyenv's."""
    folders = [*os.get_exec_path(), str(Path(sys.executable).parent)]
    folders += [str(folder) for folder in Path.home().glob(".pyenv/versions/*/bin")]
    found = {
        (int(match[1]), str(path))
        for folder in folders
        for path in Path(folder).glob("python3.*")
        if (match := re.fullmatch(r"python3\.(\d+)", path.name)) and "shims" not in path.parts
    }
    own = (sys.version_info.minor, sys.executable)
    return max(found | {own}, key=lambda each: (each[0], each == own))[1]


def made_with(compiler: str, limits: Limits, start: float) -> dict[str, Any]:
    """What the figures depend on."""
    code = "import platform; print(platform.python_implementation(), platform.python_version())"
    told = subprocess.run([compiler, "-I", "-c", code], capture_output=True, text=True, check=True)
    return {
        "conclint": version("conclint"),
        "libcst": version("libcst"),
        "python": platform.python_version(),
        "compiler": told.stdout.strip(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "start": start,
        **limits._asdict(),
    }


def render(results: dict[str, Any]) -> None:
    """Writes the figures into the page."""
    PAGE.write_text(with_block(PAGE.read_text(encoding="utf-8"), block(results)), encoding="utf-8")


def default_downloads() -> Path:
    """Where packages are kept for the next campaign."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "conclint-campaign"


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
