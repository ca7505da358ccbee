"""What files cost one by one: parsed by libcst alone, and summarised as conclint does.

    python bare.py FOLDER MOST < LIST > FIGURES.json

LIST has a path below FOLDER a line; the MOST largest of them are summarised. Run with the interpreter that
has conclint.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import libcst

from conclint.extract import extract_summary
from conclint.syntax.decoding import DecodingError, decode_source
from conclint.syntax.parsing import SourceError, check_brackets, with_large_stack


def parse_bare(data: bytes) -> float:
    """Seconds of CPU; none for what libcst can't be given, or refuses."""
    try:
        text = decode_source(data)
        deep = check_brackets(text).deep
    except (DecodingError, SourceError):
        return 0.0
    start = time.process_time()
    try:
        if deep:
            with_large_stack(lambda: libcst.parse_module(text))
        else:
            libcst.parse_module(text)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError):
        return 0.0
    return time.process_time() - start


def summarise(data: bytes) -> tuple[float, str]:
    """Seconds of CPU, and what went wrong that is no word of conclint's own about the file."""
    start = time.process_time()
    wrong = ""
    try:
        extract_summary(data)
    except Exception as error:
        if not isinstance(error, (DecodingError, SourceError)):
            wrong = f"{type(error).__name__}: {error}"
    return time.process_time() - start, wrong


def main(folder: str, most: int) -> None:
    texts = {name: Path(folder, name).read_bytes() for name in sys.stdin.read().splitlines()}
    parse = sum(map(parse_bare, texts.values()))
    largest = sorted(texts, key=lambda name: len(texts[name]), reverse=True)[:most]
    costs = {name: summarise(texts[name]) for name in largest}
    slowest = max(costs, key=lambda name: costs[name], default="")
    figures = {
        "parse": round(parse, 3),
        "slowest": {"path": slowest, "seconds": round(costs[slowest][0], 3)} if slowest else {},
        "crashed": [(name, wrong) for name, (_, wrong) in costs.items() if wrong],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
