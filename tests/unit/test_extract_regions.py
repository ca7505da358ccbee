"""Regions: why code may run zero times, once, or often; and the values of expressions."""

from __future__ import annotations

import textwrap

import pytest

from conclint.summary.records import RegionKind
from described import Described, described


def function(body: str) -> Described:
    """A function `f(a, b)` with that body, described."""
    return described(f"async def f(a, b):\n{textwrap.indent(textwrap.dedent(body), '    ')}", "f")


def places(body: str) -> dict[str, str]:
    """The region's path of each call of a global function."""
    found = function(body)
    return {call.partition("(")[0]: call.partition(") in ")[2].partition(" -> ")[0] for call in found.calls}


class TestBranches:
    def test_if_and_else(self) -> None:
        body = "if a: g()\nelif b: h()\nelse: i()\nj()"
        assert places(body) == {"g": "if+($a)", "h": "if-($a)/if+($b)", "i": "if-($a)/if-($b)", "j": ""}

    def test_after_a_branch_that_left(self) -> None:
        assert places("if a: return\ng()") == {"g": "after-($a)"}
        assert places("if a: g()\nelse: raise E\nh()") == {"g": "if+($a)", "h": "after+($a)"}
        assert places("for x in a:\n    if b: continue\n    g()") == {"g": "for($a)/after-($b)"}

    def test_after_some_links_of_a_chain_left(self) -> None:
        assert places("if a: return\nelif b: pass\nelse: return\ng()") == {"g": "after-($a)/after+($b)"}
        assert places("if a: pass\nelif b: return\ng()") == {"g": ""}
        assert places("if a: pass\nelse:\n    return\ng()") == {"g": "after+($a)"}

    def test_after_all_left_nothing_runs(self) -> None:
        assert places("if a: return\nelse: raise E\ng()") == {"g": "after+(False)"}
        assert places("return\ng()") == {"g": "after+(False)"}

    def test_it_holds_for_the_block_alone(self) -> None:
        assert places("if a:\n    if b: return\n    g()\nh()") == {"g": "if+($a)/after-($b)", "h": ""}

    def test_operands(self) -> None:
        assert places("a and g() or h()") == {"g": "if+($a)", "h": "if-(and($a, g()))"}
        assert places("a and b and g()") == {"g": "if+($a)/if+($b)"}
        assert places("g() and a and b") == {"g": ""}

    def test_operands_without_sites_have_no_region(self) -> None:
        assert function("g(a and b or a)").regions == []
        assert function("g() and a and b").regions == []
        assert function("x = a if b else 1").regions == []

    def test_a_walrus_needs_its_operand_s_region(self) -> None:
        assert function("a and (x := b)").regions == ["if+($a)"]

    def test_ternaries(self) -> None:
        assert places("g() if a else h()") == {"g": "if+($a)", "h": "if-($a)"}

    def test_the_message_of_assert(self) -> None:
        assert places("assert a, g()") == {"g": "if-($a)"}

    def test_match(self) -> None:
        body = "match a:\n    case C(): g()\n    case 1 if h(): i()\n    case _: j()"
        assert places(body) == {
            "g": "case($a: C)",
            "h": "case($a: 1)",
            "i": "case($a: 1)/if+(h())",
            "j": "case($a: -)",
        }


class TestLoops:
    def test_for_and_else(self) -> None:
        assert places("for x in g(): h()\nelse: i()\nj()") == {
            "g": "",
            "h": "for(g())",
            "i": "loop_else@1",
            "j": "",
        }

    def test_while(self) -> None:
        assert places("while g(): h()") == {"g": "while(g())", "h": "while(g())"}

    @pytest.mark.parametrize(
        ("body", "breaks"),
        [("break", True), ("if b: return", True), ("for y in x: break", False), ("raise E", False)],
    )
    def test_left_early(self, body: str, breaks: bool) -> None:
        assert (":breaks" in function(f"for x in a:\n    {body}").regions[0]) is breaks

    def test_asynchronous(self) -> None:
        assert function("async for x in a: pass").regions == ["for($a):async"]
        assert function("[x async for x in a]").regions == ["comp($a):async"]

    def test_generator_expressions_are_lazy(self) -> None:
        assert function("g(x for x in a)").regions == ["comp($a):lazy"]

    def test_the_first_iterable_is_evaluated_outside(self) -> None:
        assert places("[g() for x in h() for y in i()]") == {
            "g": "comp(h())/comp(i())",
            "h": "",
            "i": "comp(h())",
        }

    def test_what_follows_an_endless_loop_never_runs(self) -> None:
        assert places("while True: g()\nh()")["h"] == "after+(False)"
        assert places("while 1:\n    if a: break\ng()")["g"] == ""


class TestTry:
    def test_its_parts(self) -> None:
        body = "try: g()\nexcept (A, B): h()\nexcept: i()\nelse: j()\nfinally: k()\nl()"
        assert places(body) == {
            "g": "try",
            "h": "except(tuple(A, B))@1",
            "i": "except@1",
            "j": "try_else@1",
            "k": "finally@1",
            "l": "",
        }

    def test_after_the_block_when_all_handlers_leave(self) -> None:
        assert places("try: g()\nexcept E: return\nh()")["h"] == "after_try@1"

    def test_after_the_one_handler_when_the_block_leaves(self) -> None:
        assert places("try: return g()\nexcept E: pass\nh()")["h"] == "after_try@2"

    def test_after_several_ways(self) -> None:
        assert places("try: g()\nexcept A: return\nexcept B: pass\nh()")["h"] == ""
        assert places("try: return g()\nexcept A: pass\nexcept B: pass\nh()")["h"] == ""

    def test_all_leave(self) -> None:
        assert places("try: return g()\nexcept A: raise\nh()")["h"] == "after+(False)"
        assert places("try: g()\nfinally: return\nh()")["h"] == "after+(False)"


class TestWith:
    def test_items_are_within_one_another(self) -> None:
        assert places("with g(), h(): i()") == {"g": "", "h": "with(g())", "i": "with(g())/with(h())"}
        assert places("async with a: g()") == {"g": "async with($a)"}

    def test_a_block_that_leaves(self) -> None:
        assert places("with a: return\ng()") == {"g": "after+(False)"}
        assert places("with suppress(E): return\ng()")["g"] == ""
        assert places("with contextlib.suppress(E): return\ng()")["g"] == ""


class TestCounts:
    @pytest.mark.parametrize(
        ("statement", "arithmetic", "container"),
        [
            ("a + b * 2 - -a", 4, 0),
            ("a < b < 3", 2, 0),
            ("a += 1", 1, 0),
            ("-1", 0, 0),
            ("not a", 0, 0),
            ("a[0]", 0, 1),
            ("a[0] = 1", 0, 1),
            ("a[0] += 1", 1, 2),
            ("del a[0]", 0, 1),
            ("g([1], (2, 3), {4}, {5: 6})", 0, 4),
            ("x, y = b", 0, 0),
            ("x: list[int] = b", 0, 0),
            ("a and b + 1", 1, 0),
        ],
    )
    def test_operations(self, statement: str, arithmetic: int, container: int) -> None:
        region = function(statement).body.regions[0]
        assert (region.arithmetic, region.container) == (arithmetic, container)

    def test_each_region_counts_its_own(self) -> None:
        regions = function("a + 1\nfor x in a:\n    x * 2 * 3").body.regions
        assert [(region.kind, region.arithmetic) for region in regions] == [
            (RegionKind.BODY, 1),
            (RegionKind.FOR, 2),
        ]


class TestValues:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("None", "None"),
            ("...", "Ellipsis"),
            ("-1", "-1"),
            ("0x_ff", "255"),
            ("1_0.5e1", "105.0"),
            ("2j", "2j"),
            ("-0.0", "-0.0"),
            ("b'\\x00'", "b'\\x00'"),
            (r"r'\d' '\n' 'x'", r"'\\d\nx'"),
            ("u'x'", "'x'"),
            (repr("x" * 201), "<str>"),
            (repr(b"x" * 201), "<bytes>"),
            ("1" * 5000, "<int>"),
            ("f'{a}'", "<str>"),
            ("'x' f'{a}'", "<str>"),
            ("'\\ud800'", "'\\ud800'"),
            ("not a", "not($a)"),
            ("a and b and 1", "and($a, $b, 1)"),
            ("a or b and 1", "or($a, and($b, 1))"),
            ("a < b <= 1", "and(($a < $b), ($b <= 1))"),
            ("a not in b", "($a not in $b)"),
            ("a is not b", "($a is not $b)"),
            ("a + b - 1", "(($a + $b) - 1)"),
            ("~a", "($a u~ -)"),
            ("[1, *a]", "list(1, star($a))"),
            ("{1, 2}", "set(1, 2)"),
            ("{1: a, **b}", "dict(1, $a, -, $b)"),
            ("a[1:2]", "$a[1:2]"),
            ("a[1,]", "$a[tuple(1)]"),
            ("a[*b]", "$a[tuple(star($b))]"),
            ("{x: y for x, y in a}", "dict(elem($a)[1], elem($a)[0])"),
            ("{x for x in a}", "set(elem($a), -)"),
            ("(yield)", "yield(-)"),
            ("(yield a)", "yield($a)"),
            ("(yield from a)", "?"),
            ("lambda: a", "def f.<lambda>"),
            ("a if b else 1", "phi($a, 1)"),
            ("await a", "await($a)"),
            ("await g()", "await(g())"),
        ],
    )
    def test_of_an_expression(self, expression: str, value: str) -> None:
        assert function(f"a.x = {expression}").stores[0].partition(" = ")[2].partition(" in ")[0] in (
            value,
            value.partition(" in ")[0],
        )

    def test_equal_reads_are_one_value(self) -> None:
        body = function("g(a.b.c)\nh(a.b.c, len, len, 1, 1)").body
        assert len(set(body.values)) == len(body.values)

    def test_one_and_true_are_two(self) -> None:
        assert function("g(1, True, 1.0, 1j, 0.0, -0.0)").calls == [
            "g(1, True, 1.0, 1j, 0.0, -0.0) -> dropped"
        ]

    def test_unpacking(self) -> None:
        assert function("(x, [y, *z], *u), v = a\nb.v = x, y, z, u, v").stores[-1] == (
            "$b.v = tuple($a[0][0], $a[0][1][0], list(elem($a[0][1]), -), list(elem($a[0]), -), $a[1])"
        )
        assert function("x, *y, z = a\nb.v = z").stores[-1] == "$b.v = $a[-1]"
        assert function("x, y = a, b\nb.v = y").stores[-1] == "$b.v = $b"

    def test_stores_to_attributes_and_items(self) -> None:
        assert function("a.x = b.y[0] = 1\na.z: int = 2\na.u: str\na.v += 1").stores == [
            "$a.x = 1",
            "$b.y[0] = 1",
            "$a.z = cast(2, int)",
            "$a.u = cast(-, str)",
            "$a.v = ($a.v + 1)",
        ]

    def test_declared_variables(self) -> None:
        assert function("x: int = a\ny: str\nb.v = x, y").stores == [
            "$b.v = tuple(cast($a, int), cast(-, str))"
        ]

    def test_with_and_except(self) -> None:
        assert function("with a as (x, y): b.v = y").stores == ["$b.v = enter($a)[1] in with($a)"]
