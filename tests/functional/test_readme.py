"""What the README tells a newcomer to do, in its own words: install, a first run, flake8, a baseline. Its
pre-commit block is run in `test_pre_commit`, its commands for contributors by `.ci/run`."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest

from harness.published import ADDRESS, ROOT, publish
from programs_on_disk import git, run_conclint

README = (ROOT / "README.md").read_text("utf-8")
A_MINUTE = 60


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands(section: str, program: str) -> list[list[str]]:
    """The commands of this program in the section, without their comments."""
    text = README.partition(f"## {section}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [line[1:] for line in lines if line[0] == program]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The project of the README's example."""
    for body in blocks("python"):
        name = re.match(r"# (\S+\.py)\n", body)
        if name is not None:
            file = tmp_path / name[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(body, encoding="utf-8")
    return tmp_path


def test_the_first_run_prints_what_is_shown(shop: Path) -> None:
    (block,) = blocks("console")
    prompt, _, wanted = block.partition("\n")
    assert run_conclint(shop, *shlex.split(prompt)[2:], "--no-cache").stdout.strip() == wanted.strip()


def test_with_a_baseline_only_what_is_new_is_reported(shop: Path) -> None:
    plan, write, only_new = commands("Adopt it", "conclint")
    assert "shop.api.total (shop/api.py:11)" in run_conclint(shop, *plan).stdout
    assert run_conclint(shop, *write).returncode == 0
    assert run_conclint(shop, *only_new).returncode == 0
    (shop / "shop/pause.py").write_text("import time\n\n\nasync def pause():\n    time.sleep(1)\n")
    found = run_conclint(shop, *only_new)
    assert found.returncode == 1
    assert "shop/pause.py:5:5: CON102" in found.stdout
    assert "shop/api.py" not in found.stdout


def test_it_is_installed_and_finds_within_a_minute(
    shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Into an environment of its own, from a bare repository in the place of the published one. Only what
    conclint depends on is borrowed from the environment of the tests."""
    folder = tmp_path_factory.mktemp("newcomer")
    publish(folder / "work")
    git(folder, "clone", "--quiet", "--bare", str(folder / "work"), str(folder / "conclint.git"))
    venv.create(folder / "venv", symlinks=True)
    scheme = sysconfig.get_preferred_scheme("prefix")
    where = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    packages = Path(sysconfig.get_path("purelib", scheme, where))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    programs = Path(sysconfig.get_path("scripts", scheme, where))
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(folder / 'conclint.git').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # which means that there is none
        "PIP_NO_INDEX": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    environment.pop("PYTHONPATH", None)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=shop, env=environment, capture_output=True, text=True, check=False)

    started = time.monotonic()
    (install,) = commands("Install", "pip")
    pip = (sys.executable, "-m", "pip", "--python", str(programs / "python"))
    installed = run(*pip, *install, "--quiet", "--force-reinstall")
    assert installed.returncode == 0, installed.stderr
    assert (packages / "conclint/py.typed").exists()
    found = run(str(programs / "conclint"), "shop", "--output-format=json")
    assert found.returncode == 1, found.stderr
    assert [(item["path"], item["line"], item["code"]) for item in json.loads(found.stdout)] == [
        ("shop/api.py", 11, "CON101")
    ]
    assert time.monotonic() - started < A_MINUTE

    linted = run(str(programs / "python"), "-m", "flake8", "--isolated", "--select=CON", "shop")
    assert linted.returncode == 1, linted.stderr
    assert linted.stdout.startswith("shop/api.py:11:30: CON101 ")


def test_every_way_in_names_the_same_repository() -> None:
    ways = [*commands("Install", "pip"), *commands("Install", "pipx"), *commands("Install", "uvx")]
    assert len(ways) == 3
    assert all(f"git+{ADDRESS}" in way for way in ways)
    assert shutil.which("git") is not None
