"""The one place that draws figures: files, and elements of the page."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from omicsfuse import plot
from omicsfuse.plot.tips import told
from omicsfuse.report.inline import inline_png, inline_svg
from omicsfuse.report.section import FigureView, Plan
from omicsfuse.stats.tasks import Runner


def draw_figures(plans: Iterable[Plan], folder: Path, n_jobs: int = 1) -> list[FigureView]:
    """Draw figures as SVG and PNG files in a folder that exists, and as parts of the page."""
    plans = list(plans)
    return Runner(n_jobs).map(_drawn, range(len(plans)), plans, folder, label="figures")


def _drawn(plans: Sequence[Plan], folder: Path, number: int) -> FigureView:
    plan = plans[number]
    drawn = plan.draw()
    tips = told((drawn[0] if isinstance(drawn, list) else drawn).figure)
    svg, png = plot.save_figure(drawn, folder / plan.name)
    markup = inline_png(png, plan.alt) if plan.image else inline_svg(svg, plan.alt, number, tips)
    return FigureView(plan.section, plan.caption, markup, plan.title, plan.name)
