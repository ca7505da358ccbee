"""The parts of the protocol that change texts or take the reader somewhere: code actions and commands."""

from __future__ import annotations

import contextlib
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams

from conclint.server.actions import GO_TO, KINDS, OPEN_PAGE, SHOW, Offer, chosen
from conclint.server.app import Server
from conclint.server.jobs import Failed
from conclint.server.lsp import workspace_edit
from conclint.server.uris import path_of

_CHANGED = "the text has changed since it was analysed; try again in a moment"


def register_actions(server: Server) -> None:
    """Code actions, what they change, and the commands of actions and lenses."""
    session = server.session

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True),
    )
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        path = path_of(uri)
        buffer = session.buffers.get(path) if path is not None else None
        if path is None or buffer is None:
            return []
        offer = Offer(uri, buffer.version, server.diagnostic, server.uri_of)
        only = params.context.only
        wanted = None if only is None else [str(getattr(kind, "value", kind)) for kind in only]
        found = offer.actions(session.marks(path), params.range, wanted)
        if "edit" in server.properties("text_document", "code_action", "resolve_support", "properties"):
            return found
        resolved = []
        for action in found:  # an editor that can't ask later gets all of it now
            with contextlib.suppress(JsonRpcContentModified):
                resolved.append(await _resolved(server, action) if action.data is not None else action)
        return resolved

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(params: types.CodeAction) -> types.CodeAction:
        return await _resolved(server, params)

    @server.command(OPEN_PAGE)
    def open_page(url: str) -> None:
        if not url.startswith("https://"):
            raise JsonRpcInvalidParams("no address of a page")
        server.show(types.ShowDocumentParams(url, external=True))

    @server.command(SHOW)
    def show(text: str) -> None:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    @server.command(GO_TO)
    def go_to(uri: str, line: int, column: int) -> None:
        if path_of(uri) is None:
            raise JsonRpcInvalidParams("no place in a file")
        at = types.Position(max(line, 0), max(column, 0))
        server.show(types.ShowDocumentParams(uri, take_focus=True, selection=types.Range(at, at)))


async def _resolved(server: Server, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit. Raises JsonRpcContentModified where it is about another text."""
    session = server.session
    data: Any = action.data
    uri = str(data.get("uri", "")) if isinstance(data, dict) else ""
    path = path_of(uri)
    buffer = session.buffers.get(path) if path is not None else None
    if path is None or buffer is None:
        raise JsonRpcInvalidParams("no action of ours")
    found = chosen(action, session.marks(path))
    if buffer.version != data.get("version") or found is None:
        raise JsonRpcContentModified(_CHANGED)
    change, marks = found
    answer = await session.edits(path, marks, change)
    if isinstance(answer, Failed):
        raise JsonRpcContentModified(_CHANGED if answer.is_usage else answer.message)
    versioned = server.can("workspace", "workspace_edit", "document_changes")
    action.edit = workspace_edit(uri, buffer.version, answer, versioned=versioned)
    return action
