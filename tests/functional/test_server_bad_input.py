"""`conclint server` under wrong messages, dying processes and hung-up editors: it goes on, or ends as it
should, and says what is wrong in one line."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, write_project

pytest.importorskip("pygls", reason="needs the extra `server`")

from editor import PATIENCE, SERVER, Editor, in_editor, shown, uri_of
from server_here import ServerHere, answered


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", views=VIEWS, helper=QUICK_HELPER)


def framed(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def request(number: int, method: str, **params: Any) -> bytes:
    return framed({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def notification(method: str, **params: Any) -> bytes:
    return framed({"jsonrpc": "2.0", "method": method, "params": params})


INITIALIZE = request(1, "initialize", processId=None, rootUri=None, capabilities={})
ENDING = request(99, "shutdown") + notification("exit")


class Ended:
    """A session whose messages were all sent beforehand."""

    def __init__(self, status: int, answers: bytes, log: str) -> None:
        self.status = status
        self.said = log.splitlines()
        bodies = re.split(rb"Content-Length: \d+\r\n(?:[^\r\n]+\r\n)*\r\n", answers)
        self.answers = {answer.get("id"): answer for answer in map(json.loads, bodies[1:])}

    def error(self, number: int) -> int:
        code: int = self.answers[number]["error"]["code"]
        return code


def ended(*sent: bytes) -> Ended:
    """Of a server in this process."""
    return Ended(*answered(b"".join(sent)))


def ended_process(*sent: bytes) -> Ended:
    """Of a server that is a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "conclint", "server"],
        input=b"".join(sent),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


BAD = [
    (framed(b"{nothing"), "it is no JSON"),
    (framed(b"\xff\xfe"), "it is no JSON"),
    (framed(b"[" * 100_000), "it is no JSON"),
    (framed([1, 2]), "it is not JSON-RPC 2.0"),
    (framed({"method": "x"}), "it is not JSON-RPC 2.0"),
    (framed({"jsonrpc": "2.0"}), "it has no method"),
    (framed({"jsonrpc": "2.0", "id": [], "method": "x", "params": {}}), "its id is neither"),
    (request(5, "textDocument/hover", textDocument=3), "its parameters are wrong"),
    (notification("textDocument/didOpen", textDocument={}), "its parameters are wrong"),
    (b"Content-Length: minus one\r\n\r\n{}", "not the beginning of a message"),
    (b"Content-Length: 99999999999\r\n\r\n", "not the beginning of a message"),
    (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", "not the beginning of a message"),
    (b"Content-Length: 3\r\n\r\n" + framed({"jsonrpc": "2.0"}), "it is no JSON"),
    (b"\r\n\n garbage " * 3, "another length|not the beginning"),
]


def test_after_each_malformed_message_the_next_is_understood() -> None:
    sent = [part for number, (bad, _) in enumerate(BAD) for part in (bad, request(100 + number, "no/such"))]
    done = ended_process(INITIALIZE, notification("initialized"), *sent, ENDING)
    for bad, complaint in BAD:
        assert any(re.search(complaint, line) for line in done.said), (bad, done.said)
    assert all(line.startswith("conclint server: ") for line in done.said)
    assert len(done.said) <= len(BAD) + 2
    assert done.error(5) == -32602
    # A wrong length takes the message behind it along; no other does.
    understood = [number for number in range(len(BAD)) if 100 + number in done.answers]
    assert len(understood) >= len(BAD) - 2
    assert {done.error(100 + number) for number in understood} == {-32601}
    assert done.answers[99]["result"] is None
    assert done.status == 0


def test_header_names_have_no_case_and_other_headers_no_meaning() -> None:
    odd = INITIALIZE.replace(b"Content-Length:", b"content-type: x/y; charset=utf-8\r\ncontent-length:")
    done = ended(odd, ENDING)
    assert "result" in done.answers[1]
    assert (done.said, done.status) == ([], 0)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([INITIALIZE, ENDING], 0),
        ([INITIALIZE, notification("exit")], 1),
        ([INITIALIZE], 1),
        ([INITIALIZE, request(99, "shutdown")], 0),
        ([], 1),
        ([INITIALIZE, b"Content-Length: 100\r\n\r\n{"], 1),
    ],
)
def test_exit_status(sent: list[bytes], status: int) -> None:
    assert ended(*sent).status == status


def test_exit_status_of_the_process() -> None:
    """Of one that the editor does not end; the malformed messages come to one that it does."""
    done = ended_process(INITIALIZE)
    assert done.status == 1
    (line,) = done.said
    assert "the input ended, though no editor has asked for the shutdown" in line


@pytest.mark.skipif(sys.platform == "win32", reason="there the folder that is worked in can't be removed")
def test_a_working_folder_that_is_gone(project: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, subprocess, sys; os.rmdir(os.getcwd());"
        "sys.exit(subprocess.call([sys.executable, '-m', 'conclint', 'server']))"
    )
    sent = b"".join([INITIALIZE, opened(project / "app/views.py", VIEWS), ENDING])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=gone, input=sent, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    gone.mkdir()
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)


def test_requests_out_of_their_time() -> None:
    hover = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}
    done = ended(
        request(2, "textDocument/hover", **hover),
        INITIALIZE,
        request(99, "shutdown"),
        request(4, "textDocument/hover", **hover),
        notification("exit"),
    )
    assert done.error(2) == -32002
    assert done.error(4) == -32600
    assert done.status == 0


def test_a_session_begins_once() -> None:
    again = INITIALIZE.replace(b'"id": 1', b'"id": 2')
    closed = notification("textDocument/didClose", textDocument={"uri": "file:///a.py"})
    changed = {"textDocument": {"uri": "file:///a.py", "version": 1}, "contentChanges": [{"text": "x"}]}
    done = ended(
        INITIALIZE,
        again,
        notification("textDocument/didChange", **changed),
        closed,
        closed,
        ENDING,
    )
    assert done.error(2) == -32600
    assert done.answers[99]["result"] is None
    assert done.status == 0


def opened(path: Path, text: str) -> bytes:
    document = {"uri": uri_of(path), "languageId": "python", "version": 1, "text": text}
    return notification("textDocument/didOpen", textDocument=document)


def test_every_request_has_an_answer_when_the_editor_ends_the_session(project: Path) -> None:
    document = {"textDocument": {"uri": uri_of(project / "app/views.py")}}
    hover = {**document, "position": {"line": 0, "character": 0}}
    done = ended(
        INITIALIZE,
        notification("initialized"),
        opened(project / "app/views.py", VIEWS),
        request(2, "textDocument/hover", **hover),
        request(3, "textDocument/codeLens", **document),
        request(4, "textDocument/diagnostic", **document),
        request(5, "workspace/diagnostic", previousResultIds=[]),
        ENDING,
    )
    assert {2, 3, 4, 5, 99} <= done.answers.keys()
    assert {done.error(number) for number in (2, 3, 4) if "error" in done.answers[number]} <= {-32800}
    assert (done.said, done.status) == ([], 0)


ODD_PLACES = [-1, 2**31, 10**30, 1.5, "x", None, [], {}]


def test_odd_places_are_refused_or_empty(project: Path) -> None:
    views = project / "app/views.py"
    document = {"uri": uri_of(views)}
    hovers = [
        request(
            100 + number,
            "textDocument/hover",
            textDocument=document,
            position={"line": place, "character": 0} if number % 2 else {"line": 0, "character": place},
        )
        for number, place in enumerate([place for place in ODD_PLACES for _ in range(2)])
    ]
    done = ended(INITIALIZE, notification("initialized"), opened(views, ""), *hovers, ENDING)
    for number in range(len(hovers)):
        answer = done.answers[100 + number]
        assert answer.get("error", {}).get("code", -32602) in (-32602, -32800), answer
    assert done.answers[99]["result"] is None
    assert done.status == 0


def test_odd_edits_are_borne(project: Path) -> None:
    views, other = uri_of(project / "app/views.py"), uri_of(project / "app/never_opened.py")
    far = {"start": {"line": 9_999, "character": 9_999}, "end": {"line": 99_999, "character": 0}}
    backwards = {"start": far["end"], "end": far["start"]}
    parts: list[dict[str, Any]] = [
        {"range": far, "text": "x"},
        {"range": backwards, "text": "y"},
        {"range": {**far, "start": {"line": -1, "character": -1}}, "text": "z"},
        {"text": "x = 1\n" * 1_000_000},
    ]
    edits = [
        notification(
            "textDocument/didChange", textDocument={"uri": uri, "version": number}, contentChanges=[part]
        )
        for uri in (views, other)
        for number, part in enumerate(parts)
    ]
    done = ended(
        INITIALIZE, notification("initialized"), opened(project / "app/views.py", VIEWS), *edits, ENDING
    )
    assert done.answers[99]["result"] is None
    assert all(line.startswith("conclint server: ") for line in done.said)
    assert done.status == 0


def test_an_editor_that_never_says_initialized_sees_findings_too(project: Path) -> None:
    async def session() -> None:
        server = ServerHere(project)
        reader, writer = await asyncio.open_connection(*await server.start())
        try:
            text = "import time\nasync def f():\n    time.sleep(1)\n"
            writer.write(INITIALIZE + opened(project / "new.py", text))
            await asyncio.wait_for(reader.readuntil(b"CON102"), PATIENCE)
            writer.write(ENDING)
            await asyncio.wait_for(reader.read(), PATIENCE)
            assert await asyncio.wait_for(server.status, PATIENCE) == 0
        finally:
            server.stop()

    in_editor(session())


def test_odd_documents_are_borne(project: Path) -> None:
    views = project / "app/views.py"
    texts = [
        "",
        "async def (",
        "\ud800",
        "\0",
        "# coding: nonsense\n",
        "# coding: latin-1\n'ü'",
        "x" * 10_000,
    ]

    async def session() -> None:
        async with Editor(project) as editor:
            editor.open(views, VIEWS)
            for text in texts:
                editor.change(views, text)
                await editor.client.workspace_diagnostic_async(_everything())
            assert shown(editor.known[uri_of(views)]) == []
            editor.open(project / "no/such/folder/a.py", "import time\nasync def f():\n    time.sleep(1)\n")
            await editor.sees(project / "no/such/folder/a.py", ["2:4-2:17 CON102"])
            assert editor.messages == []

    in_editor(session())


def test_a_process_that_analyses_and_dies_is_started_again_and_none_is_left_behind(project: Path) -> None:
    views, helper = project / "app/views.py", project / "app/helper.py"

    async def session() -> None:
        async with Editor(project, command=SERVER) as editor:
            editor.open(views, VIEWS)
            await editor.sees(views, [])
            await editor.client.workspace_diagnostic_async(_everything())
            killed = _children(editor.process.pid)
            assert killed
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.2)
            editor.open(helper, SLOW_HELPER)
            await editor.sees(views, ["4:11-4:27 CON101"])
            await editor.client.workspace_diagnostic_async(_everything())
            started = _children(editor.process.pid)
            assert started
        assert _children_alive(killed) == []
        for _ in range(50):
            if not _children_alive(started):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(started)

    in_editor(session())


def test_over_a_port(project: Path) -> None:
    async def session() -> None:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "conclint", "server", "--tcp", "0", stderr=asyncio.subprocess.PIPE
        )
        assert server.stderr is not None
        line = (await asyncio.wait_for(server.stderr.readline(), PATIENCE)).decode()
        host, _, port = line.split()[-1].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(INITIALIZE)
        answer = await asyncio.wait_for(reader.readuntil(b"}}"), PATIENCE)
        assert b'"hoverProvider"' in answer
        writer.write(ENDING)
        assert await asyncio.wait_for(server.wait(), PATIENCE) == 0
        writer.close()

    in_editor(session())


def _everything() -> Any:
    from lsprotocol.types import WorkspaceDiagnosticParams

    return WorkspaceDiagnosticParams([])


def _children(pid: int) -> list[int]:
    """The processes that the process has started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def _children_alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]
