"""What the subtypes have to do with the clinical table."""

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.biology.two_groups import benjamini_hochberg
from omicsfuse.cohort import Cohort
from omicsfuse.results import Subtypes

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
    Cramer's V as effect. Time and event columns of the endpoints are left to the survival stage.

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
        listed), ``effect``, ``effect_name``, ``adjusted_rand_index`` and
        ``normalised_mutual_information`` (known labels only), ``note`` (why there is no p-value).
        Columns that are constant, or look like identifiers, are listed with a note and no p-value.
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
    if cohort.clinical is None:
        return _table({})
    clinical = cohort.clinical.reindex(subtypes.labels.index)
    followed = {
        column
        for endpoint in cohort.endpoints.values()
        for column in (endpoint.time, endpoint.event)
    }
    rows: dict[str, dict[str, object]] = {}
    for position, variable in enumerate(clinical.columns):
        if variable in followed:
            continue
        values = clinical.iloc[:, position].dropna()
        labels = subtypes.labels.loc[values.index].astype(str)
        known = variable in cohort.known_labels
        row: dict[str, object] = {"n": len(values), "missing": len(clinical) - len(values)}
        row |= _test(values, labels, known, n_permutations, random_state)
        if known and len(values):
            row |= _agreement(values.astype(str), labels)
        rows[str(variable)] = row
    return _table(rows)


def _test(
    values: pd.Series, labels: pd.Series, known: bool, n_permutations: int, random_state: int
) -> dict[str, object]:
    """Choose and run the test of one column, or say in a note why there is none."""
    n_values = values.nunique()
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if len(values) == 0:
        return {"note": "no patient has a value"}
    if n_values == 1:
        return {"note": "constant"}
    if labels.nunique() < 2:
        return {"note": "all patients with a value are in one subtype"}
    if numeric and n_values > MOST_CATEGORIES and not known:
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
