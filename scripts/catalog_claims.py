"""Looking up what the catalog claims: each dotted name, signature and type, by importing its library."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import multiprocessing
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from types import ModuleType
from typing import NamedTuple

from conclint.catalog.facts import Access, CallableFact, ClassFact, ParameterFact
from conclint.catalog.schema import LibraryFacts

# Names that are not in every supported Python: (first, first without).
_VERSIONS: dict[str, tuple[tuple[int, int] | None, tuple[int, int] | None]] = {
    "anyio.Path.copy": ((3, 14), None),
    "anyio.Path.copy_into": ((3, 14), None),
    "anyio.Path.is_junction": ((3, 12), None),
    "anyio.Path.move": ((3, 14), None),
    "anyio.Path.move_into": ((3, 14), None),
    "anyio.Path.walk": ((3, 12), None),
    "asyncio.AbstractEventLoop.sock_recvfrom": ((3, 11), None),
    "asyncio.AbstractEventLoop.sock_recvfrom_into": ((3, 11), None),
    "asyncio.AbstractEventLoop.sock_sendto": ((3, 11), None),
    "asyncio.Barrier": ((3, 11), None),
    "asyncio.EventLoop": ((3, 13), None),
    "asyncio.Runner": ((3, 11), None),
    "asyncio.StreamWriter.start_tls": ((3, 11), None),
    "asyncio.TaskGroup": ((3, 11), None),
    "asyncio.taskgroups": ((3, 11), None),
    "asyncio.timeouts": ((3, 11), None),
    "asyncore": (None, (3, 12)),
    "compression": ((3, 14), None),
    "concurrent.futures.InterpreterPoolExecutor": ((3, 14), None),
    "concurrent.futures.interpreter": ((3, 14), None),
    "crypt": (None, (3, 13)),
    "dbm.sqlite3": ((3, 13), None),
    "enum.global_enum": ((3, 11), None),
    "enum.member": ((3, 11), None),
    "enum.nonmember": ((3, 11), None),
    "enum.verify": ((3, 11), None),
    "glob.glob0": (None, (3, 15)),
    "glob.glob1": (None, (3, 15)),
    "hashlib.file_digest": ((3, 11), None),
    "http.HTTPMethod": ((3, 11), None),
    "importlib.metadata.packages_distributions": ((3, 10), None),
    "importlib.resources.contents": (None, (3, 15)),
    "itertools.batched": ((3, 12), None),
    "mimetypes.guess_file_type": ((3, 13), None),
    "nntplib": (None, (3, 13)),
    "pathlib.Path.copy": ((3, 14), None),
    "pathlib.Path.copy_into": ((3, 14), None),
    "pathlib.Path.is_junction": ((3, 12), None),
    "pathlib.Path.link_to": (None, (3, 12)),
    "pathlib.Path.move": ((3, 14), None),
    "pathlib.Path.move_into": ((3, 14), None),
    "pathlib.Path.walk": ((3, 12), None),
    "pathlib.PurePath.with_segments": ((3, 12), None),
    "pathlib._local": ((3, 13), (3, 14)),
    "sqlite3.Connection.blobopen": ((3, 11), None),
    "sqlite3.Connection.serialize": ((3, 11), None),
    "ssl.wrap_socket": (None, (3, 12)),
    "telnetlib": (None, (3, 13)),
    "tomllib": ((3, 11), None),
    "trio.Path.is_junction": ((3, 12), None),
    "typing.override": ((3, 12), None),
    "urllib.request.FancyURLopener": (None, (3, 14)),
    "urllib.request.URLopener": (None, (3, 14)),
    "warnings.deprecated": ((3, 13), None),
    "zipfile._path": ((3, 12), None),
}

# Names of the standard library that only some systems have.
_SYSTEMS = {
    "asyncio.ProactorEventLoop": "Windows",
    "msvcrt": "Windows",
    "sqlite3.Connection.load_extension": "builds that allow extensions",
    "subprocess.STARTUPINFO": "Windows",
    "select.devpoll": "Solaris",
    "select.kqueue": "BSD and macOS",
    "selectors.DevpollSelector": "Solaris",
    "selectors.KqueueSelector": "BSD and macOS",
}

# Classes that are functions by name, or give methods to instances only.
_MADE: dict[str, Callable[[], object]] = {
    "threading.Lock": threading.Lock,
    "threading.RLock": threading.RLock,
    "threading.Condition": threading.Condition,
    **{
        f"multiprocessing.synchronize.{name}": getattr(multiprocessing, name)
        for name in ("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event")
    },
}

# `for` accepts each of these.
_SYNTAX = {"__next__": ("__next__", "__iter__", "__getitem__"), "__iter__": ("__iter__", "__getitem__")}


# Classes whose subclasses' methods are called by a name that they do not have themselves.
_DISPATCHED = {"sanic.views.HTTPMethodView"}

# Classes that give the methods of what is stated as their base without deriving from it.
_PROXIES = {
    "anthropic.AnthropicBedrock",
    "anthropic.AnthropicVertex",
    "anthropic.AsyncAnthropicBedrock",
    "redis.RedisCluster",
    "sqlalchemy.ext.asyncio.async_scoped_session",
    "sqlalchemy.orm.scoped_session",
}


class UncheckedError(Exception):
    """A name that can't be looked up here; the text is the reason."""


class WrongError(Exception):
    """A name that its library does not have, or a signature that is not its own."""


class Entry(NamedTuple):
    """One claim of a catalog file: where it is made, and how to look it up.

    `check` raises UncheckedError or WrongError.
    """

    library: str
    claim: str
    check: Callable[[], None]


class Status(Enum):
    """What looking up a claim came to."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCHECKED = "unchecked"


class Outcome(NamedTuple):
    """What became of one claim, and why if it is not right."""

    library: str
    claim: str
    status: Status
    reason: str = ""

    @property
    def is_blocked(self) -> bool:
        """Whether another environment might tell: something can't be imported in this one."""
        missing = self.reason.startswith("importing ") or self.reason.endswith("is not installed")
        return self.status is Status.UNCHECKED and missing


_former: dict[str, str] = {}


def elsewhere(dotted: str) -> str | None:
    """Why a name is not found on this Python, system or release of its library; None if it should be."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[:end])
        if prefix in _former:
            return f"only up to release {_former[prefix]} of its library"
        first, gone = _VERSIONS.get(prefix, (None, None))
        if first is not None and sys.version_info < first:
            return f"only from Python {first[0]}.{first[1]}"
        if gone is not None and sys.version_info >= gone:
            return f"gone in Python {gone[0]}.{gone[1]}"
        if prefix in _SYSTEMS and find_module(prefix) is None:
            return f"only on {_SYSTEMS[prefix]}"
    return None


def find_module(dotted: str) -> object | None:
    """The object of a dotted name; None if there is none."""
    try:
        return look_up(dotted, known=True)
    except (UncheckedError, WrongError):
        return None


def _prepare_django() -> None:
    settings = importlib.import_module("django.conf").settings
    if not settings.configured:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
        settings.configure(DATABASES={"default": database}, INSTALLED_APPS=apps)
        importlib.import_module("django").setup()


_PREPARATIONS = {"django": _prepare_django}
"""What a library needs before its modules can be imported."""

_modules: dict[str, ModuleType | BaseException] = {}


def import_module(name: str) -> ModuleType:
    """The module; raises what importing it raises, the second time without trying again."""
    if name not in _modules:
        if (prepare := _PREPARATIONS.pop(name.partition(".")[0], None)) is not None:
            with contextlib.suppress(ImportError):
                prepare()
        sink = io.StringIO()
        try:
            with (
                warnings.catch_warnings(),
                contextlib.redirect_stdout(sink),
                contextlib.redirect_stderr(sink),
            ):
                warnings.simplefilter("ignore")
                _modules[name] = importlib.import_module(name)
        except (Exception, SystemExit) as error:  # a library may raise anything when imported
            _modules[name] = error
    found = _modules[name]
    if isinstance(found, BaseException):
        raise found
    return found


def look_up(dotted: str, known: bool = False) -> object:
    """The object that a dotted name names, instance attributes too (then it is the class's word for them).

    Raises UncheckedError, WrongError.
    """
    if "<" in dotted:
        raise UncheckedError("a type without a public name")
    if not known and (reason := elsewhere(dotted)):
        raise UncheckedError(reason)
    parts = dotted.split(".")
    try:
        found: object = import_module(parts[0])
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing == parts[0]:
            if parts[0] in sys.stdlib_module_names:
                raise UncheckedError(f"{parts[0]} is not part of this Python") from None
            raise UncheckedError(f"{parts[0]} is not installed") from None
        raise UncheckedError(f"importing {parts[0]} needs {missing}") from None
    except (Exception, SystemExit) as error:
        raise UncheckedError(f"importing {parts[0]} fails: {type(error).__name__}") from None
    path = parts[0]
    for number, part in enumerate(parts[1:], 2):
        path = f"{path}.{part}"
        found = member(found, path, part, last=number == len(parts))
    return found


def member(owner: object, path: str, name: str, last: bool) -> object:
    """One step of a dotted name. Raises UncheckedError, WrongError."""
    try:
        found = getattr(owner, name)
        if last or found is not None:  # None: a submodule that a package could not import
            return found
    except AttributeError:
        pass
    except Exception as error:  # a lazy attribute may fail in any way
        raise UncheckedError(f"{path} raises {type(error).__name__}") from None
    if isinstance(owner, ModuleType):
        try:
            return import_module(path)
        except ModuleNotFoundError as error:
            if error.name != path:
                raise UncheckedError(f"importing {path} needs {error.name}") from None
            raise WrongError(f"{owner.__name__} has no {name}") from None
        except (Exception, SystemExit) as error:
            raise UncheckedError(f"importing {path} fails: {type(error).__name__}") from None
    made = _MADE.get(path.rpartition(".")[0])
    if made is not None and hasattr(made(), name):
        return getattr(made(), name)
    if isinstance(owner, type):
        if any("__getattr__" in cls.__dict__ for cls in owner.__mro__):
            raise UncheckedError("made at run time by __getattr__")
        if last and set_by_instances(owner, name):
            return owner
    raise WrongError(f"{path.rpartition('.')[0]} has no {name}")


def set_by_instances(cls: type, name: str) -> bool:
    """Whether objects of the class get an attribute of this name: annotated, a slot, or stored on self."""
    for base in cls.__mro__:
        if name in inspect.get_annotations(base) or name in base.__dict__.get("__slots__", ()):
            return True
        with contextlib.suppress(OSError, TypeError):
            if base is not object and re.search(rf"self\.{name}\b\s*(:[^=]+)?=", inspect.getsource(base)):
                return True
    return False


def check_callable(fact: CallableFact, cls: ClassFact | None) -> None:
    owner, _, name = fact.name.rpartition(".")
    if name == "*":
        look_up(owner)
        return
    if name in _SYNTAX:
        holder = look_up(owner)
        if not any(hasattr(holder, word) for word in _SYNTAX[name]):
            raise WrongError(f"{owner} can't be iterated")
        return
    if fact.access is not Access.CALL and cls is not None:
        check_attribute(cls, name)
        return
    try:
        found = look_up(fact.name)
    except WrongError:
        if cls is not None and "*" in cls.methods:
            raise UncheckedError("made at run time, as the class's * says") from None
        raise
    if not callable(found):
        raise WrongError(f"{fact.name} is not callable")
    if fact.signature is not None:
        check_signature(
            fact.name, look_up(owner) if name == "__init__" else found, fact.signature, cls is not None
        )


def check_attribute(cls: ClassFact, name: str) -> None:
    """That instances have an attribute: a property, or what the class's own code assigns."""
    found = look_up(cls.name)
    if hasattr(found, name):
        return
    try:
        source = inspect.getsource(found)  # type: ignore[arg-type]
    except (OSError, TypeError):
        raise UncheckedError("it is made at run time") from None
    if f"self.{name}" not in source:
        raise WrongError(f"{cls.name} has no attribute {name}")


def check_signature(dotted: str, found: object, stated: tuple[ParameterFact, ...], method: bool) -> None:
    """Each stated parameter is where it is said to be. Raises UncheckedError, WrongError."""
    try:
        actual = list(inspect.signature(found).parameters.values())  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise UncheckedError("its signature can't be read") from None
    owner = look_up(dotted.rpartition(".")[0]) if method else None
    if isinstance(owner, type) and found is not owner:
        raw = inspect.getattr_static(owner, dotted.rpartition(".")[2], None)
        bound = isinstance(raw, (staticmethod, classmethod, type)) or inspect.ismethod(found)
        if not bound and raw is not None:
            actual = actual[1:]
    positional = [p for p in actual if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_name = {p.name: p for p in actual}
    variadic = any(p.kind is p.VAR_POSITIONAL for p in actual)
    keywords = any(p.kind is p.VAR_KEYWORD for p in actual)
    place = 0
    for parameter in stated:
        if parameter.kind in ("*", "**"):
            continue
        if parameter.kind == "kw":
            if parameter.name not in by_name and not keywords:
                raise WrongError(f"{dotted} has no parameter {parameter.name!r}")
            continue
        if place < len(positional):
            there = positional[place]
            if there.name != parameter.name and there.kind is not there.POSITIONAL_ONLY:
                raise WrongError(f"{dotted}: parameter {place + 1} is {there.name!r}, not {parameter.name!r}")
        elif parameter.name in by_name and by_name[parameter.name].kind is inspect.Parameter.KEYWORD_ONLY:
            raise WrongError(f"{dotted}: {parameter.name!r} is keyword-only")
        elif not variadic and not (keywords and parameter.name not in by_name):
            raise WrongError(f"{dotted} has no parameter {parameter.name!r} at place {place + 1}")
        place += 1


def check_base(cls: str, base: str) -> None:
    if cls in _PROXIES:
        raise UncheckedError("a proxy of its base, no subclass")
    found, other = look_up(cls), look_up(base)
    if isinstance(found, type) and isinstance(other, type) and not issubclass(found, other):
        raise WrongError(f"{cls} is no subclass of {base}")


def typed(text: str) -> Iterator[str]:
    """The dotted names in a type as the catalog writes it."""
    name = text.rpartition(" ")[2]
    if name != "self":
        yield name if "." in name else f"builtins.{name}"


def claims(facts: LibraryFacts) -> Iterator[Entry]:
    """All that a file claims, in its order, each once."""

    def named(dotted: str, what: str) -> Entry:
        return Entry(facts.library, f"{what} {dotted}", lambda: void(look_up(dotted)))

    def stated(fact: CallableFact, cls: ClassFact | None) -> Iterator[Entry]:
        yield Entry(facts.library, fact.name, lambda: check_callable(fact, cls))
        for text in typed(fact.returns) if fact.returns else ():
            yield named(text, f"{fact.name} returns")
        for word in ("instead", "instead_trio", "instead_anyio"):
            for other in getattr(fact, word) or ():
                yield named(other, f"{fact.name} {word}")

    for alias, target in facts.aliases.items():
        yield named(alias, "alias")
        yield named(target, f"alias {alias} of")
    for fact in facts.functions.values():
        yield from stated(fact, None)
    for cls in facts.classes.values():
        yield named(cls.name, "class")
        for base in cls.bases:
            yield Entry(
                facts.library,
                f"{cls.name} base {base}",
                lambda name=cls.name, base=base: check_base(name, base),  # type: ignore[misc]
            )
        for attribute, kind in cls.attributes.items():
            for text in typed(kind):
                yield named(text, f"{cls.name}.{attribute} is")
        for text in (cls.enter, cls.element or "self"):
            for dotted in typed(text):
                yield named(dotted, f"{cls.name} gives")
        for runs in cls.runs:
            for method in () if cls.name in _DISPATCHED else runs.methods:
                if "*" not in method:
                    yield named(f"{cls.name}.{method}", "runs")
        for other in cls.instead or ():
            yield named(other, f"{cls.name} instead")
        for fact in cls.methods.values():
            yield from stated(fact, cls)
    for factory in facts.factories:
        yield named(factory, "factory")
    for decorator in facts.decorators:
        yield named(decorator, "decorator")


def void(value: object) -> None:
    """Drops a value: a look-up that succeeds says all."""


def verify(files: Iterable[LibraryFacts]) -> Iterator[Outcome]:
    """Looks up every claim of the files, equal ones once."""
    files = list(files)
    for facts in files:
        _former.update(facts.former)
    seen: set[tuple[str, str]] = set()
    for facts in files:
        for entry in claims(facts):
            if (entry.library, entry.claim) in seen:
                continue
            seen.add((entry.library, entry.claim))
            try:
                entry.check()
            except UncheckedError as reason:
                yield Outcome(entry.library, entry.claim, Status.UNCHECKED, str(reason))
            except WrongError as reason:
                yield Outcome(entry.library, entry.claim, Status.WRONG, str(reason))
            else:
                yield Outcome(entry.library, entry.claim, Status.RIGHT)
