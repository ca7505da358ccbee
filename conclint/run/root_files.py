"""Which files can hold a finding by their own words: the roots that judging begins with."""

from __future__ import annotations

from conclint.catalog.loader import starting_imports
from conclint.source.index import FileIndex


def is_root(index: FileIndex) -> bool:
    """Whether a file can hold a finding by what it says itself: a word of concurrency, or a library that
    runs a program's code by itself. (What it calls may make it one all the same: wrappers of the project's
    own, the user's facts, a notebook that awaits.)"""
    return index.is_root or index.mentions_library(starting_imports())
