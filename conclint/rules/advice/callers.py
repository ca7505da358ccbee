"""What stands beside a function that the code of a finding calls: a coroutine function that does the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conclint.resolve.values import Key
from conclint.rules.drafts import ModuleView
from conclint.summary.records import DefKind

PLAIN_MODULES: Final = ("abc", "builtins", "collections", "dataclasses", "enum", "typing")
"""Modules whose classes call nothing of a class that derives from them."""


def awaited_counterpart(view: ModuleView, key: Key, names: Iterable[str]) -> str:
    """The coroutine function by one of these names beside a function: in its class, or in its module."""
    module = view.engine.evaluator.module(key[0])
    beside = {
        module.definition(own).name: module.definition(own).kind
        for own in module.keys[1:]
        if module.scope(own) == module.scope(key)
    }
    return next((name for name in names if beside.get(name) == DefKind.ASYNC_FUNCTION), "")
