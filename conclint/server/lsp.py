"""Marks, notes and edits in the words of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from lsprotocol import types

from conclint.server.actions import SHOW
from conclint.server.jobs import Edited, Extent, Mark, Note

_SEVERITY: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


def diagnostic(mark: Mark, uri_of: Callable[[str], str]) -> types.Diagnostic:
    """The finding, with a place to go to for each step of its chain."""
    return types.Diagnostic(
        range=_range(mark.extent),
        message=mark.message,
        severity=_SEVERITY[mark.level],
        code=mark.code,
        code_description=types.CodeDescription(href=mark.url),
        source="conclint",
        related_information=[
            types.DiagnosticRelatedInformation(
                location=types.Location(uri_of(step.path), _range(step.extent)), message=step.message
            )
            for step in mark.related
        ],
    )


def hover(marks: Sequence[Mark], notes: Sequence[Note], at: types.Position) -> types.Hover | None:
    """The findings at the place, then what is known of the function there; None for neither."""
    found = [mark for mark in marks if mark.extent.holds(at.line, at.character)]
    named = [note for note in notes if note.extent.holds(at.line, at.character)]
    parts = list(dict.fromkeys([mark.explanation for mark in found] + [note.explanation for note in named]))
    if not parts:
        return None
    text = types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts))
    return types.Hover(text, _range(named[0].extent if named else found[0].extent))


def lenses(notes: Sequence[Note]) -> list[types.CodeLens]:
    """What functions run on, above them; a click shows from where they are reached."""
    return [
        types.CodeLens(
            _range(note.extent), types.Command(note.title, SHOW, arguments=[_plain(note.explanation)])
        )
        for note in notes
        if note.title
    ]


def workspace_edit(uri: str, version: int, edits: Edited, *, versioned: bool) -> types.WorkspaceEdit:
    """The edits; `versioned` where the editor can refuse them for a newer text."""
    texts = [types.TextEdit(_range(extent), text) for extent, text in edits.edits]
    if not versioned:
        return types.WorkspaceEdit(changes={uri: texts})
    document = types.OptionalVersionedTextDocumentIdentifier(uri, version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, list(texts))])


def report(
    diagnostics: list[types.Diagnostic], marks: Sequence[Mark], previous: str | None
) -> types.DocumentDiagnosticReport:
    """The diagnostics of a document, or that they are what they were."""
    name = _name(marks)
    if name == previous:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
    return types.RelatedFullDocumentDiagnosticReport(items=diagnostics, result_id=name)


def report_in_workspace(
    uri: str,
    version: int | None,
    diagnostics: list[types.Diagnostic],
    marks: Sequence[Mark],
    previous: str | None,
) -> types.WorkspaceDocumentDiagnosticReport:
    """The same for a file of the workspace, open or not."""
    name = _name(marks)
    if name == previous:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(uri=uri, version=version, result_id=name)
    return types.WorkspaceFullDocumentDiagnosticReport(
        uri=uri, version=version, items=diagnostics, result_id=name
    )


def _plain(text: str) -> str:
    """Markdown of notes as one line, since editors don't show the line ends of a message: headings are
    followed by their items."""
    parts: list[str] = []
    separator = ""
    for line in filter(None, text.replace("`", "").splitlines()):
        item = line.removeprefix("- ")
        if item == line:
            parts.append(line)
            separator = " "
        else:
            parts[-1] += separator + item
            separator = ", "
    return "; ".join(parts)


def _name(marks: Sequence[Mark]) -> str:
    """A text that is the same for equal marks."""
    return blake2b(repr(tuple(marks)).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _range(extent: Extent) -> types.Range:
    return types.Range(
        types.Position(extent.line, extent.column), types.Position(extent.end_line, extent.end_column)
    )
