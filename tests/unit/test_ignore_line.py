"""Lines of .gitignore: what they match is what pathspec says, in a time that no line can draw out."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from conclint.config.settings import ConfigError, load_config
from conclint.files.ignore_line import LONGEST, parse_ignore_line, without_backtracking
from conclint.source.ignore import Patterns
from harness.longer import LONGER
from programs_on_disk import run_conclint

COMPONENTS = st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", ".", "\\*"]), max_size=6).map("".join)
LINES = st.tuples(
    st.sampled_from(["", "!", "/", "**/"]),
    st.lists(st.one_of(st.just("**"), COMPONENTS), min_size=1, max_size=7).map("/".join),
    st.sampled_from(["", "/", "/**", "/*"]),
).map("".join)
PATHS = st.tuples(
    st.lists(st.text("ab.*", min_size=1, max_size=5), min_size=1, max_size=7).map("/".join),
    st.sampled_from(["", "/"]),
).map("".join)


@given(line=LINES, paths=st.lists(PATHS, min_size=1, max_size=8))
@example(line="**/a/**/b*a*/**/*.*b/", paths=["a/ba/b/x.b/", "x/a/b/b/.b", "a/b/.b/", "a/ba/.b/"])
@example(line="a**b*?", paths=["ab", "aab", "abb", "aba/b"])
@settings(max_examples=1_000 * LONGER, deadline=None)
def test_a_line_matches_what_pathspec_says(line: str, paths: list[str]) -> None:
    try:
        patterns = list(GitIgnoreSpec.from_lines([line]).patterns)
    except (ValueError, re.error):
        with pytest.raises(ValueError):
            parse_ignore_line(line)
        return
    parsed = parse_ignore_line(line)
    if not patterns or patterns[0].include is None:
        assert parsed is None
        return
    assert parsed is not None
    assert parsed.ignores == patterns[0].include
    for path in paths:
        expected, found = patterns[0].match_file(path), parsed.match(path)
        assert (found is None) == (expected is None), path
        if found is not None and expected is not None:  # whether it is a folder above that matches
            groups = [match.match.groupdict().get("ps_d") for match in (expected, found)]
            assert groups[0] == groups[1], path
        if not path.startswith("./"):
            assert parsed.covers(path) == GitIgnoreSpec.from_lines([line]).match_file(path)


def test_a_set_matches_no_slash() -> None:
    parsed = parse_ignore_line("/x*[!a]*b*c")
    assert parsed is not None
    assert parsed.match("xab/bc") is None
    assert parsed.match("xdbc") is not None


@pytest.mark.parametrize("regex", ["[^/]*a[^/]*", "^[^/]*(?:a|b)[^/]*$", "^[^/]*a[^/]*(?=b)"])
def test_what_pathspec_does_not_write_stays(regex: str) -> None:
    assert without_backtracking(regex) == regex


DEEP = "/".join(["a"] * 1_500)
ATTACKS = [
    ("*a" * 9 + "*b", "a" * 250),
    ("/" + "*a" * 100 + "*b", "a" * 250),
    ("*?" * 9 + "*b", "a" * 250),
    ("*[ab]" * 9 + "*c", "a" * 250),
    ("*a" * 60 + "*", "a" * 59),
    ("*" * 200 + "b", "a" * 250),
    ("a/**/" * 9 + "b", DEEP),
    ("**/a/" * 300 + "b", DEEP),
    ("**/*a*/" * 20 + "b/", DEEP),
    ("**/*/" * 20 + "b/**", DEEP),
]


@pytest.mark.parametrize(("line", "path"), ATTACKS)
def test_no_line_takes_long(line: str, path: str) -> None:
    parsed = parse_ignore_line(line)
    assert parsed is not None
    started = time.process_time()
    assert parsed.match(path) is None
    name = path.rsplit("/", 1)[-1]
    assert Patterns("/", [line]).decide(f"/{path}", name, folder=False) is None
    assert Patterns("/", [line]).decide(f"/{path}/", name, folder=True) is None
    assert time.process_time() - started < 2


def test_a_line_that_is_longer_than_any_path_is_no_pattern(tmp_path: Path) -> None:
    parsed = parse_ignore_line("*" * LONGEST)
    assert parsed is not None
    with pytest.raises(ValueError):
        parse_ignore_line("*" * (LONGEST + 1))
    assert Patterns("/", ["**/" * 1_000_000 + "a"]).decide("/a", "a", folder=False) is None
    (tmp_path / "pyproject.toml").write_text(f'[tool.conclint]\nexclude = ["{"*" * 5_000}"]\n')
    with pytest.raises(ConfigError, match=r"exclude: .* a \.gitignore pattern"):
        load_config([], cwd=tmp_path)


def test_nothing_is_said_of_a_doubtful_set(recwarn: pytest.WarningsRecorder) -> None:
    assert parse_ignore_line("[[a]*b*c") is not None
    assert not recwarn.list


def test_no_line_anywhere_takes_long(tmp_path: Path) -> None:
    bad, name = "*a" * 9 + "*b", "a" * 240 + ".py"
    (tmp_path / name).write_text("import time\n\n\nasync def main():\n    time.sleep(1)\n")
    (tmp_path / ".gitignore").write_text(f"{bad}\n")
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.conclint]\nextend-exclude = ["{bad}"]\n'
        f'[tool.conclint.per-file-ignores]\n"{bad}" = ["CON1"]\n'
        f'[tool.conclint.contexts]\n"{bad}" = "test"\n'
        f'[[tool.conclint.allow]]\nin = "{bad}"\nreason = "none"\n'
    )
    started = time.process_time()
    done = run_conclint(tmp_path, "--no-cache", "--output-format=concise")
    assert "CON102" in done.stdout
    assert time.process_time() - started < 10
