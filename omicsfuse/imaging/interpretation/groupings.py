"""A score or class compared between groups of patients: subtypes, and clinical columns."""

import numpy as np
import pandas as pd
from pandas.api import types
from scipy import stats

from omicsfuse.biology.outcomes import is_outcome
from omicsfuse.biology.variables import Variable
from omicsfuse.core.cohort import MINIMUM_PATIENTS, Cohort
from omicsfuse.core.missing import level_text
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns
from omicsfuse.imaging.interpretation.associations import independent_basis
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.group_tests import contingency, kruskal

#: Groups with fewer patients are left out of a comparison.
SMALLEST_GROUP = 3
#: Columns with more categories are no grouping.
MOST_GROUPS = 20
#: Random tables of a Monte Carlo test.
N_TABLES = 9999


def compare_groups(
    groups: pd.Series,
    classes: pd.Series | None,
    contrast: Contrast,
    design: pd.DataFrame,
    seed: int,
) -> dict[str, object] | None:
    """Compare a score, or classes, between groups of patients; None with nothing to compare.

    A score: Kruskal-Wallis with epsilon squared; adjusted, the F test of the groups on its normal
    scores (Quade 1967, J Am Stat Assoc 62:1187-1200). Classes: chi-square, Fisher's exact or a
    Monte Carlo test with Cramer's V, not adjusted.
    """
    groups = groups.reindex(contrast.numbers.index).dropna().astype(str)
    sizes = groups.value_counts()
    groups = groups[groups.isin(sizes.index[sizes >= SMALLEST_GROUP])]
    if len(groups) < MINIMUM_PATIENTS or groups.nunique() < 2:
        return None
    x = contrast.numbers.reindex(groups.index)
    if classes is not None:
        known = classes.reindex(groups.index)
        if known.nunique() < 2:
            return None
        test = contingency(known, groups, N_TABLES, seed)
    else:
        if x.nunique() < 2:
            return None
        test = kruskal(x, groups)
    row = {name: test[name] for name in ("effect", "effect_ci_low", "effect_ci_high", "p")}
    row |= {"n": len(groups), "effect_name": test["effect_name"]}
    row["test"] = f"{test['test']}; {test['stands_out']}"
    if classes is None:
        row |= _adjusted(groups, x.to_numpy(dtype=float), design)
    return row


def _adjusted(groups: pd.Series, x: Array, design: pd.DataFrame) -> dict[str, object]:
    """F test of groups in the linear model of a score given covariates."""
    columns, note = adjusting_columns(design, groups.index)
    if columns is None:
        return {"adjusted_note": note}
    whole = np.asarray(~np.isnan(columns).any(axis=1), dtype=bool)
    known, x = groups.loc[whole], x[whole]
    if known.nunique() < 2:
        return {"adjusted_note": "the patients with all covariates are in one group"}
    names = sorted(known.unique())
    dummies = np.column_stack([(known == name).to_numpy(dtype=float) for name in names[1:]])
    small = independent_basis(columns[whole])
    large = independent_basis(np.column_stack([columns[whole], dummies]))
    rest = [
        float(np.sum((x - np.einsum("nq,q->n", b, np.einsum("nq,n->q", b, x))) ** 2))
        for b in (small, large)
    ]
    df, left = large.shape[1] - small.shape[1], len(x) - large.shape[1]
    if df < 1 or left < 1 or not rest[0] > 1e-9 * float(np.sum((x - x.mean()) ** 2)):
        return {"adjusted_note": "no variation remains after adjustment"}
    f = (rest[0] - rest[1]) / df / max(rest[1] / left, 1e-300)
    share = (rest[0] - rest[1]) / rest[0]
    return {
        "adjusted_effect": share,
        "adjusted_p": float(stats.f.sf(f, df, left)),
        "adjusted_n": len(x),
    }


def clinical_variables(cohort: Cohort) -> dict[str, pd.Series]:
    """Clinical columns to compare with: neither outcome, identifier, constant nor free text."""
    if cohort.clinical is None:
        return {}
    followed = {column for known in cohort.endpoints.values() for column in known.columns}
    variables: dict[str, pd.Series] = {}
    for name in map(str, cohort.clinical.columns):
        values = cohort.clinical[name]
        known = name in cohort.known_labels
        if name in followed or name in cohort.ignore or (is_outcome(name) and not known):
            continue
        variable = Variable(name, values, cohort.variables["type"][name])
        if variable.ranked:
            variables[name] = variable.numbers
        elif 2 <= variable.groups.nunique() <= MOST_GROUPS:
            variables[name] = variable.groups.astype(object).map(level_text, na_action="ignore")
    return variables


def compare_clinical(
    name: str,
    values: pd.Series,
    classes: pd.Series | None,
    contrast: Contrast,
    design: pd.DataFrame,
    seed: int,
) -> dict[str, object] | None:
    """Compare one clinical column, which the design is without, with a score or class."""
    if not types.is_numeric_dtype(values):
        return compare_groups(values, classes, contrast, design, seed)
    there = values.reindex(contrast.numbers.index).dropna()
    if len(there) < MINIMUM_PATIENTS or there.nunique() < 2:
        return None
    if classes is not None:
        groups = classes.reindex(there.index)
        if groups.nunique() < 2 or groups.value_counts().min() < SMALLEST_GROUP:
            return None
        other = Contrast(name, there, False)
        return compare_groups(groups, None, other, design, seed)
    x = contrast.numbers.reindex(there.index).to_numpy(dtype=float)[:, None]
    y = there.to_numpy(dtype=float)[:, None]
    correlation = rank_correlations(x, y)
    row: dict[str, object] = {
        "n": len(there),
        "effect": float(correlation.correlation[0, 0]),
        "effect_ci_low": float(correlation.low[0, 0]),
        "effect_ci_high": float(correlation.high[0, 0]),
        "effect_name": "Spearman correlation",
        "test": "Spearman",
        "p": float(correlation.p[0, 0]),
    }
    columns, note = adjusting_columns(design, there.index)
    if columns is None:
        return row | {"adjusted_note": note}
    given = rank_correlations(x, y, columns)
    return row | {
        "adjusted_effect": float(given.correlation[0, 0]),
        "adjusted_ci_low": float(given.low[0, 0]),
        "adjusted_ci_high": float(given.high[0, 0]),
        "adjusted_p": float(given.p[0, 0]),
        "adjusted_n": int(given.n[0, 0]),
    }
