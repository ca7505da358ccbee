"""The cache: what comes out is what went in or nothing, whatever happened to the folder in between."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.store.cache import Cache, Space, content_hash, key_space
from harness.longer import LONGER
from worker_functions import write_much

DAY = 86_400
START = 50_000 * DAY  # far ahead, so that real files are older than the run


def opened(folder: Path, day: float = 0, space: bytes | None = None) -> Cache:
    return Cache(folder, space, now=lambda: START + day * DAY)


def fill(folder: Path, contents: list[bytes], day: float = 0) -> None:
    cache = opened(folder, day)
    for content in contents:
        cache.put(Space.SUMMARY, content_hash(content), content * 3)
    cache.save()
    cache.close()


def found(folder: Path, contents: list[bytes], day: float = 0) -> list[bytes]:
    """The contents whose entries are there, each checked to be the right one."""
    cache = opened(folder, day)
    present = []
    for content in contents:
        entry = cache.get(Space.SUMMARY, content_hash(content))
        assert entry in (None, content * 3)
        if entry is not None:
            present.append(content)
    cache.close()
    return present


def packs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pack"))


CONTENTS = [b"content %d" % number for number in range(20)]


def test_entries_come_back_in_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    fill(folder, CONTENTS)
    assert found(folder, [*CONTENTS, b"other"]) == CONTENTS
    assert (folder / ".gitignore").read_bytes().endswith(b"\n*\n")
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_spaces_are_apart(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    digest = content_hash(b"x")
    cache.put(Space.SUMMARY, digest, b"summary")
    cache.put(Space.CHECK, digest, b"")
    for again in range(2):
        held = {space: blob for space in Space if (blob := cache.get(space, digest)) is not None}
        assert held == {Space.SUMMARY: b"summary", Space.CHECK: b""}, again
        cache.save()
        cache = opened(tmp_path)


def test_a_run_with_nothing_new_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, CONTENTS)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    cache = opened(tmp_path, day=1)
    assert all(cache.get(Space.SUMMARY, content_hash(content)) for content in CONTENTS)
    cache.save()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_another_version_sees_nothing_and_destroys_nothing(tmp_path: Path) -> None:
    fill(tmp_path, CONTENTS)
    other = opened(tmp_path, space=key_space("another"))
    assert other.get(Space.SUMMARY, content_hash(CONTENTS[0])) is None
    other.put(Space.SUMMARY, content_hash(CONTENTS[0]), b"other")
    other.save()
    assert found(tmp_path, CONTENTS) == CONTENTS
    again = opened(tmp_path, space=key_space("another"))
    assert again.get(Space.SUMMARY, content_hash(CONTENTS[0])) == b"other"


def test_many_runs_leave_few_files(tmp_path: Path) -> None:
    for content in [b"run %d" % number for number in range(60)]:
        fill(tmp_path, [content])
    assert len(packs(tmp_path)) <= 9
    assert len(found(tmp_path, [b"run %d" % number for number in range(60)])) == 60


def test_what_was_not_used_for_long_is_dropped_and_what_is_used_stays(tmp_path: Path) -> None:
    fill(tmp_path, CONTENTS)
    for day in range(4, 61, 4):
        cache = opened(tmp_path, day)
        assert cache.get(Space.SUMMARY, content_hash(CONTENTS[0])) is not None
        for number in range(9):
            cache.put(Space.CHECK, content_hash(b"%d %d" % (day, number)), b"x" * 1000)
            cache.save()
        cache.close()
    assert found(tmp_path, CONTENTS, day=60) == CONTENTS[:1]


def test_the_oldest_goes_where_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclint.store.cache._SPARE_BYTES", 10_000)
    for day in range(100):
        cache = opened(tmp_path, day / 5)
        cache.put(Space.SUMMARY, content_hash(b"%d" % day), random.Random(day).randbytes(1000))
        cache.save()
        cache.close()
    assert sum(path.stat().st_size for path in packs(tmp_path)) < 60_000
    cache = opened(tmp_path, 20)
    assert all(cache.get(Space.SUMMARY, content_hash(b"%d" % day)) for day in range(91, 100))


def test_an_unwritable_folder_is_no_cache(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    cache = Cache.open(str(blocked))
    cache.put(Space.SUMMARY, content_hash(b"x"), b"y")
    cache.save()
    assert cache.note is not None
    assert "file" in cache.note
    assert blocked.read_text() == "not a folder"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_a_read_only_folder_is_read(tmp_path: Path) -> None:
    fill(tmp_path, CONTENTS)
    tmp_path.chmod(0o500)
    try:
        cache = opened(tmp_path)
        assert cache.get(Space.SUMMARY, content_hash(CONTENTS[0])) is not None
        cache.put(Space.SUMMARY, content_hash(b"new"), b"new")
        cache.save()
        assert cache.note is not None
    finally:
        tmp_path.chmod(0o700)


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache.open(None)
    cache.put(Space.SUMMARY, content_hash(b"x"), b"y")
    cache.save()
    assert cache.get(Space.SUMMARY, content_hash(b"x")) is None
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_replaced_and_then_gone(tmp_path: Path) -> None:
    fill(tmp_path, CONTENTS[:10])
    fill(tmp_path, CONTENTS[10:])
    first, second = packs(tmp_path)
    first.write_bytes(first.read_bytes()[:-5])
    second.write_bytes(b"foreign")
    there = found(tmp_path, CONTENTS)
    assert len(there) == 9
    fill(tmp_path, [content for content in CONTENTS if content not in there])
    assert found(tmp_path, CONTENTS) == CONTENTS
    fill(tmp_path, [b"one more"])
    assert found(tmp_path, CONTENTS) == CONTENTS
    assert first not in packs(tmp_path) or second not in packs(tmp_path)


def test_files_left_by_killed_runs_are_swept(tmp_path: Path) -> None:
    fill(tmp_path, [b"first"])
    name = "ffffffffffff-0123456789abcdef.pack"
    left = tmp_path / f"{name}.0123456789abcdef.tmp"
    old = tmp_path / name
    replayed = tmp_path / "01234567.replay"
    others = tmp_path / "eeeeeeeeeeee-0123456789abcdef.pack"
    for path in (left, old, replayed, others):
        path.write_text("x" if path == others else "conclint cache 1")
        os.utime(path, (START - 40 * DAY, START - 40 * DAY))
    for number in range(9):
        fill(tmp_path, [b"%d" % number])
    assert [path for path in (left, old, replayed) if path.exists()] == []
    assert others.exists()  # it has the form of a name of ours, and begins otherwise


class Damage:
    """Ways to harm a file; each gives its new bytes, None to delete it."""

    @staticmethod
    def flip(data: bytes, place: int, value: int) -> bytes | None:
        place %= max(len(data), 1)
        return data[:place] + bytes((value,)) + data[place + 1 :]

    @staticmethod
    def cut(data: bytes, place: int, value: int) -> bytes | None:
        return data[: place % (len(data) + 1)]

    @staticmethod
    def insert(data: bytes, place: int, value: int) -> bytes | None:
        place %= len(data) + 1
        return data[:place] + bytes((value,)) * 3 + data[place:]

    @staticmethod
    def replace(data: bytes, place: int, value: int) -> bytes | None:
        return random.Random(place).randbytes(value)

    @staticmethod
    def delete(data: bytes, place: int, value: int) -> bytes | None:
        return None


DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([Damage.flip, Damage.cut, Damage.insert, Damage.replace, Damage.delete]),
        st.integers(0, 5000),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=80 * LONGER, deadline=None)
@given(DAMAGE)
def test_a_damaged_cache_never_raises_and_never_lies(damage: list[tuple[int, object, int, int]]) -> None:
    around = Path(tempfile.mkdtemp())
    folder = around / "cache"
    try:
        file = around / "source.py"
        file.write_text("x")
        stat = file.stat()
        for part in (CONTENTS[:5], CONTENTS[5:]):
            fill(folder, part)
        cache = opened(folder)
        cache.put_hash(str(file), stat, content_hash(b"x"))
        cache.save()
        cache.close()
        for number, harm, place, value in damage:
            files = sorted(folder.glob("[0-9a-f]*.*"))
            if files:
                target = files[number % len(files)]
                data = harm(target.read_bytes(), place, value)  # type: ignore[operator]
                if data is None:
                    target.unlink()
                else:
                    target.write_bytes(data)
        cache = opened(folder)
        assert cache.get_hash(str(file), stat) in (None, content_hash(b"x"))
        cache.close()
        there = found(folder, CONTENTS)
        fill(folder, [content for content in CONTENTS if content not in there])
        assert found(folder, CONTENTS) == CONTENTS
        assert cache.note is None
    finally:
        shutil.rmtree(around)


def test_parallel_writers_lose_nothing_and_disturb_nobody(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_much, args=(str(tmp_path), number)) for number in range(4)]
    for writer in writers:
        writer.start()
    everything = [b"shared %d" % turn for turn in range(15)]
    everything += [b"own %d %d" % (writer, turn) for writer in range(4) for turn in range(15)]
    while any(writer.is_alive() for writer in writers):
        found(tmp_path, everything)
        time.sleep(0.01)  # for the writers
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0

    assert found(tmp_path, everything) == everything
    assert not list(tmp_path.glob("*.tmp"))


def test_stat_is_a_shortcut_to_the_hash(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text("x = 1")
    later = file.stat().st_ctime + 10
    cache = Cache(tmp_path / "cache", now=lambda: later)
    cache.put_hash(str(file), file.stat(), content_hash(b"x = 1"))
    cache.save()
    again = Cache(tmp_path / "cache", now=lambda: later)
    assert again.get_hash(str(file), file.stat()) == content_hash(b"x = 1")
    assert again.get_hash(str(file) + "x", file.stat()) is None
    stat = file.stat()
    file.write_text("x = 2")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file.stat().st_mtime_ns == stat.st_mtime_ns
    assert file.stat().st_size == stat.st_size
    assert again.get_hash(str(file), file.stat()) is None


def test_a_file_as_young_as_the_run_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_text("x = 1")
    cache = Cache.open(str(tmp_path / "cache"))
    cache.put_hash(str(file), file.stat(), content_hash(b"x = 1"))
    assert cache.get_hash(str(file), file.stat()) is None


def test_stats_of_files_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    kept = tmp_path / "kept.py"
    kept.write_text("")
    stat = kept.stat()
    first = opened(tmp_path / "cache")
    first.put_hash(str(kept), stat, content_hash(b"1"))
    first.put_hash(str(tmp_path / "gone.py"), stat, content_hash(b"2"))
    first.save()
    second = opened(tmp_path / "cache")
    second.put_hash(str(tmp_path / "new.py"), stat, content_hash(b"3"))
    second.save()
    third = opened(tmp_path / "cache")
    assert third.get_hash(str(kept), stat) == content_hash(b"1")
    assert third.get_hash(str(tmp_path / "new.py"), stat) == content_hash(b"3")
    assert third.get_hash(str(tmp_path / "gone.py"), stat) is None


def test_stats_of_a_parallel_run_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    runs = [opened(tmp_path / "cache"), opened(tmp_path / "cache")]
    for file, run in zip(files, runs, strict=True):
        file.write_text("")
        run.put_hash(str(file), file.stat(), content_hash(b"1"))
        run.save()
    later = opened(tmp_path / "cache")
    assert [later.get_hash(str(file), file.stat()) for file in files] == [content_hash(b"1")] * 2


@given(st.binary(max_size=100))
def test_content_hash_is_of_the_content_alone(data: bytes) -> None:
    assert len(content_hash(data)) == 16
    assert content_hash(data) == content_hash(bytes(bytearray(data)))
    assert content_hash(data) != content_hash(data + b"\0")
