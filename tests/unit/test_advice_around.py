"""Advice where the code around a place, or what is done later, stands against an `await` in its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, text: str) -> list[Told]:
    (folder / "program.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder)


def of(told: list[Told], cause: str) -> list[Told]:
    found = [item for item in told if item.finding.cause == cause]
    assert found, [item.finding.cause for item in told]
    return found


# -- what a block holds or sets --------------------------------------------------------------------

BLOCK = """
import asyncio, contextlib, os, requests, shutil, threading, time, torch
from contextlib import chdir

class Store:
    def __init__(self, lock, folder):
        self._lock = lock
        self.folder = folder

    async def run(self, name, pushd, other):
        with MANAGER:
            self.text = requests.get(name).text
"""


@pytest.mark.parametrize(
    ("manager", "words"),
    [
        ("self._lock", "release the lock that is held here first"),
        ("name.mutex", "release the lock that is held here first"),
        ("chdir(self.folder)", "outside of the block that changes the current folder"),
        ("contextlib.chdir(name)", "outside of the block that changes the current folder"),
        ("pushd(self.folder)", "outside of the block that changes the current folder"),
        ("other.without_env_vars('A')", "what `other.without_env_vars` sets is set for the whole process"),
        ("contextlib.redirect_stdout(name)", "what `contextlib.redirect_stdout` sets is set for the whole"),
        ("other.begin()", "a transaction, and what is done in it, belong together"),
        ("torch.no_grad()", "what `torch.no_grad` sets holds for one thread alone"),
        ("torch.cuda.device(1)", "what `torch.cuda.device` sets holds for one thread alone"),
    ],
)
def test_nothing_is_awaited_in_a_block_that_holds_or_sets_something(
    tmp_path: Path, manager: str, words: str
) -> None:
    told = of(told_of(tmp_path, BLOCK.replace("MANAGER", manager)), "requests.get")
    assert all(not item.example and words in item.words for item in told), [item.words for item in told]


def test_a_transaction_that_awaits_stays_on_the_loop(tmp_path: Path) -> None:
    program = BLOCK.replace("MANAGER", "other.begin()").replace(
        "self.text =", "await name.flush()\n            self.text ="
    )
    told = of(told_of(tmp_path, program), "requests.get")
    assert all(not item.example and "before or after the `with` block" in item.words for item in told)


@pytest.mark.parametrize("manager", ["other.clock", "other.blocks", "contextlib.suppress(OSError)", "name"])
def test_other_blocks_wait(tmp_path: Path, manager: str) -> None:
    told = of(told_of(tmp_path, BLOCK.replace("MANAGER", manager)), "requests.get")
    assert all("await asyncio.to_thread(requests.get, name)" in item.example for item in told)


def test_a_pause_under_a_lock_is_not_awaited_either(tmp_path: Path) -> None:
    program = BLOCK.replace("MANAGER", "self._lock").replace(
        "self.text = requests.get(name).text", "time.sleep(1)"
    )
    told = of(told_of(tmp_path, program), "time.sleep")
    assert all(not item.example and "asyncio.sleep" not in item.words for item in told)


def test_a_coroutine_function_in_place_of_a_barrier_lets_others_in(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, threading

        class Buffer:
            def __init__(self):
                self.barrier = threading.Barrier(2)

            def send(self, data):
                self.barrier.wait()
                self.data = data

            async def send_async(self, data):
                while self.barrier.n_waiting:
                    await asyncio.sleep(0)
                self.data = data

        async def main(buffer: Buffer):
            buffer.send(b"x")
        """,
    )
    assert told
    assert all(not item.example for item in told)
    assert any("use `send_async`" in item.words and "`asyncio.Lock`" in item.words for item in told)


# -- what opens, and what is done with it ----------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "if found:\n        file = gzip.open(path)\n    else:\n        file = open(path)\n"
        "    with file as one:\n        await found(one)",
        "return open(path)",
        "file = bz2.open(path)\n    await found(file)",
        "file = open(path)\n    self.read(file)\n    await found(path)",
        "file = open(path)\n    rows = csv.reader(file)\n    await found(rows)",
    ],
)
def test_opening_is_the_least_of_it(tmp_path: Path, body: str) -> None:
    told = told_of(
        tmp_path, f"import asyncio, bz2, csv, gzip\n\nasync def main(self, path, found):\n    {body}\n"
    )
    opened = [item for item in told if str(item.finding.cause).endswith("open")]
    assert opened
    assert all(not item.example and "in one function, in a thread" in item.words for item in opened)


@pytest.mark.parametrize(
    "line", ["found[path] = open(path)", "self.file = open(path)", "global log\n    log = open(path)"]
)
def test_what_stays_open_is_not_opened_and_closed_in_one_function(tmp_path: Path, line: str) -> None:
    told = told_of(tmp_path, f"async def main(self, path, found):\n    {line}\n    await found(path)\n")
    (opened,) = [item for item in told if str(item.finding.cause).endswith("open")]
    assert "it stays open from one call to the next" in opened.words and "one function" not in opened.words


def test_a_file_in_a_collection_that_is_given_on_needs_no_async_one(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        "async def main(self, paths, found):\n    parts = []\n    for path in paths:\n"
        "        parts.append(('files', open(path, 'rb')))\n    await found.post(files=parts)\n",
    )
    (opened,) = [item for item in told if str(item.finding.cause).endswith("open")]
    assert "aiofiles" not in opened.words


# -- whose thread it is ----------------------------------------------------------------------------


def test_a_device_is_that_of_its_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, torch

        def settle():
            torch.cuda.synchronize()

        async def main(device):
            settle()
            torch.cuda.synchronize()
            torch.cuda.synchronize(device)
        """,
    )
    first, second, third = sorted(told, key=lambda item: item.finding.position.line)
    assert all(not item.example and "with its device named" in item.words for item in (first, second))
    assert third.example == "await asyncio.to_thread(torch.cuda.synchronize, device)"


def test_a_model_runs_in_the_mode_of_its_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, torch

        class Agent:
            def __init__(self):
                self.model = torch.nn.Linear(3, 4)

            def predict(self, row):
                with torch.inference_mode():
                    return self.model(row)

            async def main(self, row):
                return self.model(row), self.predict(row)
        """,
    )
    direct, whole = sorted(told, key=lambda item: item.finding.position.column)
    assert not direct.example and "`inference_mode` or `no_grad`" in direct.words
    assert "asyncio.to_thread(self.predict, row)" in whole.example


def test_what_a_key_runs_may_have_the_terminal(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import requests, subprocess
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()

        @keys.add("c-e")
        def edit(event):
            subprocess.call(["vi", "notes"])

        @keys.add("c-s")
        def save(event):
            requests.get("https://a.example")
        """,
    )
    assert len(told) == 2
    for item in told:
        assert not item.example and "make this `async def`" in item.words.lower()
        assert ("`run_in_terminal`" in item.words) == (item.finding.family == "subprocess")


# -- what computes ---------------------------------------------------------------------------------


def test_what_is_bound_to_the_loop_is_not_sent_to_a_process(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio

        async def main(rows):
            for row in rows:
                for other in rows:
                    for third in asyncio.all_tasks():
                        row.total += other * third.get_name()
        """,
    )
    assert not any("process" in item.words for item in told)


@pytest.mark.parametrize(
    "loop", ["row for row in asyncio.all_tasks() for other in rows if other * row.n > 3"]
)
def test_a_comprehension_can_give_no_turn(tmp_path: Path, loop: str) -> None:
    told = told_of(tmp_path, f"import asyncio\n\nasync def main(rows):\n    return [{loop}]\n")
    assert all("in a `for` statement in place of this" in item.words for item in told)


# -- who else comes by ----------------------------------------------------------------------------


GUARDED = """
import asyncio, os, shutil
from pathlib import Path

def running(job):
    return Path(job.path).exists()

async def main(job, path: Path, other, client):
    BODY
"""


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("if running(job):\n        return None\n    shutil.rmtree(job.path)", "running(job)"),
        ("if not path.exists():\n        shutil.copytree(other, path)", "path.exists()"),
        ("if os.path.exists(path):\n        raise ValueError\n    shutil.move(other, path)",
         "os.path.exists(path)"),
        ("row = client.get(path)\n    if running(row):\n        return None\n    shutil.rmtree(path)",
         "running(row)"),
        ("if not running(job):\n        return None\n    shutil.rmtree(job.path)", ""),
        ("if path.exists():\n        shutil.rmtree(path)", ""),
        ("if running(other):\n        return None\n    shutil.rmtree(job.path)", ""),
        ("if running(job):\n        return None\n    await client.ready()\n    shutil.rmtree(job.path)", ""),
        ("if len(job):\n        return None\n    shutil.rmtree(job)", ""),
        ("if os.path.isdir(path):\n        return None\n    shutil.move(path, other)", ""),
        ("if shutil.which(path):\n        return None\n    shutil.move(path, other)", ""),
        ("if running(job):\n        print(job)\n    shutil.rmtree(job.path)", ""),
        ("if running(job):\n        return None\n    os.listdir(job.path)", ""),
    ],
)  # fmt: skip
def test_what_a_test_keeps_from_being_done_twice_needs_a_lock(tmp_path: Path, body: str, asked: str) -> None:
    told = [
        item
        for item in told_of(tmp_path, GUARDED.replace("BODY", body))
        if str(item.finding.cause).startswith("shutil.")
    ]
    assert told or "listdir" in body
    for item in told:
        assert bool(item.example) != bool(asked)
        assert (f"past the test of `{asked}`" in item.words) == bool(asked)


# -- the end of the program, and threads with a loop of their own ----------------------------------

ENDING = """
import asyncio, atexit, threading, time

class Launcher:
    def __init__(self):
        self.thread = threading.Thread(target=time.sleep, args=(1,))

    async def NAME(self):
        self.thread.join()
"""


@pytest.mark.parametrize(
    ("name", "imported", "is_last"),
    [
        ("stop", "atexit", True), ("stop_all", "atexit", True), ("aclose", "atexit", True),
        ("start", "atexit", False), ("stop", "sys", False), ("stopwatch", "atexit", False),
    ],
)  # fmt: skip
def test_no_thread_is_started_at_the_interpreter_s_end(
    tmp_path: Path, name: str, imported: str, is_last: bool
) -> None:
    told = told_of(tmp_path, ENDING.replace("NAME", name).replace("atexit", imported))
    assert told
    for item in told:
        assert ("interpreter is ending" in item.words) == is_last == (not item.example)


def test_a_thread_s_own_loop_may_have_nobody_to_wait_for(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, threading

        class Beat(threading.Thread):
            def __init__(self):
                super().__init__()
                self.ended = threading.Event()

            async def beat(self):
                await asyncio.sleep(0)
                self.ended.wait(1)

            def run(self):
                asyncio.run(self.beat())
        """,
    )
    assert told
    assert all("leave it if nothing else" in item.words and not item.example for item in told)


# -- what comes piece by piece ---------------------------------------------------------------------


def test_a_call_that_asks_for_a_stream_is_moved_with_what_reads_it(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio
        from huggingface_hub import InferenceClient

        async def main(client: InferenceClient, prompt):
            told = client.text_generation(prompt, stream=True)
            for part in told:
                print(part)
            return client.text_generation(prompt)
        """,
    )
    streamed, whole = sorted(told, key=lambda item: item.finding.position.line)
    assert not streamed.example and "all that reads what it streams" in streamed.words
    assert whole.example


@pytest.mark.parametrize(
    ("outer", "is_per_row"), [("async for data in source:", True), ("if source:", False)]
)
def test_a_small_loop_in_another_one_is_one_more_thread_for_each_piece(
    tmp_path: Path, outer: str, is_per_row: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio
        from typing import TextIO

        async def main(source, data, files: list[TextIO]):
            {outer}
                for file in files:
                    file.write(data)
        """,
    )
    assert told
    assert all(("a thread for each piece costs more" in item.words) == is_per_row for item in told)


def test_a_session_that_is_used_besides_is_one_of_its_own(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, requests
        from sqlalchemy.orm import Session

        class Settings:
            def __init__(self, session: Session):
                self.session = session

            def get(self, name):
                self.session.commit()

        class Plugins:
            def __init__(self, settings: Settings):
                self.settings = settings

            def load(self, url):
                self.settings.get(url)
                return requests.get(url)

        async def main(plugins: Plugins, url):
            return plugins.load(url)
        """,
    )
    sent = [item for item in told if item.finding.cause == "requests.get"]
    assert sent
    assert all("with a session of its own where it uses one" in item.words for item in sent)


def test_what_a_function_asks_for_first_needs_a_lock_where_it_is_run_in_a_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, shutil, threading
        from pathlib import Path

        lock = threading.Lock()

        def fetched(path: Path):
            if path.exists():
                return path
            shutil.copyfile("kept", path)
            return path

        def under_lock(path: Path):
            with lock:
                if not path.exists():
                    shutil.copyfile("kept", path)

        def dropped(path: Path):
            if path.exists():
                shutil.rmtree(path)

        def either(path: Path):
            if path.is_file():
                shutil.copyfile(path, "copy")
            else:
                shutil.copytree(path, "copies")

        async def main(path):
            fetched(path)
            under_lock(path)
            dropped(path)
            either(path)
        """,
    )
    found = {item.finding.message.split("`")[1]: item for item in told}
    asked = found["program.fetched"]
    assert "hold an `asyncio.Lock` around it: both may get past the test of `path.exists(…)`" in asked.words
    assert not asked.example
    assert found["program.under_lock"].example and found["program.dropped"].example
    assert "test of" not in found["program.either"].words


def test_what_changes_the_process_for_a_while_is_done_once_at_a_time(tmp_path: Path) -> None:
    told = told_of(tmp_path, "import asyncio, runpy\n\nasync def main(path):\n    runpy.run_path(path)\n")
    assert told
    assert all("with an `asyncio.Lock` held" in item.words and not item.example for item in told)


def test_a_connection_that_an_object_keeps_is_bound_to_its_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, sqlite3

        class Kept:
            def __init__(self, path):
                self.db = sqlite3.connect(path)

        def opened(path):
            return sqlite3.connect(path)

        def counted(path):
            db = sqlite3.connect(path)
            return db.execute("select count(*) from rows").fetchone()

        async def main(path):
            return Kept(path), opened(path), counted(path)
        """,
    )
    kept = [item for item in told if "counted" not in item.finding.message]
    assert kept
    assert all(not item.example and "thread that made it" in item.words for item in kept)
    assert all(item.example for item in told if item not in kept)


def test_what_parses_a_path_opens_and_closes_it_itself(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio
        import xml.etree.ElementTree as tree

        async def main(path, found):
            root = tree.parse(path)
            for item in root.iter("a"):
                await found(item)
        """,
    )
    assert told
    assert all("await asyncio.to_thread(tree.parse, path)" in item.example for item in told)


@pytest.mark.parametrize("loop", ["for row in self.rows:", "for row, _ in self.rows.items():"])
def test_a_loop_over_what_is_kept_stays_on_the_event_loop(tmp_path: Path, loop: str) -> None:
    told = told_of(
        tmp_path,
        f"""
        import asyncio

        class Store:
            async def save(self, path):
                with open(path, "w") as file:
                    {loop}
                        file.write(row)
        """,
    )
    assert told
    assert all(not item.example and "leave what is done with `self.rows`" in item.words for item in told)


def test_an_older_python_has_no_to_thread(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import asyncio, requests\n\nasync def main(url):\n"
        "    requests.get(url)\n    requests.get(url, timeout=3)\n",
        encoding="utf-8",
    )
    told = advice_for(tmp_path, python=(3, 8))
    first, second = sorted(told, key=lambda item: item.finding.position.line)
    assert first.example == "await asyncio.get_running_loop().run_in_executor(None, requests.get, url)"
    assert "run_in_executor(None, lambda: requests.get(url, timeout=3))" in second.example
    assert all(".get_event_loop().run_in" in item.example for item in advice_for(tmp_path, python=(3, 6)))


# -- files that others use -------------------------------------------------------------------------

WRITTEN = """
import asyncio, os, shutil, tempfile, threading, uuid
from pathlib import Path

FOLDER = Path("kept")
lock = threading.Lock()

class Store:
    def __init__(self, path):
        self.path = path
        self.folder = Path(path)

    def saved(self, text, name):
        BODY

    def written(self, text, path):
        with open(path, "w") as file:
            file.write(text)

    def read(self, name):
        return (self.folder / name).read_bytes()

    async def main(self, text, name):
        self.saved(text, name)
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("open(self.path, 'w').write(text)", "each writes the same file (`self.path`)"),
        ("(FOLDER / 'a.txt').write_text(text)", "each writes the same file"),
        ("Path(tempfile.gettempdir(), str(os.getpid())).write_text(text)", "each writes the same file"),
        ("self.written(text, self.path)", "each writes the same file"),
        ("shutil.copyfile(name, FOLDER)", "each writes the same file (`FOLDER`)"),
        ("(self.folder / name).write_text(text)", "other code reads such files (`self.folder`)"),
        ("open(self.path, 'a').write(text)", ""), ("open(name, 'w').write(text)", ""),
        ("(FOLDER / uuid.uuid4().hex).write_text(text)", ""), ("self.written(text, name)", ""),
        ("with lock:\n            open(self.path, 'w').write(text)", ""),
        ("open(self.path, 'w').write(text)\n        os.replace(self.path, name)", ""),
        ("open(self.path).read()", ""), ("name.save(self.path)\n        open(name).read()", ""),
    ],
)  # fmt: skip
def test_a_file_that_others_use_is_not_written_beside_them(tmp_path: Path, body: str, words: str) -> None:
    told = told_of(tmp_path, WRITTEN.replace("BODY", body))
    assert told
    assert all(words in item.words for item in told), [item.words for item in told]
    assert all(bool(item.example) != bool(words) for item in told)


def test_attributes_that_are_set_are_named(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, requests

        class Session:
            def begin(self, url):
                self.address, self.number = url, 1
                self.text = requests.get(url).text

            async def main(self, url):
                self.begin(url)
        """,
    )
    assert told
    assert all("if no other code uses meanwhile what `begin` sets, `self." in item.words for item in told)


def test_what_a_generator_reads_over_the_network_is_no_list(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, urllib.request

        def parts(url):
            with urllib.request.urlopen(url) as answer:
                while part := answer.read(65536):
                    yield part

        async def main(url, file):
            for part in parts(url):
                await file.write(part)
        """,
    )
    assert told
    assert not any("list(" in item.example for item in told)


@pytest.mark.parametrize(
    ("body", "words", "shown"),
    [
        ("self.total += len(requests.get(url).text)", "after that: with the `await` in this line", False),
        ("self.totals[url] += requests.get(url).text", "what it gives to `self.totals[url]` after", False),
        ("self.total = self.total + len(requests.get(url).text)", "to `self.total` after that", False),
        ("self.total = len(requests.get(url).text) + self.total", "in a thread", True),
        ("total = 0\n        total += len(requests.get(url).text)\n        print(total)", "a thread", True),
        ("found = requests.get(url, self.given)\n        self.given.append(found)",
         "around this and the change of `self.given` after it", False),
        ("found = requests.get(url, self.given)\n        await asyncio.sleep(0)\n"
         "        self.given.append(found)", "in a thread", True),
        ("found = requests.get(url, self.given)\n        self.other.append(found)", "in a thread", True),
    ],
)  # fmt: skip
def test_what_is_read_and_changed_around_an_await_is_lost(
    tmp_path: Path, body: str, words: str, shown: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, requests

class Store:
    def __init__(self):
        self.total, self.totals, self.given, self.other = 0, {{}}, [], []

    async def main(self, url):
        {body}
""",
    )
    assert told
    assert all(words in item.words and bool(item.example) == shown for item in told)


def test_a_plain_endpoint_needs_the_lock_too(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import shutil
        from fastapi import FastAPI
        from pathlib import Path

        app = FastAPI()

        @app.post("/one")
        async def one(name: str):
            path = Path(name)
            if path.exists():
                return {"made": False}
            shutil.copytree("empty", path)
            return {"made": True}

        @app.post("/other")
        async def other(name: str):
            shutil.copytree("empty", name)
        """,
    )
    first, second = of(told, "shutil.copytree")
    assert "make it a plain `def`" in first.words and "hold a `threading.Lock` around the test" in first.words
    assert not first.example and second.example


def test_an_endpoint_that_never_awaits_is_the_one_to_make_plain(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import requests
        from fastapi import FastAPI

        app = FastAPI()
        seen = {}

        def fetched(url):
            seen[url] = seen.get(url, 0) + 1
            return requests.get(url).text

        @app.get("/one")
        async def one(url: str):
            return fetched(url)

        @app.get("/other")
        async def other(url: str, wanted):
            await wanted()
            return fetched(url)
        """,
    )
    first, second = sorted(told, key=lambda item: item.finding.position.line)
    assert first.words.startswith(
        "make `one` a plain `def`, which fastapi runs in a thread, with a `threading."
    )
    assert second.words.startswith(
        "run `fetched` in a thread, with a `threading.Lock` around each use of `seen`"
    )
    assert not first.example and not second.example


@pytest.mark.parametrize(
    ("loop", "is_kept"),
    [
        ("for name in self.workers:", True), ("for name, url in self.workers.items():", True),
        ("for name in list(self.workers):", False), ("for name in self.names:", False),
        ("for name in NAMES:", True), ("for name in OTHERS:", False),
    ],
)  # fmt: skip
def test_what_is_gone_through_while_others_change_it_is_copied_first(
    tmp_path: Path, loop: str, is_kept: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, requests

NAMES, OTHERS = [], []

def noted(name):
    NAMES.append(name)

class Controller:
    def __init__(self):
        self.workers = {{}}
        self.names = []
        self.names.append("first")

    def register(self, name, url):
        self.workers[name] = url

    def refresh(self):
        {loop}
            requests.get(name)

async def main(controller: Controller):
    controller.refresh()
""",
    )
    assert told
    assert all(("goes through a copy of" in item.words) == is_kept != bool(item.example) for item in told)
