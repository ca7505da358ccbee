"""Where the time of a cold run goes: CPU of each phase in each process, and when the workers were busy.

    python benchmarks/phases.py [--jobs N] FOLDER...

The phases are timed by wrapping functions, which costs a few per cent itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

CLOCK: Final = Path(__file__).parent / "measuring" / "phase_clock.py"
STRIP: Final = 60


def records_of(folder: Path, jobs: int) -> list[dict[str, Any]]:
    """The records of the processes of one run, the main one first."""
    with tempfile.TemporaryDirectory() as kept:
        options = ["--no-cache", f"--jobs={jobs}", "--output-format=json", "."]
        command = [sys.executable, str(CLOCK), kept, *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(kept).iterdir())]
    return sorted(found, key=lambda record: (record["kind"] != "main", record["busy"][0][0]))


def print_table(records: list[dict[str, Any]]) -> None:
    """A line for each phase, a column for each process."""
    total: Counter[str] = Counter()
    for record in records:
        total.update(record["cpu"])
    names = [f"{record['kind']} {number}" if number else "main" for number, record in enumerate(records)]
    print(f"{'CPU s':14}{'all':>8}" + "".join(f"{name:>16}" for name in names))
    for phase, seconds in total.most_common():
        cells = (f"{record['cpu'].get(phase, 0):8.2f}{record['calls'].get(phase, 0):8}" for record in records)
        print(f"{phase:14}{seconds:8.2f}" + "".join(cells))
    sums = (f"{sum(record['cpu'].values()):8.2f}{'':8}" for record in records)
    print(f"{'sum':14}{sum(total.values()):8.2f}" + "".join(sums))


def print_timeline(records: list[dict[str, Any]]) -> None:
    """For each worker a strip of the run: the first letter of what it was mostly busy with."""
    start, end = records[0]["busy"][0][0], records[0]["busy"][-1][1]
    step = (end - start) / STRIP
    print(f"wall {end - start:.2f} s, {step:.2f} s a letter")
    for record in records[1:]:
        strip = []
        for number in range(STRIP):
            left, right = start + number * step, start + (number + 1) * step
            spent: Counter[str] = Counter()
            for begun, done, name in record["busy"]:
                spent[name] += max(min(done, right) - max(begun, left), 0.0)
            name, share = spent.most_common(1)[0]
            strip.append(name.lstrip("_")[0] if share > step / 2 else "-" if share else ".")
        print(f"{record['kind']:8}{''.join(strip)}")


def main() -> None:
    """The benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("folders", nargs="+", type=Path)
    given = parser.parse_args()
    for folder in given.folders:
        print(f"\n{folder.name}, {given.jobs} process(es)")
        records = records_of(folder, given.jobs)
        print_table(records)
        print_timeline(records)


if __name__ == "__main__":
    main()
