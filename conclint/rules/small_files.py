"""Files that are read or written within a millisecond, by what the source says of their path.

Settings are a few kilobytes, what lies beside the program's own code was made to be read while it runs, and
the kernel's tables are on no disk. Nothing is said of a file by the folder that it is in.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from conclint.catalog.facts import CallableFact
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_OPENERS: Final = frozenset({"builtins.open", "io.open", "codecs.open", "os.open"})
_OF_PATH: Final = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"})
_PATH_KEYWORDS: Final = ("file", "path", "filename")
_SETTINGS: Final = frozenset(
    {
        "cfg", "conf", "config", "configs", "configuration", "credential", "credentials", "dotenv",
        "preferences", "prefs", "pyproject", "secrets", "setting", "settings",
    }
)  # fmt: skip
_SUFFIXES: Final = (".cfg", ".conf", ".env", ".ini", ".toml")
_TABLES: Final = ("/proc/", "/sys/")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PLAIN: Final = frozenset({"file", "filename", "filepath", "name", "path"})
"""Attributes that are the path of what they are an attribute of."""
_SAME: Final = frozenset({"absolute", "expanduser", "resolve", "strip"})
"""Methods of a path, or of its text, that give the same file."""
_WRAPS: Final = frozenset({"abspath", "expanduser", "expandvars", "fspath", "realpath", "str", "normpath"})
_MOST: Final = 20  # steps from a path back to what it is made from

Place: TypeAlias = tuple[Key, int]


def is_small_file(evaluator: Evaluator, fact: CallableFact, key: Key, site: Site) -> bool:
    """Whether the call opens, reads or writes a file that is known to be small."""
    body = evaluator.body(key)
    path = _path(body, fact, site)
    if path < 0:
        return False
    finder = _Finder(evaluator)
    return finder.is_settings(key, path) or finder.is_shipped(key, path)


def _path(body: Body, fact: CallableFact, site: Site) -> int:
    """The value that is the file's path; -1 where the call takes none."""
    if fact.name.startswith("pathlib.") and fact.name.rpartition(".")[2] in _OF_PATH:
        return graph.receiver(body, site)
    if fact.name in _OPENERS:
        for slot, value in site.args:
            if slot == 0 or slot in _PATH_KEYWORDS:
                return value
    return -1


class _Finder:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def is_settings(self, key: Key, value: int, depth: int = 0) -> bool:
        """Whether the path's last part says that it is settings, or a table of the kernel's."""
        if depth > _MOST:
            return False
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        if node[0] == Op.CONST:
            return isinstance(node[1], str) and _is_named_so(node[1])
        if node[0] == Op.PHI:
            return all(self.is_settings(key, part, depth + 1) for part in graph.parts(node))
        if node[0] in graph.WRAPPERS:
            return self.is_settings(key, graph.operand(node), depth + 1)
        if node[0] == Op.ARITH and node[1] in ("/", "+"):
            return self.is_settings(key, graph.operand(node, 1), depth + 1)
        if node[0] == Op.ATTR and str(node[2]).lower() in _PLAIN:
            return self.is_settings(key, graph.base(node), depth + 1)
        if (site := graph.call(body, value)) is not None:
            return self._is_made_of_settings(key, body, site, depth)
        return _says_settings(self._name(key, node))

    def _is_made_of_settings(self, key: Key, body: Body, site: Site, depth: int) -> bool:
        """The result of a call: by its last part (`join(folder, "x.toml")`), else by the function's name."""
        callee = graph.node(body, site.callee)
        name = self._name(key, callee)
        given = [item for slot, item in site.args if isinstance(slot, int)]
        if name in _SAME and not given:
            return self.is_settings(key, graph.base(callee), depth + 1)
        if name in ("join", "joinpath", "Path", "PurePath") or (name in _WRAPS and len(given) == 1):
            return bool(given) and self.is_settings(key, given[-1], depth + 1)
        return _says_settings(name)

    def is_shipped(self, key: Key, value: int) -> bool:
        """Whether the path is made of the module's own and of constants alone: a file beside the code."""
        seen: set[Place] = set()
        todo: list[Place] = [(key, value)]
        found = False
        while todo:
            place = todo.pop()
            if place in seen:
                continue
            seen.add(place)
            if len(seen) > 4 * _MOST:
                return False
            body = self._evaluator.body(place[0])
            node = graph.node(body, place[1])
            if node[:2] == (Op.GLOBAL, "__file__"):
                found = True
            elif node[0] == Op.GLOBAL:
                stored = self._evaluator.module(place[0][0]).global_stores(str(node[1]))
                if len(stored) > 1:
                    return False
                todo += [(module, store.value) for module, store in stored]
            elif node[0] in (Op.PARAM, Op.FREE, Op.UNKNOWN, Op.TYPED, Op.ENTER, Op.ELEM):
                return False
            elif (site := graph.call(body, place[1])) is not None:
                todo += [(place[0], item) for _, item in site.args]
                if (base := graph.receiver(body, site)) >= 0:
                    todo.append((place[0], base))
            elif node[0] != Op.ATTR or self._is_of_path(body, node):
                todo += [(place[0], part) for part in graph.parts(node)]
            else:
                return False
        return found

    def _is_of_path(self, body: Body, node: graph.Node) -> bool:
        """Whether an attribute is one of a path, or of a module: not of an object of the program's."""
        base = graph.node(body, graph.base(node))
        return node[2] in ("parent", "parents", "path") or base[0] == Op.IMPORT

    def _name(self, key: Key, node: graph.Node) -> str:
        """The name by which the source calls a value; empty for none."""
        if node[0] == Op.PARAM:
            return self._evaluator.definition(key).params[graph.number(node)].name
        if node[0] == Op.IMPORT:
            imported = self._evaluator.module(key[0]).summary.imports[graph.number(node)]
            return str(imported.name or "")
        if node[0] in (Op.ATTR, Op.FREE):
            return str(node[2])
        return str(node[1]) if node[0] == Op.GLOBAL else ""


def _is_named_so(path: str) -> bool:
    name = path.replace("\\", "/").rpartition("/")[2]
    return path.startswith(_TABLES) or name.lower().endswith(_SUFFIXES) or _says_settings(name)


def _says_settings(name: str) -> bool:
    return any(word.lower() in _SETTINGS for word in _WORD.findall(name))
