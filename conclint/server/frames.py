"""Messages between the server and its own worker process: a length, and a pickle of plain records."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any, BinaryIO, Final

_HEAD: Final = 8


def encode_frame(message: object) -> bytes:
    """The message with its length in front."""
    data = pickle.dumps(message)
    return len(data).to_bytes(_HEAD, "big") + data


def read_frame(stream: BinaryIO) -> Any:
    """The next message. Raises EOFError where the other process has gone."""
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        raise EOFError
    return pickle.loads(stream.read(int.from_bytes(head, "big")))


async def receive_frame(stream: asyncio.StreamReader) -> Any:
    """The next message. Raises IncompleteReadError where the other process has gone."""
    head = await stream.readexactly(_HEAD)
    return pickle.loads(await stream.readexactly(int.from_bytes(head, "big")))
