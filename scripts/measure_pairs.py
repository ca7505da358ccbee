"""Run the pairs of all rules, keep the figures in docs/measured.json, and show them where they belong.

    python scripts/measure_pairs.py [CODE]... [--runs 5] [--render]

CODE is a rule's code or its beginning; without one all pairs are run, which takes some minutes. Those that
were not run keep their figures. Writes docs/measured.md and the section *Measured* of the rules' pages;
`--render` does only that. The exit status is 1 if a run does not show what it should.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conclint.measure.pairs.figures import as_object, report_pair  # noqa: E402
from conclint.measure.pairs.pages import (  # noqa: E402
    Reference,
    read_reference,
    render_page,
    section_of,
    with_section,
)
from conclint.measure.pairs.run import PairError, compare_pair  # noqa: E402
from conclint.measure.pairs.shipped import Size, missing_need, shipped_pairs  # noqa: E402
from conclint.measure.pairs.table import closing_words  # noqa: E402

DATA = ROOT / "docs" / "measured.json"
PAGE = ROOT / "docs" / "measured.md"
RULE_PAGES = ROOT / "conclint" / "rules" / "docs"


def write_reference(reference: Reference) -> None:
    data = {
        "date": reference.date,
        "machine": reference.machine,
        "pairs": [as_object(reference.reports[code]) for code in sorted(reference.reports)],
        "reasons": dict(sorted(reference.reasons.items())),
    }
    DATA.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(codes: list[str], runs: int) -> tuple[Reference, bool]:
    """The reference with these pairs measured anew, and whether each shows its fault."""
    old = read_reference(DATA) if DATA.is_file() else Reference("", "", {}, {})
    reports, reasons, all_shown = dict(old.reports), dict(old.reasons), True
    for code, pair in shipped_pairs().items():
        if codes and not code.startswith(tuple(codes)):
            continue
        reports.pop(code, None)
        reasons.pop(code, None)
        try:
            report = report_pair(compare_pair(pair, Size.REFERENCE, runs))
        except PairError as error:
            reasons[code] = f"had no `{missing_need(pair)}`" if missing_need(pair) else str(error)
            print(f"{code} not measured: {error}", flush=True)
            continue
        reports[code] = report
        all_shown &= report.missing is None
        print(f"{code} {closing_words(report)}", flush=True)
    machine = f"{platform.system()} {platform.machine()}"
    return Reference(date.today().isoformat(), machine, reports, reasons), all_shown


def render(reference: Reference) -> None:
    """Writes the pages."""
    PAGE.write_text(render_page(reference), encoding="utf-8")
    for code in (*reference.reports, *reference.reasons):
        page = RULE_PAGES / f"{code}.md"
        if page.is_file():
            text = page.read_text(encoding="utf-8")
            page.write_text(with_section(text, section_of(code, reference)), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("codes", nargs="*", metavar="CODE")
    parser.add_argument("--runs", type=int, default=5, help="of each program")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the pages")
    options = parser.parse_args()
    shown = True
    if not options.render:
        reference, shown = measure(options.codes, options.runs)
        write_reference(reference)
    render(read_reference(DATA))
    return 0 if shown else 1


if __name__ == "__main__":
    sys.exit(main())
