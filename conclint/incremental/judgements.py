"""Judgements of earlier runs: after an edit, only what can depend on an edited file is judged again.

The findings of a module depend on its own text and on the modules that its imports lead to, directly or
through others; that graph is kept with the findings. A module is judged again when one of those has changed
in what it mentions, directly or through others (`conclint.incremental.invalidation`); all are when a file
has appeared that was once looked for in vain (CORE.md section 5).

Where it was asked who derives from a class, because a method of it is called that has no body, the effects
of the asker's functions hang on the files that define such classes too. That is all that hangs on them: when
one of these has changed, or when other classes are derived, the asker is judged again, but who depends on
the asker only if the effects of its functions have become others.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from conclint.store.cache import MARSHAL_FORMAT

if TYPE_CHECKING:
    from conclint.source.derived import Headers
    from conclint.store.missing import MissingFiles

_FORMAT: Final = 9
_HASH: Final = 16

Rows = tuple[tuple[Any, ...], ...]


class Judged(NamedTuple):
    """What came of judging some modules, as plain data that another process can read.

    `rows` are the findings of each judged module; `words` the names of wrappers by the module that defines
    them; `imports` the modules that each module's imports led to, `bases` the names of base classes whose
    derived classes were asked for in judging it, `derived` the files that define such classes, and `missed`
    the files that were looked for in vain;
    `directives` are those of the asked modules that were looked into, `contents` the hashes of all modules
    that were; `effects` are those of functions, by `Def.key`, that other modules asked for; `failed` are the
    modules in which conclint itself failed, asked for or not, with what is to be said of it. `calls` say who
    starts and who calls coroutines (`conclint.rules.module_calls`), by the module that says it.
    """

    rows: dict[str, tuple[tuple[Any, ...], ...]]
    words: dict[str, tuple[str, ...]]
    imports: dict[str, tuple[str, ...]]
    derived: dict[str, tuple[str, ...]]
    bases: dict[str, tuple[str, ...]]
    missed: tuple[str, ...]
    directives: dict[str, tuple[tuple[Any, ...], ...]]
    contents: dict[str, bytes]
    effects: dict[str, dict[str, tuple[Any, ...]]]
    failed: dict[str, str]
    calls: dict[str, tuple[Any, ...]]

    @classmethod
    def failed_at(cls, path: str, message: str) -> Judged:
        """The outcome for a module of which nothing but that can be said."""
        return cls({path: ()}, {}, {}, {}, {}, (), {}, {}, {}, {path: message}, {})


class Edges(NamedTuple):
    """On which files answers hang, as `Judged` has it."""

    imports: dict[str, tuple[str, ...]]
    derived: dict[str, tuple[str, ...]]
    bases: dict[str, tuple[str, ...]]
    missed: tuple[str, ...]


class Judgements(NamedTuple):
    """What is known of the modules of a project. All mappings are by path.

    `contents` are the hashes of the modules that were asked about or looked into; `starting` says of each
    that was asked about whether it is a root by what it mentions itself; `mentions` which wrappers' names
    the others mention, of the names `scanned` for. `judged` are the modules with an outcome, `rows` the
    findings of those that have any. `words` are the wrappers' names by the module that defines them,
    `imports` the graph, `absent` what was looked for in vain. `effects` are those of functions that other
    modules asked for, encoded: of a module in one piece, by `Def.key`. `headers` are the
    class headers of the files that were asked about, `speaks` the async libraries that they import, `library`
    the one that the program was taken to run on, `bases` the names of the classes whose derived
    classes the effects in a module depend on, `derived` the files that define these, `calls` who starts and
    who calls coroutines, by the module that says it. `named` says which coroutine functions' names a file
    mentions, of the names `sought`.
    """

    contents: dict[str, bytes]
    starting: dict[str, bool]
    mentions: dict[str, tuple[str, ...]]
    scanned: set[str]
    judged: set[str]
    rows: dict[str, Rows]
    words: dict[str, tuple[str, ...]]
    imports: dict[str, tuple[str, ...]]
    directives: dict[str, Rows]
    absent: MissingFiles
    effects: dict[str, bytes]
    headers: dict[str, Headers]
    bases: dict[str, tuple[str, ...]]
    derived: dict[str, tuple[str, ...]]
    speaks: dict[str, tuple[str, ...]]
    library: str
    calls: dict[str, tuple[Any, ...]]
    named: dict[str, tuple[str, ...]]
    sought: set[str]

    @classmethod
    def none(cls) -> Judgements:
        """Nothing known."""
        return cls({}, {}, {}, set(), set(), {}, {}, {}, {}, (), {}, {}, {}, {}, {}, "", {}, {}, set())

    def add(self, judged: Judged) -> None:
        """Takes in the outcome for some modules."""
        self.contents.update(judged.contents)
        self.judged.update(judged.rows)
        self.rows.update({path: rows for path, rows in judged.rows.items() if rows})
        for path, words in judged.words.items():
            self.words[path] = tuple(sorted({*self.words.get(path, ()), *words}))
        self.add_edges(judged)
        self.directives.update(judged.directives)
        for path in judged.rows:
            self.calls.pop(path, None)
        self.calls.update(judged.calls)
        for path, effects in judged.effects.items():
            held = {**self.effects_in(path), **effects}
            self.effects[path] = marshal.dumps(dict(sorted(held.items())), MARSHAL_FORMAT)

    def add_edges(self, edges: Judged | Edges) -> None:
        """Takes in on which files answers hang."""
        for held, more in (
            (self.imports, edges.imports),
            (self.derived, edges.derived),
            (self.bases, edges.bases),
        ):
            for path, found in more.items():
                held[path] = tuple(sorted({*held.get(path, ()), *found}))

    def effects_in(self, path: str) -> dict[str, tuple[Any, ...]]:
        """The effects of a module's functions, as rows, by `Def.key`."""
        data = self.effects.get(path)
        return marshal.loads(data) if data is not None else {}

    def with_effects(self, found: Mapping[str, Mapping[str, tuple[Any, ...]]]) -> Judgements:
        """The same with these effects of functions, by path and `Def.key`."""
        packed = {
            path: marshal.dumps(dict(sorted(rows.items())), MARSHAL_FORMAT) for path, rows in found.items()
        }
        return self._replace(effects={**self.effects, **packed})

    def without(self, changed: Collection[str], stale: Collection[str], again: Collection[str]) -> Judgements:
        """What still holds when the `changed` modules are not what they were, nothing of the `stale` ones
        holds, which depend on them, and those to be judged `again` may have other findings."""

        def kept(held: Mapping[str, Any]) -> dict[str, Any]:
            return {path: value for path, value in held.items() if path not in stale}

        return Judgements(
            {path: content for path, content in self.contents.items() if path not in changed},
            {path: value for path, value in self.starting.items() if path not in changed},
            {path: value for path, value in self.mentions.items() if path not in changed},
            self.scanned,
            self.judged.difference(stale, again),
            {path: rows for path, rows in kept(self.rows).items() if path not in again},
            kept(self.words),
            {path: value for path, value in self.imports.items() if path not in changed},
            {path: value for path, value in self.directives.items() if path not in changed},
            self.absent,
            kept(self.effects),
            {path: value for path, value in self.headers.items() if path not in changed},
            {path: value for path, value in self.bases.items() if path not in changed},
            {path: value for path, value in self.derived.items() if path not in changed},
            {path: value for path, value in self.speaks.items() if path not in changed},
            self.library,
            {path: value for path, value in kept(self.calls).items() if path not in again},
            {path: value for path, value in self.named.items() if path not in changed},
            self.sought,
        )

    def after_edit(self, changed: Mapping[str, bytes]) -> Judgements:
        """The same with these modules' hashes of now, and without what was known of the texts of before. What
        they depended on is still known: not everything in them is looked at again."""
        return self.without(changed, (), ())._replace(
            contents={**self.contents, **changed},
            imports=self.imports,
            bases=self.bases,
            derived=self.derived,
        )

    def after_move(self, moved: Mapping[str, bytes], shown: Callable[[str], str]) -> Judgements:
        """What still holds when these modules, with their new hashes, mean what they meant, on other lines:
        all but the findings in them and those whose chains pass through them."""
        touched = self.naming({shown(path) for path in moved})
        return self._replace(
            contents={**self.contents, **moved},
            starting={path: value for path, value in self.starting.items() if path not in moved},
            mentions={path: value for path, value in self.mentions.items() if path not in moved},
            speaks={path: value for path, value in self.speaks.items() if path not in moved},
            named={path: value for path, value in self.named.items() if path not in moved},
            judged=self.judged - touched - moved.keys(),
            rows={path: rows for path, rows in self.rows.items() if path not in touched | moved.keys()},
            directives={path: value for path, value in self.directives.items() if path not in moved},
        )

    def naming(self, names: Collection[str]) -> set[str]:
        """The modules with a finding that names one of these files, by their shown paths: in its chain."""
        return {
            path
            for path, rows in self.rows.items()
            if any(name in text for row in rows for text in _texts(row) for name in names)
        }

    def asking(self, bases: set[str]) -> set[str]:
        """The modules for which it was asked who derives from a class of one of these names."""
        return {path for path, names in self.bases.items() if not bases.isdisjoint(names)}

    def asking_about(self, paths: Collection[str]) -> set[str]:
        """The modules whose functions' effects hang on classes that one of these files derives."""
        return {asker for asker, files in self.derived.items() if not set(paths).isdisjoint(files)}

    def led_to(self, paths: Iterable[str]) -> set[str]:
        """These modules and all that they depend on, directly or through others."""
        if not self.derived:
            return reached(paths, self.imports)
        edges = {
            path: (*self.imports.get(path, ()), *self.derived.get(path, ()))
            for path in self.imports.keys() | self.derived.keys()
        }
        return reached(paths, edges)

    def importing(self, changed: Collection[str]) -> set[str]:
        """These modules and all whose imports lead to one of them, directly or through others."""
        return reached(changed, self.importers())

    def importers(self) -> dict[str, list[str]]:
        """The modules whose imports led to a module, by that."""
        importers: dict[str, list[str]] = {}
        for importer, found in self.imports.items():
            for path in found:
                importers.setdefault(path, []).append(importer)
        return importers


def reached(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """These modules and all that the edges lead to from them."""
    reached = set(start)
    todo = list(reached)
    while todo:
        for path in edges.get(todo.pop(), ()):
            if path not in reached:
                reached.add(path)
                todo.append(path)
    return reached


def _texts(row: object) -> Iterator[str]:
    """All text in a row of data."""
    if isinstance(row, str):
        yield row
    elif isinstance(row, tuple):
        for item in row:
            yield from _texts(item)


def encode_judgements(known: Judgements) -> bytes:
    """The judgements as bytes; paths are written once."""
    paths = sorted(
        {
            *known.contents,
            *known.starting,
            *known.imports,
            *known.judged,
            *known.directives,
            *known.bases,
            *known.derived,
        }
    )
    numbers = {path: number for number, path in enumerate(paths)}
    graph = array("I")
    for importer, found in sorted(known.imports.items()):
        graph.append(numbers[importer])
        graph.append(len(found))
        graph.extend(numbers.setdefault(path, len(numbers)) for path in found)
    paths = list(numbers)  # with those that are imported and were never looked into

    def by_number(held: Mapping[str, Any]) -> dict[int, Any]:
        return {numbers[path]: value for path, value in sorted(held.items())}

    content = (
        _FORMAT,
        paths,
        b"".join(known.contents.get(path, bytes(_HASH)) for path in paths),
        bytes(1 + known.starting[path] if path in known.starting else 0 for path in paths),
        by_number(known.mentions),
        tuple(sorted(known.scanned)),
        bytes(path in known.judged for path in paths),
        by_number(known.rows),
        {path: known.words[path] for path in sorted(known.words)},
        graph.tobytes(),
        by_number(known.directives),
        known.absent,
        {path: known.effects[path] for path in sorted(known.effects)},
        by_number(known.headers),
        by_number(known.bases),
        by_number(known.derived),
        by_number(known.speaks),
        known.library,
        {path: known.calls[path] for path in sorted(known.calls)},
        {path: known.named[path] for path in sorted(known.named)},
        tuple(sorted(known.sought)),
    )
    return marshal.dumps(content, MARSHAL_FORMAT)


def decode_judgements(data: bytes) -> Judgements:
    """The judgements, or none where the bytes are of another format."""
    try:
        version, paths, hashes, starting, mentions, scanned, judged, *more = marshal.loads(data)
        if version != _FORMAT:
            return Judgements.none()
        rows, words, edges, directives, missing, effects, headers, bases, derived, *rest = more
        speaks, library, calls, named, sought = rest
        graph = array("I")
        graph.frombytes(edges)
        imports: dict[str, tuple[str, ...]] = {}
        at = 0
        while at < len(graph):
            start, end = at + 2, at + 2 + graph[at + 1]
            imports[paths[graph[at]]] = tuple([paths[number] for number in graph[start:end]])
            at = end
        nothing = bytes(_HASH)
        contents = {
            path: content
            for number, path in enumerate(paths)
            if (content := hashes[number * _HASH : (number + 1) * _HASH]) != nothing
        }
        return Judgements(
            contents,
            {path: known > 1 for path, known in zip(paths, starting, strict=True) if known},
            {paths[number]: tuple(found) for number, found in mentions.items()},
            set(scanned),
            {path for path, known in zip(paths, judged, strict=True) if known},
            {paths[number]: found for number, found in rows.items()},
            words,
            imports,
            {paths[number]: found for number, found in directives.items()},
            missing,
            effects,
            {paths[number]: text for number, text in headers.items()},
            {paths[number]: found for number, found in bases.items()},
            {paths[number]: found for number, found in derived.items()},
            {paths[number]: found for number, found in speaks.items()},
            library,
            calls,
            named,
            set(sought),
        )
    except (ValueError, TypeError, EOFError, KeyError, IndexError):
        return Judgements.none()
