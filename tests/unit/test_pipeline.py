"""What a run costs beside what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from conclint.config.settings import load_config
from conclint.run.analysis import Analysis
from conclint.run.pipeline import check
from programs_on_disk import SLOW_HELPER, VIEWS, write_project


def test_findings_and_their_picture_come_from_one_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER)
    made: list[Analysis] = []
    begin = Analysis.__init__

    def counted(self: Analysis, *arguments: object, **more: object) -> None:
        made.append(self)
        begin(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Analysis, "__init__", counted)
    config = load_config([str(project)], cwd=project, options={"use_cache": False})
    report = check([str(project)], config, with_map=True)
    assert [finding.code for finding in report.findings] == ["CON101"]
    assert report.concurrency is not None
    assert "app.views.show" in {item.symbol for item in report.concurrency.functions}
    assert len(made) == 1
