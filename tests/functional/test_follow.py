"""`--follow`: chains that go on into installed packages, whose code is read and never run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conclint.cli.main import cli

PACKAGES = {
    "panel/__init__.py": "from panel.bridge import Bridge, probe\n",
    "panel/bridge.py": """
import ssl
import time
from panel import files

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
    "panel/files.py": "def read_table(path):\n    with open(path) as file:\n        return file.read()\n",
    "acme_tools/run.py": "import subprocess\ndef run(command):\n    subprocess.run(command)\n",
    "bomb/__init__.py": "raise SystemExit('imported')\ndef wait():\n    import time; time.sleep(1)\n",
    "Acme.Panel-2.1.dist-info/METADATA": "Name: Acme.Panel\nVersion: 2.1\n",
    "Acme.Panel-2.1.dist-info/RECORD": "panel/__init__.py,,\npanel/bridge.py,,\n",
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
from panel import Bridge, probe

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
MADE = ["bridge = Bridge(path)", "await bridge.refresh()", "return Bridge.secure(ca)"]


def test_without_it_only_the_catalog_speaks_for_packages(project: Path) -> None:
    assert found() == [HTTP]
    assert found("--follow", "project") == [HTTP]


def test_all_installed_packages(project: Path) -> None:
    assert set(found("--follow", "installed")) == {
        ("bridge = Bridge(path)", "builtins.open", "high"),
        ("await bridge.refresh()", "time.sleep", "medium"),
        ("return Bridge.secure(ca)", "ssl.SSLContext.load_verify_locations", "high"),
        ("return Bridge.secure(ca)", "builtins.open", "high"),
        RUN,
        HTTP,
        ("requests.Session().warm_up()", "socket.create_connection", "high"),
        ("bomb.wait()", "time.sleep", "high"),
    }


def test_a_package_by_its_import_name_and_by_its_distribution(project: Path) -> None:
    assert found("--follow", "acme_tools") == [RUN, HTTP]
    by_import, by_distribution = found("--follow", "panel"), found("--follow", "acme-panel")
    assert by_import == by_distribution
    assert {statement for statement, *_ in by_import} == {*MADE, HTTP[0]}


def test_the_chain_passes_through_the_package(project: Path) -> None:
    rows = json.loads(run("--follow", "panel", "--output-format", "json", "app.py").stdout)
    chain = rows[0]["chain"]
    assert [step["symbol"] for step in chain] == [
        "panel.bridge.Bridge",
        "panel.files.read_table",
        "builtins.open",
    ]
    assert chain[1]["path"].endswith("site-packages/panel/bridge.py")


def test_a_changed_package_is_seen_by_a_cached_run(project: Path) -> None:
    words = ("--follow", "panel", "--output-format", "json", "app.py")
    before = json.loads(run(*words).stdout)
    assert json.loads(run(*words).stdout) == before
    file = project / ".venv/lib/python3.12/site-packages/panel/files.py"
    file.write_text("def read_table(path):\n    return path\n")
    after = json.loads(run(*words).stdout)
    assert {LINES[row["line"] - 1].strip() for row in before if row not in after} == {MADE[0], MADE[2]}


def test_the_configuration_file_says_the_same(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.conclint]\nfollow = ["panel"]\npython = ".venv"\n')
    assert set(statements()) == {*MADE, HTTP[0]}
    (project / "pyproject.toml").write_text('[tool.conclint]\nfollow = "installed"\n')
    assert len(found()) > 5


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
        (("--follow", "panel", "--python", "nowhere"), "no installed packages belong to"),
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
    assert found("--follow", "acme-panel") == found("--follow", "panel")
