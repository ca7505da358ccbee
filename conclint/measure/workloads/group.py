"""What a registry of workloads is made of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

WORDS = (  # noqa: SIM905
    "async await thread process event loop queue lock wait release hold interpreter measure heartbeat order "
    "customer invoice 2024-05-17 alice@example.com 192.168.10.24 shipped pending 1024 47.11 the of and to in"
).split()


class Group(NamedTuple):
    """Workloads that share their data: `calls` has one for each dotted name of the catalog, given what
    `prepare` made. `prepare` raises ImportError where the library is not installed.

    A call takes some 20 to 200 ms, does the same each time, and may run on two threads at once.
    """

    prepare: Callable[[], Any]
    calls: Mapping[str, Callable[[Any], object]]


def text(words: int, seed: int = 1) -> str:
    """Lines of ordinary words, the same for the same seed."""
    chosen = Random(seed).choices(WORDS, k=words)
    return "\n".join(" ".join(chosen[start : start + 12]) for start in range(0, words, 12))


def records(count: int) -> list[dict[str, Any]]:
    """What an API answers with: small tables of numbers, texts, lists and tables."""
    random = Random(2)
    return [
        {
            "id": number,
            "name": f"customer {number}",
            "amount": random.random() * 1000,
            "tags": random.sample(WORDS, 3),
            "address": {"city": random.choice(WORDS), "lines": [str(number), None, True]},
        }
        for number in range(count)
    ]


def page(rows: int) -> str:
    """An HTML page, well-formed as XML too."""
    row = '<tr class="row{0}"><td id="c{1}">{2}</td><td>{1}</td></tr>'
    cells = (row.format(number % 7, number, WORDS[number % 20]) for number in range(rows))
    return f"<html><body><table>{''.join(cells)}</table></body></html>"


def drain(items: Iterable[object]) -> None:
    """Runs an iterator to its end."""
    deque(items, maxlen=0)


def nothing() -> SimpleNamespace:
    """No data."""
    return SimpleNamespace()
