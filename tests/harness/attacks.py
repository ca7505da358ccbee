"""Small projects that anybody might have written, taken through everything that a check does."""

from __future__ import annotations

import ast
import re
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from keyword import iskeyword
from pathlib import Path
from typing import Final

from conclint.config.settings import load_config
from conclint.model.execution import Confidence
from conclint.model.finding import UNREADABLE, Finding
from conclint.model.severity import Severity
from conclint.report.outcome import Outcome, OutputFormat, Presentation, render_outcome
from conclint.report.terminal import UNLIMITED_WIDTH
from conclint.rules.registry import all_rules
from conclint.run.pipeline import check

_SECONDS: Final = 30
"""Of CPU, after which a check of a few small files counts as one that never ends."""
_OPTIONS: Final = {
    "use_cache": False,
    "jobs": 1,
    "min_confidence": Confidence.LOW,
    "min_severity": Severity.INFO,
    "extend_select": tuple(rule.code for rule in all_rules() if not rule.default),
}
_OWN_FAULT: Final = "could not be analysed"
_LIMITS: Final = ("too deeply nested to be analysed", "too large to be analysed")
_NAMED: Final = re.compile(r"^( *)(?:async +)?(?:def|class) +([^\W\d]\w*)", re.MULTILINE)


class BrokenError(AssertionError):
    """The check did what no check may do."""


def attack(modules: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """The findings in a project of these modules, and of one that calls in a coroutine all that they define.

    Raises BrokenError where a module could not be analysed, where one is no Python though it compiles, and
    what a check raises.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {**modules, "caller": _caller(modules)}.items():
            Path(folder, f"{name}.py").write_bytes(data)
        with _soon():
            config = load_config([folder], cwd=Path(folder), options=_OPTIONS)
            report = check([folder], config, with_map=True)
            outcome = Outcome(report.findings, report.files, Path(folder), {}, report.concurrency)
            for output in OutputFormat:
                render_outcome(outcome, _presented(output))
    for finding in report.findings:
        if finding.code != UNREADABLE:
            continue
        if _OWN_FAULT in finding.message:
            raise BrokenError(f"{finding.path}: {finding.message}")
        name = finding.path.removesuffix(".py")
        if not finding.message.startswith(_LIMITS) and compiles(modules.get(name, b"")):
            raise BrokenError(f"{finding.path}:{finding.position.line}: {finding.message}")
    return report.findings


def compiles(data: bytes) -> bool:
    """Whether the running Python has nothing against the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "<module>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def _caller(modules: Mapping[str, bytes]) -> bytes:
    """A module with a coroutine that calls every function and class, and the methods of each."""
    lines = ["import asyncio", "import threading"]
    calls = ["    pass"]
    for module, data in modules.items():
        lines.append(f"import {module}")
        within = ""
        for space, name in _NAMED.findall(data.decode("utf-8", "replace")):
            if iskeyword(name):
                continue
            if not space:
                within = name
                calls.append(f"    {module}.{name}()")
                calls.append(f"    threading.Thread(target={module}.{name}).start()")
            elif within:
                calls.append(f"    {module}.{within}().{name}()")
    body = "\n".join([*lines, "async def main():", *calls, "asyncio.run(main())", ""])
    return body.encode("utf-8", "surrogatepass")


def _presented(output: OutputFormat) -> Presentation:
    return Presentation(
        format=output, colour=True, width=UNLIMITED_WIDTH, quiet=False, verbose=True, statistics=True
    )


@contextmanager
def _soon() -> Iterator[None]:
    """Ends what takes too long, where the system can."""
    if sys.platform == "win32":
        yield
        return

    def end(*_: object) -> None:
        raise BrokenError(f"the check took more than {_SECONDS} s of CPU")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
