"""Changes of structure: loops that wait one by one, pools where they are made, what starts without a guard.

Only what is one expression or one statement is rewritten; a loop that does more is left to the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from conclint.rules.advice.change import Change, Edit
from conclint.rules.advice.expressions import arguments_of, statement_of
from conclint.rules.advice.forms import Form
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.site import Fragment, Node, Place
from conclint.summary.records import Import
from conclint.syntax.nodes import cst

_GIVEN: Final = ("args", "kwargs", "initargs")
"""What a process is started with."""


class Round(NamedTuple):
    """A loop that does one thing for each item: its head, from the target on, and the statement or element;
    `whole` is what is replaced."""

    whole: Node
    head: str
    work: Node
    targets: set[str]
    items: str
    has_tests: bool


def change_to(place: Place, form: Form, imports: tuple[Import, ...]) -> Change | None:
    """The code at the place in another form; None where it is not as simple as that."""
    node = place.node
    if node is None or not isinstance(node, cst.Call):
        return None
    return _FORMS[form](place.fragment, node, Imports(imports))


def _round(fragment: Fragment, node: Node) -> Round | None:
    """The loop or comprehension around a call, where each round does no more than is made of the call."""
    for item in fragment.above(node):
        if isinstance(item, cst.ListComp):
            if item.for_in.inner_for_in is not None or item.for_in.asynchronous is not None:
                return None
            head = fragment.text[fragment.text.index("for", fragment.end(item.elt)) : fragment.end(item) - 1]
            head = head.strip()
            loop = item.for_in
            return Round(item, head, item.elt, _bound(loop.target), fragment.code(loop.iter), bool(loop.ifs))
        if isinstance(item, cst.BaseComp | cst.Lambda | cst.While | cst.FunctionDef):
            return None
        if isinstance(item, cst.For):
            if item.asynchronous is not None or item.orelse is not None:
                return None
            body = item.body.body
            if len(body) != 1 or not isinstance(body[0], cst.SimpleStatementLine) or len(body[0].body) != 1:
                return None
            head = f"for {fragment.code(item.target)} in {fragment.code(item.iter)}"
            return Round(item, head, body[0].body[0], _bound(item.target), fragment.code(item.iter), False)
    return None


def _bound(target: Node) -> set[str]:
    return names_in([target]).read


def _appended(fragment: Fragment, work: Node, value: Node) -> str | None:
    """The list to which a statement appends just that value."""
    if not isinstance(work, cst.Expr) or not isinstance(work.value, cst.Call):
        return None
    call = work.value
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "append" or len(call.args) != 1:
        return None
    return fragment.code(call.func.value) if call.args[0].value is value else None


def _gather(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    awaited = fragment.parent(node)
    found = _round(fragment, node)
    if found is None or not isinstance(awaited, cst.Await) or names_in([node]).awaits:
        return None
    gathered = f"await {imports.module('asyncio')}.gather(*({fragment.code(node)} {found.head}))"
    if isinstance(found.whole, cst.ListComp):
        if found.work is not awaited:
            return None
        return _replacing(fragment, found.whole, gathered, imports)
    into = _appended(fragment, found.work, awaited)
    if into is not None and not found.targets & names_in([_parsed_name(found.work)]).read:
        return _replacing(fragment, found.whole, f"{into}.extend({gathered})", imports)
    if isinstance(found.work, cst.Expr) and found.work.value is awaited:
        return _replacing(fragment, found.whole, gathered, imports)
    return None


def _parsed_name(work: Node) -> Node:
    assert isinstance(work, cst.Expr) and isinstance(work.value, cst.Call)
    return work.value.func


def _submit_all(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    return _collected(fragment, node, fragment.code(node), "result", "future", imports)


def _apply_all(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    assert isinstance(node, cst.Call)
    if not isinstance(node.func, cst.Attribute):
        return None
    method = node.func.attr.value
    if method == "apply":
        text = f"{fragment.code(node.func.value)}.apply_async({arguments_of(fragment, node)})"
        return _collected(fragment, node, text, "", "pending", imports)
    return _collected(fragment, node, fragment.code(node), "get", "pending", imports)


def _collected(
    fragment: Fragment, node: Node, submit: str, method: str, name: str, imports: Imports
) -> Change | None:
    """All submits first, then all waits; with no `method` the call itself waits."""
    found = _round(fragment, node)
    if found is None or names_in([found.work]).yields or names_in([found.work]).awaits:
        return None
    waited: Node = node
    if method:
        attribute = fragment.parent(node)
        call = fragment.parent(attribute) if attribute is not None else None
        if not isinstance(attribute, cst.Attribute) or not isinstance(call, cst.Call) or call.args:
            return None
        if attribute.attr.value != method:
            return None
        waited = call
    used = {item.value for item in fragment.nodes if isinstance(item, cst.Name)}
    if name in used:
        return None
    wait = f"{name}.{method or 'get'}()"
    start, end = fragment.start(found.work), fragment.end(found.work)
    work = fragment.text[start : fragment.start(waited)] + wait + fragment.text[fragment.end(waited) : end]
    rest = names_in([found.work], skip=waited).read
    if rest & found.targets:
        return None
    pending = f"[{submit} {found.head}]"
    if isinstance(found.whole, cst.ListComp):
        return _replacing(fragment, found.whole, f"[{work} for {name} in {pending}]", imports)
    indent = _indent_of(fragment, found.whole) + "    "
    return _replacing(fragment, found.whole, f"for {name} in {pending}:\n{indent}{work}", imports, "the loop")


def _pool_around(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    item = fragment.parent(node)
    block = fragment.parent(item) if item is not None else None
    if not isinstance(item, cst.WithItem) or not isinstance(block, cst.With) or len(block.items) != 1:
        return None
    body = fragment.parent(block)
    loop = fragment.parent(body) if body is not None else None
    if not isinstance(loop, cst.For) or loop.asynchronous is not None or len(loop.body.body) != 1:
        return None
    if names_in([node]).read & _bound(loop.target) or loop.orelse is not None:
        return None
    name = f" as {fragment.code(item.asname.name)}" if item.asname is not None else ""
    indent = _indent_of(fragment, loop)
    head = f"for {fragment.code(loop.target)} in {fragment.code(loop.iter)}:"
    body_text = _block_text(fragment, block)
    if body_text is None:
        return None
    text = f"with {fragment.code(node)}{name}:\n{indent}    {head}\n{body_text}"
    return _replacing(fragment, loop, text, imports, "the loop")


def _block_text(fragment: Fragment, block: Node) -> str | None:
    """The lines of a block's body, as they are."""
    body = getattr(block, "body", None)
    if not isinstance(body, cst.IndentedBlock) or not body.body:
        return None
    start = fragment.start(body.body[0])
    return fragment.text[fragment.text.rfind("\n", 0, start) + 1 : fragment.end(block)].rstrip()


def _with(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    statement = fragment.parent(node)
    line = statement_of(fragment, node)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    name = fragment.code(statement.targets[0].target)
    indent = _indent_of(fragment, line)
    return _replacing(fragment, line, f"with {fragment.code(node)} as {name}:\n{indent}    …", imports, "it")


def _map_in(kind: str) -> Callable[[Fragment, Node, Imports], Change | None]:
    def change(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
        assert isinstance(node, cst.Call)
        found = _round(fragment, node)
        if found is None or len(node.args) != 1 or node.args[0].keyword is not None or node.args[0].star:
            return None
        only = node.args[0].value
        if not isinstance(only, cst.Name) or {only.value} != found.targets or found.has_tests:
            return None
        if names_in([node.func]).read & found.targets:
            return None
        pool = imports.name("concurrent.futures", kind)
        mapped = f"pool.map({fragment.code(node.func)}, {found.items})"
        if isinstance(found.whole, cst.For):
            into = _appended(fragment, found.work, node)
            if into is None:
                return None
            target: Node = found.whole
            text = f"{into}.extend({mapped})"
        else:
            line = statement_of(fragment, found.whole)
            if found.work is not node or not isinstance(line, cst.SimpleStatementLine):
                return None
            target = line
            text = fragment.text[fragment.start(line) : fragment.start(found.whole)] + f"list({mapped})"
            text += fragment.text[fragment.end(found.whole) : fragment.end(line)]
        if any(isinstance(item, cst.Name) and item.value == "pool" for item in fragment.nodes):
            return None
        indent = _indent_of(fragment, target)
        return _replacing(
            fragment, target, f"with {pool}() as pool:\n{indent}    {text}", imports, "the loop"
        )

    return change


def _spawn(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    assert isinstance(node, cst.Call)
    last = node.func.attr.value if isinstance(node.func, cst.Attribute) else getattr(node.func, "value", "")
    given = [arg.value for arg in node.args if arg.keyword is not None and arg.keyword.value in _GIVEN]
    if names_in(given).read:
        return None  # a queue or lock among them was made for processes that are forked
    arguments = arguments_of(fragment, node)
    context = f'{imports.module("multiprocessing")}.get_context("spawn")'
    if last == "ProcessPoolExecutor":
        if any(arg.keyword is not None and arg.keyword.value == "mp_context" for arg in node.args):
            return None
        rest = arguments.rstrip().rstrip(",")
        text = f"{fragment.code(node.func)}({rest}{', ' if rest.strip() else ''}mp_context={context})"
    elif last in ("Process", "Pool"):
        text = f"{context}.{last}({arguments})"
    else:
        return None
    return _replacing_in(fragment, node, text, imports)


def _guard(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    line = statement_of(fragment, node)
    if not isinstance(line, cst.SimpleStatementLine) or _indent_of(fragment, line):
        return None
    body = fragment.inner(line).rstrip()
    if "\n" in body:
        body = body.replace("\n", "\n    ")
    return _replacing(fragment, line, f'if __name__ == "__main__":\n    {body}', imports, "it")


def _workers(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    assert isinstance(node, cst.Call)
    if len(node.args) != 1 or node.args[0].star:
        return None
    return _replacing_in(fragment, node, f"{fragment.code(node.func)}()", imports)


def _other_pool(wanted: str, accepted: Sequence[str]) -> Callable[[Fragment, Node, Imports], Change | None]:
    names = {"ThreadPoolExecutor", "ProcessPoolExecutor", "InterpreterPoolExecutor"}

    def change(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
        assert isinstance(node, cst.Call)
        if any(
            arg.star or (arg.keyword is not None and arg.keyword.value not in accepted) for arg in node.args
        ):
            return None
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in names:
            text = f"{fragment.code(node.func.value)}.{wanted}"
        elif isinstance(node.func, cst.Name) and node.func.value in names:
            text = imports.name("concurrent.futures", wanted)
        else:
            return None
        return _replacing_in(fragment, node.func, text, imports)

    return change


def _await_argument(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    assert isinstance(node, cst.Call)
    if len(node.args) != 1 or node.args[0].star or not isinstance(node.args[0].value, cst.Call):
        return None
    return _awaiting(fragment, node, fragment.code(node.args[0].value), imports)


def _await_handed(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    assert isinstance(node, cst.Call)
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else getattr(node.func, "value", "")
    if name != "to_thread" or not node.args or any(arg.star for arg in node.args):
        return None
    first = node.args[0]
    if first.keyword is not None or not isinstance(first.value, cst.Name | cst.Attribute):
        return None
    start = fragment.start(node.args[1]) if len(node.args) > 1 else fragment.end(node) - 1
    rest = fragment.text[start : fragment.end(node) - 1].strip()
    return _replacing_in(fragment, node, f"{fragment.code(first.value)}({rest})", imports)


def _await(fragment: Fragment, node: Node, imports: Imports) -> Change | None:
    return _awaiting(fragment, node, fragment.code(node), imports)


def _awaiting(fragment: Fragment, node: Node, awaited: str, imports: Imports) -> Change | None:
    """An expression awaited in the place of a call, where a coroutine function stands around it."""
    for item in fragment.above(node):
        if isinstance(item, cst.Lambda | cst.GeneratorExp):
            return None
        if isinstance(item, cst.FunctionDef):
            if item.asynchronous is None:
                return None
            break
    plain = (cst.Expr, cst.Assign, cst.AnnAssign, cst.Return, cst.Arg, cst.ListComp)
    text = f"await {awaited}" if isinstance(fragment.parent(node), plain) else f"(await {awaited})"
    return _replacing_in(fragment, node, text, imports)


def _indent_of(fragment: Fragment, node: Node) -> str:
    start = fragment.start(node)
    before = fragment.text[fragment.text.rfind("\n", 0, start) + 1 : start]
    return before[: len(before) - len(before.lstrip())]


def _replacing(fragment: Fragment, node: Node, text: str, imports: Imports, what: str = "") -> Change:
    """A text in the place of an expression or a whole statement."""
    end = fragment.start(node) + len(fragment.inner(node).rstrip())  # a block's end is that of its last line
    edit = Edit(fragment.start(node), end, text)
    shown = node if isinstance(node, cst.BaseStatement) else statement_of(fragment, node)
    whole = what or ("the loop" if isinstance(node, cst.BaseStatement) else "")
    return Change(shown, (edit,), tuple(imports.needed), what=whole)


def _replacing_in(fragment: Fragment, node: Node, text: str, imports: Imports) -> Change:
    edit = Edit(fragment.start(node), fragment.end(node), text)
    return Change(statement_of(fragment, node), (edit,), tuple(imports.needed))


_FORMS: Final[dict[Form, Callable[[Fragment, Node, Imports], Change | None]]] = {
    Form.GATHER: _gather,
    Form.SUBMIT_ALL: _submit_all,
    Form.APPLY_ALL: _apply_all,
    Form.POOL_AROUND: _pool_around,
    Form.WITH: _with,
    Form.MAP_IN_THREADS: _map_in("ThreadPoolExecutor"),
    Form.MAP_IN_PROCESSES: _map_in("ProcessPoolExecutor"),
    Form.SPAWN: _spawn,
    Form.GUARD: _guard,
    Form.WORKERS: _workers,
    Form.THREAD_POOL: _other_pool("ThreadPoolExecutor", ("max_workers", "initializer", "initargs")),
    Form.AWAIT_ARGUMENT: _await_argument,
    Form.AWAIT_HANDED: _await_handed,
    Form.AWAIT: _await,
    Form.PROCESS_POOL: _other_pool("ProcessPoolExecutor", ("max_workers", "initializer", "initargs")),
}
