"""What can't be pickled is not advised into a process: an argument, or an object that holds such a thing."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from types import FrameType

import pytest

from harness.advice import Told, advice_for

MODELS = """
import asyncio
import lxml.html
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Page:
    def __init__(self, text):
        self.tree = lxml.html.fromstring(text)


class Shelf:
    def __init__(self, pages: list[Page]):
        self.pages = pages


class Sealed:
    def __init__(self, text):
        self.text = text

    def __getstate__(self):
        raise TypeError("not for other processes")


class Info:
    def __init__(self, sizes: tuple[Callable[[], float], float]):
        self.sizes = sizes


class Own:
    def __init__(self, text):
        self.text = text
        self.guard = threading.Lock()

    def __getstate__(self):
        return {"text": self.text}


class Started:
    def __init__(self, text):
        self.text = text
        self.task = None

    async def start(self):
        self.task = asyncio.create_task(asyncio.sleep(1))


@dataclass
class Job:
    text: str
    guard: threading.Lock = field(default_factory=threading.Lock)


class Plain:
    def __init__(self, text):
        self.text = text
        self.size = len(text)
"""
PROGRAM = """
import lxml.html
from models import Info, Job, Own, Page, Plain, Sealed, Shelf, Started


def counted(thing, by=None):
    total = 0
    for number in range(10_000_000):
        total += number * number
    return total


async def handler(text, page: Page, own: Own, plain: Plain, sealed: Sealed, job: Job, shelf: Shelf,
                  st: Started):
    return CALL
"""


def told_of(folder: Path, program: str) -> list[Told]:
    (folder / "models.py").write_text(dedent(MODELS), encoding="utf-8")
    (folder / "program.py").write_text(dedent(program), encoding="utf-8")
    found = [item for item in advice_for(folder) if "counted" in item.finding.message]
    assert found
    return found


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("counted(page)", "a `Page` can't be sent there (its `tree` may be an element of `lxml`)."),
        ("counted(lxml.html.fromstring(text))", "an element of `lxml` can't be sent there."),
        ("counted(text, by=page)", "a `Page` can't be sent there (its `tree` may be an element of `lxml`)."),
        ("counted([page])", "a `Page` can't be sent there (its `tree` may be an element of `lxml`)."),
        ("counted(sealed)", "a `Sealed` can't be sent there (its `__getstate__` raises)."),
        ("counted(Sealed(text))", "a `Sealed` can't be sent there (its `__getstate__` raises)."),
        ("counted(job)", "a `Job` can't be sent there (its `guard` may be a lock of `threading`)."),
        ("counted(st)", "a `Started` can't be sent there (its `task` may be a future)."),
        ("counted(shelf)", "a `Shelf` can't be sent there (its `pages` may be a `Page`)."),
        ("counted(Info((lambda: 1.0, 2.0)))", "an `Info` can't be sent there (its `sizes` may be a lambda)."),
        ("counted(text, lambda item: item)", "a lambda can't be sent there."),
        ("counted(part for part in text)", "a generator can't be sent there."),
    ],
)
def test_what_cant_be_pickled_is_not_advised_into_a_process(tmp_path: Path, call: str, why: str) -> None:
    for item in told_of(tmp_path, PROGRAM.replace("CALL", call)):
        assert item.text is None
        assert "put what `counted` computes into a function at the top of a module" in item.words
        assert why in item.words


@pytest.mark.parametrize("call", ["counted(plain)", "counted(own)", "counted(text)", "counted('a', by=3)"])
def test_what_can_be_pickled_is_advised_as_it_is(tmp_path: Path, call: str) -> None:
    for item in told_of(tmp_path, PROGRAM.replace("CALL", call)):
        assert "run `counted` in a process pool" in item.words


def test_what_the_called_function_declares_is_asked_too(tmp_path: Path) -> None:
    program = PROGRAM.replace("def counted(thing", "def counted(thing: Page").replace("CALL", "counted(text)")
    for item in told_of(tmp_path, program):
        assert "a `Page` can't be sent there" in item.words


THREADS = """
from concurrent.futures import ThreadPoolExecutor
from models import Page, Plain


def counted(thing):
    total = 0
    for number in range(10_000_000):
        total += number * number
    return total


def main(pages: list[Page], plain: list[Plain]):
    with ThreadPoolExecutor() as pool:
        return list(pool.map(counted, ITEMS))
"""


def test_threads_that_compute_on_what_cant_be_pickled(tmp_path: Path) -> None:
    for item in told_of(tmp_path, THREADS.replace("ITEMS", "pages")):
        assert item.text is None
        assert item.words.startswith("put what `counted` computes into a function at the top of a module")
        assert "a `Page` can't be sent there" in item.words


def test_threads_that_compute_on_plain_things(tmp_path: Path) -> None:
    for item in told_of(tmp_path, THREADS.replace("ITEMS", "plain")):
        assert item.text is not None
        assert "ProcessPoolExecutor" in item.text


DRAWING = """
import matplotlib.pyplot as plt


def saved(path):
    MADE
    plt.savefig(path)
    return path


async def main(path: str):
    return saved(path)
"""


def test_the_current_figure_of_pyplot_is_in_this_process_alone(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(DRAWING.replace("MADE", "plt.title(path)"), encoding="utf-8")
    (item,) = advice_for(tmp_path)
    assert item.text is None
    assert "make the figure, draw and save it in one function" in item.words


def test_a_figure_that_is_made_there_is_that_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(DRAWING.replace("MADE", "plt.figure()"), encoding="utf-8")
    (item,) = advice_for(tmp_path)
    assert "run `saved` in a process pool" in item.words


DECLARED = """
import functools
import threading
from typing import Optional, TextIO, Union


def counted(thing, by=None):
    total = 0
    for number in range(10_000_000):
        total += number * number
    return total


def counted_in(source: Union[str, TextIO], guard: Optional[threading.Lock] = None):
    return counted(1)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@logged
def step(number):
    return number


class Box:
    def __init__(self, guard: Optional[threading.Lock] = None):
        self.guard = guard


class Runner:
    def __init__(self):
        self.worker = None

    def start(self):
        self.worker = threading.Thread(target=print)


async def handler(text):
    return CALL
"""


@pytest.mark.parametrize(
    "call", ["counted_in('a.txt')", "counted_in(text)", "counted_in('a.txt', None)", "counted(step)"]
)
def test_what_is_passed_counts_for_more_than_what_is_declared(tmp_path: Path, call: str) -> None:
    for item in told_of(tmp_path, DECLARED.replace("CALL", call)):
        assert "sent there" not in item.words


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("counted_in('a.txt', text)", "a lock of `threading` can't be sent there."),
        ("counted(Box(threading.Lock()))", "a `Box` can't be sent there (its `guard` may be a lock"),
        ("counted(Runner())", "a `Runner` can't be sent there (its `worker` may be a thread)."),
    ],
)
def test_what_is_declared_counts_where_nothing_is_known(tmp_path: Path, call: str, why: str) -> None:
    for item in told_of(tmp_path, DECLARED.replace("CALL", call)):
        assert why in item.words


def test_what_a_given_none_is_declared_to_be_says_nothing(tmp_path: Path) -> None:
    for item in told_of(tmp_path, DECLARED.replace("CALL", "counted(Box(None))")):
        assert "sent there" not in item.words


def test_objects_of_many_objects_are_looked_at_once(tmp_path: Path) -> None:
    lines = ["def counted(thing):", "    for number in range(10_000_000):", "        number * number", ""]
    for level in range(4):
        lines += [f"class C{level}:", "    def __init__(self):"]
        held = f"C{level + 1}()" if level < 3 else "0"
        lines += [f"        self.a{number} = {held}" for number in range(40)]
    lines += ["async def handler():"] + ["    counted(C0())"] * 10
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code.co_name == "_of_object"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert len(told_of(tmp_path, "\n".join(lines))) == 10
    finally:
        sys.setprofile(before)
    assert 0 < calls < 200
