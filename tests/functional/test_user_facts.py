"""What a user states of functions, the project's own and a library's, changes what is found."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from conclint.__main__ import main
from conclint.config.settings import load_config
from conclint.model.finding import Finding
from conclint.run.pipeline import check_file
from harness.runs import EVERYTHING, run_here

PROJECT = {
    "app/__init__.py": "from app.db import public\n",
    "app/db.py": """
import time

import requests

from app import registry

def fetch(query):
    return registry.run(query)

async def fetch_async(query): ...

def slow():
    time.sleep(1)

def public(): ...

def cursor():
    return registry.cursor()

class Store:
    def __init__(self): ...
    def load(self):
        time.sleep(1)

class Local(Store): ...

class Rpc:
    version = "1"
    def __getattr__(self, name):
        return registry.remote(name)
    def ping(self): ...
""",
    "app/jobs.py": """
from app import registry

def in_background(function, *arguments):
    registry.go(function, arguments)
""",
    "app/registry.py": "",
}

Check = Callable[[str, str], list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Writes the facts and `app/views.py`, runs, and gives "line code cause" of each finding there."""
    for name, text in PROJECT.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(facts: str, views: str) -> list[str]:
        (tmp_path / "pyproject.toml").write_text(f"[tool.conclint]\n{facts}", encoding="utf-8")
        (tmp_path / "app" / "views.py").write_text(views, encoding="utf-8")
        found = run_here([*EVERYTHING, "--jobs=1", "."], tmp_path)
        return [f"{item.line} {item.code} {item.cause}" for item in found if item.path.endswith("views.py")]

    return run


def check_one_file(file: Path) -> tuple[Finding, ...]:
    """As flake8 does."""
    return check_file(str(file), file.read_bytes(), load_config([str(file)]))


def fact(module: str, name: str, rest: str) -> str:
    head = f'[[tool.conclint.catalog.functions]]\nmodule = "{module}"\nnames = ["{name}"]\n'
    return f"{head}{rest}\n"


WAITS = 'effect = "waits"\nfamily = "database"'
HARMLESS = 'effect = "harmless"'


def test_a_function_of_the_project_blocks(check: Check) -> None:
    views = """
from app.db import fetch as get
from app import db

def helper():
    return db.fetch("x")

async def view():
    get("x")
    db.fetch("x")
    helper()
"""
    assert check("", views) == []
    assert check(fact("app.db", "fetch", WAITS), views) == [
        "9 CON105 app.db.fetch",
        "10 CON105 app.db.fetch",
        "11 CON105 app.db.fetch",
    ]


def test_a_public_name_is_as_good(check: Check) -> None:
    views = "import app\nasync def view():\n    app.public()\n"
    assert check(fact("app", "public", WAITS), views) == ["3 CON105 app.public"]
    assert check(fact("app.db", "public", WAITS), views) == ["3 CON105 app.db.public"]


def test_a_function_of_the_project_is_harmless(check: Check) -> None:
    views = "from app import db\nasync def view():\n    db.slow()\n"
    assert check("", views) == ["3 CON102 time.sleep"]
    assert check(fact("app.db", "slow", HARMLESS), views) == []


def test_the_async_twin_is_recommended(check: Check, tmp_path: Path) -> None:
    stated = fact("app.db", "fetch", f'{WAITS}\ninstead = ["app.db.fetch_async"]')
    check(stated, "from app import db\nasync def view():\n    db.fetch('x')\n")
    (found,) = check_one_file(tmp_path / "app" / "views.py")
    assert found.recommendation is not None
    assert "`app.db.fetch_async`" in found.recommendation.text


def test_a_function_places_its_argument(check: Check) -> None:
    """What waits may go to a thread, what computes may not; no other word makes the file a root."""
    views = """
import time
from app.jobs import in_background

def crunch():
    total = 0
    for number in range(10_000_000):
        total += number * number
    return total

def start():
    in_background(crunch)
    in_background(time.sleep, 1)
"""
    assert check("", views) == []
    placing = 'effect = "places"\nsignature = "function, *arguments"\ncallable = "function"\nmodel = "thread"'
    assert check(fact("app.jobs", "in_background", placing), views) == ["12 CON201 app.views.crunch"]


def test_a_library_is_corrected_name_by_name(check: Check) -> None:
    views = """
import requests
async def view(session: requests.Session):
    requests.get("x")
    requests.post("x")
    session.get("x")
    session.post("x")
"""
    stated = fact("requests", "get", HARMLESS) + fact("requests.Session", "get", HARMLESS)
    assert check("", views)[0] == "4 CON101 requests.get"
    assert check(stated, views) == ["5 CON101 requests.post", "7 CON101 requests.Session.post"]
    by_alias = fact("requests.api", "get", HARMLESS)
    assert check(by_alias, views)[0] == "5 CON101 requests.post"


CLASS = """
[[tool.conclint.catalog.classes]]
name = "app.db.Store"
[[tool.conclint.catalog.classes.methods]]
names = ["load"]
effect = "harmless"
[[tool.conclint.catalog.classes.methods]]
names = ["__init__", "connect"]
effect = "waits"
family = "sockets"
"""


def test_methods_of_the_project(check: Check) -> None:
    views = """
from app.db import Local, Store
async def view(store: Store):
    store.load()
    store.connect()
async def other():
    return Local().load()
"""
    assert check("", views) == ["4 CON102 time.sleep", "7 CON102 time.sleep"]
    assert check(CLASS, views) == [
        "5 CON106 app.db.Store.connect",
        "7 CON106 app.db.Store.__init__",
    ]


def test_all_methods_of_a_class(check: Check) -> None:
    stated = """
[[tool.conclint.catalog.classes]]
name = "app.db.Rpc"
[[tool.conclint.catalog.classes.methods]]
names = ["*"]
effect = "waits"
family = "http"
"""
    views = """
from app.db import Rpc
async def view(rpc: Rpc):
    rpc.version.upper()
    rpc.ping()
    rpc.made_at_run_time()
"""
    assert check("", views) == []
    assert check(stated, views) == ["5 CON101 app.db.Rpc.ping", "6 CON101 app.db.Rpc.made_at_run_time"]


def test_what_a_function_returns(check: Check) -> None:
    views = "from app.db import cursor\nasync def view():\n    cursor().execute('x')\n"
    assert check("", views) == []
    returning = 'effect = "harmless"\nreturns = "sqlite3.Cursor"'
    assert check(fact("app.db", "cursor", returning), views) == ["3 CON105 sqlite3.Cursor.execute"]


def test_a_compiled_module_of_the_project(check: Check) -> None:
    views = "from app import _native\nasync def view():\n    _native.load()\n"
    assert check("", views) == []
    assert check(fact("app._native", "load", WAITS), views) == ["3 CON105 app._native.load"]


def test_facts_in_files_of_their_own(check: Check, tmp_path: Path) -> None:
    views = "from app import db\nasync def view():\n    db.fetch('x')\n    db.slow()\n"
    file = tmp_path / "facts.toml"
    file.write_text(
        'library = "app"\n[[functions]]\nmodule = "app.db"\nnames = ["fetch", "slow"]\n' + WAITS, "utf-8"
    )
    listed = 'catalog-files = ["facts.toml"]\n'
    assert check(listed, views) == ["3 CON105 app.db.fetch", "4 CON105 app.db.slow"]
    assert check(listed + fact("app.db", "slow", HARMLESS), views) == ["3 CON105 app.db.fetch"]
    file.write_text("", "utf-8")
    assert check(listed, views) == ["4 CON102 time.sleep"]


def test_one_file_alone_gives_the_same(check: Check, tmp_path: Path) -> None:
    check(fact("app.db", "fetch", WAITS), "from app import db\nasync def view():\n    db.fetch('x')\n")
    found = check_one_file(tmp_path / "app" / "views.py")
    assert [(item.position.line, item.code) for item in found] == [(3, "CON105")]


WRONG = {
    'catalog = "x"': "catalog: must be a table",
    'catalog-files = "x"': "catalog-files: must be a list of strings",
    'catalog-files = ["gone.toml"]': "gone.toml: cannot be read",
    'catalog-files = ["broken.toml"]': "broken.toml: is not valid TOML",
    "[tool.conclint.catalog]\nfunctions = 3": "tool.conclint.catalog.functions: expected a list, got 3",
    "[tool.conclint.catalog]\nfunctions = [3]": "tool.conclint.catalog.functions[0]: expected a table, got 3",
    "[tool.conclint.catalog]\nfuncions = []": "funcions: unknown key; did you mean 'functions'?",
    fact("app", "x", 'effect = "blocks"'): (
        "tool.conclint.catalog.functions[0].effect: "
        "expected one of waits, computes_gil, computes_nogil, places, calls, registers, harmless, "
        "got 'blocks'"
    ),
    fact("app", "x", 'effect = "waits"'): "tool.conclint.catalog.functions[0].family: expected one of http,",
    fact("app", "x", 'effect = "places"'): "functions[0].callable: is required",
    fact("app", "x", 'effect = "harmless"\ninsted = []'): "insted: unknown key; did you mean 'instead'?",
    '[[tool.conclint.catalog.classes]]\nname = "Store"': "classes[0].name: a dotted name is required",
    '[[tool.conclint.catalog.classes]]\nname = "a.B"\nattributes = { x = 1 }': (
        "classes[0].attributes.x: expected a string, got 1"
    ),
}


@pytest.mark.parametrize(("facts", "message"), WRONG.items(), ids=WRONG.values())
def test_wrong_facts_name_file_key_and_expectation(facts: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.conclint]\n{facts}\n", encoding="utf-8")
    (tmp_path / "broken.toml").write_text("a = = b", encoding="utf-8")
    (tmp_path / "x.py").write_text("import asyncio\n", encoding="utf-8")
    err = io.StringIO()
    with (
        mock.patch("sys.argv", ["conclint", "--no-cache", str(tmp_path)]),
        redirect_stdout(io.StringIO()),
        redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    assert end.value.code == 2
    assert message in err.getvalue()
    assert err.getvalue().startswith(f"conclint: error: {tmp_path}")
    assert err.getvalue().count("\n") == 1
