"""Comment directives and the logical lines they hold for."""

from __future__ import annotations

import textwrap

import pytest

from conclint.extract import extract_summary
from conclint.summary.records import Directive, DirectiveKind

NOQA, IGNORE, SKIP = DirectiveKind.NOQA, DirectiveKind.IGNORE, DirectiveKind.SKIP_FILE


def directives(source: str) -> list[Directive]:
    """The directives of an indented text whose first line is 1."""
    return list(extract_summary(textwrap.dedent(source).lstrip("\n").encode()).directives)


def extents(source: str) -> list[tuple[int, int]]:
    """The first and last lines they hold for."""
    return [(found.first, found.last) for found in directives(source)]


class TestForms:
    @pytest.mark.parametrize(
        ("comment", "codes"),
        [
            ("# noqa", ()),
            ("# NoQA", ()),
            ("# noqa: CON101", ("CON101",)),
            ("# noqa:CON101,E501", ("CON101", "E501")),
            ("# noqa: con1 E5", ("CON1", "E5")),
            ("# noqa: CON101 , E501 because it is so", ("CON101", "E501")),
            ("# noqa: because", ()),
            ("# noqa because", ()),
        ],
    )
    def test_noqa_as_flake8_reads_it(self, comment: str, codes: tuple[str, ...]) -> None:
        assert directives(f"x = 1  {comment}\n") == [Directive(NOQA, codes, 1, 1, 1, 8)]

    @pytest.mark.parametrize("comment", ["# no qa", "#noqa", "# flake8: noqa", "# conclint", "# conclint: x"])
    def test_others(self, comment: str) -> None:
        assert directives(f"x = 1  {comment}\n") == []

    @pytest.mark.parametrize(
        ("comment", "codes"),
        [
            ("# conclint: ignore", ()),
            ("# conclint:ignore[CON101]", ("CON101",)),
            ("#conclint: ignore [ con101, CON2 ]", ("CON101", "CON2")),
        ],
    )
    def test_ignore(self, comment: str, codes: tuple[str, ...]) -> None:
        assert directives(f"x = 1  {comment}\n") == [Directive(IGNORE, codes, 1, 1, 1, 8)]

    def test_skip_file(self) -> None:
        assert directives("x = 1\n# conclint: skip-file\n") == [Directive(SKIP, (), 2, 2, 2, 1)]

    def test_behind_another_comment(self) -> None:
        assert directives("x = 1  # type: ignore  # noqa: A1 # conclint: ignore\n") == [
            Directive(NOQA, ("A1",), 1, 1, 1, 24),
            Directive(IGNORE, (), 1, 1, 1, 35),
        ]

    def test_in_a_string_it_is_none(self) -> None:
        assert directives('x = "# noqa"\ny = """\n# noqa\n"""\nz = f"# noqa {x}"\n') == []

    def test_columns_count_characters(self) -> None:
        assert directives("é = 'ü'  # noqa\n")[0].column == 10


class TestLogicalLines:
    def test_a_statement_over_several_lines(self) -> None:
        assert extents("x = 1\nx = f(\n    1,  # noqa\n    2,\n)\ny = 1\n") == [(2, 5)]

    def test_behind_a_string_over_several_lines(self) -> None:
        assert extents('x = """\n\n"""  # noqa\n') == [(1, 3)]

    def test_a_backslash(self) -> None:
        assert extents("x = 1 + \\\n    2  # noqa\n") == [(1, 2)]

    def test_a_header(self) -> None:
        source = """
        if (a  # noqa
                and b):
            c()
        else:  # noqa
            d()
        """
        assert extents(source) == [(1, 2), (4, 4)]

    @pytest.mark.parametrize(
        "header",
        [
            "if a(\n):  # noqa",
            "while a(\n):  # noqa",
            "for a in b(\n):  # noqa",
            "with a(\n):  # noqa",
            "class A(\n):  # noqa",
            "def a(\n):  # noqa",
            "async def a(\n):  # noqa",
        ],
    )
    def test_each_kind_of_header(self, header: str) -> None:
        assert extents(f"{header}\n    pass\n    pass\n") == [(1, 2)]

    def test_handlers_and_cases(self) -> None:
        assert extents("try:\n    a\nexcept (\n    E):  # noqa\n    b\n") == [(3, 4)]
        assert extents("match a(\n):  # noqa\n    case (\n        1):  # noqa\n        b\n") == [
            (1, 2),
            (3, 4),
        ]

    def test_a_decorator_is_a_line_of_its_own(self) -> None:
        assert extents("@a(\n)  # noqa\ndef f(): pass\n") == [(1, 2)]

    def test_header_and_body_on_one_line_are_one(self) -> None:
        assert extents("if a: b(\n    1)  # noqa\nc()\n") == [(1, 2)]

    def test_a_comment_of_its_own_line_covers_that_line(self) -> None:
        assert extents("x = 1\n# noqa\ny = 2\n") == [(2, 2)]

    def test_the_last_line_without_newline(self) -> None:
        assert extents("x = 1\ny = 2  # noqa") == [(2, 2)]

    def test_carriage_returns(self) -> None:
        found = extract_summary(b"x = (\r\n  1)  # noqa\r\ny = 1\r\n").directives
        assert [(one.first, one.last, one.line) for one in found] == [(1, 2, 2)]

    def test_where_the_tokens_mislead(self) -> None:
        # A quote in a nested f-string of the same quotes (Python 3.12) is beyond the light tokenizer.
        source = 'x = f"{f("it\'s")}"  # noqa\ny = 1\n'
        assert extents(source) == [(1, 1)]


UNKNOWN = DirectiveKind.UNKNOWN


@pytest.mark.parametrize(
    ("comment", "word"),
    [
        ("# conclint: ingore", "ingore"),
        ("# conclint: ignored[CON101]", "ignored"),
        ("# conclint: disable=CON102", "disable"),
        ("# conclint: off[CON102]", "off"),
        ("# conclint: non-blocking", "non-blocking"),
        ("# conclint: skipfile", "skipfile"),
    ],
)
def test_a_word_that_was_meant_for_us_is_kept(comment: str, word: str) -> None:
    assert [(found.kind, found.codes) for found in directives(f"x = 1  {comment}\n")] == [(UNKNOWN, (word,))]


@pytest.mark.parametrize("comment", ["# conclint: the analyser", "# conclint: see the page", "# conclint:"])
def test_prose_about_us_is_no_directive(comment: str) -> None:
    assert directives(f"x = 1  {comment}\n") == []
