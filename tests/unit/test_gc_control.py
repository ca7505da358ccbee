"""The memory of linked programs is freed without the garbage collector."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

from conclint.config.settings import Config
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.process.gc_control import uncollected
from conclint.source.discovery import discover_files
from conclint.store.cache import Cache
from conclint.workspace import Workspace


def _judge(folder: Path, most: int) -> tuple[ModuleJudge, list[str]]:
    for name in "ab":
        text = f"import time\n\nasync def {name}():\n    time.sleep(1)\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    config = Config(root=folder, cwd=folder)
    sources = discover_files([str(folder)], config, folder).sources
    judge = ModuleJudge(Project(Workspace(config, sources, cache=Cache.open(None)), sources), most=most)
    return judge, sorted(source.path for source in sources)


def test_a_dropped_program_is_freed_at_once(tmp_path: Path) -> None:
    judge, (first, second) = _judge(tmp_path, most=0)
    with uncollected():
        assert judge.judge_modules([first]).rows[first]
        evaluator = judge.engine.evaluator
        parts: list[object] = [judge.judge, judge.engine, evaluator, evaluator.classes, evaluator.program]
        held = [weakref.ref(item) for item in (*parts, evaluator.module(first))]
        del evaluator, parts
        assert judge.judge_modules([second]).rows[second]
        assert [reference() for reference in held] == [None] * len(held)


def test_what_is_made_uncollected_is_not_walked_when_the_collector_is_on_again() -> None:
    with uncollected():
        assert not gc.isenabled()
        made = [[number] for number in range(200_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    young = {id(item) for item in gc.get_objects(generation=0)}
    assert not any(id(item) in young for item in made)


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
