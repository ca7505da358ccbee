"""What fails in conclint itself costs one module: that is said of it, and everything else is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conclint.config import load_config
from conclint.extract import extraction
from conclint.judging import cutoff
from conclint.link import decorations
from conclint.link.evaluate import Evaluator
from conclint.mapping import build
from conclint.pipeline import Report, check, map_concurrency
from conclint.propagate.engine import Engine
from conclint.rules.judge import Judge
from conclint.rules.structural import StructuralJudge
from conclint.source import index

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


def _of_bad_path(_: Any, key: Any, *__: Any) -> bool:
    path = key[0] if isinstance(key, tuple) else key
    return str(path).endswith("bad.py")


STAGES: dict[str, tuple[Any, str, Callable[..., bool]]] = {
    "scanning": (index, "scan", _of_bad_text),
    "extracting": (extraction, "walk_module", lambda text, *_: "marker_bad" in text),
    "decoding": (Evaluator, "body", _of_bad_path),
    "evaluating": (Evaluator, "evaluate", _of_bad_path),
    "linking": (Engine, "links", _of_bad_path),
    "propagating": (Engine, "_update", _of_bad_path),
    "listing": (Judge, "roots", _of_bad_path),
    "viewing": (Judge, "view", _of_bad_path),
    "judging": (Judge, "judge_module", _of_bad_path),
    "structural": (StructuralJudge, "judge", lambda _, view: view.module.path.endswith("bad.py")),
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
    monkeypatch.setattr(Judge, "judge_module", failing(Judge.judge_module, _of_bad_path, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run(use_cache=False)
