"""Files that are read or written within a millisecond, by what the source says of their path.

Settings are a few kilobytes, what lies beside the program's own code was made to be read while it runs, the
kernel's tables are on no disk, and a document that the source knows by name (`folder / "manifest.json"`) is
one that the program keeps for itself. Nothing is said of a file by the folder that it is in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from conclint.catalog.facts import CallableFact
from conclint.resolve.arguments import StarItem, arguments_of, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import TOP, Function, Key, ValueSet, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.file_contents import is_document, is_parsed, result_of
from conclint.rules.file_uses import ARCHIVES, is_hardly_used, uses_of
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_OPENERS: Final = frozenset({"builtins.open", "io.open", "codecs.open", "os.open"})
_OF_PATH: Final = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"})
_MOVING: Final = frozenset({"shutil.move"})
_OFFLOADS: Final = re.compile(r"(?i)to_?thread|in_?thread|in_?executor|threadpool|sync_to_async|run_sync")
"""What is in the names of functions that run another one in a thread."""
_WRITES: Final = frozenset({"write", "write_bytes", "write_text"})
_AFTER_WRITING: Final = frozenset({"close", "fileno", "flush", "tell"})
_LISTING: Final = frozenset({"glob.glob", "glob.iglob", "pathlib.Path.glob", "pkgutil.iter_modules"})
_PATH_KEYWORDS: Final = ("file", "path", "filename")
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
_PLAIN: Final = frozenset({"file", "filename", "filepath", "name", "path"})
"""Attributes that are the path of what they are an attribute of."""
_SAME: Final = frozenset({"absolute", "expanduser", "resolve", "strip"})
"""Methods of a path, or of its text, that give the same file."""
_RENAMED: Final = frozenset({"with_stem", "with_suffix"})
"""Methods of a path that give another one of nearly the same name."""
_WRAPS: Final = frozenset({"abspath", "expanduser", "expandvars", "fspath", "realpath", "str", "normpath"})
_PLACES: Final = frozenset(
    {"cwd", "home", "getcwd", "gettempdir", "getenv", "user_config_dir", "user_data_dir"}
)
"""Functions that give a folder of the user's, or of the program's."""
_OPTIONS: Final = frozenset(
    {"cfg", "conf", "config", "configuration", "constants", "env", "setting", "settings"}
)
_MOST: Final = 20  # steps from a path back to what it is made from

Place: TypeAlias = tuple[Key, int]


def is_of_one_file(fact: CallableFact) -> bool:
    """Whether a fact is about opening, reading or writing one file, at a path that is passed."""
    if fact.name.startswith("pathlib."):
        return fact.name.rpartition(".")[2] in _OF_PATH
    return fact.name in _OPENERS


def is_small_file(evaluator: Evaluator, fact: CallableFact, chain: Sequence[Hop]) -> bool:
    """Whether the last call of a chain opens, reads or writes a file that is known to be small, or lists one
    folder."""
    key, number, _ = chain[-1]
    body = evaluator.body(key)
    site = body.sites[number]
    if fact.name in _LISTING:
        return _is_of_one_folder(body, site)
    if fact.name in _MOVING:
        return _is_renamed(body, site)
    if fact.name in ARCHIVES:
        return is_hardly_used(evaluator, key, number, is_archive=True) or _hands_over(body)
    path = _path(body, fact, site)
    if path < 0:
        return False
    finder = _Finder(evaluator, chain)
    modes = _modes(body, fact, site)
    return (
        _says_what_it_keeps(evaluator.definition(key).name)
        or _is_brief(evaluator, fact, key, number)
        or finder.is_settings(key, path)
        or finder.is_shipped(key, path)
        or _hands_over(body)
        or finder.is_written_once(key, number, is_added=all("a" in mode for mode in modes))
        or (any("b" not in mode for mode in modes) and finder.is_own(key, path))
    )


def _is_brief(evaluator: Evaluator, fact: CallableFact, key: Key, number: int) -> bool:
    """Whether little is done with a file, or with what is read of it."""
    body = evaluator.body(key)
    if fact.name.rpartition(".")[2] in ("read_text", "read_bytes"):
        return is_parsed(evaluator, key, result_of(body, body.sites[number]))
    return is_hardly_used(evaluator, key, number)


def _modes(body: Body, fact: CallableFact, site: Site) -> tuple[str, ...]:
    """The modes in which a file may be opened, `b` standing for one that is not known."""
    method = fact.name.rpartition(".")[2]
    if method in ("read_text", "write_text"):
        return ("w" if method == "write_text" else "r",)
    if method != "open" or fact.name == "os.open":
        return ("b",)
    place = 0 if fact.name.startswith("pathlib.") else 1
    stated = [value for slot, value in site.args if slot in (place, "mode")]
    if not stated:
        return ("r",)
    node = graph.node(body, stated[0])
    nodes = [graph.node(body, part) for part in graph.parts(node)] if node[0] == Op.PHI else [node]
    return tuple(str(node[1]) if node[0] == Op.CONST else "b" for node in nodes)


def _is_renamed(body: Body, site: Site) -> bool:
    """Whether a file gets another name in its own folder (`move(path + ".part", path)`)."""
    if len(site.args) < 2:
        return False
    (_, one), (_, other) = site.args[:2]
    return other in _stems(body, one) or one in _stems(body, other)


def _stems(body: Body, path: int) -> tuple[int, ...]:
    """What a path is, less its ending."""
    node = graph.node(body, path)
    if node[0] == Op.ARITH and node[1] == "+":
        return (graph.operand(node),)
    if node[0] == Op.ITEM:  # os.path.splitext(path)[0]
        made = graph.call(body, graph.operand(node))
        is_split = made is not None and graph.node(body, made.callee)[-1] == "splitext"
        return tuple(value for _, value in made.args) if made is not None and is_split else ()
    return ()


def _hands_over(body: Body) -> bool:
    """Whether a function hands other work to a thread: what it does itself its author has weighed."""
    return any(
        _OFFLOADS.search(str(graph.node(body, site.callee)[-1] if site.callee >= 0 else ""))
        for site in body.sites
        if graph.pauses(site) and site.kind == SiteKind.CALL
    )


def _is_of_one_folder(body: Body, site: Site) -> bool:
    """Whether a listing goes into no folder below: by its pattern, where that is written out."""
    for slot, value in site.args:
        node = graph.node(body, value)
        if slot == "recursive" or (node[0] == Op.CONST and "**" in str(node[1])):
            return False
    return True


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
    """Follows a path back to what it is made of, through the calls of a chain."""

    def __init__(self, evaluator: Evaluator, chain: Sequence[Hop]) -> None:
        self._evaluator = evaluator
        self._calls = {callee.key: caller for caller, callee in pairwise(chain) if caller.key != callee.key}

    def is_settings(self, key: Key, value: int, depth: int = 0) -> bool:
        """Whether the path's last part says that it is settings, a document by a name that the source knows,
        or a table of the kernel's."""
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
        if node[0] == Op.BOOL and node[1] == "or":  # whoever names another file names one of the same kind
            return self.is_settings(key, graph.parts(node)[-1], depth + 1)
        if node[0] == Op.ARITH and node[1] == "/":
            return self.is_settings(key, graph.operand(node, 1), depth + 1)
        if node[0] == Op.ARITH and node[1] == "+":  # an ending alone names no one file
            last = graph.node(body, graph.operand(node, 1))
            if last[0] == Op.CONST and str(last[1]).startswith(".") and not str(last[1]).endswith(_SUFFIXES):
                return False
            return self.is_settings(key, graph.operand(node, 1), depth + 1)
        if node[0] == Op.ATTR and str(node[2]).lower() in _PLAIN:
            return self.is_settings(key, graph.base(node), depth + 1) or self._is_kept_so(key, node, depth)
        if (site := graph.call(body, value)) is not None:
            return self._is_made_of_settings(key, body, site, depth)
        return _says_settings(self._name(key, node)) or self._is_kept_so(key, node, depth)

    def is_written_once(self, key: Key, number: int, *, is_added: bool) -> bool:
        """Whether all that is done with the file is to write, once, what the coroutine has awaited, which is
        in memory, and took longer to come; or a document that it has made; or to add something to it."""
        body = self._evaluator.body(key)
        site = body.sites[number]
        if graph.node(body, site.callee)[-1] in ("write_bytes", "write_text"):
            written = [site]
        else:
            written = list(uses_of(body, number))
        return any(use.kind == SiteKind.CALL for use in written) and all(
            use.kind == SiteKind.ENTER or self._writes_little(key, body, use, is_added) for use in written
        )

    def _writes_little(self, key: Key, body: Body, site: Site, is_added: bool) -> bool:
        name = graph.node(body, site.callee)[-1]
        if site.kind != SiteKind.CALL or graph.loop_of(body, site.region) >= 0:
            return False
        if name in _AFTER_WRITING and not site.args:
            return True
        if name not in _WRITES or not site.args:
            return False
        written = site.args[0][1]
        return is_added or is_document(self._evaluator, key, written) or self._is_awaited(key, written, 0)

    def _is_awaited(self, key: Key, value: int, depth: int) -> bool:
        """Whether a value is made of what was awaited, there or where the chain passes it."""
        if depth > _MOST:
            return False
        body = self._evaluator.body(key)
        for part in graph.made_from(body, [value]):
            node = graph.node(body, part)
            if node[0] == Op.AWAIT:
                return True
            if node[0] == Op.PARAM:
                passed = self._passed(key, graph.number(node))
                if passed is not None and self._is_awaited(*passed, depth + 1):
                    return True
        return False

    def is_own(self, key: Key, value: int, depth: int = 0) -> bool:
        """Whether the path is one that an object, a module or the settings keep, or lies in a folder that
        they keep: what the program writes down for itself there is text of some kilobytes. What is passed to
        it, or gone through, may be anything."""
        if depth > _MOST:
            return False
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        if node[0] == Op.PHI or (node[0] == Op.BOOL and node[1] == "or"):
            return all(self.is_own(key, part, depth + 1) for part in graph.parts(node))
        if node[0] in graph.WRAPPERS or (node[0] == Op.ARITH and node[1] in ("/", "+")):
            return self.is_own(key, graph.operand(node), depth + 1)
        if node[0] == Op.ATTR:
            return self._is_kept(key, body, node)
        if node[0] == Op.PARAM:
            passed = self._passed(key, graph.number(node))
            return passed is not None and self.is_own(*passed, depth + 1)
        if node[0] == Op.CONST:
            return depth > 0 and isinstance(node[1], str)
        if (site := graph.call(body, value)) is not None:
            return self._gives_own(key, body, site, depth)
        if node[0] == Op.ITEM:
            return depth > 0 and _is_environment(body, graph.operand(node))
        return node[0] in (Op.GLOBAL, Op.IMPORT) and not self._name(key, node).islower()

    def _is_kept(self, key: Key, body: Body, node: graph.Node) -> bool:
        """Whether an attribute is one of the object itself, of a module, or of settings."""
        base = graph.node(body, graph.base(node))
        if base[0] == Op.ATTR:
            return _says_options(str(base[2])) or self._is_kept(key, body, base)
        if base[0] == Op.PARAM:
            is_self = base == (Op.PARAM, 0) and self._evaluator.enclosing_class(key) is not None
            return is_self or _says_options(self._name(key, base))
        if (site := graph.call(body, graph.base(node))) is not None:
            return _says_options(self._name(key, graph.node(body, site.callee)))
        return base[0] in (Op.GLOBAL, Op.IMPORT) or (base[0] == Op.FREE and _says_options(str(base[2])))

    def _gives_own(self, key: Key, body: Body, site: Site, depth: int) -> bool:
        """Whether a call makes a path of one that is kept, or is a function of the program's that does."""
        callee = graph.node(body, site.callee)
        name = self._name(key, callee)
        given = [item for slot, item in site.args if isinstance(slot, int)]
        if name in _WRAPS or name in ("join", "Path", "PurePath"):
            return bool(given) and self.is_own(key, given[0], depth + 1)
        if name in ("joinpath", *_SAME, *_RENAMED):
            return self.is_own(key, graph.base(callee), depth + 1)
        if name in _PLACES or _is_environment(body, graph.base(callee)):
            return depth > 0
        if depth > _MOST // 2:
            return False
        functions = [unwrapped(item) for item in self._evaluator.evaluate(key, site.callee).values]
        returned = [
            (item.key, given_back)
            for item in functions
            if isinstance(item, Function)
            for given_back, _ in self._evaluator.body(item.key).returns
        ]
        is_known = all(isinstance(item, Function) for item in functions)
        return is_known and bool(returned) and all(self.is_own(*place, depth + 2) for place in returned)

    def _is_kept_so(self, key: Key, node: graph.Node, depth: int) -> bool:
        """Whether all that a variable or an attribute holds, or what the chain passes, is so."""
        held = self._held(key, node)
        return bool(held) and all(self.is_settings(*place, depth + 1) for place in held)

    def _held(self, key: Key, node: graph.Node) -> list[Place]:
        if node[0] == Op.GLOBAL:
            stored = self._evaluator.module(key[0]).global_stores(str(node[1]))
            return [(module, store.value) for module, store in stored]
        if node[0] == Op.PARAM:
            passed = self._passed(key, graph.number(node)) or self._default(key, graph.number(node))
            return [] if passed is None else [passed]
        owner = self._evaluator.enclosing_class(key)
        is_own = node[0] == Op.ATTR and self._evaluator.body(key).values[graph.base(node)] == (Op.PARAM, 0)
        if owner is None or not is_own:
            return []
        stores = self._evaluator.classes.own_stores(owner).get(str(node[2]), [])
        members = self._evaluator.classes.own_members(owner).get(str(node[2]), [])
        held = [(method, stored) for method, stored, _ in stores]
        for item in members:
            held += self._returned_by(owner.key, item)
        return held

    def _returned_by(self, key: Key, member: int) -> list[Place]:
        """What a member of a class is; of a property, what it gives."""
        node = self._evaluator.body(key).values[member]
        if node[0] != Op.DEF:
            return [(key, member)]
        method = self._evaluator.module(key[0]).at(node[1])
        return [(method, value) for value, _ in self._evaluator.body(method).returns]

    def _passed(self, key: Key, position: int) -> Place | None:
        """What the chain's call of a function passes for a parameter."""
        call = self._calls.get(key)
        if call is None:
            return None
        site = self._evaluator.body(call.key).sites[call.site]
        arguments = arguments_of(call.key, site.args)
        is_bound = self._evaluator.enclosing_class(key) is not None
        if is_bound and not self._evaluator.decorations.of(key).is_static:
            arguments = arguments.prepend(TOP)
        definition = self._evaluator.definition(key)
        if not definition.params or site.kind != SiteKind.CALL:
            return None
        passed = bind(definition, position, arguments)
        if passed is None and not arguments.spread and definition.params[position].default >= 0:
            return self._evaluator.scope(key), definition.params[position].default
        return None if passed is None or isinstance(passed, (ValueSet, StarItem)) else passed

    def _default(self, key: Key, position: int) -> Place | None:
        """The default of a parameter of which the chain tells nothing."""
        default = self._evaluator.definition(key).params[position].default
        return None if key in self._calls or default < 0 else (self._evaluator.scope(key), default)

    def _is_made_of_settings(self, key: Key, body: Body, site: Site, depth: int) -> bool:
        """The result of a call: by its last part (`join(folder, "x.toml")`), else by the function's name."""
        callee = graph.node(body, site.callee)
        name = self._name(key, callee)
        given = [item for slot, item in site.args if isinstance(slot, int)]
        if (name in _SAME and not given) or name in _RENAMED:
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
            if node[:2] == (Op.GLOBAL, "__file__") or (node[0] == Op.ATTR and node[2] == "__file__"):
                found = True
            elif node[0] == Op.GLOBAL:
                stored = self._evaluator.module(place[0][0]).global_stores(str(node[1]))
                if len(stored) > 1:
                    return False
                todo += [(module, store.value) for module, store in stored]
            elif node[0] in (Op.FREE, Op.UNKNOWN, Op.TYPED, Op.ENTER, Op.ELEM):
                return False
            elif node[0] == Op.PARAM or (node[0] == Op.ATTR and not self._is_of_path(body, node)):
                held = self._held(place[0], node)
                if not held:
                    return False
                todo += held
            elif (site := graph.call(body, place[1])) is not None:
                todo += [(place[0], item) for _, item in site.args]
                if (base := graph.receiver(body, site)) >= 0:
                    todo.append((place[0], base))
            else:
                todo += [(place[0], part) for part in graph.parts(node)]
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


def _is_environment(body: Body, value: int) -> bool:
    """Whether a value is `os.environ`."""
    return graph.node(body, value)[-1] == "environ"


def _is_named_so(path: str) -> bool:
    name = path.replace("\\", "/").rpartition("/")[2]
    ending = name.lower()[-8:]
    is_hidden = name.startswith(".") and name.count(".") == 1 and len(name) > 1
    if path.startswith(_TABLES) or ending.endswith((*_SUFFIXES, *_DOCUMENTS)) or is_hidden:
        return True
    return _says_settings(name)


def _says_what_it_keeps(name: str) -> bool:
    """Whether the name of a function is that it reads or writes settings (`load_credentials`)."""
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and words[0] in _VERBS and _says_settings(name)


def _says_options(name: str) -> bool:
    return any(word.lower() in _OPTIONS for word in _WORD.findall(name))


def _says_settings(name: str) -> bool:
    words = _WORD.findall(name)
    return (
        any(word.lower() in _SETTINGS for word in words) or _KEYS.search("_".join(words).lower()) is not None
    )
