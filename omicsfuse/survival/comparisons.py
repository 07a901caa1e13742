"""All log-rank tests of one endpoint: overall, of each pair, stratified, and of trend."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from omicsfuse.core.results import (
    OVERALL,
    PAIR,
    STRATIFIED,
    SURVIVAL_COLUMNS,
    TEST_FACTS,
    TREND,
)
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.survival._input import MINIMUM_EVENTS, events_text, patients_in_common
from omicsfuse.survival.logrank import (
    FIRST_PERMUTATIONS,
    logrank_test,
    permutation_logrank,
    permutation_trend,
)
from omicsfuse.survival.models import entries


def logrank_table(
    labels: pd.Series,
    survival: pd.DataFrame,
    endpoint: str,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    random_state: int = 0,
    *,
    strata: pd.Series | None = None,
    order_by: pd.Series | None = None,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Compare the survival of all subtypes, then of each pair: ``SurvivalComparison.tests``.

    ``strata`` adds a stratified row, ``order_by`` a trend by its means, anew in each permutation.
    No p-value below ``MINIMUM_EVENTS``, no asymptotic one where a subtype has no event. The FDR is
    over the pairs, of the permutation p-values if there are any.
    """
    matched, survival, names = patients_in_common(labels, survival)
    # Codes in natural order, so that nothing below depends on how the subtypes are called.
    codes = pd.Series(pd.Categorical(matched, categories=names).codes, matched.index)
    seeded = (n_permutations, random_state, n_jobs)
    rows = [_row(OVERALL, "", OVERALL, survival, codes, names, *seeded)]
    for pair in combinations(range(len(names)), 2):
        inside = codes.isin(pair)
        comparison = " vs ".join(names[code] for code in pair)
        rows.append(_row(PAIR, "", comparison, survival[inside], codes[inside], names, *seeded))
    if strata is not None:
        known = strata.reindex(codes.index).dropna().astype(str)
        rows.append(
            _row(
                STRATIFIED, str(strata.name), f"overall, stratified by {strata.name}",
                survival.loc[known.index], codes[known.index], names, *seeded, strata=known,
            )
        )  # fmt: skip
    if order_by is not None:
        places = order_by.reindex(codes.index).groupby(codes).mean().rank().dropna()
        inside = codes.isin(places.index)
        trend = {int(str(code)): float(place) for code, place in places.items()}
        test = (TREND, str(order_by.name), f"trend over {order_by.name}")
        row = _row(*test, survival[inside], codes[inside], names, 0, *seeded[1:], trend=trend)
        rows.append(_with_order(row, survival[inside], codes[inside], order_by, *seeded[:2]))
    table = pd.DataFrame(rows)
    table.insert(0, "endpoint", endpoint)
    table["fdr"] = benjamini_hochberg(
        best_p_values(table).where(table["kind"] == PAIR).to_numpy(dtype=float)
    )
    return table[[*SURVIVAL_COLUMNS, *TEST_FACTS]]


def _with_order(
    row: dict[str, object],
    survival: pd.DataFrame,
    codes: pd.Series,
    order_by: pd.Series,
    n_permutations: int | Literal["adaptive"],
    random_state: int,
) -> dict[str, object]:
    """Test the trend by permutations that put the subtypes in order anew."""
    if not row["tested"]:
        return row
    row["p_asymptotic"], row["note"] = (
        np.nan,
        ("no asymptotic p-value: the order of subtypes was estimated from these data"),
    )
    if n_permutations != 0:
        drawn = FIRST_PERMUTATIONS if n_permutations == "adaptive" else int(n_permutations)
        permuted = permutation_trend(
            survival["time"].to_numpy(dtype=float), survival["event"].to_numpy(),
            codes.to_numpy(), order_by.reindex(codes.index).to_numpy(dtype=float),
            drawn, random_state, entry=entries(survival),
        )  # fmt: skip
        row["p_permutation"] = permuted.p
        row["p_ci_low"], row["p_ci_high"] = permuted.ci_low, permuted.ci_high
        row["n_permutations"] = permuted.n_permutations
    return row


def best_p_values(tests: pd.DataFrame) -> pd.Series:
    """P-values to rely on: of permutation, or asymptotic ones where nothing was permuted."""
    return tests["p_permutation"].astype(float).fillna(tests["p_asymptotic"].astype(float))


def _row(
    kind: str,
    by: str,
    comparison: str,
    survival: pd.DataFrame,
    codes: pd.Series,
    names: Sequence[str],
    n_permutations: int | Literal["adaptive"],
    random_state: int,
    n_jobs: int,
    strata: pd.Series | None = None,
    trend: dict[int, float] | None = None,
) -> dict[str, object]:
    present, events = sorted(codes.unique()), int(survival["event"].sum())
    row: dict[str, object] = {
        **{"kind": kind, "by": by, "tested": False, "void": False},
        "comparison": comparison,
        "n": len(survival),
        "events": events,
        **dict.fromkeys(("chi2", "p_asymptotic", "p_permutation", "p_ci_low"), np.nan),
        **dict.fromkeys(("p_ci_high", "n_permutations"), np.nan),
        "note": "",
    }
    if len(present) < 2:
        row["note"] = "only one subtype: no comparison"
        return row
    arrays = (survival["time"].to_numpy(dtype=float), survival["event"].to_numpy())
    options: dict[str, Any] = {
        "strata": None if strata is None else strata.to_numpy(dtype=object),
        "entry": entries(survival),
        "trend": None if trend is None else [trend[code] for code in present],
    }
    result = logrank_test(*arrays, codes.to_numpy(), **options)
    row["chi2"] = result.chi2 if result.dof else np.nan
    if events < MINIMUM_EVENTS:
        row["note"] = f"no p-value: {events_text(events)}, fewer than {MINIMUM_EVENTS}"
    elif trend is not None and len(set(trend.values())) == 1:
        row["note"] = f"no p-value: the subtypes have the same mean of {by}"
    elif not result.dof:
        row["note"] = "no p-value: no event with two subtypes at risk"
    else:
        row["tested"] = True
        without = [names[code] for code, n in zip(present, result.observed, strict=True) if not n]
        if without:
            row["note"] = f"no asymptotic p-value: no events in {', '.join(without)}"
        else:
            row["p_asymptotic"] = result.p
        if n_permutations != 0:
            permuted = permutation_logrank(
                *arrays, codes.to_numpy(), n_permutations, random_state, n_jobs=n_jobs, **options
            )
            row["p_permutation"] = permuted.p
            row["p_ci_low"], row["p_ci_high"] = permuted.ci_low, permuted.ci_high
            row["n_permutations"] = permuted.n_permutations
    return row
