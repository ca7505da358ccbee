"""`conclint debug`: what the analysis knows of a file, for those who work on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conclint.cli.main import cli

SOURCE = """\
import time
from helpers import Client

async def poll(client: Client, seconds):
    if seconds:
        time.sleep(seconds)
    return client.get("/")
"""
HELPERS = """\
import requests

class Client:
    def get(self, path):
        return requests.get(path)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helpers.py").write_text(HELPERS)
    path = tmp_path / "poll.py"
    path.write_text(SOURCE)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["debug", *arguments])


class TestSummary:
    def test_each_definition_has_its_value_graph_sites_and_regions(self, file: Path) -> None:
        lines = run("summary", "poll.py", "--def", "poll").output.splitlines()
        assert lines[0] == "async function poll(client, seconds), lines 4-7"
        assert "  v1 = PARAM 1" in lines
        assert "  v4 = ATTR v3 sleep" in lines
        assert "  site 0: time.sleep(($seconds is not None)) in if+($seconds) -> dropped" in lines
        assert "  region 1: if+($seconds)" in lines

    def test_the_whole_file_begins_with_its_imports(self, file: Path) -> None:
        lines = run("summary", "poll.py").output.splitlines()
        assert lines[:2] == ["line 1: time as time", "line 2: helpers import Client as Client"]

    def test_an_unknown_definition_has_the_nearest_name(self, file: Path) -> None:
        result = run("summary", "poll.py", "--def", "pol")
        assert result.exit_code == 2
        assert "did you mean poll?" in result.output.replace('"', "").replace("'", "")

    def test_a_file_that_is_no_python_is_wrong_usage(self, file: Path) -> None:
        file.write_text("def (:\n")
        result = run("summary", "poll.py")
        assert result.exit_code == 2
        assert "poll.py" in result.output


class TestResolve:
    def test_a_line_shows_candidates_and_the_effects_of_its_function(self, file: Path) -> None:
        output = run("resolve", "poll.py:7").output
        assert "poll.py:7 is in poll.poll" in output
        assert "may be function helpers.Client.get" in output
        assert "waits sleep: time.sleep" in output
        assert "helpers.py:5 calls requests.get" in output

    def test_a_line_without_a_call_still_names_its_function(self, file: Path) -> None:
        assert "poll.py:5 is in poll.poll" in run("resolve", "poll.py:5").output

    @pytest.mark.parametrize("place", ["poll.py", "poll.py:x", "poll.py:0", "nowhere.py:1"])
    def test_a_place_that_is_none_is_wrong_usage(self, file: Path, place: str) -> None:
        assert run("resolve", place).exit_code == 2
