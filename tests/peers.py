"""What other linters and run-time guards report, by name: each must be known to the catalog.

Read in the sources of flake8-async 26.8, ruff 0.17, SonarPython, blockbuster and Home Assistant's guard
(August 2026).
"""

from __future__ import annotations

from typing import Final, NamedTuple

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")


def _below(owner: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{owner}.{name}" for name in names)


CALLABLES: Final[dict[str, tuple[str, ...]]] = {
    "http": (
        *_below("requests", *_VERBS),
        *_below("requests.Session", *_VERBS),
        *_below("httpx", *_VERBS, "stream"),
        *_below("httpx.Client", *_VERBS, "send", "stream"),
        "urllib.request.urlopen",
        "urllib3.request",
        *_below("urllib3.PoolManager", "request", "urlopen"),
        *_below("urllib3.ProxyManager", "request", "urlopen"),
        *_below("urllib3.HTTPConnectionPool", "request", "urlopen"),
        *_below("urllib3.HTTPSConnectionPool", "request", "urlopen"),
        *_below("http.client.HTTPConnection", "request", "getresponse", "connect"),
    ),
    "sleep": ("time.sleep",),
    "console": ("builtins.input",),
    "subprocess": (
        *_below("subprocess", "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
        "subprocess.Popen.__init__",
        *_below("os", "system", "popen", "posix_spawn", "posix_spawnp"),
        *_below("os", "wait", "wait3", "wait4", "waitid", "waitpid"),
        *_below("os", "spawnl", "spawnle", "spawnlp", "spawnlpe"),
        *_below("os", "spawnv", "spawnve", "spawnvp", "spawnvpe"),
    ),
    "files": (
        *_below("builtins", "open"),
        *_below("io", "open", "open_code"),
        *_below("os", "open", "fdopen", "read", "write", "sendfile", "walk", "scandir", "listdir"),
        "codecs.open",
        *_below("pathlib.Path", "open", "read_text", "read_bytes", "write_text", "write_bytes"),
        *_below("tempfile", "TemporaryFile", "NamedTemporaryFile"),
        "tempfile.SpooledTemporaryFile.__init__",
        *_below("gzip", "open"),
        *_below("bz2", "open"),
        *_below("lzma", "open"),
        *_below("io.TextIOWrapper", "read", "write"),
        *_below("io.BufferedReader", "read"),
        *_below("io.BufferedWriter", "write"),
        *_below("io.BufferedRandom", "read", "write"),
        *_below("glob", "glob", "iglob"),
    ),
    "files or cheap-files": _below(
        "os", "statvfs", "rename", "replace", "remove", "unlink", "mkdir", "rmdir", "link", "symlink",
        "readlink", "access", "stat", "getcwd",
    ),
    "cheap-files": (
        *_below(
            "os.path", "exists", "lexists", "isdir", "isfile", "islink", "ismount", "realpath", "abspath",
            "relpath", "getatime", "getctime", "getmtime", "getsize", "samefile", "sameopenfile",
        ),
        *_below("pathlib.Path", "exists", "is_file", "is_dir", "stat", "mkdir", "unlink", "resolve"),
    ),
    "sockets": (
        *_below(
            "socket.socket", "connect", "accept", "send", "sendall", "sendto", "recv", "recv_into",
            "recvfrom", "recvfrom_into", "recvmsg",
        ),
        *_below("ssl.SSLSocket", "read", "write", "send", "recv"),
    ),
    "sockets or files": (
        *_below("ssl.SSLContext", "load_default_certs", "load_verify_locations", "load_cert_chain"),
        "ssl.create_default_context",
    ),
    "database": (
        *_below(
            "sqlite3.Cursor", "execute", "executemany", "executescript", "fetchone", "fetchmany", "fetchall"
        ),
        *_below("sqlite3.Connection", "execute", "executemany", "executescript", "commit", "rollback"),
    ),
    "locks": ("threading.Lock.acquire",),
    "other or files": ("importlib.import_module",),
}  # fmt: skip
"""Dotted names by the families that they may be in with us."""

NOT_BLOCKING: Final[dict[str, str]] = {
    "http.client.HTTPConnection.putrequest": "fills a buffer, which endheaders or request sends",
    "httpx.Client.close": "closes sockets, which waits for nobody",
    "os.path.samestat": "compares two results of os.stat in memory",
    "sqlite3.Connection.cursor": "makes an object; what it executes blocks",
    "httpx2.Client.close": "closes sockets, which waits for nobody",
    "urllib3.PoolManager.clear": "closes what nobody uses, which waits for nobody",
    "urllib3.PoolManager.connection_from_host": "makes an object; what it requests blocks",
    "os.path.normpath": "works on the text alone",
    "httpx.connect": "httpx has no such function",
    "httpx.trace": "httpx has no such function",
}
"""Names that a peer lists and that don't block, with the reason."""


class Detection(NamedTuple):
    """One report of a peer: the statement it is about, in a coroutine; what comes before; our code."""

    peer: str
    statement: str
    code: str
    before: str = ""


def _each(peers: str, code: str, statements: tuple[str, ...], before: str = "") -> tuple[Detection, ...]:
    return tuple(Detection(peers, statement, code, before) for statement in statements)


_OS_WAITS = tuple(f"os.{name}" for name in ("wait()", "wait3(0)", "wait4(7, 0)", "waitid(os.P_ALL, 0, 0)"))
_OS_SPAWNS = tuple(
    f"os.{name}(os.P_WAIT, 'ls', {'{}' if name.endswith('e') else chr(39) + 'ls' + chr(39)})"
    for name in ("spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe")
)
_RUNS = tuple(
    f"subprocess.{name}(command)"
    for name in ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput")
)
_POOLS = ("PoolManager()", "ProxyManager(url)", "HTTPConnectionPool(url)", "HTTPSConnectionPool(url)")
_PATHS = (
    "exists(path)", "lexists(path)", "isdir(path)", "isfile(path)", "islink(path)", "ismount(path)",
    "realpath(path)", "relpath(path)", "getatime(path)", "getctime(path)", "getmtime(path)", "getsize(path)",
    "samefile(path, path)", "sameopenfile(1, 2)",
)  # fmt: skip

_CHECKS = ("exists", "is_dir", "stat")

DETECTIONS: Final = (
    *_each("ASYNC210 S7499", "CON101", tuple(f"requests.{verb}(url)" for verb in _VERBS[:-1])),
    *_each("ASYNC210 S7499", "CON101", tuple(f"httpx.{verb}(url)" for verb in _VERBS[:-1])),
    *_each("ASYNC210", "CON101", ("requests.request('GET', url)", "httpx.request('GET', url)")),
    *_each("ASYNC210", "CON101", tuple(f"httpx2.{verb}(url)" for verb in (*_VERBS[:-1], "request"))),
    *_each("ASYNC210", "CON101", ("urllib.request.urlopen(url)", "urllib3.request('GET', url)")),
    *_each(
        "S7499",
        "CON101",
        tuple(f"session.{verb}(url)" for verb in _VERBS[:-1]),
        "session = requests.Session()",
    ),
    *(
        Detection("ASYNC211 ASYNC212 S7499", "pool.request('GET', url)", "CON101", f"pool = urllib3.{pool}")
        for pool in _POOLS
    ),
    *_each(
        "ASYNC212",
        "CON101",
        (
            *(f"client.{verb}(url)" for verb in _VERBS[:-1]),
            "client.request('GET', url)",
            "client.send(query)",
        ),
        "client = httpx.Client()",
    ),
    Detection("ASYNC212", "with client.stream('GET', url): pass", "CON101", "client = httpx.Client()"),
    *_each(
        "ASYNC212",
        "CON101",
        (
            *(f"client.{verb}(url)" for verb in _VERBS[:-1]),
            "client.request('GET', url)",
            "client.send(query)",
            "with client.stream('GET', url): pass",
        ),
        "client: httpx2.Client = anything",
    ),
    *_each("ASYNC220 S7487", "CON103", ("subprocess.Popen(command)", "os.popen(command)")),
    *_each("ASYNC221 S7487", "CON103", (*_RUNS, "os.system(command)", *_OS_SPAWNS)),
    *_each("ASYNC221", "CON103", ("os.posix_spawn(path, [], {})", "os.posix_spawnp(path, [], {})")),
    *_each("ASYNC222 S7489", "CON103", (*_OS_WAITS, "os.waitpid(7, 0)")),
    *_each("ASYNC230 S7493", "CON104", ("open(path)", "pathlib.Path(path).open()")),
    *_each("ASYNC230", "CON104", ("io.open(path)", "io.open_code(path)")),
    *_each("ASYNC231 S7493", "CON104", ("os.fdopen(7)",)),
    *(
        Detection("ASYNC232", f"file.{call}", "CON104", f"file: io.{kind} = anything")
        for kind, call in (
            ("TextIOWrapper", "read()"),
            ("TextIOWrapper", "write('x')"),
            ("BufferedReader", "read()"),
            ("BufferedWriter", "write(b'x')"),
            ("BufferedRandom", "readline()"),
        )
    ),
    *(
        Detection("ASYNC232", f"file.{call}", "CON112", f"file: io.{kind} = anything")
        for kind, call in (
            ("TextIOWrapper", "flush()"),
            ("TextIOWrapper", "seek(0)"),
            ("TextIOWrapper", "tell()"),
            ("BufferedReader", "close()"),
            ("BufferedWriter", "flush()"),
            ("BufferedRandom", "seek(0)"),
        )
    ),
    *_each(
        "S7493",
        "CON104",
        (
            "os.open(path, 0)", "codecs.open(path)", "tempfile.TemporaryFile()",
            "tempfile.NamedTemporaryFile()", "tempfile.SpooledTemporaryFile()", "gzip.open(path)",
            "bz2.open(path)", "lzma.open(path)",
        ),
    ),
    *_each("ASYNC240", "CON112", tuple(f"os.path.{call}" for call in _PATHS)),
    *_each("ASYNC240", "CON112", tuple(f"pathlib.Path(path).{call}()" for call in _CHECKS)),
    *_each("ASYNC240", "CON104", ("pathlib.Path(path).read_text()", "pathlib.Path(path).write_bytes(b'')")),
    *_each("ASYNC250 S7501", "CON110", ("input()",)),
    *_each("ASYNC251 S7488", "CON102", ("time.sleep(1)",)),
)  # fmt: skip
"""Each detection of the peers, with the code that we give it."""

IMPORTS: Final = (
    "bz2", "codecs", "gzip", "httpx", "httpx2", "io", "lzma", "os", "pathlib", "requests", "subprocess",
    "tempfile", "time", "urllib.request", "urllib3",
)  # fmt: skip
