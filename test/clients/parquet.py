"""Writes Parquet files as pyarrow does, into the folder named by the first argument."""

import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
NOON = datetime(2026, 9, 1, 12)
BERLIN = timezone(timedelta(hours=2))


def write(name, columns, **options):
    path = folder / f"{name}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)


def rows(**changes):
    """Two good rows, the second with as little in it as the contract allows."""
    columns = {
        "id": pa.array(["full", "bare"]),
        "ts": pa.array([NOON, NOON], pa.timestamp("us")),
        "amount": pa.array([Decimal("19.99"), Decimal("-0.01")], pa.decimal128(10, 2)),
        "pieces": pa.array([255, None], pa.uint8()),
        "ratio": pa.array([0.1, None]),
        "since": pa.array([date(1925, 2, 28), None]),
        "paid": pa.array([True, None]),
        "device": pa.array([{"os": "iOS", "version": 18}, None]),
        "tags": pa.array([["a", "ü"], []]),
        "prices": pa.array([[("net", Decimal("12345678901234567.89"))], []], pa.map_(pa.string(), pa.decimal128(38, 2))),
        "moments": pa.array([[NOON], None], pa.list_(pa.timestamp("ms", "Europe/Berlin"))),
    }
    columns.update(changes)
    return {name: column for name, column in columns.items() if column is not None}


for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    for page in ["1.0", "2.0"]:
        for dictionary in [True, False]:
            kind = "dictionary" if dictionary else "plain"
            write(
                f"alike/{codec}-{page}-{kind}",
                rows(),
                compression=codec,
                data_page_version=page,
                use_dictionary=dictionary,
                write_page_checksum=dictionary,
            )
write("alike/int96", rows(), use_deprecated_int96_timestamps=True)
write("alike/no-statistics", rows(), write_statistics=False)
write("alike/delta", rows(), use_dictionary=False, column_encoding={"id": "DELTA_BYTE_ARRAY"})

# A page of its own for each value: an empty list then has a page without a row of its own, which the page index repeats.
for page in ["1.0", "2.0"]:
    tiny = dict(write_batch_size=1, data_page_size=1, write_page_index=True)
    write(f"alike/tiny-pages-{page}", rows(), data_page_version=page, use_dictionary=page == "1.0", **tiny)

write("empty/no-rows", pa.table(rows()).slice(0, 0))
with pq.ParquetWriter(folder / "empty/no-row-groups.parquet", pa.table(rows()).schema):
    pass

same = {
    "zone": {"ts": pa.array([NOON.replace(hour=14, tzinfo=BERLIN)] * 2, pa.timestamp("ms", "Europe/Berlin"))},
    "nanoseconds": {"ts": pa.array([NOON, NOON], pa.timestamp("ns"))},
    "text": {
        "ts": pa.array(["2026-09-01T12:00:00Z"] * 2),
        "amount": pa.array(["19.99", "-0.01"]),
        "pieces": pa.array(["255", None]),
        "ratio": pa.array(["0.1", None]),
        "since": pa.array(["1925-02-28", None]),
        "paid": pa.array(["true", None]),
    },
    "wide": {"amount": pa.array([19.99, -0.01]), "pieces": pa.array([255, None], pa.int64())},
    "midnights": {"since": pa.array([datetime(1925, 2, 28), None], pa.timestamp("us"))},
    "dictionary": {"id": pa.array(["full", "bare"]).dictionary_encode()},
    "large": {"id": pa.array(["full", "bare"], pa.large_string()), "tags": pa.array([["a", "ü"], []], pa.large_list(pa.string()))},
    "extra": {"campaign": pa.array(["autumn", None]), "deep": pa.array([{"x": [1]}, None])},
}
for name, changes in same.items():
    write(f"same/{name}", rows(**changes))

other = {
    "optional-missing": {"pieces": None, "tags": None, "device": None},
    "optional-null": {"pieces": pa.nulls(2), "tags": pa.nulls(2), "device": pa.nulls(2)},
    "required-missing": {"amount": None},
    "required-null": {"amount": pa.array([Decimal("1.00"), None], pa.decimal128(10, 2))},
    "digits": {"amount": pa.array([Decimal("1.005"), Decimal("1.500")], pa.decimal128(10, 3))},
    "far": {
        "ts": pa.array([2**62, 1_788_264_000_000_000], pa.int64()).cast(pa.timestamp("us")),
        "moments": pa.array([[-(2**62)], []], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("us"))),
    },
    "range": {"pieces": pa.array([256, -1], pa.int32())},
    "not-finite": {"ratio": pa.array([float("nan"), float("inf")])},
    "microseconds": {"ts": pa.array([NOON.replace(microsecond=1), NOON], pa.timestamp("us"))},
    "null-tag": {"tags": pa.array([["a", None], ["b"]])},
    "words": {"pieces": pa.array(["many", "7"])},
    "years": {"since": pa.array([date(9999, 12, 31), date(1850, 1, 1)], pa.date32())},
    "id-of-day": {"id": pa.array([date(9999, 12, 31), date(1850, 1, 1)], pa.date32())},
    "id-of-moment": {"id": pa.array([datetime(9999, 12, 31), datetime(1, 1, 1)], pa.timestamp("us"))},
    "keys-of-number": {"prices": pa.array([[(-7, Decimal("0.10"))], []], pa.map_(pa.int32(), pa.decimal128(38, 2)))},
    "exact-floats": {"ratio": pa.array([2**53, 2**53 + 1], pa.int64())},
    "id-of-number": {"id": pa.array([12, 13], pa.int64())},
}
for name, changes in other.items():
    write(f"other/{name}", rows(**changes))

never = {
    "list": {"amount": pa.array([[1], [2]])},
    "number": {"ts": pa.array([1788264000, 1788264000], pa.int64())},
    "clock": {"ts": pa.array([time(12), time(12)], pa.time64("us"))},
    "text-for-list": {"tags": pa.array(['["a"]', "[]"])},
    "none": {"all": pa.array([1, 2])},
}
for name, changes in never.items():
    write(f"never/{name}", changes if name == "none" else rows(**changes))
