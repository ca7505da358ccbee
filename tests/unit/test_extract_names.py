"""Names: scopes, reaching definitions, joins, loops, narrowing."""

from __future__ import annotations

import textwrap

import pytest

from described import Described, described


def function(body: str, parameters: str = "a, b") -> Described:
    """A function with that body, described."""
    return described(f"def f({parameters}):\n{textwrap.indent(textwrap.dedent(body), '    ')}", "f")


def used(body: str) -> list[str]:
    """The first argument of each call of `use` in a function `f(a, b)` with that body."""
    return function(body).given("use")


def test_the_latest_assignment_reaches() -> None:
    assert used("x = a\nuse(x)\nx = b\nuse(x)") == ["$a", "$b"]


def test_branches_meet_in_a_phi() -> None:
    assert used("if a:\n    x = 1\nelse:\n    x = 2\nuse(x)") == ["phi(1, 2)"]


def test_a_name_bound_in_one_branch_has_that_value() -> None:
    assert used("if a:\n    x = 1\nuse(x)") == ["1"]


def test_equal_values_make_no_phi() -> None:
    assert used("if a:\n    x = b\nelse:\n    x = b\nuse(x)") == ["$b"]


def test_a_branch_that_left_does_not_count() -> None:
    assert used("x = 1\nif a:\n    x = 2\n    return\nuse(x)") == ["1"]
    assert used("x = 1\nif a:\n    raise E\nelse:\n    x = 2\nuse(x)") == ["2"]


def test_nested_joins_are_one_phi() -> None:
    body = """
    if a:
        x = 1
    elif b:
        x = 2
    else:
        x = 3
    if b:
        x = 4
    use(x)
    """
    assert used(body) == ["phi(4, 1, 2, 3)"]


def test_a_phi_that_nobody_reads_is_not_made() -> None:
    found = described("def f(a):\n    if a:\n        x = 1\n    else:\n        x = 2\n    return a", "f")
    assert not any("phi" in found.value(index) for index in range(len(found.body.values)))


class TestLoops:
    def test_what_an_earlier_iteration_assigned(self) -> None:
        assert used("x = a\nfor i in b:\n    use(x)\n    x = i") == ["phi($a, elem($b))"]

    def test_the_value_after_the_loop(self) -> None:
        assert used("x = a\nfor i in b:\n    x = i\nuse(x)") == ["phi($a, elem($b))"]
        assert used("for i in b:\n    pass\nuse(i)") == ["elem($b)"]

    def test_a_name_read_before_the_loop_assigns_it(self) -> None:
        body = """
        for i in a:
            if b:
                use(last)
            last = i
        """
        assert used(body) == ["phi(elem($a))"]

    def test_a_temporary_is_no_phi(self) -> None:
        assert used("for i in a:\n    x = i.y\n    use(x)") == ["elem($a).y"]

    def test_a_name_the_loop_does_not_assign_is_no_phi(self) -> None:
        assert used("x = a\nwhile b:\n    use(x)") == ["$a"]

    def test_an_assignment_that_leaves_the_loop_does_not_come_back(self) -> None:
        assert used("x = a\nfor i in b:\n    use(x)\n    if i:\n        x = 1\n        break\nuse(x)") == [
            "phi($a)",
            "phi($a, 1)",
        ]

    def test_continue_comes_back(self) -> None:
        body = """
        x = a
        while b:
            use(x)
            if x:
                x = 1
                continue
            x = 2
        """
        assert used(body) == ["phi($a, 1, 2)"]

    def test_an_endless_loop_is_left_by_break_alone(self) -> None:
        assert used("x = a\nwhile True:\n    x = 1\n    if b:\n        x = 2\n        break\nuse(x)") == ["2"]

    def test_the_else_block_runs_without_break(self) -> None:
        assert used("x = 1\nfor i in a:\n    x = 2\n    break\nelse:\n    x = 3\nuse(x)") == ["phi(3, 2)"]

    def test_nested_loops(self) -> None:
        body = """
        x = a
        for i in b:
            for j in i:
                use(x)
                x = j
        """
        assert used(body) == ["phi(phi($a, …), elem(elem($b)))"]

    @pytest.mark.parametrize(
        ("body", "carried"),
        [
            ("for i in a:\n    x = i\n    use(x)", False),
            ("x = 0\nfor i in a:\n    x += i", True),
            ("x = 0\nfor i in a:\n    x = i", False),
            ("x = 0\nwhile x < 3:\n    x = x + 1", True),
            ("for i in a:\n    if i:\n        last = i\n    use(last)", True),
            ("x = 0\nfor i in a:\n    if x:\n        x = 1\n        break", False),
            ("x = 0\nfor i in a:\n    if i is None:\n        use(x)", False),
            ("x = None\nfor i in a:\n    x = x.next", True),
            ("for i in a:\n    b.total += i", False),
        ],
    )
    def test_whether_an_iteration_depends_on_an_earlier_one(self, body: str, carried: bool) -> None:
        assert (":carried" in function(body).regions[0]) is carried


class TestTry:
    def test_a_handler_may_begin_before_or_after_the_block(self) -> None:
        assert used("x = 1\ntry:\n    x = 2\nexcept E:\n    use(x)") == ["phi(1, 2)"]

    def test_the_ways_out_meet(self) -> None:
        body = """
        try:
            x = 1
        except E:
            x = 2
        else:
            x = 3
        use(x)
        """
        assert used(body) == ["phi(3, 2)"]

    def test_a_handler_that_leaves_does_not_count(self) -> None:
        assert used("try:\n    x = 1\nexcept E:\n    x = 2\n    return\nuse(x)") == ["1"]

    def test_the_exception_is_bound_in_its_handler_alone(self) -> None:
        body = """
        try:
            pass
        except (A, B) as e:
            use(e)
        use(e)
        """
        assert used(body) == ["caught(tuple(A, B))", "e"]

    def test_finally_sees_all_and_goes_on_with_what_it_leaves(self) -> None:
        assert used("x = 1\ntry:\n    x = 2\nfinally:\n    use(x)\n    x = 3\nuse(x)") == ["2", "3"]

    def test_an_import_with_a_substitute(self) -> None:
        assert used("try:\n    import a.b\nexcept ImportError:\n    a = None\nuse(a)") == ["phi(<a.b>, None)"]


class TestNarrowing:
    @pytest.mark.parametrize(
        ("test", "inside", "after"),
        [
            ("isinstance(a, C)", "($a is C)", "($a is not C)"),
            ("not isinstance(a, (C, D))", "($a is not tuple(C, D))", "($a is tuple(C, D))"),
            ("a is None", "($a is None)", "($a is not None)"),
            ("a is not None", "($a is not None)", "($a is None)"),
            ("a", "($a is not None)", "$a"),
            ("not a", "$a", "($a is not None)"),
            ("a == None", "($a is None)", "($a is not None)"),
            ("a > 3", "$a", "$a"),
            ("b and a", "($a is not None)", "$a"),
            ("b or not a", "$a", "($a is not None)"),
            ("b.c(a)", "$a", "$a"),
            ("None is a", "$a", "$a"),
        ],
    )
    def test_in_a_branch_and_after_one_that_leaves(self, test: str, inside: str, after: str) -> None:
        assert used(f"if {test}:\n    use(a)\n    return\nuse(a)") == [inside, after]

    def test_after_assert(self) -> None:
        assert used("assert isinstance(a, C)\nuse(a)") == ["($a is C)"]

    def test_it_ends_where_branches_meet(self) -> None:
        assert used("if a is None:\n    pass\nuse(a)") == ["$a"]
        assert used("if a:\n    b()\nelse:\n    b()\nuse(a)") == ["$a"]

    def test_a_default_put_in(self) -> None:
        assert used("if a is None:\n    a = C()\nuse(a)") == ["phi(C(), ($a is not None))"]

    def test_classes_told_apart_stay_apart(self) -> None:
        body = """
        if isinstance(a, C):
            pass
        elif isinstance(a, D):
            pass
        else:
            return
        use(a)
        """
        assert used(body) == ["phi(($a is C), (($a is not C) is D))"]

    def test_in_operands(self) -> None:
        assert used("a and use(a)\nuse(a)") == ["($a is not None)", "$a"]
        assert used("a is None or use(a)") == ["($a is not None)"]
        assert used("b(use(a) if a is None else use(a))") == ["($a is None)", "($a is not None)"]

    def test_in_comprehensions(self) -> None:
        assert used("[use(x) for x in a if x is not None if isinstance(x, C)]") == [
            "((elem($a) is not None) is C)"
        ]

    def test_in_loops(self) -> None:
        assert used("while a is not None:\n    use(a)\n    a = a.next\nuse(a)") == [
            "(phi($a, ….next) is not None)",
            "(phi($a, (… is not None).next) is None)",
        ]

    def test_walrus(self) -> None:
        assert used("if (x := a.b()) is not None:\n    use(x)") == ["($a.b() is not None)"]
        assert used("while x := a.read():\n    use(x)\nuse(x)") == ["($a.read() is not None)", "$a.read()"]

    def test_what_is_known_is_not_told_again(self) -> None:
        assert used("if a:\n    if a:\n        use(a)") == ["($a is not None)"]

    def test_globals_are_not_narrowed(self) -> None:
        assert used("if g is not None:\n    use(g)") == ["g"]

    def test_in_match(self) -> None:
        body = """
        match a:
            case C(x=1):
                use(a)
            case [first, *rest, last]:
                use(rest)
                use(last)
            case {"k": v, **others}:
                use(v)
                use(others)
            case D() as d:
                use(d)
            case str() | bytes():
                use(a)
            case other:
                use(other)
        use(a)
        """
        assert used(body) == [
            "($a is C)",
            "list(elem($a), -)",
            "$a[-1]",
            "$a['k']",
            "<dict>",
            "($a is D)",
            "$a",
            "$a",
            "$a",
        ]


class TestScopes:
    def test_names_bound_nowhere_are_global(self) -> None:
        assert used("use(len)") == ["len"]

    def test_constants_are_no_names(self) -> None:
        assert used("use(None)\nuse(True)") == ["None", "True"]

    def test_a_closure_reads_the_enclosing_function(self) -> None:
        source = """
        def f(a):
            b = 1
            def g():
                return a, b, c
            b = 2
            def h():
                b = 3
                return b
        """
        assert described(source, "f.g").returns == ["tuple(f:a, f:b, c)"]
        assert described(source, "f").stores == ["LOCAL a = $a", "LOCAL b = 1", "LOCAL b = 2"]
        assert described(source, "f.h").returns == ["3"]

    def test_names_that_no_inner_def_reads_are_not_stored(self) -> None:
        assert described("def f():\n    a = 1\n    def g(): return 1", "f").stores == []

    def test_class_bodies_are_skipped(self) -> None:
        source = """
        def f(x):
            class C:
                x = 1
                y = x
                def m(self):
                    return x
        """
        assert described(source, "f.C.m").returns == ["f:x"]
        assert described(source, "f.C").stores == ["LOCAL x = 1", "LOCAL y = 1", "LOCAL m = def f.C.m"]

    def test_global(self) -> None:
        source = """
        x = 1
        def f():
            global x
            use(x)
            x = 2
            use(x)
            def g():
                return x
        """
        assert described(source, "f").stores == ["GLOBAL x = 2"]
        assert described(source, "f").calls == ["use(x) -> dropped", "use(2) -> dropped"]
        assert described(source, "f.g").returns == ["x"]

    def test_nonlocal(self) -> None:
        source = """
        def f():
            x = 1
            def g():
                nonlocal x
                use(x)
                x = 2
        """
        assert described(source, "f.g").stores == ["FREE f:x = 2"]
        assert described(source, "f.g").calls == ["use(f:x) -> dropped"]
        assert described(source, "f").stores == ["LOCAL x = 1"]

    def test_comprehension_targets_do_not_leak(self) -> None:
        assert used("x = a\n[x for x in b]\nuse(x)") == ["$a"]
        assert used("[x for x in b]\nuse(x)") == ["x"]

    def test_a_walrus_leaks_from_a_comprehension(self) -> None:
        assert used("[y := x for x in b]\nuse(y)") == ["elem($b)"]

    def test_a_lambda_sees_the_target_of_its_comprehension(self) -> None:
        source = "def f(a):\n    return [lambda: x for x in a]"
        assert described(source, "f.<lambda>").returns == ["f:x"]
        assert described(source, "f").stores == ["LOCAL x = elem($a) in comp($a)"]

    def test_comprehensions_in_a_class_body_do_not_see_its_names(self) -> None:
        found = described("class C:\n    x = 1\n    y = [x for _ in x]", "C")
        assert found.stores[1] == "LOCAL y = list(x, -)"
        assert found.sites == ["ITERATE 1"]

    def test_del_unbinds(self) -> None:
        assert used("x = 1\ndel x\nuse(x)") == ["x"]

    def test_module_variables_are_read_in_order(self) -> None:
        assert described("x = 1\nuse(x)\nx = 2\nuse(x)").calls == ["use(1) -> dropped", "use(2) -> dropped"]

    def test_every_module_binding_is_stored(self) -> None:
        source = """
        import a, b.c
        from d import e as f
        x = y = 1
        (p, q), [r] = z
        for i in x: j = i
        with x as k: pass
        def g(): pass
        class C: pass
        if x: l = 1
        try: m = 1
        except E as n: pass
        o: int
        s += 1
        (t := 1)
        type U = int
        """
        names = [store.name for store in described(source).body.stores]
        assert "".join(sorted(map(str, names))) == "CUabfgijklmnopqrstxy"

    def test_type_parameters_hide_globals(self) -> None:
        source = "def f[T](x: T) -> T:\n    return T"
        found = described(source, "f")
        assert found.returns == ["?"]
        assert [found.parent.value(found.header.returns)] == ["?"]
        assert described("class C[T]:\n    def m(self): return T", "C.m").returns == ["?"]

    def test_identifiers_are_compared_as_python_does(self) -> None:
        assert used("ﬁ = a\nuse(fi)") == ["$a"]


def test_what_loops_one_after_the_other_leave_unbound_is_the_outer_name() -> None:
    """A name that `:=` binds somewhere may be bound in any loop."""
    text = """
    def f(flag, items):
        def worker():
            for item in items:
                print(item)
            for item in items:
                try:
                    print(item)
                except OSError:
                    pass
            use(flag)
        if flag := items():
            return worker
    """
    assert described(textwrap.dedent(text), "f.worker").given("use") == ["f:flag"]
