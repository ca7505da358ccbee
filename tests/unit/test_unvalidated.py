"""Parsing leaves out libcst's validation of nodes: the tree is the same, and later nodes are validated."""

from __future__ import annotations

import threading
from pathlib import Path

import libcst
import pytest

from conclint.source.parsing import SourceError, parse_module

TEXTS = [
    path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parents[2].glob("conclint/link/*.py"))
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_tree_is_libcsts(text: str) -> None:
    assert parse_module(text).deep_equals(libcst.parse_module(text))


def is_validated() -> bool:
    try:
        libcst.Name("")
    except libcst.CSTValidationError:
        return True
    return False


def test_nodes_made_afterwards_are_validated() -> None:
    parse_module("x = 1\n")
    assert is_validated()
    with pytest.raises(SourceError):
        parse_module("x = (\n")
    assert is_validated()


def test_and_after_many_threads_at_once() -> None:
    threads = [threading.Thread(target=parse_module, args=(text,)) for text in TEXTS[:4] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_validated()
