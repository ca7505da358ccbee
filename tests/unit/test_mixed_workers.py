"""Workers of random parts, handed to a pool of threads in random ways: its parts say if threads suit one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.config.settings import Config
from conclint.model.execution import Confidence
from conclint.model.finding import Finding
from conclint.run.pipeline import check

HEAD = """\
import asyncio, contextvars, hashlib, queue, sqlite3, subprocess, threading, time
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
import httpx, joblib, mystery, requests
LOCK, READY, TASKS, FOUND = threading.Lock(), threading.Event(), queue.Queue(), []
CONTEXT = contextvars.copy_context()

class Client:
    def __init__(self):
        self.session = requests.Session()
        self.http = httpx.Client()
        self.base = sqlite3.connect("items.db")

    def get(self, url):
        return self.session.get(url, timeout=3)

    def query(self, text):
        return self.base.execute(text).fetchall()

CLIENT = Client()

def again(function, *args):
    for attempt in range(3):
        try:
            return function(*args)
        except OSError:
            time.sleep(2**attempt)

def call(function, *args):
    return function(*args)

def given(pool: Executor, function, *args):
    return pool.submit(function, *args)

def each(pool, function, items):
    return [pool.submit(function, item) for item in items]
"""
COMPUTES = (
    "for part in data:\n    total += len(part) * 3",
    "for part in data:\n    for other in data:\n        total += part is other",
    "total = sum([len(part.strip()) for part in data])",
    "while total < len(data):\n    total += 1",
    "for part in data:\n    FOUND.append(part.get('name', ''))",
    "for number in range(3_000_000):\n    total += number % 7",
    "found = {}\nfor part in data:\n    found[part] = found.get(part, 0) + 1",
    "total = max(len(part) * len(other) for part in data for other in data)",
)
BRIEF = (
    "with LOCK:\n    FOUND.append(total)",
    "TASKS.put(total)",
    "time.sleep(0.001)",
    "print(total)",
    "total += 1",
    "if not data:\n    return total",
)
OUTSIDE = (
    "requests.get('http://example.org', timeout=3)",
    "subprocess.run(['ls'], check=False)",
    "sqlite3.connect('items.db').execute('SELECT 1')",
    "for part in data:\n    requests.post('http://example.org', data=part, timeout=3)",
    "CLIENT.get('http://example.org')",
    "CLIENT.query('SELECT 1')",
    "CLIENT.http.get('http://example.org')",
    "if data:\n    total += len(CLIENT.session.get('http://example.org').text)",
    "try:\n    total += len(CLIENT.get('http://example.org').text)\nexcept OSError:\n    total = 0",
    "with requests.Session() as session:\n    session.get('http://example.org')",
    "with subprocess.Popen(['ls'], stdout=subprocess.PIPE) as child:\n    total += len(child.stdout.read())",
    "again(requests.get, 'http://example.org')",
    "again(lambda: CLIENT.query('SELECT 1'))",
    "total += sum(len(CLIENT.get(part).text) for part in data)",
    "total += sum(map(len, map(CLIENT.query, data)))",
    "with ThreadPoolExecutor() as inner:\n    total += len(list(inner.map(requests.get, data)))",
)
"""What waits for something outside of the program."""
WAITS = (
    *OUTSIDE,
    "time.sleep(1)",
    "READY.wait()",
    "TASKS.get()",
    "hashlib.pbkdf2_hmac('sha256', b'secret', b'salt', 1_000_000)",
)
UNKNOWN = ("mystery.fetch(data)", "data[0].fetch(total)", "for part in mystery.rows(data):\n    total += 1")
WAYS = (
    "pool.map({worker}, items)",
    "pool.submit({worker}, items)",
    "pool.submit(partial({worker}, items))",
    "pool.submit(lambda: {worker}(items))",
    "pool.submit(call, {worker}, items)",
    "pool.submit(partial(call, {worker}), items)",
    "pool.submit(CONTEXT.run, {worker}, items)",
    "[pool.submit({worker}, item) for item in items]",
    "given(pool, {worker}, items)",
    "each(pool, {worker}, items)",
    "ThreadPool(4).map({worker}, items)",
    "[threading.Thread(target={worker}, args=(item,)) for item in items]",
    "joblib.Parallel(4, prefer='threads')(joblib.delayed({worker})(item) for item in items)",
)


class Worker(NamedTuple):
    """The parts of a worker, each with whether it stands in a helper, and the way it is handed over."""

    parts: tuple[tuple[str, bool], ...]
    way: str

    @property
    def is_wrong(self) -> bool:
        """Whether threads are certainly wrong for it."""
        parts = {part for part, _ in self.parts}
        return bool(parts & {*COMPUTES}) and not parts & {*WAITS, *UNKNOWN}

    @property
    def goes_outside(self) -> bool:
        """Whether it waits for another program or machine."""
        return any(part in OUTSIDE for part, _ in self.parts)

    def written(self, name: str) -> str:
        """Its code, and a function that hands it over."""
        lines, helpers = [f"def {name}(data):", "    total = 0"], []
        for number, (part, is_apart) in enumerate(self.parts):
            if is_apart:
                helper = f"{name}_{number}"
                body = [f"    {line}" for line in part.splitlines()]
                helpers += [f"def {helper}(data, total):", *body, "    return total", ""]
                part = f"total += {helper}(data, total)"
            lines += [f"    {line}" for line in part.splitlines()]
        placed = self.way.format(worker=name)
        start = [
            f"def start_{name}(items):",
            "    with ThreadPoolExecutor() as pool:",
            f"        {placed}",
            "",
        ]
        return "\n".join([*helpers, *lines, "    return total", "", *start])


_part = st.one_of(*(st.sampled_from(parts) for parts in (COMPUTES, BRIEF, WAITS, UNKNOWN)))
_plain = st.one_of(st.sampled_from(COMPUTES), st.sampled_from(BRIEF))
_mixed = st.lists(st.tuples(_part, st.booleans()), min_size=1, max_size=4)
_computing = st.lists(st.tuples(_plain, st.booleans()), min_size=1, max_size=4)
_worker = st.builds(Worker, (_mixed | _computing).map(tuple), st.sampled_from(WAYS))


def _findings(folder: Path, *, cache: bool = False, least: Confidence = Confidence.MEDIUM) -> list[Finding]:
    config = Config(
        root=folder,
        cwd=folder,
        cache_dir=folder / ".conclint_cache",
        use_cache=cache,
        jobs=1,
        min_confidence=least,
    )
    return list(check([str(folder)], config).findings)


@settings(max_examples=12, deadline=None)
@given(st.lists(_worker, min_size=6, max_size=10))
def test_threads_are_wrong_for_what_computes_and_does_not_wait(workers: list[Worker]) -> None:
    named = {f"work{number}": worker for number, worker in enumerate(workers)}
    with TemporaryDirectory() as folder:
        text = "\n".join([HEAD, *(worker.written(name) for name, worker in named.items())])
        (Path(folder) / "workers.py").write_text(text)
        found = _findings(Path(folder), least=Confidence.LOW)
    told = {
        item.symbol.rpartition("start_")[2]: item.confidence
        for item in found
        if item.code in ("CON201", "CON202")
    }
    sure = {name for name, confidence in told.items() if confidence > Confidence.LOW}

    assert sure == {name for name, worker in named.items() if worker.is_wrong}, text
    assert not {name for name in told if named[name].goes_outside}, text


VIEW = """\
from concurrent.futures import ThreadPoolExecutor
from functools import partial
import deep
def start(items):
    with ThreadPoolExecutor() as pool:
        return {handed}
"""
PLACING = """\
import asyncio
from functools import partial
import deep
async def in_thread(function, *args):
    return await asyncio.to_thread({bound})
"""
COUNT = "def work(rows):\n    return sum([len(row) * 2 for row in rows])\n"
FETCH = "import requests\ndef work(rows):\n    return [len(row) for row in requests.get(rows).text]\n"
VISIT = "def work(rows):\n    return [len(row.visit()) for row in rows]\n"
HEAVY = "def work(rows):\n    total = 0\n    for number in range(10**8):\n        total += number\n"
EDITS = [(COUNT, FETCH), (FETCH, COUNT), (COUNT, VISIT), (VISIT, HEAVY), (HEAVY, FETCH)]


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    past = time.time() - 60  # as young as the run, it would be read again in any case
    os.utime(path, (past, past))


@pytest.mark.parametrize(("before", "after"), EDITS)
@pytest.mark.parametrize(
    "handed",
    ["pool.map(deep.work, items)", "pool.submit(partial(deep.call, deep.work), items)"],
)
def test_an_edit_of_a_worker_reaches_who_hands_it_over(
    tmp_path: Path, handed: str, before: str, after: str
) -> None:
    call = "def call(function, rows):\n    return function(rows)\n"
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "view.py", VIEW.format(handed=handed))
    _write(tmp_path / "deep.py", before + call)
    _findings(tmp_path, cache=True, least=Confidence.LOW)
    _write(tmp_path / "deep.py", after + call)
    found = _findings(tmp_path, cache=True, least=Confidence.LOW)

    assert found == _findings(tmp_path, least=Confidence.LOW)
    assert len(found) == (after != FETCH)


@pytest.mark.parametrize("bound", ["partial(function, *args)", "lambda: function(*args)"])
def test_an_edit_of_what_a_wrapper_binds_reaches_its_callers(tmp_path: Path, bound: str) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    main = "from wrapper import in_thread\nfrom deep import work\n"
    main += "async def main(n):\n    await in_thread(work, n)\n"
    _write(tmp_path / "main.py", main)
    _write(tmp_path / "deep.py", HEAVY)
    _write(tmp_path / "wrapper.py", PLACING.format(bound="print"))
    assert not _findings(tmp_path, cache=True)
    _write(tmp_path / "wrapper.py", PLACING.format(bound=bound))
    found = _findings(tmp_path, cache=True)

    assert found == _findings(tmp_path)
    assert [item.code for item in found] == ["CON203"]
