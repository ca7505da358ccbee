"""Findings in notebooks: from the lines of the module that the cells make to the cells' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conclint.model.finding import Finding, Step
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
    return replace(finding, position=position, cell=cell.number, chain=chain, logical_line=logical)


def _step_in_cell(step: Step, notebooks: Mapping[str, Notebook]) -> Step:
    notebook = notebooks.get(step.path)
    cell = notebook.cell_at(step.line) if notebook is not None else None
    return step if cell is None else replace(step, line=step.line - cell.first + 1, cell=cell.number)
