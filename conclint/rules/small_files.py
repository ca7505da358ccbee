"""Files that are read or written within a millisecond, by what is done with them.

A megabyte is written to the system's memory in 0.2 ms and read of it in 0.5 ms (measured on Linux); few files
are much larger, so one file counts as small unless the source tells otherwise: it is gone through or written
in parts, or others say which file it is, or send what is written. Even then settings are a few kilobytes,
what lies beside the program's own code was made to be read while it runs, the kernel's tables are on no disk,
and a document that the source knows by name (`folder / "manifest.json"`) is one that the program keeps for
itself. Nothing is said of a file by the folder that it is in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key
from conclint.rules.chains import Hop
from conclint.rules.client_files import is_any_file
from conclint.rules.file_contents import is_parsed, result_of
from conclint.rules.file_names import says_what_it_keeps
from conclint.rules.file_uses import ARCHIVES, is_hardly_used, is_read_in_parts, is_table, uses_of
from conclint.rules.path_origins import PathOrigins
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_OPENERS: Final = frozenset({"builtins.open", "io.open", "codecs.open", "os.open"})
_OF_PATH: Final = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"})
_MOVING: Final = frozenset({"shutil.move"})
_COPYING: Final = frozenset({"shutil.copy", "shutil.copy2", "shutil.copyfile"})
_OFFLOADS: Final = re.compile(r"(?i)to_?thread|in_?thread|in_?executor|threadpool|sync_to_async|run_sync")
"""What is in the names of functions that run another one in a thread."""
_LISTING: Final = frozenset({"glob.glob", "glob.iglob", "pathlib.Path.glob", "pkgutil.iter_modules"})
_TAKING_ONE: Final = frozenset({"builtins.any", "builtins.next"})
_PATH_KEYWORDS: Final = ("file", "path", "filename")


def is_of_one_file(fact: CallableFact) -> bool:
    """Whether a fact is about opening, reading or writing one file, at a path that is passed."""
    if fact.name.startswith("pathlib."):
        return fact.name.rpartition(".")[2] in _OF_PATH
    return fact.name in _OPENERS


def is_small_file(evaluator: Evaluator, fact: CallableFact, chain: Sequence[Hop]) -> bool:
    """Whether the last call of a chain opens, reads or writes a file of which nothing says that it is large,
    or lists one folder."""
    key, number, _ = chain[-1]
    body = evaluator.body(key)
    site = body.sites[number]
    if fact.name in _LISTING:
        return _is_of_one_folder(body, site) or _is_asked_for_any(evaluator, key, number)
    if fact.name == "pathlib.Path.rglob":
        return _is_asked_for_any(evaluator, key, number)
    if fact.name in _MOVING:
        return _is_renamed(body, site)
    if fact.name in _COPYING:
        given = [value for slot, value in site.args if slot in (0, "src")]
        return bool(given) and not is_any_file(evaluator, chain, given[0], ())
    if fact.name in ARCHIVES:
        return is_hardly_used(evaluator, key, number, is_archive=True) or _hands_over(body)
    path = _path(body, fact, site)
    if path < 0:
        return False
    origins = PathOrigins(evaluator, chain)
    modes = _modes(body, fact, site)
    written = _written(body, fact, number)
    if not is_read_in_parts(evaluator, key, number) and not is_any_file(evaluator, chain, path, written):
        return True
    return (
        says_what_it_keeps(evaluator.definition(key).name)
        or _is_brief(evaluator, fact, key, number)
        or origins.is_settings(key, path)
        or origins.is_shipped(key, path)
        or _hands_over(body)
        or origins.is_written_once(key, number, is_added=all("a" in mode for mode in modes))
        or (
            any("b" not in mode for mode in modes)
            and not (is_table(body, number) and _is_named_by_caller(evaluator, key, path))
            and origins.is_own(key, path)
        )
    )


def _is_named_by_caller(evaluator: Evaluator, key: Key, path: int) -> bool:
    """Whether a part of a path is what a function is given, beside its own object."""
    body = evaluator.body(key)
    own = (Op.PARAM, 0) if evaluator.enclosing_class(key) is not None else None
    parts = (graph.node(body, part) for part in graph.made_from(body, [path]))
    return any(part[0] == Op.PARAM and part != own for part in parts)


def _is_brief(evaluator: Evaluator, fact: CallableFact, key: Key, number: int) -> bool:
    """Whether little is done with a file, or with what is read of it."""
    body = evaluator.body(key)
    if fact.name.rpartition(".")[2] in ("read_text", "read_bytes"):
        return is_parsed(evaluator, key, result_of(body, body.sites[number]))
    return is_hardly_used(evaluator, key, number)


def _written(body: Body, fact: CallableFact, number: int) -> tuple[int, ...]:
    """The values that a function writes to the file that it opens, or writes whole, at a site."""
    if fact.name.rpartition(".")[2] in ("write_bytes", "write_text"):
        return tuple(value for _, value in body.sites[number].args[:1])
    return tuple(
        use.args[0][1]
        for use in uses_of(body, number)
        if use.kind == SiteKind.CALL and use.args and graph.node(body, use.callee)[-1] == "write"
    )


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


def _is_asked_for_any(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether no more is taken of a listing of everything than whether there is anything, or its first entry
    (`any(folder.rglob("*"))`): it goes no further."""
    body = evaluator.body(key)
    patterns = [graph.node(body, value) for slot, value in body.sites[number].args if slot in (0, "pattern")]
    if [(node[0], node[-1]) for node in patterns] not in ([(Op.CONST, "*")], [(Op.CONST, "**/*")]):
        return False
    users = [
        site
        for site in body.sites
        if any(graph.called_site(graph.node(body, value)) == number for _, value in site.args)
    ]
    return len(users) == 1 and any(
        isinstance(callee, External) and callee.dotted in _TAKING_ONE
        for callee in evaluator.evaluate(key, users[0].callee).values
    )


def _path(body: Body, fact: CallableFact, site: Site) -> int:
    """The value that is the file's path; -1 where the call takes none."""
    if fact.name.startswith("pathlib.") and fact.name.rpartition(".")[2] in _OF_PATH:
        return graph.receiver(body, site)
    if fact.name in _OPENERS:
        for slot, value in site.args:
            if slot == 0 or slot in _PATH_KEYWORDS:
                return value
    return -1
