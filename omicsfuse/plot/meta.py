"""Forest plots of hazard ratios taken together over cohorts, with all and without each."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Verification
from omicsfuse.plot.canvas import nothing, styled
from omicsfuse.plot.forest import Line, draw_lines, line_of
from omicsfuse.plot.numbers import format_p, shorten
from omicsfuse.stats.levels import Z

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIXED = "fixed effect"
_REML = "random effects, REML"
_ROLES = {
    "independent cohorts": ("external",),
    "all but negative controls": ("external", "internal-external"),
}

_WHY = {
    "external": "independent",
    "internal-external": "same study",
    "negative control": "control",
}


@styled
def meta_forest(
    verification: Verification,
    *,
    endpoint: str | None = None,
    comparison: str | None = None,
    scope: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the hazard ratio of each cohort, and their means.

    Parameters
    ----------
    verification : Verification
        With ``meta``.
    endpoint, comparison, scope : str, optional
        Means to draw; by default the first of ``meta``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        One line a cohort, with a square whose size is its weight, and its weights in the fixed- and
        random-effects means; one diamond a mean; below, the heterogeneity. Cohorts that are not in
        the means are grey.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import meta_forest
    >>> from omicsfuse.core.results import Verification
    >>> empty = Verification(pd.DataFrame(), {}, {})
    >>> meta_forest(empty).texts[0].get_text()
    'Nothing to show: fewer than two cohorts have a hazard ratio to combine'
    """
    means = _chosen(verification, endpoint, comparison, scope)
    if means.empty:
        return nothing("fewer than two cohorts have a hazard ratio to combine", ax)
    means = means[means["left_out"] == ""]
    first = means.iloc[0]
    table = verification.table
    cohorts = table[
        (table["endpoint"] == first["endpoint"])
        & (table["signature"] == first["signature"])
        & (table["comparison"] == first["comparison"])
        & table["hr"].notna()
    ]
    inside = cohorts["role"].isin(_ROLES[str(first["scope"])])
    reml = means[means["model"] == _REML]
    tau2 = float(reml["tau2"].iloc[0]) if len(reml) else 0.0
    rows = [Line(_title(first))]
    rows += _cohorts(cohorts[inside], tau2)
    rows.append(Line("Means"))
    for _, mean in means.iterrows():
        rows.append(replace(line_of(mean, _mean(str(mean["model"]))), diamond=True))
    others = cohorts[~inside]
    if len(others):
        rows.append(Line("Not in the combined estimate"))
        rows += [
            replace(
                line_of(row, f"{shorten(row['cohort'], 20)} ({_WHY[str(row['role'])]})"), faint=True
            )
            for _, row in others.iterrows()
        ]
    ax = draw_lines(rows, ax, "weight, fixed / random")
    _heterogeneity(ax, first, tau2)
    return ax


@styled
def leave_one_out_forest(
    verification: Verification,
    *,
    endpoint: str | None = None,
    comparison: str | None = None,
    scope: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the means of all cohorts, and those without each of them in turn.

    A diamond for all cohorts, and a square without each: of fixed effect and random effects.
    """
    meta = verification.meta
    repeated = meta[meta["left_out"] != ""] if len(meta) else meta
    several = meta[meta["cohorts"] >= 3] if len(repeated) else repeated
    chosen = _chosen(replace(verification, meta=several), endpoint, comparison, scope)
    if chosen.empty:
        return nothing("fewer than three cohorts have a hazard ratio to combine", ax)
    first = chosen.iloc[0]
    named = _chosen(
        verification, str(first["endpoint"]), str(first["comparison"]), str(first["scope"])
    )
    rows = [Line(_title(first))]
    for model in (_FIXED, _REML):
        rows.append(Line(model))
        for _, row in named[named["model"] == model].iterrows():
            left_out = str(row["left_out"])
            label = f"without {shorten(left_out, 24)}" if left_out else "all cohorts"
            rows.append(replace(line_of(row, label), diamond=not left_out))
    return draw_lines(rows, ax)


def _chosen(
    verification: Verification, endpoint: str | None, comparison: str | None, scope: str | None
) -> pd.DataFrame:
    """Rows of one endpoint, signature, comparison and scope: those asked for, or the first ones."""
    meta = verification.meta
    wanted = {"endpoint": endpoint, "comparison": comparison, "scope": scope, "signature": None}
    for column, value in wanted.items():
        if meta.empty:
            return meta
        meta = meta[meta[column] == (meta[column].iloc[0] if value is None else value)]
    return meta


def _title(row: pd.Series) -> str:
    return f"{shorten(row['comparison'], 34)}, {shorten(row['endpoint'], 10)}: {row['scope']}"


def _mean(model: str) -> str:
    return model.replace("random effects, ", "random, ")


def _cohorts(cohorts: pd.DataFrame, tau2: float) -> list[Line]:
    """One line a cohort, with its weights."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(cohorts["hr_ci_high"].to_numpy(float) / cohorts["hr_ci_low"].to_numpy(float))
    variance = (width / (2 * Z)) ** 2
    known = np.isfinite(variance) & (variance > 0)
    safe = np.where(known, variance, 1.0)
    fixed, random = np.where(known, 1 / safe, 0.0), np.where(known, 1 / (safe + tau2), 0.0)
    lines = []
    for i, (_, row) in enumerate(cohorts.iterrows()):
        line = line_of(row, shorten(row["cohort"], 34))
        if known[i]:
            share, other = fixed[i] / fixed.sum(), random[i] / random.sum()
            line = replace(line, size=3 + 7 * np.sqrt(share), more=f"{share:.0%} / {other:.0%}")
        lines.append(replace(line, faint=not known[i]))
    return lines


def _heterogeneity(ax: "Axes", row: pd.Series, tau2: float) -> None:
    """Write below the axis how far the cohorts differ."""
    ax.set_xlabel(
        f"{ax.get_xlabel()}\nbetween cohorts: Q = {row['q']:.2f}, {int(row['q_df'])} df, "
        f"{format_p(float(row['q_p']))}\nI2 = {row['i2']:.0f}%, tau2 (REML) = {tau2:.3f}"
    )
