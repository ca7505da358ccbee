"""Where reports go: `FORMAT` to standard output, `FORMAT:FILE` to a file, all files or none."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from conclint.report.outcome import OutputFormat


class Output(NamedTuple):
    """One report: its format, and its file (None for standard output)."""

    format: OutputFormat
    file: str | None = None


class UnwritableError(Exception):
    """A file that can't be written. The text is one line for the user."""


def parse_output(text: str) -> Output:
    """The output that `FORMAT` or `FORMAT:FILE` stands for.

    Raises ValueError, with the known formats, for anything else.
    """
    word, colon, file = text.partition(":")
    formats = {known.value: known for known in OutputFormat}
    if word not in formats:
        raise ValueError(f"{word!r} is not one of {', '.join(formats)}")
    if colon and not file:
        raise ValueError(f"{text!r} names no file after the colon")
    return Output(formats[word], file or None)


def plan_outputs(outputs: Sequence[Output], output_file: str | None) -> tuple[Output, ...]:
    """The reports to make, at most one of them to standard output; without any, text.

    `output_file` is where the one goes that has no file of its own. Raises ValueError for reports that
    would share a place.
    """
    planned = list(outputs) or [Output(OutputFormat.TEXT)]
    homeless = [number for number, output in enumerate(planned) if output.file is None]
    if output_file is not None:
        if not homeless:
            raise ValueError(
                "every --output-format names a file already, so there is nothing to write to --output-file"
            )
        planned[homeless[0]] = planned[homeless[0]]._replace(file=output_file)
        del homeless[0]
    if len(homeless) > (output_file is None):
        words = " and ".join(planned[number].format.value for number in homeless)
        raise ValueError(
            f"only one format can go to standard output, not {words}: name a file, as in sarif:out.sarif"
        )
    files = [Path(output.file).resolve() for output in planned if output.file is not None]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise ValueError(f"two reports would be written to {twice}")
    return tuple(planned)


def check_writable(files: Sequence[str]) -> None:
    """Raises UnwritableError for a file that certainly can't be written, before an hour's work is lost."""
    for file in files:
        folder = Path(file).resolve().parent
        if Path(file).is_dir():
            raise unwritable(file, OSError(errno.EISDIR, os.strerror(errno.EISDIR)))
        if not folder.is_dir():
            raise unwritable(file, OSError(errno.ENOENT, f"there is no folder {folder}"))
        if not os.access(file if Path(file).exists() else folder, os.W_OK):
            raise unwritable(file, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def write_files(texts: Mapping[str, str]) -> None:
    """Writes each text to its file, in UTF-8, lone surrogates as escapes.

    Readers see the old file or the new one, never a part; if one can't be written, all stay as they were.
    Raises UnwritableError.
    """
    drafts: dict[Path, Path] = {}
    with _removed(drafts):
        for file, text in texts.items():
            data = text.encode("utf-8", "backslashreplace")
            with _named(file):
                target = Path(file).resolve()
                mode = target.stat().st_mode if target.exists() else None
                if mode is not None and not stat.S_ISREG(mode):
                    target.write_bytes(data)  # a device or a pipe: nothing to replace
                    continue
                draft = drafts[target] = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
                with draft.open("xb") as stream:
                    stream.write(data)
                if mode is not None:
                    draft.chmod(stat.S_IMODE(mode))
        for target, draft in list(drafts.items()):
            with _named(str(target)):
                draft.replace(target)
                del drafts[target]


@contextmanager
def _removed(drafts: Mapping[Path, Path]) -> Iterator[None]:
    """Whatever happens, drafts that are left are removed."""
    try:
        yield
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink()


@contextmanager
def _named(file: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise unwritable(file, error) from error


def unwritable(file: str, error: Exception) -> UnwritableError:
    """The error for a file that can't be written for this reason."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return UnwritableError(f"{file}: cannot be written: {reason[:1].lower()}{reason[1:]}")
