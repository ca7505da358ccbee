"""Chains that go on into installed packages, whose code is read and never run: by default where an
environment is found, as far as they are sure."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conclint.cli.main import cli

PACKAGES = {
    "wallpanel/__init__.py": "from wallpanel.bridge import Bridge, probe\n",
    "wallpanel/bridge.py": """
import ssl
import time
from wallpanel import files

class Bridge:
    def __init__(self, path):
        self.table = files.read_table(path)

    @classmethod
    def secure(cls, ca):
        context = ssl.create_default_context()
        context.load_verify_locations(ca)
        return cls(ca)

    async def refresh(self):
        time.sleep(1)

    def name(self):
        return "bridge"

async def probe():
    return 1
""",
    "wallpanel/files.py": "def read_table(path):\n    with open(path) as file:\n        return file.read()\n",
    "acme_tools/run.py": "import subprocess\ndef run(command):\n    subprocess.run(command)\n",
    "bomb/__init__.py": "raise SystemExit('imported')\ndef wait():\n    import time; time.sleep(1)\n",
    "Acme.Panel-2.1.dist-info/METADATA": "Name: Acme.Panel\nVersion: 2.1\n",
    "Acme.Panel-2.1.dist-info/RECORD": "wallpanel/__init__.py,,\nwallpanel/bridge.py,,\n",
    "requests/__init__.py": "from requests.api import get\nfrom requests.sessions import Session\n",
    "requests/api.py": "def get(url):\n    return open(url)\n",
    "requests/sessions.py": """
import socket
class Session:
    def warm_up(self):
        socket.create_connection(("host", 80))
    def get(self, url): ...
""",
}
APP = """
import bomb
import requests
from acme_tools.run import run
from wallpanel import Bridge, probe

async def serve(path):
    bridge = Bridge(path)
    await bridge.refresh()
    await probe()
    bridge.name()

async def tls(ca):
    return Bridge.secure(ca)

async def other():
    run("ls")
    requests.get("http://x")
    requests.Session().warm_up()
    bomb.wait()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in PACKAGES.items():
        file = tmp_path / "project/.venv/lib/python3.12/site-packages" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    root = tmp_path / "project"
    (root / "app.py").write_text(APP)
    monkeypatch.chdir(root)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    return root


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words])


def found(*words: str) -> list[tuple[str, str, str]]:
    """The statement, the cause and the confidence of each finding."""
    result = run("--no-cache", "--output-format", "json", *words, "app.py")
    assert result.exit_code in (0, 1), result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    assert {row["path"] for row in rows} <= {"app.py"}
    return [(LINES[row["line"] - 1].strip(), row["cause"], row["confidence"]) for row in rows]


def statements(*words: str) -> list[str]:
    return [statement for statement, *_ in found(*words)]


LINES = APP.splitlines()
HTTP = ('requests.get("http://x")', "requests.get", "high")
RUN = ('run("ls")', "subprocess.run", "high")
REFRESH = ("await bridge.refresh()", "time.sleep", "medium")
SECURE = ("return Bridge.secure(ca)", "ssl.SSLContext.load_verify_locations", "high")
WARM = ("requests.Session().warm_up()", "socket.create_connection", "high")
BOMB = ("bomb.wait()", "time.sleep", "high")
SURE = {REFRESH, SECURE, RUN, HTTP, BOMB}
MADE = ["bridge = Bridge(path)", "await bridge.refresh()", "return Bridge.secure(ca)"]


def test_of_the_project_alone_only_the_catalog_speaks_for_packages(project: Path) -> None:
    assert found("--follow", "project") == [HTTP]


def test_by_default_what_libraries_surely_do_is_found(project: Path) -> None:
    assert set(found()) == SURE
    assert set(found("--follow", "installed")) == SURE


def test_where_the_catalog_speaks_for_a_library_its_code_is_read_only_if_it_is_asked_for(
    project: Path,
) -> None:
    assert WARM not in found("--min-confidence", "low")
    assert WARM in found("--follow", "requests")


def test_a_file_that_a_library_opens_is_shown_at_low_confidence_unless_it_is_asked_for_by_name(
    project: Path,
) -> None:
    opened = {(statement, "builtins.open", "low") for statement in (MADE[0], MADE[2])}
    assert opened <= set(found("--min-confidence", "low"))
    by_name = {(statement, "builtins.open", "high") for statement in (MADE[0], MADE[2])}
    assert by_name <= set(found("--follow", "installed,wallpanel"))
    assert RUN in found("--follow", "installed,wallpanel")


def test_a_package_by_its_import_name_and_by_its_distribution(project: Path) -> None:
    assert found("--follow", "acme_tools") == [RUN, HTTP]
    by_import, by_distribution = found("--follow", "wallpanel"), found("--follow", "acme-panel")
    assert by_import == by_distribution
    assert {statement for statement, *_ in by_import} == {*MADE, HTTP[0]}


def test_the_chain_passes_through_the_package(project: Path) -> None:
    rows = json.loads(run("--follow", "wallpanel", "--output-format", "json", "app.py").stdout)
    chain = rows[0]["chain"]
    assert [step["symbol"] for step in chain] == [
        "wallpanel.bridge.Bridge",
        "wallpanel.files.read_table",
        "builtins.open",
    ]
    assert chain[1]["path"].endswith("site-packages/wallpanel/bridge.py")


def test_a_changed_package_is_seen_by_a_cached_run(project: Path) -> None:
    words = ("--follow", "wallpanel", "--output-format", "json", "app.py")
    before = json.loads(run(*words).stdout)
    assert json.loads(run(*words).stdout) == before
    file = project / ".venv/lib/python3.12/site-packages/wallpanel/files.py"
    file.write_text("def read_table(path):\n    return path\n")
    after = json.loads(run(*words).stdout)
    assert {LINES[row["line"] - 1].strip() for row in before if row not in after} == {MADE[0], MADE[2]}


def test_the_configuration_file_says_the_same(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.conclint]\nfollow = ["wallpanel"]\npython = ".venv"\n')
    assert set(statements()) == {*MADE, HTTP[0]}
    (project / "pyproject.toml").write_text('[tool.conclint]\nfollow = "project"\n')
    assert found() == [HTTP]


@pytest.mark.parametrize("place", [".venv", ".venv/lib/python3.12/site-packages", ".venv/bin/python3.12"])
def test_python_is_an_interpreter_an_environment_or_a_folder(project: Path, place: str) -> None:
    (project / ".venv/bin").mkdir()
    (project / ".venv/bin/python3.12").touch()
    os.rename(project / ".venv", project / "elsewhere")  # noqa: PTH104
    place = place.replace(".venv", "elsewhere")
    assert found("--follow", "acme_tools", "--python", place) == [RUN, HTTP]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--follow", "nosuch"), "there is no package 'nosuch'"),
        (("--follow", "wallpanel", "--python", "nowhere"), "no installed packages belong to"),
    ],
)
def test_what_is_not_there_is_an_error(project: Path, words: tuple[str, ...], says: str) -> None:
    result = run("--no-cache", *words, "app.py")
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_wrong_value_in_the_file_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.conclint]\nfollow = "all"\n')
    result = run("app.py")
    assert result.exit_code == 2
    assert 'follow: must be "project" or "installed", or a list of package names' in result.output


def test_an_editable_install_of_the_project_stays_the_project(project: Path) -> None:
    (project / ".venv/lib/python3.12/site-packages/own.pth").write_text(f"{project}\nimport bomb\n")
    assert found("--follow", "acme_tools") == [RUN, HTTP]


def test_packages_are_found_where_another_library_reads_metadata_too(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.distributions", lambda **_: iter(()))  # as if it had replaced it
    assert found("--follow", "acme-panel") == found("--follow", "wallpanel")


def test_a_finding_names_the_library_and_its_version(project: Path) -> None:
    rows = json.loads(run("--output-format", "json", "app.py").stdout)
    by_statement = {LINES[row["line"] - 1].strip(): row for row in rows}
    assert by_statement[REFRESH[0]]["library"] == {
        "name": "wallpanel",
        "release": "Acme.Panel 2.1",
        "environment": ".venv",
    }
    assert by_statement[REFRESH[0]]["message"].endswith(", inside Acme.Panel 2.1")
    assert by_statement[RUN[0]]["library"]["release"] == ""
    assert by_statement[RUN[0]]["message"].endswith(", inside acme_tools")
    assert by_statement[HTTP[0]]["library"] is None


def test_a_new_version_is_named_by_a_cached_run(project: Path) -> None:
    run("--output-format", "json", "app.py")
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "Acme.Panel-2.1.dist-info/METADATA").write_text("Name: Acme.Panel\nVersion: 2.2\n")
    rows = json.loads(run("--output-format", "json", "app.py").stdout)
    assert {row["library"]["release"] for row in rows if row["library"]} == {"Acme.Panel 2.2", ""}


def test_advice_takes_the_library_as_it_is(project: Path) -> None:
    rows = json.loads(run("--no-cache", "--output-format", "json", "app.py").stdout)
    row = next(row for row in rows if LINES[row["line"] - 1].strip() == RUN[0])
    assert row["recommendation"]["text"] == "run it in a thread, so the event loop isn't blocked."
    assert row["root"] == {"symbol": "app.other", "path": "app.py", "line": row["line"]}


SETTING = """
import socket

RETRY = True

class Client:
    def __init__(self, auto):
        self.auto = auto

    def sure(self):
        socket.create_connection(("host", 80))

    def only_if(self):
        if self.auto:
            socket.create_connection(("host", 80))

    def unless(self):
        if not self.auto:
            return
        socket.create_connection(("host", 80))

    def either_way(self):
        if self.auto:
            socket.create_connection(("host", 80))
        else:
            socket.create_connection(("other", 80))

    def by_argument(self, url):
        if url.startswith("tcp:"):
            socket.create_connection(("host", 80))
"""


@pytest.mark.parametrize(
    ("call", "confidence"),
    [
        ("sure()", "high"),
        ("only_if()", "low"),
        ("unless()", "medium"),
        ("either_way()", "high"),
        ("by_argument(a)", "low"),
        ("by_argument('tcp:')", "high"),
    ],
)
def test_what_is_up_to_a_test_inside_the_library_is_less_sure(
    project: Path, call: str, confidence: str
) -> None:
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "settled.py").write_text(SETTING)
    (project / "app.py").write_text(
        f"from settled import Client\nasync def f(a):\n    client = Client(a)\n    client.{call}\n"
    )
    words = ("--no-cache", "--min-confidence", "low", "--output-format", "json", "app.py")
    assert [row["confidence"] for row in json.loads(run(*words).stdout)] == [confidence]


def test_the_report_and_the_configuration_say_whose_packages_are_followed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"calls followed into the packages of {project / '.venv'} (.venv)" in run("-v", "app.py").stderr
    assert f"# environment: {project / '.venv'} (.venv)\n" in run("config").stdout
    assert json.loads(run("config", "--output-format", "json").stdout)["environment"]["origin"] == ".venv"
    assert "# environment: none\n" in run("config", "--follow", "project").stdout
    os.rename(project / ".venv", tmp_path / "active")  # noqa: PTH104
    assert found() == [HTTP]
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert f"# environment: {tmp_path / 'active'} (VIRTUAL_ENV)\n" in run("config").stdout
    assert set(found()) == SURE


def test_an_environment_that_comes_or_goes_is_seen_by_a_repeated_run(project: Path, tmp_path: Path) -> None:
    for file in (project / "app.py", *(project / ".venv").rglob("*")):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    words = ("--output-format", "json", "app.py")
    first = json.loads(run(*words).stdout)
    assert json.loads(run(*words).stdout) == first
    os.rename(project / ".venv", tmp_path / "away")  # noqa: PTH104
    assert len(json.loads(run(*words).stdout)) == 1
    os.rename(tmp_path / "away", project / ".venv")  # noqa: PTH104
    assert json.loads(run(*words).stdout) == first


def test_a_baseline_keeps_what_goes_through_a_library_that_is_not_followed_now(project: Path) -> None:
    run("--write-baseline", "known.json", "app.py")
    assert run("--baseline", "known.json", "app.py").exit_code == 0
    before = (project / "known.json").read_text()
    assert '"library": "wallpanel"' in before
    result = run("--baseline", "known.json", "--prune-baseline", "--follow", "project", "app.py")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (project / "known.json").read_text() == before
    (project / ".venv/lib/python3.12/site-packages/acme_tools/run.py").write_text("def run(command): ...\n")
    result = run("--baseline", "known.json", "--prune-baseline", "app.py")
    assert "1 entry no longer occurs" in result.stderr
    assert '"library": "acme_tools"' not in (project / "known.json").read_text()


def test_a_link_a_broken_and_a_hostile_environment(project: Path, tmp_path: Path) -> None:
    os.rename(project / ".venv", tmp_path / "real")  # noqa: PTH104
    (project / ".venv").symlink_to(tmp_path / "real")
    assert set(found()) == SURE
    (project / ".venv").unlink()
    (project / ".venv").symlink_to(tmp_path / "gone")
    assert found() == [HTTP]
    (project / ".venv").unlink()
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/pyvenv.cfg").write_bytes(
        b"home = \0\ninclude-system-site-packages = true\n\xff\0=\n=" * 9
    )
    assert found() == [HTTP]
    (project / ".venv/lib/python3.12").mkdir(parents=True)
    (project / ".venv/lib/python3.12/site-packages").write_text("no folder")
    assert found() == [HTTP]


def test_windows_keeps_packages_elsewhere(project: Path) -> None:
    os.renames(project / ".venv/lib/python3.12/site-packages", project / "venv/Lib/site-packages")
    assert set(found()) == SURE


def test_path_files_of_an_environment_that_nobody_named_are_left_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/slow.py").write_text("import time\ndef wait():\n    time.sleep(1)\n")
    (project / ".venv/lib/python3.12/site-packages/other.pth").write_text(f"{tmp_path / 'other'}\n")
    (project / "app.py").write_text("import slow\nasync def f():\n    slow.wait()\n")
    assert json.loads(run("--no-cache", "--output-format", "json", "app.py").stdout) == []
    named = run("--no-cache", "--python", ".venv", "--output-format", "json", "app.py")
    assert [row["line"] for row in json.loads(named.stdout)] == [3]


@pytest.mark.parametrize("way", ["direct_url", "pth", "elsewhere"])
def test_the_environment_of_conclint_counts_where_the_project_is_installed_in_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    os.rename(project / ".venv", tmp_path / "own")  # noqa: PTH104
    monkeypatch.setattr("conclint.source.environments.OWN", str(tmp_path / "own"))
    assert found() == [HTTP]
    site = tmp_path / "own/lib/python3.12/site-packages"
    if way == "pth":
        (site / "app.pth").write_text(f"{project}\n")
    else:
        (site / "app-1.dist-info").mkdir()
        url = project.as_uri() if way == "direct_url" else tmp_path.as_uri()
        (site / "app-1.dist-info/direct_url.json").write_text(json.dumps({"url": url}))
    assert set(found()) == ({HTTP} if way == "elsewhere" else SURE)


def chain_of_packages(project: Path, *numbers: int) -> None:
    """Packages of which each has a file that calls the next one's, and the last one waits."""
    site = project / ".venv/lib/python3.12/site-packages"
    for number in numbers:
        last = number == numbers[-1]
        text = "import time\ndef go():\n    time.sleep(1)\n"
        if not last:
            text = f"import link{number + 1}\ndef go():\n    link{number + 1}.go()\n"
        (site / f"link{number}.py").write_text(text)
    (project / "app.py").write_text(f"import link{numbers[0]}\nasync def f():\n    link{numbers[0]}.go()\n")


@pytest.mark.parametrize(
    ("most", "lines", "says"),
    [
        (4, [3], ".venv (.venv)\n"),
        (3, [], "(.venv), but not from one package into another, as they lead into too many files\n"),
        (0, [], "(.venv): not at all, as they lead into too many files\n"),
    ],
)
def test_there_is_a_limit_to_the_files_that_are_read_and_the_report_says_when_it_is_met(
    project: Path, monkeypatch: pytest.MonkeyPatch, most: int, lines: list[int], says: str
) -> None:
    monkeypatch.setattr("conclint.run.analysis.MOST_FILES", most)
    monkeypatch.setattr("conclint.judging.checker.MOST_FILES", most)
    chain_of_packages(project, 1, 2, 3, 4)
    for _ in range(2):
        result = run("-v", "--output-format", "json", "app.py")
        assert [row["line"] for row in json.loads(result.stdout)] == lines
        assert says in result.stderr
    for command in (("map",), ("unknown",), ("debug", "resolve", "app.py:3")):
        assert run(*command).exit_code == 0


def test_a_file_that_no_person_wrote_is_not_read(project: Path) -> None:
    chain_of_packages(project, 1, 2)
    file = project / ".venv/lib/python3.12/site-packages/link2.py"
    file.write_text("import time\ndef go():\n    time.sleep(1)\n" + "x = 1\n" * 100_000)
    assert json.loads(run("--no-cache", "--output-format", "json", "app.py").stdout) == []
