"""What the page is made of: a section with its sentences, figures and tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from omicsfuse.report.plans import FigureView
from omicsfuse.report.tables import Table


@dataclass(frozen=True)
class Section:
    """One section: an anchor, a heading, sentences, figures and tables.

    Tables in ``details`` can be folded away; ``ordered`` is a numbered list (references); ``mark``
    is a warning below the heading.
    """

    anchor: str
    title: str
    paragraphs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[FigureView, ...] = ()
    tables: tuple[Table, ...] = ()
    details: tuple[Table, ...] = ()
    ordered: tuple[str, ...] = ()
    mark: str = ""


class Points(str):
    """A paragraph that the page shows as a sentence and a list below it.

    As text it is all of it in one line.

    Parameters
    ----------
    lead : str
        Sentence above the list; may be empty.
    points : iterable of str
        The list.

    Examples
    --------
    >>> from omicsfuse.report.views import Points
    >>> said = Points("Two things.", ["One.", "Another."])
    >>> str(said), said.points
    ('Two things. One. Another.', ('One.', 'Another.'))
    """

    lead: str
    points: tuple[str, ...]

    def __new__(cls, lead: str, points: Iterable[str]) -> Self:
        """Make the text of the lead and the points."""
        points = tuple(points)
        made = super().__new__(cls, " ".join(text for text in (lead, *points) if text))
        made.lead, made.points = lead, points
        return made


def present(*tables: Table | None) -> tuple[Table, ...]:
    """Keep the tables that there are.

    Examples
    --------
    >>> from omicsfuse.report.views import present
    >>> present(None)
    ()
    """
    return tuple(table for table in tables if table is not None)
