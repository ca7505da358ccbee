"""What a `with` around a place holds or sets while its body runs: with an `await` in it, other code runs
meanwhile, and a thread has no part in what is set for one thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conclint.rules.advice.allowed import Around
from conclint.rules.advice.change import Refusal
from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.shared_state import LOCK_NAMES
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

_FOLDERS: Final = re.compile(r"(?i)^_?(?:\w+_)?(?:chdir|change_?dir|cd|pushd|cwd|working_?dir(?:ectory)?)$")
_PROCESS: Final = re.compile(
    r"(?i)^_?(?:\w+_)?(?:env|environ|environment|env_?vars?|catch_warnings|redirect_std(?:out|err))$|^environ"
)
"""Managers that set something for the whole process for a while."""
_TRANSACTIONS: Final = frozenset({"begin", "begin_nested", "atomic", "transaction"})
_OF_THREAD: Final = re.compile(
    r"(?:torch\.)?(?:no_grad|inference_mode|enable_grad|set_grad_enabled)$|torch\.(?:cuda\.)?(?:amp\.)?"
    r"(?:autocast|stream|device)$"
)
"""What torch sets for one thread alone."""
_HOLDS_LOCK: Final = "release the lock that is held here first, or do all of it in one function, in a thread."
_MOVES: Final = (
    "run it in a thread outside of the block that changes the current folder, with full paths: that folder "
    "is the whole process's, and other code would run in it during an `await`."
)
_SETS_FOR_ALL: Final = (
    "run it in a thread outside of the `with` block: what `{name}` sets is set for the whole process, and "
    "other code would run with it during an `await`."
)
_TRANSACTION: Final = (
    "run the whole `with` block in a thread, as one function: a transaction, and what is done in it, belong "
    "together."
)
_AWAITING_TRANSACTION: Final = (
    "run it in a thread before or after the `with` block, where no transaction is open: since the block "
    "awaits, it can't be moved to a thread as a whole."
)
_SETS: Final = (
    "run the whole `with` block in a thread, as one function: what `{name}` sets holds for one thread alone."
)


def set_around(fragment: Fragment, node: Node) -> Refusal | None:
    """What to do where something is set for the whole process for a while, such as another current folder: a
    thread has no other one."""
    for manager in _managers(fragment, node):
        name = _name(fragment, manager)
        if _FOLDERS.match(name.rpartition(".")[2]):
            return Refusal(_MOVES, True, True)
        if isinstance(manager, cst.Call) and _PROCESS.match(name.rpartition(".")[2]):
            return Refusal(_SETS_FOR_ALL.format(name=name), True, True)
    return None


def held_around(fragment: Fragment, node: Node, around: Around) -> Refusal | None:
    """Why nothing can be awaited in the place of a node; None where nothing is in the way."""
    for manager in _managers(fragment, node):
        name = _name(fragment, manager)
        if LOCK_NAMES.search(name.rpartition(".")[2]) or any(
            fragment.has(manager, position) for position in around.busy.locks
        ):
            return Refusal(_HOLDS_LOCK, True, True)
        if isinstance(manager, cst.Call) and name.rpartition(".")[2] in _TRANSACTIONS:
            awaits = any(names_in([block.body]).awaits for block in _blocks(fragment, node))
            return Refusal(_AWAITING_TRANSACTION if awaits else _TRANSACTION, True, True)
        if isinstance(manager, cst.Call) and _OF_THREAD.match(name):
            return Refusal(_SETS.format(name=name), True, True)
    return None


def _managers(fragment: Fragment, node: Node) -> Iterator[Node]:
    """The managers of the plain `with` statements in whose bodies a node stands, innermost first."""
    for block in _blocks(fragment, node):
        yield from (manager.item for manager in block.items)


def _blocks(fragment: Fragment, node: Node) -> Iterator[cst.With]:
    """The plain `with` statements in whose bodies a node stands, innermost first."""
    below = node
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            return
        if isinstance(item, cst.With) and item.asynchronous is None and below is item.body:
            yield item
        below = item


def _name(fragment: Fragment, manager: Node) -> str:
    """The dotted name of a manager, or of what makes it; empty where it has none."""
    node = manager.func if isinstance(manager, cst.Call) else manager
    return fragment.code(node) if isinstance(node, cst.Name | cst.Attribute) else ""
