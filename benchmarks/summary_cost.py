"""What a summary costs, beside the bare parse of the same files: CPU time, and bytes beside the source's.

    python benchmarks/summary_cost.py FOLDER [FILES]

Takes FILES (300) of the folder's Python files, evenly spread. Both are timed file by file in turn, so that
a busy machine slows both; absolute times mean little.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import libcst

from conclint.extract import extract_summary
from conclint.summary.codec import decode_body, decode_module, encode_module
from conclint.syntax.decoding import DecodingError, decode_source
from conclint.syntax.parsing import SourceError

DEFAULT_FILES: Final = 300


def main(folder: str, count: int) -> None:
    """Prints the table."""
    paths = sorted(path for path in Path(folder).rglob("*.py") if path.is_file())
    sample = paths[:: max(len(paths) // count, 1)][:count]
    seconds = dict.fromkeys(("parse", "extract", "encode", "decode module", "decode bodies"), 0.0)
    source = encoded = files = 0

    def timed(what: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        result = work()
        seconds[what] += time.process_time() - begin
        return result

    for path in sample:
        data = path.read_bytes()
        try:
            text = decode_source(data)
            summary = extract_summary(data)  # warms up whatever is done once
        except (DecodingError, SourceError) as error:
            print(f"{path}: left out: {error}")
            continue
        timed("parse", lambda text=text: libcst.parse_module(text))
        summary = timed("extract", lambda data=data: extract_summary(data))
        packed = timed("encode", lambda summary=summary: encode_module(summary))
        again = timed("decode module", lambda packed=packed: decode_module(packed))
        timed("decode bodies", lambda again=again: [decode_body(body) for body in again.bodies])
        files += 1
        source += len(data)
        encoded += len(packed)

    print(f"{files} files, {source:,} bytes of source, {encoded:,} of summaries: {encoded / source:.1%}")
    print(f"{'':16}{'CPU ms a file':>14}{'of the parse':>14}")
    rows = [*seconds.items(), ("extract + encode", seconds["extract"] + seconds["encode"])]
    for what, spent in rows:
        print(f"{what:16}{spent / files * 1000:14.2f}{spent / seconds['parse']:14.3f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_FILES)
