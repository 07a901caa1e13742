"""The report as one HTML file that loads nothing from elsewhere."""

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from omicsfuse.core.results import RunResults
from omicsfuse.plot.colours import subtype_colours, text_colour, use_palette
from omicsfuse.plot.numbers import clean
from omicsfuse.plot.saving import FigureOptions
from omicsfuse.report.figures import draw_figures
from omicsfuse.report.front import FRONT, front, pictures
from omicsfuse.report.page import shown
from omicsfuse.report.sections.biology.portraits import LOWERED, RAISED
from omicsfuse.report.sections.verdict import exploratory_mark

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent
#: Files of a run that are written after the page.
_LATER = ("index.tsv", "run.json")
#: Formats of figures that the page links to, and endings of all files that it does.
_FORMATS = ("svg", "png", "pdf")
_LINKED = {".tsv", ".csv", ".docx", ".json", *(f".{kind}" for kind in _FORMATS)}


def write_report(
    results: RunResults,
    folder: str | Path,
    *,
    n_jobs: int = 1,
    figures: FigureOptions | None = None,
) -> dict[str, str]:
    """Write ``report.html`` and the figures of a run.

    The page is self-contained and can be mailed and printed. Its script sorts and filters tables
    and enlarges figures; without scripts the page is complete. Text from data cannot become markup.
    The same results give the same bytes.

    Parameters
    ----------
    results : RunResults
        The run.
    folder : str or path
        Folder for the report, created if needed. Figures are written to its subfolder ``figures``.
    n_jobs : int
        Processes that draw figures; the figures do not depend on them.
    figures : FigureOptions, optional
        Formats, dots per inch, size and palette of the figures.

    Returns
    -------
    dict of str to str
        Titles of the figures, by the names of their files without the ending.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import write_report
    >>> import tempfile
    >>> import pandas as pd
    >>> import omicsfuse as of
    >>> from omicsfuse.core.results import Assessment, RunResults
    >>> cohort = of.simulate_cohort(30, n_external=0, effect=3).discovery
    >>> ready = of.preprocess(cohort, ["radiomics", "expression"])
    >>> fusion = of.fuse(ready, n_neighbors=6)
    >>> none = pd.DataFrame()
    >>> stages = (ready, fusion, of.cluster(fusion, 3), Assessment(none, none, {}), none)
    >>> results = RunResults("trial", {}, cohort, *stages, {}, none, none, none)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     titles = write_report(results, folder)
    ...     "3 subtypes" in (Path(folder) / "report.html").read_text()
    True
    """
    folder, figures = Path(folder), figures or FigureOptions()
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    page = shown(results)
    plans = [*pictures(results), *page.plans()]
    with use_palette(figures.palette):
        drawn = draw_figures(plans, folder / "figures", n_jobs, figures)
        write_page(
            folder,
            name=results.name,
            cohort=results.cohort.name,
            front=front(results),
            pictures=[figure for figure in drawn if figure.section == FRONT],
            sections=page.views(drawn, exploratory_mark(results)),
        )
    return {plan.name: plan.title for plan in plans}


def write_page(folder: Path, *, name: str, cohort: str, **parts: Any) -> None:
    """Write ``report.html`` from its parts; text from data cannot become markup.

    Figures and tables link to their files in ``folder``, those that are there.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix in _LINKED)
    files = {path.name: path.relative_to(folder).as_posix() for path in found}
    if any(path.suffix == ".tsv" for path in found):
        files |= {name: name for name in _LATER}
    formats = [kind for kind in _FORMATS if any(path.suffix == f".{kind}" for path in found)]
    script = Markup((_HERE / "page.js").read_text(encoding="utf-8"))
    # The policy of the page lets this script run, and no other that text from data could bring.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = _template().render(
        name=clean(name), cohort=clean(cohort), style=_style(), script=script,
        script_hash=f"sha256-{digest}", files=files, formats=formats, **parts,
    )  # fmt: skip
    (folder / "report.html").write_bytes(page.encode("utf-8", "replace"))


def _template() -> "Template":
    """Load the page's template; everything put into it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["chip"] = _chip_class
    environment.filters["arrows"] = _arrows
    return environment.get_template("template.html.j2")


def _arrows(text: str) -> Markup:
    """Escape a text and give its signs of raised and lowered features a colour and a name."""
    marked = escape(text)
    for sign, said in ((RAISED, "raised"), (LOWERED, "lowered")):
        # The sign stays on the line of the name that follows.
        shown = Markup('<span class="{}" role="img" aria-label="{}">{}</span>&nbsp;')
        marked = marked.replace(f"{sign} ", shown.format(said, said, sign))
    return marked


def _chip_class(subtype: str) -> str:
    """Class of a subtype's chip, by its place in the order of colours."""
    number = subtype[1:]
    known = subtype.startswith("S") and number.isdecimal() and int(number) > 0
    return f"chip chip-{(int(number) - 1) % len(subtype_colours())}" if known else "chip"


def _style() -> Markup:
    """Style sheet of the package, with a rule for each subtype colour."""
    chips = "\n".join(
        f".chip-{i} {{ background: {colour}; color: {text_colour(colour)}; }}"
        for i, colour in enumerate(subtype_colours())
    )
    return Markup(f"{(_HERE / 'style.css').read_text(encoding='utf-8')}\n{chips}\n")
