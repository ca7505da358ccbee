"""The worker process as the server sees it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from conclint.server.jobs import Answer, Failed, Job
from conclint.workers.frames import encode_frame, receive_frame
from conclint.workers.isolated import python_command

_GRACE = 1.0  # seconds in which a run that is out of date may end by itself: a start costs about as much


class Analyst:
    """Does one job after the other in a process of its own, which is started when it is needed, and again
    when it died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._lifeline: int | None = None

    async def run(self, job: Job, stale: asyncio.Event | None = None) -> Answer | None:
        """The answer; None if it was out of date before it was there."""
        try:
            process = await self._started(job.folder)
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(encode_frame(job))
            await process.stdin.drain()
        except OSError as error:
            self.close()
            return Failed(f"the process that analyses can't be reached: {error}")
        answering = asyncio.ensure_future(receive_frame(process.stdout))
        ageing = asyncio.ensure_future((stale or asyncio.Event()).wait())
        try:
            await asyncio.wait({answering, ageing}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await asyncio.wait({answering}, timeout=_GRACE)
            if not answering.done():
                self.close()
                return None
            answer: Answer = answering.result()
            return answer
        except asyncio.IncompleteReadError:
            self.close()
            return Failed("the process that analyses died; it is started again with the next change")
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            answering.cancel()
            ageing.cancel()

    def close(self) -> None:
        """Ends the process, and those that it has started."""
        lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            os.close(lifeline)
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

    async def _started(self, folder: str) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self.close()  # what one that died has left
        handles: list[int] = []
        if os.name == "posix":  # elsewhere it can't be handed over
            lifeline, self._lifeline = os.pipe()
            handles.append(lifeline)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *python_command(f"from conclint.server.worker import main; main(*{handles})", folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=handles,
                start_new_session=os.name == "posix",
            )
        finally:
            for handle in handles:
                os.close(handle)
        return self._process
