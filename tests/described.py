"""Summaries of texts that stand in a test."""

from __future__ import annotations

import textwrap

from conclint.debug.summary_text import Described
from conclint.extract import extract_summary
from conclint.summary.records import ModuleSummary

__all__ = ["Described", "described", "summary_of"]


def summary_of(source: str) -> ModuleSummary:
    """The summary of an indented source text."""
    return extract_summary(textwrap.dedent(source).encode())


def described(source: str, key: str = "<module>") -> Described:
    """One def of a source text, described."""
    return Described(summary_of(source), key)
