"""`conclint learn`: reads installed packages, propagates effects, and writes what their public interface
does as catalog files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conclint.catalog.facts import EffectKind
from conclint.catalog.loader import Catalog
from conclint.effects.solver import EffectSolver
from conclint.learning.facts import Learned, Learner
from conclint.learning.public_api import Named, package_files, public_names
from conclint.model.execution import Confidence
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import NeedModule, Program
from conclint.resolve.values import Class, Function, Key
from conclint.source.modules import ModuleFinder
from conclint.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LearnedLibrary:
    """What was learned of one package: a table in the catalog's schema, how many public functions and
    methods were looked at, those learned that the catalog states too, and those where the two disagree."""

    top: str
    table: dict[str, Any]
    looked_at: int
    learned: int
    known: tuple[str, ...]
    contradictions: tuple[str, ...]
    problems: dict[str, tuple[str, int, int]]


_HANDED = frozenset({EffectKind.CALLS.value, EffectKind.PLACES.value})


class _Finder(ModuleFinder):
    """The learned package counts as the program's own; of all others the catalog speaks first."""

    def __init__(self, folders: Sequence[str], files: Sequence[str]) -> None:
        super().__init__((), (), folders)
        self._own_files = frozenset(files)

    def is_installed(self, path: str) -> bool:
        return path not in self._own_files and super().is_installed(path)


def learn_package(
    top: str,
    release: str,
    folders: tuple[str, ...],
    workspace: Workspace,
    *,
    least: Confidence,
    only_new: bool,
    jobs: int | None = None,
) -> LearnedLibrary:
    """What an installed top-level package does, by its source and by the catalog's facts about others.

    Nothing of it is imported. `release` is its name and version, for the source of each fact; with `only_new`
    the table leaves out what the catalog states.
    """
    files = next((found for folder in folders if (found := package_files(folder, top))), [])
    catalog = Catalog()
    store = workspace.store(jobs=jobs)
    try:
        store.load(files)
        engine = EffectSolver(Evaluator(Program(store, _Finder(folders, files), catalog)))
        while True:
            try:
                named = public_names(engine.evaluator, files)
                engine.demand(_keys(engine.evaluator, named))
                engine.run(store.load)
                facts, looked_at = _facts(engine, named, least)
            except NeedModule as need:
                engine.evaluator.program.load([need.path], store.load)
            else:
                if engine.is_settled:
                    break
    finally:
        store.close()
    failed = {path: (message, 1, 1) for path, message in engine.failed.items()}
    known = tuple(sorted(fact.dotted for fact in facts if _states(catalog, fact)))
    wrong = tuple(text for fact in facts if (text := _contradiction(catalog, fact)))
    kept = [fact for fact in facts if not (only_new and fact.dotted in set(known))]
    learner = Learner(engine, named, least)
    bases = {item.name: learner.bases(item) for item in named if isinstance(item.value, Class)}
    table = {
        "library": release.split(" ")[0] if release else top,
        "imports": [top.split(".", 1)[0]],
        "source": f"learned from the source of {release or top}",
        "aliases": _aliases(named, {fact.owner for fact in kept} | {fact.dotted for fact in kept}),
        "functions": _functions(kept, bases),
        "classes": _classes(kept, bases),
    }
    return LearnedLibrary(
        top,
        {key: value for key, value in table.items() if value},
        looked_at,
        len(facts),
        known,
        wrong,
        {os.path.relpath(path): problem for path, problem in (store.problems | failed).items()},
    )


def _keys(evaluator: Evaluator, named: Sequence[Named]) -> list[Key]:
    keys: list[Key] = []
    for item in named:
        keys.append(item.value.key)
        if isinstance(item.value, Class):
            for base in evaluator.classes.ancestry(item.value).classes:
                if isinstance(base, Class):
                    keys += evaluator.module(base.key[0]).children(base.key)
    return keys


def _facts(engine: EffectSolver, named: Sequence[Named], least: Confidence) -> tuple[list[Learned], int]:
    learner = Learner(engine, named, least)
    facts: list[Learned] = []
    looked_at = 0
    for item in named:
        if isinstance(item.value, Function):
            looked_at += 1
            fact = learner.function(item)
            facts += [fact] if fact is not None else []
        else:
            looked_at += len(engine.evaluator.classes.own_members(item.value))
            facts += learner.methods(item)
    return facts, looked_at


def _states(catalog: Catalog, fact: Learned) -> bool:
    """Whether the catalog names the function, or a star says the same of it."""
    stated = catalog.function(fact.dotted)
    return catalog.states(fact.dotted) or (stated is not None and stated.effect.value == fact.row["effect"])


def _contradiction(catalog: Catalog, fact: Learned) -> str | None:
    """What the catalog states otherwise of a name, if it does."""
    stated = catalog.function(fact.dotted)
    if stated is None or stated.coroutine:
        return None
    learned = (fact.row["effect"], fact.row.get("family"))
    held = (stated.effect.value, stated.family.value if stated.family else None)
    if learned[0] == held[0] or (learned[0] in _HANDED and held[0] not in _HANDED):
        return None  # what runs a class or callback that it is given may wait or not, as stated
    words = [f"{effect} ({family})" if family else effect for effect, family in (held, learned)]
    return f"{fact.dotted}: the catalog says {words[0]}, its source says {words[1]}: {fact.row['source']}"


def _aliases(named: Sequence[Named], stated: set[str]) -> dict[str, str]:
    """The other public names of each class or function that is stated."""
    return {other: item.name for item in named if item.name in stated for other in item.names[1:]}


def _functions(facts: Sequence[Learned], bases: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {"module": fact.owner, "names": [fact.name], **fact.row} for fact in facts if fact.owner not in bases
    ]


def _classes(facts: Sequence[Learned], bases: dict[str, list[str]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if fact.owner in bases:
            row = rows.setdefault(fact.owner, {"name": fact.owner, "bases": bases[fact.owner], "methods": []})
            row["methods"].append({"names": [fact.name], **fact.row})
    return list(rows.values())
