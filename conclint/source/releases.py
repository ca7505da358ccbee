"""Which distribution brought an installed file, by what the environment says of itself.

It is read as data, as far as such files go, and only for what is named in a report.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from conclint.files.bounded_file import CONFIGURATION, read_bounded

_HEAD: Final = 1 << 16
_FIELDS: Final = re.compile(rb"^(Name|Version):[ \t]*([^\r\n]{1,200})", re.MULTILINE)


class Release(NamedTuple):
    """A distribution's name and version, and the file that says it."""

    text: str
    file: str


def release_of(folder: str, path: str) -> Release | None:
    """The distribution that brought a file below a folder of installed packages; None where none says so."""
    name = path[len(folder) + 1 :].replace(os.sep, "/")
    top = name.partition("/")[0]
    # A folder without `__init__.py` is shared by many (`google`, `azure`): which one it is, the file tells.
    is_shared = "/" in name and not os.path.isfile(os.path.join(folder, top, "__init__.py"))
    for stem in _metadata_folders(folder, top.removesuffix(".py")):
        place = os.path.join(folder, stem)
        is_named = _normal(re.sub(r"-[^-]*$", "", stem.rpartition(".")[0])) == _normal(
            top.removesuffix(".py")
        )
        if (is_named and not is_shared) or _brings(place, name):
            return _stated(place)
    return None


def releases(folders: Iterable[str], tops: Iterable[str]) -> dict[str, str]:
    """For each top-level import name the name and version of the distribution that brings it."""
    found: dict[str, str] = {}
    for top in tops:
        for folder in folders:
            for name in (f"{top}/__init__.py", f"{top}.py", f"{top}/"):
                path = os.path.join(folder, *name.split("/"))
                release = release_of(folder, path) if os.path.exists(path) and top not in found else None
                if release is not None:
                    found[top] = release.text
    return found


def _metadata_folders(folder: str, top: str) -> Iterator[str]:
    """The folders with metadata, those first that are named as the package is."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return
    wanted = _normal(top)
    yield from sorted(names, key=lambda name: (not _normal(name).startswith(wanted), name))


def _brings(place: str, name: str) -> bool:
    """Whether the distribution's list of files has this one."""
    listed = "RECORD" if place.endswith(".dist-info") else "SOURCES.txt"
    try:
        data = read_bounded(os.path.join(place, listed), CONFIGURATION)
    except (OSError, ValueError):
        return False
    wanted = name.encode("utf-8", "surrogatepass")
    if name.endswith("/"):
        return data.startswith(wanted) or b"\n" + wanted in data
    ends = (b",", b"\r", b"\n", b"")
    return any(data.startswith(wanted + end) or b"\n" + wanted + end in data for end in ends[:3])


def _stated(place: str) -> Release | None:
    file = os.path.join(place, "METADATA" if place.endswith(".dist-info") else "PKG-INFO")
    try:
        head = read_bounded(file, CONFIGURATION)[:_HEAD]
    except (OSError, ValueError):
        return None
    fields = {key: value.decode("utf-8", "replace").strip() for key, value in reversed(_FIELDS.findall(head))}
    if b"Name" not in fields or b"Version" not in fields:
        return None
    return Release(f"{fields[b'Name']} {fields[b'Version']}", file)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
