"""Advice as changes of programs: what each finding's advice would make of the file, in full."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from conclint.config.settings import RUNNING_PYTHON, Config
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.model.finding import Finding
from conclint.rules.advice.change import Advice
from conclint.rules.drafts import Draft
from conclint.rules.examples import advise, source_file
from conclint.source.derived import Derived, headers_of
from conclint.source.discovery import discover_files
from conclint.store.cache import Cache
from conclint.workspace import Workspace
from harness.pasted import pasted


class Told(NamedTuple):
    """A finding and its advice; `text` is the file with the change, None where the advice is words alone."""

    finding: Finding
    advice: Advice
    text: str | None

    @property
    def words(self) -> str:
        """The sentence."""
        return self.advice.recommendation.text

    @property
    def example(self) -> str:
        """The code that is shown, if any."""
        return self.advice.recommendation.example or ""


def advice_for(
    folder: Path, library: str = "asyncio", python: tuple[int, int] = RUNNING_PYTHON
) -> list[Told]:
    """The advice for all that is found in the files of a folder, whatever the confidence; `python` is the
    lowest that the program supports."""
    config = Config(root=folder, cwd=folder, target_version=python)
    sources = discover_files([str(folder)], config, folder).sources
    project = Project(Workspace(config, sources, cache=Cache.open(None)), sources)
    project.library = library
    paths = [source.path for source in sources]
    project.subclasses = Derived(
        lambda: {path: headers_of(index) for path, index in project.store.indexes(paths)}
    )
    judge = ModuleJudge(project)

    def drafts_of(path: str) -> list[Draft]:
        view = judge.judge.view(path)
        assert view is not None
        return judge.judge.judge_view(view)

    told = []
    for path in sorted(source.path for source in sources):
        judge.link([path])
        data = project.text(path)
        assert data is not None
        for draft in judge.settled(partial(drafts_of, path)):
            given = draft.advise  # a failure fails the test
            assert given is not None
            advice = judge.settled(partial(advise, draft, source_file(data)))
            text = None
            if advice.change is not None:
                assert advice.fragment is not None
                text = pasted(data.decode(), advice.fragment, advice.change)
            told.append(Told(draft.finding, advice, text))
    return told
