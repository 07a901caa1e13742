"""What the subtypes have to do with the clinical table."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.biology.outcomes import is_outcome
from omicsfuse.checks.arguments import require
from omicsfuse.cohort import Cohort
from omicsfuse.results import Subtypes
from omicsfuse.statistics import benjamini_hochberg

COLUMNS = (
    "test",
    "n",
    "missing",
    "statistic",
    "p",
    "fdr",
    "effect",
    "effect_name",
    "adjusted_rand_index",
    "normalised_mutual_information",
    "note",
)

#: A numeric column with more different values than this is numeric; with fewer it is categories.
MOST_CATEGORIES = 5


def associate(
    subtypes: Subtypes, cohort: Cohort, *, n_permutations: int = 9999, random_state: int = 0
) -> pd.DataFrame:
    """Test every clinical column against the subtypes.

    Numeric columns with more than 5 different values: Kruskal-Wallis, with epsilon squared
    ``H / (n - 1)`` as effect. All others are categories: Pearson's chi-square (no continuity
    correction) where every expected count is 5 or more; else Fisher's exact test for a 2 x 2 table,
    and for a larger one chi-square against random tables with the same margins (Monte Carlo); with
    Cramer's V as effect.

    Outcomes are left to the survival stage, which knows of censoring: time and event columns of the
    endpoints are not listed; columns whose names say that they hold an outcome (`is_outcome`:
    ``vital_status``, ``dss_time``, ``days_to_death``) are listed without a test, unless they are
    ``known_labels``; so are columns that the cohort says to ``ignore``. A column that groups the
    patients as an earlier one or one of an endpoint does, or, of numeric columns, puts them in the
    same order, is not tested again.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Clinical table; ``known_labels`` are also compared as partitions.
    n_permutations : int
        Random tables of the Monte Carlo test.
    random_state : int
        Seed of the Monte Carlo test.

    Returns
    -------
    pandas.DataFrame
        Index ``variable``; columns ``test``, ``n`` (patients with the value and a label),
        ``missing``, ``statistic``, ``p``, ``fdr`` (Benjamini-Hochberg; the family is all columns
        that were tested), ``effect``, ``effect_name``, ``adjusted_rand_index`` and
        ``normalised_mutual_information`` (known labels only), ``note`` (why there is no p-value).
        Columns that are constant, look like identifiers, hold an outcome (``"outcome: see
        survival"``) or repeat an earlier one (``"same grouping as X"``, ``"same order as X"``) are
        listed with a note and no p-value.
        Empty when there is no clinical table.

    References
    ----------
    Kruskal and Wallis 1952, J Am Stat Assoc 47:583-621; Hope 1968, J R Stat Soc B 30:582-598
    (Monte Carlo tests); Cramer 1946, Mathematical Methods of Statistics, section 21.9; Hubert and
    Arabie 1985, J Classif 2:193-218 (adjusted Rand index).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import associate
    >>> from omicsfuse.cohort import Cohort
    >>> from omicsfuse.results import Subtypes
    >>> patients = [f"P{i}" for i in range(12)]
    >>> clinical = pd.DataFrame({"hpv": ["+"] * 6 + ["-"] * 6, "age": range(50, 62)}, patients)
    >>> labels = pd.Series(["S1"] * 6 + ["S2"] * 6, patients)
    >>> table = associate(Subtypes(labels, {}, {}), Cohort("toy", {}, clinical))
    >>> table[["test", "n", "p", "effect"]].round(4).to_dict("index")["hpv"]
    {'test': 'Fisher exact', 'n': 12, 'p': 0.0022, 'effect': 1.0}
    """
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(cohort, Cohort, "cohort", "what of.read_cohort returns")
    if cohort.clinical is None:
        return _table({})
    clinical = cohort.clinical.reindex(subtypes.labels.index)
    endpoints = cohort.endpoints.values()
    followed = list(dict.fromkeys(c for known in endpoints for c in (known.time, known.event)))
    rows: dict[str, dict[str, object]] = {}
    seen: dict[Hashable, str] = {}
    for variable in [*followed, *(c for c in clinical.columns if c not in followed)]:
        column = clinical[variable]
        values = column.dropna()
        labels = subtypes.labels.loc[values.index].astype(str)
        known = variable in cohort.known_labels
        row: dict[str, object] = {"n": len(values), "missing": len(clinical) - len(values)}
        if variable in cohort.ignore:
            rows[str(variable)] = row | {"note": "not compared, as asked (ignore)"}
            continue
        key = _grouping(column, known)
        first = seen.setdefault(key, str(variable)) if values.nunique() > 1 else str(variable)
        if variable in followed:
            continue
        if is_outcome(str(variable)) and not known:
            row["note"] = "outcome: see survival"
        elif first != str(variable):
            row["note"] = f"same {'order' if _is_numeric(values, known) else 'grouping'} as {first}"
        else:
            row |= _test(values, labels, known, n_permutations, random_state)
        if known and len(values):
            row |= _agreement(values.astype(str), labels)
        rows[str(variable)] = row
    return _table(rows)


def _is_numeric(values: pd.Series, known: bool) -> bool:
    """Say whether a column counts as numeric rather than as categories."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return numeric and values.nunique() > MOST_CATEGORIES and not known


def _grouping(column: pd.Series, known: bool) -> Hashable:
    """Key that two columns share if, and only if, the same test of both gives the same answer."""
    if not _is_numeric(column.dropna(), known):
        return "groups", pd.factorize(column)[0].tobytes()
    ranks = column.rank().to_numpy(dtype=float, na_value=np.nan)
    turned = column.rank(ascending=False).to_numpy(dtype=float, na_value=np.nan)
    return "ranks", min(ranks.tobytes(), turned.tobytes())


def _test(
    values: pd.Series, labels: pd.Series, known: bool, n_permutations: int, random_state: int
) -> dict[str, object]:
    """Choose and run the test of one column, or say in a note why there is none."""
    n_values = values.nunique()
    if len(values) == 0:
        return {"note": "no patient has a value"}
    if n_values == 1:
        return {"note": "constant"}
    if labels.nunique() < 2:
        return {"note": "all patients with a value are in one subtype"}
    if _is_numeric(values, known):
        return _kruskal(values, labels)
    if n_values > len(values) / 2:
        what = "every value differs: an identifier?" if n_values == len(values) else ""
        return {"note": what or f"{n_values} categories for {len(values)} patients are too many"}
    return _contingency(values.astype(str), labels, n_permutations, random_state)


def _kruskal(values: pd.Series, labels: pd.Series) -> dict[str, object]:
    groups = [group.to_numpy(dtype=float) for _, group in values.groupby(labels)]
    statistic, p = stats.kruskal(*groups)
    return {
        "test": "Kruskal-Wallis",
        "statistic": float(statistic),
        "p": float(p),
        "effect": float(statistic) / (len(values) - 1),
        "effect_name": "epsilon squared",
    }


def _contingency(
    values: pd.Series, labels: pd.Series, n_permutations: int, random_state: int
) -> dict[str, object]:
    counts = pd.crosstab(values, labels).to_numpy()
    result = stats.chi2_contingency(counts, correction=False)
    statistic = float(result.statistic)
    test, p = "chi-square", float(result.pvalue)
    if (result.expected_freq < 5).any():
        if counts.shape == (2, 2):
            test, p = "Fisher exact", float(stats.fisher_exact(counts)[1])
        else:
            test = "chi-square, Monte Carlo"
            margins = counts.sum(axis=1), counts.sum(axis=0)
            random = stats.random_table(*margins).rvs(
                n_permutations, random_state=np.random.default_rng(random_state)
            )
            random_statistic = ((random - result.expected_freq) ** 2 / result.expected_freq).sum(
                axis=(1, 2)
            )
            # The tolerance counts tables that tie with the observed one, whatever the rounding.
            reached = np.sum(random_statistic >= statistic * (1 - 1e-9))
            p = float((reached + 1) / (n_permutations + 1))
    return {
        "test": test,
        "statistic": statistic,
        "p": p,
        "effect": float(np.sqrt(statistic / (counts.sum() * (min(counts.shape) - 1)))),
        "effect_name": "Cramer's V",
    }


def _agreement(values: pd.Series, labels: pd.Series) -> dict[str, object]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "adjusted_rand_index": float(adjusted_rand_score(values, labels)),
        "normalised_mutual_information": float(normalized_mutual_info_score(values, labels)),
    }


def _table(rows: dict[str, dict[str, object]]) -> pd.DataFrame:
    """Rows to one table of fixed columns and types, with the family's false discovery rates."""
    text = {"test", "effect_name", "note"}
    columns: dict[str, list[object]] = {
        column: [row.get(column, "" if column in text else np.nan) for row in rows.values()]
        for column in COLUMNS
    }
    types = {
        c: object if c in text else "int64" if c in {"n", "missing"} else "float64" for c in COLUMNS
    }
    table = pd.DataFrame(columns, index=pd.Index(list(rows), dtype=object, name="variable"))
    table = table.astype(types)
    return table.assign(fdr=benjamini_hochberg(table["p"].to_numpy()))
