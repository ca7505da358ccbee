"""The plan: the fewest functions to change so that most findings vanish."""

from __future__ import annotations

import dataclasses
import json
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.finding import Finding, Recommendation, Step
from conclint.report.plan import (
    make_plan,
    render_plan_json,
    render_plan_markdown,
    render_plan_text,
    what_to_do,
)
from samples import make_finding


def through(*helpers: str, symbol: str, cause: str = "requests.get") -> Finding:
    """A finding in `symbol` whose chain passes these helpers, each in a file of its own."""
    names = [*helpers, cause]
    steps = [
        Step(name, f"{helpers[place - 1] if place else 'views'}.py", 7, 1) for place, name in enumerate(names)
    ]
    return make_finding(path="views.py", symbol=symbol, chain=tuple(steps), cause=cause)


def chosen(findings: list[Finding], most: int = 10) -> list[str]:
    return [change.symbol for change in make_plan(findings, most).changes]


def test_the_helper_that_all_share_is_the_one_to_change() -> None:
    findings = [through(f"own{number}", "load", symbol=f"view{number}") for number in range(5)]
    plan = make_plan(findings, 10)
    assert [change.symbol for change in plan.changes] == ["load"]
    assert (plan.mended, plan.total, plan.share) == (5, 5, 100)


def test_a_direct_call_is_changed_where_it_stands() -> None:
    assert chosen([through(symbol="view")]) == ["view"]


def test_most_first() -> None:
    findings = [through("a", symbol=f"a{number}") for number in range(2)]
    findings += [through("b", symbol=f"b{number}") for number in range(3)]
    assert chosen(findings) == ["b", "a"]
    assert chosen(findings, 1) == ["b"]


def test_fewer_functions_are_found_where_greed_takes_more() -> None:
    # greedy takes `big` first (four findings), and then needs `left` and `right` all the same
    findings = [
        through("left", "big", symbol="v1"),
        through("left", "big", symbol="v2"),
        through("left", symbol="v3"),
        through("right", "big", symbol="v4"),
        through("right", "big", symbol="v5"),
        through("right", symbol="v6"),
    ]
    assert sorted(chosen(findings)) == ["left", "right"]


NAMES = st.sampled_from("abcdefgh")


@settings(deadline=None)
@given(st.lists(st.lists(NAMES, max_size=3, unique=True), min_size=1, max_size=7), st.integers(1, 4))
def test_no_other_choice_mends_more(chains: list[list[str]], most: int) -> None:
    findings = [through(*chain, symbol=f"view{number}") for number, chain in enumerate(chains)]
    ways = [{*chain, f"view{number}"} for number, chain in enumerate(chains)]
    names = sorted(set().union(*ways))
    best = max(
        sum(not way.isdisjoint(choice) for way in ways)
        for choice in combinations(names, min(most, len(names)))
    )
    plan = make_plan(findings, most)
    assert len(plan.changes) <= most
    if plan.functions <= 16:
        assert plan.mended == best
    assert plan.mended <= best


def test_text_says_what_then_remains() -> None:
    findings = [through("load", symbol=f"view{number}") for number in range(3)] + [through(symbol="other")]
    text = render_plan_text(make_plan(findings, 1))
    assert " 1. load (load.py:7)" in text
    assert "3 findings in 3 functions, worst critical: `requests.get`" in text
    assert text.endswith("Changing this function fixes 75% of 4 findings; 1 remains.\n")


def advised(cause: str, text: str, effect: EffectKind, model: ExecutionModel) -> Finding:
    return dataclasses.replace(
        through("load", symbol=f"view of {cause}", cause=cause),
        effect=effect,
        recommendation=Recommendation(model, text),
    )


WAITS = ("run `load` in a thread, or make it async.", EffectKind.WAITS, ExecutionModel.THREAD)
COMPUTES = ("put what it computes into a process pool.", EffectKind.COMPUTES_GIL, ExecutionModel.PROCESS)


def test_a_helper_that_only_waits_is_made_a_coroutine_or_run_in_a_thread() -> None:
    findings = [advised("requests.get", *WAITS), advised("time.sleep", *WAITS)]
    (change,) = make_plan(findings, 1).changes
    assert what_to_do(change) == [
        "make `load` a coroutine that doesn't block, or run it in a thread from its 2 callers."
    ]


def test_else_the_plan_says_what_the_findings_say() -> None:
    (change,) = make_plan([advised("app.slow", *COMPUTES)], 1).changes
    assert what_to_do(change) == ["put what it computes into a process pool."]
    (change,) = make_plan([advised("app.slow", *COMPUTES), advised("requests.get", *WAITS)], 1).changes
    assert what_to_do(change) == [
        "`app.slow`: put what it computes into a process pool.",
        "`requests.get`: run `load` in a thread, or make it async.",
    ]
    shown = render_plan_markdown(make_plan(change.findings, 1))
    assert "\n  - `app.slow`: put what" in shown


def test_a_function_with_several_causes_gets_advice_for_each() -> None:
    texts = {"time.sleep": "use `asyncio.sleep`.", "cv2.imread": "run `imread` in a thread."}
    findings = [
        dataclasses.replace(
            through(symbol="view", cause=cause), recommendation=Recommendation(ExecutionModel.THREAD, text)
        )
        for cause, text in texts.items()
    ]
    (change,) = make_plan(findings, 1).changes
    assert sorted(what_to_do(change)) == sorted(f"`{cause}`: {text}" for cause, text in texts.items())


@pytest.mark.parametrize("findings", [[], [through("load", symbol="view")]])
def test_other_formats(findings: list[Finding]) -> None:
    plan = make_plan(findings, 10)
    document = json.loads(render_plan_json(plan))
    assert document["total"] == len(findings)
    assert [change["symbol"] for change in document["changes"]] == ["load"] * len(findings)
    assert render_plan_markdown(plan).count("- [ ] `load`") == len(findings)
