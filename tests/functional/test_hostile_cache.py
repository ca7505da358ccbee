"""A project that is somebody else's: what it says of the cache, and what it ships as one, decides nothing,
and no file that conclint has not written is removed."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from conclint import __version__
from conclint.catalog.loader import read_toml
from conclint.catalog.tables import CatalogError
from conclint.config.file import read_table
from conclint.config.settings import ConfigError, load_config
from conclint.files.sealing import VARIABLE, user_key
from conclint.replay import Recording, encode, file_name, today
from conclint.run.pipeline import check
from conclint.store.cache import Cache, Space, content_hash
from conclint.suppress.baseline import BaselineError, read_baseline
from harness.command import Done, conclint
from programs_on_disk import store_with

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and owners are another matter there")

APP = "import time\n\nasync def main():\n    time.sleep(1)\n"
QUIET = "x = 1\n"
ESCAPES = b"\x1b[2Jall is well\n"
FOLDER = ".conclint_cache"
ATTACKER = "what the attacker calls a key"


class Run:
    """A command in a project, by a user whose home is a folder of the test."""

    def __init__(self, tmp_path: Path) -> None:
        self.project = tmp_path / "above" / "project"
        self.home = tmp_path / "home"
        self.home.mkdir()
        (self.project / "pkg").mkdir(parents=True)
        (self.project / "pyproject.toml").write_text('[tool.conclint]\nmin-confidence = "low"\n')
        (self.project / "app.py").write_text(APP)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in (VARIABLE, "XDG_CACHE_HOME", "FORCE_COLOR")
        }
        self.environment["HOME"] = str(self.home)

    def __call__(self, *arguments: str, key: str = "") -> Done:
        return conclint(*arguments, cwd=self.project, env={**self.environment, VARIABLE: key})

    def started(self, *arguments: str) -> Done:
        """The command in a process of its own, which may take all memory there is."""
        return subprocess.run(
            [sys.executable, "-m", "conclint", *arguments],
            cwd=self.project,
            env={**self.environment, VARIABLE: ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def finds(self, *arguments: str, run: Callable[..., Done] | None = None) -> None:
        """The finding is reported, whatever lies about."""
        done = (run or self)(*arguments)
        assert (done.returncode, done.stdout.count("CON1")) == (1, 1), done
        assert "\x1b" not in done.stdout + done.stderr


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def old_files(folder: Path) -> list[Path]:
    """Files of others that are 40 days old and have endings of ours."""
    files = []
    for name in ("notes.tmp", f"pack-{'0' * 40}.pack", "vm.state", "match.replay", "usage.stats"):
        file = folder / name
        file.write_bytes(b"x")
        os.utime(file, (file.stat().st_mtime - 40 * 86_400,) * 2)
        files.append(file)
    return files


PLACES = [
    ("..", "holds the project's root"),
    (".", "is the project's root"),
    ("", "is the project's root"),
    ("pkg/..", "is the project's root"),
    ("pkg", "is the working folder"),
    ("/", "is the root of the file system"),
    ("HOME", "is the home folder"),
    ("HOME/..", "holds the"),
    ("foreign", "holds what is not conclint's ('match.replay')"),
    ("link", "is a symbolic link"),
    ("link/refs", "lies behind a link"),
    (".git/objects/pack", "lies in a folder of version control"),
    ("app.py", "is not a folder"),
    ("x/" * 3_000 + "y", "has a path of more than 1,000 characters"),
    ("x" * 2_000, "has a path of more than 1,000 characters"),
    ("x/" * 50 + "y", "lies in more than 50 folders that are yet to be made"),
]


@pytest.fixture
def strange(run: Run) -> list[Path]:
    """In the project: folders of others, a link to one, and in each their files."""
    packs = run.project / ".git" / "objects" / "pack"
    packs.mkdir(parents=True)
    (run.project / "foreign").mkdir()
    (run.project / "link").symlink_to(".git")
    folders = (run.project, run.project.parent, run.home, run.project / "foreign", packs)
    return [file for folder in folders for file in old_files(folder)]


def test_a_place_some_folders_down_is_made(run: Run) -> None:
    run.finds("--cache-dir", "x/" * 20 + "y", ".")
    assert (run.project / ("x/" * 20) / "y/CACHEDIR.TAG").is_file()


@pytest.mark.usefixtures("strange")
@pytest.mark.parametrize(("place", "why"), PLACES)
def test_a_place_that_is_not_conclints_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    monkeypatch.setenv("HOME", str(run.home))
    named = place.replace("HOME", str(run.home))
    (run.project / "pyproject.toml").write_text(f'[tool.conclint]\nignore = []\ncache-dir = "{named}"\n')
    with pytest.raises(ConfigError) as raised:
        load_config(["app.py"], cwd=run.project / "pkg")
    text = str(raised.value)
    assert text.startswith(f"{run.project}/pyproject.toml:3: cache-dir: ")
    assert why in text
    assert "\n" not in text and "\0" not in text
    assert load_config(["app.py"], cwd=run.project, options={"use_cache": False}).use_cache is False


def test_there_nothing_is_done_and_nothing_removed(run: Run, strange: list[Path]) -> None:
    before = sorted(run.project.parent.rglob("*"))
    for command in (["."], ["clean"], ["merge", "foreign"], ["--shard=1/2", "."]):
        for place in ("..", "foreign", "x/" * 3_000 + "y"):
            (run.project / "pyproject.toml").write_text(f'[tool.conclint]\ncache-dir = "{place}"\n')
            done = run(*command)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
            assert done.stderr.startswith(f"conclint: error: {run.project}/pyproject.toml:2: ")
    done = run("clean", "--cache-dir", "..")
    assert done.returncode == 2
    assert done.stderr.startswith("conclint: error: --cache-dir: ")
    run.finds("--no-cache", ".")
    assert sorted(run.project.parent.rglob("*")) == before
    assert all(file.exists() for file in strange)


def test_a_link_in_the_caches_own_place_is_not_followed(run: Run) -> None:
    packs = run.project / ".git" / "objects" / "pack"
    packs.mkdir(parents=True)
    kept = old_files(packs)
    (run.project / FOLDER).symlink_to(".git/objects/pack")
    run.finds(".")
    config = load_config(["."], cwd=run.project)
    for number in range(12):  # more than make a cache sweep
        (run.project / "app.py").write_text(APP + "# more\n" * number)
        assert len(check([str(run.project)], config).findings) == 1
    done = run(".")
    assert "warning: no cache: " in done.stderr
    assert "is a symbolic link" in done.stderr
    assert "warning" not in run(".", "--quiet").stderr
    done = run("clean")
    assert done.returncode == 2
    assert "left alone" in done.stderr
    assert sorted(packs.iterdir()) == sorted(kept)


def test_what_lies_in_the_caches_place_keeps_nothing_and_loses_nothing(run: Run) -> None:
    (run.project / FOLDER).mkdir()
    kept = [run.project / FOLDER / "thesis.txt", *old_files(run.project / FOLDER)]
    kept[0].write_text("x")
    run.finds(".")
    (run.project / FOLDER / "\x1b[2J").touch()
    kept.append(run.project / FOLDER / "\x1b[2J")
    done = run(".")
    assert "warning: no cache: " in done.stderr
    assert "\x1b" not in done.stderr
    assert run("clean").returncode == 2
    assert sorted((run.project / FOLDER).iterdir()) == sorted(kept)


def hide(run: Run) -> None:
    """Has the attacker's cache say of the module with the finding what is true of another."""
    key = key_of(ATTACKER)
    quiet = run.project / "quiet.py"
    quiet.write_text(QUIET)
    with Cache(run.project / FOLDER, key=key) as cache:
        store = store_with(cache, 1)
        store.load([str(quiet)])
        store.close()
        for space in (Space.SUMMARY, Space.INDEX):
            blob = cache.get(space, content_hash(QUIET.encode()))
            if blob is None:
                dict(store.indexes([str(quiet)]))
                blob = cache.get(space, content_hash(QUIET.encode()))
            assert blob is not None
            cache.put(space, content_hash(APP.encode()), blob)
    quiet.unlink()


def key_of(given: str) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, given)
        return user_key()


def test_a_shipped_cache_hides_nothing(run: Run) -> None:
    hide(run)
    believing = run(".", key=ATTACKER)
    assert (believing.returncode, believing.stdout.count("CON1")) == (0, 0), "the attack is none"
    run.finds(".")
    run.finds(".")


def test_a_shipped_cache_under_our_names_hides_nothing(run: Run) -> None:
    """Even one who knows what the user's files are called can't write them."""
    run.finds(".")
    ours = next((run.project / FOLDER).glob("*.pack"))
    shutil.rmtree(run.project / FOLDER)
    hide(run)
    theirs = next((run.project / FOLDER).glob("*.pack"))
    theirs.rename(ours)
    run.finds(".")


def plant(run: Run, folder: Path, key: bytes) -> None:
    """A recording that always holds, for a process with that working folder."""
    program = (
        "import sys; from conclint.replay import question_of; sys.stdout.buffer.write(question_of(['.']))"
    )
    question = subprocess.run(
        [sys.executable, "-c", program],
        cwd=run.project,
        env=run.environment,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    recording = Recording(today(), 0, ESCAPES, (), b"", {}, (), ())
    folder.mkdir(exist_ok=True)
    (folder / file_name(key, question)).write_bytes(encode(key, question, recording))


@pytest.mark.parametrize("above", range(3))
def test_a_planted_replay_is_not_printed(run: Run, above: int) -> None:
    folder = [run.project, *run.project.parents][above] / FOLDER
    plant(run, folder, key_of(ATTACKER))
    if above == 0:
        assert run(".", key=ATTACKER).stdout.encode() == ESCAPES, "the attack is none"
    else:
        assert "CON1" in run(".", key=ATTACKER).stdout  # with the key either: it is not the project's
    run.finds(".")


def test_a_replay_of_the_user_elsewhere_is_not_of_this_project(run: Run) -> None:
    """Sealed rightly, for the same command, in a folder above that is no project."""
    run.finds(".")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        patch.delenv("XDG_CACHE_HOME", raising=False)
        patch.setenv("HOME", str(run.home))
        key = user_key(make=False)
    plant(run, run.project.parent / FOLDER, key)
    run.finds(".")


def test_what_was_believed_before_there_were_seals_is_not(run: Run) -> None:
    (run.project / FOLDER).mkdir()
    facts = (2, __version__, sys.hexversion, ["."], str(run.project), [None] * 7, False)
    key = marshal.dumps(facts, 2)
    content = marshal.dumps((key, today(), 0, ESCAPES, (), b"", {}, (), ()), 2)
    old = b"conclint replay\n%08x%s" % (zlib.crc32(content), content)
    (run.project / FOLDER / f"{zlib.crc32(key):08x}.replay").write_bytes(old)
    run.finds(".")


FIVE_BYTES = b"\xa8\xff\xff\xff\x7f"
"""Of these `marshal.loads` makes a tuple of two thousand million items: 16 GB."""


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_bytes(FIVE_BYTES),
        lambda path: path.write_bytes(b"conclint sealed\n" + b"\xff" * 200),
        os.mkfifo,
        os.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.open("wb").truncate(1 << 40),
    ],
    ids=["crafted", "a huge length", "pipe", "folder", "device", "a terabyte"],
)
def test_anything_in_an_entrys_place_is_passed_over(run: Run, put: Callable[[Path], object]) -> None:
    run.finds(".")
    names = [
        path.name for path in (run.project / FOLDER).iterdir() if path.suffix in (".pack", ".state", ".stats")
    ]
    assert len(names) >= 2
    shutil.rmtree(run.project / FOLDER)
    (run.project / FOLDER).mkdir()
    for name in (*names, "0123456789ab-0123456789abcdef.pack"):
        put(run.project / FOLDER / name)
    run.finds(".", run=run.started)


@pytest.mark.parametrize("kind", ["pipe", "device", "huge"])
def test_files_that_never_end_are_refused_at_once(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "given"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as stream:
            stream.truncate(1 << 40)
    for read in (read_baseline, read_toml, partial(read_table, required=True)):
        with pytest.raises(
            (BaselineError, CatalogError, ConfigError), match="cannot be read: it is "
        ) as raised:
            read(file)
        assert ("larger than" if kind == "huge" else "not a regular file") in str(raised.value)


def test_a_baseline_that_never_ends_is_one_line(run: Run) -> None:
    os.mkfifo(run.project / "known.json")
    done = run(".", "--baseline=known.json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert "known.json: cannot be read: it is not a regular file" in done.stderr


def test_without_a_home_there_is_no_cache(run: Run) -> None:
    run.environment["HOME"] = "/proc/none"
    run.finds(".")
    assert not (run.project / FOLDER).exists()
    assert "no cache: there is no key to seal it with" in run(".", "--verbose").stderr
    assert run("--shard=1/1").returncode == 2
    done = run(".", key="a key for this run of it")
    assert done.returncode == 1
    assert (run.project / FOLDER).exists()


def test_a_key_that_can_be_guessed_is_wrong_usage(run: Run) -> None:
    done = run(".", key="guessed")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conclint: error: CONCLINT_CACHE_KEY must have at least 16 characters\n"


def test_a_cache_that_is_carried_between_machines_is_sealed_with_their_key(run: Run) -> None:
    secret = "the key that all jobs are given"
    assert run(".", key=secret).returncode == 1
    (prefix,) = {path.name[:12] for path in (run.project / FOLDER).glob("*.pack")}
    run.environment["HOME"] = str(run.home / "of another machine")
    assert run(".", key=secret).returncode == 1
    assert {path.name[:12] for path in (run.project / FOLDER).glob("*.pack")} == {prefix}


def test_what_is_merged_is_believed_and_what_is_impossible_is_not(run: Run) -> None:
    assert run("--shard=1/1", "--cache-dir=shard", key="the key of another machine").returncode == 0
    done = run("merge", "shard")
    assert (done.returncode, done.stderr.startswith("conclint: 2 new entries")) == (0, True), done
    pack = next((run.project / "shard").glob("*.pack"))
    data = pack.read_bytes()
    for changed in (data[:60], data[:-1], data[:90] + b"\xff" * 8 + data[98:], b"x" * 200):
        pack.write_bytes(changed)
        done = run("merge", "shard")
        assert done.returncode in (0, 2)
        assert done.stderr.count("\n") == 1
        assert "internal" not in done.stderr
    run.finds(".")
