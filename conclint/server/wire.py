"""Messages from an editor: each taken off the stream whatever it looks like, so that the next is found.

pygls has a loop of its own, which does not find its way back after a wrong header, answers no request
whose parameters are wrong, and drops the exit status.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from pygls.exceptions import JsonRpcException, JsonRpcInvalidRequest, JsonRpcParseError

from conclint.process.interruption import Interrupted
from conclint.server.protocol import EditorProtocol

HEADER_LIMIT: Final = 1 << 20
BODY_LIMIT: Final = 1 << 28
# Anywhere in a line: after a body whose length was wrong, the next header stands behind its rest.
_LENGTH: Final = re.compile(rb"Content-Length:[ \t]*(\d{1,18})[ \t]*\r?\n?$", re.IGNORECASE)
_LENGTH_NAME: Final = re.compile(rb"Content-Length", re.IGNORECASE)
_HEADER: Final = re.compile(rb"[!#$%&'*+.^_`|~\w-]+:[^\r\n]*\r?\n")
_KINDS: Final = frozenset({"method", "result", "error"})


class MessageStream(Protocol):
    """What messages are read from."""

    async def readline(self) -> bytes:
        """A line with its end; empty at the end of the stream. ValueError for one that is too long."""
        ...

    async def readexactly(self, n: int) -> bytes:
        """That many bytes. IncompleteReadError at the end of the stream."""
        ...


async def serve(stream: MessageStream, protocol: EditorProtocol, complain: Callable[[str], None]) -> int:
    """Handles messages until the editor says exit or goes away; returns the exit status: 0 if it asked for
    the shutdown before, as the protocol wants it, else 1. What is wrong with a message is told to
    `complain` in one line, and answered if it was a request."""
    try:
        while (body := await _next_body(stream, complain)) is not None:
            _handle(body, protocol, complain)
            if protocol.is_shut_down:
                await protocol.finish()
    except Interrupted:  # a signal, not the editor's wish
        raise
    except SystemExit as ending:
        return 1 if ending.code else 0
    except ConnectionError:
        complain("the connection to the editor is lost")
        return 1
    if protocol.is_shut_down:
        return 0
    complain("the input ended, though no editor has asked for the shutdown")
    return 1


async def _next_body(stream: MessageStream, complain: Callable[[str], None]) -> bytes | None:
    """The bytes of the next message; None at the end of the stream."""
    length: int | None = None
    lost = False
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            line = b"a line without an end"
        if not line:
            return None
        if found := _LENGTH.search(line):
            length = int(found[1])
            if found.start() and not lost:
                complain("a message has another length than its header says")
            lost = False
        elif line.strip() or (length is not None and length > BODY_LIMIT):
            if lost or (_HEADER.fullmatch(line) and not _LENGTH_NAME.match(line)):
                continue
            complain(f"not the beginning of a message: {_shown(line or str(length).encode())}")
            length, lost = None, True
        elif length is not None:
            try:
                return await stream.readexactly(length)
            except asyncio.IncompleteReadError:
                complain("the stream ends within a message")
                return None


def _handle(body: bytes, protocol: EditorProtocol, complain: Callable[[str], None]) -> None:
    message: Any = None
    try:
        message = _parsed(body)
        protocol.take(message)
    except ConnectionError:
        raise
    except JsonRpcException as error:
        complain(f"a message is refused, {error.message}: {_shown(body)}")
        protocol.refuse(message, error)
    except Exception as error:
        complain(f"a message can't be handled ({type(error).__name__}): {_shown(body)}")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JsonRpcParseError("it is no JSON") from error
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise JsonRpcInvalidRequest("it is not JSON-RPC 2.0")
    if not isinstance(message.get("method", ""), str) or not _KINDS & message.keys():
        raise JsonRpcInvalidRequest("it has no method")
    if not isinstance(message.get("id", 0), (int, str, type(None))):
        raise JsonRpcInvalidRequest("its id is neither a number nor a string")
    return message


def _shown(data: bytes) -> str:
    """The beginning, on one line."""
    text = repr(data[:80].decode("utf-8", "replace"))
    return f"{text} …" if len(data) > 80 else text
