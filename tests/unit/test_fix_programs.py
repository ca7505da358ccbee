"""Any program whose coroutines pause by `time.sleep` does the same, in the same order, after `--fix`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclint.config.settings import Config
from conclint.fix.apply import by_file, fix_file
from conclint.run.pipeline import check

NUMBERS = st.integers(0, 9)
SHAPES = [
    "PAUSE({0})",
    "PAUSE({0}); note({1})  # why",
    "x = PAUSE({0})",
    "x, y = PAUSE({0}), {1}",
    "note(PAUSE({0}), PAUSE({1}))",
    "note(PAUSE({0}) or {1})",
    "note({0} if PAUSE({1}) else PAUSE({0}))",
    "note(not PAUSE({0}), -(PAUSE({0}) or {1}))",
    "note([PAUSE(i) for i in range({0} % 3)])",
    "note({{i: PAUSE(i) for i in range({0} % 3)}})",
    "note(any([PAUSE({0}), PAUSE({1})]))",
    "note(any(PAUSE(i) for i in range({0} % 3)))",
    "note([1, 2][PAUSE({0}) or 0])",
    "note(PAUSE(*[{0}]))",
    "note(f'{{PAUSE({0})}}')",
    "note((lambda: PAUSE({0}))())",
    "note((x := PAUSE({0})))",
    "assert PAUSE({0}) is None",
    "x = (\n{i}    PAUSE(  # first\n{i}        {0}\n{i}    )  # second\n{i})",
    "x = PAUSE \\\n{i}    ({0})",
    "for i in range({0} % 3): PAUSE(i)",
    "for i in [PAUSE({0}), {1}]:\n{i}    note(i)",
    "if PAUSE({0}): pass\n{i}elif not PAUSE({1}): note({0})",
    "n = {0} % 3\n{i}while n and not PAUSE(n):\n{i}    n -= 1",
    "try:\n{i}    PAUSE({0})\n{i}    raise ValueError\n{i}except ValueError: PAUSE({1})",
    "try: PAUSE({0})\n{i}finally:\n{i}    PAUSE({1})",
    "with suppress(KeyError):\n{i}    PAUSE({0})\n{i}    raise KeyError",
    "with held():\n{i}    PAUSE({0})",
    "def plain(x=PAUSE({0})):\n{i}    return PAUSE({1})\n{i}note(plain())",
    "class Inner:\n{i}    x = PAUSE({0})\n{i}note(Inner.x)",
    "async def inner():\n{i}    PAUSE({0})\n{i}    return PAUSE({1})\n{i}note(await inner())",
    "async def each():\n{i}    yield PAUSE({0})\n{i}    PAUSE({1})\n{i}note([i async for i in each()])",
    "async with ready():\n{i}    PAUSE({0})",
    "match PAUSE({0}):\n{i}    case None if not PAUSE({1}): note({0})",
    "await asyncio_free(PAUSE({0}))",
]
HEAD = """\
from contextlib import asynccontextmanager, contextmanager, suppress
{imports}


@contextmanager
def held():
    note("enter")
    yield
    note("leave")


@asynccontextmanager
async def ready():
    PAUSE(1)
    yield


async def asyncio_free(x):
    return x


async def main():
{body}
    return "end"
"""
IMPORTS = {
    "time.sleep": "import time",
    "t.sleep": "import time as t",
    "sleep": "from time import sleep",
    "pause": "from time import sleep as pause",
}


@st.composite
def programs(draw: st.DrawFn) -> str:
    statements = draw(st.lists(st.tuples(st.sampled_from(SHAPES), NUMBERS, NUMBERS), min_size=4, max_size=9))
    lines = [
        "    " + shape.replace("{i}", "\0").format(first, second).replace("\0", "    ")
        for shape, first, second in statements
    ]
    word = draw(st.sampled_from(sorted(IMPORTS)))
    imports = IMPORTS[word] + draw(st.sampled_from(["", "\nimport asyncio", "\nimport asyncio as aio"]))
    text = HEAD.format(imports=imports, body="\n".join(lines)).replace("PAUSE", word)
    text = draw(st.sampled_from(["", '"""Doc."""\n', "from __future__ import annotations\n\n"])) + text
    if draw(st.booleans()):
        text = text.replace("    ", "\t")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def outcome(text: str) -> list[Any]:
    """What a program does, in order: its pauses, however they are made, and its notes."""
    done: list[Any] = []

    async def pause(seconds: float) -> None:
        done.append(("pause", seconds))

    def stop(seconds: float) -> None:
        done.append(("pause", seconds))

    names: dict[str, Any] = {"note": lambda *given: done.append(given)}
    with patch.object(time, "sleep", stop), patch.object(asyncio, "sleep", pause):
        exec(compile(text, "<program>", "exec"), names)
        main: Callable[[], Any] = names["main"]
        try:
            main().send(None)
        except StopIteration as end:
            done.append(end.value)
    return done


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_a_mended_program_does_the_same(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        file = folder / "program.py"
        file.write_bytes(text.encode())
        config = Config(root=folder, cwd=folder, use_cache=False)
        findings = by_file(check([name], config).findings, unsafe=False)
        for shown, found in findings.items():
            fixed = fix_file(shown, found, folder)
            assert not fixed.waiting
            fixed.write()
        after = file.read_bytes().decode()
        assert outcome(after) == outcome(text)
        assert ("await" in after.replace("await inner", "").replace("await asyncio_free", "")) or not findings
        assert after.count("\r") == (after.count("\n") if "\r" in text else 0)
        again = by_file(check([name], config).findings, unsafe=False)
        assert not again
