"""What the user knows: facts in the configuration file, and in catalog files of their own.

`[tool.conclint.catalog]` is a catalog file inside the configuration; `catalog-files` names further ones.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conclint.config.settings import Config, ConfigError

if TYPE_CHECKING:
    from conclint.catalog.schema import LibraryFacts


class UserFacts(NamedTuple):
    """Facts in the order in which later ones win: the files as listed, then what is written inline."""

    facts: tuple[LibraryFacts, ...] = ()

    def digest(self) -> bytes:
        """Bytes that differ where the facts differ; empty for none."""
        if not self.facts:
            return b""
        return blake2b(repr(self.facts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_user_knowledge(config: Config) -> UserFacts:
    """The user's own facts.

    Raises ConfigError, naming file, key and what was expected.
    """
    if not config.catalog and not config.catalog_files:
        return UserFacts()
    from conclint.catalog.loader import read_toml
    from conclint.catalog.schema import read_user_facts
    from conclint.catalog.tables import CatalogError

    found: list[LibraryFacts] = []
    try:
        found += [read_user_facts(read_toml(path), str(path)) for path in config.catalog_files]
        if config.catalog:
            file = config.file or Path("pyproject.toml")
            key = "tool.conclint.catalog" if file.name == "pyproject.toml" else "catalog"
            found.append(read_user_facts(config.catalog, str(file), key))
    except CatalogError as error:
        raise ConfigError(str(error)) from error
    return UserFacts(tuple(found))
