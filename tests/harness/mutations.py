"""Real programs, changed at random: most still parse, and mean what nobody would write."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from hypothesis import strategies as st

_TOKEN: Final = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_ODD: Final = (
    *("*", "**", ":=", ":", ",", "@", "->", "...", "(", ")", "[", "]", "{", "}", "\\\n", "\x0c", "\t", "#"),
    *(
        "'",
        '"""',
        "f'{",
        "}'",
        "\r",
        ";",
        "\N{NO-BREAK SPACE}",
        "\N{GREEK SMALL LETTER MU}",
        "0x",
        "1j",
        "==",
    ),
    *("async ", "await ", "yield ", "yield from ", "lambda: ", "not ", "del ", "global ", "nonlocal "),
    *("match ", "case ", "type ", "import ", "from ", "except ", "else:", "finally:", "return ", "print "),
)


class Choice(NamedTuple):
    """Where, what for, and how much: each a share of what there is, so that it fits any text."""

    place: float
    other: float
    amount: int


Mutation = Callable[[str, str, Choice], str]
"""From a text, and another that pieces may be taken from."""


def delete_tokens(text: str, other: str, choice: Choice) -> str:
    tokens = _TOKEN.findall(text)
    place = _at(tokens, choice.place)
    return "".join([*tokens[:place], *tokens[place + choice.amount :]])


def duplicate_tokens(text: str, other: str, choice: Choice) -> str:
    tokens = _TOKEN.findall(text)
    place = _at(tokens, choice.place)
    return "".join(
        [*tokens[:place], *tokens[place : place + choice.amount] * 2, *tokens[place + choice.amount :]]
    )


def swap_tokens(text: str, other: str, choice: Choice) -> str:
    tokens = _TOKEN.findall(text)
    if tokens:
        one, two = _at(tokens, choice.place), _at(tokens, choice.other)
        tokens[one], tokens[two] = tokens[two], tokens[one]
    return "".join(tokens)


def insert_oddity(text: str, other: str, choice: Choice) -> str:
    tokens = _TOKEN.findall(text)
    tokens.insert(_at(tokens, choice.place), _ODD[_at(_ODD, choice.other)] * choice.amount)
    return "".join(tokens)


def delete_lines(text: str, other: str, choice: Choice) -> str:
    lines = text.splitlines(keepends=True)
    place = _at(lines, choice.place)
    return "".join([*lines[:place], *lines[place + choice.amount :]])


def move_lines(text: str, other: str, choice: Choice) -> str:
    lines = text.splitlines(keepends=True)
    place = _at(lines, choice.place)
    moved, rest = lines[place : place + choice.amount], [*lines[:place], *lines[place + choice.amount :]]
    target = _at(rest, choice.other)
    return "".join([*rest[:target], *moved, *rest[target:]])


def duplicate_lines(text: str, other: str, choice: Choice) -> str:
    lines = text.splitlines(keepends=True)
    place, target = _at(lines, choice.place), _at(lines, choice.other)
    return "".join([*lines[:target], *lines[place : place + choice.amount], *lines[target:]])


def splice(text: str, other: str, choice: Choice) -> str:
    head, tail = text.splitlines(keepends=True), other.splitlines(keepends=True)
    return "".join([*head[: _at(head, choice.place)], *tail[_at(tail, choice.other) :]])


def indent(text: str, other: str, choice: Choice) -> str:
    lines = text.splitlines(keepends=True)
    place = _at(lines, choice.place)
    by = (" ", "    ", "\t", "\x0c", "")[_at("12345", choice.other)]
    for number in range(place, min(place + choice.amount, len(lines))):
        lines[number] = by + lines[number] if by else lines[number].lstrip(" ")
    return "".join(lines)


def rename(text: str, other: str, choice: Choice) -> str:
    """One name becomes another everywhere: things call, contain and inherit from themselves."""
    names = sorted({*_NAME.findall(text)})
    if not names:
        return text
    old, new = names[_at(names, choice.place)], names[_at(names, choice.other)]
    return re.sub(rf"\b{old}\b", new, text)


def rename_once(text: str, other: str, choice: Choice) -> str:
    found = list(_NAME.finditer(text))
    if not found:
        return text
    start, end = found[_at(found, choice.place)].span()
    return text[:start] + found[_at(found, choice.other)][0] + text[end:]


def replace_expression(text: str, other: str, choice: Choice) -> str:
    """An expression becomes another, of this text or of the other one."""
    spans = _spans(text, ast.expr)
    source = other if choice.amount % 2 else text
    given = _spans(source, ast.expr)
    if not spans or not given:
        return text
    (start, end), (first, last) = spans[_at(spans, choice.place)], given[_at(given, choice.other)]
    return f"{text[:start]}({source[first:last]}){text[end:]}"


def nest_expression(text: str, other: str, choice: Choice) -> str:
    """An expression becomes one that holds it."""
    spans = _spans(text, ast.expr)
    if not spans:
        return text
    start, end = spans[_at(spans, choice.place)]
    inner = text[start:end]
    for _ in range(choice.amount):
        inner = _NESTS[_at(_NESTS, choice.other)].format(inner)
    return f"{text[:start]}{inner}{text[end:]}"


def nest_statement(text: str, other: str, choice: Choice) -> str:
    """Statements of one block go into another."""
    spans = _spans(text, ast.stmt)
    if not spans:
        return text
    start, end = spans[_at(spans, choice.place)]
    start = text.rfind("\n", 0, start) + 1
    lines = text[start:end].splitlines(keepends=True)
    space = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""
    body = "".join(f"    {line}" for line in lines)
    head = _BLOCKS[_at(_BLOCKS, choice.other)].format(space=space)
    return f"{text[:start]}{head}{body}{text[end:]}"


_NESTS: Final = (
    *("({0})", "[{0}]", "{0}()", "{0}.run", "({0}, {0})", "lambda: {0}", "not ({0})", "({0} or {0})"),
    *(
        "{0}[0]",
        "[x for x in {0}]",
        "({0} if {0} else {0})",
        "super().{0}",
        "type({0})",
        "{{**{0}}}",
        "f({0})",
    ),
    *("(x := {0})", "print(*{0})", "(yield {0})", "(await {0})", "{0}.{0}", "-{0}", "isinstance({0}, {0})"),
)
_BLOCKS: Final = (
    "{space}while True:\n",
    "{space}for run in run:\n",
    "{space}try:\n{space}    pass\n{space}finally:\n",
    "{space}with run() as run:\n",
    "{space}async def run(run=None):\n",
    "{space}class run(run):\n",
    "{space}if run is None:\n",
    "{space}def run(self, *run, **rest):\n",
    "{space}match run:\n{space}  case run(run=run):\n",
)
MUTATIONS: Final[tuple[Mutation, ...]] = (
    rename,
    rename_once,
    replace_expression,
    nest_expression,
    nest_statement,
    duplicate_lines,
    move_lines,
    delete_lines,
    splice,
    indent,
    delete_tokens,
    duplicate_tokens,
    swap_tokens,
    insert_oddity,
)


def mutated(programs: Sequence[str], most: int = 6) -> st.SearchStrategy[str]:
    """One of the programs after at least one change; shrinks to one change of the first program."""
    share = st.floats(0, 1, exclude_max=True, allow_nan=False)
    choice = st.builds(Choice, share, share, st.integers(1, 8))
    change = st.tuples(st.sampled_from(MUTATIONS), choice, st.sampled_from(programs))

    def changed(text: str, changes: list[tuple[Mutation, Choice, str]]) -> str:
        for mutation, where, other in changes:
            text = mutation(text, other, where)
        return text

    return st.builds(changed, st.sampled_from(programs), st.lists(change, min_size=1, max_size=most))


def _at(things: Sequence[object], share: float) -> int:
    return min(int(share * len(things)), max(len(things) - 1, 0))


def _spans(text: str, kind: type[ast.expr] | type[ast.stmt]) -> list[tuple[int, int]]:
    """Where in the text its nodes of the kind are; nowhere if it doesn't parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    starts = [0]
    data = text.encode()
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, kind) and node.end_lineno is not None and node.end_col_offset is not None:
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            spans.append((len(data[:start].decode()), len(data[:end].decode())))
    return sorted(spans)
