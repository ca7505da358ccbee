"""After any edits, a run that knows what earlier runs judged reports what a run that knows nothing does."""

from __future__ import annotations

import marshal
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclint.config.settings import Config
from conclint.effects.effect_rows import from_rows, to_rows
from conclint.judging import checker as modules_module
from conclint.judging import groups
from conclint.judging import processes as processes_module
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.model.execution import Confidence
from conclint.run import analysis as analysis_module
from conclint.run.pipeline import Report, check
from conclint.source.discovery import discover_files
from conclint.store.cache import Cache
from conclint.workers.forking import can_fork
from conclint.workspace import Workspace
from harness.longer import LONGER

FILES = {
    "app/signals.py": [
        "from django.dispatch import Signal\npaid = Signal()\ndef pay():\n    paid.send(None)\n",
        "from django.dispatch import Signal\npaid = Signal()\nsent = Signal()\n"
        "def pay():\n    sent.send(None)\n",
        "from concurrent.futures import Future\nfrom app.deep import really\npaid = Future()\n"
        "paid.add_done_callback(really)\ndef pay():\n    paid.set_result(1)\n",
    ],
    "app/receivers.py": [
        "from app.deep import really\nfrom app.signals import paid\nfrom django.dispatch import receiver\n"
        "@receiver(paid)\ndef note(sender, **named):\n    really(sender)\n",
        "from app.deep import really\nfrom app.signals import paid\ndef ready():\n    paid.connect(really)\n",
        "from django.dispatch import receiver\n",
    ],
    "app/paying.py": [
        "from app.signals import pay\nasync def view():\n    pay()\n",
        "from app.signals import paid\nasync def view():\n    paid.send(None)\n",
    ],
    "app/__init__.py": [
        "",
        "from app.helpers import fetch\n",
        "import time\ntime.sleep(1)\n",
        "from app import circles\n",
    ],
    "app/helpers.py": [
        "import requests\ndef fetch(url):\n    return requests.get(url)\n",
        "def fetch(url):\n    return url\n",
        "from app.deep import really\ndef fetch(url):\n    return really(url)\n",
        "\n\n# moved down\nimport requests\ndef fetch(url):\n    return requests.get(url)\n",
        "from app.base import Base\nclass Client(Base):\n    pass\n"
        "def fetch(url):\n    return Client().get(url)\n",
        "def fetch(url:\n",
        "import requests\ndef aside(x):\n    return lambda: x\n"
        "def fetch(url):\n    return requests.get(url)\n",
        "from app.deep import really\nclass Kept:\n    def __init__(self):\n        self.really = really\n"
        "kept = Kept()\ndef fetch(url):\n    return kept.really(url)\n",
        "import requests\nSEEN = []\ndef fetch(url):\n    SEEN.append(url)\n    return requests.get(url)\n",
        "import requests\ndef fetch(url):\n    return requests.get(url)\n"
        "async def afetch(url):\n    return url\n",
        "from app import deep\nSTEPS = []\ndef fetch(url):\n    for step in STEPS:\n        step(url)\n"
        "STEPS.append(deep.really)\n",
    ],
    "app/deep.py": [
        "import time\ndef really(url):\n    time.sleep(2)\n",
        "# no thread is used here\n\nimport time\ndef really(url):\n\n    time.sleep(2)\n",
        "import time\ndef really(url):\n    time.sleep(0)\n",
        "def really(url):\n    return 2\n",
        "import time\ndef other(url):\n    return 2  # noqa: CON101\ndef really(url):\n    time.sleep(2)\n",
        "from app import helpers\ndef really(url):\n    return helpers.fetch(url)\n",
        "import time\nasync def really(url):\n    time.sleep(2)\n",
    ],
    "app/base.py": [
        "import urllib.request\nclass Base:\n    def get(self, url):\n"
        "        return urllib.request.urlopen(url)\n",
        "class Base:\n    def get(self, url):\n        return url\n",
        "class Base:\n    pass\n",
        "from app.deep import really\ndef first():\n    return 1\nclass Base:\n"
        "    def get(self, url):\n        return self.hook(url)\n"
        "    def hook(self, url):\n        return really(url)\n",
    ],
    "app/run.py": [
        "def aside(pool, work):\n    return pool.submit(work)\n",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor()\ndef aside(work, *args):\n    return pool.submit(work, *args)\n",
        "def aside(work, *args):\n    return work(*args)\n",
    ],
    "app/views.py": [
        "from app.helpers import fetch\nasync def view():\n    return fetch('http://x')\n",
        "from app import fetch\nasync def view():\n    return fetch('http://x')\n",
        "from app.deep import really\nasync def view():\n    return really(1)  # noqa: CON101\n",
        "from app.helpers import fetch\nasync def view():\n    return fetch('http://x')  # noqa: CON101\n",
        "from app.helpers import fetch\n\nasync def view():\n    return fetch('http://x')  # noqa\n",
        "async def view():\n    pass\n",
    ],
    "app/stores.py": [
        "class Store:\n    def load(self):\n        raise NotImplementedError\n",
        "class Store:\n    def load(self):\n        return 1\n",
    ],
    "app/near.py": [
        "from app.stores import Store\nclass Near(Store):\n    def load(self):\n        return 1\n",
        "from app.helpers import fetch\nfrom app.stores import Store\nclass Near(Store):\n"
        "    def load(self):\n        return fetch('http://x')\n",
    ],
    "app/far.py": [
        "import time\nfrom app.near import Near\nclass Far(Near):\n"
        "    def load(self):\n        time.sleep(1)\n",
        "import time\nfrom app.stores import Store\nclass Far(Store):\n"
        "    def load(self):\n        time.sleep(1)\n",
        "class Far:\n    pass\n",
        "import time\nfrom app.stores import Store\n\n# as before, on another line\nclass Far(Store):\n"
        "    def load(self):\n        time.sleep(1)\n\ndef more():\n    return 1\n",
        "from app.deep import really\nfrom app.stores import Store\nclass Far(Store):\n"
        "    def more(self):\n        return 1\n    def load(self):\n        return really('x')\n",
    ],
    "app/service.py": [
        "from app.stores import Store\ndef load_all(store: Store):\n    return store.load()\n",
        "from app.stores import Store\ndef load_all(store):\n    return store.load()\n",
        "from app.stores import Store\ndef none():\n    return 1\n"
        "def load_all(store: Store):\n    return store.load()\n",
    ],
    "app/pages.py": [
        "from app.service import load_all\nasync def page(store):\n    return load_all(store)\n",
        "from app.stores import Store\nasync def page(store: Store):\n    return store.load()\n",
    ],
    "app/dispatch.py": [
        "from functools import singledispatch\n@singledispatch\ndef draw(shape):\n    return shape\n",
        "import time\nfrom functools import singledispatch\n@singledispatch\ndef draw(shape):\n"
        "    time.sleep(1)\n",
        "from functools import singledispatch\n@singledispatch\ndef draw(shape):\n    return shape\n"
        "from app import circles\n",
        "def draw(shape):\n    return shape\n",
    ],
    "app/circles.py": [
        "from app.deep import really\nfrom app.dispatch import draw\nclass Circle:\n    pass\n"
        "@draw.register\ndef _(shape: Circle):\n    return really('x')\n",
        "class Circle:\n    pass\n",
        "import time\nimport app.dispatch\nclass Round:\n    pass\nclass Circle(Round):\n    pass\n"
        "def round(shape):\n    time.sleep(1)\napp.dispatch.draw.register(Round, round)\n",
        "import time\nfrom app.dispatch import draw as paint\nclass Circle:\n    pass\n"
        "@paint.register(int)\n@paint.register(Circle)\ndef circle(shape):\n    time.sleep(1)\n",
    ],
    "app/canvas.py": [
        "from app.circles import Circle\nfrom app.dispatch import draw\nasync def paint():\n"
        "    draw(Circle())\nasync def count():\n    draw(3)\n",
        "from app.dispatch import draw\ndef helper(shape):\n    return draw(shape)\n"
        "async def count():\n    helper(3)\n",
    ],
    "app/bound.py": [
        "from functools import partialmethod\nfrom app.deep import really\nclass Bound:\n"
        "    def run(self, callback, url):\n        return callback(url)\n"
        "    load = partialmethod(run, really)\n    def start(self):\n        self.load('x')\n"
        "async def bound():\n    Bound().start()\n",
        "from functools import partial as partialmethod\nfrom app.deep import really\nclass Bound:\n"
        "    load = partialmethod(really, 'x')\nasync def bound():\n    Bound().load()\n",
    ],
    "app/sums.py": [
        "from app.run import aside\ndef crunch():\n    total = 0\n    for i in range(10_000_000):\n"
        "        total += i * i\n    return total\ndef main():\n    aside(crunch)\n",
        "def crunch():\n    return 1\n",
    ],
}
"""Each file's possible texts: calls across files, wrappers, bases, packages, broken syntax."""

_edit = st.sampled_from(
    [(name, number) for name, texts in FILES.items() for number in [-1, *range(len(texts))]]
)
_ASKED = ("app/deep.py", "app/far.py", "app/near.py", "app/pages.py", "app/service.py", "app/stores.py")
_DRAWN = ("app/dispatch.py", "app/circles.py", "app/canvas.py", "app/deep.py", "app/__init__.py")
_SIGNALLED = ("app/signals.py", "app/receivers.py", "app/paying.py", "app/deep.py")
_edit_of_signals = _edit.filter(lambda edit: edit[0] in _SIGNALLED)
_edit_of_drawing = _edit.filter(lambda edit: edit[0] in _DRAWN)
_edit_of_classes = _edit.filter(lambda edit: edit[0] in _ASKED)
_start = st.fixed_dictionaries({name: st.integers(-1, len(texts) - 1) for name, texts in FILES.items()})


def _write(root: Path, name: str, number: int) -> None:
    path = root / name
    if number < 0:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name][number] if name in FILES else "def fetch(url):\n    return url\n")
    past = time.time() - 60  # as young as the run, it would be read again in any case
    os.utime(path, (past, past))


def _run(root: Path, *, cache: bool, jobs: int = 1) -> Report:
    config = Config(
        root=root,
        cwd=root,
        cache_dir=root / ".conclint_cache",
        use_cache=cache,
        jobs=jobs,
        min_confidence=Confidence.LOW,
        warn_unused_ignores=True,
    )
    return check([str(root)], config)


def _reported(report: Report) -> object:
    return report.findings, report.unused_directives, sorted(report.occurring)


@settings(
    max_examples=25 * LONGER, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=_start,
    edits=st.lists(
        st.lists(_edit, min_size=1, max_size=3)
        | st.lists(_edit_of_classes, min_size=1, max_size=2)
        | st.lists(_edit_of_drawing, min_size=1, max_size=2)
        | st.lists(_edit_of_signals, min_size=1, max_size=2),
        min_size=1,
        max_size=4,
    ),
)
def test_incremental_is_fresh(
    tmp_path: Path, start: dict[str, int], edits: list[list[tuple[str, int]]]
) -> None:
    root = tmp_path / "project"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    for name, number in start.items():
        _write(root, name, number)
    assert _reported(_run(root, cache=True)) == _reported(_run(root, cache=False))
    for edit in edits:
        for name, number in edit:
            _write(root, name, number)
        assert _reported(_run(root, cache=True)) == _reported(_run(root, cache=False)), edit


def _judged_anew(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    runs: list[list[str]] = []
    judge = analysis_module.Analysis._judge_anew

    def noting(self: analysis_module.Analysis, paths: list[str]) -> None:
        runs.append([Path(path).name for path in paths])
        judge(self, paths)

    monkeypatch.setattr(analysis_module.Analysis, "_judge_anew", noting)
    return runs


def _project(root: Path, others: int = 20) -> None:
    (root / "pyproject.toml").write_text("")
    for name in FILES:
        _write(root, name, 0)
    for number in range(others):
        path = root / f"app/other{number}.py"
        path.write_text(f"import time\nasync def f():\n    time.sleep({number})\n")
        os.utime(path, (1e9, 1e9))


def test_only_dependents_of_an_edited_file_are_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    first = _run(tmp_path, cache=True)
    runs = _judged_anew(monkeypatch)
    _write(tmp_path, "app/helpers.py", 1)
    second = _run(tmp_path, cache=True)
    judged = [name for run in runs for name in run]
    assert "views.py" in judged
    assert not [name for name in judged if name.startswith("other")]
    assert len(second.findings) == len(first.findings) - 1


def test_a_comment_in_a_helper_moves_chains_and_has_nothing_else_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    first = _run(tmp_path, cache=True)
    runs = _judged_anew(monkeypatch)
    _write(tmp_path, "app/helpers.py", 3)
    second = _run(tmp_path, cache=True)
    assert {name for run in runs for name in run} <= {"views.py", "helpers.py"}
    lines = [step.line for item in second.findings for step in item.chain if step.path == "app/helpers.py"]
    before = [step.line for item in first.findings for step in item.chain if step.path == "app/helpers.py"]
    assert lines == [line + 3 for line in before]
    assert lines


def test_a_module_that_appears_where_it_was_looked_for_is_found(tmp_path: Path) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/helpers.py", -1)
    assert not [item for item in _run(tmp_path, cache=True).findings if "views.py" in item.path]
    _write(tmp_path, "app/helpers.py", 0)
    assert [item for item in _run(tmp_path, cache=True).findings if "views.py" in item.path]


def test_a_class_that_nothing_imports_is_judged_when_it_comes_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/near.py", -1)
    _write(tmp_path, "app/far.py", -1)

    def found() -> list[Confidence]:
        return [item.confidence for item in _run(tmp_path, cache=True).findings if "pages" in item.path]

    assert found() == []
    runs = _judged_anew(monkeypatch)
    _write(tmp_path, "app/far.py", 1)
    assert found() == [Confidence.MEDIUM]
    assert not [name for run in runs for name in run if name.startswith("other")]
    _write(tmp_path, "app/near.py", 0)
    assert found() == [Confidence.LOW]
    _write(tmp_path, "app/far.py", 2)
    assert found() == []


def test_a_single_file_is_judged_by_all_classes_of_the_project(tmp_path: Path) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/near.py", -1)
    _write(tmp_path, "app/far.py", 2)
    config = Config(root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / ".conclint_cache")

    def alone() -> int:
        return len(check([str(tmp_path / "app/pages.py")], config).findings)

    assert alone() == 0
    _write(tmp_path, "app/far.py", 1)
    assert alone() == 1  # no run has seen the project
    assert _run(tmp_path, cache=True).findings
    _write(tmp_path, "app/near.py", 0)
    assert alone() == 0  # and now one has, but not this class


def test_the_report_of_a_single_file_holds_while_the_rest_of_the_project_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it depends on the classes of all files, whether a run has seen the project or not."""
    monkeypatch.setattr("conclint.store.cache.RACY_NS", -(10**18))  # what was just written counts as settled
    _project(tmp_path)
    _write(tmp_path, "app/near.py", -1)
    _write(tmp_path, "app/far.py", 1)
    config = Config(root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / ".conclint_cache")

    def alone() -> int:
        return len(check([str(tmp_path / "app/pages.py")], config).findings)

    def taken() -> int:
        with monkeypatch.context() as patch:
            patch.setattr(analysis_module.Analysis, "findings", None)
            return alone()

    assert (alone(), taken()) == (1, 1)
    _write(tmp_path, "app/far.py", 2)
    assert (alone(), taken()) == (0, 0)
    _run(tmp_path, cache=True)
    _write(tmp_path, "app/far.py", 1)
    assert (alone(), taken()) == (1, 1)


def test_a_lone_file_is_judged_again_only_where_other_classes_are_derived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/near.py", -1)
    _write(tmp_path, "app/far.py", 1)
    config = Config(
        root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / ".conclint_cache", min_confidence=Confidence.LOW
    )
    _run(tmp_path, cache=True)
    runs = _judged_anew(monkeypatch)

    assert len(check([str(tmp_path / "app/pages.py")], config).findings) == 1
    assert not any(runs), runs


def test_a_single_file_uses_and_keeps_what_the_project_run_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conclint.store.cache.RACY_NS", -(10**18))  # what was just written counts as settled
    _project(tmp_path)
    whole = _run(tmp_path, cache=True)
    runs = _judged_anew(monkeypatch)
    config = Config(
        root=tmp_path,
        cwd=tmp_path,
        cache_dir=tmp_path / ".conclint_cache",
        min_confidence=Confidence.LOW,
        warn_unused_ignores=True,
    )
    alone = check([str(tmp_path / "app/views.py")], config)
    assert alone.findings == tuple(item for item in whole.findings if item.path == "app/views.py")
    assert alone.findings
    with monkeypatch.context() as patch:
        patch.setattr(analysis_module.Analysis, "findings", None)  # the second time there is a report
        assert check([str(tmp_path / "app/views.py")], config).findings == alone.findings
    _write(tmp_path, "app/helpers/__init__.py", 0)
    assert not check([str(tmp_path / "app/views.py")], config).findings
    shutil.rmtree(tmp_path / "app/helpers")
    runs.clear()
    _write(tmp_path, "app/other0.py", -1)
    _run(tmp_path, cache=True)
    assert not any(runs), runs


@pytest.mark.parametrize(("jobs", "forks"), [(1, False), (2, False), (2, True)])
def test_workers_and_a_program_begun_anew_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, forks: bool
) -> None:
    _project(tmp_path, others=3)
    expected = _reported(_run(tmp_path, cache=False))
    monkeypatch.setattr(processes_module, "JUDGING_PAYS", 0)
    monkeypatch.setattr(groups, "FORKING_PAYS", 0)
    monkeypatch.setattr(groups, "can_fork", lambda: forks and can_fork())
    monkeypatch.setattr(modules_module, "MOST_DECODED", 0)
    monkeypatch.setattr(groups, "_GROUP_LEAST", 1)
    monkeypatch.setattr(groups, "_GROUP_MOST", 1)
    assert _reported(_run(tmp_path, cache=False, jobs=jobs)) == expected
    assert _reported(_run(tmp_path, cache=True, jobs=jobs)) == expected


def test_a_run_on_more_files_does_not_end_the_keeping_for_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    (tmp_path / "tool.py").write_text("import time\nasync def f():\n    time.sleep(1)\n")
    config = Config(root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / "cache")
    check([str(tmp_path)], config)
    check([str(tmp_path / "app")], config)
    _write(tmp_path, "app/other0.py", -1)
    runs = _judged_anew(monkeypatch)
    check([str(tmp_path / "app")], config)
    assert not [name for run in runs for name in run if name.startswith("other")]


def test_effects_as_data_are_the_effects(tmp_path: Path) -> None:
    _project(tmp_path)
    config = Config(root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / "cache")
    sources = discover_files([str(tmp_path)], config, tmp_path).sources
    judge = ModuleJudge(Project(Workspace(config, sources, cache=Cache.open(None)), sources))
    judge.link(sorted(source.path for source in sources))
    found = [effects for _, effects in judge.engine.drain_changed()]
    assert any(found)
    for effects in found:
        again = from_rows(marshal.loads(marshal.dumps(to_rows(effects), 2)))
        assert again == effects
        assert list(map(repr, again.items())) == list(map(repr, effects.items()))


def test_what_hangs_on_a_derived_class_is_judged_again_only_if_its_effects_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/far.py", 1)
    idle = "from app.service import load_all\ndef idle():\n    load_all(None)\nasync def other():\n    pass\n"
    (tmp_path / "app" / "idle.py").write_text(idle)
    assert [item.path for item in _run(tmp_path, cache=True).findings if "pages" in item.path]
    runs = _judged_anew(monkeypatch)

    def judged() -> set[str]:
        names = {name for run in runs for name in run}
        runs.clear()
        return names

    far = tmp_path / "app" / "far.py"
    more = "\n    def more(self):\n        return 2\n\nasync def other():\n    pass\n"
    far.write_text(far.read_text() + more)
    _run(tmp_path, cache=True)
    assert judged() == {"far.py"}
    far.write_text(f"import os\n{far.read_text()}")
    _run(tmp_path, cache=True)
    assert judged() == {"far.py", "pages.py"}  # a chain on the page passes through other lines
    _write(tmp_path, "app/far.py", 2)
    silent = _run(tmp_path, cache=True)
    assert "idle.py" in judged()
    assert _reported(silent) == _reported(_run(tmp_path, cache=False))


@pytest.mark.parametrize("view", [0, 2])  # the second one needs `deep` too
def test_a_class_derived_later_is_remembered_though_its_coming_changed_nothing(
    tmp_path: Path, view: int
) -> None:
    _project(tmp_path)
    _write(tmp_path, "app/canvas.py", -1)
    _write(tmp_path, "app/views.py", view)
    _write(tmp_path, "app/far.py", 2)
    _run(tmp_path, cache=True)
    _write(tmp_path, "app/far.py", 4)  # derives from the asked class, and calls what does nothing
    _write(tmp_path, "app/deep.py", 3)
    _run(tmp_path, cache=True)
    _write(tmp_path, "app/deep.py", 0)
    assert _reported(_run(tmp_path, cache=True)) == _reported(_run(tmp_path, cache=False))


def test_advice_follows_the_library_that_the_rest_of_the_program_runs_on(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text("async def export(path):\n    return open(path).read()\n")
    words = {"json": "asyncio.to_", "twisted": "deferTo", "trio": "trio.to_"}
    for imports in ("json", "twisted", "trio", "json"):
        word = words[imports]
        (tmp_path / "main.py").write_text(f"import {imports}\n")
        kept = _run(tmp_path, cache=True).findings
        assert kept
        assert all(word in str(one.recommendation) for one in kept)
        assert kept == _run(tmp_path, cache=False).findings
