"""`match` statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.expressions import expression
from conclint.extract.identifiers import identifier
from conclint.extract.narrowing import narrow
from conclint.extract.statements import COMPOUND, block
from conclint.summary.records import Op, RegionKind
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope


def match(s: Scope, node: cst.Match) -> bool:
    """`match`: cases as branches; their patterns bind parts of the subject."""
    s.line = s.module.add_match_header(node)
    subject = expression(s, node.subject)
    outer = s.region
    written = len(s.written)
    ends: list[dict[str, int]] = []
    exhaustive = False
    for case in node.cases:
        state = dict(s.env)
        s.line = s.module.add_header(case, case.body)
        region = s.enter_region(RegionKind.CASE, subject, -1)
        value = _pattern(s, case.pattern, subject)
        s.regions[region][3] = value
        if isinstance(node.subject, cst.Name) and value >= 0 and _is_class(case.pattern):
            name = identifier(node.subject.value)
            if s.is_bound(name):
                s.narrow(name, value, 1)
        if case.guard is not None:
            test = expression(s, case.guard)
            s.enter_region(RegionKind.IF, test, 1)
            narrow(s, case.guard, 1)
        elif _irrefutable(case.pattern):
            exhaustive = True
        leaves = block(s, case.body)
        s.region = outer
        if not leaves:
            ends.append(s.env)
        s.env = state
    if not exhaustive:
        ends.append(s.env)
    s.join(ends, written)
    return not ends


def _is_class(pattern: Any) -> bool:
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is not None:
        return _is_class(pattern.pattern)
    return isinstance(pattern, cst.MatchClass)


def _irrefutable(pattern: Any) -> bool:
    return isinstance(pattern, cst.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))


def _pattern(s: Scope, pattern: Any, subject: int) -> int:
    """Binds what a pattern captures. Gives the value of its class or constant, or -1."""
    if isinstance(pattern, cst.MatchValue):
        return expression(s, pattern.value)
    if isinstance(pattern, cst.MatchSingleton):
        return expression(s, pattern.value)
    if isinstance(pattern, cst.MatchAs):
        value = -1 if pattern.pattern is None else _pattern(s, pattern.pattern, subject)
        if pattern.name is not None:
            bound = subject
            if value >= 0 and isinstance(pattern.pattern, cst.MatchClass):
                bound = s.pure((Op.NARROW, subject, value, 1))
            s.bind(identifier(pattern.name.value), bound)
        return value
    if isinstance(pattern, cst.MatchClass):
        kind = expression(s, pattern.cls)
        narrowed = s.pure((Op.NARROW, subject, kind, 1))
        for element in pattern.patterns:
            _pattern(s, element.value, s.unknown())
        for keyword in pattern.kwds:
            part = s.pure((Op.ATTR, narrowed, identifier(keyword.key.value)))
            _pattern(s, keyword.pattern, part)
        return kind
    if isinstance(pattern, cst.MatchSequence):
        _sequence(s, pattern, subject)
    elif isinstance(pattern, cst.MatchMapping):
        for entry in pattern.elements:
            _pattern(s, entry.pattern, s.pure((Op.ITEM, subject, expression(s, entry.key))))
        if pattern.rest is not None:
            s.bind(identifier(pattern.rest.value), s.pure((Op.TYPED, "dict")))
    elif isinstance(pattern, cst.MatchOr):
        values = [_pattern(s, choice.pattern, subject) for choice in pattern.patterns]
        if -1 not in values:
            return s.pure((Op.TUPLE, *values))
    return -1


def _sequence(s: Scope, pattern: cst.MatchSequence, subject: int) -> None:
    starred = False
    for position, element in enumerate(pattern.patterns):
        if isinstance(element, cst.MatchStar):
            if element.name is not None:
                rest = s.add((Op.COMP, "list", s.pure((Op.ELEM, subject)), -1))
                s.bind(identifier(element.name.value), rest)
            starred = True
        else:
            if starred:
                position -= len(pattern.patterns)
            _pattern(s, element.value, s.pure((Op.ITEM, subject, s.constant(position))))


COMPOUND[cst.Match] = match
