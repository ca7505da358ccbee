"""`python -m conclint`, and the console script."""

from __future__ import annotations

import gc

from conclint.cli import cli


def main() -> None:
    """Runs the command; ends the process with its status."""
    # Summaries are many small tuples without cycles: the collector would only walk them again and again.
    gc.set_threshold(100_000, 50, 100)
    cli(prog_name="conclint")


if __name__ == "__main__":
    main()
