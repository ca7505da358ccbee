"""The language server's features: what the editor says goes to the session, what is known goes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcMethodNotFound
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path

from conclint import __version__
from conclint.config.settings import CONFIG_FILES
from conclint.report.terminal import say_line
from conclint.server import lsp as present
from conclint.server.buffers import Buffer
from conclint.server.jobs import Failed, Mark, Note
from conclint.server.protocol import EditorProtocol
from conclint.server.session import Session
from conclint.server.uris import path_of
from conclint.server.work_progress import shown_progress
from conclint.syntax.decoding import encode_source

_WATCHED: Final = ("**/*.py", "**/*.toml", "**/*baseline*.json", "**/.gitignore")
_HOVER_PATIENCE: Final = 2.0  # seconds that a hover waits for what a function runs on
_SOURCE: Final = "conclint"


class Server(LanguageServer):
    """The server of one editor's session.

    Findings are published as they are made, for all files of the workspace; with the initialization option
    `{"diagnostics": "pull"}` the editor asks for them instead.
    """

    protocol: EditorProtocol

    def __init__(self) -> None:
        super().__init__(
            _SOURCE,
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=EditorProtocol,
        )
        self.pulls = False
        self.session = Session(self._publish, self._complain, self._refresh, partial(shown_progress, self))
        self._told: set[str] = set()
        self._uris: dict[str, str] = {}
        _register(self)

    def complain(self, text: str) -> None:
        """A line on standard error, which editors keep as the server's log."""
        say_line(f"conclint server: {' '.join(text.split())}")

    def report_server_error(self, error: Exception, source: object) -> None:
        """What pygls could not do. A method that we don't know has its answer, and is nothing wrong."""
        if not isinstance(error, JsonRpcMethodNotFound):
            self.complain(f"{type(error).__name__}: {error}")

    def can(self, *names: str) -> bool:
        """Whether the editor has a capability, by the way to it."""
        return bool(self._capability(names))

    def properties(self, *names: str) -> tuple[str, ...]:
        """A list of words among the editor's capabilities, by the way to it."""
        return tuple(self._capability(names) or ())

    def _capability(self, names: Sequence[str]) -> Any:
        value: Any = self.client_capabilities
        for name in names:
            value = getattr(value, name, None)
        return value

    def show(self, what: types.ShowDocumentParams) -> None:
        """Has the editor show a file or a page; where it can't, tells its address."""
        if self.can("window", "show_document", "support"):
            self.window_show_document(what, lambda _: None)
        else:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, what.uri))

    def _publish(self, path: str, marks: tuple[Mark, ...]) -> None:
        if self.pulls:
            return
        buffer = self.session.buffers.get(path)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=self.uri_of(path),
                version=buffer.version if buffer is not None else None,
                diagnostics=self.diagnostics(marks),
            )
        )

    def diagnostics(self, marks: Sequence[Mark]) -> list[types.Diagnostic]:
        """The marks in the protocol's words."""
        return [self.diagnostic(mark) for mark in marks]

    def diagnostic(self, mark: Mark) -> types.Diagnostic:
        """The mark in the protocol's words."""
        return present.diagnostic(mark, self.uri_of)

    def know(self, path: str, uri: str) -> None:
        """Remembers by which name the editor knows the file: there is more than one way to write it."""
        self._uris[path] = uri

    def uri_of(self, path: str) -> str:
        """The name by which the editor knows the file."""
        return self._uris.get(path) or from_fs_path(path) or ""

    def _complain(self, failure: Failed) -> None:
        """A wrong configuration is for the person who writes it; what is our fault goes to the log."""
        self.complain(failure.message)
        if failure.message in self._told:
            return
        self._told.add(failure.message)
        kind = types.MessageType.Error if failure.is_usage else types.MessageType.Warning
        self.window_show_message(types.ShowMessageParams(kind, f"conclint: {failure.message}"))

    def _refresh(self) -> None:
        self._told.clear()
        if self.can("workspace", "code_lens", "refresh_support"):
            self.workspace_code_lens_refresh(None)
        if self.pulls and self.can("workspace", "diagnostics", "refresh_support"):
            self.workspace_diagnostic_refresh(None)


def _register(server: Server) -> None:
    _register_beginning(server)
    _register_documents(server)
    _register_changes(server)
    _register_answers(server)


def _register_beginning(server: Server) -> None:
    session = server.session

    @server.feature(types.INITIALIZE)
    def begin(params: types.InitializeParams) -> None:
        for folder in server.workspace.folders.values():
            if path := path_of(folder.uri):
                session.folders.add(path)
        root = server.workspace.root_path
        if not server.workspace.folders and root:
            session.folders.add(root)
        encoding = server.workspace.position_encoding
        session.units = str(getattr(encoding, "value", encoding))
        options = params.initialization_options
        server.pulls = isinstance(options, dict) and options.get("diagnostics") == "pull"
        if server.pulls:
            _register_pulling(server)

    @server.feature(types.INITIALIZED)
    def begun(params: types.InitializedParams) -> None:
        if not server.pulls:
            _register_pulling(server)  # not announced, so that an editor does not show everything twice
        if server.can("workspace", "did_change_watched_files", "dynamic_registration"):
            watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
            server.client_register_capability(
                types.RegistrationParams(
                    [
                        types.Registration(
                            id="conclint-files",
                            method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                            register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers),
                        )
                    ]
                ),
                lambda _: None,
            )
        session.start()

    @server.feature(types.SHUTDOWN)
    def end(params: None) -> None:
        session.stop()


def _register_documents(server: Server) -> None:
    session = server.session

    def keep(uri: str, version: int | None) -> str | None:
        """Keeps the document's text; the path of its file."""
        path = path_of(uri)
        if path is None or path.endswith(".ipynb"):
            return None
        text = server.workspace.get_text_document(uri).source
        server.know(path, uri)
        session.buffers[path] = Buffer(version or 0, encode_source(text))
        return path

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        if document.language_id not in ("python", "") and not document.uri.endswith(".py"):
            return
        path = keep(document.uri, document.version)
        if path is not None:
            session.start()  # some editors never say that they are initialized
            session.want([session.folders.of(path)])

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path in session.buffers:
            keep(params.text_document.uri, params.text_document.version)
            session.want([session.folders.of(path)], typing=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is None or session.buffers.pop(path, None) is None:
            return
        folder = session.folders.of(path)
        if folder.is_guest:
            session.forget(folder, [path])
        session.want([folder])

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None and not path.endswith(".py"):
            session.want(session.folders.all())


def _register_changes(server: Server) -> None:
    session = server.session

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            path = path_of(change.uri)
            if path is None or (path in session.buffers and change.type is types.FileChangeType.Changed):
                continue
            session.want(session.folders.holding(path))
            if Path(path).name in CONFIG_FILES:
                session.want(session.folders.all())

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        """Settings are read from the project's own files; there is nothing to take."""

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def moved(params: types.DidChangeWorkspaceFoldersParams) -> None:
        for left in params.event.removed:
            path = path_of(left.uri)
            folder = session.folders.remove(path) if path is not None else None
            if folder is not None:
                session.forget(folder, folder.marks)
        for added in params.event.added:
            if path := path_of(added.uri):
                session.folders.add(path)
        session.want(session.folders.all())


def _register_answers(server: Server) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        path = path_of(params.text_document.uri)
        if path not in session.buffers:
            return None
        notes: tuple[Note, ...] = ()
        with suppress(asyncio.TimeoutError):
            notes = await asyncio.wait_for(session.notes(path), _HOVER_PATIENCE)
        return present.hover(session.marks(path), notes, params.position)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        path = path_of(params.text_document.uri)
        return present.lenses(await session.notes(path)) if path in session.buffers else []


def _register_pulling(server: Server) -> None:
    session = server.session

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(identifier=_SOURCE, inter_file_dependencies=True, workspace_diagnostics=True),
    )
    async def of_document(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        await session.open_settled()
        path = path_of(params.text_document.uri)
        marks = session.marks(path) if path is not None else ()
        return present.report(server.diagnostics(marks), marks, params.previous_result_id)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def of_workspace(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        await session.settled()
        known = {item.uri: item.value for item in params.previous_result_ids}
        reports: list[types.WorkspaceDocumentDiagnosticReport] = []
        for folder in session.folders.all():
            for path, marks in sorted(folder.marks.items()):
                uri = server.uri_of(path)
                buffer = session.buffers.get(path)
                version = buffer.version if buffer is not None else None
                diagnostics = server.diagnostics(marks)
                reports.append(
                    present.report_in_workspace(uri, version, diagnostics, marks, known.pop(uri, None))
                )
        reports += [present.report_in_workspace(uri, None, [], (), old) for uri, old in known.items()]
        return types.WorkspaceDiagnosticReport(reports)
