"""Which findings are about opening a file, and which about a call of one that is open."""

from __future__ import annotations

from typing import Final

from conclint.model.finding import Finding

OPENING: Final = frozenset(
    {
        "builtins.open", "codecs.open", "io.open", "os.fdopen", "pathlib.Path.open",
        "tempfile.NamedTemporaryFile", "tempfile.TemporaryFile", "gzip.open", "bz2.open", "lzma.open",
    }
)  # fmt: skip
_HANDLE: Final = (
    "io.", "tempfile._TemporaryFileWrapper.", "gzip.GzipFile.", "bz2.BZ2File.", "lzma.LZMAFile.",
)  # fmt: skip


def is_of_handle(finding: Finding) -> bool:
    """Whether it is about a call of an open file, at the place itself."""
    cause = finding.cause or ""
    return cause.startswith(_HANDLE) and cause not in OPENING and len(finding.chain) < 2


def opens_file(finding: Finding) -> bool:
    """Whether it is about opening a file, at the place itself."""
    return finding.cause in OPENING and len(finding.chain) < 2
