"""Statements of SQLite that take some ten microseconds: of a few rows, by their text, and not yet committed.

What waits for the disk is the commit, which is a finding of its own; what reads a whole table takes as long
as the table is. Nothing is said of a statement whose text the source doesn't hold.
"""

from __future__ import annotations

import re
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Literal
from conclint.rules.chains import Hop
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_METHODS: Final = re.compile(
    r"sqlite3\.(?:Connection\.execute|Cursor\.(?:execute|fetchone|fetchall|__next__))"
)
_FEW: Final = re.compile(
    r"\s*(?:SELECT\b.*(?:\bWHERE\b.*=|\bLIMIT\b|\blast_insert_rowid\b|\bsqlite_master\b)|SELECT\s+1\b"
    r"|PRAGMA\b(?!\s*(?:integrity_check|quick_check|wal_checkpoint|optimize)))",
    re.IGNORECASE | re.DOTALL,
)
_OF_MANY: Final = re.compile(
    r"\b(?:LIKE|GLOB|MATCH|REGEXP|JOIN|BETWEEN|GROUP\s+BY|COUNT\s*\(|SUM\s*\(|AVG\s*\()|[<>]|!=",
    re.IGNORECASE,
)
"""What gives, or goes through, any number of rows."""
_CHANGES: Final = re.compile(
    r"\s*(?:INSERT|REPLACE|(?:UPDATE|DELETE)\b.*\bWHERE)\b", re.IGNORECASE | re.DOTALL
)


def is_small_statement(evaluator: Evaluator, fact: CallableFact, last: Hop) -> bool:
    """Whether the last call of a chain runs such a statement, or gets its rows."""
    if _METHODS.fullmatch(fact.name) is None:
        return False
    body = evaluator.body(last.key)
    site = body.sites[last.site]
    if fact.name.endswith(".execute"):
        return _is_small(evaluator, last, body, site)
    if fact.name.endswith(".fetchone"):
        return True
    run = [
        other
        for other in body.sites
        if other.kind == SiteKind.CALL and graph.node(body, other.callee)[-1] == "execute"
    ]
    return bool(run) and all(_is_small(evaluator, last, body, other) for other in run)


def _is_small(evaluator: Evaluator, last: Hop, body: Body, site: Site) -> bool:
    if not site.args:
        return False
    known = evaluator.evaluate(last.key, site.args[0][1])
    texts = [value.value for value in known.values if isinstance(value, Literal)]
    if known.incomplete or not texts or len(texts) != len(known.values):
        return False
    commits = _commits(body)
    return all(isinstance(text, str) and _is_of_few_rows(text, commits) for text in texts)


def _is_of_few_rows(text: str, commits: bool) -> bool:
    if _OF_MANY.search(text) is not None:
        return False
    return _FEW.match(text) is not None or (commits and _CHANGES.match(text) is not None)


def _commits(body: Body) -> bool:
    """Whether a function commits what it has changed: else each statement may do that by itself."""
    return any(
        (site.kind == SiteKind.CALL and graph.node(body, site.callee)[-1] == "commit")
        or (
            site.kind == SiteKind.ENTER and graph.node(body, site.callee)[0] in (Op.ATTR, Op.PARAM, Op.GLOBAL)
        )
        for site in body.sites
    )
