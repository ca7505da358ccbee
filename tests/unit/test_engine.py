"""The fixpoint by itself: what it does with modules that are not loaded yet."""

from __future__ import annotations

from pathlib import Path

from conclint.cache import Cache
from conclint.catalog.loader import Catalog
from conclint.link.evaluate import Evaluator
from conclint.link.program import Program
from conclint.link.summaries import SummaryStore
from conclint.propagate.effects import Kind
from conclint.propagate.engine import Engine
from conclint.source.modules import ModuleFinder

USES = """\
def wait():
    from other import pause
    pause()
"""
OTHER = """\
import time

def pause():
    time.sleep(1)
"""


def test_links_may_be_asked_for_before_effects(tmp_path: Path) -> None:
    """A function that was only asked for its links, and lacks a module, is taken up once that is loaded."""
    uses = tmp_path / "uses.py"
    uses.write_text(USES)
    (tmp_path / "other.py").write_text(OTHER)
    store = SummaryStore(Cache.open(None), 1, None)
    store.load([str(uses)])
    finder = ModuleFinder([str(tmp_path)], [str(uses)])
    engine = Engine(Evaluator(Program(store, finder, Catalog(()))))
    key = (str(uses), 1)

    assert not engine.links(key)
    engine.run(store.load)

    assert engine.is_settled
    assert [link.site for link in engine.links(key)] == [0]
    assert {effect.kind for effect in engine.effects_of(key)} == {Kind.WAITS}
