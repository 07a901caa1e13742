"""The page of interpreted models by themselves, as one HTML file that loads nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import Interpretation
from omicsfuse.plot.numbers import clean
from omicsfuse.report.inline import inline_svg
from omicsfuse.report.interpretation import model_plans, model_sections
from omicsfuse.report.interpretation_words import interpretation_paragraphs
from omicsfuse.report.plans import FigureView
from omicsfuse.report.render import page_style, page_template
from omicsfuse.report.tables import exclusions_table, flatten, make_table
from omicsfuse.report.views import Section, present

_METHODS = (
    "A score enters linear models as normal scores of its ranks, so that its scale and single "
    "extreme values do not matter. Features on a logarithmic or z-score scale are compared by "
    "limma's moderated t of the slope, other features by Spearman's and the partial rank "
    "correlation, mutations by Wilcoxon's rank-sum test (classes: Fisher's exact test), subtypes "
    "and clinical categories by the Kruskal-Wallis test and, adjusted, the F test of the groups "
    "(classes: chi-square, Fisher's exact or a Monte Carlo test). False discovery rates are "
    "Benjamini and Hochberg's over each family.",
    "Gene sets are scored by GSEA's running sum on the ranking by moderated t. Their p-values "
    "come from shuffled patients (with covariates, by the method of Freedman and Lane), which "
    "keeps the correlation of genes; those of random genes are given beside.",
)


def write_interpretation_report(
    interpretations: Mapping[str, Interpretation],
    folder: str | Path,
    *,
    name: str = "Imaging models",
    cohort: str = "",
    warnings: Sequence[str] = (),
    record: Mapping[str, Any] | None = None,
) -> None:
    """Write ``report.html`` and the figures (SVG and PNG) of interpreted models.

    Parameters
    ----------
    interpretations : mapping of str to Interpretation
        By name of the model.
    folder : str or Path
        Where to write; made if it does not exist. Figures go to ``figures`` in it.
    name : str
        Heading of the page.
    cohort : str
        Name of the cohort.
    warnings : sequence of str
        Warnings to list.
    record : mapping of str to object, optional
        ``settings``, ``versions`` and ``inputs``, as in ``run.json``.

    Examples
    --------
    >>> import tempfile
    >>> from omicsfuse.report.interpretation_page import write_interpretation_report
    >>> scores = pd.Series([0.1, 0.2], ["P1", "P2"], name="risk")
    >>> none = pd.DataFrame()
    >>> found = Interpretation("risk", scores, "score", none, none)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_interpretation_report({"risk": found}, folder)
    ...     "Imaging model: risk" in (Path(folder) / "report.html").read_text()
    True
    """
    folder = Path(folder)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    figures = []
    for plan in model_plans(interpretations):
        svg, _ = plot.save_figure(plan.draw(), folder / "figures" / plan.name)
        markup = inline_svg(svg, plan.alt)
        figures.append(FigureView(plan.section, plan.caption, markup, plan.title))
    summary = [interpretation_paragraphs(one)[0] for one in interpretations.values()]
    page = page_template().render(
        name=clean(name),
        subject="imaging models interpreted",
        kind="Imaging models: what goes with them",
        role="Cohort",
        footer="associations found here are hypotheses, not diagnoses.",
        cohort=clean(cohort),
        verdict=None,
        summary=summary,
        caveats=[],
        subtypes=None,
        sections=[
            *model_sections(interpretations, figures),
            *_closing(interpretations, warnings, record or {}),
        ],
        style=page_style(),
    )
    (folder / "report.html").write_bytes(page.encode("utf-8", "replace"))


def _closing(
    interpretations: Mapping[str, Interpretation],
    warnings: Sequence[str],
    record: Mapping[str, Any],
) -> list[Section]:
    """Who was left out, methods, warnings, and where the page is from."""
    exclusions = tuple(
        exclusion for one in interpretations.values() for exclusion in one.exclusions
    )
    table = exclusions_table(exclusions)
    text = "" if table else "Every patient of the table of scores is in the cohort, and has a score"
    sections = [
        Section("losses", "Who was left out", (f"{text}.",) if text else (), tables=present(table)),
        Section("methods", "Methods", _METHODS),
    ]
    if warnings:
        notes = tuple(clean(text) for text in warnings)
        sections.append(Section("warnings", "Warnings", notes=notes))
    details = []
    for key, first, second, caption in (
        ("settings", "setting", "value", "Settings, defaults included."),
        ("versions", "software", "version", "Software."),
        ("inputs", "file", "SHA-256", "Input files."),
    ):
        if record.get(key):
            frame = pd.DataFrame(flatten(dict(record[key])), columns=[first, second])
            details.append(make_table(frame, [first, second], caption))
    if details:
        said = ("The same files and seed give this page again, byte for byte.",)
        sections.append(
            Section("provenance", "Settings, versions and input", said, details=present(*details))
        )
    return sections
