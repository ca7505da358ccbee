"""The concurrency picture: who waits, for which function of the program, and for what that function calls.

One lane for each function to change, so that no line crosses another; lanes are put together by rule, and a
click opens them. It is a list to a screen reader and on a phone, and needs no script.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind
from conclint.model.finding import Finding
from conclint.model.symbols import readable, short_name
from conclint.report.grouping import Entry
from conclint.report.printable import printable
from conclint.report.wording import MODEL_WORDS, count

_MOST_NAMES = 5
"""How many names of a box are shown at once."""
_MOST_LANES = 8
"""How many lanes of a rule are shown at once."""
_MOST_PLACEMENTS = 200


class Name(NamedTuple):
    """A name as it is shown, and the whole of it."""

    label: str
    title: str


class Lane(NamedTuple):
    """Who waits, for which function, and for what that function calls. `anchor` is the entry's card, `first`
    says what the waiters are."""

    anchor: str
    severity: str
    first: str
    waiters: tuple[Name, ...]
    more_waiters: tuple[Name, ...]
    root: Name
    place: str
    primitives: tuple[Name, ...]
    more_primitives: tuple[Name, ...]
    number: int


class Area(NamedTuple):
    """The lanes of one rule, and what they come to in words."""

    code: str
    title: str
    waiting: str
    roots: str
    lanes: tuple[Lane, ...]
    more_lanes: tuple[Lane, ...]


class Placement(NamedTuple):
    """A function of the program that is handed to another model, which is fine as it is."""

    source: str
    place: str
    target: str
    model: str
    by: str


class Placements(NamedTuple):
    """The first of them, and how many more there are."""

    shown: tuple[Placement, ...]
    left_out: int


def draw_areas(cards: Iterable[tuple[Entry, str, str]], titles: dict[str, str]) -> tuple[Area, ...]:
    """The picture of the entries, each with its anchor and severity; `titles` tells what a code is about."""
    lanes: dict[str, list[tuple[Lane, Entry]]] = {}
    for entry, anchor, severity in cards:
        if entry.head.symbol:
            lanes.setdefault(entry.head.code, []).append((_lane(entry, anchor, severity), entry))
    areas = []
    for code, members in lanes.items():
        ordered = tuple(lane for lane, _ in sorted(members, key=lambda item: (-item[0].number, item[0])))
        callers = {(found.path, found.symbol) for _, entry in members for found in entry.findings}
        areas.append(
            Area(
                code,
                titles.get(code, code),
                count(len(callers), "function"),
                count(len(ordered), "place to change", "places to change"),
                ordered[:_MOST_LANES],
                ordered[_MOST_LANES:],
            )
        )
    return tuple(sorted(areas, key=lambda area: (-len(area.lanes) - len(area.more_lanes), area.code)))


def root_of(entry: Entry) -> tuple[Name, str]:
    """The function to change, and where it is."""
    head = entry.head
    if entry.is_shared and head.root is not None:
        return _name(head.root.symbol), f"{printable(head.root.path)}:{head.root.line}"
    return _name(head.symbol), f"{printable(head.path)}:{head.position.line}"


def causes_of(entry: Entry) -> tuple[Name, ...]:
    """What is called there in the end: the primitives, or what the rule is about."""
    named = tuple(Name(printable(readable(cause)), printable(cause)) for cause in entry.causes)
    return named or (Name(entry.head.name, entry.head.name),)


def _lane(entry: Entry, anchor: str, severity: str) -> Lane:
    root, place = root_of(entry)
    waiters = tuple(_waiters(entry))
    causes = causes_of(entry)
    return Lane(
        anchor,
        severity,
        "waits" if entry.is_shared or entry.head.entries else "runs on",
        waiters[:_MOST_NAMES],
        waiters[_MOST_NAMES:],
        root,
        place,
        causes[:_MOST_NAMES],
        causes[_MOST_NAMES:],
        len(entry.findings),
    )


def _waiters(entry: Entry) -> Iterator[Name]:
    """The functions that call a helper; of a place that is its own root, the requests that reach it."""
    if entry.is_shared:
        yield from map(_name, entry.callers)
        return
    head = entry.head
    for words in head.entries:
        yield Name(printable(words.replace("`", "")), printable(words))
    more = head.entry_count - len(head.entries)
    if more > 0:
        yield Name(f"{more} more", f"{more} more")
    if not head.entries:
        yield Name(MODEL_WORDS[head.model] if head.model else "its callers", "")


def _name(symbol: str) -> Name:
    return Name(printable(short_name(symbol)), printable(symbol))


def placements_of(findings: Sequence[Finding], concurrency: ConcurrencyMap | None) -> Placements:
    """What is handed to another model, and is no finding."""
    if concurrency is None:
        return Placements((), 0)
    reported = {(finding.symbol, finding.position.line) for finding in findings}
    paths = {item.symbol: item.path for item in concurrency.functions}
    found: Counter[Placement] = Counter()
    for edge in concurrency.edges:
        if edge.kind is EdgeKind.PLACE and edge.model and (edge.caller, edge.line) not in reported:
            place = f"{paths.get(edge.caller, '')}:{edge.line}"
            model = MODEL_WORDS[edge.model]
            found[Placement(*map(printable, (edge.caller, place, edge.callee, model, edge.by)))] += 1
    ordered = sorted(found, key=lambda item: (item.place.rpartition(":")[0], item))
    return Placements(tuple(ordered[:_MOST_PLACEMENTS]), max(len(ordered) - _MOST_PLACEMENTS, 0))
