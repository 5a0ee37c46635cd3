"""Writes Parquet files that are no good, and good ones beside them, into the folder named by the first argument, for the day named
by the second."""

import io
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder, day = Path(sys.argv[1]), sys.argv[2]
COUNT = 6


def parquet(columns=None, **options):
    columns = columns or {
        "id": pa.array([f"id{n}" for n in range(COUNT)]),
        "ts": pa.array([datetime.fromisoformat(f"{day}T12:00:00")] * COUNT, pa.timestamp("ms", "UTC")),
        "amount": pa.array([Decimal("1.00")] * COUNT, pa.decimal128(10, 2)),
        "note": pa.array(["n"] * COUNT),
        "place": pa.array(["x"] * COUNT),
    }
    table = pa.Table.from_arrays(list(columns.values()), names=[name.split("#")[0] for name in columns])
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def footer_changed(data, change):
    size = int.from_bytes(data[-8:-4], "little")
    footer = change(data[-8 - size : -8])
    return data[: -8 - size] + footer + len(footer).to_bytes(4, "little") + data[-4:]


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def geometry(column, crs):
    """Gives a column the logical type GEOMETRY with a coordinate system; the plain files have it as STRING, in both spellings."""
    string, text = b"\x25\x00\x4c\x1c\x00\x00\x00", crs.encode()

    def change(footer):
        at = footer.index(string, footer.index(column))
        return footer[:at] + b"\x6c\x0c\x22\x18" + varint(len(text)) + text + b"\x00\x00\x00" + footer[at + len(string) :]

    return change


def no_rows(footer):
    """The count of the whole file stands before those of its row groups: field 3, a 64-bit integer."""
    return footer.replace(b"\x16" + bytes([COUNT * 2]), b"\x16\x00", 1)


SYSTEM = '{"name":"' + "WGS 84 " * 4000 + '"}'
whole = parquet(store_schema=False)
twice = {"id#1": pa.array(["a"]), "id#2": pa.array(["b"]), "ts": pa.array([datetime.fromisoformat(f"{day}T12:00:00")]), "amount": pa.array([Decimal("1.00")])}
files = {
    "good": whole,
    "footer-says-no-rows": footer_changed(whole, no_rows),
    "geometry-not-wanted": footer_changed(whole, geometry(b"place", SYSTEM)),
    "geometry-wanted": footer_changed(whole, geometry(b"note", SYSTEM)),
    "column-twice": parquet(twice),
    "cut": whole[: len(whole) // 2],
    "page-header": whole[:6] + b"\xff" * 12 + whole[18:],
    "empty-text": b" ",
}
for name, data in files.items():
    (folder / f"{name}.parquet").write_bytes(data)
