"""The summaries of files, from the cache or made anew, in waves and in worker processes where it pays."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from functools import cache
from typing import Final, NamedTuple, TypeAlias, TypeVar

from conclint.config.settings import ConfigError
from conclint.model.following import MOST_BYTES
from conclint.process.failure import describe_failure
from conclint.source import index as source_index
from conclint.source.file_digests import FileDigests
from conclint.source.index import FileIndex
from conclint.store.cache import MARSHAL_FORMAT, Cache, Space
from conclint.summary.records import ModuleSummary
from conclint.syntax.decoding import DecodingError
from conclint.workers.forking import can_fork
from conclint.workers.work import Work, Workers

R = TypeVar("R")
C = TypeVar("C")

_CHUNK: Final = 64 << 10
"""Bytes of source that are summarised in the background at a time."""
_FORKED_PAYS: Final = 256 << 10  # workers that are forks of this process are there at once
_SUMMARY_PAYS: Final = 1 << 20  # about two seconds of parsing; a pool starts in a third of one
_CHECK_PAYS: Final = 8 << 20
_SCAN_PAYS: Final = 16 << 20
_PARSING: Final = 2
"""To be raised where `conclint.source` parses what it refused before, or says something else of it."""
_NOTHING: Final = FileIndex((), (), (), ())


class Problem(NamedTuple):
    """Why a file has no summary, and where (from 1). A fleeting one may be gone at the next run; the
    others lie in the bytes."""

    message: str
    line: int
    column: int
    fleeting: bool = False


class _Chunk:
    """Files that are being summarised in the background; the hashes are those of what was read of them."""

    def __init__(self, paths: Sequence[str], contents: FileDigests) -> None:
        self._paths = paths
        self._contents = contents
        self.expected = [contents.digests[path] for path in paths]
        self.hashes: list[bytes] = []
        self.future: Future[list[Outcome]] | None = None

    def read(self) -> list[bytes]:
        """The files' bytes, of those that are still there."""
        read = [(path, self._contents.read(path)) for path in self._paths]
        self.hashes = [self._contents.digests[path] for path, data in read if data is not None]
        return [data for _, data in read if data is not None]

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.future is not None and self.future.done()

    def outcomes(self) -> list[tuple[bytes, Outcome]] | None:
        """What came of it, as soon as it is done, by the files' hashes; None where a worker died of it."""
        assert self.future is not None
        try:
            outcomes = self.future.result()
        except (BrokenExecutor, CancelledError, OSError):
            return None
        return list(zip(self.hashes, outcomes, strict=True))


Outcome: TypeAlias = "bytes | Problem"
Progress: TypeAlias = "Callable[[int, int], None]"
"""Called with the number of files summarised and the number known to need it, in this run."""

# Lasting, so that a later run with little to do doesn't try the file in its own process.
_CRASHED: Final = Problem("the parser crashed on this file", 1, 1)


def summarise_source(data: bytes) -> Outcome:
    """The encoded summary of a file's bytes, or why there is none; never raises."""
    from conclint.extract import extract_summary
    from conclint.summary.codec import encode_module

    try:
        return encode_module(extract_summary(data))
    except Exception as error:
        return _problem(error)


def check_source(data: bytes) -> Problem | None:
    """Why the bytes are not Python, or None if they are; never raises."""
    from conclint.syntax.parsing import check_syntax

    try:
        error = check_syntax(data)
    except Exception as failure:
        return _problem(failure)
    return _problem(error) if error is not None else None


def _scan_source(data: bytes) -> Outcome:
    """The encoded index: its format in the first byte, so that an old one is known without decoding."""
    try:
        return bytes((source_index.FORMAT,)) + marshal.dumps(tuple(source_index.scan(data)), MARSHAL_FORMAT)
    except Exception as error:
        return _problem(error)


class SummaryStore:
    """The summaries of one run, by path; two files of equal bytes share theirs.

    `contents` are the files of the run. `remote` are workers that only summarise: of all that is done with a
    file's bytes it alone is worth sending them over a network. Of files in the folders `installed` those that
    are too long have no summary. What `load` and `check` find does not depend
    on the number of workers, the order of the paths or the cache.
    """

    def __init__(
        self,
        cache: Cache,
        contents: FileDigests,
        jobs: int | None = None,
        progress: Progress | None = None,
        *,
        summarise: Callable[[bytes], Outcome] = summarise_source,
        check: Callable[[bytes], Problem | None] = check_source,
        workers: Workers | None = None,
        remote: Workers | None = None,
        installed: Collection[str] = (),
    ) -> None:
        self._installed = tuple(f"{folder}{os.sep}" for folder in installed)
        self._too_long: set[str] = set()
        self._problems: dict[str, tuple[str, int, int]] = {}
        self._cache = cache
        self._contents = contents
        self._workers = workers or Workers(jobs)
        self._summarisers = remote or self._workers
        self._progress = progress
        self._summarise = summarise
        self._check = check
        self._loaded: set[str] = set()
        self._encoded: dict[bytes, bytes] = {}
        self._decoded: dict[bytes, ModuleSummary] = {}
        self._failed: dict[bytes, Problem] = {}
        self._checked: dict[bytes, Problem | None] = {}
        self._coming: dict[bytes, _Chunk] = {}
        self._suspected: set[bytes] = set()
        """Hashes of what a worker may have died of."""
        self._done = 0
        self._wanted = 0
        self._own_failures: dict[str, str] = {}
        self.decoded_bytes = 0
        """Bytes of the encoded summaries whose decoded ones are held."""

    @property
    def problems(self) -> dict[str, tuple[str, int, int]]:
        """What is wrong with files that `load` and `check` had and that have no summary, ordered by path:
        message, line, column."""
        return dict(sorted({**self._contents.problems, **self._problems}.items()))

    @property
    def failed(self) -> dict[str, str]:
        """Of the problems those that are conclint's own, and may be gone at the next run: what is said of
        them, by path."""
        return {**self._contents.failed, **self._own_failures}

    def load(self, paths: Iterable[str]) -> None:
        """Makes the summaries of the files known, those that are not yet."""
        wave = [path for path in sorted(set(paths)) if path not in self._loaded]
        self._together(self._load, wave)
        self._loaded.update(wave)

    def _load(self, wave: list[str]) -> None:
        missing: dict[bytes, str] = {}
        for path in wave:
            digest = self._contents.digest(path)
            if digest is not None and self._is_too_long(path):
                self._too_long.add(path)
            elif digest is not None and not self._recall(digest):
                missing.setdefault(digest, path)
        for digest in missing:
            self._await(digest)
        missing = {digest: path for digest, path in missing.items() if not self._is_known(digest)}
        if missing:
            self._summarise_all(list(missing.values()))
        for path in wave:
            # A file that changed in between has other bytes now than those that were summarised.
            digest = self._contents.digests.get(path) if path not in self._too_long else None
            if digest is not None and digest not in self._encoded and digest not in self._failed:
                self._summarise_all([path])
            self._note_problem(path, self._failed)

    def expect(self, paths: Sequence[str]) -> bool:
        """Whether the files that need it are now being summarised in the background, in this order: where
        that pays."""
        if self._summarisers is not self._workers:
            return False
        missing: dict[bytes, str] = {}
        for path in paths:
            digest = self._contents.digest(path)
            if digest is not None and not self._is_too_long(path) and not self._recall(digest):
                missing.setdefault(digest, path)
        sizes = [self._contents.sizes[path] for path in missing.values()]
        pays = min(_FORKED_PAYS, _SUMMARY_PAYS) if can_fork() else _SUMMARY_PAYS
        if not missing or sum(sizes) < pays:
            return False
        chunk: list[str] = []
        room = _CHUNK
        for path, size in zip(missing.values(), sizes, strict=True):
            chunk.append(path)
            room -= size
            if room <= 0:
                if not self._begin(chunk):
                    return False
                chunk, room = [], _CHUNK
        return not chunk or self._begin(chunk)

    def want(self, path: str) -> None:
        """Has the file summarised in the background, if there are workers, since it will be needed."""
        if not self._workers.is_working or path in self._loaded or self._summarisers is not self._workers:
            return
        digest = self._contents.digest(path)
        if digest is None or digest in self._coming or self._is_too_long(path) or self._recall(digest):
            return
        self._begin([path])

    def has_come(self, path: str) -> bool:
        """Whether the file's summary can be had at once."""
        digest = self._contents.digest(path)
        chunk = self._coming.get(digest) if digest is not None else None
        return chunk.is_done if chunk is not None else digest is None or self._is_known(digest)

    def await_any(self, paths: Iterable[str]) -> bool:
        """Whether one of the files is being summarised in the background; waits until one is."""
        digests = (self._contents.digest(path) for path in paths)
        chunks = {self._coming[digest] for digest in digests if digest in self._coming}
        wait([chunk.future for chunk in chunks if chunk.future is not None], return_when=FIRST_COMPLETED)
        return bool(chunks)

    def _begin(self, paths: list[str]) -> bool:
        chunk = _Chunk(paths, self._contents)
        chunk.future = self._workers.begin(self._summarise, chunk.read)
        if chunk.future is None:
            return False
        self._coming.update(dict.fromkeys(chunk.expected, chunk))
        self._wanted += len(paths)
        return True

    def _await(self, digest: bytes) -> None:
        """Takes in what is being found out about these bytes in the background."""
        chunk = self._coming.get(digest)
        if chunk is None:
            return
        outcomes = chunk.outcomes()
        if outcomes is None:
            self._suspected.update(chunk.expected)
        for found, outcome in outcomes or ():
            self._take(found, outcome)
        for expected in chunk.expected:
            self._coming.pop(expected, None)
            self._wanted -= not self._is_known(expected)

    def _is_known(self, digest: bytes) -> bool:
        return digest in self._encoded or digest in self._decoded or digest in self._failed

    def _is_too_long(self, path: str) -> bool:
        """Whether it is a file of an installed package that is longer than people write them."""
        return path.startswith(self._installed) and self._contents.sizes.get(path, 0) > MOST_BYTES

    def is_loaded(self, path: str) -> bool:
        """Whether `load` had that path, so that `get` answers for good."""
        return path in self._loaded

    def get(self, path: str) -> ModuleSummary | None:
        """The summary of a loaded file; None if it has a problem or was not loaded."""
        digest = self._contents.digests.get(path)
        if digest is None or path not in self._loaded:
            return None
        if path in self._own_failures or path in self._too_long:
            return None
        summary = self._decoded.get(digest)
        if summary is None and digest not in self._failed:
            if digest not in self._encoded and not self._recall(digest):
                self._summarise_all([path])  # released, and meanwhile gone from the cache
            summary = self._decode(path, digest)
        return summary

    def _decode(self, path: str, digest: bytes) -> ModuleSummary | None:
        from conclint.summary.codec import CodecError, decode_module

        blob = self._encoded.get(digest)
        if blob is None:
            return None
        try:
            summary = decode_module(blob)
        except CodecError:
            # Written by a conclint under development, whose codec changed and its format number did not.
            del self._encoded[digest]
            self._summarise_all([path])
            if digest not in self._encoded:
                return None
            summary = decode_module(self._encoded[digest])
        if self._cache.folder is not None:
            del self._encoded[digest]  # to be had again from the cache
        self._decoded[digest] = summary
        self.decoded_bytes += len(blob)
        return summary

    def hand_over(self, cache: Cache) -> None:
        """Puts the encoded summaries into another cache."""
        for digest, blob in self._encoded.items():
            cache.put(Space.SUMMARY, digest, blob)

    def release(self) -> None:
        """Frees the memory of decoded summaries; they are decoded again when they are asked for."""
        self._decoded.clear()
        if self._cache.folder is not None:
            self._encoded.clear()
        self.decoded_bytes = 0

    def index(self, path: str) -> FileIndex:
        """What the file mentions; nothing if it can't be read, which is then among the problems.

        Not kept: the caller takes what it needs.
        """
        return next(self.indexes([path]))[1]

    def indexes(self, paths: Iterable[str]) -> Iterator[tuple[str, FileIndex]]:
        """What each of the files mentions, ordered by path; see `index`."""
        wanted = sorted(set(paths))
        entries: dict[bytes, bytes] = {}
        self._together(lambda wave: self._find_indexes(wave, entries), wanted)
        for path in wanted:
            entry = entries.get(self._contents.digests.get(path, b""), b"")
            yield path, FileIndex(*marshal.loads(entry[1:])) if entry else _NOTHING

    def _find_indexes(self, wanted: list[str], entries: dict[bytes, bytes]) -> None:
        """Adds the files' encoded indexes, by the hashes of their bytes."""
        missing: dict[bytes, str] = {}
        for path in wanted:
            digest = self._contents.digest(path)
            if digest is None or digest in entries or digest in missing:
                continue
            entry = self._cache.get(Space.INDEX, digest)
            if entry is not None and entry[0] == source_index.FORMAT:
                entries[digest] = entry
            else:
                missing[digest] = path
        failed: dict[bytes, Problem | None] = {}
        for digest, found in self._run(_scan_source, list(missing.values()), _CRASHED, _SCAN_PAYS):
            if isinstance(found, Problem):
                failed[digest] = found
            else:
                entries[digest] = found
                self._cache.put(Space.INDEX, digest, found)
        for path in wanted:
            self._note_problem(path, failed)

    def source_hash(self, path: str) -> bytes | None:
        """The hash of the bytes that the answers for this path are about; None if it can't be read."""
        return self._contents.digest(path)

    def check(self, paths: Iterable[str]) -> None:
        """Finds out whether files are Python that were not loaded; what is not goes to `problems`."""
        self._together(self._find_out, [path for path in sorted(set(paths)) if path not in self._loaded])

    def _find_out(self, wave: list[str]) -> None:
        missing: dict[bytes, str] = {}
        for path in wave:
            digest = self._contents.digest(path)
            if digest is None or digest in self._checked:
                continue
            known = self._cached_check(digest)
            if known is None:
                missing.setdefault(digest, path)
            else:
                self._checked[digest] = None if known == () else Problem(*known)
        for digest, problem in self._run(self._check, list(missing.values()), _CRASHED, _CHECK_PAYS):
            self._checked[digest] = problem
            self._keep_check(digest, problem)
        for path in wave:
            self._note_problem(path, self._checked)

    def close(self) -> None:
        """Ends the worker processes, also if what they do in the background was not asked for yet."""
        self._summarisers.close(cancel=bool(self._coming))
        self._workers.close(cancel=bool(self._coming))

    def rest(self) -> None:
        """Ends the worker processes until there is more to do."""
        self._workers.close()

    def stay_here(self) -> None:
        """For a fork of this process: what is missing is made in it."""
        self._summarisers.stay_here()
        self._workers.stay_here()

    def _together(self, work: Callable[[list[str]], None], paths: list[str]) -> None:
        """The work on all of the files; where that fails, on each by itself, so that it costs one file."""
        try:
            work(paths)
        except ConfigError:  # no workers where the user says that they are
            raise
        except Exception as error:
            if len(paths) != 1:
                for path in paths:
                    self._together(work, [path])
                return
            (path,) = paths
            self._own_failures[path] = describe_failure(error)
            self._problems[path] = (self._own_failures[path], 1, 1)

    def _summarise_all(self, files: list[str]) -> None:
        self._wanted += len(files)
        self._report()
        is_suspected = any(self._contents.digests.get(path) in self._suspected for path in files)
        pays = -1 if is_suspected else _SUMMARY_PAYS
        for digest, outcome in self._run(self._summarise, files, _CRASHED, pays):
            self._take(digest, outcome)

    def _take(self, digest: bytes, outcome: Outcome) -> None:
        if isinstance(outcome, Problem):
            self._failed[digest] = outcome
            self._keep_check(digest, outcome)
        else:
            self._encoded[digest] = outcome
            self._cache.put(Space.SUMMARY, digest, outcome)
        self._done += 1
        self._report()

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._wanted)

    def _recall(self, digest: bytes) -> bool:
        """Whether the outcome for these bytes is known, from this run or an earlier one."""
        if self._is_known(digest):
            return True
        blob = self._cache.get(Space.SUMMARY, digest)
        if blob is not None:
            self._encoded[digest] = blob
            return True
        known = self._cached_check(digest)
        if known:
            self._failed[digest] = Problem(*known)
            return True
        return False

    def _cached_check(self, digest: bytes) -> tuple[str, int, int] | tuple[()] | None:
        """What an earlier run said about these bytes: () for Python, None for nothing."""
        blob = self._cache.get(Space.CHECK, digest)
        if blob is None:
            return None
        if not blob:
            return ()
        version, message, line, column = marshal.loads(blob)
        return (message, line, column) if version == _parser_version() else None

    def _keep_check(self, digest: bytes, problem: Problem | None) -> None:
        if problem is None:
            self._cache.put(Space.CHECK, digest, b"")
        elif not problem.fleeting:
            entry = marshal.dumps((_parser_version(), *problem[:3]), MARSHAL_FORMAT)
            self._cache.put(Space.CHECK, digest, entry)

    def _note_problem(self, path: str, problems: Mapping[bytes, Problem | None]) -> None:
        digest = self._contents.digests.get(path)
        problem = problems.get(digest) if digest is not None else None
        if problem is not None:
            self._problems[path] = problem[:3]
            if problem.fleeting:
                self._own_failures[path] = problem.message

    def _run(
        self, function: Callable[[bytes], R], files: list[str], crashed: C, pays: int
    ) -> Iterator[tuple[bytes, R | C]]:
        """The function's result for each file's bytes, by their hash, in no particular order."""
        sizes = [self._contents.sizes[path] for path in files]
        work = Work(function, sizes, lambda number: self._contents.read(files[number]), crashed, pays)
        workers = self._summarisers if function is self._summarise else self._workers
        for number, result in workers.run(work):
            yield self._contents.digests[files[number]], result


def _problem(error: object) -> Problem:
    from conclint.syntax.parsing import SourceError

    if isinstance(error, SourceError):
        return Problem(error.message, error.line, error.column)
    if isinstance(error, DecodingError):
        return Problem(error.message, error.line, 1)
    assert isinstance(error, BaseException)
    return Problem(describe_failure(error), 1, 1, fleeting=True)


@cache
def _parser_version() -> str:
    """What a refusal depends on: with a newer parser the file may be fine."""
    from importlib.metadata import version

    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"python {python}, libcst {version('libcst')}, ours {_PARSING}"
