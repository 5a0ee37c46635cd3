"""Makes JSON lines from a seed: values at, inside and outside of every edge of every type, in good and bad company."""

import json
import random
from datetime import datetime, timedelta, timezone

from values import DAYS, INTEGERS, UNITS


class Maker:
    def __init__(self, seed, contract):
        self.random = random.Random(seed)
        self.contract = contract

    def one_of(self, *choices):
        return self.random.choice(choices)

    # Numbers, as characters of JSON

    def edge(self, low, high):
        """A whole number near an edge, or anywhere."""
        near = self.one_of(low, high, 0, 10 ** self.random.randrange(1, 78), -(10 ** self.random.randrange(1, 40)), 2**53, 2**63, 2**64)
        if self.random.random() < 0.5:
            return self.random.randrange(low, high + 1)
        return near + self.random.randrange(-2, 3)

    def whole(self, value):
        """Spellings of a whole number."""
        text = str(value)
        sign, digits = ("-", text[1:]) if value < 0 else ("", text)
        kind = self.random.randrange(14)
        if kind == 0:
            return text + ".0"
        if kind == 1:
            return text + "." + "0" * self.random.randrange(1, 20)
        if kind == 2:
            return text + self.one_of("e0", "E0", "e+0", "e-0")
        if kind == 3 and len(digits) > 1:
            return f"{sign}{digits[0]}.{digits[1:]}e{len(digits) - 1}"
        if kind == 4:
            zeros = self.random.randrange(1, 5)
            return f"{text}{'0' * zeros}e-{zeros}"
        if kind == 5 and digits.endswith("0"):
            kept = digits.rstrip("0") or "0"
            return f"{sign}{kept}{self.one_of('e', 'E', 'e+')}{len(digits) - len(kept)}"
        if kind == 6:
            return text + self.one_of(".5", ".000000000000000001", "e-1", "e1")
        return text

    def fraction(self):
        kind = self.random.randrange(12)
        digits = self.random.randrange(1, 30)
        if kind == 0:
            return repr(self.random.uniform(-1e6, 1e6))
        if kind == 1:
            return repr(self.random.uniform(-180, 180))
        if kind == 2:
            return f"{self.random.randrange(10**6)}.{self.random.randrange(100):02d}"
        if kind == 3:
            return f"{self.one_of('', '-')}{self.random.randrange(10**digits)}.{self.random.randrange(10**digits)}"
        if kind == 4:
            return f"{self.one_of('', '-')}0.{'0' * self.random.randrange(25)}{self.random.randrange(1, 10**6)}"
        if kind == 5:
            return f"{self.random.randrange(1, 10)}.{self.random.randrange(10**6)}{self.one_of('e', 'E')}{self.one_of('', '+', '-')}{self.random.randrange(60)}"
        if kind == 6:
            return self.one_of("1e400", "-1e400", "1e-400", "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "2e-324", "3.4028234663852886e38", "3.4028236e38", "1e-45", "1e-46", "1e-60", "0e-400", "-0", "-0.0", "0.0", "1E22", "1e23", "0e5", "9007199254740993.0", "0.1000000000000000055511151231257827")
        if kind == 7:
            return self.one_of("0", "1", "0.5", "1.10", "19.99", "1.005", "100.00", "99999.99", "0.9999", "1.0000", "-0.0001")
        if kind == 8:
            return str(self.random.randrange(2**53 - 3, 2**53 + 4)) + self.one_of("", ".0", ".5", "00", "000000")
        if kind == 9:
            return str(self.random.randrange(2**24 - 3, 2**24 + 4)) + self.one_of("", ".0", ".5")
        if kind == 10:
            return repr(self.random.uniform(0, 10) * 10 ** self.random.randrange(-30, 30))
        return str(self.random.randrange(10 ** self.random.randrange(1, 40)))

    def decimal(self, precision, scale):
        kind = self.random.randrange(6)
        if kind == 0:
            return self.fraction()
        digits = self.one_of(precision, precision + 1, precision - 1, self.random.randrange(1, precision + 1))
        value = self.one_of(10**digits - 1, 10**digits, self.random.randrange(10 ** max(digits, 1)))
        text = str(value).rjust(scale + 1, "0")
        shown = (text[:-scale] + "." + text[-scale:]) if scale else text
        shown += self.one_of("", "", "", "0", "00", "1") if "." in shown else self.one_of("", "", ".0", ".1")
        if kind == 1 and "." in shown:
            places = self.random.randrange(-3, 4)
            shown += f"e{places}"
        return self.one_of("", "-") + shown

    def number_of(self, kind):
        if kind.base in INTEGERS:
            sign, bits = INTEGERS[kind.base]
            low, high = (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            return self.whole(self.edge(low, high)) if self.random.random() < 0.9 else self.fraction()
        if kind.base == "Decimal":
            return self.decimal(int(kind.literals[0]), int(kind.literals[1]))
        return self.fraction()

    # Texts

    def quote(self, text):
        shown = json.dumps(text, ensure_ascii=self.random.random() < 0.5)
        return shown.replace("/", "\\/") if self.random.random() < 0.1 else shown

    def odd_number(self):
        return self.one_of("", " 12", "12 ", "12x", "0x10", "1_000", "1,5", "NaN", "inf", "-Infinity", "+5", "007", "00012.50", ".5", "5.", ".", "-", "--5", "1e", "e5", "١٢", "1 000", "true", "+", "-.5", "+1e2", "1e+", "0" * 90 + "5", "\t5", "1\x00")

    def date_text(self):
        kind = self.random.randrange(10)
        year = self.one_of(0, 1, 1582, 1899, 1900, 1969, 1970, 2000, 2026, 2100, 2149, 2150, 2299, 2300, 9999, self.random.randrange(1900, 2300))
        if kind < 5:
            return f"{year:04d}-{self.random.randrange(1, 13):02d}-{self.random.randrange(1, 29):02d}"
        if kind == 5:
            return f"{year:04d}-{self.one_of('02-28', '02-29', '02-30', '12-31', '01-01', '00-10', '13-01', '04-31', '06-06', '06-07', '01-00')}"
        if kind == 6:
            edge = self.one_of(*DAYS["Date"], *DAYS["Date32"]) + self.random.randrange(-1, 2)
            return (datetime(1970, 1, 1) + timedelta(days=edge)).strftime("%Y-%m-%d")
        if kind == 7:
            return self.one_of("", "2026-1-5", "20261105", "05.11.2026", "10:00", "2026-11-05T10:00:00Z", "today", "2026-11-05 ", "+2026-11-05", "２０２６-11-05", "12026-01-01")
        return f"2026-{self.random.randrange(1, 13):02d}-{self.random.randrange(1, 32):02d}"

    def moment_text(self):
        kind = self.random.randrange(12)
        if kind == 0:
            return self.one_of("", "now", "10:00", "2026-11-05", "2026-11-05T10", "2026-00-10T10:00:00Z", "2026-01-00 10:00:00", "2026-11-05T24:00:00Z", "2026-11-05T10:60:00Z", "2016-12-31T23:59:60Z", "2026-11-05T10:00:00+25:00", "2026-11-05T10:00:00.123Z x", " 2026-11-05T10:00:00Z", "2026-11-05T10:00:00.Z", "2026-11-05T10:00:00 CET", "2026-11-05T10:00:00UTC", "20261105T100000Z", "2026-11-05T10:00:00+1", "2026-11-05T10:00:00+01:0", "2026-11-05  10:00:00", "2026-11-05T10:00:00 Europe/Berlin", "1700000000", "1700000000123", "-1", "1767270600.5", "1e9")
        if kind == 1:
            # Around both changes of the clock, in Berlin and New York.
            return self.one_of("2026-03-29 ", "2026-10-25T", "2026-03-08T", "2026-11-01 ", "1980-04-06 ", "2099-03-29 ") + f"{self.random.randrange(0, 5):02d}:{self.random.randrange(60):02d}:{self.random.randrange(60):02d}" + self.one_of("", "", ".5", "Z", "+01:00", "-05")
        if kind == 2:
            edge = self.one_of(0, 2**32, 2**31, -(2**31), 9_223_372_036, 9_223_372_037, -2_208_988_800) + self.random.randrange(-3_700, 3_700)
            moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=edge)
        elif kind == 3:
            return self.one_of("0000-01-01T00:00:00Z", "0000-01-01T00:00:00+00:00", "0000-01-01T00:00:00+01:00", "0000-01-01T00:30:00-01:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-00:30", "9999-12-31 23:59:59+00", "0001-01-01T00:00:00Z", "1582-10-10T12:00:00Z", "1850-06-01T12:00:00+01:00", "2300-01-01T00:00:00Z", "1899-12-31T23:59:59.5Z", "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224191Z", "1969-12-31T23:59:59.999Z")
        else:
            moment = datetime(self.one_of(2026, 2026, 2026, 1970, 2000, 2105, 1901, 2200), 1, 1, tzinfo=timezone.utc) + timedelta(seconds=self.random.randrange(365 * 86_400))
        text = moment.strftime(f"{moment.year:04d}-%m-%d{self.one_of('T', 'T', ' ', 't')}%H:%M")
        if self.random.random() < 0.9:
            text += moment.strftime(":%S")
            if self.random.random() < 0.6:
                text += self.one_of(".", ".", ",") + "".join(self.one_of(*"0123456789") for _ in range(self.random.randrange(1, 11))) + self.one_of("", "000")
        local = self.random.random() < 0.1
        return text if local and 1900 < moment.year < 2200 else text + self.one_of("Z", "Z", "z", " UTC", "+00", "+01", "-0330", "+09:00", " +0000", " Z", "-14:00", "+14:59", "+15:00", " -05:30")

    def epoch(self, unit):
        base = self.one_of(1_767_270_600, 0, 2**32, -1, 253_402_300_799, 253_402_300_800, -62_167_219_200, 9_223_372_036, self.random.randrange(2**31))
        value = (base * 10 ** UNITS[unit]) + self.random.randrange(-3, 1000)
        return self.whole(value) if self.random.random() < 0.6 else str(value) + self.one_of(".5", ".123", ".1234567", ".000000001", ".0000000000000000001", "")

    def text_of(self, kind):
        base = kind.base
        if kind.unit and self.random.random() < 0.6:
            return self.epoch(kind.unit)
        if base in ("Date", "Date32"):
            return self.date_text()
        if base.startswith("DateTime"):
            return self.moment_text()
        if base in INTEGERS or base == "Decimal" or base.startswith("Float"):
            return self.number_of(kind) if self.random.random() < 0.7 else self.odd_number()
        if base == "Bool":
            return self.one_of("true", "false", "TRUE", "False", "1", "0", "yes", "", "2", "t", "on", "1.0", " true")
        if base == "UUID":
            text = "".join(self.one_of(*"0123456789abcdefABCDEF") for _ in range(32))
            dashed = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
            return self.one_of(dashed, dashed, text, dashed[:-1], dashed + "0", "g" + dashed[1:], f"{text[:8]}-{text[8:]}", "{" + dashed + "}", "", "nil")
        if base.startswith("Enum"):
            return self.one_of("new", "Old", "", "7", "old", "1", "New", "new ", "-2")
        if base == "IPv4":
            return self.one_of(".".join(str(self.random.randrange(0, 260)) for _ in range(4)), "10.0.0.1", "255.255.255.255", "256.0.0.1", "10.0.0", "::1", "", "1.2.3.4.5", "10.0.0.1 ", "167772161")
        if base == "IPv6":
            return self.one_of("::1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "::ffff:10.0.0.1", "10.0.0.1", "255.255.255.255", "256.0.0.1", "::", "2001:db8::g", "", "1::2::3", "fe80::1", "12345::", ":".join(f"{self.random.randrange(65536):x}" for _ in range(8)))
        return self.one_of("plain", "", "ü 😀", "12", "1.10", "{not json", "[1, 2", '{"a":1}', "[]", "null", "true", 'quote " back \\ tab \t', "a\x00b", "\x7f", "DE", "DEUX", "DEUTS", "1,2:3", '"', "\\", "\\\\\\", "\u2028", "x" * self.random.randrange(300), "😀", "0:1,2:[3", "\ufeff", "\ufffd")

    def surrogate(self):
        return '"' + self.one_of("", "x", "\\ud83d\\ude00", "\\u0041") + self.one_of("\\ud83d", "\\ude00", "\\uDBFF", "\\udc00\\ud800", "\\ud83d\\ud83d\\ude00", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0041") + self.one_of("", "y", "1.10") + '"'

    def value(self, kind, depth=0):
        """Characters of a JSON value for a type, mostly of the right shape."""
        inner = kind.bare
        chance = self.random.random()
        if chance < 0.03:
            return "null"
        if chance < 0.06:
            return self.one_of("{}", "[]", '{"a":1}', "[1]", "5", "1.50", '"x"', '""', "true", "false", "[null]", '"[1]"', '"{}"')
        if chance < 0.065:
            return self.surrogate()
        if inner.base == "Array":
            return self.list(self.value(inner.parts[0][1], depth + 1) for _ in range(self.one_of(0, 1, 1, 2, 3)))
        if inner.base == "Map":
            keys = [self.one_of("a", "b", "a", "", "ü", "x.1", "1") for _ in range(self.one_of(0, 1, 2, 3))]
            return self.object((self.quote(key), self.value(inner.parts[1][1], depth + 1)) for key in keys)
        if inner.base == "Tuple":
            fields = [(self.quote(name), self.value(part, depth + 1)) for name, part in inner.parts if self.random.random() < 0.9]
            if self.random.random() < 0.3:
                fields.append((self.quote(self.one_of("more", "Os", "")), self.one_of("1e400", "18446744073709551616", '"x"', "[1.10]")))
            if fields and self.random.random() < 0.1:
                fields.append(self.one_of(*fields))
            if self.random.random() < 0.3:
                self.random.shuffle(fields)
            return self.object(fields)
        if inner.base == "String" or inner.base.startswith(("Fixed", "Enum", "UUID", "IP", "Bool")):
            if self.random.random() < 0.3:
                return self.one_of(self.fraction(), self.whole(self.edge(-5, 300)), "true", "false")
            return self.quote(self.text_of(inner))
        if inner.base.startswith("Date"):
            if inner.unit and self.random.random() < 0.6:
                return self.epoch(inner.unit)
            return self.quote(self.text_of(inner)) if self.random.random() < 0.95 else self.whole(self.edge(0, 2**31))
        if self.random.random() < 0.7:
            return self.number_of(inner)
        return self.quote(self.text_of(inner))

    def space(self):
        return self.one_of(*([""] * 12), " ", "  ", "\t", "\r")

    def list(self, items):
        return "[" + self.space() + ("," + self.space()).join(items) + self.space() + "]"

    def object(self, fields):
        return "{" + self.space() + ("," + self.space()).join(f"{key}{self.space()}:{self.space()}{value}" for key, value in fields) + self.space() + "}"

    def unknown(self):
        key = self.one_of('"x"', '"more"', '"\\ud83d"', '"I8"', '""', '"\\u00fc"', '"a\\"b"', '"12"', '"1:2"')
        value = self.one_of("1e400", "18446744073709551616", "12345678901234567890123", "-1e-400", '"\\ud83d x"', '["\\ude00",{"\\ud800":1.10}]', "null", "true", '"text 1.10, 5e5"', "1.50", "[[[]]]", '{"a":{"a":[1,2.50]}}', "-0", "0.00000000001")
        return key, value

    def broken(self):
        return self.one_of(
            "", " ", "\t\r", "null", "5", "[]", '[{"id":"a"}]', '"text"', "{", "}", '{"id":"a"', '{"id":"a"}}', '{"id":"a"} x',
            '{"id":"a","i8":01}', '{"id":"a","i8":1.}', '{"id":"a","i8":.5}', '{"id":"a","i8":+1}', '{"id":"a","i8":NaN}', '{"id":"a","i8":Infinity}', '{"id":"a","i8":-}', '{"id":"a","i8":1e}',
            '{"id":"a","i8":0x1}', '{"id":"a",}', "{'id':'a'}", '{"id":"a" "i8":1}', '{"id":"a",1.10:2}', '{"id":"a",1e5:2}', '{"id":"a","x":"\\x"}', '{"id":"a","x":"\\u12"}', '{"id":"a","x":"\\ud83","y":1e400}',
            '{"id":"a","x":"tab\there"}', '{"id":"a","x":truE}', '{"id":"a","x":1e5 2}', '{"id":"a","x":1.10.2}', '{"id":"a","x":--1e5}', '{"id":"a","x":[1.10,]}', '{"id":"a","x":"1e5}', '{"id":"a","x":1e400,"y"}', '{"id":"a"/*1.10*/}', '{"id":"a","x":1e5-}', '{"id":"a","x":-1.10-2.20,"y":"5"}',
        ).encode() if self.random.random() < 0.9 else self.one_of(b'{"id":"a","x":"\xff"}', b'{"id":"a","x":"\xff","y":1e400}', b'{"id":"\xc3"}', b"\x00", b'{"id":"a\x00"}', b'{"id":"a","x":"\xed\xa0\xbd"}')  # fmt: skip

    def line(self):
        if self.random.random() < 0.02:
            return self.broken()
        chosen = self.random.sample(list(self.contract), self.one_of(1, 1, 1, 2, 3))
        fields = [('"id"', self.quote("line"))] if self.random.random() < 0.99 else []
        fields += [(self.quote(column), self.value(self.contract[column])) for column in chosen if column != "id"]
        if self.random.random() < 0.3:
            fields.append(self.unknown())
        if self.random.random() < 0.02:
            fields.append(self.one_of(*fields) if fields else self.unknown())
        if self.random.random() < 0.3:
            self.random.shuffle(fields)
        text = self.one_of(*([""] * 9), " ") + self.object(fields) + self.one_of(*([""] * 9), " ", "\r")
        return text.encode("utf-8")
