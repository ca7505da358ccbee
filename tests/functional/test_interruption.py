"""A run that is interrupted: whatever the signal and the moment, nothing of it is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if not Path("/proc/self/environ").exists():
    pytest.skip("what is left is looked for in /proc", allow_module_level=True)

CONCLINT = str(Path(sys.executable).parent / "conclint")
PATIENCE = 2.0
STATUS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGKILL: -9}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to parse for some seconds of two workers."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text("[tool.conclint]\n")
    for number in range(16):
        body = "".join(f"    x{line} = call_{number}({line}, [a, b], key=c.d)\n" for line in range(2_500))
        (folder / f"m{number}.py").write_text(f"async def wait(a, b, c):\n    input()\n{body}")
    return folder


class Run:
    """A cold parallel run. All that it starts, and what those start, has its mark in the environment."""

    def __init__(self, *command: str, cwd: Path, **streams: int) -> None:
        self.mark = f"CONCLINT_TEST_RUN={os.getpid()}-{time.monotonic_ns()}"
        name, _, value = self.mark.partition("=")
        self._older = {path.name for path in Path("/proc").iterdir()}
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, name: value},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def processes(self) -> list[int]:
        """Those that live."""
        names = {path.name for path in Path("/proc").iterdir()} - self._older
        return [pid for pid in map(int, filter(str.isdigit, names)) if self._is_ours(pid)]

    def until_there_are(self, number: int) -> None:
        end = time.monotonic() + 60
        while len(self.processes()) < number:
            assert time.monotonic() < end and self.process.poll() is None
            time.sleep(0.05)

    def left_after(self, seconds: float) -> list[int]:
        """What lives when that time is over, or nothing as soon as nothing does."""
        end = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    def kill(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _is_ours(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            return False
        return state != b"Z" and self.mark.encode() in environment.split(b"\0")


@pytest.fixture(autouse=True, scope="module")
def ending_signals() -> Iterator[None]:
    """What a shell's background job or `nohup` ignores is ignored by what it starts, too: here nothing is."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        run.kill()


@pytest.mark.parametrize("number", STATUS, ids=lambda number: number.name)
def test_nothing_is_left_of_a_parallel_run(project: Path, runs: list[Run], number: signal.Signals) -> None:
    run = Run(CONCLINT, "-j2", "--no-cache", ".", cwd=project)
    runs.append(run)
    run.until_there_are(3)  # the command and the workers
    wait = random.uniform(0.0, 0.3)
    time.sleep(wait)
    run.process.send_signal(number)
    output, complaint = run.process.communicate(timeout=20)
    assert (run.left_after(PATIENCE), wait) == ([], wait)
    assert (run.process.returncode, output, complaint) == (STATUS[number], b"", b"")


def test_nothing_is_left_whatever_the_moment(project: Path, runs: list[Run]) -> None:
    run = Run(CONCLINT, "-j2", "--no-cache", ".", cwd=project)
    runs.append(run)
    wait = random.uniform(0.0, 1.5)
    time.sleep(wait)
    run.process.kill()
    run.process.communicate(timeout=20)
    assert (run.left_after(PATIENCE), wait) == ([], wait)


def test_a_pipe_is_let_go_of(project: Path) -> None:
    """`cat` ends when the last process that could write to it has."""
    start = time.monotonic()
    command = f"timeout 1.5 '{CONCLINT}' -j2 --no-cache . 2>&1 | cat"
    done = subprocess.run(["sh", "-c", command], cwd=project, capture_output=True, check=False, timeout=60)
    assert time.monotonic() - start < 1.5 + PATIENCE
    assert done.stdout == b""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_of_the_language_server(
    project: Path, runs: list[Run], number: signal.Signals
) -> None:
    pytest.importorskip("pygls", reason="needs the extra `server`")
    run = Run(CONCLINT, "server", cwd=project)
    runs.append(run)
    folder = f'{{"uri": "{project.as_uri()}", "name": "p"}}'
    client = f'"capabilities": {{}}, "workspaceFolders": [{folder}]'
    document = f'{{"uri": "{project.as_uri()}/m0.py", "languageId": "python", "version": 1, "text": "x = 1"}}'
    for message in (
        f'"id": 1, "method": "initialize", "params": {{{client}}}',
        '"method": "initialized", "params": {}',
        f'"method": "textDocument/didOpen", "params": {{"textDocument": {document}}}',
    ):
        text = f'{{"jsonrpc": "2.0", {message}}}'.encode()
        assert run.process.stdin is not None
        run.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        run.process.stdin.flush()
    run.until_there_are(5)  # the server, two that analyse, and a pool of one of these
    run.process.send_signal(number)
    assert run.process.wait(20) == STATUS[number]
    assert run.left_after(PATIENCE) == []
