"""Forks of this process: each number has its answer, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from conclint.workers.forking import can_fork
from conclint.workers.forks import in_forks

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there are no forks")
HERE = os.getpid()


def nothing() -> None:
    """Nothing is to be done in a fork before it begins."""


def slowly(number: int) -> tuple[int, int]:
    time.sleep(0.02)
    return os.getpid(), number


@pytest.mark.parametrize("count", [0, 1, 7, 3000])
def test_each_number_is_answered_once(count: int) -> None:
    found = sorted(in_forks(lambda number: number + 1, count, 2, nothing))
    assert found == [(number, number + 1) for number in range(count)]


def test_forks_take_their_share() -> None:
    found = dict(in_forks(slowly, 30, 2, nothing))
    assert len(found) == 30
    assert len({pid for pid, _ in found.values()}) == 3


def test_what_a_fork_dies_of_is_left() -> None:
    def fragile(number: int) -> int:
        time.sleep(0.02)
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    found = [number for number, _ in in_forks(fragile, 10, 1, nothing)]
    assert len(found) == 9


def test_what_fails_in_a_fork_fails_only_there() -> None:
    def failing(number: int) -> int:
        time.sleep(0.02)
        if os.getpid() != HERE:
            raise KeyError(number)
        return number

    assert len(list(in_forks(failing, 10, 1, nothing))) == 9


def test_without_more_processes_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert sorted(in_forks(slowly, 3, 2, nothing)) == [(number, (HERE, number)) for number in range(3)]


def test_a_fork_is_ended_when_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    fork = os.fork

    def noted() -> int:
        pids.append(fork())
        return pids[-1]

    monkeypatch.setattr(os, "fork", noted)
    answers = in_forks(slowly, 500, 1, nothing)
    next(answers)
    started = time.monotonic()
    answers.close()
    assert time.monotonic() - started < 2
    assert not _lives(*pids)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    assert can_fork() == (threads == 1)


KILLED = """
import os, time
from conclint.workers.forks import in_forks

def work(number):
    os.write(2, b"%d\\n" % os.getpid())  # whole lines, whoever else writes
    time.sleep(60)

list(in_forks(work, 4, 2, lambda: None))
"""


def test_forks_end_with_who_forked_them() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        pids = [int(process.stderr.readline()) for _ in range(3)]
        process.kill()
    end = time.monotonic() + 5
    while time.monotonic() < end and any(map(_lives, pids)):
        time.sleep(0.05)
    assert not any(map(_lives, pids))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
