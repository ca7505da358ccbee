"""Facts that installed packages bring along: `conclint.toml` in the folder of a package, for which the entry
point group `conclint.facts` of its distribution vouches. They are data, and speak of their package alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from conclint.files.bounded_file import read_bounded

if TYPE_CHECKING:
    from conclint.catalog.schema import LibraryFacts

FILE: Final = "conclint.toml"
GROUP: Final = "conclint.facts"
MOST_BYTES: Final = 1 << 20
"""Bytes of such a file at most: the largest of the shipped ones has a tenth of that."""
_MOST_LISTED: Final = 4 << 20


class PackageFacts(NamedTuple):
    """The facts by the import name of their package; the files that they stand in, and what is wrong with
    those that are left out, each with the name of its file."""

    by_import: tuple[tuple[str, LibraryFacts], ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Text that differs where the facts differ; empty for none."""
        if not self.by_import:
            return ""
        from hashlib import blake2b

        return blake2b(repr(self.by_import).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def read_package_facts(folders: Sequence[str]) -> PackageFacts:
    """The facts in folders of installed packages, the first one's for each import name."""
    files: dict[str, str] = {}
    for folder in folders:
        for top in _packages_with_facts(folder):
            files.setdefault(top, os.path.join(folder, top, FILE))
    if not files:
        return PackageFacts()
    vouched = {name for folder in folders for name in _vouched_for(folder)}
    found, warnings = [], []
    for top, file in sorted(files.items()):
        if top in vouched:
            facts = _read(top, file)
            if isinstance(facts, str):
                warnings.append(facts)
            else:
                found.append((top, facts))
    read = tuple(file for top, file in files.items() if top in vouched)
    return PackageFacts(tuple(found), read, tuple(warnings))


def _packages_with_facts(folder: str) -> tuple[str, ...]:
    try:
        changed = os.stat(folder).st_mtime_ns
    except OSError:
        return ()
    return _listed(folder, changed)


@lru_cache(maxsize=16)
def _listed(folder: str, _changed: int) -> tuple[str, ...]:
    """Of a process that looks at one file after another, as flake8's, each folder is listed once."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ()
    return tuple(
        name for name in names if name.isidentifier() and os.path.isfile(os.path.join(folder, name, FILE))
    )


def _vouched_for(folder: str) -> Iterator[str]:
    """The import names in the entry point group of the distributions in a folder."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return
    for name in names:
        try:
            text = read_bounded(os.path.join(folder, name, "entry_points.txt"), _MOST_LISTED)
        except (OSError, ValueError):
            continue
        if GROUP.encode() in text:
            yield from _values_in_group(text.decode("utf-8", "replace").splitlines())


def _values_in_group(lines: Iterable[str]) -> Iterator[str]:
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and "=" in line and not line.startswith(("#", ";")):
            yield line.partition("=")[2].strip()


def _read(top: str, file: str) -> LibraryFacts | str:
    """The facts, or why they are left out."""
    from conclint.catalog.schema import read_user_facts
    from conclint.catalog.tables import CatalogError
    from conclint.config.file import TomlError, parse_toml

    try:
        data = read_bounded(file, MOST_BYTES)
        facts = read_user_facts({"library": top, **parse_toml(data)[1]}, file)
    except OSError as error:
        return f"{file}: the facts are not used: {error.strerror or error}"
    except TomlError as error:
        return f"{file}{error.line}: the facts are not used: {error}"
    except CatalogError as error:
        return f"{error} (the facts are not used)"
    stated = (*facts.functions, *facts.classes, *facts.factories, *facts.decorators, *facts.aliases)
    others = sorted(name for name in stated if not name.startswith(f"{top}."))
    if others:
        return f"{file}: the facts are not used: {others[0]} is no part of {top}"
    return facts
