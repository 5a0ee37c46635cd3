"""Types of a contract, as trees: `Tuple(os String, v Nullable(UInt8))`."""

import re


class Type:
    def __init__(self, base, parts=(), literals=(), text="", unit=None):
        self.base, self.parts, self.literals, self.text, self.unit = base, list(parts), list(literals), text, unit

    @property
    def nullable(self):
        return self.base == "Nullable" or (self.base == "LowCardinality" and self.parts[0][1].nullable)

    @property
    def bare(self):
        return self.parts[0][1].bare if self.base in ("Nullable", "LowCardinality") else self

    def with_unit(self, unit):
        self.unit = unit
        for _, part in self.parts:
            part.with_unit(unit)
        return self


def parse(text):
    text = text.strip()
    base, _, rest = text.partition("(")
    if not rest:
        return Type(base, text=text)
    arguments = split(rest[:-1])
    if base not in ("Nullable", "LowCardinality", "Array", "Map", "Tuple"):
        return Type(base, literals=arguments, text=text)
    parts = []
    for argument in arguments:
        named = re.fullmatch(r"([A-Za-z_]\w*)\s+(.+)", argument, re.S) if base == "Tuple" else None
        parts.append((named[1], parse(named[2])) if named else ("", parse(argument)))
    return Type(base, parts, text=text)


def split(text):
    parts, depth, quote, start = [], 0, False, 0
    for at, char in enumerate(text):
        if char == "'":
            quote = not quote
        elif quote:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    parts.append(text[start:].strip())
    return parts
