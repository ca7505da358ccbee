"""Files that don't exist are known by what the nearest folder above, that does, doesn't hold."""

from __future__ import annotations

from pathlib import Path

from conclint.store.missing import absent, has_appeared, merged


def test_a_file_is_absent_by_the_nearest_folder_above(tmp_path: Path) -> None:
    (tmp_path / "held" / "more").mkdir(parents=True)
    names = ["a.py", "held/b.py", "held/c.py", "gone/d.py", "gone/deeper/e.py", "held/more/gone/f.py"]
    found = absent(str(tmp_path / name) for name in names)
    assert found == (
        (str(tmp_path), ("a.py", "gone")),
        (str(tmp_path / "held"), ("b.py", "c.py")),
        (str(tmp_path / "held" / "more"), ("gone",)),
    )


def test_it_has_appeared_once_the_folder_holds_it(tmp_path: Path) -> None:
    found = merged(absent([str(tmp_path / "a" / "b.py")]), absent([str(tmp_path / "c.py")]))
    assert not has_appeared(found)
    (tmp_path / "other.py").touch()
    assert not has_appeared(found)
    (tmp_path / "a").mkdir()
    assert has_appeared(found)


def test_where_no_folder_is_left_the_root_lacks_the_first(tmp_path: Path) -> None:
    ((root, names),) = absent([str(Path(tmp_path.anchor) / "surely-not-here" / "x" / "y.py")])
    assert (root, names) == (tmp_path.anchor, ("surely-not-here",))
