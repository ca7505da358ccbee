"""A call that reads or writes a file in a loop is moved with the loop, where nothing in it waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.advice import Told, advice_for

PROGRAM = """
import asyncio
import logging

logger = logging.getLogger()

def parsed(path):
    with open(path) as file:
        return file.read().split()

async def told(path):
    await asyncio.sleep(1)

class Shelf:
    def __init__(self):
        self.books = {{}}
        self.signal = None

    async def filled(self, paths, progress, seen: dict):
        words = []
        words_of = {{}}
        {code}
        await asyncio.sleep(0)
        return words, words_of
"""


def told_of(folder: Path, code: str) -> list[Told]:
    text = PROGRAM.format(code=code.replace("\n", "\n        "))
    (folder / "program.py").write_text(text, encoding="utf-8")
    number = next(at for at, line in enumerate(text.splitlines(), 1) if "parsed(path)" in line and at > 11)
    found = [item for item in advice_for(folder) if item.finding.position.line == number]
    assert found
    return found


@pytest.mark.parametrize(
    "code",
    [
        "for path in paths:\n    words += parsed(path)",
        "for path in paths:\n    words.append(parsed(path))",
        "for path in paths:\n    try:\n        words_of[path] = parsed(path)\n"
        "    except OSError:\n        logger.exception('no %s', path)",
        "for path in paths:\n    if path in words_of:\n        continue\n    words_of[path] = parsed(path)\n"
        "    if not words_of[path]:\n        break",
        "for number in range(3):\n    for path in paths:\n        words.extend(parsed(path))",
    ],
)
def test_the_loop_is_moved_with_what_reads_for_each_item(tmp_path: Path, code: str) -> None:
    for item in told_of(tmp_path, code):
        text, example = item.advice.recommendation.text, item.advice.recommendation.example or ""
        assert text.startswith("run the whole loop in a thread")
        assert example.splitlines()[0] == "def work():"
        assert example.splitlines()[-1] == "await asyncio.to_thread(work)"
        assert code.splitlines()[0] in example


@pytest.mark.parametrize(
    "code",
    [
        "for path in paths:\n    words += parsed(path)\n    await told(path)",
        "for path in paths:\n    self.books[path] = parsed(path)",
        "for path in paths:\n    seen[path] = parsed(path)",
        "for path in paths:\n    words += parsed(path)\n    progress(path)",
        "for path in paths:\n    words += parsed(path)\n    self.signal.emit(path)",
        "for path in paths:\n    words += parsed(path)\n    asyncio.create_task(told(path))",
        "for path in self.books:\n    words += parsed(path)",
    ],
)
def test_what_waits_or_belongs_to_others_stays_on_the_loop(tmp_path: Path, code: str) -> None:
    for item in told_of(tmp_path, code):
        assert "whole loop" not in item.advice.recommendation.text
        assert "def work" not in (item.advice.recommendation.example or "")


def test_a_loop_that_returns_is_moved_in_words(tmp_path: Path) -> None:
    code = "for path in paths:\n    found = parsed(path)\n    if found:\n        return found, None"
    for item in told_of(tmp_path, code):
        assert item.advice.recommendation.text.startswith("run the whole loop in a thread, as one function")
        assert item.advice.recommendation.example is None


def test_what_is_asked_for_once_is_moved_without_the_loop(tmp_path: Path) -> None:
    for item in told_of(tmp_path, "for word in parsed(path):\n    words.append(word)"):
        assert "whole loop" not in item.advice.recommendation.text


# -- computing that leaves the GIL free ------------------------------------------------------------

COMPUTING = """
import asyncio
import zlib
import bcrypt

def unpacked(data):
    return zlib.decompress(data)

async def told(text):
    return text

class Shelf:
    def __init__(self):
        self.kept = {{}}
        self.level = 3

    async def filled(self, items, coder, seen: dict):
        found = []
        found_of = {{}}
        {code}
        return found, found_of
"""


def computing(folder: Path, code: str) -> list[Told]:
    text = COMPUTING.format(code=code.replace("\n", "\n        "))
    (folder / "program.py").write_text(text, encoding="utf-8")
    told = [item for item in advice_for(folder) if item.finding.code == "CON303"]
    assert told
    return told


@pytest.mark.parametrize(
    "code",
    [
        "for item in items:\n    found.append(zlib.decompress(item))",
        "for item in items:\n    found.append(unpacked(item))",
        "for number, item in enumerate(items):\n    found_of[number] = zlib.compress(item, self.level)",
        "for item in items:\n    found.append(bcrypt.hashpw(item, bcrypt.gensalt()))",
        "for item in items:\n    if item not in found:\n        found.append(zlib.compress(item))\n"
        "print(len(found), sorted(found))\nawait told(found)",
    ],
)
def test_the_loop_is_moved_with_what_computes_for_each_item(tmp_path: Path, code: str) -> None:
    for item in computing(tmp_path, code):
        assert item.words.startswith("run the whole loop in a thread")
        assert item.example.splitlines()[0] == "def work():"
        assert item.example.splitlines()[-1] == "await asyncio.to_thread(work)"


@pytest.mark.parametrize(
    "code",
    [
        "for item in items:\n    self.kept[item] = zlib.decompress(item)",
        "for item in items:\n    found.append(await told(zlib.decompress(item)))",
        "for item in items:\n    item['data'] = zlib.compress(item['data'])",
        "for item in items:\n    record = item.record\n    record['data'] = zlib.compress(item.data)",
        "for item in items:\n    found.append(coder.decode(zlib.decompress(item)))",
        "for item in self.kept.values():\n    found.append(zlib.decompress(item))",
        "for item in coder.stored(items):\n    found.append(zlib.decompress(item))",
        "for item in items:\n    if self.wanted(item):\n        found.append(zlib.decompress(item))",
        "for name, item in seen.items():\n    data = zlib.decompress(item)\n    found_of[name] = data[1:]",
        "while items:\n    found.append(zlib.decompress(items.pop()))",
        "coder.give(found)\nfor item in items:\n    found.append(zlib.decompress(item))",
        "seen['found'] = found\nfor item in items:\n    found.append(zlib.decompress(item))",
        "asyncio.create_task(told(found))\nfor item in items:\n    found.append(zlib.decompress(item))",
        "coder.ask(lambda: len(found))\nfor item in items:\n    found.append(zlib.decompress(item))",
        "send = found.append\ncoder.ask(send)\nfor item in items:\n    found.append(zlib.decompress(item))",
        "self.last: list = found\nfor item in items:\n    found.append(zlib.decompress(item))",
        "for part in coder:\n    for item in part:\n        found.append(zlib.compress(item))\n"
        "    await told(found)",
    ],
)
def test_what_computes_on_the_data_of_others_is_gathered_in_words(tmp_path: Path, code: str) -> None:
    for item in computing(tmp_path, code):
        assert item.text is None
        assert "for all items in one function, run that in a thread" in item.words


def test_what_takes_long_for_one_item_goes_to_a_thread_by_itself(tmp_path: Path) -> None:
    code = "for item in items:\n    self.kept[item] = bcrypt.hashpw(item, b'x')"
    for item in computing(tmp_path, code):
        assert item.example == "self.kept[item] = await asyncio.to_thread(bcrypt.hashpw, item, b'x')"


def test_a_comprehension_is_moved_as_it_is(tmp_path: Path) -> None:
    for item in computing(tmp_path, "found = [zlib.decompress(item) for item in items]"):
        assert "asyncio.to_thread(lambda: [zlib.decompress(item) for item in items])" in item.example


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    data = zlib.compress(items)\n    if len(data) < 10:\n        break\n"
        "    items = items[1:]",
        "part = items\nwhile part:\n    part = zlib.decompress(part)",
    ],
)
def test_steps_that_hang_on_each_other_have_no_items(tmp_path: Path, code: str) -> None:
    for item in computing(tmp_path, code):
        assert item.text is None
        assert item.words.startswith("put the whole loop into one function that works on data of its own")


OPENING = """
class Shelf:
    async def filled(self, paths, path, other):
        CODE
        return 1
"""


@pytest.mark.parametrize(
    ("code", "stays"),
    [
        ("self.file = open(path)", True),
        ("self.files = [open(path) for path in paths]", True),
        ("self.files = {path: open(path) for path in paths}", True),
        ("self.files = [open(path), open(other)]", True),
        ("self.first, self.second = open(path), open(other)", True),
        ("first, second = open(path), open(other)", False),
        ("files = [open(path) for path in paths]", False),
        ("self.texts = [open(path).read() for path in paths]", False),
    ],
)
def test_files_that_stay_open_are_told_alike(tmp_path: Path, code: str, stays: bool) -> None:
    (tmp_path / "program.py").write_text(OPENING.replace("CODE", code), encoding="utf-8")
    told = [item for item in advice_for(tmp_path) if "open" in item.finding.message]
    assert told
    for item in told:
        assert ("it stays open from one call to the next" in item.words) is stays
        assert item.text is None or not stays
