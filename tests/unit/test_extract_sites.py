"""Sites: which there are, in which order, with which arguments and uses."""

from __future__ import annotations

import pytest

from conclint.summary.codec import decode_body
from conclint.summary.records import SiteKind
from described import described, summary_of


def sites(body: str) -> list[str]:
    """The sites of a function `f(a, b)` with the body, given as one line or more."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return described(f"import m\nasync def f(a, b):\n{lines}", "f").sites


class TestCalls:
    def test_arguments(self) -> None:
        assert sites("g(1, *a, k=2, **b)") == ["g(1, *$a, k=2, **$b) -> dropped"]

    def test_a_position_behind_a_star_is_not_known(self) -> None:
        assert sites("g(*a, 1)") == ["g(*$a, *tuple(1)) -> dropped"]

    def test_a_method_is_no_attribute_site(self) -> None:
        assert sites("a.b()") == ["$a.b() -> dropped"]

    def test_chains_come_outermost_first(self) -> None:
        assert sites("a.b(1).c(2)") == ["$a.b(1).c(2) -> dropped", "$a.b(1)"]

    def test_a_generator_as_the_argument(self) -> None:
        assert sites("g(x.y for x in a)") == [
            "g(generator(elem($a).y, -)) -> dropped",
            "ATTR elem($a).y in comp($a):lazy",
            "ITERATE $a",
        ]

    def test_in_f_strings(self) -> None:
        assert sites("f'{g(1)!r:>{h()}}' 'x'") == ["g(1)", "h()"]
        assert sites("x = f'{a[0]}' f'{f\"{g()}\"}'") == ["ITEM $a [0]", "g()"]

    def test_in_default_values_and_decorators_belong_to_the_parent(self) -> None:
        source = "@d(1)\ndef f(x=g(), *, y: h() = 2) -> i(): j()"
        assert described(source).sites == ["DECORATE d(1) [def f]", "d(1)", "g()", "h()", "i()"]
        assert described(source, "f").sites == ["j() -> dropped"]

    def test_in_a_lambda_belong_to_it(self) -> None:
        source = "x = lambda y=g(): h(y)"
        assert described(source).calls == ["g()"]
        assert described(source, "<lambda>").sites == ["h($y) -> returned"]


class TestUse:
    @pytest.mark.parametrize(
        ("statement", "use"),
        [
            ("g()", "dropped"),
            ("await g()", "awaited dropped"),
            ("return g()", "returned"),
            ("return await g()", "awaited returned"),
            ("return (await (g()))", "awaited returned"),
            ("x = g()", "bound"),
            ("x: int = g()", "bound"),
            ("a.x = b[0] = await g()", "awaited bound"),
            ("x, y = g()", "bound"),
            ("a[0] = g()", "bound"),
            ("(x := g())", "bound"),
            ("yield g()", "yielded"),
            ("x = yield g()", "yielded"),
            ("return g() or 1", ""),
            ("x = [g()]", ""),
            ("x += g()", ""),
            ("return -g()", ""),
            ("if g(): pass", ""),
            ("raise g()", ""),
            ("return g() if a else 1", ""),
        ],
    )
    def test_of_a_call(self, statement: str, use: str) -> None:
        call = next(line for line in sites(statement) if line.startswith("g()"))
        assert call.partition(" -> ")[2] == use

    def test_of_what_is_called_within(self) -> None:
        assert sites("return g(h())") == ["g(h()) -> returned", "h()"]


class TestOthers:
    def test_with(self) -> None:
        assert sites("with g() as x, a: h()") == [
            "ENTER g() -> bound",
            "g()",
            "ENTER $a in with(g())",
            "h() in with(g())/with($a) -> dropped",
        ]
        assert sites("async with a: pass") == ["ENTER $a -> async"]

    def test_for(self) -> None:
        assert sites("for x in a: x.g()") == ["ITERATE $a", "elem($a).g() in for($a) -> dropped"]
        assert sites("async for x in g(): pass") == ["ITERATE g() -> async", "g()"]

    def test_comprehension(self) -> None:
        assert sites("[g(x, y) for x in a if h(x) async for y in x]") == [
            "g(elem($a), elem(elem($a))) in comp($a)/if+(h(elem($a)))/comp(elem($a)):async",
            "ITERATE $a",
            "h(elem($a)) in comp($a)",
            "ITERATE elem($a) in comp($a)/if+(h(elem($a))) -> async",
        ]

    def test_unpacking(self) -> None:
        assert sites("x, y = a") == ["ITERATE $a"]
        assert sites("x, *y = a") == ["ITERATE $a"]
        assert sites("x, y = a, b") == []
        assert sites("for x, y in a: pass") == ["ITERATE $a"]

    def test_yield_from(self) -> None:
        assert sites("yield from g()") == ["ITERATE g() -> yielded", "g()"]

    def test_attributes_that_may_be_properties(self) -> None:
        assert sites("a.b\nx = a.b.c\ng(a.b)") == [
            "ATTR $a.b",
            "ATTR $a.b.c",
            "g($a.b) -> dropped",
        ]
        assert described("import m\nfrom m import n\nm.x\nn.y\nx.y").sites == ["ATTR x.y"]
        assert sites("m.x\nm.y.z\na.c = 1\ndel a.d") == ["ATTR m.y.z", "SET_ATTR $a.c", "DELETE $a.d"]

    def test_items(self) -> None:
        assert sites("x = a[0]\na[1:2]\na[:b]\na[1, b]") == [
            "ITEM $a [0] -> bound",
            "ITEM $a [1:2] -> dropped",
            "ITEM $a [:$b] -> dropped",
            "ITEM $a [tuple(1, $b)] -> dropped",
        ]
        assert sites("a[0] = 1\ndel a[0]") == ["SET_ITEM $a", "DELETE $a"]
        assert sites("{}[0] = 1\nx in ()\nn += 1\nraise E()") == ["E()"]
        assert sites("a[0] += b") == ["ITEM $a [0]", "SET_ITEM $a", "AUGMENT $a[0]"]

    def test_await_of_something_else(self) -> None:
        assert sites("x = await a") == ["AWAIT $a -> bound"]
        assert sites("await (g() if a else b)") == ["AWAIT phi(g(), $b) -> dropped", "g() in if+($a)"]

    def test_annotations_have_no_sites_but_calls(self) -> None:
        source = "def f(x: a.b[int], y: 'g()') -> Annotated[str, h()]: pass"
        assert described(source).sites == ["h()"]
        assert described("class C(Base[a.b], k=m.n.o): x: List[p.q]").sites == ["ATTR m.n.o", "ATTR m.n"]

    def test_docstrings_and_placeholders_are_nothing(self) -> None:
        body = described("def f():\n    'doc'\n    ...\n    1", "f").body
        assert body.values == ()


def test_sites_are_in_order_of_their_starts() -> None:
    source = """
    def f(a):
        g()[h()] = i()
        j() if k() else [l() for m in n()]
        with o() as p.q[r()]: s()
        return {t(): u(), **v()}
    """
    found = described(source, "f")
    spans = [(span.line, span.column, -span.end_line, -span.end_column) for span in found.spans]
    assert spans == sorted(spans)
    assert [call.partition("(")[0] for call in found.calls] == list("ghijklnorstuv")


def test_each_call_value_points_at_its_site() -> None:
    summary = summary_of("def f(a):\n    return [g(x) for x in h(a)] if i(a) else j(k(a))")
    body = decode_body(summary.bodies[1])
    assert sum(site.kind == SiteKind.CALL for site in body.sites) == 5
    found = described("def f(a):\n    return [g(x) for x in h(a)] if i(a) else j(k(a))", "f")
    assert found.returns == ["phi(list(g(elem(h($a))), -), j(k($a)))"]
