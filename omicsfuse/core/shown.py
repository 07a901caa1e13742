"""Objects in a few lines: what a Python prompt and a notebook show of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from html import escape
from typing import Any

import pandas as pd

from omicsfuse.core.checks.tables import count

#: An object is shown in fewer characters than this, a title, a name and a fact in so many at most.
LONGEST = 600
_LONGEST_TITLE, _LONGEST_NAME, _LONGEST_FACT = 72, 26, 66
#: Facts shown at most; what is beyond the last but one is counted.
_MOST_FACTS = 8
#: Of more layers only the names are shown.
_MOST_LAYERS = 5

_CELL = "text-align:left;vertical-align:top;padding:1px 12px 1px 0;border:0;background:none;"
_CELL += "color:inherit"
_HEAD = f"{_CELL};font-weight:normal;white-space:nowrap;opacity:.7"


class Shown:
    """Shows an object by its title and a few facts, as text and as HTML; tables are not printed.

    A class derived from it says what it is in ``_title`` and what it holds in ``_facts``; without
    these its fields are listed by their sizes. A dataclass needs ``repr=False``.
    """

    def _title(self) -> str:
        return ""

    def _facts(self) -> Iterable[tuple[str, str]]:
        instance: Any = self
        for each in fields(instance):
            yield each.name, _size(getattr(self, each.name))

    def __repr__(self) -> str:
        title, facts = self._shown()
        return "\n".join([title, *(f"  {name}: {fact}" for name, fact in facts)])

    def _repr_html_(self) -> str:
        title, facts = self._shown()
        rows = "".join(
            f'<tr><th style="{_HEAD}">{escape(name)}</th>'
            f'<td style="{_CELL}">{escape(fact)}</td></tr>'
            for name, fact in facts
        )
        table = (
            f'<table style="border-collapse:collapse;margin:0;color:inherit">{rows}</table>'
            if rows
            else ""
        )
        return f"<div><strong>{escape(title)}</strong>{table}</div>"

    def _shown(self) -> tuple[str, list[tuple[str, str]]]:
        """Title and facts, each in one line and not too long."""
        title = _cut(f"{type(self).__name__}: {self._title()}".removesuffix(": "), _LONGEST_TITLE)
        facts = [(_cut(name, _LONGEST_NAME), fact) for name, fact in self._facts() if fact]
        hidden = len(facts) - _MOST_FACTS
        if hidden > 0:
            facts = [*facts[: _MOST_FACTS - 1], ("and", f"{hidden + 1} more")]
        room = LONGEST - len(title) - sum(len(name) + len("\n  : ") for name, _ in facts)
        longest = min(_LONGEST_FACT, (room - 1) // max(len(facts), 1))
        return title, [(name, _cut(fact, longest)) for name, fact in facts]


def some(members: Iterable[object], room: int = 52) -> str:
    """Join the first members of a list, as many as have room, and count the others.

    >>> some(["S1 40", "S2 30"]), some(range(9), 6)
    ('S1 40, S2 30', '0, 1 and 7 more')
    """
    texts = [_cut(str(member), _LONGEST_NAME) for member in members]
    shown = texts[:1]
    for text in texts[1:]:
        if len(", ".join([*shown, text])) > room:
            break
        shown.append(text)
    more = len(texts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def short(name: str) -> str:
    """Cut the name of an object, so that what it holds has room in the title."""
    return _cut(name, _LONGEST_TITLE // 2)


def p_text(value: float, name: str = "p") -> str:
    """Write a p-value with its name; empty where there is none."""
    return f"{name} = {value:.2g}" if value == value else ""


def joined(*parts: str) -> str:
    """Join what there is by commas."""
    return ", ".join(part for part in parts if part)


def table_size(table: pd.DataFrame, rows: str = "row", columns: str = "column") -> str:
    """Size of a table in words."""
    return f"{count(table.shape[0], rows)} x {count(table.shape[1], columns)}"


def layer_facts(sizes: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Say what each layer holds, a line each; of many, their names in one line."""
    return sizes.items() if len(sizes) <= _MOST_LAYERS else [("layers", some(sizes))]


def notes_text(notes: Sequence[str], where: str = "notes") -> str:
    """Count notes and say where they are, so that they are read."""
    return f"{len(notes)} on guesses and transposed tables: see {where}" if notes else ""


def _size(value: Any) -> str:
    """How much a field holds; empty where it holds nothing."""
    if isinstance(value, pd.DataFrame):
        return table_size(value) if len(value) else ""
    if isinstance(value, pd.Series | pd.Index):
        return count(len(value), "value") if len(value) else ""
    if isinstance(value, Mapping):
        return some(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return count(len(value), "item") if len(value) else ""
    if value is None or isinstance(value, str | int | float):
        return "" if value is None else str(value)
    return str(value) if isinstance(value, Shown) else type(value).__name__


def _cut(text: str, longest: int) -> str:
    """Write a text in one line of at most so many characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
