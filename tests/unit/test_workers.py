"""Worker processes: every item gets its result, whatever dies."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint.workers.process_pool import ProcessPool
from conclint.workers.work import Work, Workers, _chunks
from worker_functions import (
    LOCK,
    fragile,
    is_locked,
    path_and_flags,
    prepare,
    process_of,
    put_processes,
    reverse,
    unpicklable,
)


def work(
    function: Callable[[bytes], object], items: list[bytes | None], pays: int = 0
) -> Work[object, object]:
    sizes = [len(item or b"") for item in items]
    return Work(function, sizes, items.__getitem__, "crashed", pays)


def forked(jobs: int) -> ProcessPool:
    return ProcessPool(jobs, [], prepare)


def spawned(jobs: int) -> ProcessPool:
    return ProcessPool(jobs, [], prepare, fork=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import nothing from the working folder, so it is not that of the tests."""
    monkeypatch.chdir(tmp_path)


def forked_of_this(jobs: int) -> ProcessPool:
    return ProcessPool(jobs, [], prepare, of_this=True)


FORKED = [forked] if hasattr(os, "fork") else []
OF_THIS = [forked_of_this] if sys.platform == "linux" else []


@pytest.fixture(params=[spawned, *FORKED, *OF_THIS])
def two(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """Two workers, forked or started one by one."""
    workers = Workers(2, request.param)
    yield workers
    workers.close()


@pytest.fixture(params=[spawned, *FORKED])
def apart(request: pytest.FixtureRequest) -> Iterator[Workers]:
    """Two workers that share nothing with this process."""
    workers = Workers(2, request.param)
    yield workers
    workers.close()


ITEMS: list[bytes | None] = [b"item %d " % number * 2000 for number in range(40)]


def test_every_item_gets_its_result(two: Workers) -> None:
    expected = {number: item[::-1] for number, item in enumerate(ITEMS) if item}
    assert dict(two.run(work(reverse, ITEMS))) == expected
    assert dict(Workers(1).run(work(reverse, ITEMS))) == expected


def test_the_pool_is_kept_between_waves(two: Workers) -> None:
    first = {result for _, result in two.run(work(process_of, ITEMS))}
    second = {result for _, result in two.run(work(process_of, ITEMS))}
    assert os.getpid() not in first | second
    assert len(first | second) <= 2


def test_little_work_stays_in_this_process(two: Workers) -> None:
    results = {result for _, result in two.run(work(process_of, ITEMS, pays=10_000_000))}
    assert results == {os.getpid()}
    assert {result for _, result in Workers(1).run(work(process_of, ITEMS))} == {os.getpid()}


def test_an_item_that_is_gone_has_no_result(two: Workers) -> None:
    items = [item if number % 3 else None for number, item in enumerate(ITEMS)]
    for workers in (two, Workers(1)):
        assert sorted(number for number, _ in workers.run(work(reverse, items))) == [
            number for number in range(40) if number % 3
        ]


@pytest.mark.parametrize("guilty", [{0, 39}, {7, 8, 31}])
def test_a_worker_that_dies_costs_one_item(two: Workers, guilty: set[int]) -> None:
    items = [item and (item + b"DIE" if number in guilty else item) for number, item in enumerate(ITEMS)]
    results = dict(two.run(work(fragile, items)))
    assert results == {
        number: "crashed" if number in guilty else item and item[::-1] for number, item in enumerate(items)
    }
    assert dict(two.run(work(reverse, ITEMS))) == dict(Workers(1).run(work(reverse, ITEMS)))


def test_when_every_item_kills_its_worker_each_is_named(two: Workers) -> None:
    items: list[bytes | None] = [b"DIE"] * 4
    assert dict(two.run(work(fragile, items))) == dict.fromkeys(range(4), "crashed")


def test_where_no_worker_lives_the_work_is_done_here() -> None:
    def stillborn(jobs: int) -> Executor:
        return ProcessPool(jobs, [], os._exit, 1)

    workers = Workers(2, start=stillborn)
    assert {result for _, result in workers.run(work(process_of, ITEMS))} == {os.getpid()}
    assert len(dict(workers.run(work(reverse, ITEMS)))) == 40


def test_where_the_workers_parent_does_not_live_the_work_is_done_here() -> None:
    workers = Workers(2, start=lambda jobs: ProcessPool(jobs, ["there_is_no_such_module"], prepare))
    assert {result for _, result in workers.run(work(process_of, ITEMS))} == {os.getpid()}


def test_where_this_python_cannot_be_started_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclint.workers.work.can_fork", lambda: False)  # forks need none to be started
    for executable in ("", "/nowhere/python"):
        monkeypatch.setattr("sys.executable", executable)
        workers = Workers(2)
        assert {result for _, result in workers.run(work(process_of, ITEMS))} == {os.getpid()}


@pytest.mark.parametrize(
    "error", [OSError(38, "no semaphores"), ImportError("_multiprocessing"), NotImplementedError()]
)
def test_where_no_pool_can_be_had_the_work_is_done_here(error: Exception) -> None:
    def refuse(jobs: int) -> Executor:
        raise error

    workers = Workers(2, start=refuse)
    assert {result for _, result in workers.run(work(process_of, ITEMS))} == {os.getpid()}


def test_another_executor_can_be_given() -> None:
    workers = Workers(2, start=ThreadPoolExecutor)
    expected = dict(Workers(1).run(work(reverse, ITEMS)))
    assert dict(workers.run(work(reverse, ITEMS))) == expected
    workers.close()


def test_an_error_of_the_function_is_the_callers(two: Workers) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        dict(two.run(work(int, ITEMS)))
    assert len(dict(two.run(work(reverse, ITEMS)))) == 40


def test_a_result_that_cannot_be_sent_is_an_error_of_the_function(two: Workers) -> None:
    with pytest.raises(Exception, match=r"pickle|local object"):
        dict(two.run(work(unpicklable, ITEMS)))


def test_workers_are_isolated_and_import_nothing_from_the_working_folder(
    apart: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for entry in ("", ".", "src", str(tmp_path), str(tmp_path / "src")):
        monkeypatch.syspath_prepend(entry)
    for _, result in apart.run(work(path_and_flags, ITEMS)):
        path, isolated = cast("tuple[list[str], bool]", result)
        assert isolated
        assert [entry for entry in path if not Path(entry).is_absolute() or str(tmp_path) in entry] == []


def test_the_run_can_be_left_in_the_middle(two: Workers) -> None:
    results = two.run(work(reverse, ITEMS))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(dict(two.run(work(reverse, ITEMS)))) == 40


def test_inside_a_daemon_process_nothing_is_started() -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[tuple[int, set[int]]] = context.Queue()
    process = context.Process(target=put_processes, args=(queue, ITEMS), daemon=True)
    process.start()
    itself, others = queue.get(timeout=60)
    process.join()
    assert others == {itself}


def test_a_process_with_threads_is_not_forked(apart: Workers) -> None:
    """Nothing of this process's state reaches a worker: a lock held here isn't held there for ever."""
    with LOCK:
        assert {result for _, result in apart.run(work(is_locked, ITEMS))} == {False}


@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=60), st.integers(1, 16))
def test_chunks_hold_each_item_once_and_are_small(sizes: list[int], jobs: int) -> None:
    chunks = _chunks(sizes, jobs)
    assert sorted(number for chunk in chunks for number in chunk) == list(range(len(sizes)))
    limit = max(32 << 10, sum(sizes) // (jobs * 8))
    assert all(len(chunk) == 1 or sum(sizes[number] for number in chunk) <= limit for chunk in chunks)
    assert chunks == _chunks(sizes, jobs)
