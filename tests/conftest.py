"""Tests that measure how long things take run while no other test runs, however many workers there are."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from harness.longest import LONG_FILES


class Machine:
    """Shared by the tests that run at the same time; a timed one has it to itself.

    The gate is held by whoever waits: a test that comes later does not overtake a timed one.
    """

    def __init__(self, folder: Path) -> None:
        self._gate = (folder / "gate").open("w")
        self._room = (folder / "room").open("w")
        self._is_alone = False

    def enter(self, *, alone: bool) -> None:
        """Wait until the test may run."""
        if self._is_alone:
            return  # kept since the timed test before
        _lock(self._gate, alone=True)
        _lock(self._room, alone=alone)
        _unlock(self._gate)
        self._is_alone = alone

    def leave(self) -> None:
        """Let others in."""
        self._is_alone = False
        _unlock(self._room)


if sys.platform == "win32":

    def _lock(file: TextIO, *, alone: bool) -> None:
        """Nothing: there, timed tests need a run without workers."""

    def _unlock(file: TextIO) -> None:
        """Nothing."""

else:
    import fcntl

    def _lock(file: TextIO, *, alone: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def _unlock(file: TextIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


_FOLDER = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_MACHINE = pytest.StashKey[Machine]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that hands out the tests makes the folder that the workers share."""
    # The commands that tests start keep their compiled modules: a start without takes three times as long.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if hasattr(config.option, "loadscopereorder"):  # pytest-xdist's
        config.option.loadscopereorder = False
    # What is found in a program must not depend on the environment that its tests run in.
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        os.environ.pop(name, None)
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[_MACHINE] = Machine(Path(worker["machine"]))
    else:
        config.stash[_FOLDER] = tempfile.TemporaryDirectory(prefix="conclint-tests-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first."""
    order = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker is told of the folder."""
    node.workerinput["machine"] = node.config.stash[_FOLDER].name


def pytest_unconfigure(config: pytest.Config) -> None:
    """The folder goes with the run."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None:
        folder.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Wait for the machine; one timed test after another keeps it."""
    machine = item.config.stash.get(_MACHINE, None)
    if machine is None:
        return (yield)
    machine.enter(alone=_is_timed(item))
    try:
        return (yield)
    finally:
        if not (_is_timed(item) and nextitem is not None and _is_timed(nextitem)):
            machine.leave()


def _is_timed(item: pytest.Item) -> bool:
    return item.get_closest_marker("timed") is not None


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """Each test begins with the collector on: a check that has a process of its own turns it off."""
    gc.enable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _search_path() -> Iterator[None]:
    """Each test leaves the search path as it was: a command keeps the folders that it analyses out of it."""
    before = list(sys.path)
    yield
    sys.path[:] = before
