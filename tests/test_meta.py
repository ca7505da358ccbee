"""Documented = registered = tested: rules, their pages, their fixtures and the README agree."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

import conclint.rules.registry as registry
from conclint.cli.main import cli
from conclint.rules.registry import Rule, all_rules, rule_page, rules_by_code
from harness.expectations import Kind
from harness.programs import FIXTURES, ROOT, Program, all_programs
from harness.runs import EVERYTHING, run_here

HEADINGS = ["## What it does", "## Why is this bad", "## Example", "## Use instead"]
SHAPES = ("direct", "typed_receiver", "namesakes_good")
"""The cases that every rule about code has; each bad one has its good twin besides."""

README = (ROOT / "README.md").read_text(encoding="utf-8")
RULES = all_rules()
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def _blocks(markdown: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


def _section(page: str, heading: str) -> str:
    return page.split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]


@cache
def _programs_of(rule: Rule) -> tuple[Program, ...]:
    folder = f"rules/{rule.code}-{rule.name}/"
    return tuple(program for program in all_programs() if program.name.startswith(folder))


@each_rule
def test_each_rule_has_a_page(rule: Rule) -> None:
    page = rule_page(rule.code)
    assert page.startswith(f"# {rule.name} ({rule.code})\n")
    assert [line for line in page.splitlines() if line in HEADINGS] == HEADINGS
    assert _blocks(_section(page, "## References"), "python") == []
    assert "](https://" in _section(page, "## References")


def test_what_blocks_the_loop_has_words_for_messages() -> None:
    for rule in RULES:
        assert bool(rule.words) == (rule.cell.endswith(".event_loop") and rule.family != "own"), rule.code


def test_each_page_belongs_to_a_rule() -> None:
    docs = Path(registry.__file__).parent / "docs"
    assert {page.stem for page in docs.glob("*.md")} == set(rules_by_code())


@each_rule
def test_each_rule_has_fixtures(rule: Rule) -> None:
    programs = _programs_of(rule)
    codes = {expected.code for program in programs for expected in program.expectations}
    assert rule.code in codes
    if rule.cell:
        cases = {program.folder.name for program in programs}
        assert set(SHAPES) <= cases


def test_each_folder_of_rule_fixtures_belongs_to_a_rule() -> None:
    folders = {folder.name for folder in (FIXTURES / "rules").iterdir()}
    assert folders == {f"{rule.code}-{rule.name}" for rule in RULES}


def test_each_program_has_its_part() -> None:
    """A bad program expects something and has a good twin; a good one expects nothing."""
    assert [program.name for program in all_programs() if not _has_its_part(program)] == []


def _has_its_part(program: Program) -> bool:
    kinds = {expected.kind for expected in program.expectations}
    if program.is_twin:
        return kinds <= {Kind.TODO_OK}
    has_twin = program.folder.with_name(program.folder.name + "_good").is_dir()
    return has_twin and bool(kinds & {Kind.EXPECT, Kind.TODO_EXPECT})


def _codes_in(source: str, folder: Path) -> list[str]:
    (folder / "example.py").write_text(source, encoding="utf-8")
    return [found.code for found in run_here([*EVERYTHING, "--no-cache", "--jobs=1", "."], folder)]


@each_rule
def test_the_example_is_reported(rule: Rule, tmp_path: Path) -> None:
    (example,) = _blocks(_section(rule_page(rule.code), "## Example"), "python")
    assert set(_codes_in(example, tmp_path)) == {rule.code}


@each_rule
def test_what_to_use_instead_is_silent(rule: Rule, tmp_path: Path) -> None:
    examples = _blocks(_section(rule_page(rule.code), "## Use instead"), "python")
    assert examples
    for example in examples:
        assert _codes_in(example, tmp_path) == []


@each_rule
def test_explain_prints_the_page(rule: Rule) -> None:
    done = CliRunner().invoke(cli, ["explain", rule.code])
    assert done.exit_code == 0
    assert done.output.rstrip("\n") == rule_page(rule.code).rstrip("\n")


def test_rules_lists_every_rule() -> None:
    output = CliRunner().invoke(cli, ["rules"]).output
    assert [rule.code for rule in RULES] == re.findall(r"CON\d{3}", output)
    assert all(rule.name in output for rule in RULES)


def test_the_readme_names_what_exists() -> None:
    assert set(re.findall(r"\bCON\d{3}\b", README)) <= set(rules_by_code())
    help_text = "".join(
        CliRunner().invoke(cli, [*command, "--help"]).output
        for command in ([], ["check"], ["explain"], ["rules"], ["catalog"], ["map"])
    )
    known = set(re.findall(r"(?<!\S)--[a-z][a-z-]+", help_text))
    commands = re.findall(r"\bconclint ((?:[^\n`|]*\s)?)(--[a-z][a-z-]+)", README)
    assert {option for _, option in commands} <= known
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path


def test_the_readme_lists_every_rule() -> None:
    for rule in RULES:
        assert f"| {rule.code} | {rule.summary} |" in README


def test_the_readme_sets_everything_up_in_two_commands() -> None:
    first, second = _blocks(README, "sh")[:2]
    for block in (first, second):
        assert "python3 -m venv .venv" in block
        assert ".venv/bin/pip install" in block
    assert "conclint --exit-zero fixtures/guide" in first
    assert "pytest" in second
