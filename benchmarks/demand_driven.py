"""What parsing only the functions that a chain reaches could save: an upper bound, before it is built.

    python benchmarks/demand_driven.py FOLDER

Checks the folder in one process and notes whose effects are asked for: a function that runs on an execution
model by itself, hands something to one, or is reached from such a one. Of the others libcst would not have to
parse the bodies. Then it times libcst on every file that was parsed: whole, and with those bodies replaced by
`pass`; and the scan for tokens that finding them would need at least. Parsing the needed bodies one by one,
wave by wave as chains reach them, comes on top and is left out, and so is what else linking reads in bodies
(stores to attributes and globals, wrappers): the real gain is less.
"""

from __future__ import annotations

import ast
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import libcst

from conclint.config.settings import load_config
from conclint.judging.checker import ModuleJudge
from conclint.resolve.values import Key
from conclint.rules.entry_points import find_starts
from conclint.run.pipeline import check
from conclint.source.discovery import discover_files
from conclint.store.cache import content_hash
from conclint.summary.records import DefKind, ModuleSummary
from conclint.syntax.decoding import decode_source
from conclint.syntax.tokens import find_tokens

FUNCTIONS: Final = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)


class Needed:
    """The definitions that chains reach, by the hash of their file's source.

    They begin at what runs on a loop by itself, and at what hands something to another model; they go on to
    whatever a function's effects were made from.
    """

    def __init__(self) -> None:
        self.summaries: dict[bytes, ModuleSummary] = {}
        self.reached: dict[bytes, set[str]] = defaultdict(set)
        self._starts: set[Key] = set()
        self._last: Any = None

    def watch(self) -> None:
        """Notes from now on what is judged."""
        judge_modules, needed = ModuleJudge.judge_modules, self

        def noting_judge(judge: ModuleJudge, paths: Iterable[str]) -> Any:
            if judge._store.decoded_bytes > judge._most:  # the program is about to be dropped
                needed.gather(judge)
            result = judge_modules(judge, group := sorted(paths))
            for path in group:
                view = judge.judge.view(path)
                if view is not None:
                    needed._starts |= find_starts(view).on_loop
                    needed._starts |= {key for key, placed in view.placements.items() if placed}
            needed._last = judge
            return result

        ModuleJudge.judge_modules = noting_judge  # type: ignore[method-assign]

    def finish(self) -> None:
        """Takes in what was judged last."""
        self.gather(self._last)

    def gather(self, judge: ModuleJudge) -> None:
        """Follows the chains of one linked program."""
        used: dict[Key, list[Key]] = defaultdict(list)
        for callee, callers in judge.engine._dependents.items():
            for caller, _ in callers:
                used[caller].append(callee)
        todo, seen = list(self._starts), set(self._starts)
        while todo:
            for callee in used[todo.pop()]:
                if callee not in seen:
                    seen.add(callee)
                    todo.append(callee)
        for module in judge._program.loaded():
            self.summaries.setdefault(module.summary.source_hash, module.summary)
        for path, name in seen:
            content = judge._store.source_hash(path)
            if content is not None:
                self.reached[content].add(name)
        self._starts = set()


def without_bodies(text: str, summary: ModuleSummary, needed: set[str]) -> tuple[str, int, int]:
    """The text with `pass` for the body of each function that neither is needed nor holds one that is; how
    many functions there are, and how many are left out with all inside them."""
    kept = set()
    for number, definition in enumerate(summary.defs):
        if definition.key not in needed:
            continue
        while number > 0 and number not in kept:
            kept.add(number)
            number = summary.defs[number].parent
    functions = [(at, found) for at, found in enumerate(summary.defs) if found.kind in FUNCTIONS]
    out = {(found.start, found.end) for at, found in functions if at not in kept}
    lines = text.splitlines(keepends=True)
    dropped = 0
    todo: list[ast.AST] = [ast.parse(text)]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            last, body = node.end_lineno or node.lineno, node.body[0]
            first = min([body.lineno, *(item.lineno for item in getattr(body, "decorator_list", ()))])
            if (node.lineno, last) in out and first > node.lineno:
                lines[first - 1] = " " * body.col_offset + "pass\n"
                lines[first:last] = [""] * (last - first)
                dropped += 1
                continue
        todo += ast.iter_child_nodes(node)
    return "".join(lines), len(functions), dropped


def main(folder: str) -> None:
    """Prints the figures: seconds of CPU for the three, the part of the text in bodies that no chain reaches,
    and how many times faster the parse could be at best."""
    root = Path(folder)
    needed = Needed()
    needed.watch()
    with tempfile.TemporaryDirectory() as cache:
        config = replace(load_config([folder], cwd=root), jobs=1, cache_dir=Path(cache))
        report = check([folder], config)
    needed.finish()
    by_hash: dict[bytes, str] = {}
    for source in discover_files([folder], config, root).sources:
        by_hash.setdefault(content_hash(Path(source.path).read_bytes()), source.path)
    seconds = dict.fromkeys(("whole", "reduced", "tokens"), 0.0)
    files = functions = dropped = size = small = 0
    for content, summary in needed.summaries.items():
        path = by_hash.get(content)
        if path is None:
            continue
        text = decode_source(Path(path).read_bytes())
        try:
            reduced, number, left_out = without_bodies(text, summary, needed.reached[content])
            for what, work, argument in (
                ("whole", libcst.parse_module, text),
                ("reduced", libcst.parse_module, reduced),
                ("tokens", find_tokens, text),
            ):
                begin = time.process_time()
                work(argument)
                seconds[what] += time.process_time() - begin
        except (SyntaxError, libcst.ParserSyntaxError) as error:
            print(f"{path}: left out: {error}", file=sys.stderr)
            continue
        files, functions, dropped = files + 1, functions + number, dropped + left_out
        size, small = size + len(text), small + len(reduced)
    figures = {
        "findings": len(report.findings),
        "files": files,
        "functions": functions,
        "unreached": dropped,
        "text": round(1 - small / max(size, 1), 4),
        **{what: round(spent, 3) for what, spent in seconds.items()},
        "gain": round(seconds["whole"] / max(seconds["reduced"] + seconds["tokens"], 1e-9), 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
