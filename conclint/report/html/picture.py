"""The concurrency picture: on the left the code that decides where something runs, on the right where that
something runs; crossings that are fine beside those that are findings.

Only places are worked out here; the template draws them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Finding
from conclint.report.printable import printable

_MOST_LINES = 48
_WIDTH, _BOX, _ROW, _HEAD, _GAP, _PAD = 960, 360, 30, 34, 18, 10
_LETTERS = 44
_LABEL_STEPS = (0.22, 0.84, 0.62, 0.42)
"""How far on their ways lines to one node have their labels, so that these lie apart; of more none has."""

_ON_LOOP = "Event loop"
_ELSEWHERE = "Wherever it is called"
_BLOCKS = "Waits or computes on the event loop"
_OTHERS = "Other problems"
_TARGETS = {
    ExecutionModel.EVENT_LOOP: "Event loop, called back",
    ExecutionModel.THREAD: "Threads",
    ExecutionModel.PROCESS: "Processes",
    ExecutionModel.INTERPRETER: "Interpreters",
}
_LEFT = (_ON_LOOP, _ELSEWHERE)
_RIGHT = (_BLOCKS, *_TARGETS.values(), _OTHERS)


class Crossing(NamedTuple):
    """One thing that leads from code to where something runs. `anchor` is the finding's, empty if it is
    fine as it is."""

    from_box: str
    source: str
    to_box: str
    target: str
    anchor: str = ""
    code: str = ""


class Node(NamedTuple):
    """A line of a box: its text, the whole of it, and where it is drawn."""

    label: str
    title: str
    x: int
    y: int
    is_bad: bool


class Box(NamedTuple):
    """A place where code runs."""

    title: str
    x: int
    y: int
    width: int
    height: int
    is_bad: bool
    nodes: tuple[Node, ...]


class Line(NamedTuple):
    """A crossing, or several equal ones: a path, what it says, and the finding that it leads to."""

    path: str
    title: str
    anchor: str
    label: str
    x: int
    y: int


class Row(NamedTuple):
    """The same as text."""

    from_box: str
    source: str
    to_box: str
    target: str
    codes: str
    anchor: str
    number: int


class Picture(NamedTuple):
    """Everything to draw; empty where nothing crosses. `left_out` is the number of lines that are only
    among the rows."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    left_out: int
    by_module: bool


def draw_picture(
    findings: Sequence[Finding], anchors: Sequence[str], concurrency: ConcurrencyMap | None
) -> Picture:
    """The picture of the findings, and of the crossings in the map that are none.

    Beyond some forty lines functions are put together by module, and then the findings come first.
    """
    crossings = [*_of_findings(findings, anchors), *_of_map(findings, concurrency)]
    rows = _rows(crossings)
    by_module = len(rows) > _MOST_LINES
    if by_module:
        modules = _modules(concurrency)
        grouped = (
            crossing._replace(
                source=modules.get(crossing.source, crossing.source),
                target=modules.get(crossing.target, crossing.target),
            )
            for crossing in crossings
        )
        drawn = _rows(grouped)
    else:
        drawn = rows
    shown = sorted(drawn, key=lambda row: (not row.codes, -row.number, row))[:_MOST_LINES]
    return _laid_out(sorted(shown), rows, len(drawn) - len(shown), by_module=by_module)


def _of_findings(findings: Sequence[Finding], anchors: Sequence[str]) -> Iterator[Crossing]:
    for finding, anchor in zip(findings, anchors, strict=True):
        if not finding.symbol:
            continue
        if finding.model is ExecutionModel.EVENT_LOOP:
            from_box, to_box = _ON_LOOP, _BLOCKS
        else:
            from_box = _ELSEWHERE
            to_box = _TARGETS[finding.model] if finding.model else _OTHERS
        target = (
            finding.chain[0].symbol
            if finding.chain and finding.model is not ExecutionModel.EVENT_LOOP
            else ""
        )
        target = target or finding.cause or finding.name
        yield Crossing(from_box, finding.symbol, to_box, target, anchor, finding.code)


def _of_map(findings: Sequence[Finding], concurrency: ConcurrencyMap | None) -> Iterator[Crossing]:
    """Placements; those that are findings are left out here."""
    if concurrency is None:
        return
    reported = {(finding.symbol, finding.position.line) for finding in findings}
    on_loop = {
        function.symbol
        for function in concurrency.functions
        if any(reached.model is ExecutionModel.EVENT_LOOP for reached in function.models)
    }
    for edge in concurrency.edges:
        if (
            edge.kind is EdgeKind.PLACE
            and edge.model is not None
            and (edge.caller, edge.line) not in reported
        ):
            from_box = _ON_LOOP if edge.caller in on_loop else _ELSEWHERE
            yield Crossing(from_box, edge.caller, _TARGETS[edge.model], edge.callee)


def _rows(crossings: Iterable[Crossing]) -> list[Row]:
    """Equal crossings together, those with findings apart from those without."""
    numbers: Counter[Crossing] = Counter()
    anchors: dict[Crossing, str] = {}
    for crossing in crossings:
        kind = crossing._replace(anchor="")
        numbers[kind] += 1
        anchors.setdefault(kind, crossing.anchor)
    return sorted(
        Row(
            kind.from_box,
            printable(kind.source),
            kind.to_box,
            printable(kind.target),
            kind.code,
            anchors[kind],
            number,
        )
        for kind, number in numbers.items()
    )


def _modules(concurrency: ConcurrencyMap | None) -> dict[str, str]:
    """The module of each function of the map, told by its path."""
    result: dict[str, str] = {}
    for function in concurrency.functions if concurrency is not None else ():
        dotted = function.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".").split(".")
        for start in range(len(dotted)):
            module = ".".join(dotted[start:])
            if function.symbol.startswith(f"{module}."):
                result[function.symbol] = module
                break
    return result


def _laid_out(drawn: Sequence[Row], rows: Sequence[Row], left_out: int, *, by_module: bool) -> Picture:
    left, left_places, left_end = _column(
        0, _LEFT, [(row.from_box, row.source, bool(row.codes)) for row in drawn]
    )
    right, right_places, right_end = _column(
        _WIDTH - _BOX, _RIGHT, [(row.to_box, row.target, bool(row.codes)) for row in drawn]
    )
    lines = []
    to_same: Counter[tuple[str, str]] = Counter()
    crowds = Counter((row.to_box, row.target) for row in drawn)
    for row in sorted(drawn, key=lambda row: bool(row.codes)):  # findings on top
        start, end = left_places[row.from_box, row.source], right_places[row.to_box, row.target]
        x1, x2 = _BOX, _WIDTH - _BOX
        bend = (x2 - x1) // 2
        path = f"M {x1} {start} C {x1 + bend} {start}, {x2 - bend} {end}, {x2} {end}"
        what = f"{row.codes}: " if row.codes else ""
        times = f", {row.number} times" if row.number > 1 else ""
        title = f"{what}{row.source} → {row.target} ({row.to_box.lower()}){times}"
        label = row.codes + (f" ×{row.number}" if row.number > 1 else "")
        if crowds[row.to_box, row.target] > len(_LABEL_STEPS):
            label = ""  # the title tells it
        turn = to_same[row.to_box, row.target] = to_same[row.to_box, row.target] + 1
        x, y = _point((x1, start), (x2, end), _LABEL_STEPS[turn % len(_LABEL_STEPS)])
        lines.append(Line(path, title, row.anchor, label.strip(), x, y - 4))
    height = max(left_end, right_end)
    return Picture(_WIDTH, height, (*left, *right), tuple(lines), tuple(rows), left_out, by_module)


def _point(start: tuple[int, int], end: tuple[int, int], part: float) -> tuple[int, int]:
    """Where a line is, so far on its way."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    left, right = 1 - part, part
    x = left**3 * x1 + 3 * left**2 * right * middle + 3 * left * right**2 * middle + right**3 * x2
    return round(x), round(y1 + (y2 - y1) * (3 * part**2 - 2 * part**3))


def _column(
    x: int, titles: Sequence[str], items: Iterable[tuple[str, str, bool]]
) -> tuple[list[Box], dict[tuple[str, str], int], int]:
    """The boxes of a column, the height of the middle of each node, and where the column ends."""
    bad: dict[tuple[str, str], bool] = {}
    for box, symbol, is_bad in items:
        bad[box, symbol] = bad.get((box, symbol), False) or is_bad
    boxes: list[Box] = []
    places: dict[tuple[str, str], int] = {}
    y = 0
    for title in titles:
        symbols = sorted(symbol for box, symbol in bad if box == title)
        if not symbols:
            continue
        nodes = []
        for number, symbol in enumerate(symbols):
            middle = y + _HEAD + number * _ROW + _ROW // 2
            places[title, symbol] = middle
            nodes.append(Node(_shortened(symbol), symbol, x + _PAD, middle, bad[title, symbol]))
        height = _HEAD + len(symbols) * _ROW + _PAD
        boxes.append(Box(title, x, y, _BOX, height, title in (_BLOCKS, _OTHERS), tuple(nodes)))
        y += height + _GAP
    return boxes, places, max(y - _GAP, 0)


def _shortened(symbol: str) -> str:
    """The end of a long dotted name, which tells more than its beginning."""
    return symbol if len(symbol) <= _LETTERS else "…" + symbol[1 - _LETTERS :]
