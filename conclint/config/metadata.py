"""What the metadata of a package say where it lies unpacked: a wheel's `*.dist-info/METADATA`, or the
`PKG-INFO` of a source distribution."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from conclint.files.bounded_file import CONFIGURATION, read_bounded

_FIELD: Final = re.compile(rb"(?im)^Requires-Python:[ \t]*([^\r\n]*)")
_END: Final = re.compile(rb"\r?\n\r?\n")
_SOURCES: Final = "PKG-INFO"
_WHEELS: Final = (".dist-info", "METADATA")


def required_by_metadata(folder: Path) -> str:
    """What the metadata of the one package in a folder say in `Requires-Python`; empty where they say
    nothing, and where several packages lie there, as they do where they are installed."""
    file = _metadata_in(folder)
    if file is None:
        return ""
    try:
        head = _END.split(read_bounded(file, CONFIGURATION), maxsplit=1)[0]
    except OSError:
        return ""
    found = _FIELD.search(head)
    return found[1].decode("utf-8", "replace").strip() if found is not None else ""


def _metadata_in(folder: Path) -> Path | None:
    if (folder / _SOURCES).is_file():
        return folder / _SOURCES
    try:
        with os.scandir(os.fspath(folder)) as entries:
            wheels = [entry.path for entry in entries if entry.name.endswith(_WHEELS[0])]
    except OSError:
        return None
    return Path(wheels[0]) / _WHEELS[1] if len(wheels) == 1 else None
