"""The baseline: old findings stay silent through edits, new ones do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from programs_on_disk import SLOW_HELPER, VIEWS, findings_of, places_of, run_conclint, write_project

PAUSES = """\
import time


async def first():
    wanted = 1
    time.sleep(wanted)
    time.sleep(wanted)


async def second():
    time.sleep(2)
"""
FILE = "conclint-baseline.json"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its baseline; each test edits a copy of its own."""
    folder = tmp_path_factory.mktemp("written") / "project"
    write_project(folder, views=VIEWS, helper=SLOW_HELPER, pauses=PAUSES)
    done = run_conclint(folder, "--write-baseline")
    assert done.returncode == 0
    assert f"4 findings written to {folder / FILE}" in done.stderr
    return folder


@pytest.fixture
def project(tmp_path: Path, written: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "project"))


def edit(project: Path, name: str, old: str, new: str) -> None:
    file = project / f"app/{name}.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_is_in_it_is_silent(project: Path) -> None:
    assert len(findings_of(project)) == 4
    done = run_conclint(project, "--baseline", FILE)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_configuration_names_it_from_any_folder(project: Path) -> None:
    (project / "pyproject.toml").write_text(f'[tool.conclint]\nbaseline = "{FILE}"\n')
    assert places_of(project) == []
    assert places_of(project / "app", ".") == []
    assert places_of(project, "app/pauses.py") == []


def configured(project: Path) -> None:
    (project / "pyproject.toml").write_text(f'[tool.conclint]\nbaseline = "{FILE}"\n')


def test_the_closing_line_counts_what_is_in_it(project: Path) -> None:
    configured(project)
    edit(project, "pauses", "    time.sleep(2)\n", "    time.sleep(2)\n    time.sleep(3)\n")
    assert run_conclint(project).stdout.endswith(
        "Found 1 finding (1 critical) in 1 of 4 files (hidden: 4 in the baseline).\n"
    )
    done = run_conclint(project, "app/views.py")
    assert done.stdout == "No findings in 1 file (hidden: 1 in the baseline).\n"


def test_it_can_be_put_aside(project: Path) -> None:
    configured(project)
    assert len(findings_of(project, "--no-baseline")) == 4
    assert "# baseline: not set" in run_conclint(project, "config", "--no-baseline").stdout
    for other in (f"--baseline={FILE}", "--prune-baseline"):
        done = run_conclint(project, "--no-baseline", other)
        assert done.returncode == 2
        assert "--no-baseline can't be combined" in done.stderr


def test_the_plan_is_about_what_is_in_it_too(project: Path) -> None:
    configured(project)
    for arguments in ([], ["--no-baseline"]):
        assert "of 4 findings; none remain." in run_conclint(project, "plan", *arguments).stdout
    assert run_conclint(project, "plan", "--baseline", FILE).stdout == "Nothing to change: no findings.\n"
    assert run_conclint(project, "plan", "--baseline", FILE, "--no-baseline").returncode == 2


def test_fixing_says_what_it_leaves_since_it_is_known(project: Path) -> None:
    configured(project)
    assert "would fix 0 findings in 0 files; 4 in the baseline with --no-baseline" in (
        run_conclint(project, "--diff", "--unsafe-fixes").stderr
    )
    done = run_conclint(project, "--fix", "--unsafe-fixes", "--no-baseline")
    assert "4 findings fixed in 2 files" in done.stderr


def test_fifty_lines_above_each_finding_change_nothing(project: Path) -> None:
    for name, line in [("pauses", "async def"), ("pauses", "    time.sleep"), ("views", "    return")]:
        edit(project, name, line, "# a line more\n" * 50 + line)
    assert [found["line"] for found in findings_of(project)] == [106, 157, 261, 55]
    assert places_of(project, "--baseline", FILE) == []


def test_a_renamed_local_variable_changes_nothing(project: Path) -> None:
    edit(project, "pauses", "wanted", "seconds")
    edit(project, "views", "url", "address")
    assert places_of(project, "--baseline", FILE) == []


def test_another_way_to_the_same_cause_changes_nothing(project: Path) -> None:
    edit(project, "helper", "    return requests.get(url, timeout=5)", "    return deeper(url)")
    deeper = "import requests\n\n\ndef deeper(url):\n    return requests.get(url)\n"
    edit(project, "helper", "import requests\n", deeper)
    (found,) = findings_of(project, "app/views.py")
    assert [step["symbol"] for step in found["chain"]] == [
        "app.helper.load",
        "app.helper.deeper",
        "requests.get",
    ]
    assert places_of(project, "--baseline", FILE) == []


def test_what_is_new_fails(project: Path) -> None:
    edit(
        project,
        "pauses",
        "    time.sleep(2)\n",
        "    time.sleep(2)\n    time.sleep(3)\n    open('x').read()\n",
    )
    done = run_conclint(project, "--baseline", FILE, "--output-format=concise", "--min-severity=info")
    assert done.returncode == 1
    assert [line.split(" ")[:2] for line in done.stdout.splitlines()] == [
        ["app/pauses.py:12:5:", "CON102"],
        ["app/pauses.py:13:5:", "CON104"],
    ]


def test_a_moved_file_is_reported_once(project: Path) -> None:
    """Another function holds its findings; the old entries are gone, and it is said so."""
    (project / "app/views.py").rename(project / "app/pages.py")
    done = run_conclint(project, "--baseline", FILE, "--output-format=concise")
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["app/pages.py:5:12:"]
    assert done.stderr == (
        f"conclint: {FILE}: 1 entry no longer occurs (--prune-baseline removes them)\n"
        "conclint:   CON101 in app.views.show (app/views.py)\n"
    )
    run_conclint(project, "--write-baseline")
    done = run_conclint(project, "--baseline", FILE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_moved_with_its_module_name_is_not_new(project: Path) -> None:
    (project / "src").mkdir()
    (project / "app").rename(project / "src/app")
    done = run_conclint(project, "--baseline", FILE)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_no_longer_occurs_is_told_and_can_be_pruned(project: Path) -> None:
    edit(project, "pauses", "    time.sleep(2)\n", "    pass\n")
    done = run_conclint(project, "--baseline", FILE)
    assert done.returncode == 0
    assert "CON102 in app.pauses.second (app/pauses.py)" in done.stderr
    assert len(json.loads((project / FILE).read_text())["findings"]) == 4
    done = run_conclint(project, "--baseline", FILE, "--prune-baseline")
    assert "1 entry no longer occurs (removed)" in done.stderr
    assert len(json.loads((project / FILE).read_text())["findings"]) == 3
    assert run_conclint(project, "--baseline", FILE).stderr == ""


@pytest.mark.parametrize(
    "narrower",
    [["app/views.py"], ["--select=CON101"], ["--min-confidence=high"], ["--ignore=CON1"]],
)
def test_what_was_not_looked_at_is_not_gone(project: Path, narrower: list[str]) -> None:
    done = run_conclint(project, "--baseline", FILE, "--prune-baseline", *narrower)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads((project / FILE).read_text())["findings"]) == 4


def test_a_deleted_files_entries_are_gone(project: Path) -> None:
    (project / "app/pauses.py").unlink()
    assert "3 entries no longer occur" in run_conclint(project, "--baseline", FILE, "app/views.py").stderr


def test_writing_for_some_files_keeps_what_is_said_of_others(project: Path) -> None:
    edit(project, "views", "    return", "    import time\n    time.sleep(1)\n    return")
    run_conclint(project, "app/views.py", "--write-baseline")
    assert len(json.loads((project / FILE).read_text())["findings"]) == 5
    assert places_of(project, "--baseline", FILE) == []


def test_equal_functions_of_two_scripts_are_told_apart(tmp_path: Path) -> None:
    """Both files are the module `tool`, with the same finding at the same place."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.conclint]\nsrc = ["a", "b"]\n')
    (tmp_path / "a/tool.py").write_text(PAUSES)
    run_conclint(tmp_path, "--write-baseline")
    (tmp_path / "b/tool.py").write_text(PAUSES)
    wanted = [f"b/tool.py:{line} CON102" for line in (6, 7, 11)]
    assert places_of(tmp_path, "--baseline", FILE) == wanted
    assert places_of(tmp_path, "--baseline", FILE, "b") == wanted


def test_the_file_changes_only_with_the_findings(project: Path) -> None:
    before = (project / FILE).read_bytes()
    edit(project, "pauses", "import time\n", "import time\n\nLINES = 1\n")
    run_conclint(project, "--write-baseline", "app/views.py", "app")
    assert (project / FILE).read_bytes() == before
    assert all(len(line) < 300 for line in before.decode().splitlines())


def test_a_file_of_another_name(project: Path) -> None:
    assert run_conclint(project, "--write-baseline", "old.json", "app").returncode == 0
    assert (project / "old.json").exists()
    assert places_of(project, "--baseline=old.json") == []
    assert run_conclint(project, "app", "--write-baseline=known").returncode == 0
    assert (project / "known").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("\x00\x01", "is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "is not a conclint baseline"),
        ('{"version": 2, "findings": []}', "is a version 2 baseline, but this conclint reads version 1"),
        ('{"version": "1", "findings": []}', "is a version '1' baseline"),
        ('{"version": 1}', "has no list of findings"),
        ('{"version": 1, "findings": [{"code": "CON101"}]}', "finding 1 lacks one of fingerprint"),
        (None, "no such baseline"),
    ],
)
def test_a_baseline_that_cannot_be_used(project: Path, text: str | None, complaint: str) -> None:
    file = project / "bad.json"
    if text is not None:
        file.write_text(text)
    done = run_conclint(project, "--baseline=bad.json", "--prune-baseline")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"conclint: error: {file}: ")
    assert complaint in line
    assert text is None or file.read_text() == text


def test_a_baseline_that_cannot_be_written(project: Path) -> None:
    for arguments in (["--write-baseline=app"], ["--write-baseline=no/where.json"]):
        done = run_conclint(project, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prune-baseline"],
        ["--write-baseline", "--affected", "app"],
        ["--write-baseline", "--diff-base=HEAD"],
    ],
)
def test_options_that_contradict_each_other(project: Path, arguments: list[str]) -> None:
    done = run_conclint(project, *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ")


def test_what_could_not_be_analysed_is_never_part_of_a_baseline(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("async def f(:\n")
    written = run_conclint(tmp_path, "--write-baseline", "broken.py", "typo.py")
    assert written.returncode == 1
    assert "0 findings written" in written.stderr
    assert "typo.py:1:1: no such file or directory (never part of a baseline)" in written.stderr
    again = run_conclint(tmp_path, "--baseline", "conclint-baseline.json", "broken.py")
    assert again.returncode == 1
    assert "CON900" in again.stdout
