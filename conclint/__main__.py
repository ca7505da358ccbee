"""`python -m conclint`, and the console script."""

from __future__ import annotations

import atexit
import os
import sys

from conclint.process.search_path import asked_folders, keep_out, working_folder


def main() -> None:
    """Runs the command; ends the process with its status."""
    arguments = sys.argv[1:]
    # Before anything else is imported: `python -m` and PYTHONPATH bring the project's own modules.
    keep_out(working_folder(), *asked_folders(arguments))
    from conclint.replay import replay

    try:
        status = replay(arguments)
    except BrokenPipeError:
        # Whoever read it has seen enough. What is left in the buffer must not be flushed at the end.
        sys.stdout = None
        status = 1
    except OSError as error:
        from conclint.report.destination import unwritable
        from conclint.report.terminal import say

        say(f"error: {unwritable('standard output', error)}")
        sys.stdout = None
        status = 2
    if status is not None:
        sys.exit(status)
    from conclint.process.interruption import unwind_when_asked_to_end

    unwind_when_asked_to_end()
    try:
        from conclint.cli.main import cli
    except ImportError as error:
        from conclint.process.dependency import missing_dependency

        missing = missing_dependency(error)
        if missing is None:
            raise
        from conclint.report.terminal import say

        say(f"error: {missing}")
        sys.exit(2)

    cli(arguments, prog_name="conclint", obj=tuple(arguments))


def run() -> None:
    """As `main`, in a process of its own, which then ends at once: taking apart all that was read and linked,
    object by object, takes up to a tenth of a run, and frees nothing that does not become free anyway."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started this
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    try:
        main()
    except KeyboardInterrupt:  # before the command could take it
        os._exit(130)
    except SystemExit as end:
        if type(end) is not SystemExit and isinstance(end.code, int):
            # Interrupted: whoever asked for the end waits neither for output nor for threads.
            atexit._run_exitfuncs()
            os._exit(end.code)
        threads = sys.modules.get("threading")
        if isinstance(end.code, int) and (threads is None or threads.active_count() == 1):
            atexit._run_exitfuncs()
            if _flushed():
                os._exit(end.code)
        raise


def _flushed() -> bool:
    """Whether all output is out; where not, the interpreter knows what to say at its end."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    run()
