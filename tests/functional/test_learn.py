"""`conclint learn`: what a package's public interface does, as a catalog file that conclint then reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conclint.catalog.loader import read_file
from conclint.catalog.schema import LibraryFacts
from conclint.cli.main import cli

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = {
    "panel/__init__.py": """
from panel.bridge import Bridge, fetch
from panel._inner import run_apart, run_here
""",
    "panel/_inner.py": """
import threading
def run_apart(job):
    threading.Thread(target=job).start()
def run_here(job, *, times=1):
    return [job() for _ in range(times)]
def hidden():
    open("x")
""",
    "panel/bridge.py": """
import queue
import time
from requests import Session
from panel.files import read_table

class _Base:
    def reload(self):
        return read_table("x")

class Bridge(_Base):
    def __init__(self, path):
        self.inbox = queue.Queue()
        self.table = read_table(path)
    def next_event(self, block=True):
        return self.inbox.get(block)
    async def refresh(self):
        time.sleep(1)
    def name(self):
        return "bridge"
    def _private(self):
        time.sleep(1)

class Remote(Session):
    def pause(self):
        time.sleep(1)

def connect(path):
    return Bridge(path)

def fetch(url, retries=3):
    for _ in range(retries):
        time.sleep(retries)

def digest(data):
    total = 0
    for number in range(90_000_000):
        total += number * number
    return total
""",
    "panel/files.py": "def read_table(path):\n    with open(path) as file:\n        return file.read()\n",
    "panel/store.py": """
import sys
import threading
import time

class _Fast:
    def load(self):
        time.sleep(1)

class _Plain:
    def load(self):
        time.sleep(1)

Parser = _Fast if sys.flags.optimize else _Plain

class Store:
    def __init__(self, path=None, *, wait=True):
        self.lock = threading.Lock()
        if path:
            open(path)
        if not wait:
            time.sleep(1)
    def peek(self):
        self.lock.acquire()
        try:
            return 1
        finally:
            self.lock.release()
    def sync(self, flush=False):
        if flush:
            time.sleep(1)
""",
    "panel/tests/test_it.py": "def helper():\n    open('x')\n",
    "panel/broken.py": "def (:\n",
    "panel-2.1.dist-info/METADATA": "Name: panel\nVersion: 2.1\n",
    "panel-2.1.dist-info/top_level.txt": "panel\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in PACKAGE.items():
        file = tmp_path / ".venv/lib/python3.12/site-packages" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words])


def learned(*words: str) -> LibraryFacts:
    result = run("learn", "--no-cache", "-o", "facts", "panel", *words)
    assert result.exit_code == 0, result.output
    return read_file(Path("facts/panel.toml"))


def test_functions_that_wait_compute_or_run_others(project: Path) -> None:
    functions = {name: fact.effect.value for name, fact in learned().functions.items()}
    assert functions == {
        "panel.fetch": "waits",
        "panel.bridge.connect": "waits",
        "panel.bridge.digest": "computes_gil",
        "panel.files.read_table": "waits",
        "panel.run_apart": "places",
        "panel.run_here": "calls",
    }


def test_methods_under_the_public_name_of_their_class(project: Path) -> None:
    facts = learned()
    bridge = facts.classes["panel.Bridge"]
    assert set(bridge.methods) == {"__init__", "next_event", "reload"}
    assert [dict(condition.pairs) for condition in bridge.methods["next_event"].unless] == [{"block": False}]
    assert facts.aliases["panel.bridge.Bridge"] == "panel.Bridge"
    assert facts.functions["panel.bridge.connect"].returns == "panel.Bridge"
    assert facts.classes["panel.bridge.Remote"].bases == ("requests.Session",)


def test_the_source_of_a_fact_is_its_chain(project: Path) -> None:
    facts = learned()
    source = facts.classes["panel.Bridge"].methods["__init__"].source
    assert source == "panel.bridge.Bridge.__init__ > panel.files.read_table > builtins.open"


def test_what_is_learned_is_used(project: Path) -> None:
    learned()
    (project / "app.py").write_text(
        "import panel\nfrom panel.bridge import connect\n"
        "async def f(bridge: panel.Bridge):\n"
        "    bridge.next_event()\n    bridge.next_event(block=False)\n    bridge.name()\n"
        "    connect('x').reload()\n    panel.run_here(bridge.next_event)\n"
        "    panel.run_apart(bridge.next_event)\n"
    )
    (project / "pyproject.toml").write_text('[tool.conclint]\ncatalog-files = ["facts/panel.toml"]\n')
    rows: list[dict[str, Any]] = json.loads(run("--no-cache", "--output-format", "json", "app.py").stdout)
    assert [(row["line"], row["cause"]) for row in rows] == [
        (4, "panel.Bridge.next_event"),
        (7, "panel.Bridge.reload"),
        (8, "panel.Bridge.next_event"),
    ]


def test_a_wait_under_a_test_of_an_argument_is_not_there_by_default(project: Path) -> None:
    methods = learned().classes["panel.store.Store"].methods
    assert set(methods) == {"__init__", "sync"}  # a lock that is held for a moment is no wait
    (project / "app.py").write_text(
        "from panel.store import Store\n"
        "async def f(name: str):\n"
        "    Store()\n    Store(None)\n    Store('x')\n"
        "    store = Store('')\n    store.sync()\n    store.sync(flush=True)\n    store.peek()\n"
    )
    (project / "pyproject.toml").write_text('[tool.conclint]\ncatalog-files = ["facts/panel.toml"]\n')
    rows: list[dict[str, Any]] = json.loads(run("--no-cache", "--output-format", "json", "app.py").stdout)
    assert [row["line"] for row in rows] == [5, 8]


def test_a_name_that_may_be_one_of_several_classes_is_not_stated(project: Path) -> None:
    assert "panel.store.Parser" not in learned().classes


def test_without_a_folder_it_is_printed_and_the_rest_is_told_beside(project: Path) -> None:
    result = run("learn", "--no-cache", "panel")
    assert tomllib.loads(result.stdout)["source"] == "learned from the source of panel 2.1"
    assert "panel/broken.py:1:5:" in result.stderr.replace("\\", "/")
    assert "panel 2.1: " in result.stderr


def test_what_the_catalog_states_is_left_out_unless_all_is_wanted(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages/requests"
    site.mkdir()
    (site / "__init__.py").write_text("import time\ndef get(url):\n    time.sleep(1)\ndef own(): open('x')\n")
    for words, names in (((), {"requests.own"}), (("--all",), {"requests.get", "requests.own"})):
        result = run("learn", "--no-cache", "-o", "facts", "requests", *words)
        assert result.exit_code == 0, result.output
        assert set(read_file(Path("facts/requests.toml")).functions) == names


def test_what_a_class_inherits_from_another_package_is_not_its_own(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "models.py").write_text("class Model:\n    def parse_file(self):\n        open('x')\n")
    (site / "panel/types.py").write_text(
        "from models import Model\nclass User(Model):\n    def load(self):\n        self.parse_file()\n"
    )
    assert set(learned().classes["panel.types.User"].methods) == {"load"}


def test_what_a_star_of_the_catalog_says_is_left_out(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages/tweepy"
    site.mkdir()
    (site / "__init__.py").write_text(
        "import time\nclass Client:\n    def get_tweet(self):\n        time.sleep(1)\n"
        "class Feed:\n    def next(self):\n        time.sleep(1)\n"
    )
    run("learn", "--no-cache", "-o", "facts", "tweepy")
    assert set(read_file(Path("facts/tweepy.toml")).classes) == {"tweepy.Feed"}


def test_a_request_that_sleeps_between_its_attempts_waits_for_the_network(project: Path) -> None:
    (project / ".venv/lib/python3.12/site-packages/panel/net.py").write_text(
        "import time\nimport requests\n"
        "def ask(url):\n    time.sleep(1)\n    open(url)\n    return _send(url)\n"
        "def _send(url):\n    return requests.get(url)\n"
    )
    family = learned().functions["panel.net.ask"].family
    assert family is not None
    assert family.value == "http"


def test_a_contradiction_with_the_catalog_is_told(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages/bcrypt"
    site.mkdir()
    (site / "__init__.py").write_text("import time\ndef hashpw(a, b):\n    time.sleep(1)\n")
    result = run("learn", "--no-cache", "bcrypt")
    assert "bcrypt.hashpw: the catalog says computes_nogil" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [(("nosuch",), "there is no package 'nosuch'"), (("panel", "--python", "x"), "no installed packages")],
)
def test_what_is_not_there_is_an_error(project: Path, words: tuple[str, ...], says: str) -> None:
    result = run("learn", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_folder_that_cannot_be_written_is_an_error(project: Path) -> None:
    (project / "taken").write_text("")
    result = run("learn", "--no-cache", "-o", "taken", "panel")
    assert result.exit_code == 2
    assert "taken" in result.stderr
    assert "Traceback" not in result.output
