"""Packages from the index, unpacked. Nothing of a package is built or run.

pip is what downloads, and pip builds a source distribution as soon as it has it. So its process may not start
another one (`only_download.py`): it ends there, and the archive is left where pip had put it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

SOURCES: Final = (".py", ".ipynb")
"""What conclint looks for in a folder."""

_ONLY_DOWNLOAD: Final = Path(__file__).with_name("only_download.py")
PYTHONS: Final = ("3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8", "2.7")
"""Whose wheels are asked for, in turn: some packages have none for the newest, old ones none for any new."""
_WHEELS: Final = ("--only-binary", ":all:", "--ignore-requires-python")


class DownloadError(Exception):
    """There is no such package, or it could not be downloaded or unpacked."""


class Package(NamedTuple):
    """A package that is unpacked: its requirement as given, its version, and its folder."""

    requirement: str
    name: str
    version: str
    folder: Path


def fetch(requirement: str, downloads: Path) -> Package:
    """The package, downloaded and unpacked unless that was done before."""
    name = re.split(r"[=<>!~\[; ]", requirement, maxsplit=1)[0]
    place = downloads / re.sub(r"[^\w.=<>!~-]", "_", requirement)
    version = place / "version"
    folder = place / "sources"
    if not version.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        archive = _download(requirement, place)
        _unpack(archive, folder)
        version.write_text(_version_of(archive.name, name), encoding="utf-8")
        shutil.rmtree(place / "archive", ignore_errors=True)
        shutil.rmtree(place / "scratch", ignore_errors=True)
    return Package(requirement, name, version.read_text(encoding="utf-8"), folder)


def _download(requirement: str, place: Path) -> Path:
    """The wheel, or where there is none, the source distribution."""
    target, scratch = place / "archive", place / "scratch"
    errors = ""
    for python in PYTHONS:
        _, errors = _pip(scratch, "-d", str(target), *_WHEELS, "--python-version", python, requirement)
        for wheel in target.glob("*.whl"):
            return wheel
    _, errors = _pip(scratch, "-d", str(target), "--no-binary", ":all:", "--no-clean", requirement)
    # in a folder of pip's temporary one, beside the one that it unpacks the archive in
    for archive in (*sorted(target.glob("*")), *sorted(scratch.glob("*/*"))):
        if archive.name.endswith((".tar.gz", ".tgz", ".tar.bz2", ".zip")) and archive.is_file():
            return archive
    raise DownloadError(errors.strip().rpartition("\n")[2] or f"no archive of {requirement}")


def _pip(scratch: Path, *arguments: str) -> tuple[int, str]:
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, "-I", str(_ONLY_DOWNLOAD), "download", "-q", "--no-deps", *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": str(scratch), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def _unpack(archive: Path, folder: Path) -> None:
    """The sources of the archive, below the folder; files that lead out of it are left out."""
    half = folder.with_name("unpacking")
    half.mkdir()
    members = _in_zip if archive.suffix in (".whl", ".zip") else _in_tar
    try:
        for name, data in members(archive):
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.name.endswith(SOURCES):
                continue
            target = half / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DownloadError(f"{archive.name}: {error}") from error
    half.rename(folder)


def _in_zip(archive: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as opened:
        for item in opened.infolist():
            if not item.is_dir() and item.filename.endswith(SOURCES):
                yield item.filename, opened.read(item)


def _in_tar(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for item in opened:
            if item.isfile() and item.name.endswith(SOURCES) and (file := opened.extractfile(item)):
                yield item.name, file.read()


def _version_of(archive: str, name: str) -> str:
    """From the name of the archive: in a wheel's the second part, else what follows the package's name."""
    if archive.endswith(".whl"):
        return archive.split("-")[1]
    stem = re.sub(r"\.(?:tar\.gz|tgz|tar\.bz2|zip)$", "", archive)
    return re.sub(rf"^{re.sub(r'[-_.]+', '[-_.]+', name)}-", "", stem, flags=re.IGNORECASE)
