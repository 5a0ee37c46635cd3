"""What is right for a JSON line: RFC 8259 read with every character of its numbers, the first of equal keys counts."""

import json

from values import Rejected, empty, scalar


class Number(str):
    """A number as it was written."""


def read(line):
    """The object of a line, or a reject."""
    try:
        found = json.loads(
            line.decode("utf-8"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=no_json,
            object_pairs_hook=first_of_each,
        )
    except (ValueError, RecursionError):
        raise Rejected("not a JSON object") from None
    if not isinstance(found, dict):
        raise Rejected("not a JSON object")
    return found


def no_json(word):
    raise ValueError(word)


def first_of_each(pairs):
    found = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def convert(kind, value, place):
    """The value of a column, in its plain form. `place` names it in a reject."""
    inner = kind.bare
    if inner.base == "Array":
        if value is None:
            return []
        if not isinstance(value, list):
            raise Rejected(place)
        element = inner.parts[0][1]
        return [required(element, one, f"{place}[{index}]") for index, one in enumerate(value)]
    if inner.base == "Map":
        if value is None:
            return []
        if not isinstance(value, dict):
            raise Rejected(place)
        pairs = []
        for key, one in value.items():
            if any(0xD800 <= ord(char) < 0xE000 for char in key):
                raise Rejected(place)
            pairs.append([key.encode().hex(), required(inner.parts[1][1], one, f"{place}['{key}']")])
        return pairs
    if inner.base == "Tuple":
        if value is not None and not isinstance(value, dict):
            raise Rejected(place)
        fields = value or {}
        return [required(part, fields.get(field), f"{place}.{field}") for field, part in inner.parts]
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise Rejected(place)
    try:
        return scalar(inner, ("true" if value else "false") if isinstance(value, bool) else value)
    except Rejected:
        raise Rejected(place) from None


def required(kind, value, place):
    found = convert(kind, value, place)
    if found is None and not kind.nullable:
        raise Rejected(place)
    return found


def judge(contract, line):
    """What becomes of a line: `('blank',)`, `('rejected', places)`, or `('row', values)` with the columns that are not empty."""
    if not line.strip(b" \t\r"):
        return ("blank",)
    try:
        found = read(line)
    except Rejected as rejected:
        return ("rejected", [rejected.place])
    values, places = {}, []
    for column, kind in contract.items():
        try:
            value = required(kind, found.get(column), column)
            if value != empty(kind):
                values[column] = value
        except Rejected as rejected:
            places.append(rejected.place)
    return ("rejected", places) if places else ("row", values)
