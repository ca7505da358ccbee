"""Advice about objects that several tasks use: one thread at a time, statements kept together, no thread."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for

HOLDER = """
import asyncio, threading
IMPORTS

class Holder:
    def __init__(self, address):
        self.lock = threading.Lock()
        self.kept = MADE
        self.address = address

    def given(self):
        return self.kept

    def own(self):
        held = MADE
        return held.WORK

    def locked(self):
        with self.lock:
            return self.kept.WORK

    async def direct(self):
        return self.kept.WORK

    async def through(self):
        return self.given().WORK

    async def alone(self):
        return self.own()

    async def under_lock(self):
        return self.locked()
"""

LIBRARIES = [
    ("import pyodbc", "pyodbc.connect(address)", "execute('select 1')", "pyodbc"),
    ("import pymysql", "pymysql.connect(host=address)", "commit()", "pymysql"),
    ("import MySQLdb", "MySQLdb.connect(address)", "query('select 1')", "MySQLdb"),
    ("import psycopg", "psycopg.connect(address)", "execute('select 1')", "psycopg"),
    ("import psycopg2", "psycopg2.connect(address)", "commit()", "psycopg2"),
    ("import duckdb", "duckdb.connect(address)", "execute('select 1')", "duckdb"),
    ("import ftplib", "ftplib.FTP(address)", "nlst()", "ftplib.FTP"),
    ("import smtplib", "smtplib.SMTP(address)", "noop()", "smtplib.SMTP"),
    ("import pika", "pika.BlockingConnection(address)", "process_data_events()", "pika.BlockingConnection"),
    ("import happybase", "happybase.Connection(address)", "tables()", "happybase"),
    ("from pymemcache.client.base import Client", "Client(address)", "get('x')", "Client"),
    ("import sqlite3", "sqlite3.connect(address, check_same_thread=False)", "execute('x')", "sqlite3"),
]


def told_of(folder: Path, text: str) -> list[Told]:
    (folder / "program.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder)


def at(told: list[Told], symbol: str) -> list[Told]:
    found = [
        item for item in told if item.finding.symbol.endswith(f".{symbol}") and item.finding.family != "locks"
    ]
    assert found, [item.finding.symbol for item in told]
    return found


@pytest.mark.parametrize(("imports", "made", "work", "named"), LIBRARIES)
def test_what_other_tasks_use_too_is_used_in_turn(
    tmp_path: Path, imports: str, made: str, work: str, named: str
) -> None:
    text = HOLDER.replace("IMPORTS", imports).replace("MADE", made).replace("WORK", work)
    told = told_of(tmp_path, text)
    for symbol in ("direct", "through"):
        for item in at(told, symbol):
            assert not item.example
            assert "into one function" in item.words
            assert "`asyncio.Lock`" in item.words
            assert named in item.words
    for symbol in ("alone", "under_lock"):
        assert all("to_thread" in item.example for item in at(told, symbol))


def test_a_client_of_sftp_is_used_in_turn_also_through_a_base_class(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import abc, asyncio, shutil, paramiko

        class Copying(abc.ABC):
            @abc.abstractmethod
            def fetch(self, source, target):
                '''Copy one file.'''

        class Waiting(Copying):
            async def fetch_async(self, source, target):
                return self.fetch(source, target)

        class Local(Waiting):
            def fetch(self, source, target):
                shutil.copyfile(source, target)

        class Remote(Waiting):
            def __init__(self, client: paramiko.SFTPClient):
                self.client = client

            def fetch(self, source, target):
                self.client.get(source, target)
        """,
    )
    found = at(told, "fetch_async")
    assert {item.finding.family for item in found} == {"files", "sockets"}
    assert all(not item.example and "`asyncio.Lock`" in item.words for item in found)


SCOPED = """
import asyncio, threading
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

class Store:
    def __init__(self, address):
        self.engine = create_engine(address)
        self.lock = threading.Lock()
        self.scoped = scoped_session(sessionmaker(bind=self.engine))
        self.make = sessionmaker(bind=self.engine)

    async def shared(self):
        with self.scoped() as session:
            session.rollback()

    def locked(self):
        with self.lock:
            self.scoped.commit()

    async def shared_under_lock(self):
        self.locked()

    async def own(self):
        with self.make() as session:
            session.rollback()

    async def read(self, statement):
        with self.engine.connect() as connection:
            return connection.execute(statement).all()
"""


def test_a_scoped_session_is_that_of_all_tasks(tmp_path: Path) -> None:
    told = told_of(tmp_path, SCOPED)
    for symbol in ("shared", "shared_under_lock"):
        assert all(not item.example and "session of its own" in item.words for item in at(told, symbol))
    assert all("to_thread" in item.example for item in at(told, "own"))


def test_a_database_in_memory_is_another_one_in_a_thread(tmp_path: Path) -> None:
    assert all("StaticPool" in item.words for item in at(told_of(tmp_path, SCOPED), "read"))
    for known in ("from sqlalchemy.dialects import postgresql", "DEFAULT = 'mysql+pymysql://x'"):
        told = told_of(tmp_path, f"{known}\n{SCOPED}")
        assert not any("StaticPool" in item.words for item in told)


def test_a_connection_of_sqlite_works_where_it_was_made(tmp_path: Path) -> None:
    text = HOLDER.replace("IMPORTS", "import sqlite3").replace("WORK", "execute('x')")
    told = told_of(tmp_path, text.replace("MADE", "sqlite3.connect(address)"))
    assert all("thread that made it" in item.words for item in at(told, "direct"))


CURSORS = """
import asyncio, psycopg2

async def rows(dsn, sql, wanted):
    connection = psycopg2.connect(dsn)
    BODY
"""


def test_statements_of_one_cursor_stay_together(tmp_path: Path) -> None:
    whole = (
        "with connection.cursor() as cursor:\n        cursor.execute(sql)\n        return cursor.fetchall()"
    )
    told = [
        item for item in told_of(tmp_path, CURSORS.replace("BODY", whole)) if item.finding.position.line > 5
    ]
    assert told
    assert all("def work():\n    with connection.cursor()" in item.example for item in told)
    apart = "cursor = connection.cursor()\n    cursor.execute(sql)\n    await wanted()\n    cursor.fetchall()"
    told = [
        item for item in told_of(tmp_path, CURSORS.replace("BODY", apart)) if item.finding.position.line > 5
    ]
    assert told
    assert all(not item.example and "all that is done with `cursor`" in item.words for item in told)
    single = "cursor = connection.cursor()\n    cursor.execute(sql)"
    told = [
        item for item in told_of(tmp_path, CURSORS.replace("BODY", single)) if item.finding.position.line > 5
    ]
    assert all("to_thread(cursor.execute, sql)" in item.example for item in told)


@pytest.mark.parametrize(
    ("opened", "is_own"),
    [
        ("with closing(sqlite3.connect(path)) as db:\n        db.execute('x')", True),
        ("db = sqlite3.connect(path)\n    db.execute('x')\n    db.close()", True),
        ("DB.execute('x')", False),
        ("db = DB\n    db.execute('x')", False),
    ],
)
def test_a_connection_that_a_function_opens_itself_goes_with_it(
    tmp_path: Path, opened: str, is_own: bool
) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, sqlite3
from contextlib import closing

DB = sqlite3.connect("kept")

def work(path):
    {opened}

async def main(path):
    work(path)
""",
    )
    assert all(("to_thread(work, path)" in item.example) == is_own for item in at(told, "main"))


def test_an_endpoint_that_may_tell_the_loop_something_stays_on_it(tmp_path: Path) -> None:
    text = """
        import asyncio, time
        from abc import ABC, abstractmethod
        from fastapi import FastAPI

        app = FastAPI()

        class Console(ABC):
            @abstractmethod
            def log(self, text): ...

        class Page(Console):
            def __init__(self):
                self.queue = asyncio.Queue()

            def log(self, text):
                self.queue.put_nowait(text)

        class Context:
            console: Console

        context = Context()

        @app.get("/told")
        async def told():
            time.sleep(3)
            context.console.log("done")

        @app.get("/silent")
        async def silent():
            time.sleep(3)
    """
    (tmp_path / "a.py").write_text(dedent(text), encoding="utf-8")
    told, silent = advice_for(tmp_path)
    assert "plain" not in told.words
    assert "plain `def`" in silent.words


# -- files that are written back --------------------------------------------------------------------

NOTES = """
import asyncio, json, threading
from pathlib import Path

LOCK = threading.Lock()

def loaded(path):
    with open(path) as file:
        return json.load(file)

def saved(path, data):
    if not path.endswith(".json"):
        path += ".json"
    with open(path, "w") as file:
        json.dump(data, file)

class Notes:
    def __init__(self, path):
        self.path = path
        self.other = path + "x"

    def _load(self):
        return json.loads(Path(self.path).read_text(encoding="utf-8"))

    def _save(self, data):
        with open(self.path, "w") as file:
            json.dump(data, file)

    def _update(self, text):
        data = self._load()
        data.append(text)
        self._save(data)

    def noted(self, path: str, text, folder: Path):
        CODE

async def main(notes: Notes, path: str, text, folder: Path):
    notes.noted(path, text, folder)
"""


@pytest.mark.parametrize(
    ("code", "is_written_back"),
    [
        ("data = loaded(path)\n        data.append(text)\n        saved(path, data)", True),
        ("for file in folder.iterdir():\n            data = loaded(str(file))\n"
         "            saved(str(file), data)", False),
        ("for file in folder.iterdir():\n            name = str(file)\n            data = loaded(name)\n"
         "            saved(name, data)", True),
        ("data = folder.read_text(encoding='utf-8')\n        folder.write_text(data + text)", True),
        ("data = folder.read_text()\n        (folder / text).write_text(data)", False),
        ("saved(path, text)\n        return loaded(path)", False),
        ("folder.write_text(text)\n        self._update(text)", True),
        ("folder.write_text(text)\n        with LOCK:\n            self._update(text)", False),
        ("data = loaded(path)\n        saved(text, data)", False),
        ("with LOCK:\n            data = loaded(path)\n            saved(path, data)", False),
    ],
)  # fmt: skip
def test_what_is_written_back_needs_a_lock(tmp_path: Path, code: str, is_written_back: bool) -> None:
    (tmp_path / "program.py").write_text(NOTES.replace("CODE", code), encoding="utf-8")
    told = [item for item in advice_for(tmp_path) if item.finding.symbol == "program.main"]
    assert told
    for item in told:
        recommendation = item.advice.recommendation
        assert ("writes back what it has read" in recommendation.text) == is_written_back
        assert recommendation.example is None or not is_written_back


YIELDING = """
import sqlite3, time

class Store:
    def __init__(self):
        self.rows = {}

    def parts(self, names):
        for name in names:
            self.rows[name] = name
            time.sleep(1)
            yield name

class App:
    def __init__(self):
        self.store = Store()

    async def rows(self):
        return self.store.rows

    async def send(self, names):
        found = []
        for part in self.store.parts(names):
            found.append(part)
        return found
"""


def test_a_generator_that_changes_what_others_use_is_gone_through_in_the_thread(tmp_path: Path) -> None:
    """To call it there would only make it."""
    (tmp_path / "program.py").write_text(YIELDING, encoding="utf-8")
    (told,) = advice_for(tmp_path)
    text = told.advice.recommendation.text
    assert text.startswith("make a list of what `parts` gives in a thread, with a `threading.Lock`")


REGISTRY = """
import asyncio, requests, signal, threading, weakref

class Ticket:
    LIVE = {}

    def __init__(self, number):
        self.number = number

DROP

def fetched(url, number):
    Ticket.LIVE[number] = requests.get(url)
    return Ticket(number)

async def main(url):
    return fetched(url, 7)
"""


@pytest.mark.parametrize(
    ("drop", "finalizer"),
    [
        ("    def __del__(self):\n        Ticket.LIVE.pop(self.number, None)", "Ticket.__del__"),
        ("def gone(ref):\n    Ticket.LIVE.clear()\ndef watch(one):\n    return weakref.ref(one, gone)",
         "program.gone"),
        ("def gone(number):\n    del Ticket.LIVE[number]\ndef watch(one):\n"
         "    weakref.finalize(one, gone, one.number)", "program.gone"),
        ("def stop(number, frame):\n    Ticket.LIVE.clear()\nsignal.signal(signal.SIGTERM, stop)",
         "program.stop"),
        ("    def drop(self):\n        Ticket.LIVE.pop(self.number, None)", ""),
        ("    def __del__(self):\n        self.number = None", ""),
    ],
)  # fmt: skip
def test_no_lock_around_what_a_finalizer_uses(tmp_path: Path, drop: str, finalizer: str) -> None:
    (tmp_path / "program.py").write_text(REGISTRY.replace("DROP", drop), encoding="utf-8")
    (item,) = advice_for(tmp_path)
    assert ("`threading.Lock`" in item.words) is not bool(finalizer)
    assert (f"`{finalizer}` uses that too" in item.words) is bool(finalizer)


def test_an_objects_own_collection_is_its_finalizers_alone(tmp_path: Path) -> None:
    program = """
        import asyncio, requests

        class Feed:
            def __init__(self):
                self.pages = {}

            def load(self, url):
                self.pages[url] = requests.get(url)

            def __del__(self):
                self.pages.clear()

        async def main(feed: Feed, url):
            feed.load(url)
        """
    (tmp_path / "program.py").write_text(dedent(program), encoding="utf-8")
    (item,) = advice_for(tmp_path)
    assert "with a `threading.Lock` around each use of `self.pages`" in item.words


def test_a_test_that_finds_an_item_is_no_memos(tmp_path: Path) -> None:
    program = """
        import asyncio, json, pathlib

        class Providers:
            def __init__(self, path):
                self.path = pathlib.Path(path)
                self.kept = {}

            def add(self, key, peer):
                if key not in self.kept:
                    self.kept[key] = {}
                if len(self.kept[key]) > 20 and peer not in self.kept[key]:
                    return
                self.kept[key][peer] = True
                self.save()

            def save(self):
                with self.path.open("w") as file:
                    file.write(str(len(self.kept)))

        async def main(providers: Providers, key, peer):
            providers.add(key, peer)
        """
    (tmp_path / "program.py").write_text(dedent(program), encoding="utf-8")
    (item,) = advice_for(tmp_path)
    assert "with a `threading.Lock` around each use of `self.kept`" in item.words
    assert "Hold it while the file is written, too" in item.words


PONY = """
import asyncio
from pony import orm
from pony.orm import db_session, select

class Store:
    @db_session
    def decorated(self):
        return orm.count(one for one in self.rows)

    def own(self):
        with db_session(ddl=False):
            return orm.count(one for one in self.rows)

    def bare(self):
        return orm.count(one for one in self.rows)

async def main(store: Store, rows):
    with db_session:
        found = select(one for one in rows)
        store.bare()
        kept = [one.name for one in found[:50]]
    return store.decorated(), store.own(), kept
"""


def test_what_belongs_to_a_session_of_ponys_goes_to_a_thread_with_it(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PONY, encoding="utf-8")
    told = {
        PONY.splitlines()[item.finding.position.line - 1].strip(): item
        for item in advice_for(tmp_path)
        if item.finding.position.column < 26
    }
    for line in ("found = select(one for one in rows)", "store.bare()"):
        assert told[line].text is None
        assert "put the whole `db_session` into one function" in told[line].words
    both = told["return store.decorated(), store.own(), kept"]
    assert "run `decorated` in a thread" in both.words
    assert not any("db_session" in item.words for item in advice_for(tmp_path) if "own" in item.words)
