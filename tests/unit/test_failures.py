"""What fails in conclint itself costs one module: that is said of it, and everything else is reported."""

from __future__ import annotations

import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conclint.config.settings import load_config
from conclint.effects.solver import EffectSolver
from conclint.extract import extraction
from conclint.flake8_plugin import Plugin
from conclint.judging import effect_cutoff as cutoff
from conclint.judging import groups, processes
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.mapping import build
from conclint.resolve import decorations
from conclint.resolve.evaluate import Evaluator
from conclint.rules.drafts import ModuleView
from conclint.rules.judge import Judge
from conclint.rules.structural import StructuralJudge
from conclint.run.pipeline import Report, check, map_concurrency
from conclint.server.jobs import Checked, CheckJob, JobScope
from conclint.server.run_job import answer_job
from conclint.source import index
from conclint.source.file_digests import FileDigests
from conclint.store.cache import Cache
from conclint.summary_store import SummaryStore
from conclint.workspace import Workspace

BLOCKING = "import asyncio\nimport time\n\n\nasync def f():\n    time.sleep(1)\n    marker_{name}()\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.conclint]\n")
    for name in ("bad", "good", "other"):
        (tmp_path / f"{name}.py").write_text(BLOCKING.format(name=name))
    return tmp_path


def run(**options: Any) -> Report:
    return check(["."], load_config(["."], options={"jobs": 1, **options}, known_codes={}))


def codes(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        found.setdefault(finding.path, []).append(finding.code)
    return found


def failing(
    work: Callable[..., Any], is_bad: Callable[..., bool], error: BaseException
) -> Callable[..., Any]:
    def wrapped(*args: Any, **keywords: Any) -> Any:
        if is_bad(*args):
            raise error
        return work(*args, **keywords)

    return wrapped


def _of_bad_text(data: Any, *_: Any) -> bool:
    return b"marker_bad" in data


def _among(_: Any, paths: Any, *__: Any) -> bool:
    return any(str(path).endswith("bad.py") for path in paths)


def _of_bad_path(_: Any, key: Any, *__: Any) -> bool:
    path = key[0] if isinstance(key, tuple) else key
    return str(path).endswith("bad.py")


def _of_bad_view(_: Any, view: ModuleView, *__: Any) -> bool:
    return view.module.path.endswith("bad.py")


STAGES: dict[str, tuple[Any, str, Callable[..., bool]]] = {
    "scanning": (index, "scan", _of_bad_text),
    "extracting": (extraction, "walk_module", lambda text, *_: "marker_bad" in text),
    "decoding": (Evaluator, "body", _of_bad_path),
    "evaluating": (Evaluator, "evaluate", _of_bad_path),
    "linking": (EffectSolver, "links", _of_bad_path),
    "propagating": (EffectSolver, "_update", _of_bad_path),
    "listing": (Judge, "roots", _of_bad_path),
    "viewing": (Judge, "view", _of_bad_path),
    "judging": (Judge, "judge_view", _of_bad_view),
    "hashing": (FileDigests, "_found_out", _of_bad_path),
    "finding indexes": (SummaryStore, "_find_indexes", _among),
    "loading": (SummaryStore, "_load", _among),
    "judging a group": (ModuleJudge, "link", _among),
    "judging a linked group": (ModuleJudge, "judge_gathered", _among),
    "telling of a group": (ModuleJudge, "_judged", lambda _, rows, *__: "bad.py" in "".join(rows)),
    "structural": (StructuralJudge, "judge", _of_bad_view),
}
ERRORS = [RecursionError("deep"), MemoryError(), KeyError(id(STAGES)), AssertionError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_costs_its_module(
    stage: str, error: BaseException, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, is_bad = STAGES[stage]
    monkeypatch.setattr(where, name, failing(getattr(where, name), is_bad, error))
    report = run(use_cache=False)
    assert codes(report) == {"bad.py": ["CON900"], "good.py": ["CON102"], "other.py": ["CON102"]}
    (said,) = [finding.message for finding in report.findings if finding.code == "CON900"]
    assert said.startswith(f"could not be analysed: {type(error).__name__}")
    assert said.endswith("(please report this)")
    assert str(id(STAGES)) not in said


@pytest.mark.parametrize("stage", ["evaluating", "propagating", "judging", "structural", "scanning"])
def test_what_failed_is_tried_again_in_the_next_run(
    stage: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, is_bad = STAGES[stage]
    with monkeypatch.context() as broken:
        broken.setattr(where, name, failing(getattr(where, name), is_bad, MemoryError()))
        assert codes(run())["bad.py"] == ["CON900"]
    assert codes(run()) == {"bad.py": ["CON102"], "good.py": ["CON102"], "other.py": ["CON102"]}


def test_a_failure_to_compare_with_an_earlier_run_costs_time_only(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    (project / "good.py").write_text("import time\n\n\nasync def g():\n    time.sleep(1)\n")
    monkeypatch.setattr(
        cutoff.CutOff, "still_known", failing(cutoff.CutOff.still_known, lambda *_: True, KeyError())
    )
    assert codes(run()) == {"bad.py": ["CON102"], "good.py": ["CON102"], "other.py": ["CON102"]}


def test_answers_after_a_failure_are_right(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-done work leaves nothing behind: what failed deep in one question is open to the next one."""
    (project / "good.py").write_text(
        "import time\n\n\ndef deco(f):\n    return f\n\n\n@deco\ndef helper():\n    time.sleep(1)\n\n\n"
        "async def one():\n    helper()\n\n\nasync def two():\n    helper()\n"
    )
    fails = iter([True])
    work = decorations.Decorations._decorate
    monkeypatch.setattr(
        decorations.Decorations,
        "_decorate",
        failing(work, lambda *_: next(fails, False), RecursionError()),
    )
    found = codes(run(use_cache=False))
    assert found["bad.py"] == found["other.py"] == ["CON102"]
    assert found["good.py"] == ["CON900"]


def test_the_map_leaves_out_what_failed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        build, "_edges_of", failing(build._edges_of, lambda _, key: key[0].endswith("bad.py"), KeyError())
    )
    found, problems = map_concurrency(
        ["."], load_config(["."], options={"jobs": 1, "use_cache": False}, known_codes={})
    )
    assert [problem.path for problem in problems] == ["bad.py"]
    assert {"good.f", "other.f"} <= {function.symbol for function in found.functions}


def test_an_interrupt_is_no_failure(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "judge_view", failing(Judge.judge_view, _of_bad_view, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run(use_cache=False)


@pytest.mark.parametrize("stage", ["loading", "judging a group", "judging", "evaluating"])
def test_a_failure_in_a_worker_costs_its_module(
    stage: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of workers that are threads here, so that they fail too; and of those that can't even begin."""
    where, name, is_bad = STAGES[stage]
    monkeypatch.setattr(where, name, failing(getattr(where, name), is_bad, KeyError()))
    monkeypatch.setattr(groups, "can_fork", lambda: False)
    monkeypatch.setattr(processes, "JUDGING_PAYS", 0)
    monkeypatch.setattr(groups, "_GROUP_MOST", 1)
    begun: list[Any] = []

    def start(count: int, _: Any, prepare: Callable[..., Any], setup: Any) -> ThreadPoolExecutor:
        begun.append(setup)
        return ThreadPoolExecutor(1, initializer=prepare, initargs=(setup,))

    monkeypatch.setattr(processes, "ProcessPool", start)
    expected = {"bad.py": ["CON900"], "good.py": ["CON102"], "other.py": ["CON102"]}
    assert codes(run(use_cache=False, jobs=2)) == expected
    assert begun
    monkeypatch.setattr(processes, "_prepare", failing(processes._prepare, lambda *_: True, KeyError()))
    assert codes(run(use_cache=False, jobs=2)) == expected
    monkeypatch.setattr(processes, "_judge_group", failing(len, lambda *_: True, KeyError()))
    assert codes(run(use_cache=False, jobs=2)) == expected


@pytest.mark.parametrize("stage", ["loading", "judging a linked group", "judging", "evaluating"])
def test_a_failure_in_a_fork_costs_its_module(
    stage: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, is_bad = STAGES[stage]
    monkeypatch.setattr(where, name, failing(getattr(where, name), is_bad, KeyError()))
    monkeypatch.setattr(groups, "FORKING_PAYS", 0)
    monkeypatch.setattr(groups, "_GROUP_MOST", 1)
    expected = {"bad.py": ["CON900"], "good.py": ["CON102"], "other.py": ["CON102"]}
    assert codes(run(use_cache=False, jobs=2)) == expected


@pytest.mark.parametrize(
    ("where", "name"),
    [(Cache, "get_state"), (Cache, "put_state"), (Cache, "save"), (FileDigests, "shape")],
    ids=lambda item: item if isinstance(item, str) else item.__name__,
)
def test_a_failure_of_what_saves_time_costs_nothing_else(
    where: Any, name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(where, name, failing(len, lambda *_: True, KeyError()))
        assert codes(run()) == codes(run())
    assert set(codes(run())) == {"bad.py", "good.py", "other.py"}


HELPED = {
    "bad.py": "import time\n\n\ndef work():\n    time.sleep(1)  # marker_bad\n",
    "good.py": "import asyncio\n\nfrom bad import work\n\n\nasync def f():\n    work()\n",
    "other.py": "import asyncio\nimport time\n\nimport good\n\n\nasync def f():\n    time.sleep(1)\n",
}


@pytest.mark.parametrize(
    "stage", ["extracting", "evaluating", "decoding", "propagating", "loading", "hashing"]
)
def test_a_failure_in_a_file_that_was_not_asked_for_is_told_where_it_is_used(
    stage: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in HELPED.items():
        (project / name).write_text(text)
    where, name, is_bad = STAGES[stage]
    config = load_config(["."], options={"jobs": 1}, known_codes={})
    with monkeypatch.context() as broken:
        broken.setattr(where, name, failing(getattr(where, name), is_bad, KeyError()))
        report = check(["other.py", "good.py"], config)
    assert codes(report) == {"good.py": ["CON900"], "other.py": ["CON102"]}
    said = report.findings[0].message
    if stage not in ("evaluating", "decoding"):  # which fail where the function is called
        assert said.startswith("bad.py, which this file uses, could not be analysed: KeyError")
    assert codes(check(["other.py", "good.py"], config)) == {"good.py": ["CON102"], "other.py": ["CON102"]}


def test_a_failure_to_look_for_words_costs_that_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "good.py").write_text(
        "import threading\n\n\ndef start(f):\n    threading.Thread(target=f).start()\n"
    )
    (project / "bad.py").write_text("def marker_bad(x):\n    return x\n")
    monkeypatch.setattr(Project, "mentioned", failing(Project.mentioned, _of_bad_path, KeyError()))
    assert codes(run(use_cache=False)) == {"bad.py": ["CON900"], "other.py": ["CON102"]}


def test_a_failure_to_look_for_wrappers_is_told_at_the_file_that_may_call_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "bad.py").write_text("import good\n\n\ngood.f(print)\n")
    fails = iter([True])
    work = Workspace.finder
    monkeypatch.setattr(Workspace, "finder", failing(work, lambda *_: next(fails, False), KeyError()))
    assert codes(run(use_cache=False)) == {
        "bad.py": ["CON900"],
        "good.py": ["CON102"],
        "other.py": ["CON102"],
    }


def test_flake8_tells_of_a_failure(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "judge_view", failing(Judge.judge_view, _of_bad_view, KeyError()))

    def told(name: str) -> list[str]:
        text = (project / name).read_text()
        return [found[2] for found in Plugin(ast.parse(text), name, text.splitlines(keepends=True)).run()]

    (line,) = told("bad.py")
    assert line.startswith("CON900 could not be analysed: KeyError")
    assert [line[:6] for line in told("good.py")] == ["CON102"]


def test_the_server_tells_of_a_failure(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "judge_view", failing(Judge.judge_view, _of_bad_view, KeyError()))
    answer = answer_job(CheckJob(str(project), JobScope.ALL, ()))
    assert isinstance(answer, Checked)
    found = {Path(mark.path).name: mark.code for mark in answer.marks}
    assert found == {"bad.py": "CON900", "good.py": "CON102", "other.py": "CON102"}
