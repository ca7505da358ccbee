"""The concurrency map for programs: JSON."""

from __future__ import annotations

from conclint.model.concurrency_map import ConcurrencyMap
from conclint.report.json import dump


def render_map_json(found: ConcurrencyMap) -> str:
    """One object with `functions` and `edges`."""
    document = {
        "functions": [
            {
                "symbol": item.symbol,
                "path": item.path,
                "line": item.line,
                "coroutine": item.is_coroutine,
                "models": [{"model": m.model.value, "from": m.source} for m in item.models],
                "effects": [{"kind": e.kind, "family": e.family, "cause": e.cause} for e in item.effects],
                "problems": [
                    {"code": p.code, "line": p.line, "cause": p.cause or None} for p in item.problems
                ],
            }
            for item in found.functions
        ],
        "edges": [
            {
                "caller": edge.caller,
                "callee": edge.callee,
                "kind": edge.kind_value,
                "model": edge.model_value or None,
                "by": edge.by or None,
                "line": edge.line or None,
                "external": edge.is_external,
            }
            for edge in found.edges
        ],
    }
    return dump(document)
