"""Messages between conclint's processes: a length, and a pickle of plain records."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    import asyncio

_HEAD: Final = 8


def encode_frame(message: object) -> bytes:
    """The message with its length in front."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(_HEAD, "big") + data


def read_frame(stream: BinaryIO) -> Any:
    """The next message. Raises EOFError where the other process has gone."""
    data = _read(stream, int.from_bytes(_read(stream, _HEAD), "big"))
    return pickle.loads(data)


async def receive_frame(stream: asyncio.StreamReader) -> Any:
    """The next message. Raises IncompleteReadError where the other process has gone."""
    head = await stream.readexactly(_HEAD)
    return pickle.loads(await stream.readexactly(int.from_bytes(head, "big")))


def _read(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
