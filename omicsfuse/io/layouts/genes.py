"""Gene symbols in the names that sources give genes: ``A1BG|1``, ``TP53 (7157)``, ``A /// B``."""

import re
from collections import Counter
from collections.abc import Sequence

#: Ways to write a symbol with a number; the first group is the symbol.
_PATTERNS = (
    (re.compile(r"([^|]+)\|\d+(?:_calculated)?"), "symbol|number"),
    (re.compile(r"(.+?) \((?:\d+|ENSG\d+(?:\.\d+)?)\)"), "symbol (number)"),
    (re.compile(r"ENSG\d+(?:\.\d+)?[|_](.+)"), "identifier|symbol"),
    (re.compile(r"([^|]+)\|ENSG\d+(?:\.\d+)?"), "symbol|identifier"),
)
#: Share of the names that have to be written so.
_MOST = 0.8
_SEVERAL = " /// "


def symbols_of(names: Sequence[str]) -> tuple[list[str], str]:
    """Symbols of genes whose names hold more than that, and a note; else the names as they are.

    A symbol that several names share stays written in full, as does one that is unknown (``?|1``).
    Of a probe of several genes the first is taken.
    """
    for pattern, called in _PATTERNS:
        matches = [pattern.fullmatch(name) for name in names]
        if names and sum(match is not None for match in matches) >= _MOST * len(names):
            symbols = [
                match[1].strip() if match and match[1].strip() not in ("", "?") else name
                for match, name in zip(matches, names, strict=True)
            ]
            return _unique(symbols, names, f"genes named by the symbol in {called}")
    if any(_SEVERAL in name for name in names):
        symbols = [name.split(_SEVERAL)[0].strip() or name for name in names]
        return _unique(symbols, names, "probes of several genes (A /// B) under the first")
    return list(names), ""


def _unique(symbols: list[str], names: Sequence[str], note: str) -> tuple[list[str], str]:
    """Keep the full name where a symbol would be that of several features."""
    often, whole = Counter(symbols), Counter(names)
    result = [
        symbol if often[symbol] == whole[name] else name
        for symbol, name in zip(symbols, names, strict=True)
    ]
    changed = [(old, new) for old, new in zip(names, result, strict=True) if old != new]
    return result, f"{note} (e.g. {changed[0][0]}: {changed[0][1]})" if changed else ""
