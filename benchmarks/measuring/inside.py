"""Questions that conclint's own environment answers, for the benchmark.

python inside.py parsed FOLDER CACHE        the files of which the cache has a summary
python inside.py parse LIST                 parses the listed files, as bare libcst does
python inside.py summaries LIST FROM TO     a cache of the listed files' summaries and indexes alone
python inside.py most-imported FOLDER       the file with `async def` that most files import
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conclint.store.cache import Cache, Space, content_hash


def python_files(folder: str) -> list[Path]:
    """All Python files below the folder, in order."""
    return sorted(Path(folder).rglob("*.py"))


def print_parsed(folder: str, cache: str) -> None:
    known = Cache.open(cache)
    for path in python_files(folder):
        if known.get(Space.SUMMARY, content_hash(path.read_bytes())) is not None:
            print(path)


def parse_bare(listed: str) -> None:
    import libcst

    from conclint.syntax.decoding import decode_source

    for path in _listed(listed):
        libcst.parse_module(decode_source(path.read_bytes()))


def keep_summaries(listed: str, source: str, target: str) -> None:
    """Copies what depends on one file's bytes alone, so that a run has everything else to do."""
    known, kept = Cache.open(source), Cache.open(target)
    for path in _listed(listed):
        status = path.stat()
        digest = content_hash(path.read_bytes())
        kept.put_hash(str(path), status, digest)
        for space in (Space.SUMMARY, Space.INDEX, Space.CHECK):
            blob = known.get(space, digest)
            if blob is not None:
                kept.put(space, digest, blob)
    kept.save()


def print_most_imported(folder: str) -> None:
    from conclint.source.index import ASYNC_DEF, scan

    mentioned: Counter[str] = Counter()
    candidates: dict[str, Path] = {}
    for path in python_files(folder):
        found = scan(path.read_bytes())
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if ASYNC_DEF in found.words:
            candidates[name] = path
        mentioned.update({module for module, _ in found.imports})
    best = max(candidates, key=lambda name: (mentioned[name], name), default=None)
    if best is not None:
        print(candidates[best])


def _listed(file: str) -> Iterator[Path]:
    return map(Path, Path(file).read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    commands = {
        "parsed": print_parsed,
        "parse": parse_bare,
        "summaries": keep_summaries,
        "most-imported": print_most_imported,
    }
    commands[sys.argv[1]](*sys.argv[2:])
