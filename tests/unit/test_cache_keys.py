"""What the keys of the cache stand for: every field of the configuration says what it can change."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from conclint.config.allowances import Allowance
from conclint.config.settings import Affects, Asked, Config, Nested
from conclint.model.context import Context
from conclint.model.execution import Confidence
from conclint.model.runtime import Gil
from conclint.model.severity import Severity
from conclint.run.reports import judgement_key, report_key

CONFIG = Config(root=Path("/p"), cwd=Path("/p"))

OTHER: dict[str, Any] = {
    "root": Path("/q"),
    "cwd": Path("/q"),
    "is_project": False,
    "file": Path("/p/conclint.toml"),
    "select": ("CON101",),
    "ignore": ("CON101",),
    "extend_select": ("CON112",),
    "exclude": ("a",),
    "extend_exclude": ("a",),
    "per_file_ignores": (("a", ("CON1",)),),
    "target_version": (3, 99),
    "gil": Gil.FREE_THREADED,
    "min_confidence": Confidence.LOW,
    "min_severity": Severity.INFO,
    "contexts": (("a/**", Context.TEST),),
    "lift_contexts": True,
    "allow": (Allowance("app.db", ("sqlite3",), "small"),),
    "src": (Path("/p/src"),),
    "cache_dir": Path("/elsewhere"),
    "cache_within": Path("/"),
    "use_cache": False,
    "no_cache_because": "/p/.conclint_cache is a symbolic link",
    "jobs": 3,
    "max_file_size": 7,
    "executor": "host:1",
    "force_exclude": True,
    "warn_unused_ignores": True,
    "respect_async_noqa": False,
    "follow": ("requests",),
    "python": Path("/python"),
    "baseline": Path("/p/baseline.json"),
    "catalog": {"functions": []},
    "catalog_files": (Path("/p/facts.toml"),),
    "nested": (Nested(Path("/p/a"), Path("/p/a"), None, (("select", ("CON1",)),), has_version=False),),
    "unread": ("/p/a/conclint.toml: cannot be read: it is larger than 16 MB",),
    "asked": Asked({"select": ("CON1",)}),
}


@pytest.mark.parametrize("field", fields(Config), ids=lambda field: field.name)
def test_a_key_changes_with_the_fields_that_can_change_what_is_kept_under_it(field: Any) -> None:
    affects = field.metadata["affects"]
    other: dict[str, Any] = {field.name: OTHER[field.name]}
    changed = replace(CONFIG, **other)

    def judged(config: Config) -> bytes:
        return judgement_key(config, b"catalog", (), ())

    def reported(config: Config) -> bytes:
        return report_key(config, b"catalog", [("/p/a.py", "a.py", b"content")], inline=True)

    assert (judged(changed) != judged(CONFIG)) == (affects is Affects.FINDINGS)
    assert (reported(changed) != reported(CONFIG)) == (affects is not Affects.NOTHING)
