"""The store of summaries: the same answers from the cache, in any order, with any number of workers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclint import summary_store as module_under_test
from conclint.source.file_digests import FileDigests
from conclint.store.cache import Cache, Space, content_hash
from conclint.summary.records import ModuleSummary
from conclint.summary_store import Outcome, Problem, SummaryStore, check_source, summarise_source
from conclint.workers.work import Workers


def store_with(
    cache: Cache | None, *arguments: Any, contents: FileDigests | None = None, **more: Any
) -> SummaryStore:
    """Here, since workers import this module, and nothing else of the tests."""
    cache = Cache.open(None) if cache is None else cache
    return SummaryStore(cache, contents or FileDigests(cache), *arguments, **more)


GOOD = b"import time\n\nasync def f():\n    time.sleep(1)\n"
BAD = b"def f(:\n"


class Program:
    """Files in a folder, and a cache beside them that trusts no stat unless told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: list[str] = []

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        if str(path) not in self.paths:
            self.paths.append(str(path))
        return str(path)

    def cache(self, ahead: float = 0) -> Cache:
        import time

        return Cache(self.folder / ".conclint_cache", now=lambda: time.time() + ahead)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


class Counting:
    """The real functions, counting the calls."""

    def __init__(self) -> None:
        self.summarised: list[bytes] = []
        self.checked: list[bytes] = []

    def summarise(self, data: bytes) -> Outcome:
        self.summarised.append(data)
        return summarise_source(data)

    def check(self, data: bytes) -> Problem | None:
        self.checked.append(data)
        return check_source(data)

    def store(self, cache: Cache | None = None) -> SummaryStore:
        return store_with(cache, 1, summarise=self.summarise, check=self.check)


def test_a_summary_is_made_of_each_file(program: Program) -> None:
    good = program.write("good.py", GOOD)
    store = store_with(None, 1)
    assert not store.is_loaded(good)
    assert store.get(good) is None
    store.load([good])
    assert store.is_loaded(good)
    summary = store.get(good)
    assert summary is not None
    assert [found.key for found in summary.defs] == ["<module>", "f"]
    assert summary is store.get(good)
    assert store.source_hash(good) == content_hash(GOOD) == summary.source_hash
    assert store.problems == {}


def test_each_problem_is_named_and_stops_nothing(program: Program) -> None:
    program.write("b_good.py", GOOD)
    program.write("d_bad.py", BAD)
    program.write("c_latin.py", b"x = '\xe9'\n")
    program.write("e_nul.py", b"x = 1\ny = '\0'\n")
    program.write("f_empty.py", b"")
    folder = program.folder / "a_folder.py"
    folder.mkdir()
    paths = [*program.paths, str(folder), str(program.folder / "missing.py"), "nul\0.py"]
    store = store_with(None, 1)
    store.load(paths)
    shown = {Path(path).name: problem for path, problem in store.problems.items()}
    assert list(shown) == ["a_folder.py", "c_latin.py", "d_bad.py", "e_nul.py", "missing.py", "nul\0.py"]
    assert "not a regular file" in shown["a_folder.py"][0]
    assert shown["d_bad.py"][1:] != (1, 0)
    assert shown["e_nul.py"][1] == 2
    assert all(line >= 1 and column >= 1 for _, line, column in shown.values())
    assert all("failed" not in message for message, _, _ in shown.values())
    assert [path for path in paths if store.get(path)] == [program.paths[0], program.paths[4]]


def test_equal_files_are_summarised_once(program: Program) -> None:
    for name in ("a.py", "b.py", "c.py"):
        program.write(name, GOOD)
    counting = Counting()
    store = counting.store()
    store.load(program.paths)
    store.load(program.paths)
    assert counting.summarised == [GOOD]
    first, second, third = map(store.get, program.paths)
    assert first is second is third is not None


def test_the_second_run_parses_nothing(program: Program) -> None:
    program.write("good.py", GOOD)
    bad = program.write("bad.py", BAD)
    cold = Counting()
    cache = program.cache()
    store = cold.store(cache)
    store.load(program.paths)
    cache.save()
    assert len(cold.summarised) == 2
    warm = Counting()
    again = warm.store(program.cache())
    again.load(program.paths)
    assert warm.summarised == []
    assert again.problems == store.problems
    assert list(again.problems) == [bad]
    assert [again.get(path) for path in program.paths] == [store.get(path) for path in program.paths]


def test_a_cached_run_reads_no_file_and_imports_no_parser(program: Program) -> None:
    path = program.write("good.py", GOOD)
    other = program.write("other.py", b"x = 1\n")
    cache = program.cache(ahead=10)
    store = store_with(cache, 1)
    store.load([path])
    store.check([other])
    list(store.indexes([path, other]))
    cache.save()
    code = (
        "import sys\n"
        "from conclint.store.cache import Cache\n"
        "from conclint.source.file_digests import FileDigests\n"
        "from conclint.summary_store import SummaryStore\n"
        "SummaryStore._read = None\n"
        "paths = sys.argv[2:]\n"
        "cache = Cache.open(sys.argv[1])\n"
        "store = SummaryStore(cache, FileDigests(cache), 1)\n"
        "store.load(paths[:1])\n"
        "store.check(paths[1:])\n"
        "assert [index.functions for _, index in store.indexes(paths)] == [('f',), ()]\n"
        "assert store.get(paths[0]).defs[1].key == 'f'\n"
        "assert not {'libcst', 'rich'} & sys.modules.keys()\n"
    )
    arguments = [sys.executable, "-c", code, str(program.folder / ".conclint_cache"), path, other]
    done = subprocess.run(
        arguments, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_edit_is_seen(program: Program) -> None:
    path = program.write("a.py", GOOD)
    cache = program.cache(ahead=10)
    store_with(cache, 1).load([path])
    cache.save()
    stat = Path(path).stat()
    edited = GOOD.replace(b"def f", b"def g")
    program.write("a.py", edited)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    store = store_with(program.cache(ahead=20), 1)
    store.load([path])
    summary = store.get(path)
    assert summary is not None
    assert summary.defs[1].key == "g"


def test_a_file_that_changes_during_the_run_is_summarised_as_it_is_then(program: Program) -> None:
    changing = program.write("a.py", GOOD)
    copy = program.write("b.py", GOOD)
    edited = GOOD.replace(b"def f", b"def g")
    workers = Workers(1)
    run = workers.run

    def edit_first(work):  # type: ignore[no-untyped-def]
        if b"def f" in Path(changing).read_bytes():
            Path(changing).write_bytes(edited)
        return run(work)

    workers.run = edit_first  # type: ignore[method-assign]
    store = store_with(None, 1, workers=workers)
    store.load([changing, copy])
    summaries = [store.get(changing), store.get(copy)]
    assert [summary and summary.defs[1].key for summary in summaries] == ["g", "f"]
    assert store.source_hash(changing) == content_hash(edited)


def test_an_override_stands_for_the_file(program: Program) -> None:
    path = program.write("a.py", BAD)
    new = str(program.folder / "not_on_disk.py")
    cache = program.cache(ahead=10)
    store = store_with(
        cache, 1, contents=FileDigests(cache, {path: GOOD, new: GOOD.replace(b"def f", b"def g")})
    )
    store.load([path, new])
    assert [summary and summary.defs[1].key for summary in map(store.get, (path, new))] == ["f", "g"]
    assert store.index(new).functions == ("g",)
    assert store.problems == {}
    cache.save()
    later = store_with(program.cache(ahead=20), 1)
    later.load([path])
    assert list(later.problems) == [path]


def test_checked_files_are_not_summarised_and_are_cached(program: Program) -> None:
    for name, data in (("a.py", GOOD), ("b.py", BAD), ("c.py", b"x = \n"), ("d.py", b"")):
        program.write(name, data)
    cold = Counting()
    cache = program.cache()
    store = cold.store(cache)
    store.check(program.paths)
    store.check(program.paths)
    cache.save()
    assert len(cold.checked) == 4
    assert cold.summarised == []
    assert [Path(path).name for path in store.problems] == ["b.py", "c.py"]
    assert not any(map(store.is_loaded, program.paths))
    warm = Counting()
    again = warm.store(program.cache())
    again.check(program.paths)
    assert warm.checked == []
    assert again.problems == store.problems


def test_a_problem_is_looked_at_again_by_another_parser(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write("bad.py", BAD)
    cache = program.cache()
    store_with(cache, 1).load(program.paths)
    cache.save()
    monkeypatch.setattr(module_under_test, "_parser_version", lambda: "newer")
    counting = Counting()
    counting.store(program.cache()).load(program.paths)
    assert counting.summarised == [BAD]


def _broken(data: bytes) -> Outcome:
    raise AssertionError("never called")


def test_an_undecodable_entry_is_made_again(program: Program) -> None:
    path = program.write("a.py", GOOD)
    cache = program.cache()
    cache.put(Space.SUMMARY, content_hash(GOOD), b"of another codec")
    store = store_with(cache, 1)
    store.load([path])
    summary = store.get(path)
    assert summary is not None
    assert summary.defs[1].key == "f"
    assert cache.get(Space.SUMMARY, content_hash(GOOD)) != b"of another codec"


def test_progress_counts_files_to_be_parsed(program: Program) -> None:
    for number in range(5):
        program.write(f"{number}.py", b"x = %d\n" % number)
    seen: list[tuple[int, int]] = []
    cache = program.cache()
    store_with(cache, 1, lambda done, total: seen.append((done, total))).load(program.paths)
    assert seen == [(number, 5) for number in range(6)]
    seen.clear()
    store_with(cache, 1, lambda done, total: seen.append((done, total))).load(program.paths)
    assert seen == []


def fragile(data: bytes) -> Outcome:
    if b"DIE" in data:
        os._exit(11)
    return summarise_source(data)


def test_a_crash_of_the_parser_is_that_files_problem(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_under_test, "_SUMMARY_PAYS", 0)
    for number in range(20):
        program.write(f"{number:02}.py", GOOD + b"x = %d\n" % number)
    guilty = program.write("07.py", b"DIE\n")
    cache = program.cache()
    store = store_with(cache, 2, summarise=fragile)
    store.load(program.paths)
    store.close()
    cache.save()
    assert store.problems == {guilty: ("the parser crashed on this file", 1, 1)}
    assert [path for path in program.paths if store.get(path) is None] == [guilty]
    later = store_with(program.cache(), 2, summarise=_broken)
    later.load(program.paths)
    assert later.problems == store.problems


@pytest.mark.parametrize("is_loaded_at_once", [True, False])
def test_what_is_summarised_in_the_background_is_the_same(
    program: Program, monkeypatch: pytest.MonkeyPatch, is_loaded_at_once: bool
) -> None:
    """Loaded one by one or together; a file changes meanwhile, one is no Python, one ends its worker."""
    monkeypatch.setattr(module_under_test, "_SUMMARY_PAYS", 0)
    monkeypatch.setattr(module_under_test, "_CHUNK", 100)
    for number in range(20):
        program.write(f"{number:02}.py", GOOD + b"x = %d\n" % number)
    guilty = program.write("07.py", b"DIE\n")
    wrong = program.write("08.py", BAD)
    wanted = program.write("20.py", GOOD)
    cache = program.cache()
    store = store_with(cache, 2, summarise=fragile)
    assert store.expect(program.paths[:-1])
    program.write("19.py", b"changed = 1\n")
    store.want(wanted)
    for path in [program.paths] if is_loaded_at_once else [[path] for path in program.paths]:
        store.load(path)
    assert list(store.problems) == [guilty, wrong]
    assert [path for path in program.paths if store.get(path) is None] == [guilty, wrong]
    store.rest()
    assert not store.expect(program.paths)
    store.close()


def test_what_nobody_asked_for_any_more_is_not_waited_for(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setattr(module_under_test, "_SUMMARY_PAYS", 0)
    monkeypatch.setattr(module_under_test, "_CHUNK", 1)
    for number in range(100):
        program.write(f"{number:02}.py", b"%d\n" % number)
    store = store_with(None, 2, summarise=slow)
    assert store.expect(program.paths)
    store.load(program.paths[:1])
    started = time.monotonic()
    store.close()
    assert time.monotonic() - started < 5


def slow(data: bytes) -> Outcome:
    import time

    time.sleep(0.5)
    return summarise_source(data)


SOURCES = [GOOD, BAD, b"", b"x = '\xff'", b"class A:\n  def m(self): ...\n", b"import a\n" * 50]


@pytest.fixture(scope="module")
def threads() -> Iterator[Workers]:
    """Threads in the place of processes: chunks, but cheap to start."""
    workers = Workers(2, start=ThreadPoolExecutor)
    yield workers
    workers.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=8), st.randoms())
def test_neither_order_nor_workers_nor_cache_matter(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    threads: Workers,
    sources: list[bytes],
    random: object,
) -> None:
    monkeypatch.setattr(module_under_test, "_SUMMARY_PAYS", 0)
    program = Program(tmp_path_factory.mktemp("program"))
    for number, data in enumerate(sources):
        program.write(f"{number}.py", data)
    answers: list[tuple[dict[str, tuple[str, int, int]], list[ModuleSummary | None]]] = []
    for workers in (Workers(1), threads, Workers(1)):
        cache = program.cache()
        store = store_with(cache, workers=workers)
        paths = list(program.paths)
        random.shuffle(paths)  # type: ignore[attr-defined]
        store.load(paths[: len(paths) // 2])
        store.load(paths)
        answers.append((store.problems, [store.get(path) for path in program.paths]))
        assert list(store.problems) == sorted(store.problems)
        cache.save()
    assert answers[0] == answers[1] == answers[2]
