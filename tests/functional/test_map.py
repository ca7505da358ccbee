"""`conclint map`: which functions run on which models, who brings them there, and what they do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from conclint.cli.main import cli
from conclint.model.concurrency_map import ConcurrencyMap, MapEdge, MapFunction, MapProblem
from conclint.report.map_graph import MOST_MERMAID_ARROWS, MOST_MERMAID_CHARACTERS, render_mermaid

ROOT = Path(__file__).parents[2]
FILES = {
    "app/__init__.py": "",
    "app/views.py": """
import asyncio
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from app.work import crunch, load, shared, twice

async def index(user):
    shared()
    await asyncio.to_thread(load, user)
    return await page(user)

async def page(user):
    return twice(shared)

def report(numbers):
    shared()
    with ProcessPoolExecutor() as pool:
        return list(pool.map(crunch, numbers))

def main():
    with ThreadPoolExecutor() as pool:
        pool.submit(report, [1])

def unreached():
    shared()
""",
    "app/work.py": """
import time

def shared():
    return helper()

def helper():
    return helper() if time.time() else 1

def twice(function):
    return function(), function()

def load(user):
    time.sleep(1)
    helper()

def crunch(n):
    total = 0
    for i in range(50_000_000):
        total += i * i
    return total
""",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["map", "--no-cache", *words])


def document(*words: str) -> dict[str, Any]:
    result = run("--output-format", "json", *words)
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def models(*words: str) -> dict[str, dict[str, str | None]]:
    return {
        item["symbol"].removeprefix("app."): {model["model"]: model["from"] for model in item["models"]}
        for item in document(*words)["functions"]
    }


def test_models_travel_down_calls_and_begin_anew_at_placements(project: Path) -> None:
    found = models()
    assert found["views.index"] == {"event_loop": None}
    assert found["work.load"] == {"thread": "app.views.index"}
    assert found["views.report"] == {"thread": "app.views.main"}
    assert found["work.crunch"] == {"process": "app.views.report"}
    assert set(found["work.shared"]) == {"event_loop", "thread"}
    assert set(found["work.helper"]) == {"event_loop", "thread"}


def test_a_function_passed_along_runs_where_it_is_called(project: Path) -> None:
    edges = {(edge["caller"], edge["callee"], edge["kind"]) for edge in document()["edges"]}
    assert ("app.work.twice", "app.work.shared", "call") in edges
    assert ("app.views.index", "app.views.page", "await") in edges
    assert ("app.views.index", "app.work.load", "place") in edges


def test_only_what_is_reached_unless_all_is_wanted(project: Path) -> None:
    assert "views.unreached" not in models()
    assert models("--all")["views.unreached"] == {}


def test_effects_with_their_causes(project: Path) -> None:
    effects = {item["symbol"]: item["effects"] for item in document()["functions"]}
    assert effects["app.work.load"] == [{"kind": "waits", "family": "sleep", "cause": "time.sleep"}]
    assert {"kind": "computes_gil", "family": "compute", "cause": "app.work.crunch"} in effects[
        "app.work.crunch"
    ]


def test_around_one_symbol_its_callers_and_callees(project: Path) -> None:
    text = run("--symbol", "shared").stdout
    above, below = text.split("leads to:")
    assert above.splitlines()[0] == "app.work.shared (app/work.py:4)"
    assert "runs on: event loop" in above
    assert {"app.views.index", "app.views.report", "app.views.unreached", "app.work.twice"} <= set(
        re.findall(r"app\.\w+\.\w+", above)
    )
    assert below.strip().startswith("app.work.helper ")


@pytest.mark.parametrize(
    ("symbol", "says"),
    [("crunsh", "no such function: 'crunsh'"), ("nothing.at.all", "no such function")],
)
def test_a_symbol_that_is_not_there(project: Path, symbol: str, says: str) -> None:
    result = run("--symbol", symbol)
    assert result.exit_code == 2
    assert says in result.output


def test_an_ambiguous_symbol_lists_what_it_may_mean(project: Path) -> None:
    (project / "app/more.py").write_text("def load(): ...\nasync def f(): load()\n")
    result = run("--symbol", "load")
    assert result.exit_code == 2
    assert "app.more.load" in result.output
    assert "app.work.load" in result.output


def test_dot_and_mermaid_draw_each_function_and_each_arrow_once(project: Path) -> None:
    functions = document()["functions"]
    edges = {(edge["caller"], edge["callee"], edge["by"]) for edge in document()["edges"]}
    dot, mermaid = (run("--output-format", kind).stdout for kind in ("dot", "mermaid"))
    assert dot.startswith("digraph conclint {")
    assert dot.count("{") == dot.count("}")
    assert len(re.findall(r"^      n\d+ \[label=", dot, re.MULTILINE)) == len(functions)
    assert len(re.findall(r"^  n\d+ -> n\d+", dot, re.MULTILINE)) == len(edges)
    assert mermaid.startswith("flowchart LR\n")
    assert len(re.findall(r'^    n\d+\["', mermaid, re.MULTILINE)) == len(functions)
    assert len(re.findall(r"^  n\d+ -", mermaid, re.MULTILINE)) == len(edges)
    for text in (dot, mermaid):
        assert "asyncio.to_thread" in text
        assert {
            model for model in ("event loop", "threads", "processes", "several models") if model in text
        } == {
            "event loop",
            "threads",
            "processes",
            "several models",
        }


BLOCKED = """
import time

async def waits():
    return step()

def step():
    return root()

def root():
    time.sleep(1)

async def fine():
    return quick()

def quick():
    return 1
"""


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(BLOCKED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_reported_is_marked(blocked: Path) -> None:
    found = {item["symbol"]: item["problems"] for item in document()["functions"]}
    assert found.pop("shop.waits") == [{"code": "CON102", "line": 5, "cause": "time.sleep"}]
    assert set(found) == {"shop.step", "shop.root", "shop.fine", "shop.quick"}
    assert not any(found.values())
    assert "      finding: CON102 time.sleep (line 5)\n" in run().stdout
    assert run().stdout.endswith("5 functions: 5 on the event loop; 1 finding.\n")

    dot, mermaid = (run("--output-format", kind).stdout for kind in ("dot", "mermaid"))
    (number,) = re.findall(r'^      n(\d+) \[label="waits\\nCON102 time.sleep" fillcolor=', dot, re.MULTILINE)
    assert dot.count("penwidth=2") == 2
    assert f"  class n{number} bad\n" in mermaid
    assert re.search(r"linkStyle \d+,\d+ stroke:", mermaid)


def test_only_problems(blocked: Path) -> None:
    assert set(models("--only-findings")) == {"shop.waits", "shop.step", "shop.root"}
    assert "shop.fine" not in run("--only-findings", "--symbol", "shop.step").stdout
    (blocked / "shop.py").write_text(BLOCKED.replace("time.sleep(1)", "pass"))
    assert run("--only-findings").stdout == "0 functions.\n"


@pytest.mark.parametrize(
    ("words", "symbols"),
    [
        (["--depth=0"], {"waits", "fine"}),
        (["--depth=1"], {"waits", "fine", "step", "quick"}),
        (["--depth=1", "--only-findings"], {"waits", "step"}),
        (["--depth=1", "--symbol=root"], {"root", "step"}),
        (["--depth=0", "--symbol=root"], {"root"}),
    ],
)
def test_depth_counts_calls(blocked: Path, words: list[str], symbols: set[str]) -> None:
    assert {symbol.removeprefix("shop.") for symbol in models(*words)} == symbols


def test_the_page_has_the_picture_of_its_example() -> None:
    page = (ROOT / "docs/map.md").read_text("utf-8")
    (shown,) = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    example = ROOT / "fixtures/callgraph/helpers/three_files"
    assert run("--only-findings", "--output-format", "mermaid", str(example)).stdout == shown


def test_the_map_goes_to_a_file(blocked: Path) -> None:
    result = run("--output-format", "dot", "-o", "map.dot")
    assert (result.exit_code, result.output) == (0, "")
    assert (blocked / "map.dot").read_text() == run("--output-format", "dot").stdout
    result = run("--output-file", "nowhere/map.dot")
    assert result.exit_code == 2
    assert "nowhere/map.dot: cannot be written: there is no folder" in result.output


def test_mermaid_gets_no_more_than_it_draws() -> None:
    """Functions with findings come first, then what is nearest to them."""
    names = [f"app.module{number}.function" for number in range(2_000)]
    found = ConcurrencyMap(
        tuple(
            MapFunction(name, f"{name}.py", 1, is_coroutine=False, models=(), effects=()) for name in names
        ),
        tuple(MapEdge(*pair, "call", "", "", 1) for pair in pairwise(names)),
    )
    bad = replace(found.functions[1_000], problems=(MapProblem(3, "CON101", "requests.get"),))
    functions = (*found.functions[:1_000], bad, *found.functions[1_001:])
    drawn = render_mermaid(replace(found, functions=functions))
    shown = [int(number) for number in re.findall(r'\["module(\d+)\.', drawn.text)]
    assert len(shown) == 2_000 - drawn.left_out
    assert len(drawn.text) <= MOST_MERMAID_CHARACTERS
    assert drawn.text.count("-->") == MOST_MERMAID_ARROWS
    assert shown == list(range(750, 1_251))


def test_the_same_map_whatever_the_order_of_the_paths(project: Path) -> None:
    assert run("app/work.py", "app/views.py").stdout == run("app/views.py", "app/work.py").stdout


def test_a_broken_file_is_named_and_the_rest_is_shown(project: Path) -> None:
    (project / "app/broken.py").write_text("async def (:\n")
    result = run()
    assert result.exit_code == 0
    assert "app/broken.py:1:" in result.stderr
    assert "app.views.index" in result.stdout


CALLS = """
import json

def helper():
    return json.dumps({})

def outer():
    return helper()

RESULT = outer()
"""


def test_everything_is_the_call_graph(tmp_path: Path) -> None:
    """Modules call, no coroutine need be on the way, and libraries are there when asked for."""
    (tmp_path / "graph.py").write_text(CALLS)
    options = ["map", "--all", "--no-cache", "--output-format", "json", str(tmp_path)]
    schema = json.loads((ROOT / "docs/map.schema.json").read_text("utf-8"))
    for extra, outside in (([], []), (["--externals"], [("graph.helper", "json.dumps")])):
        found = json.loads(CliRunner().invoke(cli, [*options, *extra]).stdout)
        jsonschema.Draft202012Validator(schema).validate(found)
        inside = [("graph", "graph.outer"), ("graph.outer", "graph.helper")]
        assert sorted((edge["caller"], edge["callee"]) for edge in found["edges"]) == sorted(inside + outside)


NESTED = """
async def main():
    func(param_func)

def nested():
    pass

def param_func(a):
    a()

def func(a):
    a(nested)
"""


def test_a_parameter_is_called_by_the_function_that_calls_it(tmp_path: Path) -> None:
    (tmp_path / "graph.py").write_text(NESTED)
    options = ["map", "--all", "--no-cache", "--output-format", "json", str(tmp_path)]
    found = json.loads(CliRunner().invoke(cli, options).stdout)
    assert sorted((edge["caller"], edge["callee"]) for edge in found["edges"]) == [
        ("graph.func", "graph.param_func"),
        ("graph.main", "graph.func"),
        ("graph.param_func", "graph.nested"),
    ]
