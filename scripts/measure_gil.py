"""Measure what the catalog claims of the GIL: who holds it while computing, and who releases it.

    python scripts/measure_gil.py [NAME]... [--write docs/gil.md] [--requirements]

NAME is a library or a dotted name (or its beginning); without one, all claims are measured, which takes some
ten minutes. Libraries that are not installed are listed as skipped; `--requirements` prints what to install.
Run it where importing the libraries is safe. The exit status is 1 if a clear measurement contradicts the
catalog.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conclint.catalog.loader import read_file, shipped_files  # noqa: E402
from conclint.measure.run import measure_gil, selected_claims  # noqa: E402
from conclint.measure.table import merge_page, render_markdown, render_row, render_summary  # noqa: E402
from conclint.measure.workloads import group_of  # noqa: E402


def requirements() -> list[str]:
    """The distributions of the libraries that have a workload, as their catalog files name them."""
    measurable = {fact.library for fact in selected_claims(()) if group_of(fact.name)}
    found = set()
    for path in shipped_files():
        facts = read_file(path)
        if path.parent.name == "thirdparty" and facts.library in measurable:
            found.update(facts.install if facts.install is not None else (facts.library,))
    return sorted(found)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a library, or a dotted name")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="write the table into this Markdown file; with names, only their rows",
    )
    parser.add_argument("--requirements", action="store_true", help="print what to install, and end")
    options = parser.parse_args()
    if options.requirements:
        print("\n".join(requirements()))
        return 0
    try:
        table = measure_gil(options.names, lambda row: print(render_row(row), flush=True))
    except ValueError as error:
        parser.error(str(error))
    print(render_summary(table))
    for row in table.contradicted:
        print(f"{row.name}: the catalog says it {row.claim.value} the GIL, the measurement that it does not")
    if options.write:
        page = render_markdown(table)
        if options.names and options.write.exists():
            page = merge_page(options.write.read_text(encoding="utf-8"), page)
        options.write.write_text(page, encoding="utf-8")
    return 1 if table.contradicted else 0


if __name__ == "__main__":
    sys.exit(main())
