"""Expressions: each handler walks one kind of node and gives the index of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conclint.extract import literal_texts, literals
from conclint.extract.identifiers import identifier
from conclint.extract.operations import operation
from conclint.extract.pending import UNBOUND
from conclint.summary.records import DefFlags, Op, SiteKind, Slot, Use
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

_IN_MEMORY = (":memory:", "mode=memory")
BUILTIN = frozenset((Op.CONST, Op.TYPED, Op.TUPLE, Op.LIST, Op.SET, Op.DICT, Op.COMP))
"""Ops of values that are of builtin types, whose special methods are of no interest."""

Handler = Callable[["Scope", Any], int]


def expression(s: Scope, node: cst.BaseExpression) -> int:
    """Walks any expression."""
    return EXPRESSIONS[type(node)](s, node)


def used_expression(s: Scope, node: cst.BaseExpression, use: int) -> int:
    """Walks an expression whose whole result is used as the bits of `use` say."""
    kind = type(node)
    if kind is cst.Call:
        return call(s, node, use)  # type: ignore[arg-type]
    if kind is cst.Await:
        return await_(s, node, use)  # type: ignore[arg-type]
    if kind is cst.Subscript:
        return subscript(s, node, use)  # type: ignore[arg-type]
    return EXPRESSIONS[kind](s, node)


def name(s: Scope, node: cst.Name) -> int:
    """A variable, or one of the constants that libcst takes for names."""
    word = node.value
    if not word.isascii():
        word = identifier(word)
    value = s.env.get(word, UNBOUND)
    if value >= 0:
        return value
    if value == UNBOUND:
        found = s.outer.get(word)
        if found is not None:
            return found
    return s.read(word)


def attribute(s: Scope, node: cst.Attribute) -> int:
    """The read of an attribute: one site for each distinct one, unless the base is an import.

    In a function, a module that the file imports by `import` is a global, and as good.
    """
    spine = [node]
    base = node.value
    while type(base) is cst.Attribute:
        spine.append(base)
        base = base.value
    value = EXPRESSIONS[type(base)](s, base)
    seen = s.attribute_sites
    new: list[tuple[cst.Attribute, int]] = []
    bare = is_module(s, value)
    for link in reversed(spine):
        value = s.pure((Op.ATTR, value, identifier(link.attr.value)))
        if bare:
            bare = False
        elif value not in seen:
            seen.add(value)
            new.append((link, value))
    for link, read in reversed(new):
        s.add_site(SiteKind.ATTR, link, read)
    return value


def is_module(s: Scope, value: int) -> bool:
    """Whether a value is a module, by an import."""
    found = s.values[value]
    return found[0] == Op.IMPORT or (found[0] == Op.GLOBAL and found[1] in s.module.modules)


def call(s: Scope, node: cst.Call, use: int = 0) -> int:
    """A call."""
    site = s.reserve_site(node)
    function = node.func
    if type(function) is cst.Attribute:
        base = function.value
        owner = EXPRESSIONS[type(base)](s, base)
        callee = s.pure((Op.ATTR, owner, identifier(function.attr.value)))
    else:
        callee = EXPRESSIONS[type(function)](s, function)
    arguments: list[tuple[int | str, int]] = []
    position = 0
    starred = False
    for argument in node.args:
        inner = argument.value
        if type(inner) is cst.SimpleString and _names_a_type(function, argument, position):
            value = _stated_type(s, inner)
        else:
            value = EXPRESSIONS[type(inner)](s, inner)
        if argument.star:
            if argument.star == "*":
                starred = True
                arguments.append((Slot.STAR, value))
            else:
                arguments.append((Slot.DOUBLE_STAR, value))
        elif argument.keyword is not None:
            arguments.append((identifier(argument.keyword.value), value))
        elif starred:
            # its position isn't known: as if it were written *(value,)
            arguments.append((Slot.STAR, s.add((Op.TUPLE, value))))
        else:
            arguments.append((position, value))
            position += 1
    if position == 2 and type(function) is cst.Name and function.value == "isinstance":
        s.isinstance_arguments[id(node)] = (arguments[0][1], arguments[1][1])
    s.sites[site] = (SiteKind.CALL, callee, tuple(arguments), s.region, use)
    return s.add((Op.CALL, site))


def _names_a_type(function: cst.BaseExpression, argument: cst.Arg, position: int) -> bool:
    """Whether a string argument is an annotation: `cast("Client", x)`, `TypeVar("T", bound="Client")`."""
    last = function.attr if isinstance(function, cst.Attribute) else function
    if not isinstance(last, cst.Name):
        return False
    if last.value == "cast":
        return not position and not argument.star and argument.keyword is None
    return last.value == "TypeVar" and argument.keyword is not None and argument.keyword.value == "bound"


def _stated_type(s: Scope, node: cst.SimpleString) -> int:
    return ANNOTATIONS[type(node)](s, node)


def await_(s: Scope, node: cst.Await, use: int = 0) -> int:
    """`await`: a bit of the call it awaits, a site of its own for anything else."""
    inner = node.expression
    if type(inner) is cst.Call:
        return s.add((Op.AWAIT, call(s, inner, use | Use.AWAITED)))
    site = s.reserve_site(node)
    value = EXPRESSIONS[type(inner)](s, inner)
    s.sites[site] = (SiteKind.AWAIT, value, (), s.region, use)
    return s.add((Op.AWAIT, value))


def subscript(s: Scope, node: cst.Subscript, use: int = 0) -> int:
    """The read of an item."""
    site = s.reserve_site(node)
    base = node.value
    owner = EXPRESSIONS[type(base)](s, base)
    index = subscript_index(s, node)
    s.regions[s.region][5] += 1
    s.sites[site] = (SiteKind.ITEM, owner, ((0, index),), s.region, use)
    return s.add((Op.ITEM, owner, index))


def subscript_index(s: Scope, node: cst.Subscript) -> int:
    """What stands between the brackets: a tuple if there are several."""
    elements = node.slice
    first = elements[0]
    if len(elements) == 1 and type(first.comma) is not cst.Comma and not getattr(first.slice, "star", None):
        return _slice(s, first.slice)
    return s.add((Op.TUPLE, *[_slice(s, element.slice) for element in elements]))


def _slice(s: Scope, node: cst.BaseSlice) -> int:
    if isinstance(node, cst.Index):
        value = EXPRESSIONS[type(node.value)](s, node.value)
        return s.add((Op.STAR, value)) if node.star else value
    assert isinstance(node, cst.Slice)
    lower, upper, _ = [
        -1 if part is None else EXPRESSIONS[type(part)](s, part)
        for part in (node.lower, node.upper, node.step)
    ]
    return s.pure((Op.SLICE, lower, upper))


def concatenated_string(s: Scope, node: cst.ConcatenatedString) -> int:
    """Adjacent string literals."""
    parts, text = literal_texts.joined_strings(node)
    if text is not None:
        return literals.string_constant(s, text)
    for part in parts:
        EXPRESSIONS[type(part)](s, part)
    return s.pure((Op.TYPED, "str"))


def formatted_string(s: Scope, node: cst.FormattedString) -> int:
    """An f-string: its expressions are walked, its text is not kept, save for one that names a database in
    memory or is a `data:` URL: it does so whatever is filled in."""
    for inner, value in _format_parts(s, node.parts):
        operation(s, node, "repr" if inner.conversion == "r" else "str", value)
    text = "{}".join(part.value if isinstance(part, cst.FormattedStringText) else "" for part in node.parts)
    if any(word in text for word in _IN_MEMORY) or text.startswith("data:"):
        return literals.string_constant(s, text)
    return s.pure((Op.TYPED, "str"))


def templated_string(s: Scope, node: Any) -> int:
    """A t-string."""
    _format_parts(s, node.parts)
    return s.unknown()


def _format_parts(s: Scope, parts: Any) -> list[tuple[Any, int]]:
    """The parts that are filled in, with their values."""
    found: list[tuple[Any, int]] = []
    for part in parts:
        inner = getattr(part, "expression", None)
        if inner is not None:
            found.append((part, EXPRESSIONS[type(inner)](s, inner)))
            if part.format_spec:
                _format_parts(s, part.format_spec)
    return found


def named_expression(s: Scope, node: cst.NamedExpr) -> int:
    """A walrus."""
    value = used_expression(s, node.value, Use.BOUND)
    if isinstance(node.target, cst.Name):
        s.bind(identifier(node.target.value), value)
    return value


def yield_(s: Scope, node: cst.Yield) -> int:
    """`yield` and `yield from`."""
    s.flags |= DefFlags.GENERATOR
    inner = node.value
    if inner is None:
        s.yields.append((s.constant(None), s.region))
        return s.add((Op.YIELD, -1))
    if isinstance(inner, cst.From):
        site = s.reserve_site(inner.item)
        value = EXPRESSIONS[type(inner.item)](s, inner.item)
        s.sites[site] = (SiteKind.ITERATE, value, (), s.region, Use.YIELDED)
        s.yields.append((s.pure((Op.ELEM, value)), s.region))
        return s.unknown()
    value = used_expression(s, inner, Use.YIELDED)
    s.yields.append((value, s.region))
    return s.add((Op.YIELD, value))


def _elements(s: Scope, op: int, elements: Any) -> int:
    s.regions[s.region][5] += 1
    return s.add((op, *[EXPRESSIONS[type(element)](s, element) for element in elements]))


def tuple_(s: Scope, node: cst.Tuple) -> int:
    """A tuple display."""
    return _elements(s, Op.TUPLE, node.elements)


def list_(s: Scope, node: cst.List) -> int:
    """A list display."""
    return _elements(s, Op.LIST, node.elements)


def set_(s: Scope, node: cst.Set) -> int:
    """A set display."""
    return _elements(s, Op.SET, node.elements)


def element(s: Scope, node: cst.Element) -> int:
    """An element of a display."""
    return EXPRESSIONS[type(node.value)](s, node.value)


def starred(s: Scope, node: cst.StarredElement) -> int:
    """`*x` in a display."""
    return s.add((Op.STAR, EXPRESSIONS[type(node.value)](s, node.value)))


def dict_(s: Scope, node: cst.Dict) -> int:
    """A dict display."""
    s.regions[s.region][5] += 1
    pairs: list[int] = []
    for entry in node.elements:
        if isinstance(entry, cst.DictElement):
            pairs.append(EXPRESSIONS[type(entry.key)](s, entry.key))
        else:
            pairs.append(-1)
        pairs.append(EXPRESSIONS[type(entry.value)](s, entry.value))
    return s.add((Op.DICT, *pairs))


def ellipsis_(s: Scope, node: cst.Ellipsis) -> int:
    """`...`"""
    return s.constant(...)


ANNOTATIONS: dict[type, Handler] = {}
"""What reads an argument that is an annotation, by the type of its node (see `annotations`)."""

EXPRESSIONS: dict[type, Handler] = {
    cst.Name: name,
    cst.Attribute: attribute,
    cst.Call: call,
    cst.Await: await_,
    cst.Subscript: subscript,
    cst.Integer: literals.integer,
    cst.Float: literals.float_,
    cst.Imaginary: literals.imaginary,
    cst.SimpleString: literals.string,
    cst.ConcatenatedString: concatenated_string,
    cst.FormattedString: formatted_string,
    cst.Ellipsis: ellipsis_,
    cst.NamedExpr: named_expression,
    cst.Yield: yield_,
    cst.Tuple: tuple_,
    cst.List: list_,
    cst.Set: set_,
    cst.Dict: dict_,
    cst.Element: element,
    cst.StarredElement: starred,
}
"""By kind of node; operators, comprehensions and lambdas are added by their modules."""

if hasattr(cst, "TemplatedString"):  # libcst 1.9
    EXPRESSIONS[cst.TemplatedString] = templated_string
