"""Seals: what has another key, another name or another byte is not there, and costs nothing to refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint.files.own_folder import OwnFolder
from conclint.files.sealing import (
    HEADER_SIZE,
    VARIABLE,
    NoKeyError,
    open_regular,
    read_sealed,
    seal,
    sealed_length,
    user_key,
)
from conclint.store.segments import open_segment, write_segment

KEY, OTHER = b"k" * 32, b"o" * 32
POSIX = pytest.mark.skipif(os.name == "nt", reason="owners and modes are another matter there")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the key is, for this test."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "conclint"


def read(file: Path, key: bytes | None, name: bytes) -> bytes | None:
    opened = open_regular(str(file))
    try:
        sealed = read_sealed(opened, key, name)
        return sealed[0] if sealed is not None else None
    finally:
        os.close(opened)


def test_only_the_key_and_the_name_open_it(tmp_path: Path) -> None:
    file = tmp_path / "entry"
    file.write_bytes(seal(KEY, b"name", b"content") + b"content")
    assert read(file, KEY, b"name") == b"content"
    assert read(file, OTHER, b"name") is None
    assert read(file, KEY, b"another name") is None
    assert read(file, None, b"any name") == b"content"  # a cache that the user has said to trust


@given(st.integers(0, HEADER_SIZE + 6), st.integers(1, 255))
def test_not_a_byte_of_it_can_be_another(place: int, change: int) -> None:
    whole = bytearray(seal(KEY, b"name", b"content") + b"content")
    whole[place] ^= change
    header, content = bytes(whole[:HEADER_SIZE]), bytes(whole[HEADER_SIZE:])
    length = sealed_length(KEY, b"name", header)
    assert length is None or (place >= HEADER_SIZE and length == len(content))


def test_lengths_that_somebody_else_wrote_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "entry"
    huge = 1 << 40
    header = bytearray(seal(OTHER, b"name", b""))
    header[16:24] = huge.to_bytes(8, "little")
    with file.open("wb") as stream:
        stream.write(header)
        stream.truncate(huge + HEADER_SIZE)  # it takes up no room
    assert read(file, KEY, b"name") is None
    assert read(file, None, b"name") is None


def test_what_may_be_anybodys_is_no_more_than_its_file(tmp_path: Path) -> None:
    folder = OwnFolder.open(str(tmp_path / "cache"), make=True)
    name = "0123456789ab-0123456789abcdef.pack"
    rows = [(bytes((1,)) + bytes((number,)) * 16, 0, b"same" * 5_000) for number in range(50)]
    write_segment(folder, name, KEY, b"s" * 16, rows)
    file = tmp_path / "cache" / name
    assert open_segment(folder, name, None, b"s" * 16) is not None
    data = file.read_bytes()
    file.write_bytes(data[: HEADER_SIZE + 16 + 50 * 49 + 20_000])  # as if all shared one blob
    assert open_segment(folder, name, None, b"s" * 16) is None
    segment = open_segment(folder, name, KEY, b"s" * 16)
    assert segment is not None
    assert [segment.read(entry) is not None for entry in segment.entries()] == [True] + [False] * 49


@POSIX
def test_the_key_is_made_once_and_is_the_users_alone(home: Path) -> None:
    with pytest.raises(NoKeyError):
        user_key(make=False)
    assert not home.exists()
    key = user_key()
    assert user_key(make=False) == key
    assert (home / "key").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_runs_at_the_same_time_make_one_key(home: Path) -> None:
    program = "from conclint.files.sealing import user_key; print(user_key().hex())"
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(16)
    ]
    assert {run.communicate(timeout=60)[0] for run in runs} == {user_key().hex() + "\n"}


@POSIX
def test_a_key_that_others_can_read_is_given_up(home: Path) -> None:
    key = user_key()
    (home / "key").chmod(0o644)
    with pytest.raises(NoKeyError):
        user_key(make=False)
    assert user_key() != key
    assert (home / "key").stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_copy_of_the_key_is_another(home: Path) -> None:
    """One that came in an archive, with a project in which the user's cache folder is."""
    key = user_key()
    shutil.copy2(home / "key", home / "copy")
    (home / "copy").replace(home / "key")
    assert user_key() != key


@POSIX
@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_no_key(home: Path, put: object) -> None:
    home.mkdir(parents=True, mode=0o700)
    put(home / "key")  # type: ignore[operator]
    with pytest.raises(NoKeyError, match="key"):
        user_key()


@POSIX
def test_a_folder_that_others_can_write_to_has_no_key(home: Path) -> None:
    user_key()
    home.chmod(0o777)
    with pytest.raises(NoKeyError, match="not this user's alone"):
        user_key()


def test_a_key_that_was_never_finished_is_made_anew(home: Path) -> None:
    user_key()
    (home / "key").write_bytes(b"")
    os.utime(home / "key", (0, 0))
    assert len(user_key()) == 32
    assert (home / "key").stat().st_size == 32


@POSIX
def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    for home in ("/proc/none", "relative"):
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", home)
        with pytest.raises(NoKeyError):
            user_key()


def test_the_environment_gives_a_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "  a secret of 20 and more letters\n")
    key = user_key()
    monkeypatch.setenv(VARIABLE, "a secret of 20 and more letters")
    assert user_key(make=False) == key
    assert not home.exists()
    monkeypatch.setenv(VARIABLE, "")  # as a pull request from a fork has it
    assert user_key() != key
    monkeypatch.setenv(VARIABLE, "guessed")
    with pytest.raises(NoKeyError, match="at least 16"):
        user_key()
