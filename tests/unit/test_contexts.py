"""What kind of code a finding is in, who waits, and how bad that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from conclint.config.settings import load_config
from conclint.model.context import Context
from conclint.model.finding import Finding
from conclint.model.severity import Severity
from conclint.run.identities import with_fingerprints
from conclint.run.pipeline import check
from conclint.suppress.baseline import BaselineProject, Entry, compare


def found(folder: Path, files: Mapping[str, str], **options: Any) -> tuple[Finding, ...]:
    """What is found in a project of these files, whatever its severity."""
    for name, text in {"pyproject.toml": '[project]\nname = "p"\n', **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    given = {"use_cache": False, "jobs": 1, "min_severity": Severity.INFO, **options}
    return check([str(folder)], load_config([str(folder)], cwd=folder, options=given)).findings


def one(folder: Path, files: Mapping[str, str], **options: Any) -> Finding:
    (finding,) = found(folder, files, **options)
    return finding


READ = "import time\n\nasync def load():\n    time.sleep(5)\n"


OWN = """
import os
from pathlib import Path

FOLDER = Path("/var/lib/app")

class Store:
    def __init__(self, folder):
        self.folder = folder
        self.index = os.path.join(folder, "index")
        self.log = open(folder)

    async def f(self, name, names):
        {call}

    def read(self, path):
        return open(path).read()
"""


class TestSeverity:
    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("open(self.index).read()", Severity.INFO),
            ("open(os.path.join(self.folder, name), 'w').write(names)", Severity.INFO),
            ("(FOLDER / name).read_text()", Severity.INFO),
            ("self.read(self.index)", Severity.INFO),
            ("self.log.write(name)", Severity.INFO),
            ("open(self.index, 'rb').read()", Severity.INFO),
            ("(FOLDER / name).read_bytes()", Severity.WARNING),
            ("open(name).read()", Severity.WARNING),
            ("self.read(name)", Severity.WARNING),
            ("[open(os.path.join(self.folder, name)).read() for name in names]", Severity.WARNING),
            ("for name in names:\n            self.log.write(name)", Severity.WARNING),
            ("for name in ('a', 'b'):\n            self.read(self.index)", Severity.INFO),
            ("for name in ('a', *names):\n            self.read(self.index)", Severity.WARNING),
            (
                "kept = ['a']\n        kept.extend(names)\n        [self.read(self.index) for _ in kept]",
                Severity.WARNING,
            ),
            ("async for name in names:\n            self.read(self.index)", Severity.INFO),
        ],
    )
    def test_text_that_the_program_keeps_is_info(self, tmp_path: Path, call: str, severity: Severity) -> None:
        shown = found(tmp_path, {"a.py": OWN.replace("{call}", call)})
        assert max(finding.severity for finding in shown) is severity

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("time.sleep(5)", Severity.CRITICAL),
            ("time.sleep(0.2)", Severity.WARNING),
            ("time.sleep(0.0001)", Severity.INFO),
            ("time.sleep(n)", Severity.WARNING),
            ("requests.get(n)", Severity.CRITICAL),
            ("open(n)", Severity.WARNING),
            ("sqlite3.connect('a.db')", Severity.WARNING),
            ("psycopg2.connect(n)", Severity.CRITICAL),
            ("subprocess.run(n)", Severity.CRITICAL),
        ],
    )
    def test_by_the_fact(self, tmp_path: Path, call: str, severity: Severity) -> None:
        imports = "import time, requests, sqlite3, psycopg2, subprocess\n\n"
        finding = one(tmp_path, {"a.py": f"{imports}async def f(n):\n    {call}\n"})
        assert finding.severity is severity

    def test_a_sleep_is_as_long_as_its_constant(self, tmp_path: Path) -> None:
        text = "import time\nPAUSE = 3\n\ndef wait():\n    time.sleep(PAUSE)\n\nasync def f():\n    wait()\n"
        assert one(tmp_path, {"a.py": text}).severity is Severity.CRITICAL

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("ssl.create_default_context()", Severity.WARNING),
            ("ssl.SSLContext().load_verify_locations(n)", Severity.WARNING),
            ("ssl.SSLContext().load_cert_chain(n)", Severity.INFO),
            ("os.listdir(n)", Severity.INFO),
            ("os.walk(n)", Severity.WARNING),
        ],
    )
    def test_by_the_measured_time(self, tmp_path: Path, call: str, severity: Severity) -> None:
        text = f"import os, ssl\n\nasync def f(n):\n    for _ in {call}: pass\n"
        assert max(finding.severity for finding in found(tmp_path, {"a.py": text})) is severity

    @pytest.mark.parametrize(
        ("helper", "severity"),
        [
            ("@cache\ndef text(a=1):\n    return open('a.csv')\n", Severity.WARNING),
            ("@cache\ndef text():\n    return open('a.csv').read()\n", Severity.INFO),
            (
                "@cache\ndef text():\n    return helper()\n\ndef helper():\n    return open('a.csv')\n",
                Severity.INFO,
            ),
            ("def text():\n    return open('a.csv')\n", Severity.WARNING),
            ("@cache\ndef text():\n    return ssl.create_default_context()\n", Severity.WARNING),
            ("@cache\ndef text():\n    return requests.get('a')\n", Severity.CRITICAL),
        ],
    )
    def test_a_file_that_is_opened_once_in_all_is_info(
        self, tmp_path: Path, helper: str, severity: Severity
    ) -> None:
        begin = "import requests, ssl\nfrom functools import cache\n\n"
        files = {"a.py": f"{begin}{helper}\nasync def f():\n    return text()\n"}
        assert max(finding.severity for finding in found(tmp_path, files)) is severity

    @pytest.mark.parametrize(
        ("helper", "severity"),
        [
            ("load(config_file):\n    return open(config_file)", Severity.INFO),
            ("load(p):\n    return open(os.path.join(p, 'app.toml'))", Severity.INFO),
            ("load(p):\n    return (Path(p) / 'settings.json').expanduser().read_text()", Severity.INFO),
            ("load(p):\n    return open(p.settings.path)", Severity.INFO),
            ("load(p):\n    return open(config_path())", Severity.INFO),
            ("load(p):\n    name = 'a.ini' if p else 'b.cfg'\n    return open(name)", Severity.INFO),
            ("load(p):\n    name = 'a.ini' if p else p\n    return open(name)", Severity.WARNING),
            ("load(p):\n    return open(p.config.target)", Severity.INFO),
            ("load(p):\n    return open(p.config.target, 'rb')", Severity.INFO),
            ("load(p):\n    return open(p.target)", Severity.INFO),
            ("load(p):\n    return open(p.split(':')[0])", Severity.WARNING),
            (
                "load(p):\n    with open(MOST, 'rb') as file:\n"
                "        return b''.join(iter(lambda: file.read(MOST), b''))",
                Severity.WARNING,
            ),
            ("load(p):\n    return load_tokens(p)", Severity.INFO),
            ("load(p):\n    return tokens(p)", Severity.WARNING),
            ("load(p):\n    return load_state_dict(p)", Severity.WARNING),
            ("load(p):\n    return read_config_file_of(p)", Severity.INFO),
            ("load(p):\n    return open(place() / p)", Severity.INFO),
            ("load(p):\n    return open(place(p))", Severity.INFO),
            ("load(p):\n    return open(same(p))", Severity.INFO),
            ("load(p):\n    with open(place(p)) as file:\n        return file.read()", Severity.INFO),
            ("load(configured):\n    return open(configured)", Severity.WARNING),
            ("load(p):\n    return open(os.path.join(config_path(), p))", Severity.INFO),
            ("load(p):\n    return open(os.path.join(config_path(), p), 'rb')", Severity.WARNING),
            ("load(p):\n    return open(p.private_key_file)", Severity.INFO),
            ("load(key):\n    return open(key)", Severity.WARNING),
            ("load(certfile):\n    return open(certfile, 'rb')", Severity.INFO),
            ("load(p):\n    return open(Path(p) / '.uiversion', 'rb').read()", Severity.INFO),
            ("load(p):\n    return open('/proc/self/cgroup')", Severity.INFO),
            ("load(p):\n    return open(os.path.join(HERE, 'index.html'))", Severity.INFO),
            ("load(p):\n    return INDEX.read_bytes()", Severity.INFO),
            ("load(p):\n    return (Path(__file__).parent / p).read_bytes()", Severity.WARNING),
            ("load(p):\n    return open(GIVEN)", Severity.INFO),
            ("load(p):\n    return open(GIVEN, 'rb')", Severity.INFO),
            ("load(p):\n    for _ in os.walk(config_path()): pass", Severity.WARNING),
            ("load(p):\n    return (Path(p) / 'manifest.json').read_text()", Severity.INFO),
            ("load(p):\n    return open(p + '.json')", Severity.INFO),
            ("load(p):\n    return open(os.path.join(p, 'rows.csv'))", Severity.WARNING),
            (
                "load(p):\n    with open(p.month, 'w') as file:\n        csv.writer(file).writerows(p)",
                Severity.WARNING,
            ),
            (
                "load(p):\n    with open(GIVEN) as file:\n        return [row for row in csv.reader(file)]",
                Severity.INFO,
            ),
            ("load(p):\n    return read(Path(p) / 'index.html')", Severity.INFO),
            ("load(p):\n    return read(p)", Severity.WARNING),
            ("load(p):\n    return Kept(p).text()", Severity.INFO),
            ("load(p):\n    return open(p or 'tokens.json')", Severity.INFO),
            ("load(p):\n    return Held(p)", Severity.WARNING),
            ("load(p):\n    return open(p or 'rows.csv')", Severity.WARNING),
            ("load(state_path):\n    return open(Path(state_path).with_suffix('.new'))", Severity.INFO),
            ("load(p):\n    with open(p, 'rb') as file:\n        return file.read(64 * 1024)", Severity.INFO),
            ("load(p):\n    with open(p, 'rb') as file:\n        return file.read()", Severity.WARNING),
            ("load(p):\n    with open(p, 'rb') as file:\n        return file.read(MOST + 1)", Severity.INFO),
            ("load(p):\n    with open(p, 'rb') as file:\n        return file.readlines(MOST)", Severity.INFO),
            ("load(p):\n    with open(p, 'rb') as file:\n        return file.read(p.size)", Severity.WARNING),
            ("load(p):\n    return list(Path(p).glob('*.txt'))", Severity.INFO),
            ("load(p):\n    return list(Path(p).glob('**/*.txt'))", Severity.WARNING),
            ("load(p):\n    for each in p:\n        open(os.path.join(each, 'app.toml'))", Severity.WARNING),
        ],
    )
    def test_a_small_file_is_info(self, tmp_path: Path, helper: str, severity: Severity) -> None:
        begin = """import csv
import os
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
INDEX = Path(__file__).parent / "data" / "index.html"
GIVEN = os.environ["DATA"]
MOST = 1 << 16

def config_path():
    return os.environ["A"]

def place(name="a"):
    return os.path.join(os.environ["B"], name)

def same(name):
    return Path(name)

def load_tokens(path):
    return Path(path).read_bytes()

def tokens(path):
    return Path(path).read_bytes()

def load_state_dict(path):
    return Path(path).read_bytes()

def read_config_file_of(path):
    return Path(path).read_bytes()

def read(path):
    return open(path).read()

class Held:
    def __init__(self, path):
        self.file = open(path)

class Kept:
    def __init__(self, folder):
        self.folder = Path(folder)

    @property
    def page(self):
        return self.folder / "page.html"

    def text(self):
        return self.page.read_text()

"""
        files = {"a.py": f"{begin}def {helper}\n\nasync def f(p):\n    load(p)\n"}
        assert max(finding.severity for finding in found(tmp_path, files)) is severity

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("open('settings.json')", Severity.INFO),
            ("Path('a.toml').read_text()", Severity.INFO),
            ("open('done')", Severity.INFO),
            ("open(p)", Severity.WARNING),
            ("[open(q / 'a.toml') for q in p]", Severity.WARNING),
        ],
    )
    def test_a_file_that_the_coroutine_opens_itself(
        self, tmp_path: Path, call: str, severity: Severity
    ) -> None:
        text = f"from pathlib import Path\n\nasync def f(p):\n    {call}\n"
        assert one(tmp_path, {"a.py": text}).severity is severity

    @pytest.mark.parametrize(
        ("body", "severity"),
        [
            ("with open(p) as f:\n        return json.load(f)", Severity.INFO),
            ("return json.load(open(p))", Severity.INFO),
            ("with open(p) as f:\n        return int(f.readline())", Severity.INFO),
            ("with open(p) as f:\n        await client.post(q, files={'f': f})", Severity.INFO),
            ("with open(p) as f:\n        return [row for row in csv.reader(f)]", Severity.WARNING),
            ("with open(p) as f:\n        return [json.loads(line) for line in f]", Severity.WARNING),
            ("with open(p) as f:\n        for _ in range(q):\n            f.readline()", Severity.WARNING),
            ("with open(p) as f:\n        return use(f)", Severity.WARNING),
            ("with open(p) as f:\n        return json.loads(f.read())", Severity.INFO),
            ("with open(p) as f:\n        return json.loads(f.read()[q:])", Severity.WARNING),
            ("text = Path(p).read_text()\n    return json.loads(text)", Severity.INFO),
            ("text = Path(p).read_text()\n    return json.loads(text), text", Severity.WARNING),
            ("return Path(p).read_text().strip()", Severity.INFO),
            ("return int(Path(p).read_text().splitlines()[0])", Severity.INFO),
            ("return Path(p).read_text().splitlines()[q]", Severity.WARNING),
            ("return base64.b64encode(Path(p).read_bytes())", Severity.WARNING),
            ("return json.loads(Path(p).read_bytes().decode())", Severity.INFO),
            ("Path(p).write_text(json.dumps(q) + '\\n')", Severity.INFO),
            ("Path(p).write_text(str(os.getpid()))", Severity.INFO),
            ("Path(p).write_text(q)", Severity.WARNING),
            ("with open(p, 'a') as f:\n        f.write(q)\n        f.flush()", Severity.INFO),
            ("with open(p, 'a') as f:\n        f.writelines(q)", Severity.WARNING),
            ("with open(p, 'a') as f:\n        for row in q:\n            f.write(row)", Severity.WARNING),
            ("with open(p, 'w') as f:\n        f.write(json.dumps(q))", Severity.INFO),
            ("f = open(p)\n    json.load(f)\n    return f", Severity.WARNING),
            ("for item in p:\n        json.load(open(item))", Severity.WARNING),
            ("await asyncio.to_thread(print)\n    open(p).read()", Severity.INFO),
            ("await asyncio.sleep(1)\n    open(p).read()", Severity.WARNING),
            ("shutil.move(p + '.part', p)", Severity.INFO),
            (
                "data = await client.get(q)\n    with open(p, 'wb') as f:\n        f.write(data.content)",
                Severity.INFO,
            ),
            ("Path(p).write_bytes(base64.b64decode(await q()))", Severity.INFO),
            ("save(p, await q())", Severity.INFO),
            ("Path(p).write_bytes(q)", Severity.WARNING),
            ("with open(p, 'wb') as f:\n        f.write(q)", Severity.WARNING),
            (
                "with open(p, 'wb') as f:\n        async for part in q:\n            f.write(await part)",
                Severity.WARNING,
            ),
            ("shutil.move(p, os.path.splitext(p)[0])", Severity.INFO),
            ("shutil.move(q, p)", Severity.WARNING),
            ("shutil.copy(q, p)", Severity.WARNING),
            ("shutil.copy('a', p)", Severity.INFO),
            ("shutil.copytree('a', p)", Severity.WARNING),
            ("return os.open(p, q)", Severity.INFO),
            ("with zipfile.ZipFile(p) as z:\n        return z.read('index.json')", Severity.INFO),
            ("with zipfile.ZipFile(p) as z:\n        z.extractall(q)", Severity.WARNING),
            ("with tempfile.NamedTemporaryFile() as f:\n        f.write(q)", Severity.INFO),
        ],
    )
    def test_what_is_done_with_a_file(self, tmp_path: Path, body: str, severity: Severity) -> None:
        imports = (
            "import asyncio, base64, csv, json, os, shutil, tempfile, zipfile\nfrom pathlib import Path\n"
        )
        imports += "from treq import client\n\ndef save(p, data):\n    Path(p).write_bytes(data)\n\n"
        text = f"{imports}def use(f):\n    return f.read()\n\nasync def f(p, q):\n    {body}\n"
        shown = found(tmp_path, {"a.py": text})
        assert max(finding.severity for finding in shown) is severity

    @pytest.mark.parametrize(
        ("method", "severity"),
        [
            ("put(self, p):\n        open(p)", Severity.WARNING),
            ("setup(self, p):\n        open(p)", Severity.INFO),
            ("close(self, p):\n        open(p)", Severity.INFO),
            ("connect(self, p):\n        shutil.rmtree(p)", Severity.INFO),
            ("connect(self, p):\n        shutil.copytree(p, p + 'b')", Severity.WARNING),
            ("setup(self, p):\n        requests.get(p)", Severity.CRITICAL),
            ("close(self, p):\n        self.pool.shutdown()", Severity.INFO),
            ("put(self, p):\n        self.pool.shutdown()", Severity.CRITICAL),
            ("put(self, p):\n        if self.text is None:\n            self.text = open(p)", Severity.INFO),
            (
                "put(self, p):\n        if p not in self.kept:\n            self.kept[p] = open(p)",
                Severity.WARNING,
            ),
            ("put(self, p):\n        if time.time() - self.last > 9:\n            open(p)", Severity.INFO),
            (
                "put(self, p):\n        if len(self.rows) > 9:\n            open(p)\n"
                "            self.rows.clear()",
                Severity.INFO,
            ),
            ("put(self, p):\n        if len(self.rows) > 9:\n            open(p)", Severity.WARNING),
            ("put(self, p):\n        if len(p) > 9:\n            open(p)", Severity.WARNING),
        ],
    )
    def test_what_is_done_once_or_now_and_then(self, tmp_path: Path, method: str, severity: Severity) -> None:
        text = f"""
import shutil, time, requests
from concurrent.futures import ThreadPoolExecutor

class Service:
    def __init__(self):
        self.pool = ThreadPoolExecutor()
        self.text, self.kept, self.rows, self.last = None, {{}}, [], 0

    async def {method}
"""
        assert max(finding.severity for finding in found(tmp_path, {"a.py": text})) is severity

    @pytest.mark.parametrize(
        ("body", "severity"),
        [
            ("db.execute('SELECT v FROM kept WHERE k = ?', (k,)).fetchone()", Severity.INFO),
            ("db.execute('SELECT v FROM kept WHERE k = ?', (k,)).fetchall()", Severity.INFO),
            ("db.execute('SELECT v FROM kept').fetchall()", Severity.WARNING),
            ("db.execute('SELECT v FROM kept WHERE k > ?', (k,)).fetchall()", Severity.WARNING),
            ("db.execute('SELECT COUNT(*) FROM kept WHERE v = ?', (k,))", Severity.WARNING),
            ("db.execute('PRAGMA user_version')", Severity.INFO),
            ("db.execute(k)", Severity.WARNING),
            ("db.execute('INSERT INTO kept VALUES (?)', k)", Severity.WARNING),
            ("db.executemany('INSERT INTO kept VALUES (?)', k)\n    db.commit()", Severity.WARNING),
            ("for each in k:\n        db.execute('SELECT v FROM kept WHERE k = ?', each)", Severity.WARNING),
            ("try:\n        await k()\n    except TimeoutError:\n        db.execute(k)", Severity.INFO),
        ],
    )
    def test_a_statement_of_few_rows_is_info(self, tmp_path: Path, body: str, severity: Severity) -> None:
        text = f"import sqlite3\n\nasync def f(db: sqlite3.Connection, k):\n    {body}\n"
        assert max(finding.severity for finding in found(tmp_path, {"a.py": text})) is severity

    def test_of_what_is_committed_the_commit_is_what_waits(self, tmp_path: Path) -> None:
        text = """
            import sqlite3

            async def f(db: sqlite3.Connection, k):
                db.execute('INSERT INTO kept VALUES (?)', k)
                db.commit()
        """
        severities = [finding.severity for finding in found(tmp_path, {"a.py": text})]
        assert severities == [Severity.INFO, Severity.WARNING]

    def test_what_ends_for_each_client_ends_often(self, tmp_path: Path) -> None:
        text = """
            import threading
            from fastapi import FastAPI

            app = FastAPI()

            class Recording:
                def __init__(self):
                    self.over = threading.Event()
                    self.thread = threading.Thread(target=self.over.wait)
                    self.thread.start()

                def stop(self):
                    self.over.set()
                    self.thread.join()

            @app.websocket("/record")
            async def record(socket):
                recording = Recording()
                await socket.receive_bytes()
                recording.stop()
        """
        assert [item.severity for item in found(tmp_path, {"a.py": text})] == [Severity.WARNING]

    @pytest.mark.parametrize(
        ("method", "severity"),
        [
            ("stop(self):\n        self.over.set()\n        self.thread.join()", Severity.INFO),
            ("close(self):\n        self.queue.put(None)\n        self.thread.join()", Severity.INFO),
            ("close(self):\n        self.queue.put(END)\n        self.thread.join()", Severity.INFO),
            ("close(self):\n        self.queue.put(self)\n        self.thread.join()", Severity.CRITICAL),
            ("close(self):\n        self.is_running = False\n        self.end()", Severity.INFO),
            ("close(self):\n        self.thread.join()", Severity.CRITICAL),
            ("close(self):\n        self.over.set()\n        self.future.result()", Severity.CRITICAL),
            ("put(self):\n        self.over.set()\n        self.thread.join()", Severity.WARNING),
            ("put(self):\n        self.thread.join()\n        self.over.set()", Severity.CRITICAL),
            ("put(self):\n        self.thread.join(0.25)", Severity.WARNING),
            ("put(self):\n        self.thread.join(timeout=5)", Severity.CRITICAL),
            ("put(self):\n        self.over.wait(0.0001)", Severity.INFO),
            (
                "put(self):\n        ready = threading.Event()\n        start(ready).start()\n"
                "        ready.wait()",
                Severity.WARNING,
            ),
            ("put(self):\n        self.thread.start()\n        self.over.wait()", Severity.CRITICAL),
            ("put(self):\n        self.child.kill()\n        self.child.wait()", Severity.INFO),
            ("put(self):\n        self.child.wait()\n        self.child.kill()", Severity.CRITICAL),
            ("put(self):\n        self.thread.kill()\n        self.child.wait()", Severity.CRITICAL),
            (
                "put(self):\n        if self.over.is_set():\n            self.child.kill()\n"
                "        self.child.wait()",
                Severity.CRITICAL,
            ),
            ("close(self):\n        self.child.terminate()\n        self.child.wait()", Severity.CRITICAL),
            ("close(self):\n        self.child.wait()", Severity.CRITICAL),
            ("put(self):\n        self.child.wait(0.2)", Severity.WARNING),
            (
                "close(self):\n        self.over.set()\n        for thread in (self.thread, self.thread):\n"
                "            thread.join()",
                Severity.INFO,
            ),
            (
                "close(self):\n        self.over.set()\n        while self.thread.is_alive():\n"
                "            self.thread.join()",
                Severity.CRITICAL,
            ),
            ("put(self):\n        select.select([self], [], [], 0.5)", Severity.WARNING),
        ],
    )
    def test_waits_that_are_over_soon(self, tmp_path: Path, method: str, severity: Severity) -> None:
        text = f"""
import queue, select, subprocess, threading
from concurrent.futures import Future
from elsewhere import start

END = object()

class Service:
    def __init__(self, f):
        self.thread, self.queue = threading.Thread(target=f), queue.SimpleQueue()
        self.over = threading.Event()
        self.future = Future()
        self.child = subprocess.Popen(f)

    def end(self):
        self.thread.join()

    async def {method}
"""
        (finding,) = [item for item in found(tmp_path, {"a.py": text}) if item.code != "CON108"]
        assert finding.severity is severity

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("subprocess.run(['ffmpeg', '-version'])", Severity.WARNING),
            ("subprocess.check_output('nvidia-smi', shell=True)", Severity.WARNING),
            ("subprocess.run(['/usr/bin/nvidia-smi', '--query-gpu', name])", Severity.WARNING),
            ("os.system('taskkill /f /im a.exe')", Severity.WARNING),
            ("os.system('uname -a | xargs build')", Severity.CRITICAL),
            ("subprocess.run(['ffmpeg', '-i', name])", Severity.CRITICAL),
            ("subprocess.run([name, '--version'])", Severity.CRITICAL),
            ("subprocess.run(['make', 'version', name])", Severity.CRITICAL),
            ("subprocess.run('it is \\'open', shell=True)", Severity.CRITICAL),
        ],
    )
    def test_what_only_asks_a_program_about_itself_is_over_soon(
        self, tmp_path: Path, call: str, severity: Severity
    ) -> None:
        text = f"import os, subprocess\n\nasync def f(name):\n    {call}\n"
        assert one(tmp_path, {"a.py": text}).severity is severity

    @pytest.mark.parametrize(
        ("line", "severity"),
        [
            ("return any(folder.rglob('*'))", Severity.INFO),
            ("return next(folder.rglob('*'), None)", Severity.INFO),
            ("return any(folder.rglob('*.py'))", Severity.WARNING),
            ("return any(p.is_dir() for p in folder.rglob('*'))", Severity.WARNING),
            ("return list(folder.rglob('*'))", Severity.WARNING),
        ],
    )
    def test_whether_a_folder_is_empty_is_soon_told(
        self, tmp_path: Path, line: str, severity: Severity
    ) -> None:
        text = f"from pathlib import Path\n\nasync def f(folder: Path):\n    {line}\n"
        severities = [item.severity for item in found(tmp_path, {"a.py": text}) if item.code == "CON104"]
        assert severities == [severity]

    def test_a_rule_that_is_info_by_itself_is_shown_to_who_names_it(self, tmp_path: Path) -> None:
        files = {"a.py": "import os\n\nasync def f(p):\n    os.path.exists(p)\n"}
        for select, number in ((("CON112",), 1), (("CON",), 0)):
            options = {"select": select, "min_severity": Severity.WARNING}
            assert len(found(tmp_path, files, **options)) == number


class TestFileHandles:
    def test_what_is_done_with_a_file_stands_under_its_open(self, tmp_path: Path) -> None:
        text = """
            async def f(rows):
                with open("a") as file:
                    for row in rows:
                        file.write(row)
        """
        assert [finding.severity for finding in found(tmp_path, {"a.py": text})] == [
            Severity.WARNING,
            Severity.INFO,
        ]

    def test_a_file_that_was_opened_elsewhere_has_no_other_finding(self, tmp_path: Path) -> None:
        text = """
            class Log:
                def __init__(self):
                    self.file = open("a")

                async def put(self, line):
                    return self.file.read()
        """
        assert one(tmp_path, {"a.py": text}).severity is Severity.WARNING


class TestContext:
    @pytest.mark.parametrize(
        "name",
        [
            "tests/a.py",
            "pkg/_tests/a.py",
            "smoke_tests/a.py",
            "pkg/integration-tests/a.py",
            "e2e/a.py",
            "tests_unit/a.py",
            "test_a.py",
            "test11_a.py",
            "test1.py",
            "a_test.py",
            "conftest.py",
        ],
    )
    def test_tests_are_known_by_their_place(self, tmp_path: Path, name: str) -> None:
        finding = one(tmp_path, {name: READ})
        assert (finding.context, finding.severity) == (Context.TEST, Severity.INFO)

    @pytest.mark.parametrize(
        "line", ["import pytest", "from unittest import mock", "import hypothesis.strategies"]
    )
    def test_and_by_what_they_import(self, tmp_path: Path, line: str) -> None:
        assert one(tmp_path, {"helpers.py": f"{line}\n{READ}"}).context is Context.TEST

    def test_a_word_that_contains_test_is_none(self, tmp_path: Path) -> None:
        assert one(tmp_path, {"contest/latest.py": READ}).context is None

    def test_the_configuration_says_more(self, tmp_path: Path) -> None:
        table = '[tool.conclint.contexts]\n"tests/live/**" = "request"\n"lab/**" = "test"\n'
        files = {"pyproject.toml": table, "tests/live/a.py": READ, "lab/b.py": READ}
        assert [finding.context for finding in found(tmp_path, files)] == [Context.TEST, Context.REQUEST]

    def test_the_cap_is_lifted_on_request(self, tmp_path: Path) -> None:
        finding = one(tmp_path, {"tests/a.py": READ}, lift_contexts=True)
        assert (finding.context, finding.severity) == (Context.TEST, Severity.CRITICAL)

    def test_tests_and_start_up_are_hidden_by_default(self, tmp_path: Path) -> None:
        assert found(tmp_path, {"tests/a.py": READ}, min_severity=None) == ()

    def test_what_is_added_to_an_event_of_the_application(self, tmp_path: Path) -> None:
        text = """
            class Docs:
                def __init__(self, app):
                    app.after_start += self.build

                async def build(self, app):
                    app.page = open(app.name).read()
        """
        assert one(tmp_path, {"a.py": text}).context is Context.START_UP

    def test_what_only_start_up_calls_is_start_up(self, tmp_path: Path) -> None:
        app = """
            from fastapi import FastAPI
            from store import load
            app = FastAPI()

            @app.on_event("startup")
            async def begin():
                await load()
        """
        files = {"app.py": app, "store.py": READ}
        assert one(tmp_path, files).context is Context.START_UP
        files["other.py"] = "from store import load\n\nasync def serve():\n    await load()\n"
        assert one(tmp_path, files).context is None

    SCRIPT = """
        import asyncio, requests

        async def main():
            text = open("a").read()
            requests.get(text)

        if __name__ == "__main__":
            asyncio.run(main())
    """

    def test_a_command_with_nothing_else_on_its_loop(self, tmp_path: Path) -> None:
        files = {"a.py": self.SCRIPT.replace('text = open("a").read()', "await x()\n            open('a')")}
        severities = {finding.code: finding.severity for finding in found(tmp_path, files)}
        assert severities == {"CON104": Severity.INFO, "CON101": Severity.WARNING}

    @pytest.mark.parametrize(
        "company", ["asyncio.gather(a, b)", "asyncio.create_task(a)", "asyncio.TaskGroup()"]
    )
    def test_with_company_it_is_as_bad_as_elsewhere(self, tmp_path: Path, company: str) -> None:
        again = f"await {company}\n            for name in 'ab': open(name)"
        text = self.SCRIPT.replace('text = open("a").read()', again).replace("get(text)", "get('a')")
        severities = {finding.code: finding.severity for finding in found(tmp_path, {"a.py": text})}
        assert severities == {"CON104": Severity.WARNING, "CON101": Severity.CRITICAL}

    LISTS = "import os\n\nasync def build(path):\n    os.walk(path)\n"

    @pytest.mark.parametrize(
        ("path", "context", "severity"),
        [
            ("pkg/cli/build.py", Context.COMMAND, Severity.INFO),
            ("pkg/cli.py", Context.COMMAND, Severity.INFO),
            ("pkg/admin_cli.py", Context.COMMAND, Severity.INFO),
            ("pkg/__main__.py", Context.COMMAND, Severity.INFO),
            ("pkg/client.py", None, Severity.WARNING),
            ("pkg/click.py", None, Severity.WARNING),
            ("pkg/_vendor/build.py", Context.VENDORED, Severity.INFO),
            ("third_party/build.py", Context.VENDORED, Severity.INFO),
            ("vendors.py", None, Severity.WARNING),
        ],
    )
    def test_commands_and_others_code_are_known_by_their_folders(
        self, tmp_path: Path, path: str, context: Context | None, severity: Severity
    ) -> None:
        finding = one(tmp_path, {path: self.LISTS})
        assert (finding.context, finding.severity) == (context, severity)

    def test_a_folder_of_commands_says_nothing_of_what_serves(self, tmp_path: Path) -> None:
        finding = one(tmp_path, {"pkg/cli/serve.py": f"import fastapi\n{self.LISTS}"})
        assert finding.severity is Severity.WARNING
        route = "import fastapi\n\napp = fastapi.FastAPI()\n\n@app.get('/')\nasync def get(path):\n"
        finding = one(tmp_path / "b", {"pkg/cli/serve.py": f"{route}    os.walk(path)\n\nimport os\n"})
        assert finding.context is Context.REQUEST

    def test_network_calls_of_a_command_stay_warnings(self, tmp_path: Path) -> None:
        text = "import requests\n\nasync def fetch(url):\n    requests.get(url)\n"
        assert one(tmp_path, {"pkg/cli.py": text}).severity is Severity.WARNING

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("sqlite3.connect(path).commit()", Severity.INFO),
            ("bs4.BeautifulSoup(path)", Severity.INFO),
            ("psycopg2.connect(path)", Severity.CRITICAL),
        ],
    )
    def test_what_the_user_of_a_command_waits_for_under_a_second_is_info(
        self, tmp_path: Path, call: str, severity: Severity
    ) -> None:
        text = "import asyncio, bs4, psycopg2, sqlite3\n\nasync def tick():\n    pass\n\n"
        text += "async def main(path):\n    await asyncio.gather(tick(), tick())\n    while path:\n"
        text += f"        {call}\n\nasyncio.run(main('a'))\n"
        assert {finding.severity for finding in found(tmp_path, {"a.py": text})} == {severity}

    TYPED = """
        import argparse, asyncio, click, requests

        class App:
            def run(self, function):
                async def body():
                    async with self:
                        await function(self)

                asyncio.run(body())

        async def show(client, path):
            await asyncio.gather(*client.all())
            for name in path:
                open(name).read()
            requests.get(path)

        {main}
    """

    @pytest.mark.parametrize(
        ("main", "files"),
        [
            (
                "@click.command()\n@click.pass_obj\ndef main(app, path):\n"
                "    app.run(lambda client: show(client, path))",
                Severity.INFO,
            ),
            (
                "@click.command()\n@click.pass_obj\ndef main(app, path):\n"
                "    async def body(client):\n        await show(client, path)\n    app.run(body)",
                Severity.INFO,
            ),
            ("parser = argparse.ArgumentParser()\nparser.set_defaults(run=show)", Severity.INFO),
            ("def main(app, path):\n    app.run(lambda client: show(client, path))", Severity.WARNING),
            (
                "@click.command()\ndef main(app, path):\n    app.run(lambda client: show(client, path))\n"
                "    app.serve()",
                Severity.WARNING,
            ),
        ],
    )
    def test_who_types_a_command_waits_for_nobody_else(
        self, tmp_path: Path, main: str, files: Severity
    ) -> None:
        text = dedent(self.TYPED).replace("{main}", main)
        severities = {finding.code: finding.severity for finding in found(tmp_path, {"a.py": text})}
        assert severities == {"CON104": files, "CON101": Severity.CRITICAL}

    EDITING = """
        import asyncio, click, requests, subprocess

        async def tick():
            await asyncio.sleep(1)

        async def edit(path):
            {line}

        {decorator}
        def main(path):
            asyncio.run(edit(path))
    """

    @pytest.mark.parametrize(
        ("decorator", "line", "severity"),
        [
            ("@click.command()", "await tick(); subprocess.call(['vi', path])", Severity.INFO),
            ("@click.command()", "await tick(); requests.get(path)", Severity.INFO),
            ("@click.command()", "while await tick(): requests.get(path)", Severity.WARNING),
            (
                "@click.command()",
                "asyncio.create_task(tick()); await tick(); requests.get(path)",
                Severity.CRITICAL,
            ),
            ("", "await tick(); requests.get(path)", Severity.WARNING),
        ],
    )
    def test_who_types_a_command_waits_for_what_it_does_once(
        self, tmp_path: Path, decorator: str, line: str, severity: Severity
    ) -> None:
        text = dedent(self.EDITING).replace("{line}", line).replace("{decorator}", decorator)
        findings = found(tmp_path, {"a.py": text})
        (finding,) = [item for item in findings if item.code in ("CON101", "CON103")]
        assert finding.severity is severity
        if decorator:
            assert finding.entries == ("command `main`",)

    ASKING = """
        import asyncio

        async def listen():
            await asyncio.sleep(1)

        def listen_too():
            asyncio.create_task(listen())

        async def other():
            await asyncio.gather(listen(), listen())

        async def menu():
            while True:
                input()

        async def main():
            {before}
            await asyncio.sleep(0)
            await menu()

        asyncio.run(main())
    """

    @pytest.mark.parametrize(
        ("before", "severity"),
        [
            ("pass", Severity.INFO),
            ("await other()", Severity.INFO),
            ("asyncio.create_task(listen())", Severity.CRITICAL),
            ("listen_too()", Severity.CRITICAL),
        ],
    )
    def test_a_question_stops_what_was_started_before(
        self, tmp_path: Path, before: str, severity: Severity
    ) -> None:
        text = dedent(self.ASKING).replace("{before}", before)
        assert one(tmp_path, {"a.py": text}).severity is severity

    BEGINNING = """
        import asyncio, requests

        async def tick():
            await asyncio.sleep(1)

        async def tasks():
            asyncio.create_task(tick())

        async def settings():
            await asyncio.sleep(0)
            return requests.get("a").json()

        async def main():
            {body}

        {begin}
    """

    @pytest.mark.parametrize(
        ("body", "severity"),
        [
            ("await settings()\n            asyncio.create_task(tick())", Severity.INFO),
            ("await settings()\n            await tasks()", Severity.INFO),
            ("await settings()\n            server.serve()", Severity.INFO),
            ("await settings()", Severity.CRITICAL),
            ("await tasks()\n            await settings()", Severity.CRITICAL),
            ("await asyncio.gather(settings(), settings())", Severity.CRITICAL),
            ("both = [settings(), settings()]\n            await asyncio.gather(*both)", Severity.CRITICAL),
            ("server.serve()\n            await settings()", Severity.CRITICAL),
            (
                "for _ in range(9):\n                await settings()\n                await tasks()",
                Severity.CRITICAL,
            ),
        ],
    )
    def test_what_comes_before_all_tasks_is_start_up(
        self, tmp_path: Path, body: str, severity: Severity
    ) -> None:
        text = dedent(self.BEGINNING.replace("{body}", body)).replace("{begin}", "asyncio.run(main())")
        assert one(tmp_path, {"a.py": text}).severity is severity

    def test_what_a_class_has_its_own_loop_run_is_no_start(self, tmp_path: Path) -> None:
        begin = "class Memory:\n    def get(self):\n        return asyncio.run(self.aget())\n\n"
        begin += "    async def aget(self):\n        await settings()\n        await tasks()\n"
        text = dedent(self.BEGINNING.replace("{body}", "pass")).replace("{begin}", begin)
        assert one(tmp_path, {"a.py": text}).severity is Severity.CRITICAL

    def test_nothing_is_known_to_go_on_while_a_question_is_asked_that_nobody_is_seen_to_ask(
        self, tmp_path: Path
    ) -> None:
        begin = "import asyncio\n\nasync def a():\n    await asyncio.gather(b(), b())\n\nasync def ask():\n"
        assert one(tmp_path, {"a.py": f"{begin}    input()\n"}).severity is Severity.INFO

    ONCE = """
        import asyncio, requests
        from store import load

        async def tick():
            while True:
                await asyncio.sleep(1)

        async def main():
            task = asyncio.create_task(tick())
            await asyncio.sleep(0)
            {call}

        asyncio.run(main())
    """

    @pytest.mark.parametrize(
        ("call", "store", "severity"),
        [
            ("open('a')", "", Severity.INFO),
            ("requests.get('a')", "", Severity.CRITICAL),
            ("await load()", "async def load(p='a'):\n    open(p)\n", Severity.INFO),
            ("for n in range(3): open(n)", "", Severity.WARNING),
            ("while open(await tick()): await tick()", "", Severity.WARNING),
            ("[open(n) for n in 'abc']", "", Severity.WARNING),
            ("for n in range(3): await load()", "async def load(p='a'):\n    open(p)\n", Severity.WARNING),
            (
                "await load()",
                "async def load(p='a'):\n    open(p)\n    if input_:\n        await load()\n",
                Severity.WARNING,
            ),
            (
                "await load()",
                "async def load(p='a'):\n    open(p)\n\nasync def other():\n    await load()\n",
                Severity.INFO,  # of what nothing is seen to start, one file
            ),
            (
                "await load()",
                "import os\n\nasync def load():\n    os.walk('a')\n\nasync def other():\n    await load()\n",
                Severity.WARNING,
            ),
            (
                "await load()",
                "async def load():\n    await a()\n\nasync def a(p='a'):\n    open(p)\n    await b()\n\n"
                "async def b():\n    await a()\n",
                Severity.WARNING,
            ),
        ],
    )
    def test_what_a_program_does_once_is_info_where_it_takes_less_than_a_second(
        self, tmp_path: Path, call: str, store: str, severity: Severity
    ) -> None:
        files = {"a.py": dedent(self.ONCE).replace("{call}", call), "store.py": store}
        assert one(tmp_path, files).severity is severity

    @pytest.mark.parametrize(
        ("name", "caller", "severity"),
        [
            ("initialize", "", Severity.INFO),
            ("_init_db", "", Severity.INFO),
            ("cleanup", "", Severity.INFO),
            ("connect", "", Severity.INFO),
            ("load_session", "", Severity.INFO),
            ("start_job", "", Severity.WARNING),
            ("cleanup_sessions", "", Severity.WARNING),
            ("load", "async def launch_app():\n    await load()\n", Severity.INFO),
            ("load", "async def refresh():\n    await load()\n", Severity.WARNING),
            ("load", "async def setup():\n    for _ in range(9):\n        await load()\n", Severity.WARNING),
            ("initialize", "async def fetch():\n    await initialize()\n", Severity.WARNING),
        ],
    )
    def test_what_nothing_calls_begins_or_ends_a_program_by_its_name(
        self, tmp_path: Path, name: str, caller: str, severity: Severity
    ) -> None:
        text = f"import sqlite3\n\nasync def {name}():\n    sqlite3.connect('a.db')\n\n{caller}"
        assert one(tmp_path, {"a.py": text}).severity is severity

    STATEMENTS = """
        import difflib, fastapi, jsonschema
        from sqlalchemy.orm import Session

        app = fastapi.FastAPI()

        @app.get("/")
        async def get(db: Session):
            db.get(str, 1)

        async def other(db: Session, keys):
            {call}
    """

    @pytest.mark.parametrize(
        ("call", "severity"),
        [
            ("db.get(str, keys)", Severity.INFO),
            ("db.execute(keys)", Severity.INFO),
            ("db.commit()", Severity.WARNING),
            ("db.query(str).all()", Severity.WARNING),
            ("for key in keys: db.get(str, key)", Severity.WARNING),
            ("difflib.ndiff(keys, keys)", Severity.INFO),
            ("for key in keys: jsonschema.validate(key, keys)", Severity.WARNING),
        ],
    )
    def test_one_statement_to_a_database_that_no_request_waits_for_is_info(
        self, tmp_path: Path, call: str, severity: Severity
    ) -> None:
        text = dedent(self.STATEMENTS).replace("{call}", call)
        severities = {finding.symbol: finding.severity for finding in found(tmp_path, {"a.py": text})}
        assert severities == {"a.get": Severity.WARNING, "a.other": severity}

    def test_what_a_test_calls_is_called_by_the_program_too(self, tmp_path: Path) -> None:
        text = "import sqlite3\n\nasync def initialize():\n    sqlite3.connect('a.db')\n"
        test = "import a\n\nasync def test_it():\n    for _ in range(9):\n        await a.initialize()\n"
        finding = one(tmp_path, {"a.py": text, "tests/test_a.py": test})
        assert (finding.path, finding.severity, finding.entries) == ("a.py", Severity.INFO, ())

    def test_company_is_looked_for_where_the_program_begins(self, tmp_path: Path) -> None:
        text = dedent(self.ONCE).replace("{call}", "await load()")
        files = {"a.py": text, "store.py": "async def load():\n    for name in 'ab': open(name)\n"}
        assert one(tmp_path, files).severity is Severity.WARNING
        files["a.py"] = "import asyncio\nfrom store import load\nasyncio.run(load())\n"
        assert one(tmp_path, files).severity is Severity.INFO

    def test_files_are_info_in_a_script(self, tmp_path: Path) -> None:
        text = "import requests\n\nasync def f(a):\n    open(a)\n    requests.get('b')\n"
        severities = {f.code: f.severity for f in found(tmp_path, {"scripts/a.py": text})}
        assert severities == {"CON104": Severity.INFO, "CON101": Severity.CRITICAL}

    WORKERS = """
        import asyncio, requests
        from textual import work
        from textual.app import App

        async def poll(url):
            requests.get(url)

        class Shop(App):
            @work({how})
            async def load(self, url):
                {line}
    """

    @pytest.mark.parametrize(
        ("how", "line", "more", "context", "severity"),
        [
            ("thread=True", "await poll(url)", "", Context.THREAD, Severity.INFO),
            ("thread=False", "await poll(url)", "", Context.BACKGROUND, Severity.CRITICAL),
            ("thread=True", "asyncio.create_task(poll(url))", "", Context.BACKGROUND, Severity.CRITICAL),
            (
                "thread=True",
                "await asyncio.gather(poll(url), poll(url))",
                "",
                Context.THREAD,
                Severity.CRITICAL,
            ),
            (
                "thread=True",
                "await poll(url)",
                "asyncio.create_task(poll('a'))",
                Context.BACKGROUND,
                Severity.CRITICAL,
            ),
        ],
    )
    def test_a_coroutine_on_a_loop_of_its_own_in_a_thread_stops_nobody(
        self, tmp_path: Path, how: str, line: str, more: str, context: Context, severity: Severity
    ) -> None:
        text = dedent(self.WORKERS).replace("{how}", how).replace("{line}", line)
        text += f"\nasync def other():\n    {more or 'pass'}\n"
        finding = one(tmp_path, {"a.py": text})
        assert (finding.context, finding.severity) == (context, severity)


JOB = """
import asyncio
from concurrent.futures import ProcessPoolExecutor
from store import load

async def job(name):
    {before}
    await load()

def first():
    pass

def draw(name):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    return {run}

def start(pool: ProcessPoolExecutor):
    pool.submit({what}, "a")
"""


@pytest.mark.parametrize(
    ("run", "what", "before", "severity"),
    [
        ("loop.run_until_complete(job(name))", "draw", "pass", Severity.INFO),
        ("asyncio.run(job(name))", "draw", "pass", Severity.INFO),
        ("asyncio.run(job(name))", "draw", "asyncio.create_task(load())", Severity.CRITICAL),
        ("loop.run_until_complete(job(name))", "first", "pass", Severity.CRITICAL),
        ("asyncio.get_event_loop().run_until_complete(job(name))", "draw", "pass", Severity.WARNING),
    ],
)
def test_a_worker_of_a_pool_has_a_loop_to_itself(
    tmp_path: Path, run: str, what: str, before: str, severity: Severity
) -> None:
    text = JOB.format(run=run, what=what, before=before)
    assert one(tmp_path, {"app.py": text, "store.py": READ}).severity is severity


class TestEntries:
    @pytest.mark.parametrize(
        ("start", "words", "context"),
        [
            ("@app.get('/users/{id}')\n", "GET /users/{id}", Context.REQUEST),
            ("@router.post('/a')\n", "POST /a", Context.REQUEST),
            ("@unknown.delete('/b')\n", "DELETE /b", Context.REQUEST),
            ("@bot.command()\n", "discord command `entry`", Context.REQUEST),
            ("@tasks.loop(seconds=5)\n", "discord task `entry`", Context.BACKGROUND),
        ],
    )
    def test_what_a_framework_starts(self, tmp_path: Path, start: str, words: str, context: Context) -> None:
        text = (
            "from fastapi import FastAPI, APIRouter\nfrom discord.ext import commands, tasks\n"
            "from nowhere import unknown\nfrom store import load\n"
            "app, router, bot = FastAPI(), APIRouter(), commands.Bot()\n\n"
            f"{start}async def entry(x=1):\n    await load()\n"
        )
        finding = one(tmp_path, {"app.py": text, "store.py": READ})
        assert (finding.entries, finding.entry_count, finding.context) == ((words,), 1, context)

    @pytest.mark.parametrize(
        ("call", "words", "context"),
        [
            ("app.router.add_post('/a', entry)", "POST /a", Context.REQUEST),
            ("app.router.add_get(path, entry)", "request handled by `app.entry`", Context.REQUEST),
            ("app.router.add_route('PUT', '/b', entry)", "PUT /b", Context.REQUEST),
            ("app.add_routes([web.get('/c', entry)])", "GET /c", Context.REQUEST),
            ("app.add_routes([web.route('*', '/d', entry)])", "* /d", Context.REQUEST),
            ("asyncio.start_server(entry, 'h', 1)", "connection handled by `app.entry`", Context.REQUEST),
            ("asyncio.get_running_loop().call_soon(entry)", "callback `app.entry`", Context.BACKGROUND),
        ],
    )
    def test_what_is_given_to_a_framework(
        self, tmp_path: Path, call: str, words: str, context: Context
    ) -> None:
        text = (
            "import asyncio\nfrom aiohttp import web\nfrom store import load\n\n"
            "async def entry(request):\n    await load()\n\n"
            f"async def wire(path):\n    app = web.Application()\n    {call}\n"
        )
        finding = one(tmp_path, {"app.py": text, "store.py": READ})
        assert (finding.entries, finding.entry_count, finding.context) == ((words,), 1, context)

    def test_a_task_says_who_started_it(self, tmp_path: Path) -> None:
        text = """
            import asyncio
            from store import load

            class Server:
                async def run(self):
                    asyncio.create_task(load())
        """
        finding = one(tmp_path, {"app.py": text, "store.py": READ})
        assert finding.entries == ("task started in `Server.run`",)
        assert finding.context is Context.BACKGROUND

    def test_three_and_a_count(self, tmp_path: Path) -> None:
        routes = "".join(f"@app.get('/{n}')\nasync def r{n}():\n    await load()\n\n" for n in range(5))
        text = f"from fastapi import FastAPI\nfrom store import load\napp = FastAPI()\n\n{routes}"
        finding = one(tmp_path, {"app.py": text, "store.py": READ})
        assert (finding.entries, finding.entry_count) == (("GET /0", "GET /1", "GET /2"), 5)

    def test_callers_that_call_each_other_end(self, tmp_path: Path) -> None:
        text = f"{READ}    await other()\n\nasync def other():\n    await load()\n"
        assert {finding.entry_count for finding in found(tmp_path, {"a.py": text})} == {0}


def test_a_finding_under_another_code_has_the_fingerprint_of_the_version_before(tmp_path: Path) -> None:
    text = "import tempfile\n\nasync def f():\n    tempfile.mkdtemp()\n"
    finding = one(tmp_path, {"a.py": text}, extend_select=("CON112",))
    then = replace(finding, code="CON104")
    assert finding.code == "CON112"
    assert finding.aliases == (with_fingerprints([then])[0].fingerprint,)
    entry = Entry(finding.aliases[0], "CON104", "a.py", finding.symbol, finding.message)
    project = BaselineProject(tmp_path, tmp_path)
    occurring = [(name, "a.py") for name in finding.names]
    assert compare([finding], [entry], occurring, ["a.py"], project) == ((), ())
