"""Executors on other machines: an address instead of a number of processes.

What is sent there is the bytes of files, what comes back are summaries. The workers need conclint of the same
version, and neither the project's files nor its cache.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from conclint import __version__
from conclint.config.file import ConfigError
from conclint.summary.records import FORMAT

T = TypeVar("T")

DASK: Final = "dask"
_PATIENCE: Final = 10
"""Seconds until a scheduler that doesn't answer counts as absent."""
_BROKEN: Final = ("KilledWorker", "FutureCancelledError", "CommClosedError")


class ExecutorError(ConfigError):
    """An executor that can't be had or used. The text is one line for the user."""


def parse_address(text: str) -> str:
    """The host and port of `dask://host:port`.

    Raises ValueError for anything else.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        port = None
    if port is None or parts.scheme != DASK or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"an address such as dask://host:8786, not {text!r}")
    return f"{parts.hostname}:{port}" if ":" not in parts.hostname else f"[{parts.hostname}]:{port}"


def connect(address: str) -> tuple[Callable[[int], Executor], int]:
    """What makes the executor of the Dask scheduler at `host:port`, each time anew, and the number of chunks
    that its workers can do at once.

    Raises ExecutorError at once where there is none, where it has no workers, or where a worker has another
    conclint.
    """
    try:
        import distributed
    except ImportError as error:
        raise ExecutorError("--executor needs the package distributed: pip install distributed") from error

    def start(jobs: int) -> Executor:
        return _DaskExecutor(_client(distributed, address))

    client = _client(distributed, address)
    try:
        _check_workers(client, address)
        return start, sum(client.nthreads().values())
    finally:
        client.close()


def worker_facts() -> tuple[str, int, str]:
    """What must be the same on both sides for summaries to be the same: conclint, its format, libcst."""
    from importlib.metadata import version

    return __version__, FORMAT, version("libcst")


class _DaskExecutor(Executor):
    """A Dask client as an executor: what kills a worker is a broken pool, as it is with processes here."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # A chunk that kills its worker is tried apart by who submitted it.
        self._executor = client.get_executor(pure=False, retries=0)

    def submit(self, function: Callable[..., T], /, *arguments: Any, **keywords: Any) -> Future[T]:
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()

        def pass_on(done: Future[T]) -> None:
            error = CancelledError() if done.cancelled() else done.exception()
            if error is None:
                result.set_result(done.result())
            elif isinstance(error, CancelledError) or type(error).__name__ in _BROKEN:
                result.set_exception(BrokenExecutor(str(error)))
            else:
                result.set_exception(error)

        self._executor.submit(function, *arguments, **keywords).add_done_callback(pass_on)
        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait)
        self._client.close()


def _client(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        reason = " ".join(str(error).split()) or "it doesn't answer"
        raise ExecutorError(f"no Dask scheduler at {address}: {reason}") from None


def _check_workers(client: Any, address: str) -> None:
    try:
        facts = client.run(worker_facts)
    except ModuleNotFoundError as error:
        raise ExecutorError(f"the workers of {address} have no conclint {__version__}: {error}") from None
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise ExecutorError(f"the workers of {address} can't run conclint: {text}") from None
    if not facts:
        raise ExecutorError(f"the Dask scheduler at {address} has no workers")
    ours = worker_facts()
    for worker, theirs in sorted(facts.items()):
        if tuple(theirs) != ours:
            raise ExecutorError(
                f"the worker {worker} has conclint {theirs[0]} and libcst {theirs[2]}, "
                f"here are {ours[0]} and {ours[2]}"
            )
