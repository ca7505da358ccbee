"""Where a path comes from: what it is named by, who keeps it, and what is written to its file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from conclint.resolve.arguments import StarItem, arguments_of, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import TOP, Function, Key, ValueSet, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.file_contents import is_document
from conclint.rules.file_names import is_mere_ending, is_named_so, says_options, says_settings
from conclint.rules.file_uses import uses_of
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_WRITES: Final = frozenset({"write", "write_bytes", "write_text"})
_AFTER_WRITING: Final = frozenset({"close", "fileno", "flush", "tell"})
_PLAIN: Final = frozenset({"file", "filename", "filepath", "name", "path"})
"""Attributes that are the path of what they are an attribute of."""
SAME: Final = frozenset({"absolute", "expanduser", "resolve", "strip"})
"""Methods of a path, or of its text, that give the same file."""
JOINS: Final = frozenset({"join", "joinpath", "Path", "PurePath"})
"""Functions and methods that make a path whose last part is their last argument."""
_RENAMED: Final = frozenset({"with_stem", "with_suffix"})
"""Methods of a path that give another one of nearly the same name."""
_WRAPS: Final = frozenset({"abspath", "expanduser", "expandvars", "fspath", "realpath", "str", "normpath"})
_PLACES: Final = frozenset(
    {"cwd", "home", "getcwd", "gettempdir", "getenv", "user_config_dir", "user_data_dir"}
)
"""Functions that give a folder of the user's, or of the program's."""
_MOST: Final = 20  # steps from a path back to what it is made from

Place: TypeAlias = tuple[Key, int]


class PathOrigins:
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
            return isinstance(node[1], str) and is_named_so(node[1])
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
            if last[0] == Op.CONST and is_mere_ending(str(last[1])):
                return False
            return self.is_settings(key, graph.operand(node, 1), depth + 1)
        if node[0] == Op.ATTR and str(node[2]).lower() in _PLAIN:
            return self.is_settings(key, graph.base(node), depth + 1) or self._is_kept_so(key, node, depth)
        if (site := graph.call(body, value)) is not None:
            return self._is_made_of_settings(key, body, site, depth)
        return says_settings(self._name(key, node)) or self._is_kept_so(key, node, depth)

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
                passed = self.passed(key, graph.number(node))
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
            passed = self.passed(key, graph.number(node))
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
            return says_options(str(base[2])) or self._is_kept(key, body, base)
        if base[0] == Op.PARAM:
            is_self = base == (Op.PARAM, 0) and self._evaluator.enclosing_class(key) is not None
            return is_self or says_options(self._name(key, base))
        if (site := graph.call(body, graph.base(node))) is not None:
            return says_options(self._name(key, graph.node(body, site.callee)))
        return base[0] in (Op.GLOBAL, Op.IMPORT) or (base[0] == Op.FREE and says_options(str(base[2])))

    def _gives_own(self, key: Key, body: Body, site: Site, depth: int) -> bool:
        """Whether a call makes a path of one that is kept, or is a function of the program's that does."""
        callee = graph.node(body, site.callee)
        name = self._name(key, callee)
        given = [item for slot, item in site.args if isinstance(slot, int)]
        if name in _WRAPS or name in ("join", "Path", "PurePath"):
            return bool(given) and self.is_own(key, given[0], depth + 1)
        if name in ("joinpath", *SAME, *_RENAMED):
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
            passed = self.passed(key, graph.number(node)) or self._default(key, graph.number(node))
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

    def passed(self, key: Key, position: int) -> Place | None:
        """What the chain's call of a function passes for a parameter."""
        call = self._calls.get(key)
        if call is None:
            return None
        body = self._evaluator.body(call.key)
        site = body.sites[call.site]
        if site.kind == SiteKind.ENTER:  # a function that is a context manager
            site = graph.call(body, site.callee) or site
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
        if (name in SAME and not given) or name in _RENAMED:
            return self.is_settings(key, graph.base(callee), depth + 1)
        if name in JOINS or (name in _WRAPS and len(given) == 1):
            return bool(given) and self.is_settings(key, given[-1], depth + 1)
        return says_settings(name)

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
