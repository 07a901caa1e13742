"""The one place that draws figures: files, and elements of the page."""

from collections.abc import Iterable
from pathlib import Path

from omicsfuse import plot
from omicsfuse.report.inline import inline_png, inline_svg
from omicsfuse.report.section import FigureView, Plan


def draw_figures(plans: Iterable[Plan], folder: Path) -> list[FigureView]:
    """Draw figures as SVG and PNG files in a folder that exists, and as parts of the page."""
    views = []
    for plan in plans:
        svg, png = plot.save_figure(plan.draw(), folder / plan.name)
        markup = inline_png(png, plan.alt) if plan.image else inline_svg(svg, plan.alt)
        views.append(FigureView(plan.section, plan.caption, markup, plan.title))
    return views
