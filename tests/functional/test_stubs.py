"""Stubs in the environment: what the functions of libraries give, where their own code doesn't tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from programs_on_disk import run_conclint

FILES = {
    "fastlib/__init__.py": "from fastlib._fast import Conn, connect\n",
    "fastlib/_fast.so": "",
    "fastlib/_fast.pyi": """
import socket
from typing import Optional, overload
def connect(url: str) -> Conn: ...
def raw() -> socket.socket: ...
async def aconnect() -> Optional[Conn]: ...
@overload
def either(x: int) -> Conn: ...
@overload
def either(x: str) -> str: ...
class Conn:
    def cursor(self) -> Cursor: ...
    def me(self) -> "Conn": ...
class Cursor:
    def run(self, q): ...
""",
    "slow.so": "",
    "slow-stubs/__init__.pyi": "from ._impl import Client as Client\ndef make() -> Client: ...\n",
    "slow-stubs/_impl.pyi": "class Client:\n    def go(self) -> None: ...\n",
    "plain/__init__.py": """
import time
class Worker:
    def wait(self): time.sleep(1)
def made(registry): return registry["worker"]()
""",
    "plain-stubs/__init__.pyi": "class Worker:\n    def wait(self): ...\ndef made(registry) -> Worker: ...\n",
    "typed/__init__.py": "import time\nclass Client:\n    def send(self): time.sleep(1)\n",
    "typed/py.typed": "",
}
FACTS = """
[[tool.conclint.catalog.classes]]
name = "fastlib._fast.Cursor"
[[tool.conclint.catalog.classes.methods]]
names = ["run"]
effect = "waits"
family = "database"
[[tool.conclint.catalog.classes]]
name = "slow._impl.Client"
[[tool.conclint.catalog.classes.methods]]
names = ["go"]
effect = "waits"
family = "http"
"""
RUN, GO, SLEEP = "fastlib._fast.Cursor.run", "slow._impl.Client.go", "time.sleep"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / ".venv/lib/python3.12/site-packages" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "pyproject.toml").write_text(FACTS)
    return tmp_path


def causes(project: Path, body: str, *words: str, parameters: str = "x") -> list[str]:
    """What the statements of a coroutine are found to call."""
    (project / "app.py").write_text(
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING\n"
        "import fastlib, plain, slow\n"
        "from fastlib._fast import aconnect, either, raw\n"
        "if TYPE_CHECKING:\n    from typed import Client\n"
        f"async def f({parameters}):\n    {body}\n"
    )
    done = run_conclint(project, "--output-format", "json", *words)
    assert done.stderr == ""
    return [row["cause"] for row in json.loads(done.stdout)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("fastlib.connect(x).cursor().run(x)", [RUN]),
        ("fastlib.connect(x).me().cursor().run(x)", [RUN]),
        ("fastlib.Conn().cursor().run(x)", [RUN]),
        ("raw().connect(x)", ["socket.socket.connect"]),
        ("(await aconnect()).cursor().run(x)", [RUN]),
        ("either(x).cursor().run(x)", []),
        ("slow.make().go()", [GO]),
        ("plain.made(x).wait()", [SLEEP]),
    ],
)
def test_what_a_stub_says_of_a_result(project: Path, body: str, found: list[str]) -> None:
    assert causes(project, body) == found
    assert causes(project, body, "--follow", "project") == []


def test_an_annotated_parameter_of_a_class_of_a_package(project: Path) -> None:
    assert causes(project, "client.send()", parameters="client: Client") == [SLEEP]
    assert causes(project, "client.send()", parameters="client: Client | None") == [SLEEP]


def test_a_changed_stub_and_a_new_one_are_seen_by_a_cached_run(project: Path) -> None:
    body = "slow.make().go()"
    site = project / ".venv/lib/python3.12/site-packages"
    assert causes(project, body) == [GO]
    (site / "slow-stubs/__init__.pyi").write_text("def make() -> int: ...\n")
    assert causes(project, body) == []
    (site / "slow-stubs/__init__.pyi").unlink()
    assert causes(project, body) == []
    (site / "slow.pyi").write_text(FILES["slow-stubs/__init__.pyi"].replace("._impl", "slow._impl"))
    assert causes(project, body) == [GO]


def test_a_stub_that_is_no_python_is_left_alone(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "slow-stubs/__init__.pyi").write_text("def make( -> \n")
    assert causes(project, "slow.make().go()") == []
