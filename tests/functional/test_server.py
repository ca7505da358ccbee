"""`conclint server`, driven over the protocol: a whole session of a process of its own; all else of a server
in this one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, findings_of, run_conclint, write_project

pytest.importorskip("pygls", reason="needs the extra `server`")

from lsprotocol import types

from editor import SERVER, Editor, in_editor, shown, uri_of

ODD = """\
import time


async def wait():
    '😀'; time.sleep(1); 'é'; time.sleep(2)
    '\x0c\u2028'; time.sleep(3)
"""
SLEEPY = "import time\n\n\nasync def f():\n    time.sleep(1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", views=VIEWS, helper=QUICK_HELPER)


def test_a_session_with_a_helper_that_begins_to_block(project: Path) -> None:
    views, helper = project / "app/views.py", project / "app/helper.py"

    async def session() -> None:
        async with Editor(project, command=SERVER) as editor:
            # What is open is judged by the text in the editor, before it is saved.
            editor.open(views, VIEWS.replace("return", "'😀'; return"))
            assert await editor.sees(views, []) == []
            editor.open(helper, SLOW_HELPER)
            (found,) = await editor.sees(views, ["4:17-4:33 CON101"])
            assert found.source == "conclint"
            assert found.severity is types.DiagnosticSeverity.Error
            assert found.code_description is not None
            assert found.code_description.href.endswith("/CON101.md")
            assert found.message.startswith("`helper.load` blocks the event loop: it calls `requests.get`")
            assert "fix: run `load` in a thread" in found.message

            # Each step of the chain can be gone to.
            steps = found.related_information or ()
            assert [(step.location.uri, step.message) for step in steps] == [
                (uri_of(views), "calls app.helper.load"),
                (uri_of(helper), "calls requests.get"),
            ]
            assert steps[1].location.range == types.Range(types.Position(4, 11), types.Position(4, 23))

            # The pointer on the call: the finding, then what is known of the function that is called.
            text = await editor.hover(views, 4, 24)
            assert "Blocking HTTP request on the event loop" in text
            assert "await asyncio.to_thread(helper.load, url)" in text
            assert f"({uri_of(helper)}#L5)" in text
            assert "`app.helper.load`\nruns on\n- event loop, through `app.views.show`" in text
            assert "- waits (http): `requests.get`" in text
            assert await editor.hover(views, 0, 0) == ""
            assert await editor.lenses(helper) == {3: "runs on: event loop ← 1 caller"}

            # The helper is mended, in the editor alone; then it is closed, and its file counts.
            editor.change(helper, QUICK_HELPER)
            await editor.sees(views, [])
            helper.write_text(SLOW_HELPER)
            editor.close(helper)
            await editor.sees(views, ["4:17-4:33 CON101"])

    in_editor(session())


def test_a_helper_alone_is_open(project: Path) -> None:
    views, helper = project / "app/views.py", project / "app/helper.py"

    async def session() -> None:
        async with Editor(project) as editor:
            editor.open(helper, SLOW_HELPER)
            await editor.sees(views, ["4:11-4:27 CON101"])
            answer = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
            (report,) = answer.items
            assert isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
            assert (report.uri, shown(list(report.items))) == (uri_of(views), ["4:11-4:27 CON101"])
            editor.change(helper, QUICK_HELPER)
            known = [types.PreviousResultId(report.uri, report.result_id or "")]
            answer = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(known))
            (report,) = answer.items
            assert isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
            assert (report.uri, list(report.items)) == (uri_of(views), [])

    in_editor(session())


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (None, ["4:10-4:23 CON102", "4:30-4:43 CON102", "5:10-5:23 CON102"]),
        (types.PositionEncodingKind.Utf8, ["4:12-4:25 CON102", "4:33-4:46 CON102", "5:12-5:25 CON102"]),
    ],
)
def test_columns_are_the_editors(
    project: Path, encoding: types.PositionEncodingKind | None, expected: list[str]
) -> None:
    odd = project / "app/odd.py"
    can = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[encoding]) if encoding else None
    )

    async def session() -> None:
        async with Editor(project, capabilities=can) as editor:
            editor.open(odd, ODD)
            await editor.sees(odd, expected)
            # An edit behind what Python's splitlines takes for line ends, and the protocol does not.
            editor.change(odd, ODD + "    time.sleep(4)\n")
            await editor.sees(odd, [*expected, "6:4-6:17 CON102"])

    in_editor(session())


def test_keystrokes_are_looked_at_together(project: Path) -> None:
    views = project / "app/views.py"

    async def session() -> None:
        async with Editor(project) as editor:
            editor.open(views, SLEEPY)
            await editor.sees(views, ["4:4-4:17 CON102"])
            before = len(editor.published)
            for number in range(2, 30):
                last = editor.change(views, SLEEPY.replace("(1)", f"({number})") + "\n" * number)
                await asyncio.sleep(0.02)
            await editor.until(lambda: editor.published[-1].version == last)
            versions = [params.version for params in editor.published[before:]]
            assert len(versions) < 5
            assert shown(editor.known[uri_of(views)]) == ["4:4-4:18 CON102"]

    in_editor(session())


def test_the_configuration_holds_and_is_read_again(project: Path) -> None:
    views, config = project / "app/views.py", project / "pyproject.toml"
    text = SLEEPY + "    time.sleep(2)  # noqa: CON102\n    time.sleep(3)  # conclint: ignore\n"
    can = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        )
    )

    async def session() -> None:
        async with Editor(project, capabilities=can) as editor:
            editor.open(views, text)
            await editor.sees(views, ["4:4-4:17 CON102"])
            await editor.until(lambda: editor.watched == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES])
            for wrong, right in (
                ('ignore = ["CON102"]', ""),
                ('per-file-ignores = {"app/*" = ["CON1"]}', ""),
                ('extend-exclude = ["app/"]', ""),
            ):
                config.write_text(f"[tool.conclint]\n{wrong}\n")
                editor.tell_changed(config)
                await editor.sees(views, [])
                editor.save(config, f"[tool.conclint]\n{right}\n")
                await editor.sees(views, ["4:4-4:17 CON102"])
            # A wrong one is told, and what is known stays.
            editor.save(config, "[tool.conclint]\nignor = []\n")
            await editor.until(lambda: bool(editor.messages))
            assert "pyproject.toml:2: unknown key 'ignor'" in editor.messages[0]
            assert shown(editor.known[uri_of(views)]) == ["4:4-4:17 CON102"]
            editor.save(config, '[tool.conclint]\nselect = ["CON101"]\n')
            await editor.sees(views, [])

    in_editor(session())


def test_the_same_as_the_command(project: Path) -> None:
    (project / "app/helper.py").write_text(SLOW_HELPER)
    (project / "app/sleepy.py").write_text(SLEEPY)
    (project / "known.json").write_text("{}")
    (project / "pyproject.toml").write_text('[tool.conclint]\nbaseline = "known.json"\n')
    (project / "known.json").unlink()
    assert run_conclint(project, "--write-baseline", "app/sleepy.py").returncode == 0
    (project / "app/sleepy.py").write_text(SLEEPY + "\n\nasync def g():\n    time.sleep(2)\n")

    async def session() -> None:
        async with Editor(project) as editor:
            await editor.sees(project / "app/views.py", ["4:11-4:27 CON101"])
            await editor.sees(project / "app/sleepy.py", ["8:4-8:17 CON102"])

    in_editor(session())
    by_command = [(found["path"], found["line"] - 1, found["code"]) for found in findings_of(project)]
    assert by_command == [("app/sleepy.py", 8, "CON102"), ("app/views.py", 4, "CON101")]


def test_folders_have_their_own_configurations(project: Path, tmp_path: Path) -> None:
    other = write_project(tmp_path / "other", views=SLEEPY)
    (other / "pyproject.toml").write_text('[tool.conclint]\nignore = ["CON1"]\n')
    (project / "app/sleepy.py").write_text(SLEEPY)
    alone = tmp_path / "alone.py"

    async def session() -> None:
        async with Editor(project, other) as editor:
            editor.open(other / "app/views.py", SLEEPY)
            await editor.sees(other / "app/views.py", [])
            await editor.sees(project / "app/sleepy.py", ["4:4-4:17 CON102"])
            editor.open(alone, SLEEPY)
            await editor.sees(alone, ["4:4-4:17 CON102"])
            editor.close(alone)
            await editor.sees(alone, [])
            change = types.WorkspaceFoldersChangeEvent(
                added=[], removed=[types.WorkspaceFolder(uri_of(project), "project")]
            )
            editor.client.workspace_did_change_workspace_folders(
                types.DidChangeWorkspaceFoldersParams(change)
            )
            await editor.sees(project / "app/sleepy.py", [])

    in_editor(session())


def test_an_editor_that_asks(project: Path) -> None:
    views, helper = project / "app/views.py", project / "app/helper.py"
    can = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
        )
    )

    async def session() -> None:
        async with Editor(project, capabilities=can, options={"diagnostics": "pull"}) as editor:
            offered = editor.initialized.capabilities.diagnostic_provider
            assert offered is not None
            assert offered.inter_file_dependencies
            assert offered.workspace_diagnostics
            editor.open(views, VIEWS)
            editor.open(helper, SLOW_HELPER)
            where = types.TextDocumentIdentifier(uri_of(views))
            ask = types.DocumentDiagnosticParams(where)
            report = await editor.client.text_document_diagnostic_async(ask)
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
            assert shown(list(report.items)) == ["4:11-4:27 CON101"]
            ask = types.DocumentDiagnosticParams(where, previous_result_id=report.result_id)
            again = await editor.client.text_document_diagnostic_async(ask)
            assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
            await editor.until(lambda: {*editor.refreshed} == {"lenses", "diagnostics"})
            assert editor.published == []

    in_editor(session())


def test_without_the_package(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pygls'] = None; sys.argv = ['conclint', 'server'];"
        "from conclint.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "conclint: error: the language server needs the package pygls: pip install pygls\n"
    )
