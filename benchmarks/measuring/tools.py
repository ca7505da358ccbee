"""The tools that are compared, each in an environment of its own, and the corpora."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent.parent

CORPORA: Final = {
    "homeassistant": "homeassistant==2026.11.0",
    "django": "django==6.1.3",
    "langchain-community": "langchain-community==0.4.2",
}
"""What is downloaded, in versions so that figures of two days can be compared."""


class Tools(NamedTuple):
    """The interpreters that have flake8 alone (and ruff), flake8 with flake8-async (None: not at hand), and
    flake8 with this conclint."""

    plain: Path
    flake8_async: Path | None
    own: Path

    @property
    def ruff(self) -> str:
        """The command."""
        return str(self.plain.with_name("ruff"))


def tools_here() -> Tools:
    """The running interpreter's: flake8 with conclint even where flake8 alone is asked for."""
    here = Path(sys.executable)
    return Tools(here, here if find_spec("flake8_async") else None, here)


def install_tools(scratch: Path) -> Tools:
    """Environments below the scratch folder, made where they are missing; conclint is always made anew."""
    plain = _environment(scratch / "plain", ["flake8>=7", "ruff>=0.9"])
    neighbour = _environment(scratch / "flake8-async", ["flake8>=7", "flake8-async"])
    own = _environment(scratch / "conclint", ["flake8>=7"])
    _pip(own, "install", "-q", str(ROOT))  # what it needs may be more than what an earlier version did
    _pip(own, "install", "-q", "--force-reinstall", "--no-deps", str(ROOT))
    return Tools(plain, neighbour, own)


def _environment(folder: Path, requirements: Sequence[str]) -> Path:
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")
        _pip(python, "install", "-q", *requirements)
        done.touch()
    return python


def find_corpus(name: str, given: Path | None, scratch: Path) -> Path:
    """The folder that holds the corpus: in the folder `given`, or downloaded and unpacked."""
    if given is not None and (given / name).is_dir():
        return given / name
    folder = scratch / "corpora" / name
    if not folder.is_dir():
        download = scratch / "downloads" / name
        options = ["-q", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "-d", str(download)]
        _pip(Path(sys.executable), "download", *options, CORPORA[name])
        (wheel,) = download.glob("*.whl")
        half = folder.with_name(f"{name}.part")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(half, [item for item in archive.namelist() if item.endswith(".py")])
        half.rename(folder)
    return folder


def versions(tools: Tools) -> dict[str, str]:
    """Versions of everything that is measured."""
    names = {tools.plain: ("flake8", "ruff"), tools.own: ("conclint", "libcst")}
    if tools.flake8_async is not None:
        names = {**names, tools.flake8_async: ("flake8-async",)}
    if tools.plain == tools.own:
        names = {tools.own: ("flake8", "ruff", "conclint", "libcst")}
    found: dict[str, str] = {}
    for python, packages in names.items():
        code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
        done = subprocess.run(
            [str(python), "-c", code, *packages], capture_output=True, text=True, check=True
        )
        found.update(zip(packages, done.stdout.split(), strict=True))
    return found


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run([str(python), "-m", "pip", *arguments], check=True)
