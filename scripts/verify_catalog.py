"""Check each dotted name and signature of the catalog against what is installed.

    python scripts/verify_catalog.py [--library NAME]... [--skip NAME]... [--install] [--verbose]

Names are looked up by importing their libraries, so run it where that is safe; `--install` makes a scratch
environment and installs there what the files name. A library that can't be imported there (it wants another
release of something that they share) gets an environment of its own. For all libraries that takes some
20 minutes and 6 GB. A name that can't be looked up here (not installed, another system, another Python, made
at run time) is counted as unchecked, with the reason. The exit status is 1 if a name is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from catalog_claims import Outcome, Status, verify  # noqa: E402
from conclint.catalog.loader import read_file, shipped_files  # noqa: E402
from conclint.catalog.schema import LibraryFacts  # noqa: E402

_INSTALL_SECONDS = 900
_IMPORT_SECONDS = 900

_ONLY_WITH = {"pysftp": ("paramiko<4",)}
"""What a library needs that others must not get: an older release of something that they share."""


def requirements(facts: LibraryFacts) -> tuple[str, ...]:
    """What to install to check a file: what it says, else the library's own name unless Python brings it."""
    if facts.install is not None:
        return facts.install
    if all(name in sys.stdlib_module_names for name in facts.imports):
        return ()
    return (facts.library,)


class Environment:
    """A scratch environment in a folder, to install libraries in and to look up names."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self._python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        if sys.version_info < (3, 11):
            self._pip("tomli")

    def install(self, wanted: Sequence[str]) -> None:
        """Installs these, one after the other; those that fail are named and left out."""
        for number, name in enumerate(wanted, 1):
            began = time.monotonic()
            failure = self._pip(name)
            outcome = f"FAILED: {failure[:160]}" if failure else ""
            print(
                f"[{number}/{len(wanted)}] {name} {time.monotonic() - began:.0f} s {outcome}".rstrip(),
                flush=True,
            )

    def _pip(self, name: str) -> str:
        """Why a distribution can't be installed; empty if it was."""
        command = [self._python, "-m", "pip", "install", "--quiet", "--no-input", "--prefer-binary", name]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return f"more than {_INSTALL_SECONDS} s"
        if done.returncode == 0:
            return ""
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return next((line for line in lines if "error" in line.lower()), f"status {done.returncode}")

    def verify(self, files: Iterable[LibraryFacts]) -> list[Outcome]:
        """The outcomes of all claims of the files, looked up in a process in this environment."""
        libraries = [f"--library={name}" for name in dict.fromkeys(facts.library for facts in files)]
        command = [self._python, "-W", "ignore", str(Path(__file__)), "--as-json", *libraries]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=_IMPORT_SECONDS, check=False
        )
        if not done.stdout:
            raise SystemExit(f"looking up names in {self._python} ended with status {done.returncode}")
        return [Outcome(row[0], row[1], Status(row[2]), row[3]) for row in json.loads(done.stdout)]


def verify_installed(files: Sequence[LibraryFacts], folder: Path) -> list[Outcome]:
    """The outcomes in scratch environments below a folder: one for all files, and one more for each library
    of which something can't be imported there."""
    shared = Environment(folder / "shared")
    wanted = list(dict.fromkeys(name for facts in files for name in requirements(facts)))
    print(f"installing {len(wanted)} distributions", flush=True)
    shared.install(wanted)
    found = shared.verify(files)
    blocked = list(dict.fromkeys(outcome.library for outcome in found if outcome.is_blocked))
    for name in blocked if len({facts.library for facts in files}) > 1 else ():
        print(f"{name} in an environment of its own", flush=True)
        mine = [facts for facts in files if facts.library == name]
        needed = dict.fromkeys(item for facts in mine for item in requirements(facts))
        needed.update(dict.fromkeys(_ONLY_WITH.get(name, ())))
        if not needed:
            continue
        alone = folder / "alone"
        environment = Environment(alone)
        environment.install(list(needed))
        again = environment.verify(mine)
        before = [outcome for outcome in found if outcome.library == name]
        if sum(outcome.is_blocked for outcome in again) < sum(outcome.is_blocked for outcome in before):
            found = [outcome for outcome in found if outcome.library != name] + again
        shutil.rmtree(alone)
    return found


def render_summary(files: Sequence[LibraryFacts], found: Sequence[Outcome], *, verbose: bool) -> str:
    """What is wrong, what is unchecked and why, and the counts."""
    lines = [f"wrong: {o.library}: {o.claim}: {o.reason}" for o in found if o.status is Status.WRONG]
    unchecked = [outcome for outcome in found if outcome.status is Status.UNCHECKED]
    if verbose:
        lines += [f"unchecked: {o.library}: {o.claim}: {o.reason}" for o in unchecked]
    reasons = Counter(outcome.reason for outcome in unchecked)
    lines += [f"unchecked: {n:5} {reason}" for reason, n in sorted(reasons.items(), key=lambda p: -p[1])]
    stated = sum(len(f.functions) + sum(len(cls.methods) for cls in f.classes.values()) for f in files)
    names = len({facts.library for facts in files})
    lines.append(f"{names} libraries, {stated} callables, Python {sys.version.split()[0]}")
    counts = Counter(outcome.status for outcome in found)
    lines.append(
        f"checked {counts[Status.RIGHT]}, wrong {counts[Status.WRONG]}, unchecked {counts[Status.UNCHECKED]}"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", action="append", default=[], help="only this library; may be repeated")
    parser.add_argument("--skip", action="append", default=[], help="all but this library; may be repeated")
    parser.add_argument(
        "--install", action="store_true", help="install the libraries in scratch environments"
    )
    parser.add_argument("--environment", type=Path, help="keep the scratch environment in this folder")
    parser.add_argument("--verbose", action="store_true", help="name each unchecked name")
    parser.add_argument("--as-json", action="store_true", help="print each outcome as JSON, and nothing else")
    options = parser.parse_args()
    files = [read_file(path) for path in shipped_files()]
    names = {facts.library for facts in files}
    for name in (*options.library, *options.skip):
        if name not in names:
            parser.error(f"no library {name!r}; known: {', '.join(sorted(names))}")
    files = [
        f
        for f in files
        if (not options.library or f.library in options.library) and f.library not in options.skip
    ]
    if options.install:
        with contextlib.ExitStack() as stack:
            folder = options.environment or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            found = verify_installed(files, folder)
    else:
        found = list(verify(files))
    if options.as_json:
        print(json.dumps([[o.library, o.claim, o.status.value, o.reason] for o in found]))
        return 0
    print(render_summary(files, found, verbose=options.verbose))
    return 1 if any(outcome.status is Status.WRONG for outcome in found) else 0


if __name__ == "__main__":
    sys.exit(main())
