"""The standard library's facts: they load, keep to the schema, and say what the documentation says."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.catalog.facts import CallableFact, ClassFact, EffectKind
from conclint.catalog.loader import Catalog, read_file, shipped_files
from conclint.catalog.schema import LibraryFacts, read_library
from conclint.catalog.tables import CatalogError
from conclint.model.execution import Confidence, ExecutionModel, Family

ROOT = Path(__file__).parents[2]
PATHS = [path for path in shipped_files() if path.parent.name == "stdlib"]

# Results that are known by name only: nothing more is said of them.
_OPAQUE = {"types.ModuleType"}

_FILLINGS = ("", "url", "'x', timeout=5", "*items, **options")


def callables(facts: LibraryFacts) -> Iterator[tuple[CallableFact, ClassFact | None]]:
    for fact in facts.functions.values():
        yield fact, None
    for cls in facts.classes.values():
        for fact in cls.methods.values():
            yield fact, cls


@cache
def files() -> tuple[LibraryFacts, ...]:
    return tuple(map(read_file, PATHS))


@cache
def every() -> tuple[tuple[CallableFact, ClassFact | None], ...]:
    return tuple(found for facts in files() for found in callables(facts))


SHARED = Catalog()


def fact_of(dotted: str) -> CallableFact:
    fact = SHARED.function(dotted)
    assert fact is not None, f"{dotted} is unknown"
    return fact


def unless(dotted: str) -> list[dict[str, object]]:
    return [dict(condition.pairs) for condition in fact_of(dotted).unless]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_file_states_something(path: Path) -> None:
    facts = read_file(path)
    assert facts.imports
    assert facts.functions or facts.classes


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_name_is_reached_by_the_imports_of_its_file(path: Path) -> None:
    facts = read_file(path)
    names = [*facts.functions, *facts.classes, *facts.factories, *facts.decorators, *facts.aliases]
    assert {name.split(".")[0] for name in names} <= set(facts.imports)


def test_no_name_is_stated_by_two_files() -> None:
    stated = Counter(name for facts in files() for name in (*facts.functions, *facts.classes, *facts.aliases))
    assert [name for name, count in stated.items() if count > 1] == []


def test_no_alias_hides_a_stated_name() -> None:
    catalog = Catalog()
    for facts in files():
        for name in (*facts.functions, *facts.classes):
            assert catalog.canonical(name) == name


def test_each_type_that_is_named_is_described() -> None:
    catalog = SHARED
    named: set[str] = set()
    for facts in files():
        for fact, _ in callables(facts):
            named.add((fact.returns or "self").rpartition(" ")[2])
        for cls in facts.classes.values():
            named.update((*cls.bases, *cls.attributes.values(), cls.enter, cls.element or "self"))
        named.update(facts.factories.values())
    assert {name for name in named if name != "self" and catalog.klass(name) is None} == _OPAQUE


def test_whoever_waits_says_what_to_use_instead() -> None:
    silent = [
        fact.name
        for fact, cls in every()
        if fact.effect is EffectKind.WAITS
        and fact.confidence is not Confidence.LOW
        and fact.instead is None
        and (cls is None or cls.instead is None)
    ]
    assert silent == []


def test_each_fact_names_its_source() -> None:
    assert [fact.name for fact, _ in every() if not fact.source.startswith("https://docs.python.org/3")] == []


def examples() -> Iterator[tuple[str, str]]:
    for fact, _ in every():
        for text in (fact.example, fact.example_trio, fact.example_anyio):
            if text:
                yield fact.name, text


def test_each_example_is_python_whatever_the_call_passes() -> None:
    for dotted, template in examples():
        for arguments in _FILLINGS:
            name = dotted.rpartition(".")[2].replace("*", "method")
            text = template.replace("{args}", arguments).replace("{receiver}", "self.thing[0]")
            text = text.replace("{name}", name).replace("(, ", "(").replace(", )", ")")
            body = "\n".join(f"    {line}" for line in text.splitlines())
            try:
                tree = ast.parse(f"async def example():\n{body}\n")
            except SyntaxError as error:
                pytest.fail(f"{dotted}: {text!r}: {error}")
            assert "{" not in text, f"{dotted}: {text!r} keeps a placeholder"
            assert tree.body


def test_a_thread_of_trio_or_anyio_takes_no_keyword_arguments() -> None:
    given_away = [dotted for dotted, text in examples() if "to_thread.run_sync(" in text and "{args}" in text]
    assert given_away == []


# What peers detect (flake8-async, ruff, SonarPython, blockbuster, Home Assistant's guard), by family.
_PEERS = {
    Family.SLEEP: "time.sleep",
    Family.CONSOLE: "builtins.input",
    Family.HTTP: "urllib.request.urlopen http.client.HTTPConnection.request",
    Family.SUBPROCESS: """
        subprocess.run subprocess.call subprocess.check_call subprocess.check_output
        subprocess.getoutput subprocess.getstatusoutput subprocess.Popen.__init__ os.system os.popen
        os.posix_spawn os.posix_spawnp os.wait os.wait3 os.wait4 os.waitid os.waitpid os.spawnl
        os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe""",
    Family.FILES: """
        builtins.open io.open io.open_code os.open os.fdopen codecs.open pathlib.Path.open
        pathlib.Path.read_text pathlib.Path.read_bytes pathlib.Path.write_text
        pathlib.Path.write_bytes tempfile.TemporaryFile tempfile.NamedTemporaryFile
        tempfile.SpooledTemporaryFile.__init__ gzip.open bz2.open lzma.open io.TextIOWrapper.read
        io.TextIOWrapper.write io.BufferedReader.read io.BufferedWriter.write io.BufferedRandom.read
        os.listdir os.scandir os.sendfile os.read os.write os.walk glob.glob glob.iglob""",
    Family.CHEAP_FILES: """
        os.statvfs os.rename os.replace os.remove os.unlink os.mkdir os.rmdir os.link os.symlink
        os.readlink os.access os.stat os.getcwd os.path.exists os.path.lexists os.path.isdir
        os.path.isfile os.path.islink os.path.ismount os.path.realpath os.path.abspath
        os.path.relpath os.path.getatime os.path.getctime os.path.getmtime os.path.getsize
        os.path.samefile os.path.sameopenfile pathlib.Path.exists pathlib.Path.mkdir
        pathlib.Path.unlink pathlib.Path.stat pathlib.Path.resolve""",
    Family.SOCKETS: """
        socket.socket.connect socket.socket.accept socket.socket.send socket.socket.sendall
        socket.socket.sendto socket.socket.recv socket.socket.recv_into socket.socket.recvfrom
        socket.socket.recvfrom_into socket.socket.recvmsg ssl.SSLSocket.read ssl.SSLSocket.write
        ssl.SSLSocket.send ssl.SSLSocket.recv ssl.SSLContext.load_default_certs
        ssl.SSLContext.load_verify_locations ssl.SSLContext.load_cert_chain
        ssl.create_default_context""",
    Family.DATABASE: """
        sqlite3.Cursor.execute sqlite3.Cursor.executemany sqlite3.Cursor.executescript
        sqlite3.Cursor.fetchone sqlite3.Cursor.fetchmany sqlite3.Cursor.fetchall
        sqlite3.Connection.execute sqlite3.Connection.executemany sqlite3.Connection.executescript
        sqlite3.Connection.commit sqlite3.Connection.rollback""",
    Family.LOCKS: "threading.Lock.acquire",
    Family.OTHER: "importlib.import_module",
}


@pytest.mark.parametrize("family", _PEERS)
def test_what_peers_detect_is_known(family: Family) -> None:
    for dotted in _PEERS[family].split():
        fact = fact_of(dotted)
        assert (fact.effect, fact.family) == (EffectKind.WAITS, family), dotted


_QUIET = """
    time.monotonic subprocess.Popen.poll subprocess.Popen.kill queue.Queue.get_nowait
    queue.Queue.put_nowait queue.SimpleQueue.put threading.Event.set threading.Event.is_set
    threading.Thread.start threading.Lock.locked io.StringIO.read io.BytesIO.write
    io.TextIOWrapper.fileno os.getpid os.environ.get os.path.join os.path.basename os.path.samestat
    pathlib.Path.with_suffix pathlib.PurePath.joinpath socket.gethostname socket.socket.close
    socket.socket.setblocking asyncio.Future.result asyncio.Task.result asyncio.Task.exception
    asyncio.sleep asyncio.create_task asyncio.subprocess.Process.wait asyncio.Lock.acquire
    asyncio.Queue.get asyncio.StreamReader.read asyncio.run logging.getLogger logging.Logger.info
    logging.info sqlite3.Connection.cursor sqlite3.Connection.close concurrent.futures.Future.done
    multiprocessing.queues.Queue.get_nowait zipfile.ZipFile.namelist
    http.client.HTTPResponse.getheader http.client.HTTPConnection.putrequest json.JSONDecodeError
    builtins.print builtins.len builtins.str.split sys.stdout.write random.random math.sqrt
    collections.deque.append
"""


@pytest.mark.parametrize("dotted", _QUIET.split())
def test_what_never_blocks_ends_the_search(dotted: str) -> None:
    assert fact_of(dotted).effect is EffectKind.HARMLESS


@pytest.mark.parametrize(
    ("dotted", "tables"),
    [
        ("time.sleep", [{"seconds": 0}]),
        ("queue.Queue.get", [{"block": False}, {"timeout": 0}]),
        ("multiprocessing.queues.Queue.get", [{"block": False}, {"timeout": 0}]),
        ("threading.Lock.acquire", [{"blocking": False}, {"timeout": 0}]),
        ("threading.Event.wait", [{"timeout": 0}]),
        ("subprocess.Popen.wait", [{"timeout": 0}]),
        ("concurrent.futures.Future.result", [{"timeout": 0}]),
        ("concurrent.futures.Executor.shutdown", [{"wait": False}]),
        ("os.waitpid", [{"options": "<with os.WNOHANG>"}]),
        ("ssl.SSLContext.load_verify_locations", [{"cadata": "<present>"}]),
        ("select.select", [{"timeout": 0}]),
        ("smtplib.SMTP.__init__", [{"host": "<absent>"}, {"host": ""}]),
        ("subprocess.run", []),
        ("builtins.open", [{"file": "<is os.devnull>"}]),
    ],
)
def test_the_arguments_that_keep_a_call_from_blocking(dotted: str, tables: list[dict[str, object]]) -> None:
    fact = fact_of(dotted)
    assert fact.effect is EffectKind.WAITS
    assert unless(dotted) == tables


def test_conditions_bind_by_place_as_python_does() -> None:
    names = [parameter.name for parameter in fact_of("queue.Queue.put").signature or ()]
    assert names == ["item", "block", "timeout"]
    assert [p.name for p in fact_of("concurrent.futures.wait").signature or ()][:2] == ["fs", "timeout"]


def test_spawning_blocks_only_where_it_waits() -> None:
    assert [dict(condition.pairs) for condition in fact_of("os.spawnv").when] == [{"mode": "<os.P_WAIT>"}]
    assert [dict(c.pairs) for c in fact_of("multiprocessing.connection.Connection.poll").when] == [
        {"timeout": "<present>"}
    ]


@pytest.mark.parametrize(
    ("dotted", "confidence"),
    [
        ("threading.Lock.__enter__", Confidence.LOW),
        ("queue.Queue.put", Confidence.LOW),
        ("concurrent.futures.Executor.__exit__", Confidence.LOW),
        ("importlib.import_module", Confidence.LOW),
        ("subprocess.Popen.__init__", Confidence.MEDIUM),
        ("socket.socket.connect", Confidence.MEDIUM),
        ("subprocess.Popen.communicate", Confidence.HIGH),
        ("threading.Event.wait", Confidence.HIGH),
        ("socket.getaddrinfo", Confidence.HIGH),
        ("builtins.input", Confidence.HIGH),
    ],
)
def test_facts_that_hold_often_are_not_stated_as_sure(dotted: str, confidence: Confidence) -> None:
    assert fact_of(dotted).confidence is confidence


@pytest.mark.parametrize(
    ("dotted", "callable_", "model", "executor", "arguments", "style"),
    [
        ("threading.Thread.__init__", "target", ExecutionModel.THREAD, "", "args:args,kwargs", "thread"),
        ("threading.Timer.__init__", "function", ExecutionModel.THREAD, "", "args:args,kwargs", "thread"),
        (
            "multiprocessing.Process.__init__",
            "target",
            ExecutionModel.PROCESS,
            "",
            "args:args,kwargs",
            "thread",
        ),
        (
            "multiprocessing.dummy.Process.__init__",
            "target",
            ExecutionModel.THREAD,
            "",
            "args:args,kwargs",
            "thread",
        ),
        ("concurrent.futures.ThreadPoolExecutor.submit", "fn", None, "", "rest", "pool"),
        ("concurrent.futures.ProcessPoolExecutor.map", "fn", None, "", "each:rest", "pool"),
        ("multiprocessing.pool.ThreadPool.apply_async", "func", None, "", "args:args,kwds", "pool"),
        ("asyncio.to_thread", "func", ExecutionModel.THREAD, "", "rest", "offload"),
        ("asyncio.AbstractEventLoop.run_in_executor", "func", None, "executor", "rest", "offload"),
        (
            "asyncio.AbstractEventLoop.call_later",
            "callback",
            ExecutionModel.EVENT_LOOP,
            "",
            "rest",
            "callback",
        ),
        ("asyncio.Task.add_done_callback", "fn", ExecutionModel.EVENT_LOOP, "", "none", "callback"),
        ("_thread.start_new_thread", "function", ExecutionModel.THREAD, "", "args:args,kwargs", "thread"),
    ],
)
def test_placements(
    dotted: str, callable_: str, model: ExecutionModel | None, executor: str, arguments: str, style: str
) -> None:
    placing = fact_of(dotted).placing
    assert placing is not None
    assert (placing.callable, placing.model, placing.executor_parameter) == (callable_, model, executor)
    assert (placing.arguments, placing.style) == (arguments, style)


@pytest.mark.parametrize(
    ("dotted", "model"),
    [
        ("concurrent.futures.ThreadPoolExecutor", ExecutionModel.THREAD),
        ("concurrent.futures.thread.ThreadPoolExecutor", ExecutionModel.THREAD),
        ("concurrent.futures.ProcessPoolExecutor", ExecutionModel.PROCESS),
        ("concurrent.futures.InterpreterPoolExecutor", ExecutionModel.INTERPRETER),
        ("multiprocessing.pool.Pool", ExecutionModel.PROCESS),
        ("multiprocessing.pool.ThreadPool", ExecutionModel.THREAD),
    ],
)
def test_executors(dotted: str, model: ExecutionModel) -> None:
    cls = SHARED.klass(dotted)
    assert cls is not None
    assert cls.executor is model


@pytest.mark.parametrize(
    ("dotted", "method", "model"),
    [
        ("threading.Thread", "run", ExecutionModel.THREAD),
        ("multiprocessing.Process", "run", ExecutionModel.PROCESS),
        ("asyncio.DatagramProtocol", "datagram_received", ExecutionModel.EVENT_LOOP),
        ("asyncio.DatagramProtocol", "connection_made", ExecutionModel.EVENT_LOOP),
        ("asyncio.Protocol", "data_received", ExecutionModel.EVENT_LOOP),
    ],
)
def test_methods_that_the_library_runs(dotted: str, method: str, model: ExecutionModel) -> None:
    ancestry = SHARED.ancestry(dotted)
    assert [runs.model for fact in ancestry for runs in fact.runs if method in runs.methods] == [model]


@pytest.mark.parametrize(
    ("dotted", "method", "result"),
    [
        ("sqlite3.Connection", "execute", "sqlite3.Cursor"),
        ("sqlite3.Connection", "cursor", "sqlite3.Cursor"),
        ("pathlib.Path", "open", "io.TextIOWrapper"),
        ("pathlib.Path", "with_suffix", "self"),
        ("urllib.request.OpenerDirector", "open", "http.client.HTTPResponse"),
        ("http.client.HTTPSConnection", "getresponse", "http.client.HTTPResponse"),
        ("multiprocessing.context.SpawnContext", "JoinableQueue", "multiprocessing.queues.JoinableQueue"),
        ("concurrent.futures.ThreadPoolExecutor", "submit", "concurrent.futures.Future"),
    ],
)
def test_results_of_methods(dotted: str, method: str, result: str) -> None:
    fact = SHARED.method(dotted, method)
    assert fact is not None
    assert fact.returns == result


def test_types_of_attributes() -> None:
    catalog = Catalog()
    assert catalog.attribute("pathlib.Path", "parent") == "self"
    assert catalog.attribute("subprocess.Popen", "stdout") == "subprocess.Popen.<pipe>"
    assert catalog.attribute("subprocess.Popen", "pid") is None


def test_a_star_stands_for_what_is_not_stated_but_not_for_special_methods() -> None:
    catalog = Catalog()
    assert catalog.method("threading.Event", "is_set") is not None
    assert catalog.method("threading.Event", "__enter__") is None
    assert catalog.function("math.no_such_name_yet") is not None
    assert catalog.states("threading.Event.wait")
    assert catalog.states("threading.Event")
    assert not catalog.states("threading.Event.is_set")
    assert not catalog.states("math.no_such_name_yet")
    assert catalog.function("threading.Thread") is None  # a class, which the module's star must not hide
    made = catalog.function("xmlrpc.client.ServerProxy.add")
    assert made is not None
    assert (made.name, made.family) == ("xmlrpc.client.ServerProxy.add", Family.HTTP)
    assert catalog.function("concurrent.futures.no_such_name_yet") is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"effect": "harmless", "signature": "a", "iterates": "b"}, "iterates: 'b' is no parameter"),
        (
            {"effect": "waits", "family": "files", "signature": "a", "unless": [{"b": 1}]},
            "'b' is no parameter",
        ),
        ({"effect": "waits", "family": "files", "signature": "a", "unless": [{"a": "<abset>"}]}, "<absent>"),
        ({"effect": "waits", "family": "disk"}, "family: expected one of"),
        ({"effect": "harmless", "family": "files"}, "family: only for the effects"),
        ({"effect": "places", "model": "thread", "signature": "a"}, "callable: is required"),
        ({"effect": "harmless", "retruns": "x"}, "did you mean 'returns'"),
    ],
)
def test_a_wrong_entry_names_file_key_and_expectation(row: dict[str, object], expected: str) -> None:
    table = {
        "library": "x",
        "imports": ["x"],
        "source": "s",
        "functions": [{"module": "x", "names": ["f"], **row}],
    }
    with pytest.raises(CatalogError, match=r"my\.toml: functions") as raised:
        read_library(table, "my.toml")
    assert expected in str(raised.value)


def _names() -> list[str]:
    return sorted({fact.name for fact, _ in every()} | {name for facts in files() for name in facts.aliases})


def answers(names: list[str]) -> dict[str, object]:
    catalog = Catalog()
    return {
        name: (
            catalog.canonical(name),
            catalog.function(name),
            catalog.klass(name),
            catalog.factory(name),
            catalog.decorator(name),
            catalog.method(name.rpartition(".")[0] or name, name.rpartition(".")[2]),
        )
        for name in names
    }


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.deferred(lambda: st.sampled_from(_names())), max_size=30, unique=True),
    st.randoms(use_true_random=False),
)
def test_answers_do_not_depend_on_what_was_asked_before(names: list[str], order: random.Random) -> None:
    shuffled = list(names)
    order.shuffle(shuffled)
    assert answers(names) == answers(shuffled)
    for name in names[:3]:
        assert answers([name])[name] == answers(names)[name]


def test_every_name_and_signature_is_the_running_pythons() -> None:
    libraries = [f"--library={facts.library}" for facts in files()]
    command = [sys.executable, str(ROOT / "scripts/verify_catalog.py"), *libraries]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = int(done.stdout.rsplit("\nchecked ", 1)[1].split(",", 1)[0])
    assert checked > 1500
