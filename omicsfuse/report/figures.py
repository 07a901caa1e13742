"""Which figures the report has, what is said below them, and their files."""

from collections.abc import Iterator
from pathlib import Path

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.report.clinical_figures import clinical_plans
from omicsfuse.report.evidence_figures import evidence_plans
from omicsfuse.report.heterogeneity import heterogeneity_plans
from omicsfuse.report.immune import immune_plans
from omicsfuse.report.inline import inline_png, inline_svg
from omicsfuse.report.interpretation import interpretation_plans
from omicsfuse.report.methylation import methylation_plans
from omicsfuse.report.pathways import pathways_plans
from omicsfuse.report.plans import FigureView, Plan, file_name
from omicsfuse.report.radiogenomic_modules import radiogenomic_modules_plans
from omicsfuse.report.radiogenomics import radiogenomics_plans
from omicsfuse.report.survival_figures import survival_plans
from omicsfuse.report.verification_figures import assignment_plans, verification_plans
from omicsfuse.report.words import listing, plural


def draw_figures(results: RunResults, folder: Path) -> list[FigureView]:
    """Draw all figures that the results allow, as SVG and PNG files and as parts of the page.

    Parameters
    ----------
    results : RunResults
        The run.
    folder : pathlib.Path
        Where the files go; it must exist.

    Returns
    -------
    list of FigureView
        In the order of the page.
    """
    views = []
    for plan in _plans(results):
        svg, png = plot.save_figure(plan.draw(), folder / plan.name)
        markup = inline_png(png, plan.alt) if plan.image else inline_svg(svg, plan.alt)
        views.append(FigureView(plan.section, plan.caption, markup, plan.title))
    return views


def _plans(results: RunResults) -> Iterator[Plan]:
    """List the figures in the order of the page, without those there is nothing to show in."""
    yield from _network_plans(results)
    yield from evidence_plans(results)
    yield from survival_plans(results)
    yield from clinical_plans(results, file_name)
    yield from _biology_plans(results)
    yield from pathways_plans(results)
    yield from immune_plans(results)
    yield from methylation_plans(results)
    yield from radiogenomics_plans(results)
    yield from radiogenomic_modules_plans(results)
    yield from heterogeneity_plans(results)
    yield from interpretation_plans(results)
    yield from verification_plans(results)
    yield from assignment_plans(results)


def _network_plans(results: RunResults) -> Iterator[Plan]:
    fusion, subtypes = results.fusion, results.subtypes
    n = len(subtypes.labels)
    if not fusion.coverage.all(axis=None):
        yield Plan(
            "coverage",
            "data",
            "Which layers came together",
            "Each column of dots is one combination of layers, the "
            "bar above it the number of patients that brought exactly these; in brackets, all "
            "patients of a layer.",
            f"Bar chart of layer combinations over {plural(len(fusion.coverage), 'patient')}.",
            lambda: plot.coverage(fusion),
        )
    yield Plan(
        "fused_network",
        "network",
        "The fused network",
        "Each row and column is a patient; bright means similar. Patients are "
        "ordered by subtype (coloured bars) and within it by confidence. Bright blocks on the "
        "diagonal are what subtypes look like; without visible blocks, distrust them."
        + (f" Of {n:,} patients {plot.MOST_DRAWN:,} are drawn." if n > plot.MOST_DRAWN else ""),
        f"Heatmap of fused affinities between {plural(n, 'patient')}, ordered by subtype.",
        lambda: plot.fused_network(fusion, subtypes),
        image=True,
    )
    if len(results.embedding):
        yield Plan(
            "patient_map",
            "network",
            "Map of the patients",
            "The fused network in two dimensions (UMAP). Neighbours on the map are similar; "
            "sizes of groups and distances between them mean little. The map takes no part in "
            "finding the subtypes.",
            f"Scatter plot of {plural(n, 'patient')} coloured by subtype.",
            lambda: plot.patient_map(results.embedding, subtypes),
        )


def _biology_plans(results: RunResults) -> Iterator[Plan]:
    names = results.subtypes.names
    chosen = plot.heatmap_rows.heatmap_rows(results.prepared, results.subtypes, results.markers)
    if len(names) < 2 or chosen.empty:
        return
    bars = "the subtype that a row marks"
    if len(names) == 2:
        bars = f"the subtype in which a row is raised; {listing(names)} mirror each other"
    n = len(results.subtypes.labels)
    drivers = None if results.biology is None else results.biology.drivers
    annotated = not plot.annotation_rows.annotation_table(results.cohort, results.subtypes).empty
    yield Plan(
        "comprehensive_heatmap",
        "biology",
        "All layers at a glance",
        "Columns are patients by subtype, the most confident first; "
        + ("clinical values on top, below them, " if annotated else "")
        + "layer by layer, features with a false discovery rate of at most 0.05, strongest for "
        f"each subtype (bars at the left: {bars}). Of features that go together (correlation of "
        f"{plot.heatmap_rows.TOGETHER:g} or more) one is shown."
        + (" Clinical values took no part in finding the subtypes." if annotated else "")
        + (f" Of {n:,} patients {plot.MOST_DRAWN:,} are drawn." if n > plot.MOST_DRAWN else ""),
        f"Heatmap of marker features of {plural(chosen['layer'].nunique(), 'layer')} over "
        f"{plural(n, 'patient')} by subtype{', with clinical values on top' if annotated else ''}.",
        lambda: plot.comprehensive_heatmap(
            results.prepared,
            results.subtypes,
            results.markers,
            cohort=results.cohort,
            drivers=drivers,
        ),
        image=True,
    )
