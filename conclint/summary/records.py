"""The module summary: everything that linking will ever ask about a file, and nothing else.

A summary is a pure function of the source bytes. It holds no path and no module name, knows no catalog
and no configuration. On disk and in memory it is plain tuples (so that `marshal` can write it); the
classes below are views that give the fields names.

Names are solved flow-sensitively inside a function (reaching definitions; a value graph with PHI where
branches meet), attributes flow-insensitively (the stores to an attribute are listed, linking joins them).
Types are not in it: linking evaluates the value graph.

Operands. A *value* is an index into `Body.values` of the body it is used in, written V below; -1 means
none. A *site* S indexes `Body.sites`, a *region* R `Body.regions`, a *def* D `Module.defs`, an *import*
I `Module.imports`. `defs[0]` is the module's own code.

Where the values live: the decorators, base classes, class keywords, parameter defaults, parameter
annotations and the return annotation of a def are evaluated in the scope that contains the def
statement, so their V index the *parent's* body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from conclint.summary.kinds import SiteCode, StoreCode

FORMAT: Final = 11
"""Version of this record; part of every cache key."""


class Op:
    """First item of a value tuple; the comment gives the operands that follow."""

    UNKNOWN: Final = 0  #
    PARAM: Final = 1  # k: the k-th of the def's params
    GLOBAL: Final = 2  # name: looked up in the module's globals, then star imports, then builtins
    FREE: Final = 3  # D, name: variable `name` of the enclosing def D (union of its STORE_LOCALs)
    IMPORT: Final = 4  # I: what imports[I] binds
    CONST: Final = 5  # literal: None, bool, int, float, complex, Ellipsis, str and bytes up to 200 long
    TYPED: Final = 6  # name: a value of that builtin type, contents not kept (f-string, long string …)
    ATTR: Final = 7  # V, name
    ITEM: Final = 8  # V, V: subscript; tuple unpacking too, with a CONST index
    CALL: Final = 9  # S: result of the call at that site
    AWAIT: Final = 10  # V
    PHI: Final = 11  # V, V …: one of these, where branches or loop iterations meet
    ELEM: Final = 12  # V: an element got by iterating V
    ENTER: Final = 13  # V: what `with V as x` binds (async too: see the site)
    DEF: Final = 14  # D: the function, lambda or class object itself
    TUPLE: Final = 15  # V …
    LIST: Final = 16  # V …
    SET: Final = 17  # V …
    DICT: Final = 18  # V, V, …: key, value pairs; key -1 for `**value`
    COMP: Final = 19  # kind ("list" "set" "dict" "generator"), V element, V key or -1
    BOOL: Final = 20  # op ("and" "or" "not"), V …
    COMPARE: Final = 21  # op ("<" "==" "is" "is not" "in" …), V, V
    ARITH: Final = 22  # op ("+" "|" …; unary: "u-" …), V, V or -1
    NARROW: Final = 23  # V, V class, polarity 1 or 0: known (not) to be an instance, or (not) None
    CAST: Final = 24  # V or -1, V annotation: variable with a declared type
    CAUGHT: Final = 25  # V class(es): what `except X as e` binds
    STAR: Final = 26  # V: `*x` inside a display
    SLICE: Final = 27  # V or -1, V or -1: the lower and the upper end
    YIELD: Final = 28  # V or -1: the value of a yield expression (what is sent in)


class SiteKind:
    """What happens at a site."""

    CALL: Final = 0  # callee(*args)
    ENTER: Final = 1  # with callee: __enter__ and __exit__ (async: __aenter__ …)
    ITERATE: Final = 2  # for … in callee; comprehensions; unpacking; `yield from`
    ATTR: Final = 3  # read of an attribute that may be a property; callee is the ATTR value
    ITEM: Final = 4  # subscript; callee is the object, args[0] the index
    DECORATE: Final = 5  # callee is the decorator, args[0] the DEF
    AWAIT: Final = 6  # await of something that is no call: callee is the awaited value
    RAISE: Final = 7  # raise of something that is no call: callee is the class or instance
    SET_ATTR: Final = 8  # store to an attribute that may be a property; callee is the ATTR, args[0] the value
    SET_ITEM: Final = 9  # store to callee[args[0]] of args[1]
    DELETE: Final = 10  # `del`: of an attribute (callee is the ATTR), of an item (args[0] the index)
    CONTAINS: Final = 11  # args[0] in callee
    AUGMENT: Final = 12  # `callee += args[0]`, by the operator as the argument's keyword
    DISCARD: Final = 13  # `del` of the only local name of what a call made: callee is the call's result
    SPIN: Final = 14  # the test, callee, of a `while` in whose body nothing is done
    OPERATE: Final = 15  # an operator (the argument's keyword) on callee and args[0], which may be the same


OPERATOR_METHODS: Final[dict[str, tuple[str, ...]]] = {
    "==": ("__eq__",),
    "!=": ("__ne__", "__eq__"),
    "<": ("__lt__", "__gt__"),
    ">": ("__gt__", "__lt__"),
    "<=": ("__le__", "__ge__"),
    ">=": ("__ge__", "__le__"),
    "class": ("__init_subclass__",),
    "bool": ("__bool__", "__len__"),
    "str": ("__format__", "__str__", "__repr__"),
    "repr": ("__repr__",),
    "u-": ("__neg__",),
    "u+": ("__pos__",),
    "u~": ("__invert__",),
    "+": ("__add__", "__radd__"),
    "-": ("__sub__", "__rsub__"),
    "*": ("__mul__", "__rmul__"),
    "/": ("__truediv__", "__rtruediv__"),
    "//": ("__floordiv__", "__rfloordiv__"),
    "%": ("__mod__", "__rmod__"),
    "**": ("__pow__", "__rpow__"),
    "@": ("__matmul__", "__rmatmul__"),
    "<<": ("__lshift__", "__rlshift__"),
    ">>": ("__rshift__", "__rrshift__"),
    "&": ("__and__", "__rand__"),
    "|": ("__or__", "__ror__"),
    "^": ("__xor__", "__rxor__"),
}
"""What operators run: of a comparison or of arithmetic, the second is the right operand's; else the first
that the class has."""


class Use:
    """Bits of `Site.use`: what becomes of the result."""

    AWAITED: Final = 1  # awaited here
    RETURNED: Final = 2  # the whole of a `return` expression
    BOUND: Final = 4  # assigned to a name, attribute or item
    DROPPED: Final = 8  # an expression statement
    YIELDED: Final = 16
    ASYNC: Final = 32  # `async with`, `async for`


class Slot:
    """Argument slots beside positions (ints from 0) and keywords (strings)."""

    STAR: Final = -1  # *args
    DOUBLE_STAR: Final = -2  # **kwargs


class RegionKind:
    """Why code may run zero times, once, or often. `value` and `extra` are as the comments say."""

    BODY: Final = 0  # the def's own block; region 0
    IF: Final = 1  # value: test; extra: polarity 1 or 0. Also ternaries, and the operands of and/or
    TRY: Final = 2  # the try block
    EXCEPT: Final = 3  # value: caught class(es) or -1; extra: R of its TRY
    TRY_ELSE: Final = 4  # extra: R of its TRY
    FINALLY: Final = 5  # extra: R of its TRY
    FOR: Final = 6  # value: iterable; extra: LoopFlags
    WHILE: Final = 7  # value: test; extra: LoopFlags
    COMP: Final = 8  # value: iterable; extra: LoopFlags
    WITH: Final = 9  # value: the context manager; extra: 1 if async
    CASE: Final = 10  # value: subject; extra: V of the pattern's class or constant, or -1
    AFTER: Final = 11  # rest of a block after an `if` one branch of which left it; value, extra as IF
    AFTER_TRY: Final = 12  # rest of a block after a try: extra: R of the EXCEPT it must have come through
    # or of the TRY itself, when all its handlers leave the block
    LOOP_ELSE: Final = 13  # extra: R of the loop


class LoopFlags:
    """Bits of a loop region's `extra`."""

    ASYNC: Final = 1
    CARRIED: Final = 2  # an iteration reads a name that an earlier iteration assigned
    BREAKS: Final = 4  # the loop may be left early (break, return)
    LAZY: Final = 8  # a generator expression: runs where it is consumed


class StoreKind:
    """Where a value is stored."""

    ATTR: Final = 0  # base.name = V
    GLOBAL: Final = 1  # module variable (from the module's own code, or through `global`)
    FREE: Final = 2  # `nonlocal`; base is the D that owns the name
    LOCAL: Final = 3  # a class body's name, or a function's local that an inner def reads
    ITEM: Final = 4  # base[name] = V, where name is the V of the index


class DefKind:
    """What a def is."""

    MODULE: Final = 0
    FUNCTION: Final = 1
    ASYNC_FUNCTION: Final = 2
    LAMBDA: Final = 3
    CLASS: Final = 4


MODULE_KEY: Final = "<module>"
"""`Def.key` of the module's own code."""


class DefFlags:
    """Bits of `Def.flags`."""

    GENERATOR: Final = 1  # contains `yield` (with ASYNC_FUNCTION: an async generator)
    STUB: Final = 2  # the body is `...`, `pass`, a docstring, or `raise NotImplementedError`


class ParamKind:
    """How a parameter takes its argument."""

    POSITIONAL_ONLY: Final = 0
    NORMAL: Final = 1
    STAR: Final = 2
    KEYWORD_ONLY: Final = 3
    DOUBLE_STAR: Final = 4


class DirectiveKind:
    """Comments that speak to conclint."""

    NOQA: Final = 0  # `noqa`, alone or with codes: `noqa: CON101,E501`
    IGNORE: Final = 1  # `# conclint: ignore`, `# conclint: ignore[CON101]`
    SKIP_FILE: Final = 2  # `# conclint: skip-file`
    UNKNOWN: Final = 3  # another word after `conclint:`, which is in `codes`


DIRECTIVE_WORDS: Final = ("ignore", "skip-file", "blocks", "nonblocking")
"""What may follow `# conclint:`."""


class Assertion:
    """What a comment on a `def` line says of it: `# conclint: blocks`, `# conclint: nonblocking`."""

    NONE: Final = 0
    BLOCKS: Final = 1
    NONBLOCKING: Final = 2


class ImportFlags:
    """Bits of `Import.flags`."""

    TYPE_CHECKING: Final = 1  # under `if TYPE_CHECKING`


class Import(NamedTuple):
    """One imported name. `import a.b` is ("a.b", 0, None, "a"); `import a.b as c` ("a.b", 0, None, "c"),
    and `import a.b as a`, to tell it from the first, ("a", 0, "b", "a");
    `from ..x import y as z` ("x", 2, "y", "z"); a star import has name "*" and bound ""."""

    module: str
    level: int
    name: str | None
    bound: str
    flags: int
    line: int


class Param(NamedTuple):
    """One parameter; default and annotation are V of the parent's body, or -1."""

    name: str
    kind: int
    default: int
    annotation: int


class Def(NamedTuple):
    """A function, lambda, class, or the module itself (`defs[0]`, key MODULE_KEY).

    `key` is the qualified name ("Cls.method", "outer.inner", "f.<lambda>#2" for the second lambda of f;
    a name defined again gets "#2" …). `start` is the line of the `def`, `class` or `lambda` keyword,
    `end` the last line; `column` where the keyword (or `async`) begins. Positions inside the body are
    relative to `start`.
    """

    key: str
    parent: int
    kind: int
    flags: int
    start: int
    column: int
    end: int
    decorators: tuple[int, ...]
    bases: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]
    params: tuple[Param, ...]
    returns: int
    assertion: int
    semantic_hash: bytes

    @property
    def name(self) -> str:
        """The last part of the key, without the number that tells namesakes apart."""
        last = self.key.rsplit(".", 1)[-1]
        return last.split("#", 1)[0]


class Site(NamedTuple):
    """A place where something is called, entered, iterated, read or awaited. In source order of start."""

    kind: SiteCode
    callee: int
    args: tuple[tuple[int | str, int], ...]
    region: int
    use: int


class Region(NamedTuple):
    """A node of the region tree. `arithmetic` and `container` count the operations of the region's own
    code (not of inner regions): arithmetic, comparisons; subscripts, displays, stores to items."""

    kind: int
    parent: int
    value: int
    extra: int
    arithmetic: int
    container: int


class Store(NamedTuple):
    """A store: see `StoreKind` for `base` and `name`. Of an item, `at` is the number of values before it, so
    that what is read later is told from what was read before; 0 of anything else."""

    kind: StoreCode
    base: int
    name: str | int
    value: int
    region: int
    at: int = 0


class Span(NamedTuple):
    """Where a site is. Lines are relative to `Def.start` (0 is the same line), columns count characters
    from 0. `first` and `last` are the physical lines of the logical line (statement or header)."""

    line: int
    column: int
    end_line: int
    end_column: int
    first: int
    last: int


class Directive(NamedTuple):
    """A comment directive; it holds for the logical lines `first` to `last` (absolute, from 1).
    `line` and `column` (from 1) are the comment's own place; `codes` is empty for a blanket one."""

    kind: int
    codes: tuple[str, ...]
    first: int
    last: int
    line: int
    column: int


class Body(NamedTuple):
    """What a def's own code does; decoded on demand."""

    values: tuple[tuple[object, ...], ...]
    sites: tuple[Site, ...]
    regions: tuple[Region, ...]
    returns: tuple[tuple[int, int], ...]  # V, R
    yields: tuple[tuple[int, int], ...]  # V, R; `yield from x` yields ELEM of x
    stores: tuple[Store, ...]
    spans: bytes


class EncodedBody(NamedTuple):
    """A body as bytes, for `conclint.summary.codec` to decode. Its names and literals are numbers in
    `literals`, a table that all bodies of a module share."""

    data: bytes
    spans: bytes
    literals: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """The summary of one file.

    `bodies` are encoded, one for each def; `conclint.summary.codec` decodes them. `exports` is
    `__all__` where it is a literal (with `+=` of literals), else None.
    """

    format: int
    source_hash: bytes
    imports: tuple[Import, ...]
    exports: tuple[str, ...] | None
    defs: tuple[Def, ...]
    directives: tuple[Directive, ...]
    bodies: tuple[EncodedBody, ...]
