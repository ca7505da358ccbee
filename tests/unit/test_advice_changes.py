"""All that is changed by what would go to a thread is named; what is executed again stays on the loop."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, text: str) -> list[Told]:
    (folder / "program.py").write_text(dedent(text), encoding="utf-8")
    told = [item for item in advice_for(folder) if item.finding.code == "CON101"]
    assert told
    return told


SHELF = """
import importlib
import requests


class Shelf:
    def __init__(self):
        self.books = {}
        self.seen = []
        self.names = set()
        self.sizes = []
        self.plugin = importlib

    def filled(self, url):
        text = requests.get(url, timeout=3).text
        self.books[url] = text
        self.noted(url)
        return text

    def noted(self, url):
        WORK


async def main(shelf: Shelf, url):
    return shelf.filled(url)
"""


@pytest.mark.parametrize(
    ("work", "named"),
    [
        ("return None", "around each use of `self.books`. Other code may be using that"),
        (
            "self.seen.append(url)",
            "around each use of `self.books` and `self.seen`. Other code may be using them",
        ),
        (
            "self.seen.append(url); self.names.add(url); self.sizes.append(len(url))",
            "around each use of `self.books`, `self.seen` and `self.names`. Other code may be using them",
        ),
        ("url = url.strip(); self.books[url] = 1", "around each use of `self.books`. Other code"),
    ],
)
def test_all_that_is_changed_is_named(tmp_path: Path, work: str, named: str) -> None:
    for item in told_of(tmp_path, SHELF.replace("WORK", work)):
        assert named in item.words
        assert item.text is None


def test_what_other_objects_keep_is_named_by_their_class(tmp_path: Path) -> None:
    helper = "\n\nclass Log:\n    def __init__(self):\n        self.lines = []\n\n    def add(self, line):\n"
    text = SHELF.replace("\n\nclass Shelf", f"{helper}        self.lines.append(line)\n\n\nclass Shelf")
    text = text.replace("        self.plugin", "        self.log = Log()\n        self.plugin")
    for item in told_of(tmp_path, text.replace("WORK", "self.log.add(url)")):
        assert "around each use of `self.books` and `Log.lines`." in item.words


def test_what_executes_modules_again_stays_on_the_loop(tmp_path: Path) -> None:
    for item in told_of(tmp_path, SHELF.replace("WORK", "importlib.reload(self.plugin)")):
        assert item.words.startswith("leave it on the event loop: `importlib.reload` (in `Shelf.noted`)")
        assert item.text is None


@pytest.mark.parametrize(
    ("imports", "work", "named"),
    [
        (
            "from opentelemetry import context as contexts",
            "return contexts.attach(url)",
            "what `opentelemetry.context.attach` sets (in `Shelf.noted`)",
        ),
        (
            "from structlog.contextvars import bind_contextvars",
            "bind_contextvars(url=url)",
            "what `structlog.contextvars.bind_contextvars` sets (in `Shelf.noted`)",
        ),
    ],
)
def test_what_a_library_sets_in_the_context_is_set_on_the_loop(
    tmp_path: Path, imports: str, work: str, named: str
) -> None:
    for item in told_of(
        tmp_path, SHELF.replace("import importlib", f"import importlib\n{imports}").replace("WORK", work)
    ):
        assert f"but set {named} before or after, on the event loop" in item.words
        assert item.text is None


def test_what_a_library_sets_in_the_context_and_puts_back_is_lost_to_nobody(tmp_path: Path) -> None:
    text = SHELF.replace(
        "import importlib", "import importlib\nfrom opentelemetry.context import attach, detach"
    )
    for item in told_of(tmp_path, text.replace("WORK", "detach(attach(url))")):
        assert "before or after, on the event loop" not in item.words


HANDLERS = """
import requests
from sanic import Sanic


class Shelf:
    def __init__(self):
        self.books = {}

    def filled(self, url):
        self.books[url] = requests.get(url, timeout=3).text


def made():
    app = Sanic("shop")
    SHELF

    DECORATOR
    async def handler(url):
        shelf.filled(url)
        await app.told(url)

    return app, handler
"""


def test_what_a_factory_makes_is_that_of_all_requests(tmp_path: Path) -> None:
    text = HANDLERS.replace("SHELF", "shelf = Shelf()").replace("DECORATOR", "@app.post('/')")
    for item in told_of(tmp_path, text):
        assert "around each use of `self.books`" in item.words


def test_what_a_factory_is_given_is_that_of_all_calls(tmp_path: Path) -> None:
    text = HANDLERS.replace("def made()", "def made(shelf: Shelf)").replace("SHELF\n", "pass\n")
    for item in told_of(tmp_path, text.replace("DECORATOR", "")):
        assert "around each use of `self.books`" in item.words


def test_what_a_function_makes_for_one_coroutine_is_its_own(tmp_path: Path) -> None:
    text = HANDLERS.replace("SHELF", "shelf = Shelf()").replace("DECORATOR", "")
    for item in told_of(tmp_path, text):
        assert "asyncio.to_thread(shelf.filled, url)" in item.example
