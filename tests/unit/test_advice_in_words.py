"""Where code would be wrong, advice is words: what needs the loop, what others call, what goes together."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, library: str = "asyncio", **files: str) -> list[Told]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder, library)


def at_line(told: list[Told], text: str, folder: Path, name: str = "program") -> list[Told]:
    """What is told of the lines that have a text in them."""
    lines = (folder / f"{name}.py").read_text(encoding="utf-8").splitlines()
    numbers = {number for number, line in enumerate(lines, 1) if text in line}
    found = [item for item in told if item.finding.position.line in numbers]
    assert found, [(item.finding.position.line, item.finding.message) for item in told]
    return found


# -- where workers run apart ----------------------------------------------------------------------

APART = """
import requests
from concurrent.futures import InterpreterPoolExecutor, ProcessPoolExecutor
from joblib import Parallel, delayed

found = []

def note(page):
    found.append(page)

def status(url):
    return requests.get(url, timeout=10).status_code

def interpreters(pages):
    with InterpreterPoolExecutor() as pool:
        list(pool.map(note, pages))
    return found

def processes(pages):
    with ProcessPoolExecutor() as executor:
        list(executor.map(note, pages))
    return found

def statuses(urls):
    return Parallel(n_jobs=8)(delayed(status)(url) for url in urls)
"""


def test_state_lost_in_an_interpreter_is_shared_by_its_queues(tmp_path: Path) -> None:
    """`multiprocessing.Value` and managers are for processes."""
    told = told_of(tmp_path, program=APART)
    for item in at_line(told, "list(pool.map(", tmp_path):
        assert "concurrent.interpreters.create_queue()" in item.advice.recommendation.text
        assert "multiprocessing" not in item.advice.recommendation.text
    for item in at_line(told, "list(executor.map(", tmp_path):
        assert "multiprocessing.Value" in item.advice.recommendation.text


def test_joblib_has_a_backend_of_threads(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=APART)
    for item in at_line(told, "Parallel(n_jobs=8)", tmp_path):
        assert 'backend="threading"' in item.advice.recommendation.text


# -- what works on the event loop alone ------------------------------------------------------------

TASKS = """
import asyncio, requests

class Notifier:
    def __init__(self):
        self.tasks = []

    def emit(self, text):
        asyncio.get_running_loop().create_task(self.send(text))

    async def send(self, text):
        await asyncio.sleep(1)

    def told(self, text):
        self.emit(text)

    def fetched(self, url):
        self.told(requests.get(url).text)

    def by_thread(self, url, loop):
        text = requests.get(url).text
        asyncio.run_coroutine_threadsafe(self.send(text), loop)
        return text

    def checked(self, url):
        if not requests.get(url).ok:
            raise asyncio.TimeoutError(url)

async def main(notifier: Notifier, path, url):
    CALL
"""


@pytest.mark.parametrize(
    "call",
    [
        "notifier.fetched(url)",
        "with open(path) as file:\n        notifier.told(file.read())",
        "for line in open(path):\n        notifier.told(line)",
        "return [notifier.told(line) for line in open(path)]",
    ],
)  # fmt: skip
def test_what_starts_tasks_far_below_is_not_sent_to_a_thread(tmp_path: Path, call: str) -> None:
    told = told_of(tmp_path, program=TASKS.replace("CALL", call))
    assert told
    assert not any("notifier" in item.example.partition("to_thread")[2] for item in told)
    assert not any("def work" in item.example for item in told)


@pytest.mark.parametrize("call", ["notifier.by_thread(url, path)", "notifier.checked(url)"])
def test_what_asks_the_loop_from_a_thread_is_sent_to_one(tmp_path: Path, call: str) -> None:
    told = told_of(tmp_path, program=TASKS.replace("CALL", call))
    assert any("to_thread(notifier." in item.example for item in told)


TWISTED = """
from twisted.internet import defer, reactor
import requests

class Client:
    @defer.inlineCallbacks
    def later(self, text):
        yield self.send(text)

    def send(self, text):
        done = defer.Deferred()
        reactor.callLater(1, done.callback, text)
        return done

    def fetched(self, url):
        return self.send(requests.get(url).text)

    def started(self, url):
        self.later(requests.get(url).text)

    def unknown(self, url):
        return self.agent.request(requests.get(url).text)

    def plain(self, url):
        return requests.get(url).text

@defer.inlineCallbacks
def run(client: Client, url):
    CALL

reactor.callWhenRunning(run, Client(), "x")
"""


@pytest.mark.parametrize(
    "call",
    ["yield client.fetched(url)", "client.started(url)\n    yield", "found = yield client.unknown(url)"],
)
def test_what_gives_a_deferred_is_not_sent_to_a_thread(tmp_path: Path, call: str) -> None:
    told = told_of(tmp_path, program=TWISTED.replace("CALL", call))
    assert told
    assert not any("client" in item.example for item in told), [item.example for item in told]


def test_what_gives_none_is_sent_to_one(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=TWISTED.replace("CALL", "self.found = client.plain(url)\n    yield"))
    assert any("yield deferToThread(client.plain, url)" in item.example for item in told)


# -- functions that can be moved as a whole only ------------------------------------------------------

CALLED = """
import asyncio, contextvars, os, requests

current = contextvars.ContextVar("current")

class Store:
    def __init__(self):
        self.rows = {}

    def add(self, url):
        CHANGE
        return requests.get(url).json()

    def other(self, url):
        self.add(url)

    async def handle(self, url):
        self.add(url)
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("self.rows[url] = 1", "with a `threading.Lock` around each use of `self.rows`. Other code may"),
        ("current.set(url)", "but set `current` before or after, on the event loop"),
        ("os.chdir(url)", "once `add` no longer changes what `os.chdir` sets for the whole process"),
        ("(url or self)['a'] = 1", "if no other code uses meanwhile what `add` changes"),
    ],
)
def test_what_plain_code_calls_stays_plain_and_moves_as_a_whole(
    tmp_path: Path, change: str, words: str
) -> None:
    told = told_of(tmp_path, program=CALLED.replace("CHANGE", change))
    found = [item.words for item in at_line(told, "  self.add(url)", tmp_path)]
    assert all(text.startswith("run `add` in a thread") for text in found)
    assert any(words in text for text in found), found


def test_what_runs_a_coroutine_on_another_loop_is_awaited(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import anyio.from_thread

        def run(function):
            with anyio.from_thread.start_blocking_portal() as portal:
                return portal.call(function)

        async def main(function):
            return run(function)
        """,
    )
    assert told
    assert all("await the coroutine itself" in item.words and not item.example for item in told)


def test_a_lock_of_any_kind_keeps_what_blocks_from_being_taken_out(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, time

        class Store:
            def __init__(self, lock):
                self.lock = lock
                self.event = asyncio.Event()

            def slow(self):
                with self.lock:
                    time.sleep(1)
                self.event.set()

            def slower(self):
                time.sleep(1)
                self.event.set()

        async def main(store: Store):
            store.slow()
            store.slower()
        """,
    )
    [slow] = [item.words for item in told if "slow`" in item.words]
    assert (
        slow == "run `slow` in a thread if nothing in it needs this event loop (`Event.set`, program.py:12)."
    )
    [slower] = [item.words for item in told if "slower`" in item.words]
    assert "make an async version of it, with `await asyncio.sleep(…)`" in slower


def test_the_coroutine_function_beside_it_is_named(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import requests

        class Client:
            def __init__(self):
                self.calls = []

            def _call(self, url):
                self.calls.append(url)
                return requests.get(url)

            async def _acall(self, function, url):
                self.calls.append(url)
                return await function(url)

            async def run(self, url):
                return self._call(url)
        """,
    )
    assert [item.words.partition(":")[0] for item in told] == [
        "use `_acall`, the coroutine function beside `Client._call`"
    ]


# -- what belongs together -------------------------------------------------------------------------

FILES = "import asyncio, json, tarfile, tempfile\n\nasync def handle(path, client, found):\n"


def in_files(folder: Path, body: str) -> list[Told]:
    return told_of(folder, program=FILES + "".join(f"    {line}\n" for line in body.splitlines()))


@pytest.mark.parametrize(
    "body",
    [
        "with open(path) as file:\n    await client.put(file.read())",
        "with open(path) as file:\n    await client.ready()\n    return json.load(file)",
        "with open(path) as file:\n    for line in file:\n        await client.put(line)",
        "with tarfile.open(path, mode='w') as tar:\n    async for one in client:\n        tar.addfile(one)",
        "file = open(path)\nawait client.put(file.read())",
    ],
)
def test_it_is_not_enough_to_open_a_file_in_a_thread(tmp_path: Path, body: str) -> None:
    told = in_files(tmp_path, body)
    opened = at_line(told, "open(path", tmp_path)
    assert all(not item.example and "it isn't enough" in item.words for item in opened)
    assert ("aiofiles" in opened[0].words) == ("json" not in body and "tar" not in body)


@pytest.mark.parametrize(
    "body",
    [
        "with open(path) as file:\n    await client.put(file)",
        "file = open(path)\nawait client.put(file)",
    ],
)
def test_a_file_that_others_read_may_be_opened_in_one(tmp_path: Path, body: str) -> None:
    assert all("asyncio.to_thread(open, path)" in item.example for item in in_files(tmp_path, body))


def test_what_reads_a_file_is_moved_with_it_and_no_other_kind_of_file_is_named(tmp_path: Path) -> None:
    (told,) = in_files(tmp_path, "with open(path) as file:\n    found.update(json.load(file))")[:1]
    assert "def work" in told.example or "leave what is done" in told.words
    told = in_files(tmp_path, "with open(path) as file:\n    one = json.load(file)\nreturn one")[0]
    assert "def work" in told.example and "aiofiles" not in told.words
    told = in_files(tmp_path, "with open(path) as file:\n    one = file.read()\nreturn one")[0]
    assert "def work" in told.example and "aiofiles" in told.words


def test_what_is_done_with_a_file_in_several_lines_is_moved_together(tmp_path: Path) -> None:
    body = "with open(path, 'w') as file:\n    file.write('x')\n    {0}\n    await client.put(path)"
    for line, together in (("file.flush()", True), ("file.close()", True), ("file.fileno()", False)):
        told = at_line(in_files(tmp_path, body.format(line)), "file.write", tmp_path)
        assert all(bool(item.example) != together for item in told)
        assert any("do all that is done with `file` here" in item.words for item in told) == together


REWRITES = """
with open(path) as file:
    number = int(file.readline())
{0}
with open({1}, "w") as file:
    file.write(str(number + 1))
"""


@pytest.mark.parametrize(
    ("between", "path", "together"),
    [("pass", "path", True), ("await client.ready()", "path", False), ("pass", "found", False)],
)
def test_what_is_read_and_written_anew_is_one_piece_of_work(
    tmp_path: Path, between: str, path: str, together: bool
) -> None:
    told = at_line(in_files(tmp_path, REWRITES.format(between, path)), "open(", tmp_path)
    assert all(bool(item.example) != together for item in told)
    assert all(("another task may write it in between" in item.words) == together for item in told)


def test_a_path_s_own_methods_count_as_well(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        from pathlib import Path

        async def count(path: Path, other: Path):
            number = int(path.read_text())
            path.write_text(str(number + 1))
            other.write_text("x")
            other.read_text()
        """,
    )
    assert [bool(item.example) for item in told] == [False, False, True, True]


# -- what is to be done once -----------------------------------------------------------------------

ONCE = """
import asyncio, requests

made = None

def shared():
    global made
    if made is None:
        made = requests.get("x").json()
    return made

class Keys:
    pair = None

    def __init__(self):
        self.client, self.settings, self.lock = None, {}, asyncio.Lock()

    @classmethod
    def query(cls):
        if not cls.pair:
            cls.pair = requests.get("x").json()
        return cls.pair

    def closed(self):
        if self.client is not None:
            requests.get(self.client)
            self.client = None

    def other(self):
        if self.settings is None:
            self.settings = {}
        return requests.get("x")

    async def handle(self, url):
        CALL
"""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Keys.query()", "hold an `asyncio.Lock` around it: both may get past the test of `cls.pair`"),
        ("shared()", "hold an `asyncio.Lock` around it: both may get past the test of `made`"),
        ("if self.client is None:\n            self.client = requests.get(url)",
         "past the test of `self.client`"),
        ("if not Keys.pair:\n            requests.get(url)\n            Keys.pair = True",
         "past the test of `Keys.pair`"),
        ("if self.client:\n            return self.client\n        self.client = requests.get(url)",
         "past the test of `self.client`"),
        ("async with url:\n            if not self.url:\n                self.url = requests.get(url)", ""),
        ("self.closed()", ""), ("self.other()", ""), ("self.client = requests.get(url)", ""),
    ],
)  # fmt: skip
def test_what_is_made_once_needs_a_lock_where_a_task_waits_for_it(
    tmp_path: Path, call: str, words: str
) -> None:
    for item in told_of(tmp_path, program=ONCE.replace("CALL", call)):
        assert ("to_thread" in item.example) == (not words)  # code that leaves out the lock would be pasted
        assert words in item.words
        assert words or "Lock" not in item.words


def test_models_that_are_bound_for_a_while_are_used_in_one_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import peewee

        class Row(peewee.Model):
            pass

        class Store:
            def __init__(self):
                self.database = peewee.SqliteDatabase("rows")

            def count(self):
                with self.database.bind_ctx([Row]):
                    return Row.get()

            def plain(self):
                return Row.get()

        async def main(store: Store):
            return store.count(), store.plain()
        """,
    )
    bound, plain = sorted(told, key=lambda item: item.finding.position.column)
    assert "max_workers=1" in bound.words and not bound.example
    assert "to_thread" in plain.example


# -- database sessions -----------------------------------------------------------------------------

SESSIONS = """
import asyncio
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

make = sessionmaker()
app = FastAPI()

def rows(db: Session, name):
    return db.query(name).all()

def existing(function):
    def wrapper(*args):
        return function(*args)
    return wrapper

@existing
def checked(db: Session, name):
    db.commit()

def own(name):
    with make() as db:
        return rows(db, name)

class Store:
    def __init__(self, db: Session):
        self.db = db

    async def handle(self, db: Session, name):
        CALL

@app.get("/")
async def page(db: Session, name):
    return rows(db, name)
"""


@pytest.mark.parametrize(
    "call",
    [
        "db.commit()", "self.db.commit()", "return db.query(name).all()", "return rows(db, name)",
        "return rows(self.db, name)",
        "kept = self.db\n        for row in kept.query(name):\n            print(row)",
        "for row in db.query(name):\n            print(row)", "checked(db, name)",
        "for number, row in enumerate(self.db.query(name)):\n            print(number, row)",
    ],
)  # fmt: skip
def test_a_session_that_is_not_its_own_is_not_handed_to_a_thread(tmp_path: Path, call: str) -> None:
    told = told_of(tmp_path, program=SESSIONS.replace("CALL", call))
    here = [item for item in told if 28 <= item.finding.position.line < 33]
    assert here
    assert all(not item.example and "with a session of its own" in item.words for item in here)
    assert any("def page(" in item.example for item in told)


def test_a_session_that_the_work_makes_itself_is(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=SESSIONS.replace("CALL", "return own(name)"))
    assert any("asyncio.to_thread(own, name)" in item.example for item in told)


# -- where neither a thread nor a process helps ------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "in_words"),
    [("KeyboardInterrupt", True), ("(EOFError, KeyboardInterrupt)", True), ("EOFError", False)],
)
@pytest.mark.parametrize("call", ["input('> ')", "asked()"])
def test_a_prompt_that_ctrl_c_ends_stays_in_the_main_thread(
    tmp_path: Path, handler: str, in_words: bool, call: str
) -> None:
    told = told_of(
        tmp_path,
        program=f"""
        import asyncio

        def asked():
            return input("> ")

        async def main():
            try:
                return {call}
            except {handler}:
                return None
        """,
    )
    assert told
    assert all(not item.example and "prompt_async" in item.words for item in told)
    assert all(("except KeyboardInterrupt" in item.words) == in_words for item in told)
    assert all(("before the event loop starts" in item.words) != in_words for item in told)


def test_a_handler_around_the_coroutine_that_asks_counts_too(tmp_path: Path) -> None:
    program = """
    class Dialog:
        async def asked(self):
            return input("> ")

        async def run(self):
            try:
                await self.asked()
            except {0}:
                print("interrupted")
    """
    for handler, in_words in (("KeyboardInterrupt", True), ("ValueError", False)):
        told = told_of(tmp_path, program=program.format(handler))
        assert told and all(not item.example for item in told)
        assert all(("except KeyboardInterrupt" in item.words) == in_words for item in told)


def test_a_handler_in_the_function_that_asks_counts_too(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import trio

        def asked():
            try:
                return input("> ")
            except KeyboardInterrupt:
                return None

        async def main():
            return asked()
        """,
    )
    assert all(not item.example and "Ctrl-C" in item.words for item in told)
    assert not any("prompt_toolkit" in item.words for item in told)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("name, format='JPEG'", True), ("name, 'jpg'", True), ("name, format='PNG'", False),
        ("'small.JPG'", True), ("f'{name}.png'", False), ("name, format=name", False),
    ],
)  # fmt: skip
def test_an_encoder_that_holds_the_gil_is_not_sent_to_a_thread(
    tmp_path: Path, given: str, held: bool
) -> None:
    told = told_of(
        tmp_path,
        program=f"""
        import asyncio
        from PIL import Image

        def encoded(image: Image.Image, name):
            image.save({given})

        async def main(image: Image.Image, name):
            image.save({given})
            encoded(image, name)
        """,
    )
    assert len(told) == 2
    assert all(("holds the GIL. Shrink" in item.words) == held for item in told)
    assert all(bool(item.example) != held for item in told)


def test_one_document_is_not_sent_to_a_process(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import bs4

        def title(text):
            return bs4.BeautifulSoup(text, "html.parser").title.text

        async def one(text):
            return title(text), bs4.BeautifulSoup(text), bs4.BeautifulSoup(text, "lxml").title

        async def many(texts):
            return [title(text) for text in texts]
        """,
    )
    ones = at_line(told, '"lxml"', tmp_path)
    assert len(ones) == 3
    assert all("a process costs more than it saves" in item.words and not item.example for item in ones)
    assert not any("for a small document" in item.words for item in at_line(told, "for text in", tmp_path))


def test_trio_has_no_processes_of_its_own(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        library="trio",
        program="""
        import trio, bs4

        async def one(text):
            await trio.sleep(0)
            return bs4.BeautifulSoup(text, "lxml").title
        """,
    )
    assert all(
        "trio has none of its own" in item.words and "run_in_executor" not in item.words for item in told
    )


def test_what_forks_with_code_of_its_own_is_not_run_beside_threads(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, os, subprocess

        async def main(command):
            subprocess.run(command, preexec_fn=os.setsid)
            subprocess.run(command, preexec_fn=None)
        """,
    )
    own, plain = sorted(told, key=lambda item: item.finding.position.line)
    assert "preexec_fn" in own.words and "create_subprocess_exec" in own.words and not own.example
    assert "to_thread" in plain.example


def test_a_lock_between_processes_is_not_held_across_an_await(tmp_path: Path) -> None:
    """The next task would wait for it on the loop. What takes and releases it inside can be moved whole."""
    told = told_of(
        tmp_path,
        program="""
        import asyncio, os
        import portalocker
        from filelock import FileLock

        class Runs:
            def save(self, path):
                with portalocker.Lock(path, "w") as file:
                    os.fsync(file.fileno())

        async def here(path, file):
            with FileLock(path):
                os.fsync(file)

        async def inside(runs: Runs, path):
            runs.save(path)
        """,
    )
    [here] = [
        item for item in told if item.finding.cause == "os.fsync" and "save" not in item.finding.message
    ]
    assert "the whole block that holds the lock" in here.words and not here.example
    inside = [item for item in told if "save" in item.finding.message]
    assert {item.finding.cause for item in inside} == {"os.fsync", "portalocker.Lock.__enter__"}
    assert all("to_thread(runs.save, path)" in item.example for item in inside)


def test_only_the_argument_that_blocks_waits(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, requests

        def read(path):
            return requests.get(path).text

        def made(text, other):
            with open(text) as file:
                return file.read()

        async def main(path):
            one = made(read(path) if path else None, 2)
            return made(read(path), 3), one
        """,
    )
    examples = {item.example for item in told if "`read`" in item.words}
    assert examples == {
        "one = made((await asyncio.to_thread(read, path)) if path else None, 2)",
        "return made(await asyncio.to_thread(read, path), 3), one",
    } or examples == {
        "one = made(await asyncio.to_thread(read, path) if path else None, 2)",
        "return made(await asyncio.to_thread(read, path), 3), one",
    }


def test_a_loop_s_variable_that_nobody_uses_afterwards_is_the_function_s_own(tmp_path: Path) -> None:
    body = """for row in found:
    client.send(row)
with open(path) as file:
    for row in file:
        print(row)
{0}"""
    for after, shared in (("pass", False), ("return row", True), ("print([row for row in found])", False)):
        told = in_files(tmp_path, body.format(after))
        assert any("def work" in item.example for item in told)
        assert any("nonlocal row" in item.example for item in told) == shared


def test_what_asks_for_its_thread_s_loop_is_not_sent_to_a_thread(tmp_path: Path) -> None:
    program = """
    import asyncio

    async def work():
        await asyncio.sleep(1)

    def plain():
        return {0}.run_until_complete(work())

    async def main():
        return plain()
    """
    for loop, shown in (("asyncio.get_event_loop()", False), ("asyncio.new_event_loop()", True)):
        told = told_of(tmp_path, program=program.format(loop))
        crossed = [item for item in told if item.finding.code == "CON701"]
        assert crossed
        assert all(("in a thread" in item.words) == shown for item in crossed)


def test_what_is_told_to_a_loop_from_a_thread_has_as_many_arguments_as_it_takes(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, threading

        async def main():
            event, queue = asyncio.Event(), asyncio.Queue()

            def work():
                event.set()
                queue.put_nowait(1)

            threading.Thread(target=work).start()
            await event.wait()
        """,
    )
    words = " ".join(item.words for item in told)
    assert "`loop.call_soon_threadsafe(event.set)`" in words
    assert "`loop.call_soon_threadsafe(queue.put_nowait, …)`" in words


@pytest.mark.parametrize(
    ("before", "after", "shared"),
    [
        ("row = 1\nprint(row)", "pass", False), ("row = 1", "print(f'{row}')", True),
        ("pass", "with client as row:\n    print(row)", False),
        ("row = 1\nf = lambda: row", "print(f())", True),
        ("row = 1", "del row", True),
    ],
)  # fmt: skip
def test_what_is_used_before_alone_is_not_shared(
    tmp_path: Path, before: str, after: str, shared: bool
) -> None:
    body = (
        f"{before}\nwith open(path) as file:\n    for row in file:\n        found.write(f'{{row}}')\n{after}"
    )
    told = in_files(tmp_path, body)
    assert any("def work" in item.example for item in told)
    assert any("nonlocal row" in item.example for item in told) == shared


def test_a_value_that_a_loop_around_keeps_is_shared(tmp_path: Path) -> None:
    body = """row = 1
for one in found:
    print(row)
    with open(path) as file:
        for row in file:
            print(row)"""
    told = in_files(tmp_path, body)
    assert any("nonlocal row" in item.example for item in told)


# -- what only a caller knows ----------------------------------------------------------------------


def test_what_is_called_by_a_parameter_is_looked_into_as_well(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio

        class Project:
            def __init__(self):
                self.ports = {}

            def dump(self, path):
                with open(path) as file:
                    self.ports[path] = file.read()

        async def export(project, path):
            project.dump(path)

        async def main():
            await export(Project(), "x")
        """,
    )
    assert told
    assert not any(item.example for item in told if "dump" in item.words)


@pytest.mark.parametrize(
    ("line", "moved"),
    [
        ("client.notify(row)", False), ("client.events.emit('row', row)", False), ("print(row)", True),
        ("client.write(row)", True), ("one = client.parse(row)", True),
    ],
)  # fmt: skip
def test_what_is_told_to_somebody_unknown_stays_on_the_loop(tmp_path: Path, line: str, moved: bool) -> None:
    told = in_files(tmp_path, f"with open(path) as file:\n    for row in file:\n        {line}\nreturn 1")
    assert any("def work" in item.example for item in told) == moved


def test_a_file_that_a_function_opens_is_read_in_the_same_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, os

        def source(path):
            return open(path, "rb")

        class Store:
            async def put(self, file):
                await asyncio.sleep(1)
                self.text = file.read()

            async def size(self, path, pairs):
                with source(path) as file:
                    await asyncio.sleep(0)
                    file.seek(0, os.SEEK_END)
                    return file.tell()

            async def handed(self, path):
                with open(path) as file:
                    await self.put(file)
        """,
    )
    opened = [*at_line(told, "with source", tmp_path), *at_line(told, "with open", tmp_path)]
    assert all(not item.example and "it isn't enough" in item.words for item in opened)


def test_what_is_compiled_for_each_item_is_done_in_groups(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import jinja2

        def rendered(texts):
            environment = jinja2.Environment()
            return [environment.from_string(text) for text in texts]

        async def main(texts):
            return rendered(texts)
        """,
    )
    assert told
    assert all("take them in groups" in item.words and "process pool" not in item.words for item in told)


def test_a_turn_is_given_in_the_words_of_the_library(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import markdown
        from tornado import gen
        from twisted.internet import defer

        @defer.inlineCallbacks
        def pages(database):
            found = yield database.pages()
            return [markdown.markdown(page) for page in found]

        @gen.coroutine
        def letters(database):
            found = yield database.letters()
            return [markdown.markdown(letter) for letter in found]
        """,
    )
    (pages,) = at_line(told, "for page in", tmp_path)
    assert "give the reactor a turn" in pages.words and "`yield task.deferLater(reactor, 0)`" in pages.words
    (letters,) = at_line(told, "for letter in", tmp_path)
    assert "give other coroutines a turn" in letters.words and "`yield gen.moment`" in letters.words


def test_a_method_that_is_iterated_is_looked_into(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, requests

        class Store:
            def __init__(self):
                self.rows = {}

            def pages(self, urls):
                for url in urls:
                    self.rows[url] = requests.get(url)
                    yield url

            async def main(self, urls):
                for url in self.pages(urls):
                    print(url)
        """,
    )
    assert told
    assert not any(item.example for item in told)


def test_where_others_have_their_turn_already_no_lock_is_asked_for(tmp_path: Path) -> None:
    call = """if self.client:
            return self.client
        await asyncio.sleep(1)
        self.client = requests.get(url)"""
    told = told_of(tmp_path, program=ONCE.replace("CALL", call))
    assert told and not any("Lock" in item.words for item in told)
    call = """if not hasattr(self, "session"):
            self.session = requests.get(url)"""
    told = told_of(tmp_path, program=ONCE.replace("CALL", call))
    assert all("past the test of `self.session`" in item.words for item in told)


@pytest.mark.parametrize(
    ("imports", "call", "words", "code"),
    [
        ("import stripe", "stripe.Refund.create(x)",
         "use `stripe.Refund.create_async` (which needs httpx or aiohttp), or run it in a thread.",
         "return await asyncio.to_thread(stripe.Refund.create, x)"),
        ("import aiohttp, stripe", "stripe.Refund.create(x)", "use `stripe.Refund.create_async`.",
         "return await stripe.Refund.create_async(x)"),
        ("import resend", "resend.Emails.send(x)",
         "use `resend.Emails.send_async` (which needs httpx), or run it in a thread.",
         "return await asyncio.to_thread(resend.Emails.send, x)"),
        ("import anthropic", "anthropic.Anthropic().messages.create(x)",
         "use `anthropic.resources.AsyncMessages.create`, or run it in a thread.", ""),
    ],
)  # fmt: skip
def test_packages_that_a_counterpart_needs_are_named(
    tmp_path: Path, imports: str, call: str, words: str, code: str
) -> None:
    """A library's own coroutine functions may need a package that it doesn't bring along."""
    text = f"{imports}\nimport asyncio\n\nasync def handle(x):\n    return {call}\n"
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    (told,) = advice_for(tmp_path)
    assert told.advice.recommendation.text.startswith(words)
    assert code in (told.advice.recommendation.example or "")


# -- pools of processes ----------------------------------------------------------------------------

COUNTING = """
import asyncio

def counted(number: int):
    total = 0
    for first in range(5000):
        for second in range(5000):
            total += first * second % number
    return total

async def handle():
    return counted(7)
"""


@pytest.mark.parametrize(
    ("rest", "is_shown"),
    [
        ("", False),
        ("asyncio.run(handle())\n", False),
        ("if __name__ == '__main__':\n    asyncio.run(handle())\n", True),
        ("def command():\n    asyncio.run(handle())\n", True),
    ],
)
def test_a_pool_of_processes_is_made_at_import_only_where_a_program_is_known(
    tmp_path: Path, rest: str, is_shown: bool
) -> None:
    """Who imports a library may start without a guard, and each worker starts the program again."""
    (told,) = at_line(told_of(tmp_path, program=COUNTING + rest), "return counted", tmp_path)
    recommendation = told.advice.recommendation
    assert recommendation.text.startswith("run `counted` in a process pool")
    assert (recommendation.example is not None) == is_shown
    assert ("when it is first needed" in recommendation.text) != is_shown


@pytest.mark.parametrize(
    ("other", "is_thread"),
    [
        ("return await asyncio.to_thread(counted, 9)", True),
        ("return await asyncio.get_running_loop().run_in_executor(None, counted, 9)", True),
        ("return await asyncio.to_thread(print, 9)", False),
        ("with ThreadPoolExecutor() as pool:\n        return list(pool.map(counted, [9]))", False),
        ("return counted", False),
    ],
)
def test_what_runs_in_a_thread_elsewhere_does_so_here(tmp_path: Path, other: str, is_thread: bool) -> None:
    rest = f"\nfrom concurrent.futures import ThreadPoolExecutor\n\nasync def other():\n    {other}\n"
    (told,) = at_line(told_of(tmp_path, program=COUNTING + rest), "return counted(7)", tmp_path)
    recommendation = told.advice.recommendation
    if is_thread:
        assert recommendation.text == "run `counted` in a thread, as other code here does."
        assert recommendation.example == "return await asyncio.to_thread(counted, 7)"
    else:
        assert "process pool" in recommendation.text


# -- generators ------------------------------------------------------------------------------------

STREAMS = """
import asyncio, httpx

class Feed:
    def __init__(self):
        self.client = httpx.Client()

    def parts(self, url):
        with self.client.stream("GET", url) as answer:
            yield from answer.iter_text()

    def words(self, url):
        with self.client.stream("GET", url) as answer:
            yield from answer.iter_text()

    async def aparts(self, url):
        BODY

class AsyncFeed:
    async def words(self, url):
        async with httpx.AsyncClient() as client:
            yield await client.get(url)

class Reader:
    def __init__(self, feed: Feed):
        self.feed = feed

    async def read(self, url):
        CODE
"""
YIELDED = "found = self.feed.parts(url)\n        for part in found:\n            yield part.strip()"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("async with httpx.AsyncClient() as client:\n            yield await client.get(url)", YIELDED,
         "iterate `aparts` by `async for` instead, which gives the same"),
        ("async with httpx.AsyncClient() as client:\n            yield await client.get(url)",
         "for part in self.feed.parts(url):\n            print(part)",
         "iterate `aparts` by `async for` instead, which gives the same"),
        ("return await self.client.get(url)", YIELDED, "run the loop in a thread of its own, and hand what"),
        ("pass", YIELDED.replace("parts", "words"),
         "iterate `AsyncFeed.words` by `async for` instead, which gives the same"),
        ("yield httpx.get(url)", YIELDED, "run the loop in a thread of its own, and hand what"),
        ("pass", "for part in self.feed.parts(url):\n            print(part)",
         "run the request and the loop over its body in a thread"),
    ],
)  # fmt: skip
def test_what_an_async_generator_goes_through_is_not_moved_with_it(
    tmp_path: Path, body: str, code: str, words: str
) -> None:
    """No thread can yield for it: the async generator beside the plain one is named."""
    program = STREAMS.replace("BODY", body).replace("CODE", code)
    told = [item for item in told_of(tmp_path, program=program) if "Reader.read" in str(item.finding.symbol)]
    assert told
    for item in told:
        assert item.advice.recommendation.text.startswith(words)


WRAPPER = """
import functools

def fake_async(function):
    @functools.wraps(function)
    async def wrapper(*args):
        return function(*args)
    return wrapper
"""
WRAPPED = """
import time
from wrappers import fake_async

@fake_async
def pause(seconds):
    time.sleep(seconds)

async def main():
    await pause(5)
"""


def test_what_an_awaited_wrapper_calls_is_moved_in_the_wrapper(tmp_path: Path) -> None:
    """To have the wrapper itself run in a thread would only make its coroutine."""
    found = at_line(told_of(tmp_path, program=WRAPPED, wrappers=WRAPPER), "await pause", tmp_path)
    texts = [item.advice.recommendation.text for item in found]
    assert texts
    for text in texts:
        assert text.startswith("in `fake_async.wrapper`, which is awaited here, run `program.pause` in a thr")


def test_no_turn_is_given_in_a_loop_that_changes_what_others_use(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        class Browser:
            def __init__(self):
                self.tabs = []

            async def update(self, targets):
                for target in targets:
                    for tab in self.tabs:
                        for other in targets:
                            if tab.name == target.name + other.name:
                                break
                    else:
                        self.tabs.append(target)

        async def best(rows):
            found = 0
            for one in rows:
                for two in rows:
                    for three in rows:
                        found = max(found, one * two * three)
            return found
        """,
    )
    (changing,) = at_line(told, "for target in", tmp_path)
    assert "plain data" in changing.words and "change `self.tabs` meanwhile" in changing.words
    (own,) = at_line(told, "for one in", tmp_path)
    assert own.words.startswith("give other coroutines a turn")


REGISTRY = """
import requests

JOBS = {}
CACHE = {}


class Manager:
    def __init__(self):
        self.made = {}

    async def add(self, name, config):
        if name in self.made:
            raise ValueError(name)
        answer = requests.post("https://x.example/add", json=config)
        self.made[name] = answer

    async def add_limited(self, name):
        if len(self.made) >= 5:
            return "full"
        self.made[name] = requests.get("https://x.example/limited")

    async def waits_anyway(self, name, session):
        if name in self.made:
            raise ValueError(name)
        await session.ping()
        self.made[name] = requests.get("https://x.example/anyway")

    async def remembers(self, name):
        if name in self.made:
            return self.made[name]
        self.made[name] = requests.get("https://x.example/remembers")


async def start(name):
    if name in JOBS:
        return False
    JOBS[name] = requests.get("https://x.example/start")


async def before(name):
    if name in JOBS:
        return
    JOBS[name] = None
    JOBS[name] = requests.get("https://x.example/before")


async def locked(name, job_lock):
    async with job_lock:
        if name in JOBS:
            return
        JOBS[name] = requests.get("https://x.example/locked")


async def own(names):
    found = {}
    for name in names:
        if name in found:
            continue
        found[name] = requests.get("https://x.example/own")
"""


@pytest.mark.parametrize(
    ("line", "tested"),
    [
        ("add", "self.made"), ("limited", "self.made"), ("anyway", ""), ("remembers", ""), ("start", "JOBS"),
        ("own", ""), ("before", ""), ("locked", ""),
    ],
)  # fmt: skip
def test_what_is_registered_after_a_test_needs_a_lock(tmp_path: Path, line: str, tested: str) -> None:
    told = told_of(tmp_path, program=REGISTRY)
    (item,) = at_line(told, f"example/{line}", tmp_path)
    assert (f"both may get past the test of `{tested}`" in item.words) == bool(tested)
    assert bool(item.example) == (not tested)


def test_what_the_loop_calls_starts_the_work_in_a_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, signal, time
        import requests

        class Poller:
            def begin(self):
                asyncio.get_running_loop().call_later(5, self.poll)

            def poll(self):
                requests.get("https://poll.example")

            def save(self):
                requests.post("https://save.example")

            def stop(self):
                self.save()

            async def start(self):
                loop = asyncio.get_running_loop()
                loop.call_later(1, lambda: requests.put("https://lambda.example"))
                loop.call_later(5, self.save)
        """,
    )
    (poll,) = at_line(told, "poll.example", tmp_path)
    assert "async def" not in poll.words
    assert "start what blocks (`requests.get`) in a thread (`loop.run_in_executor(None, …)`)" in poll.words
    (save,) = at_line(told, "save.example", tmp_path)
    assert "`stop` calls it too, and would go on before that has ended" in save.words
    (short,) = at_line(told, "lambda.example", tmp_path)
    assert "A lambda can't wait: have it call a function that starts what blocks" in short.words


def test_a_loop_takes_no_coroutine_function_from_a_wrapper_either(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(
        "import asyncio\n\nclass Base:\n    def run(self):\n"
        "        asyncio.get_running_loop().add_signal_handler(2, self.on_signal)\n"
    )
    (tmp_path / "bot.py").write_text(
        "import time\nfrom base import Base\n\nclass Bot(Base):\n"
        "    def on_signal(self):\n        time.sleep(1)\n"
    )
    told = told_of(tmp_path, program="from bot import Bot\n\nasync def main():\n    Bot().run()\n")
    (item,) = at_line(told, "Bot().run()", tmp_path)
    assert "have it go on later, by `loop.call_later`, or a task that awaits `asyncio.sleep`" in item.words


def test_what_is_asked_about_something_received_is_not_asked_before_the_loop(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        async def receive(link):
            offer = await link.read()
            return input(f"take {offer}?")

        async def login(link):
            name = input("name: ")
            await link.write(name)
        """,
    )
    (received,) = at_line(told, "take", tmp_path)
    assert "before the event loop" not in received.words and "prompt_async" in received.words
    (first,) = at_line(told, "name: ", tmp_path)
    assert "or ask before the event loop starts" in first.words


def test_a_plain_method_starts_the_whole_computing_in_the_pool(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        from tornado.web import RequestHandler

        def compared(left, right):
            return [[len(compared(a, b)) for a in left if a != b] for b in right if b]

        class Compare(RequestHandler):
            def post(self):
                self.finish(compared(self.left(), self.right()))
        """,
    )
    (item,) = told
    assert "run `compared` in a process pool" in item.words
    assert "otherwise start it there and go on in a callback" in item.words
    assert "in a thread" not in item.words


@pytest.mark.parametrize(
    ("made", "used", "pool", "said"),
    [
        ("Lock()", "with held:", "multiprocessing.Pool(4)", "hand a `multiprocessing.Lock` to the workers"),
        ("RLock()", "with held:", "multiprocessing.Pool(4)", "hand a `multiprocessing.RLock` to"),
        ("Condition()", "with held:", "multiprocessing.Pool(4)", "hand a `multiprocessing.Condition` to"),
        ("Event()", "if held.wait():", "multiprocessing.Pool(4)", "hand a `multiprocessing.Event` to"),
        ("Semaphore(3)", "with held:", "multiprocessing.Pool(4)", "hand a `multiprocessing.Semaphore(3)` to"),
        ("Semaphore(3)", "with held:", "multiprocessing.Pool()", "hand a `multiprocessing.Semaphore(3)` to"),
        ("BoundedSemaphore(value=3)", "with held:", "ProcessPoolExecutor(max_workers=8)",
         "hand a `multiprocessing.BoundedSemaphore(3)` to the workers"),
        ("Semaphore(8)", "with held:", "ProcessPoolExecutor(max_workers=8)",
         "leave `held` out: the pool has 8 workers"),
    ],
)  # fmt: skip
def test_the_lock_for_processes_is_of_the_same_kind(
    tmp_path: Path, made: str, used: str, pool: str, said: str
) -> None:
    program = f"""
        import multiprocessing, threading
        from concurrent.futures import ProcessPoolExecutor

        held = threading.{made}

        def save(row):
            {used}
                print(row)

        def main(rows):
            with {pool} as pool:
                list(pool.map(save, rows))
        """
    (item,) = [item for item in told_of(tmp_path, program=program) if item.finding.code == "CON607"]
    assert said in item.words


@pytest.mark.parametrize(("made", "locked"), [("deep_copy(held)", False), ("seen(held)", True)])
def test_what_a_function_called_copy_gives_is_new(tmp_path: Path, made: str, locked: bool) -> None:
    told = told_of(
        tmp_path,
        program=f"""
        import time
        from elsewhere import tree

        held = tree()

        def deep_copy(value):
            if isinstance(value, dict):
                return {{key: deep_copy(part) for key, part in value.items()}}
            return value

        def seen(value):
            return value

        def clear(part):
            if "key" not in part:
                return
            part["key"] = None

        def redacted():
            new = {made}
            clear(new)
            time.sleep(1)
            return new

        async def show():
            return redacted()
        """,
    )
    (item,) = at_line(told, "return redacted()", tmp_path)
    assert ("threading.Lock" in item.words) == locked


# -- plain functions that a framework calls --------------------------------------------------------

TOOLS = """
import subprocess
from functools import lru_cache
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("tools")

@mcp.tool()
def build(target):
    return subprocess.check_output(["make", target])

@mcp.tool()
def clean():
    return subprocess.check_output(["make", "clean"])

def rebuild(target):
    return clean() + build(target)

@mcp.tool()
@lru_cache
def install():
    return subprocess.check_output(["make", "install"])

@mcp.tool()
def asked():
    return subprocess.check_output(["make", "ask"])

async def asking():
    return asked()

@mcp.tool()
def handed():
    return subprocess.check_output(["make", "hand"])

TABLE = {"handed": handed}

@mcp.tool()
def again(count):
    subprocess.check_output(["make", "again"])
    return again(count - 1) if count else ""

@mcp.tool()
def lines():
    for line in subprocess.check_output(["make", "-n"]).splitlines():
        yield line
"""


def test_a_function_becomes_a_coroutine_function_where_its_framework_takes_one(tmp_path: Path) -> None:
    (tool,) = at_line(told_of(tmp_path, program=TOOLS.replace(" + build(target)", "")), "target]", tmp_path)
    assert tool.words.endswith(
        "Make `build` an `async def`, which mcp accepts too; whoever else calls it has to await it then."
    )
    assert "async def build(…):" in tool.example
    assert "    return await asyncio.to_thread(subprocess.check_output" in tool.example


@pytest.mark.parametrize(
    "line", ["target]", '"clean"]', '"install"]', '"-n"]', '"ask"]', '"hand"]', '"again"]']
)
def test_it_stays_a_plain_one_where_others_call_or_keep_it_or_it_yields(tmp_path: Path, line: str) -> None:
    for tool in at_line(told_of(tmp_path, program=TOOLS), line, tmp_path):
        assert "accepts too" not in tool.words
        assert "await" not in tool.example


COMPUTING = """
from mcp.server.fastmcp import FastMCP

mcp = FastMCP("tools")

@mcp.tool()
def primes():
    found = []
    for number in range(2, 3_000_000):
        if all(number % other for other in found[:1000]):
            found.append(number)
    return found
"""


def test_a_function_that_computes_itself_becomes_one_too(tmp_path: Path) -> None:
    """It is told to give others a turn, which awaits."""
    (loop,) = at_line(told_of(tmp_path, program=COMPUTING), "for number", tmp_path)
    assert "`await asyncio.sleep(0)`" in loop.words
    assert "Make `primes` an `async def`, which mcp accepts too" in loop.words


def test_threads_that_a_release_brought_are_told_with_it(tmp_path: Path) -> None:
    program = """
    import subprocess
    from fastmcp import FastMCP

    mcp = FastMCP("tools")

    @mcp.tool
    async def build(target: str) -> bytes:
        return subprocess.check_output(["make", target])
    """
    (tool,) = at_line(told_of(tmp_path, program=program), "target]", tmp_path)
    assert "make it a plain `def`, and fastmcp (from 3.0 on) runs it in a thread" in tool.words


# -- what is passed, and set anew after it -----------------------------------------------------------

POLLS = """
import asyncio, requests

class Feed:
    def __init__(self):
        self.last = 0

    async def poll(self):
        while True:
            news = requests.get("https://example.org/news", params=self.last)
            self.last = news.json()["last"]
            await asyncio.sleep(5)
    OTHER
"""


@pytest.mark.parametrize(
    ("other", "is_guarded"),
    [("", False), ("\n    def now(self):\n        self.last = 0", True)],
)
def test_what_a_call_is_given_and_changes_after_it_is_guarded_where_others_use_it(
    tmp_path: Path, other: str, is_guarded: bool
) -> None:
    (poll,) = at_line(told_of(tmp_path, program=POLLS.replace("OTHER", other)), "requests.get", tmp_path)
    assert ("around this and the change of `self.last`" in poll.words) == is_guarded
    assert (poll.text is None) == is_guarded


# -- connections that a function makes for itself ----------------------------------------------------

STORES = """
import sqlite3
from contextlib import contextmanager

class Opened:
    def __init__(self, path):
        self.connection = sqlite3.connect(path)
    def __enter__(self):
        return self.connection
    def __exit__(self, *error):
        self.connection.close()

class Store:
    def __init__(self, path):
        self.path = path
        self.kept = sqlite3.connect(path)

    def _connect(self):
        return sqlite3.connect(self.path)

    def _given(self):
        return self.kept

    @contextmanager
    def _session(self):
        connection = self._connect()
        yield connection
        connection.close()

    @contextmanager
    def _shared(self):
        yield self.kept

    def read(self):
        with MAKER as connection:
            connection.execute("SELECT * FROM notes").fetchall()

async def main(store: Store):
    store.read()
"""


@pytest.mark.parametrize("maker", ["self._session()", "self._connect()", "Opened(self.path)"])
def test_what_makes_its_own_connection_may_run_in_any_thread(tmp_path: Path, maker: str) -> None:
    for read in at_line(told_of(tmp_path, program=STORES.replace("MAKER", maker)), "store.read()", tmp_path):
        assert read.example == "import asyncio\n\nawait asyncio.to_thread(store.read)"


@pytest.mark.parametrize("maker", ["self._shared()", "self._given()", "self.kept"])
def test_what_uses_one_that_is_kept_may_not(tmp_path: Path, maker: str) -> None:
    for read in at_line(told_of(tmp_path, program=STORES.replace("MAKER", maker)), "store.read()", tmp_path):
        assert "it only works in the thread that made it" in read.words
        assert not read.example


# -- what a library does better --------------------------------------------------------------------

TOOL = """
import requests
from langchain_core.tools import BaseTool

SEEN = {}

class Base(BaseTool):
    pass

class Fetch(Base):
    name: str = "fetch"

    def _run(self, url):
        BODY
        return requests.get(url).text

    async def _arun(self, url):
        CALL

def seen():
    return list(SEEN)
"""


@pytest.mark.parametrize(
    ("call", "body", "begins", "has"),
    [
        (
            "return self._run(url)",
            "pass",
            "delete `_arun`, which only calls `_run`: without it, `BaseTool`",
            "",
        ),
        ("return self._run(url=url)", "SEEN[url] = 1", "delete `_arun`", ". Put a `threading.Lock` around"),
        ("return self._run(url.strip())", "pass", "run `_run` in a thread", ""),
        ("return self._run(url) or ''", "pass", "run `_run` in a thread", ""),
        ("print(url)\n        return self._run(url)", "pass", "run `_run` in a thread", ""),
    ],
)
def test_a_method_that_a_library_has_already_is_left_out(
    tmp_path: Path, call: str, body: str, begins: str, has: str
) -> None:
    told = told_of(tmp_path, program=TOOL.replace("CALL", call).replace("BODY", body))
    (item,) = at_line(told, "return self._run(", tmp_path)
    assert item.words.startswith(begins)
    assert has in item.words
    assert not (item.example and begins.startswith("delete"))


PARAMETERS = """
import requests
from langchain_core.tools import BaseTool

class Fetch(BaseTool):
    def _run(self, PLAIN):
        return requests.get("https://a.example").text

    async def _arun(self, OWN):
        return self._run(GIVEN)
"""


@pytest.mark.parametrize(
    ("plain", "own", "given", "is_left_out"),
    [
        ("a, b", "a, b", "a, b", True),
        ("a, b", "a, b", "a, b=b", True),
        ("a, b", "b, a", "b, a", False),
        ("a, b", "a, b", "b, a", False),
        ("a, b", "a, b", "b=b, a=a", False),
        ("a, b", "c, d", "c, d", False),
        ("a, k=4", "a, k=10", "a, k", False),
        ("a, k=4", "a, k=4", "a, k", False),  # the library's own method may have another default
        ("a, k=None", "a, k=None", "a, k", True),
        ("a, k=None", "a, k", "a, k", False),
        ("a, k=None", "a, k=None", "a", False),
        ("a, *, k", "a, *, k", "a, k=k", True),
        ("a, k", "a, *, k", "a, k=k", False),
        ("a, **rest", "a, **rest", "a, **rest", True),
        ("a, **rest", "a, **rest", "a", False),
        ("a, b", "*args, **rest", "*args, **rest", True),
    ],
)
def test_only_a_method_with_the_same_parameters_is_left_out(
    tmp_path: Path, plain: str, own: str, given: str, is_left_out: bool
) -> None:
    program = PARAMETERS.replace("PLAIN", plain).replace("OWN", own).replace("GIVEN", given)
    (item,) = at_line(told_of(tmp_path, program=program), "return self._run(", tmp_path)
    assert item.words.startswith("delete `_arun`" if is_left_out else "run `_run` in a thread")


# -- files that each run of a handler writes ---------------------------------------------------------

HANDLER = """
import sys
from pathlib import Path
from fastapi import FastAPI

app = FastAPI()

@app.post("/load")
async def load(name: str):
    code = Path(name).read_text()
    with open(TARGET, "w") as file:
        file.write(code)
"""


@pytest.mark.parametrize(
    ("target", "is_held"),
    [('"model.py"', True), ("sys.argv[0]", True), ("name", False), ("Path(name)", False)],
)
def test_a_plain_endpoint_that_writes_the_same_file_each_time_is_given_a_lock(
    tmp_path: Path, target: str, is_held: bool
) -> None:
    for told in at_line(told_of(tmp_path, program=HANDLER.replace("TARGET", target)), "read_text", tmp_path):
        assert "make it a plain `def`" in told.words
        assert ("Hold a `threading.Lock`" in told.words) == is_held
        assert (told.text is None) == is_held
