"""The process that analyses. It runs apart from the server's event loop, which must always answer, and can
be ended when what it is doing is out of date."""

from __future__ import annotations

import os
import sys

from conclint.process.search_path import keep_out
from conclint.workers.frames import encode_frame, read_frame


def main(lifeline: int | None = None) -> None:
    """Answers jobs from standard input on standard output until the server goes away, or lets go of the
    lifeline, in the middle of a job too."""
    if lifeline is not None and sys.platform != "win32":
        from conclint.workers.lifeline import arm, watch

        arm(lifeline)
        watch(lifeline)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else writes there must not disturb the answers
    try:
        while True:
            job = read_frame(jobs)
            keep_out(job.folder)  # before anything else is imported
            from conclint.process.gc_control import one_of_many_runs
            from conclint.server.run_job import answer_job

            with one_of_many_runs():  # which collects when the answer is already out
                answers.write(encode_frame(answer_job(job)))
                answers.flush()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # nobody listens any more; the streams need no closing
