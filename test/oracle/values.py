"""
The written rules of conversion, as a program of their own: what becomes of a raw value in a column of a type. It shares no code with
Daybook and asks no database. Values are compared in a plain form: digits for numbers and times (counted from 1970), bits for floats,
bytes in hexadecimal digits for texts.
"""

import ipaddress
import re
import struct
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

INTEGERS = {f"{sign}Int{bits}": (sign, bits) for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)}
UNITS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?")


class Rejected(Exception):
    """A value that does not fit; `place` is where in the column it stands."""

    def __init__(self, place=""):
        super().__init__(place)
        self.place = place


def number(text):
    """The exact number of a text, or a reject where it is none."""
    if not NUMBER.fullmatch(text) or not text.isascii():
        raise Rejected
    with localcontext() as context:
        context.prec = 20_000
        try:
            return Fraction(Decimal(text))
        except InvalidOperation:
            raise Rejected from None


def integer(kind, text):
    value = number(text)
    sign, bits = INTEGERS[kind.base]
    low, high = (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if value.denominator != 1 or not low <= value <= high:
        raise Rejected
    if re.search("[.eE]", text) and max(abs(value), abs(number(re.split("[.eE]", text)[0] + "0")) / 10) >= 10**76:
        raise Rejected
    return str(value.numerator)


def decimal(kind, text):
    precision, scale = int(kind.literals[0]), int(kind.literals[1])
    value = number(text) * 10**scale
    if value.denominator != 1 or abs(value) >= 10**precision:
        raise Rejected
    return str(value.numerator)


def nearest(bits, value):
    """The float that is nearest to a number, ties to the even one; None beyond the largest."""
    form, mantissa, lowest, largest = {32: ("f", 24, -149, 127), 64: ("d", 53, -1074, 1023)}[bits]
    if value == 0:
        return 0.0
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    step = Fraction(2) ** max(exponent - mantissa + 1, lowest)
    rounded = round(size / step) * step
    if rounded >= Fraction(2) ** (largest + 1):
        return None
    return float(rounded) * (-1 if value < 0 else 1)


def float_text(bits, value):
    """A float as ClickHouse prints it."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "nan", "inf": "inf", "-inf": "-inf"}[str(value)]
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    for digits in range(1, 18):
        text = f"{value:.{digits - 1}e}"
        if nearest(bits, Fraction(Decimal(text))) == value:
            break
    mantissa, exponent = text.split("e")
    if -7 < int(exponent) < 21:
        return format(Decimal(text), "f")
    return f"{mantissa}e{int(exponent)}"


def float_bits(bits, value):
    return str(int.from_bytes(struct.pack(">f" if bits == 32 else ">d", value), "big"))


def floating(kind, text):
    bits = int(kind.base[5:])
    value = nearest(bits, number(text))
    if value is None or (value == 0 and number(text) != 0):
        raise Rejected
    if re.fullmatch(r"[-+]?\d{%d,}" % (8 if bits == 32 else 16), text) and float_text(bits, value) != text:
        raise Rejected
    return float_bits(bits, -0.0 if value == 0 and text.startswith("-") else value)


def days_of(year, month, day):
    """Days since 1970 of a date of the Gregorian calendar, of any year; a reject where there is no such date."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not 1 <= month <= 12 or not 1 <= day <= months[month - 1]:
        raise Rejected
    before = year - 1
    return 365 * year + before // 4 - before // 100 + before // 400 + 1 + sum(months[: month - 1]) + day - 719_529


assert days_of(1970, 1, 1) == 0 and days_of(2026, 11, 5) == (datetime(2026, 11, 5) - datetime(1970, 1, 1)).days
DAYS = {"Date": (0, 65_535), "Date32": (days_of(1900, 1, 1), days_of(2299, 12, 31))}


def in_days(kind, days):
    low, high = DAYS[kind.base]
    if not low <= days <= high:
        raise Rejected
    return str(days)


def date(kind, text):
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Rejected
    return in_days(kind, days_of(int(text[:4]), int(text[5:7]), int(text[8:])))


MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"
    r"( ?[Zz]| UTC| ?[-+](?:0\d|1[0-4])(?::?[0-5]\d)?)?",
    re.A,
)


def digits_behind(kind):
    return 0 if kind.base == "DateTime" else int(kind.literals[0])


def zone_of(kind):
    return kind.literals[-1].strip("'")


def ticks(kind, seconds):
    """A moment of so many seconds, as many ticks of the type."""
    value = seconds * 10 ** digits_behind(kind)
    if value.denominator != 1:
        raise Rejected
    # In nanoseconds a DateTime64 begins with the first whole second that its 64 bits hold.
    low, high = (0, 2**32 - 1) if kind.base == "DateTime" else (-(2**63 // 10**9) * 10**9, 2**63 - 1)
    first, last = days_of(0, 1, 1) * 86_400, (days_of(9999, 12, 31) + 1) * 86_400
    if not low <= value <= high or not first <= seconds < last:
        raise Rejected
    return str(value.numerator)


def moment(kind, text):
    if kind.unit and NUMBER.fullmatch(text) and text.isascii():
        if not re.match(r"[-+]?\d+([.eE]|$)", text):
            raise Rejected
        value = number(text)
        if (value * 10**18).denominator != 1 or abs(value) >= 10**22:
            raise Rejected
        return ticks(kind, value / 10 ** UNITS[kind.unit])
    found = MOMENT.fullmatch(text)
    if not found:
        raise Rejected
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction, offset = found[7] or "", (found[8] or "").strip()
    if year == 0 or (text.startswith("9999-12-31") and re.fullmatch(r"[-+].*[1-9].*", (found[8] or "").strip())):
        raise Rejected
    days = days_of(year, month, day)
    local = days * 86_400 + hour * 3_600 + minute * 60 + second
    seconds = local - offset_of(offset, zone_of(kind), days, local)
    return ticks(kind, seconds + Fraction(int(fraction or "0"), 10 ** len(fraction)))


def offset_of(offset, zone, days, local):
    if offset in ("Z", "z", "UTC"):
        return 0
    if offset:
        digits = offset[1:].replace(":", "").ljust(4, "0")
        return (int(digits[:2]) * 60 + int(digits[2:])) * (-60 if offset[0] == "-" else 60)
    if zone == "UTC":
        return 0
    naive = datetime(1970, 1, 1) + timedelta(seconds=local)
    there = naive.replace(tzinfo=ZoneInfo(zone))
    if there.astimezone(timezone.utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
        raise Rejected
    return int(there.utcoffset().total_seconds())


def text_bytes(text):
    try:
        return text.encode()
    except UnicodeEncodeError:  # a surrogate without its pair
        raise Rejected from None


def fixed(kind, text):
    size, found = int(kind.literals[0]), text_bytes(text)
    if len(found) > size:
        raise Rejected
    return found.ljust(size, b"\0").hex()


def one_of(kind, text):
    names = [literal.split("'")[1] for literal in kind.literals]
    if text not in names:
        raise Rejected
    return text_bytes(text).hex()


def boolean(kind, text):
    if text.lower() not in ("true", "false", "1", "0") or not text.isascii():
        raise Rejected
    return "1" if text.lower() in ("true", "1") else "0"


def uuid_of(kind, text):
    if not re.fullmatch(r"[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}", text):
        raise Rejected
    if "-" in text and text.count("-") != 4:
        raise Rejected
    return str(uuid.UUID(text))


def address(kind, text):
    try:
        if kind.base == "IPv4":
            if not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text, re.A):
                raise Rejected
            return str(int(ipaddress.IPv4Address(text)))
        if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text, re.A):
            return ipaddress.IPv6Address(f"::ffff:{ipaddress.IPv4Address(text)}").packed.hex()
        return ipaddress.IPv6Address(text).packed.hex()
    except ValueError:
        raise Rejected from None


def scalar(kind, text):
    """The value of a text in a column of a scalar type, in its plain form."""
    text_bytes(text)
    if kind.base in INTEGERS:
        return integer(kind, text)
    return {
        "Decimal": decimal,
        "Float32": floating,
        "Float64": floating,
        "Date": date,
        "Date32": date,
        "DateTime": moment,
        "DateTime64": moment,
        "Bool": boolean,
        "UUID": uuid_of,
        "Enum8": one_of,
        "Enum16": one_of,
        "IPv4": address,
        "IPv6": address,
        "FixedString": fixed,
        "String": lambda _, given: text_bytes(given).hex(),
    }[kind.base](kind, text)


EMPTY = {"Array": lambda kind: [], "Map": lambda kind: [], "Tuple": lambda kind: [empty(part) for _, part in kind.parts]}


def empty(kind):
    """What a column holds where there is nothing, and of a rejected line."""
    made = EMPTY.get(kind.bare.base)
    return made(kind.bare) if made else None
