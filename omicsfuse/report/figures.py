"""The one place that draws figures: files, and elements of the page."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from omicsfuse.plot.colours import use_palette
from omicsfuse.plot.png import smaller_png
from omicsfuse.plot.saving import FigureOptions, figure_of, pictures
from omicsfuse.plot.tips import told
from omicsfuse.report.inline import inline_png, inline_svg
from omicsfuse.report.section import FigureView, Plan
from omicsfuse.stats.tasks import Runner


def draw_figures(
    plans: Iterable[Plan],
    folder: Path,
    n_jobs: int = 1,
    options: FigureOptions | None = None,
) -> list[FigureView]:
    """Draw figures as files in a folder that exists, and as parts of the page."""
    plans = list(plans)
    options = options or FigureOptions()
    return Runner(n_jobs).map(_drawn, range(len(plans)), plans, folder, options, label="figures")


def _drawn(plans: Sequence[Plan], folder: Path, options: FigureOptions, number: int) -> FigureView:
    with _no_garbage():
        return _view(plans[number], folder, options, number)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Look for no garbage while a figure is drawn: all of its thousands of parts are in use."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _view(plan: Plan, folder: Path, options: FigureOptions, number: int) -> FigureView:
    # On the page, a heatmap is an image and everything else has text that can be searched.
    needed = "png" if plan.image else "svg"
    formats = list(dict.fromkeys([*sorted(options.formats, key="svg".__ne__), needed]))
    with use_palette(options.palette):
        drawn = plan.draw()
    tips = told(figure_of(drawn))
    saved = pictures(drawn, plan.name, formats, options.dpi, options.size)
    content = dict(zip(formats, saved, strict=True))
    for name in options.formats:
        (folder / f"{plan.name}.{name}").write_bytes(content[name])
    if plan.image:
        markup = inline_png(*smaller_png(content["png"], options.dpi), plan.alt)
    else:
        markup = inline_svg(content["svg"], plan.alt, number, tips)
    return FigureView(plan.section, plan.caption, markup, plan.title, plan.name)
