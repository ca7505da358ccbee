"""What a process has one of by the standard library (`os.environ`, `sys.modules`): no object of the program's
that all who use it could take a lock for."""

from __future__ import annotations

from typing import Final

from conclint.resolve.values import External, Key
from conclint.rules.drafts import ModuleView
from conclint.source.modules import STDLIB
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_BUILTINS: Final = "builtins"
_ENVIRONMENT: Final = ("os.environ", "os.environb")


def standard_state(view: ModuleView, key: Key, value: int) -> str:
    """The dotted name of what a value is of the state that a module of the standard library keeps; empty for
    anything else."""
    body = view.engine.evaluator.body(key)
    names: list[str] = []
    node = graph.node(body, value)
    while node[0] == Op.ATTR:
        names.append(str(node[2]))
        value = graph.base(node)
        node = graph.node(body, value)
    if node[0] not in (Op.GLOBAL, Op.IMPORT):
        return ""
    found = view.engine.evaluator.evaluate(key, value).values
    roots = [item.dotted for item in found if isinstance(item, External)]
    tops = {root.partition(".")[0] for root in roots}
    if not tops or len(roots) != len(found) or _BUILTINS in tops or not tops <= STDLIB:
        return ""
    return ".".join((roots[0], *reversed(names)))


def is_environment(name: str) -> bool:
    """Whether it is the environment, which other code goes by."""
    return name in _ENVIRONMENT
