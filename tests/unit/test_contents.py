"""Contents: what tells without a look into the files that nothing was changed, and when nothing can tell."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conclint.cache import Cache
from conclint.source.contents import Contents

DAY = 86_400


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    return path


def contents(*, later: float = DAY, given: dict[str, bytes] | None = None) -> Contents:
    """Those of a run that starts so many seconds from now."""
    return Contents(Cache(None, now=lambda: time.time() + later), given)


def shape(*paths: Path) -> bytes | None:
    return contents().shape(map(str, paths))


def _rewrite(path: Path) -> None:
    path.write_text("y = 2\n")


def _rewrite_and_put_the_time_back(path: Path) -> None:
    before = path.stat()
    time.sleep(0.02)
    path.write_text("y = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_another(path: Path) -> None:
    before = path.stat()
    other = path.with_suffix(".new")
    other.write_text("y = 2\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [_rewrite, _rewrite_and_put_the_time_back, _replace_by_another])
def test_the_shape_changes_with_a_file(file: Path, change: Callable[[Path], None]) -> None:
    before = shape(file)
    assert before is not None
    assert shape(file) == before
    change(file)
    assert shape(file) != before


def test_the_shape_changes_with_the_names_and_their_number(file: Path) -> None:
    other = file.rename(file.with_name("b.py"))
    file.write_text("x = 1\n")
    assert len({shape(file), shape(other), shape(file, other), shape()}) == 4


def test_there_is_none_where_nothing_can_tell(file: Path) -> None:
    assert contents(later=0).shape([str(file)]) is None, "it could be changed and look the same"
    assert contents().shape([str(file), str(file.with_name("gone.py"))]) is None
    assert contents(given={str(file): b"y = 2\n"}).shape([str(file)]) is None


def test_what_was_looked_at_before_it_was_read_is_not_taken_for_what_was_read(file: Path) -> None:
    found = contents()
    before = found.shape([str(file)])
    file.write_text("y = 2\n")
    assert found.digest(str(file)) == contents().digest(str(file))
    assert shape(file) != before
