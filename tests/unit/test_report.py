from __future__ import annotations

import hashlib
import json
import re
import sys
import unicodedata
from pathlib import Path

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conclint.model.context import Context
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.finding import Finding, Library, Position, Recommendation, Root, Step
from conclint.model.severity import Severity
from conclint.report.excerpt import make_excerpt
from conclint.report.grouping import GroupBy
from conclint.report.outcome import Outcome, OutputFormat, Presentation, render_outcome
from conclint.report.printable import character_cells, printable
from samples import make_finding

SOURCE = "import app.db\n\ndata = app.db.load(url)\n"


def cells(text: str) -> int:
    return sum(character_cells(character)[1] for character in text)


class TestExcerpt:
    @pytest.mark.parametrize(
        ("line", "column", "end", "expected"),
        [
            ("    data = load(url)", 12, 21, ("data = load(url)", 7, 9)),
            ("load(url)", 1, 10, ("load(url)", 0, 9)),
            ("\tdata =\tload(url)", 9, 18, ("data =  load(url)", 8, 9)),
            ('"漢字"; load()', 7, 13, ('"漢字"; load()', 8, 6)),
            ('"e\u0301"; load()', 7, 13, ('"e\u0301"; load()', 5, 6)),
            ("load()", 1, None, ("load()", 0, 6)),
            ("load()", 1, 1, ("load()", 0, 1)),
            ("load()", 99, 120, ("load()", 6, 1)),
            ("    x", 2, 4, ("   x", 0, 2)),
            ("a\x1b[31mb = load()", 11, 17, ("a\\x1b[31mb = load()", 13, 6)),
        ],
    )
    def test_the_caret_stands_under_the_range(
        self, line: str, column: int, end: int | None, expected: tuple[str, int, int]
    ) -> None:
        assert make_excerpt(line, column, end, 100) == expected

    def test_a_long_line_is_cut_around_the_range(self) -> None:
        line = "x" * 500 + "load(url)" + "y" * 500
        text, offset, length = make_excerpt(line, 501, 510, 60)
        assert text.startswith("…x")
        assert text.endswith("y…")
        assert text[offset : offset + length] == "load(url)"
        assert len(text) <= 60

    def test_a_range_longer_than_the_screen_begins_on_it(self) -> None:
        text, offset, length = make_excerpt("x" * 300 + "[" * 300, 301, 601, 60)
        assert len(text) <= 60
        assert text[offset] == "["
        assert offset + length <= 60

    @given(
        st.text(st.sampled_from("ab \t漢\u0301\x07(é\u202e"), max_size=200),
        st.integers(1, 250),
        st.one_of(st.none(), st.integers(1, 250)),
        st.integers(20, 60),
    )
    @example("\t" * 30 + "漢" * 40, 60, 65, 20)
    @example("a" * 200, 1, 200, 20)
    def test_it_fits_and_the_underline_lies_within(
        self, line: str, column: int, end: int | None, width: int
    ) -> None:
        text, offset, length = make_excerpt(line, column, end, width)
        assert cells(text) <= width
        assert offset >= 0
        assert length >= 1
        assert offset + length <= cells(text) + 1
        assert not any(unicodedata.category(character) == "Cc" for character in text)

    @given(st.text(st.sampled_from("ab漢 x"), min_size=1, max_size=120), st.data())
    def test_what_is_underlined_is_the_range(self, line: str, data: st.DataObject) -> None:
        line = "=" + line + "="
        first = data.draw(st.integers(1, len(line)))
        last = data.draw(st.integers(first, min(len(line), first + 8)))
        wanted = line[first - 1 : last]
        text, offset, length = make_excerpt(line, first, last + 1, 40)
        before = next(end for end in range(len(text) + 1) if cells(text[:end]) == offset)
        assert text[before:].startswith(wanted)
        assert length == cells(wanted)

    def test_a_line_of_a_megabyte_is_cheap(self) -> None:
        text, offset, _ = make_excerpt("x" * 10**6, 500_000, 500_010, 80)
        assert len(text) <= 80
        assert 0 < offset < 80


@given(st.text())
def test_printable_text_obeys_no_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    shown.encode("utf-8")
    if text.isprintable():
        assert shown == text


class TestText:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "app").mkdir()
        (tmp_path / "app/views.py").write_text(SOURCE, encoding="utf-8")
        return tmp_path

    def show(self, folder: Path, *findings: Finding, files: int = 5, **how: object) -> str:
        outcome = Outcome(findings, files, folder)
        return render_outcome(outcome, Presentation(**{"width": 80, **how}))  # type: ignore[arg-type]

    def test_a_finding(self, folder: Path) -> None:
        finding = make_finding(column=8, position=Position(3, 8, 3, 24))
        assert self.show(folder, finding) == (
            "app/views.py:3:8: CON101 `requests.get` waits on the event loop [critical]\n"
            "  3 | data = app.db.load(url)\n"
            "    |        ^^^^^^^^^^^^^^^^\n"
            "  app/views.py:3 calls db.load\n"
            "    app/db.py:7 calls requests.get\n"
            "  fix: hand the call to a thread\n"
            "      data = await asyncio.to_thread(load, url)\n"
            "\n"
            "Found 1 finding (1 critical) in 1 of 5 files.\n"
        )

    def test_a_helper_that_blocks_is_one_entry_for_all_who_reach_it(self, folder: Path) -> None:
        root = Root("app.db.load", "app/db.py", 7)
        findings = [
            make_finding(line=line, symbol=f"app.views.view{line}", root=root) for line in range(1, 6)
        ]
        shown = self.show(folder, *findings)
        assert shown.count("CON101") == 1
        assert (
            "  root: `db.load` (app/db.py:7), reached from 5 functions: `views.view1`, `views.view2`, "
            "`views.view3` and 2 more\n"
        ) in shown
        assert shown.endswith("Found 5 findings (5 critical) in 1 of 5 files, shown in 1 group.\n")
        assert self.show(folder, *findings, by=GroupBy.CALL).count("CON101") == 5

    def test_several_causes_at_one_call_are_one_entry_headed_by_the_worst(self, folder: Path) -> None:
        files = make_finding(code="CON104", cause="builtins.open", severity=Severity.WARNING)
        shown = self.show(folder, files, make_finding())
        assert shown.startswith("app/views.py:3:12: CON101")
        assert "  also: `open`\n" in shown

    def test_methods_of_a_file_stand_under_its_open(self, folder: Path) -> None:
        direct: dict[str, object] = {"code": "CON104", "chain": (), "root": None}
        findings = [
            make_finding(line=1, cause="builtins.open", **direct),
            make_finding(line=2, cause="io.TextIOWrapper.read", **direct),
            make_finding(line=3, cause="pathlib.Path.read_text", **direct),
        ]
        shown = self.show(folder, *findings)
        assert shown.count("CON104") == 2
        assert "  also: `io.TextIOWrapper.read`\n" in shown

    def test_a_terminal_gets_sentences_that_break_between_words(self, folder: Path) -> None:
        finding = make_finding(message="`app.services.accounts.load` blocks the event loop: " * 3, column=1)
        plain = self.show(folder, finding)
        shown = self.show(folder, finding, wraps=True, width=60)
        assert max(map(len, plain.splitlines())) > 150
        assert max(map(len, shown.splitlines()[:8])) <= 60
        assert shown.split() == plain.split()
        assert "\n      data = await asyncio.to_thread(load, url)\n" in shown

    def test_who_waits_is_said_with_the_kind_of_code(self, folder: Path) -> None:
        finding = make_finding(context=Context.REQUEST, entries=("GET /a", "GET /b", "GET /c"), entry_count=9)
        shown = self.show(folder, finding)
        assert "[critical, request path]\n" in shown
        assert "  who waits: GET /a, GET /b, GET /c and 6 more\n" in shown

    @pytest.mark.parametrize(
        ("by", "heading"), [(GroupBy.FILE, "app/views.py"), (GroupBy.RULE, "CON101 http-")]
    )
    def test_an_overview_by_file_or_rule(self, folder: Path, by: GroupBy, heading: str) -> None:
        shown = self.show(folder, make_finding(), make_finding(line=9), by=by)
        assert shown.startswith(heading)
        assert shown.count("\n  app/views.py:") == 2

    def test_less_than_sure_is_said_and_why_on_request(self, folder: Path) -> None:
        finding = make_finding(confidence=Confidence.MEDIUM, reasons=("`db` is the only implementation",))
        assert "event loop [critical, medium confidence]\n" in self.show(folder, finding)
        assert "less sure" not in self.show(folder, finding)
        assert "  less sure because: `db` is the only implementation\n" in self.show(
            folder, finding, verbose=True
        )

    def test_a_chain_of_the_call_itself_is_not_repeated(self, folder: Path) -> None:
        finding = make_finding(chain=(Step("requests.get", "app/views.py", 3, 12),))
        assert "requests.get (" not in self.show(folder, finding)

    def test_a_finding_with_nothing_but_a_place(self, folder: Path) -> None:
        finding = make_finding(
            code="CON900", message="no such file", path="none", chain=(), recommendation=None
        )
        assert self.show(folder, finding, files=0, quiet=True) == "none:3:12: CON900 no such file\n\n"

    def test_a_recommendation_without_an_example(self, folder: Path) -> None:
        finding = make_finding(recommendation=Recommendation(ExecutionModel.EVENT_LOOP, "await it"))
        assert self.show(folder, finding, quiet=True).endswith("  fix: await it\n\n")

    def test_a_range_over_several_lines_is_underlined_to_the_end_of_the_first(self, folder: Path) -> None:
        shown = self.show(folder, make_finding(position=Position(3, 8, 9, 2)))
        assert "    |        ^^^^^^^^^^^^^^^^\n" in shown

    def test_a_file_that_changed_since_is_not_quoted(self, folder: Path) -> None:
        then = hashlib.blake2b(SOURCE.encode(), digest_size=16).digest()
        assert "app.db.load(url)" in self.show(folder, make_finding(source_hash=then))
        (folder / "app/views.py").write_text("something = else_()\n" * 5, encoding="utf-8")
        shown = self.show(folder, make_finding(source_hash=then))
        assert "file changed since analysis" in shown
        assert "else_" not in shown

    @pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"# coding: nonsense\n\n\n\n", b"a\n", b""])
    def test_a_file_that_cannot_be_quoted(self, folder: Path, data: bytes) -> None:
        (folder / "app/views.py").write_bytes(data)
        assert self.show(folder, make_finding()).splitlines()[1] == "  app/views.py:3 calls db.load"

    def test_lines_are_counted_as_python_counts_them(self, folder: Path) -> None:
        (folder / "app/views.py").write_bytes("a = '\x0c\u2028'\r\nb\rload(ü)\n".encode())
        assert "  3 | load(ü)\n" in self.show(folder, make_finding(column=1))

    def test_the_encoding_is_the_files(self, folder: Path) -> None:
        (folder / "app/views.py").write_bytes("# coding: latin-1\n\nload('ü')\n".encode("latin-1"))
        assert "  3 | load('ü')\n" in self.show(folder, make_finding(column=1))
        (folder / "app/views.py").write_bytes("\ufeff\n\nload('ü')\n".encode())
        assert "  3 | load('ü')\n" in self.show(folder, make_finding(column=1))

    def test_text_from_standard_input_is_quoted_from_there(self, folder: Path) -> None:
        outcome = Outcome([make_finding()], 1, folder, {"app/views.py": b"\n\nfrom_stdin(12345678)\n"})
        assert "from_stdin" in render_outcome(outcome, Presentation())

    def test_paths_are_never_wrapped_or_cut(self, folder: Path) -> None:
        path = "very/" * 60 + "deep.py"
        for colour in (False, True):
            assert path in self.show(folder, make_finding(path=path), width=40, colour=colour)

    def test_source_is_not_markup_and_does_not_steer_the_terminal(self, folder: Path) -> None:
        (folder / "app/views.py").write_text("\n\n[bold]x[/bold] = ':smile: \x1b]0;title\x07'\n")
        finding = make_finding(message="[red]m[/red]\x1b[2J\n", path="app/views.py")
        for colour in (False, True):
            shown = re.sub(r"\x1b\[[0-9;]*m", "", self.show(folder, finding, colour=colour))
            assert "[bold]x[/bold] = ':smile: \\x1b]0;title\\x07'\n" in shown
            assert "[red]m[/red]\\x1b[2J\\n" in shown
            assert "\x1b" not in shown

    def test_colour_changes_nothing_but_colour(self, folder: Path) -> None:
        finding = make_finding(confidence=Confidence.LOW, reasons=("r",))
        plain = self.show(folder, finding, verbose=True)
        coloured = self.show(folder, finding, verbose=True, colour=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain

    @pytest.mark.parametrize(
        ("levels", "files", "expected"),
        [
            ("", 128, "No findings in 128 files."),
            ("", 1, "No findings in 1 file."),
            ("ccw", 128, "Found 3 findings (2 critical, 1 warning) in 2 of 128 files, shown in 2 groups."),
            ("i", 1, "Found 1 finding (1 info) in 1 of 1 file."),
            ("c", 0, "Found 1 finding (1 critical) in 1 of 1 file."),
        ],
    )
    def test_the_summary(self, folder: Path, levels: str, files: int, expected: str) -> None:
        by_letter = {level.label[0]: level for level in Severity}
        findings = [
            make_finding(path=f"{number % 2}.py", severity=by_letter[letter])
            for number, letter in enumerate(levels)
        ]
        assert self.show(folder, *findings, files=files).splitlines()[-1] == expected
        assert expected not in self.show(folder, *findings, files=files, quiet=True)

    def test_the_worst_of_many_are_pointed_to(self, folder: Path) -> None:
        levels = [Severity.CRITICAL] * 2 + [Severity.WARNING] * 8
        findings = [make_finding(path=f"{n}.py", severity=level) for n, level in enumerate(levels)]
        last = self.show(folder, *findings).splitlines()[-1]
        assert last == (
            "What to change first: `conclint plan`. Only the 2 critical: `--min-severity critical`."
        )
        assert self.show(folder, *findings[:9]).splitlines()[-1].startswith("Found 9 findings")
        assert "change first" not in self.show(folder, *findings, quiet=True)
        assert "change first" not in self.show(folder, *findings, by=GroupBy.FILE)


class TestConcise:
    def show(self, *findings: Finding) -> str:
        return render_outcome(Outcome(findings, 1, Path()), Presentation(format=OutputFormat.CONCISE))

    def test_one_line_for_each(self) -> None:
        assert self.show(make_finding(), make_finding(line=9, message="a\nb")) == (
            "app/views.py:3:12: CON101 `requests.get` waits on the event loop [critical]\n"
            "app/views.py:9:12: CON101 a\\nb [critical]\n"
        )

    def test_nothing_for_none(self) -> None:
        assert self.show() == ""


class TestJson:
    def show(self, *findings: Finding) -> str:
        return render_outcome(Outcome(findings, 1, Path()), Presentation(format=OutputFormat.JSON))

    def test_the_object(self) -> None:
        (shown,) = json.loads(self.show(make_finding()))
        assert list(shown.items()) == [
            ("code", "CON101"),
            ("name", "http-on-event-loop"),
            ("message", "`requests.get` waits on the event loop"),
            ("path", "app/views.py"),
            ("line", 3),
            ("column", 12),
            ("end_line", 3),
            ("end_column", 21),
            ("symbol", "app.views.show"),
            ("model", "event_loop"),
            ("effect", "waits"),
            ("family", "http"),
            ("cause", "requests.get"),
            ("confidence", "high"),
            (
                "chain",
                [
                    {"symbol": "app.db.load", "path": "app/views.py", "line": 3, "column": 12},
                    {"symbol": "requests.get", "path": "app/db.py", "line": 7, "column": 12},
                ],
            ),
            (
                "recommendation",
                {
                    "model": "thread",
                    "text": "hand the call to a thread",
                    "example": "data = await asyncio.to_thread(load, url)",
                },
            ),
            ("fix", None),
            ("fingerprint", "f00d"),
            ("cell", None),
            ("severity", "critical"),
            ("context", None),
            ("entries", []),
            ("entry_count", 0),
            ("root", None),
            ("library", None),
        ]

    def test_what_is_printed_keeps_to_the_published_schema(self) -> None:
        schema = json.loads((Path(__file__).parents[2] / "docs/findings.schema.json").read_text("utf-8"))
        validator = jsonschema.Draft202012Validator(schema)
        root = Root("app.db.load", "app/db.py", 7)
        findings = [
            make_finding(library=Library("panel", "Panel 2.1", ".venv")),
            make_finding(root=root, context=Context.START_UP, entries=("GET /a",), entry_count=7, cell=2),
            make_finding(code="CON900", model=None, effect=None, family=None, cause=None, chain=()),
        ]
        validator.validate(json.loads(self.show(*findings)))
        contexts = schema["$defs"]["finding"]["properties"]["context"]["enum"]
        assert contexts == [*(context.value for context in Context), None]
        wrong = [{**json.loads(self.show(findings[0]))[0], "severity": "bad"}]
        assert not validator.is_valid(wrong)

    def test_what_is_not_known_is_null(self) -> None:
        finding = make_finding(
            code="CON900", model=None, effect=None, family=None, cause=None, chain=(), recommendation=None
        )
        (shown,) = json.loads(self.show(finding))
        assert [key for key, value in shown.items() if value is None] == [
            "model",
            "effect",
            "family",
            "cause",
            "recommendation",
            "fix",
            "cell",
            "context",
            "root",
            "library",
        ]
        assert shown["chain"] == []

    def test_none_is_an_empty_array(self) -> None:
        assert self.show() == "[]\n"

    @given(st.text())
    @example("caf\udce9.py")
    @example("😀")
    def test_any_text_survives_as_utf8(self, text: str) -> None:
        data = self.show(make_finding(path=text)).encode("utf-8", "backslashreplace")
        assert json.loads(data.decode("utf-8"))[0]["path"] == text


class TestStatistics:
    FINDINGS = (
        *(make_finding(line=line) for line in range(1, 11)),
        make_finding(code="CON201", name="cpu-bound-in-thread-pool"),
    )

    def show(self, output_format: OutputFormat, **how: object) -> str:
        presentation = Presentation(output_format, statistics=True, **how)  # type: ignore[arg-type]
        return render_outcome(Outcome(self.FINDINGS, 4, Path()), presentation)

    def test_a_line_for_each_code_the_most_frequent_first(self) -> None:
        assert self.show(OutputFormat.TEXT) == (
            "10  CON101  http-on-event-loop\n"
            " 1  CON201  cpu-bound-in-thread-pool\n"
            "Found 11 findings (11 critical) in 1 of 4 files.\n"
        )

    def test_as_json(self) -> None:
        assert json.loads(self.show(OutputFormat.JSON)) == [
            {"code": "CON101", "name": "http-on-event-loop", "count": 10},
            {"code": "CON201", "name": "cpu-bound-in-thread-pool", "count": 1},
        ]


def test_rich_is_not_needed_without_colour() -> None:
    import subprocess

    script = (
        "import sys; sys.path.insert(0, 'tests'); from samples import make_finding; from pathlib import Path;"
        "from conclint.report.outcome import *; render_outcome(Outcome([make_finding()], 1, Path()),"
        "Presentation()); assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])
