"""What an edit reaches: code that mentions, directly or through others, what is other now, and no more."""

from __future__ import annotations

import marshal
import os
import time
from pathlib import Path
from textwrap import dedent

import pytest

from conclint.config.settings import Config
from conclint.incremental.judgements import Judgements
from conclint.judging.effect_cutoff import outlived
from conclint.model.execution import Confidence
from conclint.run import analysis as analysis_module
from conclint.run.pipeline import Report, check
from conclint.store.cache import MARSHAL_FORMAT
from described import summary_of

BEFORE = "1"
AFTER = "time.sleep(2)"
"""What a case's `CHANGES` stands for, before its edit and after."""


def _write(path: Path, text: str) -> None:
    path.write_text(dedent(text))
    past = time.time() - 60  # as young as the run, it would be read again in any case
    os.utime(path, (past, past))


def _config(root: Path, *, cache: bool) -> Config:
    return Config(
        root=root,
        cwd=root,
        cache_dir=root / ".conclint_cache",
        use_cache=cache,
        jobs=1,
        min_confidence=Confidence.LOW,
    )


def _run(root: Path, *, cache: bool) -> Report:
    return check([str(root)], _config(root, cache=cache))


def _judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    judge = analysis_module.Analysis._judge_anew

    def noting(self: analysis_module.Analysis, paths: list[str]) -> None:
        names.extend(Path(path).stem for path in paths)
        judge(self, paths)

    monkeypatch.setattr(analysis_module.Analysis, "_judge_anew", noting)
    return names


TEMPLATE = "class Base:\n    def run(self):\n        self.hook()\n    def hook(self):\n        pass\n"

CASES: dict[str, tuple[dict[str, str], str]] = {
    "what is registered with a future": (
        {
            "deep": "import time\ndef pause(f):\n    CHANGES\n",
            "mid": """
                from concurrent.futures import Future
                from deep import pause
                class Reply:
                    def __init__(self):
                        self.future = Future()
                        self.future.add_done_callback(pause)
                    def finish(self):
                        self.future.set_result(1)
            """,
            "view": "from mid import Reply\nreply = Reply()\nasync def view():\n    reply.finish()\n",
        },
        "view",
    ),
    "a receiver, by its decorator": (
        {
            "deep": """
                import time
                from django.dispatch import Signal, receiver
                paid = Signal()
                @receiver(paid)
                def note(sender, **named):
                    CHANGES
                def pay():
                    paid.send(None)
            """,
            "view": "import deep\nasync def view():\n    deep.pay()\n",
        },
        "view",
    ),
    "a receiver in a file that the sender does not import": (
        {
            "deep": """
                import time
                from django.dispatch import receiver
                from events import paid
                @receiver(paid)
                def note(sender, **named):
                    CHANGES
            """,
            "events": "from django.dispatch import Signal\npaid = Signal()\n",
            "view": "from events import paid\nasync def view():\n    paid.send(None)\n",
        },
        "view",
    ),
    "a function that is called": (
        {
            "deep": "import time\ndef pause():\n    CHANGES\n",
            "view": "from deep import pause\nasync def view():\n    pause()\n",
        },
        "view",
    ),
    "a function, through another file": (
        {
            "deep": "import time\ndef pause():\n    CHANGES\n",
            "mid": "import deep\ndef rest():\n    deep.pause()\n",
            "view": "from mid import rest\nasync def view():\n    rest()\n",
        },
        "view",
    ),
    "an implementation that a type chooses": (
        {
            "base": "from functools import singledispatch\n@singledispatch\ndef load(x): pass\n",
            "deep": "import time\nfrom base import load\n@load.register\ndef _(x: int):\n    CHANGES\n",
            "view": "import deep\nfrom base import load\nasync def view():\n    load(1)\n",
        },
        "view",
    ),
    "an implementation, registered under another name": (
        {
            "base": "from functools import singledispatch as sd\n@sd\ndef load(x): pass\n",
            "deep": "import time\nfrom base import load as ld\n@ld.register(int)\ndef _(x):\n    CHANGES\n",
            "view": "import deep\nfrom base import load\nasync def view():\n    load(1)\n",
        },
        "view",
    ),
    "an implementation, registered by an alias of which its caller knows nothing": (
        {
            "base": "from functools import singledispatch\n@singledispatch\ndef load(x): pass\n",
            "alias": "import base\nld = base.load\n",
            "deep": "import alias, time\n@alias.ld.register\ndef _(x: int):\n    CHANGES\n",
            "view": "import deep\nfrom base import load\nasync def view():\n    load(1)\n",
        },
        "view",
    ),
    "an implementation that a call registers": (
        {
            "base": "import functools\n@functools.singledispatch\ndef load(x): pass\n",
            "deep": "import time, base\ndef work(x):\n    CHANGES\nbase.load.register(int)(work)\n",
            "view": "import deep\nfrom base import load\nasync def view():\n    load(1)\n",
        },
        "view",
    ),
    "an implementation that a function registers": (
        {
            "base": "import functools\n@functools.singledispatch\ndef load(x): pass\n",
            "deep": "import time, base\ndef work(x):\n    CHANGES\n"
            "def add():\n    base.load.register(int, work)\n",
            "view": "import deep\nfrom base import load\nasync def view():\n    load(1)\n",
        },
        "view",
    ),
    "a method that is called by name": (
        {
            "deep": "import time\nclass Store:\n    def load(self):\n        CHANGES\n",
            "view": "from operator import methodcaller\nfrom deep import Store\n"
            "async def view():\n    methodcaller('load')(Store())\n",
        },
        "view",
    ),
    "a callback that a method was bound with": (
        {
            "deep": "import time\ndef pause(n):\n    CHANGES\n",
            "base": "from functools import partialmethod\nimport deep\nclass Base:\n"
            "    def run(self, callback, n):\n        callback(n)\n"
            "    load = partialmethod(run, deep.pause)\n",
            "view": "from base import Base\nasync def view():\n    Base().load(1)\n",
        },
        "view",
    ),
    "an implementation of a method": (
        {
            "deep": "import time\nfrom functools import singledispatchmethod\nclass Base:\n"
            "    @singledispatchmethod\n    def load(self, x): pass\n"
            "    @load.register\n    def _(self, x: int):\n        CHANGES\n",
            "view": "from deep import Base\nasync def view():\n    Base().load(1)\n",
        },
        "view",
    ),
    "a function under another name": (
        {
            "deep": "import time\ndef pause():\n    CHANGES\n",
            "mid": "from deep import pause as rest\n",
            "view": "from mid import rest as still\nasync def view():\n    still()\n",
        },
        "view",
    ),
    "a star import": (
        {
            "deep": "import time\ndef pause():\n    CHANGES\n",
            "mid": "from deep import *\n",
            "view": "from mid import pause\nasync def view():\n    pause()\n",
        },
        "view",
    ),
    "a special method, of what an attribute holds": (
        {
            "deep": """
                import time
                class Gate:
                    def __enter__(self):
                        CHANGES
                    def __exit__(self, *error):
                        pass
                """,
            "mid": """
                from deep import Gate
                class Holder:
                    def __init__(self):
                        self.opened = Gate()
                """,
            "view": """
                from mid import Holder
                async def view(holder: Holder):
                    with holder.opened:
                        pass
                """,
        },
        "view",
    ),
    "a method that a base class calls": (
        {
            "deep": "import time\nclass Hooks:\n    def hook(self):\n        CHANGES\n",
            "base": TEMPLATE,
            "mid": "from base import Base\nfrom deep import Hooks\nclass Both(Hooks, Base):\n    pass\n",
            "view": "from mid import Both\nasync def view():\n    Both().run()\n",
        },
        "view",
    ),
    "a method that a base class calls, the class under another name": (
        {
            "deep": "import time\nclass Hooks:\n    def hook(self):\n        CHANGES\n",
            "alias": "import deep\nParent = deep.Hooks\ndef parent():\n    return Parent\n",
            "base": TEMPLATE,
            "mid": "from base import Base\nfrom alias import parent\nclass Both(parent(), Base):\n    pass\n",
            "view": "from mid import Both\nasync def view():\n    Both().run()\n",
        },
        "view",
    ),
    "a property": (
        {
            "deep": "import time\nclass Gate:\n    @property\n    def width(self):\n        CHANGES\n",
            "mid": "from deep import Gate\ngate = Gate()\n",
            "view": "from mid import gate\nasync def view():\n    return gate.width\n",
        },
        "view",
    ),
    "what a function is kept as": (
        {
            "deep": """
                import time
                class Work:
                    def start(self):
                        self.step = lambda: CHANGES
                """,
            "view": "from deep import Work\nasync def view(work: Work):\n    work.step()\n",
        },
        "view",
    ),
    "what is put into a collection": (
        {
            "deep": """
                import time
                STEPS = []
                def step():
                    CHANGES
                STEPS.append(step)
                """,
            "view": "from deep import STEPS\nasync def view():\n    for step in STEPS:\n        step()\n",
        },
        "view",
    ),
    "what a module's variable is set to by a function": (
        {
            "deep": """
                import time
                step = None
                def choose():
                    global step
                    step = lambda: CHANGES
                """,
            "view": "import deep\nasync def view():\n    deep.step()\n",
        },
        "view",
    ),
    "a class that is named in an annotation that is text": (
        {
            "deep": "import time\nclass Gate:\n    def open(self):\n        CHANGES\n",
            "mid": """
                from deep import Gate
                def gates() -> "list[Gate]":
                    return load()
                """,
            "view": """
                from mid import gates
                async def view():
                    for gate in gates():
                        gate.open()
                """,
        },
        "view",
    ),
    "a wrapper's inner function": (
        {
            "deep": """
                import time
                def slowly(fn):
                    def inner(*args):
                        CHANGES
                        return fn(*args)
                    return inner
                """,
            "mid": "from deep import slowly\n@slowly\ndef load():\n    return 1\n",
            "view": "from mid import load\nasync def view():\n    load()\n",
        },
        "view",
    ),
    "what a variable of the function around is": (
        {
            "deep": "import time\ndef pause():\n    CHANGES\n",
            "mid": """
                import deep
                def outer():
                    work = deep.pause
                    class Inner:
                        def run(self):
                            return lambda: work()
                    return Inner().run()
                """,
            "view": "from mid import outer\nasync def view():\n    outer()()\n",
        },
        "view",
    ),
    "a default": (
        {
            "deep": """
                import time
                def run(fn=lambda: CHANGES):
                    fn()
                """,
            "view": "from deep import run\nasync def view():\n    run()\n",
        },
        "view",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_hangs_on_it_is_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    files, reported = CASES[case]
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "aside.py").write_text("import deep\nasync def aside():\n    deep.other()\n")
    for name, text in files.items():
        _write(tmp_path / f"{name}.py", dedent(text).replace("CHANGES", BEFORE))
    assert not _run(tmp_path, cache=True).findings
    judged = _judged(monkeypatch)
    _write(tmp_path / "deep.py", "# moved\n\n" + dedent(files["deep"]).replace("CHANGES", AFTER))
    after = _run(tmp_path, cache=True)

    assert "aside" not in judged
    assert after.findings == _run(tmp_path, cache=False).findings
    assert [Path(item.path).stem for item in after.findings] == [reported]


def test_a_module_that_was_edited_and_not_looked_at_again_still_leads_to_what_it_led_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "import time\ndef pause():\n    {}\n"
    mid = "from deep import pause\ndef rest():\n    pause()\n"
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "deep.py", deep.format(1))
    _write(tmp_path / "mid.py", mid)
    _write(tmp_path / "view.py", "from mid import rest\nasync def view():\n    rest()\n")
    assert not _run(tmp_path, cache=True).findings
    judged = _judged(monkeypatch)

    _write(tmp_path / "mid.py", f"def more():\n    return 1\n{mid}")
    assert not _run(tmp_path, cache=True).findings
    assert not judged

    _write(tmp_path / "deep.py", deep.format("time.sleep(2)"))
    assert [item.path for item in _run(tmp_path, cache=True).findings] == ["view.py"]


def test_an_implementation_is_found_by_an_effect_that_outlived_an_edit(tmp_path: Path) -> None:
    """Of a module's functions that an edit doesn't reach, it is still known what others asked of them."""
    service = "from store import Store\ndef load_all(store: Store):\n    return store.load()\n"
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "store.py", "class Store:\n    def load(self):\n        raise NotImplementedError\n")
    _write(tmp_path / "service.py", service)
    _write(tmp_path / "view.py", "from service import load_all\nasync def view(s):\n    load_all(s)\n")
    far = "import time\nfrom store import Store\nclass Far(Store):\n    def load(self):\n        {}\n"
    _write(tmp_path / "far.py", far.format(1))
    assert not _run(tmp_path, cache=True).findings

    _write(tmp_path / "service.py", f"def more():\n    return 1\n{service}")
    assert not _run(tmp_path, cache=True).findings
    _write(tmp_path / "far.py", far.format("time.sleep(2)"))
    assert [item.path for item in _run(tmp_path, cache=True).findings] == ["view.py"]


def test_a_wrapper_is_still_one_after_an_edit_beside_it(tmp_path: Path) -> None:
    wrapper = "def later(owner, work):\n    owner.add(work)\n"
    crunch = "def crunch():\n    total = 0\n    for i in range(10_000_000):\n        total += i * i\n"
    owner = (
        "import threading\nclass Owner:\n    def add(self, work):\n"
        "        threading.Thread(target=work).start()\n"
    )
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "owner.py", owner)
    _write(tmp_path / "wrapper.py", f"from owner import Owner\n{wrapper.replace('owner,', 'owner: Owner,')}")
    _write(tmp_path / "use.py", f"from wrapper import later\n{crunch}def main(o):\n    later(o, crunch)\n")
    first = _run(tmp_path, cache=True)
    assert [item.path for item in first.findings] == ["use.py"]

    more = f"def more():\n    return 1\n{(tmp_path / 'wrapper.py').read_text()}"
    _write(tmp_path / "wrapper.py", more)
    assert _run(tmp_path, cache=True).findings == first.findings
    _write(tmp_path / "use.py", f"\n\n{(tmp_path / 'use.py').read_text()}")
    assert _run(tmp_path, cache=True).findings == _run(tmp_path, cache=False).findings


def test_what_getattr_of_a_module_gives_has_all_names_doubted(tmp_path: Path) -> None:
    lazily = (
        "import importlib\n_NAMES = {{'rest': '{}'}}\n"
        "def __getattr__(name):\n    return getattr(importlib.import_module(_NAMES[name]), name)\n"
    )
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "quick.py", "def rest():\n    return 1\n")
    _write(tmp_path / "slow.py", "import time\ndef rest():\n    time.sleep(2)\n")
    _write(tmp_path / "lazy.py", lazily.format("quick"))
    _write(tmp_path / "view.py", "import lazy\nasync def view():\n    lazy.rest()\n")
    assert not _run(tmp_path, cache=True).findings

    _write(tmp_path / "lazy.py", lazily.format("slow"))
    assert [item.path for item in _run(tmp_path, cache=True).findings] == ["view.py"]


_LOADS = "class Base:\n    def load(self):\n        return 1\n"
_PLACE = (9, (8, (-1, "/p/mid.py", "Base")), None, (-1, (-1, "/p/mid.py", "make"), 5), (-1,))
_ABOVE = (2, (-1, "/p/far.py", "far"), 0, (-1, (19, (-1, "/p/mid.py", "Base"), "load")))


def _lost(row: tuple[object, ...], before: str, now: str) -> set[str]:
    """Of which modules that keep a row it can't be told what it is after an edit of `/p/mid.py`."""
    held = {"/p/view.py": marshal.dumps({"view": ((row, (1, 0)),)}, MARSHAL_FORMAT)}
    versions = {"/p/mid.py": (summary_of(before), summary_of(now))}
    known, lost = outlived(Judgements.none()._replace(effects=held), {}, versions)
    assert lost or known.effects == held
    return lost


@pytest.mark.parametrize("row", [_PLACE, _ABOVE], ids=["an instance that a call made", "a class's method"])
def test_kept_effects_name_a_def_as_it_is_named_after_an_edit_before_it(row: tuple[object, ...]) -> None:
    made = f"{_LOADS}def make():\n    return Base()\n"
    assert not _lost(row, made, f"def more():\n    return 1\n\n{made}")


@pytest.mark.parametrize(
    ("row", "now"),
    [
        ((2, (-1, "/p/mid.py", "make"), 0, (-1,)), _LOADS),
        (_ABOVE, "def make():\n    return 1\n"),
        (_PLACE, f"{_LOADS}def make():\n    print()\n    return Base()\n"),
    ],
    ids=["a def that is gone", "a class that is gone", "an instance that a call made, which is another now"],
)
def test_kept_effects_that_hang_on_more_than_names_are_lost(row: tuple[object, ...], now: str) -> None:
    assert _lost(row, f"{_LOADS}def make():\n    return Base()\n", now) == {"/p/view.py"}


DISPATCHED = {
    "shapes/__init__.py": "",
    "shapes/base.py": "from functools import singledispatch\n@singledispatch\ndef draw(shape):\n    pass\n",
    "shapes/round.py": "import time\nfrom shapes.base import draw\nclass Round:\n    pass\n",
    "shapes/slow.py": "import time\nfrom shapes.base import draw\n@draw.register\ndef _(shape: bytes):\n"
    "    time.sleep(1)\n",
    "shapes/made.py": "import time\nfrom shapes.base import draw as paint\n"
    "class Slow:\n    def go(self):\n        time.sleep(1)\n"
    "class Quick:\n    def go(self):\n        pass\n"
    "@paint.register(int)\ndef _(shape):\n    return Quick()\n",
    "shapes/mid.py": "import shapes.made\nfrom shapes.base import draw\ndef make():\n    return draw(1)\n",
    "view.py": "from shapes.base import draw\nfrom shapes.mid import make\nfrom shapes.round import Round\n"
    "async def view():\n    draw(Round())\nasync def other():\n    draw(b'')\n"
    "async def third():\n    make().go()\n",
    "plain.py": "async def plain():\n    return 1\n",
}
REGISTERED = "@draw.register\ndef _(shape: Round):\n    time.sleep(1)\n"
COMING: dict[str, tuple[str, str]] = {
    "a registration": ("shapes/round.py", DISPATCHED["shapes/round.py"] + REGISTERED),
    "what an implementation gives": (
        "shapes/made.py",
        DISPATCHED["shapes/made.py"].replace("return Quick", "return Slow"),
    ),
    "an import of what registers, in the package": ("shapes/__init__.py", "import shapes.slow\n"),
    "an import of what registers, in the function's module": (
        "shapes/base.py",
        DISPATCHED["shapes/base.py"] + "from shapes import slow\n",
    ),
    "an import of what registers, in the caller's module": (
        "view.py",
        "import shapes.slow\n" + DISPATCHED["view.py"],
    ),
}


@pytest.mark.parametrize("case", COMING)
def test_an_implementation_is_known_of_from_its_registration_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shapes").mkdir()
    for name, text in DISPATCHED.items():
        _write(tmp_path / name, text)
    edited, text = COMING[case]
    assert not _run(tmp_path, cache=True).findings
    judged = _judged(monkeypatch)
    for now, count in ((text, 1), (DISPATCHED[edited], 0), (text, 1)):
        _write(tmp_path / edited, now)
        report = _run(tmp_path, cache=True)
        assert [item.path for item in report.findings] == ["view.py"] * count
        assert report.findings == _run(tmp_path, cache=False).findings
    by_fresh_runs = 3
    assert judged.count("plain") == by_fresh_runs


RUNNING = """
    import time
    import paho.mqtt.client as mqtt
    from blinker import Signal
    from concurrent.futures import Future
    paid = Signal()
    client = mqtt.Client()
    class Reply(Future):
        def __init__(self):
            super().__init__()
            {reply}
        def finish(self):
            self.set_result(1)
    def wait(*given):
        time.sleep(2)
    def set_up():
        {set_up}
    def pay():
        paid.send(None)
    def publish():
        client.publish("topic", b"")
"""
REGISTERING = {
    "a receiver": ("set_up", "paid.connect(wait)", "deep.pay()"),
    "a callback of an attribute": ("set_up", "client.on_socket_register_write = wait", "deep.publish()"),
    "a callback of the object's own": ("reply", "self.add_done_callback(wait)", "deep.Reply().finish()"),
}


@pytest.mark.parametrize("case", REGISTERING)
def test_what_is_registered_is_run_from_then_on(tmp_path: Path, case: str) -> None:
    place, registers, runs = REGISTERING[case]
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "view.py", f"import deep\nasync def view():\n    {runs}\n")
    for now, count in (("1", 0), (registers, 1), ("1", 0), (registers, 1)):
        _write(tmp_path / "deep.py", dedent(RUNNING).format(**{"reply": "1", "set_up": "1", place: now}))
        report = _run(tmp_path, cache=True)
        assert [item.path for item in report.findings] == ["view.py"] * count
        assert report.findings == _run(tmp_path, cache=False).findings


def test_a_receiver_counts_from_when_its_file_is_there(tmp_path: Path) -> None:
    receiver = "import time\nfrom django.dispatch import receiver\nfrom events import paid\n@receiver(paid)\n"
    receiver += "def note(sender, **named):\n    time.sleep(2)\n"
    (tmp_path / "pyproject.toml").write_text("")
    _write(tmp_path / "events.py", "from django.dispatch import Signal\npaid = Signal()\n")
    _write(tmp_path / "view.py", "from events import paid\nasync def view():\n    paid.send(None)\n")
    for text, count in (("", 0), (receiver, 1), (receiver.replace("@", "#"), 0), ("", 0), (receiver, 1)):
        _write(tmp_path / "handlers.py", text)
        report = _run(tmp_path, cache=True)
        assert [item.path for item in report.findings] == ["view.py"] * count
        assert report.findings == _run(tmp_path, cache=False).findings
        alone = check([str(tmp_path / "view.py")], _config(tmp_path, cache=False))
        assert alone.findings == report.findings


MADE = {
    "tanks.py": """
        class Tank:
            def __init__(self, gauge):
                self.gauge = gauge
            async def level(self):
                return self.gauge.depth()
    """,
    "gauges.py": """
        import time
        class Gauge:
            def depth(self):
                time.sleep(1)
        class Simulated:
            def depth(self):
                return 1
    """,
    "house.py": "from gauges import Gauge\nfrom tanks import Tank\ndef tank():\n    return Tank(Gauge())\n",
    "plain.py": "def plain():\n    return 1\n",
}
MAKING = {
    "what it is made with": ("house.py", MADE["house.py"].replace("Gauge", "Simulated")),
    "what that does": ("gauges.py", MADE["gauges.py"].replace("time.sleep(1)", "return 2")),
    "what the constructor keeps": ("tanks.py", MADE["tanks.py"].replace("= gauge", "= gauge.port")),
    "whether it is made": ("house.py", "from gauges import Gauge\n"),
    "whether its file imports the class": ("house.py", MADE["house.py"].replace("import Tank", "import T")),
}


@pytest.mark.parametrize("case", MAKING)
def test_what_an_object_is_made_with_is_known_from_who_makes_it(tmp_path: Path, case: str) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    for name, text in MADE.items():
        _write(tmp_path / name, text)
    edited, text = MAKING[case]
    assert [item.path for item in _run(tmp_path, cache=True).findings] == ["tanks.py"]
    for now, count in ((text, 0), (MADE[edited], 1), (text, 0)):
        _write(tmp_path / edited, now)
        report = _run(tmp_path, cache=True)
        assert [item.path for item in report.findings] == ["tanks.py"] * count
        assert report.findings == _run(tmp_path, cache=False).findings


def test_one_file_alone_has_what_its_objects_are_made_with(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    for name, text in MADE.items():
        _write(tmp_path / name, text)
    (everything,) = _run(tmp_path, cache=False).findings
    (alone,) = check([str(tmp_path / "tanks.py")], _config(tmp_path, cache=False)).findings
    assert alone == everything


POOLED = {
    "offers.py": """
        from concurrent.futures import ThreadPoolExecutor
        def offers(shops):
            with ThreadPoolExecutor(4) as pool:
                return list(pool.map(len, shops))
    """,
    "views.py": """
        from flask import Flask
        from offers import offers
        app = Flask(__name__)
        @app.route("/")
        def index():
            return offers(["a"])
    """,
}


@pytest.mark.parametrize(
    "change", [("@app.route", "@app.command"), ("import offers", "import more"), ('offers(["a"])', '"a"')]
)
def test_a_pool_is_made_for_each_request_as_long_as_a_handler_comes_to_it(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    for name, text in POOLED.items():
        _write(tmp_path / name, text)
    found = [item for item in _run(tmp_path, cache=True).findings if item.code == "CON504"]
    assert [item.path for item in found] == ["offers.py"]
    alone = check([str(tmp_path / "offers.py")], _config(tmp_path, cache=False)).findings
    assert found == [item for item in alone if item.code == "CON504"]
    for text, count in ((POOLED["views.py"].replace(*change), 0), (POOLED["views.py"], 1)):
        _write(tmp_path / "views.py", text)
        report = _run(tmp_path, cache=True)
        assert [item.code for item in report.findings].count("CON504") == count
        assert report.findings == _run(tmp_path, cache=False).findings
