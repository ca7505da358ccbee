"""Tests for a debugging flag: `if settings.DEBUG:`, `if log.isEnabledFor(logging.DEBUG):`."""

from __future__ import annotations

import re
from typing import Final

from conclint.conditions.environment import UnsetEnvironment
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_FLAG: Final = re.compile(r"(?:.*_)?(?:debug|debugging|profiling|tracing)(?:_.*)?", re.IGNORECASE)
_LEVEL_WORD: Final = re.compile(r"debug|trace|profil\w*", re.IGNORECASE)
_LEVELS: Final = frozenset({"level", "loglevel", "log_level", "getEffectiveLevel"})
_DEBUG_LEVEL: Final = 10
_ALWAYS_ON: Final = "__debug__"


class DebuggingFlags:
    """Whether a test finds a debugging flag set, one that is not set in the source."""

    def __init__(self, evaluator: Evaluator, environment: UnsetEnvironment) -> None:
        self._evaluator = evaluator
        self._environment = environment

    def is_asked_for(self, key: Key, value: int, polarity: bool) -> bool:
        """Whether a test that came out so finds a flag set that is off by default, as far as that is told."""
        body = self._evaluator.body(key)
        parts = graph.outcomes(body, value, polarity)
        return any(holds and self._is_flag(key, body, part) for part, holds in parts)

    def _is_flag(self, key: Key, body: Body, value: int) -> bool:
        node = graph.node(body, value)
        if not (self._is_named_so(key, body, value) or self._asks_level(key, body, node)):
            return False
        by_default = self._environment.outcome(key, value)
        return not (by_default.is_known and by_default.value)

    def _is_named_so(self, key: Key, body: Body, value: int) -> bool:
        node = graph.node(body, value)
        name: object = ""
        if node[0] == Op.GLOBAL:
            name = node[1]
        elif node[0] in (Op.ATTR, Op.FREE):
            name = node[2]
        elif node[0] == Op.IMPORT:
            name = self._evaluator.module(key[0]).summary.imports[graph.number(node)].name
        elif node[0] == Op.ITEM:
            name = graph.node(body, graph.operand(node, 1))[-1]
        elif (site := graph.call(body, value)) is not None:
            return self._is_call_named_so(key, body, site)
        return isinstance(name, str) and name != _ALWAYS_ON and _FLAG.fullmatch(name) is not None

    def _is_call_named_so(self, key: Key, body: Body, site: Site) -> bool:
        """`is_debugging()`, `settings.get("debug")`, `log.isEnabledFor(logging.DEBUG)`, `bool(DEBUG)`."""
        callee = body.values[site.callee]
        if callee in ((Op.GLOBAL, "bool"), (Op.GLOBAL, "int")) and len(site.args) == 1:
            return self._is_named_so(key, body, site.args[0][1])
        method = callee[2] if callee[0] == Op.ATTR else ""
        if method == "isEnabledFor" and site.args:
            return self._is_level(key, body, site.args[0][1])
        if method in ("get", "getboolean", "getattr") or callee == (Op.GLOBAL, "getattr"):
            words = [body.values[item][1] for _, item in site.args if body.values[item][0] == Op.CONST]
            return any(isinstance(word, str) and _FLAG.fullmatch(word) for word in words)
        return self._is_named_so(key, body, site.callee)

    def _asks_level(self, key: Key, body: Body, node: graph.Node) -> bool:
        """`log.getEffectiveLevel() <= logging.DEBUG`, `settings.log_level == "DEBUG"`."""
        if node[0] != Op.COMPARE or node[1] not in ("==", "is", "<=", "<"):
            return False
        left, right = graph.operands(node)
        asked = graph.node(body, left)
        if (site := graph.call(body, left)) is not None:
            asked = body.values[site.callee]
        word = graph.node(body, right)
        if word[0] == Op.CONST and isinstance(word[1], str):
            return node[1] == "==" and _LEVEL_WORD.fullmatch(word[1]) is not None
        name = str(asked[2] if asked[0] in (Op.ATTR, Op.FREE) else asked[-1])
        return name.lower() in {level.lower() for level in _LEVELS} and self._is_level(key, body, right)

    def _is_level(self, key: Key, body: Body, value: int) -> bool:
        node = graph.node(body, value)
        if node[0] == Op.CONST:
            return isinstance(node[1], int) and node[1] <= _DEBUG_LEVEL
        values = self._evaluator.evaluate(key, value).values
        return [item.dotted for item in values if isinstance(item, External)] == ["logging.DEBUG"]
