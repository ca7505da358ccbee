"""What a server answered, parsed on the event loop and gone through: how much it is, the server says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.severity import Severity
from conclint.model.symbols import short_name
from conclint.resolve.calls import Link
from conclint.resolve.values import External, ExternalMethod, Key
from conclint.rules.advice.allowed import subject_of
from conclint.rules.advice.change import Advice
from conclint.rules.chains import Hop
from conclint.rules.drafts import Advise, Draft, ModuleView, draft_at
from conclint.rules.entry_points import Starts
from conclint.rules.guide import rule_for
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

_PARSERS: Final = frozenset(
    {"json.loads", "orjson.loads", "ujson.loads", "simplejson.loads", "msgpack.unpackb"}
)
_BODIES: Final = frozenset({"text", "content", "body", "data"})
_DOUBTS: Final = ("how large the answer is, is not known", "it may take only a moment")
_LOOP = ExecutionModel.EVENT_LOOP


def parsed_answers(view: ModuleView, key: Key, starts: Starts) -> Iterator[Draft]:
    """The answers that a function on the loop parses and goes through."""
    body = view.engine.evaluator.body(key)
    if not any(site.kind == SiteKind.CALL and _may_parse(body, site.callee) for site in body.sites):
        return
    links = {link.site: link for link in view.engine.links(key)}
    rule = rule_for(EffectKind.COMPUTES_GIL, _LOOP, "compute")
    if rule is None:
        return
    for number, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL or number not in links or not _may_parse(body, site.callee):
            continue
        name = _parser(view, body, links[number])
        if not name or not _is_gone_through(body, number):
            continue
        chain = [Hop(key, number, name)]
        yield draft_at(
            view,
            key,
            number,
            rule,
            f"`{short_name(name)}` parses an answer, which is gone through: the event loop stops meanwhile",
            advise=_advice(view, chain, name),
            reasons=[*_DOUBTS, *starts.doubts_at(view, key, number)],
            chain=chain,
            model=_LOOP,
            effect=EffectKind.COMPUTES_GIL,
            family="compute",
            cause=name,
            severity=min(rule.severity, Severity.WARNING),
        )


def _advice(view: ModuleView, chain: Sequence[Hop], name: str) -> Advise:
    def advise(place: Place) -> Advice:
        from conclint.rules.advice import build

        subject = subject_of(view, chain, name, "compute")
        return build.instead_of_computing(place, subject, view.runtime, is_call=True)

    return advise


def _may_parse(body: Body, callee: int) -> bool:
    return graph.node(body, callee)[-1] in ("json", "loads", "unpackb")


def _parser(view: ModuleView, body: Body, link: Link) -> str:
    """The name of the parser that a site calls with the body of an answer; empty if it calls none."""
    catalog = view.engine.evaluator.catalog
    for target in (target for group in link.groups for target in group):
        value = target.value
        if isinstance(value, ExternalMethod) and value.name == "json" and not link.awaited:
            fact = catalog.method(value.dotted, "json")
            return fact.name if fact is not None and "Response" in value.dotted else ""
        if isinstance(value, External) and catalog.canonical(value.dotted) in _PARSERS:
            args = body.sites[link.site].args
            given = graph.node(body, args[0][1]) if args else graph.UNKNOWN
            if given[0] == Op.ATTR and given[2] in _BODIES:
                return catalog.canonical(value.dotted)
    return ""


def _is_gone_through(body: Body, number: int) -> bool:
    """Whether a loop goes through the result of a call, or through a part of it."""
    made = next((value for value in range(len(body.values)) if body.values[value] == (Op.CALL, number)), -1)
    through = (Op.ITEM, Op.ATTR, Op.NARROW, Op.CAST, Op.PHI)
    for region in body.regions:
        value, steps = region.value, 0
        while region.kind in graph.LOOPS and value >= 0 and steps < 6:
            if value == made:
                return True
            node = graph.node(body, value)
            value = graph.operand(node) if node[0] in through else -1
            steps += 1
    return False
