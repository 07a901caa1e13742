"""A section of a page: what it shows, draws, says of its methods, and warns of."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

from markupsafe import Markup

from omicsfuse.report.references import Citations
from omicsfuse.report.tables import Table

#: What a page is made of: results of a run, or models that were interpreted.
Source = TypeVar("Source")


@dataclass(frozen=True)
class Plan:
    """A figure to be drawn: file name, title, caption, how; heatmaps go in as images.

    ``draw`` is a plot function with its results, so that a plan can be sent to another process.
    ``section`` is filled in by the page.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Any]
    image: bool = False
    section: str = ""


@dataclass(frozen=True)
class FigureView:
    """A figure on the page: its section, its caption, its element, its title, its files' name."""

    section: str
    caption: str
    markup: Markup
    title: str = ""
    name: str = ""


@dataclass(frozen=True)
class Content:
    """What a section says: a heading, sentences, tables.

    Where the section has no ``summary``, the first paragraph answers the question of the heading;
    everything else is folded away with the tables. None stands for a table with nothing to show
    and is left out. ``ordered`` is a numbered list (references); ``whole`` sections are not folded.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tables: Sequence[Table | None] = ()
    details: Sequence[Table | None] = ()
    ordered: tuple[str, ...] = ()
    whole: bool = False

    def __post_init__(self) -> None:
        for name in ("tables", "details"):
            kept = tuple(table for table in getattr(self, name) if table is not None)
            object.__setattr__(self, name, kept)


def _nothing(*_: object) -> tuple[()]:
    return ()


def _hidden(_: object) -> None:
    return None


@dataclass(frozen=True)
class Section(Generic[Source]):
    """One part of a page, all that is known of it: to add one, write its file and list it.

    ``content`` is None where there is nothing to show; the figures are only drawn where there is
    a content. ``methods`` gives paragraphs, and cites ``references`` (and shared ones) by key;
    neighbours with the same ``paragraph`` share one. ``summary`` answers the
    question of the heading, ``caveats`` say what weakens the answer. ``on_subtypes`` marks what
    takes the subtypes for granted. ``parts`` stand in place of the section, where it is made of
    several.
    """

    name: str
    content: Callable[[Source], Content | None] = _hidden
    figures: Callable[[Source], Iterable[Plan]] = _nothing
    methods: Callable[[Source, Citations], Iterable[str]] = _nothing
    references: Mapping[str, str] = field(default_factory=dict)
    summary: Callable[[Source], Iterable[str]] = _nothing
    caveats: Callable[[Source], Iterable[str]] = _nothing
    on_subtypes: bool = False
    paragraph: str = ""
    parts: Callable[[Source], Iterable["Section[Source]"]] | None = None


@dataclass(frozen=True)
class SectionView:
    """A section on the page: the answer, one picture, and the rest, which is folded.

    ``mark`` is a warning below the heading; ``rest`` are paragraphs that the answer has not said.
    """

    anchor: str
    content: Content
    answer: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    figures: tuple[FigureView, ...] = ()
    mark: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, the short ones first."""
        return tuple(t for t in (*self.content.tables, *self.content.details) if t is not None)

    @property
    def inside(self) -> str:
        """Say what is folded: figures and tables, counted."""
        figures = max(0, len(self.figures) - 1)
        counts = ((figures, "figure"), (len(self.tables), "table"))
        named = [f"{n} {noun}{'s' * (n != 1)}" for n, noun in counts if n]
        if self.rest or self.content.notes:
            named = ["text", *named]
        return ", ".join(named)


@dataclass(frozen=True)
class Page(Generic[Source]):
    """The sections of a page that have something to show, and what, in order."""

    source: Source
    shown: tuple[tuple[Section[Source], Content], ...]

    @classmethod
    def of(cls, sections: Iterable[Section[Source]], source: Source) -> Self:
        """Ask each section; parts stand in place of the section that has some."""
        parts = (
            part
            for section in sections
            for part in (section.parts(source) if section.parts else (section,))
        )
        asked = ((section, section.content(source)) for section in parts)
        return cls(source, tuple((section, said) for section, said in asked if said is not None))

    def plans(self) -> list[Plan]:
        """Figures of these sections, each with the name of its section."""
        return [
            replace(plan, section=section.name)
            for section, _ in self.shown
            for plan in section.figures(self.source)
        ]

    def titles(self) -> dict[str, str]:
        """Titles of the figures, by name."""
        return {plan.name: plan.title for plan in self.plans()}

    def views(self, figures: Iterable[FigureView], mark: str = "") -> list[SectionView]:
        """Sections with their figures; ``mark`` goes to those that rest on the subtypes."""
        drawn = list(figures)
        views = []
        for section, content in self.shown:
            answer = tuple(text for text in section.summary(self.source) if text)
            rest = tuple(text for text in content.paragraphs if text and text not in answer)
            if not answer and not content.whole:
                answer, rest = rest[:1], rest[1:]
            views.append(
                SectionView(
                    section.name,
                    content,
                    answer,
                    tuple(section.caveats(self.source)),
                    rest,
                    tuple(figure for figure in drawn if figure.section == section.name),
                    mark if section.on_subtypes else "",
                )
            )
        return views


class Points(str):
    """A paragraph that the page shows as a sentence and a list below it; as text, one line."""

    lead: str
    points: tuple[str, ...]

    def __new__(cls, lead: str, points: Iterable[str]) -> Self:
        """Make the text of the lead and the points."""
        points = tuple(points)
        made = super().__new__(cls, " ".join(text for text in (lead, *points) if text))
        made.lead, made.points = lead, points
        return made


def file_name(*parts: str) -> str:
    """Name of a figure's file: letters, digits, dashes and underscores only."""
    return "_".join(re.sub(r"[^A-Za-z0-9_-]+", "_", part).strip("_")[:60] for part in parts)
