"""What an editor shows while a folder is being analysed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer


@contextmanager
def shown_progress(server: LanguageServer, folder: str) -> Iterator[None]:
    """Has the editor say that the folder is being analysed, where it can. Its consent is not waited for."""
    window = server.client_capabilities.window
    if window is None or not window.work_done_progress:
        yield
        return
    token = str(uuid.uuid4())
    progress = server.work_done_progress
    state = {"is over": False, "has begun": False}

    def agreed(_: Any) -> None:
        if not state["is over"]:
            state["has begun"] = True
            progress.begin(token, types.WorkDoneProgressBegin(f"conclint: analysing {Path(folder).name}"))

    progress.create(token, agreed)
    try:
        yield
    finally:
        state["is over"] = True
        if state["has begun"]:
            progress.end(token, types.WorkDoneProgressEnd())
        progress.tokens.pop(token, None)
