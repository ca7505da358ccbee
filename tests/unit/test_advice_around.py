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
        ("torch.no_grad()", "what `torch.no_grad` sets holds for one thread alone"),
        ("torch.cuda.device(1)", "what `torch.cuda.device` sets holds for one thread alone"),
    ],
)
def test_nothing_is_awaited_in_a_block_that_holds_or_sets_something(
    tmp_path: Path, manager: str, words: str
) -> None:
    told = of(told_of(tmp_path, BLOCK.replace("MANAGER", manager)), "requests.get")
    assert all(not item.example and words in item.words for item in told), [item.words for item in told]


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
        "found[path] = open(path)\n    await found(path)",
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


def test_what_a_key_runs_may_have_the_terminal(tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        """
        import subprocess
        from prompt_toolkit.key_binding import KeyBindings

        keys = KeyBindings()

        @keys.add("c-e")
        def edit(event):
            subprocess.call(["vi", "notes"])
        """,
    )
    assert told
    assert all("`run_in_terminal`" in item.words and not item.example for item in told)


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
