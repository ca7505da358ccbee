"""Findings in notebooks: from the lines of the module that the cells make to the cells' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conclint.model.finding import Finding, Fix, Step
from conclint.source.notebook import Notebook


def in_cell(finding: Finding, notebooks: Mapping[str, Notebook]) -> Finding:
    """The finding with the cell it lies in, lines counted from the cell's first; its chain likewise.
    `notebooks` are by shown path."""
    chain = tuple(_step_in_cell(step, notebooks) for step in finding.chain)
    notebook = notebooks.get(finding.path)
    cell = notebook.cell_at(finding.position.line) if notebook is not None else None
    if cell is None:
        return finding if chain == finding.chain else replace(finding, chain=chain)
    above = cell.first - 1
    at = finding.position
    position = replace(at, line=at.line - above, end_line=at.end_line - above)
    first, last = finding.logical_line
    logical = (first - above, last - above)
    fix = finding.fix and _fix_in_cell(finding.fix, notebooks[finding.path])
    return replace(finding, position=position, cell=cell.number, chain=chain, logical_line=logical, fix=fix)


def _fix_in_cell(fix: Fix, notebook: Notebook) -> Fix | None:
    """The fix with each edit in its cell; None where one goes from a cell into the next."""
    edits = []
    for edit in fix.edits:
        at = edit.position
        cell = notebook.cell_at(at.line)
        if cell is None or at.end_line >= cell.end:
            return None
        position = replace(at, line=at.line - cell.first + 1, end_line=at.end_line - cell.first + 1)
        edits.append(replace(edit, position=position, cell=cell.number))
    return replace(fix, edits=tuple(edits))


def _step_in_cell(step: Step, notebooks: Mapping[str, Notebook]) -> Step:
    notebook = notebooks.get(step.path)
    cell = notebook.cell_at(step.line) if notebook is not None else None
    return step if cell is None else replace(step, line=step.line - cell.first + 1, cell=cell.number)
