"""Whatever stands at a key of the configuration, there is a report, or one line that names file and key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclint.cli.main import cli
from conclint.config.keys import KEYS
from harness.longer import LONGER

TABLES = {"per-file-ignores", "catalog"}
FILES = {"baseline", "catalog-files"}
NUMBERS = {"jobs", "max-file-size"}
BOOLEANS = {"respect-async-noqa"}
NO_STRING = ["1.5", "true", "1979-05-27", "07:32:00", "inf", "nan", "[1]", "[[]]", '[["a"]]', "[{}]"]
"""What is wrong at every key, as TOML."""
NUMBER = ["-1", "1_000_000_000_000", f"0x{'f' * 5_000}"]
LONG = "x" * 70_000
ODD = [
    '""', '" "', r'"\u0000"', r'"a\u0000b"', r'"\n"', r'"\u001B[31m"', r'"\U0001F600"', '"é"', f'"{LONG}"',
    '"~"', '"~nobody/x"', '"!"', '"["', '"/"', '".."', "[]", '[""]', r'["\u0000"]', r'["\n"]', '["[z-a]"]',
    r'["\\"]', f'["{LONG}"]', "[" + '"x",' * 100 + "]", '["a", 1]', "{}", '{"" = []}', '{"a" = 1}',
    '{"a" = ["CON1", 1]}', r'{"a\nb" = 1}', r'{"\u0000" = ["CON1"]}', r'{"\u001B[31m" = ["x"]}',
    '{"[" = ["CON1"]}', "{a = {b = {c = {}}}}", "{functions = 1}", "{functions = [1]}", "{version = []}",
    '{functions = {"a.b" = 1}}', "{schema = 1}", '{"' + LONG + '" = 1}',
]  # fmt: skip
"""What may be right at one key or the other."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").touch()
    return tmp_path


def complaint(project: Path, text: str, key: str) -> str:
    """What is said of a wrong configuration; nothing where a report came of it."""
    file = project / "pyproject.toml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    result: Result = CliRunner().invoke(cli, ["check", "--no-cache", "-j1", "."])
    assert result.exit_code in (0, 1, 2), (text[:200], result.output)
    assert result.exception is None or isinstance(result.exception, SystemExit), text[:200]
    assert "internal error" not in result.stderr, (text[:200], result.stderr)
    if result.exit_code != 2:
        return ""
    at_fault = "/" if key in FILES else file  # the file that is named, too
    assert result.stderr.startswith(f"conclint: error: {at_fault}"), (text[:200], result.stderr)
    assert len(result.stderr.splitlines()) == 1, (text[:200], result.stderr)
    assert "\x1b" not in result.stderr
    assert "\0" not in result.stderr
    assert len(result.stderr) < 1_000 or key in FILES, text[:200]
    if result.stderr.startswith(f"conclint: error: {file}"):
        assert key in result.stderr.removeprefix(f"conclint: error: {file}")
    return result.stderr


@pytest.mark.parametrize("key", KEYS)
def test_what_is_wrong_is_told(project: Path, key: str) -> None:
    wrong = [*NO_STRING, *NUMBER] if key in NUMBERS else [*NO_STRING, "1", *NUMBER]
    for value in wrong:
        if key in BOOLEANS and value == "true":
            continue
        assert complaint(project, f"[tool.conclint]\n{key} = {value}\n", key), value


@pytest.mark.parametrize("key", KEYS)
def test_what_is_odd_is_told_or_taken(project: Path, key: str) -> None:
    for value in ODD:
        complaint(project, f"[tool.conclint]\n{key} = {value}\n", key)
    if key not in TABLES:
        assert complaint(project, f"[tool.conclint.{key}]\na = 1\n", key)
        assert complaint(project, f"[[tool.conclint.{key}]]\na = 1\n", key)


WORDS = st.text(max_size=8) | st.sampled_from(["CON101", "ALL", "3.12", "low", "both", "installed", "src"])
VALUES = st.recursive(
    st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def as_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True) if value.isascii() else f'"{_escaped(value)}"'
    return str(value).lower()


def _escaped(text: str) -> str:
    return "".join(f"\\U{ord(character):08X}" for character in text)


@settings(
    max_examples=100 * LONGER,
    derandomize=LONGER == 1,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(sorted(KEYS)), VALUES)
def test_any_value_at_any_key(project: Path, key: str, value: object) -> None:
    complaint(project, f"[tool.conclint]\n{key} = {as_toml(value)}\n", key)


@pytest.mark.parametrize(
    "required", [f'">=3.{"9" * 5_000}"', "1", "[]", r'"\u0000"', '">=3.\u0663"', "{a = 1}"]
)
def test_what_the_project_requires_is_no_concern_of_ours(project: Path, required: str) -> None:
    assert not complaint(project, f"[project]\nrequires-python = {required}\n[tool.conclint]\n", "")
