"""Reasons against a thread that don't hold: what is done once, copies, modules, what threads do already."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, text: str, line: str) -> list[Told]:
    """What is told of the lines that have a text in them."""
    text = dedent(text)
    (folder / "program.py").write_text(text, encoding="utf-8")
    numbers = {number for number, item in enumerate(text.splitlines(), 1) if line in item}
    found = [item for item in advice_for(folder) if item.finding.position.line in numbers]
    assert found
    return found


ONCE = """
import asyncio, os

SETTINGS = None
NAMES = []

def stored(values):
    before = os.umask(0o077)
    with open("settings", "w") as file:
        file.write(values)
    os.umask(before)

def settings():
    global SETTINGS
    TEST
    return SETTINGS

def sent(path):
    with open(path) as file:
        return file.read() + str(settings())

async def main(path):
    sent(path)
"""


@pytest.mark.parametrize(
    ("test", "is_once"),
    [
        ("if SETTINGS is None:\n        SETTINGS = {}\n        stored('x')", True),
        ("if not SETTINGS:\n        stored('x')\n        SETTINGS = dict(a=1)", True),
        ("if SETTINGS:\n        return SETTINGS\n    SETTINGS = {}\n    stored('x')", True),
        ("if SETTINGS is not None:\n        SETTINGS = {}\n        stored('x')", False),
        ("if NAMES:\n        SETTINGS = {}\n        stored('x')", False),
        ("stored('x')", False),
    ],
)
def test_what_is_done_once_below_is_no_reason(tmp_path: Path, test: str, is_once: bool) -> None:
    told = told_of(tmp_path, ONCE.replace("TEST", test), "    sent(path)")
    assert any("await asyncio.to_thread(sent, path)" in item.example for item in told) == is_once
    assert any("os.umask" in item.words for item in told) != is_once


@pytest.mark.parametrize(
    ("made", "is_copy"),
    [("given.copy()", True), ("copy.deepcopy(given)", True), ("dict(given)", True), ("given", False)],
)
def test_a_copy_is_its_own(tmp_path: Path, made: str, is_copy: bool) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio, copy

        class Holder:
            def __init__(self):
                self.known = {{}}

            def added(self, path):
                given = self.known
                own = {made}
                own["text"] = open(path).read()
                return own

            async def main(self, path):
                return self.added(path)
        """,
        "return self.added(path)",
    )
    assert any("to_thread(self.added, path)" in item.example for item in told) == is_copy


def test_a_module_is_nothing_that_changes(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio
        from sqlalchemy.dialects import mysql
        from sqlalchemy.orm import sessionmaker

        make = sessionmaker()

        async def main(table, rows):
            with make() as session:
                session.execute(mysql.insert(table).values(rows))
                session.commit()
        """,
        "session.commit()",
    )
    assert all("def work():" in item.example and "`mysql`" not in item.words for item in told)


THREADED = """
import asyncio, time
from concurrent.futures import Executor

def picked(names):
    names.pop()

class Runner:
    def __init__(self, executor: Executor, names):
        self.executor = executor
        self.names = names
        self.count = []

    def run(self, work):
        def threaded():
            picked(self.names)
            work()
        FIRST
        self.executor.submit(threaded)
        while not work.done:
            time.sleep(0.01)

async def main(runner: Runner, work):
    runner.run(work)
"""


@pytest.mark.parametrize(
    ("first", "is_for_threads"),
    [("picked(self.names)", True), ("self.count.append(work)", False)],
)
def test_what_threads_change_already_is_no_reason(tmp_path: Path, first: str, is_for_threads: bool) -> None:
    told = told_of(tmp_path, THREADED.replace("FIRST", first), "    runner.run(work)")
    assert any("await asyncio.to_thread(runner.run, work)" in item.example for item in told) == is_for_threads
    if not is_for_threads:
        assert any("around each use of `self.count`" in item.words for item in told)
        assert not any("`time.sleep` in a thread" in item.words for item in told)


RUNNER = """
import asyncio

LOOP = asyncio.new_event_loop()

class Client:
    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop

    @property
    def own(self):
        return self.loop

    async def work(self):
        await asyncio.sleep(1)

    def plain(self, given: asyncio.AbstractEventLoop):
        loop = asyncio.new_event_loop()
        held = self.loop
        LOOPS.run_until_complete(self.work())

    async def main(self, given: asyncio.AbstractEventLoop):
        self.plain(given)
"""


@pytest.mark.parametrize(
    ("loop", "is_new"),
    [
        ("self.loop", False),
        ("self.own", False),
        ("held", False),
        ("LOOP", False),
        ("given", False),
        ("loop", True),
    ],
)
def test_a_loop_that_is_kept_is_the_same_in_a_thread(tmp_path: Path, loop: str, is_new: bool) -> None:
    told = told_of(tmp_path, RUNNER.replace("LOOPS", loop), "self.plain(given)")
    crossed = [item for item in told if item.finding.code == "CON701"]
    assert crossed
    assert all(("in a thread" in item.words) == is_new for item in crossed)
    assert all("await a coroutine in place of" in item.words for item in crossed)


WORK = """
import asyncio

def squared(rows):
    total = 0
    for first in rows:
        for second in rows:
            total += first * second
    return total

def counted(rows):
    total = 0
    for number in range(3_000_000):
        total += number * number
    return total

async def main(rows):
    CALLED(rows)
"""


@pytest.mark.parametrize(("called", "is_long"), [("squared", False), ("counted", True)])
def test_a_process_is_for_work_that_is_long(tmp_path: Path, called: str, is_long: bool) -> None:
    told = told_of(tmp_path, WORK.replace("CALLED", called), f"    {called}(rows)")
    assert all("process pool" in item.words for item in told)
    assert all(("eave it where it takes less than" in item.words) != is_long for item in told)


@pytest.mark.parametrize(
    ("comment", "is_said"),
    [
        ("# This is intentionally blocking: nothing may run meanwhile.", True),
        ("# Blocks on purpose.", True), ("# We wait here deliberately", True),
        ("# Does not block for long.", False), ("# Made on purpose for tests.", False),
        ("TEXT = 'blocks on purpose'", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("called", ["requests.get(url)", "fetched(url)"])
def test_who_says_that_it_blocks_on_purpose_is_believed(
    tmp_path: Path, comment: str, is_said: bool, called: str
) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio, requests

        def fetched(url):
            {comment}
            return requests.get(url)

        async def other(url):
            # Blocks on purpose, by the way.
            return url

        async def main(url):
            {comment}
            return {called}
        """,
        f"return {called}",
    )
    told = [item for item in told if item.finding.symbol.endswith("main")]
    assert all(("says that it does so on purpose" in item.words) == is_said for item in told)
    assert all(bool(item.example) != is_said for item in told)


def test_both_parts_of_an_or_are_moved(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, requests

        def loaded(path):
            return open(path).read()

        async def main(path, url):
            return loaded(path) or loaded(url) or path
        """,
        "return loaded",
    )
    shown = "return await asyncio.to_thread(lambda: loaded(path) or loaded(url)) or path"
    assert {" ".join(item.example.split()) for item in told} == {shown}


@pytest.mark.parametrize(
    ("dumped", "is_kept"), [("self.state()", True), ("made(1)", False), ("dict(self.rows)", False)]
)
def test_what_goes_through_live_state_is_copied_first(tmp_path: Path, dumped: str, is_kept: bool) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio

        def made(value):
            return [value]

        class Store:
            def __init__(self, filer):
                self.filer, self.rows = filer, {{}}

            def state(self):
                return [row.state for row in self.rows.values()]

            def save(self, path):
                with open(path, "w") as file:
                    self.filer.dump({dumped}, file)

            async def flush(self, path):
                self.save(path)
        """,
        "self.save(path)",
    )
    assert any("make a copy of `self.state()`" in item.words for item in told) == is_kept
    assert any(item.example for item in told) != is_kept


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("self.ready.set()", "`loop.call_soon_threadsafe(event.set)`"),
        (
            "self.ready.set()\n        self.ready.clear()",
            "put all that is done with it there into one function",
        ),
        ("self.loop.call_later(1, print)", "`loop.call_soon_threadsafe(loop.call_later, …)`"),
        ("self.timer = self.loop.call_later(1, print)", "keeps the result"),
        ("task = self.loop.create_task(self.main())", "`asyncio.run_coroutine_threadsafe(coroutine, loop)`"),
    ],
)
def test_what_a_thread_hands_to_the_loop_stays_together(tmp_path: Path, body: str, words: str) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, threading

class Client:
    def __init__(self):
        self.ready = asyncio.Event()
        self.loop = asyncio.get_event_loop()

    def work(self):
        {body}

    async def main(self):
        threading.Thread(target=self.work).start()
""",
        body.partition("\n")[0],
    )
    assert any(words in item.words for item in told)


@pytest.mark.parametrize(
    ("body", "is_once"),
    [
        (
            "found = SETTINGS.get()\n    if found is None:\n        found = {}\n        SETTINGS.set(found)",
            True,
        ),
        ("found = {}\n    SETTINGS.set(found)", False),
    ],
)
def test_a_context_variable_that_is_set_where_it_is_empty_is_no_reason(
    tmp_path: Path, body: str, is_once: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, contextvars

SETTINGS = contextvars.ContextVar("settings", default=None)

def settings():
    {body}
    return found

def read(path):
    return open(path).read(), settings()

async def main(path):
    return read(path)
""",
        "    return read(path)",
    )
    assert any("to_thread(read, path)" in item.example for item in told) == is_once


@pytest.mark.parametrize(("after", "is_put_back"), [("USER.reset(token)", True), ("print(token)", False)])
def test_a_context_variable_that_is_put_back_is_no_reason(
    tmp_path: Path, after: str, is_put_back: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio, contextvars

        USER: contextvars.ContextVar[str] = contextvars.ContextVar("user")

        def read(path):
            token = USER.set(path)
            try:
                return open(path).read()
            finally:
                {after}

        async def main(path):
            return read(path)
        """,
        "    return read(path)",
    )
    assert any("to_thread(read, path)" in item.example for item in told) == is_put_back


def test_what_stands_between_two_strings_is_no_string(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, requests

        async def main(make, team):
            card = make(
                id=team.identifier or "",
                name=requests.get(team.address).text or "",
                described=team.description or "",
                text="a text that is much too long for the line in which it stands here",
                modes=["application/json", "application/xml"],
            )
            return card
        """,
        "requests.get",
    )
    assert all("name=(await asyncio.to_thread(requests.get" in item.example for item in told)
    assert all("''" not in item.example for item in told)


KEPT = """
import asyncio, requests
from fastapi import FastAPI, Request
from peewee import Model
from pydantic import BaseModel

app = FastAPI()
MADE = {}

class Row(Model):
    pass

class Order(BaseModel):
    state: dict

class Loader:
    by_path = {}

    def __init__(self, path):
        self.rows = {}
        CHANGED

def changed(given):
    FUNCTION
    return requests.get("https://example.org").text

@app.post("/orders")
async def take(order: Order, request: Request):
    TAKEN
    await asyncio.sleep(0)
"""


@pytest.mark.parametrize(
    ("function", "taken", "is_reason"),
    [
        ("if given not in MADE:\n        MADE[given] = dict()", "changed('a')", False),
        ("made = MADE.get(given)\n    if made is None:\n        MADE[given] = dict()", "changed('a')", False),
        ("MADE[given] = dict()", "changed('a')", True),
        ("if given in Row:\n        MADE[given] = dict()", "changed('a')", True),
        ("given['a'] = 1", "changed(order.state)", False),
        ("given['a'] = 1", "changed(request.state)", True),
        ("row = Row.get(given)\n    row.kept['a'] = 1", "changed('a')", False),
        ("Row.kept['a'] = 1", "changed('a')", True),
    ],
)
def test_what_one_request_has_to_itself_and_memos_are_no_reason(
    tmp_path: Path, function: str, taken: str, is_reason: bool
) -> None:
    text = KEPT.replace("FUNCTION", function).replace("TAKEN", taken).replace("CHANGED", "pass")
    told = told_of(tmp_path, text, f"    {taken}")
    assert any(re.search("`(?:changed|Loader)` changes", item.words) for item in told) == is_reason
    assert any("asyncio.to_thread(changed" in item.example for item in told) != is_reason


@pytest.mark.parametrize(
    ("changed", "is_reason"),
    [("self.by_path[path] = self", True), ("self.rows[path] = self", False), ("self.rows = {}", False)],
)
def test_a_collection_of_the_class_is_every_objects(tmp_path: Path, changed: str, is_reason: bool) -> None:
    changed = f"{changed}\n        requests.get(path)"
    text = KEPT.replace("CHANGED", changed).replace("FUNCTION", "pass").replace("TAKEN", "Loader('a')")
    told = told_of(tmp_path, text, "    Loader('a')")
    assert any("by_path" in item.words for item in told) == is_reason


def test_a_stream_is_no_list(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import requests

        async def fetch(address, file):
            answer = requests.get(address, stream=True)
            for part in answer.iter_content(1024):
                file.write(part)
        """,
        "in answer.iter_content",
    )
    assert all("list(" not in item.example and "in a thread, as one function" in item.words for item in told)


def test_a_loop_over_a_file_is_moved_with_what_opens_it(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import json

        async def load(path, rows):
            for line in open(path):
                rows.append(json.loads(line))
        """,
        "in open(path)",
    )
    assert not any("to_thread(open" in item.example for item in told)
    assert any("run the loop over the file in a thread" in item.words for item in told)


# -- who else may come by a test --------------------------------------------------------------------

PRINTER = """
import asyncio, subprocess

class Printer:
    def __init__(self, name):
        self.name = name
        self.process = None

    def started(self):
        if self.process is None:
            self.process = subprocess.Popen([self.name])
            self.process.wait()
        return self.process

KNOWN = {}

class Office:
    def __init__(self):
        self.printer = Printer('hall')
        self.spare = None

    async def printed(self, given: Printer, name):
        SETUP
        printer.started()
"""


@pytest.mark.parametrize(
    ("setup", "is_shared"),
    [
        ("printer = Printer(name)", False),
        ("printer = Printer(name) if name else Printer('hall')", False),
        ("printer = self.printer", True),
        ("printer = given", True),
        ("printer = Printer(name)\n        self.spare = printer", True),
        ("printer = Printer(name)\n        KNOWN[name] = printer", True),
        ("printer = self.printer if name is None else Printer(name)", True),
    ],
)
def test_no_lock_for_an_object_that_nobody_else_has(tmp_path: Path, setup: str, is_shared: bool) -> None:
    told = told_of(tmp_path, PRINTER.replace("SETUP", setup), "printer.started()")
    assert all(("asyncio.Lock" in item.advice.recommendation.text) == is_shared for item in told)


@pytest.mark.parametrize(
    ("code", "is_asked"),
    [
        ("for item in list(folder.iterdir()):\n        if item.is_file():\n            continue\n"
         "        shutil.rmtree(item)", False),
        ("for item in folder.iterdir():\n        if not item.exists():\n            continue\n"
         "        shutil.rmtree(item)", False),
        ("if folder.is_file():\n        return\n    shutil.unpack_archive(name, folder)", True),
    ],
)  # fmt: skip
def test_what_kind_of_thing_a_listed_file_is_is_no_test_for_others(
    tmp_path: Path, code: str, is_asked: bool
) -> None:
    text = f"""
import asyncio, shutil
from pathlib import Path

def cleared(folder: Path, name):
    {code}

async def main(folder: Path, name):
    cleared(folder, name)
"""
    told = told_of(tmp_path, text, "    cleared(folder, name)")
    assert any("asyncio.Lock" in item.advice.recommendation.text for item in told) == is_asked


def test_a_cursor_is_made_with_its_connection_in_the_thread(tmp_path: Path) -> None:
    text = """
import asyncio, sqlite3

async def main(path, query):
    connection = sqlite3.connect(path)
    cursor = connection.cursor()
    cursor.execute(query)
    await asyncio.sleep(1)
    return cursor.fetchall()
"""
    for item in told_of(tmp_path, text, "cursor.execute"):
        assert "make the `sqlite3.Connection`, use it" in item.advice.recommendation.text


@pytest.mark.parametrize(
    ("call", "may_never_end"),
    [
        ("queue.Queue().get()", True),
        ("queue.SimpleQueue().get(True)", True),
        ("queue.LifoQueue().get(timeout=None)", True),
        ("threading.Event().wait()", True),
        ("multiprocessing.Event().wait()", True),
        ("queue.Queue().get(True, 3)", False),
        ("queue.Queue().get(timeout=wait)", False),
        ("queue.Queue().get(*wait)", False),
        ("threading.Event().wait(wait)", False),
        ("queue.Queue(3).put(wait)", False),
    ],
)
def test_a_wait_without_end_is_given_a_timeout(tmp_path: Path, call: str, may_never_end: bool) -> None:
    made, _, used = call.partition("().") if "()." in call else call.partition("(3).")
    program = f"""
        import asyncio, multiprocessing, queue, threading

        made = {made}({"3" if "(3)" in call else ""})

        async def main(wait):
            return made.{used}
        """
    (item,) = told_of(tmp_path, program, "return made")
    assert ("give it a `timeout` in a loop" in item.words) is may_never_end
