"""A folder of conclint's own: what is somebody else's is neither used nor written to nor removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conclint.files.own_folder import NotOwnError, OwnFolder, check_folder, check_place

NAME = "0123456789ab.stats"
SEALED = b"conclint sealed\n and more"


def _touch(path: Path, content: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


HOLDING: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: _touch(folder / "thesis.txt"),
    "a hidden file": lambda folder: _touch(folder / ".env"),
    "a folder": lambda folder: (folder / "chapters").mkdir(parents=True),
    "packs of Git": lambda folder: _touch(folder / f"pack-{'0' * 40}.pack"),
    "another pack": lambda folder: _touch(folder / "0123456789ab-0123456789abcdef0.pack"),
    "another state": lambda folder: _touch(folder / "ubuntu.state"),
    "another program's tag": lambda folder: _touch(
        folder / "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n# pytest\n"
    ),
    "a tag that is a folder": lambda folder: (folder / "CACHEDIR.TAG").mkdir(parents=True),
}


@pytest.mark.parametrize("fill", HOLDING.values(), ids=HOLDING)
def test_a_folder_that_holds_anything_else_is_not_used(
    tmp_path: Path, fill: Callable[[Path], object]
) -> None:
    folder = tmp_path / "folder"
    fill(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(NotOwnError):
        OwnFolder.open(str(folder), make=True)
    with pytest.raises(NotOwnError):
        check_folder(str(folder), str(tmp_path))
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", [None, ".gitignore", ".gitkeep", ".DS_Store"])
def test_an_empty_one_is_and_what_keeps_it_in_the_repository_stays(tmp_path: Path, name: str | None) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if name is not None:
        (folder / name).write_bytes(b"!.gitignore\n")
    own = OwnFolder.open(str(folder), make=True)
    own.replace(NAME, [SEALED])
    assert own.clear() == ([name] if name is not None else [])
    assert [path.read_bytes() for path in folder.iterdir()] == [b"!.gitignore\n"] * (name is not None)


def test_one_that_is_being_made_or_being_cleared_by_another_run_is_own(tmp_path: Path) -> None:
    for name in ("CACHEDIR.TAG.0123456789abcdef.tmp", "0123456789ab-0123456789abcdef.pack"):
        (tmp_path / name).mkdir()
        _touch(tmp_path / name / name)
        OwnFolder.open(str(tmp_path / name), make=True).close()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("target", ["elsewhere", "elsewhere/empty", "nowhere"])
def test_no_link_is_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "elsewhere" / "empty").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / target)
    for path in (tmp_path / "link", tmp_path / "link" / "cache"):
        for _ in range(2):
            with pytest.raises(NotOwnError, match="link"):
                check_place(str(path), (), str(tmp_path))
            with pytest.raises(NotOwnError, match="link"):
                OwnFolder.open(str(path), str(tmp_path), make=True)
    assert sorted((tmp_path / "elsewhere").rglob("*")) == [tmp_path / "elsewhere" / "empty"]


@pytest.mark.skipif(os.name == "nt", reason="a folder is not held open there")
def test_what_happens_to_the_path_leads_nowhere_else(tmp_path: Path) -> None:
    """Put in place after the folder was looked at: a link to one that has files of the same names."""
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / NAME).write_bytes(b"mine")
    own = OwnFolder.open(str(tmp_path / "cache"), str(tmp_path), make=True)
    (tmp_path / "cache").rename(tmp_path / "moved")
    (tmp_path / "cache").symlink_to(tmp_path / "victim")
    own.replace(NAME, [SEALED])
    assert (tmp_path / "moved" / NAME).read_bytes() == SEALED
    own.clear()
    assert list((tmp_path / "moved").iterdir()) == []
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "victim").iterdir()] == [(NAME, b"mine")]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_among_the_entries_is_removed_and_its_target_is_not(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(SEALED)
    own = OwnFolder.open(str(tmp_path / "cache"), make=True)
    for name in (NAME, "01234567.replay"):
        (tmp_path / "cache" / name).symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):
        own.open_file(NAME)
    own.replace(NAME, [b"new"])
    own.sweep("ffff", 1e12, 1e12)
    assert (tmp_path / "cache" / "01234567.replay").is_symlink()
    assert own.clear() == []
    assert (tmp_path / "victim").read_bytes() == SEALED


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("home/project", "is the project"),
        ("home", "holds the project"),
        (".", "holds the project"),
        ("home/project/.git/refs/tags", "version control"),
        ("home/project/var\0", "NUL"),
        ("home/project/file", "is not a folder"),
        ("home/alias", "is the project"),
    ],
)
def test_places_at_which_there_can_be_none(tmp_path: Path, path: str, why: str) -> None:
    project = tmp_path / "home" / "project"
    (project / ".git" / "refs" / "tags").mkdir(parents=True)
    (project / "file").touch()
    (tmp_path / "home" / "alias").symlink_to(project)
    with pytest.raises(NotOwnError, match=why):
        check_place(os.path.normpath(tmp_path / path), [(str(project), "the project")], str(project))


def test_the_root_is_none() -> None:
    with pytest.raises(NotOwnError, match="root of the file system"):
        check_place(os.path.abspath(os.sep), (), os.getcwd())
