"""Advice about what does its work later: iterators, and managers that only entering and leaving runs."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, text: str) -> list[Told]:
    (folder / "program.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder)


PAGES = """
import asyncio
from google.cloud import storage

async def names(client: storage.Client, found, extra):
    bucket = client.bucket("b")
    CALL
"""


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("found.extend(bucket.list_blobs())",
         "found.extend(await asyncio.to_thread(lambda: list(bucket.list_blobs())))"),
        ("found += bucket.list_blobs(prefix=extra)",
         "found += await asyncio.to_thread(lambda: list(bucket.list_blobs(prefix=extra)))"),
        ("return [*found, *bucket.list_blobs()]",
         "return [*found, *await asyncio.to_thread(lambda: list(bucket.list_blobs()))]"),
        ("return sorted(bucket.list_blobs())",
         "return await asyncio.to_thread(lambda: sorted(bucket.list_blobs()))"),
        ("return [one for one in bucket.list_blobs()]",
         "return [one for one in await asyncio.to_thread(lambda: list(bucket.list_blobs()))]"),
    ],
)  # fmt: skip
def test_an_iterator_is_gone_through_in_the_thread(tmp_path: Path, call: str, shown: str) -> None:
    assert [item.example for item in told_of(tmp_path, PAGES.replace("CALL", call))] == [shown]


@pytest.mark.parametrize(
    "call",
    [
        "blobs = bucket.list_blobs()\n    return blobs", "return extra(bucket.list_blobs())",
        "found.extra += bucket.list_blobs()", "return [x for y in found for x in y(*bucket.list_blobs())]",
    ],
)  # fmt: skip
def test_an_iterator_that_is_kept_is_words(tmp_path: Path, call: str) -> None:
    told = told_of(tmp_path, PAGES.replace("CALL", call))
    assert told
    assert all(not item.example and "make a list of it in a thread" in item.words for item in told)


def test_the_loop_over_a_walk_is_moved_and_not_the_walk(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio, os

        SEEN = []

        def noted(root):
            for base, _, files in os.walk(root):
                for name in files:
                    SEEN.append(os.stat(os.path.join(base, name)).st_size)

        async def main(root):
            noted(root)
        """,
    )
    walks = [item for item in told if item.finding.cause == "os.walk"]
    assert walks
    assert all(item.words.startswith("run `noted` in a thread, with a `threading.Lock`") for item in walks)


@pytest.mark.parametrize(
    "entered",
    ["with opened(url) as page:\n        await use(page)", "page = stack.enter_context(opened(url))"],
)
def test_a_manager_is_more_than_the_call_that_makes_it(tmp_path: Path, entered: str) -> None:
    told = told_of(
        tmp_path,
        f"""
import asyncio, contextlib, requests

@contextlib.contextmanager
def opened(url):
    yield requests.get(url)
    requests.delete(url)

async def main(url, use, stack: contextlib.ExitStack):
    {entered}
""",
    )
    assert told
    assert all(not item.example and "async context manager" in item.words for item in told)


def test_the_manager_of_a_pool_is_entered_in_the_thread(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import asyncio
        from psycopg_pool import ConnectionPool

        async def main(pool: ConnectionPool, use):
            with pool.connection() as connection:
                await use(connection)
            with pool.connection() as connection:
                connection.execute("select 1")
        """,
    )
    first = [item for item in told if item.finding.position.line == 6]
    assert first
    assert all(not item.example and "enter and leave it in a thread" in item.words for item in first)
    assert all("def work" in item.example for item in told if item not in first)
