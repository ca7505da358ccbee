"""What advice says and shows, shape by shape: code that fits its place, or words."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from conclint.rules.advice.library import MIXED, library_of_program
from harness.advice import Told, advice_for


def told_of(folder: Path, library: str = "asyncio", **files: str) -> list[Told]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder, library)


def code(told: list[Told], line: int | None = None) -> str:
    """The examples, at a line or all, with blanks as one."""
    found = [item.example for item in told if line in (None, item.finding.position.line)]
    return " ".join("\n".join(dict.fromkeys(found)).split())


def in_coroutine(folder: Path, imports: str, body: str, library: str = "asyncio") -> list[Told]:
    lines = [imports, "async def handle(path, name, data):", *("    " + line for line in body.splitlines())]
    return told_of(folder, library, program="\n".join(lines))


@pytest.mark.parametrize(
    ("imports", "body", "shown"),
    [
        ("import pathlib, asyncio", "(pathlib.Path(path) / name).write_bytes(data)",
         "await asyncio.to_thread((pathlib.Path(path) / name).write_bytes, data)"),
        ("import requests, asyncio", "return requests.get(path, timeout=3).json()['x']",
         "return (await asyncio.to_thread(requests.get, path, timeout=3)).json()['x']"),
        ("import httpx, stripe", "return stripe.Customer.list(email=name)[0]",
         "return (await stripe.Customer.list_async(email=name))[0]"),
        ("import pkgutil, asyncio", "for module in pkgutil.walk_packages(path):\n    print(module)",
         "for module in await asyncio.to_thread(lambda: list(pkgutil.walk_packages(path))): …"),
        ("import requests, asyncio", "if requests.get(path).ok and data:\n    return 1",
         "if (await asyncio.to_thread(requests.get, path)).ok and data: …"),
        ("import requests, asyncio", "return [one for one in requests.get(path).json() if one]",
         "return [one for one in (await asyncio.to_thread(requests.get, path)).json() if one]"),
        ("import subprocess, asyncio", "return -subprocess.run(data, check=True, text=True).returncode",
         "return -(await asyncio.to_thread(subprocess.run, data, check=True, text=True)).returncode"),
        ("import requests, trio", "return requests.get(path, timeout=3)",
         "return await trio.to_thread.run_sync(lambda: requests.get(path, timeout=3))"),
        ("import requests, anyio", "return requests.get(path)",
         "return await anyio.to_thread.run_sync(requests.get, path)"),
        ("import time, trio", "time.sleep(2)", "await trio.sleep(2)"),
        ("import time, asyncio as aio", "time.sleep(2)", "await aio.sleep(2)"),
        ("from time import sleep\nimport asyncio", "sleep(2)", "await asyncio.sleep(2)"),
        ("import time, asyncio", "data.run(time.sleep, 3)", ""),
        ("from twisted.internet import reactor\nimport requests", "return requests.get(path)",
         "from twisted.internet.threads import deferToThread return await deferToThread(requests.get, path)"),
        ("from twisted.internet import threads\nimport requests", "return requests.get(path)",
         "return await threads.deferToThread(requests.get, path)"),
    ],
)  # fmt: skip
def test_the_code_fits_its_place(tmp_path: Path, imports: str, body: str, shown: str) -> None:
    assert code(in_coroutine(tmp_path, imports, body)) == shown


@pytest.mark.parametrize(
    ("imports", "body", "never"),
    [
        ("import sqlite3", "db = sqlite3.connect(path)\nreturn db.execute(name).fetchall()", "to_thread"),
        ("import threading\nlock = threading.RLock()", "lock.acquire()\nlock.release()", "to_thread(lock"),
        ("import threading, asyncio\nlock = threading.Lock()", "with lock:\n    await asyncio.sleep(1)",
         "lock)"),
        ("import bs4", "return bs4.BeautifulSoup(data, 'lxml').title", "process_pool"),
        ("file = open('x')", "return next(file)", "next"),
        ("import tenacity", "for attempt in tenacity.Retrying(wait=name):\n    return attempt", "await"),
    ],
)  # fmt: skip
def test_what_cant_be_moved_is_said_in_words(tmp_path: Path, imports: str, body: str, never: str) -> None:
    told = in_coroutine(tmp_path, imports, body)
    assert told
    assert all(item.words for item in told)
    assert never not in code(told)


def test_a_plain_function_on_the_loop_cant_wait(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, time, signal

        def on_signal():
            time.sleep(1)

        async def main():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, on_signal)
            loop.call_later(1, lambda: time.sleep(1))
        """,
    )
    assert len(told) == 2
    assert not code(told)
    assert all("can't" in item.words for item in told)


def test_what_sets_up_an_object_on_the_way_may_need_the_loop(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, requests

        class Feed:
            def __init__(self, url):
                self.url = url
                self.inbox = Inbox()

            def start(self):
                self.first = requests.get(self.url)

        class Inbox:
            def __init__(self):
                self.loop = asyncio.get_running_loop()

        def started(url):
            feed = Feed(url)
            feed.start()
            return feed

        async def main(url):
            return started(url)
        """,
    )
    assert [item.text for item in told] == [None]
    assert "this event loop (`asyncio.get_running_loop`, program.py:14)" in told[0].words
    assert "take `Feed.start` out of it" in told[0].words


@pytest.mark.parametrize(
    ("decorator", "shown"),
    [
        ("import tornado.gen\nimport asyncio\n@tornado.gen.coroutine",
         "self.write((yield asyncio.to_thread(load, path)))"),
        ("from tornado.web import gen\nimport asyncio\n@gen.coroutine",
         "self.write((yield asyncio.to_thread(load, path)))"),
        ("from twisted.internet import defer\nfrom twisted.internet.threads import deferToThread\n"
         "@defer.inlineCallbacks", "self.write((yield deferToThread(load, path)))"),
    ],
)  # fmt: skip
def test_generators_that_wait_yield(tmp_path: Path, decorator: str, shown: str) -> None:
    *imports, last = decorator.split("\n")
    program = "\n".join(
        [
            *imports,
            "def load(path):",
            "    with open(path) as file:",
            "        return file.read()",
            last,
            "def get(self, path):",
            "    self.write(load(path))",
            "    yield self.flush()",
            "async def main(self):",
            "    import asyncio",
            "    asyncio.get_running_loop().call_soon(get, self, 'x')",
        ]
    )
    assert code(told_of(tmp_path, program=program)) == shown


def test_an_endpoint_that_never_awaits_is_a_plain_function(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, requests
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/")
        async def quick(name: str, *, other: int = 3) -> dict:
            return requests.get(name).json()

        @app.get("/slow")
        async def slow(name):
            await asyncio.sleep(1)
            return requests.get(name).json()
        """,
    )
    assert code(told, 9) == "def quick(name: str, *, other: int = 3) -> dict: …"
    assert code(told, 14) == "return (await asyncio.to_thread(requests.get, name)).json()"


def test_django_s_database_is_asked_where_its_connection_is(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio
        from django.db import models

        class Agent(models.Model):
            slug = models.CharField()

        def first(slug):
            return Agent.objects.filter(slug=slug).first()

        async def handle(slug):
            agent = first(slug)
            one = await asyncio.sleep(0) or Agent.objects.filter(slug=slug).get()
            total = sum(found.size for found in Agent.objects.filter(slug=slug))
            return [found.slug for found in Agent.objects.filter(slug=slug).exclude(slug="x")]
        """,
    )
    assert "agent = await sync_to_async(first)(slug)" in code(told, 12)
    assert code(told, 13).endswith("or await Agent.objects.filter(slug=slug).aget()")
    assert "for found in await sync_to_async(list)(Agent.objects.filter(slug=slug)))" in code(told, 14)
    assert "[found.slug async for found in Agent.objects.filter(slug=slug).exclude(" in code(told, 15)


def test_two_blocks_with_the_same_name_share_nothing(tmp_path: Path) -> None:
    body = """with open(path) as f:
    first = f.read()
with open(name) as f:
    second = f.read()
return first + second"""
    told = in_coroutine(tmp_path, "import asyncio", body)
    assert all(item.example.startswith("def work") for item in told)
    assert "nonlocal" not in code(told)
    assert "return first" in code(told) and "return second" in code(told)


@pytest.mark.parametrize("use", ["print(f)", "f = 3", "del f"])
def test_a_name_that_is_used_outside_of_such_blocks_is_shared(tmp_path: Path, use: str) -> None:
    body = f"with open(path) as f:\n    first = f.read()\n{use}\nreturn first"
    assert "nonlocal f" in code(told := in_coroutine(tmp_path, "import asyncio", body)) or "f, first" in code(
        told
    )


def test_a_session_that_is_kept_is_not_handed_to_threads(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        from fastapi import FastAPI
        from sqlalchemy import select
        from sqlalchemy.orm import Session, scoped_session, sessionmaker

        make = sessionmaker()
        kept = make()
        app = FastAPI()

        class Rows:
            session = scoped_session(make)
            def __init__(self, session: Session):
                self.own = session
            def all(self):
                return self.own.execute(select(1)).all()
            def asked(self):
                return self.own.query(Rows).filter(1).all()
            @staticmethod
            def scoped():
                return Rows.session.scalars(select(1))

        @app.get("/")
        async def kept_ones(rows: Rows):
            rows.all()
            rows.asked()
            Rows.scoped()
            kept.execute(select(1))

        @app.get("/own")
        async def own_ones():
            with make() as session:
                return session.execute(select(1)).all()
        """,
    )
    for line in (24, 25, 26, 27):
        texts = [item.words for item in told if item.finding.position.line == line]
        assert texts and all("with a session of its own" in text for text in texts)
        assert code(told, line) == ""
    assert code(told, 32) == "def own_ones(): …"


def test_what_needs_the_loop_stays_on_it(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio
        from somewhere import Base

        def read(path):
            return open(path).read()

        class Client:
            def __init__(self, path):
                self.lock = asyncio.Lock()
                self.key = read(path)

        class Derived(Base):
            def __init__(self, path):
                super().__init__()
                self.key = read(path)

        async def main(path):
            return Client(path), Derived(path), read(path)
        """,
    )
    found = {item.finding.position.column: item for item in told}
    first, second, third = (found[column] for column in sorted(found))
    assert first.text is None
    assert "if nothing in it needs this event loop (`asyncio.Lock`, program.py:10)" in first.words
    assert "take `read` out of it (`Client.__init__`, program.py:11)" in first.words
    assert second.text is None
    assert third.text is not None


def test_loops_are_rewritten_only_where_each_round_is_one_call(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import asyncio, black

        async def fetch(user):
            await asyncio.sleep(1)
            return user

        async def main(raws):
            found = []
            for raw in raws:
                user = raw.strip()
                found.append(await fetch(user))
            for raw in raws:
                found.append(await fetch(raw))
            for raw in raws:
                found.append(await asyncio.to_thread(black.format_str, raw))
            return found
        """,
    )
    assert not code(told, 12)
    assert code(told, 14) == "found.extend(await asyncio.gather(*(fetch(raw) for raw in raws)))"
    assert not code(told, 16)
    assert "at the same time" not in "".join(item.words for item in told)


def test_several_findings_at_one_call_share_one_piece_of_advice(tmp_path: Path) -> None:
    body = "with open(path) as file:\n    for line in file:\n        print(open(line).read())"
    told = in_coroutine(tmp_path, "import asyncio", body)
    assert len(told) > 2
    assert len({item.text for item in told}) == 1


def test_the_program_s_library_counts_where_a_file_names_none(tmp_path: Path) -> None:
    body = "open(path).read()"
    for library, word in (
        ("twisted", "deferToThread"),
        ("trio", "trio.to_thread"),
        ("anyio", "anyio.to_thread"),
    ):
        told = in_coroutine(tmp_path, "import json", body, library)
        assert word in code(told)
        assert "asyncio" not in code(told) + "".join(item.words for item in told)


def test_a_long_call_is_elided(tmp_path: Path) -> None:
    arguments = ", ".join(f"parameter_number_{number}=path" for number in range(20))
    told = in_coroutine(
        tmp_path, "import requests, asyncio", f"found = requests.get(path, {arguments}).json()"
    )
    shown = code(told)
    assert len(shown) <= 100
    assert shown.startswith("found = (await asyncio.to_thread(requests.get, path, parameter_number_0=path,")
    assert shown.endswith("…)).json()")
    assert told[0].text is not None and arguments in told[0].text


STORE = """
import asyncio, json, threading, time, requests

lock = threading.Lock()

class Store:
    def __init__(self, path):
        self.path, self.rows, self.count, self.model = path, {}, 0, None

    def add(self, url):
        self.rows[url] = requests.get(url, timeout=3).json()

    def guarded(self, url):
        found = requests.get(url, timeout=3).json()
        with lock:
            self.rows[url] = found

    def save(self):
        with open(self.path, "w") as file:
            json.dump(self.rows, file)

    def download(self, url):
        return requests.get(url).text

    def counted(self, url):
        text = self.download(url)
        self.count += 1
        return text

    def model_of(self):
        if self.model is None:
            self.model = requests.get(self.path).json()
        return self.model

    def deeper(self, url):
        requests.get(url)
        self.note(url)

    def note(self, url):
        self.rows.setdefault(url, []).append(url)

    def held(self, url):
        with lock:
            requests.get(url)
        self.note(url)

    def dozing(self, url):
        with lock:
            time.sleep(1)
        self.note(url)

    async def handle(self, url, rows):
        CALL

def fill(rows, url):
    rows.append(requests.get(url).text)
"""
"""A class with state, whose methods wait; `CALL` is the line that is looked at."""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("self.add(url)", "run `add` in a thread, with a `threading.Lock` around each use of `self.rows`. "
         "Other code may be using that while `add`"),
        ("self.counted(url)", "around each use of `self.count`. Other code may"),
        ("self.held(url)", "run `held` in a thread, with a `threading.Lock`"),
        ("self.deeper(url)", "while `deeper` changes it (in `Store.note`)."),
        ("fill(self.rows, url)", "around each use of `rows`. Other code may be using that"),
        ("self.save()", "make a copy of `self.rows`"),
        ("with open(url) as file:\n            self.rows[url] = file.read()", "done with `self.rows`"),
        ("with open(url) as file:\n            self.count += len(file.read())", "leave what is done with"),
    ],
)  # fmt: skip
def test_what_changes_the_loop_s_state_stays_on_it(tmp_path: Path, call: str, words: str) -> None:
    told = told_of(tmp_path, program=STORE.replace("CALL", call))
    found = [item for item in told if words in item.words]
    assert found, [item.words for item in told]
    assert not any(item.example for item in found)


@pytest.mark.parametrize(
    "call",
    [
        "self.guarded(url)", "own = Store(url)\n        own.add(url)",
        "found = []\n        fill(found, url)",
        "with open(url) as file:\n            self.model = file.read()",
        "kept = {}\n        with open(url) as file:\n            kept[url] = file.read()",
    ],
)  # fmt: skip
def test_what_changes_only_its_own_things_is_moved(tmp_path: Path, call: str) -> None:
    assert "to_thread" in code(told_of(tmp_path, program=STORE.replace("CALL", call)))


def test_an_endpoint_that_counts_stays_on_the_loop(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import requests
        from fastapi import FastAPI

        app = FastAPI()
        seen = {}

        @app.get("/")
        async def page(name: str):
            seen[name] = seen.get(name, 0) + 1
            return requests.get(name).json()
        """,
    )
    assert code(told) == "import asyncio return (await asyncio.to_thread(requests.get, name)).json()"


CLIENT = """
import asyncio, requests

class Client:
    def load(self, url, *, tries=3):
        return requests.get(url, timeout=tries)

    SIGNATURE
        await asyncio.sleep(1)

    async def handle(self, url):
        return self.load(url, tries=1).json()

def fetch(url):
    return requests.get(url).text

async def fetch_async(url):
    await asyncio.sleep(1)

async def main(client: Client, url):
    fetch(url)
    return [client.load(one) for one in url]
"""


@pytest.mark.parametrize(
    ("signature", "name"),
    [
        ("async def aload(self, url, *, tries=3):", "aload"),
        ("async def async_load(self, url, *, tries=3):", "async_load"),
        ("async def load_async(self, url, *, tries=3):", "load_async"),
    ],
)
def test_the_program_s_own_coroutine_function_is_awaited(tmp_path: Path, signature: str, name: str) -> None:
    told = told_of(tmp_path, program=CLIENT.replace("SIGNATURE", signature))
    assert code(told, 12) == f"return (await self.{name}(url, tries=1)).json()"
    assert code(told, 22) == f"return [await client.{name}(one) for one in url]"
    assert code(told, 21) == "await fetch_async(url)"


@pytest.mark.parametrize(
    "signature",
    [
        "async def aload(self, url, *, tries=4, more):",
        "async def aload(self, address, *, tries=3):",
        "def aload(self, url, *, tries=3):\n        return self\n    async def other(self):",
        "async def aload(self, url, *, tries=3):\n        self.load(url)",
        "async def aload(self, url, *, tries=3):\n        yield 1",
    ],
)
def test_another_coroutine_function_is_not_awaited_instead(tmp_path: Path, signature: str) -> None:
    told = told_of(tmp_path, program=CLIENT.replace("SIGNATURE", signature))
    assert "aload" not in "".join(item.words + item.example for item in told)


def test_a_coroutine_function_that_calls_its_own_counterpart_is_not_sent_to_itself(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import requests

        class Client:
            def load(self, url):
                return requests.get(url)

            async def aload(self, url):
                return self.load(url)

        class Derived(Client):
            async def aload(self, url):
                return super().load(url)
        """,
    )
    assert told
    assert not any("await self.aload" in item.example or "`aload`" in item.words for item in told)


HELPERS = """
import asyncio, functools, requests
from concurrent.futures import ThreadPoolExecutor
from threads import in_thread, spawn, with_name
pool = ThreadPoolExecutor()

async def at_top(function, *args, **kwargs):
    work = functools.partial(function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, work)

class Client:
    async def _offload(self, function):
        return await asyncio.to_thread(function)

    async def handle(self, url):
        return requests.get(url, timeout=3)

    @staticmethod
    async def other(url):
        with open(url) as file:
            return file.read()
"""
THREADS = """
import asyncio, threading

async def in_thread(function, *args):
    return await asyncio.to_thread(function, *args)

def spawn(function, *args):
    threading.Thread(target=function, args=args).start()

async def with_name(name, function):
    return await asyncio.to_thread(function)
"""


def test_the_program_s_own_way_into_a_thread_is_taken(tmp_path: Path) -> None:
    told = told_of(tmp_path, program=HELPERS, threads=THREADS)
    assert code(told, 16) == "return await self._offload(lambda: requests.get(url, timeout=3))"
    assert "return await at_top(work)" in code(told, 20)


def test_what_a_module_uses_already_is_what_it_uses(tmp_path: Path) -> None:
    used = """
async def one(url):
    await in_thread(print, url)
    return requests.get(url, 3)

async def two(url):
    return [line for line in open(url)]
"""
    told = told_of(tmp_path, program=HELPERS + used, threads=THREADS)
    assert code(told, 25) == "return await in_thread(requests.get, url, 3)"
    assert "in await in_thread(lambda: list(open(url)))]" in code(told, 28)


def test_a_helper_that_wants_more_is_only_named(tmp_path: Path) -> None:
    program = """
import requests
from threads import with_name

async def one(url):
    await with_name("x", print)
    return requests.get(url)
"""
    told = told_of(tmp_path, program=program, threads=THREADS)
    assert all("`with_name`" in item.words and not item.example for item in told)


KEYWORDS = """
import asyncio, functools

async def in_executor(function, *args, **kwargs):
    {0}
    future = asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *args, **kwargs))
    {1}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("pass", "return await future", "in_executor"),
        ("kwargs['stop'] = asyncio.Event()", "return await future", "asyncio.to_thread"),
        ("kwargs.setdefault('stop', None)", "return await future", "asyncio.to_thread"),
        ("pass", "await future", "asyncio.to_thread"),
    ],
)
def test_a_helper_that_adds_arguments_or_drops_the_result_is_none(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    program = """
import requests
from threads import in_executor

async def one(url):
    return requests.get(url)
"""
    told = told_of(tmp_path, program=program, threads=KEYWORDS.format(before, after))
    assert f"await {expected}(requests.get, url)" in code(told)


def test_what_only_starts_a_thread_is_no_helper(tmp_path: Path) -> None:
    program = """
import requests
from threads import spawn

async def one(url):
    spawn(print, url)
    return requests.get(url)
"""
    assert "asyncio.to_thread" in code(told_of(tmp_path, program=program, threads=THREADS))


def test_a_library_s_way_that_a_module_uses_is_used_again(tmp_path: Path) -> None:
    program = """
import requests
from anyio.to_thread import run_sync

async def one(url):
    await run_sync(print, url)
    return requests.get(url, 3)

async def two(url):
    return requests.get(url, timeout=3)
"""
    told = told_of(tmp_path, program=program)
    assert code(told, 7) == "return await run_sync(requests.get, url, 3)"
    assert code(told, 10) == "return await run_sync(lambda: requests.get(url, timeout=3))"


@pytest.mark.parametrize(
    "body",
    [
        "await asyncio.gather(self.send(Upload(path)), self.send(1))",
        "await asyncio.gather(*[self.send(Upload(one)) for one in path])",
        "await asyncio.wait_for(self.send(Upload(path)), 3)",
        "await self.send(Upload(path))",
    ],
)
def test_what_gives_an_awaitable_is_not_sent_to_a_thread(tmp_path: Path, body: str) -> None:
    program = f"""
import asyncio

class Upload:
    def __init__(self, path):
        with open(path) as file:
            self.text = file.read()

class Client:
    def send(self, item):
        with open(str(item)) as file:
            self.seen = file.read()
        return self.later

    async def run(self, path):
        {body}
"""
    told = told_of(tmp_path, program=program)
    assert told
    assert not any("lambda: self.send" in item.example for item in told), [item.example for item in told]


def test_what_a_process_cant_be_given_is_said(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        seen = []

        def crunch(number):
            total = 0
            for one in range(number):
                for other in range(300):
                    total += one * other % 7
            return total

        class Box:
            def packed(self, number):
                return crunch(number) + self.more

        def top(number):
            seen.append(1)
            return crunch(number)

        async def main(box: Box):
            def inner(number):
                return crunch(number)
            return box.packed(20_000), inner(20_000), top(20_000)
        """,
    )
    packed, inner, top = sorted(told, key=lambda item: item.finding.position.column)
    assert "put what `packed` computes into a function at the top of a module" in packed.words
    assert "put what `inner` computes" in inner.words
    assert "What it changes in a process (`seen`) stays there" in top.words
    assert not code(told)


def test_a_chain_is_not_made_async_by_what_only_avoids_the_wait(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import configparser

        def settings(path):
            found = configparser.ConfigParser()
            found.read(path)
            return found

        async def main(path):
            return settings(path)
        """,
    )
    assert told
    assert not any("call chain async" in item.words for item in told)


def test_a_decorated_function_has_the_name_that_it_is_called_by(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import functools, requests

        def silent(function):
            @functools.wraps(function)
            def wrapper(*args):
                try:
                    return function(*args)
                except OSError:
                    return None
            return wrapper

        @silent
        def track(event):
            requests.post("https://example.org", json=event)

        async def main(event):
            track(event)
        """,
    )
    assert any("run `track` in a thread" in item.words for item in told)


def test_what_may_run_on_either_library_is_told_so(tmp_path: Path) -> None:
    program = """
import requests

async def one(url):
    return requests.get(url)
"""
    told = told_of(tmp_path, library=MIXED, program=program)
    assert told
    assert all("asyncio" in item.words and "trio" in item.words and not item.example for item in told)
    assert library_of_program({"a": ["asyncio"], "b": ["trio"], "c": []}) == MIXED
    assert library_of_program({"a": ["asyncio", "trio"], "b": ["asyncio"]}) == "asyncio"
    assert library_of_program({"a": ["klein"], "b": []}) == "twisted", "it runs on no other"


def test_an_attribute_that_is_made_once_is_read_once(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        class Config:
            @property
            def log(self):
                if self._log is None:
                    self._log = open("log", "w")
                return self._log

            @property
            def text(self):
                with open("text") as file:
                    return file.read()

        async def main(config: Config):
            return config.log, config.text
        """,
    )
    log, text = sorted(told, key=lambda item: item.finding.position.column)
    assert "read `log` once" in log.words and not log.example
    assert "to_thread(lambda: config.text)" in text.example


def test_what_is_handed_to_a_process_keeps_it_from_being_spawned(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        program="""
        import multiprocessing, threading

        def work(*given):
            print(given)

        def start():
            threading.Thread(target=work).start()
            queue = multiprocessing.Queue()
            multiprocessing.Process(target=work, args=(queue,)).start()

        def start_plain():
            threading.Thread(target=work).start()
            multiprocessing.Process(target=work, args=(1, "x")).start()

        if __name__ == "__main__":
            start()
            start_plain()
        """,
    )
    forks = [item for item in told if item.finding.code == "CON604"]
    assert [bool(item.example) for item in forks] == [False, True]
