"""What the catalog knows, for a reader and for other programs.

As JSON an entry is an object `name, library, effect, family, recommendation, source`, one for each function
and method that is stated; `family` is null but for waits (and placements that also wait), `recommendation` is
null where there is nothing to replace, else a list of dotted names, best first: async counterparts, or else
what to move the call to.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from conclint.catalog.facts import CallableFact, ClassFact, Condition, EffectKind, Trait
from conclint.catalog.loader import Catalog, read_file, shipped_files
from conclint.catalog.schema import LibraryFacts
from conclint.model.execution import Confidence
from conclint.report.json import dump_array

_MEANINGS = {
    EffectKind.WAITS: "waits",
    EffectKind.COMPUTES_GIL: "computes and holds the GIL",
    EffectKind.COMPUTES_NOGIL: "computes and releases the GIL",
    EffectKind.PLACES: "hands its argument to another execution model",
    EffectKind.CALLS: "runs its argument here and now",
    EffectKind.REGISTERS: "registers its argument, which other calls run",
    EffectKind.HARMLESS: "neither blocks nor does long-running CPU work",
}
_ELSEWHERE = {
    EffectKind.WAITS: ("asyncio.to_thread",),
    EffectKind.COMPUTES_GIL: ("concurrent.futures.ProcessPoolExecutor",),
    EffectKind.COMPUTES_NOGIL: ("asyncio.to_thread",),
}
"""Where a call goes that has no async counterpart."""
_MAX_NEAR = 5


class UnknownNameError(LookupError):
    """Nothing is known of a name; the text says so, with names that are near."""


class CatalogView:
    """Everything stated, in order of library and name; what the user states last."""

    def __init__(self, own: Sequence[LibraryFacts] = ()) -> None:
        self._files = (*(read_file(path) for path in shipped_files()), *own)
        self._catalog = Catalog(own)

    def render(self, name: str | None, *, as_json: bool) -> str:
        """What is known of a library, a module, a class or a callable; of everything, without a name.

        Raises UnknownNameError.
        """
        if name is None:
            if as_json:
                return _as_json(fact for file in self._files for fact in _facts(file))
            return self._overview()
        file = next((file for file in self._files if _is_library(file, name)), None)
        if file is not None:
            return self._listed(name, [f for f in self._files if _is_library(f, name)], as_json)
        for dotted in (name, f"builtins.{name}"):
            cls = self._catalog.klass(dotted)
            if cls is not None:
                methods = self._methods(cls)
                return _as_json(methods) if as_json else self._class_text(dotted, cls, methods)
            fact = self._catalog.function(dotted)
            if fact is not None:
                return _as_json([fact]) if as_json else "".join(self._callable_text(dotted, fact))
        below = self._below(name)
        if not below:
            raise UnknownNameError(self._unknown(name))
        return _as_json(below) if as_json else _table(below)

    def _overview(self) -> str:
        counts: dict[str, int] = {}
        for file in self._files:
            counts[file.library] = counts.get(file.library, 0) + sum(1 for _ in _facts(file))
        width = max(map(len, counts))
        lines = [f"{name:<{width}}  {count:>5}\n" for name, count in sorted(counts.items())]
        total = (
            f"{sum(counts.values())} callables of {len(counts)} libraries; `conclint catalog NAME` says more"
        )
        return "".join(lines) + f"\n{total}\n"

    def _listed(self, name: str, files: Sequence[LibraryFacts], as_json: bool) -> str:
        facts = [fact for file in files for fact in _facts(file)]
        if as_json:
            return _as_json(facts)
        sources = sorted({fact.source for fact in facts})
        head = f"{name}: {len(facts)} callables\n"
        return head + "".join(f"source: {source}\n" for source in sources) + "\n" + _table(facts)

    def _methods(self, cls: ClassFact) -> list[CallableFact]:
        """The class's methods, inherited ones too, each as it is found on the class."""
        names = {name for owner in self._catalog.ancestry(cls.name) for name in owner.methods}
        found = (self._catalog.method(cls.name, name) for name in sorted(names))
        return [fact for fact in found if fact is not None]

    def _class_text(self, asked: str, cls: ClassFact, methods: Sequence[CallableFact]) -> str:
        lines = [f"{cls.name}: class{_also(asked, cls.name)}\n", f"  library: {cls.library}\n"]
        bases = [owner.name for owner in self._catalog.ancestry(cls.name)[1:]]
        if bases:
            lines.append(f"  inherits: {', '.join(bases)}\n")
        if cls.asynchronous:
            lines.append("  every public method is to be awaited\n")
        if cls.instead:
            lines.append(f"  use instead: {', '.join(cls.instead)}\n")
        lines.append(f"  source: {cls.source}\n")
        return "".join(lines) + ("\n" + _table(methods) if methods else "")

    def _callable_text(self, asked: str, fact: CallableFact) -> Iterator[str]:
        yield f"{_shown(asked, fact)}: {_effect(fact)}{_also(asked, fact.name)}\n"
        yield f"  library: {fact.library}\n"
        if fact.coroutine:
            yield "  calling it gives an awaitable\n"
        if fact.signature is not None:
            yield f"  signature: ({', '.join(_parameters(fact))})\n"
        for word, conditions in (("not where", fact.unless), ("only where", fact.when)):
            if conditions:
                yield f"  {word}: {' or '.join(map(_condition, conditions))}\n"
        if fact.returns:
            yield f"  returns: {fact.returns}\n"
        if fact.placing is not None and fact.effect is EffectKind.PLACES:
            model = fact.placing.model.value if fact.placing.model else "as the executor says"
            yield f"  places: {fact.placing.callable} ({model})\n"
        if fact.confidence is not Confidence.HIGH:
            yield f"  confidence: {fact.confidence.label}\n"
        recommendation = recommended(fact)
        if recommendation:
            yield f"  use instead: {', '.join(recommendation)}\n"
        for library, names in (("trio", fact.instead_trio), ("anyio", fact.instead_anyio)):
            if names:
                yield f"    under {library}: {', '.join(names)}\n"
        if fact.by_star:
            yield "  stated for all names that are not stated one by one\n"
        if fact.note:
            yield f"  note: {fact.note}\n"
        yield f"  source: {fact.source}\n"

    def _below(self, name: str) -> list[CallableFact]:
        """What is stated of things whose name begins with this module's."""
        prefixes = (f"{name}.", f"{self._catalog.canonical(name)}.")
        return [fact for file in self._files for fact in _facts(file) if fact.name.startswith(prefixes)]

    def _unknown(self, name: str) -> str:
        names = {fact.name: None for file in self._files for fact in _facts(file)}
        for file in self._files:
            names.update(dict.fromkeys((file.library, *file.imports, *file.classes, *file.aliases)))
        near = difflib.get_close_matches(name, names, _MAX_NEAR, 0.75)
        if not near:
            last = name.rsplit(".", 1)[-1].lower()
            near = sorted(other for other in names if other.rsplit(".", 1)[-1].lower() == last)[:_MAX_NEAR]
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        return f"the catalog knows nothing of {name!r}{hint}"


def recommended(fact: CallableFact) -> tuple[str, ...] | None:
    """Dotted names of what to use instead, best first; None where there is nothing to replace."""
    if fact.coroutine or fact.effect not in _ELSEWHERE:
        return None
    if Trait.ONE_THREAD in fact.traits:
        return ("concurrent.futures.ThreadPoolExecutor",)
    return fact.instead or _ELSEWHERE[fact.effect]


def _facts(file: LibraryFacts) -> Iterator[CallableFact]:
    """All that is stated of callables, in order of name."""
    found = list(file.functions.values())
    for cls in file.classes.values():
        found.extend(cls.methods.values())
    return iter(sorted(found, key=lambda fact: fact.name))


def _is_library(file: LibraryFacts, name: str) -> bool:
    return name.lower() == file.library.lower()


def _as_json(facts: Iterable[CallableFact]) -> str:
    return dump_array(
        {
            "name": fact.name,
            "library": fact.library,
            "effect": fact.effect.value,
            "family": fact.family.value if fact.family else None,
            "recommendation": recommended(fact),
            "source": fact.source,
        }
        for fact in facts
    )


def _table(facts: Sequence[CallableFact]) -> str:
    width = max(len(fact.name) for fact in facts)
    rows = []
    for fact in facts:
        advice = fact.instead[0] if fact.instead and recommended(fact) else ""
        rows.append(f"{fact.name:<{width}}  {_short_effect(fact):<18}  {advice}".rstrip() + "\n")
    return "".join(rows)


def _short_effect(fact: CallableFact) -> str:
    if fact.coroutine:
        return "awaitable"
    family = f" ({fact.family.value})" if fact.family else ""
    return f"{fact.effect.value}{family}"


def _effect(fact: CallableFact) -> str:
    if fact.coroutine:
        return _MEANINGS[EffectKind.HARMLESS]
    family = f" ({fact.family.value})" if fact.family else ""
    return f"{_MEANINGS[fact.effect]}{family}"


def _shown(asked: str, fact: CallableFact) -> str:
    """An inherited method by the name that was asked for."""
    last = asked.rsplit(".", 1)[-1]
    return asked if "." in asked and fact.name.rsplit(".", 1)[-1] == last else fact.name


def _also(asked: str, name: str) -> str:
    return "" if asked == name else f" (stated as {name})"


def _parameters(fact: CallableFact) -> Iterator[str]:
    keyword_only = False
    for parameter in fact.signature or ():
        if parameter.kind == "kw" and not keyword_only:
            keyword_only = True
            yield "*"
        keyword_only = keyword_only or parameter.kind == "*"
        yield f"{parameter.kind if parameter.kind != 'kw' else ''}{parameter.name}"


def _condition(condition: Condition) -> str:
    return " and ".join(
        f"{name} is {value.strip('<>')}"
        if isinstance(value, str) and value.startswith("<")
        else f"{name} = {value!r}"
        for name, value in condition.pairs
    )
