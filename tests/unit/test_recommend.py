"""Recommendations speak the async library of the module that they are for."""

from __future__ import annotations

import pytest

from conclint.catalog.loader import Catalog
from conclint.rules.call_text import take_apart
from conclint.rules.recommend import AsyncLibrary, for_wait

CATALOG = Catalog()


def said(name: str, call: str, library: AsyncLibrary) -> tuple[str, str]:
    fact = CATALOG.function(name)
    assert fact is not None
    found = for_wait(fact, take_apart(call), library)
    return found.text, found.example or ""


@pytest.mark.parametrize("library", [AsyncLibrary.TRIO, AsyncLibrary.ANYIO])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("builtins.open", "open(path)"),
        ("queue.Queue.get", "jobs.get()"),
        ("threading.Lock.acquire", "lock.acquire()"),
        ("threading.Thread.join", "thread.join()"),
        ("redis.Redis.get", "client.get(key)"),
        ("sqlite3.Cursor.execute", "cursor.execute(query)"),
        ("socket.socket.recv", "connection.recv(10)"),
        ("time.sleep", "time.sleep(1)"),
        ("subprocess.run", "subprocess.run(command)"),
    ],
)
def test_nothing_speaks_of_asyncio_elsewhere(name: str, call: str, library: AsyncLibrary) -> None:
    text, example = said(name, call, library)
    for word in ("asyncio", "aiosqlite", "aiofiles"):
        assert word not in text + example
    assert f"{library.value}." in example


def test_a_note_that_holds_everywhere_stays() -> None:
    for library in (AsyncLibrary.ASYNCIO, AsyncLibrary.TRIO, AsyncLibrary.ANYIO):
        text, _ = said("requests.get", "requests.get(url)", library)
        assert "httpx keeps its call style" in text


def test_a_note_offers_the_library_s_own_threads() -> None:
    text, _ = said("builtins.open", "open(path)", AsyncLibrary.TRIO)
    assert "await trio.to_thread.run_sync(that_function)" in text


@pytest.mark.parametrize(
    ("name", "call", "example"),
    [
        ("builtins.open", "open(path, encoding=name)", "deferred = deferToThread(open, path, encoding=name)"),
        ("requests.get", "requests.get(url)", "deferred = deferToThread(requests.get, url)"),
    ],
)
def test_under_twisted_it_is_the_reactor_s_threads(name: str, call: str, example: str) -> None:
    text, shown = said(name, call, AsyncLibrary.TWISTED)
    assert shown == example
    for word in ("asyncio", "httpx", "aiofiles"):
        assert word not in text
