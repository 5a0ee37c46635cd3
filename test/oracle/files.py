"""Makes Parquet files with pyarrow from a seed, and says what is right for each row: values of every type, in every encoding."""

import random
import struct
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from lines import Number
from make import Maker
from values import (
    DAYS,
    INTEGERS,
    UNITS,
    Fraction,
    Rejected,
    date,
    days_of,
    empty,
    fixed,
    float_bits,
    float_text,
    floating,
    in_days,
    nearest,
    scalar,
    text_bytes,
    ticks,
    uuid,
)

CODECS = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]
UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


class Leaf:
    """A type of a Parquet column: how pyarrow writes it, values of it, and what each is in a column of a contract."""

    def __init__(self, name, arrow, values, fits, right):
        self.name, self.arrow, self.values, self.fits, self.right = name, arrow, values, fits, right


def is_number(kind):
    return kind.base in INTEGERS or kind.base == "Decimal" or kind.base.startswith("Float")


def is_time(kind):
    return kind.base.startswith("DateTime")


def is_text(kind):
    return kind.base in ("String", "FixedString")


def takes_number(kind):
    return is_number(kind) or is_text(kind) or (is_time(kind) and kind.unit)


def of_text(kind, text):
    return scalar(kind, text)


def of_float(bits):
    def right(kind, value):
        finite = value == value and abs(value) != float("inf")
        if not kind.base.startswith("Float"):
            # A float beyond the whole numbers that it can count does not say which one was meant.
            if not is_text(kind) and not abs(value) <= 2 ** (24 if bits == 32 else 53):
                raise Rejected
            return of_text(kind, float_text(bits, value))
        wanted = int(kind.base[5:])
        if bits <= wanted or not finite:
            return float_bits(wanted, value)
        found = nearest(32, Fraction(value))
        if found is None or (found == 0 and value != 0) or (value == int(value) and found != value):
            raise Rejected
        return float_bits(32, -0.0 if value == 0 and str(value).startswith("-") else found)

    return right


def of_decimal(scale):
    return lambda kind, value: of_text(kind, format(value, "f"))


def of_bytes(is_binary):
    def right(kind, value):
        if kind.base == "String":
            return value.hex()
        if kind.base == "FixedString":
            if len(value) > int(kind.literals[0]):
                raise Rejected
            return value.ljust(int(kind.literals[0]), b"\0").hex()
        if kind.base == "UUID" and is_binary and len(value) == 16:
            return str(uuid.UUID(bytes=value))
        try:
            return of_text(kind, value.decode())
        except UnicodeDecodeError:
            raise Rejected from None

    return right


def date_text(days):
    if not days_of(0, 1, 1) <= days <= days_of(9999, 12, 31):
        raise Rejected
    low, high = 0, 9999
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if days_of(middle, 1, 1) <= days else (low, middle - 1)
    month = max(month for month in range(1, 13) if days_of(low, month, 1) <= days)
    return f"{low:04d}-{month:02d}-{days - days_of(low, month, 1) + 1:02d}"


def of_days(kind, days):
    return in_days(kind, days) if kind.base in DAYS else of_text(kind, date_text(days))


def of_moment(digits):
    def right(kind, count):
        seconds = Fraction(count, 10**digits)
        if is_time(kind):
            return ticks(kind, seconds)
        if kind.base in DAYS:
            if seconds % 86_400:
                raise Rejected
            return in_days(kind, int(seconds // 86_400))
        days, rest = divmod(count, 86_400 * 10**digits)
        return of_text(kind, f"{date_text(days)} {clock(rest, digits)}")

    return right


def clock(count, digits):
    seconds, fraction = divmod(count, 10**digits)
    shown = f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{shown}.{fraction:0{digits}d}" if digits else shown


class Files:
    def __init__(self, seed, contract):
        self.random = random.Random(f"files {seed}")
        self.maker = Maker(f"texts {seed}", contract)
        self.contract = contract
        self.leaves = self.all_leaves()

    def one_of(self, *choices):
        return self.random.choice(choices)

    def all_leaves(self):
        leaves = [Leaf("null", pa.null(), lambda kind: None, lambda kind: True, None)]
        for bits in (8, 16, 32, 64):
            for sign in ("", "u"):
                leaves.append(self.integer(bits, sign))
        leaves.append(Leaf("bool", pa.bool_(), lambda kind: self.one_of(True, False), lambda kind: kind.base == "Bool" or is_text(kind), lambda kind, value: of_text(kind, "true" if value else "false")))
        for bits in (16, 32, 64):
            leaves.append(Leaf(f"float{bits}", getattr(pa, f"float{bits}")(), self.floats(bits), takes_number, of_float(max(bits, 32))))
        for make, precision, scale in [(pa.decimal32, 9, 2), (pa.decimal64, 18, 4), (pa.decimal128, 10, 2), (pa.decimal128, 38, 10), (pa.decimal128, 38, 0), (pa.decimal256, 76, 20), (pa.decimal256, 50, 1)]:
            leaves.append(Leaf(f"{make.__name__}({precision}, {scale})", make(precision, scale), self.decimals(precision, scale), takes_number, of_decimal(scale)))
        texts = lambda kind: kind.bare is kind
        for name in ("string", "large_string"):
            leaves.append(Leaf(name, getattr(pa, name)(), self.texts, texts, lambda kind, value: of_bytes(False)(kind, value.encode())))
        leaves.append(Leaf("dictionary", pa.dictionary(pa.int32(), pa.string()), self.texts, texts, lambda kind, value: of_bytes(False)(kind, value.encode())))
        for name in ("binary", "large_binary"):
            leaves.append(Leaf(name, getattr(pa, name)(), self.binaries, texts, of_bytes(True)))
        for size in (4, 16):
            leaves.append(Leaf(f"binary({size})", pa.binary(size), lambda kind, size=size: self.one_of(bytes(self.random.randrange(256) for _ in range(size)), b"ab".ljust(size, b"\0"), bytes(size), b"12".rjust(size, b"0"), b"0123456789abcdef"[:size]), texts, of_bytes(True)))
        leaves.append(Leaf("uuid", pa.uuid(), lambda kind: self.random.randbytes(16), lambda kind: kind.base == "UUID" or is_text(kind), lambda kind, value: of_text(kind, str(uuid.UUID(bytes=value)))))
        leaves.append(Leaf("json", pa.json_(), lambda kind: self.one_of('{"t":"2026-01-01 10:00:00","b":1.0, "a":null,"a":2}', "[1]", "1.10", '{"n":18446744073709551616}', "null", '"x"', "{}"), lambda kind: is_text(kind), lambda kind, value: of_bytes(False)(kind, value.encode())))
        leaves.append(Leaf("date32", pa.date32(), self.days, lambda kind: kind.base in DAYS or is_text(kind), of_days))
        leaves.append(Leaf("date64", pa.date64(), self.days, lambda kind: kind.base in DAYS or is_text(kind), of_days))
        moments = lambda kind: is_time(kind) or kind.base in DAYS or is_text(kind)
        for unit in UNIT_DIGITS:
            written = max(UNIT_DIGITS[unit], 3)
            for zone in (None, "UTC", "Europe/Berlin"):
                leaves.append(Leaf(f"timestamp[{unit}{', ' + zone if zone else ''}]", pa.timestamp(unit, zone), self.moments(UNIT_DIGITS[unit]), moments, lambda kind, value, unit=unit, written=written: of_moment(written)(kind, value * 10 ** (written - UNIT_DIGITS[unit]))))
        leaves.append(Leaf("int96", pa.timestamp("ns"), self.moments(9), moments, of_moment(9)))
        for make, unit in [(pa.time32, "s"), (pa.time32, "ms"), (pa.time64, "us"), (pa.time64, "ns")]:
            digits = UNIT_DIGITS[unit]
            written = max(digits, 3)
            leaves.append(Leaf(f"{make.__name__}[{unit}]", make(unit), lambda kind, digits=digits: self.one_of(0, 1, 86_400 * 10**digits - 1, self.random.randrange(86_400 * 10**digits)), is_text, lambda kind, value, digits=digits, written=written: of_text(kind, clock(value * 10 ** (written - digits), written))))
        return leaves

    def integer(self, bits, sign):
        low, high = (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        make = lambda kind: min(max(self.one_of(low, high, 0, 1, 2**53 + 1, 2**24 + 1, 255, 256, self.random.randrange(low, high + 1), self.random.randrange(2_000_000_000)), low), high)

        def right(kind, value):
            return str(value) if kind.base == "IPv4" else of_text(kind, str(value))

        return Leaf(f"{sign}int{bits}", getattr(pa, f"{sign}int{bits}")(), make, lambda kind: takes_number(kind) or kind.base == "Bool" or (kind.base == "IPv4" and sign == "u" and bits == 32), right)

    def floats(self, bits):
        form = {16: "e", 32: "f", 64: "d"}[bits]

        def make(kind):
            value = self.one_of(0.0, -0.0, 1.0, 0.5, -2.5, 1e3, float("nan"), float("inf"), float("-inf"), self.random.uniform(-1e3, 1e3), round(self.random.uniform(0, 1e3), 2))
            if bits > 16:
                value = self.one_of(value, 1e22, 1e21, 1e-7, 1e-6, 16_777_216.0, 123_456_789.0, self.random.uniform(0, 1) * 10.0 ** self.random.randrange(-37, 38), 1e-45)
            if bits == 64:
                value = self.one_of(value, 19.99, 0.1 + 0.2, 2.0**53, 2.0**53 + 2, 2.0**24 + 1, 1.7976931348623157e308, 5e-324, 3.4028235677973366e38, 1767270600.5, 1.005, 253402300800.0)
            return struct.unpack(form, struct.pack(form, value))[0]

        return make

    def decimals(self, precision, scale):
        def make(kind):
            digits = self.one_of(10**precision - 1, 0, 1, 10**scale, 110, self.random.randrange(10**precision), self.random.randrange(10 ** self.random.randrange(1, precision)), 5 * 10**scale)
            return Decimal((self.random.randrange(2) if digits else 0, tuple(int(digit) for digit in str(digits)), -scale))

        return make

    def texts(self, kind):
        text = self.maker.text_of(kind) if self.random.random() < 0.8 else self.maker.text_of(self.random.choice([part.bare for part in self.contract.values() if not part.bare.parts]))
        return "ab" if any(0xD800 <= ord(char) < 0xE000 for char in text) else str(text)

    def binaries(self, kind):
        return self.one_of(self.texts(kind).encode(), b"\xff\xfe\0a", b"", self.random.randbytes(16), b"a\0", self.random.randbytes(3))

    def days(self, kind):
        return self.one_of(0, *DAYS["Date"], *DAYS["Date32"], -25_568, 120_530, 65_536, -1, days_of(1850, 1, 1), days_of(9999, 12, 31), days_of(0, 1, 1), days_of(9999, 12, 31) + 1, days_of(0, 1, 1) - 1, self.random.randrange(-30_000, 130_000), -(2**31) if kind.base == "String" else 0)

    def moments(self, digits):
        def make(kind):
            seconds = self.one_of(0, 2**32, -1, 86_400 * 20_000, 1_767_270_600, -2_208_988_800, -9_223_372_036, 9_223_372_036, 253_402_300_799, 253_402_300_800, -62_167_219_200, -62_167_219_201, self.random.randrange(-(2**32), 2**33))
            value = seconds * 10**digits + self.one_of(0, 0, 0, self.random.randrange(10**digits))
            if digits == 9 and self.random.random() < 0.02:
                value = self.one_of(2**63 - 1, -(2**63) + 1)
            return max(min(value, 2**63 - 1 if digits == 9 else 2**61), -(2**63) + 1 if digits == 9 else -(2**61)) if digits > 3 else value

        return make

    # Columns

    def column(self, kind, misfit=False, depth=0, int96=False):
        """An arrow type for a column of the contract, a maker of its values, and what is right for each."""
        inner = kind.bare
        if inner.base == "Array":
            element = self.column(inner.parts[0][1], misfit, depth + 1, int96)
            arrow = self.one_of(pa.list_, pa.large_list)(element[0])
            make = lambda: None if self.random.random() < 0.1 else [element[1]() for _ in range(self.one_of(0, 1, 1, 2, 3))]
            right = lambda value, place: [self.required(inner.parts[0][1], element[2], one, f"{place}[{index}]") for index, one in enumerate(value or [])]
            return arrow, make, right, f"list<{element[3]}>"
        if inner.base == "Map":
            part = inner.parts[1][1]
            element = self.column(part, misfit, depth + 1, int96)
            keys = self.one_of(pa.string(), pa.string(), pa.int32())
            key = lambda: self.one_of("a", "b", "a", "", "ü") if keys == pa.string() else self.one_of(1, -2, 1)
            make = lambda: None if self.random.random() < 0.1 else [(key(), element[1]()) for _ in range(self.one_of(0, 1, 2))]

            def right(value, place):
                first = {}
                for name, one in value or []:
                    first.setdefault(name, one)
                return [[str(name).encode().hex(), self.required(part, element[2], one, f"{place}['{name}']")] for name, one in first.items()]

            return pa.map_(keys, element[0]), make, right, f"map<{keys}, {element[3]}>"
        if inner.base == "Tuple":
            fields = [(name, part, self.column(part, misfit, depth + 1, int96)) for name, part in inner.parts if self.random.random() < 0.9]
            self.random.shuffle(fields)
            fields = fields or [(name, part, self.column(part, misfit, depth + 1, int96)) for name, part in inner.parts]
            arrow = pa.struct([(name, made[0]) for name, _, made in fields] + ([("more", pa.int32())] if self.random.random() < 0.3 else []))
            make = lambda: None if self.random.random() < 0.1 else {name: made[1]() for name, _, made in fields}
            known = {name: made for name, _, made in fields}

            def right(value, place):
                found = []
                for name, part in inner.parts:
                    given = (value or {}).get(name)
                    if name not in known:
                        found.append(self.required(part, lambda one, at, part=part: empty(part), None, f"{place}.{name}"))
                    else:
                        found.append(self.required(part, known[name][2], given, f"{place}.{name}"))
                return found

            return arrow, make, right, f"struct<{', '.join(made[3] for _, _, made in fields)}>"
        usual = [leaf for leaf in self.leaves if leaf.fits(inner) and leaf.name not in ("int96",) and not (int96 and leaf.name.startswith("timestamp"))]
        usual += [leaf for leaf in self.leaves if int96 and leaf.name == "int96" and leaf.fits(inner)]
        if misfit:
            usual = [leaf for leaf in self.leaves if not leaf.fits(inner)]
        leaf = self.one_of(*self.at(depth, usual))
        make = lambda: None if leaf.right is None or self.random.random() < 0.1 else leaf.values(inner)

        def right(value, place):
            if value is None:
                return None
            try:
                return leaf.right(inner, value)
            except Rejected:
                raise Rejected(place) from None

        return leaf.arrow, make, right, leaf.name

    def at(self, depth, leaves):
        """Those that pyarrow can also write inside of a list, a map or a struct, where that is where they are."""
        return [leaf for leaf in leaves if not depth or leaf.name not in ("null", "dictionary", "json", "uuid")]

    def can_misfit(self, kind, depth=0):
        """Whether a column of the contract has types that none of its values can come from: a text can come from any."""
        inner = kind.bare
        if inner.base in ("Array", "Map", "Tuple"):
            parts = inner.parts[1:] if inner.base == "Map" else inner.parts
            return all(self.can_misfit(part, depth + 1) for _, part in parts)
        return bool(self.at(depth, [leaf for leaf in self.leaves if not leaf.fits(inner)]))

    def required(self, kind, right, value, place):
        found = right(value, place)
        if found is None and not kind.nullable and not kind.bare.parts:
            raise Rejected(place)
        return found

    def write_misfit(self, path):
        name, kind = self.one_of(*((name, kind) for name, kind in self.contract.items() if name not in ("id", "s", "lc", "fs") and self.can_misfit(kind)))
        arrow, make, _, _ = self.column(kind, misfit=True)
        columns = {"id": pa.array(["a", "b"]), name: array(arrow, [make(), make()])}
        write_table(path, columns, self.random)

    def table(self):
        """For each Parquet type, the columns that keep every value of it, and those that keep some. The types are those of a contract."""
        columns = {}
        for kind in self.contract.values():
            inner = kind.bare
            if not inner.parts:
                name = f"{inner.base} with a unit" if inner.unit else inner.base
                columns.setdefault(name, []).append(inner)
        rows = []
        for leaf in self.leaves:
            if leaf.right is None:
                continue
            every, some = [], []
            for name, kinds in columns.items():
                kept = [share for kind in kinds if leaf.fits(kind) for share in [self.share(leaf, kind)] if share]
                if kept:
                    (every if max(kept) == 1 else some).append(name)
            rows.append([leaf.name, every, some])
        return rows

    def share(self, leaf, kind):
        def kept(value):
            try:
                leaf.right(kind, value)
                return True
            except Rejected:
                return False

        values = [leaf.values(kind) for _ in range(400)]
        return sum(map(kept, values)) / len(values)

    def write(self, path, rows):
        """One file; answers what is right for each of its rows, and its types by column."""
        int96 = self.random.random() < 0.3
        columns = {}
        for name, kind in self.contract.items():
            if name == "id":
                columns[name] = (pa.string(), lambda: self.one_of("a", "b"), lambda value, place: value.encode().hex(), "string")
            elif self.random.random() < 0.9:
                columns[name] = self.column(kind, int96=int96)
        # A few values a row: one that does not fit must not hide all others.
        made = {name: [] for name in columns}
        for _ in range(rows):
            chosen = {"id", *self.random.sample(list(columns), self.one_of(1, 2, 3))}
            for name, column in columns.items():
                made[name].append(column[1]() if name in chosen else None)
        write_table(path, {name: array(column[0], made[name]) for name, column in columns.items()}, self.random, int96)
        right = []
        for row in range(rows):
            values, places = {}, []
            for name, column in columns.items():
                try:
                    value = self.required(self.contract[name], column[2], made[name][row], name)
                    if value != empty(self.contract[name]):
                        values[name] = value
                except Rejected as rejected:
                    places.append(rejected.place)
            right.append(("rejected", places) if places else ("row", values))
        return right, {name: column[3] for name, column in columns.items()}


def array(arrow, values):
    """Numbers are taken for what pyarrow counts: its own conversions refuse dates that Python has not."""
    if pa.types.is_nested(arrow):
        return nested(arrow, values)
    if pa.types.is_date32(arrow):
        return pa.array(values, pa.int32()).cast(arrow)
    if pa.types.is_date64(arrow):
        return pa.array([None if value is None else value * 86_400_000 for value in values], pa.int64()).cast(arrow)
    if pa.types.is_timestamp(arrow) or pa.types.is_time64(arrow):
        return pa.array(values, pa.int64()).cast(arrow)
    if pa.types.is_time32(arrow):
        return pa.array(values, pa.int32()).cast(arrow)
    if isinstance(arrow, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(arrow, pa.array(values, arrow.storage_type))
    return pa.array(values, arrow)


def nested(arrow, values):
    mask = pa.array([value is None for value in values], pa.bool_())
    if pa.types.is_struct(arrow):
        fields = [arrow.field(index) for index in range(arrow.num_fields)]
        parts = [array(field.type, [None if value is None else value.get(field.name) for value in values]) for field in fields]
        return pa.StructArray.from_arrays(parts, fields=fields, mask=mask)
    offsets, flat = [0], []
    for value in values:
        flat.extend(value or [])
        offsets.append(len(flat))
    if pa.types.is_map(arrow):
        keys, items = array(arrow.key_type, [key for key, _ in flat]), array(arrow.item_type, [item for _, item in flat])
        return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, items, type=arrow, mask=mask)
    if pa.types.is_large_list(arrow):
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), array(arrow.value_type, flat), type=arrow, mask=mask)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), array(arrow.value_type, flat), type=arrow, mask=mask)


def write_table(path, columns, rng, int96=False):
    state = rng.getstate()
    try:
        write_version(path, columns, rng, int96, "2.4")
    except pa.ArrowInvalid:  # the older version has no nanoseconds
        rng.setstate(state)
        write_version(path, columns, rng, int96, "2.6")


def write_version(path, columns, rng, int96, version):
    page, dictionary = rng.choice(["1.0", "2.0"]), rng.choice([True, False])
    options = dict(
        compression=rng.choice(CODECS),
        version=version,
        row_group_size=rng.choice([None, 3, 7]),
        use_deprecated_int96_timestamps=int96,
        store_decimal_as_integer=rng.choice([True, False]),
        use_compliant_nested_type=rng.choice([True, False]),
        write_page_checksum=rng.choice([True, False]),
        write_statistics=rng.choice([True, False]),
        write_page_index=rng.choice([True, False]),
    )
    # ClickHouse can't read a page of version 2 that holds nothing but empty lists and would have a dictionary: a bad object.
    size = rng.choice([None, 64]) if page == "1.0" or not dictionary else None
    pq.write_table(
        pa.table(columns), path, data_page_version=page, use_dictionary=dictionary, data_page_size=size, **options
    )
