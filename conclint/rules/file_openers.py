"""Where the file was opened that a call reads or writes: what is known of its path is known there."""

from __future__ import annotations

from conclint.catalog.facts import CallableFact
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import external_fact
from conclint.resolve.values import Key, unwrapped
from conclint.rules.chains import Hop
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op


def opening_of(evaluator: Evaluator, fact: CallableFact, last: Hop) -> tuple[CallableFact, Hop] | None:
    """The fact and the site of the call that gave the file whose method the last call of a chain is, where it
    stands in the same function."""
    if not fact.name.startswith("io."):
        return None
    body = evaluator.body(last.key)
    number = _made_at(body, graph.receiver(body, body.sites[last.site]))
    if number < 0:
        return None
    opener = _fact_at(evaluator, last.key, number)
    return None if opener is None else (opener, last._replace(site=number))


def _made_at(body: Body, value: int) -> int:
    """The call whose result a value is, or what `with` gives of it."""
    while (node := graph.node(body, value))[0] in (Op.ENTER, Op.NARROW, Op.CAST):
        value = graph.operand(node)
    return graph.called_site(node)


def _fact_at(evaluator: Evaluator, key: Key, number: int) -> CallableFact | None:
    known = evaluator.evaluate(key, evaluator.body(key).sites[number].callee)
    values = [unwrapped(value) for value in known.values]
    if known.incomplete or len(values) != 1:
        return None
    return external_fact(evaluator, values[0])
