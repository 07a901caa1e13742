"""The page of interpreted models by themselves, as one HTML file that loads nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsfuse.core.results import Interpretation
from omicsfuse.plot.saving import FigureOptions
from omicsfuse.report.figures import draw_figures
from omicsfuse.report.render import write_page
from omicsfuse.report.section import Content, Page, Section
from omicsfuse.report.sections.closing import provenance_tables, warnings_content
from omicsfuse.report.sections.interpretation import model_sections
from omicsfuse.report.tables import exclusions_table

_METHODS = (
    "How associations were tested.",
    "A score enters linear models as normal scores of its ranks; its scale and single extreme "
    "values do not matter. Features on a logarithmic or z-score scale are tested by limma's "
    "moderated t of the slope, and other features by Spearman's and the partial rank correlation. "
    "Mutations are tested by Wilcoxon's rank-sum test (classes: Fisher's exact test). Subtypes and "
    "clinical categories are tested by the Kruskal-Wallis test and, adjusted, by the F test of the "
    "groups (classes: chi-square, Fisher's exact or a Monte Carlo test). False discovery rates are "
    "Benjamini and Hochberg's over each family.",
    "Gene sets are scored by GSEA's running sum on the ranking by moderated t. Their "
    "p-values are from shuffled patients (with covariates, by the method of Freedman and "
    "Lane), which keeps the correlation of genes; p-values from random genes are also given.",
)


def write_interpretation_report(
    interpretations: Mapping[str, Interpretation],
    folder: str | Path,
    *,
    name: str = "Imaging models",
    cohort: str = "",
    warnings: Sequence[str] = (),
    record: Mapping[str, Any] | None = None,
    options: FigureOptions | None = None,
) -> dict[str, str]:
    """Write ``report.html`` and the figures of interpreted models.

    Gives the titles of the figures, by name.
    """
    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    source = _Source(interpretations, tuple(warnings), record or {})
    page = Page.of(_SECTIONS, source)
    figures = draw_figures(page.plans(), folder / "figures", options=options)
    write_page(
        folder,
        name=name,
        cohort=cohort,
        subject="imaging models interpreted",
        kind="Imaging models and their associations",
        role="Cohort",
        footer="associations found here are hypotheses, not diagnoses.",
        front=None,
        pictures=[],
        sections=page.views(figures),
    )
    return page.titles()


@dataclass(frozen=True)
class _Source:
    """What the page is made of."""

    interpretations: Mapping[str, Interpretation]
    warnings: tuple[str, ...]
    record: Mapping[str, Any]


def _models(source: _Source) -> Iterable[Section[_Source]]:
    return model_sections(source.interpretations)


def _exclusions(source: _Source) -> Content:
    models = source.interpretations.values()
    table = exclusions_table([excluded for model in models for excluded in model.exclusions])
    text = "None: every patient in the table of scores is in the cohort and has a score."
    answer = "The table lists the exclusions." if table else text
    return Content("Exclusions", (answer,), tables=[table])


def _warnings(source: _Source) -> Content | None:
    return warnings_content(source.warnings) if source.warnings else None


def _provenance(source: _Source) -> Content | None:
    tables = provenance_tables(source.record)
    text = "The same files, seed and software versions give this page again, byte for byte."
    return Content("Settings, versions and input", (text,), details=tables) if tables else None


#: The sections of the page, in order.
_SECTIONS: tuple[Section[_Source], ...] = (
    Section("interpretation", parts=_models),
    Section("losses", _exclusions),
    Section("methods", lambda _: Content("Methods", _METHODS)),
    Section("warnings", _warnings),
    Section("provenance", _provenance),
)
