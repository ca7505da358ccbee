"""What a function does with a file that it opens: nothing that takes a millisecond, where it only opens it
for somebody else to read, reads its beginning or a line, or has a document parsed.

Opening a file takes some ten microseconds. What is read of it may take longer; who reads it has a finding of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.cost.constant_values import Calculator
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalMethod, Key, Value, unwrapped
from conclint.rules.file_contents import is_parsed, result_of
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind, StoreKind, Use

_HEADER: Final = 1 << 20
"""Bytes that may be read of a file's beginning."""
_BESIDE_READING: Final = frozenset({"close", "seek", "tell", "fileno", "flush"})
_DOCUMENTS: Final = frozenset(
    {
        "json.load", "json.dump", "yaml.load", "yaml.safe_load", "yaml.dump", "yaml.safe_dump",
        "tomllib.load", "tomli.load", "tomli_w.dump", "toml.load", "toml.dump", "plistlib.load",
        "plistlib.dump", "configparser.RawConfigParser.read_file",
        "configparser.RawConfigParser.write",
    }
)  # fmt: skip
"""What makes objects of a whole document, or a document of objects: of settings or of what a program keeps of
itself. Large data are in other forms, or are parsed item by item."""
ARCHIVES: Final = frozenset({"zipfile.ZipFile.__init__"})
"""What reads no more of a file than where its members are."""
_READS_WHOLE: Final = frozenset(
    {"csv", "zipfile", "tarfile", "gzip", "bz2", "lzma", "pickle", "marshal", "shutil"}
)
"""Modules of the standard library whose functions read the file that they are given, or write to it."""


_WRAPS: Final = frozenset({"DictReader", "DictWriter", "GzipFile", "TextIOWrapper", "reader", "writer"})
"""What goes through the file that it is given, or writes to it, item by item."""
_TABLES: Final = frozenset({"DictReader", "reader"})
_ALL_ITEMS: Final = "writerows"


def is_hardly_used(evaluator: Evaluator, key: Key, opening: int, *, is_archive: bool = False) -> bool:
    """Whether all that a function does with the file that it opens at a site takes under a millisecond."""
    body = evaluator.body(key)
    handles = _handles(body, opening)
    if not handles or _leaves(body, handles):
        return False
    is_used = False
    for site in _uses(body, handles):
        if site.kind in (SiteKind.ENTER, SiteKind.ATTR):
            continue
        if site.kind != SiteKind.CALL or graph.loop_of(body, site.region) >= 0:
            return False
        is_used = True
        if site.use & Use.AWAITED and graph.receiver(body, site) not in handles:
            continue  # who is awaited reads it without blocking, or has a finding of its own
        if graph.receiver(body, site) in handles:
            if not (_is_brief(evaluator, key, site) or _is_parsed(evaluator, key, site)):
                return False
        elif not _is_told_elsewhere(evaluator, key, site):
            return False
    return is_used or is_archive


def is_read_in_parts(evaluator: Evaluator, key: Key, opening: int) -> bool:
    """Whether the file that is opened at a site is gone through in a loop, or written in one, or used by a
    function within (`iter(lambda: file.read(size), b"")`): nothing says how long that takes."""
    body = evaluator.body(key)
    around = graph.loop_of(body, body.sites[opening].region)
    handles = _handles(body, opening)
    uses = [*uses_of(body, opening), *_uses(body, _wrapping(body, handles))]
    return _is_used_within(evaluator, key, handles) or any(
        site.kind == SiteKind.ITERATE
        or graph.loop_of(body, site.region) != around
        or graph.node(body, site.callee)[-1] == _ALL_ITEMS
        for site in uses
    )


def is_table(body: Body, opening: int) -> bool:
    """Whether the file that is opened at a site is read by rows: tables are data, not what a program notes
    down for itself."""
    return bool(_wrapping(body, _handles(body, opening), _TABLES))


def _wrapping(body: Body, handles: set[int], makers: frozenset[str] = _WRAPS) -> set[int]:
    """What is made of a file to read or write it by rows, or as text."""
    sites = {
        number
        for number, site in enumerate(body.sites)
        if graph.node(body, site.callee)[-1] in makers and any(value in handles for _, value in site.args)
    }
    return {value for value, node in enumerate(body.values) if graph.called_site(node) in sites}


def _is_used_within(evaluator: Evaluator, key: Key, handles: set[int]) -> bool:
    """Whether a function that is defined in another one uses its file."""
    names = {
        store.name
        for store in evaluator.body(key).stores
        if store.kind == StoreKind.LOCAL and store.value in handles
    }
    return bool(names) and any(
        node[0] == Op.FREE and node[2] in names
        for inner in evaluator.module(key[0]).children(key)
        for node in evaluator.body(inner).values
    )


def _handles(body: Body, opening: int) -> set[int]:
    """The values that are the file, as the call gives it or as `with` does."""
    found = {value for value, node in enumerate(body.values) if graph.called_site(node) == opening}
    while True:
        more = {
            value
            for value, node in enumerate(body.values)
            if value not in found
            and node[0] in (Op.ENTER, Op.NARROW, Op.CAST, Op.PHI)
            and found.intersection(graph.parts(node))
        }
        if not more:
            return found
        found |= more


def _leaves(body: Body, handles: set[int]) -> bool:
    """Whether the file is kept or returned, so that others use it."""
    if any(value in handles for value, _ in body.returns):
        return True
    return any(store.value in handles and store.kind != StoreKind.LOCAL for store in body.stores)


def uses_of(body: Body, opening: int) -> Iterator[Site]:
    """The sites at which something is done with the file that is opened at a site, or with what holds it
    (`files={"file": file}`)."""
    yield from _uses(body, _handles(body, opening))


def _uses(body: Body, handles: set[int]) -> Iterator[Site]:
    holding = set(handles)
    for value, node in enumerate(body.values):
        if node[0] in (Op.DICT, Op.LIST, Op.TUPLE) and holding.intersection(graph.parts(node)):
            holding.add(value)
    for site in body.sites:
        given = {value for _, value in site.args}
        if site.callee in handles or graph.receiver(body, site) in handles or given & holding:
            yield site


def _is_brief(evaluator: Evaluator, key: Key, site: Site) -> bool:
    """Whether a method of the file reads a beginning, or one line, or nothing."""
    body = evaluator.body(key)
    method = graph.node(body, site.callee)[2]
    if method in _BESIDE_READING or (method == "readline" and not site.args):
        return True
    if method not in ("read", "readlines") or not site.args:
        return False
    node = graph.node(body, site.args[0][1])
    if isinstance(node[-1], str) and node[0] == Op.CONST:
        return True  # a member that the source knows by name
    size = _size(evaluator, key, site.args[0][1])
    return size is not None and 0 < size <= _HEADER + 1  # one more tells whether there is more


def _is_parsed(evaluator: Evaluator, key: Key, site: Site) -> bool:
    """Whether a method of the file reads it whole, and a document is made of that."""
    body = evaluator.body(key)
    is_whole = graph.node(body, site.callee)[2] == "read" and not site.args
    return is_whole and is_parsed(evaluator, key, result_of(body, site))


def _is_told_elsewhere(evaluator: Evaluator, key: Key, site: Site) -> bool:
    """Whether what the file is given to makes a document of it, or is a library's, whose reading of it would
    be a finding of its own."""
    called = evaluator.evaluate(key, site.callee)
    values = [unwrapped(value) for value in called.values]
    return bool(values) and not called.incomplete and all(_is_others(evaluator, value) for value in values)


def _is_others(evaluator: Evaluator, value: Value) -> bool:
    if isinstance(value, External):
        name = evaluator.catalog.canonical(value.dotted)
    elif isinstance(value, ExternalMethod):
        fact = evaluator.catalog.method(value.dotted, value.name)
        name = fact.name if fact is not None else f"{value.dotted}.{value.name}"
    else:
        return False
    return name in _DOCUMENTS or name.split(".")[0] not in _READS_WHOLE


def _size(evaluator: Evaluator, key: Key, value: int) -> float | None:
    """The number that a value is, by way of the module's constants; None where that is not told."""
    node = graph.node(evaluator.body(key), value)
    if node[0] == Op.ARITH and node[1] == "+":
        parts = [_size(evaluator, key, part) for part in graph.operands(node)]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None
    if node[0] == Op.GLOBAL:
        stored = evaluator.module(key[0]).global_stores(str(node[1]))
        if len(stored) == 1:
            ((module, store),) = stored
            return Calculator(evaluator).number(module, store.value, {})
    return Calculator(evaluator).number(key, value, {})
