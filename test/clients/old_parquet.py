"""Writes, byte by byte, a Parquet file in the layouts of old writers, which pyarrow reads and does not write, into the file named by the
argument: lists of two levels, fields that repeat without a list around them, maps with the old names, and INT96 before 1970."""

import struct
import sys

INT32, INT64, INT96, BYTE_ARRAY = 1, 2, 3, 6
REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
UTF8, MAP, MAP_KEY_VALUE, LIST, DECIMAL = 0, 1, 2, 3, 5


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def i32(value):
    return 5, varint((value << 1) ^ (value >> 63))


def i64(value):
    return 6, i32(value)[1]


def text(value):
    return 8, varint(len(value)) + value.encode()


def several(values):
    kind = values[0][0]
    size = bytes([len(values) << 4 | kind]) if len(values) < 15 else bytes([0xF0 | kind]) + varint(len(values))
    return 9, size + b"".join(value for _, value in values)


def fields(**numbered):
    """A struct of Thrift's compact protocol; the fields are named _1, _2, … and are left out where they are None."""
    out, last = b"", 0
    for name, field in numbered.items():
        if field is not None:
            number = int(name[1:])
            out += bytes([(number - last) << 4 | field[0]]) + field[1]
            last = number
    return 12, out + b"\0"


def element(name, repetition=None, kind=None, children=None, converted=None, scale=None, precision=None):
    optional = lambda value: None if value is None else i32(value)
    return fields(_1=optional(kind), _3=optional(repetition), _4=text(name), _5=optional(children), _6=optional(converted), _7=optional(scale), _8=optional(precision))  # fmt: skip


def levels(values):
    runs = b"".join(varint(2) + bytes([value]) for value in values)
    return struct.pack("<I", len(runs)) + runs


def binary(value):
    return struct.pack("<I", len(value.encode())) + value.encode()


def moment(seconds, nanoseconds=0):
    days, rest = divmod(seconds, 86_400)
    return struct.pack("<qi", rest * 10**9 + nanoseconds, days + 2_440_588)


NOON = 1_788_264_000  # 2026-09-01 12:00:00 UTC
schema = [
    element("schema", children=6),
    element("id", REQUIRED, BYTE_ARRAY, converted=UTF8),
    element("ts", REQUIRED, INT96),
    element("amount", REQUIRED, INT32, converted=DECIMAL, scale=2, precision=9),
    element("tags", OPTIONAL, children=1, converted=LIST),
    element("array", REPEATED, BYTE_ARRAY, converted=UTF8),
    element("moments", REPEATED, INT96),
    element("prices", OPTIONAL, children=1, converted=MAP),
    element("map", REPEATED, children=2, converted=MAP_KEY_VALUE),
    element("key", REQUIRED, BYTE_ARRAY, converted=UTF8),
    element("value", OPTIONAL, INT64, converted=DECIMAL, scale=2, precision=18),
]
# Path, type, repetition levels, definition levels, values: of a row with everything, and of one with as little as there may be.
columns = [
    (["id"], BYTE_ARRAY, None, None, [binary("full"), binary("bare")]),
    (["ts"], INT96, None, None, [moment(NOON), moment(NOON)]),
    (["amount"], INT32, None, None, [struct.pack("<i", 1999), struct.pack("<i", -1)]),
    (["tags", "array"], BYTE_ARRAY, [0, 1, 0], [2, 2, 0], [binary("a"), binary("ü")]),
    (["moments"], INT96, [0, 1, 0], [1, 1, 0], [moment(-1), moment(-2_208_988_800, 500_000_000)]),
    (["prices", "map", "key"], BYTE_ARRAY, [0, 1, 0], [2, 2, 0], [binary("net"), binary("gross")]),
    (["prices", "map", "value"], INT64, [0, 1, 0], [3, 3, 0], [struct.pack("<q", 12345678901234567), struct.pack("<q", 5)]),
]  # fmt: skip

data, chunks = b"PAR1", []
for path, kind, repetitions, definitions, values in columns:
    page = b"".join(levels(part) for part in (repetitions, definitions) if part is not None) + b"".join(values)
    count = len(definitions or values)
    header = fields(_1=i32(0), _2=i32(len(page)), _3=i32(len(page)), _5=fields(_1=i32(count), _2=i32(0), _3=i32(3), _4=i32(3)))[1]
    size = len(header) + len(page)
    meta = fields(_1=i32(kind), _2=several([i32(0), i32(3)]), _3=several([text(part) for part in path]), _4=i32(0), _5=i64(count), _6=i64(size), _7=i64(size), _9=i64(len(data)))  # fmt: skip
    chunks.append(fields(_2=i64(len(data)), _3=meta))
    data += header + page
group = fields(_1=several(chunks), _2=i64(len(data) - 4), _3=i64(2))
footer = fields(_1=i32(1), _2=several(schema), _3=i64(2), _4=several([group]))[1]
with open(sys.argv[1], "wb") as file:
    file.write(data + footer + struct.pack("<I", len(footer)) + b"PAR1")
