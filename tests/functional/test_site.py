"""The documentation site: built strictly, and what it says is so."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest
import yaml
from click.testing import CliRunner

from conclint.catalog.loader import read_file, shipped_files
from conclint.cli.main import cli
from conclint.config.file import read_table
from conclint.config.keys import KEYS
from conclint.config.settings import Config
from conclint.rules.registry import Rule, all_rules
from conclint.run.analysis import Analysis
from conclint.run.pipeline import check
from docsite.links import HUNDREDS
from docsite.pages import fill_in, made_pages
from programs_on_disk import run_conclint

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.md"))
FENCE = re.compile(r"^( *)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass
class Html(HTMLParser):
    """What a page links to, loads, and can be linked to; and its text."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon"):
            self.loads.append(given["href"])
        elif tag in ("script", "img") and "src" in given:
            self.loads.append(given["src"])

    def handle_data(self, data: str) -> None:
        self.text += data


class Site:
    """The built site, by the addresses of its pages below its root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Html] = {}
        for file in sorted(folder.rglob("*.html")):
            page = Html()
            page.feed(file.read_text(encoding="utf-8"))
            self.pages[file.relative_to(folder).as_posix()] = page

    def text(self, page: str) -> str:
        return " ".join(self.pages[page].text.split())

    def target(self, page: str, address: str) -> Path:
        """The file that an address on a page means."""
        path = unquote(urlsplit(address).path)
        if path.startswith("/"):  # only the page for what is not found has such
            return self.folder / path.lstrip("/")
        here = (self.folder / page).parent / path if path else self.folder / page
        return here.resolve() / "index.html" if here.is_dir() else here.resolve()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site").resolve()
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Site(folder)


def test_every_rule_has_a_page_that_says_what_explain_prints(site: Site) -> None:
    for rule in all_rules():
        text = site.text(f"rules/{rule.code}/index.html")
        assert f"{rule.name} ({rule.code})" in text
        assert rule.summary in text
        explained = CliRunner().invoke(cli, ["explain", rule.code]).output
        plain = [line for line in explained.splitlines() if re.fullmatch(r"[\w ,.;:']{40,}", line)]
        assert all(" ".join(line.split()) in text for line in plain), rule.code


def test_every_rule_is_in_the_list_and_in_a_hundred(site: Site) -> None:
    text = site.text("rules/index.html")
    for rule in all_rules():
        assert rule.code[3] in HUNDREDS
        assert f"{rule.code} {rule.name} {rule.summary}" in text


def test_every_link_leads_somewhere(site: Site) -> None:
    broken = []
    for name, page in site.pages.items():
        for address in page.links + page.loads:
            if urlsplit(address).scheme or name == "404.html":
                continue
            file = site.target(name, address)
            anchor = urlsplit(address).fragment
            if not file.is_file():
                broken.append((name, address))
            elif anchor and file.suffix == ".html":
                found = site.pages[file.relative_to(site.folder).as_posix()]
                if anchor not in found.anchors:
                    broken.append((name, address))
    assert broken == []


def test_links_into_the_repository_lead_to_files_of_it(site: Site) -> None:
    start = "https://github.com/conclint/conclint/"
    found = {link for page in site.pages.values() for link in page.links if link.startswith(start)}
    paths = [
        re.sub(r"^(blob|tree)/main/", "", urlsplit(link).path[len("/conclint/conclint/") :]) for link in found
    ]
    assert any(path.startswith("fixtures/") for path in paths)
    for path in filter(None, paths):
        assert (ROOT / path).exists(), path


def test_nothing_is_loaded_from_another_host(site: Site) -> None:
    loads = {load for page in site.pages.values() for load in page.loads}
    assert {load for load in loads if urlsplit(load).netloc} == set()


def test_no_table_is_left_out(site: Site) -> None:
    assert [name for name, page in site.pages.items() if re.search(r"\{\{ \w+ \}\}", page.text)] == []
    assert [name for name, page in site.pages.items() if "On the site only" in page.text] == []
    bare = [
        (page, name)
        for page in PAGES
        for hint, name in re.findall(
            r"(^_On the site only; [^\n]+\._\n\n)?^\{\{ (\w+) \}\}$", _text_of(page), re.MULTILINE
        )
        if not hint
    ]
    assert bare == [], "where to look without the site"
    with pytest.raises(KeyError, match="no table 'nonsense'"):
        fill_in("a\n\n{{ nonsense }}\n")


def test_every_key_of_the_configuration_is_documented(site: Site) -> None:
    text = site.text("configuration/index.html")
    for key, known in KEYS.items():
        assert known.form
        assert re.search(rf"\b{key}\b", text)
        assert _plain(known.about) in text


def test_every_command_and_option_is_documented(site: Site) -> None:
    text = site.text("command-line/index.html")
    for name, command in cli.commands.items():
        assert f"conclint {name}" in text
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert all(word in text for word in option.opts), (name, option.opts)
                assert _plain(option.help or "") in text


def test_every_library_is_listed(site: Site) -> None:
    text = site.text("knowledge/index.html")
    for library in {read_file(path).library for path in shipped_files()}:
        assert library in text, library


def test_the_guide_names_the_rules_of_its_cells(site: Site) -> None:
    links = {Path(link).name for link in site.pages["decide/index.html"].links}
    codes = {rule.code for rule in all_rules() if rule.cell.startswith(("computes", "waits.process"))}
    assert codes <= links


def _plain(markdown: str) -> str:
    return " ".join(markdown.replace("`", "").split())


# What the pages tell people to do


def _text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@cache
def _blocks(page: str) -> tuple[tuple[str, str, str], ...]:
    """The blocks of code of a page: language, title, text."""
    found = []
    for indent, language, title, body in FENCE.findall(_text_of(page)):
        found.append((language, title, re.sub(f"^{indent}", "", body, flags=re.MULTILINE)))
    return tuple(found)


def _all_blocks(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        yield from ((page, body) for kind, _, body in _blocks(page) if kind == language)


def test_console_blocks_print_what_they_show() -> None:
    blocks = [body for kind, _, body in _blocks("map.md") if kind == "console"]
    assert blocks
    for block in blocks:
        _assert_prints(block, ROOT)


def test_other_linters_see_what_the_page_says(tmp_path: Path) -> None:
    """Nothing, in files that ruff reads: a sleep in the coroutine itself is seen."""
    for language, title, body in _blocks("index.md"):
        if language == "python":
            (tmp_path / title).parent.mkdir(exist_ok=True)
            (tmp_path / title).write_text(body, encoding="utf-8")
    for text, status in (("", 0), ("import time\n\n\nasync def tick():\n    time.sleep(1)\n", 1)):
        (tmp_path / "shop/tick.py").write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            "ASYNC",
            "shop",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr


@pytest.mark.parametrize(("page", "least"), [("index.md", 2), ("getting-started.md", 3)])
def test_a_page_goes_as_it_says(page: str, least: int, tmp_path: Path) -> None:
    """Files are written and commands run in the order of the page."""
    commands = 0
    for language, title, body in _blocks(page):
        if language == "python" and title:
            (tmp_path / title).parent.mkdir(exist_ok=True)
            (tmp_path / title).write_text(body, encoding="utf-8")
        elif language == "console":
            _assert_prints(body, tmp_path)
            commands += 1
    assert commands >= least


HOW = "how-it-works.md"


def _write_files_of(page: str, folder: Path) -> None:
    for language, title, body in _blocks(page):
        if language == "python" and title:
            (folder / title).write_text(body, encoding="utf-8")
            _age(folder / title)


def _age(path: Path) -> None:
    past = time.time() - 60  # as young as the run, it would be read again in any case
    os.utime(path, (past, past))


def test_the_worked_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    _write_files_of(HOW, tmp_path)
    blocks = [body for language, _, body in _blocks(HOW) if language == "console"]
    assert len(blocks) == 3
    for block in blocks:
        prompt, _, wanted = block.partition("\n")
        words = shlex.split(prompt.removeprefix("$ "))
        assert words[0] == "conclint"
        options = () if words[1] == "debug" else ("--no-cache",)
        assert run_conclint(tmp_path, *words[1:], *options).stdout.strip() == wanted.strip(), prompt


def test_the_new_way_to_call_is_resolved_as_the_page_shows(tmp_path: Path) -> None:
    _write_files_of("contributing.md", tmp_path)
    (block,) = [body for language, _, body in _blocks("contributing.md") if language == "console"]
    prompt, _, wanted = block.partition("\n")
    words = shlex.split(prompt.removeprefix("$ conclint "))
    assert run_conclint(tmp_path, *words).stdout.strip() == wanted.strip()


def test_the_files_that_contributors_are_sent_to_exist() -> None:
    page = re.sub(r"^ *```.*?^ *```$", "", _text_of("contributing.md"), flags=re.MULTILINE | re.DOTALL)
    example = ("CON113", "shopware", "…")
    paths = [
        path
        for path in re.findall(r"`((?:conclint|tests|fixtures|scripts)/[^`*]+)`", page)
        if not any(word in path for word in example)
    ]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "conclint").rglob("*.py"))
    for name in re.findall(r"`(_[a-z_]+|[A-Z]\w+\.\w+)`", page):
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", code), name


def _edits_of_the_example() -> list[tuple[int, str, set[str]]]:
    rows = re.findall(r"^\| (\d+) \| `([^`]+)` \| ([^|]+) \|", _text_of(HOW), re.MULTILINE)
    return [(int(line), text, set(re.findall(r"`([^`]+)`", judged))) for line, text, judged in rows]


@pytest.mark.parametrize(("line", "text", "wanted"), _edits_of_the_example())
def test_the_edits_of_the_worked_example_have_judged_again_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: int, text: str, wanted: set[str]
) -> None:
    (tmp_path / "pyproject.toml").touch()
    _write_files_of(HOW, tmp_path)
    judged: set[str] = set()
    judge = Analysis._judge_anew

    def noting(self: Analysis, paths: list[str]) -> None:
        judged.update(Path(path).name for path in paths)
        judge(self, paths)

    monkeypatch.setattr(Analysis, "_judge_anew", noting)
    config = Config(root=tmp_path, cwd=tmp_path, cache_dir=tmp_path / "cache", jobs=1)
    assert check([str(tmp_path)], config).findings
    assert judged == {"clock.py", "pages.py", "shop.py"}
    judged.clear()
    shop = tmp_path / "shop.py"
    lines = shop.read_text(encoding="utf-8").splitlines()
    lines[line - 1 : line] = [text]
    shop.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _age(shop)
    check([str(tmp_path)], config)
    assert judged == wanted


def test_the_example_has_edits() -> None:
    assert len(_edits_of_the_example()) == 3


def test_each_folder_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", _text_of(HOW).partition("## The folders")[2], re.MULTILINE)
    table = rows[: rows.index("cli") + 1]
    folders = {path.name for path in (ROOT / "conclint").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert set(table) == folders
    assert len(table) == len(folders)


def test_the_names_of_the_page_are_those_of_the_code() -> None:
    """Classes, constants, and files that it names exist."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "conclint").rglob("*.py")}
    code = "\n".join(sources.values())
    page = re.sub(r"^```.*?^```$", "", _text_of(HOW), flags=re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"`(_?[A-Z]\w+)`", page)) - {"PYTHONPATH", "None", "Parallel"}
    assert len(names) > 30
    examples = {title for _, title, _ in _blocks(HOW) if title}
    missing = {name for name in names if not re.search(rf"^(class )?{name}\b", code, re.MULTILINE)}
    assert missing == set()
    for path in re.findall(r"`([\w/]+\.py)`", page):
        assert any(file.as_posix().endswith(f"/{path}") for file in sources) or path in examples, path
    glossary = page.partition("## Glossary")[2].partition("## Invariants")[0]
    modules = {path.stem for path in sources}
    for word in re.findall(r"`([a-z]+_[a-z_]+)`", glossary):
        assert word in modules or re.search(rf"def {word}\b", code), word


def test_the_flow_is_drawn(site: Site) -> None:
    page = (site.folder / "how-it-works/index.html").read_text(encoding="utf-8")
    assert '<pre class="mermaid">' in page


def _assert_prints(block: str, folder: Path) -> None:
    prompt, _, wanted = block.partition("\n")
    command = shlex.split(prompt.removeprefix("$ "))
    assert command[0] == "conclint"
    assert run_conclint(folder, *command[1:], "--no-cache").stdout.strip() == wanted.strip()


def test_every_command_shown_exists() -> None:
    """Words after `conclint` are commands and options of the program, in blocks and in the text."""
    shown = [
        line
        for language in ("sh", "yaml", "console")
        for _, body in _all_blocks(language)
        for line in body.splitlines()
    ]
    shown += [code for page in PAGES for code in re.findall(r"`(conclint [^`]+)`", _text_of(page))]
    seen = 0
    for line in shown:
        for words in re.findall(r"(?:^|run: |- |\$ )conclint ([^#\n]*)", line):
            options = re.findall(r"(?<!\S)(--[a-z-]+)", words)
            name = words.split()[0] if words.split() else ""
            command = cli.commands.get(name, cli.commands["check"])
            if isinstance(command, click.Group):
                command = command.commands.get("".join(words.split()[1:2]), command)
            known = {word for option in command.params for word in option.opts} | {"--help", "--version"}
            assert set(options) <= known, line
            seen += 1
    assert seen > 30


@pytest.mark.parametrize("page", [page for page in PAGES if "[tool.conclint]" in _text_of(page)])
def test_configurations_shown_are_valid(page: str, tmp_path: Path) -> None:
    for language, _, body in _blocks(page):
        if language == "toml" and "tool.conclint" in body:
            file = tmp_path / "pyproject.toml"
            file.write_text(body, encoding="utf-8")
            assert read_table(file, required=True) is not None


def test_rules_options_are_valid(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    for path, text in made_pages().items():
        for _, language, _, body in FENCE.findall(text):
            if path.startswith("rules/CON") and language == "toml" and "tool.conclint" in body:
                file.write_text(body, encoding="utf-8")
                assert read_table(file, required=True) is not None


def test_workflows_shown_are_what_the_services_take() -> None:
    """Parsed, and with the keys that the services ask for."""
    github = [_yaml(body) for _, title, body in _blocks("integrations.md") if "workflows" in title]
    assert len(github) >= 2
    for workflow in github:
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        used = [step for step in steps if step.get("uses", "").startswith("conclint/conclint@")]
        assert used or any("conclint" in step.get("run", "") for step in steps)
        for step in used:
            assert step["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()
        uploads = [step for step in steps if "upload-sarif" in step.get("uses", "")]
        if uploads:
            assert workflow["permissions"]["security-events"] == "write"
            run = next(step["run"] for step in steps if "sarif:" in step.get("run", ""))
            assert f"sarif:{uploads[0]['with']['sarif_file']}" in run
    (gitlab,) = [_yaml(body) for _, title, body in _blocks("integrations.md") if "gitlab" in title]
    report = gitlab["conclint"]["artifacts"]["reports"]["codequality"]
    assert f"gitlab:{report}" in gitlab["conclint"]["script"][-1]


def test_hooks_shown_are_offered() -> None:
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    shown = re.findall(r"- id: ([\w-]+)", _text_of("integrations.md"))
    assert set(shown) == offered


def _yaml(text: str) -> Any:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def test_the_library_of_the_contributors_page_works(tmp_path: Path) -> None:
    """Its file, as it stands on the page, makes the coroutine of the page's story a finding."""
    (facts,) = [body for _, title, body in _blocks("contributing.md") if title.startswith("conclint/catalog")]
    (tmp_path / "facts.toml").write_text(facts, encoding="utf-8")
    (tmp_path / "conclint.toml").write_text('catalog-files = ["facts.toml"]\n', encoding="utf-8")
    (tmp_path / "shop.py").write_text(
        "import shopware\n\n\nasync def f():\n    return shopware.Client().products()\n", encoding="utf-8"
    )
    done = run_conclint(tmp_path, "--output-format=concise", "--no-cache")
    assert done.stdout.startswith("shop.py:5:12: CON101 ")
    assert "shopware.Client.products" in done.stdout


def test_the_rule_of_the_contributors_page_is_a_row() -> None:
    (row,) = [body for _, _, body in _blocks("contributing.md") if body.startswith("[[rules]]")]
    fields = dict(re.findall(r'^(\w+) = "(.*)"$', row, re.MULTILINE))
    rule = Rule(**fields)
    assert rule.code not in {known.code for known in all_rules()}
    assert rule.cell in {known.cell for known in all_rules()}
