"""What a call passes: which argument ends up in which parameter."""

from __future__ import annotations

from typing import NamedTuple

from conclint.catalog.facts import ParameterFact
from conclint.resolve.values import Key, ValueSet
from conclint.summary.records import Def, Param, ParamKind, Slot


class StarItem(NamedTuple):
    """An item of what `*value` (by its number) or `**value` (by its name) passes on."""

    key: Key
    value: int
    item: str


Passed = tuple[Key, int] | ValueSet | StarItem
"""An argument: a value of a body, something already evaluated, or an item of a `*` argument."""


class Arguments(NamedTuple):
    """The arguments of one call. `spread` is set where `*x` or `**x` passes more than can be told."""

    positional: tuple[Passed, ...] = ()
    keywords: tuple[tuple[str, Passed], ...] = ()
    spread: bool = False
    star: tuple[Key, int] | None = None
    double_star: tuple[Key, int] | None = None

    def keyword(self, name: str) -> Passed | None:
        """The argument passed by this name."""
        for key, value in self.keywords:
            if key == name:
                return value
        return None

    def starred(self, position: int) -> Passed | None:
        """What `*args` puts at a position (from 0) behind the arguments that are written out."""
        offset = position - len(self.positional)
        return StarItem(*self.star, f"[{offset}]") if self.star is not None and offset >= 0 else None

    def prepend(self, *values: Passed) -> Arguments:
        """The same with more positional arguments in front (a receiver, say)."""
        return Arguments((*values, *self.positional), *self[1:])

    def drop(self, count: int) -> Arguments:
        """The same without the first positional arguments."""
        return self._replace(positional=self.positional[count:])


EVERYTHING = Arguments(spread=True)
"""Nothing is known of what is passed."""


def arguments_of(key: Key, args: tuple[tuple[int | str, int], ...]) -> Arguments:
    """The arguments written at a site of the body of `key`."""
    positional: list[Passed] = []
    keywords: list[tuple[str, Passed]] = []
    spread = False
    star = double_star = None
    for slot, value in args:
        if isinstance(slot, str):
            keywords.append((slot, (key, value)))
        elif slot in (Slot.STAR, Slot.DOUBLE_STAR):
            if slot == Slot.STAR and not spread:
                star = (key, value)
            elif slot == Slot.DOUBLE_STAR:
                double_star = (key, value)
            spread = True
        elif not spread:
            positional.append((key, value))
    return Arguments(tuple(positional), tuple(keywords), spread, star, double_star)


def bind(definition: Def, index: int, arguments: Arguments) -> Passed | None:
    """What the parameter `index` of a def is bound to, a receiver being among the positional arguments.

    None where its default applies or nothing can be told; `passes_nothing` tells these apart.
    """
    param: Param = definition.params[index]
    if param.kind in (ParamKind.STAR, ParamKind.DOUBLE_STAR):
        return None
    by_name = arguments.keyword(param.name)
    if by_name is not None and param.kind != ParamKind.POSITIONAL_ONLY:
        return by_name
    if param.kind == ParamKind.KEYWORD_ONLY:
        return None
    position = sum(
        1
        for other in definition.params[:index]
        if other.kind in (ParamKind.POSITIONAL_ONLY, ParamKind.NORMAL)
    )
    if position < len(arguments.positional):
        return arguments.positional[position]
    if arguments.star is None and arguments.double_star is not None:
        return StarItem(*arguments.double_star, f"[{param.name}]")
    return arguments.starred(position)


def stated_argument(
    signature: tuple[ParameterFact, ...] | None, name: str, arguments: Arguments
) -> Passed | None:
    """The argument that a call passes for a parameter of a stated signature; None if it passes none."""
    by_name = arguments.keyword(name)
    if by_name is not None:
        return by_name
    position = 0
    for parameter in signature or ():
        if parameter.kind in ("*", "**", "kw"):
            if parameter.name == name:
                return None
            if parameter.kind == "*":
                position = 1 << 20
            continue
        if parameter.name == name:
            return arguments.positional[position] if position < len(arguments.positional) else None
        position += 1
    return None
