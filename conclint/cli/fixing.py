"""`--fix`, `--diff` and `--add-noqa`: what a run found, mended or commented in the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conclint.fix.text_file import UnfixableError
from conclint.model.finding import UNREADABLE, Finding
from conclint.report.destination import write_files
from conclint.report.terminal import say, say_line, write_patch
from conclint.report.wording import count
from conclint.suppress.directives import UNUSED_CODE

if TYPE_CHECKING:
    from conclint.fix.apply import FixedFile
    from conclint.fix.territory import Territory


@dataclass(frozen=True, slots=True)
class Fixing:
    """What is to be done with findings: `diff` prints it instead, `only` reports nothing else, `show` says
    what was mended. With `noqa` comments are written, which give the `reason`. With
    `count` nothing is done but to say how much could be."""

    unsafe: bool = False
    diff: bool = False
    only: bool = False
    show: bool = False
    noqa: bool = False
    reason: str = ""
    count: bool = False


class Done(NamedTuple):
    """Whether files were changed; the exit status where nothing is to be reported."""

    changed: bool
    status: int | None


def apply_fixing(
    fixing: Fixing,
    findings: Sequence[Finding],
    territory: Territory,
    *,
    quiet: bool,
    known: Sequence[Finding] = (),
    patch: str | None = None,
) -> Done:
    """Does it, file by file; one that can't be mended is said, and stays as it was. So do the `known` ones,
    which are in the baseline. `patch` names a file for the diff. Raises UnwritableError."""
    files = []
    for file in _planned(fixing, findings, territory):
        if file.after == file.before:
            continue
        if not fixing.diff:
            try:
                file.write()
            except UnfixableError as error:
                _say_left(file.shown, error)
                continue
        files.append(file)
    if fixing.diff:
        return Done(False, _print_diff(fixing, findings, files, known, patch, quiet=quiet))
    if not quiet or fixing.show:
        _tell(fixing, files, known)
    return Done(bool(files), 0 if fixing.only or fixing.noqa else None)


def say_fixable(fixing: Fixing, findings: Sequence[Finding]) -> None:
    """How many findings could be mended, and how."""
    from conclint.fix.apply import wanted

    number = sum(wanted(item, unsafe=fixing.unsafe) is not None for item in findings)
    how = ": --diff shows how, --fix does it (with --unsafe-fixes)" if number else ""
    say(f"{count(number, 'finding')} can be fixed{how}")


def _planned(fixing: Fixing, findings: Sequence[Finding], territory: Territory) -> list[FixedFile]:
    from conclint.fix.apply import by_file, fix_file
    from conclint.fix.noqa_files import add_noqa

    cwd = Path(territory.cwd)
    planned = []
    if fixing.noqa:
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.code not in (UNREADABLE, UNUSED_CODE):
                groups.setdefault(finding.path, []).append(finding)
    else:
        groups = by_file(findings, unsafe=fixing.unsafe)
    for shown, found in groups.items():
        try:
            territory.guard(shown)
            planned.append(
                add_noqa(shown, found, cwd, fixing.reason) if fixing.noqa else fix_file(shown, found, cwd)
            )
        except UnfixableError as error:
            _say_left(shown, error)
    return planned


def _say_left(shown: str, error: UnfixableError) -> None:
    say(f"warning: {shown} was not changed: {error}")


def _print_diff(
    fixing: Fixing,
    findings: Sequence[Finding],
    files: Sequence[FixedFile],
    known: Sequence[Finding],
    patch: str | None,
    *,
    quiet: bool,
) -> int:
    from conclint.fix.diff import diff_of

    text = "".join(map(diff_of, files))
    if patch is None:
        write_patch(text)
    else:
        write_files({patch: text})
    number = sum(len(file.fixed) for file in files)
    if not quiet:
        rest = _unsafe_left(fixing, findings) + _known_left(fixing, known)
        say(f"would fix {count(number, 'finding')} in {count(len(files), 'file')}{rest}")
    return 1 if files else 0


def _tell(fixing: Fixing, files: Sequence[FixedFile], known: Sequence[Finding]) -> None:
    number = sum(len(file.fixed) for file in files)
    what = "findings commented" if fixing.noqa else "findings fixed"
    what = what if number != 1 else what.replace("findings", "finding")
    where = f" in {count(len(files), 'file')}" if number else ""
    say(f"{number} {what}{where}{_known_left(fixing, known)}")
    if not fixing.show:
        return
    for file in files:
        say_line(f"  {file.shown}:")
        counts = Counter(
            (found.code, found.fix.description if found.fix is not None and not fixing.noqa else found.name)
            for found in file.fixed
        )
        for (code, description), times in sorted(counts.items()):
            say_line(f"    {times} x {code}: {description}")


def _unsafe_left(fixing: Fixing, findings: Sequence[Finding]) -> str:
    if fixing.unsafe:
        return ""
    from conclint.fix.apply import wanted

    fixable = [item for item in findings if item.fix is not None and wanted(item, unsafe=False) is None]
    return f"; {len(fixable)} more with --unsafe-fixes" if fixable else ""


def _known_left(fixing: Fixing, known: Sequence[Finding]) -> str:
    if fixing.noqa or not known:
        return ""
    from conclint.fix.apply import wanted

    number = sum(wanted(item, unsafe=fixing.unsafe) is not None for item in known)
    return f"; {number} in the baseline with --no-baseline" if number else ""
