"""What the page is made of: a section with its sentences, figures and tables."""

from dataclasses import dataclass

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


def present(*tables: Table | None) -> tuple[Table, ...]:
    """Keep the tables that there are.

    Examples
    --------
    >>> from omicsfuse.report.views import present
    >>> present(None)
    ()
    """
    return tuple(table for table in tables if table is not None)
