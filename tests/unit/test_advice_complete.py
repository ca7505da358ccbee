"""Code in advice is whole: it has its imports, moves what reads, and what stands there twice."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from harness.advice import Told, advice_for


def told_of(folder: Path, text: str) -> list[Told]:
    (folder / "program.py").write_text(dedent(text), encoding="utf-8")
    return advice_for(folder)


def only(told: list[Told], text: str) -> Told:
    """What is told of a call, by its message."""
    found = [item for item in told if text in item.finding.message]
    assert found, [item.finding.message for item in told]
    return found[0]


# -- imports -----------------------------------------------------------------------------------------

IMPORTING = """
import requests, sys
from typing import TYPE_CHECKING

BEFORE

async def run(url):
    return requests.get(url)

AFTER
"""


@pytest.mark.parametrize(
    ("before", "after", "is_seen"),
    [
        ("", 'if __name__ == "__main__":\n    import asyncio\n    asyncio.run(run("x"))', False),
        ("", "def main():\n    import asyncio\n    asyncio.run(run('x'))", False),
        ("class Held:\n    import asyncio", "", False),
        ("if TYPE_CHECKING:\n    import asyncio", "", False),
        ("if sys.platform == 'win32':\n    import asyncio", "", False),
        ("import asyncio", "", True),
        ("try:\n    import asyncio\nexcept ImportError:\n    pass", "", True),
    ],
)
def test_an_import_that_the_function_may_not_see_is_added(
    tmp_path: Path, before: str, after: str, is_seen: bool
) -> None:
    text = IMPORTING.replace("BEFORE", before).replace("AFTER", after)
    found = only(told_of(tmp_path, text), "requests.get")
    assert "await asyncio.to_thread(requests.get, url)" in found.example
    assert found.example.startswith("import asyncio") != is_seen


def test_a_method_does_not_see_what_its_class_imports(tmp_path: Path) -> None:
    found = only(
        told_of(
            tmp_path,
            """
            import requests

            class Client:
                import asyncio

                async def get(self, url):
                    return requests.get(url)
            """,
        ),
        "requests.get",
    )
    assert found.example.startswith("import asyncio")


# -- what is read later ------------------------------------------------------------------------------

READ = """import asyncio, json, os
from urllib.request import urlopen

async def run(it):
    await asyncio.sleep(1)
"""
TOO = "to read it waits too"


@pytest.mark.parametrize(
    ("body", "cause", "words", "example"),
    [
        ("for line in os.popen(it):\n        print(line)", "os.popen", "the whole loop", "in os.popen(it):"),
        ("return [line for line in os.popen(it)]", "os.popen", "run the loop", ""),
        ("return parsed(os.popen(it))", "os.popen", TOO, ""),
        ("return list(os.popen(it))", "os.popen", "", "to_thread(lambda: list(os.popen(it)))"),
        ("return os.popen(it).read()", "os.popen", "", "to_thread(lambda: os.popen(it).read())"),
        ("return json.load(urlopen(it))", "urlopen", "", "to_thread(lambda: json.load(urlopen(it)))"),
        ("pipe = os.popen(it)\n    return pipe.read()", "os.popen.read", "", "to_thread(pipe.read)"),
    ],
)  # fmt: skip
def test_what_reads_a_pipe_is_moved_with_what_opens_it(
    tmp_path: Path, body: str, cause: str, words: str, example: str
) -> None:
    for item in told_of(tmp_path, f"{READ}    {body}\n"):
        if cause in item.finding.message:
            assert words in item.words
            assert example in item.example
            assert bool(example) == bool(item.example)


# -- what stands there twice -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("return int(db.get('a')) if db.get('a') else 0",
         "return int(await asyncio.to_thread(db.get, 'a')) if await asyncio.to_thread(db.get, 'a') else 0"),
        ("return len(db.get('a')) + len(db.get('a').strip())",
         "return len(await asyncio.to_thread(db.get, 'a'))"
         " + len((await asyncio.to_thread(db.get, 'a')).strip())"),
        ("return len(db.get('a')) + len(db.get('b'))",
         "return len(await asyncio.to_thread(db.get, 'a')) + len(db.get('b'))"),
        ("return db.get('a'), lambda: db.get('a')",
         "return await asyncio.to_thread(db.get, 'a'), lambda: db.get('a')"),
    ],
)  # fmt: skip
def test_the_same_call_in_one_expression_is_moved_too(tmp_path: Path, line: str, shown: str) -> None:
    text = f"import asyncio, redis\ndb = redis.Redis()\n\nasync def run():\n    {line}\n"
    found = told_of(tmp_path, text)[0]
    assert found.text is not None
    assert shown in found.text


# -- another client ----------------------------------------------------------------------------------

CLIENT = """
import asyncio
import httpx

class Retrying(httpx.BaseTransport):
    def handle_request(self, request):
        return httpx.Response(200)

class Signing(httpx.Auth):
    def sync_auth_flow(self, request):
        yield request

class Api:
    def client(self):
        return httpx.Client(GIVEN)

    async def get(self, url):
        client = self.client()
        return client.get(url)
"""
OTHER = "Make the client an httpx.AsyncClient."


@pytest.mark.parametrize(
    ("given", "is_told"),
    [
        ("timeout=3", True), ("auth=('name', 'password')", True), ("transport=Retrying()", False),
        ("transport=httpx.HTTPTransport(retries=2)", False), ("auth=Signing()", False),
        ("event_hooks={'request': [print]}", False),
    ],
)  # fmt: skip
def test_a_client_with_parts_of_its_own_is_not_made_another_one(
    tmp_path: Path, given: str, is_told: bool
) -> None:
    found = only(told_of(tmp_path, CLIENT.replace("GIVEN", given)), "httpx.Client.get")
    assert (OTHER in found.words) == is_told
    assert "to_thread(client.get, url)" in found.example
