"""Reading what a catalog file states of functions and methods."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conclint.catalog.facts import (
    Access,
    CallableFact,
    Condition,
    EffectKind,
    ParameterFact,
    Placing,
    Registering,
)
from conclint.catalog.tables import TableReader
from conclint.model.execution import Family, Weight

CALLABLE_KEYS = {
    "names", "effect", "family", "weight", "signature", "unless", "when", "doubtful", "coroutine", "returns",
    "confidence", "instead", "instead_trio", "instead_anyio", "example", "example_trio",
    "example_anyio", "note", "source", "iterates", "entry", "address", "callable", "also", "model",
    "arguments", "style", "phase", "traits", "milliseconds", "runs_loop", "by", "owner", "event", "sender",
    "started_by", "loosely", "bridge", "on", "loaded_by", "in_coroutine",
}  # fmt: skip
_WORD = re.compile(
    r"<(none|absent|present|small|short|numeric|(each )?below \d+(\.\d+)?|(a |is |with )?\w+(\.\w+)+)>"
)
_PLACING = ("callable", "also", "model", "arguments", "style", "phase", "in_coroutine")
_REGISTERING = ("by", "owner", "event", "sender", "started_by", "loosely", "bridge")


class CallableReader(TableReader):
    """Reads groups of functions or methods. `name` is the library's, `source` that of its file.

    `registered`, `runners`, `loose_runners` and `accessed` gather names, as `LibraryFacts` has them.
    """

    def __init__(self, origin: str, prefix: str = "") -> None:
        super().__init__(origin, prefix)
        self.registered: set[str] = set()
        self.runners: set[str] = set()
        self.loose_runners: set[str] = set()
        self.accessed: set[str] = set()

    def callables(self, row: Mapping[str, Any], owner: str, where: str) -> Iterator[CallableFact]:
        names = self.strings(row, "names", where)
        if not names:
            raise self.fail(f"{where}.names", "a list of names is required")
        try:
            effect = EffectKind(row.get("effect"))
        except ValueError:
            words = ", ".join(item.value for item in EffectKind)
            raise self.fail(
                f"{where}.effect", f"expected one of {words}, got {row.get('effect')!r}"
            ) from None
        family = None
        if effect is EffectKind.WAITS or (effect is EffectKind.PLACES and "family" in row):
            try:
                family = Family(row.get("family"))
            except ValueError:
                words = ", ".join(item.value for item in Family)
                raise self.fail(
                    f"{where}.family", f"expected one of {words}, got {row.get('family')!r}"
                ) from None
        elif "family" in row:
            raise self.fail(f"{where}.family", "only for the effects waits and places")
        signature = self.signature(self.get(row, "signature", str, where), where)
        registers = effect is EffectKind.REGISTERS
        does_both = effect is EffectKind.PLACES and "by" in row
        registering = self.registering(row, registers or does_both, signature, where)
        if registering is not None:  # making an object is written with the class's name
            last = owner.rpartition(".")[2]
            self.registered.update(last if name == "__init__" else name for name in names)
        placing = None if registers else self.placing(row, effect, signature, where)
        weight = self.weight(row, effect, where)
        confidence = self.confidence(row, where)
        if "*" in names and effect is not EffectKind.HARMLESS and "module" in row:
            raise self.fail(f"{where}.names", "'*' (all other names of a module) is only for harmless")
        shared: dict[str, Any] = {
            "library": self.name,
            "effect": effect,
            "family": family,
            "weight": weight,
            "signature": signature,
            "unless": self.conditions(row, "unless", signature, where),
            "when": self.conditions(row, "when", signature, where),
            "doubtful": self.conditions(row, "doubtful", signature, where),
            "coroutine": self.get(row, "coroutine", bool, where, False),
            "placing": placing,
            "registering": registering,
            "access": self.access(row, where),
            "loaded_by": self.strings(row, "loaded_by", where) or (),
            "confidence": confidence,
            "iterates": self.parameter(row, "iterates", signature, where),
            "entry": self.parameter(row, "entry", signature, where),
            "runs_loop": self.get(row, "runs_loop", bool, where, "entry" in row),
            "address": self.parameter(row, "address", signature, where),
            "example": self.get(row, "example", str, where),
            "example_trio": self.get(row, "example_trio", str, where),
            "example_anyio": self.get(row, "example_anyio", str, where),
            "traits": self.traits(row, where),
            "source": self.get(row, "source", str, where, self.source),
            "milliseconds": self.milliseconds(row, where),
            "remote": self.remote,
        }
        own = owner.partition(".")[0]
        returns: str | None = self.get(row, "returns", str, where)
        note: str | None = self.get(row, "note", str, where)
        lists = {key: self.strings(row, key, where) for key in ("instead", "instead_trio", "instead_anyio")}
        for name in names:
            filled: dict[str, Any] = {
                key: None if value is None else tuple(item.replace("{name}", name) for item in value)
                for key, value in lists.items()
            }
            filled["returns"] = returns and returns.replace("{name}", name)
            filled["note"] = note and note.replace("{name}", name)
            if any(item.partition(".")[0] == own for item in filled["instead"] or ()):
                filled["async_needs"] = self.async_needs
            yield CallableFact(name=f"{owner}.{name}", **shared, **filled)

    def milliseconds(self, row: Mapping[str, Any], where: str) -> float | None:
        """How long a usual call takes; None where nobody has measured that."""
        value = row.get("milliseconds")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
            raise self.fail(f"{where}.milliseconds", f"expected a number of milliseconds, got {value!r}")
        return float(value)

    def signature(self, text: str | None, where: str) -> tuple[ParameterFact, ...] | None:
        if text is None:
            return None
        result: list[ParameterFact] = []
        keyword_only = False
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name = part.split("=", 1)[0].strip()
            if name == "*":
                keyword_only = True
            elif name == "/":
                continue
            elif name.startswith("**"):
                result.append(ParameterFact(name[2:], "**"))
            elif name.startswith("*"):
                result.append(ParameterFact(name[1:], "*"))
                keyword_only = True
            elif name.isidentifier():
                result.append(ParameterFact(name, "kw" if keyword_only else ""))
            else:
                raise self.fail(f"{where}.signature", f"cannot read {part!r}")
        return tuple(result)

    def conditions(
        self, row: Mapping[str, Any], key: str, signature: tuple[ParameterFact, ...] | None, where: str
    ) -> tuple[Condition, ...]:
        result = []
        for table in self.get(row, key, list, where, []):
            if not isinstance(table, dict) or not table:
                raise self.fail(f"{where}.{key}", "expected a list of tables such as { block = false }")
            for name, value in table.items():
                if name not in {parameter.name for parameter in signature or ()}:
                    raise self.fail(f"{where}.{key}", f"{name!r} is no parameter of the signature")
                if isinstance(value, str) and value.startswith("<") and not _WORD.fullmatch(value):
                    words = (
                        "<none>, <absent>, <present>, <small>, <short>, <numeric>, <below 1000>, "
                        "<each below 1000>, a constant such as <os.P_WAIT> or <is os.devnull>, an instance "
                        "such as <a io.BytesIO>, or a flag such as <with socket.AI_NUMERICHOST>"
                    )
                    raise self.fail(f"{where}.{key}.{name}", f"expected {words}, got {value!r}")
            result.append(Condition(tuple(table.items())))
        return tuple(result)

    def parameter(
        self, row: Mapping[str, Any], key: str, signature: tuple[ParameterFact, ...] | None, where: str
    ) -> str | None:
        name: str | None = self.get(row, key, str, where)
        if name is not None and name not in {parameter.name for parameter in signature or ()}:
            raise self.fail(f"{where}.{key}", f"{name!r} is no parameter of the signature")
        return name

    def placing(
        self,
        row: Mapping[str, Any],
        effect: EffectKind,
        signature: tuple[ParameterFact, ...] | None,
        where: str,
    ) -> Placing | None:
        if effect not in (EffectKind.PLACES, EffectKind.CALLS):
            for key in _PLACING:
                if key in row:
                    raise self.fail(f"{where}.{key}", "only for the effects places and calls")
            return None
        name = self.parameter(row, "callable", signature, where)
        if name is None:
            raise self.fail(f"{where}.callable", "is required for the effects places and calls")
        word = self.get(row, "model", str, where, "")
        executor_parameter = ""
        model = None
        if word.startswith("executor:"):
            executor_parameter = word.removeprefix("executor:")
        elif effect is EffectKind.PLACES and word != "self":
            model = self.model(row, where)
        also = self.strings(row, "also", where) or ()
        for other in also:
            self.parameter({"also": other}, "also", signature, where)
        arguments = self.get(row, "arguments", str, where, "rest")
        style = self.get(row, "style", str, where, "pool")
        in_coroutine = self.get(row, "in_coroutine", bool, where, False)
        phase = self.phase(row, where)
        return Placing(name, model, executor_parameter, arguments, style, also, phase, in_coroutine)

    def registering(
        self,
        row: Mapping[str, Any],
        does_register: bool,
        signature: tuple[ParameterFact, ...] | None,
        where: str,
    ) -> Registering | None:
        """How a callable registers something with an object."""
        if not does_register:
            for key in _REGISTERING:
                if key in row:
                    raise self.fail(f"{where}.{key}", "only for the effects registers and places")
            return None
        by = self.strings(row, "by", where) or ()
        started_by = self.strings(row, "started_by", where) or ()
        if not by and not started_by:
            raise self.fail(f"{where}.by", "is required for the effect registers")
        self.runners.update((*by, *started_by))
        if row.get("loosely"):
            self.loose_runners.update(by)
        return Registering(
            self.parameter(row, "callable", signature, where) or "",
            self.strings(row, "also", where) or (),
            by,
            self.parameter(row, "owner", signature, where) or "",
            self.get(row, "loosely", bool, where, False),
            self.parameter(row, "event", signature, where) or "",
            self.parameter(row, "sender", signature, where) or "",
            started_by,
            self.model(row, where) if started_by else None,
            self.get(row, "style", str, where, "framework"),
            self.get(row, "bridge", str, where, ""),
        )

    def access(self, row: Mapping[str, Any], where: str) -> Access:
        word = row.get("on", Access.CALL.value)
        try:
            access = Access(word)
        except ValueError:
            words = ", ".join(item.value for item in Access)
            raise self.fail(f"{where}.on", f"expected one of {words}, got {word!r}") from None
        if access is not Access.CALL:
            self.accessed.update(self.strings(row, "names", where) or ())
        return access

    def weight(self, row: Mapping[str, Any], effect: EffectKind, where: str) -> Weight:
        if effect not in (EffectKind.COMPUTES_GIL, EffectKind.COMPUTES_NOGIL):
            if "weight" in row:
                raise self.fail(f"{where}.weight", "only for an effect of computing")
            return Weight.NONE
        word = row.get("weight", "heavy")
        if word not in ("light", "moderate", "heavy"):
            raise self.fail(f"{where}.weight", f"expected light, moderate or heavy, got {word!r}")
        return Weight[word.upper()]
