"""
Says what pyarrow reads in Parquet files that others wrote.

    corpus.py FOLDER

Prints JSON: for each file below the folder the columns of a contract that its own types fit, and the values of each row in the plain form
of values.py, null for a row with a value that its column can't hold; or what pyarrow says against the file.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from column_types import parse
from files import clock, of_bytes, of_decimal, of_float, of_moment, of_text
from values import Rejected, empty, in_days, uuid

UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def leaf(arrow):
    """The type of a contract that holds every value of an arrow type, and what is right for a value."""
    types = pa.types
    if types.is_boolean(arrow):
        return "Bool", lambda kind, value: str(int(value))
    if types.is_integer(arrow):
        return f"{'U' if types.is_unsigned_integer(arrow) else ''}Int{arrow.bit_width}", lambda kind, value: str(value)
    if types.is_floating(arrow):
        bits = max(arrow.bit_width, 32)
        # There is more than one NaN, and their bits differ from tool to tool: as a text it is one.
        return ("String" if bits > arrow.bit_width else f"Float{bits}"), of_float(bits)
    if types.is_decimal(arrow):
        return f"Decimal({arrow.precision}, {arrow.scale})", of_decimal(arrow.scale)
    if types.is_date32(arrow):
        return "Date32", in_days
    if types.is_timestamp(arrow):
        digits = UNIT_DIGITS[arrow.unit]
        return f"DateTime64({digits}, 'UTC')", of_moment(digits)
    if types.is_time(arrow):
        digits = UNIT_DIGITS[arrow.unit]
        return "String", lambda kind, value: of_text(kind, clock(value, digits))
    if types.is_duration(arrow):
        return "Int64", lambda kind, value: str(value)
    if isinstance(arrow, pa.UuidType):
        return "UUID", lambda kind, value: str(uuid.UUID(bytes=value))
    if types.is_null(arrow):
        return "String", lambda kind, value: None
    return "String", lambda kind, value: of_bytes(True)(kind, value.encode() if isinstance(value, str) else value)


def text_of(arrow):
    """An arrow type as a type of a contract."""
    if pa.types.is_map(arrow):
        return f"Map(String, {text_of(arrow.item_type)})"
    if is_list(arrow):
        return f"Array({text_of(arrow.value_type)})"
    if pa.types.is_struct(arrow):
        return f"Tuple({', '.join(f'`{field.name}` {text_of(field.type)}' for field in arrow)})"
    return f"Nullable({leaf(arrow)[0]})"


def is_list(arrow):
    return pa.types.is_list(arrow) or pa.types.is_large_list(arrow) or pa.types.is_fixed_size_list(arrow)


def right(arrow, value):
    if pa.types.is_map(arrow):
        first = {}
        for key, one in value or []:
            first.setdefault(key, one)
        return [[bytes_of(key).hex(), right(arrow.item_type, one)] for key, one in first.items()]
    if is_list(arrow):
        return [right(arrow.value_type, one) for one in value or []]
    if pa.types.is_struct(arrow):
        return [right(field.type, (value or {}).get(field.name)) for field in arrow]
    if value is None:
        return None
    name, of = leaf(arrow)
    return of(parse(name), value)


def bytes_of(key):
    return key if isinstance(key, bytes) else str(key).encode()


def plain(array):
    """The values of an array: numbers for times, which Python's own types can't all hold."""
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in plain(chunk)]
    arrow = array.type
    valid = array.is_valid().to_pylist()
    if pa.types.is_struct(arrow):
        parts = [plain(array.field(index)) for index in range(arrow.num_fields)]
        names = [field.name for field in arrow]
        return [dict(zip(names, row)) if ok else None for ok, row in zip(valid, zip(*parts) if parts else [()] * len(array))]
    if pa.types.is_map(arrow) or is_list(arrow):
        inner = list(zip(plain(array.keys), plain(array.items))) if pa.types.is_map(arrow) else plain(array.values)
        fixed = pa.types.is_fixed_size_list(arrow)
        offsets = [arrow.list_size * row for row in range(len(array) + 1)] if fixed else array.offsets.to_pylist()
        return [inner[offsets[row] : offsets[row + 1]] if ok else None for row, ok in enumerate(valid)]
    if isinstance(arrow, pa.BaseExtensionType):
        return plain(array.storage)
    if pa.types.is_timestamp(arrow) or pa.types.is_time64(arrow) or pa.types.is_duration(arrow):
        return array.view(pa.int64()).to_pylist()
    if pa.types.is_date32(arrow) or pa.types.is_time32(arrow):
        return array.view(pa.int32()).to_pylist()
    return array.to_pylist()


def read(path):
    columns = None
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True, coerce_int96_timestamp_unit="us")
        columns = {field.name: text_of(field.type) for field in file.schema_arrow}
        table = file.read()
    except Exception as error:  # whatever pyarrow says against a file
        return {"columns": columns, "refused": str(error)}
    values = [plain(column) for column in table.columns]
    rows = []
    for row in range(table.num_rows):
        made = {}
        try:
            for field, column in zip(table.schema, values):
                value = right(field.type, column[row])
                if value != empty(parse(columns[field.name].replace("`", ""))):
                    made[field.name] = value
            rows.append(made)
        except Rejected:
            rows.append(None)
    return {"columns": columns, "rows": rows}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    files = sorted(folder.rglob("*.parquet")) + sorted(folder.rglob("*.parquet.encrypted"))
    print(json.dumps({str(path.relative_to(folder)): read(path) for path in files}))
