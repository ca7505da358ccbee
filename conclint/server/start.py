"""Starts the server on standard input and output, or on a port."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from typing import BinaryIO

from pygls.io_ import StdoutWriter

from conclint.report.terminal import say_line
from conclint.server.action_features import register_actions
from conclint.server.app import Server
from conclint.server.wire import HEADER_LIMIT, serve

_PIECE = 1 << 16


def serve_stdio() -> int:
    """Speaks the protocol on standard input and output until the editor goes away; the exit status."""
    _be_quiet()
    editor = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not disturb the protocol
    return _run(_on_streams(sys.stdin.buffer, editor))


def serve_port(port: int) -> int:
    """Waits on the port for one editor, speaks the protocol until it goes away; the exit status."""
    _be_quiet()
    return _run(_on_port(port))


def _run(session: Coroutine[object, object, int]) -> int:
    try:
        return asyncio.run(session)
    except KeyboardInterrupt:
        return 130
    except ConnectionError:
        return 1


def _made() -> Server:
    server = Server()
    register_actions(server)
    return server


async def _on_streams(source: BinaryIO, target: BinaryIO) -> int:
    stream = asyncio.StreamReader(limit=HEADER_LIMIT)
    # A daemon: it may wait for input for ever, and must not keep the process.
    threading.Thread(
        target=_pump, args=(source, stream, asyncio.get_running_loop()), daemon=True, name="input"
    ).start()
    server = _made()
    server.protocol.set_writer(StdoutWriter(target))
    try:
        return await serve(stream, server.protocol, server.complain)
    finally:
        server.session.stop()


def _pump(source: BinaryIO, stream: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    try:
        while data := os.read(source.fileno(), _PIECE):
            loop.call_soon_threadsafe(stream.feed_data, data)
        loop.call_soon_threadsafe(stream.feed_eof)
    except (OSError, RuntimeError):
        return  # the loop has ended


async def _on_port(port: int) -> int:
    status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()  # one server speaks with one editor
        server = _made()
        server.protocol.set_writer(writer)
        try:
            status.set_result(await serve(reader, server.protocol, server.complain))
        finally:
            server.session.stop()
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", port, limit=HEADER_LIMIT)
    place = listener.sockets[0].getsockname()
    say_line(f"conclint server: listening on {place[0]}:{place[1]}")
    return await status


def _be_quiet() -> None:
    """Leaves complaining to us: pygls logs tracebacks."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
