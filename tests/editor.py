"""An editor: a client of the language server protocol that drives a server, in this process or of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter
from pygls.uris import from_fs_path

from server_here import ServerHere, run_here

PATIENCE = 30.0
SERVER = ("-m", "conclint", "server")
"""The command of a server that is a process of its own; `server_here` says which tests are about one."""
Diagnostics = list[types.Diagnostic]


def in_editor(session: Coroutine[Any, Any, None]) -> None:
    """Runs a test's conversation."""
    run_here(asyncio.wait_for(session, 2 * PATIENCE))


def uri_of(path: Path) -> str:
    """The file's name in the protocol."""
    return str(from_fs_path(str(path)))


def shown(diagnostics: Diagnostics) -> list[str]:
    """`line:column-line:column code` of each, as the protocol counts them."""
    return [
        f"{d.range.start.line}:{d.range.start.character}-{d.range.end.line}:{d.range.end.character} {d.code}"
        for d in diagnostics
    ]


def _converter() -> Any:
    """pygls' converter; of a server's offer about notebooks (python-lsp-server has one) it can't take all."""
    converter: Any = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook(types.NotebookDocumentSyncOptions, lambda value, _: value)
    # It takes every action with a command for a command.
    converter.register_structure_hook(
        types.Command | types.CodeAction,
        lambda value, _: converter.structure(value, types.CodeAction if "kind" in value else types.Command),
    )
    return converter


class Editor:
    """One session with a server on some folders, which runs in this process unless there is a command that
    Python starts it with. What the server publishes is kept by file."""

    def __init__(
        self,
        *folders: Path,
        command: tuple[str, ...] | None = None,
        capabilities: types.ClientCapabilities | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.folders = folders
        self.known: dict[str, Diagnostics] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.messages: list[str] = []
        self.watched: list[str] = []
        self.refreshed: list[str] = []
        self.shown: list[types.ShowDocumentParams] = []
        self.tokens: list[types.ProgressToken] = []
        self.progress: list[tuple[types.ProgressToken, str]] = []
        self._command = command
        self._here: ServerHere | None = None
        self._capabilities = capabilities or types.ClientCapabilities()
        self._options = options
        self._news = asyncio.Event()
        self._versions: dict[Path, int] = {}
        self.client = LanguageClient("editor", "1", converter_factory=_converter)
        self._register()

    async def __aenter__(self) -> Editor:
        if self._command is not None:
            await self.client.start_io(sys.executable, *self._command, cwd=self.folders[0])
        else:
            self._here = ServerHere(self.folders[0])
            await self.client.start_tcp(*await self._here.start())
        self.initialized = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=self._capabilities,
                root_uri=uri_of(self.folders[0]),
                workspace_folders=[types.WorkspaceFolder(uri_of(path), path.name) for path in self.folders],
                initialization_options=self._options,
            )
        )
        self.client.initialized(types.InitializedParams())
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._here is not None:
            await self._leave(self._here, has_failed=failure[0] is not None)
            return
        process = self.process
        if process.returncode is None and failure[0] is None:
            await self.client.shutdown_async(None)
            self.client.exit(None)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        elif process.returncode is None:
            process.kill()
            await process.wait()

    async def _leave(self, server: ServerHere, *, has_failed: bool) -> None:
        try:
            if not has_failed:
                await self.client.shutdown_async(None)
                self.client.exit(None)
                assert await asyncio.wait_for(server.status, PATIENCE) == 0
        finally:
            server.stop()

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server."""
        assert self.client._server is not None
        return self.client._server

    def open(self, path: Path, text: str) -> None:
        """Opens the file with a text that need not be that on disk."""
        self._versions[path] = 1
        item = types.TextDocumentItem(uri_of(path), "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, path: Path, text: str) -> int:
        """Types; returns the version of the text."""
        self._versions[path] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], uri_of(path))
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))
        return self._versions[path]

    def close(self, path: Path) -> None:
        """Closes the file without saving it."""
        document = types.TextDocumentIdentifier(uri_of(path))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def save(self, path: Path, text: str) -> None:
        """Writes the file and says so."""
        path.write_text(text, encoding="utf-8")
        document = types.TextDocumentIdentifier(uri_of(path))
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def tell_changed(self, path: Path, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
        """Says that a file has changed on disk."""
        event = types.FileEvent(uri_of(path), kind)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async def sees(self, path: Path, expected: list[str]) -> Diagnostics:
        """Waits until the file's diagnostics are as expected (see `shown`)."""

        def there() -> bool:
            return shown(self.known.get(uri_of(path), [])) == expected and (
                bool(expected) or uri_of(path) in self.known
            )

        await self.until(
            there, lambda: f"{path.name}: {shown(self.known.get(uri_of(path), []))}, not {expected}"
        )
        return self.known[uri_of(path)]

    async def until(self, there: Callable[[], bool], complaint: Callable[[], str] = lambda: "") -> None:
        """Waits until something that the server says makes it true."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not there():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), end - asyncio.get_running_loop().time())
            except asyncio.TimeoutError:
                raise AssertionError(f"{complaint()} {self.messages}") from None

    async def hover(self, path: Path, line: int, column: int) -> str:
        """What the server shows there; empty for nothing."""
        where = types.TextDocumentIdentifier(uri_of(path))
        found = await self.client.text_document_hover_async(
            types.HoverParams(where, types.Position(line, column))
        )
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def actions(
        self, path: Path, line: int, only: list[str] | None = None
    ) -> dict[str, types.CodeAction]:
        """The code actions at the beginning of a line, by title."""
        at = types.Range(types.Position(line, 0), types.Position(line, 200))
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri_of(path)), at, types.CodeActionContext([], only=only)
            )
        )
        return {action.title: action for action in found or () if isinstance(action, types.CodeAction)}

    async def applied(self, path: Path, text: str, action: types.CodeAction) -> str:
        """The text of an open file after the action, as an editor makes its edits."""
        if action.edit is None:
            action = await self.client.code_action_resolve_async(action)
        assert action.edit is not None
        if action.edit.document_changes is None:
            (edits,) = (action.edit.changes or {uri_of(path): []}).values()
        else:
            (change,) = action.edit.document_changes
            assert isinstance(change, types.TextDocumentEdit)
            assert (change.text_document.uri, change.text_document.version) == (
                uri_of(path),
                self._versions[path],
            )
            edits = [edit for edit in change.edits if isinstance(edit, types.TextEdit)]
        for edit in reversed(edits):
            start, end = (self._offset(text, place) for place in (edit.range.start, edit.range.end))
            text = text[:start] + edit.new_text + text[end:]
        return text

    def _offset(self, text: str, place: types.Position) -> int:
        """Where the place is in the text; its columns count UTF-16."""
        lines = text.splitlines(keepends=True)
        before = "".join(lines[: place.line])
        line = (lines[place.line] if place.line < len(lines) else "").encode("utf-16-le")
        return len(before) + len(line[: 2 * place.character].decode("utf-16-le"))

    async def lenses(self, path: Path) -> dict[int, str]:
        """The code lenses by line."""
        where = types.TextDocumentIdentifier(uri_of(path))
        found = await self.client.text_document_code_lens_async(types.CodeLensParams(where))
        return {lens.range.start.line: lens.command.title for lens in found or () if lens.command}

    async def said(self) -> str:
        """The rest of what the server writes to its log, once it has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    def _on(self, method: str, take: Callable[[Any], object]) -> None:
        """Has `take` called with the parameters of each message of the method."""

        def taken(params: Any) -> None:
            take(params)
            self._news.set()

        self.client.feature(method)(taken)

    def _show(self, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        self.shown.append(params)
        return types.ShowDocumentResult(success=True)

    def _answer(self, method: str, take: Callable[[Any], object]) -> None:
        """Has `take` called with the parameters of each such request, and answers with its result."""

        def taken(params: Any) -> object:
            self._news.set()
            return take(params)

        self.client.feature(method)(taken)

    def _register(self) -> None:
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self.known[params.uri] = list(params.diagnostics)

        self._on(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, published)
        self._on(types.WINDOW_SHOW_MESSAGE, lambda params: self.messages.append(params.message))
        self._on(
            types.CLIENT_REGISTER_CAPABILITY,
            lambda params: self.watched.extend(item.method for item in params.registrations),
        )
        self._on(
            types.PROGRESS, lambda params: self.progress.append((params.token, str(params.value["kind"])))
        )
        self._answer(types.WINDOW_WORK_DONE_PROGRESS_CREATE, lambda params: self.tokens.append(params.token))
        self._answer(types.WINDOW_SHOW_DOCUMENT, self._show)
        self._on(types.WORKSPACE_CODE_LENS_REFRESH, lambda _: self.refreshed.append("lenses"))
        self._on(types.WORKSPACE_DIAGNOSTIC_REFRESH, lambda _: self.refreshed.append("diagnostics"))
