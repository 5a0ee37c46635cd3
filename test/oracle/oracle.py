"""
An independent judge of conversions.

    oracle.py make SEED LINES FOLDER    writes lines.json, and expected.json: what is right for each line
    oracle.py judge FOLDER              compares it with actual.tsv: line, fate, reason, and the values that are not empty
"""

import json
import sys
from pathlib import Path

from column_types import parse
from lines import judge as right_for
from make import Maker

SHOWN = 20


def contract():
    found = json.loads((Path(__file__).parent / "contract.json").read_text())
    return {
        name: parse(kind) if isinstance(kind, str) else parse(kind[0]).with_unit(kind[1]) for name, kind in found.items()
    }


def make(seed, count, folder):
    columns = contract()
    maker = Maker(seed, columns)
    with open(folder / "lines.json", "wb") as lines, open(folder / "expected.json", "w") as expected:
        for _ in range(count):
            line = maker.line()
            lines.write(line + b"\n")
            expected.write(json.dumps(right_for(columns, line)) + "\n")


def judge(folder):
    fates = values = count = 0
    raw = open(folder / "lines.json", "rb")
    with open(folder / "expected.json") as expected, open(folder / "actual.tsv") as actual:
        for number, (right, found) in enumerate(zip(expected, actual, strict=True), 1):
            line = raw.readline()
            count += 1
            (fate, *more), (at, given, reason, pairs) = json.loads(right), json.loads(found)
            if int(at) != number:
                raise SystemExit(f"line {number} is missing: found {at}")
            what = None
            if fate != given:
                fates, what = fates + 1, f"{fate}, found {given} {reason}"
            elif fate == "rejected" and not all(names(reason, place) for place in more[0]):
                fates, what = fates + 1, f"a reason that names {more[0]}, found {reason}"
            elif fate == "row":
                got = {name: json.loads(value) for name, value in pairs}
                if got != more[0]:
                    values, what = values + 1, f"{more[0]}, found {got}"
            if what and fates + values <= SHOWN:
                print(f"line {number}: expected {what}\n    {line.decode(errors='replace').rstrip()}")
    print(f"{count} lines, {fates} fates differ, {values} values differ")
    return fates + values == 0


def names(reason, place):
    """A reason names a place at its beginning, or after the one before it."""
    return reason.startswith(place + ":") or f"; {place}:" in reason


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    elif not judge(Path(sys.argv[2])):
        sys.exit(1)
