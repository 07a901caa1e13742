"""Scores of patients (gene sets, immune cells) compared between subtypes, by ranks."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import refuse_strangers, require_subtypes
from omicsfuse.core.results import Subtypes
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.group_tests import kruskal
from omicsfuse.stats.levels import MINIMUM_GROUP
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.rank_tests import EFFECT_NAME, WILCOXON, rank_biserial, rank_sum

#: Name of the comparison of all subtypes at once.
OVERALL = "overall"


def compare_scores(
    subtypes: Subtypes, scores: pd.DataFrame, *, family: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Compare scores of patients between all subtypes, and between each subtype and the rest.

    All subtypes: Kruskal-Wallis test with epsilon squared, the share of the variance of the ranks
    between subtypes. One subtype against all other patients: Wilcoxon's rank-sum test with the
    rank-biserial correlation, the share of pairs in which the patient of the subtype has the higher
    score, minus the share in which it is lower. Patients are the units, so correlated genes do not
    affect the level. The test is of equal distributions, and the interval does not assume equal
    spread; near the threshold they may disagree.

    Parameters
    ----------
    subtypes : Subtypes
        Labels. Patients without a label or without the score are excluded.
    scores : pandas.DataFrame
        Patients x scores; NaN where a patient has none.
    family : mapping of str to str, optional
        Score -> name of its family of tests. Without it, all scores are one family.

    Returns
    -------
    pandas.DataFrame
        Columns ``score``, ``comparison`` (``"overall"``, or the subtype compared with the rest),
        ``n`` (patients), ``effect``, ``effect_ci_low``, ``effect_ci_high`` (95%), ``effect_name``,
        ``test``, ``p``, ``fdr``, ``note``; in the order of the scores. ``fdr`` is
        Benjamini-Hochberg; its family is all comparisons of all scores of one family. A subtype
        with fewer than 3 scored patients has no p-value and is excluded from the overall
        comparison; a note says so.

    Raises
    ------
    StudyError
        If a score occurs twice, is not numeric or is infinite, or a score has no family.

    Warns
    -----
    OmicsfuseWarning
        If there are fewer than two subtypes.

    References
    ----------
    Kruskal and Wallis 1952, J Am Stat Assoc 47:583-621; Mann and Whitney 1947, Ann Math Stat
    18:50-60; Brunner and Munzel 2000, Biom J 42:17-25 (interval of the rank-biserial correlation).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import compare_scores
    >>> from omicsfuse.core.results import Subtypes
    >>> patients = [f"P{i}" for i in range(8)]
    >>> scores = pd.DataFrame({"T cells": [5.0, 6, 7, 8, 1, 2, 3, 4]}, patients)
    >>> labels = pd.Series(["S1"] * 4 + ["S2"] * 4, patients)
    >>> table = compare_scores(Subtypes(labels, {}, {}), scores)
    >>> table[["comparison", "n", "effect"]].round(3).values.tolist()
    [['overall', 8, 0.762], ['S1', 8, 1.0], ['S2', 8, -1.0]]
    """
    require_subtypes(subtypes)
    require(scores, pd.DataFrame, "scores", "patients x scores")
    if len(scores):
        refuse_strangers(subtypes, scores.index, "the table of scores")
    families = _families(scores, family)
    names = subtypes.names
    if len(names) < 2:
        warnings.warn(
            "compare_scores: there is one subtype and no comparison; the table is empty.",
            OmicsfuseWarning,
            stacklevel=2,
        )
    if len(names) < 2 or not len(scores.columns):
        return empty_score_tests()
    part = scores.loc[scores.index.isin(subtypes.labels.index)].sort_index(kind="stable")
    subtype_of = subtypes.labels.reindex(part.index).to_numpy()
    matrix = part.to_numpy(dtype=float)
    columns = [str(name) for name in part.columns]
    tables = [_overall(matrix, subtype_of, names, columns)]
    tables += [_against_rest(matrix, subtype_of, name, columns) for name in names]
    table = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    table["fdr"] = np.nan
    group = table["score"].map(families)
    for collection in dict.fromkeys(group):
        rows = group == collection
        table.loc[rows, "fdr"] = benjamini_hochberg(table.loc[rows, "p"].to_numpy())
    return table[SCORE_TEST_COLUMNS]


def empty_score_tests() -> pd.DataFrame:
    """Table of comparisons of scores without rows."""
    text = {"score", "comparison", "effect_name", "test", "note"}
    return pd.DataFrame(
        {
            name: pd.Series(dtype=object if name in text else "int64" if name == "n" else "float64")
            for name in SCORE_TEST_COLUMNS
        }
    )


def _families(scores: pd.DataFrame, family: Mapping[str, str] | None) -> dict[str, str]:
    """Check the scores, and find the family of each."""
    names = [str(name) for name in scores.columns]
    twice = (
        [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if (len(set(names)) < len(names))
        else []
    )
    if twice:
        raise StudyError(f"compare_scores: score {twice[0]!r} occurs twice; rename one.")
    if not scores.index.is_unique:
        again = scores.index[scores.index.duplicated()][0]
        raise StudyError(f"compare_scores: patient {again!r} occurs twice; keep one row.")
    for name, kind in zip(names, scores.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            raise StudyError(
                f"compare_scores: score {name!r} is of type {kind}; expected numbers, or NaN "
                "where missing."
            )
    infinite = np.isinf(scores.to_numpy(dtype=float)).any(axis=0)
    if infinite.any():
        raise StudyError(
            f"compare_scores: score {names[int(np.argmax(infinite))]!r} is infinite for some "
            "patients; a score must be a number, or missing."
        )
    if family is None:
        return dict.fromkeys(names, "")
    lacking = [name for name in names if name not in family]
    if lacking:
        raise StudyError(
            f"compare_scores: {len(lacking)} scores have no family, e.g. {lacking[0]!r}; give "
            "each score a family, or omit family."
        )
    return {name: str(family[name]) for name in names}


def _against_rest(
    matrix: Array, subtype_of: np.ndarray, name: str, columns: list[str]
) -> pd.DataFrame:
    """One subtype against all other patients, score by score."""
    inside = subtype_of == name
    difference = rank_sum(matrix[inside], matrix[~inside])
    interval = rank_biserial(matrix[inside], matrix[~inside])
    first, second = (np.isfinite(matrix[rows]).sum(axis=0) for rows in (inside, ~inside))
    tested = ~np.isnan(difference.p)
    notes = []
    for p, m, n in zip(difference.p, first, second, strict=True):
        few = min(m, n) < MINIMUM_GROUP
        notes.append(
            f"{int(m)} patients against {int(n)}: too few to test"
            if few
            else "does not vary"
            if np.isnan(p)
            else ""
        )
    return pd.DataFrame(
        {
            "score": columns,
            "comparison": name,
            "n": difference.n,
            "effect": difference.effect,
            "effect_ci_low": np.where(tested, interval.low, np.nan),
            "effect_ci_high": np.where(tested, interval.high, np.nan),
            "effect_name": EFFECT_NAME,
            "test": WILCOXON,
            "p": difference.p,
            "note": notes,
        }
    )


def _overall(
    matrix: Array, subtype_of: np.ndarray, names: list[str], columns: list[str]
) -> pd.DataFrame:
    """All subtypes at once, score by score."""
    rows = []
    for j, column in enumerate(columns):
        groups = {name: matrix[subtype_of == name, j] for name in names}
        groups = {name: values[np.isfinite(values)] for name, values in groups.items()}
        used = {name: values for name, values in groups.items() if len(values) >= MINIMUM_GROUP}
        left = [f"{name} ({len(values)})" for name, values in groups.items() if name not in used]
        every = np.concatenate(list(used.values())) if used else np.empty(0)
        row = {
            "score": column,
            "comparison": OVERALL,
            "n": len(every),
            "effect": np.nan,
            "effect_ci_low": np.nan,
            "effect_ci_high": np.nan,
            "effect_name": "epsilon squared",
            "test": "Kruskal-Wallis",
            "p": np.nan,
            "note": "",
        }
        if len(used) < 2:
            row["note"] = f"fewer than two subtypes have {MINIMUM_GROUP} patients with the score"
        elif np.ptp(every) == 0:
            row["note"] = "does not vary"
        else:
            labels = np.repeat(list(used), [len(values) for values in used.values()])
            test = kruskal(pd.Series(every), pd.Series(labels))
            row |= {key: test[key] for key in ("effect", "effect_ci_low", "effect_ci_high", "p")}
            row["note"] = f"without {', '.join(left)}: too few patients" if left else ""
        rows.append(row)
    return pd.DataFrame(rows)
