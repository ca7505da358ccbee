"""What `conclint server` offers to do about findings, as an editor asks for it and makes the edits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, run_conclint, write_project

pytest.importorskip("pygls", reason="needs the extra `server`")

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from editor import Editor, in_editor, uri_of

MIXED = """\
\"\"\"Two sleeps that are safe to mend, a request that is not.\"\"\"

import time

import requests


async def f(url):
    '😀'; time.sleep(1)
    if url:
        time.sleep(2)  # once more
    return requests.get(url)
"""
LAZY = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    ),
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            data_support=True, resolve_support=types.ClientCodeActionResolveOptions(["edit"])
        )
    ),
    window=types.WindowClientCapabilities(
        work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
    ),
)
FIX_SLEEP = "Use `asyncio.sleep` (CON102)"
FIX_ALL = "Apply all safe fixes in this file (conclint: 2)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", views=VIEWS, helper=QUICK_HELPER)


def by_command(project: Path, *options: str, text: str = MIXED) -> str:
    """What the command makes of the text."""
    path = project / "app/mixed.py"
    path.write_text(text, encoding="utf-8")
    run_conclint(project, *options, "app/mixed.py")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("capabilities", [LAZY, None])
def test_the_text_that_the_command_writes(
    project: Path, capabilities: types.ClientCapabilities | None
) -> None:
    path = project / "app/mixed.py"
    path.write_text(MIXED, encoding="utf-8")

    async def session() -> None:
        async with Editor(project, capabilities=capabilities) as editor:
            editor.open(path, MIXED)
            await editor.sees(path, ["8:10-8:23 CON102", "10:8-10:21 CON102", "11:11-11:28 CON101"])
            found = await editor.actions(path, 8)
            assert (found[FIX_SLEEP].edit is None) == (capabilities is LAZY)
            assert found[FIX_SLEEP].is_preferred
            one = await editor.applied(path, MIXED, found[FIX_SLEEP])
            assert one.count("await asyncio.sleep") == 1
            assert await editor.applied(path, MIXED, found[FIX_ALL]) == by_command(project, "--fix")

            (offered,) = (await editor.actions(path, 0, only=["source.fixAll"])).values()
            assert offered.kind == "source.fixAll.conclint"
            assert await editor.applied(path, MIXED, offered) == by_command(project, "--fix")

            unsafe = [
                title for title in await editor.actions(path, 11) if title.endswith("check the result)")
            ]
            (action,) = unsafe
            mended = await editor.applied(path, MIXED, (await editor.actions(path, 11))[action])
            every = by_command(project, "--fix", "--unsafe-fixes")
            assert [line for line in mended.splitlines() if line not in MIXED.splitlines()] == [
                line
                for line in every.splitlines()
                if line not in MIXED.splitlines() and "sleep" not in line and line != "asyncio\n"
            ]
            ignored = (await editor.actions(path, 11))["Ignore CON101 on this line"]
            text = await editor.applied(path, MIXED, ignored)
            assert text == MIXED.replace("requests.get(url)\n", "requests.get(url)  # noqa: CON101\n")
            assert text == by_command(project, "--select", "CON101", "--add-noqa")

    in_editor(session())


def test_an_action_for_a_text_that_has_changed_since(project: Path) -> None:
    path = project / "app/mixed.py"

    async def session() -> None:
        async with Editor(project, capabilities=LAZY) as editor:
            editor.open(path, MIXED)
            await editor.sees(path, ["8:10-8:23 CON102", "10:8-10:21 CON102", "11:11-11:28 CON101"])
            action = (await editor.actions(path, 8))[FIX_SLEEP]
            editor.change(path, "# one line more\n" + MIXED)
            with pytest.raises(JsonRpcException, match="has changed since it was analysed"):
                await editor.client.code_action_resolve_async(action)
            await editor.sees(path, ["9:10-9:23 CON102", "11:8-11:21 CON102", "12:11-12:28 CON101"])
            again = (await editor.actions(path, 9))[FIX_SLEEP]
            assert "await asyncio.sleep(1)" in await editor.applied(path, "# one line more\n" + MIXED, again)
            # What is no action of ours is refused, and the session goes on.
            for data in (None, 3, {}, {"uri": uri_of(path)}, {"uri": 3, "findings": [], "change": "fix"}):
                with pytest.raises(JsonRpcException):
                    await editor.client.code_action_resolve_async(types.CodeAction("x", data=data))
            assert FIX_SLEEP in await editor.actions(path, 9)

    in_editor(session())


def test_the_ways_to_the_cause_the_chain_and_the_page(project: Path) -> None:
    views, helper = project / "app/views.py", project / "app/helper.py"
    helper.write_text(SLOW_HELPER, encoding="utf-8")

    async def session() -> None:
        async with Editor(project, capabilities=LAZY) as editor:
            editor.open(views, VIEWS)
            await editor.sees(views, ["4:11-4:27 CON101"])
            found = await editor.actions(views, 4)

            async def do(command: types.Command | None) -> None:
                assert command is not None
                await editor.client.workspace_execute_command_async(
                    types.ExecuteCommandParams(command.command, command.arguments)
                )

            await do(found["Go to the call of requests.get"].command)
            await do(found["Open the page of CON101"].command)
            await do(found["Show the call chain of CON101"].command)
            await editor.until(lambda: len(editor.shown) == 2 and bool(editor.messages))
            at = types.Position(4, 11)
            assert (editor.shown[0].uri, editor.shown[0].selection) == (uri_of(helper), types.Range(at, at))
            assert editor.shown[1].external
            assert editor.shown[1].uri.startswith("https://")
            assert editor.messages == ["app.views.show → app.helper.load → requests.get"]

            # A lens can be clicked.
            where = types.TextDocumentIdentifier(uri_of(helper))
            editor.open(helper, SLOW_HELPER)
            (lens,) = await editor.client.text_document_code_lens_async(types.CodeLensParams(where)) or ()
            await do(lens.command)
            await editor.until(lambda: len(editor.messages) == 2)
            assert editor.messages[1] == (
                "app.helper.load; runs on event loop, through app.views.show; "
                "does waits (http): requests.get; reached from app.views.show"
            )
            with pytest.raises(JsonRpcException):
                await do(types.Command("x", "conclint.openPage", arguments=["file:///etc/passwd"]))

    in_editor(session())


def test_an_editor_is_told_when_a_folder_is_being_analysed(project: Path) -> None:
    async def session() -> None:
        async with Editor(project, capabilities=LAZY) as editor:
            await editor.until(lambda: len(editor.progress) == 2)
            (token,) = editor.tokens
            assert editor.progress == [(token, "begin"), (token, "end")]

    in_editor(session())


def test_no_actions_for_what_is_not_open(project: Path) -> None:
    async def session() -> None:
        async with Editor(project, capabilities=LAZY) as editor:
            assert await editor.actions(project / "app/views.py", 4) == {}
            await asyncio.sleep(0)

    in_editor(session())
