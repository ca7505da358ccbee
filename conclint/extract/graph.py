"""What a body consists of while it is walked: values, numbered so that equal ones are one, sites, regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conclint.summary.records import Op, RegionKind, SiteKind

if TYPE_CHECKING:
    from libcst import CSTNode

Value = tuple[Any, ...]
PlainSite = tuple[int, int, tuple[tuple[int | str, int], ...], int, int]
PlainStore = tuple[int, int, str | int, int, int] | tuple[int, int, str | int, int, int, int]

_RESERVED: Final[PlainSite] = (SiteKind.CALL, -1, (), 0, 0)


class Graph:
    """The values, sites, regions, returns, yields, stores and bindings of one body.

    `region` and `line` are where the walk is: the current region, and the current logical line's number.
    """

    __slots__ = (
        "_constants",
        "_numbered",
        "bindings",
        "line",
        "region",
        "regions",
        "returns",
        "site_places",
        "sites",
        "stores",
        "values",
        "yields",
    )

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.sites: list[PlainSite] = []
        self.site_places: list[tuple[CSTNode, int]] = []  # each site's node and logical line
        self.regions: list[list[int]] = [[RegionKind.BODY, -1, -1, 0, 0, 0]]
        self.returns: list[tuple[int, int]] = []
        self.yields: list[tuple[int, int]] = []
        self.stores: list[PlainStore] = []
        self.bindings: list[tuple[str, int, int]] = []  # name, value, region
        self.region = 0
        self.line = 0
        self._numbered: dict[Value, int] = {}
        self._constants: dict[tuple[type, object], int] = {}

    def add(self, value: Value) -> int:
        """A new value, equal to no other."""
        self.values.append(value)
        return len(self.values) - 1

    def pure(self, value: Value) -> int:
        """The value, shared with equal ones."""
        found = self._numbered.get(value)
        if found is None:
            found = self._numbered[value] = len(self.values)
            self.values.append(value)
        return found

    def constant(self, literal: object) -> int:
        """The value of a literal. (Not numbered as others are: there 1, 1.0 and True would be one.)"""
        kind = literal.__class__
        key = (kind, repr(literal) if kind is float or kind is complex else literal)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = len(self.values)
            self.values.append((Op.CONST, literal))
        return found

    def unknown(self) -> int:
        """The value of which nothing is known."""
        return self.pure((Op.UNKNOWN,))

    def add_site(
        self,
        kind: int,
        node: CSTNode,
        callee: int,
        use: int = 0,
        arguments: tuple[tuple[int | str, int], ...] = (),
    ) -> int:
        """A site whose operands have been walked."""
        self.sites.append((kind, callee, arguments, self.region, use))
        self.site_places.append((node, self.line))
        return len(self.sites) - 1

    def reserve_site(self, node: CSTNode) -> int:
        """The number of a site that begins here, and is filled in when its operands have been walked."""
        self.sites.append(_RESERVED)
        self.site_places.append((node, self.line))
        return len(self.sites) - 1

    def enter_region(self, kind: int, value: int, extra: int) -> int:
        """Makes a region inside the current one the current one."""
        regions = self.regions
        regions.append([kind, self.region, value, extra, 0, 0])
        self.region = len(regions) - 1
        return self.region

    def enter_operand(self, value: int, polarity: int, entered: list[int]) -> None:
        """Enters the region of an operand that is only evaluated if `value` is true (1) or false (0)."""
        entered.append(self._events())
        self.enter_region(RegionKind.IF, value, polarity)

    def leave_operands(self, outer: int, entered: list[int]) -> None:
        """Back to region `outer`, forgetting the innermost operands' regions in which nothing happens."""
        now = self._events()
        regions = self.regions
        while entered and entered.pop() == now:
            _, parent, _, _, arithmetic, container = regions.pop()
            regions[parent][4] += arithmetic
            regions[parent][5] += container
        self.region = outer

    def _events(self) -> int:
        """Counts what refers to regions."""
        return len(self.sites) + len(self.bindings) + len(self.stores) + len(self.yields)
