"""Which execution models can reach a region: guards such as `except RuntimeError` after
`asyncio.get_running_loop()`."""

from __future__ import annotations

from conclint.link.conditions import Dependence
from conclint.link.evaluate import Evaluator
from conclint.link.values import External, ExternalMethod, Key, Literal, Parameter
from conclint.model.execution import ALL_MODELS, ExecutionModel
from conclint.model.summary import Body, LoopFlags, Op, RegionKind, Site, SiteKind

_LOOP = ExecutionModel.EVENT_LOOP.bit
_RAISES_OFF_LOOP = frozenset(
    {
        "asyncio.get_running_loop", "asyncio.current_task", "asyncio.events.get_running_loop",
        "sniffio.current_async_library", "anyio.get_current_task", "trio.lowlevel.current_task",
        "trio.lowlevel.current_trio_token", "asyncio.all_tasks",
    }
)  # fmt: skip
_SOCKET_CALLS = frozenset(
    {
        "connect",
        "accept",
        "send",
        "sendall",
        "sendto",
        "recv",
        "recv_into",
        "recvfrom",
        "recvfrom_into",
        "recvmsg",
    }
)  # fmt: skip
_THREAD_IDENTITY = frozenset(
    {"threading.get_ident", "threading.get_native_id", "threading.current_thread", "_thread.get_ident"}
)
_OPTIONAL_LOOP = frozenset({"asyncio._get_running_loop", "asyncio.events._get_running_loop"})


_TEST_DEPTH = 5


class Guards:
    """Masks of regions, remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._masks: dict[tuple[Key, int], int] = {}

    def mask(self, key: Key, region: int) -> int:
        """The models on which the region's code can run; 0 where it never runs."""
        slot = (key, region)
        found = self._masks.get(slot)
        if found is None:
            body = self._evaluator.body(key)
            path: list[int] = []
            while region > 0 and (key, region) not in self._masks:
                path.append(region)
                region = body.regions[region].parent
            mask = self._masks.get((key, region), ALL_MODELS)
            for item in reversed(path):
                mask &= self._own(key, body, item)
                self._masks[key, item] = mask
            found = self._masks.setdefault(slot, mask)
        return found

    def _own(self, key: Key, body: Body, number: int) -> int:
        region = body.regions[number]
        if region.kind == RegionKind.EXCEPT:
            return ~_LOOP if self._asks_for_loop(key, body, region.extra) else ALL_MODELS
        if region.kind == RegionKind.TRY_ELSE:
            return _LOOP if self._asks_for_loop(key, body, region.extra) else ALL_MODELS
        if region.kind == RegionKind.AFTER_TRY:
            came = body.regions[region.extra]
            if came.kind == RegionKind.EXCEPT:
                return ~_LOOP if self._asks_for_loop(key, body, came.extra) else ALL_MODELS
            return _LOOP if self._asks_for_loop(key, body, region.extra) else ALL_MODELS
        if region.kind in (RegionKind.IF, RegionKind.AFTER):
            return self._test(key, body, region.value, bool(region.extra))
        if region.kind == RegionKind.WHILE:
            return self._test(key, body, region.value, True)
        if region.kind == RegionKind.COMP and region.extra & LoopFlags.LAZY:
            return ALL_MODELS if self._consumes_generators(key, body) else 0
        return ALL_MODELS

    def _consumes_generators(self, key: Key, body: Body) -> bool:
        """Whether a generator expression of the body is handed on or iterated here; one that is only
        returned or kept runs elsewhere."""
        generators = {
            number for number, node in enumerate(body.values) if node[0] == Op.COMP and node[1] == "generator"
        }
        for site in body.sites:
            if site.kind == SiteKind.ITERATE and site.callee in generators:
                return True
            if any(value in generators for _, value in site.args):
                return True
        return False

    def conditions(self, key: Key, region: int) -> int:
        """How many `if`s and `except`s the region stands under."""
        regions = self._evaluator.body(key).regions
        count = 0
        while region > 0:
            count += regions[region].kind in (RegionKind.IF, RegionKind.EXCEPT, RegionKind.CASE)
            region = regions[region].parent
        return count

    def on_arguments(self, key: Key, region: int) -> bool:
        """Whether an `if` around the region tests a parameter of the def, its receiver aside, or whether a
        key is not in a collection yet: then the first call alone does it."""
        body = self._evaluator.body(key)
        is_method = self._evaluator.module(key[0]).enclosing_class(key[1]) is not None
        while region > 0:
            item = body.regions[region]
            if (
                item.kind == RegionKind.IF
                and item.extra
                and body.values[item.value][:2]
                == (
                    Op.COMPARE,
                    "not in",
                )
            ):
                return True
            if item.kind in (RegionKind.IF, RegionKind.CASE) and _reads_parameter(
                body, item.value, 1 if is_method else 0, 0
            ):
                return True
            region = item.parent
        return False

    def dependence(self, key: Key, region: int) -> Dependence | None:
        """The innermost `if` on a parameter of the def that the region stands under."""
        body = self._evaluator.body(key)
        while region > 0:
            item = body.regions[region]
            if item.kind in (RegionKind.IF, RegionKind.AFTER):
                found = self._on_parameter(key, body, item.value, bool(item.extra))
                if found is not None:
                    return found
            region = item.parent
        return None

    def _on_parameter(self, key: Key, body: Body, test: int, polarity: bool) -> Dependence | None:
        if test < 0:
            return None
        node = body.values[test]
        if node[0] == Op.BOOL and node[1] == "not" and isinstance(node[2], int):
            return self._on_parameter(key, body, node[2], not polarity)
        if node[0] == Op.PARAM and isinstance(node[1], int):
            return self._dependent(key, node[1], Literal("bool", not polarity), True)
        if node[0] == Op.COMPARE and node[1] in ("==", "is", "!=", "is not"):
            left, right = node[2], node[3]
            if not isinstance(left, int) or not isinstance(right, int):
                return None
            parameter = body.values[left]
            other = self._evaluator.evaluate(key, right).values
            known = other[0] if len(other) == 1 else None
            if parameter[0] != Op.PARAM or not isinstance(parameter[1], int):
                return None
            if isinstance(known, Literal) and not isinstance(known.value, bool):
                same = (node[1] in ("==", "is")) == polarity
                return self._dependent(key, parameter[1], known, not same)
        return None

    def _dependent(self, key: Key, position: int, literal: Literal, absent: bool) -> Dependence | None:
        module = self._evaluator.module(key[0])
        if position == 0 and module.enclosing_class(key[1]) is not None:
            return None
        return Dependence(Parameter(key, position), literal, absent, is_branch=True)

    def never_waits(self, key: Key, site: Site) -> bool:
        """Whether what stands around the call makes sure that it does not wait."""
        return self.is_settled(key, site) or self.is_nonblocking(key, site)

    def is_settled(self, key: Key, site: Site) -> bool:
        """Whether the site asks a future for a result that the test around it has found to be there."""
        body = self._evaluator.body(key)
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] not in ("result", "exception", "recv", "get"):
            return False
        region = site.region
        while region > 0:
            item = body.regions[region]
            tested = item.kind in (RegionKind.IF, RegionKind.AFTER, RegionKind.WHILE)
            if tested and self._tests_ready(body, item.value, callee[1]):
                return True
            region = item.parent
        return False

    def is_nonblocking(self, key: Key, site: Site) -> bool:
        """Whether the receiver was made non-blocking in the same body (`sock.setblocking(False)`)."""
        body = self._evaluator.body(key)
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] not in _SOCKET_CALLS:
            return False
        for other in body.sites:
            setter = body.values[other.callee] if other.kind == SiteKind.CALL else (Op.UNKNOWN,)
            if setter[0] == Op.ATTR and setter[1] == callee[1] and len(other.args) == 1:
                value = body.values[other.args[0][1]]
                if setter[2] in ("setblocking", "settimeout") and value[0] == Op.CONST and not value[1]:
                    return value[1] is not None
        return False

    def _tests_ready(self, body: Body, value: int, receiver: object) -> bool:
        if value < 0:
            return False
        node = body.values[value]
        if node[0] == Op.BOOL:
            return any(self._tests_ready(body, item, receiver) for item in node[2:] if isinstance(item, int))
        if node[0] != Op.CALL or not isinstance(node[1], int):
            return False
        tested = body.values[body.sites[node[1]].callee]
        return tested[0] == Op.ATTR and tested[1] == receiver and tested[2] in ("done", "poll", "empty")

    def _asks_for_loop(self, key: Key, body: Body, try_region: int) -> bool:
        for site in body.sites:
            if site.kind != SiteKind.CALL or site.region != try_region:
                continue
            for value in self._evaluator.evaluate(key, site.callee).values:
                if isinstance(value, External) and self._name(value) in _RAISES_OFF_LOOP:
                    return True
        return False

    def _name(self, value: External) -> str:
        return self._evaluator.catalog.canonical(value.dotted)

    def _test(self, key: Key, body: Body, value: int, polarity: bool) -> int:
        if value < 0:
            return ALL_MODELS
        node = body.values[value]
        if node[0] == Op.CONST:
            return ALL_MODELS if bool(node[1]) == polarity else 0
        if node[0] == Op.BOOL:
            operands = [item for item in node[2:] if isinstance(item, int)]
            if node[1] == "not":
                return self._test(key, body, operands[0], not polarity)
            if (node[1] == "and") == polarity:
                mask = ALL_MODELS
                for item in operands:
                    mask &= self._test(key, body, item, polarity)
                return mask
            return ALL_MODELS
        if node[0] == Op.COMPARE and node[1] in ("is", "is not", "==", "!="):
            left, right = node[2], node[3]
            if (node[1] in ("!=", "is not")) == polarity and self._names_thread(key, body, left, right):
                return ~_LOOP  # on another thread than the one that owns this: not on its loop
            if isinstance(left, int) and isinstance(right, int) and self._is_optional_loop(key, left):
                other = body.values[right]
                if other[0] == Op.CONST and other[1] is None:
                    running = (node[1] in ("is not", "!=")) == polarity
                    return _LOOP if running else ~_LOOP
            return ALL_MODELS
        if node[0] in (Op.GLOBAL, Op.IMPORT, Op.ATTR):
            for tested in self._evaluator.evaluate(key, value).values:
                if isinstance(tested, External) and tested.dotted.endswith(".TYPE_CHECKING"):
                    return 0 if polarity else ALL_MODELS
            return ALL_MODELS
        if node[0] == Op.CALL and isinstance(node[1], int):
            callee = self._evaluator.evaluate(key, body.sites[node[1]].callee)
            for method in callee.values:
                if isinstance(method, ExternalMethod) and method.name == "is_running":
                    return ALL_MODELS if polarity else ~_LOOP
        return ALL_MODELS

    def _names_thread(self, key: Key, body: Body, *sides: object) -> bool:
        """Whether one side of a comparison is the identity of the running thread."""
        for side in sides:
            node = body.values[side] if isinstance(side, int) else (Op.UNKNOWN,)
            if node[0] == Op.CALL and isinstance(node[1], int):
                callee = self._evaluator.evaluate(key, body.sites[node[1]].callee)
                if any(isinstance(v, External) and self._name(v) in _THREAD_IDENTITY for v in callee.values):
                    return True
        return False

    def _is_optional_loop(self, key: Key, value: int) -> bool:
        body = self._evaluator.body(key)
        node = body.values[value]
        if node[0] == Op.CALL and isinstance(node[1], int):
            callee = self._evaluator.evaluate(key, body.sites[node[1]].callee)
            return any(isinstance(v, External) and v.dotted in _OPTIONAL_LOOP for v in callee.values)
        return False


def _reads_parameter(body: Body, value: int, first: int, depth: int) -> bool:
    """Whether a value is made from a parameter (from number `first` on), as far as a test shows it."""
    if value < 0 or depth > _TEST_DEPTH:
        return False
    node = body.values[value]
    if node[0] == Op.PARAM:
        return isinstance(node[1], int) and node[1] >= first
    if node[0] == Op.CALL and isinstance(node[1], int):
        site = body.sites[node[1]]
        inner = [site.callee, *(item for _, item in site.args)]
    elif node[0] in (Op.BOOL, Op.COMPARE, Op.ARITH, Op.ATTR, Op.ITEM, Op.NARROW):
        inner = [item for item in node[1:] if isinstance(item, int)]
    else:
        return False
    return any(_reads_parameter(body, item, first, depth + 1) for item in inner)
