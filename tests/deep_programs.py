"""Programs whose parts lead to each other in a circle, in a knot, or in a chain that goes very deep.

Each is files by name, made for a size `n`: the length of the chain or circle. What they have in common is a
function `work` that blocks, reached from a coroutine through the chain where that makes sense.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Files: TypeAlias = dict[str, str]
Shape: TypeAlias = Callable[[int], Files]

_WORK = "import time\n\n\ndef work():\n    time.sleep(1)\n\n\n"
_MAIN = "import asyncio\n{imports}\n\nasync def main():\n    {body}\n\n\nasyncio.run(main())\n"


def _module(*lines: str) -> Files:
    return {"app.py": "import asyncio\n" + _WORK + "\n".join(lines) + "\n"}


def _calling(expression: str) -> str:
    return f"\n\nasync def main(arg):\n    {expression}\n\n\nasyncio.run(main(1))"


# -- circles ----------------------------------------------------------------------------------------------


def star_circle(n: int) -> Files:
    """Modules that import `*` from the next one, the last from the first."""
    files = {
        f"m{i}.py": f"from m{(i + 1) % n} import *\n\nasync def f{i}():\n    print(1)\n" for i in range(n)
    }
    return {**files, "app.py": _MAIN.format(imports="from m0 import *", body="print(missing)")}


def star_knot(n: int) -> Files:
    """Modules that all import `*` from all others."""
    every = "".join(f"from m{i} import *\n" for i in range(n))
    return {f"m{i}.py": f"{every}\n\nasync def f{i}():\n    print(missing)\n" for i in range(n)}


def import_circle(n: int) -> Files:
    """A name that each module imports from the next one, the last from the first."""
    files = {f"m{i}.py": f"from m{(i + 1) % n} import work\n" for i in range(n)}
    return {**files, "app.py": _MAIN.format(imports="from m0 import work", body="work()")}


def module_getattr_circle(n: int) -> Files:
    """Modules whose `__getattr__` asks the next one."""
    files = {
        f"m{i}.py": "import importlib\n\n\ndef __getattr__(name):\n"
        f"    return getattr(importlib.import_module('m{(i + 1) % n}'), name)\n"
        for i in range(n)
    }
    return {**files, "app.py": _MAIN.format(imports="import m0", body="m0.work()")}


def patched_circle(n: int) -> Files:
    """Methods that call what was in the place where the next one is put, wrapped in a coroutine function."""
    every = range(n)
    return _module(
        "def wrapped(function):",
        "    async def run(*args):\n        return function(*args)\n\n    return run\n\n",
        "class Patch:",
        "    def __init__(self, shell):\n        self.shell = shell\n",
        "    def enable(self):",
        *(f"        self.original{i} = self.shell.run{i}" for i in every),
        *(
            f"        mine{i} = self.mine{i}\n        if self.shell:\n            mine{i} = wrapped(mine{i})"
            for i in every
        ),
        *(f"        self.shell.run{i} = mine{(i + 1) % n}" for i in every),
        *(f"\n    def mine{i}(self, *args):\n        return self.original{i}(*args)" for i in every),
        "\n    async def use(self):\n        work()\n        self.mine0('a').join()",
    )


def class_circle(n: int) -> Files:
    """Classes that derive from the next one, the last from the first."""
    files = {
        f"m{i}.py": f"import m{(i + 1) % n}\n\n\nclass C{i}(m{(i + 1) % n}.C{(i + 1) % n}):\n    a{i} = 1\n"
        for i in range(n)
    }
    return {**files, "app.py": _MAIN.format(imports="import m0", body="m0.C0().work()")}


def class_of_itself(n: int) -> Files:
    """A class that derives from itself, from what it holds, and has itself for a metaclass."""
    return _module(
        "class A(A):\n    pass",
        "class B(B.Inner, metaclass=B):\n    class Inner(B):\n        pass",
        "class M(type, metaclass=M):\n    pass",
        _calling("A().work(); B.Inner().work(); M().x.y()"),
    )


def class_knot(n: int) -> Files:
    """Classes that all derive from all others, and from classes inside them."""
    every = "".join(f"import m{i}\n" for i in range(n))
    files = {
        f"m{i}.py": f"{every}\n\nclass C({', '.join(f'm{j}.C, m{j}.C.D' for j in range(n))}):\n"
        f"    class D(m{(i + 1) % n}.C.D):\n        pass\n"
        for i in range(n)
    }
    return {**files, "app.py": _MAIN.format(imports="import m0", body="m0.C().work(); m0.C.D().x()")}


def property_circle(n: int) -> Files:
    """Properties that each read the next one."""
    lines = [f"    @property\n    def p{i}(self):\n        return self.p{(i + 1) % n}\n" for i in range(n)]
    return _module("class A:", *lines, _calling("A().p0()"))


def attribute_knot(n: int) -> Files:
    """Attributes that are each made from all others."""
    lines = [
        f"    def set{i}(self):\n        self.a{i} = {' or '.join(f'self.a{j}.b' for j in range(n))}\n"
        for i in range(n)
    ]
    return _module("class A:", *lines, _calling("A().a0()"))


def wrapped_in_itself(n: int) -> Files:
    """An object that is wrapped in another of its class, over and over."""
    return _module(
        "class Scope:\n    def __init__(self, outer, inner=None):\n"
        "        self.run = outer.run\n        self.outer = outer\n        self.inner = Scope(self)\n",
        "    @property\n    def top(self):\n        return self.outer.top or Scope(self).top\n",
        _calling(
            "scope = Scope(None)\n    while arg:\n        scope = Scope(scope, Scope(scope))\n"
            "    scope.run()\n    scope.top.run()\n    scope.outer.outer.inner.run()"
        ),
    )


def function_circle(n: int) -> Files:
    """Functions that return what the next one returns, and test it."""
    lines = [
        f"def f{i}(x):\n    if f{(i + 1) % n}(x) is None:\n"
        f"        return None\n    return f{(i + 1) % n}(x)\n"
        for i in range(n)
    ]
    return _module(*lines, _calling("f0(arg)()"))


def function_knot(n: int) -> Files:
    """Functions that call each other under tests of each other."""
    lines = []
    for i in range(n):
        calls = "".join(
            f"    if f{j}(x) is None or not f{j}(x):\n        return f{j}(f{i}(x))\n" for j in range(n)
        )
        lines.append(f"def f{i}(x):\n{calls}    return asyncio.get_running_loop()\n")
    return _module(*lines, _calling("f0(arg)()"))


def generator_of_itself(n: int) -> Files:
    """Generators that yield themselves, delegate to each other and are their own managers."""
    return _module(
        "import contextlib",
        "def g():\n    yield g()\n    yield from g()\n",
        "def a():\n    yield from b()\n",
        "def b():\n    yield a()\n    yield from a()\n",
        "@contextlib.contextmanager\ndef c():\n    with c() as x:\n        yield c()\n        yield x\n",
        "class I:\n    def __iter__(self):\n        return iter(self)\n    def __next__(self):\n"
        "        return next(self)\n    def __enter__(self):\n        with self as x:\n            return x\n"
        "    def __call__(self):\n        return self()\n    def __getattr__(self, name):\n"
        "        return getattr(self, name)\n    def __getitem__(self, i):\n        return self[i]\n",
        _calling(
            "for x in g():\n        x()\n    for y in a():\n        y()\n    with c() as z:\n        z()\n"
            "    for i in I():\n        i()\n    I()()()\n    I()[0][0]()"
        ),
    )


def collection_of_itself(n: int) -> Files:
    """Collections that hold each other, and are made from each other in loops."""
    return _module(
        "xs = []\nxs.append(xs)\nd = {'a': xs}\nd['b'] = d\nd.update(d)\n",
        "e = {**d, 'x': d}\nd.update(e)\nys = [*xs, xs]\nxs.extend(ys)\n",
        _calling(
            "a = [work]\n    while arg:\n        a = [*a, a]\n"
            "        b = {**d, 'a': a}\n        d.update(b)\n"
            "        a = list(zip(a, a)) + a\n    for x in a:\n        x()\n    d['b']['b']['a'][0]()"
        ),
    )


def decorator_of_itself(n: int) -> Files:
    """Decorators that decorate themselves and each other."""
    return _module(
        "@deco\ndef deco(f):\n    return f\n",
        "@two\ndef one(f):\n    return f\n\n\n@one\ndef two(f):\n    return f\n",
        "class D:\n    @D().m\n    def m(self, f):\n        return f\n",
        "    @m\n    def n(self):\n        work()\n",
        "    @property\n    def p(self):\n        return self.p\n",
        "    @p.setter\n    def p(self, v):\n        self.p = v\n",
        _calling("deco(one)(two)(); D().n(); D().p.p.p()"),
    )


# -- chains -----------------------------------------------------------------------------------------------


def reexport_chain(n: int) -> Files:
    """A name that each module imports from the next one."""
    files = {f"m{i}.py": f"from m{i + 1} import work\n" for i in range(n)}
    files[f"m{n}.py"] = _WORK
    return {**files, "app.py": _MAIN.format(imports="from m0 import work", body="work()")}


def star_chain(n: int) -> Files:
    """A name that each module has by `*` from the next one."""
    files = {f"m{i}.py": f"from m{i + 1} import *\n" for i in range(n)}
    files[f"m{n}.py"] = _WORK
    return {**files, "app.py": _MAIN.format(imports="from m0 import *", body="work()")}


def class_chain(n: int) -> Files:
    """Classes that each derive from the one before."""
    lines = ["class C0:\n    def run(self):\n        work()\n"]
    lines += [f"class C{i}(C{i - 1}):\n    pass\n" for i in range(1, n + 1)]
    return _module(*lines, _calling(f"C{n}().run()"))


def class_chain_backwards(n: int) -> Files:
    """A chain of classes over modules, so that the last one is asked for first."""
    files = {
        f"m{i}.py": f"from m{i + 1} import C as B\n\n\n"
        f"class C(B):\n    def m{i}(self):\n        super().m{i}()\n"
        for i in range(n)
    }
    files[f"m{n}.py"] = _WORK + "class C:\n    def run(self):\n        work()\n"
    return {**files, "app.py": _MAIN.format(imports="from m0 import C", body="C().run()")}


def result_chain(n: int) -> Files:
    """Functions that each return what the next one returns."""
    lines = [f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(n)]
    return _module(*lines, f"def f{n}(x):\n    return work\n", _calling("f0(arg)()"))


def alias_chain(n: int) -> Files:
    """Names that are each the one before."""
    lines = ["a0 = work", *(f"a{i} = a{i - 1}" for i in range(1, n + 1))]
    return _module(*lines, _calling(f"a{n}()"))


def global_chain(n: int) -> Files:
    """Names that functions set to what another name is."""
    lines = [f"def set{i}():\n    global a{i}\n    a{i} = a{i + 1}\n" for i in range(n)]
    return _module(f"a{n} = work", *lines, _calling("a0()"))


def attribute_chain(n: int) -> Files:
    """Attributes that are each the next one."""
    lines = [f"    def set{i}(self):\n        self.a{i} = self.a{i + 1}\n" for i in range(n)]
    return _module("class A:", *lines, f"    def a{n}(self):\n        work()\n", _calling("A().a0()"))


def decorated_chain(n: int) -> Files:
    """One function under many decorators, each of which wraps it."""
    return _module(
        "def deco(f):\n    def inner(*args):\n        return f(*args)\n    return inner\n",
        *("@deco" for _ in range(n)),
        "def run():\n    work()\n",
        _calling("run()"),
    )


def wrapped_chain(n: int) -> Files:
    """A function that is wrapped again and again, by closures, partials and pairs."""
    lines = ["import functools", "def wrap(f):\n    def inner():\n        return f()\n    return inner\n"]
    lines += ["w0 = p0 = work", "z0 = [work]"]
    lines += [
        f"w{i} = wrap(w{i - 1})\np{i} = functools.partial(p{i - 1}, {i})\nz{i} = zip(z{i - 1}, z{i - 1})"
        for i in range(1, n + 1)
    ]
    return _module(*lines, _calling(f"w{n}(); p{n}(); next(z{n})()"))


def nested_functions(n: int) -> Files:
    """Functions inside functions, each of which uses a variable of the outermost one."""
    n = min(n, 90)  # as deep as Python lets code be indented
    lines = [f"{' ' * i}def f{i}(x{i}):" for i in range(n)]
    lines.append(f"{' ' * n}return x0()")
    lines += [f"{' ' * i}return f{i}(x{i - 1})" for i in range(n - 1, 0, -1)]
    return _module(*lines, _calling("f0(work)"))


def nested_dataclasses(n: int) -> Files:
    """Dataclasses that hold each other."""
    lines = [
        f"@dataclasses.dataclass\nclass D{i}:\n    inner: 'D{(i + 1) % n}'\n    other: 'D{i}' = None\n"
        for i in range(n)
    ]
    made = "work"
    for i in range(min(n, 60)):
        made = f"D{i}({made})"
    reads = ".inner" * min(n, 60)
    return _module("import dataclasses", *lines, _calling(f"x = {made}\n    x{reads}()"))


def operand_chain(n: int) -> Files:
    """Expressions, tests and annotations with many operands."""
    n = min(n, 900)
    return _module(
        f"def f(x: {' | '.join(['int'] * 4 * n)} | None, y):\n"
        f"    if {' and '.join(['x'] * n)}:\n        work()\n"
        f"    return {' or '.join(['x'] * n)}\n",
        f"def g(x):\n    if {'not ' * min(n, 90)}x:\n        work()\n    return {' + '.join(['[x]'] * n)}\n",
        f"def h(x):\n    return {'x if x else ' * min(n, 90)}x\n",
        _calling("f(arg, 1)()\n    g(arg)[0]()\n    h(work)()"),
    )


def nested_annotation(n: int) -> Files:
    """Annotations within annotations, and of many members, of parameters, results and casts."""
    deep, long = min(n, 90), min(4 * n, 2000)
    nested = f"{'list[' * deep}W{']' * deep}"
    either = f"{'int | ' * long}W"
    return _module(
        "from typing import cast\n\n\nclass W:\n    def __call__(self):\n        work()\n",
        f"def f(x: {nested}) -> '{nested}':\n    return x\n",
        f"def g(x: {either}, y: '{either}' = None) -> {either}:\n    return x\n",
        f"def h(x):\n    return cast({either}, x)\n",
        _calling("g(arg)()\n    h(arg)()\n    f(arg)"),
    )


def elif_chain(n: int) -> Files:
    """A test with many branches, and statements under many tests in turn."""
    tests = "".join(f"    elif x == {i}:\n        y = x\n        work()\n" for i in range(n))
    returns = "".join(f"    if x == {i}:\n        return {i}\n" for i in range(n))
    return _module(
        f"def f(x):\n    y = 1\n    if x == 'a':\n        pass\n{tests}    return y\n",
        f"def g(x):\n{returns}    work()\n",
        _calling("f(arg)\n    g(arg)"),
    )


def blocks_inside_each_other(n: int) -> Files:
    """Loops, tests and handlers, as deep as Python lets code be indented."""
    n = min(n, 45)
    lines = []
    for i in range(n):
        lines += [f"{' ' * 2 * i} while x{i}:", f"{' ' * 2 * i}  for x{i + 1} in x{i}:"]
    lines.append(f"{' ' * 2 * n} x0 = x{n}; work()")
    return _module("def f(x0):", *lines, _calling("f(arg)"))


def call_chain_in_files(n: int) -> Files:
    """Functions of many modules that call each other down to one that blocks."""
    files = {f"m{i}.py": f"import m{i + 1}\n\n\ndef run(x):\n    return m{i + 1}.run(x)\n" for i in range(n)}
    files[f"m{n}.py"] = _WORK + "def run(x):\n    work()\n    return x\n"
    return {**files, "app.py": _MAIN.format(imports="import m0", body="m0.run(print)()")}


def passed_down(n: int) -> Files:
    """A function that is passed down a chain of calls, which its end calls."""
    lines = [f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(n)]
    return _module(*lines, f"def f{n}(x):\n    return x()\n", _calling("f0(work)"))


CIRCLES: dict[str, Shape] = {
    shape.__name__: shape
    for shape in (
        patched_circle,
        star_circle, star_knot, import_circle, module_getattr_circle, class_circle, class_of_itself,
        class_knot, property_circle, attribute_knot, wrapped_in_itself, function_circle, function_knot,
        generator_of_itself, collection_of_itself, decorator_of_itself,
    )
}  # fmt: skip
CHAINS: dict[str, Shape] = {
    shape.__name__: shape
    for shape in (
        reexport_chain, star_chain, class_chain, class_chain_backwards, result_chain, alias_chain,
        global_chain, attribute_chain, decorated_chain, wrapped_chain, nested_functions, nested_annotation,
        nested_dataclasses, operand_chain, elif_chain, blocks_inside_each_other, call_chain_in_files,
        passed_down,
    )
}  # fmt: skip
