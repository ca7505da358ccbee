"""What a CI log would take for a command comes out as text."""

from __future__ import annotations

import json

import pytest

from conclint.report.printable import printable, printable_json, printable_lines, printable_patch


@pytest.mark.parametrize("text", ["::stop-commands::x", "  ::set-output name=a::b", "\t::error::"])
def test_no_line_begins_with_a_command_to_github(text: str) -> None:
    assert not printable(text).lstrip().startswith("::")
    assert not printable_patch(f"+a\n{text}\n", "\t").splitlines()[1].lstrip().startswith("::")


@pytest.mark.parametrize(
    "text", ["##vso[task.setvariable variable=a]b", "x = '##VSO[task.complete]'", "##[error]a"]
)
def test_no_line_has_a_command_to_azure(text: str) -> None:
    for shown in (printable(text), printable_lines(text), printable_patch(text, "")):
        assert "##" not in shown
    document = printable_json(json.dumps({"text": text}))
    assert "##" not in document and json.loads(document) == {"text": text}


@pytest.mark.parametrize("text", ["a[::2]", "std::vector", "# heading ## more", "path/a.py:3:4: CON101"])
def test_what_is_no_command_stays(text: str) -> None:
    assert printable(text) == printable_lines(text) == text
