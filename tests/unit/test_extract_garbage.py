"""Extraction leaves no cycles: the tree of a file is gone once its summary is made, collector or not."""

from __future__ import annotations

import gc

import libcst

from conclint.extract import extract_summary

TEXT = b"""
import os

class Outer(Base):
    async def method(self, values):
        def inner():
            return [lambda: value for value in values]
        while inner():
            await self.other(key=inner)
"""


def trees() -> int:
    return sum(isinstance(found, libcst.Module) for found in gc.get_objects())


def test_the_tree_dies_with_the_extraction() -> None:
    extract_summary(TEXT)
    gc.collect()
    before = trees()
    gc.disable()
    try:
        extract_summary(TEXT)
        assert trees() == before
    finally:
        gc.enable()
