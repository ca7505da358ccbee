"""Contents: what tells without a look into the files that nothing was changed, and when nothing can tell."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conclint.source.file_digests import FileDigests
from conclint.store.cache import Cache

DAY = 86_400


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    return path


def contents(*, later: float = DAY, given: dict[str, bytes] | None = None) -> FileDigests:
    """Those of a run that starts so many seconds from now."""
    return FileDigests(Cache(None, now=lambda: time.time() + later), given)


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


def test_the_limit_of_a_run_holds_whatever_an_earlier_run_has_kept(tmp_path: Path) -> None:
    megabyte = 1 << 20
    code = tmp_path / "a.py"
    code.write_text("#" * megabyte + "\n")
    notebook = tmp_path / "b.ipynb"
    cell = {"cell_type": "code", "source": code.read_text()}
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    paths = [str(code), str(notebook)]
    for most, is_small in ((2, True), (1, False), (2, True)):
        with Cache(tmp_path / "cache", now=lambda: time.time() + DAY) as cache:
            found = FileDigests(cache, most=most * megabyte)
            assert [found.digest(path) is not None for path in paths] == [is_small, is_small]
            assert sorted(found.problems) == ([] if is_small else paths)


def test_pictures_of_a_notebook_are_not_its_source(tmp_path: Path) -> None:
    notebook = tmp_path / "b.ipynb"
    cell = {"cell_type": "code", "source": "f()", "outputs": [{"data": {"image/png": "A" * (2 << 20)}}]}
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    assert FileDigests(Cache(None), most=1 << 20).read(str(notebook)) == b"f()\n"
