"""Writes damaged objects, and what an independent reader finds in each.

usage: damage.py FOLDER DAY SEED FIRST LAST

FOLDER/objects/ gets one object for each try of the seed, and each whole one that they were made of. FOLDER/truth.json says for
each object what was done to it, and what is in it: for JSON lines the number of lines, and which row each of them is if it is
still as it was written; for Parquet the rows. `lines` and `rows` are null where the reader refuses the object. Each try is read
in a process of its own, because damage can end a reader.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import resource
import sys
import zlib
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import brotli
import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

folder, day, seed, first, last = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
(folder / "objects").mkdir(parents=True, exist_ok=True)

NOON = datetime.fromisoformat(f"{day}T12:00:00")
ROWS = [
    (f"id{n}-{zlib.crc32(str(n).encode()):08x}", NOON + timedelta(seconds=n), (Decimal(n * 7) / 100).quantize(Decimal("0.01")), None if n % 5 == 0 else f"note {n % 11}")
    for n in range(400)
]


def as_line(row):
    id, ts, amount, note = row
    return json.dumps({"id": id, "ts": ts.isoformat() + "Z", "amount": str(amount), "note": note}).encode()


LINES = [as_line(row) for row in ROWS]
TEXT = b"".join(line + b"\n" for line in LINES)
LINE_OF = {line: number for number, line in enumerate(LINES)}


def snappy(data):
    """As Hadoop frames it: blocks, each with its length, of chunks, each with its own."""
    block = 16_384
    out = b""
    for at in range(0, len(data), block):
        part = data[at : at + block]
        packed = pa.Codec("snappy").compress(part, asbytes=True)
        out += len(part).to_bytes(4, "big") + len(packed).to_bytes(4, "big") + packed
    return out


def unsnappy(data):
    out, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4
        block = b""
        while len(block) < size:
            packed = int.from_bytes(data[at : at + 4], "big")
            if at + 4 + packed > len(data):
                raise ValueError("cut")
            chunk = data[at + 4 : at + 4 + packed]
            length, shift = 0, 0
            for byte in chunk:
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            if length > 1 << 24:
                raise ValueError("length")
            block += pa.Codec("snappy").decompress(chunk, decompressed_size=length, asbytes=True)
            at += 4 + packed
        if len(block) != size:
            raise ValueError("size")
        out += block
    return out


def whole(decompressor):
    """Reads member after member, and refuses what is cut or is no member."""

    def read(data):
        out = b""
        while data:
            one = decompressor()
            out += one.decompress(data)
            if not one.eof:
                raise ValueError("cut")
            data = one.unused_data
        return out

    return read


def ungzip(data):
    out = b""
    while data:
        one = zlib.decompressobj(wbits=31)
        out += one.decompress(data) + one.flush()
        if not one.eof:
            raise ValueError("cut")
        data = one.unused_data
    return out


def unbrotli(data):
    one = brotli.Decompressor()
    out = one.process(data)
    if not one.is_finished():
        raise ValueError("cut")
    return out


def lz4_frames(**options):
    half = len(TEXT) // 2
    return lambda data: b"".join(lz4.frame.compress(part, block_size=lz4.frame.BLOCKSIZE_MAX64KB, **options) for part in (data[:half], data[half:]))


# name, ending, write, read
PACKINGS = [
    ("plain", "json", lambda data: data, lambda data: data),
    ("gzip", "json.gz", lambda data: gzip.compress(data[:9000], mtime=0) + gzip.compress(data[9000:], mtime=0), ungzip),
    ("zstd", "json.zst", lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data), whole(lambda: zstandard.ZstdDecompressor().decompressobj())),
    ("zstd-no-checksum", "json.zst", lambda data: zstandard.ZstdCompressor().compress(data), whole(lambda: zstandard.ZstdDecompressor().decompressobj())),
    ("lz4", "json.lz4", lz4_frames(content_checksum=True), whole(lz4.frame.LZ4FrameDecompressor)),
    ("lz4-no-checksum", "json.lz4", lz4_frames(content_checksum=False), whole(lz4.frame.LZ4FrameDecompressor)),
    ("lz4-blocks", "json.lz4", lz4_frames(block_checksum=True, content_checksum=True, block_linked=False), whole(lz4.frame.LZ4FrameDecompressor)),
    ("bzip2", "json.bz2", bz2.compress, whole(bz2.BZ2Decompressor)),
    ("xz", "json.xz", lzma.compress, whole(lambda: lzma.LZMADecompressor(memlimit=1 << 28))),
    ("brotli", "json.br", brotli.compress, unbrotli),
    ("snappy", "json.snappy", snappy, unsnappy),
]

TABLE = pa.table(
    {
        "id": pa.array([row[0] for row in ROWS]),
        "ts": pa.array([row[1] for row in ROWS], pa.timestamp("ms", "UTC")),
        "amount": pa.array([row[2] for row in ROWS], pa.decimal128(10, 2)),
        "note": pa.array([row[3] for row in ROWS]),
    }
)


def parquet(codec, page, checksum, dictionary):
    sink = io.BytesIO()
    pq.write_table(
        TABLE,
        sink,
        compression=codec,
        data_page_version=page,
        write_page_checksum=checksum,
        use_dictionary=dictionary,
        row_group_size=150,
        data_page_size=1024,
    )
    return sink.getvalue()


PARQUET = [
    (f"{codec}-{page}{'-crc' if checksum else ''}{'-dictionary' if dictionary else ''}", parquet(codec, page, checksum, dictionary))
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
    for page, checksum, dictionary in [("1.0", True, True), ("1.0", False, False), ("2.0", True, False), ("2.0", False, True)]
]


def row_of(id, ts, amount, note):
    return [id, None if ts is None else ts.isoformat(timespec="milliseconds")[:23], None if amount is None else str(amount), note]


def read_parquet(data):
    table = pq.read_table(io.BytesIO(data), page_checksum_verification=True, memory_map=False)
    columns = [values_of(table, name) if name in table.column_names else [None] * table.num_rows for name in ["id", "ts", "amount", "note"]]
    return [row_of(*row) for row in zip(*columns)]


def values_of(table, name):
    """Values of a column; bytes that are no UTF-8 any more as they are shown, because nothing but a checksum could tell them."""
    column = table.column(name)
    if column.type != pa.string():
        return column.to_pylist()
    return [None if value is None else value.decode(errors="replace") for value in column.cast(pa.binary()).to_pylist()]


def read_lines(unpack):
    def read(data):
        lines = unpack(data).split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        return [LINE_OF.get(line) for line in lines]

    return read


def apart(read, data):
    """What `read` makes of the bytes, in a process of its own; None where it refuses them, or is ended by them."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
            resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            answer = json.dumps(read(data)).encode()
            with os.fdopen(into, "wb") as pipe:
                pipe.write(answer)
        except BaseException:
            pass
        os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    try:
        return json.loads(answer)
    except ValueError:
        return None


def parts_of(data, kind):
    """Where the parts of an object begin and end: damage must reach the small ones as often as the large."""
    if kind != "parquet":
        return {"beginning": (0, 24), "middle": (24, len(data) - 24), "end": (len(data) - 24, len(data))}
    footer = int.from_bytes(data[-8:-4], "little")
    return {
        "magic": (0, 4),
        "first pages": (4, 400),
        "pages": (4, len(data) - 8 - footer),
        "footer": (len(data) - 8 - footer, len(data) - 8),
        "length of the footer": (len(data) - 8, len(data) - 4),
        "last magic": (len(data) - 4, len(data)),
    }


def damage(chance, data, kind):
    part = chance.choice(list(parts_of(data, kind)))
    start, end = parts_of(data, kind)[part]
    at = chance.randrange(start, end)
    changed = bytearray(data)
    way = chance.choice(["flip", "flip", "flip", "cut", "append", "zeros", "noise", "left out", "twice"])
    length = chance.choice([1, 4, 16, 64, 256])
    if way == "flip":
        changed[at] ^= 1 << chance.randrange(8)
    elif way == "cut":
        del changed[max(1, at) :]
    elif way == "append":
        at = len(data)
        changed += chance.choice([b"\0" * length, chance.randbytes(length), data[:length], data[-length:], b"\n"])
    elif way == "zeros":
        changed[at : at + length] = b"\0" * len(changed[at : at + length])
    elif way == "noise":
        changed[at : at + length] = chance.randbytes(len(changed[at : at + length]))
    elif way == "left out":
        del changed[at : at + length]
    elif way == "twice":
        changed[at:at] = changed[at : at + length]
    return bytes(changed), f"{way} at byte {at} of {len(data)}, in its {part}"


truth = []


def put(name, data, what, kind, read, tried):
    (folder / "objects" / name).write_bytes(data)
    found = apart(read, data)
    truth.append({"object": name, "kind": kind, "what": what, "try": tried, "found": found})


for name, ending, pack, unpack in PACKINGS:
    put(f"whole-{name}.{ending}", pack(TEXT), f"{name}: whole", "lines", read_lines(unpack), None)
for name, data in PARQUET:
    put(f"whole-{name}.parquet", data, f"Parquet {name}: whole", "parquet", read_parquet, None)

for number in range(first, last + 1):
    chance = random.Random(f"{seed}/{number}")
    if chance.random() < 0.5:
        name, ending, pack, unpack = chance.choice(PACKINGS)
        data, what = damage(chance, pack(TEXT), "lines")
        put(f"{number:06d}.{ending}", data, f"{name}: {what}", "lines", read_lines(unpack), number)
    else:
        name, data = chance.choice(PARQUET)
        data, what = damage(chance, data, "parquet")
        put(f"{number:06d}.parquet", data, f"Parquet {name}: {what}", "parquet", read_parquet, number)

rows = [row_of(*row) for row in ROWS]
(folder / "truth.json").write_text(json.dumps({"rows": rows, "objects": truth}))
