"""Editors' own programs with conclint in them: python-lsp-server with its flake8 plugin, Neovim with our
language server, and flake8 as the flake8 extensions of editors run it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from programs_on_disk import SLOW_HELPER, VIEWS, write_project

pytest.importorskip("pygls", reason="needs the extra `server`")

from editor import Editor, in_editor, uri_of

UNSAVED = VIEWS.replace("return", "'é'; return")
SYNCHRONOUS = VIEWS.replace("async def", "def")
NEOVIM = shutil.which("nvim")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What is on disk is fine: only the text in the editor is not."""
    project = write_project(tmp_path / "project", views=SYNCHRONOUS, helper=SLOW_HELPER)
    (project / ".flake8").write_text("[flake8]\nselect = CON\n")
    return project


def test_python_lsp_server_with_its_flake8_plugin(project: Path) -> None:
    pytest.importorskip("pylsp", reason="needs python-lsp-server")
    views = project / "app/views.py"
    others = ("pycodestyle", "pyflakes", "mccabe", "autopep8", "yapf", "jedi_definition", "rope_autoimport")
    plugins: dict[str, object] = {name: {"enabled": False} for name in others}
    plugins["flake8"] = {"enabled": True, "executable": str(Path(sys.executable).parent / "flake8")}
    settings = {"pylsp": {"plugins": plugins}}

    async def session() -> None:
        async with Editor(project, command=("-m", "pylsp"), options=settings) as editor:
            editor.open(views, UNSAVED)
            (found,) = await editor.sees(views, ["4:16-4:33 CON101"])
            assert found.source == "flake8"
            assert "[via app.helper.load > requests.get]" in found.message
            editor.change(views, SYNCHRONOUS)
            await editor.sees(views, [])

    in_editor(session())


@pytest.mark.skipif(NEOVIM is None, reason="needs Neovim (Debian's package neovim)")
def test_neovim_with_our_language_server(project: Path, tmp_path: Path) -> None:
    """The diagnostics as Neovim has them after it gave the server a text that is not on disk, and that text
    after an action."""
    script = f"""
        vim.cmd('edit app/views.py')
        vim.api.nvim_buf_set_lines(0, 0, -1, false, {_lua_list(UNSAVED)})
        local client = vim.lsp.start_client({{
          cmd = {{ {json.dumps(sys.executable)}, '-m', 'conclint', 'server' }},
          root_dir = vim.fn.getcwd(),
        }})
        vim.lsp.buf_attach_client(0, client)
        vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 50)
        local seen = {{}}
        for _, d in ipairs(vim.diagnostic.get(0)) do
          local steps = d.user_data.lsp.relatedInformation
          local place = steps[2].location.uri
          table.insert(seen, {{ d.lnum, d.col, d.end_col, d.code, d.source, d.severity, place }})
        end
        local lenses = vim.lsp.buf_request_sync(
          0, 'textDocument/codeLens', {{ textDocument = vim.lsp.util.make_text_document_params() }}, 30000)
        table.insert(seen, lenses[client].result[1].command.title)
        local at = {{ start = {{ line = 4, character = 0 }}, ['end'] = {{ line = 4, character = 99 }} }}
        local offered = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', {{
          textDocument = vim.lsp.util.make_text_document_params(),
          range = at,
          context = {{ diagnostics = {{}} }},
        }}, 30000)
        for _, action in ipairs(offered[client].result) do
          if action.title:find('^Ignore') then
            if not action.edit then
              action = vim.lsp.buf_request_sync(0, 'codeAction/resolve', action, 30000)[client].result
            end
            vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
          end
        end
        table.insert(seen, vim.api.nvim_buf_get_lines(0, 4, 5, false)[1])
        vim.fn.writefile({{ vim.fn.json_encode(seen) }}, 'seen.json')
        vim.lsp.stop_client(client)
        vim.wait(30000, function() return vim.lsp.client_is_stopped(client) end, 50)
        vim.cmd('qall!')
    """
    (tmp_path / "session.lua").write_text(script, encoding="utf-8")
    assert NEOVIM is not None
    command = [
        NEOVIM,
        "--headless",
        "-u",
        "NONE",
        "-i",
        "NONE",
        "-n",
        "-c",
        f"luafile {tmp_path}/session.lua",
    ]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    found, title, ignored = json.loads((project / "seen.json").read_text())
    # Neovim counts columns in bytes: é has two.
    assert found == [4, 17, 33, "CON101", "conclint", 1, uri_of(project / "app/helper.py")]
    assert title == "runs on: event loop"
    assert ignored == UNSAVED.splitlines()[4] + "  # noqa: CON101"


def test_flake8_as_the_extensions_of_editors_run_it(project: Path) -> None:
    """The command of Visual Studio Code's flake8 extension, of efm-langserver and of none-ls: the text on
    standard input, the file's whole name beside it, the result by its columns."""
    command = [sys.executable, "-m", "flake8", "--format", "%(row)d,%(col)d,%(code).1s,%(code)s:%(text)s"]
    done = subprocess.run(
        [*command, "--stdin-display-name", str(project / "app/views.py"), "-"],
        cwd=project,
        input=UNSAVED.encode(),
        capture_output=True,
        check=False,
    )
    (line,) = done.stdout.decode().splitlines()
    assert line.startswith("5,17,C,CON101:`helper.load` blocks the event loop")
    assert (done.returncode, done.stderr) == (1, b"")


def _lua_list(text: str) -> str:
    return "{" + ", ".join(json.dumps(line, ensure_ascii=False) for line in text.splitlines()) + "}"
