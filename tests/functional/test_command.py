"""The command from options to output and exit status, with the analysis itself replaced."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conclint import __version__
from conclint.cli.main import cli
from conclint.config.settings import Config
from conclint.model.execution import Confidence
from conclint.model.finding import Finding
from conclint.rules.registry import all_rules
from samples import make_finding


@dataclass(frozen=True)
class FakeReport:
    findings: tuple[Finding, ...] = ()
    files: int = 3
    hidden: int = 0
    unsure: int = 0
    cache_note: str | None = None
    seconds: float = 0.25
    unused_directives: tuple[Finding, ...] = ()
    asked: tuple[str, ...] = ()
    occurring: tuple[tuple[str, str], ...] = ()
    concurrency: None = None
    environment: None = None
    calls: None = None
    warnings: tuple[str, ...] = ()
    led_out: tuple[str, ...] = ()


@dataclass
class FakePipeline:
    """Stands in for `conclint.run.pipeline`; keeps what it was called with."""

    report: FakeReport = field(default_factory=FakeReport)
    error: BaseException | None = None
    paths: Sequence[str] = ()
    config: Config | None = None
    stdin: bytes | None = None
    stdin_filename: str | None = None
    calls: int = 0

    def check(
        self,
        paths: Sequence[str],
        config: Config,
        *,
        stdin: bytes | None = None,
        stdin_filename: str | None = None,
        progress: Callable[[int, int, str], None] | None = None,
        affected: bool = False,
        diff_base: str | None = None,
        with_map: bool = False,
        with_calls: bool = False,
    ) -> FakeReport:
        self.calls += 1
        self.paths, self.config, self.stdin, self.stdin_filename = paths, config, stdin, stdin_filename
        if progress is not None:
            progress(1, 2, "x.py")
        if self.error is not None:
            raise self.error
        return self.report

    @property
    def seen(self) -> Config:
        assert self.config is not None
        return self.config


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    fake = FakePipeline()
    module = ModuleType("conclint.run.pipeline")
    module.check = fake.check  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "conclint.run.pipeline", module)
    monkeypatch.chdir(tmp_path)
    for name in ("src", "docs", "a", "b"):
        (tmp_path / name).mkdir()
    for name in ("NO_COLOR", "FORCE_COLOR", "CONCLINT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return fake


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, prog_name="conclint")


FOUND = FakeReport((make_finding(path="a.py"), make_finding(path="b.py", confidence=Confidence.MEDIUM)))


class TestStatus:
    def test_nothing_found(self, pipeline: FakePipeline) -> None:
        result = run("src")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "No findings in 3 files.\n", "")

    def test_something_found(self, pipeline: FakePipeline) -> None:
        pipeline.report = FOUND
        result = run("src")
        assert result.exit_code == 1
        assert result.stdout.endswith("\nFound 2 findings (2 critical) in 2 of 3 files.\n")
        assert result.stderr == ""

    def test_a_useless_comment_is_something_found(self, pipeline: FakePipeline) -> None:
        useless = make_finding(code="CON901", path="a.py", line=2, message="this hides nothing")
        pipeline.report = FakeReport((make_finding(path="a.py"),), unused_directives=(useless,))
        result = run("--warn-unused-ignores", "--output-format", "concise", "src")
        assert pipeline.seen.warn_unused_ignores
        assert [line.split()[1] for line in result.stdout.splitlines()] == ["CON901", "CON101"]
        assert result.exit_code == 1

    def test_exit_zero(self, pipeline: FakePipeline) -> None:
        pipeline.report = FOUND
        result = run("--exit-zero", "src")
        assert result.exit_code == 0
        assert "CON101" in result.stdout

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--selct", "CON1"], "No such option"),
            (["--select", "CON1O4"], "there is no rule 'CON1O4'; did you mean 'CON104'?"),
            (["--ignore", "E501"], "there is no rule 'E501'"),
            (["--exclude", "!"], "must be a .gitignore pattern, not '!'"),
            (["--output-format", "xml"], "'xml' is not one of"),
            (["--min-confidence", "sure"], "'sure' is not one of"),
            (["--jobs", "-1"], "-1 is not in the range"),
            (["--stdin-filename", "a.py"], "--stdin-filename needs `-`"),
            (["-", "a.py"], "can't be combined"),
            (["explain", "CON999"], "there is no rule 'CON999'"),
            (["explain"], "Missing argument"),
        ],
    )
    def test_wrong_usage(self, pipeline: FakePipeline, arguments: list[str], complaint: str) -> None:
        result = run(*arguments)
        assert result.exit_code == 2
        assert complaint in result.stderr
        assert result.stdout == ""
        assert pipeline.calls == 0

    def test_wrong_configuration(self, pipeline: FakePipeline, tmp_path: Path) -> None:
        (tmp_path / "conclint.toml").write_text("selct = []\n")
        result = run("src")
        assert result.exit_code == 2
        file = tmp_path / "conclint.toml"
        assert result.stderr == f"conclint: error: {file}:1: unknown key 'selct'; did you mean 'select'?\n"
        assert pipeline.calls == 0

    def test_an_internal_error_is_one_line(self, pipeline: FakePipeline) -> None:
        pipeline.error = RuntimeError("it\nbroke")
        result = run("src")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr == (
            "conclint: internal error: RuntimeError: it broke"
            " (please report this; CONCLINT_DEBUG=1 shows the traceback)\n"
        )

    def test_with_a_traceback_on_request(
        self, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONCLINT_DEBUG", "1")
        pipeline.error = RecursionError("deep")
        result = run("src")
        assert result.exit_code == 2
        assert result.stderr.startswith("Traceback")
        assert "internal error: RecursionError: deep" in result.stderr

    def test_interrupted(self, pipeline: FakePipeline) -> None:
        pipeline.error = KeyboardInterrupt()
        result = run("src")
        assert (result.exit_code, result.stdout) == (130, "")
        assert "Traceback" not in result.stderr


class TestPaths:
    def test_no_path_is_the_current_folder(self, pipeline: FakePipeline) -> None:
        assert run().exit_code == 0
        assert list(pipeline.paths) == ["."]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["a", "b"],
            ["check", "a", "b"],
            ["--quiet", "a", "b"],
            ["a", "--quiet", "b"],
            ["check", "--", "a", "b"],
            ["--", "a", "b"],
        ],
    )
    def test_check_needs_no_name(self, pipeline: FakePipeline, arguments: list[str]) -> None:
        assert run(*arguments).exit_code == 0
        assert list(pipeline.paths) == ["a", "b"]

    def test_a_path_named_like_a_command(self, pipeline: FakePipeline) -> None:
        assert run("./check").exit_code == 0
        assert list(pipeline.paths) == ["./check"]
        assert run("check", "rules").exit_code == 0
        assert list(pipeline.paths) == ["rules"]

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("chek", "; did you mean `check`?"),
            ("explian", "; did you mean `explain`?"),
            ("help", "; did you mean `conclint --help`?"),
            ("nothing", ""),
        ],
    )
    def test_a_misspelled_command_is_wrong_usage(self, pipeline: FakePipeline, word: str, meant: str) -> None:
        result = run(word, "src")
        assert result.exit_code == 2
        assert result.stderr.endswith(f"Error: no such command or path: '{word}'{meant}\n")
        assert pipeline.calls == 0

    def test_what_is_no_word_is_a_path(self, pipeline: FakePipeline) -> None:
        for path in ("missing.py", "no/where", "./chek"):
            run(path)
            assert list(pipeline.paths) == [path]

    def test_no_file_is_worth_a_word(self, pipeline: FakePipeline) -> None:
        pipeline.report = FakeReport(files=0)
        result = run("docs")
        assert (result.exit_code, result.stdout) == (0, "No findings in 0 files.\n")
        assert result.stderr == "conclint: warning: no Python files below the given paths\n"

    def test_standard_input(self, pipeline: FakePipeline) -> None:
        pipeline.report = FakeReport((make_finding(path="pkg/a.py", line=2, column=1),), files=1)
        result = run("-", "--stdin-filename", "pkg/a.py", stdin=b"\nload(url) # \xc3\xbc\n")
        assert (pipeline.stdin, pipeline.stdin_filename) == (b"\nload(url) # \xc3\xbc\n", "pkg/a.py")
        assert list(pipeline.paths) == []
        assert "2 | load(url) # ü\n" in result.stdout

    def test_standard_input_is_configured_by_its_files_place(
        self, pipeline: FakePipeline, tmp_path: Path
    ) -> None:
        (tmp_path / "pkg").mkdir()
        (tmp_path / "pkg/conclint.toml").write_text('select = ["CON2"]\n')
        run("-", "--stdin-filename", "pkg/a.py", stdin=b"")
        assert pipeline.seen.select == ("CON2",)
        run("-", stdin=b"")
        assert not pipeline.seen.select


class TestOptions:
    def test_lists_are_split_at_commas_and_repeatable(self, pipeline: FakePipeline) -> None:
        run(
            "--select",
            "CON101,con2",
            "--select=CON9",
            "--ignore",
            "CON203, CON112",
            "--extend-select",
            "CON1",
        )
        assert pipeline.seen.select == ("CON101", "CON2", "CON9")
        assert pipeline.seen.ignore == ("CON203", "CON112")
        assert pipeline.seen.extend_select == ("CON1",)

    def test_exclusion(self, pipeline: FakePipeline) -> None:
        run("--exclude", "a,b/", "--extend-exclude", "*.c", "--force-exclude")
        assert pipeline.seen.exclude == ("a", "b/")
        assert pipeline.seen.extend_exclude == ("*.c",)
        assert pipeline.seen.force_exclude

    def test_the_command_goes_before_the_file(self, pipeline: FakePipeline, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(
            '[tool.conclint]\nmin-confidence = "high"\njobs = 4\ncache-dir = "x"\nselect = ["CON2"]\n'
        )
        run()
        config = pipeline.seen
        assert (config.min_confidence, config.jobs, config.cache_dir, config.use_cache, config.select) == (
            Confidence.HIGH,
            4,
            tmp_path / "x",
            True,
            ("CON2",),
        )
        run("--min-confidence", "low", "-j", "2", "--cache-dir", "y", "--no-cache", "--select", "CON1")
        config = pipeline.seen
        assert (config.min_confidence, config.jobs, config.cache_dir, config.use_cache, config.select) == (
            Confidence.LOW,
            2,
            tmp_path / "y",
            False,
            ("CON1",),
        )

    def test_another_configuration(self, pipeline: FakePipeline, tmp_path: Path) -> None:
        (tmp_path / "strict.toml").write_text('select = ["CON2"]\n')
        run("--config", "strict.toml")
        assert pipeline.seen.select == ("CON2",)
        result = run("--config", "none.toml")
        assert result.exit_code == 2
        assert result.stderr == "conclint: error: none.toml: no such configuration file\n"


class TestOutput:
    @pytest.fixture(autouse=True)
    def found(self, pipeline: FakePipeline) -> None:
        pipeline.report = FOUND

    def test_concise(self) -> None:
        assert run("--output-format", "concise").stdout == (
            "a.py:3:12: CON101 `requests.get` waits on the event loop [critical]\n"
            "b.py:3:12: CON101 `requests.get` waits on the event loop [critical, medium confidence]\n"
        )

    def test_what_is_hidden_is_told(self, pipeline: FakePipeline) -> None:
        pipeline.report = FakeReport(hidden=2, unsure=3)
        assert run("--select", "CON505").stdout == (
            "No findings in 3 files (hidden: 2 below --min-severity, 3 below --min-confidence).\n"
        )

    def test_json_is_nothing_but_the_array(self) -> None:
        result = run("--output-format", "json", "--verbose")
        assert [found["path"] for found in json.loads(result.stdout)] == ["a.py", "b.py"]

    def test_quiet(self) -> None:
        result = run("--quiet")
        assert "CON101" in result.stdout
        assert "Found" not in result.stdout

    def test_statistics(self) -> None:
        assert run("--statistics", "-q").stdout == "2  CON101  http-on-event-loop\n"

    def test_verbose_tells_the_time_apart_from_the_report(self) -> None:
        result = run("--verbose")
        assert result.stderr == "conclint: 3 files in 0.25 s\n"
        assert "0.25" not in result.stdout

    def test_without_a_terminal_there_is_no_colour(self) -> None:
        assert "\x1b" not in run().stdout

    def test_force_color(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in run().stdout
        assert "\x1b" not in run("--output-format", "json").stdout
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b" not in run().stdout

    def test_the_option_goes_before_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        coloured = run("--color", "always").stdout
        assert "\x1b[" in coloured and "\x1b]" not in coloured, "links are for terminals"
        assert "\x1b" not in run().stdout, "only this run"
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b" not in run("--color", "never").stdout


class TestRules:
    def test_the_list(self) -> None:
        lines = run("rules").stdout.splitlines()
        assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in all_rules()]

    def test_the_list_as_json(self) -> None:
        shown: list[dict[str, Any]] = json.loads(run("rules", "--output-format", "json").stdout)
        assert [rule["code"] for rule in shown] == [rule.code for rule in all_rules()]
        assert {key for rule in shown for key in rule} == {
            "code",
            "name",
            "summary",
            "cell",
            "family",
            "default",
        }

    @pytest.mark.parametrize("word", ["CON101", "con101", "http-on-event-loop"])
    def test_a_page(self, word: str) -> None:
        result = run("explain", word)
        assert result.exit_code == 0
        assert "http-on-event-loop" in result.stdout.splitlines()[0]


class TestHelp:
    def test_the_version(self) -> None:
        for arguments in (["--version"], ["check", "--version"], ["-q", "--version"]):
            result = run(*arguments)
            assert (result.exit_code, result.stdout) == (0, f"conclint {__version__}\n")

    def test_help_has_the_options_of_check(self) -> None:
        result = run("--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: conclint [OPTIONS] [PATHS]...\n")
        for word in ("--select", "--warn-unused-ignores", "Commands:", "explain", "rules"):
            assert word in result.stdout
