"""pygls' protocol, and the few things about it that reading messages must know."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol

_PATIENCE: Final = 1.0


class EditorProtocol(LanguageServerProtocol):
    """The protocol as `serve` drives it."""

    @property
    def is_shut_down(self) -> bool:
        """Whether the editor has asked for the shutdown."""
        return self._shutdown

    def take(self, message: dict[str, Any]) -> None:
        """Handles a message of JSON-RPC. Raises JsonRpcException for one that can't be handled."""
        method = message.get("method")
        if method is not None and method != "exit":
            if self._shutdown:
                raise JsonRpcInvalidRequest("it comes after shutdown")
            if self._workspace is None and method != "initialize":
                raise JsonRpcServerNotInitialized("it comes before initialize")
            if self._workspace is not None and method == "initialize":
                raise JsonRpcInvalidRequest("the session has begun before")
        try:
            structured = self.structure_message(message)
        except Exception as error:
            raise JsonRpcInvalidParams("its parameters are wrong") from error
        self.handle_message(structured)

    async def finish(self) -> None:
        """Has what nobody works on any more answered: each open request was cancelled by the shutdown."""
        open_ones: list[Any] = list(self._request_futures.values())
        pending = [future for future in open_ones if asyncio.isfuture(future)]
        if pending:
            await asyncio.wait(pending, timeout=_PATIENCE)
            await asyncio.sleep(0)  # the answers are sent by what is called when they are done

    def refuse(self, message: object, error: JsonRpcException) -> None:
        """Sends the error where the editor waits for an answer."""
        if not isinstance(message, dict) or "method" not in message:
            return
        number = message.get("id")
        if isinstance(number, (int, str)):
            self._send_response(number, error=error.to_response_error())
