"""What holds of the package's structure, beside the layers that import-linter demands."""

from __future__ import annotations

import grimp


def test_there_is_no_circle_of_imports() -> None:
    graph = grimp.build_graph("conclint", cache_dir=None)  # imports for types and late ones among them
    importing = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    left = dict(importing)
    while free := [module for module, imported in left.items() if not (imported & left.keys())]:
        for module in free:
            del left[module]
    assert not left, "these import each other, or something that does"
