"""Names: what module variables, imports and variables of enclosing functions are bound to."""

from __future__ import annotations

from functools import partial

from conclint.resolve.in_memory import DECLARED, without_shadowed
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.lazy_names import lazy_attribute
from conclint.resolve.program import Module
from conclint.resolve.stars import StarImports
from conclint.resolve.values import (
    BOTTOM,
    NONE,
    TOP,
    Class,
    External,
    ExternalInstance,
    Key,
    ModuleRef,
    Value,
    ValueSet,
    ValueSetMemo,
    join,
    known,
    value_set_memo,
    without_none,
)
from conclint.summary.records import ImportFlags, Store, StoreKind


class Names:
    """Looks names up; module variables are remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._globals: ValueSetMemo[tuple[str, str]] = value_set_memo()
        self._lazy: ValueSetMemo[tuple[str, str]] = value_set_memo()
        self._free: ValueSetMemo[tuple[Key, str]] = value_set_memo()
        self._stars: dict[str, StarImports] = {}
        self._without: set[tuple[str, str]] = set()

    def global_name(self, path: str, name: str) -> ValueSet:
        """What a module variable may be: all its assignments, else a star import, else a builtin."""
        work = partial(self._global_name, path, name)
        return self._evaluator.solver.answer(self._globals, (path, name), work)

    def _global_name(self, path: str, name: str) -> ValueSet:
        module = self._evaluator.module(path)
        if self._evaluator.catalog.is_users(f"{module.name}.{name}"):
            return known(External(f"{module.name}.{name}"))
        stores = module.global_stores(name)
        if stores:
            stores = _last_unconditional(stores)
            parts = [self._evaluator.evaluate(owner, store.value) for owner, store in stores[-6:]]
            found = join(parts)
            if all(_is_nothing_yet(value) for value in found.values) and not found.incomplete:
                late = [
                    self._evaluator.evaluate(owner, store.value)
                    for owner, store in module.late_global_stores(name)[:6]
                ]
                found = without_none(join([found, *late])) if late else found
                found = found._replace(values=without_shadowed(found.values))
            return without_none(found) if len(found.values) > 1 else found
        star = self._from_stars(module, name)
        if star.values:
            return star
        late_stores = module.late_global_stores(name)
        if late_stores:
            return join([self._evaluator.evaluate(owner, store.value) for owner, store in late_stores[:6]])
        if name in ("__file__", "__name__", "__doc__"):
            return known(ExternalInstance("builtins.str"))
        return known(External(f"builtins.{name}"))

    def _from_stars(self, module: Module, name: str) -> ValueSet:
        """What the star imports of a module bring under a name, and those of the modules that they are from;
        modules may import each other so."""
        if (module.path, name) in self._without:
            return BOTTOM
        seen = {module.path}
        has_any = False
        todo = [self._starred(module).that_may_have(name)]
        while todo:
            star = next(todo[-1], None)
            if star is None:
                todo.pop()
                continue
            dotted, path = star
            if path is None:
                candidate = f"{dotted}.{name}"
                if self._evaluator.catalog.states(candidate):
                    return known(External(candidate))
                continue
            if path in seen:
                continue
            seen.add(path)
            target = self._evaluator.program.module(path)
            if target is None:
                continue
            exports = target.summary.exports
            if name not in exports if exports is not None else name.startswith("_"):
                continue
            if target.global_stores(name):
                has_any = True
                found = self.global_name(path, name)
                if found.values:
                    return found
            elif target.star_imports():
                todo.append(self._starred(target).that_may_have(name))
        if not has_any:
            self._without.add((module.path, name))
        return BOTTOM

    def _starred(self, module: Module) -> StarImports:
        found = self._stars.get(module.path)
        if found is None:
            found = self._stars[module.path] = StarImports(self._evaluator.program, module)
        return found

    def free(self, owner: Key, name: str) -> ValueSet:
        """What a variable of an enclosing function may be: all its assignments."""
        work = partial(self._find_free, owner, name)
        return self._evaluator.solver.answer(self._free, (owner, name), work)

    def _find_free(self, owner: Key, name: str) -> ValueSet:
        parts = [
            self._evaluator.evaluate(owner, store.value)
            for store in self._evaluator.body(owner).stores
            if store.kind == StoreKind.LOCAL and store.name == name
        ]
        module = self._evaluator.module(owner[0])
        for child in module.children(owner):
            parts.extend(
                self._evaluator.evaluate(child, store.value)
                for store in module.body(child).stores
                if store.kind == StoreKind.FREE and module.at(store.base) == owner and store.name == name
            )
        if not parts:
            return TOP
        found = join(parts)
        return without_none(found) if len(found.values) > 1 else found

    def imported(self, path: str, number: int) -> ValueSet:
        """What an import binds."""
        item = self._evaluator.module(path).summary.imports[number]
        finder = self._evaluator.program.finder
        dotted = finder.resolve_relative(path, item.level, item.module)
        if item.name is None:
            if item.bound == item.module.split(".", 1)[0]:
                dotted = item.bound
            return known(self.module_value(dotted, path))
        found = self.member_of_module(dotted, item.name, path)
        if item.flags & ImportFlags.TYPE_CHECKING and not found.values:
            return TOP
        return found

    def module_value(self, dotted: str, importer: str) -> Value:
        """A module by name, of the program or from outside."""
        found = self._evaluator.program.find(dotted, importer)
        return External(dotted) if found is None else ModuleRef(found)

    def member_of_module(self, dotted: str, name: str, importer: str) -> ValueSet:
        """What `from dotted import name` gives."""
        path = self._evaluator.program.find(dotted, importer)
        if path is None:
            inner = self._evaluator.program.find(f"{dotted}.{name}", importer)
            return known(External(f"{dotted}.{name}") if inner is None else ModuleRef(inner))
        if path == importer:  # a package that imports from itself: the name is its module's
            inner = self._evaluator.program.find(f"{dotted}.{name}", importer)
            if inner is not None:
                return known(ModuleRef(inner))
        return self.module_attribute(path, name)

    def module_attribute(self, path: str, name: str) -> ValueSet:
        """What `module.name` is, for a module of the program."""
        finder = self._evaluator.program.finder
        if finder.is_installed(path):
            dotted = f"{finder.module_name(path)}.{name}"
            if self._evaluator.catalog.has_fact(dotted):
                return known(External(dotted))  # a known name ends the search
        module = self._evaluator.program.module(path)
        if module is None:
            return TOP
        stated = self._evaluator.catalog.is_users(f"{module.name}.{name}")
        if stated or module.global_stores(name) or module.late_global_stores(name):
            return self.global_name(path, name)
        star = self._from_stars(module, name)
        if star.values:
            return star
        if finder.is_package(path):
            inner = self._evaluator.program.find(f"{module.name}.{name}", path)
            if inner is not None:
                return known(ModuleRef(inner))
            if self._evaluator.catalog.is_users_module(f"{module.name}.{name}"):
                return known(External(f"{module.name}.{name}"))
        return self._lazy_attribute(module, name)

    def _lazy_attribute(self, module: Module, name: str) -> ValueSet:
        make = partial(lazy_attribute, self._evaluator, module, name)
        # modules may send each other round in a circle
        found = self._evaluator.solver.answer(self._lazy, (module.path, name), make)
        return found if found.values else TOP

    def followed_class(self, dotted: str, importer: str) -> Class | None:
        """The class of that name in an installed package that is followed, though the catalog has it."""
        seen: set[str] = set()
        while dotted not in seen:
            seen.add(dotted)
            found = self._in_installed(dotted, importer)
            if isinstance(found, Class):
                return found
            if not isinstance(found, External):
                return None
            dotted = found.dotted
        return None

    def _in_installed(self, dotted: str, importer: str) -> Value | None:
        module, _, name = dotted.rpartition(".")
        path = self._evaluator.program.find(module, importer) if module else None
        if path is None or not self._evaluator.program.finder.is_installed(path):
            return None
        target = self._evaluator.program.module(path)
        if target is None or not target.global_stores(name):
            return None
        values = self.global_name(path, name).values
        return values[0] if len(values) == 1 else None


def _is_nothing_yet(value: Value) -> bool:
    """Whether it is what a module variable has before a function stores something in it."""
    return value == NONE or (isinstance(value, ExternalInstance) and value.opened == DECLARED)


def _last_unconditional(stores: list[tuple[Key, Store]]) -> list[tuple[Key, Store]]:
    """The assignments that can be the last one: an unconditional one ends those before it."""
    for number in range(len(stores) - 1, 0, -1):
        if stores[number][1].region == 0:
            return stores[number:]
    return stores
