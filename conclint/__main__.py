"""`python -m conclint`, and the console script."""

from __future__ import annotations

import gc
import sys

from conclint.replay import replay


def main() -> None:
    """Runs the command; ends the process with its status."""
    arguments = sys.argv[1:]
    try:
        status = replay(arguments)
    except BrokenPipeError:
        # Whoever read it has seen enough. What is left in the buffer must not be flushed at the end.
        sys.stdout = None
        status = 1
    except OSError as error:
        print(f"conclint: error: standard output: {error.strerror or error}", file=sys.stderr)
        sys.stdout = None
        status = 2
    if status is not None:
        sys.exit(status)
    from conclint.cli import cli

    # Summaries are many small tuples without cycles: the collector would only walk them again and again.
    gc.set_threshold(100_000, 50, 100)
    cli(arguments, prog_name="conclint", obj=tuple(arguments))


if __name__ == "__main__":
    main()
