"""Recommendations: the model that fits, and a line of code in the reader's own names."""

from __future__ import annotations

import ast
import textwrap
import warnings
from enum import Enum
from typing import NamedTuple

from conclint.catalog.facts import CallableFact
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.finding import Finding, Position, Recommendation


class AsyncLibrary(Enum):
    """The library whose words the recommendation uses."""

    ASYNCIO = "asyncio"
    TRIO = "trio"
    ANYIO = "anyio"


class CallText(NamedTuple):
    """The source of a call, taken apart: `requests.get(url)` is function, receiver, name, arguments."""

    function: str
    receiver: str
    name: str
    arguments: str


_EMPTY = CallText("", "", "", "")


def recommend(
    finding: Finding,
    fact: CallableFact | None,
    *,
    direct: bool,
    callable_name: str,
    source: str | None,
    library: AsyncLibrary,
    target_version: tuple[int, int],
) -> Recommendation:
    """What to do instead of the finding. `source` is the text of its range, if it can be had."""
    call = take_apart(source) if source else _EMPTY
    if finding.effect is EffectKind.COMPUTES_GIL:
        return _for_computing(finding, call, callable_name, target_version)
    if direct and fact is not None:
        return _for_wait(fact, call, library)
    return _offload(finding, fact, call, callable_name, library)


def text_of(lines: list[str], position: Position) -> str | None:
    """The source between two places, lines and columns from 1; None if the lines are not there."""
    if position.end_line > len(lines):
        return None
    picked = lines[position.line - 1 : position.end_line]
    picked[-1] = picked[-1][: position.end_column - 1]
    picked[0] = picked[0][position.column - 1 :]
    return "".join(picked)


def take_apart(source: str) -> CallText:
    """The parts of a call's source; only `function` where it is no call that Python's parser can read."""
    flat = " ".join(line.strip() for line in source.splitlines())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            node = ast.parse(flat, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return _EMPTY
    if not isinstance(node, ast.Call):
        return CallText(flat, flat, "", "")
    function = ast.get_source_segment(flat, node.func) or ""
    raw = flat.encode()
    end = node.func.end_col_offset
    inner = raw[end:].decode() if end is not None else ""
    start = inner.find("(")
    arguments = inner[start + 1 : inner.rfind(")")].strip().rstrip(",") if start >= 0 else ""
    if isinstance(node.func, ast.Attribute):
        return CallText(
            function, ast.get_source_segment(flat, node.func.value) or "", node.func.attr, arguments
        )
    return CallText(function, function, function, arguments)


def _for_wait(fact: CallableFact, call: CallText, library: AsyncLibrary) -> Recommendation:
    name = fact.name.rsplit(".", 1)[-1]
    instead, example = fact.instead, fact.example
    if library is AsyncLibrary.TRIO:
        instead, example = fact.instead_trio, fact.example_trio
    elif library is AsyncLibrary.ANYIO:
        instead, example = fact.instead_anyio, fact.example_anyio
    note = f" {fact.note}" if fact.note else ""
    if instead:
        words = " or ".join(f"`{_readable(item)}`" for item in instead[:2])
        filled = _fill(example, call, name) if example else None
        return Recommendation(
            ExecutionModel.EVENT_LOOP,
            f"{words}, else run it in a thread.{note}",
            filled or (_to_thread(call, library) if call.function else None),
        )
    filled = _fill(example, call, name) if example and library is AsyncLibrary.ASYNCIO else None
    return Recommendation(
        ExecutionModel.THREAD,
        f"run it in a thread, so that the loop goes on.{note}",
        filled or (_to_thread(call, library) if call.function else None),
    )


def _readable(name: str) -> str:
    """A dotted name as people write it: methods of the running loop on the loop itself."""
    return name.replace("asyncio.AbstractEventLoop.", "loop.")


def _fill(template: str, call: CallText, name: str) -> str | None:
    if "{args}" in template and not call.function:
        return None
    if "{receiver}" in template and not call.receiver:
        return None
    text = (
        template.replace("{name}", name)
        .replace("{args}", call.arguments)
        .replace("{receiver}", call.receiver)
    )
    return textwrap.dedent(text.replace("(, ", "(").replace(", )", ")"))


def _to_thread(call: CallText, library: AsyncLibrary) -> str:
    rest = f", {call.arguments}" if call.arguments else ""
    if library is AsyncLibrary.ASYNCIO:
        return f"await asyncio.to_thread({call.function}{rest})"
    keywords = "=" in _outside_brackets(call.arguments)
    inner = f"lambda: {call.function}({call.arguments})" if keywords else f"{call.function}{rest}"
    return f"await {library.value}.to_thread.run_sync({inner})"


def _outside_brackets(text: str) -> str:
    depth, kept = 0, []
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            kept.append(character)
    return "".join(kept).replace("==", "").replace("!=", "").replace("<=", "").replace(">=", "")


def _offload(
    finding: Finding, fact: CallableFact | None, call: CallText, callable_name: str, library: AsyncLibrary
) -> Recommendation:
    short = callable_name.rsplit(".", 1)[-1]
    asynchronous = ""
    if fact is not None and fact.instead and library is AsyncLibrary.ASYNCIO:
        asynchronous = f", or make the chain async with `{fact.instead[0]}`"
    example = _to_thread(call, library) if call.function and call.name else None
    return Recommendation(ExecutionModel.THREAD, f"run `{short}` in a thread{asynchronous}.", example)


def _for_computing(
    finding: Finding, call: CallText, callable_name: str, target_version: tuple[int, int]
) -> Recommendation:
    short = callable_name.rsplit(".", 1)[-1]
    later = " (or an InterpreterPoolExecutor)" if target_version >= (3, 14) else ""
    text = f"run `{short}` in processes{later}: only they compute at the same time under the GIL."
    if finding.family == "thread":
        example = (
            f"process = multiprocessing.Process({call.arguments})"
            if call.arguments
            else (f"process = multiprocessing.Process(target={short})")
        )
        if call.function and "target" not in call.arguments:
            example = f"with ProcessPoolExecutor() as pool:\n    future = pool.submit({short})"
    elif finding.family == "offload":
        rest = call.arguments
        for prefix in ("None, ",):
            rest = rest.removeprefix(prefix)
        example = f"await asyncio.get_running_loop().run_in_executor(process_pool, {rest or short})"
    else:
        name = call.name or "submit"
        example = f"with ProcessPoolExecutor() as pool:\n    pool.{name}({call.arguments or short})"
    return Recommendation(ExecutionModel.PROCESS, text, example)
