"""`conclint catalog`: what is known, where from, and what to use instead."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conclint.catalog.facts import EffectKind
from conclint.catalog.loader import read_file, shipped_files
from conclint.cli.main import cli
from conclint.model.execution import Family

read_once = cache(read_file)


@pytest.fixture(autouse=True)
def _shipped_files_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the commands here reads them all, which takes a second."""
    monkeypatch.setattr("conclint.report.catalog_list.read_file", read_once)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without a configuration."""
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["catalog", *arguments])


def entries(*arguments: str) -> dict[str, dict[str, object]]:
    result = run(*arguments, "--output-format", "json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    named = {entry["name"]: entry for entry in found}
    assert len(named) == len(found)
    return named


def test_json_holds_every_entry() -> None:
    found = entries()
    stated = [fact for path in shipped_files() for fact in read_once(path).functions.values()]
    for path in shipped_files():
        for cls in read_once(path).classes.values():
            stated.extend(cls.methods.values())
    assert set(found) == {fact.name for fact in stated}
    assert len(found) >= 1200
    assert len({entry["library"] for entry in found.values()}) >= 90
    for entry in found.values():
        assert list(entry) == ["name", "library", "effect", "family", "recommendation", "source"]
        assert EffectKind(entry["effect"])
        assert entry["family"] is None or Family(entry["family"])
        assert entry["source"]
        if entry["effect"] == "waits" and entry["recommendation"] is not None:
            assert entry["family"]
            assert entry["recommendation"]


def test_json_recommends_what_fits() -> None:
    found = entries()
    assert found["requests.get"] == {
        "name": "requests.get",
        "library": "requests",
        "effect": "waits",
        "family": "http",
        "recommendation": ["httpx.AsyncClient.get", "aiohttp.ClientSession.get"],
        "source": "https://requests.readthedocs.io/en/latest/api/",
    }
    assert found["shutil.copytree"]["recommendation"] == ["asyncio.to_thread"]
    assert found["copy.deepcopy"]["recommendation"] == ["concurrent.futures.ProcessPoolExecutor"]
    assert found["requests.Session.close"]["recommendation"] is None


def test_a_function() -> None:
    output = run("queue.Queue.get").output
    assert output.startswith("queue.Queue.get: waits (queues)\n")
    assert "  not where: block = False or timeout = 0\n" in output
    assert "  use instead: asyncio.Queue.get\n" in output
    assert "    under trio: trio." in output
    assert "  source: https://docs.python.org/3/library/queue.html\n" in output


def test_another_name_of_the_same_thing() -> None:
    assert run("requests.api.get").output.startswith(
        "requests.api.get: waits (http) (stated as requests.get)\n"
    )
    assert run("open").output.startswith("builtins.open: waits (files)\n")


def test_an_inherited_method() -> None:
    output = run("queue.LifoQueue.get").output
    assert output.startswith("queue.LifoQueue.get: waits (queues) (stated as queue.Queue.get)\n")


def test_a_class_with_what_it_inherits() -> None:
    output = run("queue.LifoQueue").output
    assert output.startswith("queue.LifoQueue: class\n")
    assert "  inherits: queue.Queue\n" in output
    assert "queue.Queue.put" in output
    assert "queue.Queue.get" in entries("queue.LifoQueue")


def test_a_library_and_a_module() -> None:
    assert run("requests").output.startswith(f"requests: {len(entries('requests'))} callables\nsource: ")
    below = entries("urllib.request")
    assert below
    assert all(name.startswith("urllib.request.") for name in below)


def test_the_libraries() -> None:
    output = run().output
    assert "\nrequests " in output
    assert output.splitlines()[-1].endswith("`conclint catalog NAME` says more")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("reqests.get", "; did you mean requests.get"),
        ("nobody.knows.urlopen", "; did you mean "),
        ("wibble", ""),
    ],
)
def test_an_unknown_name(name: str, near: str) -> None:
    result = run(name)
    assert result.exit_code == 1
    assert result.output.startswith(f"conclint: the catalog knows nothing of '{name}'{near}")


def test_the_users_own_facts(tmp_path: Path) -> None:
    (tmp_path / "conclint.toml").write_text(
        """
[[catalog.functions]]
module = "app.db"
names = ["fetch"]
effect = "waits"
family = "database"
instead = ["app.db.fetch_async"]

[[catalog.functions]]
module = "requests"
names = ["get"]
effect = "harmless"
""",
        encoding="utf-8",
    )
    assert run("app.db.fetch").output == (
        "app.db.fetch: waits (database)\n"
        "  library: (your own)\n"
        "  use instead: app.db.fetch_async\n"
        "  source: conclint.toml\n"
    )
    assert run("requests.get").output.startswith(
        "requests.get: neither blocks nor does long-running CPU work\n"
    )


def test_wrong_facts_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "conclint.toml").write_text("[[catalog.functions]]\nnames = ['x']\n", encoding="utf-8")
    result = run("requests.get")
    assert result.exit_code == 2
    assert "conclint.toml: catalog.functions[0].module: is required" in result.output
