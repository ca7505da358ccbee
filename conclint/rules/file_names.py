"""What the name of a file, of a variable that holds its path, or of a function says of what is in it."""

from __future__ import annotations

import re
from typing import Final

_SETTINGS: Final = frozenset(
    {
        "cfg", "conf", "config", "configs", "configuration", "credential", "credentials", "dotenv",
        "preferences", "prefs", "pyproject", "secrets", "setting", "settings",
        # what a program keeps of itself
        "cert", "certificate", "cookie", "cookies", "lock", "lockfile", "manifest", "marker", "metadata",
        "pid", "pidfile", "prompt", "prompts", "readme", "session", "state", "template", "token", "tokens",
        "version",
    }
)  # fmt: skip
_VERBS: Final = frozenset(
    {"dump", "fetch", "get", "load", "parse", "persist", "read", "save", "store", "update", "write"}
)
_PREPOSITIONS: Final = frozenset({"at", "by", "for", "from", "if", "in", "of", "on", "or", "to", "with"})
_FILLERS: Final = frozenset({"content", "contents", "file", "item", "path", "text"})
_KEYS: Final = re.compile(
    r"(?:api|client|deploy|host|identity|jwt|private|public|secret|server|sign|signing|ssh|ssl|tls)_?key"
    r"|(?:^|_)p?key_?(?:file|ring|store)|(?:ca|cert)_?(?:bundle|chain|file|path)|(?:^|_)pem(?:_|$)|passw(?:or)?d"
)
"""Names of files that hold a key, a certificate or a password. A key alone may be that of anything kept."""
_SUFFIXES: Final = (".cfg", ".conf", ".env", ".ini", ".toml")
_DOCUMENTS: Final = (
    ".bash", ".cert", ".crt", ".css", ".html", ".j2", ".jinja", ".jinja2", ".js", ".json", ".key", ".lark",
    ".lock", ".md", ".pem", ".pid", ".ps1", ".py", ".pyi", ".service", ".sh", ".sql", ".tmpl", ".tpl", ".txt",
    ".xml", ".yaml", ".yml",
)  # fmt: skip
"""Endings of documents that people write, or that a program keeps for itself, where it knows their names."""
_TABLES: Final = ("/etc/", "/proc/", "/run/", "/sys/", "/var/run/")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_OPTIONS: Final = frozenset(
    {"cfg", "conf", "config", "configuration", "constants", "env", "setting", "settings"}
)


def is_mere_ending(text: str) -> bool:
    """Whether a text is an ending that files of any size have (`.json`)."""
    return text.startswith(".") and not text.endswith(_SUFFIXES)


def is_named_so(path: str) -> bool:
    """Whether a path that is written out is that of settings, of a document or of a table of the kernel's."""
    name = path.replace("\\", "/").rpartition("/")[2]
    ending = name.lower()[-8:]
    is_hidden = name.startswith(".") and name.count(".") == 1 and len(name) > 1
    if path.startswith(_TABLES) or ending.endswith((*_SUFFIXES, *_DOCUMENTS)) or is_hidden:
        return True
    return says_settings(name)


def says_what_it_keeps(name: str) -> bool:
    """Whether the name of a function is that it reads or writes settings: `load_credentials`,
    `read_config_file`, `save_metadata_to_disk`, not `load_state_dict`."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[0] not in _VERBS:
        return False
    end = next((place for place, word in enumerate(words) if word in _PREPOSITIONS), len(words))
    while end > 1 and words[end - 1] in _FILLERS:
        end -= 1
    return end > 1 and says_settings(words[end - 1])


def says_options(name: str) -> bool:
    """Whether a name is that of an object that holds settings."""
    return any(word.lower() in _OPTIONS for word in _WORD.findall(name))


def says_settings(name: str) -> bool:
    """Whether a name is that of settings, or of what a program keeps of itself."""
    words = _WORD.findall(name)
    return (
        any(word.lower() in _SETTINGS for word in words) or _KEYS.search("_".join(words).lower()) is not None
    )
