"""
An independent judge of conversions.

    oracle.py make SEED LINES FILES FOLDER   writes objects, and beside each of them what is right for its lines
    oracle.py judge FOLDER                   compares that with what Daybook made of them
    oracle.py table                          prints which Parquet types each column takes

FOLDER/objects/<name> is a raw object; FOLDER/right/<name> has a line of JSON for each of its lines: what becomes of it, and the places of
a reject or the values that are not empty. FOLDER/found/<name> has the same as Daybook made it: line, fate, reason, values.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from column_types import parse
from files import Files
from lines import judge as right_for
from make import Maker

HERE = Path(__file__).parent
LINES_PER_OBJECT = 50_000
ROWS_PER_FILE = 400
SHOWN = 20


def contract():
    found = json.loads((HERE / "contract.json").read_text())
    return {
        name: parse(kind) if isinstance(kind, str) else parse(kind[0]).with_unit(kind[1]) for name, kind in found.items()
    }


def rules():
    """A line for each example of the written rules, and whether it is kept."""
    for rule in json.loads((HERE / "rules.json").read_text()):
        for column, value, kept in rule["examples"]:
            yield f'{{"id":"rule","{column}":{value}}}'.encode(), kept


def make_lines(seed, number, count, folder):
    columns = contract()
    maker = Maker(f"{seed} {number}", columns)
    name = f"lines-{number:03d}.json"
    with open(folder / "objects" / name, "wb") as lines, open(folder / "right" / name, "w") as right:

        def add(line):
            verdict = right_for(columns, line)
            lines.write(line + b"\n")
            right.write(json.dumps(verdict) + "\n")
            return verdict[0]

        if number == 0:
            for line, kept in rules():
                if (add(line) == "row") != kept:
                    raise SystemExit(f"rules.json and the oracle disagree on {line.decode()}")
        for _ in range(count):
            add(maker.line())


def make_file(seed, number, folder):
    name = f"file-{number:03d}.parquet"
    verdicts, types = Files(f"{seed} {number}", contract()).write(folder / "objects" / name, 0 if number == 1 else ROWS_PER_FILE)
    (folder / "right" / name).write_text("".join(json.dumps(verdict) + "\n" for verdict in verdicts))
    (folder / "right" / f"{name}.types").write_text(json.dumps(types, indent=1))


def make_misfit(seed, number, folder):
    """A file with a column whose type never fits the contract's: the whole object is bad."""
    name = f"misfit-{number:03d}.parquet"
    Files(f"misfit {seed} {number}", contract()).write_misfit(folder / "objects" / name)
    (folder / "right" / name).write_text('["bad"]\n')


def make(seed, lines, files, folder):
    for part in ("objects", "right", "found"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        work = []
        for number, start in enumerate(range(0, lines, LINES_PER_OBJECT)):
            work.append(pool.submit(make_lines, seed, number, min(LINES_PER_OBJECT, lines - start), folder))
        work += [pool.submit(make_file, seed, number, folder) for number in range(files)]
        work += [pool.submit(make_misfit, seed, number, folder) for number in range(files // 2)]
        for one in work:
            one.result()


def judge(folder):
    fates = values = count = 0
    for path in sorted((folder / "right").glob("*.json")) + sorted((folder / "right").glob("*.parquet")):
        found_lines = folder / "found" / path.name
        if not found_lines.exists():
            found_lines.write_text("")
        with open(path) as right_lines, open(found_lines) as found_in:
            found = {int(at): rest for at, *rest in map(json.loads, found_in)}
            for number, right in enumerate(right_lines, 1):
                count += 1
                fate, *more = json.loads(right)
                given, reason, pairs = found.pop(number, ("missing", "", []))
                got = {name: json.loads(value) for name, value in pairs}
                what = None
                if fate != given or (fate == "rejected" and not all(names(reason, place) for place in more[0])):
                    fates, what = fates + 1, f"{fate} {more}, found {given} {reason}"
                elif fate == "row" and got != more[0]:
                    values, what = values + 1, f"{more[0]}, found {got}"
                if what and fates + values <= SHOWN:
                    print(f"{path.name} line {number}: expected {what}{shown(folder / 'objects' / path.name, number)}")
            fates += len(found)
    print(f"{count} lines, {fates} fates differ, {values} values differ")
    return fates + values == 0


def shown(path, number):
    if path.suffix != ".json":
        return ""
    with open(path, "rb") as lines:
        line = next(line for at, line in enumerate(lines, 1) if at == number)
    return f"\n    {line.decode(errors='replace').rstrip()}"


def names(reason, place):
    """A reason names a place at its beginning, or after the one before it."""
    return reason.startswith(place + ":") or f"; {place}:" in reason


if __name__ == "__main__":
    if sys.argv[1] == "table":
        print(json.dumps(Files("table", contract()).table()))
    elif sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
    elif not judge(Path(sys.argv[2])):
        sys.exit(1)
