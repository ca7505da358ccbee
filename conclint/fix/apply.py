"""From findings with fixes to files with these fixes in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conclint.files.lines import LINE_END
from conclint.fix.edits import Settled, located, order_of
from conclint.fix.files import read_file, replace_file
from conclint.fix.notebooks import cell_texts, with_cells
from conclint.fix.text_file import UnfixableError, bytes_of, check_syntax, text_of
from conclint.model.finding import Applicability, Finding, Fix
from conclint.source.notebook import as_python, is_notebook, read_notebook
from conclint.store.cache import content_hash
from conclint.syntax.decoding import DecodingError
from conclint.syntax.positions import Lines


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file with fixes in it: its path as shown and in full, what was there and what is to be. `fixed` are
    the findings that are mended, `waiting` is how many have fixes that are in the way of these."""

    shown: str
    path: Path
    before: bytes
    after: bytes
    fixed: tuple[Finding, ...]
    waiting: int

    def write(self) -> None:
        """Replaces the file. Raises UnfixableError."""
        replace_file(self.path, self.before, self.after)


def wanted(finding: Finding, *, unsafe: bool) -> Fix | None:
    """The finding's fix, where it is asked for."""
    fix = finding.fix
    return fix if fix is not None and (unsafe or fix.applicability is Applicability.SAFE) else None


def by_file(findings: Iterable[Finding], *, unsafe: bool) -> dict[str, list[Finding]]:
    """The findings that are to be mended, by shown path."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if wanted(finding, unsafe=unsafe) is not None:
            found.setdefault(finding.path, []).append(finding)
    return found


def fix_file(shown: str, findings: Sequence[Finding], cwd: Path) -> FixedFile:
    """A file with the fixes of findings in it that go together, not written yet.

    Raises UnfixableError where it can't be read, changed since it was analysed, or would be no Python.
    """
    path, before = open_file(shown, cwd)
    data, fixed = fix_bytes(shown, before, findings)
    return FixedFile(shown, path, before, data, tuple(fixed), len(findings) - len(fixed))


def fix_bytes(shown: str, before: bytes, findings: Sequence[Finding]) -> tuple[bytes, list[Finding]]:
    """The bytes of a file with the fixes of findings in them that go together, and which these are.

    Raises UnfixableError where it is not what was analysed, or would be no Python.
    """
    texts = texts_of(shown, before, findings)
    after, fixed = _fixed(texts, findings)
    try:
        data = written(shown, before, texts, after)
    except UnfixableError:
        after, fixed = _fixed(texts, _fitting(shown, before, texts, findings))
        data = written(shown, before, texts, after)
    return data, fixed


def _fitting(
    shown: str, before: bytes, texts: Mapping[int | None, str], findings: Sequence[Finding]
) -> list[Finding]:
    """Those of the findings whose fixes leave valid Python, each with the ones before it. Raises
    UnfixableError where none does."""
    fitting: list[Finding] = []
    why: UnfixableError | None = None
    for finding in sorted(findings, key=lambda item: item.sort_key):
        try:
            written(shown, before, texts, _fixed(texts, [*fitting, finding])[0])
        except UnfixableError as error:
            why = error
        else:
            fitting.append(finding)
    if why is not None and not fitting:
        raise why
    return fitting


def open_file(shown: str, cwd: Path) -> tuple[Path, bytes]:
    """The file's path and its bytes. Raises UnfixableError."""
    path = Path(os.path.join(cwd, shown))  # noqa: PTH118  a symbolic link stays in it
    return path, read_file(path)


def texts_of(shown: str, before: bytes, findings: Sequence[Finding]) -> dict[int | None, str]:
    """The text of a file, of a notebook those of its cells. Raises UnfixableError, also where it is not what
    the findings are about."""
    try:
        content = content_hash(as_python(shown, before))
    except DecodingError as error:
        raise UnfixableError(error.message) from error
    if any(finding.source_hash and finding.source_hash != content for finding in findings):
        raise UnfixableError("has changed since it was analysed")
    return cell_texts(before) if is_notebook(shown) else {None: text_of(before)}


def written(
    shown: str, before: bytes, texts: Mapping[int | None, str], after: Mapping[int | None, str]
) -> bytes:
    """The bytes of the file with these texts. Raises UnfixableError where it would be no Python."""
    if is_notebook(shown):
        data = with_cells(before, {cell: text for cell, text in after.items() if cell is not None})
        check_syntax(_module(before), _module(data), awaits=True)
        return data
    check_syntax(texts[None], after[None])
    return bytes_of(after[None], before)


def _module(notebook: bytes) -> str:
    return read_notebook(notebook).source.decode("utf-8", "surrogatepass")


def _fixed(
    texts: Mapping[int | None, str], findings: Sequence[Finding]
) -> tuple[dict[int | None, str], list[Finding]]:
    """The texts with the fixes in them: that of the file, or those of a notebook's cells."""
    lines = {cell: Lines(text) for cell, text in texts.items()}
    settled = {cell: Settled() for cell in texts}
    fixed: list[Finding] = []
    fixes = [(finding, finding.fix) for finding in findings if finding.fix is not None]
    for finding, fix in sorted(fixes, key=lambda pair: (order_of(pair[1]), pair[0].sort_key)):
        cell = fix.edits[0].cell
        if cell not in texts or any(edit.cell != cell for edit in fix.edits):
            continue
        if settled[cell].take(located(fix.edits, lines[cell])):
            fixed.append(finding)
    after = {cell: settled[cell].applied(text, _newline(text)) for cell, text in texts.items()}
    return after, fixed


def _newline(text: str) -> str:
    found = LINE_END.search(text)
    return found[0] if found else "\n"
