"""Defs, their headers, imports and `__all__`."""

from __future__ import annotations

import textwrap

import pytest

from conclint.summary.records import Assertion, DefFlags, DefKind, Import, ImportFlags, ParamKind
from described import Described, described, summary_of


def keys(source: str) -> list[str]:
    """The keys of all defs but the module."""
    return [found.key for found in summary_of(source).defs[1:]]


def annotation(text: str, before: str = "") -> str:
    """The value of an annotation."""
    found = described(f"{before}\ndef f(x: {text}): pass", "f")
    return found.parent.value(found.header.params[0].annotation)


class TestDefs:
    def test_the_module(self) -> None:
        top = summary_of("x = 1\n\n\ny = 2\n").defs[0]
        assert (top.key, top.parent, top.kind, top.start, top.column, top.end) == ("<module>", -1, 0, 1, 0, 4)

    def test_an_empty_file(self) -> None:
        for source in ("", "\n", "# comment", "\n\n\n"):
            assert len(summary_of(source).defs) == 1

    def test_keys(self) -> None:
        source = """
        class C:
            def m(self):
                def inner(): pass
            async def n(self): lambda: (lambda: 1)
        def f(): return lambda: 1, lambda: 2
        def f(): lambda: 3
        x = lambda: 4
        if x:
            class C: pass
        """
        assert sorted(keys(source)) == [
            "<lambda>",
            "C",
            "C#2",
            "C.m",
            "C.m.inner",
            "C.n",
            "C.n.<lambda>",
            "C.n.<lambda>.<lambda>",
            "f",
            "f#2",
            "f#2.<lambda>",
            "f.<lambda>",
            "f.<lambda>#2",
        ]

    def test_names(self) -> None:
        summary = summary_of("def f(): pass\ndef f(): lambda: 1")
        assert [found.name for found in summary.defs] == ["<module>", "f", "f", "<lambda>"]

    def test_parents_come_first(self) -> None:
        defs = summary_of("class C:\n def m(self):\n  def g(): pass\ndef f(): lambda: 1").defs
        assert all(found.parent < index for index, found in enumerate(defs))
        assert [defs[found.parent].key for found in defs[1:]] == ["<module>", "<module>", "C", "f", "C.m"]

    def test_places(self) -> None:
        source = """
        @deco

        # comment
        async def f(
            a,
        ):
            '''
            doc'''

        # after
        class C: x = 1; y = 2
        z = (lambda:
            1)
        """
        places = {found.key: (found.start, found.column, found.end) for found in summary_of(source).defs}
        assert places["f"] == (5, 0, 9)
        assert places["C"] == (12, 0, 12)
        assert places["<lambda>"] == (13, 5, 14)

    @pytest.mark.parametrize(
        ("source", "kind"),
        [
            ("def f(): pass", DefKind.FUNCTION),
            ("async def f(): pass", DefKind.ASYNC_FUNCTION),
            ("class f: pass", DefKind.CLASS),
            ("f = lambda: 1", DefKind.LAMBDA),
        ],
    )
    def test_kinds(self, source: str, kind: int) -> None:
        assert summary_of(source).defs[1].kind == kind

    @pytest.mark.parametrize(
        ("body", "flags"),
        [
            ("pass", DefFlags.STUB),
            ("...", DefFlags.STUB),
            ("'doc'\n    raise NotImplementedError", DefFlags.STUB),
            ("raise NotImplementedError('x')", DefFlags.STUB),
            ("raise ValueError", 0),
            ("return 1", 0),
            ("if x: pass", 0),
            ("yield", DefFlags.GENERATOR),
            ("x = [(yield)]", DefFlags.GENERATOR),
            ("yield from x", DefFlags.GENERATOR),
            ("def g(): yield", 0),
            ("return lambda: (yield)", 0),
        ],
    )
    def test_flags(self, body: str, flags: int) -> None:
        assert summary_of(f"def f():\n    {body}").defs[1].flags == flags

    def test_bodies_on_one_line(self) -> None:
        assert described("def f(): g(); return h()", "f").calls == ["g() -> dropped", "h() -> returned"]


class TestHeaders:
    def test_params(self) -> None:
        source = "def f(a, /, b=1, *args: int, c, d: str = 'x', **kw: object): pass"
        found = described(source, "f")
        parent = found.parent
        rows = [
            (name, kind, parent.value(default), parent.value(annotation))
            for name, kind, default, annotation in found.header.params
        ]
        assert rows == [
            ("a", ParamKind.POSITIONAL_ONLY, "-", "-"),
            ("b", ParamKind.NORMAL, "1", "-"),
            ("args", ParamKind.STAR, "-", "int"),
            ("c", ParamKind.KEYWORD_ONLY, "-", "-"),
            ("d", ParamKind.KEYWORD_ONLY, "'x'", "str"),
            ("kw", ParamKind.DOUBLE_STAR, "-", "object"),
        ]

    def test_a_bare_star_is_no_param(self) -> None:
        params = summary_of("def f(a, *, b): pass").defs[1].params
        assert [(name, kind) for name, kind, _, _ in params] == [("a", 1), ("b", ParamKind.KEYWORD_ONLY)]

    def test_decorators(self) -> None:
        found = described("@a.b\n@c(1)\ndef f(): pass", "f")
        assert [found.parent.value(value) for value in found.header.decorators] == ["a.b", "c(1)"]

    def test_classes(self) -> None:
        found = described("class C(A, b.B[int], *bases, metaclass=M, **kw): pass", "C")
        parent = found.parent
        assert [parent.value(value) for value in found.header.bases] == ["A", "b.B[int]", "star(bases)"]
        assert [(word, parent.value(value)) for word, value in found.header.keywords] == [
            ("metaclass", "M"),
            ("**", "kw"),
        ]

    def test_header_values_are_found_where_the_def_stands(self) -> None:
        source = "def outer(x):\n    def inner(a=x) -> x: pass"
        found = described(source, "outer.inner")
        assert found.parent.value(found.header.params[0].default) == "$x"
        assert found.parent.value(found.header.returns) == "$x"


class TestAnnotations:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("int", "int"),
            ("a.b.C", "a.b.C"),
            ("'C'", "C"),
            ("'a.C'", "a.C"),
            ("'list[C] | None'", "(list[C] | None)"),
            ("Optional['C']", "Optional[C]"),
            ("Literal['C', 1]", "Literal[tuple('C', 1)]"),
            ("t.Literal['C']", "t.Literal['C']"),
            ("Annotated['C', 'x']", "Annotated[tuple(C, 'x')]"),
            ("Callable[[int], 'C']", "Callable[tuple(list(int), C)]"),
            ("Callable[..., None]", "Callable[tuple(Ellipsis, None)]"),
            ("tuple[*Ts]", "tuple[star(Ts)]"),
            ("'not a type'", "'not a type'"),
            ("' C '", "C"),
            ("''", "''"),
            ("'f(x)'", "?"),
            ("'Literal[\"a\"]'", "Literal['a']"),
            ("'''C'''", "C"),
            ("'(' * 3", "('(' * 3)"),
            ("'" + "(" * 300 + "'", "<str>"),
        ],
    )
    def test_values(self, text: str, value: str) -> None:
        assert annotation(text) == value

    def test_names_of_imports(self) -> None:
        before = "if TYPE_CHECKING:\n    from a import C"
        assert annotation("'C'", before) == "<a:C>"


class TestImports:
    def test_all_forms(self) -> None:
        source = """
        import a
        import a.b
        import a.b as c, d
        from a import b, c as d
        from . import e
        from ...f.g import h as i
        from j import *
        """
        assert summary_of(source).imports == (
            Import("a", 0, None, "a", 0, 2),
            Import("a.b", 0, None, "a", 0, 3),
            Import("a.b", 0, None, "c", 0, 4),
            Import("d", 0, None, "d", 0, 4),
            Import("a", 0, "b", "b", 0, 5),
            Import("a", 0, "c", "d", 0, 5),
            Import("", 1, "e", "e", 0, 6),
            Import("f.g", 3, "h", "i", 0, 7),
            Import("j", 0, "*", "", 0, 8),
        )

    def test_a_module_under_its_packages_name(self) -> None:
        assert summary_of("import a.b.c as a").imports == (Import("a.b", 0, "c", "a", 0, 1),)

    def test_for_type_checkers_alone(self) -> None:
        source = """
        if TYPE_CHECKING:
            import a
            if x: import b
        else:
            import c
        if typing.TYPE_CHECKING and x:
            import d
        import e
        """
        flags = {found.bound: found.flags for found in summary_of(source).imports}
        checking = ImportFlags.TYPE_CHECKING
        assert flags == {"a": checking, "b": checking, "c": 0, "d": 0, "e": 0}

    def test_in_functions(self) -> None:
        found = described("def f():\n    from a import b\n    return b.c()", "f")
        assert found.returns == ["<a:b>.c()"]


class TestExports:
    @pytest.mark.parametrize(
        ("source", "exports"),
        [
            ("x = 1", None),
            ("__all__ = ['a', 'b']", ("a", "b")),
            ("__all__ = ('a',) + ('b',)", ("a", "b")),
            ("__all__: list[str] = ['a']", ("a",)),
            ("__all__ = []\n__all__ += ['a']", ("a",)),
            ("__all__ = ['a']\n__all__.extend(['b'])\n__all__.append('c')", ("a", "b", "c")),
            ("__all__ = ['a'] + other.__all__", None),
            ("__all__ = ['a']\n__all__ += names", None),
            ("__all__ = ['a', name]", None),
            ("__all__ = ['a']\n__all__.remove('a')", None),
            ("def f():\n    __all__ = ['a']", None),
        ],
    )
    def test_where_they_are_literal(self, source: str, exports: tuple[str, ...] | None) -> None:
        assert summary_of(source).exports == exports


class TestAssertions:
    @pytest.mark.parametrize(
        ("source", "assertion"),
        [
            ("def f(): pass", Assertion.NONE),
            ("def f():  # conclint: blocks\n    pass", Assertion.BLOCKS),
            ("def f():  # conclint: nonblocking\n    pass", Assertion.NONBLOCKING),
            ("def f(  # conclint: blocks\n    a,\n):\n    pass", Assertion.BLOCKS),
            ("def f(\n    a,\n):  #conclint:blocks, as it reads\n    pass", Assertion.BLOCKS),
            ("def f():\n    pass  # conclint: blocks", Assertion.NONE),
            ("# conclint: blocks\ndef f(): pass", Assertion.NONE),
            ("@deco  # conclint: blocks\ndef f(): pass", Assertion.NONE),
            ("def f(a='# conclint: blocks'): pass", Assertion.NONE),
            ("class C:  # conclint: nonblocking\n    pass", Assertion.NONBLOCKING),
        ],
    )
    def test_on_the_header(self, source: str, assertion: int) -> None:
        assert summary_of(source).defs[1].assertion == assertion


def test_decorated_defs_bind_the_def_itself() -> None:
    assert described("@deco\nclass C: pass").stores == ["GLOBAL C = def C"]


def test_a_def_s_own_name_is_known_inside() -> None:
    source = textwrap.dedent(
        """
        def f():
            def g(n):
                return g(n - 1)
            return g
        """
    )
    assert described(source, "f.g").returns == ["f:g(($n - 1))"]
    assert isinstance(described(source, "f"), Described)
