"""Advice about what belongs to one thread, to the whole process, or to one task at a time."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, **files: str) -> list[Told]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder)


def of(told: list[Told], symbol: str) -> Told:
    """What is told first of a function."""
    found = [item for item in told if item.finding.symbol.endswith(f".{symbol}")]
    assert found, [(item.finding.symbol, item.finding.message) for item in told]
    return found[0]


# -- libraries that are for one thread alone ---------------------------------------------------------

ONE_THREAD = """
import asyncio
import mlx_lm, mlx_vlm, mlx_whisper, requests, z3
from fastapi import FastAPI

app = FastAPI()

def heard(path):
    return mlx_whisper.transcribe(path)

def parts(model, tokenizer, prompt):
    for part in mlx_lm.stream_generate(model, tokenizer, prompt):
        yield part.text

def solved(problem):
    solver = z3.Solver()
    solver.add(problem)
    return solver.check()

def solved_apart(problem):
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.add(z3.parse_smt2_string(problem, ctx=context))
    return solver.check()

def both(url, path):
    text = requests.get(url).text
    return text, mlx_whisper.transcribe(path)

async def direct(model, tokenizer, prompt):
    return mlx_lm.generate(model, tokenizer, prompt)

async def loading(path):
    return mlx_vlm.load(path)

async def below(path):
    return heard(path)

async def streaming(model, tokenizer, prompt):
    for part in parts(model, tokenizer, prompt):
        await asyncio.sleep(0)
        print(part)

async def beside(url, path):
    return both(url, path)

@app.get("/solved")
async def endpoint(problem: str):
    return solved(problem)

@app.get("/apart")
async def apart(problem: str):
    return solved_apart(problem)

@app.get("/fetched")
async def other_call(url: str, path: str):
    text = requests.get(url).text
    return text, heard(path)

@app.get("/plain")
async def plain(url: str):
    return requests.get(url).text
"""


@pytest.mark.parametrize(
    ("symbol", "library"),
    [("direct", "mlx_lm"), ("loading", "mlx_vlm"), ("below", "mlx_whisper"), ("streaming", "mlx_lm"),
     ("beside", "mlx_whisper"), ("endpoint", "z3")],
)  # fmt: skip
def test_a_library_for_one_thread_has_a_thread_of_its_own(tmp_path: Path, symbol: str, library: str) -> None:
    found = of(told_of(tmp_path, program=ONE_THREAD), symbol)
    assert f"give `{library}` a thread of its own (an executor with `max_workers=1`)" in found.words
    assert not found.example


def test_what_has_no_public_name_is_called_by_what_gives_it(tmp_path: Path) -> None:
    program = """
    import mlx_lm

    async def tokens(model, tokenizer, prompt):
        for part in mlx_lm.stream_generate(model, tokenizer, prompt):
            print(part)
    """
    found = of(told_of(tmp_path, program=program), "tokens")
    assert (
        "run the loop over what `stream_generate` gives there: they work in one thread only, and "
        "`asyncio.to_thread` may use any thread."
    ) in found.words


def test_an_endpoint_that_uses_such_a_library_is_not_made_plain(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=ONE_THREAD)
    ways = [item.words for item in told if item.finding.symbol.endswith(".other_call")]
    assert len(ways) == 2
    assert not any("plain `def`" in way for way in ways)
    assert "plain `def`" in of(told, "plain").words
    assert "plain `def`" in of(told, "apart").words


# -- connections of SQLite ---------------------------------------------------------------------------

STORAGE = """
import sqlite3

class Storage:
    def __init__(self, path):
        self._kept = sqlite3.connect(pathCHECKS)

    @property
    def connection(self) -> sqlite3.Connection:
        return self._kept
"""
COUNTING = """
import asyncio
from storage import Storage
from reading import rows_of

class Worker:
    def __init__(self, path):
        self.storage = Storage(path)

    def counted(self):
        return len(rows_of(self.storage))

    async def run(self):
        await asyncio.sleep(1)
        return self.counted()
"""
READING = """
def rows_of(storage):
    return storage.connection.execute("select * from rows").fetchall()
"""


@pytest.mark.parametrize(
    ("checks", "words"),
    [(", check_same_thread=False", "holding an `asyncio.Lock` meanwhile"), ("", "the thread that made it")],
)
def test_a_connection_made_for_any_thread_is_known_where_another_module_opens_it(
    tmp_path: Path, checks: str, words: str
) -> None:
    told = told_of(tmp_path, storage=STORAGE.replace("CHECKS", checks), reading=READING, counting=COUNTING)
    assert words in of(told, "run").words


TRACKER = """
import asyncio, sqlite3

class Tracker:
    def __init__(self, path):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.waiting: dict[str, asyncio.Future] = {}

    def resolve(self, name):
        future = self.waiting.pop(name, None)
        if future is not None and not future.done():
            future.set_result(name)

    def keep(self, name):
        self.db.execute("insert into names select * from other", (name,))
        self.db.commit()

    def record(self, name):
        self.keep(name)
        self.resolve(name)

    async def all_of_it(self, name):
        self.record(name)

    async def rows_alone(self, name):
        self.keep(name)
"""


def test_what_completes_a_future_is_not_moved_with_the_statements(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=TRACKER)
    rest = (
        "Leave the rest of `record` on this event loop, which it may need (`Future.set_result`, program.py:"
    )
    assert rest in of(told, "all_of_it").words
    assert "Leave the rest" not in of(told, "rows_alone").words


# -- what a process has one of -----------------------------------------------------------------------

SHARED = """
import asyncio, logging, os, sys, time

KEPT = []
ENVIRONMENT = os.environ

def loaded(name):
    sys.modules[name] = name
    sys.path.insert(0, name)
    logging.root.handlers.clear()
    time.sleep(1)

def constant(name):
    os.environ["QUIET"] = "1"
    os.environ.setdefault("MODE", "fast")
    os.environ.update({"COLOR": "0"}, PAGER="cat")
    time.sleep(1)

def copied(name):
    env = os.environ.copy()
    env.update(NAME=name)
    time.sleep(1)

def updated(name):
    os.environ.update(NAME=name, MODE="fast")
    time.sleep(1)

def by_default(name):
    os.environ.setdefault("NAME", name)
    time.sleep(1)

def alias(name):
    env = os.environ
    env.update({"NAME": name})
    time.sleep(1)

def kept_alias(name):
    ENVIRONMENT["NAME"] = name
    time.sleep(1)

def environment(name):
    os.environ["NAME"] = name
    time.sleep(1)

def both(name):
    KEPT.append(name)
    os.environ["NAME"] = name
    time.sleep(1)

async def run(name):
    await asyncio.sleep(1)
    CALL(name)
"""


@pytest.mark.parametrize("call", ["loaded", "constant", "copied"])
def test_no_lock_is_asked_for_around_what_the_standard_library_keeps(tmp_path: Path, call: str) -> None:
    found = of(told_of(tmp_path, program=SHARED.replace("CALL", call)), "run")
    assert "Lock" not in found.words
    assert f"await asyncio.to_thread({call}, name)" in found.example


@pytest.mark.parametrize("call", ["environment", "updated", "by_default", "alias", "kept_alias"])
def test_the_environment_is_left_alone(tmp_path: Path, call: str) -> None:
    found = of(told_of(tmp_path, program=SHARED.replace("CALL", call)), "run")
    assert found.words.startswith(f"run `{call}` in a thread once `{call}` no longer changes `os.environ`")


def test_the_environment_is_left_alone_beside_what_has_a_lock(tmp_path: Path) -> None:
    found = of(told_of(tmp_path, program=SHARED.replace("CALL", "both")), "run")
    assert "around each use of `KEPT`" in found.words
    assert "Also, don't let it change `os.environ`:" in found.words


# -- what is set on an object for one call -----------------------------------------------------------

SETTING = """
import asyncio, requests

class Client:
    def __init__(self):
        self.token = ""
        self.other = ""

    def set_token(self, token):
        self.token = token

    def set_other(self, other):
        self.other = other

    def reset(self):
        self.token = ""

    def fetch(self, url):
        return requests.get(url, headers={"token": self.token}).text

kept = Client()
lock = asyncio.Lock()

async def run(given: Client, token, url):
    BODY
"""


@pytest.mark.parametrize(
    ("body", "words", "is_shown"),
    [
        ("kept.set_token(token)\n    return kept.fetch(url)", " Hold an `asyncio.Lock` around", False),
        ("if token:\n        kept.set_token(token)\n    return kept.fetch(url)", " Hold an", False),
        ("given.set_token(token)\n    return given.fetch(url)", "If other tasks use the same object", True),
        ("own = Client()\n    own.set_token(token)\n    return own.fetch(url)", "", True),
        ("kept.set_other(token)\n    return kept.fetch(url)", "", True),
        ("kept.reset()\n    return kept.fetch(url)", "", True),
        ("kept.set_token(token)\n    await asyncio.sleep(1)\n    return kept.fetch(url)", "", True),
        ("if token:\n        kept.set_token(token)\n    else:\n        return kept.fetch(url)", "", True),
        ("async with lock:\n        kept.set_token(token)\n        return kept.fetch(url)", "", True),
    ],
)  # fmt: skip
def test_what_is_set_for_a_call_is_not_set_anew_before_it_ends(
    tmp_path: Path, body: str, words: str, is_shown: bool
) -> None:
    found = of(told_of(tmp_path, program=SETTING.replace("BODY", body)), "run")
    assert words in found.words if words else "Lock" not in found.words
    assert bool(found.example) == is_shown
