"""Jupyter notebooks as Python: the code cells of one notebook as one module, IPython's own syntax replaced.

Line magics, shell commands and help requests become `pass` (or `None`, where their result is assigned), and
so do cells that are not Python (`%%bash`); lines stay lines, so each line of the module is one of a cell.
Format: https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from conclint.syntax.decoding import DecodingError

SUFFIX: Final = ".ipynb"

_PYTHON_MAGICS: Final = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "py"})
"""Cell magics whose cell is Python of the notebook's own."""
_MAGIC: Final = re.compile(r"(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED: Final = re.compile(r"(\s*[^\s=#'\"][^=#'\"]*=\s*)(?:%\w|!).*$")
_AWAIT: Final = re.compile(r"\bawait\b|\basync\s+(?:for|with)\b")
_TOKEN: Final = re.compile(
    r"'''|\"\"\"|'(?:[^'\\\n]|\\.)*'?|\"(?:[^\"\\\n]|\\.)*\"?|#.*|[()\[\]{}]|\\$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell: its number among all cells of the notebook, from 1; its first line in the module and
    the line after its last, from 1; whether it awaits at its top level, so that it runs on the loop."""

    number: int
    first: int
    end: int
    awaits: bool


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook as a module."""

    source: bytes
    cells: tuple[Cell, ...]

    def cell_at(self, line: int) -> Cell | None:
        """The cell that a line of the module lies in."""
        found = bisect_right(self.cells, line, key=lambda cell: cell.first) - 1
        return self.cells[found] if found >= 0 else None

    def awaits_at(self, line: int) -> bool:
        """Whether the line lies in a cell that runs on the event loop."""
        cell = self.cell_at(line)
        return cell is not None and cell.awaits


def is_notebook(path: str) -> bool:
    """Whether the file is a notebook, by its name."""
    return path.endswith(SUFFIX)


def as_python(path: str, data: bytes) -> bytes:
    """The file's Python: of a notebook its code cells, of all others the bytes as they are.

    Raises DecodingError for what is no notebook.
    """
    return read_notebook(data).source if is_notebook(path) else data


def read_notebook(data: bytes) -> Notebook:
    """The module that a notebook's code cells make; an empty one for a notebook of another language.

    Raises DecodingError, with the line of the JSON at fault.
    """
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DecodingError("is no notebook: it is not UTF-8", data[: error.start].count(b"\n") + 1) from None
    except json.JSONDecodeError as error:
        raise DecodingError(f"is no notebook: {error.msg}", error.lineno) from None
    except RecursionError:
        raise DecodingError("is no notebook: it is nested too deeply", 1) from None
    lines: list[str] = []
    cells: list[Cell] = []
    for number, text in _code_cells(document):
        code = _without_magics(text)
        first = len(lines) + 1
        lines += code
        cells.append(Cell(number, first, len(lines) + 1, _awaits("\n".join(code))))
    source = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    return Notebook(source, tuple(cells))


def _code_cells(document: Any) -> Iterator[tuple[int, str]]:
    if not isinstance(document, dict) or not isinstance(
        document.get("cells", document.get("worksheets")), list
    ):
        raise DecodingError("is no notebook: it has no cells", 1)
    if _language(document) not in ("", "python", "ipython"):
        return
    cells = document.get("cells")
    if cells is None:  # format 3
        sheets = [sheet for sheet in document["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or ()]
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            yield number, text


def _language(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    for table, key in (("language_info", "name"), ("kernelspec", "language")):
        held = metadata.get(table)
        if isinstance(held, dict) and isinstance(held.get(key), str):
            return str(held[key]).lower()
    return ""


def _without_magics(text: str) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", text)
    head = next((number for number, line in enumerate(lines) if line.strip()), None)
    if head is not None and lines[head].lstrip().startswith("%%"):
        magic = re.match(r"\s*%%(\w*)", lines[head])
        lines[head] = ""
        if magic is None or magic[1] not in _PYTHON_MAGICS:
            return [""] * len(lines)
    if _parsed("\n".join(lines)) is not None:
        return lines
    return list(_replaced(lines))


class _State(NamedTuple):
    """What is open behind a line: brackets, the quotes of a long string, a statement by a backslash."""

    depth: int = 0
    quote: str = ""
    continued: bool = False


def _replaced(lines: list[str]) -> Iterator[str]:
    """The lines, with IPython's syntax replaced where a statement begins; a command goes on behind a
    backslash."""
    state = _State()
    goes_on = False
    for line in lines:
        if goes_on:
            goes_on = line.rstrip().endswith("\\")
            yield ""
            continue
        if state == _State():
            magic, assigned = _MAGIC.match(line), _ASSIGNED.match(line)
            if magic or assigned:
                goes_on = line.rstrip().endswith("\\")
                yield f"{magic[1]}pass" if magic else f"{assigned[1] if assigned else ''}None"
                continue
        state = _state_after(line, state)
        yield line


def _state_after(line: str, state: _State) -> _State:
    depth, quote, position = state.depth, state.quote, 0
    while position < len(line):
        if quote:
            end = line.find(quote, position)
            if end < 0:
                break
            position, quote = end + 3, ""
            continue
        token = _TOKEN.search(line, position)
        if token is None:
            break
        position = token.end()
        if token[0] in ("'''", '"""'):
            quote = token[0]
        elif token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(depth - 1, 0)
        elif token[0] == "\\":
            return _State(depth, quote, continued=True)
    return _State(depth, quote)


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return tree if isinstance(tree, ast.Module) else None


def _awaits(text: str) -> bool:
    """Whether the cell awaits outside of functions."""
    if not _AWAIT.search(text):
        return False
    tree = _parsed(text)
    if tree is None:
        return any(_AWAIT.search(line) for line in text.splitlines() if line[:1].strip())
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return False
