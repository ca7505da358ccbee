"""Findings and directives made up for tests."""

from __future__ import annotations

from typing import Any

from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Finding, Position, Recommendation, Step
from conclint.model.severity import Severity
from conclint.summary.records import Directive, DirectiveKind


def make_finding(**changes: Any) -> Finding:
    """A finding in `app/views.py`, line 3, with a chain of two calls; `line` moves all of it."""
    line = changes.pop("line", 3)
    column = changes.pop("column", 12)
    values: dict[str, Any] = {
        "code": "CON101",
        "name": "http-on-event-loop",
        "message": "`requests.get` waits on the event loop",
        "path": "app/views.py",
        "position": Position(line, column, line, column + 9),
        "symbol": "app.views.show",
        "confidence": Confidence.HIGH,
        "severity": Severity.CRITICAL,
        "model": ExecutionModel.EVENT_LOOP,
        "effect": EffectKind.WAITS,
        "family": "http",
        "cause": "requests.get",
        "chain": (
            Step("app.db.load", "app/views.py", line, column),
            Step("requests.get", "app/db.py", 7, 12),
        ),
        "recommendation": Recommendation(
            ExecutionModel.THREAD, "hand the call to a thread", "data = await asyncio.to_thread(load, url)"
        ),
        "fingerprint": "f00d",
        "logical_line": (line, line),
    }
    return Finding(**{**values, **changes})


def make_directive(kind: int = DirectiveKind.NOQA, *codes: str, first: int = 3, last: int = 3) -> Directive:
    """A comment at the end of its logical line."""
    return Directive(kind, codes, first, last, last, 30)
